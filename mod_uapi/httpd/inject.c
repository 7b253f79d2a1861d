/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The credential is unsealed in the handler, just before mod_proxy runs, and put on the headers in mod_proxy's own fixups
 * hook, after it has cleared what the client's Connection header named: a client can therefore neither see nor drop it
 * (CVE-2022-31813 is what happens otherwise). The hook is an optional one, so it does not matter in which order the modules
 * are loaded.
 */
#include <string.h>

#include <apr_strings.h>

#include "mod_proxy.h"
#include "util_filter.h"

#include "../core/secret.h"
#include "federate.h"
#include "log.h"
#include "stages.h"
#include "watch.h"

apr_status_t uapi_stage_find_credential(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_policy_server *target = (call->server != NULL)
                                           ? uapi_policy_find_server(call->gateway->policy, call->server)
                                           : NULL;
    call->target = target;
    if (target != NULL && target->operations != NULL && call->upstream_path == NULL) {
        return uapi_fail(result, r->pool, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                         "server %s has operations, but its route does not say UapiProtocol rest", target->name);
    }
    if (target == NULL || target->credential == NULL) {
        return APR_SUCCESS;
    }
    return uapi_registry_find_credential(call->gateway->registry, call->principal->tenant, target->credential,
                                         &call->credential, r->pool, result);
}

/* The header's value with the secret in its place, in one piece of memory that is wiped before it is given back. */
static apr_status_t compose(request_rec *r, uapi_call *call, size_t room, uapi_result *result)
{
    const uapi_policy_server *target = call->target;
    size_t before = strlen(target->inject_prefix), after = strlen(target->inject_suffix);
    size_t size = before + room + after + 1;
    char *value = apr_palloc(r->pool, size);
    apr_status_t status;
    uapi_secret_wipe_with(r->pool, value, size);
    memcpy(value, target->inject_prefix, before);
    status = uapi_registry_unseal(call->gateway->registry, call->credential, value + before, room, &call->secret_length,
                                  result);
    if (status != APR_SUCCESS) {
        return status;
    }
    memcpy(value + before + call->secret_length, target->inject_suffix, after + 1);
    call->secret = value + before;
    call->injected = value;
    return APR_SUCCESS;
}

apr_status_t uapi_inject_unseal(request_rec *r, uapi_call *call, uapi_result *result)
{
    if (call->credential == NULL) {
        return APR_SUCCESS;
    }
    return compose(r, call, uapi_sealed_credential_length(call->credential), result);
}

/* Client headers that could be taken for ours. An underscore is as good as a dash to a CGI-style upstream. */
static int drop_forged(void *baton, const char *key, const char *value)
{
    (void)value;
    if (strncasecmp(key, "Uapi", 4) == 0 && (key[4] == '-' || key[4] == '_')) {
        *(const char **)apr_array_push(baton) = key;
    }
    return 1;
}

void uapi_inject_drop_forged(request_rec *r)
{
    apr_array_header_t *forged = apr_array_make(r->pool, 0, sizeof(const char *));
    apr_table_do(drop_forged, forged, r->headers_in, NULL);
    for (int i = 0; i < forged->nelts; i++) {
        apr_table_unset(r->headers_in, APR_ARRAY_IDX(forged, i, const char *));
    }
}

/* What the upstream must not get: the caller's own token, what would have it do another thing than was judged, and what would
 * have it answer in parts, each too short for a scanner to know what it is part of. */
static const char *const withheld[] = {
    "Authorization",     "Proxy-Authorization", "X-HTTP-Method-Override", "X-HTTP-Method",
    "X-Method-Override", "X-Original-URL",      "X-Rewrite-URL",          "Range",
    "If-Range"};

static void strip(request_rec *r, apr_table_t *headers)
{
    const char *connection = apr_table_get(headers, "Connection");
    if (connection != NULL) { /* older httpd runs this hook before it clears them; ours would go too */
        char *state, *name = apr_strtok(apr_pstrdup(r->pool, connection), ", \t", &state);
        for (; name != NULL; name = apr_strtok(NULL, ", \t", &state)) {
            apr_table_unset(headers, name);
        }
        apr_table_unset(headers, "Connection");
    }
    for (size_t i = 0; i < sizeof(withheld) / sizeof(withheld[0]); i++) {
        apr_table_unset(headers, withheld[i]);
    }
}

