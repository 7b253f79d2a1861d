/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Scanning. libhs reports every end at which a pattern matches, so "[0-9a-z]{20,}" over a long run reports each further
 * character; what it reports is therefore only noted (one store a report: the same pattern with the same start grows
 * the note it has) and judged when the notes are full or the text is through. The notes are borrowed (firewall_memory.h), and
 * the pool is touched only for findings. The number of candidates is bounded by the text's length, so that the time for a text
 * is, too. A scanner's state for a text is made when its first candidate is judged.
 *
 * After the text itself, its other readings (views.h) are scanned in the same way, each a small text of its own; only what
 * differs from the text is of interest there. What is found is told in bytes of the text.
 */
#include "firewall_internal.h"

#include "firewall_memory.h"
#include "views.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEAST_CANDIDATES 4096
#define BYTES_PER_CANDIDATE 64
#define PARTIAL (UAPI_TEXT_MORE_BEFORE | UAPI_TEXT_MORE_AFTER)

typedef struct scan_state {
    const uapi_firewall *firewall;
    uapi_firewall_memory *memory;
    uapi_firewall_report *report;
    uapi_firewall_collector found;
    uapi_text text;
    uint32_t views;                      /* uapi_text_view, as a bit set: what was undone in what is scanned now */
    const uapi_views_fragment *fragment; /* NULL: the text itself */
    uint32_t note_count;
    uint32_t begun; /* how many scanners have begun with the text */
    size_t candidates, limit;
    uint64_t deadline; /* nanoseconds of the monotonic clock; 0: nothing was judged yet, and the clock was not asked */
    uint32_t unseen;   /* judged since it was asked */
    const uapi_firewall_scanner *failed; /* NULL: none */
    const char *failure;
    uapi_result unjudged;        /* of a helper: why it did not judge */
    apr_array_header_t **handed; /* by scanner: for its helper (uapi_isolation_candidate); NULL: none yet */
} scan_state;

/* ------------------------------------------------------------- a scanner's work on one text */

static int fail_scan(scan_state *scan, const uapi_firewall_scanner *scanner, const char *failure)
{
    if (!scan->failed) {
        scan->failed = scanner;
        scan->failure = failure;
    }
    return 0;
}

static void *state_of(const scan_state *scan, const uapi_firewall_scanner *scanner)
{
    return scanner->table->state_size ? scan->memory->states + scanner->state_at : NULL;
}

/* 1 once the scanner has begun with the text. */
static int begin(scan_state *scan, const uapi_firewall_scanner *scanner)
{
    const uapi_scanner_1 *table = scanner->table;
    uint8_t *begun = &scan->memory->begun[scanner - scan->firewall->scanners];

    if (*begun) {
        return 1;
    }
    if (table->state_size) {
        memset(state_of(scan, scanner), 0, table->state_size);
    }
    if (table->text_begin && table->text_begin(scanner->instance, state_of(scan, scanner), &scan->text) != 0) {
        return fail_scan(scan, scanner, "could not begin with a text");
    }
    *begun = 1;
    scan->begun++;
    return 1;
}

static int is_range(const scan_state *scan, const uapi_finding *finding)
{
    return finding->from < finding->to && finding->to <= scan->text.bytes.length;
}

/* ------------------------------------------------------------- candidates */

static int32_t ask(scan_state *scan, const uapi_firewall_scanner *scanner, const uapi_firewall_pattern *pattern,
                   const uapi_firewall_note *noted, uapi_finding *finding)
{
    const uapi_candidate candidate = {
        .size = sizeof(candidate),
        .pattern = pattern->index,
        .direction = scan->text.call->direction,
        .text = scan->text.bytes,
        .from = noted->from,
        .to = noted->to,
        .in = &scan->text,
    };

    return scanner->table->verify(scanner->instance, state_of(scan, scanner), &candidate, finding);
}

/* ------------------------------------------------------------- time */

