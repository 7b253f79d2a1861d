/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/origin.h"
#include "log.h"

/* Claims are collected while directives are read and judged in check_config. They hang on the configuration pool, so a
 * restart begins with none. */
static const char *const claims_key = "uapi:claims";

static apr_array_header_t *claims_of(apr_pool_t *pconf)
{
    void *found = NULL;
    apr_pool_userdata_get(&found, claims_key, pconf);
    if (found == NULL) {
        found = apr_array_make(pconf, 8, sizeof(uapi_claim));
        apr_pool_userdata_setn(found, claims_key, NULL, pconf);
    }
    return found;
}

const apr_array_header_t *uapi_config_claims(apr_pool_t *pconf)
{
    return claims_of(pconf);
}

static const char *where(cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

static uapi_claim *claim(cmd_parms *cmd, uapi_claim_kind kind, const char *value)
{
    uapi_claim *entry = apr_array_push(claims_of(cmd->pool));
    entry->endpoint = NULL;
    entry->route = NULL;
    entry->kind = kind;
    entry->server = cmd->server;
    entry->value = value;
    entry->where = where(cmd);
    return entry;
}

/* ------------------------------------------------------------- create and merge */

void *uapi_config_create_server(apr_pool_t *pool, server_rec *server)
{
    uapi_server_config *made = apr_pcalloc(pool, sizeof(*made));
    (void)server;
    made->scan_time = -1;
    return made;
}

#define INHERIT(field, unset) merged->field = (over->field != (unset)) ? over->field : base->field

void *uapi_config_merge_server(apr_pool_t *pool, void *base_config, void *added_config)
{
    const uapi_server_config *base = base_config, *over = added_config;
    uapi_server_config *merged = apr_pcalloc(pool, sizeof(*merged));
    INHERIT(registry, NULL);
    INHERIT(audit, NULL);
    INHERIT(key_file, NULL);
    INHERIT(policies, NULL);
    INHERIT(plugins, NULL);
    INHERIT(scan_time, -1);
    return merged;
}

void *uapi_config_create_route(apr_pool_t *pool, char *path)
{
    uapi_route_config *route = apr_pcalloc(pool, sizeof(*route));
    (void)path;
    route->engine = UAPI_ENGINE_UNSET;
    route->protocol = UAPI_PROTOCOL_UNSET;
    route->durability = -1;
    route->max_body = -1;
    route->max_response = -1;
    route->max_stream = -1;
    route->stream_events = -1;
    route->stream_bytes = -1;
    route->max_refused = -1;
    route->list_page = -1;
    route->next_call_wait = -1;
    route->hold_back = -1;
    route->hold_bytes = -1;
    return route;
}

void *uapi_config_merge_route(apr_pool_t *pool, void *base_config, void *added_config)
{
    const uapi_route_config *base = base_config, *over = added_config;
    uapi_route_config *merged = apr_palloc(pool, sizeof(*merged));
    INHERIT(engine, UAPI_ENGINE_UNSET);
    INHERIT(protocol, UAPI_PROTOCOL_UNSET);
    INHERIT(server, NULL);
    INHERIT(anonymous, NULL);
    INHERIT(durability, -1);
    INHERIT(max_body, -1);
    INHERIT(max_response, -1);
    INHERIT(max_stream, -1);
    INHERIT(stream_events, -1);
    INHERIT(stream_bytes, -1);
    INHERIT(max_refused, -1);
    INHERIT(endpoint, NULL);
    INHERIT(list_page, -1);
    INHERIT(next_call_wait, -1);
    INHERIT(hold_back, -1);
    INHERIT(hold_bytes, -1);
    INHERIT(hosts, NULL);
    INHERIT(origins, NULL);
    return merged;
}

#undef INHERIT

uapi_server_config *uapi_config_server(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &uapi_module);
}

uapi_route_config *uapi_config_route(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &uapi_module);
}

uapi_protocol uapi_config_protocol(const uapi_route_config *route)
{
    return (route->protocol == UAPI_PROTOCOL_UNSET) ? UAPI_PROTOCOL_MCP : (uapi_protocol)route->protocol;
}

uapi_durability uapi_config_durability(const uapi_route_config *route)
{
    return (route->durability == -1) ? UAPI_DURABILITY_POWER : (uapi_durability)route->durability;
}

