/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_uapi: a security gateway for the calls of AI agents. This file is the map: the module's record and its hooks in
 * the order in which a call meets them. docs/architecture.md walks through it.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_connection.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"

#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/gateway.h"
#include "httpd/next_call.h"
#include "httpd/pipeline.h"
#include "httpd/refuse.h"
#include "httpd/settle.h"
#include "httpd/stages.h"
#include "httpd/status.h"
#include "httpd/upstream.h"
#include "httpd/watch.h"

/* Aligned by hand: the list is the map. */
/* clang-format off */
static void register_hooks(apr_pool_t *pool)
{
    (void)pool;

    ap_hook_pre_config      (uapi_upstream_pre_config,         NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config    (uapi_gateway_check_config,        NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config     (uapi_gateway_post_config,         NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init      (uapi_gateway_child_init,          NULL, NULL, APR_HOOK_MIDDLE);

    ap_hook_pre_connection  (uapi_inject_pre_connection,       NULL, NULL, APR_HOOK_LAST);
    ap_hook_pre_connection  (uapi_watch_pre_connection,        NULL, NULL, APR_HOOK_LAST);
    /* First: what a browser was tricked into sending is refused before any module asks who sends it. */
    ap_hook_check_access    (uapi_admit_hook,                  NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn     (uapi_authenticate_hook,           NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(uapi_authenticate_note_failure,  NULL, NULL, APR_HOOK_MIDDLE);
    /* Really last: mod_rewrite, mod_headers and the others change the request in this phase too, and what we
     * judge must be what is sent. */
    ap_hook_fixups          (uapi_pipeline_fixups,             NULL, NULL, APR_HOOK_REALLY_LAST);
    /* Really first: a refused call must not reach any other handler. */
    ap_hook_handler         (uapi_pipeline_handler,            NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* Really last: the filter it adds must be the one next to the handler, before mod_headers' and others'. */
    ap_hook_insert_error_filter(uapi_refuse_insert_error_filter, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_log_transaction (uapi_settle_log_transaction,      NULL, NULL, APR_HOOK_FIRST);

    uapi_body_register();
    uapi_inject_register();
    uapi_inspect_response_register();
    uapi_refuse_register();
    uapi_status_register();
    uapi_next_call_register();
    uapi_watch_register();
}

/* httpd finds the module by this symbol; all others of ours stay hidden. */
extern module AP_MODULE_DECLARE_DATA uapi_module __attribute__((visibility("default")));

AP_DECLARE_MODULE(uapi) = {
    STANDARD20_MODULE_STUFF,
    uapi_config_create_route,
    uapi_config_merge_route,
    uapi_config_create_server,
    uapi_config_merge_server,
    uapi_config_directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
/* clang-format on */
