/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "call.h"

#include <stdatomic.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "log.h"

/* An id must be unique over processes and restarts but need not be unpredictable: time in milliseconds (12 hex digits), a
 * random number of the process (10), a counter (10). It sorts by time and costs no system call. */
static void make_id(char id[UAPI_CALL_ID_LENGTH + 1], apr_time_t now)
{
    static atomic_uint_fast64_t counter;
    static atomic_uint_fast64_t process;
    static const char digits[] = "0123456789abcdef";
    uint64_t seed = atomic_load_explicit(&process, memory_order_relaxed);
    uint64_t parts[3] = {(uint64_t)(now / 1000), 0, atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed)};
    const int widths[3] = {12, 10, 10};
    char *out = id;

    if (seed == 0) {
        apr_generate_random_bytes((unsigned char *)&seed, sizeof(seed));
        seed |= 1;
        uint64_t nobody = 0;
        if (!atomic_compare_exchange_strong(&process, &nobody, seed)) {
            seed = nobody;
        }
    }
    parts[1] = seed;
    for (int part = 0; part < 3; part++) {
        for (int shift = (widths[part] - 1) * 4; shift >= 0; shift -= 4) {
            *out++ = digits[(parts[part] >> shift) & 15];
        }
    }
    *out = '\0';
}

void uapi_call_begin(uapi_call *call, apr_time_t now)
{
    call->started = now;
    call->request_id = UAPI_JSON_NONE;
    make_id(call->id, now);
}

uapi_call *uapi_call_find(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &uapi_module);
}

uapi_call *uapi_call_of(request_rec *r)
{
    const uapi_route_config *route = uapi_config_route(r);
    uapi_call *call;
    if (route->engine != UAPI_ENGINE_ON && route->engine != UAPI_ENGINE_SHADOW) {
        return NULL;
    }
    call = uapi_call_find(r);
    if (call == NULL) {
        call = apr_pcalloc(r->pool, sizeof(*call));
        call->protocol = uapi_config_protocol(route);
        call->automatic = call->protocol == UAPI_PROTOCOL_AUTO;
        call->protocol = call->automatic ? UAPI_PROTOCOL_REST : call->protocol;
        call->gateway = uapi_gateway_of(r);
        uapi_call_begin(call, r->request_time);
        ap_set_module_config(r->request_config, &uapi_module, call);
    }
    if (call->route != route) {
        call->server = route->server;
    }
    call->route = route; /* mod_dir and mod_negotiation may give the request another file's configuration */
    return call;
}

uapi_reason uapi_call_failure(const uapi_call *call)
{
    return call->sent ? UAPI_REASON_UPSTREAM_FAILED : UAPI_REASON_UPSTREAM_UNREACHABLE;
}

int uapi_call_enforces(const uapi_call *call)
{
    return call->route->engine == UAPI_ENGINE_ON;
}

const char *uapi_call_method(const uapi_call *call, const uapi_mcp_message *message)
{
    if (message == NULL) {
        return call->http_method;
    }
    if (message->method != NULL) {
        return message->method;
    }
    return (message->kind == UAPI_MCP_RESULT) ? "response/result" : "response/error";
}
