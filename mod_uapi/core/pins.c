/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The cache holds the four hashes of a tool under the registry's stamp, together with the stamp of the other file as it
 * was; an entry counts only while both are the same. So an approval and a change that another child saw hold on the next
 * call here.
 */
#include "pins.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "canonical.h"
#include "crypto.h"
#include "registry_private.h"

#define MAX_CACHED 16384

/* A compiled schema; never changed and never freed, because what it is found by is the hash of what it was made of. */
typedef struct compiled {
    char hash[UAPI_PIN_HASH_LENGTH + 1];
    const uapi_schema *schema; /* NULL: it cannot be checked */
    const char *problem;
    const apr_array_header_t *mirrors; /* NULL: none */
    apr_pool_t *pool;
} compiled;

#define MAX_COMPILED 4096 /* a power of two */
#define MAX_PROBES 8

struct uapi_pins {
    uapi_registry *registry, *observed;
    const char *observed_path;
    uapi_cache *cache;
    compiled *schemas[MAX_COMPILED]; /* atomic */
};

typedef struct cached_state {
    uapi_cache_stamp observed;
    uapi_pin_state state;
} cached_state;

#define CACHED_SIZE ((sizeof(cached_state) + 7) / 8 * 8)

/* ---------------------------------------------------------------- judging */

const char *uapi_pin_effective(const uapi_pin_state *state, uapi_pinning mode)
{
    return *state->pinned == '\0' && mode == UAPI_PINNING_FIRST_USE ? state->first : state->pinned;
}

uapi_reason uapi_pin_judge(const uapi_pin_state *state, uapi_pinning mode)
{
    const char *pin = uapi_pin_effective(state, mode);

    if (mode == UAPI_PINNING_DISABLED) {
        return UAPI_REASON_NONE;
    }
    if (*pin == '\0') {
        return UAPI_REASON_TOOL_UNPINNED;
    }
    return *state->held != '\0' && strcmp(state->held, pin) != 0 ? UAPI_REASON_TOOL_CHANGED : UAPI_REASON_NONE;
}

void uapi_pin_define(const uapi_json *json, uint32_t node, const char **definition, size_t *length,
                     char hash[UAPI_PIN_HASH_LENGTH + 1], apr_pool_t *pool)
{
    static const char *const without[] = {"_meta", "icons", NULL};
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[UAPI_SHA256_SIZE];

    uapi_canonical_write(json, node, without, definition, length, pool);
    *hash = '\0';
    if (uapi_crypto_sha256(*definition, *length, digest) == 0) {
        for (size_t i = 0; i < sizeof(digest); i++) {
            hash[2 * i] = digits[digest[i] >> 4];
            hash[2 * i + 1] = digits[digest[i] & 15];
        }
        hash[UAPI_PIN_HASH_LENGTH] = '\0';
    }
}

/* ---------------------------------------------------------------- opening */

const char *uapi_pins_path(const char *registry, apr_pool_t *pool)
{
    return apr_pstrcat(pool, registry, "-observed", NULL);
}

apr_status_t uapi_pins_prepare(const char *registry, int uid, int gid, apr_pool_t *pool, uapi_result *result)
{
    const char *path = uapi_pins_path(registry, pool);
    apr_finfo_t info;
    int exists = apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS;
    uapi_result failure = {0};
    apr_pool_t *scratch;
    uapi_store *store;
    apr_status_t status;

    apr_pool_create(&scratch, pool);
    status = uapi_store_open(&store, path, exists ? UAPI_STORE_WRITE : UAPI_STORE_CREATE, scratch, &failure);
    if (status == APR_SUCCESS) {
        uapi_store_close(store);
        status = uapi_store_share(path, uid, gid, 0600, scratch, &failure);
    }
    if (status != APR_SUCCESS) {
        status = uapi_fail(result, pool, status, failure.reason, "%s", failure.detail);
    }
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t uapi_pins_open(uapi_pins **pins, uapi_registry *registry, const char *path, apr_pool_t *pool,
                            uapi_result *result)
{
    uapi_pins *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status;

    *pins = NULL;
    made->registry = registry;
    made->observed_path = uapi_pins_path(path, pool);
    made->cache = uapi_cache_create(MAX_CACHED, CACHED_SIZE, UAPI_CACHE_PLAIN, pool);
    if (!made->cache) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_REGISTRY_UNAVAILABLE, "no memory for tool pins");
    }
    status = uapi_registry_open(&made->observed, made->observed_path, NULL, pool, result);
    if (status == APR_SUCCESS) {
        *pins = made;
    }
    return status;
}

