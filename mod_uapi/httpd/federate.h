/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federate.h
 * The universal gateway (`SetHandler uapi-gateway`): one endpoint over the servers that UapiServers names. docs/gateway.md.
 *
 * A message for one server is made that server's own, at byte offsets, before anything is decided: from then on the call is what it would be
 * on a route of that server, and mod_proxy carries it. What is the endpoint's own (the session, lists) is answered here; what the
 * gateway asks servers for that is itself recorded, inspected and cut to what policy allows, as calls are.
 */
#ifndef UAPI_HTTPD_FEDERATE_H
#define UAPI_HTTPD_FEDERATE_H

#include "call.h"

#include "../core/federation.h"
#include "../core/federation_session.h"

struct uapi_fetch;

/** What differs between what the client speaks and what the server does. */
typedef enum uapi_translation {
    UAPI_TRANSLATE_NOTHING,
    UAPI_TRANSLATE_TO_LEGACY, /* a client of 2026-07-28, an older server */
    UAPI_TRANSLATE_TO_MODERN  /* the reverse */
} uapi_translation;

typedef struct uapi_federated {
    const uapi_federation *federation;
    uapi_federation_route route;
    int modern;                       /* the client speaks 2026-07-28 */
    const char *last_event;           /* the client's Last-Event-ID; NULL: none */
    uapi_federation_session *session; /* the client's; NULL: it names none */
    const uapi_policy_server *server; /* FORWARD: where to */
    const uapi_federation_peer *peer; /* FORWARD, once connected */
    uapi_translation translation;     /* the same */
    uint64_t cancel_mark;             /* by which a cancellation from elsewhere is known; 0: it is not waited for */
    apr_table_t *headers;             /* what replaces the client's headers upstream; an empty value removes one */
    uapi_call **members;              /* of a batch: each as a call of its own */
    struct uapi_channel
        *channel; /* with it, where the client takes event streams: what servers say before they answer */
    const apr_array_header_t *allowed; /* OWN: const uapi_policy_server *, those that the caller may ask for this */
} uapi_federated;

/** Is this request for a universal gateway? */
int uapi_federate_applies(const request_rec *r);

/** Stage: after understand, before decide. */
apr_status_t uapi_stage_federate(request_rec *r, uapi_call *call, uapi_result *result);

/** decide, for what is the endpoint's own: allowed if it is at some server. */
apr_status_t uapi_federate_decide(request_rec *r, uapi_call *call, uapi_result *result);

/** The same for a batch (federate_batch.c): each member goes through the stages by itself. */
apr_status_t uapi_federate_decide_batch(request_rec *r, uapi_call *call, uapi_result *result);
/** The answers to its members, as JSON; NULL: none is due. */
apr_status_t uapi_federate_answer_batch(request_rec *r, uapi_call *call, const char **text, uapi_result *result);

/** The server's session, which a call at an endpoint or on a route belongs to; "" if there is none. Events are bound to it. */
const char *uapi_federate_session_of(const uapi_call *call);

/** The id of the call's message as it stood in the request: JSON. */
const char *uapi_federate_raw_id(const request_rec *r, const uapi_call *call);

/** May the caller use anything of this server? If not, a refusal must not tell that there is one. */
int uapi_federate_is_visible(const uapi_call *call, const char *server);

/** Once allowed, still in fixups: mod_proxy becomes the handler of what is forwarded. */
void uapi_federate_direct(request_rec *r, const uapi_call *call);

/** A refusal once the call has been allowed: its outcome, and the answer. For the handler to return. */
int uapi_federate_refuse(request_rec *r, uapi_call *call, const uapi_result *why);

/** In the handler: answers what is the endpoint's own, or connects and gives DECLINED, so that mod_proxy goes on. */
int uapi_federate_handle(request_rec *r, uapi_call *call);

/* ---- the gateway's own requests to servers (federate_ask.c) */

