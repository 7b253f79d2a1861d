/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file stages.h
 * The stages of a call, in the order of docs/architecture.md. Each is one file; pipeline.c runs them.
 *
 * A stage returns APR_SUCCESS to go on, or a failure with the refusal in `result`. It sends nothing itself: the pipeline
 * records the decision first. It never succeeds by accident: whatever fails inside a stage refuses the call.
 */
#ifndef UAPI_HTTPD_STAGES_H
#define UAPI_HTTPD_STAGES_H

#include "call.h"

/** admit: Host names this server, and a browser's Origin may use it. */
apr_status_t uapi_stage_admit(request_rec *r, uapi_call *call, uapi_result *result);
/** check_access hook: admit before any module asks who it is. */
int uapi_admit_hook(request_rec *r);

/** authenticate: sets call->principal and r->user. */
apr_status_t uapi_stage_authenticate(request_rec *r, uapi_call *call, uapi_result *result);
/** check_authn hook for `AuthType uapi`. */
int uapi_authenticate_hook(request_rec *r);
/** note_auth_failure hook: the challenge where a `Require` of httpd's turned the caller away. */
int uapi_authenticate_note_failure(request_rec *r, const char *type);

/** understand: reads the bounded body once, strictly, and recognises the messages in it. */
apr_status_t uapi_stage_understand(request_rec *r, uapi_call *call, uapi_result *result);

/** Read what is in call->body anew, after the gateway has changed it; `name` is what stands in for Mcp-Name. */
apr_status_t uapi_understand_again(request_rec *r, uapi_call *call, const char *name, uapi_result *result);

/** decide: policy over every message; of a batch the strictest verdict is the call's, and each member has its own. */
apr_status_t uapi_stage_decide(request_rec *r, uapi_call *call, uapi_result *result);

/** What policy says of a method at a server. */
void uapi_decide_method(const uapi_call *call, const char *server, const char *method, uapi_verdict *verdict);

/** Would policy let this caller use what a list offers? For lists in answers. `method` is the one that uses it. */
int uapi_decide_offers(const uapi_call *call, const char *method, const char *name);

/** May the server ask the client for this (sampling, elicitation, roots)? */
void uapi_decide_server_request(const uapi_call *call, const char *method, uapi_verdict *verdict);

/** pinning: may the tools that are called be used with the definitions they have now (core/pins.h)? */
apr_status_t uapi_stage_pinning(request_rec *r, uapi_call *call, uapi_result *result);

/** mirror: do Mcp-Param-* headers say what the arguments do that they mirror (core/mirror.h)? Where the tool's definition is known. */
apr_status_t uapi_stage_mirror(request_rec *r, uapi_call *call, uapi_result *result);

/** inspect the request: scanners; what is to be redacted is redacted in what is forwarded. */
apr_status_t uapi_stage_inspect_request(request_rec *r, uapi_call *call, uapi_result *result);

/** split: makes the edits of the body, and takes the refused members out of a batch. What goes upstream is settled then. */
apr_status_t uapi_stage_split(request_rec *r, uapi_call *call, uapi_result *result);

/** inject, first part: find the credential, still sealed, so that its absence is refused before the call is recorded as allowed. */
apr_status_t uapi_stage_find_credential(request_rec *r, uapi_call *call, uapi_result *result);
/** inject, second part, in the handler just before mod_proxy's: unseal it. The decision is recorded by then. */
apr_status_t uapi_inject_unseal(request_rec *r, uapi_call *call, uapi_result *result);
/** Take away what could be taken for the gateway's own headers, before any handler sees the request: a CGI gets them too. */
void uapi_inject_drop_forged(request_rec *r);
/** inject, third part: mod_proxy's fixups hook, on the headers that it sends upstream; registers itself here. */
void uapi_inject_register(void);
/** inject, last part: a filter on outgoing connections that has mod_proxy's copies of the credential wiped. pre_connection hook. */
int uapi_inject_pre_connection(conn_rec *c, void *socket);

/** inspect the response: an output filter, added to allowed calls. */
void uapi_inspect_response_register(void);
void uapi_inspect_response_add(request_rec *r, uapi_call *call);

#endif
