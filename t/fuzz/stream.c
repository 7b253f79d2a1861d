/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A text in parts: whatever the parts, each byte of what is found in the whole text is cut, by what each part shows itself or by what
 * the joined parts show; and where parts leave as soon as nothing is undecided, only what a match begins with has left. The first input byte
 * chooses the parts, and whether they are plain or strings of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "firewall_open.h"
#include "stream.h"
#include "stream_document.h"

enum { LONGEST_TEXT = 900, MOST_LEFT = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_pool_t *root;
static uapi_firewall *firewall;

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

/* ------------------------------------------------------------- a scanner */

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, UAPI_DEFAULT_REDACT, 0, "token", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, UAPI_DEFAULT_REDACT, 0, "other", NULL},
};

#define PATTERN(rule, flags, regex)                               \
    {                                                             \
        sizeof(uapi_pattern), flags, rule, UAPI_VIEW_PLAIN, regex \
    }

static const uapi_pattern pattern_table[] = {
    PATTERN(0, 0, "TOKEN-[0-9]{4,12}"),
    PATTERN(1, UAPI_PATTERN_CASELESS, "secret[:=] ?[a-z0-9]{6}"),
    PATTERN(1, 0, "[0-9]{4}(?:[ -][0-9]{4}){3}"),
    PATTERN(1, 0, "\\bword\\b"),
    PATTERN(1, 0, "^start[a-z]+"),
    PATTERN(1, UAPI_PATTERN_DOTALL, "IGNORE.{0,20}RULES"),
};

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(rule_table) / sizeof(rule_table[0]);
    return rule_table;
}

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(pattern_table) / sizeof(pattern_table[0]);
    return pattern_table;
}

static const uapi_scanner_1 scanner = {.name = "fuzz", .rules = rules, .patterns = patterns};
static uapi_plugin plugin = {.path = "/fuzz.so", .scanner = &scanner};

static apr_status_t scan(void *baton, const char *text, size_t length, uint32_t flags, uapi_firewall_report *report,
                         apr_pool_t *pool, uapi_result *result)
{
    uapi_call_info call;
    const uapi_text part = {
        .size = sizeof(part), .view = UAPI_VIEW_PLAIN, .flags = flags, .bytes = {text, length}, .call = &call};

    (void)baton;
    uapi_firewall_no_call(&call, UAPI_DIRECTION_RESPONSE);
    return uapi_firewall_scan_text(firewall, &part, report, pool, result);
}

static size_t find_open(void *baton, const char *text, size_t length)
{
    size_t open = uapi_firewall_open(firewall, text, length);

    (void)baton;
    require(open <= length);
    return open;
}

static const uapi_stream_scanner judge_with = {.scan = scan, .open = find_open};

/* ------------------------------------------------------------- a text in parts */

typedef struct part {
    size_t from, length; /* of the text */
    uint32_t node;
} part;

typedef struct run {
    const char *text;
    size_t length;
    int json, leaves; /* strings of JSON; parts leave */
    apr_pool_t *pool;
    uapi_stream *stream;
    part parts[LONGEST_TEXT];
    uint64_t count, left; /* parts; those before this one have left */
    unsigned char cut[LONGEST_TEXT];
} run;

static const char *document_of(const run *r, const part *p)
{
    char *made = apr_palloc(r->pool, p->length * 6 + 64), *to = made;

    to += sprintf(to, "{\"choices\":[{\"delta\":{\"content\":\"");
    for (size_t i = 0; i < p->length; i++) {
        to += sprintf(to, "\\u00%02x", (unsigned char)r->text[p->from + i]);
    }
    strcpy(to, "\"}}]}");
    return made;
}

static void mark(run *r, size_t from, size_t to)
{
    require(from <= to && to <= r->length);
    memset(r->cut + from, 1, to - from);
}

static void take_own(run *r, const part *p, const uapi_view *view, const uapi_firewall_report *own)
{
    size_t base = p->node == UAPI_JSON_NONE ? 0 : uapi_view_offset(view, p->node, 0);

    for (uint32_t i = 0; i < own->count; i++) {
        if (own->findings[i].from >= base && own->findings[i].to <= base + p->length) {
            mark(r, p->from + own->findings[i].from - base, p->from + own->findings[i].to - base);
        }
    }
}

static void take_parts(run *r, const uapi_stream_verdict *verdict)
{
    for (int i = 0; verdict->parts && i < verdict->parts->nelts; i++) {
        const uapi_stream_part *one = &APR_ARRAY_IDX(verdict->parts, i, uapi_stream_part);
        const part *p;

        require(one->event < r->count && one->event >= r->left);
        p = &r->parts[one->event];
        require(one->node == p->node && one->from < one->to && one->to <= p->length);
        mark(r, p->from + one->from, p->from + one->to);
    }
}

