/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A message is read in two passes over keys only: the envelope, then params (with the few objects inside it whose
 * keys the protocol gives a meaning). What a later stage decides by is taken out here once, unescaped, so that no
 * stage has to look at the spelling again. Which headers must agree is in mcp_headers.c, which keys must not vary in
 * mcp_keys.c.
 */
#include "mcp_internal.h"

#include "mcp_batch.h"

#include <string.h>

enum { KEY_JSONRPC, KEY_ID, KEY_METHOD, KEY_PARAMS, KEY_RESULT, KEY_ERROR, ENVELOPE_KEYS };

static const uapi_mcp_key envelope_keys[ENVELOPE_KEYS] = {
    [KEY_JSONRPC] = UAPI_MCP_KEY("jsonrpc"), [KEY_ID] = UAPI_MCP_KEY("id"),
    [KEY_METHOD] = UAPI_MCP_KEY("method"),   [KEY_PARAMS] = UAPI_MCP_KEY("params"),
    [KEY_RESULT] = UAPI_MCP_KEY("result"),   [KEY_ERROR] = UAPI_MCP_KEY("error"),
};

enum { KEY_CODE, KEY_MESSAGE, KEY_DATA, ERROR_KEYS };

static const uapi_mcp_key error_keys[ERROR_KEYS] = {
    [KEY_CODE] = UAPI_MCP_KEY("code"),
    [KEY_MESSAGE] = UAPI_MCP_KEY("message"),
    [KEY_DATA] = UAPI_MCP_KEY("data"),
};

/* The params of all methods of all revisions: a name that means something to one method is kept clean in every one. */
enum {
    KEY_META,
    KEY_NAME,
    KEY_ARGUMENTS,
    KEY_URI,
    KEY_TASK_ID,
    KEY_PROTOCOL_VERSION,
    KEY_REF,
    KEY_ARGUMENT,
    KEY_CONTEXT,
    KEY_CURSOR,
    KEY_CAPABILITIES,
    KEY_CLIENT_INFO,
    KEY_LEVEL,
    KEY_REQUEST_ID,
    KEY_REASON,
    KEY_PROGRESS_TOKEN,
    KEY_PROGRESS,
    KEY_TOTAL,
    KEY_TASK,
    KEY_INPUT_RESPONSES,
    KEY_REQUEST_STATE,
    KEY_NOTIFICATIONS,
    PARAMS_KEYS
};

static const uapi_mcp_key params_keys[PARAMS_KEYS] = {
    [KEY_META] = UAPI_MCP_KEY("_meta"),
    [KEY_NAME] = UAPI_MCP_KEY("name"),
    [KEY_ARGUMENTS] = UAPI_MCP_KEY("arguments"),
    [KEY_URI] = UAPI_MCP_KEY("uri"),
    [KEY_TASK_ID] = UAPI_MCP_KEY("taskId"),
    [KEY_PROTOCOL_VERSION] = UAPI_MCP_KEY("protocolVersion"),
    [KEY_REF] = UAPI_MCP_KEY("ref"),
    [KEY_ARGUMENT] = UAPI_MCP_KEY("argument"),
    [KEY_CONTEXT] = UAPI_MCP_KEY("context"),
    [KEY_CURSOR] = UAPI_MCP_KEY("cursor"),
    [KEY_CAPABILITIES] = UAPI_MCP_KEY("capabilities"),
    [KEY_CLIENT_INFO] = UAPI_MCP_KEY("clientInfo"),
    [KEY_LEVEL] = UAPI_MCP_KEY("level"),
    [KEY_REQUEST_ID] = UAPI_MCP_KEY("requestId"),
    [KEY_REASON] = UAPI_MCP_KEY("reason"),
    [KEY_PROGRESS_TOKEN] = UAPI_MCP_KEY("progressToken"),
    [KEY_PROGRESS] = UAPI_MCP_KEY("progress"),
    [KEY_TOTAL] = UAPI_MCP_KEY("total"),
    [KEY_TASK] = UAPI_MCP_KEY("task"),
    [KEY_INPUT_RESPONSES] = UAPI_MCP_KEY("inputResponses"),
    [KEY_REQUEST_STATE] = UAPI_MCP_KEY("requestState"),
    [KEY_NOTIFICATIONS] = UAPI_MCP_KEY("notifications"),
};

