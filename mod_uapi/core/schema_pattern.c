/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "schema_pattern.h"

#include <string.h>

#include <apr_strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { LONGEST = 1024, MOST_TRIES = 10000, LEAST_TRIES = 500, ALL_TRIES = 2000000, DEEPEST = 1000, HEAP = 2048 };

struct uapi_schema_pattern {
    pcre2_code *code;
};

/* ------------------------------------------------------------- what is ECMA-262's */

static int is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "(?" has been read. */
static int is_known_group(const char *text)
{
    return is_one_of(text[0], ":=!") ||
           (text[0] == '<' && (is_one_of(text[1], "=!") || is_letter(text[1]) || text[1] == '_'));
}

/* What PCRE2 would read otherwise; NULL if there is nothing. The text ends with NUL. */
static const char *find_foreign(const char *text)
{
    int in_class = 0;
    char quantifier = 0;
    for (const char *at = text; *at != '\0'; at++) {
        char before = quantifier;
        quantifier = 0;
        if (*at == '\\') {
            at++;
            if (*at == '\0' || (is_letter(*at) && !is_one_of(*at, "dDwWsSbBfnrtcxukpP"))) {
                return "has an escape that ECMA-262 does not have";
            }
            if (is_one_of(*at, "pPu") && at[1] == '{') {
                at += strcspn(at, "}");
                at -= *at == '\0';
            }
        } else if (in_class) {
            if (*at == '[' && is_one_of(at[1], ":.=")) {
                return "has a POSIX class";
            }
            in_class = *at != ']';
        } else if (*at == '[') {
            in_class = 1;
        } else if (*at == '(' && (at[1] == '*' || (at[1] == '?' && !is_known_group(at + 2)))) {
            return "has a group that ECMA-262 does not have";
        } else if (*at == '+' && before != 0) {
            return "has a possessive quantifier";
        } else if (is_one_of(*at, "*+?}")) {
            quantifier = *at;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------ compiling */

static apr_status_t release(void *code)
{
    pcre2_code_free(code);
    return APR_SUCCESS;
}

static pcre2_code *compile(const char *text, size_t length)
{
    const uint32_t options = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    PCRE2_SIZE where;
    int error;
    if (context != NULL) {
        pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
        pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
        pcre2_set_parens_nest_limit(context, 50);
        code = pcre2_compile((PCRE2_SPTR)text, length, options, &error, &where, context);
        pcre2_compile_context_free(context);
    }
    return code;
}

const uapi_schema_pattern *uapi_schema_pattern_make(const char *text, size_t length, apr_pool_t *pool, const char **why)
{
    uapi_schema_pattern *made = apr_palloc(pool, sizeof(*made));
    if (length > LONGEST || memchr(text, '\0', length) != NULL) {
        *why = "is longer than 1024 bytes, or holds NUL";
        return NULL;
    }
    text = apr_pstrmemdup(pool, text, length);
    *why = find_foreign(text);
    if (*why != NULL) {
        return NULL;
    }
    made->code = compile(text, length);
    if (made->code == NULL) {
        *why = "is no regular expression that is known here";
        return NULL;
    }
    apr_pool_cleanup_register(pool, made->code, release, apr_pool_cleanup_null);
    return made;
}

/* ------------------------------------------------------------------------- matching */

static uint32_t tries_for(size_t length)
{
    size_t tries = ALL_TRIES / (length + 1);
    return (uint32_t)(tries < LEAST_TRIES ? LEAST_TRIES : tries > MOST_TRIES ? MOST_TRIES : tries);
}

int uapi_schema_pattern_matches(const uapi_schema_pattern *pattern, const char *text, size_t length)
{
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = PCRE2_ERROR_NOMEMORY;
    if (context != NULL && data != NULL) {
        pcre2_set_match_limit(context, tries_for(length)); /* it begins anew at each place of the text */
        pcre2_set_depth_limit(context, DEEPEST);
        pcre2_set_heap_limit(context, HEAP);
        found = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, 0, 0, data, context);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return found >= 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