/* Verifiers take microseconds: the clock is asked now and then. */
#define JUDGED_A_LOOK 8

static uint64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void start_clock(scan_state *scan)
{
    if (!scan->deadline && scan->firewall->patience) {
        scan->deadline = clock_now() + (uint64_t)scan->firewall->patience * 1000U;
    }
}

/* The clock runs only once something is judged: the pass itself is linear in the text. */
static void look_at_clock(scan_state *scan)
{
    scan->unseen = 0;
    if (scan->deadline && clock_now() > scan->deadline) {
        scan->report->overload |= UAPI_FIREWALL_LATE;
    }
}

/* What a helper is to judge goes to it together, once the pass is over. */
static void keep_for_helper(scan_state *scan, const uapi_firewall_scanner *scanner, const uapi_firewall_note *noted)
{
    const uapi_firewall_pattern *pattern = &scan->firewall->patterns[noted->pattern];
    apr_pool_t *pool = scan->found.pool;
    apr_array_header_t **kept;

    if (!scan->handed) {
        scan->handed = apr_pcalloc(pool, sizeof(*scan->handed) * scan->firewall->scanner_count);
    }
    kept = &scan->handed[pattern->scanner];
    if (!*kept) {
        *kept = apr_array_make(pool, 16, sizeof(uapi_isolation_candidate));
    }
    *(uapi_isolation_candidate *)apr_array_push(*kept) = (uapi_isolation_candidate){
        pattern->index, pattern->rule - scanner->first_rule, noted->from, noted->to};
}

/* A verifier's range and rule are believed only if they are some; otherwise what the pattern says stands. */
static void judge(scan_state *scan, const uapi_firewall_note *noted)
{
    const uapi_firewall_pattern *pattern = &scan->firewall->patterns[noted->pattern];
    const uapi_firewall_scanner *scanner = &scan->firewall->scanners[pattern->scanner];
    uapi_finding finding = {.size = sizeof(finding), .from = noted->from, .to = noted->to};
    int32_t answer = UAPI_FOUND;

    if (scanner->plugin->isolation) {
        keep_for_helper(scan, scanner, noted);
        return;
    }
    if (!begin(scan, scanner)) {
        return;
    }
    start_clock(scan);
    finding.rule = pattern->rule - scanner->first_rule;
    if (scanner->table->verify) {
        answer = ask(scan, scanner, pattern, noted, &finding);
    }
    if (++scan->unseen == JUDGED_A_LOOK) {
        look_at_clock(scan);
    }
    if (answer == UAPI_NOT_FOUND) {
        return;
    }
    if (!is_range(scan, &finding)) {
        finding.from = noted->from;
        finding.to = noted->to;
    }
    uapi_firewall_collect(&scan->found,
                          finding.rule < scanner->rule_count ? scanner->first_rule + finding.rule : pattern->rule,
                          &finding);
}

static void judge_notes(scan_state *scan)
{
    uint32_t i;

    for (i = 0; i < scan->note_count && !(scan->report->overload & UAPI_FIREWALL_LATE); i++) {
        judge(scan, &scan->memory->notes[i]);
    }
    scan->note_count = 0;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    scan_state *scan = context;
    const uapi_firewall_pattern *pattern = &scan->firewall->patterns[id];
    uapi_firewall_memory *memory = scan->memory;
    uint32_t latest = memory->latest[id];
    uapi_firewall_note *noted = &memory->notes[latest];

    (void)flags;
    if (!(pattern->live & scan->text.call->direction) || !(pattern->views & scan->views) || from >= to) {
        return 0;
    }
    if (scan->fragment && !uapi_views_differs(scan->fragment, from, to)) {
        return 0;
    }
    if (latest < scan->note_count && noted->pattern == id && noted->from == from) {
        noted->to = (uint32_t)to;
        return 0;
    }
    if (++scan->candidates > scan->limit) {
        scan->report->overload |= UAPI_FIREWALL_TOO_MUCH;
        return 1;
    }
    if (scan->note_count == UAPI_FIREWALL_MOST_NOTES) {
        judge_notes(scan);
        if (scan->report->overload) {
            return 1;
        }
    }
    memory->latest[id] = scan->note_count;
    memory->notes[scan->note_count++] = (uapi_firewall_note){id, (uint32_t)from, (uint32_t)to};
    return 0;
}

