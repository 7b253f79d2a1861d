/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file check.h
 * uapi-plugin-check: what its files share. Each check runs in a process of its own, since a plugin that breaks its contract may
 * take the process with it; what it finds goes to the parent through a pipe, a line a finding.
 */
#ifndef UAPI_CHECK_CHECK_H
#define UAPI_CHECK_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "../core/firewall.h"

typedef enum check_level { CHECK_PASS, CHECK_NOTE, CHECK_WARN, CHECK_FAIL } check_level;

typedef struct check_run {
    const char *path;            /* absolute */
    apr_array_header_t *options; /* of uapi_plugin_option */
    unsigned threads;
    unsigned milliseconds; /* that a measurement takes */
    apr_pool_t *pool;
    int out; /* the pipe */
} check_run;

/** Tell a finding: one line, without a tab. */
void check_say(const check_run *run, check_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/** Tell a figure: for --json, under this name. */
void check_figure(const check_run *run, const char *name, double value);

/** A plugin under test: loaded and started, its verifier watched. One at a time. */
typedef struct check_subject {
    uapi_plugin plugin; /* a copy whose scanner is the watched one */
    uapi_plugin_tables tables;
    uapi_firewall *firewall;
    apr_pool_t *pool;
} check_subject;

/** 0; or -1 once it has been told why not. */
int check_subject_load(check_subject *subject, const check_run *run);
/** stop, destroy, unload. */
void check_subject_unload(check_subject *subject);

/** What the watch over the verifier has seen since the load. */
typedef struct check_watched {
    uint64_t candidates, slowest_ns;
    uint64_t bad_answer, bad_range, bad_rule, bad_severity;
} check_watched;

check_watched check_subject_watched(void);
/** Has a candidate of this pattern been judged? */
int check_subject_reached(uint32_t pattern);

/** A text to try. */
typedef struct check_text {
    const char *bytes;
    size_t length;
} check_text;

/** A text that the regular expression matches, if it is understood; each seed gives another one. */
check_text check_sample(const char *regex, uint32_t seed, apr_pool_t *pool);
/** Texts that the plugin's patterns match, a few for each. Array of check_text. */
apr_array_header_t *check_texts_matching(const check_subject *subject, apr_pool_t *pool);
/** Those, cut, repeated, and broken, and what has nothing to do with them: long runs, NULs, what is no UTF-8. */
apr_array_header_t *check_texts_hostile(const check_subject *subject, apr_pool_t *pool);
/** About `length` bytes of prose and JSON in which nothing is to be found. */
check_text check_text_benign(size_t length, apr_pool_t *pool);

uint64_t check_now_ns(void);

/** One check; tells what it finds. */
void check_symbols(const check_run *run);
void check_contract(const check_run *run);
void check_process(const check_run *run);
void check_hostile(const check_run *run);
void check_streams(const check_run *run);
void check_threads(const check_run *run);
void check_leaks(const check_run *run);
void check_stop(const check_run *run);
void check_time(const check_run *run);

#endif