size_t uapi_config_max_body(const uapi_route_config *route)
{
    return (route->max_body == -1) ? UAPI_DEFAULT_MAX_BODY : (size_t)route->max_body;
}

size_t uapi_config_max_response(const uapi_route_config *route)
{
    return (route->max_response == -1) ? UAPI_DEFAULT_MAX_RESPONSE : (size_t)route->max_response;
}

unsigned uapi_config_max_refused(const uapi_route_config *route)
{
    return (route->max_refused == -1) ? UAPI_DEFAULT_MAX_REFUSED : (unsigned)route->max_refused;
}

apr_interval_time_t uapi_config_scan_time(const uapi_server_config *server)
{
    return apr_time_from_msec(server->scan_time == -1 ? UAPI_DEFAULT_SCAN_TIME : server->scan_time);
}

uapi_stream_limits uapi_config_stream_limits(const uapi_route_config *route)
{
    return (uapi_stream_limits){route->max_stream > 0 ? (uint64_t)route->max_stream : 0,
                                route->stream_events > 0 ? (uint32_t)route->stream_events : 0,
                                route->stream_bytes > 0 ? (uint64_t)route->stream_bytes : 0};
}

int uapi_config_hold_back(const uapi_route_config *route)
{
    return (route->hold_back == -1) ? UAPI_DEFAULT_HOLD_BACK : route->hold_back;
}

size_t uapi_config_hold_bytes(const uapi_route_config *route)
{
    return (size_t)((route->hold_bytes == -1) ? UAPI_DEFAULT_HOLD_BYTES : route->hold_bytes);
}

int uapi_config_list_page(const uapi_route_config *route)
{
    return (route->list_page == -1) ? UAPI_DEFAULT_LIST_PAGE : route->list_page;
}

int uapi_config_next_call_wait(const uapi_route_config *route)
{
    return (route->next_call_wait == -1) ? UAPI_DEFAULT_NEXT_CALL_WAIT : route->next_call_wait;
}

/* ------------------------------------------------------------------- directives */

static const char *set_engine(cmd_parms *cmd, void *config, const char *value)
{
    uapi_route_config *route = config;
    static const char *const names[] = {"off", "shadow", "on"};
    for (int i = 0; i < 3; i++) {
        if (strcasecmp(value, names[i]) == 0) {
            route->engine = i;
            if (i != UAPI_ENGINE_OFF) {
                claim(cmd, UAPI_CLAIM_ENGINE, NULL);
            }
            return NULL;
        }
    }
    return apr_pstrcat(cmd->pool, "UapiEngine must be on, shadow or off, not '", value, "'", NULL);
}

static const char *set_protocol(cmd_parms *cmd, void *config, const char *value)
{
    static const char *const names[] = {"mcp", "jsonrpc", "rest", "auto"};
    for (int i = 0; i < 4; i++) {
        if (strcasecmp(value, names[i]) == 0) {
            ((uapi_route_config *)config)->protocol = i;
            return NULL;
        }
    }
    return apr_pstrcat(cmd->pool, "UapiProtocol must be mcp, jsonrpc, rest or auto, not '", value, "'", NULL);
}

static int is_server_name(const char *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(value);
    return length > 0 && length <= 64 && strspn(value, allowed) == length;
}

static const char *set_server(cmd_parms *cmd, void *config, const char *value)
{
    uapi_route_config *route = config;
    if (!is_server_name(value)) {
        return "UapiServer takes a name of 1 to 64 letters, digits, dots, dashes and underscores";
    }
    route->server = value;
    claim(cmd, UAPI_CLAIM_SERVER, value)->route = route;
    return NULL;
}

/* [separator=TEXT] NAME... or * */
static const char *set_endpoint(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    static const char option[] = "separator=";
    uapi_gateway_endpoint *endpoint = apr_pcalloc(cmd->pool, sizeof(*endpoint));
    int first = argc > 0 && strncasecmp(argv[0], option, sizeof(option) - 1) == 0;
    endpoint->separator = first ? argv[0] + sizeof(option) - 1 : UAPI_FEDERATION_SEPARATOR;
    if (!uapi_federation_is_separator(endpoint->separator)) {
        return apr_psprintf(
            cmd->pool, "UapiServers: a separator is 1 to 8 letters, digits, dots, dashes and underscores, not '%s'",
            endpoint->separator);
    }
    if (argc == first) {
        return "UapiServers takes the names of servers, or *";
    }
    if (argc != first + 1 || strcmp(argv[first], "*") != 0) {
        endpoint->names = apr_array_make(cmd->pool, argc, sizeof(const char *));
        for (int i = first; i < argc; i++) {
            if (!is_server_name(argv[i])) {
                return apr_psprintf(cmd->pool, "UapiServers: '%s' is no name of a server", argv[i]);
            }
            APR_ARRAY_PUSH(endpoint->names, const char *) = apr_pstrdup(cmd->pool, argv[i]);
        }
    }
    ((uapi_route_config *)config)->endpoint = endpoint;
    claim(cmd, UAPI_CLAIM_ENDPOINT, NULL)->endpoint = endpoint;
    return NULL;
}