enum { KEY_META_VERSION, META_KEYS = 5 };

static const uapi_mcp_key meta_keys[META_KEYS] = {
    [KEY_META_VERSION] = UAPI_MCP_KEY("io.modelcontextprotocol/protocolVersion"),
    UAPI_MCP_KEY("io.modelcontextprotocol/clientInfo"),
    UAPI_MCP_KEY("io.modelcontextprotocol/clientCapabilities"),
    UAPI_MCP_KEY("io.modelcontextprotocol/logLevel"),
    UAPI_MCP_KEY("progressToken"),
};

/* Of the objects `ref`, `argument` and `context` of completion/complete, and of `task`. */
static const uapi_mcp_key inner_keys[] = {
    UAPI_MCP_KEY("type"),  UAPI_MCP_KEY("name"),      UAPI_MCP_KEY("uri"),
    UAPI_MCP_KEY("value"), UAPI_MCP_KEY("arguments"), UAPI_MCP_KEY("ttl"),
};
enum { INNER_KEYS = sizeof(inner_keys) / sizeof(inner_keys[0]) };

/* Of the filter of subscriptions/listen, the tasks extension's included. */
enum { KEY_RESOURCES, KEY_TASKS, FILTER_KEYS = 5 };

static const uapi_mcp_key filter_keys[FILTER_KEYS] = {
    [KEY_RESOURCES] = UAPI_MCP_KEY("resourceSubscriptions"),
    [KEY_TASKS] = UAPI_MCP_KEY("taskIds"),
    UAPI_MCP_KEY("toolsListChanged"),
    UAPI_MCP_KEY("promptsListChanged"),
    UAPI_MCP_KEY("resourcesListChanged"),
};

/* What of params the checks of the request need beside the message. */
typedef struct uapi_mcp_details {
    uint32_t meta_version;
    uint32_t protocol_version; /* of initialize */
} uapi_mcp_details;

static apr_status_t invalid(const uapi_mcp_reader *reader, uint32_t node, const char *what)
{
    unsigned at = node < reader->json->count ? reader->json->nodes[node].start : 0;

    return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_INVALID, "%s, at byte %u", what, at);
}

static int is_type(const uapi_json *json, uint32_t node, uapi_json_type type)
{
    return node != UAPI_JSON_NONE && json->nodes[node].type == type;
}

static int is_absent_or(const uapi_json *json, uint32_t node, uapi_json_type type)
{
    return node == UAPI_JSON_NONE || json->nodes[node].type == type;
}

static int is_integer(const uapi_json *json, uint32_t node)
{
    const char *text;
    uint32_t i;

    if (!is_type(json, node, UAPI_JSON_NUMBER)) {
        return 0;
    }
    text = json->text + json->nodes[node].start;
    for (i = 0; i < json->nodes[node].length; i++) {
        if (text[i] != '-' && (text[i] < '0' || text[i] > '9')) {
            return 0;
        }
    }
    return 1;
}

static int is_id(const uapi_json *json, uint32_t node)
{
    return is_type(json, node, UAPI_JSON_STRING) || is_integer(json, node);
}

static apr_status_t read_error(const uapi_mcp_reader *reader, const uint32_t *keys, uapi_mcp_message *message)
{
    uint32_t values[ERROR_KEYS];
    apr_status_t status = uapi_mcp_find_keys(reader, keys[KEY_ERROR], error_keys, ERROR_KEYS, values);

    if (status != APR_SUCCESS) {
        return status;
    }
    message->kind = UAPI_MCP_ERROR;
    if (is_type(reader->json, message->id, UAPI_JSON_NULL)) {
        message->id = UAPI_JSON_NONE;
    }
    if (message->id != UAPI_JSON_NONE && !is_id(reader->json, message->id)) {
        return invalid(reader, message->id, "the id is neither a string nor an integer");
    }
    if (!is_integer(reader->json, values[KEY_CODE]) || !is_type(reader->json, values[KEY_MESSAGE], UAPI_JSON_STRING)) {
        return invalid(reader, keys[KEY_ERROR], "the error lacks its code or message");
    }
    return APR_SUCCESS;
}

