/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A row is scanned once a direction; for each topic that it is measured for (corpus_topic.c) it then counts as found or
 * not. A disguise's seed is scanned, too, so that what no scanner finds in plain words is not held against the
 * disguise.
 */
#include "scan.h"

#include <errno.h>
#include <string.h>

#include <apr_strings.h>

#include "corpus.h"
#include "output.h"
#include "scan_parts.h"

typedef struct measurement {
    uapi_scan *scan;
    unsigned directions; /* bit set of uapi_direction */
    uapi_corpus_tally tally;
    uapi_corpus_summary summary;
    const char *path, *name; /* the file, and how it is called in the tally */
    uint64_t line;
    apr_pool_t *row_pool;
} measurement;

static void problem_add(measurement *m, const char *message)
{
    json_t *error = uapi_output_error_only(UAPI_CLI_INPUT_INVALID, message);

    json_object_set_new(error, "file", json_string(m->path));
    json_object_set_new(error, "line", json_integer((json_int_t)m->line));
    json_array_append_new(m->summary.errors, error);
    m->scan->failed = 1;
}

static apr_status_t scan_whole(const uapi_scan_parts *parts, const char *text, size_t length, uapi_result *result)
{
    uapi_firewall_report report = {0};
    apr_status_t status = uapi_firewall_scan(parts->firewall, parts->direction, text, length, &report, parts->pool,
                                             result);

    for (uint32_t i = 0; status == APR_SUCCESS && i < report.count; i++) {
        APR_ARRAY_PUSH(parts->found, const uapi_firewall_finding *) = &report.findings[i];
    }
    return status;
}

/* As it travels: `chunks` NULL unless it does so in pieces. */
static apr_status_t scan_as_it_comes(const uapi_scan_parts *parts, const char *text, size_t length,
                                     const json_t *chunks, uapi_result *result)
{
    if (chunks) {
        return uapi_scan_chunks(parts, chunks, result);
    }
    return uapi_scan_is_stream(text, length) ? uapi_scan_stream(parts, text, length, result)
                                             : scan_whole(parts, text, length, result);
}

/* What was found: array of const uapi_firewall_finding *; NULL once told what failed. */
static apr_array_header_t *scan_text(measurement *m, const char *text, size_t length, const json_t *chunks)
{
    uapi_scan_parts parts = {
        .firewall = m->scan->firewall,
        .pool = m->row_pool,
        .found = apr_array_make(m->row_pool, 4, sizeof(const uapi_firewall_finding *)),
    };

    for (unsigned way = UAPI_DIRECTION_REQUEST; way <= UAPI_DIRECTION_RESPONSE; way <<= 1) {
        uapi_result result = {0};

        parts.direction = (uapi_direction)way;
        if ((m->directions & way) && scan_as_it_comes(&parts, text, length, chunks, &result) != APR_SUCCESS) {
            problem_add(m, result.detail ? result.detail : "the text cannot be scanned");
            return NULL;
        }
    }
    return parts.found;
}

/* The first finding that answers for the topic; on a negative only the scanner that is measured can be wrong. */
static const uapi_firewall_finding *answer(const apr_array_header_t *found, const uapi_corpus_topic *topic,
                                           int positive)
{
    for (int i = 0; i < found->nelts; i++) {
        const uapi_firewall_finding *finding = APR_ARRAY_IDX(found, i, const uapi_firewall_finding *);

        for (int j = 0; j < (positive ? UAPI_CORPUS_ANSWERS : 1) && topic->scanners[j]; j++) {
            if (strcmp(finding->scanner, topic->scanners[j]) == 0) {
                return finding;
            }
        }
    }
    return NULL;
}

static void wrong_add(measurement *m, const uapi_corpus_row *row, const char *scanner,
                      const uapi_firewall_finding *finding)
{
    json_t *wrong = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s?}", "scanner", scanner, "file", m->path, "line",
                              (json_int_t)m->line, "label", row->positive ? "positive" : "negative", "class",
                              row->class_name, "kind", row->kind, "rule", finding ? finding->rule : NULL);

    json_array_append_new(m->summary.wrong, wrong);
}