typedef struct uapi_ask {
    const uapi_policy_server *server;
    const uapi_federation_peer *peer; /* NULL: none yet (initialize, server/discover) */
    const char *http_method;          /* "POST" */
    const char *method;               /* of the message; policies and records name it so */
    const char *body;                 /* NULL: none */
    const char *last_event;           /* of GET: the server's own id of the event to resume after; NULL: none */
    int modern;                       /* it speaks 2026-07-28 */
    const char *socket;               /* of a Unix domain, to connect to instead of the URL's host; NULL: none */
    const apr_table_t *headers;       /* besides those that follow from the above; NULL: none */
    int is_call;                      /* the client's: it is sent once, whatever becomes of the connection */
    int is_refusal; /* an error in answer to the server's own request: policy has spoken, and only the status comes back */

    struct uapi_channel
        *channel; /* to which goes what the server says before it answers (federate_channel.h); NULL: nowhere */

    uapi_call *call;     /* its records; set by who asks: a call that went through the stages already */
    uapi_reason trouble; /* NONE: there is an answer */
    long status;         /* HTTP */
    const char *session; /* the server's Mcp-Session-Id; NULL if it gave none */
    const char *raw;     /* the answer as it came; NULL if there is none, as to a notification */
    size_t raw_length;
    uapi_json json;  /* the answer as it may leave: inspected, cut, renamed */
    uint32_t result; /* node, or NONE if it is an error */
    int error_code;  /* of JSON-RPC; 0 if it is none */
} uapi_ask;

/**
 * Ask them side by side. Each that policy and vault allow is recorded before it is sent and when it has been answered. Failures are
 * in `trouble` of each. Fails as a whole only if nothing can be recorded.
 */
apr_status_t uapi_federate_ask(request_rec *r, uapi_call *call, uapi_ask *asks, size_t count, uapi_result *result);

/** The parts of it, for requests without an end: up to where they are sent (`sent` and `fetches` have `going`), and the outcome. */
apr_status_t uapi_federate_prepare(request_rec *r, uapi_call *call, uapi_ask *asks, size_t count,
                                   struct uapi_fetch *fetches, uapi_ask **sent, size_t *going, uapi_result *result);
void uapi_federate_conclude(request_rec *r, uapi_ask *ask, const char *outcome);

/* ---- the merged stream (federate_stream.c, federate_listen.c) */

/** A client's subscriptions/listen. */
typedef struct uapi_listening {
    const char *acknowledged;  /* the first message of the stream */
    const char *ended;         /* the last, if it ends well */
    const char *const *wanted; /* notices of changed lists that may come; NULL-terminated */
} uapi_listening;

/** The requests to the servers that have subscriptions. `id` is the client's, as JSON. gateway.era if there is no such server. */
apr_status_t uapi_federate_listen(request_rec *r, uapi_call *call, const char *id, uapi_listening *listening,
                                  uapi_ask **asks, size_t *count, uapi_result *result);

/** GET (`id` NULL), or subscriptions/listen: what all servers say on their own account, until one of their streams or the client ends. The status. */
int uapi_federate_stream(request_rec *r, uapi_call *call, const char *id);

/* ---- sessions at servers (federate_peer.c) */

/**
 * peers[i] becomes the peer for servers[i], NULL, with reasons[i], if it cannot be had now: from the client's session, from what this child knows, or opened
 * now, side by side. `initialize`: the params of the client's own initialize as text, or NULL.
 */
apr_status_t uapi_federate_peers(request_rec *r, uapi_call *call, const uapi_policy_server *const *servers,
                                 const uapi_federation_peer **peers, uapi_reason *reasons, size_t count,
                                 const char *initialize, uapi_result *result);
/** Open another session in place of one that the server does not know any more; NULL if it cannot be. */
apr_status_t uapi_federate_renew_peer(request_rec *r, uapi_call *call, const uapi_policy_server *server,
                                      const uapi_federation_peer *dead, const uapi_federation_peer **peer,
                                      uapi_result *result);
/** The server says that the session is no more. */
void uapi_federate_forget_peer(const uapi_call *call, const char *server);

/* ---- what the endpoint answers itself (federate_answer.c, federate_list.c) */

