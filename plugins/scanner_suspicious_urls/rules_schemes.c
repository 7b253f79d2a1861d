/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Schemes that make a fetcher do something else than fetch: speak another protocol, read a local file, run a script.
 * Many have honest uses (an LDAP server in a configuration, file:// resources), so most are judged by what follows.
 */
#include <string.h>

#include "rule.h"
#include "url.h"

#define SCRIPT_SPAN 256
#define DATA_SPAN 512

static int follows_word(uapi_string text, size_t from)
{
    return from > 0 && (url_is_label(text.data[from - 1]) || text.data[from - 1] == '+' || text.data[from - 1] == '.');
}

static size_t end_of_url(uapi_string text, size_t from)
{
    size_t to = from;

    while (to < text.length && to - from < DATA_SPAN && !url_is_end(text.data[to])) {
        to++;
    }
    return to;
}

static int32_t verify_scheme(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t end = end_of_url(text, candidate->from), at = candidate->to - 1;

    (void)self;
    /* a scheme alone is a mention of it, and so is one with an ellipsis or a placeholder behind it */
    while (at < end && !url_is_alnum(text.data[at]) && text.data[at] != '$') {
        at++;
    }
    if (follows_word(text, candidate->from) || at == end || end < candidate->to + 1) {
        return 0;
    }
    finding->from = candidate->from;
    finding->to = end;
    return 1;
}

/* Those that configurations have, too: only where they are handed over to be fetched. */
static int32_t verify_handed_scheme(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t end = end_of_url(text, candidate->from);

    (void)self;
    if (follows_word(text, candidate->from) || end < candidate->to + 1 ||
        !url_is_argument(text, candidate->from, end)) {
        return 0;
    }
    finding->from = candidate->from;
    finding->to = end;
    return 1;
}

static int32_t verify_jndi(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    size_t end = end_of_url(candidate->text, candidate->from);

    (void)self;
    finding->from = candidate->from;
    finding->to = end;
    return end >= candidate->to + 1;
}

/* ------------------------------------------------------------- files */

/* Where every system keeps something that is nobody's business. */
static const char *const system_paths[] = {"etc/",     "proc/",      "root/",       "sys/",     "dev/",
                                           "var/run/", "var/log/",   "boot/",       "windows/", "winnt/",
                                           "boot.ini", "c:/windows", "c:/boot.ini", "c:/users", "c|/",
                                           "var/lib/", "inetpub/",   "run/secrets", NULL};
static const char *const telling_paths[] = {
    "proc/self/",      "proc/1/",     "etc/passwd",   "etc/shadow",      "etc/group",
    "etc/hosts",       "etc/sudoers", "etc/ssh/",     "etc/hostname",    "etc/issue",
    "etc/motd",        "etc/fstab",   "etc/crontab",  "etc/kubernetes",  "root/",
    "var/run/secrets", "run/secrets", "var/log/auth", "windows/win.ini", "windows/system32",
    "boot.ini",        "c:/windows/", "c:/boot.ini",  "c:/winnt",        "winnt/",
    "etc/mysql",       NULL};
static const char *const telling_parts[] = {"/.ssh",   "/.aws",     "/.env",     "/.git/",      "id_rsa",  "id_ed25519",
                                            "/.kube",  "/.netrc",   "/.pgpass",  "_history",    "/shadow", "web-inf",
                                            "/.npmrc", "%2e%2e",    "/.docker/", "credentials", "win.ini", "/.gnupg",
                                            "../../",  "wp-config", NULL};

static int starts_with_one(uapi_string text, size_t from, size_t to, const char *const *list)
{
    for (; *list; list++) {
        if (url_starts((uapi_string){text.data, to}, from, *list)) {
            return 1;
        }
    }
    return 0;
}

static int contains_one(uapi_string text, size_t from, size_t to, const char *const *list)
{
    for (; *list; list++) {
        if (url_find(text, from, to, *list) < to) {
            return 1;
        }
    }
    return 0;
}

static int32_t verify_file(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t path = candidate->to, end = end_of_url(text, candidate->from);

    (void)self;
    if (follows_word(text, candidate->from)) {
        return 0;
    }
    if (url_starts(text, path, "localhost/") || url_starts(text, path, "127.0.0.1/")) {
        path += 10;
    }
    while (path < end && (text.data[path] == '/' || text.data[path] == '\\')) {
        path++;
    }
    finding->from = candidate->from;
    finding->to = end;
    if (path >= end) {
        return 0;
    }
    return starts_with_one(text, path, end, telling_paths) || contains_one(text, path - 1, end, telling_parts) ||
           (starts_with_one(text, path, end, system_paths) && url_is_argument(text, candidate->from, end));
}

/* ------------------------------------------------------------- scripts */

/* What a script needs to do harm; a page's own links call its own functions. */
static const char *const script_signs[] = {
    "alert(",    "fetch(",       "eval(",  "prompt(",      "confirm(",    "document.", "cookie", "location",
    "import(",   "xmlhttp",      "atob(",  "fromcharcode", "constructor", "window[",   "top[",   "self[",
    "this[",     "localstorage", "alert`", "%28",          "%61lert",     "http:",     "https:", "//",
    "function(", "settimeout",   "src=",   "throw",        "with(",       "\\u00",     "&#",     "msgbox",
    "wscript",   "<img",         "<svg",   "innerhtml",    "open(",       NULL};
static const char *const page_signs[] = {"<script", "%3cscript", "javascript:", "onload",     "onerror",   "<iframe",
                                         "eval(",   "alert(",    "fetch(",      "http-equiv", "document.", "location",
                                         "onclick", "onbegin",   "<embed",      "<object",    "<base",     NULL};

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? memchr(digits, c == '-' ? '+' : c == '_' ? '/' : c, 64) : NULL;

    return at ? (int)(at - digits) : -1;
}

