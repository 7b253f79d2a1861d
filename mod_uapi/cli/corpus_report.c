/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "corpus.h"

#include <stdio.h>

#include <apr_strings.h>

#include "output.h"
#include "table.h"

/* ------------------------------------------------------------------------------------------------------- figures */

/* A share of nothing is not 0 and not 1. */
static json_t *share_json(uint64_t part, uint64_t whole)
{
    return whole ? json_real((double)part / (double)whole) : json_null();
}

static const char *share_text(uint64_t part, uint64_t whole, apr_pool_t *pool)
{
    return whole ? apr_psprintf(pool, "%.2f%%", 100.0 * (double)part / (double)whole) : "";
}

static const char *number_text(uint64_t number, uint64_t of, apr_pool_t *pool)
{
    return of ? apr_psprintf(pool, "%" APR_UINT64_T_FMT, number) : "";
}

/* ---------------------------------------------------------------------------------------------------------- JSON */

static void counts_put(json_t *object, const uapi_corpus_count *count)
{
    json_object_set_new(object, "positives", json_integer((json_int_t)count->positives));
    json_object_set_new(object, "found", json_integer((json_int_t)count->found));
    json_object_set_new(object, "recall", share_json(count->found, count->positives));
    json_object_set_new(object, "negatives", json_integer((json_int_t)count->negatives));
    json_object_set_new(object, "false_positives", json_integer((json_int_t)count->wrong));
    json_object_set_new(object, "false_positive_rate", share_json(count->wrong, count->negatives));
    json_object_set_new(object, "precision", share_json(count->found, count->found + count->wrong));
    json_object_set_new(object, "seeds_found", json_integer((json_int_t)count->plain));
    json_object_set_new(object, "found_of_seeds_found", json_integer((json_int_t)count->kept));
}

static json_t *group_json(const uapi_corpus_summary *summary, unsigned groups, apr_pool_t *pool)
{
    apr_array_header_t *entries = uapi_corpus_tally_group(summary->tally, groups, pool);
    json_t *list = json_array();

    for (int i = 0; i < entries->nelts; i++) {
        const uapi_corpus_entry *entry = &APR_ARRAY_IDX(entries, i, uapi_corpus_entry);
        json_t *object = json_pack("{s:s}", "scanner", entry->scanner);

        if (groups & UAPI_CORPUS_BY_CORPUS) {
            json_object_set_new(object, "corpus", json_string(entry->corpus));
        }
        if (groups & UAPI_CORPUS_BY_CLASS) {
            json_object_set_new(object, "class", json_string(entry->class_name));
        }
        if (groups & UAPI_CORPUS_BY_KIND) {
            json_object_set_new(object, "kind", json_string(entry->kind));
        }
        counts_put(object, &entry->count);
        json_array_append_new(list, object);
    }
    return list;
}

void uapi_corpus_report_json(const uapi_corpus_summary *summary, apr_pool_t *pool)
{
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:O}", "direction", summary->direction, "rows", (json_int_t)summary->rows,
        "unanswered", (json_int_t)summary->unanswered, "rows_in_parts", (json_int_t)summary->parts, "scanners",
        group_json(summary, UAPI_CORPUS_BY_SCANNER, pool), "classes", group_json(summary, UAPI_CORPUS_BY_CLASS, pool),
        "kinds", group_json(summary, UAPI_CORPUS_BY_CORPUS | UAPI_CORPUS_BY_CLASS | UAPI_CORPUS_BY_KIND, pool),
        "errors", summary->errors);

    if (summary->wrong) {
        json_object_set(object, "wrong", summary->wrong);
    }
    uapi_output_json(object);
}

/* ---------------------------------------------------------------------------------------------------------- text */

static void label_add(uapi_table *table, const uapi_corpus_entry *entry, int positive, apr_pool_t *pool)
{
    const uapi_corpus_count *count = &entry->count;
    uint64_t texts = positive ? count->positives : count->negatives, found = positive ? count->found : count->wrong;
    const char *cells[] = {entry->scanner,
                           entry->class_name,
                           entry->kind,
                           positive ? "positive" : "negative",
                           number_text(texts, 1, pool),
                           number_text(found, 1, pool),
                           share_text(found, texts, pool),
                           positive ? share_text(count->kept, count->plain, pool) : ""};

    if (texts) {
        uapi_table_add(table, cells);
    }
}

