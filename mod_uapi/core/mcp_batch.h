/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mcp_batch.h
 * Batches (MCP 2025-03-26; JSON-RPC 2.0, section 6): ids that tell their members apart, and members taken out of one.
 */
#ifndef UAPI_CORE_MCP_BATCH_H
#define UAPI_CORE_MCP_BATCH_H

#include "edit.h"
#include "mcp.h"

/** Messages that one batch may have: each is judged and recorded. */
#define UAPI_MCP_MAX_BATCH 100

/**
 * What a client's batch must keep beyond the form of its members. rpc.batch: more than UAPI_MCP_MAX_BATCH of them.
 * rpc.invalid: calls and results mixed; an id twice (1 and "1" are one here), because a refused member and an allowed
 * one must be told apart.
 */
apr_status_t uapi_mcp_check_batch(const uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool,
                                  uapi_result *result);

/**
 * Do two ids, both nodes of a document of their own, stand for the same one? They do if they have the same type and the same
 * text, unescaped; -0 is 0; and integers of more than 15 digits are the same if they are as IEEE doubles, which is how
 * many servers read them. UAPI_JSON_NONE equals nothing. The pool is for unescaped text.
 */
int uapi_mcp_same_id(const uapi_json *one, uint32_t one_id, const uapi_json *other, uint32_t other_id,
                     apr_pool_t *pool);

/** Is the answer's id that of a request of `asked` for which `counts` (NULL: every one) says yes? */
int uapi_mcp_was_asked(const uapi_mcp_body *asked, const uapi_json *asked_json, const char *counts,
                       const uapi_json *reply_json, uint32_t reply_id, apr_pool_t *pool);

/**
 * Add the edits that take the members i with cut[i] set out of the batch, each with the comma that parts it from what
 * stays, and change no other byte.
 */
void uapi_mcp_cut_members(apr_array_header_t *edits, const uapi_json *json, const uapi_mcp_body *body, const char *cut);

#endif
