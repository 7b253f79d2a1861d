/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "mcp_batch.h"

#include <stdlib.h>
#include <string.h>

enum { EXACT_DIGITS = 15, LONGEST_NUMBER = 320 };

static int is_zero(const char *text, size_t length)
{
    return (length == 1 && text[0] == '0') || (length == 2 && text[0] == '-' && text[1] == '0');
}

static double as_double(const char *text, size_t length)
{
    char copy[LONGEST_NUMBER + 1];

    memcpy(copy, text, length);
    copy[length] = '\0';
    return strtod(copy, NULL);
}

static int same_number(const char *one, size_t one_length, const char *other, size_t other_length)
{
    if (one_length == other_length && memcmp(one, other, one_length) == 0) {
        return 1;
    }
    if (one_length <= EXACT_DIGITS || other_length <= EXACT_DIGITS) {
        return is_zero(one, one_length) && is_zero(other, other_length);
    }
    if (one_length > LONGEST_NUMBER || other_length > LONGEST_NUMBER) {
        return one_length > LONGEST_NUMBER && other_length > LONGEST_NUMBER; /* infinite */
    }
    return as_double(one, one_length) == as_double(other, other_length);
}

static int same_text(const uapi_json *one, uint32_t a, const uapi_json *other, uint32_t b, apr_pool_t *pool)
{
    const char *left, *right;
    size_t left_length, right_length;

    uapi_json_string(one, a, pool, &left, &left_length);
    uapi_json_string(other, b, pool, &right, &right_length);
    return left_length == right_length && memcmp(left, right, left_length) == 0;
}

int uapi_mcp_same_id(const uapi_json *one, uint32_t one_id, const uapi_json *other, uint32_t other_id, apr_pool_t *pool)
{
    const uapi_json_node *left, *right;

    if (one_id == UAPI_JSON_NONE || other_id == UAPI_JSON_NONE) {
        return 0;
    }
    left = &one->nodes[one_id];
    right = &other->nodes[other_id];
    if (left->type != right->type) {
        return 0;
    }
    if (left->type == UAPI_JSON_NUMBER) {
        return same_number(one->text + left->start, left->length, other->text + right->start, right->length);
    }
    return left->type == UAPI_JSON_STRING && same_text(one, one_id, other, other_id, pool);
}

int uapi_mcp_was_asked(const uapi_mcp_body *asked, const uapi_json *asked_json, const char *counts,
                       const uapi_json *reply_json, uint32_t reply_id, apr_pool_t *pool)
{
    uint32_t i;

    for (i = 0; i < asked->count; i++) {
        if (asked->messages[i].kind == UAPI_MCP_REQUEST && (!counts || counts[i]) &&
            uapi_mcp_same_id(asked_json, asked->messages[i].id, reply_json, reply_id, pool)) {
            return 1;
        }
    }
    return 0;
}

static size_t start_of(const uapi_json *json, const uapi_mcp_message *message)
{
    return json->nodes[message->node].start;
}

static size_t end_of(const uapi_json *json, const uapi_mcp_message *message)
{
    return (size_t)json->nodes[message->node].start + json->nodes[message->node].length;
}

/*
 * A member goes with the comma before it if something before it stays, else with the one after it: from the end of what
 * precedes to its own end, or from its own start to the start of what follows.
 */
void uapi_mcp_cut_members(apr_array_header_t *edits, const uapi_json *json, const uapi_mcp_body *body, const char *cut)
{
    const uapi_mcp_message *messages = body->messages;
    int kept = 0;
    uint32_t i;

    for (i = 0; i < body->count; i++) {
        if (!cut[i]) {
            kept = 1;
        } else if (kept) {
            uapi_edit_add(edits, end_of(json, &messages[i - 1]), end_of(json, &messages[i]), "");
        } else {
            size_t end = i + 1 < body->count ? start_of(json, &messages[i + 1]) : end_of(json, &messages[i]);

            uapi_edit_add(edits, start_of(json, &messages[i]), end, "");
        }
    }
}

/* A reader of loose habits takes 1 and "1" for the same. */
static int could_be_same(const uapi_json *json, uint32_t one, uint32_t other, apr_pool_t *pool)
{
    return uapi_mcp_same_id(json, one, json, other, pool) ||
           (json->nodes[one].type != json->nodes[other].type && same_text(json, one, json, other, pool));
}

static apr_status_t check_id(const uapi_mcp_body *body, uint32_t index, const uapi_json *json, apr_pool_t *pool,
                             uapi_result *result)
{
    uint32_t id = body->messages[index].id, i;

    for (i = 0; i < index; i++) {
        if (body->messages[i].id != UAPI_JSON_NONE && could_be_same(json, body->messages[i].id, id, pool)) {
            return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RPC_INVALID,
                             "two messages of a batch have the same id, the second at byte %u", json->nodes[id].start);
        }
    }
    return APR_SUCCESS;
}

apr_status_t uapi_mcp_check_batch(const uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool,
                                  uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    uint32_t i;

    if (body->count > UAPI_MCP_MAX_BATCH) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RPC_BATCH, "a batch of more than %d messages",
                         UAPI_MCP_MAX_BATCH);
    }
    for (i = 0; i < body->count && status == APR_SUCCESS; i++) {
        const uapi_mcp_message *message = &body->messages[i];

        if (!message->method != !body->messages[0].method) {
            return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RPC_INVALID,
                             "a batch mixes calls and results, at byte %u", json->nodes[message->node].start);
        }
        status = message->id != UAPI_JSON_NONE ? check_id(body, i, json, pool, result) : APR_SUCCESS;
    }
    return status;
}