static void judge_part(run *r, part *p)
{
    uapi_json json = {0};
    uapi_firewall_report own;
    uapi_stream_verdict verdict;
    uapi_stream_event event = {.number = r->count++, .data = r->text + p->from, .length = p->length, .own = &own};
    uapi_view view = {.text = event.data, .length = event.length};

    p->node = UAPI_JSON_NONE;
    if (r->json) {
        event.data = document_of(r, p);
        event.length = strlen(event.data);
        require(uapi_json_read(&json, event.data, event.length, NULL, r->pool, NULL) == APR_SUCCESS);
        uapi_view_make(&view, &json, r->pool);
        event.json = &json;
        event.view = &view;
        p->node = json.count - 1;
    }
    require(scan(NULL, view.text, view.length, 0, &own, r->pool, NULL) == APR_SUCCESS);
    require(uapi_stream_judge(r->stream, &event, &judge_with, &verdict, r->pool, NULL) == APR_SUCCESS);
    take_own(r, p, &view, &own);
    take_parts(r, &verdict);
    if (r->leaves) {
        uint64_t undecided = uapi_stream_undecided(r->stream);

        undecided = undecided < r->count ? undecided : r->count;
        r->left = undecided > r->left ? undecided : r->left;
        if (r->left > 0) {
            uapi_stream_left(r->stream, r->left - 1);
        }
    }
}

static void judge_all(run *r, unsigned seed)
{
    unsigned most = seed & 7;

    r->stream = uapi_stream_create(r->pool);
    for (size_t at = 0; at < r->length;) {
        part *p = &r->parts[r->count];

        seed = seed * 1103515245u + 12345u;
        p->from = at;
        p->length = 1 + (seed >> 16) % (1u << most);
        p->length = p->length < r->length - at ? p->length : r->length - at;
        at += p->length;
        judge_part(r, p);
    }
}

/* ------------------------------------------------------------- what must hold */

/* For what asks whether a match is open, any byte that is not ASCII is one of a word. */
static int is_word(unsigned char c)
{
    return apr_isalnum(c) || c == '_' || c >= 0x80;
}

static void check_cuts(const run *r, const uapi_firewall_report *whole)
{
    for (uint32_t i = 0; i < whole->count; i++) {
        const uapi_firewall_finding *finding = &whole->findings[i];
        int is_token = strcmp(finding->rule, "fuzz.token") == 0 &&
                       (finding->from == 0 || !is_word((unsigned char)r->text[finding->from - 1]));
        size_t missing = 0;

        for (size_t at = finding->from; at < finding->to; at++) {
            missing += !r->cut[at];
        }
        require(r->leaves ? (!is_token || missing <= MOST_LEFT) : missing == 0);
    }
}

static void check(const char *text, size_t length, unsigned seed, int leaves, apr_pool_t *pool)
{
    run *r = apr_pcalloc(pool, sizeof(*r));
    uapi_firewall_report whole;

    r->text = text;
    r->length = length;
    r->json = seed >> 7;
    r->leaves = leaves;
    r->pool = pool;
    for (size_t i = 0; i < length; i++) {
        r->json &= text[i] > 0; /* no NUL in a string, no half characters */
    }
    require(scan(NULL, text, length, 0, &whole, pool, NULL) == APR_SUCCESS);
    judge_all(r, seed);
    check_cuts(r, &whole);
}

/* Any document, as one that came whole: findings are of its view. */
static void check_document(const char *text, size_t length, apr_pool_t *pool)
{
    uapi_json json;
    uapi_view view;
    uapi_firewall_report report;

    if (uapi_json_read(&json, text, length, NULL, pool, NULL) != APR_SUCCESS) {
        return;
    }
    uapi_view_make(&view, &json, pool);
    require(scan(NULL, view.text, view.length, 0, &report, pool, NULL) == APR_SUCCESS);
    require(uapi_stream_document(&view, &judge_with, &report, pool, NULL) == APR_SUCCESS);
    for (uint32_t i = 0; i < report.count; i++) {
        require(report.findings[i].from < report.findings[i].to && report.findings[i].to <= view.length);
    }
}

static void set_up(void)
{
    uapi_plugin *const one[] = {&plugin};

    apr_initialize();
    atexit(apr_terminate); /* what libhs and PCRE2 have is freed with the pool */
    apr_pool_create(&root, NULL);
    require(uapi_firewall_create(&firewall, one, 1, NULL, root, NULL) == APR_SUCCESS);
    require(uapi_firewall_open_compile(firewall, root, NULL) == APR_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    apr_pool_t *pool;

    if (size < 2) {
        return 0;
    }
    if (!root) {
        set_up();
    }
    size = size - 1 < LONGEST_TEXT ? size - 1 : LONGEST_TEXT;
    apr_pool_create(&pool, root);
    check(text, size, data[0], 0, pool);
    check(text, size, data[0], 1, pool);
    check_document(text, size, pool);
    apr_pool_destroy(pool);
    return 0;
}
