/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a server reads of a helper: a description of a plugin, findings about a text (the first byte says which, the second how
 * many candidates there were). What is taken holds what isolation_wire.h says of it. A description that is taken, written
 * again and read again, is the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "isolation_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_findings(void *memory, size_t size, uint32_t candidates)
{
    const uapi_isolation_findings *head = memory;
    const uapi_isolation_finding *findings = (const void *)(head + 1);
    uint64_t next = 0;

    if (uapi_isolation_check_findings(memory, size, candidates)) {
        return;
    }
    require(size == sizeof(*head) + sizeof(*findings) * head->count && head->judged == candidates);
    for (uint32_t i = 0; i < head->count; i++) {
        size_t length = strnlen(findings[i].why, sizeof(findings[i].why));

        require(length < sizeof(findings[i].why));
        for (size_t at = 0; at < length; at++) {
            require(findings[i].why[at] >= 0x20 && findings[i].why[at] <= 0x7e);
        }
        require(findings[i].candidate == UAPI_ISOLATION_REPORTED ||
                (findings[i].candidate >= next && findings[i].candidate < candidates));
        next = (uint64_t)findings[i].candidate + 1;
    }
}

static void check_text(const char *text)
{
    require(!text || strlen(text) < SIZE_MAX);
}

static void check_description(const void *memory, size_t size, apr_pool_t *pool)
{
    uapi_isolation_description told;
    uapi_wire wire;
    void *again;

    if (uapi_isolation_get_description(&told, memory, size, pool)) {
        return;
    }
    check_text(told.id);
    check_text(told.scanner);
    for (uint32_t i = 0; i < told.tables.rule_count; i++) {
        check_text(told.tables.rules[i].id);
        check_text(told.tables.rules[i].title);
    }
    for (uint32_t i = 0; i < told.tables.pattern_count; i++) {
        check_text(told.tables.patterns[i].regex);
    }
    again = malloc(size + 1);
    require(again != NULL);
    wire = uapi_wire_over(again, size);
    uapi_isolation_put_description(&wire, &told);
    require(!wire.failed && wire.at == wire.end);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    void *copy;

    if (size < 2) {
        return 0;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    copy = malloc(size - 2 ? size - 2 : 1); /* of its own, so that a byte beyond it is seen to be */
    require(copy != NULL);
    memcpy(copy, data + 2, size - 2);
    if (data[0] & 1) {
        check_findings(copy, size - 2, data[1]);
    } else {
        check_description(copy, size - 2, pool);
    }
    free(copy);
    apr_pool_destroy(pool);
    return 0;
}
