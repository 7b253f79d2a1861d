/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "gateway.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <unistd.h>

#include "http_core.h"
#include "mod_proxy.h"
#include "unixd.h"

#include "../core/firewall_open.h"
#include "../core/fetch.h"
#include "../core/pattern_cache.h"
#include "background.h"
#include "federate.h"
#include "../core/isolation.h"
#include "log.h"
#include "next_call.h"
#include "worker.h"

/* The gateways of the running configuration. Read-only once the children run; each child fills in its own copies of
 * `registry` and of what start changes. */
static apr_array_header_t *gateways;

const apr_array_header_t *uapi_gateway_all(void)
{
    return gateways;
}

static uapi_gateway *gateway_at(int index)
{
    return APR_ARRAY_IDX(gateways, index, uapi_gateway *);
}

const uapi_gateway *uapi_gateway_of(const request_rec *r)
{
    const uapi_gateway *gateway = uapi_config_server(r->server)->gateway;
    return (gateway != NULL && gateway->registry != NULL && gateway->audit != NULL) ? gateway : NULL;
}

/* ---------------------------------------------------------------- check_config */

static void report(server_rec *server, const char *what, const uapi_result *result)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server, UAPI_LOGNO(0001) "%s: %s", what,
                 result->detail != NULL ? result->detail : uapi_reason_describe(result->reason)->title);
}

static int load_policies(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    const apr_array_header_t *paths = gateway->config->policies;
    apr_array_header_t *diagnostics = NULL;
    uapi_result result = {0};
    apr_status_t status = uapi_policy_load(&gateway->policy, (const char *const *)paths->elts, (size_t)paths->nelts,
                                           &diagnostics, pconf, &result);
    for (int i = 0; diagnostics != NULL && i < diagnostics->nelts; i++) {
        const uapi_diagnostic *d = &APR_ARRAY_IDX(diagnostics, i, uapi_diagnostic);
        ap_log_error(APLOG_MARK, APLOG_STARTUP | (d->level == UAPI_DIAGNOSTIC_ERROR ? APLOG_ERR : APLOG_WARNING), 0,
                     server, UAPI_LOGNO(0002) "%s:%u:%u: %s: %s", d->file, d->line, d->column,
                     d->level == UAPI_DIAGNOSTIC_ERROR ? "error" : "warning", d->message);
    }
    if (status != APR_SUCCESS && (diagnostics == NULL || diagnostics->nelts == 0)) {
        report(server, "UapiPolicy", &result);
    }
    return status == APR_SUCCESS;
}

static apr_status_t load_plugin(uapi_plugin **plugin, const uapi_plugin_directive *directive, server_rec *server,
                                apr_pool_t *pconf, uapi_result *result)
{
    const char *shortcoming = uapi_config_plugin_isolated(directive) ? uapi_isolation_shortcoming() : NULL;
    if (!uapi_config_plugin_isolated(directive)) {
        return uapi_plugin_load_configured(plugin, directive->path, directive->sha256, directive->options, pconf,
                                           result);
    }
    if (shortcoming != NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, server,
                     UAPI_LOGNO(0012) "%s: UapiPlugin %s: %s; while it is created it can read whatever files the "
                                      "server's user can",
                     directive->where, directive->path, shortcoming);
    }
    return uapi_isolation_load(plugin, directive->path, directive->sha256, directive->options, &directive->limits,
                               pconf, result);
}

static int load_plugins(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    const apr_array_header_t *wanted = gateway->config->plugins;
    int failed = 0;
    gateway->plugins = apr_pcalloc(pconf, sizeof(uapi_plugin *) * (size_t)(wanted != NULL ? wanted->nelts : 0) + 1);
    for (int i = 0; wanted != NULL && i < wanted->nelts; i++) {
        const uapi_plugin_directive *directive = &APR_ARRAY_IDX(wanted, i, uapi_plugin_directive);
        uapi_result result = {0};
        uapi_plugin *plugin;
        if (load_plugin(&plugin, directive, server, pconf, &result) != APR_SUCCESS) {
            report(server, apr_psprintf(pconf, "%s: UapiPlugin %s", directive->where, directive->path), &result);
            failed = 1;
        } else {
            gateway->plugins[gateway->plugin_count++] = plugin;
        }
    }
    return !failed;
}

