/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Some JSON libraries match object keys without case, some of them by Unicode's rules. To such a server "Method" is the
 * method, and so is "param" followed by a long s. One pass over an object finds the protocol's keys and refuses
 * everything that such a library would take for one of them.
 */
#include "mcp_internal.h"

#include <string.h>

enum { LONGEST_KEY = 64 };

/* Characters beyond ASCII whose upper or lower case is an ASCII letter. */
static const struct {
    const char *utf8;
    size_t length;
    char letter;
} foreign[] = {
    {"\xC4\xB0", 2, 'i'},     /* U+0130 capital I with dot above */
    {"\xC4\xB1", 2, 'i'},     /* U+0131 dotless i */
    {"\xC5\xBF", 2, 's'},     /* U+017F long s */
    {"\xE2\x84\xAA", 3, 'k'}, /* U+212A Kelvin sign */
};

/* The letter for the character at `at`, 0 if it has none; sets the bytes it takes. */
static char foreign_letter(const char *at, size_t left, size_t *taken)
{
    size_t i;

    for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (foreign[i].length <= left && memcmp(at, foreign[i].utf8, foreign[i].length) == 0) {
            *taken = foreign[i].length;
            return foreign[i].letter;
        }
    }
    return 0;
}

static inline char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Does the text equal the key when case is ignored? */
static int folds_to(const char *text, size_t length, const uapi_mcp_key *key)
{
    size_t at = 0, matched = 0;

    while (at < length && matched < key->length) {
        size_t taken = 1;
        char letter = (unsigned char)text[at] < 0x80 ? lower(text[at]) : foreign_letter(text + at, length - at, &taken);

        if (letter != lower(key->name[matched])) {
            return 0;
        }
        at += taken;
        matched++;
    }
    return at == length && matched == key->length;
}

/* Index of the key, or count; sets *variant if it is one in other case. */
static size_t match(const char *text, size_t length, const uapi_mcp_key *keys, size_t count, int *variant)
{
    size_t i;

    *variant = 0;
    for (i = 0; i < count; i++) {
        if (keys[i].length == length && memcmp(keys[i].name, text, length) == 0) {
            return i;
        }
    }
    for (i = 0; i < count; i++) {
        if (folds_to(text, length, &keys[i])) {
            *variant = 1;
            return i;
        }
    }
    return count;
}

apr_status_t uapi_mcp_find_keys(const uapi_mcp_reader *reader, uint32_t object, const uapi_mcp_key *keys, size_t count,
                                uint32_t *values)
{
    const uapi_json *json = reader->json;
    uint32_t child, end;
    size_t i;

    for (i = 0; i < count; i++) {
        values[i] = UAPI_JSON_NONE;
    }
    if (object == UAPI_JSON_NONE || json->nodes[object].type != UAPI_JSON_OBJECT) {
        return APR_SUCCESS;
    }
    end = json->nodes[object].skip;
    for (child = object + 1; child < end; child = json->nodes[child + 1].skip) {
        const char *text;
        size_t length;
        int variant;

        uapi_json_string(json, child, reader->pool, &text, &length);
        i = length <= LONGEST_KEY * 3 ? match(text, length, keys, count, &variant) : count;
        if (i < count && variant) {
            return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_KEY_CASE,
                             "a key at byte %u is a case variant of \"%s\"", json->nodes[child].start, keys[i].name);
        }
        if (i < count) {
            values[i] = child + 1;
        }
    }
    return APR_SUCCESS;
}
