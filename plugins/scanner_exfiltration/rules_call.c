/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Calls of tools that send: one member of the arguments is a foreign place (a URL, an address of mail), another one is the
 * path of something secret, or has secrets or persons in it.
 */
#include <string.h>

#include "data.h"
#include "rule.h"

enum { NEAR_BY = 640, VALUE = 512 };

static size_t end_of_string(uapi_string text, size_t at, size_t most)
{
    size_t last = text.length - at > most ? at + most : text.length;

    while (at < last && !(text.data[at] == '"' && at + 1 < text.length && strchr(",}] \n", text.data[at + 1]))) {
        at++;
    }
    return at;
}

static data_host host_at(uapi_string text, size_t at)
{
    char place[256];
    size_t length = 0;

    while (at < text.length && length + 1 < sizeof(place) && !strchr("\" ,;\n", text.data[at])) {
        place[length++] = text.data[at++];
    }
    place[length] = '\0';
    return length > 3 && memchr(place, '.', length) ? data_of_host(place) : DATA_HOST_NONE;
}

/* "API_KEY=abcdef", "password: abcdef" */
static int has_assignment(const char *value, size_t length)
{
    for (size_t i = 1; i + 6 < length; i++) {
        size_t from = i, to = i + 1, end;

        if ((value[i] != '=' && value[i] != ':') || value[i + 1] == '/') {
            continue;
        }
        while (from > 0 && i - from < 40 &&
               (value[from - 1] == '_' || value[from - 1] == '-' ||
                (value[from - 1] >= '0' && value[from - 1] <= '9') ||
                ((value[from - 1] | 0x20) >= 'a' && (value[from - 1] | 0x20) <= 'z'))) {
            from--;
        }
        to += value[to] == ' ';
        for (end = to; end < length && !strchr(" \n,;\"", value[end]); end++) {
        }
        if (i > from && end - to >= 6 && data_is_secret_name(value + from, i - from)) {
            return 1;
        }
    }
    return 0;
}

static int is_secret_path(const char *value, size_t length)
{
    char path[192];

    if (length < 4 || length >= sizeof(path) || memchr(value, ' ', length) || memchr(value, '\n', length) ||
        !(value[0] == '/' || value[0] == '~' || value[0] == '.' || (value[1] == ':' && value[2] == '\\'))) {
        return 0;
    }
    memcpy(path, value, length);
    path[length] = '\0';
    return data_of_path(path) >= DATA_TREE;
}

static int names_persons(const char *value, size_t length)
{
    size_t addresses = 0;

    for (size_t i = 1; i + 1 < length; i++) {
        addresses += value[i] == '@' && value[i - 1] != ' ' && value[i + 1] != ' ';
    }
    return addresses >= 3;
}

static int32_t verify_call(const exfiltration *instance, const rule *self, text_state *state,
                           const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    size_t place = candidate->to - 1, first = candidate->from > NEAR_BY ? candidate->from - NEAR_BY : 0,
           last = text.length - candidate->to > NEAR_BY ? candidate->to + NEAR_BY : text.length;
    data_host host = host_at(text, place);

    (void)instance;
    (void)self;
    (void)state;
    if (host < DATA_HOST_FOREIGN) {
        return UAPI_NOT_FOUND;
    }
    for (size_t at = first; at + 3 < last; at++) {
        size_t value = at + 2, end;

        if (text.data[at] != '"' || text.data[at + 1] != ':') {
            continue;
        }
        value += text.data[value] == ' ';
        value += value < last && text.data[value] == '['; /* a list's first one */
        if (value >= last || text.data[value] != '"' || ++value == place) {
            continue;
        }
        end = end_of_string(text, value, VALUE);
        if (is_secret_path(text.data + value, end - value) || has_assignment(text.data + value, end - value) ||
            (host == DATA_HOST_STRANGE && names_persons(text.data + value, end - value))) {
            finding->to = end_of_string(text, place, VALUE);
            finding->from = place;
            return finding->to > place;
        }
        at = end > at + 3 ? end - 1 : at;
    }
    return UAPI_NOT_FOUND;
}

static const rule rules[] = {
    RULE("call_upload", HIGH, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS,
         UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED, UAPI_DEFAULT_HOST,
         "\"(?:url|uri|to|recipients?|to_?(?:email|address)|endpoint|webhook(?:_?url)?|target(?:_?url)?|dest(?:ination)"
         "?(?:_?url)?|server|upload_?(?:url|to)|"
         "callback(?:_?url)?|email|remote|host|cc|bcc)\":\\s?\\[?\"[^\"]",
         verify_call, 0),
};

const rule_table rules_call = TABLE(rules);
