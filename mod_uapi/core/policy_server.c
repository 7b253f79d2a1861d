/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The header that carries a credential is the one place where a policy file puts bytes into a request. Headers that
 * frame the message, that belong to one hop, or that the gateway decides from are refused, as is anything that could
 * end a line.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

static const char placeholder[] = "{secret}";

enum { PLACEHOLDER = sizeof(placeholder) - 1, LONGEST_HEADER = 128, LONGEST_VALUE = 1024, LONGEST_URL = 2048 };

/* ---------------------------------------------------------------- headers */

typedef struct refused_header {
    const char *name; /* in any case; with a final "*" also what begins so */
    const char *why;
} refused_header;

static const char framing[] = "it frames the message";
static const char hop[] = "it belongs to one connection";
static const char gateway[] = "the gateway sets or judges it";

static const refused_header refused_headers[] = {
    {"Content-*", framing},
    {"Transfer-Encoding", framing},
    {"TE", framing},
    {"Trailer", framing},
    {"Expect", framing},
    {"Range", framing},
    {"If-*", framing},
    {"Connection", hop},
    {"Keep-Alive", hop},
    {"Proxy-*", hop},
    {"Upgrade", hop},
    {"HTTP2-Settings", hop},
    {"Host", gateway},
    {"Via", gateway},
    {"Forwarded", gateway},
    {"X-Forwarded-*", gateway},
    {"Accept", gateway},
    {"Accept-Encoding", gateway},
    {"Origin", gateway},
    {"Mcp-*", gateway},
    {"Last-Event-ID", gateway},
    {"Sec-*", gateway},
    {"Date", gateway},
};

static const char *why_refused(const char *name)
{
    for (size_t i = 0; i < sizeof(refused_headers) / sizeof(refused_headers[0]); i++) {
        const char *pattern = refused_headers[i].name;
        size_t length = strlen(pattern);
        if (pattern[length - 1] == '*' ? strncasecmp(name, pattern, length - 1) == 0 : strcasecmp(name, pattern) == 0) {
            return refused_headers[i].why;
        }
    }
    return NULL;
}

/* RFC 9110, section 5.6.2 */
static int is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!apr_isalnum(*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL) {
            return 0;
        }
    }
    return *text != '\0';
}

static void check_header(uapi_policy_source *source, const uapi_yaml_node *header)
{
    const char *quoted = uapi_yaml_quote(header->text, header->length, source->pool);
    const char *why;

    if (!is_token(header->text) || header->length > LONGEST_HEADER) {
        uapi_policy_error(source->diagnoses, header, "%s is no header name", quoted);
        return;
    }
    why = why_refused(header->text);
    if (why != NULL) {
        uapi_policy_error(source->diagnoses, header, "a credential cannot be injected as header %s: %s", quoted, why);
    }
}

static void check_value(uapi_policy_source *source, const uapi_yaml_node *value)
{
    const char *first = strstr(value->text, placeholder);

    if (first == NULL || strstr(first + PLACEHOLDER, placeholder) != NULL) {
        /* the value is not quoted: someone may have written the secret itself */
        uapi_policy_error(source->diagnoses, value,
                          "\"value\" must have {secret} exactly once; the secret itself is kept in the"
                          " registry (uapictl credential set)");
    }
    for (const char *at = value->text; *at != '\0'; at++) {
        if (*at < 0x20 || *at >= 0x7f) {
            uapi_policy_error(source->diagnoses, value, "\"value\" may have printable ASCII characters only");
            break;
        }
    }
    if (value->length > LONGEST_VALUE) {
        uapi_policy_error(source->diagnoses, value, "\"value\" is longer than %d bytes", LONGEST_VALUE);
    }
    if (value->text[0] == ' ' || (value->length > 0 && value->text[value->length - 1] == ' ')) {
        uapi_policy_error(source->diagnoses, value, "\"value\" begins or ends with a space");
    }
}

static void check_credential(uapi_policy_source *source, const uapi_form_credential *credential)
{
    if (credential->name != NULL) {
        uapi_policy_check_name(source, "credential", credential->name);
    }
    if (credential->inject != NULL && credential->inject->header != NULL) {
        check_header(source, credential->inject->header);
    }
    if (credential->inject != NULL && credential->inject->value != NULL) {
        check_value(source, credential->inject->value);
    }
}

