/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file result.h
 * What a step reports when it cannot do what it was asked.
 *
 * Every function that can fail for a reason that a caller, an operator or an agent must be told returns an
 * apr_status_t and, where it takes a `uapi_result *`, fills it in on failure. The reason is one of a closed
 * set: each has a stable code that agents may branch on, an HTTP status and a JSON-RPC code. The table is in
 * reason.c, the list with explanations in docs/reasons.md; t/90-drift.t holds the two together.
 */
#ifndef UAPI_CORE_RESULT_H
#define UAPI_CORE_RESULT_H

#include <apr_errno.h>
#include <apr_pools.h>

/* JSON-RPC error codes of the implementation's own range, by what was refused. -32600, -32601, -32700 are
 * JSON-RPC's own; -32020 to -32022 are MCP 2026-07-28's. */
enum {
    UAPI_RPC_PARSE_ERROR = -32700,
    UAPI_RPC_INVALID_REQUEST = -32600,
    UAPI_RPC_METHOD_NOT_FOUND = -32601,
    UAPI_RPC_INVALID_PARAMS = -32602,
    UAPI_RPC_POLICY_DENIED = -32010,
    UAPI_RPC_APPROVAL_REQUIRED = -32011,
    UAPI_RPC_FIREWALL_BLOCKED = -32012,
    UAPI_RPC_LIMIT_EXCEEDED = -32013,
    UAPI_RPC_CREDENTIAL_MISSING = -32014,
    UAPI_RPC_AUDIT_UNAVAILABLE = -32015,
    UAPI_RPC_REQUEST_INVALID = -32016,
    UAPI_RPC_HEADER_MISMATCH = -32020,
    UAPI_RPC_MISSING_CAPABILITY = -32021,
    UAPI_RPC_UNSUPPORTED_VERSION = -32022
};

