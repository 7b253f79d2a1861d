/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Scanning. libhs reports every end at which a pattern matches, so "[0-9a-z]{20,}" over a long run reports each further
 * character; what it reports is therefore only noted (one store a report: the same pattern with the same start grows
 * the note it has) and judged when the notes are full or the text is through. The notes are the thread's, and the pool
 * is touched only for findings. The number of candidates is bounded by the text's length, so that the time for a text
 * is, too.
 */
#include "firewall_internal.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOTES 1024
#define LEAST_CANDIDATES 4096
#define BYTES_PER_CANDIDATE 64
#define KNOWN_FIREWALLS 8

typedef struct note {
    uint32_t pattern, from, to;
} note;

/* What a thread keeps between scans. One scratch serves all firewalls of the process: hs_alloc_scratch grows it. */
typedef struct thread_memory {
    hs_scratch_t *scratch;
    uint64_t known[KNOWN_FIREWALLS]; /* serials of the firewalls that it is large enough for */
    unsigned next_known;
    uint32_t *latest; /* by pattern: index of its last note; believed only if that note says so, too */
    uint32_t latest_size;
    int busy;
    note notes[MAX_NOTES];
} thread_memory;

typedef struct scan_state {
    const uapi_firewall *firewall;
    thread_memory *memory;
    uapi_firewall_report *report;
    apr_array_header_t *found; /* of uapi_firewall_finding; NULL until there is one */
    apr_pool_t *pool;
    uapi_string text;
    uapi_direction direction;
    int column; /* of the action tables */
    uint32_t note_count;
    size_t candidates, limit;
} scan_state;

/* ------------------------------------------------------------- a thread's memory */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_made;

static void free_memory(void *data)
{
    thread_memory *memory = data;

    if (memory) {
        hs_free_scratch(memory->scratch);
        free(memory->latest);
        free(memory);
    }
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, free_memory) == 0;
}

apr_status_t uapi_firewall_threads_init(void)
{
    pthread_once(&key_once, make_key);
    return key_made ? APR_SUCCESS : APR_ENOMEM;
}

void uapi_firewall_thread_exit(void)
{
    if (key_made) {
        free_memory(pthread_getspecific(key));
        pthread_setspecific(key, NULL);
    }
}

/* A module can be unloaded while the thread lives on: without the key, its end does not call into what is gone. */
static __attribute__((destructor)) void delete_key(void)
{
    if (key_made) {
        uapi_firewall_thread_exit();
        pthread_key_delete(key);
        key_made = 0;
    }
}

static int fits(const thread_memory *memory, const uapi_firewall *firewall)
{
    unsigned i;

    for (i = 0; i < KNOWN_FIREWALLS; i++) {
        if (memory->known[i] == firewall->serial) {
            return 1;
        }
    }
    return 0;
}

static int grow(thread_memory *memory, const uapi_firewall *firewall)
{
    if (hs_alloc_scratch(firewall->database, &memory->scratch) != HS_SUCCESS) {
        return 0;
    }
    if (memory->latest_size < firewall->count) {
        uint32_t *latest = calloc(firewall->count, sizeof(*latest));

        if (!latest) {
            return 0;
        }
        free(memory->latest);
        memory->latest = latest;
        memory->latest_size = firewall->count;
    }
    memory->known[memory->next_known++ % KNOWN_FIREWALLS] = firewall->serial;
    return 1;
}

static thread_memory *thread_memory_for(const uapi_firewall *firewall)
{
    thread_memory *memory = key_made ? pthread_getspecific(key) : NULL;

    if (!memory && key_made) {
        memory = calloc(1, sizeof(*memory));
        if (memory && pthread_setspecific(key, memory) != 0) {
            free(memory);
            memory = NULL;
        }
    }
    if (!memory || memory->busy || (!fits(memory, firewall) && !grow(memory, firewall))) {
        return NULL;
    }
    return memory;
}

/* ------------------------------------------------------------- judging */

