/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * URLs as they stand in texts, which is looser than any RFC: what ends one is a quote, a space or a bracket. The
 * authority is read the way a careless parser does (the last "@" wins, a backslash ends it), because what an attacker
 * wants is that two parsers disagree.
 */
#include "url.h"

#include <string.h>

#define BACK_SPAN 280
#define AUTHORITY_SPAN 512
#define URL_SPAN 1024
#define SCHEME_SPAN 16

char url_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int url_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int url_is_alnum(char c)
{
    return url_is_digit(c) || (url_small(c) >= 'a' && url_small(c) <= 'z');
}

int url_hex_value(char c)
{
    if (url_is_digit(c)) {
        return c - '0';
    }
    c = url_small(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_is_hex(char c)
{
    return url_hex_value(c) >= 0;
}

int url_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int url_is_label(char c)
{
    return url_is_alnum(c) || c == '-' || c == '_';
}

int url_is_end(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' || c == 0x7f;
}

static int ends_authority(char c)
{
    return url_is_end(c) || c == '/' || c == '?' || c == '#' || c == '\\' || c == ')';
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int url_starts(uapi_string text, size_t at, const char *part)
{
    for (; *part; part++, at++) {
        if (at >= text.length || url_small(text.data[at]) != *part) {
            return 0;
        }
    }
    return 1;
}

int url_is_word(uapi_string text, size_t from, size_t to, const char *const *list)
{
    uapi_string word = {text.data + from, to - from};

    for (; *list; list++) {
        if (strlen(*list) == word.length && url_starts(word, 0, *list)) {
            return 1;
        }
    }
    return 0;
}

int url_ends_in(uapi_string text, size_t from, size_t to, const char *const *list)
{
    for (; *list; list++) {
        size_t size = strlen(*list);

        if (to - from >= size && url_starts((uapi_string){text.data, to}, to - size, *list) &&
            (to - from == size || text.data[to - size - 1] == '.' || (*list)[0] == '.')) {
            return 1;
        }
    }
    return 0;
}

size_t url_find(uapi_string text, size_t from, size_t to, const char *part)
{
    uapi_string span = {text.data, to};

    for (; from < to; from++) {
        if (url_small(text.data[from]) == part[0] && url_starts(span, from, part)) {
            return from;
        }
    }
    return to;
}

static size_t end_of_host(uapi_string text, size_t host, size_t limit)
{
    size_t at = host;

    if (at < limit && text.data[at] == '[') {
        const char *close = memchr(text.data + at, ']', limit - at);

        return close ? (size_t)(close - text.data) + 1 : limit;
    }
    while (at < limit) {
        char c = text.data[at];

        if (c == '%' && at + 2 < limit && url_is_hex(text.data[at + 1]) && url_is_hex(text.data[at + 2])) {
            at += 3;
        } else if (url_is_label(c) || c == '.' || (unsigned char)c >= 0x80) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

void url_read(uapi_string text, size_t authority, url *made)
{
    size_t limit = authority, most = smaller(text.length, authority + AUTHORITY_SPAN);

    made->authority = made->host = authority;
    for (; limit < most && !ends_authority(text.data[limit]); limit++) {
        if (text.data[limit] == '@') {
            made->host = limit + 1;
        }
    }
    made->host_end = made->port = end_of_host(text, made->host, limit);
    if (made->port < limit && text.data[made->port] == ':') {
        made->port++;
    }
    made->port_end = made->port;
    while (made->port_end < limit && url_is_digit(text.data[made->port_end])) {
        made->port_end++;
    }
    made->rest = made->end = made->port_end;
    most = smaller(text.length, authority + URL_SPAN);
    while (made->end < most && !url_is_end(text.data[made->end])) {
        made->end++;
    }
}

static size_t start_of_scheme(uapi_string text, size_t colon)
{
    size_t from = colon;

    while (from > 0 && colon - from < SCHEME_SPAN &&
           (url_is_alnum(text.data[from - 1]) || text.data[from - 1] == '+' || text.data[from - 1] == '.' ||
            text.data[from - 1] == '-')) {
        from--;
    }
    return from;
}

/* Where the host without a scheme begins. */
static size_t start_of_host(uapi_string text, size_t at)
{
    size_t from = at;

    while (from > 0 && at - from < BACK_SPAN &&
           (url_is_label(text.data[from - 1]) || text.data[from - 1] == '.' ||
            (unsigned char)text.data[from - 1] >= 0x80)) {
        from--;
    }
    return from;
}

int url_around(uapi_string text, size_t at, url *made)
{
    size_t least = at > BACK_SPAN ? at - BACK_SPAN : 0, from = at;

    if (at + 2 < text.length && memcmp(text.data + at, "://", 3) == 0) {
        from = at + 3;
    }
    for (; from > least; from--) {
        if (from >= 3 && memcmp(text.data + from - 3, "://", 3) == 0) {
            made->scheme = start_of_scheme(text, from - 3);
            url_read(text, from, made);
            if (made->port_end >= at && made->scheme < from - 3) {
                return 1;
            }
            break;
        }
        if (ends_authority(text.data[from - 1]) && text.data[from - 1] != '/' && text.data[from - 1] != '\\') {
            break;
        }
    }
    made->scheme = start_of_host(text, at);
    url_read(text, made->scheme, made);
    made->host = made->authority = made->scheme;
    return 0;
}

int url_has_scheme(uapi_string text, const url *made, const char *name)
{
    return url_starts(text, made->scheme, name) && made->scheme + strlen(name) < text.length &&
           text.data[made->scheme + strlen(name)] == ':';
}

/* The first list takes its name's word for it; the second only behind "?" or "&", where nothing else can be meant. */
static const char *const url_names[] = {"url",       "uri",    "link",     "src",      "dest",    "destination",
                                        "redirect",  "target", "callback", "feed",     "fetch",   "webhook",
                                        "proxy",     "site",   "ssrf",     "imageurl", "img_url", "image_url",
                                        "file_url",  "goto",   "remote",   "endpoint", "preview", "returnto",
                                        "return_to", "rurl",   "import",   NULL};
static const char *const query_names[] = {"host",      "path",   "page",     "view",     "show", "load",     "window",
                                          "domain",    "image",  "next",     "return",   "u",    "file",     "continue",
                                          "reference", "source", "resource", "open",     "out",  "navigate", "data",
                                          "html",      "val",    "document", "template", "q",    "to",       NULL};

int url_is_parameter(uapi_string text, size_t from)
{
    size_t to, name;
    char before;

    if (from < 2 || text.data[from - 1] != '=') {
        return 0;
    }
    name = to = from - 1;
    while (name > 0 && to - name < SCHEME_SPAN && (url_is_alnum(text.data[name - 1]) || text.data[name - 1] == '_')) {
        name--;
    }
    /* a name in capitals is a variable of the environment's */
    if (name == to || url_small(text.data[name]) != text.data[name]) {
        return 0;
    }
    before = name > 0 ? text.data[name - 1] : ' ';
    if (before == '?' || before == '&') {
        return url_is_word(text, name, to, url_names) || url_is_word(text, name, to, query_names);
    }
    return memchr(" \n\"'", before, 4) != NULL && url_is_word(text, name, to, url_names);
}

/* `"name":"` before it; with a blank between them, too, where the whole text is a document that is not minified. */
static int is_string_of_document(uapi_string text, size_t from)
{
    size_t before = from - 1;

    if (from < 2 || text.data[from - 1] != '"') {
        return 0;
    }
    while (before > 1 && from - before < 4 && url_is_space(text.data[before - 1]) &&
           (text.data[0] == '{' || text.data[0] == '[')) {
        before--;
    }
    return memchr(":[,", text.data[before - 1], 3) != NULL;
}

int url_is_argument(uapi_string text, size_t from, size_t end)
{
    size_t before = from, after = end;

    if (is_string_of_document(text, from)) {
        return end < text.length && text.data[end] == '"';
    }
    while (before > 0 && from - before < SCHEME_SPAN && url_is_space(text.data[before - 1])) {
        before--;
    }
    while (after < text.length && after - end < SCHEME_SPAN && url_is_space(text.data[after])) {
        after++;
    }
    return (before == 0 && after == text.length) || url_is_parameter(text, from);
}