/* ---------------------------------------------------------------- looking up */

typedef struct state_question {
    const uapi_pin_scope *scope;
    const char *tool;
    uapi_pin_state *state;
} state_question;

static void copy_hash(char to[UAPI_PIN_HASH_LENGTH + 1], const char *from)
{
    apr_cpystrn(to, from, UAPI_PIN_HASH_LENGTH + 1);
}

static apr_status_t ask_pin(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    const state_question *question = baton;
    uapi_store_pin *pin;
    apr_status_t status;

    uapi_store_bind_tenant(store, question->scope->tenant);
    status = uapi_store_pin_find(store, question->scope->server, question->tool, &pin, pool, result);
    if (status == APR_SUCCESS) {
        copy_hash(question->state->pinned, pin->hash);
        copy_hash(question->state->rejected, pin->rejected);
    }
    return APR_STATUS_IS_NOTFOUND(status) ? APR_SUCCESS : status;
}

static apr_status_t ask_observations(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    const state_question *question = baton;
    apr_array_header_t *seen;
    apr_status_t status;

    uapi_store_bind_tenant(store, question->scope->tenant);
    status = uapi_store_observation_find(store, question->scope->server, question->tool, &seen, pool, result);
    for (int i = 0; status == APR_SUCCESS && i < seen->nelts; i++) {
        const uapi_store_observation *one = &APR_ARRAY_IDX(seen, i, uapi_store_observation);

        copy_hash(one->role == UAPI_STORE_FIRST ? question->state->first : question->state->held, one->hash);
    }
    return status;
}

/* Names of tenants and servers hold no line feed. */
static int cache_key(uint8_t key[UAPI_CACHE_KEY_SIZE], const uapi_pin_scope *scope, const char *tool)
{
    char text[512];
    int length = apr_snprintf(text, sizeof(text), "%s\n%s\n%s", scope->tenant, scope->server, tool);

    return length > 0 && length < (int)sizeof(text) - 1 && uapi_crypto_sha256(text, (size_t)length, key) == 0;
}

static int same_stamp(const uapi_cache_stamp *one, const uapi_cache_stamp *other)
{
    return one->generation == other->generation && one->epoch == other->epoch;
}

static apr_status_t find(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool, uapi_pin_state *state,
                         apr_pool_t *pool, uapi_result *result)
{
    uint64_t room[CACHED_SIZE / sizeof(uint64_t)];
    cached_state *cached = (cached_state *)(void *)room;
    state_question question = {scope, tool, state};
    uint8_t key[UAPI_CACHE_KEY_SIZE];
    uapi_cache_stamp stamp, observed;
    apr_status_t status;
    int may_cache;

    uapi_registry_watch(pins->registry);
    uapi_registry_watch(pins->observed);
    may_cache = uapi_registry_stamp(pins->registry, &stamp) && uapi_registry_stamp(pins->observed, &observed) &&
                cache_key(key, scope, tool);
    if (may_cache && uapi_cache_get(pins->cache, key, &stamp, room) == sizeof(*cached) &&
        same_stamp(&cached->observed, &observed)) {
        *state = cached->state;
        return APR_SUCCESS;
    }
    memset(state, 0, sizeof(*state));
    status = uapi_registry_ask(pins->registry, ask_pin, &question, pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_registry_ask(pins->observed, ask_observations, &question, pool, result);
    }
    if (status == APR_SUCCESS && may_cache) {
        cached->observed = observed;
        cached->state = *state;
        uapi_cache_put(pins->cache, key, &stamp, cached, sizeof(*cached));
    }
    return status;
}

apr_status_t uapi_pins_check(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool, apr_pool_t *pool,
                             uapi_result *result)
{
    uapi_pin_state state;
    apr_status_t status = find(pins, scope, tool, &state, pool, result);
    uapi_reason reason = status == APR_SUCCESS ? uapi_pin_judge(&state, scope->mode) : UAPI_REASON_NONE;

    if (reason == UAPI_REASON_NONE) {
        return status;
    }
    return uapi_fail(result, pool, APR_EACCES, reason, "its definition at server %s is %s", scope->server,
                     reason == UAPI_REASON_TOOL_CHANGED ? "held: uapictl pin diff shows what changed" : "not pinned");
}

/* ---------------------------------------------------------------- observing */

typedef struct seen_tool {
    const char *name, *definition;
    char hash[UAPI_PIN_HASH_LENGTH + 1];
    int alone; /* its name stands once in the list */
} seen_tool;

typedef struct seen_list {
    const uapi_pin_scope *scope;
    apr_array_header_t *tools;   /* seen_tool */
    apr_array_header_t *changes; /* uapi_store_observation */
    apr_pool_t *pool;
} seen_list;

