/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Times the firewall's pass over texts, for build/bench scanners: each case is a firewall of plugins and policy files, and
 * all of them take turns in one process, so that a slow moment of the machine hits all alike. Prints one JSON object.
 *
 *   raw    a text that nothing is undone in
 *   views  as a call's text: with its other readings
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <hs.h>
#include <jansson.h>

#include "firewall.h"
#include "firewall_internal.h"
#include "plugin.h"
#include "policy.h"
#include "views.h"

#define MOST_CASES 32
#define MOST_TEXTS 8
#define MOST_ROUNDS 101
#define MOST_PIECES 65536

static const char *const readings[] = {"raw", "views"};

typedef struct bench_case {
    const char *name;
    uapi_firewall *firewall;
    apr_array_header_t *plugins;
    double create_ms;
    size_t scratch;
} bench_case;

typedef struct bench_text {
    const char *name;
    char *bytes;
    size_t length;
} bench_text;

typedef struct series {
    double megabytes_per_second[MOST_ROUNDS];
    size_t findings;
} series;

static apr_pool_t *pool;
static bench_case cases[MOST_CASES];
static bench_text texts[MOST_TEXTS];
static size_t case_count, text_count;
static size_t piece = 10240, rounds = 9, milliseconds = 30;
static series measured[MOST_CASES][MOST_TEXTS][2];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "scanners: %s: %s\n", what, why ? why : "failed");
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* others may work on this machine, too */
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int order(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double at(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), order);
    return values[(size_t)(share * (double)(count - 1) + 0.5)];
}

/* ------------------------------------------------------------- cases and texts */

static uapi_policy *load_policy(const apr_array_header_t *files)
{
    apr_array_header_t *diagnostics = NULL;
    uapi_result result = {0};
    uapi_policy *policy;

    if (files->nelts == 0) {
        return NULL;
    }
    if (uapi_policy_load(&policy, (const char *const *)files->elts, (size_t)files->nelts, &diagnostics, pool,
                         &result) != APR_SUCCESS) {
        die(APR_ARRAY_IDX(files, 0, const char *),
            diagnostics && diagnostics->nelts ? APR_ARRAY_IDX(diagnostics, 0, uapi_diagnostic).message : result.detail);
    }
    return policy;
}

/* "name=/path/of.so,/path/of.yaml" */
static void add_case(char *argument)
{
    bench_case *made = &cases[case_count++];
    apr_array_header_t *policies = apr_array_make(pool, 4, sizeof(char *));
    char *files = strchr(argument, '='), *last = NULL, *file;
    const uapi_policy *policy;
    uapi_result result = {0};
    double start;

    if (!files || case_count > MOST_CASES) {
        die(argument, "no case, or too many");
    }
    *files++ = '\0';
    made->name = argument;
    made->plugins = apr_array_make(pool, 8, sizeof(uapi_plugin *));
    for (file = apr_strtok(files, ",", &last); file; file = apr_strtok(NULL, ",", &last)) {
        if (strcmp(file + strlen(file) - 3, ".so") != 0) {
            APR_ARRAY_PUSH(policies, char *) = file;
        } else if (uapi_plugin_load((uapi_plugin **)apr_array_push(made->plugins), file, NULL, pool, &result) !=
                   APR_SUCCESS) {
            die(file, result.detail);
        }
    }
    policy = load_policy(policies);
    start = now();
    if (uapi_firewall_create(&made->firewall, (uapi_plugin *const *)made->plugins->elts, (size_t)made->plugins->nelts,
                             policy, pool, &result) != APR_SUCCESS) {
        die(argument, result.detail);
    }
    made->create_ms = (now() - start) * 1e3;
}

