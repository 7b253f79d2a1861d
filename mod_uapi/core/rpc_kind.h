/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rpc_kind.h
 * Is a JSON body JSON-RPC, and whose? For routes that carry several protocols. Keys are compared without case, so that what a
 * lenient reader takes for a message is taken for one here; the strict readers then refuse it. Pure; any thread.
 */
#ifndef UAPI_CORE_RPC_KIND_H
#define UAPI_CORE_RPC_KIND_H

#include "json.h"

typedef enum uapi_rpc_kind {
    UAPI_RPC_NONE,     /* no message */
    UAPI_RPC_PLAIN,    /* a request or notification whose method is none of MCP's */
    UAPI_RPC_MCP,      /* one of MCP's methods (by its namespace), a result, or an error */
    UAPI_RPC_AMBIGUOUS /* method and params without jsonrpc: a message to some readers */
} uapi_rpc_kind;

/** Of a batch, the most demanding of its members. */
uapi_rpc_kind uapi_rpc_kind_of(const uapi_json *json);

#endif