static void labels_print(const uapi_corpus_summary *summary, unsigned groups, apr_pool_t *pool)
{
    static const char *const headings[] = {"SCANNER", "CLASS", "KIND",           "LABEL", "TEXTS",
                                           "FOUND",   "SHARE", "OF SEEDS FOUND", NULL};
    apr_array_header_t *entries = uapi_corpus_tally_group(summary->tally, groups, pool);
    uapi_table *table = uapi_table_create(headings, pool);

    for (int i = 0; i < entries->nelts; i++) {
        label_add(table, &APR_ARRAY_IDX(entries, i, uapi_corpus_entry), 1, pool);
        label_add(table, &APR_ARRAY_IDX(entries, i, uapi_corpus_entry), 0, pool);
    }
    uapi_table_print(table, "no row that a loaded scanner answers for");
    putchar('\n');
}

static void scanners_print(const uapi_corpus_summary *summary, apr_pool_t *pool)
{
    static const char *const headings[] = {"SCANNER",         "POSITIVES", "FOUND",     "RECALL", "NEGATIVES",
                                           "FALSE POSITIVES", "RATE",      "PRECISION", NULL};
    apr_array_header_t *entries = uapi_corpus_tally_group(summary->tally, UAPI_CORPUS_BY_SCANNER, pool);
    uapi_table *table = uapi_table_create(headings, pool);

    for (int i = 0; i < entries->nelts; i++) {
        const uapi_corpus_entry *entry = &APR_ARRAY_IDX(entries, i, uapi_corpus_entry);
        const uapi_corpus_count *count = &entry->count;
        const char *cells[] = {entry->scanner,
                               number_text(count->positives, 1, pool),
                               number_text(count->found, count->positives, pool),
                               share_text(count->found, count->positives, pool),
                               number_text(count->negatives, 1, pool),
                               number_text(count->wrong, count->negatives, pool),
                               share_text(count->wrong, count->negatives, pool),
                               count->positives ? share_text(count->found, count->found + count->wrong, pool) : ""};

        uapi_table_add(table, cells);
    }
    uapi_table_print(table, "no row that a loaded scanner answers for");
}

static const char *member(const json_t *object, const char *name, apr_pool_t *pool)
{
    const char *text = json_string_value(json_object_get(object, name));

    return uapi_output_printable(text ? text : "", pool);
}

static void wrong_print(const uapi_corpus_summary *summary, apr_pool_t *pool)
{
    const json_t *wrong;
    size_t i;

    json_array_foreach(summary->wrong, i, wrong)
    {
        const char *rule = member(wrong, "rule", pool);

        printf("%s:%lld: %s: %s %s%s%s\n", member(wrong, "file", pool),
               (long long)json_integer_value(json_object_get(wrong, "line")), member(wrong, "scanner", pool),
               *rule ? "false positive in" : "nothing found in", member(wrong, "kind", pool), *rule ? ": " : "", rule);
    }
}

static void errors_print(const uapi_corpus_summary *summary, apr_pool_t *pool)
{
    const json_t *error;
    size_t i;

    fflush(stdout);
    json_array_foreach(summary->errors, i, error)
    {
        uapi_output_note("%s:%lld: %s", member(error, "file", pool),
                         (long long)json_integer_value(json_object_get(error, "line")), member(error, "message", pool));
    }
}

void uapi_corpus_report_text(const uapi_corpus_summary *summary, apr_pool_t *pool)
{
    if (summary->wrong) {
        wrong_print(summary, pool);
        putchar('\n');
    }
    labels_print(summary, UAPI_CORPUS_BY_CLASS | UAPI_CORPUS_BY_KIND, pool);
    labels_print(summary, UAPI_CORPUS_BY_CLASS, pool);
    scanners_print(summary, pool);
    printf("\n%llu rows, direction %s", (unsigned long long)summary->rows, summary->direction);
    if (summary->unanswered) {
        printf(", %llu of them for scanners that are not loaded", (unsigned long long)summary->unanswered);
    }
    if (summary->parts) {
        printf(", %llu judged in the parts that they travel in", (unsigned long long)summary->parts);
    }
    putchar('\n');
    errors_print(summary, pool);
}
