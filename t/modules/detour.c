/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A module that sends a request elsewhere after it has been judged, as a careless one could: for t/60-operation-verify.t.
 */
#include <apr_strings.h>

#include "httpd.h"
#include "http_config.h"
#include "http_protocol.h"

static int detour(request_rec *r)
{
    const char *to = apr_table_get(r->headers_in, "X-Detour");
    if (to != NULL && r->proxyreq) {
        r->filename = apr_pstrcat(r->pool, "proxy:", to, NULL);
    }
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(detour, NULL, NULL, APR_HOOK_REALLY_FIRST + 1); /* between the judge and mod_proxy */
}

module AP_MODULE_DECLARE_DATA detour_module = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
                                               AP_MODULE_FLAG_NONE};