/* ------------------------------------------------------------- what scanners report themselves */

static uapi_firewall_taker taker_for(scan_state *scan, const uapi_firewall_scanner *scanner)
{
    return (uapi_firewall_taker){
        .scanner = scanner,
        .found = &scan->found,
        .report = scan->report,
        .end = scan->text.bytes.length,
        .taken = &scan->candidates,
        .limit = scan->limit,
    };
}

static void judge_reports(scan_state *scan, const uapi_firewall_taker *taker, int32_t answer)
{
    if (taker->broken) {
        fail_scan(scan, taker->scanner, "reports a rule or a range that does not exist");
    } else if (answer != 0 && !scan->report->overload) {
        fail_scan(scan, taker->scanner, "could not read a text");
    }
}

static int reads_whole(const scan_state *scan, const uapi_firewall_scanner *scanner)
{
    return scanner->table->scan && (scanner->live & scan->text.call->direction) &&
           (scanner->scan_views & scan->views) && !(scanner->plugin->stream && (scan->text.flags & PARTIAL));
}

static void scan_whole(scan_state *scan, const uapi_firewall_scanner *scanner)
{
    uapi_firewall_taker taker = taker_for(scan, scanner);
    const uapi_sink sink = uapi_firewall_sink(&taker);

    if (!scanner->plugin->isolation && reads_whole(scan, scanner) && begin(scan, scanner)) {
        start_clock(scan);
        judge_reports(scan, &taker,
                      scanner->table->scan(scanner->instance, state_of(scan, scanner), &scan->text, &sink));
        look_at_clock(scan);
    }
}

static void end(scan_state *scan, const uapi_firewall_scanner *scanner)
{
    uapi_firewall_taker taker = taker_for(scan, scanner);
    const uapi_sink sink = uapi_firewall_sink(&taker);
    uint8_t *begun = &scan->memory->begun[scanner - scan->firewall->scanners];

    if (*begun && scanner->table->text_end) {
        scanner->table->text_end(scanner->instance, state_of(scan, scanner), &scan->text, &sink);
        judge_reports(scan, &taker, 0);
    }
    *begun = 0;
}

/* All that an isolated scanner does with a text, in one exchange; none if there is nothing for it to do. */
static void ask_helper(scan_state *scan, const uapi_firewall_scanner *scanner)
{
    size_t index = (size_t)(scanner - scan->firewall->scanners);
    apr_array_header_t *kept = scan->handed ? scan->handed[index] : NULL;
    uapi_firewall_taker taker = taker_for(scan, scanner);
    const uapi_isolation_text asked = {
        .view = scan->text.view,
        .flags = scan->text.flags,
        .whole = (uint32_t)reads_whole(scan, scanner),
        .candidate_count = kept ? (uint32_t)kept->nelts : 0,
        .candidates = kept ? (const void *)kept->elts : NULL,
        .bytes = scan->text.bytes,
        .call = scan->text.call,
    };
    uapi_isolation_answer answer;

    if (!scanner->plugin->isolation || (!asked.whole && asked.candidate_count == 0)) {
        return;
    }
    start_clock(scan);
    if (uapi_isolation_scan(scanner->plugin->isolation, &asked, &answer, scan->found.pool, &scan->unjudged) !=
        APR_SUCCESS) {
        fail_scan(scan, scanner, NULL);
    } else if (answer.status == UAPI_ISOLATION_NO_BEGIN) {
        fail_scan(scan, scanner, "could not begin with a text");
    } else {
        uapi_firewall_take_answer(&taker, &asked, &answer);
        judge_reports(scan, &taker, answer.status == UAPI_ISOLATION_NO_READ);
        look_at_clock(scan);
    }
    if (kept) {
        apr_array_clear(kept);
    }
}