static apr_status_t read_result(const uapi_mcp_reader *reader, const uint32_t *keys, uapi_mcp_message *message)
{
    message->kind = UAPI_MCP_RESULT;
    if (!is_id(reader->json, message->id)) {
        return invalid(reader, message->node, "the id is neither a string nor an integer");
    }
    if (!is_type(reader->json, keys[KEY_RESULT], UAPI_JSON_OBJECT)) {
        return invalid(reader, keys[KEY_RESULT], "the result is no object");
    }
    return APR_SUCCESS;
}

static apr_status_t read_call(const uapi_mcp_reader *reader, const uint32_t *keys, uapi_mcp_message *message)
{
    message->kind = message->id == UAPI_JSON_NONE ? UAPI_MCP_NOTIFICATION : UAPI_MCP_REQUEST;
    message->params = keys[KEY_PARAMS];
    if (message->kind == UAPI_MCP_REQUEST && !is_id(reader->json, message->id)) {
        return invalid(reader, message->id, "the id is neither a string nor an integer");
    }
    if (!is_type(reader->json, keys[KEY_METHOD], UAPI_JSON_STRING)) {
        return invalid(reader, keys[KEY_METHOD], "the method is no string");
    }
    if (!is_absent_or(reader->json, message->params, UAPI_JSON_OBJECT) &&
        !(reader->foreign && is_type(reader->json, message->params, UAPI_JSON_ARRAY))) {
        return invalid(reader, message->params, "params is no object");
    }
    message->method = uapi_json_strdup(reader->json, keys[KEY_METHOD], reader->pool);
    return APR_SUCCESS;
}

/* The envelope. */
static apr_status_t read_message(const uapi_mcp_reader *reader, uint32_t node, uapi_mcp_message *message)
{
    uint32_t keys[ENVELOPE_KEYS];
    apr_status_t status;
    int kinds;

    memset(message, 0, sizeof(*message));
    message->node = node;
    message->params = message->arguments = UAPI_JSON_NONE;
    if (!is_type(reader->json, node, UAPI_JSON_OBJECT)) {
        return invalid(reader, node, "a message is no object");
    }
    status = uapi_mcp_find_keys(reader, node, envelope_keys, ENVELOPE_KEYS, keys);
    if (status != APR_SUCCESS) {
        return status;
    }
    message->id = keys[KEY_ID];
    if (!is_type(reader->json, keys[KEY_JSONRPC], UAPI_JSON_STRING) ||
        !uapi_json_equals(reader->json, keys[KEY_JSONRPC], "2.0")) {
        return invalid(reader, node, "jsonrpc is not \"2.0\"");
    }
    kinds = (keys[KEY_METHOD] != UAPI_JSON_NONE) + (keys[KEY_RESULT] != UAPI_JSON_NONE) +
            (keys[KEY_ERROR] != UAPI_JSON_NONE);
    if (kinds != 1 || (keys[KEY_METHOD] == UAPI_JSON_NONE && keys[KEY_PARAMS] != UAPI_JSON_NONE)) {
        return invalid(reader, node, "a message has exactly one of method, result and error");
    }
    if (keys[KEY_METHOD] != UAPI_JSON_NONE) {
        return read_call(reader, keys, message);
    }
    return keys[KEY_ERROR] != UAPI_JSON_NONE ? read_error(reader, keys, message) : read_result(reader, keys, message);
}

static uint32_t target_value(const uapi_mcp_method *method, const uint32_t *values)
{
    size_t i;

    for (i = 0; i < PARAMS_KEYS; i++) {
        if (strcmp(params_keys[i].name, method->target) == 0) {
            return values[i];
        }
    }
    return UAPI_JSON_NONE;
}

static apr_status_t read_target(const uapi_mcp_reader *reader, const uint32_t *values, uapi_mcp_message *message)
{
    const uapi_mcp_method *method = uapi_mcp_find_method(message->method);
    uint32_t target;

    if (!method) {
        return APR_SUCCESS;
    }
    target = target_value(method, values);
    if (target == UAPI_JSON_NONE && !method->target_required) {
        return APR_SUCCESS;
    }
    if (!is_type(reader->json, target, UAPI_JSON_STRING)) {
        return invalid(reader, message->node, "what the method is about is missing or no string");
    }
    message->target = uapi_json_strdup(reader->json, target, reader->pool);
    return APR_SUCCESS;
}

