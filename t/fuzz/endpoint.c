/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The endpoint event. Whatever is taken is an absolute path under the prefix, in characters that mean one thing, and is taken again,
 * unchanged, when it comes back as the reference that it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_pool_t *root;

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uapi_endpoint_base base = {"http://up:3001", "/app/sse", "/app"};
    const char *target, *again;
    apr_pool_t *pool;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    if (uapi_endpoint_read(&target, (const char *)data, size, &base, pool, NULL) == APR_SUCCESS) {
        size_t path = strcspn(target, "?");

        require(strncmp(target, "/app", 4) == 0 && (path == 4 || target[4] == '/'));
        require(strlen(target) <= UAPI_ENDPOINT_MAX && !strpbrk(target, " \t\r\n\\#\"<>"));
        require(!memmem(target, path, "/../", 4) && !memmem(target, path, "//", 2) && !memmem(target, path, "%2e", 3));
        require(uapi_endpoint_read(&again, target, strlen(target), &base, pool, NULL) == APR_SUCCESS);
        require(strcmp(target, again) == 0);
    } else {
        require(!target);
    }
    apr_pool_destroy(pool);
    return 0;
}
