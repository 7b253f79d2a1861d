/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scanner_tables.h What the scanners here share: they write their rules as tables of rows, a few files each, a
 * row for each pattern. This joins them into the two tables that uapi.scanner/1 wants, and finds the row of a
 * candidate.
 *
 * Made once in create and read-only from then on, so verifiers need no lock. A plugin is one shared object, so all of
 * this is static.
 */
#ifndef PLUGINS_SCANNER_TABLES_H
#define PLUGINS_SCANNER_TABLES_H

#include <stdlib.h>
#include <string.h>

#include "uapi_plugin.h"

/**
 * What every row begins with. Rows with the same `rule` are patterns of one rule, in whichever tables they stand;
 * severity, directions and actions are those of the first.
 */
typedef struct scanner_pattern {
    const char *rule;                         /* its id */
    const char *regex;                        /* NULL: no pattern, the row only makes the rule */
    uint32_t flags;                           /* uapi_pattern_flags */
    uint32_t views;                           /* uapi_text_view; 0: the host's choice */
    uint32_t severity;                        /* uapi_severity */
    uint32_t directions;                      /* uapi_direction */
    uint32_t request_action, response_action; /* uapi_default_action */
} scanner_pattern;

/** Rows of any type that begins with a scanner_pattern. */
typedef struct scanner_table {
    const void *rows;
    size_t count, row_size;
} scanner_table;

/** What people are told of a rule (`uapictl scan --explain`): in a table of its own, so that the rows stay short. */
typedef struct scanner_explanation {
    const char *rule;
    const char *title; /* what it finds */
    const char *why;   /* what its verifier has made sure of */
} scanner_explanation;

typedef struct scanner_explanations {
    const scanner_explanation *rows;
    size_t count;
} scanner_explanations;

/** What an instance begins with. */
typedef struct scanner_tables {
    uapi_rule *rules;
    uapi_pattern *patterns;
    const void **rows; /* by pattern */
    const char **whys; /* by rule; NULL: nothing to say */
    uint32_t rule_count, pattern_count;
} scanner_tables;

static inline void scanner_tables_free(scanner_tables *tables)
{
    free(tables->rules);
    free(tables->patterns);
    free(tables->rows);
    free(tables->whys);
    memset(tables, 0, sizeof(*tables));
}

static inline uint32_t scanner_tables_rule_index(scanner_tables *tables, const scanner_pattern *row)
{
    uint32_t i = 0;

    while (i < tables->rule_count && strcmp(tables->rules[i].id, row->rule) != 0) {
        i++;
    }
    if (i == tables->rule_count) {
        uapi_rule made = {sizeof(made), row->severity, row->directions, row->request_action, row->response_action, 0,
                          row->rule,    NULL};

        tables->rules[tables->rule_count++] = made;
    }
    return i;
}

static inline void scanner_tables_add(scanner_tables *tables, const scanner_pattern *row)
{
    uapi_pattern made = {sizeof(made), row->flags, scanner_tables_rule_index(tables, row), row->views, row->regex};

    if (!row->regex) {
        return;
    }
    tables->rows[tables->pattern_count] = row;
    tables->patterns[tables->pattern_count++] = made;
}

/** 1, or 0 if there is no memory: nothing is to be freed then. */
static inline int scanner_tables_join(scanner_tables *tables, const scanner_table *const *parts, size_t count)
{
    size_t total = 0, t, i;

    for (t = 0; t < count; t++) {
        total += parts[t]->count;
    }
    tables->rules = calloc(total, sizeof(*tables->rules));
    tables->patterns = calloc(total, sizeof(*tables->patterns));
    tables->rows = calloc(total, sizeof(*tables->rows));
    tables->whys = calloc(total, sizeof(*tables->whys));
    if (!tables->rules || !tables->patterns || !tables->rows || !tables->whys) {
        scanner_tables_free(tables);
        return 0;
    }
    for (t = 0; t < count; t++) {
        for (i = 0; i < parts[t]->count; i++) {
            scanner_tables_add(
                tables, (const scanner_pattern *)(const void *)((const char *)parts[t]->rows + i * parts[t]->row_size));
        }
    }
    return 1;
}

/** After the join. A rule that is not explained has no title. */
static inline void scanner_tables_explain(scanner_tables *tables, const scanner_explanations *texts)
{
    for (size_t t = 0; t < texts->count; t++) {
        for (uint32_t i = 0; i < tables->rule_count; i++) {
            if (strcmp(tables->rules[i].id, texts->rows[t].rule) == 0) {
                tables->rules[i].title = texts->rows[t].title;
                tables->whys[i] = texts->rows[t].why;
            }
        }
    }
}

/** What a verifier has decided, with the reason that its rule has, unless it gave one itself. */
static inline int32_t scanner_tables_verdict(const void *instance, int32_t found, uapi_finding *finding)
{
    const scanner_tables *tables = instance;

    if (found && !finding->why && finding->rule < tables->rule_count) {
        finding->why = tables->whys[finding->rule];
    }
    return found;
}

/** uapi_scanner_1.rules */
static inline const uapi_rule *scanner_tables_rules(void *instance, uint32_t *count)
{
    *count = ((scanner_tables *)instance)->rule_count;
    return ((scanner_tables *)instance)->rules;
}

/** uapi_scanner_1.patterns */
static inline const uapi_pattern *scanner_tables_patterns(void *instance, uint32_t *count)
{
    *count = ((scanner_tables *)instance)->pattern_count;
    return ((scanner_tables *)instance)->patterns;
}

/** The row that a candidate's pattern comes from. */
static inline const void *scanner_tables_row(const void *instance, const uapi_candidate *candidate)
{
    return ((const scanner_tables *)instance)->rows[candidate->pattern];
}

/** Index of a rule, for a verifier that reports under another one; the number of rules if there is none by that id. */
static inline uint32_t scanner_tables_rule(const void *instance, const char *id)
{
    const scanner_tables *tables = instance;
    uint32_t i = 0;

    while (i < tables->rule_count && strcmp(tables->rules[i].id, id) != 0) {
        i++;
    }
    return i;
}

#endif