/* After the pass: whoever reads whole texts, then the end for everyone who began. */
static void finish(scan_state *scan)
{
    const uapi_firewall *firewall = scan->firewall;
    uint32_t i;

    for (i = 0; (firewall->whole || scan->handed) && i < firewall->scanner_count && !scan->failed; i++) {
        if (!scan->report->overload) {
            ask_helper(scan, &firewall->scanners[i]);
        }
    }
    for (i = 0; firewall->whole && i < firewall->scanner_count && !scan->failed && !scan->report->overload; i++) {
        scan_whole(scan, &firewall->scanners[i]);
    }
    for (i = 0; scan->begun && i < firewall->scanner_count; i++) {
        end(scan, &firewall->scanners[i]);
    }
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

static hs_error_t run(scan_state *scan)
{
    const uapi_firewall *firewall = scan->firewall;
    hs_error_t status = HS_SUCCESS;

    if (firewall->database) {
        status = hs_scan(firewall->database, scan->text.bytes.data, (unsigned)scan->text.bytes.length, 0,
                         scan->memory->scratch, on_match, scan);
    }
    if (status == HS_SUCCESS || status == HS_SCAN_TERMINATED) {
        judge_notes(scan);
        status = HS_SUCCESS;
    }
    finish(scan);
    return status;
}

/* ------------------------------------------------------------- other readings of the text */

#define MOST_PARTS 64

/* A scanner is told one view: the last that matters for how the text is to be read. */
static uint32_t chief_view(uint32_t views)
{
    static const uint32_t chiefs[] = {UAPI_VIEW_JOINED, UAPI_VIEW_SHELL, UAPI_VIEW_DECODED};
    size_t i;

    for (i = 0; i < sizeof(chiefs) / sizeof(chiefs[0]); i++) {
        if (views & chiefs[i]) {
            return chiefs[i];
        }
    }
    return UAPI_VIEW_FOLDED;
}

/* What was found in a fragment, in bytes of the text; a part for each string that it was put together from. */
static void take_over(uapi_firewall_collector *into, const uapi_firewall_collector *from, scan_state *scan)
{
    uapi_views_range ranges[MOST_PARTS];
    int i;

    for (i = 0; from->found && i < from->found->nelts; i++) {
        uapi_firewall_finding finding = ((uapi_firewall_finding *)(void *)from->found->elts)[i];
        size_t count = uapi_views_locate(scan->fragment, finding.from, finding.to, ranges, MOST_PARTS), part;

        if (!uapi_views_differs(scan->fragment, finding.from, finding.to)) {
            continue; /* the text itself has shown it */
        }
        scan->report->overload |= count > MOST_PARTS ? UAPI_FIREWALL_TOO_MUCH : 0;
        if (!into->found) {
            into->found = apr_array_make(into->pool, 4, sizeof(finding));
        }
        for (part = 0; part < count && part < MOST_PARTS; part++) {
            finding.from = into->offset + ranges[part].from;
            finding.to = into->offset + ranges[part].to;
            *(uapi_firewall_finding *)apr_array_push(into->found) = finding;
        }
    }
}

static hs_error_t run_fragment(scan_state *scan, const uapi_views_fragment *fragment, apr_pool_t *pool)
{
    uapi_firewall_collector outer = scan->found;
    uapi_string bytes = {fragment->text, fragment->length};
    hs_error_t status;

    if (scan->firewall->needs_utf8) {
        bytes.data = mend_utf8(bytes.data, bytes.length, pool);
    }
    scan->fragment = fragment;
    scan->views = fragment->views;
    scan->text.view = chief_view(fragment->views);
    scan->text.bytes = bytes;
    scan->begun = 0;
    uapi_firewall_collector_init(&scan->found, scan->firewall, outer.call, bytes, 0, outer.pool);
    status = run(scan);
    take_over(&outer, &scan->found, scan);
    scan->found = outer;
    return status;
}

static hs_error_t run_views(scan_state *scan)
{
    hs_error_t status = HS_SUCCESS;
    apr_pool_t *pool = NULL;
    uapi_views views;
    int i;

    if (!uapi_views_wanted(scan->text.bytes.data, scan->text.bytes.length)) {
        return HS_SUCCESS;
    }
    apr_pool_create(&pool, scan->found.pool);
    uapi_views_make(&views, scan->text.bytes.data, scan->text.bytes.length, pool);
    scan->report->overload |= views.exhausted ? UAPI_FIREWALL_TOO_MUCH : 0;
    for (i = 0; views.fragments && i < views.fragments->nelts && status == HS_SUCCESS; i++) {
        if (scan->failed || scan->report->overload) {
            break;
        }
        status = run_fragment(scan, &((uapi_views_fragment *)(void *)views.fragments->elts)[i], pool);
    }
    apr_pool_destroy(pool);
    return status;
}

apr_status_t uapi_firewall_scan_text(const uapi_firewall *firewall, const uapi_text *text, uapi_firewall_report *report,
                                     apr_pool_t *pool, uapi_result *result)
{
    scan_state scan = {.firewall = firewall, .report = report, .text = *text};
    size_t length = text->bytes.length;
    hs_error_t status;

    memset(report, 0, sizeof(*report));
    if (firewall->scanner_count == 0 || length == 0) {
        return APR_SUCCESS;
    }
    scan.memory = length > UINT_MAX ? NULL : uapi_firewall_memory_borrow(firewall);
    if (!scan.memory) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL,
                         "a text of %" APR_SIZE_T_FMT " bytes cannot be "
                         "scanned: it is too long, there is no memory, or a verifier called the scanner",
                         length);
    }
    if (firewall->needs_utf8) {
        scan.text.bytes.data = mend_utf8(text->bytes.data, length, pool);
    }
    uapi_firewall_collector_init(&scan.found, firewall, text->call, scan.text.bytes, 0, pool);
    scan.limit = LEAST_CANDIDATES > length / BYTES_PER_CANDIDATE ? LEAST_CANDIDATES : length / BYTES_PER_CANDIDATE;
    scan.views = text->view;
    status = run(&scan);
    if (status == HS_SUCCESS && text->view == UAPI_VIEW_PLAIN && !scan.failed && !report->overload) {
        status = run_views(&scan);
    }
    look_at_clock(&scan);
    uapi_firewall_memory_return(scan.memory);
    uapi_firewall_conclude(report, &scan.found);
    if (status != HS_SUCCESS) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "libhs could not scan a text (error %d)",
                         status);
    }
    if (scan.failed && !scan.failure) {
        *result = scan.unjudged;
        return result->status;
    }
    if (scan.failed) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "scanner %s %s", scan.failed->table->name,
                         scan.failure);
    }
    return APR_SUCCESS;
}

void uapi_firewall_no_call(uapi_call_info *call, uapi_direction direction)
{
    static const char *const no_roles[] = {NULL};

    *call = (uapi_call_info){sizeof(*call), direction, "", "", "", "", no_roles, "", "", "", ""};
}

apr_status_t uapi_firewall_scan(const uapi_firewall *firewall, uapi_direction direction, const char *text,
                                size_t length, uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    uapi_call_info call;
    const uapi_text plain = {.size = sizeof(plain), .view = UAPI_VIEW_PLAIN, .bytes = {text, length}, .call = &call};

    uapi_firewall_no_call(&call, direction);
    return uapi_firewall_scan_text(firewall, &plain, report, pool, result);
}
