/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "path_template.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>

/* ---------------------------------------------------------------- reading */

static const char *judge_literal(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '{' || text[i] == '}') {
            return "has an unpaired brace, or more than one expression in a segment";
        }
        if (!apr_isalnum(text[i]) && strchr("-._~!$&'()*+,=:@", text[i]) == NULL) {
            return "has a character that cannot stand in a path here; write letters, digits and -._~!$&'()*+,=:@ as "
                   "they are";
        }
    }
    return NULL;
}

static const char *judge_expression(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!apr_isalnum(name[i]) && strchr("_-.", name[i]) == NULL) {
            return "has an expression other than {name}";
        }
    }
    return length == 0 ? "has an expression without a name" : NULL;
}

static const char *read_segment(uapi_template_segment *segment, const char *text, size_t length, int is_last)
{
    const char *brace = memchr(text, '{', length), *end = text + length, *close, *fault;

    segment->prefix = text;
    segment->prefix_length = length;
    if (brace == NULL) {
        if (length == 0 && !is_last) {
            return "has an empty segment";
        }
        if ((length == 1 || length == 2) && strncmp(text, "..", length) == 0) {
            return "has a dot segment";
        }
        return judge_literal(text, length);
    }
    close = memchr(brace, '}', (size_t)(end - brace));
    if (close == NULL) {
        return "has an unpaired brace, or more than one expression in a segment";
    }
    segment->open = 1;
    segment->prefix_length = (size_t)(brace - text);
    segment->suffix = close + 1;
    segment->suffix_length = (size_t)(end - close - 1);
    fault = judge_expression(brace + 1, (size_t)(close - brace - 1));
    fault = fault != NULL ? fault : judge_literal(text, segment->prefix_length);
    return fault != NULL ? fault : judge_literal(segment->suffix, segment->suffix_length);
}

const char *uapi_template_read(uapi_template *path, const char *text, apr_pool_t *pool)
{
    const char *fault = NULL, *at = text;

    memset(path, 0, sizeof(*path));
    if (text[0] != '/') {
        return "does not begin with a slash";
    }
    for (const char *slash = text; slash != NULL; slash = strchr(slash + 1, '/')) {
        path->count++;
    }
    if (path->count > UAPI_PATH_MAX_SEGMENTS) {
        return "has more than 32 segments";
    }
    path->segments = apr_pcalloc(pool, path->count * sizeof(*path->segments));
    for (uint32_t i = 0; i < path->count && fault == NULL; i++) {
        size_t length = strcspn(at + 1, "/");
        fault = read_segment(&path->segments[i], at + 1, length, i + 1 == path->count);
        at += 1 + length;
    }
    return fault;
}

/* ---------------------------------------------------------------- matching */

static int segment_matches(const uapi_template_segment *segment, const char *text, size_t length)
{
    size_t fixed = segment->prefix_length + segment->suffix_length;

    if (!segment->open) {
        return length == segment->prefix_length && memcmp(text, segment->prefix, length) == 0;
    }
    return length > fixed && memcmp(text, segment->prefix, segment->prefix_length) == 0 &&
           memcmp(text + length - segment->suffix_length, segment->suffix, segment->suffix_length) == 0;
}

int uapi_template_matches(const uapi_template *path, const uapi_path *request)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (!segment_matches(&path->segments[i], request->segments[i].text, request->segments[i].length)) {
            return 0;
        }
    }
    return path->count == request->count;
}

/* ---------------------------------------------------------------- comparing */

typedef enum relation { APART, SAME, LEFT_IS_NARROWER, RIGHT_IS_NARROWER, CROSSED } relation;

static relation narrower(int left, int right)
{
    return left && right ? CROSSED : left ? LEFT_IS_NARROWER : right ? RIGHT_IS_NARROWER : SAME;
}

/* Of two expressions: each end of one must be the beginning (or end) of the other's. */
static relation compare_open(const uapi_template_segment *a, const uapi_template_segment *b)
{
    size_t prefix = a->prefix_length < b->prefix_length ? a->prefix_length : b->prefix_length;
    size_t suffix = a->suffix_length < b->suffix_length ? a->suffix_length : b->suffix_length;

    if (strncasecmp(a->prefix, b->prefix, prefix) != 0 ||
        strncasecmp(a->suffix + a->suffix_length - suffix, b->suffix + b->suffix_length - suffix, suffix) != 0) {
        return APART;
    }
    return narrower(a->prefix_length > b->prefix_length || a->suffix_length > b->suffix_length,
                    b->prefix_length > a->prefix_length || b->suffix_length > a->suffix_length);
}

static int could_be(const uapi_template_segment *open, const uapi_template_segment *literal)
{
    return literal->prefix_length > open->prefix_length + open->suffix_length &&
           strncasecmp(literal->prefix, open->prefix, open->prefix_length) == 0 &&
           strncasecmp(literal->prefix + literal->prefix_length - open->suffix_length, open->suffix,
                       open->suffix_length) == 0;
}

static relation compare_segments(const uapi_template_segment *a, const uapi_template_segment *b)
{
    if (a->open && b->open) {
        return compare_open(a, b);
    }
    if (a->open || b->open) {
        return a->open ? (could_be(a, b) ? RIGHT_IS_NARROWER : APART) : (could_be(b, a) ? LEFT_IS_NARROWER : APART);
    }
    return a->prefix_length == b->prefix_length && strncasecmp(a->prefix, b->prefix, a->prefix_length) == 0 ? SAME
                                                                                                            : APART;
}

static uint32_t without_final_slash(const uapi_template *path)
{
    const uapi_template_segment *last = &path->segments[path->count - 1];

    return path->count > 1 && !last->open && last->prefix_length == 0 ? path->count - 1 : path->count;
}

uapi_template_relation uapi_template_compare(const uapi_template *left, const uapi_template *right)
{
    uint32_t count = without_final_slash(left);
    int left_narrower = 0, right_narrower = 0;

    if (count != without_final_slash(right)) {
        return UAPI_TEMPLATE_APART;
    }
    for (uint32_t i = 0; i < count; i++) {
        relation found = compare_segments(&left->segments[i], &right->segments[i]);
        if (found == APART) {
            return UAPI_TEMPLATE_APART;
        }
        left_narrower |= found == LEFT_IS_NARROWER || found == CROSSED;
        right_narrower |= found == RIGHT_IS_NARROWER || found == CROSSED;
    }
    return left_narrower == right_narrower ? UAPI_TEMPLATE_CONFLICT : UAPI_TEMPLATE_NESTED;
}