static size_t decode_base64(uapi_string text, size_t from, char *out, size_t size)
{
    uint32_t bits = 0;
    size_t made = 0;
    int held = 0, digit;

    for (; from < text.length && made < size && (digit = digit_of(text.data[from])) >= 0; from++) {
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[made++] = (char)(bits >> held);
        }
    }
    return made;
}

/* data: with a type that can run. What runs must be seen in it, in base64 too. */
static int32_t verify_data(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t comma = candidate->to, limit, size;
    char decoded[DATA_SPAN];

    (void)self;
    if (follows_word(text, candidate->from)) {
        return 0;
    }
    limit = text.length - comma < DATA_SPAN ? text.length : comma + DATA_SPAN;
    while (comma < limit && text.data[comma] != ',' && !url_is_end(text.data[comma])) {
        comma++;
    }
    if (comma == limit || text.data[comma] != ',') {
        return 0;
    }
    finding->from = candidate->from;
    finding->to = end_of_url(text, comma);
    if (url_find(text, candidate->to, comma, "base64") < comma) {
        size = decode_base64(text, comma + 1, decoded, sizeof(decoded));
        return contains_one((uapi_string){decoded, size}, 0, size, page_signs);
    }
    return contains_one(text, comma, limit, page_signs);
}

/* "javascript:" with code behind it that reaches beyond a page's own functions. */
static int32_t verify_script(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t at = candidate->to - 1, end;

    (void)self;
    if (follows_word(text, candidate->from)) {
        return 0;
    }
    for (end = at; end < text.length && end - at < SCRIPT_SPAN && !url_is_space(text.data[end]) &&
                   text.data[end] != '"' && text.data[end] != '>';
         end++) {
    }
    finding->from = candidate->from;
    finding->to = end;
    return contains_one(text, at, end, script_signs);
}

static const rule rules[] = {
    RULE("dangerous_scheme", HIGH,
         "(?:gopher|dict|netdoc|phar|expect|ssh2\\.(?:exec|shell|tunnel|sftp|scp)|compress\\.(?:zlib|bzip2)|ogg|rar|"
         "zlib)"
         "://[0-9a-z/_.\\[$-]"
         "|php://filter/[a-z]|php://(?:input|fd/)[^0-9a-z'\"]|jar:(?:https?|ftp):/{0,2}[0-9a-z]"
         "|view-source:(?:https?|file):|netdoc:///?[a-z]|jar:file:/{1,3}(?:etc|proc|var)|local_file:/",
         verify_scheme, 0),
    RULE("handed_scheme", MEDIUM,
         "(?:ldaps?|ldapi|tftp|sftp|rmi|smb|imaps?|pop3s?|smtps?|telnet|finger|php|data|nfs|afp)://",
         verify_handed_scheme, 0),
    RULE("jndi_lookup", CRITICAL, "\\$\\{jndi:(?:ldaps?|rmi|dns|iiop|corba|nis|https?)://?[0-9a-z.$\\[{]", verify_jndi,
         0),
    RULE("local_file", HIGH, "(?:url|netdoc|file):(?:file:)?[/\\\\]{1,5}", verify_file, 0),
    RULE("data_script", HIGH,
         "data:(?:text/html|text/xml|text/javascript|image/svg|application/(?:xhtml|xml|javascript|x-javascript))",
         verify_data, 0),
    RULE("script_url", MEDIUM, "(?:javascript|vbscript|livescript|java[\\t\\r\\n]{1,3}script):[^ \"'\\n]",
         verify_script, 0),
};

const rule_table rules_schemes = TABLE(rules);
