/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gateway.h
 * What a server's directives become at run time: the compiled policy, the firewall, the keys, the registry and the audit
 * chain. Servers with the same directives share one gateway; gateways that name the same registry or audit file share that.
 *
 * Life: check_config loads everything that can be judged without touching what runs (so `apachectl configtest` finds
 * every fault); post_config opens the audit file, once, while still root; child_init opens connections and starts the writer.
 */
#ifndef UAPI_HTTPD_GATEWAY_H
#define UAPI_HTTPD_GATEWAY_H

#include "config.h"

#include "../core/firewall.h"
#include "../core/keyring.h"
#include "../core/pins.h"
#include "../core/policy.h"
#include "../core/registry.h"

struct uapi_gateway {
    const char *key; /* the directives it was made from, joined: equal key, same gateway */
    const uapi_server_config *config;
    uapi_keyring *keyring;
    uapi_policy *policy;
    uapi_plugin **plugins;
    int plugin_count;
    uapi_firewall *firewall;
    int power;               /* some route asks for durability power */
    uapi_registry *registry; /* in a child */
    uapi_pins *pins;         /* in a child; NULL if no server of the policy pins its tools */
    uapi_audit *audit;
};

/** Hooks; see mod_uapi.c. */
int uapi_gateway_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);
int uapi_gateway_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);
void uapi_gateway_child_init(apr_pool_t *pchild, server_rec *server);

/** The gateway of the request's server; NULL if it has none or could not be started in this child (the call is then refused). */
const uapi_gateway *uapi_gateway_of(const request_rec *r);

/** All gateways of the running configuration, for mod_status; array of uapi_gateway *. */
const apr_array_header_t *uapi_gateway_all(void);

#endif
