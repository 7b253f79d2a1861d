/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Other readings of any bytes: within the bounds, and every place of a fragment leads back into the text. */
#include <stdint.h>
#include <stdlib.h>

#include <apr_general.h>

#include "../../mod_uapi/core/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uapi_views_fragment *fragment, size_t size)
{
    uapi_views_range ranges[4];
    size_t at, count, i;

    if (fragment->depth > UAPI_VIEWS_DEPTH || fragment->length == 0 || fragment->pieces[0].at != 0) {
        abort();
    }
    for (at = 0; at < fragment->length; at += 1 + fragment->length / 64) {
        count = uapi_views_locate(fragment, at, at + 1, ranges, 4);
        if (count > 1) {
            abort();
        }
        for (i = 0; i < count; i++) {
            if (ranges[i].from >= ranges[i].to || ranges[i].to > size) {
                abort();
            }
        }
        uapi_views_differs(fragment, at, at + 1);
    }
    count = uapi_views_locate(fragment, 0, fragment->length, ranges, 4);
    for (i = 0; i < count && i < 4; i++) {
        if (ranges[i].from >= ranges[i].to || ranges[i].to > size) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    uapi_views views;
    size_t total = 0;
    int i;

    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
        uapi_views_init();
    }
    uapi_views_make(&views, (const char *)data, size, pool);
    for (i = 0; views.fragments && i < views.fragments->nelts; i++) {
        const uapi_views_fragment *fragment = &((uapi_views_fragment *)(void *)views.fragments->elts)[i];

        total += fragment->length;
        check(fragment, size);
    }
    if (total > size * UAPI_VIEWS_BYTES + UAPI_VIEWS_FREE) {
        abort();
    }
    apr_pool_clear(pool);
    return 0;
}
