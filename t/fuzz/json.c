/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The JSON reader against Jansson: both accept or both refuse, except where our rules are meant to differ (depth,
 * number of values, raw NULs; numbers that Jansson cannot hold), and what both accept has the same values. The tape's
 * own rules and the view are checked on the way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <jansson.h>

#include "json.h"
#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void compare_string(const uapi_json *json, uint32_t node, const char *text, size_t length, apr_pool_t *pool)
{
    const char *ours;
    size_t our_length;

    uapi_json_string(json, node, pool, &ours, &our_length);
    require(our_length == length && memcmp(ours, text, length) == 0);
    require(our_length <= json->nodes[node].length);
    require(uapi_json_equals(json, node, text));
}

/* Returns the node behind the value at `node`. */
static uint32_t compare_value(const uapi_json *json, uint32_t node, json_t *value, apr_pool_t *pool)
{
    const uapi_json_node *own = &json->nodes[node];
    uint32_t child = node + 1;
    size_t i;

    require(own->start + own->length <= json->length && own->skip > node && own->skip <= json->count);
    switch (own->type) {
    case UAPI_JSON_OBJECT: {
        size_t count = 0;

        require(json_is_object(value) && json->text[own->start] == '{');
        for (; child < own->skip; count++) {
            char *key = uapi_json_strdup(json, child, pool);

            require(json->nodes[child].is_key && json->nodes[child].skip == child + 1);
            compare_string(json, child, key, strlen(key), pool);
            require(uapi_json_member(json, node, key) == child + 1);
            require(json_object_get(value, key) != NULL);
            child = compare_value(json, child + 1, json_object_get(value, key), pool);
        }
        require(count == json_object_size(value));
        break;
    }
    case UAPI_JSON_ARRAY:
        require(json_is_array(value) && json->text[own->start] == '[');
        for (i = 0; child < own->skip; i++) {
            require(!json->nodes[child].is_key && i < json_array_size(value));
            child = compare_value(json, child, json_array_get(value, i), pool);
        }
        require(i == json_array_size(value));
        break;
    case UAPI_JSON_STRING:
        require(json_is_string(value));
        compare_string(json, node, json_string_value(value), json_string_length(value), pool);
        break;
    case UAPI_JSON_NUMBER:
        require(json_is_number(value));
        break;
    case UAPI_JSON_TRUE:
        require(json_is_true(value));
        break;
    case UAPI_JSON_FALSE:
        require(json_is_false(value));
        break;
    default:
        require(json_is_null(value) && own->type == UAPI_JSON_NULL);
        break;
    }
    require(child == own->skip);
    return child;
}

static void check_view(const uapi_json *json, apr_pool_t *pool)
{
    uapi_view_range ranges[8];
    uapi_view view;
    size_t last = 0, count, i, from;

    uapi_view_make(&view, json, pool);
    require(view.length <= json->length && (!json->plain || view.text == json->text));
    for (from = 0; from < view.length && from < 64; from++) {
        count = uapi_view_locate(&view, from, view.length - from / 2, ranges, 8);
        for (last = 0, i = 0; i < count && i < 8; i++) {
            require(ranges[i].start >= last && ranges[i].start < ranges[i].end && ranges[i].end < json->length);
            require(json->text[ranges[i].start] != '"');
            last = ranges[i].end;
        }
    }
}

/* A refusal that Jansson need not share. It skips a raw NUL between tokens. */
static int is_ours_alone(const uapi_result *result, const uint8_t *data, size_t size)
{
    return result->reason == UAPI_REASON_JSON_DEPTH || result->reason == UAPI_REASON_JSON_TOO_LARGE ||
           (result->reason == UAPI_REASON_JSON_NUL && memchr(data, 0, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    json_error_t error;
    apr_pool_t *pool;
    uapi_json json;
    json_t *theirs;
    apr_status_t status;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    status = uapi_json_read(&json, (const char *)data, size, NULL, pool, &result);
    theirs = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (status == APR_SUCCESS) {
        require(result.reason == UAPI_REASON_NONE && json.count > 0 && json.nodes[0].skip == json.count);
        require(theirs || json_error_code(&error) == json_error_numeric_overflow);
        if (theirs) {
            compare_value(&json, 0, theirs, pool);
        }
        check_view(&json, pool);
    } else {
        require(result.reason != UAPI_REASON_NONE && result.detail);
        require(!theirs || is_ours_alone(&result, data, size));
    }
    json_decref(theirs);
    apr_pool_destroy(pool);
    return 0;
}
