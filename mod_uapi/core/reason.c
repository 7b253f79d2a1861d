/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The closed set of reasons, as one table indexed by the enum: a refusal is spoken the same way on every route, and a
 * reason that is added without its row fails the build (the size is checked) or t/90-drift.t.
 */
#include "result.h"

#include <stdarg.h>

#include <apr_strings.h>

static const uapi_reason_info reasons[] = {
    [UAPI_REASON_NONE] = {"none", 200, 0, "Nothing was refused.", "Nothing needs to be done."},
    [UAPI_REASON_INTERNAL] = {"internal.error", 500, UAPI_RPC_REQUEST_INVALID,
                              "The gateway could not handle the call because of a fault of its own.",
                              "Try again later; tell the operator the call id if it happens again."},
    [UAPI_REASON_CONFIG_INVALID] = {"config.invalid", 500, UAPI_RPC_REQUEST_INVALID,
                                    "The gateway's configuration is not valid.",
                                    "The operator should run apachectl configtest and mend what it names."},

    [UAPI_REASON_HOST_DENIED] = {"host.denied", 403, UAPI_RPC_REQUEST_INVALID,
                                 "The server is not known by the name it was called by.",
                                 "Use the server's own name, or ask the operator to make this one known."},
    [UAPI_REASON_ORIGIN_DENIED] = {"origin.denied", 403, UAPI_RPC_REQUEST_INVALID,
                                   "Pages of this origin may not call the server.",
                                   "Call from the server's own pages, or ask the operator to allow the origin."},

    [UAPI_REASON_TOKEN_MISSING] = {"token.missing", 401, UAPI_RPC_REQUEST_INVALID, "The call carries no access token.",
                                   "Send a token in the Authorization header, as Bearer."},
    [UAPI_REASON_TOKEN_MALFORMED] = {"token.malformed", 401, UAPI_RPC_REQUEST_INVALID,
                                     "The access token has the wrong shape or checksum.",
                                     "Check that the token was copied whole."},
    [UAPI_REASON_TOKEN_UNKNOWN] = {"token.unknown", 401, UAPI_RPC_REQUEST_INVALID,
                                   "The access token is not known here.",
                                   "Check that the token belongs to this gateway, or ask the operator for a new one."},
    [UAPI_REASON_TOKEN_EXPIRED] = {"token.expired", 401, UAPI_RPC_REQUEST_INVALID, "The access token has expired.",
                                   "Ask the operator for a new token."},
    [UAPI_REASON_TOKEN_REVOKED] = {"token.revoked", 401, UAPI_RPC_REQUEST_INVALID, "The access token has been revoked.",
                                   "Ask the operator for a new token."},
    [UAPI_REASON_REGISTRY_UNAVAILABLE] = {"registry.unavailable", 503, UAPI_RPC_REQUEST_INVALID,
                                          "The gateway cannot read its registry, so no caller can be recognised.",
                                          "Try again later; the operator should run uapictl doctor."},

    [UAPI_REASON_REQUEST_TOO_LARGE] = {"request.too_large", 413, UAPI_RPC_REQUEST_INVALID,
                                       "The request body is larger than this route accepts.", "Send less in one call."},
    [UAPI_REASON_REQUEST_TYPE] =
        {"request.content_type", 415, UAPI_RPC_REQUEST_INVALID,
         "The request body is not declared to be of a type that is taken here.",
         "Send Content-Type: application/json, in UTF-8, or another type that the service is declared to take."},
    [UAPI_REASON_REQUEST_ENCODING] = {"request.content_encoding", 415, UAPI_RPC_REQUEST_INVALID,
                                      "The request body is compressed or otherwise encoded.",
                                      "Send the body without a Content-Encoding."},
    [UAPI_REASON_REQUEST_AMBIGUOUS] = {"request.ambiguous", 400, UAPI_RPC_REQUEST_INVALID,
                                       "The request can be read in more than one way.",
                                       "Write the path as the service documents it, without encoded separators, "
                                       "and use the method itself."},
    [UAPI_REASON_REQUEST_UNREADABLE] = {"request.unreadable", 400, UAPI_RPC_REQUEST_INVALID,
                                        "The request body could not be read to its end.",
                                        "Send the whole body, and a Content-Length that fits it."},

    [UAPI_REASON_JSON_SYNTAX] = {"json.syntax", 400, UAPI_RPC_PARSE_ERROR, "The body is not valid JSON.",
                                 "Send one JSON value as RFC 8259 defines it."},
    [UAPI_REASON_JSON_DUPLICATE_KEY] = {"json.duplicate_key", 400, UAPI_RPC_PARSE_ERROR,
                                        "An object in the body has the same key twice.",
                                        "Send each key of an object once."},
    [UAPI_REASON_JSON_UTF8] = {"json.utf8", 400, UAPI_RPC_PARSE_ERROR,
                               "The body is not valid UTF-8, or has an unpaired surrogate escape.",
                               "Encode the body as UTF-8, without a byte order mark."},
    [UAPI_REASON_JSON_NUL] = {"json.nul", 400, UAPI_RPC_PARSE_ERROR, "The body has a NUL character.",
                              "Leave NUL characters out, raw and escaped."},
    [UAPI_REASON_JSON_DEPTH] = {"json.depth", 400, UAPI_RPC_PARSE_ERROR, "The body is nested too deeply.",
                                "Send a flatter structure."},
    [UAPI_REASON_JSON_TRAILING] = {"json.trailing", 400, UAPI_RPC_PARSE_ERROR,
                                   "Something follows the JSON value in the body.", "Send exactly one JSON value."},
    [UAPI_REASON_JSON_TOO_LARGE] = {"json.too_large", 400, UAPI_RPC_PARSE_ERROR, "The body has too many JSON values.",
                                    "Send less in one call."},

    [UAPI_REASON_RPC_INVALID] = {"rpc.invalid", 400, UAPI_RPC_INVALID_REQUEST,
                                 "The body is not a JSON-RPC 2.0 message.",
                                 "Send a request, notification or response as the MCP specification defines it."},
    [UAPI_REASON_RPC_KEY_CASE] = {"rpc.key_case", 400, UAPI_RPC_INVALID_REQUEST,
                                  "A key of the message differs from a protocol key in upper and lower case only.",
                                  "Write protocol keys exactly as the MCP specification does."},
    [UAPI_REASON_RPC_UNASKED] = {"rpc.unasked", 400, UAPI_RPC_INVALID_REQUEST,
                                 "The message answers a request that was not sent to this caller in this session.",
                                 "Answer a server's request once, with the id that it came with."},
    [UAPI_REASON_RPC_BATCH] =
        {"rpc.batch", 400, UAPI_RPC_INVALID_REQUEST,
         "The body is a batch, which this protocol revision does not have, or has too many messages.",
         "Send one message a request."},
    [UAPI_REASON_MCP_VERSION] = {"mcp.version", 400, UAPI_RPC_UNSUPPORTED_VERSION,
                                 "The protocol revision is not supported.",
                                 "Use one of the revisions 2025-03-26, 2025-06-18, 2025-11-25 or 2026-07-28."},
    [UAPI_REASON_MCP_HEADER_MISMATCH] =
        {"mcp.header_mismatch", 400, UAPI_RPC_HEADER_MISMATCH,
         "A header that mirrors the message is missing or disagrees with it.",
         "Send MCP-Protocol-Version, Mcp-Method, Mcp-Name and Mcp-Param-* with the values that the body has."},

    [UAPI_REASON_SESSION_UNKNOWN] = {"session.unknown", 404, UAPI_RPC_REQUEST_INVALID,
                                     "There is no such session of this caller at this server.",
                                     "Begin a new session with initialize, without a session id."},

    [UAPI_REASON_EVENT_UNKNOWN] = {"event.unknown", 400, UAPI_RPC_REQUEST_INVALID,
                                   "There is no such event in this caller's session to resume from.",
                                   "Open the stream without Last-Event-ID."},

    [UAPI_REASON_POLICY_DENIED] = {"policy.denied", 403, UAPI_RPC_POLICY_DENIED, "A policy rule forbids this call.",
                                   "Do without this call, or ask the operator to change the policy."},
    [UAPI_REASON_POLICY_DEFAULT] = {"policy.default_deny", 403, UAPI_RPC_POLICY_DENIED,
                                    "No policy rule allows this call.",
                                    "Do without this call, or ask the operator for a rule that allows it."},
    [UAPI_REASON_OPERATION_UNKNOWN] = {"operation.unknown", 403, UAPI_RPC_POLICY_DENIED,
                                       "No operation that is known here has this method and path.",
                                       "Check method and path, or ask the operator to add the operation."},
    [UAPI_REASON_TOOL_UNPINNED] = {"tool.unpinned", 403, UAPI_RPC_POLICY_DENIED,
                                   "No definition of this tool has been approved.",
                                   "List the server's tools; if this one is missing, ask the operator to approve it."},
    [UAPI_REASON_TOOL_CHANGED] = {"tool.changed", 403, UAPI_RPC_POLICY_DENIED,
                                  "The server has changed the definition of this tool since it was approved.",
                                  "Do without this tool until the operator has approved the change."},
    [UAPI_REASON_ARGUMENTS_INVALID] = {"arguments.invalid", 400, UAPI_RPC_REQUEST_INVALID,
                                       "The arguments do not match the tool's input schema.",
                                       "Mend the argument at data.pointer, which fails data.keyword."},
    [UAPI_REASON_ARGUMENTS_SCHEMA] = {"arguments.schema", 400, UAPI_RPC_REQUEST_INVALID,
                                      "The tool has no input schema by which its arguments can be checked.",
                                      "Do without this tool, or ask the operator to allow it unchecked."},
    [UAPI_REASON_FIREWALL_BLOCKED] = {"firewall.blocked", 403, UAPI_RPC_FIREWALL_BLOCKED,
                                      "The content of the call was found unsafe.",
                                      "Remove the content that the named scanner rule is about."},
    [UAPI_REASON_APPROVAL_REQUIRED] =
        {"approval.required", 403, UAPI_RPC_APPROVAL_REQUIRED,
         "The content of the call may pass only with a person's approval, which cannot be given here yet.",
         "Remove the content that the named scanner rule is about, or ask the operator for an exception."},
    [UAPI_REASON_FIREWALL_OVERLOAD] = {"firewall.overload", 403, UAPI_RPC_FIREWALL_BLOCKED,
                                       "The content of the call has more suspicious places than can be judged.",
                                       "Send less in one call."},
    [UAPI_REASON_FIREWALL_DEADLINE] = {"firewall.deadline", 403, UAPI_RPC_FIREWALL_BLOCKED,
                                       "The content of the call takes longer to judge than it may.",
                                       "Send less in one call."},
    [UAPI_REASON_FIREWALL_FAILED] = {"firewall.failed", 503, UAPI_RPC_FIREWALL_BLOCKED,
                                     "A scanner could not judge the content of the call, so it was stopped.",
                                     "Try again later; tell the operator the call id if it happens again."},

    [UAPI_REASON_CREDENTIAL_MISSING] = {"credential.missing", 502, UAPI_RPC_CREDENTIAL_MISSING,
                                        "The credential that this server needs has not been granted.",
                                        "Ask the operator to set the named credential for this tenant."},
    [UAPI_REASON_CREDENTIAL_UNREADABLE] = {"credential.unreadable", 502, UAPI_RPC_CREDENTIAL_MISSING,
                                           "The credential that this server needs cannot be decrypted.",
                                           "The operator should check the key file and set the credential anew."},
    [UAPI_REASON_AUDIT_UNAVAILABLE] = {"audit.unavailable", 503, UAPI_RPC_AUDIT_UNAVAILABLE,
                                       "The call cannot be recorded, so it was not made.",
                                       "Try again later; the operator should run uapictl doctor."},

    [UAPI_REASON_RESPONSE_INVALID] = {"response.invalid", 502, UAPI_RPC_REQUEST_INVALID,
                                      "The server's answer is not what it says it is.",
                                      "The call may have had its effect; tell the operator of this server."},
    [UAPI_REASON_RESPONSE_TOO_LARGE] = {"response.too_large", 502, UAPI_RPC_REQUEST_INVALID,
                                        "The server's answer is larger than can be inspected.",
                                        "The call may have had its effect; ask for less at once."},
    [UAPI_REASON_RESPONSE_RATE] = {"response.rate", 502, UAPI_RPC_REQUEST_INVALID,
                                   "The server's stream is faster than this route lets it be.",
                                   "The call may have had its effect; ask for less at once."},
    [UAPI_REASON_RESPONSE_REFUSED] = {"response.refused", 502, UAPI_RPC_REQUEST_INVALID,
                                      "The server went on to ask for what it may not.",
                                      "The call may have had its effect; tell the operator of this server."},
    [UAPI_REASON_RESPONSE_ENCODING] =
        {"response.content_encoding", 502, UAPI_RPC_REQUEST_INVALID,
         "The server's answer is compressed although that was not asked for.",
         "The call may have had its effect; the operator should turn compression off at the server."},
    [UAPI_REASON_UPSTREAM_FAILED] = {"upstream.failed", 502, UAPI_RPC_REQUEST_INVALID,
                                     "The call was sent, and no whole answer came: it may have had its effect.",
                                     "Try again only if the call may safely be made twice."},
    [UAPI_REASON_UPSTREAM_UNREACHABLE] = {"upstream.unreachable", 503, UAPI_RPC_REQUEST_INVALID,
                                          "The server cannot be reached; the call was not sent.",
                                          "Try again later; the call has had no effect."},
    [UAPI_REASON_GATEWAY_UNSUPPORTED] = {"gateway.unsupported", 404, UAPI_RPC_METHOD_NOT_FOUND,
                                         "This endpoint over several servers does not have the method.",
                                         "Use a route of the server itself, or do without the method."},
    [UAPI_REASON_CLIENT_CAPABILITY] = {"client.capability", 400, UAPI_RPC_MISSING_CAPABILITY,
                                       "The request needs a capability that the client has not declared.",
                                       "Declare io.modelcontextprotocol/tasks among the client's extensions."},
    [UAPI_REASON_GATEWAY_ERA] = {"gateway.era", 400, UAPI_RPC_REQUEST_INVALID,
                                 "The server speaks another protocol revision, in which this cannot be said.",
                                 "Use a client of the server's revision, or do without what only one of them has."},
    [UAPI_REASON_GATEWAY_CURSOR] = {"gateway.cursor", 400, UAPI_RPC_INVALID_PARAMS,
                                    "The cursor was not given by this endpoint for this list.",
                                    "Begin the list again, without a cursor."},
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == UAPI_REASON_COUNT, "each reason has a row");

const uapi_reason_info *uapi_reason_describe(uapi_reason reason)
{
    unsigned index = (unsigned)reason;

    if (index >= UAPI_REASON_COUNT || !reasons[index].code) {
        index = UAPI_REASON_INTERNAL;
    }
    return &reasons[index];
}

apr_status_t uapi_fail(uapi_result *result, apr_pool_t *pool, apr_status_t status, uapi_reason reason,
                       const char *format, ...)
{
    va_list arguments;

    if (status == APR_SUCCESS) {
        status = APR_EGENERAL; /* a caller's mistake must not read as success */
    }
    if (result) {
        result->status = status;
        result->reason = reason;
        result->detail = NULL;
        if (format) {
            va_start(arguments, format);
            result->detail = apr_pvsprintf(pool, format, arguments);
            va_end(arguments);
        }
    }
    return status;
}