static int make_firewall(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    uapi_plugin **scanners = apr_pcalloc(pconf, sizeof(uapi_plugin *) * (size_t)gateway->plugin_count + 1);
    size_t count = 0;
    uapi_result result = {0};
    for (int i = 0; i < gateway->plugin_count; i++) {
        if (gateway->plugins[i]->scanner != NULL) {
            scanners[count++] = gateway->plugins[i];
        }
    }
    if (uapi_firewall_create(&gateway->firewall, scanners, count, gateway->policy, pconf, &result) != APR_SUCCESS) {
        report(server, "the firewall", &result);
        return 0;
    }
    uapi_firewall_set_patience(gateway->firewall, uapi_config_scan_time(gateway->config));
    if (uapi_firewall_open_compile(gateway->firewall, pconf, &result) != APR_SUCCESS) {
        report(server, "the firewall of streams", &result);
        return 0;
    }
    return 1;
}

static int load_keys(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    uapi_result result = {0};
    if (uapi_keyring_load(&gateway->keyring, gateway->config->key_file, pconf, &result) != APR_SUCCESS) {
        report(server, "UapiKeyFile", &result);
        return 0;
    }
    return 1;
}

static int check_registry(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    uapi_result result = {0};
    if (uapi_registry_check(gateway->config->registry, pconf, &result) != APR_SUCCESS) {
        report(server, "UapiRegistry", &result);
        return 0;
    }
    return 1;
}

/* Whether the audit file can be what it must be, without opening what a running server may have open. */
static int check_audit(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    uapi_result result = {0};
    apr_finfo_t info;
    const char *path = gateway->config->audit;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, pconf);
    if (APR_STATUS_IS_ENOENT(status)) {
        const char *directory = ap_make_dirstr_parent(pconf, path);
        if (access(directory, W_OK) == 0) {
            return 1;
        }
        uapi_fail(&result, pconf, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                  "%s does not exist and cannot be made: %s is missing or not writable", path, directory);
    } else if (status != APR_SUCCESS || info.filetype != APR_REG) {
        uapi_fail(&result, pconf, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID, "%s is not a regular file", path);
    } else if ((info.protection & (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)) != 0) {
        uapi_fail(&result, pconf, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                  "%s is open to group or others; only its owner may read or write it (chmod 600)", path);
    } else if (access(path, R_OK | W_OK) != 0) {
        uapi_fail(&result, pconf, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID, "%s cannot be read and written", path);
    } else {
        return 1;
    }
    report(server, "UapiAudit", &result);
    return 0;
}

/* The steps of loading; all are tried, so that configtest reports every fault at once. The firewall needs both policy
 * and plugins. */
static int load(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    const uapi_server_config *config = gateway->config;
    int good = 1;
    if (config->key_file != NULL) {
        good &= load_keys(gateway, server, pconf);
    }
    if (config->registry != NULL) {
        good &= check_registry(gateway, server, pconf);
    }
    if (config->audit != NULL) {
        good &= check_audit(gateway, server, pconf);
    }
    int policies = config->policies == NULL || load_policies(gateway, server, pconf);
    int plugins = load_plugins(gateway, server, pconf);
    if (policies && plugins) {
        good &= make_firewall(gateway, server, pconf);
    }
    return good && policies && plugins;
}

static const char *config_key(const uapi_server_config *config, apr_pool_t *pool)
{
    const char *key = apr_psprintf(pool, "%s\n%s\n%s\n%d", config->registry, config->audit, config->key_file,
                                   config->scan_time);
    for (int i = 0; config->policies != NULL && i < config->policies->nelts; i++) {
        key = apr_pstrcat(pool, key, "\npolicy ", APR_ARRAY_IDX(config->policies, i, const char *), NULL);
    }
    for (int i = 0; config->plugins != NULL && i < config->plugins->nelts; i++) {
        const uapi_plugin_directive *plugin = &APR_ARRAY_IDX(config->plugins, i, uapi_plugin_directive);
        key = apr_pstrcat(pool, key, "\nplugin ", plugin->path, plugin->sha256, NULL);
        for (int j = 0; plugin->options != NULL && j < plugin->options->nelts; j++) {
            const uapi_plugin_option *option = &APR_ARRAY_IDX(plugin->options, j, uapi_plugin_option);
            key = apr_pstrcat(pool, key, "\noption ", option->key, "=", option->value, NULL);
        }
    }
    return key;
}

