/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file call.h
 * One call: what the stages learn about a request and hand on. Made by the first stage that runs, kept in the request's
 * configuration vector, gone with the request. One thread at a time, as the request.
 */
#ifndef UAPI_HTTPD_CALL_H
#define UAPI_HTTPD_CALL_H

#include "gateway.h"

#include "../core/mcp.h"
#include "../core/view.h"

#define UAPI_CALL_ID_LENGTH 32
struct uapi_call_member;

#define UAPI_CALL_FINDINGS 16 /* findings of one direction that a record lists; it says how many more there were */

struct uapi_federated;

typedef struct uapi_call {
    char id[UAPI_CALL_ID_LENGTH + 1]; /* names the call in replies, records and log lines */
    const char *parent; /* id of the call for which the gateway makes this one on its own account; or NULL */
    const uapi_gateway *gateway;
    const uapi_route_config *route;
    uapi_protocol protocol; /* on a route with auto: REST until understand has seen a message */
    int automatic;          /* the route says auto: the request is judged too, not only the message in it */
    apr_time_t started;
    const char *
        server; /* the name of the server behind the call: the route's, or the one that the gateway sends it to; NULL: it has none */

    int admitted; /* admit: Host and Origin are good */

    /* authenticate */
    const uapi_principal *principal;

    /* understand */
    char *body; /* NULL: the request has none */
    size_t body_length;
    uapi_json json;
    uapi_view view;
    char *decoded; /* a form without its escapes, where it has some; may hold NULs */
    size_t decoded_length;
    uapi_mcp_body mcp;       /* count 0: no MCP message (another method than POST) */
    uint32_t request_id;     /* node of the first message's id, also of one that was not recognised; NONE */
    const char *http_method; /* "http/GET" and its kin: what policies call a request without a message */

    const uapi_operation *operation; /* of a REST service that names its operations */
    int operation_unknown;           /* it names some, and this is none of them */
    const char *upstream_path; /* that the operation was looked for by, as it goes over the wire; NULL if none was */
    size_t upstream_path_length;
    int upstream_balanced; /* a member of a balancer may put a path of its own before it */

    const char *session;    /* the server's own session id; NULL if the request names none and the answer gives none */
    const char *last_event; /* the server's own id of the event to resume after; NULL: none */
    const char *routed;     /* the address that mod_proxy made of the request's; NULL: it is not mod_proxy's */
    const char *endpoint;   /* HTTP+SSE: path and query at the server to which this is posted; NULL: the caller's */
    const char *stream;     /* with it: the id of the call that opened the stream on which the answer comes */

    /* federate: only behind a universal gateway */
    struct uapi_federated *federated; /* federate.h; NULL: an ordinary route */

    /* decide */
    uapi_verdict verdict;             /* the strictest of all messages */
    struct uapi_call_member *members; /* one for each message of a batch (batch.h); NULL: no batch */

    /* pinning */
    uapi_schema_fault arguments; /* keyword NULL: none, or the call is a batch */
    uapi_reason pinning; /* what a tool's definition would have refused, had UapiEngine not been in shadow mode; NONE */

    /* inspect the request */
    struct uapi_redaction *redaction;    /* core/redaction.h; NULL: findings are replaced by the plain mark */
    uapi_firewall_report request_report; /* of the body; offsets are the view's */
    uapi_firewall_report query_report;   /* of the query string, unescaped */
    apr_array_header_t *edits;           /* what changes in the body on its way upstream; NULL: nothing so far */
    const char *forward;                 /* what goes upstream: the body, or its redacted form */
    size_t forward_length;

    /* inject */
    const uapi_policy_server *target;   /* the Server document of the route; NULL if there is none */
    uapi_sealed_credential *credential; /* NULL: none to inject */
    char *secret;                       /* plaintext, wiped with the request; NULL before it is unsealed */
    size_t secret_length;
    char *injected; /* the header's value with the secret in it, wiped with the request */

    /* forward */
    const char *wanted_member;   /* the balancer's member that has the session; NULL: any */
    const char *member;          /* the one it was sent to; NULL: no balancer, or no route */
    int offered;                 /* HTTP+SSE: the stream named an endpoint, so answers to other calls come on it */
    const char *upstream;        /* the address it was sent to; NULL: not yet, or through another proxy */
    const char *upstream_socket; /* with it: of a Unix domain, in place of its host; NULL: none */
    const char *answers_at;      /* HTTP+SSE, once offered: the address that takes what is posted */
    const char *cookie;          /* the caller's own, while the balancer is told the member by one */
    char *query;                 /* the caller's own, while mod_proxy is told the endpoint's */
    int steered;
    const char *unstuck; /* a balancer that would not lead the session back to the member; NULL: none is known */
    int forwarded;       /* mod_proxy has the call */
    int sent;            /* something of it may have reached an upstream */
    enum { UAPI_CLIENT_UNKNOWN, UAPI_CLIENT_OPEN, UAPI_CLIENT_HALF_CLOSED } client; /* when it was first waited */

    /* refuse */
    uapi_result refusal;      /* reason NONE: not refused */
    const char *refused_rule; /* the rule id that the caller is told; NULL if none */
    int replied;              /* the refusal's body has been written */

    /* record and settle */
    int recorded; /* the decision is in the chain */
    int settled;  /* the outcome is, or there is none to come */
    int status;   /* HTTP status of the answer; 0: the request's */
    uapi_firewall_finding
        response_found[UAPI_CALL_FINDINGS]; /* the first ones, over all events; offsets mean nothing */
    uint32_t response_findings;             /* how many there were */
    uint32_t hidden;                        /* entries cut from lists */
    apr_time_t refused_due;                 /* of what the server said on its own account (core/stream_limits.h) */
    apr_off_t response_bytes;
    int credential_echoed; /* the upstream's answer held the injected credential */
} uapi_call;

/** The request's call, made if there is none. NULL if the route has the engine off. */
uapi_call *uapi_call_of(request_rec *r);
/** Give it an id, and the time. For calls that the gateway makes itself. */
void uapi_call_begin(uapi_call *call, apr_time_t now);
/** The request's call, or NULL. */
uapi_call *uapi_call_find(const request_rec *r);

/** The method as policies and records name it; `message` NULL: the request carries none. */
const char *uapi_call_method(const uapi_call *call, const uapi_mcp_message *message);

/** upstream.failed or upstream.unreachable: may it have had its effect? */
uapi_reason uapi_call_failure(const uapi_call *call);

/** Does this call enforce verdicts of policy and firewall (as opposed to UapiEngine shadow)? */
int uapi_call_enforces(const uapi_call *call);

#endif