/* A verifier's range is believed only if it is one; otherwise what the pattern matched stands. */
static void add_finding(scan_state *scan, const uapi_firewall_pattern *pattern, const note *noted,
                        const uapi_finding *judged)
{
    int sane = judged->from < judged->to && judged->to <= scan->text.length;
    uapi_firewall_finding *finding;

    if (!scan->found) {
        scan->found = apr_array_make(scan->pool, 4, sizeof(uapi_firewall_finding));
    }
    finding = apr_array_push(scan->found);
    finding->scanner = pattern->plugin->scanner->name;
    finding->rule = pattern->rule;
    finding->severity = judged->severity >= UAPI_SEVERITY_LOW && judged->severity <= UAPI_SEVERITY_CRITICAL
                            ? (uapi_severity)judged->severity
                            : (uapi_severity)pattern->severity;
    finding->action = (uapi_action)pattern->action[scan->column];
    finding->from = sane ? judged->from : noted->from;
    finding->to = sane ? judged->to : noted->to;
}

static void judge(scan_state *scan, const note *noted)
{
    const uapi_firewall_pattern *pattern = &scan->firewall->patterns[noted->pattern];
    const uapi_scanner_1 *scanner = pattern->plugin->scanner;
    uapi_candidate candidate = {
        .size = sizeof(candidate),
        .pattern = pattern->index,
        .direction = scan->direction,
        .text = scan->text,
        .from = noted->from,
        .to = noted->to,
    };
    uapi_finding finding = {sizeof(finding), pattern->severity, noted->from, noted->to};

    if (!scanner->verify || scanner->verify(pattern->plugin->instance, &candidate, &finding)) {
        add_finding(scan, pattern, noted, &finding);
    }
}

static void judge_notes(scan_state *scan)
{
    uint32_t i;

    for (i = 0; i < scan->note_count; i++) {
        judge(scan, &scan->memory->notes[i]);
    }
    scan->note_count = 0;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    scan_state *scan = context;
    thread_memory *memory = scan->memory;
    uint32_t latest = memory->latest[id];
    note *noted = &memory->notes[latest];

    (void)flags;
    if (scan->firewall->patterns[id].action[scan->column] == UAPI_ACTION_ALLOW || from >= to) {
        return 0;
    }
    if (latest < scan->note_count && noted->pattern == id && noted->from == from) {
        noted->to = (uint32_t)to;
        return 0;
    }
    if (++scan->candidates > scan->limit) {
        scan->report->overload = 1;
        return 1;
    }
    if (scan->note_count == MAX_NOTES) {
        judge_notes(scan);
    }
    memory->latest[id] = scan->note_count;
    memory->notes[scan->note_count++] = (note){id, (uint32_t)from, (uint32_t)to};
    return 0;
}

/* ------------------------------------------------------------- the report */

static int by_rule(const void *a, const void *b)
{
    const uapi_firewall_finding *x = a, *y = b;

    if (x->rule != y->rule) {
        return x->rule < y->rule ? -1 : 1;
    }
    return x->from < y->from ? -1 : x->from > y->from;
}

static int by_place(const void *a, const void *b)
{
    const uapi_firewall_finding *x = a, *y = b;

    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to > y->to ? -1 : 1;
    }
    return strcmp(x->rule, y->rule);
}

/* One rule's overlapping findings become one that covers them all: what is to be redacted must not shrink. */
static uint32_t join_overlaps(uapi_firewall_finding *findings, uint32_t count)
{
    uint32_t kept = 0, i;

    for (i = 1; i < count; i++) {
        uapi_firewall_finding *last = &findings[kept];

        if (findings[i].rule == last->rule && findings[i].from < last->to) {
            last->to = findings[i].to > last->to ? findings[i].to : last->to;
            last->severity = findings[i].severity > last->severity ? findings[i].severity : last->severity;
        } else {
            findings[++kept] = findings[i];
        }
    }
    return kept + 1;
}