static int is_empty(const uapi_server_config *config)
{
    return config->registry == NULL && config->audit == NULL && config->key_file == NULL && config->policies == NULL &&
           config->plugins == NULL;
}

static int make_gateway(server_rec *server, apr_pool_t *pconf)
{
    uapi_server_config *config = uapi_config_server(server);
    uapi_gateway *gateway;
    const char *key;
    if (is_empty(config)) {
        return 1;
    }
    key = config_key(config, pconf);
    for (int i = 0; i < gateways->nelts; i++) {
        if (strcmp(gateway_at(i)->key, key) == 0) {
            config->gateway = gateway_at(i);
            return 1;
        }
    }
    gateway = apr_pcalloc(pconf, sizeof(*gateway));
    gateway->key = key;
    gateway->config = config;
    config->gateway = gateway;
    APR_ARRAY_PUSH(gateways, uapi_gateway *) = gateway;
    return load(gateway, server, pconf);
}

/* ---- claims: what directives in routes need from the server's directives */

static int complain(const uapi_claim *claim, const char *message, const char *value)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, claim->server, UAPI_LOGNO(0003) "%s: %s%s", claim->where,
                 message, value != NULL ? value : "");
    return 0;
}

static int judge_engine(const uapi_claim *claim, const uapi_server_config *config)
{
    const struct {
        const void *value;
        const char *name;
    } needed[] = {{config->registry, "UapiRegistry"},
                  {config->audit, "UapiAudit"},
                  {config->key_file, "UapiKeyFile"},
                  {config->policies, "UapiPolicy"}};
    int good = 1;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (needed[i].value == NULL) {
            good = complain(claim, "UapiEngine is switched on, but this server has no ", needed[i].name);
        }
    }
    if (ap_find_linked_module("mod_proxy.c") == NULL) {
        good = complain(claim, "UapiEngine is switched on, but mod_proxy, which carries the calls, is not loaded",
                        NULL);
    }
    return good;
}

static int judge_federated(const uapi_claim *claim, const uapi_policy_server *server, apr_pool_t *pconf)
{
    if (uapi_federation_is_ambiguous(server->name, claim->endpoint->separator)) {
        return complain(claim,
                        "UapiServers: the names of its tools would be ambiguous, because the server's name and the "
                        "separator overlap: ",
                        server->name);
    }
    if (server->ca != NULL && access(server->ca, R_OK) != 0) {
        return complain(claim, "UapiServers: the server's tls.ca cannot be read: ",
                        apr_psprintf(pconf, "%s, %s", server->name, server->ca));
    }
    if (uapi_worker_is_balanced(server->url) && !uapi_worker_knows_balancer(claim->server, server->url, pconf)) {
        return complain(claim, "UapiServers: there is no <Proxy> block for the balancer that is the url of server ",
                        apr_psprintf(pconf, "%s: %s", server->name, server->url));
    }
    if (uapi_worker_is_balanced(server->url) && server->revision != UAPI_SERVER_REVISION_2026_07_28 &&
        !uapi_worker_sticks(claim->server, server->url, pconf)) {
        ap_log_error(
            APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, claim->server,
            UAPI_LOGNO(0126) "%s: UapiServers: sessions with server %s cannot stay with the member that opened "
                             "them: its balancer has no stickysession=, or a member has no route=",
            claim->where, server->name);
    }
    APR_ARRAY_PUSH(claim->endpoint->federation.servers, const uapi_policy_server *) = server;
    return 1;
}

static int is_chosen(const uapi_gateway_endpoint *endpoint, const char *name)
{
    for (int i = 0; endpoint->names != NULL && i < endpoint->names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(endpoint->names, i, const char *), name) == 0) {
            return 1;
        }
    }
    return endpoint->names == NULL;
}

