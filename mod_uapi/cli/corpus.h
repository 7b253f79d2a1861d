/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file corpus.h
 * Labelled texts, and how well the scanners tell them apart.
 *
 * A corpus is a file of JSON lines, gzipped or not. A row has "text", "label" ("positive" or "negative") and "kind"
 * ("secret:jwt", "pii-negative:iban", "benign:tool-call", "evasion:injection:base64"); it may have "class" (else the kind's first word), "neg_for" (the
 * topics for which a benign row is a negative), "seed" (the plain text of which the row is a disguise) and "chunks" (the pieces
 * in which it travels). Which scanners answer for a kind is corpus_topic.c's table. Other members are ignored.
 */
#ifndef UAPI_CLI_CORPUS_H
#define UAPI_CLI_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* ------------------------------------------------------------------------------------------ corpus_file.c: lines */

typedef struct uapi_corpus_file uapi_corpus_file;

/** Open and read `path`, gzipped or plain; NULL with errno set. Closed with the pool. */
uapi_corpus_file *uapi_corpus_open(const char *path, apr_pool_t *pool);

typedef enum uapi_corpus_outcome {
    UAPI_CORPUS_LINE,
    UAPI_CORPUS_END,
    UAPI_CORPUS_FAILED /* it cannot be read, is no whole gzip file, or has a line of more than 64 MiB */
} uapi_corpus_outcome;

/** The next line, without its newline; it lives until the next call. `problem` is set if it fails. */
uapi_corpus_outcome uapi_corpus_next(uapi_corpus_file *file, const char **line, size_t *length, const char **problem);

/* --------------------------------------------------------------------------------------------- corpus_row.c: rows */

typedef struct uapi_corpus_row {
    json_t *json; /* owns everything below; json_decref */
    const char *text, *seed;
    size_t text_length, seed_length; /* seed: NULL if the row is no disguise */
    const char *kind, *class_name;   /* class_name "" if there is none */
    int positive;
    const json_t *neg_for, *chunks; /* arrays of strings, or NULL */
} uapi_corpus_row;

/** NULL, or what is wrong with the line; `row->json` is set only if nothing is. */
const char *uapi_corpus_row_read(uapi_corpus_row *row, const char *line, size_t length);

/* --------------------------------------------------------------------------------------- corpus_topic.c: who answers */

#define UAPI_CORPUS_ANSWERS 3

/** Kinds that begin with `prefix` (up to a colon), and who answers for them. */
typedef struct uapi_corpus_topic {
    const char *prefix;
    const char
        *scanners[UAPI_CORPUS_ANSWERS]; /* the first is the one measured; a finding of any counts on a positive */
} uapi_corpus_topic;

/** The topic of a kind or of an entry of "neg_for"; NULL if there is none. */
const uapi_corpus_topic *uapi_corpus_topic_find(const char *kind);
/**
 * The topics that a row is measured for: array of const uapi_corpus_topic *. A benign row that does not say is one for the topic
 * that the file's name begins with, or, if it begins with none, for every topic. Empty: nobody knows the row's kind.
 */
apr_array_header_t *uapi_corpus_topics(const uapi_corpus_row *row, const char *path, apr_pool_t *pool);

/* ------------------------------------------------------------------------------------------- corpus_tally.c: counting */

typedef struct uapi_corpus_count {
    uint64_t positives, found, negatives, wrong; /* texts, and those in which something was found */
    uint64_t plain, kept;                        /* disguises whose seed is found, and those of them that are, too */
} uapi_corpus_count;

typedef struct uapi_corpus_entry {
    const char *scanner, *corpus, *class_name, *kind;
    uapi_corpus_count count;
} uapi_corpus_entry;

typedef struct uapi_corpus_tally {
    apr_array_header_t *entries; /* of uapi_corpus_entry */
    apr_hash_t *index;
    apr_pool_t *pool, *scratch;
} uapi_corpus_tally;

void uapi_corpus_tally_init(uapi_corpus_tally *tally, apr_pool_t *pool);
/** The counts of this combination, made if need be; good until the next call. */
uapi_corpus_count *uapi_corpus_tally_of(uapi_corpus_tally *tally, const char *scanner, const char *corpus,
                                        const char *class_name, const char *kind);
void uapi_corpus_count_add(uapi_corpus_count *sum, const uapi_corpus_count *count);

/** What of an entry stays apart when entries are added up. */
typedef enum uapi_corpus_group {
    UAPI_CORPUS_BY_SCANNER = 0,
    UAPI_CORPUS_BY_CORPUS = 1,
    UAPI_CORPUS_BY_CLASS = 2,
    UAPI_CORPUS_BY_KIND = 4
} uapi_corpus_group;
/** Add up, in order of scanner, corpus, class, kind; what does not stay apart is "". `groups` is a bit set. */
apr_array_header_t *uapi_corpus_tally_group(const uapi_corpus_tally *tally, unsigned groups, apr_pool_t *pool);

/* ------------------------------------------------------------------------------------------ corpus_report.c: telling */

typedef struct uapi_corpus_summary {
    const uapi_corpus_tally *tally;
    const char *direction;
    uint64_t rows, unanswered,
        parts;              /* read; of topics without a loaded scanner; judged in the parts that they travel in */
    json_t *errors, *wrong; /* arrays; wrong: NULL unless the rows that were judged wrongly are wanted */
} uapi_corpus_summary;

void uapi_corpus_report_json(const uapi_corpus_summary *summary, apr_pool_t *pool);
void uapi_corpus_report_text(const uapi_corpus_summary *summary, apr_pool_t *pool);

#endif
