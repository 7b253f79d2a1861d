/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file upstream.h
 * Which upstreams may carry a guarded call: those of http and https, where mod_proxy asks before it sends the headers. Others
 * (h2, ajp, fcgi, scgi, uwsgi, ftp) would give the caller's own token away and get neither credential nor context, and a
 * tunnel (ws) could not be inspected. The call is refused with config.invalid before anything is sent.
 */
#ifndef UAPI_HTTPD_UPSTREAM_H
#define UAPI_HTTPD_UPSTREAM_H

#include "httpd.h"

/** pre_config hook: has mod_proxy ask for each upstream, once it is known which member of a balancer it is. */
int uapi_upstream_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif
