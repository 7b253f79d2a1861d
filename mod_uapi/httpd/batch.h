/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file batch.h
 * A batch is judged member by member: one refused member refuses only itself. The others go upstream, byte for byte as they came;
 * the errors that answer the refused ones join the upstream's answer.
 *
 * For a call that is no batch, what stands here says what the call itself says.
 */
#ifndef UAPI_HTTPD_BATCH_H
#define UAPI_HTTPD_BATCH_H

#include "inspect.h"

/** What became of one message of a batch. */
typedef struct uapi_call_member {
    uapi_verdict verdict;
    uapi_reason refused; /* NONE: allowed so far */
    const char *rule;    /* the rule id that the caller is told; NULL if none */
    size_t from, to;     /* bytes of the view that it takes */
} uapi_call_member;

/** Make call->members, all allowed. */
void uapi_batch_begin(uapi_call *call, apr_pool_t *pool);

/** Refuse one member; log it. */
void uapi_batch_refuse(request_rec *r, uapi_call *call, uint32_t index, uapi_reason reason, const char *rule);
/** Refuse every member that a finding touches, with firewall.blocked or approval.required; all if it touches none. */
void uapi_batch_block(request_rec *r, uapi_call *call, const uapi_firewall_finding *finding);

/** Fails, with the reason of the first member, if none is left. */
apr_status_t uapi_batch_require_one(uapi_call *call, apr_pool_t *pool, uapi_result *result);

/** Of the message with that index: why it is refused (NONE: it is not), the rule, the verdict of policy; does a finding touch it? */
uapi_reason uapi_batch_reason(const uapi_call *call, uint32_t index);
const char *uapi_batch_rule(const uapi_call *call, uint32_t index);
const uapi_verdict *uapi_batch_verdict(const uapi_call *call, uint32_t index);
int uapi_batch_touches(const uapi_call *call, uint32_t index, const uapi_firewall_finding *finding);

/** Is the message with that id (a node of `reply`) an answer to something that went upstream with this call? */
int uapi_batch_was_asked(const uapi_call *call, const uapi_json *reply, uint32_t id, apr_pool_t *pool);

/** Add the edits that take answers to what was not asked out of a batch of them. */
void uapi_batch_cut_strays(apr_array_header_t *edits, const uapi_call *call, const uapi_inspected *answer,
                           apr_pool_t *pool);

/** Have the errors of refused members join a whole answer; *text and *length are replaced if there are any. */
void uapi_batch_join(request_rec *r, const uapi_call *call, const uapi_inspected *answer, const char **text,
                     size_t *length);

/** The same for a stream: one event for each, to be sent before the upstream's own; NULL if there are none. */
const char *uapi_batch_events(request_rec *r, const uapi_call *call);

#endif
