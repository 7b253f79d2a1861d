/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file config.h
 * The directives: what an administrator wrote, by server and by location, and how the two merge.
 *
 * What names files (registry, audit, key, policies, plugins) belongs to a server or virtual host and is inherited from
 * the main server directive by directive. What concerns a route may also stand in <Directory>, <Location> and their kin
 * and is inherited by nesting. None is allowed in .htaccess: who may write there must not switch the gateway off.
 */
#ifndef UAPI_HTTPD_CONFIG_H
#define UAPI_HTTPD_CONFIG_H

#include "httpd.h"
#include "http_config.h"

#include "../core/audit.h"
#include "../core/federation.h"
#include "../core/isolation.h"
#include "../core/plugin.h"
#include "../core/stream_limits.h"

typedef struct uapi_gateway uapi_gateway;

typedef enum uapi_engine { UAPI_ENGINE_UNSET = -1, UAPI_ENGINE_OFF, UAPI_ENGINE_SHADOW, UAPI_ENGINE_ON } uapi_engine;

typedef enum uapi_protocol {
    UAPI_PROTOCOL_UNSET = -1,
    UAPI_PROTOCOL_MCP,
    UAPI_PROTOCOL_JSONRPC,
    UAPI_PROTOCOL_REST,
    UAPI_PROTOCOL_AUTO /* of a route; never of a call */
} uapi_protocol;

#define UAPI_DEFAULT_MAX_BODY (1024 * 1024)
#define UAPI_DEFAULT_MAX_RESPONSE (16 * 1024 * 1024)
#define UAPI_LARGEST_BODY (256 * 1024 * 1024)

/** A UapiPlugin directive. */
typedef struct uapi_plugin_directive {
    const char *path;
    const char *sha256;          /* 64 hex digits, or NULL */
    apr_array_header_t *options; /* uapi_plugin_option; NULL: none */
    const char *where;           /* "file:line" */
    const char *isolation;       /* "process", "none", or NULL */
    uapi_isolation_limits limits;
} uapi_plugin_directive;

/** One word behind the path: a pin, key=value for the plugin, or what the host keeps for itself. NULL, or a fault. */
const char *uapi_config_plugin_word(cmd_parms *cmd, uapi_plugin_directive *plugin, const char *word);
/** Whether the words go together. */
const char *uapi_config_plugin_check(cmd_parms *cmd, const uapi_plugin_directive *plugin);
int uapi_config_plugin_isolated(const uapi_plugin_directive *plugin);

/** A UapiServers directive: which servers a universal gateway offers. */
typedef struct uapi_gateway_endpoint {
    const char *separator;
    apr_array_header_t *names; /* const char *; NULL: all that have a url */
    /* check_config fills these in, from the policy of the server that the directive stands in */
    const uapi_policy *policy;
    uapi_federation federation;
} uapi_gateway_endpoint;

#define UAPI_GATEWAY_HANDLER "uapi-gateway"
#define UAPI_DEFAULT_LIST_PAGE 200
#define UAPI_DEFAULT_NEXT_CALL_WAIT 1000 /* microseconds */
#define UAPI_LONGEST_NEXT_CALL_WAIT 10000
#define UAPI_DEFAULT_HOLD_BACK 500 /* milliseconds */
#define UAPI_LONGEST_HOLD_BACK 10000
#define UAPI_DEFAULT_HOLD_BYTES 16384
#define UAPI_DEFAULT_MAX_REFUSED 100
/** UapiScanTime, milliseconds. */
#define UAPI_DEFAULT_SCAN_TIME 1000
#define UAPI_LONGEST_SCAN_TIME 60000
/** UapiMaxStreamRate. */
#define UAPI_MOST_EVENTS 1000000
#define UAPI_LEAST_HOLD_BYTES 1024
#define UAPI_MOST_HOLD_BYTES 262144

/** UapiAllowedHosts or UapiAllowedOrigins. */
typedef struct uapi_allowed {
    apr_array_header_t *patterns; /* uapi_origin_pattern */
    int any;
} uapi_allowed;

