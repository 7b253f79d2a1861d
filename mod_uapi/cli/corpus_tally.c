/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "corpus.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

void uapi_corpus_tally_init(uapi_corpus_tally *tally, apr_pool_t *pool)
{
    tally->pool = pool;
    apr_pool_create(&tally->scratch, pool);
    tally->entries = apr_array_make(pool, 64, sizeof(uapi_corpus_entry));
    tally->index = apr_hash_make(pool);
}

static uapi_corpus_entry *entry_at(const uapi_corpus_tally *tally, intptr_t number)
{
    return &APR_ARRAY_IDX(tally->entries, number - 1, uapi_corpus_entry);
}

uapi_corpus_count *uapi_corpus_tally_of(uapi_corpus_tally *tally, const char *scanner, const char *corpus,
                                        const char *class_name, const char *kind)
{
    /* No name has a newline that matters: a kind with one would only share its count. */
    const char *key = apr_pstrcat(tally->scratch, scanner, "\n", corpus, "\n", class_name, "\n", kind, NULL);
    intptr_t number = (intptr_t)apr_hash_get(tally->index, key, APR_HASH_KEY_STRING);
    uapi_corpus_entry *entry;

    key = number ? NULL : apr_pstrdup(tally->pool, key);
    apr_pool_clear(tally->scratch);
    if (number) {
        return &entry_at(tally, number)->count;
    }
    entry = apr_array_push(tally->entries);
    *entry = (uapi_corpus_entry){apr_pstrdup(tally->pool, scanner),
                                 apr_pstrdup(tally->pool, corpus),
                                 apr_pstrdup(tally->pool, class_name),
                                 apr_pstrdup(tally->pool, kind),
                                 {0}};
    apr_hash_set(tally->index, key, APR_HASH_KEY_STRING, (const void *)(intptr_t)tally->entries->nelts);
    return &entry->count;
}

void uapi_corpus_count_add(uapi_corpus_count *sum, const uapi_corpus_count *count)
{
    sum->positives += count->positives;
    sum->found += count->found;
    sum->negatives += count->negatives;
    sum->wrong += count->wrong;
    sum->plain += count->plain;
    sum->kept += count->kept;
}

static int by_names(const void *a, const void *b)
{
    const uapi_corpus_entry *x = a, *y = b;
    int order = strcmp(x->scanner, y->scanner);

    order = order ? order : strcmp(x->corpus, y->corpus);
    order = order ? order : strcmp(x->class_name, y->class_name);
    return order ? order : strcmp(x->kind, y->kind);
}

apr_array_header_t *uapi_corpus_tally_group(const uapi_corpus_tally *tally, unsigned groups, apr_pool_t *pool)
{
    uapi_corpus_tally sums;

    uapi_corpus_tally_init(&sums, pool);
    for (int i = 1; i <= tally->entries->nelts; i++) {
        const uapi_corpus_entry *entry = entry_at(tally, i);

        uapi_corpus_count_add(uapi_corpus_tally_of(&sums, entry->scanner,
                                                   groups & UAPI_CORPUS_BY_CORPUS ? entry->corpus : "",
                                                   groups & UAPI_CORPUS_BY_CLASS ? entry->class_name : "",
                                                   groups & UAPI_CORPUS_BY_KIND ? entry->kind : ""),
                              &entry->count);
    }
    qsort(sums.entries->elts, (size_t)sums.entries->nelts, sizeof(uapi_corpus_entry), by_names);
    return sums.entries;
}
