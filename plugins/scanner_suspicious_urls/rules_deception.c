/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * URLs that are read as one thing by people or filters and as another by clients: a host in the user's name, slashes
 * the wrong way round, characters that vanish, and names that look like others.
 */
#include <string.h>

#include "address.h"
#include "lookalike.h"
#include "rule.h"
#include "url.h"

static int32_t report(uapi_finding *finding, size_t from, size_t to)
{
    finding->from = from;
    finding->to = to;
    return 1;
}

/* Schemes that fetch; a user's name is part of how ssh, git and databases are addressed. */
static int is_web(uapi_string text, const url *made)
{
    return url_has_scheme(text, made, "http") || url_has_scheme(text, made, "https") ||
           url_has_scheme(text, made, "ftp") || url_has_scheme(text, made, "ws") || url_has_scheme(text, made, "wss");
}

/* ------------------------------------------------------------- the user's name */

static int looks_like_host(uapi_string text, size_t from, size_t to)
{
    static const char *const tops[] = {".com", ".net", ".org", ".io",  ".gov",   ".edu",      ".co",
                                       ".uk",  ".de",  ".app", ".dev", ".ai",    ".eu",       ".fr",
                                       ".ru",  ".cn",  ".jp",  ".us",  ".me",    ".info",     ".cloud",
                                       ".xyz", ".ch",  ".nl",  ".br",  ".local", ".internal", NULL};
    char host[ADDRESS_HOST_SIZE];
    size_t length;
    int folded;

    if (url_ends_in(text, from, to, tops) || (to - from == 9 && url_starts(text, from, "localhost"))) {
        return 1;
    }
    length = address_fold(text.data + from, to - from, host, &folded);
    return length >= 7 && address_read(host, length).kind != ADDRESS_NONE;
}

/* Behind a user's name, an internal address is one that somebody wants overlooked. */
static int is_internal(uapi_string text, const url *made)
{
    char host[ADDRESS_HOST_SIZE];
    int folded;
    size_t length = address_fold(text.data + made->host, made->host_end - made->host, host, &folded);
    address found = address_read(host, length);

    return found.kind == ADDRESS_METADATA ||
           (found.kind > ADDRESS_EXAMPLE && (found.disguised || url_is_argument(text, made->scheme, made->end)));
}

/* "x@127.0.0.1:80@good.example": who takes the first "@" and who takes the last go to different hosts. */
static int has_another_at(uapi_string text, const url *made)
{
    const char *at = memchr(text.data + made->authority, '@', made->host - made->authority);

    return at && (size_t)(at - text.data) + 1 < made->host &&
           memchr(at, '.', (size_t)(text.data + made->host - at)) != NULL;
}

static int32_t verify_userinfo(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t user;
    url made;

    (void)self;
    if (!url_around(text, candidate->from, &made) || !is_web(text, &made) || made.host == made.authority ||
        made.host_end == made.host) {
        return 0;
    }
    for (user = made.authority; user < made.host - 1 && text.data[user] != ':' && text.data[user] != '@' &&
                                text.data[user] != '%' && text.data[user] != '&';
         user++) {
    }
    return (looks_like_host(text, made.authority, user) || has_another_at(text, &made) || is_internal(text, &made)) &&
           report(finding, made.authority, made.host_end);
}

static int is_placeholder(uapi_string text, size_t from, size_t to)
{
    static const char *const words[] = {"password",   "pass",         "passwd",      "pwd",           "pw",
                                        "secret",     "token",        "xxx",         "pass123",       "userpass",
                                        "mypassword", "yourpassword", "my_password", "your_password", NULL};
    size_t i;

    for (i = from; i < to; i++) {
        if (memchr("{}[]$*%", text.data[i], 7) || (text.data[i] == '.' && i + 1 < to && text.data[i + 1] == '.')) {
            return text.data[i] != '%' || i + 2 >= to || !url_is_hex(text.data[i + 1]);
        }
    }
    return url_is_word(text, from, to, words);
}

/* Hosts that documents have, and names without a domain. */
static int is_example(uapi_string text, const url *made)
{
    static const char *const hosts[] = {"example.com", "example.org", "example.net",   "example", "test",
                                        "localhost",   "invalid",     "example.local", NULL};

    return url_ends_in(text, made->host, made->host_end, hosts) ||
           !memchr(text.data + made->host, '.', made->host_end - made->host);
}

