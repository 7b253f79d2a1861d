/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * PCRE2 is given bytes, not characters: what is not ASCII is an X in the text, so that a letter of another script is still a word's. A
 * pattern that takes more tries than MOST_TRIES is taken to be open: how long that can matter is bounded by who asks.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "firewall_open.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <pcre2.h>

#include "firewall_internal.h"
#include "pattern_head.h"

enum { MOST_TRIES = 20000 };

/* What may stand behind a sign before the value begins, the rest of a token, and numbers in groups. */
#define GOES_ON "[\"'=:>\\s]?[\"'=:>\\s]?[^\\s\"'<>,;]*+(?:(?<=[0-9])[ -][0-9]+)*+"

typedef struct opening {
    pcre2_code *head, *whole;
    uint8_t needed[2][2]; /* characters of which a text with the head has one of each two; 0, 0: not known */
    uint8_t jit;          /* the head is machine code */
} opening;

/* Servers that have the same patterns share what was compiled; made and freed in the parent only. */
struct uapi_firewall_openings {
    uapi_firewall_openings *next;
    const char *key;
    pcre2_match_context *context;
    uint32_t count;
    opening each[];
};

typedef struct expression {
    const char *regex;
    uint32_t options;
} expression;

static uapi_firewall_openings *all_shared;

static apr_status_t free_openings(void *data)
{
    uapi_firewall_openings *self = data, **at = &all_shared;
    for (uint32_t i = 0; i < self->count; i++) {
        pcre2_code_free(self->each[i].head);
        pcre2_code_free(self->each[i].whole);
    }
    pcre2_match_context_free(self->context);
    while (*at != NULL && *at != self) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = self->next;
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- making them */

static int is_ascii(const char *text)
{
    while (*text > 0) {
        text++;
    }
    return *text == '\0' && strstr(text, "\\x{") == NULL;
}

/* Is a finding taken out, or does it block? What is only logged needs no hold. */
static int acts(const uapi_firewall *firewall, const uapi_firewall_pattern *pattern)
{
    return (pattern->live & UAPI_DIRECTION_RESPONSE) &&
           firewall->rules[pattern->rule].strictest[UAPI_FIREWALL_RESPONSE] >= UAPI_ACTION_REDACT;
}

static uint32_t options_of(unsigned flags)
{
    return ((flags & HS_FLAG_CASELESS) ? PCRE2_CASELESS : 0) | ((flags & HS_FLAG_DOTALL) ? PCRE2_DOTALL : 0) |
           ((flags & HS_FLAG_MULTILINE) ? PCRE2_MULTILINE : 0);
}

static apr_array_header_t *gather(const uapi_firewall *firewall, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, (int)firewall->count + 1, sizeof(expression));
    for (uint32_t i = 0; i < firewall->count; i++) {
        if (acts(firewall, &firewall->patterns[i]) && is_ascii(firewall->regex[i])) {
            APR_ARRAY_PUSH(all, expression) = (expression){firewall->regex[i], options_of(firewall->flags[i])};
        }
    }
    return all;
}

static const char *key_of(const apr_array_header_t *all, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, all->nelts + 1, sizeof(const char *));
    for (int i = 0; i < all->nelts; i++) {
        const expression *one = &APR_ARRAY_IDX(all, i, expression);
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, "%u:%s", one->options, one->regex);
    }
    return apr_array_pstrcat(pool, parts, '\n');
}

/* NULL: PCRE2 reads it in another way than libhs does. */
static pcre2_code *compile(const char *regex, uint32_t options, uint32_t jit)
{
    int error;
    PCRE2_SIZE where;
    pcre2_code *made = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                                     options | PCRE2_NEVER_UTF | PCRE2_NO_AUTO_CAPTURE, &error, &where, NULL);
    if (made != NULL) {
        pcre2_jit_compile(made, jit); /* without it, it is only slower */
    }
    return made;
}

/* Both cases, as PCRE2 does not tell which counts. */
static void need(uint8_t needed[2], const pcre2_code *code, uint32_t type_of, uint32_t unit_of)
{
    uint32_t type = 0, unit = 0;
    if (pcre2_pattern_info(code, type_of, &type) == 0 && type == 1 && pcre2_pattern_info(code, unit_of, &unit) == 0 &&
        unit > 0 && unit < 0x80) {
        needed[0] = (uint8_t)apr_tolower((int)unit);
        needed[1] = (uint8_t)apr_toupper((int)unit);
    }
}

static void add(uapi_firewall_openings *self, const expression *from, apr_pool_t *pool)
{
    const char *regex = uapi_pattern_head(from->regex, (from->options & PCRE2_CASELESS) != 0, pool);
    opening made = {NULL, NULL, {{0, 0}, {0, 0}}, 0};
    if (regex != NULL) {
        made.head = compile(regex, from->options, PCRE2_JIT_COMPLETE);
        made.whole = compile(apr_pstrcat(pool, "(?:", from->regex, ")" GOES_ON, NULL), from->options | PCRE2_ANCHORED,
                             PCRE2_JIT_PARTIAL_HARD);
    }
    if (made.head != NULL && made.whole != NULL) {
        size_t size = 0;
        made.jit = pcre2_pattern_info(made.head, PCRE2_INFO_JITSIZE, &size) == 0 && size > 0;
        need(made.needed[0], made.head, PCRE2_INFO_FIRSTCODETYPE, PCRE2_INFO_FIRSTCODEUNIT);
        need(made.needed[1], made.head, PCRE2_INFO_LASTCODETYPE, PCRE2_INFO_LASTCODEUNIT);
        self->each[self->count++] = made;
        return;
    }
    pcre2_code_free(made.head);
    pcre2_code_free(made.whole);
}