typedef enum uapi_reason {
    UAPI_REASON_NONE = 0,
    UAPI_REASON_INTERNAL,              /* internal.error: a fault of ours or of the machine */
    UAPI_REASON_CONFIG_INVALID,        /* config.invalid: a file or directive that configtest refuses */
    UAPI_REASON_HOST_DENIED,           /* host.denied: Host has no name of this server */
    UAPI_REASON_ORIGIN_DENIED,         /* origin.denied: a page of this origin may not call */
    UAPI_REASON_TOKEN_MISSING,         /* token.missing */
    UAPI_REASON_TOKEN_MALFORMED,       /* token.malformed: wrong shape or checksum */
    UAPI_REASON_TOKEN_UNKNOWN,         /* token.unknown */
    UAPI_REASON_TOKEN_EXPIRED,         /* token.expired */
    UAPI_REASON_TOKEN_REVOKED,         /* token.revoked */
    UAPI_REASON_REGISTRY_UNAVAILABLE,  /* registry.unavailable */
    UAPI_REASON_REQUEST_TOO_LARGE,     /* request.too_large */
    UAPI_REASON_REQUEST_TYPE,          /* request.content_type: not JSON */
    UAPI_REASON_REQUEST_ENCODING,      /* request.content_encoding: compressed */
    UAPI_REASON_REQUEST_AMBIGUOUS,     /* request.ambiguous: a path or method that can be read in two ways */
    UAPI_REASON_REQUEST_UNREADABLE,    /* request.unreadable: the body could not be read to its end */
    UAPI_REASON_JSON_SYNTAX,           /* json.syntax */
    UAPI_REASON_JSON_DUPLICATE_KEY,    /* json.duplicate_key */
    UAPI_REASON_JSON_UTF8,             /* json.utf8 */
    UAPI_REASON_JSON_NUL,              /* json.nul: a NUL, raw or escaped */
    UAPI_REASON_JSON_DEPTH,            /* json.depth */
    UAPI_REASON_JSON_TRAILING,         /* json.trailing: something after the value */
    UAPI_REASON_JSON_TOO_LARGE,        /* json.too_large: too many values */
    UAPI_REASON_RPC_INVALID,           /* rpc.invalid: no JSON-RPC 2.0 message */
    UAPI_REASON_RPC_KEY_CASE,          /* rpc.key_case: a case variant of a protocol key */
    UAPI_REASON_RPC_UNASKED,           /* rpc.unasked: a client's answer to what its server never asked of it */
    UAPI_REASON_RPC_BATCH,             /* rpc.batch: a batch where the revision has none */
    UAPI_REASON_MCP_VERSION,           /* mcp.version: unknown protocol revision */
    UAPI_REASON_MCP_HEADER_MISMATCH,   /* mcp.header_mismatch: a mirrored header disagrees with the body */
    UAPI_REASON_SESSION_UNKNOWN,       /* session.unknown: no session of this principal at this server */
    UAPI_REASON_EVENT_UNKNOWN,         /* event.unknown: no event of this principal's streams to resume from */
    UAPI_REASON_POLICY_DENIED,         /* policy.denied: a deny rule matched */
    UAPI_REASON_POLICY_DEFAULT,        /* policy.default_deny: no rule allows it */
    UAPI_REASON_OPERATION_UNKNOWN,     /* operation.unknown: none of the service has this method and path */
    UAPI_REASON_TOOL_UNPINNED,         /* tool.unpinned: no definition of the tool is pinned */
    UAPI_REASON_TOOL_CHANGED,          /* tool.changed: its definition differs from the pinned one */
    UAPI_REASON_ARGUMENTS_INVALID,     /* arguments.invalid: they do not match the tool's schema */
    UAPI_REASON_ARGUMENTS_SCHEMA,      /* arguments.schema: the tool has none that can be checked */
    UAPI_REASON_FIREWALL_BLOCKED,      /* firewall.blocked */
    UAPI_REASON_APPROVAL_REQUIRED,     /* approval.required: a rule of the firewall wants a person's approval */
    UAPI_REASON_FIREWALL_OVERLOAD,     /* firewall.overload: more candidates than can be judged */
    UAPI_REASON_FIREWALL_DEADLINE,     /* firewall.deadline: scanners took longer than UapiScanTime */
    UAPI_REASON_FIREWALL_FAILED,       /* firewall.failed: no helper process judged what a scanner must see */
    UAPI_REASON_CREDENTIAL_MISSING,    /* credential.missing */
    UAPI_REASON_CREDENTIAL_UNREADABLE, /* credential.unreadable: it does not decrypt */
    UAPI_REASON_AUDIT_UNAVAILABLE,     /* audit.unavailable */
    UAPI_REASON_RESPONSE_INVALID,      /* response.invalid: the upstream's answer is not what it says it is */
    UAPI_REASON_RESPONSE_TOO_LARGE,    /* response.too_large */
    UAPI_REASON_RESPONSE_RATE,         /* response.rate: a stream that is faster than it may be */
    UAPI_REASON_RESPONSE_REFUSED,  /* response.refused: too much of what a server says on its own account was refused */
    UAPI_REASON_RESPONSE_ENCODING, /* response.content_encoding: compressed although identity was asked */
    UAPI_REASON_UPSTREAM_FAILED,   /* upstream.failed: no whole answer to what was sent, in part at least */
    UAPI_REASON_UPSTREAM_UNREACHABLE, /* upstream.unreachable: nothing was sent */
    UAPI_REASON_GATEWAY_UNSUPPORTED,  /* gateway.unsupported: a method that a universal gateway does not have */
    UAPI_REASON_GATEWAY_ERA,          /* gateway.era: the revisions of client and server cannot be brought together */
    UAPI_REASON_CLIENT_CAPABILITY, /* client.capability: what the client asks for needs one that it did not declare */
    UAPI_REASON_GATEWAY_CURSOR,    /* gateway.cursor: no cursor of this endpoint's */
    UAPI_REASON_COUNT
} uapi_reason;

/** One row of the table: how a reason is spoken to a caller. All strings are static. */
typedef struct uapi_reason_info {
    const char *code;  /* stable, "token.expired" */
    int http_status;   /* the status where the refusal concerns the connection */
    int rpc_code;      /* JSON-RPC error code where it concerns a message */
    const char *title; /* one sentence for the caller; says nothing of the policy or the matched text */
    const char *help;  /* what would help */
} uapi_reason_info;

/** Never NULL; an out-of-range value gives the row of UAPI_REASON_INTERNAL. Any thread. */
const uapi_reason_info *uapi_reason_describe(uapi_reason reason);

typedef struct uapi_result {
    apr_status_t status;
    uapi_reason reason;
    const char *detail; /* for the log and the operator: pool-allocated or static, NULL if there is none;
                            never a secret, never matched text */
} uapi_result;

/**
 * Fill in a failure and return its status, so that a function can end with `return uapi_fail(…)`. The detail is
 * formatted as by apr_psprintf. `result` may be NULL. `status` must not be APR_SUCCESS.
 */
apr_status_t uapi_fail(uapi_result *result, apr_pool_t *pool, apr_status_t status, uapi_reason reason,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
