/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "corpus.h"

#include <string.h>

#include <apr_strings.h>

/* Longer prefixes first. What lies between two scanners is found if either has it, but is the first one's to find. */
static const uapi_corpus_topic topics[] = {
    {"secrets", {"secrets"}},
    {"secret", {"secrets"}},
    {"pii", {"pii"}},
    {"injection", {"prompt_injection"}},
    {"prompt_injection", {"prompt_injection"}},
    {"destructive:traversal-lfi", {"destructive_commands", "tool_abuse"}},
    {"destructive:traversal", {"destructive_commands", "tool_abuse"}},
    {"destructive:rfi", {"destructive_commands", "tool_abuse", "suspicious_urls"}},
    {"destructive:rce", {"destructive_commands", "tool_abuse"}},
    {"destructive:generic-ssti-ssrf-nosql", {"destructive_commands", "suspicious_urls"}},
    {"destructive", {"destructive_commands"}},
    {"url", {"suspicious_urls"}},
    {"exfil", {"exfiltration", "suspicious_urls"}},
    {"toolabuse", {"tool_abuse"}},
};

enum { TOPIC_COUNT = sizeof(topics) / sizeof(topics[0]) };

const uapi_corpus_topic *uapi_corpus_topic_find(const char *kind)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        size_t length = strlen(topics[i].prefix);

        if (strncmp(kind, topics[i].prefix, length) == 0 && (kind[length] == '\0' || kind[length] == ':')) {
            return &topics[i];
        }
    }
    return NULL;
}

static void add(apr_array_header_t *list, const uapi_corpus_topic *topic)
{
    for (int i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const uapi_corpus_topic *)->scanners[0], topic->scanners[0]) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(list, const uapi_corpus_topic *) = topic;
}

static void add_named(apr_array_header_t *list, const char *kind)
{
    const uapi_corpus_topic *topic = uapi_corpus_topic_find(kind);

    if (topic) {
        add(list, topic);
    }
}

/* "injection_notinject.jsonl.gz" is about injection. */
static void add_by_file(apr_array_header_t *list, const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    add_named(list, apr_pstrmemdup(pool, name, strcspn(name, "_.-")));
}

/* "pii-negative:iban" is about pii, "evasion:injection:base64" about injection. */
static const char *subject(const char *kind, apr_pool_t *pool)
{
    static const char negative[] = "-negative", evasion[] = "evasion:";
    size_t length = strcspn(kind, ":"), tail = sizeof(negative) - 1;

    if (strncmp(kind, evasion, sizeof(evasion) - 1) == 0) {
        return kind + sizeof(evasion) - 1;
    }
    if (length > tail && strncmp(kind + length - tail, negative, tail) == 0) {
        return apr_pstrcat(pool, apr_pstrmemdup(pool, kind, length - tail), kind + length, NULL);
    }
    return kind;
}

apr_array_header_t *uapi_corpus_topics(const uapi_corpus_row *row, const char *path, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(const uapi_corpus_topic *));
    const json_t *name;
    size_t i;

    if (row->positive || strncmp(row->kind, "benign", 6) != 0) {
        add_named(list, subject(row->kind, pool));
        return list;
    }
    if (row->neg_for) {
        json_array_foreach(row->neg_for, i, name)
        {
            add_named(list, json_string_value(name));
        }
        return list;
    }
    add_by_file(list, path, pool);
    if (list->nelts == 0) {
        for (i = 0; i < TOPIC_COUNT; i++) {
            add(list, &topics[i]);
        }
    }
    return list;
}