/* Which servers a universal gateway offers, from the policy files. */
static int judge_endpoint(const uapi_claim *claim, const uapi_gateway *gateway, apr_pool_t *pconf)
{
    uapi_gateway_endpoint *endpoint = claim->endpoint;
    apr_array_header_t *reachable;
    int good = 1;
    if (gateway == NULL || gateway->policy == NULL) {
        return complain(claim, "UapiServers needs policies that load (UapiPolicy)", NULL);
    }
    reachable = uapi_policy_reachable_servers(gateway->policy, pconf);
    endpoint->policy = gateway->policy;
    endpoint->federation.separator = endpoint->separator;
    endpoint->federation.servers = apr_array_make(pconf, 8, sizeof(const uapi_policy_server *));
    for (int i = 0; i < reachable->nelts; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(reachable, i, const uapi_policy_server *);
        if (is_chosen(endpoint, server->name)) {
            good &= judge_federated(claim, server, pconf);
        }
    }
    for (int i = 0; endpoint->names != NULL && i < endpoint->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(endpoint->names, i, const char *);
        const uapi_policy_server *server = uapi_policy_find_server(gateway->policy, name);
        if (server != NULL && server->is_rest) {
            good = complain(
                claim,
                "UapiServers names a server that speaks REST; it has a route of its own (UapiServer), and no "
                "place at an endpoint that speaks MCP: ",
                name);
        } else if (server == NULL || server->url == NULL) {
            good = complain(claim, "UapiServers names a server for which no policy file has a url: ", name);
        }
    }
    return good;
}

/* In another protocol's messages nobody looks for tools: what protects them would hold on this route no more. */
static int judge_protocol(const uapi_claim *claim, const uapi_policy *policy, apr_pool_t *pconf)
{
    const uapi_policy_server *server = uapi_policy_find_server(policy, claim->value);
    int protocol = claim->route->protocol;
    const char *what = "";
    if (server == NULL || server->is_rest || (protocol != UAPI_PROTOCOL_REST && protocol != UAPI_PROTOCOL_JSONRPC)) {
        return 1;
    }
    if (server->pinning != UAPI_PINNING_DISABLED) {
        what = "its tools are pinned";
    } else if (uapi_policy_has_tool_rules(policy, server->name)) {
        what = "policies have rules for its tools";
    }
    return what[0] == '\0' ||
           complain(claim,
                    "UapiServer names an MCP server, and the route's UapiProtocol is another one, in which a call of a "
                    "tool is not known as one: ",
                    apr_pstrcat(pconf, server->name, ", and ", what, NULL));
}

static int judge_claim(const uapi_claim *claim, apr_pool_t *pconf)
{
    const uapi_server_config *config = uapi_config_server(claim->server);
    uapi_gateway *gateway = config->gateway;
    uapi_result result = {0};
    switch (claim->kind) {
    case UAPI_CLAIM_ENGINE:
        return judge_engine(claim, config);
    case UAPI_CLAIM_SERVER:
        if (gateway != NULL && gateway->policy != NULL && !judge_protocol(claim, gateway->policy, pconf)) {
            return 0;
        }
        if (gateway != NULL && gateway->policy != NULL && !uapi_policy_knows_server(gateway->policy, claim->value)) {
            return complain(claim,
                            "UapiServer names a server that no policy file declares or mentions: ", claim->value);
        }
        return 1;
    case UAPI_CLAIM_ANONYMOUS:
        if (config->registry != NULL &&
            uapi_registry_check_tenant(config->registry, claim->value, pconf, &result) != APR_SUCCESS) {
            return complain(claim, "UapiAnonymous: ", result.detail);
        }
        return 1;
    case UAPI_CLAIM_POWER:
        if (gateway != NULL) {
            gateway->power = 1;
        }
        return 1;
    case UAPI_CLAIM_ENDPOINT:
        return judge_endpoint(claim, gateway, pconf);
    }
    return 0;
}

/* SQLite must sync each commit if any route wants power. Where the server as a whole says `process`, only a route that says
 * `power` (a claim) brings it back. */
