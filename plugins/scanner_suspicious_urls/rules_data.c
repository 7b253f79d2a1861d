/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Data that leaves in a URL: in the labels of a host, where resolving the name is enough to send it, and in the query
 * of an image that a client loads by itself.
 */
#include <string.h>

#include "rule.h"
#include "url.h"

#define QUERY_SPAN 2048
#define LEAST_LABEL 24
#define COMMAND_SPAN 160

static int32_t report(uapi_finding *finding, size_t from, size_t to)
{
    finding->from = from;
    finding->to = to;
    return 1;
}

/* ------------------------------------------------------------- labels */

/* Changes between digits and letters: words and dates have few, encoded bytes many. */
static int is_encoded(uapi_string text, size_t from, size_t to)
{
    size_t changes = 0, hex = 0, dashes = 0, cases = 0, i;

    for (i = from; i < to; i++) {
        hex += (size_t)url_is_hex(text.data[i]);
        dashes += text.data[i] == '-' || text.data[i] == '_';
        changes += i > from && url_is_digit(text.data[i]) != url_is_digit(text.data[i - 1]);
        cases += i > from && url_is_alnum(text.data[i]) && url_is_alnum(text.data[i - 1]) &&
                 url_small(text.data[i]) == text.data[i] && url_small(text.data[i - 1]) != text.data[i - 1];
    }
    if (dashes > 1) {
        return 0; /* words, or a UUID */
    }
    return (hex == to - from && changes >= 1) || (changes >= 4 && changes * 7 >= to - from) ||
           (cases >= 4 && cases * 8 >= to - from); /* names have no case, encoded bytes have */
}

static int is_cloud(uapi_string text, size_t from, size_t to)
{
    static const char *const clouds[] = {"amazonaws.com",
                                         "cloudfront.net",
                                         "azure.com",
                                         "azure.net",
                                         "windows.net",
                                         "azurewebsites.net",
                                         "run.app",
                                         "vercel.app",
                                         "netlify.app",
                                         "pages.dev",
                                         "workers.dev",
                                         "googleusercontent.com",
                                         "herokuapp.com",
                                         "supabase.co",
                                         "databricks.com",
                                         "snowflakecomputing.com",
                                         "mock.pstmn.io",
                                         "sentry.io",
                                         "akamaized.net",
                                         "fastly.net",
                                         "fbcdn.net",
                                         "githubusercontent.com",
                                         "oraclecloud.com",
                                         "onrender.com",
                                         "firebaseapp.com",
                                         "web.app",
                                         "appspot.com",
                                         "cloudapp.net",
                                         "elastic-cloud.com",
                                         "es.io",
                                         "mongodb.net",
                                         "r2.dev",
                                         "r2.cloudflarestorage.com",
                                         "aliyuncs.com",
                                         "on.aws",
                                         "amplifyapp.com",
                                         "usercontent.goog",
                                         "hf.space",
                                         "replit.dev",
                                         "gitpod.io",
                                         "github.dev",
                                         "clickhouse.cloud",
                                         "neon.tech",
                                         "ondigitalocean.app",
                                         "googlevideo.com",
                                         "googleapis.com",
                                         NULL};

    return url_ends_in(text, from, to, clouds);
}

static int32_t verify_labels(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t from, to, labels = 0, encoded = 0;
    url made;

    (void)self;
    url_around(text, text.data[candidate->from] == ':' ? candidate->from : candidate->to - 1, &made);
    if (is_cloud(text, made.host, made.host_end)) {
        return 0;
    }
    for (from = made.host; from < made.host_end; from = to + 1) {
        for (to = from; to < made.host_end && text.data[to] != '.'; to++) {
        }
        labels++;
        encoded += to < made.host_end && to - from >= LEAST_LABEL && is_encoded(text, from, to);
    }
    return labels >= 3 && encoded > 0 && report(finding, made.host, made.host_end);
}