static int stricter(const uapi_firewall_finding *a, const uapi_firewall_finding *b)
{
    return a->action != b->action ? a->action > b->action : a->severity > b->severity;
}

static void conclude(scan_state *scan)
{
    uapi_firewall_report *report = scan->report;
    uint32_t i;

    if (!scan->found) {
        return;
    }
    report->findings = (uapi_firewall_finding *)(void *)scan->found->elts;
    report->count = (uint32_t)scan->found->nelts;
    if (report->count > 1) {
        qsort(report->findings, report->count, sizeof(*report->findings), by_rule);
        report->count = join_overlaps(report->findings, report->count);
        qsort(report->findings, report->count, sizeof(*report->findings), by_place);
    }
    report->decisive = &report->findings[0];
    for (i = 1; i < report->count; i++) {
        if (stricter(&report->findings[i], report->decisive)) {
            report->decisive = &report->findings[i];
        }
    }
    report->action = report->decisive->action;
}

/* ------------------------------------------------------------- scanning */

/* Bytes of the UTF-8 sequence at `at`, 0 if there is none (RFC 3629: no overlong forms, no surrogates). */
static size_t sequence_length(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, low, high;
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0x80, 0xbf, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    size_t i, j;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (at[0] >= forms[i].first && at[0] <= forms[i].last) {
            if (forms[i].length > left || (forms[i].length > 1 && (at[1] < forms[i].low || at[1] > forms[i].high))) {
                return 0;
            }
            for (j = 2; j < forms[i].length && (at[j] & 0xc0) == 0x80; j++) {
            }
            return j < forms[i].length ? 0 : forms[i].length;
        }
    }
    return 0;
}

/* The text itself if it is UTF-8; else a copy in which each byte that is not is a '?', so that offsets stay. */
static const char *mend_utf8(const char *text, size_t length, apr_pool_t *pool)
{
    char *copy = NULL;
    size_t i = 0;

    while (i < length) {
        size_t step = (unsigned char)text[i] < 0x80 ? 1 : sequence_length((const unsigned char *)text + i, length - i);

        if (step == 0) {
            if (!copy) {
                copy = apr_palloc(pool, length);
                memcpy(copy, text, length);
            }
            copy[i] = '?';
            step = 1;
        }
        i += step;
    }
    return copy ? copy : text;
}

apr_status_t uapi_firewall_scan(const uapi_firewall *firewall, uapi_direction direction, const char *text,
                                size_t length, uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    scan_state scan = {
        .firewall = firewall, .report = report, .pool = pool, .text = {text, length}, .direction = direction};
    hs_error_t status;

    memset(report, 0, sizeof(*report));
    if (!firewall->database || length == 0) {
        return APR_SUCCESS;
    }
    scan.memory = length > UINT_MAX ? NULL : thread_memory_for(firewall);
    if (!scan.memory) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL,
                         "a text of %" APR_SIZE_T_FMT " bytes cannot be "
                         "scanned: it is too long, there is no memory, or a verifier called the scanner",
                         length);
    }
    if (firewall->needs_utf8) {
        scan.text.data = mend_utf8(text, length, pool);
    }
    scan.column = direction == UAPI_DIRECTION_REQUEST ? UAPI_FIREWALL_REQUEST : UAPI_FIREWALL_RESPONSE;
    scan.limit = LEAST_CANDIDATES > length / BYTES_PER_CANDIDATE ? LEAST_CANDIDATES : length / BYTES_PER_CANDIDATE;
    scan.memory->busy = 1;
    status = hs_scan(firewall->database, scan.text.data, (unsigned)length, 0, scan.memory->scratch, on_match, &scan);
    if (status == HS_SUCCESS || status == HS_SCAN_TERMINATED) {
        judge_notes(&scan);
        conclude(&scan);
    }
    scan.memory->busy = 0;
    if (status != HS_SUCCESS && !report->overload) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "libhs could not scan a text (error %d)",
                         status);
    }
    return APR_SUCCESS;
}