/* The most that a policy can name (policy.h); a longer name is never shown. */
#define MAX_NAME 256

static void read_tool(seen_list *list, const uapi_json *json, uint32_t node, apr_hash_t *names)
{
    uint32_t name = uapi_json_member(json, node, "name");
    seen_tool *tool, *before;
    size_t length;

    if (name == UAPI_JSON_NONE || json->nodes[name].type != UAPI_JSON_STRING ||
        json->nodes[name].length > MAX_NAME * 6) {
        return;
    }
    tool = apr_array_push(list->tools);
    tool->name = uapi_json_strdup(json, name, list->pool);
    if (strlen(tool->name) > MAX_NAME) {
        apr_array_pop(list->tools);
        return;
    }
    uapi_pin_define(json, node, &tool->definition, &length, tool->hash, list->pool);
    if (length > UAPI_STORE_MAX_DEFINITION) {
        tool->definition = "";
    }
    tool->alone = 1;
    before = apr_hash_get(names, tool->name, APR_HASH_KEY_STRING);
    if (before != NULL) {
        before->alone = tool->alone = 0;
    }
    apr_hash_set(names, tool->name, APR_HASH_KEY_STRING, tool);
}

static void read_tools(seen_list *list, const uapi_json *json, uint32_t array)
{
    uint32_t end = json->nodes[array].skip;
    apr_hash_t *names = apr_hash_make(list->pool);
    int count = 0;

    for (uint32_t at = uapi_json_first(json, array); at != UAPI_JSON_NONE && at < end; at = json->nodes[at].skip) {
        count++;
    }
    list->tools = apr_array_make(list->pool, count + 1, sizeof(seen_tool)); /* it must not move: names point into it */
    for (uint32_t at = uapi_json_first(json, array); at != UAPI_JSON_NONE && at < end; at = json->nodes[at].skip) {
        read_tool(list, json, at, names);
    }
}

static void note(seen_list *list, const seen_tool *tool, uapi_store_role role, const char *hash, int clear, int needed)
{
    uapi_store_observation *change = apr_array_push(list->changes);

    *change = (uapi_store_observation){list->scope->server, tool->name,     role,  apr_pstrdup(list->pool, hash),
                                       tool->definition,    apr_time_now(), clear, needed};
}

/* What must be written about this definition; nothing, if all that it says is known. */
static void compare(seen_list *list, const seen_tool *tool, const uapi_pin_state *state)
{
    const char *pin = uapi_pin_effective(state, list->scope->mode);
    int fits = *tool->definition != '\0' && tool->alone;

    if (*pin == '\0' && list->scope->mode == UAPI_PINNING_FIRST_USE) {
        if (fits) {
            note(list, tool, UAPI_STORE_FIRST, tool->hash, 0, 0);
        }
    } else if (strcmp(pin, tool->hash) != 0) {
        if (strcmp(state->held, tool->hash) != 0) {
            note(list, tool, UAPI_STORE_HELD, tool->hash, 0, *pin != '\0'); /* else calls would go on */
        }
    } else if (tool->alone && *state->held != '\0' && strcmp(state->held, state->rejected) == 0) {
        note(list, tool, UAPI_STORE_HELD, state->held, 1, 0);
    }
}

static apr_status_t write_changes(uapi_pins *pins, seen_list *list, uapi_store_witness witness, void *baton,
                                  uapi_result *result)
{
    uapi_result failure = {0};
    apr_pool_t *own = NULL;
    uapi_store *store;
    apr_status_t status;

    if (apr_pool_create_unmanaged(&own) != APR_SUCCESS) {
        return uapi_fail(result, list->pool, APR_ENOMEM, UAPI_REASON_REGISTRY_UNAVAILABLE, "no memory");
    }
    status = uapi_store_open(&store, pins->observed_path, UAPI_STORE_WRITE, own, &failure);
    if (status == APR_SUCCESS) {
        uapi_store_bind_tenant(store, list->scope->tenant);
        status = uapi_store_observation_put(store, (const uapi_store_observation *)(void *)list->changes->elts,
                                            (size_t)list->changes->nelts, witness, baton, own, &failure);
        uapi_store_close(store);
    }
    if (status != APR_SUCCESS) {
        status = uapi_fail(result, list->pool, status, failure.reason, "%s", failure.detail ? failure.detail : "");
    }
    apr_pool_destroy(own);
    return status;
}

