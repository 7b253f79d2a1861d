/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "records.h"

#include <string.h>

enum { KINDS = 16, KEY = 64 };

typedef struct group {
    uint64_t key;
    records found;
} group;

static void add(records *found, size_t at)
{
    if (found->count++ == 0) {
        found->from = at;
    }
    found->to = at + 1;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first key of the object that opens at `at`, as a number; 0 if there is none. */
static uint64_t first_key(uapi_string text, size_t at)
{
    uint64_t key = UINT64_C(0xcbf29ce484222325);
    size_t from;

    for (at++; at < text.length && is_blank(text.data[at]); at++) {
    }
    if (at >= text.length || text.data[at] != '"') {
        return 0;
    }
    for (from = ++at; at < text.length && at - from < KEY && text.data[at] != '"'; at++) {
        key = (key ^ (unsigned char)text.data[at]) * UINT64_C(0x100000001b3);
    }
    return at < text.length && text.data[at] == '"' && at > from ? key | 1 : 0;
}

static records in_objects(uapi_string text)
{
    group groups[KINDS];
    size_t used = 0, most = 0;
    const char *at = text.data;

    while (at && (at = memchr(at, '{', text.length - (size_t)(at - text.data))) != NULL) {
        size_t place = (size_t)(at - text.data), i = 0;
        uint64_t key = first_key(text, place);

        while (key && i < used && groups[i].key != key) {
            i++;
        }
        if (key && i == used && used < KINDS) {
            groups[used++] = (group){.key = key};
        }
        if (key && i < used) {
            add(&groups[i].found, place);
            most = groups[i].found.count > groups[most].found.count ? i : most;
        }
        at++;
    }
    return used ? groups[most].found : (records){0, 0, 0};
}

static records in_arrays(uapi_string text)
{
    records found = {0, 0, 0};
    const char *at = text.data;

    while (at && (at = memchr(at, '[', text.length - (size_t)(at - text.data))) != NULL) {
        size_t place = (size_t)(at - text.data);

        if (place >= 2 && text.data[place - 1] == ',' && text.data[place - 2] == ']') {
            add(&found, place);
        }
        at++;
    }
    return found;
}

/* The separator of which the line has most, and how many: "," 4. 0 for fewer than two. */
static uint32_t fields(const char *line, size_t length)
{
    static const char separators[] = ",;\t|";
    uint32_t counts[4] = {0}, most = 0;

    for (size_t i = 0; i < length; i++) {
        switch (line[i]) {
        case ',':
            counts[0]++;
            break;
        case ';':
            counts[1]++;
            break;
        case '\t':
            counts[2]++;
            break;
        case '|':
            counts[3]++;
            break;
        default:
            break;
        }
    }
    for (uint32_t i = 1; i < 4; i++) {
        most = counts[i] > counts[most] ? i : most;
    }
    return counts[most] >= 2 && counts[most] < (1U << 24)
               ? counts[most] << 8 | (uint32_t)(unsigned char)separators[most]
               : 0;
}

static uint64_t count_lines(uapi_string text)
{
    uint64_t lines = 0;

    for (const char *at = text.data; (at = memchr(at, '\n', text.length - (size_t)(at - text.data))) != NULL; at++) {
        lines++;
    }
    return lines;
}

static records in_lines(uapi_string text, uint64_t least)
{
    records now = {0, 0, 0}, most = now;
    uint32_t before = 0;
    size_t at = 0;

    if (text.length == 0 || count_lines(text) + 1 < least) {
        return most;
    }
    while (at < text.length) {
        const char *end = memchr(text.data + at, '\n', text.length - at);
        size_t length = end ? (size_t)(end - text.data) - at : text.length - at;
        uint32_t form = fields(text.data + at, length);

        if (form == 0 || form != before) {
            now = (records){0, 0, 0};
            before = form;
        }
        if (form) {
            add(&now, at);
            most = now.count > most.count ? now : most;
        }
        at += length + 1;
    }
    return most;
}

records records_count(uapi_string text, uint64_t least)
{
    records objects = in_objects(text), arrays = in_arrays(text), lines = in_lines(text, least);
    records most = objects.count >= arrays.count ? objects : arrays;

    return lines.count > most.count ? lines : most;
}
