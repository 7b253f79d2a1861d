/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "audit_records.h"

#include <string.h>

void uapi_audit_records_begin(uapi_audit_records *records, const char *text, size_t length)
{
    memset(records, 0, sizeof(*records));
    if (length == 0 || text[0] != '[') {
        records->failed = 1;
        return;
    }
    records->at = text + 1;
    records->end = text + length;
}

/* Past the closing quote of the string that begins at `at`, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == '"') {
            return at + 1;
        }
    }
    return NULL;
}

/* The comma or bracket that ends the value at `at`, or NULL. */
static const char *find_end(const char *at, const char *end)
{
    size_t depth = 0;

    while (at < end) {
        switch (*at) {
        case '"':
            if ((at = skip_string(at, end)) == NULL) {
                return NULL;
            }
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return *at == ']' ? at : NULL;
            }
            depth--;
            break;
        case ',':
            if (depth == 0) {
                return at;
            }
            break;
        default:
            break;
        }
        at++;
    }
    return NULL;
}

int uapi_audit_records_next(uapi_audit_records *records, const char **text, size_t *length)
{
    const char *end;

    if (records->failed || records->whole) {
        return 0;
    }
    end = find_end(records->at, records->end);
    if (!end || end == records->at) { /* no end, or nothing between two commas */
        records->failed = 1;
        return 0;
    }
    *text = records->at;
    *length = (size_t)(end - records->at);
    records->at = end + 1;
    if (*end == ']') {
        records->whole = records->at == records->end;
        records->failed = !records->whole;
    }
    return 1;
}