/** The answer to initialize, server/discover, ping and their kin. NULL: none is due (a notification). */
apr_status_t uapi_federate_answer(request_rec *r, uapi_call *call, const char **result_text, uapi_result *result);
/** Is it one of the lists? */
int uapi_federate_is_list(const char *method);
/** The result of a list, merged: JSON text. */
apr_status_t uapi_federate_list(request_rec *r, uapi_call *call, const char **result_text, uapi_result *result);

/* ---- what a child remembers, bounded (federate_cache.c) */

/** A text kept for a key until `expires`; NULL if there is none. In the pool. Any thread. */
const char *uapi_federate_recall(const char *key, apr_pool_t *pool);
void uapi_federate_remember(const char *key, const char *text, apr_time_t expires);
void uapi_federate_forget(const char *key);
/** The beginning of keys that are this caller's. */
const char *uapi_federate_key(const uapi_call *call, const char *kind, const char *server, apr_pool_t *pool);
void uapi_federate_cache_init(apr_pool_t *pchild);

/** How often the lists of this server have changed, as far as any child has heard. */
unsigned uapi_federate_changes(const char *server);
/** Take note of what a server says: that a list of its has changed. */
void uapi_federate_note_change(const char *server, const uapi_json *json);
/** In the parent, before the children: what they share. */
apr_status_t uapi_federate_share(apr_pool_t *pconf);

/* ---- which arguments stand in headers too (federate_mirror.c, core/mirror.h) */

/**
 * Keep for this caller what the server's list of tools says of that. `entries`: const char *, as clients see them, with names that begin with
 * `prefix` bytes of ours. What was kept before is void, also if `kept` is 0.
 */
void uapi_federate_keep_mirrors(const uapi_call *call, const char *server, const apr_array_header_t *entries,
                                size_t prefix, apr_interval_time_t kept, apr_pool_t *pool);
/** What is kept of that for a tool of the server that the call goes to; NULL: nothing. In the pool. */
const apr_array_header_t *uapi_federate_mirrors(const uapi_call *call, const char *tool, apr_pool_t *pool);

/* ---- instructions of servers, merged (federate_instructions.c) */

extern const char uapi_federate_discover_body[];
/** Keep what a server says in its answer to initialize or server/discover. */
void uapi_federate_note_instructions(request_rec *r, const uapi_ask *ask);
/** A member of the endpoint's own answer, with a comma before it; "" if no server has any. */
apr_status_t uapi_federate_instructions(request_rec *r, uapi_call *call, const uapi_policy_server *const *servers,
                                        const uapi_federation_peer *const *peers, size_t count, const char **member,
                                        uapi_result *result);
/** The same for all servers that the caller may use. */
apr_status_t uapi_federate_gather_instructions(request_rec *r, uapi_call *call, const char **member,
                                               uapi_result *result);

/* ---- cancelling between eras (federate_cancel.c) */

/** In the parent, before the children: what they share. */
apr_status_t uapi_federate_share_cancelled(apr_pool_t *pconf);
/** A call that goes to a server of 2026-07-28 for an older client: from now on, has the client cancelled it? */
void uapi_federate_expect_cancel(request_rec *r, uapi_call *call);
int uapi_federate_can_be_cancelled(const request_rec *r);
int uapi_federate_is_cancelled(const request_rec *r);
/** A client's notifications/cancelled: whichever child has the call, knows. Other messages are passed over. */
void uapi_federate_note_cancel(request_rec *r, const uapi_call *call);
/** At the end of a request whose client is gone: an older server that worked for a client of 2026-07-28 is told. */
void uapi_federate_tell_cancelled(request_rec *r, uapi_call *call);

/** A name as the header Mcp-Name carries it. */
const char *uapi_federate_name_header(const char *name, apr_pool_t *pool);

/* ---- eras (federate_translate.c) */

/** Make what is forwarded, and its headers, what the peer's revision has. gateway.era if that cannot be. */
apr_status_t uapi_federate_translate(request_rec *r, uapi_call *call, uapi_result *result);
/** Add the edits that make an answer what the client's revision has. gateway.era if that cannot be. */
apr_status_t uapi_federate_translate_answer(apr_array_header_t *edits, const uapi_call *call, const uapi_json *json,
                                            apr_pool_t *pool, uapi_result *result);

#endif