static int32_t verify_credentials(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    const char *colon;
    size_t from;
    url made;

    (void)self;
    if (!url_around(text, candidate->from, &made) || !is_web(text, &made) || made.host == made.authority ||
        made.host_end == made.host || !url_is_label(text.data[made.host_end - 1])) {
        return 0;
    }
    colon = memchr(text.data + made.authority, ':', made.host - 1 - made.authority);
    if (!colon || text.data[made.authority] == '$' || text.data[made.authority] == '{') {
        return 0;
    }
    from = (size_t)(colon - text.data) + 1;
    if (from >= made.host - 1 || ((is_placeholder(text, from, made.host - 1) || is_example(text, &made)) &&
                                  !url_is_argument(text, made.scheme, made.end))) {
        return 0;
    }
    return report(finding, made.authority, made.host - 1);
}

/* ------------------------------------------------------------- slashes and splits */

/* "\/\/" is how some writers of JSON escape slashes. */
static int is_escaped(uapi_string text, size_t from, size_t to)
{
    size_t slashes = 0, i;

    for (i = from; i < to; i++) {
        if (text.data[i] == '/') {
            slashes++;
            if (i == from || text.data[i - 1] != '\\') {
                return 0;
            }
        }
    }
    return slashes == 2 && text.data[to - 1] == '/';
}

static int32_t verify_slashes(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, slash, host;
    url made;

    (void)self;
    if (from > 0 && url_is_label(text.data[from - 1])) {
        return 0;
    }
    for (slash = from; text.data[slash] != ':'; slash++) {
    }
    slash++;
    for (host = slash; host < text.length && host < slash + 8 && memchr("/\\\t", text.data[host], 3); host++) {
    }
    url_read(text, host, &made);
    if (is_escaped(text, slash, host) || made.host_end < made.host + 4 ||
        !memchr(text.data + made.host, '.', made.host_end - made.host)) {
        return 0;
    }
    return report(finding, from, made.host_end);
}

/* "good.example\@evil.example", "#@", "?@": where the authority ends depends on who reads it. */
static int32_t verify_split(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, host = candidate->to - 1, i;
    url made, after;

    (void)self;
    i = from > 0 && text.data[from] == '&' && text.data[from - 1] == ' ' ? from - 1 : from;
    if (i == 0 || !url_around(text, i - 1, &made) || made.port_end < i) {
        return 0;
    }
    url_read(text, host, &after);
    if (after.host_end < after.host + 4 || !memchr(text.data + after.host, '.', after.host_end - after.host)) {
        return 0;
    }
    return report(finding, made.authority, after.host_end);
}

/* A tab or line break inside a URL that is a whole string: clients drop it. */
static int32_t verify_broken(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from + 2, to = candidate->to;

    (void)self;
    while (to < text.length && to - from < 512 && text.data[to] != '"' && text.data[to] != ' ') {
        to++;
    }
    return to < text.length && text.data[to] == '"' && report(finding, from, to);
}

/* ------------------------------------------------------------- look-alikes */

static int32_t verify_label(const uapi_candidate *candidate, size_t at, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    uint32_t characters[LOOKALIKE_LABEL];
    size_t from, to, count;
    url made;

    if (!url_around(text, at, &made) && !url_is_argument(text, made.scheme, made.host_end)) {
        return 0;
    }
    for (from = made.host; from < made.host_end; from = to + 1) {
        for (to = from; to < made.host_end && text.data[to] != '.'; to++) {
        }
        count = to - from > 4 && url_starts(text, from, "xn--")
                    ? lookalike_decode_punycode(text.data + from, to - from, characters)
                    : lookalike_decode_utf8(text.data + from, to - from, characters);
        if (count && lookalike_judge(characters, count)) {
            return report(finding, made.host, made.host_end);
        }
    }
    return 0;
}

static int32_t verify_idn(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    (void)self;
    return verify_label(candidate, candidate->from, finding);
}

/* The pattern has found a misspelt name; it counts in the host of a URL only. */
static int32_t verify_misspelt(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    url made;

    (void)self;
    if (!url_around(text, candidate->from, &made) || made.host > candidate->from || made.host_end < candidate->to ||
        !memchr(text.data + candidate->to - 1, '.', made.host_end - candidate->to + 1)) {
        return 0;
    }
    return report(finding, made.host, made.host_end);
}