/* ---------------------------------------------------------------- URLs */

static int is_authority(const char *text, size_t length)
{
    static const char host[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    size_t at = strspn(text, host);

    if (*text == '[') { /* an IPv6 address */
        at = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
        if (at < 3 || text[at] != ']') {
            return 0;
        }
        at++;
    }
    if (at > 0 && at < length && text[at] == ':') {
        size_t digits = strspn(text + at + 1, "0123456789");
        long port = digits > 0 && digits <= 5 ? strtol(text + at + 1, NULL, 10) : 0;
        return port > 0 && port <= 65535 && at + 1 + digits == length;
    }
    return at > 0 && at == length;
}

/* What is wrong with a URL; NULL if nothing is. */
static const char *judge_url(const char *url)
{
    static const char *const schemes[] = {"https://", "http://", "balancer://"};
    size_t scheme = 0, authority;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && scheme == 0; i++) {
        scheme = strncmp(url, schemes[i], strlen(schemes[i])) == 0 ? strlen(schemes[i]) : 0;
    }
    if (scheme == 0) {
        return "must begin with https://, http:// or balancer://";
    }
    for (const char *at = url; *at != '\0'; at++) {
        if (*at <= 0x20 || *at >= 0x7f || strchr("\"<>\\^`{|}", *at) != NULL) {
            return "has a character that no URL has";
        }
    }
    authority = strcspn(url + scheme, "/?#");
    if (memchr(url + scheme, '@', authority) != NULL) {
        return "must not hold a user name or password: use a credential";
    }
    if (strchr(url, '#') != NULL) {
        return "must not have a fragment";
    }
    if (!is_authority(url + scheme, authority)) {
        return "has no valid host and port";
    }
    return strlen(url) > LONGEST_URL ? "is longer than 2048 bytes" : NULL;
}

/* ---------------------------------------------------------------- time-outs */

/* "500ms", "10s", "2m", in milliseconds; 0 if it is none, or not between 100 ms and 10 minutes. */
static unsigned parse_timeout(const char *text)
{
    static const struct {
        const char *unit;
        unsigned scale;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    size_t digits = strspn(text, "0123456789");
    unsigned long number = digits > 0 && digits <= 6 ? strtoul(text, NULL, 10) : 0;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            unsigned long ms = number * units[i].scale;
            return ms >= 100 && ms <= 600000 ? (unsigned)ms : 0;
        }
    }
    return 0;
}

static void check_gateway_fields(uapi_policy_source *source, const uapi_form_server *server)
{
    if (server->timeout != NULL && parse_timeout(server->timeout->text) == 0) {
        uapi_policy_error(source->diagnoses, server->timeout,
                          "\"timeout\" must be a time from 100ms to 10m, such as 500ms, 10s or 2m");
    }
    if (server->tls != NULL && server->tls->ca != NULL && server->tls->ca->text[0] != '/') {
        uapi_policy_error(source->diagnoses, server->tls->ca, "\"ca\" must be an absolute path");
    }
}

void uapi_policy_check_server(uapi_policy_source *source, uapi_form_server *server)
{
    const char *fault = server->url != NULL ? judge_url(server->url->text) : NULL;

    if (fault != NULL) {
        uapi_policy_error(source->diagnoses, server->url, "\"url\" %s", fault);
    }
    if (server->arguments != NULL && server->arguments->schema.value == 1 &&
        (server->pinning.node == NULL || server->pinning.value == UAPI_PINNING_DISABLED)) {
        uapi_policy_error(source->diagnoses, server->arguments->node,
                          "the schemas of arguments are those of pinned tools: \"arguments\" needs \"pinning\"");
    }
    if (server->pinning.node != NULL && server->pinning.value != UAPI_PINNING_DISABLED &&
        (server->operations != NULL ||
         (server->protocol.node != NULL && strcmp(server->protocol.node->text, "mcp") != 0))) {
        uapi_policy_error(source->diagnoses, server->pinning.node, "\"pinning\" is for tools, and only MCP has them");
    }
    if (server->credential != NULL) {
        check_credential(source, server->credential);
    }
    check_gateway_fields(source, server);
    uapi_policy_check_operations(source, server);
}

/* ---------------------------------------------------------------- compiled */