static uapi_firewall_openings *make(const apr_array_header_t *all, const char *key, apr_pool_t *scratch,
                                    apr_pool_t *pool)
{
    uapi_firewall_openings *self = apr_pcalloc(pool, sizeof(*self) + sizeof(self->each[0]) * (size_t)(all->nelts + 1));
    self->key = apr_pstrdup(pool, key);
    self->context = pcre2_match_context_create(NULL);
    apr_pool_cleanup_register(pool, self, free_openings, apr_pool_cleanup_null);
    if (self->context == NULL) {
        return NULL;
    }
    pcre2_set_match_limit(self->context, MOST_TRIES);
    for (int i = 0; i < all->nelts; i++) {
        add(self, &APR_ARRAY_IDX(all, i, expression), scratch);
    }
    self->next = all_shared;
    all_shared = self;
    return self;
}

apr_status_t uapi_firewall_open_compile(uapi_firewall *firewall, apr_pool_t *pool, uapi_result *result)
{
    apr_pool_t *scratch;
    apr_array_header_t *all;
    const char *key;
    uapi_firewall_openings *self = all_shared;
    apr_pool_create(&scratch, pool);
    all = gather(firewall, scratch);
    key = key_of(all, scratch);
    while (self != NULL && strcmp(self->key, key) != 0) {
        self = self->next;
    }
    firewall->openings = self != NULL ? self : make(all, key, scratch, pool);
    apr_pool_destroy(scratch);
    return firewall->openings != NULL
               ? APR_SUCCESS
               : uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "no memory for what matches begin as");
}

size_t uapi_firewall_open_count(const uapi_firewall *firewall)
{
    return firewall->openings != NULL ? firewall->openings->count : 0;
}

/* ------------------------------------------------------------- looking */

typedef struct looking {
    const uapi_firewall_openings *openings;
    const char *text;
    size_t length;
    pcre2_match_data *data;
    uint8_t has[256]; /* the characters of the text */
} looking;

static int may_have(const looking *l, const opening *o)
{
    for (int i = 0; i < 2; i++) {
        if (o->needed[i][0] != 0 && !l->has[o->needed[i][0]] && !l->has[o->needed[i][1]]) {
            return 0;
        }
    }
    return 1;
}

static int match_head(const looking *l, const opening *o, size_t from)
{
    return (o->jit ? pcre2_jit_match : pcre2_match)(o->head, (PCRE2_SPTR)l->text, l->length, from, 0, l->data,
                                                    l->openings->context);
}

static int match_whole(const looking *l, const opening *o, size_t from)
{
    return pcre2_match(o->whole, (PCRE2_SPTR)l->text, l->length, from, PCRE2_PARTIAL_HARD, l->data,
                       l->openings->context);
}

static int is_exhausted(int answer)
{
    return answer < 0 && answer != PCRE2_ERROR_NOMATCH && answer != PCRE2_ERROR_PARTIAL;
}

/* Where a match of the pattern begins that is open, before `limit`; `limit`: there is none. */
static size_t first_open(const looking *l, const opening *o, size_t limit)
{
    size_t from = 0;
    while (from < limit) {
        int answer = match_head(l, o, from);
        if (answer < 0) {
            return is_exhausted(answer) ? from : limit;
        }
        from = pcre2_get_ovector_pointer(l->data)[0];
        answer = from < limit ? match_whole(l, o, from) : PCRE2_ERROR_NOMATCH;
        if (answer == PCRE2_ERROR_PARTIAL || is_exhausted(answer)) {
            return from;
        }
        from++;
    }
    return limit;
}

size_t uapi_firewall_open(const uapi_firewall *firewall, const char *text, size_t length)
{
    char ascii[UAPI_FIREWALL_OPEN_LONGEST];
    looking l = {.openings = firewall->openings, .text = ascii, .length = length};
    size_t first;
    if (l.openings == NULL || l.openings->count == 0 || length == 0) {
        return 0;
    }
    if (length > sizeof(ascii)) {
        text += length - sizeof(ascii);
        l.length = sizeof(ascii);
    }
    for (size_t i = 0; i < l.length; i++) {
        ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : 'X';
        l.has[(unsigned char)ascii[i]] = 1;
    }
    l.data = pcre2_match_data_create(1, NULL);
    if (l.data == NULL) {
        return l.length;
    }
    first = l.length;
    for (uint32_t i = 0; i < l.openings->count && first > 0; i++) {
        if (may_have(&l, &l.openings->each[i])) {
            first = first_open(&l, &l.openings->each[i], first);
        }
    }
    pcre2_match_data_free(l.data);
    return l.length - first;
}