/* 1 if [from, to) runs a command that tells something about the machine or reads a file. */
static int is_telling(uapi_string text, size_t from, size_t to)
{
    static const char *const commands[] = {
        "whoami", "hostname", "cat ", "base64", "xxd",      "env",     "uname",  "head ", "cut ", "curl ",  "ls",
        "pwd",    "id",       "od ",  "tr ",    "ifconfig", "history", "passwd", "awk ",  "sed ", "echo $", NULL};
    size_t i;

    for (i = 0; commands[i]; i++) {
        size_t at = url_find(text, from, to, commands[i]), after = at + strlen(commands[i]);

        if (at < to && !url_is_label(text.data[at - 1]) &&
            (after >= to || !url_is_label(text.data[after - 1]) || !url_is_label(text.data[after]))) {
            return 1;
        }
    }
    return 0;
}

/* The output of a command as the label of a host: $(whoami).collector.example */
static int32_t verify_substitution(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const files[] = {".gz",  ".log", ".txt", ".zip", ".json", ".csv",  ".sql",
                                        ".bz2", ".xz",  ".tgz", ".bak", ".conf", ".yaml", ".yml",
                                        ".rst", ".pem", ".out", ".tar", ".db",   ".html", NULL};
    uapi_string text = candidate->text;
    size_t from = candidate->from, close, end, dots = 0;
    char open, shut;

    (void)self;
    while (text.data[from] != '$' && text.data[from] != '`') {
        from++;
    }
    open = text.data[from];
    shut = open == '$' ? ')' : '`';
    for (close = from + 2;
         close < text.length && close - from < COMMAND_SPAN && text.data[close] != shut && text.data[close] != '\n';
         close++) {
    }
    if (close + 2 >= text.length || text.data[close] != shut || text.data[close + 1] != '.' ||
        !is_telling(text, from + 1, close) || url_starts(text, from + 2, "shell ")) {
        return 0;
    }
    for (end = close + 1;
         end < text.length && end - close < 255 && (url_is_label(text.data[end]) || text.data[end] == '.'); end++) {
        dots += end + 1 < text.length && text.data[end] == '.' && url_is_alnum(text.data[end + 1]);
    }
    return dots >= 2 && !url_ends_in(text, close, end, files) && report(finding, from, end);
}

/* ------------------------------------------------------------- queries */

static const char *const strong_keys[] = {
    "data",         "exfil",   "leak",         "stolen",      "secret",  "secrets",       "payload",  "dump",
    "cookie",       "cookies", "creds",        "credentials", "env",     "b64",           "base64",   "loot",
    "conversation", "history", "chat_history", "private_key", "ssh_key", "apikey",        "api_key",  "password",
    "passwd",       "session", "memory",       "context",     "prompt",  "system_prompt", "userdata", "user_data",
    "keys",         "e",       "exfiltrate",   NULL};
static const char *const weak_keys[] = {"d",     "q",       "content", "msg", "message",  "text",  "chat",  "token",
                                        "key",   "info",    "body",    "c",   "s",        "x",     "log",   "p",
                                        "email", "summary", "r",       "i",   "user",     "input", "value", "v",
                                        "m",     "t",       "name",    "id",  "username", NULL};
static const char *const signed_keys[] = {"x-amz-signature", "sig",  "signature",        "x-goog-signature",
                                          "expires",         "hash", "x-amz-credential", NULL};

/* {data}, ${data}, [data], $(cmd), %s, <data>, DATA_HERE: a place to be filled in. */
static int is_template(uapi_string text, size_t from, size_t to)
{
    size_t upper = 0, i;

    for (i = from; i < to; i++) {
        if (memchr("{[$`<", text.data[i], 5)) {
            return 1;
        }
        upper += url_small(text.data[i]) != text.data[i] || text.data[i] == '_' ||
                 (url_is_digit(text.data[i]) && memchr(text.data + from, '_', to - from));
    }
    return to - from >= 4 && upper == to - from;
}

/* Base64, hex or percent-encoded text of some length. */
static int is_coded(uapi_string text, size_t from, size_t to, size_t least)
{
    size_t coded = 0, changes = 0, i;

    for (i = from; i < to; i++) {
        char c = text.data[i];

        coded += url_is_alnum(c) || memchr("+/=_-%", c, 6) != NULL;
        changes += i > from &&
                   (url_is_digit(c) != url_is_digit(text.data[i - 1]) ||
                    (url_small(c) != c) != (url_small(text.data[i - 1]) != text.data[i - 1]) || c == '%' || c == '+');
    }
    return to - from >= least && coded == to - from && changes >= 2;
}

