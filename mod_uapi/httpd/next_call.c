/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * httpd asks for a pipelined request (ap_check_pipeline) with a speculative read that does not block, when the answer has been handed to
 * the filters. The filter here lets that read wait. What the core still holds of the answer is written first, in the way the MPM
 * would do it next: without blocking, and if the client does not take all of it, nobody waits.
 */
#include "next_call.h"

#include <poll.h>
#include <time.h>

#include <apr_atomic.h>
#include <apr_portable.h>

#include "ap_mpm.h"
#include "http_connection.h"
#include "http_core.h"
#include "http_protocol.h"
#include "util_filter.h"

#define PATIENCE 4   /* waits in vain, after which every second call is waited for, then every fourth … */
#define MOST_VAIN 10 /* … up to every 64th */

typedef struct connection {
    int fd;
    int wait;          /* µs; 0: not now */
    unsigned vain;     /* waits in a row in which nothing came */
    unsigned left_out; /* calls since the last wait */
} connection;

static ap_filter_rec_t *filter;
static apr_uint32_t waiting, most_waiting; /* threads of this child */
static apr_uint32_t waits_rewarded, waits_in_vain;

void uapi_next_call_child_init(void)
{
    int threads = 0, async = 0;
    ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    most_waiting = (async != 0 && threads > 3) ? (apr_uint32_t)threads / 4 : 0;
}

void uapi_next_call_count(apr_uint32_t *came, apr_uint32_t *vain)
{
    *came = apr_atomic_read32(&waits_rewarded);
    *vain = apr_atomic_read32(&waits_in_vain);
}

/* All of the answer is with the kernel. */
static int is_written(conn_rec *c)
{
    ap_filter_t *last = c->output_filters;
    while (last->next != NULL) {
        last = last->next;
    }
    return last->frec->filter_func.out_func(last, NULL) == APR_SUCCESS && !c->data_in_output_filters && !c->aborted;
}

static int is_stopping(void)
{
    int state = AP_MPMQ_RUNNING;
    ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
    return state == AP_MPMQ_STOPPING;
}

static int has_come(int fd, int wait)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    const struct timespec limit = {.tv_nsec = wait * 1000L};
    return ppoll(&readable, 1, &limit, NULL) != 0;
}

static void wait_for_it(conn_rec *c, connection *kept)
{
    if (apr_atomic_inc32(&waiting) < most_waiting && !is_stopping() && is_written(c)) {
        if (has_come(kept->fd, kept->wait)) {
            kept->vain = 0;
            apr_atomic_inc32(&waits_rewarded);
        } else {
            kept->vain += kept->vain < MOST_VAIN;
            apr_atomic_inc32(&waits_in_vain);
        }
        kept->left_out = 0;
    }
    apr_atomic_dec32(&waiting);
}

static apr_status_t await(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t bytes)
{
    connection *kept = f->ctx;
    if (kept->wait > 0 && mode == AP_MODE_SPECULATIVE && block == APR_NONBLOCK_READ) {
        if (f->c->keepalive == AP_CONN_KEEPALIVE) {
            wait_for_it(f->c, kept);
        }
        kept->wait = 0;
    }
    return ap_get_brigade(f->next, brigade, mode, block, bytes);
}

static connection *connection_of(conn_rec *c)
{
    connection *made;
    apr_os_sock_t fd;
    for (ap_filter_t *f = c->input_filters; f != NULL; f = f->next) {
        if (f->frec == filter) {
            return f->ctx;
        }
    }
    if (ap_get_conn_socket(c) == NULL || apr_os_sock_get(&fd, ap_get_conn_socket(c)) != APR_SUCCESS) {
        return NULL;
    }
    made = apr_pcalloc(c->pool, sizeof(*made));
    made->fd = fd;
    ap_add_input_filter_handle(filter, made, NULL, c);
    return made;
}

void uapi_next_call_expect(request_rec *r, int wait)
{
    conn_rec *c = r->connection;
    connection *kept;
    if (wait == 0 || most_waiting == 0 || c->master != NULL || c->cs == NULL || r->proto_num < HTTP_VERSION(1, 1)) {
        return;
    }
    kept = connection_of(c);
    if (kept != NULL && (kept->vain <= PATIENCE || ++kept->left_out >= 1u << (kept->vain - PATIENCE))) {
        kept->wait = wait;
    }
}

void uapi_next_call_register(void)
{
    /* Above TLS: what is speculated about is a request's first byte. */
    filter = ap_register_input_filter("UAPI_NEXT_CALL", await, NULL, AP_FTYPE_CONNECTION);
}
