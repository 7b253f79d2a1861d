/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "policy_diagnose.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* A diagnostic with the rank of its file, for sorting. */
typedef struct ranked {
    uapi_diagnostic diagnostic;
    int file;
} ranked;

void uapi_policy_diagnoses_init(uapi_policy_diagnoses *diagnoses, apr_pool_t *pool)
{
    *diagnoses = (uapi_policy_diagnoses){
        .files = apr_array_make(pool, 4, sizeof(const char *)),
        .found = apr_array_make(pool, 4, sizeof(uapi_diagnostic)),
        .pool = pool,
    };
}

const char *uapi_policy_diagnoses_file(uapi_policy_diagnoses *diagnoses, const char *file)
{
    const char *copy = apr_pstrdup(diagnoses->pool, file);

    APR_ARRAY_PUSH(diagnoses->files, const char *) = copy;
    return copy;
}

static void keep(uapi_policy_diagnoses *diagnoses, uapi_diagnostic diagnostic)
{
    unsigned *count = diagnostic.level == UAPI_DIAGNOSTIC_ERROR ? &diagnoses->errors : &diagnoses->warnings;

    if ((*count)++ < UAPI_POLICY_MAX_DIAGNOSTICS) {
        diagnostic.message = apr_pstrdup(diagnoses->pool, diagnostic.message);
        APR_ARRAY_PUSH(diagnoses->found, uapi_diagnostic) = diagnostic;
    }
}

void uapi_policy_report(void *diagnoses, const char *file, unsigned line, unsigned column, const char *message)
{
    keep(diagnoses, (uapi_diagnostic){UAPI_DIAGNOSTIC_ERROR, file, line, column, message});
}

static void keep_at(uapi_policy_diagnoses *diagnoses, uapi_diagnostic_level level, const uapi_yaml_node *at,
                    const char *message)
{
    keep(diagnoses, (uapi_diagnostic){level, at->file, at->line, at->column, message});
}

void uapi_policy_error(uapi_policy_diagnoses *diagnoses, const uapi_yaml_node *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep_at(diagnoses, UAPI_DIAGNOSTIC_ERROR, at, apr_pvsprintf(diagnoses->pool, format, arguments));
    va_end(arguments);
}

void uapi_policy_warn(uapi_policy_diagnoses *diagnoses, const uapi_yaml_node *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep_at(diagnoses, UAPI_DIAGNOSTIC_WARNING, at, apr_pvsprintf(diagnoses->pool, format, arguments));
    va_end(arguments);
}

/* ---------------------------------------------------------------- order */

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    int order = (a->file > b->file) - (a->file < b->file);

    order = order != 0 ? order : compare_numbers(a->diagnostic.line, b->diagnostic.line);
    order = order != 0 ? order : compare_numbers(a->diagnostic.column, b->diagnostic.column);
    return order != 0 ? order : strcmp(a->diagnostic.message, b->diagnostic.message);
}

static int file_rank(const uapi_policy_diagnoses *diagnoses, const char *file)
{
    int i = 0;

    while (i < diagnoses->files->nelts && APR_ARRAY_IDX(diagnoses->files, i, const char *) != file) {
        i++;
    }
    return i;
}

static void mention_missing(const uapi_policy_diagnoses *diagnoses, apr_array_header_t *list)
{
    int errors = diagnoses->errors > UAPI_POLICY_MAX_DIAGNOSTICS;

    if (list->nelts > 0 && (errors || diagnoses->warnings > UAPI_POLICY_MAX_DIAGNOSTICS)) {
        const uapi_diagnostic *last = &APR_ARRAY_IDX(list, list->nelts - 1, uapi_diagnostic);
        const char *message = apr_psprintf(diagnoses->pool, "only %d of %u %s are shown", UAPI_POLICY_MAX_DIAGNOSTICS,
                                           errors ? diagnoses->errors : diagnoses->warnings,
                                           errors ? "errors" : "warnings");
        uapi_diagnostic note = {errors ? UAPI_DIAGNOSTIC_ERROR : UAPI_DIAGNOSTIC_WARNING, last->file, 0, 0, message};
        APR_ARRAY_PUSH(list, uapi_diagnostic) = note;
    }
}

apr_array_header_t *uapi_policy_diagnoses_finish(uapi_policy_diagnoses *diagnoses)
{
    int count = diagnoses->found->nelts;
    apr_array_header_t *list = apr_array_make(diagnoses->pool, count + 1, sizeof(uapi_diagnostic));
    ranked *order = apr_pcalloc(diagnoses->pool, sizeof(*order) * ((size_t)count + 1));

    for (int i = 0; i < count; i++) {
        order[i].diagnostic = APR_ARRAY_IDX(diagnoses->found, i, uapi_diagnostic);
        order[i].file = file_rank(diagnoses, order[i].diagnostic.file);
    }
    qsort(order, (size_t)count, sizeof(*order), compare);
    for (int i = 0; i < count; i++) {
        /* what an anchor holds is read once for each alias of it */
        if (i == 0 || compare(&order[i - 1], &order[i]) != 0) {
            APR_ARRAY_PUSH(list, uapi_diagnostic) = order[i].diagnostic;
        }
    }
    mention_missing(diagnoses, list);
    return list;
}

/* ---------------------------------------------------------------- did you mean */

enum { LONGEST_WORD = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, change or swap with their neighbour to get from one word to the other. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t table[LONGEST_WORD + 1][LONGEST_WORD + 1];

    for (size_t i = 0; i <= a_length; i++) {
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            table[i][j] = least(least(table[i - 1][j], table[i][j - 1]) + 1,
                                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                table[i][j] = least(table[i][j], table[i - 2][j - 2] + 1);
            }
        }
    }
    return table[a_length][b_length];
}

const char *uapi_policy_suggest(const char *word, const char *const *choices, apr_pool_t *pool)
{
    size_t length = strlen(word), best = length / 3 + 2;
    const char *nearest = NULL;

    for (; *choices != NULL && length <= LONGEST_WORD; choices++) {
        size_t choice_length = strlen(*choices);
        size_t changes = choice_length <= LONGEST_WORD ? distance(word, length, *choices, choice_length) : best;
        if (changes < best && changes < choice_length) {
            best = changes;
            nearest = *choices;
        }
    }
    return nearest != NULL ? apr_psprintf(pool, "; did you mean \"%s\"?", nearest) : "";
}