static void add_text(char *argument)
{
    bench_text *made = &texts[text_count++];
    char *path = strchr(argument, '=');
    FILE *file;

    if (!path || text_count > MOST_TEXTS) {
        die(argument, "no text, or too many");
    }
    *path++ = '\0';
    made->name = argument;
    made->bytes = apr_palloc(pool, (size_t)16 << 20);
    file = fopen(path, "rb");
    made->length = file ? fread(made->bytes, 1, (size_t)16 << 20, file) : 0;
    if (!file || fclose(file) != 0 || made->length == 0) {
        die(path, "cannot be read, or is empty");
    }
}

/* ------------------------------------------------------------- measuring */

/* Bytes of the piece that begins at `from`: up to a character's beginning. */
static size_t piece_at(const bench_text *text, size_t from)
{
    size_t length = text->length - from < piece ? text->length - from : piece;

    while (from + length < text->length && ((unsigned char)text->bytes[from + length] & 0xc0) == 0x80) {
        length--;
    }
    return length;
}

static size_t scan(const bench_case *one, const char *bytes, size_t length, int with_views, apr_pool_t *scratch)
{
    static const char *const no_roles[] = {NULL};
    const uapi_call_info call = {sizeof(call), UAPI_DIRECTION_REQUEST, "", "", "", "", no_roles, "", "", "", ""};
    const uapi_text given = {.size = sizeof(given),
                             .view = with_views ? UAPI_VIEW_PLAIN : UAPI_VIEW_FOLDED, /* which is no further undone */
                             .bytes = {bytes, length},
                             .call = &call};
    uapi_firewall_report report;
    uapi_result result = {0};

    if (uapi_firewall_scan_text(one->firewall, &given, &report, scratch, &result) != APR_SUCCESS) {
        die(one->name, result.detail);
    }
    if (report.overload) {
        die(one->name, "overload");
    }
    return report.count;
}

/* The whole text, piece by piece, again and again for the time of a round. */
static void run_round(size_t round, size_t c, size_t t, int with_views, apr_pool_t *scratch)
{
    series *into = &measured[c][t][with_views];
    const bench_text *text = &texts[t];
    double start = now(), took;
    size_t bytes = 0, from = 0, findings = 0;

    do {
        for (from = 0; from < text->length; from += piece_at(text, from)) {
            findings += scan(&cases[c], text->bytes + from, piece_at(text, from), with_views, scratch);
            apr_pool_clear(scratch);
        }
        into->findings = findings;
        findings = 0;
        bytes += text->length;
        took = now() - start;
    } while (took * 1e3 < (double)milliseconds);
    into->megabytes_per_second[round] = (double)bytes / took / 1e6;
}

static void run_rounds(void)
{
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < case_count * text_count * 2; i++) {
            /* every second round backwards */
            size_t place = round % 2 ? case_count * text_count * 2 - 1 - i : i;

            run_round(round, place / 2 / text_count, place / 2 % text_count, (int)(place % 2), scratch);
        }
    }
    apr_pool_destroy(scratch);
}

/* Microseconds for each piece of a text, the better of three runs each. */
static json_t *latency(size_t c, size_t t)
{
    static double took[MOST_PIECES];
    size_t count = 0, from, i;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    for (from = 0; from < texts[t].length && count < MOST_PIECES; from += piece_at(&texts[t], from)) {
        if (piece_at(&texts[t], from) < piece - 4) {
            break; /* the rest is no whole piece */
        }
        took[count] = 1e9;
        for (i = 0; i < 3; i++) {
            double start = now(), end;

            scan(&cases[c], texts[t].bytes + from, piece_at(&texts[t], from), 1, scratch);
            apr_pool_clear(scratch);
            end = now();
            took[count] = (end - start) * 1e6 < took[count] ? (end - start) * 1e6 : took[count];
        }
        count++;
    }
    apr_pool_destroy(scratch);
    if (count == 0) {
        return json_null();
    }
    return json_pack("{s:f,s:f,s:f}", "p50", at(took, count, 0.5), "p99", at(took, count, 0.99), "most",
                     at(took, count, 1));
}