/* "google.com.evil.example": what follows must be more than a country. */
static int32_t verify_prefixed(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from = candidate->from, rest = candidate->to - 1;
    url made;

    (void)self;
    if (!url_around(text, from, &made) || made.host > from || made.host_end < candidate->to ||
        (from > made.host && text.data[from - 1] != '.') || !memchr(text.data + rest, '.', made.host_end - rest)) {
        return 0;
    }
    return report(finding, made.host, made.host_end);
}

/* "paypal-login.example": a well-known name and a lure in one label, before a domain that is not the name's. */
static int32_t verify_lure(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const own[] = {
        "google.com",     "apple.com",   "microsoft.com", "amazon.com",  "github.com",  "github.io",      "paypal.com",
        "amazonaws.com",  "azure.com",   "windows.net",   "vercel.app",  "netlify.app", "readthedocs.io", "gitlab.io",
        "googleapis.com", "example.com", "facebook.com",  "netflix.com", "dropbox.com", "linkedin.com",   NULL};
    uapi_string text = candidate->text;

    return verify_misspelt(self, candidate, finding) && !url_ends_in(text, finding->from, finding->to, own);
}

#define USERINFO_ "[^\\s/?#@\\\\\"'<>()]"
#define WELL_KNOWN_                                                                                                    \
    "(?:google|paypal|apple|icloud|microsoft|office365|outlook|github|amazon|facebook|netflix|dropbox|linkedin|openai" \
    "|coinbase|binance|metamask|whatsapp|instagram)"

static const rule rules[] = {
    RULE("userinfo_host", HIGH, "://" USERINFO_ "{1,60}@", verify_userinfo, 0),
    RULE("url_credentials", MEDIUM, "://[^\\s/?#@:\\\\\"'<>()]{0,24}:" USERINFO_ "{1,40}@", verify_credentials, 0),
    RULE("odd_slashes", MEDIUM, "https?:(?:/{0,2}\\\\|///|//?\\t)[/\\\\]{0,4}[0-9a-z\\[]", verify_slashes, 0),
    RULE("split_authority", HIGH, "[?#\\\\;&]\\s?@[0-9a-z\\[]", verify_split, 0),
    RULE("broken_url", HIGH,
         ":\"(?:https?://[0-9a-z.-]{1,40}[\\t\\r\\n][0-9a-z.-]|h[\\t\\r\\n]ttps?:|ht[\\t\\r\\n]tps?:|htt[\\t\\r\\n]ps?:"
         "|java[\\t\\r\\n]script:|fi[\\t\\r\\n]le:)",
         verify_broken, 0),
    RULE("punycode_lookalike", HIGH, "xn--[0-9a-z-]", verify_idn, 0),
    RULE("unicode_lookalike", HIGH, "://[0-9a-z.-]{0,40}[\\xc3-\\xcf\\xd0-\\xd6\\xe1][\\x80-\\xbf]", verify_idn, 0),
    RULE("misspelt_host", HIGH,
         "g00gle|go0gle|g0ogle|goog1e|gooogle\\.|paypa1|paypai\\.|paypall\\.|micros0ft|micr0soft|rnicrosoft|mlcrosoft"
         "|app1e|arnazon|amaz0n|faceb00k|faceb0ok|facebo0k|g1thub|githud|githubb\\.|gith0b|gitlhub|1inkedin|linkedln"
         "|linked1n|netf1ix|netfiix|dr0pbox|0penai|openal\\.|c1aude|anthr0pic|disc0rd|dlscord|discorcl|te1egram"
         "|0utlook|out1ook|0ffice365|ic1oud|lcloud\\.|c0inbase|b1nance|blnance|twltter|tw1tter|lnstagram|1nstagram"
         "|y0utube|yah00|yaho0|c1oudflare|cloudf1are|stearncommunity|steamcommunlty|nprnjs|bl0ckchain|wh4tsapp"
         "|whatsaap|huggingfacee|p4ypal|g00g1e|googl3|m1crosoft|micosoft\\.|arnerican|we11sfargo|pyp1\\.",
         verify_misspelt, 0),
    RULE("prefixed_host", HIGH, WELL_KNOWN_ "\\.(?:com|org|ai)[.-][0-9a-z]", verify_prefixed, 0),
    RULE("lure_host", MEDIUM,
         WELL_KNOWN_
         "-?(?:login|log-in|signin|sign-in|secure|security|verify|verification|account|billing|update|unlock"
         "|recovery|wallet)"
         "|(?:login|signin|secure|security|verify|account|accounts|update|unlock|recovery)-" WELL_KNOWN_,
         verify_lure, 0),
};

const rule_table rules_deception = TABLE(rules);
