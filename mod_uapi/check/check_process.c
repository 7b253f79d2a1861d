/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The contract as far as it shows without load: what it hands out, what it leaves of the process, what is left after stop.
 */
#include "check.h"

#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

extern char **environ;

/* ------------------------------------------------------------- contract */

static void tell_watched(const check_run *run, const check_watched *seen)
{
    const struct {
        uint64_t count;
        const char *what;
    } faults[] = {
        {seen->bad_answer, "an answer that is none of uapi_judgement"},
        {seen->bad_range, "a range that is none of the text"},
        {seen->bad_rule, "a rule that does not exist"},
        {seen->bad_severity, "a severity that is none"},
    };
    size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (faults[i].count) {
            check_say(run, CHECK_FAIL, "verify returned %s, for %" APR_UINT64_T_FMT " candidates", faults[i].what,
                      (apr_uint64_t)faults[i].count);
        }
    }
}

static void scan_all(const check_run *run, const check_subject *subject, const apr_array_header_t *texts)
{
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, subject->pool);
    for (i = 0; i < texts->nelts; i++) {
        check_text text = APR_ARRAY_IDX(texts, i, check_text);
        uapi_firewall_report report;
        uapi_result result = {0};

        if (uapi_firewall_scan(subject->firewall, i % 2 ? UAPI_DIRECTION_REQUEST : UAPI_DIRECTION_RESPONSE, text.bytes,
                               text.length, &report, pool, &result) != APR_SUCCESS) {
            check_say(run, CHECK_FAIL, "a text could not be scanned: %s", result.detail);
            break;
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

static void tell_reach(const check_run *run, const check_subject *subject)
{
    uint32_t i, count = 0, last = 0;

    for (i = 0; i < subject->tables.pattern_count; i++) {
        if (subject->plugin.scanner->verify && !check_subject_reached(i)) {
            last = i;
            count++;
        }
    }
    if (count) {
        check_say(run, CHECK_NOTE, "%u of %u patterns were not reached by made-up texts (the last: %s)", count,
                  subject->tables.pattern_count, subject->tables.patterns[last].regex);
    }
}

static void tell_titles(const check_run *run, const check_subject *subject)
{
    const char *first = NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < subject->tables.rule_count; i++) {
        if (!subject->tables.rules[i].title) {
            first = first ? first : subject->tables.rules[i].id;
            count++;
        }
    }
    if (count) {
        check_say(run, CHECK_NOTE, "%u of %u rules have no title for people (the first: %s)", count,
                  subject->tables.rule_count, first);
    }
}

void check_contract(const check_run *run)
{
    check_watched seen;
    check_subject subject;
    uint32_t again = 0;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    if (subject.plugin.scanner->rules(subject.plugin.instance, &again) == NULL || again != subject.tables.rule_count) {
        check_say(run, CHECK_FAIL, "rules() hands out another table when it is asked again");
    }
    scan_all(run, &subject, check_texts_matching(&subject, subject.pool));
    seen = check_subject_watched();
    tell_watched(run, &seen);
    tell_reach(run, &subject);
    tell_titles(run, &subject);
    check_say(run, CHECK_PASS, "%s %s, scanner %s: %u rules, %u patterns%s%s; %" APR_UINT64_T_FMT " candidates judged",
              subject.plugin.descriptor->id, subject.plugin.descriptor->version, subject.plugin.scanner->name,
              subject.tables.rule_count, subject.tables.pattern_count, subject.plugin.scanner->scan ? ", scan" : "",
              subject.plugin.stream ? ", streams" : "", (apr_uint64_t)seen.candidates);
    check_subject_unload(&subject);
}

/* ------------------------------------------------------------- the process */

typedef struct process_state {
    char directory[4096];
    const char *locale, *environment;
    mode_t mask;
    void *handlers[65];
} process_state;

static void take_state(process_state *state, apr_pool_t *pool)
{
    char **entry;
    int number;

    memset(state, 0, sizeof(*state));
    if (!getcwd(state->directory, sizeof(state->directory))) {
        state->directory[0] = '\0';
    }
    state->locale = apr_pstrdup(pool, setlocale(LC_ALL, NULL));
    state->environment = "";
    for (entry = environ; *entry; entry++) {
        state->environment = apr_pstrcat(pool, state->environment, *entry, "\n", NULL);
    }
    state->mask = umask(0);
    umask(state->mask);
    for (number = 1; number < 65; number++) {
        struct sigaction action;

        if (sigaction(number, NULL, &action) == 0) {
            memcpy(&state->handlers[number], &action.sa_handler, sizeof(void *));
        }
    }
}

static int compare_states(const check_run *run, const process_state *before, const process_state *after)
{
    const struct {
        int changed;
        const char *what;
    } parts[] = {
        {strcmp(before->directory, after->directory) != 0, "the working directory"},
        {strcmp(before->locale, after->locale) != 0, "the locale"},
        {strcmp(before->environment, after->environment) != 0, "the environment"},
        {before->mask != after->mask, "the file mode mask"},
        {memcmp(before->handlers, after->handlers, sizeof(before->handlers)) != 0, "a signal's handler"},
    };
    int changed = 0;
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].changed) {
            check_say(run, CHECK_FAIL, "it changed %s", parts[i].what);
            changed = 1;
        }
    }
    return changed;
}

void check_process(const check_run *run)
{
    process_state before, after;
    check_subject subject;

    take_state(&before, run->pool);
    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    scan_all(run, &subject, check_texts_matching(&subject, subject.pool));
    check_subject_unload(&subject);
    take_state(&after, run->pool);
    if (!compare_states(run, &before, &after)) {
        check_say(run, CHECK_PASS, "signals, locale, environment, working directory are as they were");
    }
}

/* ------------------------------------------------------------- after stop */

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;

    while (directory && readdir(directory)) {
        count++;
    }
    if (directory) {
        closedir(directory);
    }
    return count;
}

void check_stop(const check_run *run)
{
    int threads = count_entries("/proc/self/task"), files = count_entries("/proc/self/fd"), left, waited = 0,
        faults = 0;
    check_subject subject;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    scan_all(run, &subject, check_texts_matching(&subject, subject.pool));
    check_subject_unload(&subject);
    while ((left = count_entries("/proc/self/task")) > threads && waited++ < 20) {
        usleep(10000); /* a thread that has been joined may still be seen for a moment */
    }
    if (left > threads) {
        check_say(run, CHECK_FAIL, "%d of its threads still run after stop", left - threads);
        faults = 1;
    }
    if ((left = count_entries("/proc/self/fd")) > files) {
        check_say(run, CHECK_FAIL, "%d file descriptors are open after destroy", left - files);
        faults = 1;
    }
    if (!faults) {
        check_say(run, CHECK_PASS, "no thread and no file of it is left after stop and destroy");
    }
}