/* ---- mod_proxy copies header values into buffers of its own. They live in some pool of its making and would stay there, readable in a core
 * dump, until the memory is used again. A filter on the outgoing connection sees them go by and has them wiped with
 * their pool. It is told the header's name by the thread that writes it: a name lives as long as the configuration. */
static __thread const char *header_to_wipe;
static ap_filter_rec_t *wipe_filter;

static int holds_header(const char *data, size_t length, const char *name)
{
    size_t width = strlen(name);
    for (const char *line = data; line != NULL && line + width < data + length;) {
        if (strncasecmp(line, name, width) == 0 && line[width] == ':') {
            return 1;
        }
        line = memchr(line, '\n', (size_t)(data + length - line));
        line = (line != NULL) ? line + 1 : NULL;
    }
    return 0;
}

static apr_status_t wipe_header(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    apr_status_t status;
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
         header_to_wipe != NULL && bucket != APR_BRIGADE_SENTINEL(brigade); bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_POOL(bucket)) {
            apr_bucket_pool *memory = bucket->data;
            char *data = (char *)memory->base + bucket->start;
            if (memory->base != NULL && holds_header(data, bucket->length, header_to_wipe)) {
                uapi_secret_wipe_with(memory->pool, data, bucket->length);
                header_to_wipe = NULL;
            }
        }
    }
    status = ap_pass_brigade(f->next, brigade);
    uapi_watch_sent(f->c);
    return status;
}

int uapi_inject_pre_connection(conn_rec *c, void *socket)
{
    const apr_array_header_t *gateways = uapi_gateway_all();
    (void)socket;
    if (c->outgoing && gateways != NULL && gateways->nelts > 0) { /* of any server: they share pooled connections */
        ap_add_output_filter_handle(wipe_filter, NULL, NULL, c);
    }
    return OK;
}

/* What the gateway says to the server in the client's stead; nothing at all where the value is empty. */
static int replace_header(void *headers, const char *name, const char *value)
{
    if (value[0] == '\0') {
        apr_table_unset(headers, name);
    } else {
        apr_table_setn(headers, name, value);
    }
    return 1;
}

static int proxy_fixups(request_rec *r)
{
    uapi_call *call = uapi_call_find(r);
    apr_table_t *headers = r->headers_in; /* mod_proxy's copy: the client's own are untouched */
    uapi_watch_end();
    if (call == NULL) {
        return DECLINED;
    }
    strip(r, headers);
    apr_table_setn(headers, "Accept-Encoding", "identity"); /* a compressed answer could not be inspected */
    if (call->session != NULL) {
        apr_table_setn(headers, "Mcp-Session-Id", call->session);
    }
    if (call->last_event != NULL) {
        apr_table_setn(headers, "Last-Event-ID", call->last_event);
    }
    if (call->federated != NULL) {
        apr_table_do(replace_header, headers, call->federated->headers, NULL);
    }
    apr_table_setn(headers, "Uapi-Call-Id", call->id);
    apr_table_setn(headers, "Uapi-Principal", call->principal->id);
    apr_table_setn(headers, "Uapi-Principal-Type", uapi_principal_type_name(call->principal->type));
    apr_table_setn(headers, "Uapi-Tenant", call->principal->tenant);
    uapi_watch_arm(r, call);
    if (call->injected != NULL) {
        apr_table_setn(headers, call->target->inject_header, call->injected);
        header_to_wipe = call->target->inject_header;
    }
    return OK;
}

void uapi_inject_register(void)
{
    /* Before TLS, which would leave nothing to recognise. */
    wipe_filter = ap_register_output_filter("UAPI_WIPE", wipe_header, NULL, AP_FTYPE_CONNECTION);
    APR_OPTIONAL_HOOK(proxy, fixups, proxy_fixups, NULL, NULL, APR_HOOK_REALLY_LAST);
}