static void derive_power(server_rec *server)
{
    uapi_gateway *gateway = uapi_config_server(server)->gateway;
    const uapi_route_config *defaults = ap_get_module_config(server->lookup_defaults, &uapi_module);
    if (gateway != NULL && uapi_config_durability(defaults) == UAPI_DURABILITY_POWER) {
        gateway->power = 1;
    }
}

static void log_plugin_line(void *baton, const char *plugin_id, uint32_t level, const char *message, size_t length)
{
    (void)baton;
    ap_log_error(APLOG_MARK, (int)(level < 3 || level > 7 ? 6 : level), 0, ap_server_conf,
                 UAPI_LOGNO(0004) "plugin %s: %.*s", plugin_id, (int)(length > 1024 ? 1024 : length), message);
}

/* A cache that does not work costs time at the start and nothing else, so it is no error; where nobody asked for one, not even
 * worth a warning. */
static void log_pattern_cache(void *baton, uapi_pattern_cache_event event, const char *detail)
{
    server_rec *server = baton;
    int asked = uapi_config_server(server)->pattern_cache != NULL;
    switch (event) {
    case UAPI_PATTERN_CACHE_READ:
    case UAPI_PATTERN_CACHE_STORED:
        ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, server, "compiled patterns %s %s",
                     event == UAPI_PATTERN_CACHE_READ ? "read from" : "stored in", detail);
        break;
    case UAPI_PATTERN_CACHE_IGNORED:
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, server,
                     UAPI_LOGNO(0130) "UapiPatternCache: not used, patterns are compiled: %s", detail);
        break;
    case UAPI_PATTERN_CACHE_UNSTORED:
        ap_log_error(APLOG_MARK, APLOG_STARTUP | (asked ? APLOG_WARNING : APLOG_INFO), 0, server,
                     UAPI_LOGNO(0131) "UapiPatternCache: compiled patterns cannot be kept: %s", detail);
        break;
    }
}

static void use_pattern_cache(server_rec *server, apr_pool_t *pconf)
{
    const char *directory = uapi_config_server(server)->pattern_cache;
    if (directory == NULL) {
        directory = ap_runtime_dir_relative(pconf, "uapi-patterns");
    }
    uapi_pattern_cache_use(directory[0] != '\0' ? directory : NULL, log_pattern_cache, server);
}

static void log_helper(void *baton, const char *plugin_id, const char *what)
{
    (void)baton;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, ap_server_conf, UAPI_LOGNO(0013) "plugin %s: %s", plugin_id, what);
}

int uapi_gateway_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const apr_array_header_t *claims = uapi_config_claims(pconf);
    int good = 1;
    (void)plog;
    (void)ptemp;
    gateways = apr_array_make(pconf, 2, sizeof(uapi_gateway *));
    uapi_plugin_set_log(log_plugin_line, NULL);
    use_pattern_cache(server, pconf);
    uapi_isolation_configure(NULL, ap_unixd_config.user_id, ap_unixd_config.group_id, log_helper, NULL);
    for (server_rec *s = server; s != NULL; s = s->next) {
        good &= make_gateway(s, pconf);
        derive_power(s);
    }
    uapi_pattern_cache_use(NULL, NULL, NULL);
    for (int i = 0; i < claims->nelts; i++) {
        good &= judge_claim(&APR_ARRAY_IDX(claims, i, uapi_claim), pconf);
    }
    return good ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

/* ------------------------------------------------------------------ post_config */

/* Children keep here what definitions of tools they saw; made while still root, because the folder may be closed to them. */
static int prepare_pins(uapi_gateway *gateway, server_rec *server, apr_pool_t *pconf)
{
    int as_root = (geteuid() == 0);
    uapi_result result = {0};
    if (gateway->config->registry == NULL || gateway->policy == NULL || !uapi_policy_pins(gateway->policy) ||
        uapi_pins_prepare(gateway->config->registry, as_root ? (int)ap_unixd_config.user_id : -1,
                          as_root ? (int)ap_unixd_config.group_id : -1, pconf, &result) == APR_SUCCESS) {
        return 1;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server, UAPI_LOGNO(0011) "pinning of tools: %s",
                 result.detail);
    return 0;
}