static const char *parse_number(cmd_parms *cmd, const char *value, int *number)
{
    char *end;
    apr_int64_t parsed = apr_strtoi64(value, &end, 10);
    if (!apr_isdigit(value[0]) || *end != '\0' || parsed < 1 || parsed > 10000) {
        return apr_psprintf(cmd->pool, "%s takes a number from 1 to 10000, not '%s'", cmd->cmd->name, value);
    }
    *number = (int)parsed;
    return NULL;
}

static const char *set_list_page(cmd_parms *cmd, void *config, const char *value)
{
    return parse_number(cmd, value, &((uapi_route_config *)config)->list_page);
}

static const char *set_max_refused(cmd_parms *cmd, void *config, const char *value)
{
    return parse_number(cmd, value, &((uapi_route_config *)config)->max_refused);
}

static const char *set_anonymous(cmd_parms *cmd, void *config, const char *value)
{
    uapi_route_config *route = config;
    if (strcasecmp(value, "off") == 0) {
        route->anonymous = "";
        return NULL;
    }
    route->anonymous = value;
    claim(cmd, UAPI_CLAIM_ANONYMOUS, value);
    return NULL;
}

static const char *set_next_call_wait(cmd_parms *cmd, void *config, const char *value)
{
    char *unit;
    apr_int64_t number = apr_strtoi64(value, &unit, 10);
    number *= (ap_cstr_casecmp(unit, "ms") == 0) ? 1000 : 1;
    if (ap_cstr_casecmp(value, "off") == 0) {
        number = 0;
    } else if (!apr_isdigit(value[0]) || (ap_cstr_casecmp(unit, "us") != 0 && ap_cstr_casecmp(unit, "ms") != 0) ||
               number < 1 || number > UAPI_LONGEST_NEXT_CALL_WAIT) {
        return apr_psprintf(cmd->pool, "UapiNextCallWait takes a time from 1us to 10ms, or off; not '%s'", value);
    }
    ((uapi_route_config *)config)->next_call_wait = (int)number;
    return NULL;
}

static const char *set_scan_time(cmd_parms *cmd, void *config, const char *value)
{
    const char *refusal = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    char *unit;
    apr_int64_t number = apr_strtoi64(value, &unit, 10);
    (void)config;
    if (refusal != NULL) {
        return refusal;
    }
    if (ap_cstr_casecmp(value, "off") == 0) {
        number = 0;
    } else if (!apr_isdigit(value[0]) || ap_cstr_casecmp(unit, "ms") != 0 || number < 1 ||
               number > UAPI_LONGEST_SCAN_TIME) {
        return apr_psprintf(cmd->pool, "UapiScanTime takes a time from 1ms to %dms, or off; not '%s'",
                            UAPI_LONGEST_SCAN_TIME, value);
    }
    uapi_config_server(cmd->server)->scan_time = (int)number;
    return NULL;
}

static const char *set_durability(cmd_parms *cmd, void *config, const char *value)
{
    uapi_route_config *route = config;
    if (strcasecmp(value, "power") == 0) {
        route->durability = UAPI_DURABILITY_POWER;
        claim(cmd, UAPI_CLAIM_POWER, NULL);
    } else if (strcasecmp(value, "process") == 0) {
        route->durability = UAPI_DURABILITY_PROCESS;
    } else {
        return apr_pstrcat(cmd->pool, "UapiAuditDurability must be power or process, not '", value, "'", NULL);
    }
    return NULL;
}

