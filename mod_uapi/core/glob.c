/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Only the latest star ever needs to be tried again: what an earlier one could take, the later one can take as well.
 * So one remembered position is enough, there is no recursion, and the worst case is the product of the two lengths.
 */
#include "glob.h"

#include <string.h>

static int is_wildcard(char byte)
{
    return byte == '*' || byte == '?';
}

int uapi_glob_is_pattern(const char *text, size_t length)
{
    return memchr(text, '*', length) != NULL || memchr(text, '?', length) != NULL;
}

int uapi_glob_match(const char *pattern, size_t pattern_length, const char *name, size_t name_length)
{
    size_t p = 0, n = 0, after_star = 0, resume = 0;
    int starred = 0;

    while (n < name_length) {
        if (p < pattern_length && pattern[p] == '*') {
            starred = 1;
            after_star = ++p;
            resume = n;
        } else if (p < pattern_length && (pattern[p] == '?' || pattern[p] == name[n])) {
            p++;
            n++;
        } else if (starred) {
            p = after_star;
            n = ++resume;
        } else {
            return 0;
        }
    }
    while (p < pattern_length && pattern[p] == '*') {
        p++;
    }
    return p == pattern_length;
}

size_t uapi_glob_literal(const char *pattern, size_t pattern_length, size_t from, size_t *length)
{
    size_t end;

    while (from < pattern_length && is_wildcard(pattern[from])) {
        from++;
    }
    end = from;
    while (end < pattern_length && !is_wildcard(pattern[end])) {
        end++;
    }
    *length = end - from;
    return from;
}