/* The objects inside params whose keys the protocol gives a meaning. */
static apr_status_t read_inner(const uapi_mcp_reader *reader, const uint32_t *values, uapi_mcp_details *details)
{
    static const uint8_t inner[] = {KEY_REF, KEY_ARGUMENT, KEY_CONTEXT, KEY_TASK};
    uint32_t meta[META_KEYS], ignored[INNER_KEYS];
    apr_status_t status;
    size_t i;

    if (!is_absent_or(reader->json, values[KEY_META], UAPI_JSON_OBJECT)) {
        return invalid(reader, values[KEY_META], "_meta is no object");
    }
    status = uapi_mcp_find_keys(reader, values[KEY_META], meta_keys, META_KEYS, meta);
    details->meta_version = meta[KEY_META_VERSION];
    for (i = 0; i < sizeof(inner) && status == APR_SUCCESS; i++) {
        status = uapi_mcp_find_keys(reader, values[inner[i]], inner_keys, INNER_KEYS, ignored);
    }
    return status;
}

/* Present, and not an empty list or object. What is of another type than it should be counts as something. */
static int says_something(const uapi_json *json, uint32_t node)
{
    return node != UAPI_JSON_NONE && json->nodes[node].type != UAPI_JSON_NULL &&
           (json->nodes[node].type < UAPI_JSON_ARRAY || json->nodes[node].skip > node + 1);
}

static apr_status_t read_also(const uapi_mcp_reader *reader, const uint32_t *values, uapi_mcp_message *message)
{
    uint32_t filter[FILTER_KEYS];
    apr_status_t status = uapi_mcp_find_keys(reader, values[KEY_NOTIFICATIONS], filter_keys, FILTER_KEYS, filter);

    if (says_something(reader->json, values[KEY_INPUT_RESPONSES])) {
        message->also |= UAPI_MCP_ALSO_ANSWERS;
    }
    if (says_something(reader->json, filter[KEY_RESOURCES])) {
        message->also |= UAPI_MCP_ALSO_SUBSCRIBES;
    }
    if (says_something(reader->json, filter[KEY_TASKS])) {
        message->also |= UAPI_MCP_ALSO_GETS_TASKS;
    }
    return status;
}

static apr_status_t read_params(const uapi_mcp_reader *reader, uapi_mcp_message *message, uapi_mcp_details *details)
{
    uint32_t values[PARAMS_KEYS];
    apr_status_t status = uapi_mcp_find_keys(reader, message->params, params_keys, PARAMS_KEYS, values);

    if (status == APR_SUCCESS) {
        status = read_inner(reader, values, details);
    }
    if (status == APR_SUCCESS) {
        status = read_also(reader, values, message);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    details->protocol_version = values[KEY_PROTOCOL_VERSION];
    if (is_type(reader->json, values[KEY_ARGUMENTS], UAPI_JSON_OBJECT)) {
        message->arguments = values[KEY_ARGUMENTS];
    } else if (!is_absent_or(reader->json, values[KEY_ARGUMENTS], UAPI_JSON_NULL)) {
        return invalid(reader, values[KEY_ARGUMENTS], "arguments is no object");
    }
    return read_target(reader, values, message);
}

/*
 * initialize opens the negotiation, so it may name any version. Without a header it speaks the revision it names, or
 * the newest one that has this method if we do not know that one.
 */
static apr_status_t read_initialize(const uapi_mcp_reader *reader, const uapi_mcp_details *details, uapi_mcp_body *body)
{
    uapi_mcp_revision named = UAPI_MCP_2025_11_25;

    if (body->batch) {
        return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_BATCH,
                         "initialize must not be part of a batch");
    }
    if (!is_absent_or(reader->json, details->protocol_version, UAPI_JSON_STRING)) {
        return invalid(reader, details->protocol_version, "the protocol version is no string");
    }
    if (reader->headers->protocol_version) {
        return APR_SUCCESS;
    }
    if (details->protocol_version == UAPI_JSON_NONE ||
        !uapi_mcp_find_revision(uapi_json_strdup(reader->json, details->protocol_version, reader->pool), &named) ||
        named == UAPI_MCP_2026_07_28) {
        named = UAPI_MCP_2025_11_25;
    }
    body->revision = named;
    return APR_SUCCESS;
}