/* A size in bytes, or with K or M. NULL, or what is wrong. */
static const char *parse_size(cmd_parms *cmd, const char *value, apr_off_t *size)
{
    char *end;
    apr_off_t scale = 1;
    apr_int64_t number = apr_strtoi64(value, &end, 10);
    if (apr_isalpha(*end)) {
        scale = (apr_toupper(*end) == 'K') ? 1024 : (apr_toupper(*end) == 'M') ? 1024 * 1024 : 0;
        end++;
    }
    if (!apr_isdigit(value[0]) || *end != '\0' || scale == 0 || number < 1 || number > UAPI_LARGEST_BODY / scale) {
        return apr_psprintf(cmd->pool, "%s takes a size from 1 to 256M, such as 65536, 512K or 4M; not '%s'",
                            cmd->cmd->name, value);
    }
    *size = number * scale;
    return NULL;
}

static const char *set_hold_back(cmd_parms *cmd, void *config, const char *time, const char *size)
{
    uapi_route_config *route = config;
    apr_off_t bytes = UAPI_DEFAULT_HOLD_BYTES;
    const char *error = NULL;
    char *unit;
    apr_int64_t number = apr_strtoi64(time, &unit, 10);
    if (ap_cstr_casecmp(time, "off") == 0 && size == NULL) {
        number = 0;
    } else if (!apr_isdigit(time[0]) || ap_cstr_casecmp(unit, "ms") != 0 || number < 1 ||
               number > UAPI_LONGEST_HOLD_BACK) {
        return apr_psprintf(cmd->pool, "UapiHoldBack takes a time from 1ms to %dms, or off; not '%s'",
                            UAPI_LONGEST_HOLD_BACK, time);
    } else if (size != NULL) {
        error = parse_size(cmd, size, &bytes);
    }
    if (error == NULL && (bytes < UAPI_LEAST_HOLD_BYTES || bytes > UAPI_MOST_HOLD_BYTES)) {
        return apr_psprintf(cmd->pool, "UapiHoldBack takes a size from 1K to 256K, not '%s'", size);
    }
    route->hold_back = (int)number;
    route->hold_bytes = (int)bytes;
    return error;
}

static const char *set_max_body(cmd_parms *cmd, void *config, const char *value)
{
    return parse_size(cmd, value, &((uapi_route_config *)config)->max_body);
}

static const char *set_max_response(cmd_parms *cmd, void *config, const char *value)
{
    return parse_size(cmd, value, &((uapi_route_config *)config)->max_response);
}

static const char *set_max_stream(cmd_parms *cmd, void *config, const char *value)
{
    uapi_route_config *route = config;
    if (ap_cstr_casecmp(value, "off") == 0) {
        route->max_stream = 0;
        return NULL;
    }
    return parse_size(cmd, value, &route->max_stream);
}

/* "64K/s": the size is cut off its unit. */
static const char *parse_rate(cmd_parms *cmd, const char *value, apr_off_t *bytes)
{
    size_t length = strlen(value);
    if (length < 3 || strcmp(value + length - 2, "/s") != 0) {
        return apr_psprintf(cmd->pool, "UapiMaxStreamRate takes a size a second, such as 512K/s, not '%s'", value);
    }
    return parse_size(cmd, apr_pstrmemdup(cmd->pool, value, length - 2), bytes);
}

static const char *set_max_stream_rate(cmd_parms *cmd, void *config, const char *events, const char *bytes)
{
    uapi_route_config *route = config;
    char *unit;
    apr_int64_t number = apr_strtoi64(events, &unit, 10);
    if (ap_cstr_casecmp(events, "off") == 0 && bytes == NULL) {
        route->stream_events = 0;
        route->stream_bytes = 0;
        return NULL;
    }
    if (!apr_isdigit(events[0]) || strcmp(unit, "/s") != 0 || number < 1 || number > UAPI_MOST_EVENTS) {
        return apr_psprintf(cmd->pool, "UapiMaxStreamRate takes events a second, from 1/s to %d/s, or off; not '%s'",
                            UAPI_MOST_EVENTS, events);
    }
    route->stream_events = (int)number;
    route->stream_bytes = 0;
    return (bytes != NULL) ? parse_rate(cmd, bytes, &route->stream_bytes) : NULL;
}

static const char *full_path(cmd_parms *cmd, const char *value, const char **path)
{
    *path = ap_server_root_relative(cmd->pool, value);
    return (*path == NULL) ? apr_psprintf(cmd->pool, "%s: '%s' is no path", cmd->cmd->name, value) : NULL;
}

