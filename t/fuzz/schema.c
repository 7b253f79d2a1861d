/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON Schema: an input is a schema, a line feed, and a value. Whatever they are, compiling and checking end, a verdict against a
 * value has a keyword, and the same question has the same answer, also when the schema is spelled canonically. The headers that a client would
 * have to send are those that the check of headers accepts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "canonical.h"
#include "mirror.h"
#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static int ask(const char *schema_text, size_t length, const uapi_json *value, apr_pool_t *pool)
{
    uapi_schema_fault fault;
    uapi_result result = {0};
    uapi_schema *schema;
    int matches;

    if (uapi_schema_compile(&schema, schema_text, length, pool, &result) != APR_SUCCESS) {
        require(schema == NULL && result.reason == UAPI_REASON_ARGUMENTS_SCHEMA && result.detail != NULL);
        return -1;
    }
    matches = uapi_schema_matches(schema, value, 0, &fault, pool);
    require(matches || (fault.keyword != NULL && strlen(fault.pointer) <= 256));
    return matches;
}

static void mirror(const uapi_json *schema, const uapi_json *value, apr_pool_t *pool)
{
    const apr_array_header_t *mirrors = uapi_mirror_read(schema, 0, pool);
    apr_table_t *headers = apr_table_make(pool, 4);

    require(mirrors == NULL || mirrors->nelts > 0);
    uapi_mirror_write(mirrors, value, 0, headers, pool);
    require(uapi_mirror_check(mirrors, value, 0, headers, 1, pool, NULL) == APR_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *split = size ? memchr(text, '\n', size) : NULL;
    const char *canonical;
    size_t length;
    uapi_json value, schema;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (split &&
        uapi_json_read(&value, split + 1, size - (size_t)(split + 1 - text), NULL, pool, NULL) == APR_SUCCESS) {
        int verdict = ask(text, (size_t)(split - text), &value, pool);

        if (uapi_json_read(&schema, text, (size_t)(split - text), NULL, pool, NULL) == APR_SUCCESS) {
            uapi_canonical_write(&schema, 0, NULL, &canonical, &length, pool);
            require((ask(canonical, length, &value, pool) == -1) == (verdict == -1));
            mirror(&schema, &value, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
