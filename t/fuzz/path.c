/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Paths, queries, forms, multipart bodies and media types from any bytes. What is read as a path has no segment that could lead elsewhere, and encoding the
 * segments again gives a path that reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include <apr_strings.h>

#include "form.h"
#include "media_type.h"
#include "multipart.h"
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth) {
        abort();
    }
}

static size_t encode(char *out, const uapi_path *path)
{
    static const char digits[] = "0123456789ABCDEF";
    char *to = out;

    for (uint32_t i = 0; i < path->count; i++) {
        *to++ = '/';
        for (size_t j = 0; j < path->segments[i].length; j++) {
            unsigned char byte = (unsigned char)path->segments[i].text[j];
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        }
    }
    return (size_t)(to - out);
}

static void check(const uapi_path *path, size_t size, apr_pool_t *pool)
{
    uapi_path again;
    char *encoded = apr_palloc(pool, 3 * size + UAPI_PATH_MAX_SEGMENTS);
    size_t length = encode(encoded, path);

    must(path->count >= 1 && path->count <= UAPI_PATH_MAX_SEGMENTS);
    for (uint32_t i = 0; i < path->count; i++) {
        const uapi_path_segment *segment = &path->segments[i];
        must(segment->length > 0 || i + 1 == path->count);
        must(memchr(segment->text, '/', segment->length) == NULL &&
             memchr(segment->text, '\0', segment->length) == NULL);
        must(segment->folded_length <= segment->length);
        must(!(segment->length == 2 && memcmp(segment->text, "..", 2) == 0));
    }
    must(uapi_path_read(&again, encoded, length, pool) == NULL && again.count == path->count);
    for (uint32_t i = 0; i < path->count; i++) {
        must(again.segments[i].length == path->segments[i].length &&
             memcmp(again.segments[i].text, path->segments[i].text, path->segments[i].length) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    const char *text = (const char *)data;
    uapi_media_type type;
    uapi_path path;
    apr_pool_t *pool;
    char *decoded;

    if (root == NULL) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    if (uapi_path_read(&path, text, size, pool) == NULL) {
        check(&path, size, pool);
    }
    decoded = apr_palloc(pool, size + 1);
    must(uapi_form_decode(decoded, text, size) <= size);
    must(uapi_form_field_length(text, size) <= size);
    uapi_path_overrides_method(text, size);
    uapi_multipart_judge(text, size, "b", 1);
    decoded = apr_pstrmemdup(pool, text, size);
    uapi_media_type_read(&type, decoded);
    must(type.length <= strlen(decoded) && (type.kind != UAPI_MEDIA_MULTIPART || type.boundary_length > 0));
    uapi_media_type_is(decoded, &type, "image/*");
    apr_pool_destroy(pool);
    return 0;
}