int uapi_gateway_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    apr_hash_t *opened = apr_hash_make(ptemp);
    int as_root = (geteuid() == 0);
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK; /* the first of two passes: the second one counts */
    }
    if (uapi_federate_share(pconf) != APR_SUCCESS || uapi_federate_share_cancelled(pconf) != APR_SUCCESS ||
        uapi_background_share(pconf) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (int i = 0; i < gateways->nelts; i++) {
        uapi_gateway *gateway = gateway_at(i);
        const char *path = gateway->config->audit;
        uapi_result result = {0};
        int power = 0;
        if (!prepare_pins(gateway, server, pconf)) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        if (path == NULL || gateway->keyring == NULL) {
            continue;
        }
        gateway->audit = apr_hash_get(opened, path, APR_HASH_KEY_STRING);
        if (gateway->audit != NULL) {
            continue;
        }
        for (int j = i; j < gateways->nelts; j++) {
            const char *other = gateway_at(j)->config->audit;
            power |= other != NULL && strcmp(other, path) == 0 && gateway_at(j)->power;
        }
        if (uapi_audit_open(&gateway->audit, path, gateway->keyring->audit_key, power,
                            as_root ? (int)ap_unixd_config.user_id : -1, as_root ? (int)ap_unixd_config.group_id : -1,
                            pconf, &result) != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, result.status, server, UAPI_LOGNO(0005) "UapiAudit: %s",
                         result.detail);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        if (result.detail != NULL) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server, UAPI_LOGNO(0007) "UapiAudit %s: %s", path,
                         result.detail);
        }
        apr_hash_set(opened, path, APR_HASH_KEY_STRING, gateway->audit);
    }
    return OK;
}

/* ------------------------------------------------------------------- child_init */

/* An object that several gateways share is opened once: find it in one that came before. */
static uapi_registry *shared_registry(int index)
{
    const uapi_server_config *mine = gateway_at(index)->config;
    for (int i = 0; i < index; i++) {
        const uapi_server_config *other = gateway_at(i)->config;
        if (gateway_at(i)->registry != NULL && strcmp(other->registry, mine->registry) == 0 &&
            strcmp(other->key_file, mine->key_file) == 0) {
            return gateway_at(i)->registry;
        }
    }
    return NULL;
}

static int audit_already_started(int index)
{
    for (int i = 0; i < index; i++) {
        if (gateway_at(i)->audit == gateway_at(index)->audit) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t start_gateway(int index, apr_pool_t *pchild, uapi_result *result)
{
    uapi_gateway *gateway = gateway_at(index);
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; i < gateway->plugin_count && status == APR_SUCCESS; i++) {
        status = uapi_plugin_start(gateway->plugins[i], pchild, result);
    }
    if (status == APR_SUCCESS && gateway->audit != NULL && !audit_already_started(index)) {
        status = uapi_audit_start(gateway->audit, pchild, result);
    }
    if (status == APR_SUCCESS && gateway->config->registry != NULL && gateway->keyring != NULL) {
        gateway->registry = shared_registry(index);
        if (gateway->registry == NULL) {
            status = uapi_registry_open(&gateway->registry, gateway->config->registry, gateway->keyring, pchild,
                                        result);
        }
    }
    if (status == APR_SUCCESS && gateway->registry != NULL && gateway->policy != NULL &&
        uapi_policy_pins(gateway->policy)) {
        status = uapi_pins_open(&gateway->pins, gateway->registry, gateway->config->registry, pchild, result);
    }
    return status;
}

void uapi_gateway_child_init(apr_pool_t *pchild, server_rec *server)
{
    uapi_fetch_start();
    uapi_next_call_child_init();
    uapi_federate_cache_init(pchild);
    uapi_worker_child_init(pchild);
    for (int i = 0; gateways != NULL && i < gateways->nelts; i++) {
        uapi_result result = {0};
        if (start_gateway(i, pchild, &result) != APR_SUCCESS) {
            gateway_at(i)->registry = NULL; /* the gateway refuses every call: see uapi_gateway_of() */
            ap_log_error(APLOG_MARK, APLOG_ERR, result.status, server,
                         UAPI_LOGNO(0006) "this child cannot serve and refuses every call: %s", result.detail);
        }
    }
    uapi_background_child_init(pchild); /* last, so that it ends first */
}
