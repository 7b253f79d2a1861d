/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "hold.h"

#include <string.h>

#include <apr_strings.h>

#include "watch.h"

struct uapi_held {
    uapi_held *next;
    uint64_t number;
    apr_time_t since;
    apr_pool_t *pool; /* its event pool, with all that it has */
    uapi_sse_event event;
    uapi_json json;
    apr_array_header_t *edits;
    int changed; /* cuts came after it was written */
    const char *text;
    size_t length;
};

int uapi_hold_is_possible(const uapi_call *call)
{
    return call->forwarded && uapi_config_hold_back(call->route) > 0;
}

static apr_interval_time_t patience(const uapi_response *response)
{
    return apr_time_from_msec(uapi_config_hold_back(response->call->route));
}

/* ------------------------------------------------------------- leaving */

static apr_status_t send_first(ap_filter_t *f, uapi_response *response)
{
    uapi_held *held = response->held;
    apr_status_t status;
    response->held = held->next;
    response->held_count--;
    response->held_bytes -= held->event.raw_length;
    if (held->changed) {
        uapi_edit_apply(&held->text, &held->length, held->event.data, held->event.data_length, held->edits, held->pool);
        uapi_sse_rewrite(&held->event, held->text, held->length, held->pool, &held->text, &held->length);
    }
    uapi_stream_left(response->texts, held->number);
    status = uapi_inspect_send(f, response, &held->event, held->text, held->length, held->pool);
    apr_pool_destroy(held->pool);
    return status;
}

static void on_deadline(void *baton);

static void set_alarm(ap_filter_t *f, const uapi_response *response)
{
    uapi_watch_alarm(response->held != NULL ? response->held->since + patience(response) : 0, on_deadline, f);
}

static apr_status_t send_expired(ap_filter_t *f, uapi_response *response)
{
    apr_time_t now = response->held != NULL ? apr_time_now() : 0;
    apr_status_t status = APR_SUCCESS;
    while (response->held != NULL && response->held->since + patience(response) <= now && status == APR_SUCCESS) {
        status = send_first(f, response);
    }
    return status;
}

/* Nobody is told of a failure here: the connection knows. */
static void on_deadline(void *baton)
{
    ap_filter_t *f = baton;
    uapi_response *response = f->ctx;
    send_expired(f, response);
    set_alarm(f, response);
}

apr_status_t uapi_hold_release(ap_filter_t *f, uapi_response *response)
{
    apr_status_t status = APR_SUCCESS;
    if (response->held == NULL) {
        return APR_SUCCESS;
    }
    while (response->held != NULL && status == APR_SUCCESS) {
        status = send_first(f, response);
    }
    set_alarm(f, response);
    return status;
}

/* ------------------------------------------------------------- waiting */

/* The event points into the splitter's buffer, which moves on. */
static void hold(uapi_response *response, const uapi_outgoing *outgoing)
{
    apr_pool_t *pool = response->event_pool;
    uapi_held *held = apr_pcalloc(pool, sizeof(*held)), **last = &response->held;
    const uapi_sse_event *from = outgoing->event;
    held->number = outgoing->number;
    held->since = apr_time_now();
    held->pool = pool;
    held->event = *from;
    held->event.raw = apr_pmemdup(pool, from->raw, from->raw_length);
    if (from->data != NULL) {
        held->event.data = from->single_line ? held->event.raw + from->data_offset
                                             : apr_pmemdup(pool, from->data, from->data_length);
    }
    held->event.type = from->type != NULL ? apr_pmemdup(pool, from->type, from->type_length) : NULL;
    held->json = *outgoing->json;
    held->json.text = held->event.data;
    held->edits = outgoing->edits;
    held->text = outgoing->text == from->raw ? held->event.raw : outgoing->text;
    held->length = outgoing->length;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = held;
    response->held_count++;
    response->held_bytes += from->raw_length;
    apr_pool_create(&response->event_pool, pool == NULL ? NULL : apr_pool_parent_get(pool));
    apr_pool_tag(response->event_pool, "uapi_event");
}

void uapi_hold_cut(uapi_response *response, const apr_array_header_t *cuts, const char *withheld)
{
    for (int i = 0; i < cuts->nelts; i++) {
        const uapi_inspect_cut *cut = &APR_ARRAY_IDX(cuts, i, uapi_inspect_cut);
        for (uapi_held *held = response->held; held != NULL; held = held->next) {
            if (held->number != cut->part.event || held->edits == NULL) {
                continue;
            }
            if (withheld != NULL) {
                held->text = apr_pstrdup(held->pool, withheld);
                held->length = strlen(withheld);
                held->edits = NULL;
                held->changed = 0;
            } else {
                uapi_inspect_cut copy = {cut->part, apr_pstrdup(held->pool, cut->replacement)};
                uapi_inspect_cut_apply(held->edits, &held->json, &copy);
                held->changed = 1;
            }
        }
    }
}

static apr_status_t send_now(ap_filter_t *f, uapi_response *response, const uapi_outgoing *outgoing)
{
    apr_status_t status = uapi_hold_release(f, response);
    uapi_stream_left(response->texts, outgoing->number);
    return status != APR_SUCCESS ? status
                                 : uapi_inspect_send(f, response, outgoing->event, outgoing->text, outgoing->length,
                                                     response->event_pool);
}

apr_status_t uapi_hold_pass(ap_filter_t *f, uapi_response *response, const uapi_outgoing *outgoing)
{
    uint64_t undecided = response->holds ? uapi_stream_undecided(response->texts) : UINT64_MAX;
    size_t length = outgoing->event->raw_length, most = uapi_config_hold_bytes(response->call->route);
    apr_status_t status = APR_SUCCESS;
    if (undecided == UINT64_MAX || length > most) {
        return send_now(f, response, outgoing);
    }
    status = send_expired(f, response);
    while (status == APR_SUCCESS && response->held != NULL &&
           (response->held->number < undecided || response->held_count == UAPI_HOLD_EVENTS ||
            response->held_bytes + length > most)) {
        status = send_first(f, response);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (response->held == NULL && outgoing->number < undecided) {
        return send_now(f, response, outgoing);
    }
    hold(response, outgoing);
    set_alarm(f, response);
    return APR_SUCCESS;
}