typedef struct uapi_server_config {
    const char *registry;
    const char *audit;
    const char *key_file;
    apr_array_header_t *policies; /* const char *; NULL: none named */
    apr_array_header_t *plugins;  /* uapi_plugin_directive; NULL: none named */
    int scan_time;                /* UapiScanTime, in milliseconds; 0 off, -1 unset */
    const char *pattern_cache;    /* of the main server only; NULL: the usual place, "": off */
    uapi_gateway *gateway;        /* made by check_config from the merged directives; NULL on a server that has none */
} uapi_server_config;

typedef struct uapi_route_config {
    int engine;                      /* uapi_engine */
    int protocol;                    /* uapi_protocol */
    const char *server;              /* UapiServer */
    const char *anonymous;           /* UapiAnonymous: tenant; "" is `off` */
    int durability;                  /* uapi_durability, -1 unset */
    apr_off_t max_body;              /* -1 unset */
    apr_off_t max_response;          /* -1 unset */
    uapi_gateway_endpoint *endpoint; /* UapiServers */
    int list_page;                   /* UapiListPage, -1 unset */
    int next_call_wait;              /* UapiNextCallWait, in microseconds; -1 unset */
    apr_off_t max_stream;            /* UapiMaxStream, 0 off, -1 unset */
    int stream_events;               /* UapiMaxStreamRate, a second, 0 off, -1 unset */
    apr_off_t stream_bytes;          /* the same, 0 none, -1 unset */
    int max_refused;                 /* UapiMaxRefusedRequests, -1 unset */
    int hold_back;                   /* UapiHoldBack, milliseconds, 0 off, -1 unset */
    int hold_bytes;                  /* the same, -1 unset */
    uapi_allowed *hosts;             /* UapiAllowedHosts; NULL: none besides the server's names */
    uapi_allowed *origins;           /* UapiAllowedOrigins; NULL: none besides the server's own */
} uapi_route_config;

/** A directive that check_config must look at once the files it depends on are loaded. */
typedef enum uapi_claim_kind {
    UAPI_CLAIM_ENGINE,
    UAPI_CLAIM_SERVER,
    UAPI_CLAIM_ANONYMOUS,
    UAPI_CLAIM_POWER,
    UAPI_CLAIM_ENDPOINT
} uapi_claim_kind;

typedef struct uapi_claim {
    uapi_claim_kind kind;
    server_rec *server;
    const char *value;
    uapi_gateway_endpoint *endpoint; /* of ENDPOINT */
    const uapi_route_config *route;  /* of SERVER: what stands in the same section */
    const char *where;               /* "file:line" */
} uapi_claim;

/** All claims of the configuration that is being read; the array lives in the configuration pool. */
const apr_array_header_t *uapi_config_claims(apr_pool_t *pconf);

extern const command_rec uapi_config_directives[];

void *uapi_config_create_server(apr_pool_t *pool, server_rec *server);
void *uapi_config_merge_server(apr_pool_t *pool, void *base, void *added);
void *uapi_config_create_route(apr_pool_t *pool, char *path);
void *uapi_config_merge_route(apr_pool_t *pool, void *base, void *added);

uapi_server_config *uapi_config_server(const server_rec *server);
uapi_route_config *uapi_config_route(const request_rec *r);

/** Values with the defaults filled in. */
uapi_protocol uapi_config_protocol(const uapi_route_config *route);
uapi_durability uapi_config_durability(const uapi_route_config *route);
size_t uapi_config_max_body(const uapi_route_config *route);
size_t uapi_config_max_response(const uapi_route_config *route);
unsigned uapi_config_max_refused(const uapi_route_config *route);
uapi_stream_limits uapi_config_stream_limits(const uapi_route_config *route);
apr_interval_time_t uapi_config_scan_time(const uapi_server_config *server);
int uapi_config_list_page(const uapi_route_config *route);
int uapi_config_next_call_wait(const uapi_route_config *route);
int uapi_config_hold_back(const uapi_route_config *route);
size_t uapi_config_hold_bytes(const uapi_route_config *route);

#endif