static apr_status_t read_request(const uapi_mcp_reader *reader, uapi_mcp_body *body, uapi_mcp_message *message)
{
    uapi_mcp_details details = {UAPI_JSON_NONE, UAPI_JSON_NONE};
    apr_status_t status = APR_SUCCESS;

    if (message->method) {
        status = read_params(reader, message, &details);
    } else if (body->revision == UAPI_MCP_2026_07_28) {
        return invalid(reader, message->node, "a client of this revision sends no results");
    }
    if (status == APR_SUCCESS) {
        status = uapi_mcp_check_headers(reader, body->revision, message, details.meta_version);
    }
    if (status == APR_SUCCESS && message->method && strcmp(message->method, "initialize") == 0) {
        status = read_initialize(reader, &details, body);
    }
    return status;
}

static uint32_t count_messages(const uapi_json *json)
{
    uint32_t child, count = 0;

    if (!is_type(json, 0, UAPI_JSON_ARRAY)) {
        return 1;
    }
    for (child = 1; child < json->nodes[0].skip; child = json->nodes[child].skip) {
        count++;
    }
    return count;
}

/* The envelopes of the one message, or of all of the batch. */
static apr_status_t read_messages(const uapi_mcp_reader *reader, uapi_mcp_body *body)
{
    const uapi_json *json = reader->json;
    apr_status_t status = APR_SUCCESS;
    uint32_t i, node;

    body->count = count_messages(json);
    if (body->count == 0) {
        return invalid(reader, 0, "a batch is empty");
    }
    body->messages = apr_palloc(reader->pool, (size_t)body->count * sizeof(*body->messages));
    node = body->batch ? 1 : 0;
    for (i = 0; i < body->count && status == APR_SUCCESS; i++) {
        status = read_message(reader, node, &body->messages[i]);
        node = json->nodes[node].skip;
    }
    return status;
}

static apr_status_t read_body(const uapi_mcp_reader *reader, uapi_mcp_body *body)
{
    apr_status_t status = uapi_mcp_read_version_header(reader, &body->revision);
    uint32_t i;

    if (status != APR_SUCCESS) {
        return status;
    }
    if (body->batch && body->revision != UAPI_MCP_2025_03_26) {
        return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_BATCH, "revision %s has no batches",
                         uapi_mcp_revision_name(body->revision));
    }
    status = read_messages(reader, body);
    if (status == APR_SUCCESS) {
        status = uapi_mcp_check_batch(body, reader->json, reader->pool, reader->result);
    }
    for (i = 0; i < body->count && status == APR_SUCCESS; i++) {
        status = read_request(reader, body, &body->messages[i]);
    }
    return status;
}

apr_status_t uapi_mcp_read(uapi_mcp_body *body, const uapi_json *json, const uapi_mcp_headers *headers,
                           apr_pool_t *pool, uapi_result *result)
{
    static const uapi_mcp_headers none;
    uapi_mcp_reader reader = {json, headers ? headers : &none, pool, result, 0};
    apr_status_t status;

    memset(body, 0, sizeof(*body));
    body->batch = is_type(json, 0, UAPI_JSON_ARRAY);
    status = read_body(&reader, body);
    if (status != APR_SUCCESS) {
        memset(body, 0, sizeof(*body));
    }
    return status;
}

static apr_status_t read_envelopes(const uapi_mcp_reader *reader, uapi_mcp_body *body)
{
    apr_status_t status;

    memset(body, 0, sizeof(*body));
    body->batch = is_type(reader->json, 0, UAPI_JSON_ARRAY);
    status = read_messages(reader, body);
    if (status != APR_SUCCESS) {
        memset(body, 0, sizeof(*body));
    }
    return status;
}

apr_status_t uapi_mcp_read_reply(uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool, uapi_result *result)
{
    static const uapi_mcp_headers none;
    const uapi_mcp_reader reader = {json, &none, pool, result, 0};

    return read_envelopes(&reader, body);
}

apr_status_t uapi_mcp_read_foreign(uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool, uapi_result *result)
{
    static const uapi_mcp_headers none;
    const uapi_mcp_reader reader = {json, &none, pool, result, 1};

    return read_envelopes(&reader, body);
}