enum { FOR_IMAGE = 1, FOR_LINK = 2 };

/* 1 if a parameter in [from, to) carries data out. */
static int carries_data(uapi_string text, size_t from, size_t to, uint32_t use)
{
    size_t name, equals, end;
    int found = 0;

    for (name = from; name < to; name = end + 1) {
        int strong, weak;

        for (equals = name; equals < to && text.data[equals] != '=' && text.data[equals] != '&'; equals++) {
        }
        for (end = equals; end < to && text.data[end] != '&'; end++) {
        }
        if (url_is_word(text, name, equals, signed_keys)) {
            return 0;
        }
        if (equals == end) {
            continue;
        }
        strong = url_is_word(text, name, equals, strong_keys);
        weak = use == FOR_IMAGE && url_is_word(text, name, equals, weak_keys);
        found |= (strong || weak) && is_template(text, equals + 1, end);
        found |= strong && is_coded(text, equals + 1, end, 12);
        found |= weak && is_coded(text, equals + 1, end, 20);
        found |= use == FOR_IMAGE && is_coded(text, equals + 1, end, 64);
    }
    return found;
}

static int is_badge(uapi_string text, const url *made)
{
    static const char *const hosts[] = {"shields.io",       "github.com",    "githubusercontent.com",
                                        "badgen.net",       "codecov.io",    "google.com",
                                        "gravatar.com",     "travis-ci.org", "circleci.com",
                                        "badge.fury.io",    "wikimedia.org", "unsplash.com",
                                        "star-history.com", "contrib.rocks", "vercel.app",
                                        "localhost",        "youtube.com",   NULL};

    return url_ends_in(text, made->host, made->host_end, hosts);
}

static int32_t verify_query(uapi_string text, size_t at, char close, uint32_t use, uapi_finding *finding)
{
    size_t query, end;
    url made;

    url_read(text, at, &made);
    for (query = made.rest; query < text.length && query - at < QUERY_SPAN && text.data[query] != '?' &&
                            !url_is_end(text.data[query]) && text.data[query] != close;
         query++) {
    }
    if (query >= text.length || text.data[query] != '?' || is_badge(text, &made)) {
        return 0;
    }
    for (end = query + 1;
         end < text.length && end - query < QUERY_SPAN && text.data[end] != close && text.data[end] != '"' &&
         text.data[end] != '\'' && text.data[end] != '\n' && text.data[end] != ' ';
         end++) {
    }
    return carries_data(text, query + 1, end, use) && report(finding, at, end);
}

static int32_t verify_markdown(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t open = candidate->from, at = candidate->from;
    int image;

    (void)self;
    while (open > 0 && candidate->from - open < 160 && text.data[open] != '[' && text.data[open] != '\n') {
        open--;
    }
    if (text.data[open] != '[') {
        return 0;
    }
    image = open > 0 && text.data[open - 1] == '!';
    while (text.data[at] != '/') {
        at++;
    }
    if (!verify_query(text, at + 2, ')', image ? FOR_IMAGE : FOR_LINK, finding)) {
        return 0;
    }
    finding->severity = image ? HIGH : MEDIUM;
    return 1;
}