/* Another child may have pinned another definition a moment ago, so after writing the states are read anew. */
static apr_status_t choose(uapi_pins *pins, const seen_list *list, apr_hash_t *shown, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < list->tools->nelts && status == APR_SUCCESS; i++) {
        const seen_tool *tool = &APR_ARRAY_IDX(list->tools, i, seen_tool);
        uapi_pin_state state;

        status = find(pins, list->scope, tool->name, &state, list->pool, result);
        if (status == APR_SUCCESS && tool->alone && *tool->hash != '\0' &&
            uapi_pin_judge(&state, list->scope->mode) == UAPI_REASON_NONE &&
            strcmp(uapi_pin_effective(&state, list->scope->mode), tool->hash) == 0) {
            apr_hash_set(shown, tool->name, APR_HASH_KEY_STRING, tool->name);
        }
    }
    return status;
}

static apr_status_t compare_all(uapi_pins *pins, seen_list *list, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < list->tools->nelts && status == APR_SUCCESS; i++) {
        const seen_tool *tool = &APR_ARRAY_IDX(list->tools, i, seen_tool);
        uapi_pin_state state;

        status = find(pins, list->scope, tool->name, &state, list->pool, result);
        if (status == APR_SUCCESS && *tool->hash != '\0') {
            compare(list, tool, &state);
        }
    }
    return status;
}

/* The second pass is for a first definition that another child was faster with: this one is held then. */
apr_status_t uapi_pins_observe(uapi_pins *pins, const uapi_pin_scope *scope, const uapi_json *json, uint32_t message,
                               uapi_store_witness witness, void *baton, apr_hash_t **shown, apr_pool_t *pool,
                               uapi_result *result)
{
    uint32_t value = uapi_json_member(json, message, "result");
    uint32_t array = value != UAPI_JSON_NONE ? uapi_json_member(json, value, "tools") : UAPI_JSON_NONE;
    seen_list list = {scope, NULL, apr_array_make(pool, 4, sizeof(uapi_store_observation)), pool};
    apr_status_t status = APR_SUCCESS;

    *shown = NULL;
    if (array == UAPI_JSON_NONE || json->nodes[array].type != UAPI_JSON_ARRAY) {
        return APR_SUCCESS;
    }
    read_tools(&list, json, array);
    for (int pass = 0; pass < 2 && status == APR_SUCCESS; pass++) {
        apr_array_clear(list.changes);
        status = compare_all(pins, &list, result);
        if (status != APR_SUCCESS || list.changes->nelts == 0) {
            break;
        }
        status = write_changes(pins, &list, witness, baton, result);
    }
    if (status == APR_SUCCESS) {
        *shown = apr_hash_make(pool);
        status = choose(pins, &list, *shown, result);
    }
    return status;
}

/* ---------------------------------------------------------------- arguments */

typedef struct definition_question {
    const uapi_pin_scope *scope;
    const char *tool, *hash;
    const char *definition; /* NULL: not found */
} definition_question;

static apr_status_t ask_approved(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    definition_question *question = baton;
    uapi_store_pin *pin;
    apr_status_t status;

    uapi_store_bind_tenant(store, question->scope->tenant);
    status = uapi_store_pin_find(store, question->scope->server, question->tool, &pin, pool, result);
    if (status == APR_SUCCESS && strcmp(pin->hash, question->hash) == 0) {
        question->definition = pin->definition;
    }
    return APR_STATUS_IS_NOTFOUND(status) ? APR_SUCCESS : status;
}

static apr_status_t ask_first(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    definition_question *question = baton;
    apr_array_header_t *seen;
    apr_status_t status;

    uapi_store_bind_tenant(store, question->scope->tenant);
    status = uapi_store_observation_find(store, question->scope->server, question->tool, &seen, pool, result);
    for (int i = 0; status == APR_SUCCESS && i < seen->nelts; i++) {
        const uapi_store_observation *one = &APR_ARRAY_IDX(seen, i, uapi_store_observation);

        if (one->role == UAPI_STORE_FIRST && strcmp(one->hash, question->hash) == 0) {
            question->definition = one->definition;
        }
    }
    return status;
}

/* The slot of the hash, or the first empty one where it may be put; NULL if there is none. */
static compiled **find_slot(uapi_pins *pins, const char *hash, compiled **found)
{
    uint32_t at = 0;

    *found = NULL;
    for (int i = 0; i < 8; i++) {
        at = at << 4 | (uint32_t)(hash[i] <= '9' ? hash[i] - '0' : hash[i] - 'a' + 10);
    }
    for (int i = 0; i < MAX_PROBES; i++) {
        compiled **slot = &pins->schemas[(at + (uint32_t)i) & (MAX_COMPILED - 1)];
        compiled *there = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

        if (there == NULL) {
            return slot;
        }
        if (strcmp(there->hash, hash) == 0) {
            *found = there;
            return slot;
        }
    }
    return NULL;
}

