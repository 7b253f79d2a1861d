/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The plugin between the host's own loader and the host's own firewall, as in the server, with a watch around its verifier:
 * the host forgives what a verifier gets wrong, and its author should still know.
 */
#include "check.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#define MAX_PATTERNS 8192

static const uapi_scanner_1 *watched_scanner;
static uapi_scanner_1 watching;
static uint32_t rule_count;
static atomic_uint_fast64_t candidates, slowest, bad_answer, bad_range, bad_rule, bad_severity;
static atomic_uchar reached[MAX_PATTERNS];

uint64_t check_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void note_slowest(uint64_t took)
{
    uint64_t known = atomic_load_explicit(&slowest, memory_order_relaxed);

    while (took > known && !atomic_compare_exchange_weak(&slowest, &known, took)) {
    }
}

static int32_t watch_verify(void *instance, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    uint64_t before = check_now_ns();
    int32_t answer = watched_scanner->verify(instance, state, candidate, finding);

    note_slowest(check_now_ns() - before);
    atomic_fetch_add_explicit(&candidates, 1, memory_order_relaxed);
    atomic_store_explicit(&reached[candidate->pattern % MAX_PATTERNS], 1, memory_order_relaxed);
    if (answer < UAPI_NOT_FOUND || answer > UAPI_FOUND) {
        atomic_fetch_add(&bad_answer, 1);
    }
    if (answer != UAPI_NOT_FOUND) {
        atomic_fetch_add(&bad_range, finding->from >= finding->to || finding->to > candidate->text.length);
        atomic_fetch_add(&bad_rule, finding->rule >= rule_count);
        atomic_fetch_add(&bad_severity, finding->severity > UAPI_SEVERITY_CRITICAL);
    }
    return answer;
}

check_watched check_subject_watched(void)
{
    return (check_watched){candidates, slowest, bad_answer, bad_range, bad_rule, bad_severity};
}

int check_subject_reached(uint32_t pattern)
{
    return reached[pattern % MAX_PATTERNS];
}

static void watch(check_subject *subject)
{
    candidates = slowest = bad_answer = bad_range = bad_rule = bad_severity = 0;
    memset((void *)reached, 0, sizeof(reached));
    watched_scanner = subject->plugin.scanner;
    watching = *watched_scanner;
    rule_count = subject->tables.rule_count;
    if (watching.verify) {
        watching.verify = watch_verify;
    }
    subject->plugin.scanner = &watching;
}

static int refuse(const check_run *run, const uapi_result *result)
{
    check_say(run, CHECK_FAIL, "%s", result->detail ? result->detail : "it cannot be used");
    return -1;
}

/* Everything on, also what its author advises to leave off. */
static apr_status_t all_on(uapi_policy **policy, const check_subject *subject, uapi_result *result)
{
    const char *text = apr_psprintf(subject->pool,
                                    "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: check}\nspec:\n"
                                    "  scanners:\n    %s: {request: log, response: log}\n",
                                    subject->plugin.scanner->name);
    apr_array_header_t *diagnostics;

    return uapi_policy_parse(policy, "check.yaml", text, strlen(text), &diagnostics, subject->pool, result);
}

int check_subject_load(check_subject *subject, const check_run *run)
{
    uapi_plugin *loaded, *const one[] = {&subject->plugin};
    uapi_result result = {0};
    uapi_policy *policy;

    memset(subject, 0, sizeof(*subject));
    apr_pool_create_unmanaged(&subject->pool); /* nothing of it stays with an allocator, so leaks can be told */
    if (uapi_plugin_load_configured(&loaded, run->path, NULL, run->options, subject->pool, &result) != APR_SUCCESS ||
        uapi_plugin_start(loaded, subject->pool, &result) != APR_SUCCESS) {
        return refuse(run, &result);
    }
    subject->plugin = *loaded;
    uapi_plugin_scanner_tables(&subject->tables, loaded, subject->pool);
    watch(subject);
    if (all_on(&policy, subject, &result) != APR_SUCCESS ||
        uapi_firewall_create(&subject->firewall, one, 1, policy, subject->pool, &result) != APR_SUCCESS) {
        return refuse(run, &result);
    }
    return 0;
}

void check_subject_unload(check_subject *subject)
{
    uapi_firewall_memory_free();
    apr_pool_destroy(subject->pool);
}