/* The first http URL in the attributes of an element that loads by itself. */
static int32_t verify_html(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t limit = text.length - candidate->to < QUERY_SPAN ? text.length : candidate->to + QUERY_SPAN, at;
    const char *close = memchr(text.data + candidate->to, '>', limit - candidate->to);

    (void)self;
    limit = close ? (size_t)(close - text.data) : limit;
    at = url_find(text, candidate->to, limit, "src=");
    at = at < limit ? url_find(text, at, limit, "http") : limit;
    at = at < limit ? url_find(text, at, limit, "://") : limit;
    return at < limit && verify_query(text, at + 3, '>', FOR_IMAGE, finding);
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? memchr(digits, c == '-' ? '+' : c == '_' ? '/' : c, 64) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64 or hexadecimal that is text once it is decoded; not JSON, which pages keep their own state in. */
static int is_encoded_text(uapi_string text, size_t from, size_t to)
{
    size_t digits = 0, bytes = 0, odd = 0, letters = 0, i;
    uint32_t bits = 0;
    int held = 0, hex = 1, width;

    for (i = from; i < to; i++) {
        hex &= url_is_hex(text.data[i]);
    }
    width = hex ? 4 : 6;
    for (i = from; i < to && bytes < 64; i++) {
        int digit = hex ? url_hex_value(text.data[i]) : base64_value(text.data[i]);

        if (digit < 0) {
            break;
        }
        digits++;
        bits = bits << width | (uint32_t)digit;
        held += width;
        if (held >= 8) {
            char c = (char)(bits >> (held -= 8) & 0xff);

            bytes++;
            odd += c < ' ' || c > '~';
            letters += url_is_alnum(c);
            if (bytes == 1 && (c == '{' || c == '[')) {
                return 0;
            }
        }
    }
    return digits >= 16 && bytes >= 10 && odd == 0 && letters * 2 > bytes;
}

/* A script's or shell's own hand on the query: $(cat …), `id`, + document.cookie. */
static int32_t verify_leak(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const sources[] = {
        "$(", "document.", "localstorage", "process.env", "os.environ", "sessionstorage", "btoa(", "encodeuri", NULL};
    uapi_string text = candidate->text;
    size_t end = candidate->to, query = candidate->from, i;

    (void)self;
    while (query > 0 && candidate->from - query < QUERY_SPAN && !url_is_end(text.data[query - 1])) {
        query--;
    }
    i = url_find(text, query, candidate->from, "://");
    if (i == candidate->from) {
        return 0;
    }
    while (end < text.length && end - candidate->to < 200 && text.data[end] != '\n' && text.data[end] != '&') {
        end++;
    }
    query = end;
    if (text.data[candidate->to - 1] == '=' && candidate->to + 1 < end && text.data[candidate->to] == '`' &&
        memchr(text.data + candidate->to + 1, '`', end - candidate->to - 1)) {
        return report(finding, candidate->from, end);
    }
    for (i = candidate->to; i < end && url_is_label(text.data[i]); i++) {
    }
    if (candidate->text.data[candidate->from + 1] != 'q' && is_encoded_text(text, candidate->to, i)) {
        return report(finding, candidate->from, i);
    }
    for (i = 0; sources[i]; i++) {
        size_t at = url_find(text, candidate->to, end < candidate->to + 24 ? end : candidate->to + 24, sources[i]);

        if (at < end && at < candidate->to + 24) {
            return report(finding, candidate->from, query);
        }
    }
    return 0;
}

static const rule rules[] = {
    RULE("subdomain_data", HIGH, "://[0-9a-z_=-]{24}", verify_labels, 0),
    RULE("lookup_data", HIGH,
         "(?:nslookup|dig|host|ping|ping6|drill|kdig|resolve-dnsname|gethostbyname|getaddrinfo)(?:\\s[-+@][^\\s]{1,24})"
         "{0,3}"
         "[\\s(]['\"]?[0-9a-z_=-]{24}",
         verify_labels, 0),
    RULE("substituted_host", HIGH,
         "\\$\\([a-z]{2}|(?:://|(?:nslookup|dig|ping|host|curl|wget) (?:-[a-z0-9]{1,3} ){0,2})`[a-z]",
         verify_substitution, 0),
    RULE("markdown_leak", HIGH, "\\]\\(https?://[^\\s)?]{1,40}\\?", verify_markdown, 0),
    RULE("html_leak", HIGH, "<(?:img|iframe|image|embed|video|audio|source)\\s", verify_html, 0),
    RULE("query_leak", HIGH,
         "[?&](?:data|exfil|leak|stolen|secrets?|payload|dump|cookies?|creds|credentials|env|b64|loot|c|d|q|x|token|"
         "key|pass)=",
         verify_leak, 0),
};

const rule_table rules_data = TABLE(rules);
