/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What is cached of a token is one flat record, so that a hit is a copy and nothing else. Unknown tokens are never
 * cached: there is no end to them, and somebody who tries many must not push the known ones out.
 */
#include "registry_private.h"

#include <string.h>

#include <apr_strings.h>

#include <apr_strings.h>

#define TEXT_SIZE 416

/* The strings stand in `text` one behind the other, each with its NUL; roles as the store has them. */
typedef struct token_record {
    int64_t expires, revoked;
    uint32_t type;
    uint16_t id, tenant, principal, roles; /* where each starts */
    char text[TEXT_SIZE];
} token_record;

#define RECORD_SIZE ((sizeof(token_record) + 7) / 8 * 8)

size_t uapi_registry_token_size(void)
{
    return RECORD_SIZE;
}

static int add_text(token_record *record, size_t *used, uint16_t *at, const char *text)
{
    size_t size = strlen(text) + 1;

    if (size > TEXT_SIZE - *used) {
        return 0;
    }
    *at = (uint16_t)*used;
    memcpy(record->text + *used, text, size);
    *used += size;
    return 1;
}

/* Returns the bytes used, or 0 if the token does not fit. */
static size_t pack(token_record *record, const uapi_store_token *token, uapi_principal_type type)
{
    size_t used = 0;

    memset(record, 0, offsetof(token_record, text));
    record->expires = token->expires;
    record->revoked = token->revoked;
    record->type = (uint32_t)type;
    if (!add_text(record, &used, &record->id, token->id) || !add_text(record, &used, &record->tenant, token->tenant) ||
        !add_text(record, &used, &record->principal, token->principal) ||
        !add_text(record, &used, &record->roles, token->roles)) {
        return 0;
    }
    return offsetof(token_record, text) + used;
}

/* The roles as an array, split in place; NULL if there are none. */
static const char *const *split_roles(char *roles, apr_pool_t *pool)
{
    size_t count = 1, i = 0;
    const char **array;
    char *c;

    if (!*roles) {
        return NULL;
    }
    for (c = roles; *c; c++) {
        count += *c == ' ';
    }
    array = apr_palloc(pool, (count + 1) * sizeof(*array));
    for (c = roles; c; i++) {
        array[i] = c;
        c = strchr(c, ' ');
        if (c) {
            *c++ = '\0';
        }
    }
    array[i] = NULL;
    return array;
}

static apr_status_t judge(int64_t expires, int64_t revoked, apr_time_t now, uapi_result *result)
{
    if (revoked) {
        return uapi_fail(result, NULL, APR_EGENERAL, UAPI_REASON_TOKEN_REVOKED, NULL);
    }
    if (expires && now >= expires) {
        return uapi_fail(result, NULL, APR_EGENERAL, UAPI_REASON_TOKEN_EXPIRED, NULL);
    }
    return APR_SUCCESS;
}

static apr_status_t from_record(const token_record *record, size_t size, apr_time_t now, uapi_principal **principal,
                                apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = judge(record->expires, record->revoked, now, result);
    uapi_principal *made;
    char *text;

    if (status != APR_SUCCESS) {
        return status;
    }
    made = apr_palloc(pool, sizeof(*made));
    text = apr_pmemdup(pool, record->text, size - offsetof(token_record, text));
    made->type = (uapi_principal_type)record->type;
    made->token_id = text + record->id;
    made->tenant = text + record->tenant;
    made->id = text + record->principal;
    made->roles = split_roles(text + record->roles, pool);
    *principal = made;
    return APR_SUCCESS;
}

/* One that is too large to be cached. */
static apr_status_t from_store(const uapi_store_token *token, uapi_principal_type type, apr_time_t now,
                               uapi_principal **principal, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = judge(token->expires, token->revoked, now, result);

    if (status == APR_SUCCESS) {
        uapi_principal *made = apr_palloc(pool, sizeof(*made));

        made->type = type;
        made->token_id = token->id;
        made->tenant = token->tenant;
        made->id = token->principal;
        made->roles = split_roles(apr_pstrdup(pool, token->roles), pool);
        *principal = made;
    }
    return status;
}

typedef struct token_question {
    const uint8_t *hash;
    uapi_store_token *token;
} token_question;

static apr_status_t find(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    token_question *question = baton;

    return uapi_store_token_find(store, question->hash, &question->token, pool, result);
}

static apr_status_t look_up(uapi_registry *registry, const uint8_t *hash, const uapi_cache_stamp *stamp, apr_time_t now,
                            uapi_principal **principal, apr_pool_t *pool, uapi_result *result)
{
    token_question question = {.hash = hash};
    uapi_principal_type type;
    const uapi_store_token *token;
    token_record record;
    size_t size;
    apr_status_t status = uapi_registry_ask(registry, find, &question, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    token = question.token;
    if (uapi_principal_type_parse(token->principal_type, &type) != 0) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_REGISTRY_UNAVAILABLE,
                         "registry %s: token %s has a principal of unknown type", registry->path, token->id);
    }
    size = pack(&record, token, type);
    if (size == 0) {
        return from_store(token, type, now, principal, pool, result);
    }
    if (stamp) {
        uapi_cache_put(registry->tokens, hash, stamp, &record, size);
    }
    return from_record(&record, size, now, principal, pool, result);
}

/* The form is checked only where the digest is not known: what has the digest of a token of ours is that token. */
apr_status_t uapi_registry_authenticate(uapi_registry *registry, const char *token, size_t length, apr_time_t now,
                                        uapi_principal **principal, apr_pool_t *pool, uapi_result *result)
{
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uint64_t room[RECORD_SIZE / sizeof(uint64_t)];
    uapi_cache_stamp stamp;
    apr_status_t status;
    ptrdiff_t size = -1;
    int may_cache;

    *principal = NULL;
    if (length != UAPI_TOKEN_LENGTH) {
        return uapi_token_check(token, length, result);
    }
    uapi_token_hash(token, length, hash);
    uapi_registry_watch(registry);
    may_cache = uapi_registry_stamp(registry, &stamp);
    if (may_cache) {
        size = uapi_cache_get(registry->tokens, hash, &stamp, room);
    }
    if (size > (ptrdiff_t)offsetof(token_record, text)) {
        return from_record((const token_record *)(const void *)room, (size_t)size, now, principal, pool, result);
    }
    status = uapi_token_check(token, length, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    return look_up(registry, hash, may_cache ? &stamp : NULL, now, principal, pool, result);
}