static void set_credential(uapi_policy_server *server, const uapi_form_credential *credential, apr_pool_t *pool)
{
    const char *value = credential->inject->value->text, *secret = strstr(value, placeholder);

    server->credential = apr_pstrdup(pool, credential->name->text);
    server->inject_header = apr_pstrdup(pool, credential->inject->header->text);
    server->inject_prefix = apr_pstrmemdup(pool, value, (apr_size_t)(secret - value));
    server->inject_suffix = apr_pstrdup(pool, secret + PLACEHOLDER);
}

void uapi_policy_compile_servers(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_SERVER];

    for (int i = 0; i < documents->nelts; i++) {
        const uapi_form_document *document = APR_ARRAY_IDX(documents, i, uapi_form_document *);
        const uapi_form_server *form = document->spec;
        uapi_policy_server *server = apr_pcalloc(pool, sizeof(*server));

        server->name = apr_pstrdup(pool, document->metadata->name->text);
        server->url = form->url != NULL ? apr_pstrdup(pool, form->url->text) : NULL;
        server->revision = form->revision.node != NULL ? (uapi_server_revision)form->revision.value
                                                       : UAPI_SERVER_REVISION_AUTO;
        server->timeout_ms = form->timeout != NULL ? parse_timeout(form->timeout->text) : UAPI_POLICY_DEFAULT_TIMEOUT;
        server->has_timeout = form->timeout != NULL;
        server->ca = form->tls != NULL ? apr_pstrdup(pool, form->tls->ca->text) : NULL;
        server->pinning = form->pinning.node != NULL ? (uapi_pinning)form->pinning.value : UAPI_PINNING_DISABLED;
        policy->pins |= server->pinning != UAPI_PINNING_DISABLED;
        server->checks_arguments = form->arguments != NULL && form->arguments->schema.value == 1;
        if (form->credential != NULL) {
            set_credential(server, form->credential, pool);
        }
        server->operations = uapi_policy_compile_operations(form, pool);
        server->content_types = uapi_policy_compile_content_types(form, pool);
        server->is_rest = server->operations != NULL ||
                          (form->protocol.node != NULL && strcmp(form->protocol.node->text, "rest") == 0);
        apr_hash_set(policy->servers, server->name, APR_HASH_KEY_STRING, server);
        apr_hash_set(policy->known, server->name, APR_HASH_KEY_STRING, server->name);
    }
}

const uapi_policy_server *uapi_policy_find_server(const uapi_policy *policy, const char *name)
{
    return apr_hash_get(policy->servers, name, APR_HASH_KEY_STRING);
}

int uapi_policy_pins(const uapi_policy *policy)
{
    return policy->pins;
}

int uapi_policy_has_tool_rules(const uapi_policy *policy, const char *server)
{
    return apr_hash_get(policy->tooled, server, APR_HASH_KEY_STRING) != NULL;
}

int uapi_policy_knows_server(const uapi_policy *policy, const char *name)
{
    return apr_hash_get(policy->known, name, APR_HASH_KEY_STRING) != NULL;
}

static int by_name(const void *left, const void *right)
{
    const uapi_policy_server *const *a = left, *const *b = right;

    return strcmp((*a)->name, (*b)->name);
}

static apr_array_header_t *list_servers(const uapi_policy *policy, int reachable_only, apr_pool_t *pool)
{
    apr_array_header_t *servers = apr_array_make(pool, 8, sizeof(const uapi_policy_server *));

    for (apr_hash_index_t *at = apr_hash_first(pool, policy->servers); at != NULL; at = apr_hash_next(at)) {
        const uapi_policy_server *server = apr_hash_this_val(at);
        if (!reachable_only || (server->url != NULL && !server->is_rest)) {
            APR_ARRAY_PUSH(servers, const uapi_policy_server *) = server;
        }
    }
    qsort(servers->elts, (size_t)servers->nelts, sizeof(const uapi_policy_server *), by_name);
    return servers;
}

apr_array_header_t *uapi_policy_reachable_servers(const uapi_policy *policy, apr_pool_t *pool)
{
    return list_servers(policy, 1, pool);
}

apr_array_header_t *uapi_policy_all_servers(const uapi_policy *policy, apr_pool_t *pool)
{
    return list_servers(policy, 0, pool);
}
