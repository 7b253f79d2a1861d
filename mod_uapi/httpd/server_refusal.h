/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file server_refusal.h
 * A server whose request to the client (sampling, elicitation, roots, ping; MCP up to 2025-11-25) does not reach it is told so, or it would wait for ever.
 * The gateway answers in the client's place with a JSON-RPC error, which is posted to where the client's own answer would go: the
 * same address and balancer's member, session, revision and credential; over HTTP+SSE (2024-11-05) the endpoint that the stream named.
 *
 * The error has the code and message that the reason has for clients (docs/reasons.md), and as data the call's id and the reason's code: no rule, and
 * nothing of the policy, since a server is a stranger to it.
 */
#ifndef UAPI_HTTPD_SERVER_REFUSAL_H
#define UAPI_HTTPD_SERVER_REFUSAL_H

#include "inspect.h"

/**
 * Answer all requests to the client in one text of the upstream's, none of which reaches it. Sent in the background (background.h): this neither waits nor
 * fails. A server of 2026-07-28 makes no such requests, and gets no such answers.
 */
void uapi_server_refusal_send(request_rec *r, const uapi_call *call, const uapi_inspected *said, uapi_reason reason,
                              apr_pool_t *pool);

#endif