static void count_row(measurement *m, const uapi_corpus_row *row, const uapi_corpus_topic *topic,
                      const apr_array_header_t *found, const apr_array_header_t *seed)
{
    const uapi_firewall_finding *finding = answer(found, topic, row->positive);
    uapi_corpus_count *count = uapi_corpus_tally_of(&m->tally, topic->scanners[0], m->name, row->class_name, row->kind);

    if (row->positive) {
        count->positives++;
        count->found += finding != NULL;
        if (seed && answer(seed, topic, 1)) {
            count->plain++;
            count->kept += finding != NULL;
        }
    } else {
        count->negatives++;
        count->wrong += finding != NULL;
    }
    if (m->summary.wrong && row->positive != (finding != NULL)) {
        wrong_add(m, row, topic->scanners[0], finding);
    }
}

/* A row that has no class is one of its kind's first word: "benign", "evasion". */
static const char *class_of(const uapi_corpus_row *row, apr_pool_t *pool)
{
    return *row->class_name ? row->class_name : apr_pstrmemdup(pool, row->kind, strcspn(row->kind, ":"));
}

static int is_loaded(const uapi_scan *scan, const char *scanner)
{
    for (int i = 0; i < scan->scanners->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(scan->scanners, i, const char *), scanner) == 0) {
            return 1;
        }
    }
    return 0;
}

static void row_measure(measurement *m, const uapi_corpus_row *row)
{
    apr_array_header_t *topics = uapi_corpus_topics(row, m->path, m->row_pool), *found, *seed = NULL;
    int answered = 0;

    if (topics->nelts == 0) {
        problem_add(m, "no scanner is known to answer for a row of this \"kind\"");
        return;
    }
    found = scan_text(m, row->text, row->text_length, row->chunks);
    if (found && row->seed && row->positive) {
        seed = scan_text(m, row->seed, row->seed_length, NULL);
    }
    for (int i = 0; found && i < topics->nelts; i++) {
        const uapi_corpus_topic *topic = APR_ARRAY_IDX(topics, i, const uapi_corpus_topic *);

        if (is_loaded(m->scan, topic->scanners[0])) {
            count_row(m, row, topic, found, seed);
            answered = 1;
        }
    }
    m->summary.unanswered += !answered;
    m->summary.parts += row->chunks != NULL || uapi_scan_is_stream(row->text, row->text_length);
}

static void line_measure(measurement *m, const char *line, size_t length)
{
    uapi_corpus_row row;
    const char *problem = uapi_corpus_row_read(&row, line, length);

    m->summary.rows++;
    if (problem) {
        problem_add(m, problem);
        return;
    }
    row.class_name = class_of(&row, m->row_pool);
    row_measure(m, &row);
    json_decref(row.json);
}

static void file_measure(measurement *m)
{
    const char *problem = NULL, *line, *slash = strrchr(m->path, '/');
    apr_pool_t *pool;
    uapi_corpus_file *file;
    size_t length;

    apr_pool_create(&pool, m->scan->cli->pool);
    m->name = slash ? slash + 1 : m->path;
    m->line = 0;
    file = uapi_corpus_open(m->path, pool);
    if (!file) {
        problem_add(m, strerror(errno));
    } else {
        uapi_corpus_outcome outcome;

        while ((outcome = uapi_corpus_next(file, &line, &length, &problem)) == UAPI_CORPUS_LINE) {
            m->line++;
            line_measure(m, line, length);
            apr_pool_clear(m->row_pool);
        }
        if (outcome == UAPI_CORPUS_FAILED) {
            m->line++;
            problem_add(m, problem);
        }
    }
    apr_pool_destroy(pool);
}

int uapi_scan_corpus(uapi_scan *scan)
{
    static const char *const standard_input[] = {"-", NULL};
    const char *const *path = scan->cli->argument_count ? scan->cli->arguments : standard_input;
    int both = !uapi_options_has(&scan->cli->options, UAPI_OPTION_DIRECTION);
    measurement m = {.scan = scan, .directions = both ? UAPI_DIRECTION_BOTH : scan->direction};

    uapi_corpus_tally_init(&m.tally, scan->cli->pool);
    m.summary.tally = &m.tally;
    m.summary.direction = both ? "both" : uapi_options_text(&scan->cli->options, UAPI_OPTION_DIRECTION);
    m.summary.errors = uapi_output_json_array(scan->cli->pool);
    m.summary.wrong = scan->explain ? uapi_output_json_array(scan->cli->pool) : NULL;
    apr_pool_create(&m.row_pool, scan->cli->pool);
    for (; *path; path++) {
        m.path = *path;
        file_measure(&m);
    }
    if (scan->cli->json) {
        uapi_corpus_report_json(&m.summary, scan->cli->pool);
    } else {
        uapi_corpus_report_text(&m.summary, scan->cli->pool);
    }
    return UAPI_EXIT_DONE;
}