/* `own` becomes the schema's pool. */
static compiled *compile(const char *hash, const char *definition, apr_pool_t *own)
{
    compiled *made = apr_pcalloc(own, sizeof(*made));
    uapi_schema *schema = NULL;
    uapi_result why = {0};
    uapi_json json;
    uint32_t node;

    made->pool = own;
    copy_hash(made->hash, hash);
    made->problem = "it has no inputSchema";
    if (uapi_json_read(&json, definition, strlen(definition), NULL, own, &why) == APR_SUCCESS &&
        (node = uapi_json_member(&json, 0, "inputSchema")) != UAPI_JSON_NONE &&
        json.nodes[node].type == UAPI_JSON_OBJECT) {
        uapi_schema_compile(&schema, json.text + json.nodes[node].start, json.nodes[node].length, own, &why);
        made->problem = why.detail;
        made->mirrors = uapi_mirror_read(&json, node, own);
    }
    made->schema = schema;
    return made;
}

/* One that finds no room in the table goes with the call's pool. */
static compiled *keep(uapi_pins *pins, const char *hash, const char *definition, apr_pool_t *pool)
{
    compiled *made, *there, **slot = find_slot(pins, hash, &there);
    apr_pool_t *own = NULL;

    if (there) {
        return there;
    }
    if (!slot || apr_pool_create_unmanaged(&own) != APR_SUCCESS) {
        return compile(hash, definition, pool);
    }
    made = compile(hash, definition, own);
    there = NULL;
    if (__atomic_compare_exchange_n(slot, &there, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return made;
    }
    apr_pool_destroy(own);
    return compile(hash, definition, pool);
}

/* What the pinned definition was compiled to. */
static apr_status_t find_schema(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool, compiled **schema,
                                apr_pool_t *pool, uapi_result *result)
{
    uapi_pin_state state;
    definition_question question = {scope, tool, "", NULL};
    apr_status_t status = find(pins, scope, tool, &state, pool, result);

    if (status == APR_SUCCESS && *(question.hash = uapi_pin_effective(&state, scope->mode)) == '\0') {
        status = uapi_fail(result, pool, APR_EACCES, UAPI_REASON_TOOL_UNPINNED, "it is not pinned");
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    find_slot(pins, question.hash, schema);
    if (*schema) {
        return APR_SUCCESS;
    }
    status = uapi_registry_ask(pins->registry, ask_approved, &question, pool, result);
    if (status == APR_SUCCESS && !question.definition) {
        status = uapi_registry_ask(pins->observed, ask_first, &question, pool, result);
    }
    if (status == APR_SUCCESS && !question.definition) { /* it was changed this moment */
        return uapi_fail(result, pool, APR_EACCES, UAPI_REASON_TOOL_UNPINNED, "its definition is not there any more");
    }
    if (status == APR_SUCCESS) {
        *schema = keep(pins, question.hash, question.definition, pool);
    }
    return status;
}

apr_status_t uapi_pins_check_arguments(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool,
                                       const uapi_json *json, uint32_t arguments, uapi_schema_fault *fault,
                                       apr_pool_t *pool, uapi_result *result)
{
    uapi_json none = {0};
    compiled *schema = NULL;
    apr_status_t status = find_schema(pins, scope, tool, &schema, pool, result);

    *fault = (uapi_schema_fault){NULL, NULL};
    if (status == APR_SUCCESS && !schema->schema) {
        status = uapi_fail(result, pool, APR_ENOTIMPL, UAPI_REASON_ARGUMENTS_SCHEMA, "%s", schema->problem);
    }
    if (status == APR_SUCCESS && arguments == UAPI_JSON_NONE) {
        status = uapi_json_read(&none, "{}", 2, NULL, pool, result);
        json = &none;
        arguments = 0;
    }
    if (status != APR_SUCCESS || uapi_schema_matches(schema->schema, json, arguments, fault, pool)) {
        return status;
    }
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_ARGUMENTS_INVALID, "by keyword %s", fault->keyword);
}

apr_status_t uapi_pins_mirrors(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool,
                               const apr_array_header_t **mirrors, apr_pool_t *pool, uapi_result *result)
{
    compiled *schema = NULL;
    apr_status_t status = find_schema(pins, scope, tool, &schema, pool, result);

    *mirrors = status == APR_SUCCESS ? schema->mirrors : NULL;
    return status;
}