/* The first reading alone, which every text gets. */
static double need_check(const bench_text *text)
{
    double best = 0;

    for (size_t round = 0; round < rounds; round++) {
        double start = now(), took;
        size_t bytes = 0, wanted = 0;

        do {
            for (size_t from = 0; from < text->length; from += piece_at(text, from)) {
                wanted += (size_t)uapi_views_wanted(text->bytes + from, piece_at(text, from));
            }
            bytes += text->length;
            took = now() - start;
        } while (took * 1e3 < 5);
        best = (double)bytes / took / 1e6 > best ? (double)bytes / took / 1e6 : best;
        (void)wanted;
    }
    return best;
}

/* ------------------------------------------------------------- the answer */

static json_t *report_case(size_t c)
{
    const uapi_firewall *firewall = cases[c].firewall;
    size_t database = 0, scratch = 0;
    hs_scratch_t *made = NULL;
    json_t *speeds = json_object(), *latencies = json_object();

    if (firewall->database &&
        (hs_database_size(firewall->database, &database) != HS_SUCCESS ||
         hs_alloc_scratch(firewall->database, &made) != HS_SUCCESS || hs_scratch_size(made, &scratch) != HS_SUCCESS)) {
        die(cases[c].name, "libhs cannot tell sizes");
    }
    hs_free_scratch(made);
    for (size_t t = 0; t < text_count; t++) {
        json_t *one = json_object();

        for (size_t r = 0; r < 2; r++) {
            series *is = &measured[c][t][r];
            double median = at(is->megabytes_per_second, rounds, 0.5);

            json_object_set_new(one, readings[r],
                                json_pack("{s:f,s:f,s:f,s:I}", "mb_per_s", median, "least", is->megabytes_per_second[0],
                                          "most", is->megabytes_per_second[rounds - 1], "findings",
                                          (json_int_t)is->findings));
        }
        json_object_set_new(speeds, texts[t].name, one);
        json_object_set_new(latencies, texts[t].name, latency(c, t));
    }
    return json_pack("{s:s,s:I,s:I,s:I,s:f,s:o,s:o}", "name", cases[c].name, "patterns",
                     (json_int_t)uapi_firewall_pattern_count(firewall), "database_bytes", (json_int_t)database,
                     "scratch_bytes", (json_int_t)scratch, "create_ms", cases[c].create_ms, "texts", speeds,
                     "latency_us", latencies);
}

static json_t *report_texts(void)
{
    json_t *all = json_object();

    for (size_t t = 0; t < text_count; t++) {
        json_object_set_new(
            all, texts[t].name,
            json_pack("{s:I,s:f}", "bytes", (json_int_t)texts[t].length, "need_check_mb_per_s", need_check(&texts[t])));
    }
    return all;
}

int main(int argc, char **argv)
{
    json_t *report, *list = json_array();

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--case") == 0) {
            add_case(argv[i + 1]);
        } else if (strcmp(argv[i], "--text") == 0) {
            add_text(argv[i + 1]);
        } else if (strcmp(argv[i], "--piece") == 0) {
            piece = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--milliseconds") == 0) {
            milliseconds = strtoul(argv[i + 1], NULL, 10);
        } else {
            die(argv[i], "no option");
        }
    }
    if (argc % 2 == 0 || piece < 64 || rounds < 1 || rounds > MOST_ROUNDS || case_count == 0 || text_count == 0) {
        die("arguments", "see build/bench scanners");
    }
    run_rounds();
    for (size_t c = 0; c < case_count; c++) {
        json_array_append_new(list, report_case(c));
    }
    report = json_pack("{s:I,s:o,s:o}", "piece_bytes", (json_int_t)piece, "texts", report_texts(), "cases", list);
    json_dumpf(report, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(4));
    json_decref(report);
    uapi_firewall_memory_free();
    apr_terminate();
    return 0;
}