/* The three directives that name one file each; info is the field's offset. */
static const char *set_path(cmd_parms *cmd, void *config, const char *value)
{
    const char *refusal = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    char *field = (char *)uapi_config_server(cmd->server) + (size_t)cmd->info;
    (void)config;
    return refusal != NULL ? refusal : full_path(cmd, value, (const char **)(void *)field);
}

/* One for the whole server: what is compiled for one virtual host serves the others. */
static const char *set_pattern_cache(cmd_parms *cmd, void *config, const char *value)
{
    const char *refusal = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    uapi_server_config *server = uapi_config_server(cmd->server);
    (void)config;
    if (refusal == NULL && strcasecmp(value, "off") == 0) {
        server->pattern_cache = "";
        return NULL;
    }
    return refusal != NULL ? refusal : full_path(cmd, value, &server->pattern_cache);
}

static const char *add_policy(cmd_parms *cmd, void *config, const char *value)
{
    uapi_server_config *server = uapi_config_server(cmd->server);
    const char *path, *refusal = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    (void)config;
    if (refusal != NULL || (refusal = full_path(cmd, value, &path)) != NULL) {
        return refusal;
    }
    if (server->policies == NULL) {
        server->policies = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    *(const char **)apr_array_push(server->policies) = path;
    return NULL;
}

static const char *add_plugin(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    uapi_server_config *server = uapi_config_server(cmd->server);
    const char *refusal = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    uapi_plugin_directive plugin = {.where = where(cmd)};
    (void)config;
    if (refusal != NULL) {
        return refusal;
    }
    if (argc < 1 || argv[0][0] != '/') {
        return apr_psprintf(cmd->pool, "UapiPlugin takes an absolute path, not '%s'", argc < 1 ? "" : argv[0]);
    }
    plugin.path = argv[0];
    for (int i = 1; i < argc && refusal == NULL; i++) {
        refusal = uapi_config_plugin_word(cmd, &plugin, argv[i]);
    }
    refusal = refusal != NULL ? refusal : uapi_config_plugin_check(cmd, &plugin);
    if (refusal != NULL) {
        return refusal;
    }
    if (server->plugins == NULL) {
        server->plugins = apr_array_make(cmd->pool, 4, sizeof(uapi_plugin_directive));
    }
    *(uapi_plugin_directive *)apr_array_push(server->plugins) = plugin;
    return NULL;
}

static const char *add_allowed(cmd_parms *cmd, uapi_allowed **allowed, const char *value,
                               int (*parse)(uapi_origin_pattern *pattern, const char *text), const char *form)
{
    uapi_origin_pattern pattern;
    if (*allowed == NULL) {
        *allowed = apr_pcalloc(cmd->pool, sizeof(**allowed));
        (*allowed)->patterns = apr_array_make(cmd->pool, 4, sizeof(uapi_origin_pattern));
    }
    if (strcasecmp(value, "none") == 0) {
        return NULL;
    }
    if (strcasecmp(value, "any") == 0) {
        (*allowed)->any = 1;
        return NULL;
    }
    if (!parse(&pattern, value)) {
        return apr_psprintf(cmd->pool, "%s takes %s, any or none; not '%s'", cmd->cmd->name, form, value);
    }
    *(uapi_origin_pattern *)apr_array_push((*allowed)->patterns) = pattern;
    return NULL;
}

static const char *add_allowed_host(cmd_parms *cmd, void *config, const char *value)
{
    return add_allowed(cmd, &((uapi_route_config *)config)->hosts, value, uapi_host_pattern_parse,
                       "names such as mcp.example.com or *.example.com, without a port");
}

static const char *add_allowed_origin(cmd_parms *cmd, void *config, const char *value)
{
    return add_allowed(cmd, &((uapi_route_config *)config)->origins, value, uapi_origin_pattern_parse,
                       "origins such as https://app.example.com, https://*.example.com or http://localhost:*");
}

#define SERVER_CONTEXT RSRC_CONF
#define ROUTE_CONTEXT (RSRC_CONF | ACCESS_CONF)
#define FIELD(name) ((void *)APR_OFFSETOF(uapi_server_config, name))

const command_rec uapi_config_directives[] = {
    AP_INIT_TAKE1("UapiEngine", set_engine, NULL, ROUTE_CONTEXT,
                  "on, shadow (judge and record, refuse nothing on grounds of policy or content) or off"),
    AP_INIT_TAKE1("UapiProtocol", set_protocol, NULL, ROUTE_CONTEXT,
                  "what the route speaks: mcp, jsonrpc, rest or auto"),
    AP_INIT_TAKE1("UapiServer", set_server, NULL, ROUTE_CONTEXT,
                  "the name by which policies know the server behind this route"),
    AP_INIT_TAKE_ARGV("UapiServers", set_endpoint, NULL, ROUTE_CONTEXT,
                      "the servers that a universal gateway (SetHandler uapi-gateway) offers: names, or *; before them "
                      "perhaps separator=TEXT"),
    AP_INIT_TAKE12(
        "UapiHoldBack", set_hold_back, NULL, ROUTE_CONTEXT,
        "how long, and how many bytes of a stream, may wait for what decides about them, such as 500ms 16K, or off"),
    AP_INIT_TAKE1("UapiListPage", set_list_page, NULL, ROUTE_CONTEXT,
                  "the most entries that a universal gateway puts on one page of a list"),
    AP_INIT_TAKE1("UapiAnonymous", set_anonymous, NULL, ROUTE_CONTEXT,
                  "the tenant as whose anonymous principal callers without a token are admitted, or off"),
    AP_INIT_TAKE1(
        "UapiAuditDurability", set_durability, NULL, ROUTE_CONTEXT,
        "power (records are synced to the disk before a call goes on) or process (they outlive any killed process)"),
    AP_INIT_TAKE1("UapiMaxBody", set_max_body, NULL, ROUTE_CONTEXT,
                  "the largest request body, in bytes or with K or M"),
    AP_INIT_TAKE1("UapiMaxResponse", set_max_response, NULL, ROUTE_CONTEXT,
                  "the largest response body or single event, in bytes or with K or M"),
    AP_INIT_TAKE1("UapiMaxRefusedRequests", set_max_refused, NULL, ROUTE_CONTEXT,
                  "how many requests of a server's to the client may be refused before its stream ends"),
    AP_INIT_TAKE1("UapiMaxStream", set_max_stream, NULL, ROUTE_CONTEXT,
                  "how much a stream may carry in all, in bytes or with K or M, or off"),
    AP_INIT_TAKE12(
        "UapiMaxStreamRate", set_max_stream_rate, NULL, ROUTE_CONTEXT,
        "how many events a second a stream may carry, and perhaps how many bytes, such as 100/s 1M/s, or off"),
    AP_INIT_TAKE1(
        "UapiNextCallWait", set_next_call_wait, NULL, ROUTE_CONTEXT,
        "how long the thread that sent an answer waits for the connection's next call, such as 300us or 1ms, or off"),
    AP_INIT_ITERATE("UapiAllowedHosts", add_allowed_host, NULL, ROUTE_CONTEXT,
                    "names by which this server may be called besides ServerName and ServerAlias, any, or none"),
    AP_INIT_ITERATE("UapiAllowedOrigins", add_allowed_origin, NULL, ROUTE_CONTEXT,
                    "origins whose pages may call besides this server's own, any, or none"),
    AP_INIT_TAKE1("UapiRegistry", set_path, FIELD(registry), SERVER_CONTEXT, "path of the registry (SQLite)"),
    AP_INIT_TAKE1("UapiAudit", set_path, FIELD(audit), SERVER_CONTEXT, "path of the audit file (SQLite)"),
    AP_INIT_TAKE1("UapiKeyFile", set_path, FIELD(key_file), SERVER_CONTEXT,
                  "path of the key file, readable by its owner only"),
    AP_INIT_ITERATE("UapiPolicy", add_policy, NULL, SERVER_CONTEXT, "policy files, or directories of them"),
    AP_INIT_TAKE_ARGV("UapiPlugin", add_plugin, NULL, SERVER_CONTEXT,
                      "absolute path of a plugin, optionally sha256:HEX to pin it, and key=value for the plugin"),
    AP_INIT_TAKE1("UapiScanTime", set_scan_time, NULL, SERVER_CONTEXT,
                  "how long scanners may judge one text, such as 1000ms, or off"),
    AP_INIT_TAKE1("UapiPatternCache", set_pattern_cache, NULL, SERVER_CONTEXT,
                  "directory for compiled patterns, which only root may write to, or off"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};
