/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sqlite_connection.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#define ID_LENGTH 12
#define HASH_SIZE 32
#define MAX_ROLES 1024
#define MAX_LABEL 256

static int is_principal_type(const char *type)
{
    static const char *const types[] = {"human", "agent", "service", "workflow"};
    size_t i;

    for (i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Names with one space between them, or nothing. */
static int are_roles(const char *roles, apr_pool_t *pool)
{
    char *role = apr_pstrdup(pool, roles), *end;

    if (!*roles) {
        return 1;
    }
    if (strlen(roles) > MAX_ROLES) {
        return 0;
    }
    for (; (end = strchr(role, ' ')) != NULL; role = end + 1) {
        *end = '\0';
        if (!uapi_store_name_valid(role)) {
            return 0;
        }
    }
    return uapi_store_name_valid(role);
}

/* No control characters: a label is printed on terminals. */
static int is_label(const char *label)
{
    const char *c;

    for (c = label; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            return 0;
        }
    }
    return c - label <= MAX_LABEL;
}

/* What a failed SHA-256 leaves: such a hash must neither be stored nor found. */
static int is_zero(const uint8_t *hash)
{
    uint8_t all = 0;
    size_t i;

    for (i = 0; i < HASH_SIZE; i++) {
        all |= hash[i];
    }
    return all == 0;
}

/* 60 random bits, in characters that are not mistaken for one another. */
static apr_status_t choose_id(uapi_store_token *token, apr_pool_t *pool)
{
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char random[ID_LENGTH];
    char *id = apr_pcalloc(pool, ID_LENGTH + 1);
    apr_status_t status = apr_generate_random_bytes(random, sizeof(random));
    size_t i;

    for (i = 0; i < ID_LENGTH && status == APR_SUCCESS; i++) {
        id[i] = alphabet[random[i] & 31];
    }
    token->id = id;
    return status;
}

static const char *fault_of(const uapi_store_token *token, const uint8_t *hash, apr_pool_t *pool)
{
    if (!uapi_store_name_valid(token->principal)) {
        return "not a name for a principal";
    }
    if (!is_principal_type(token->principal_type)) {
        return "a principal's type is human, agent, service or workflow";
    }
    if (!are_roles(token->roles, pool)) {
        return "roles are names with one space between them";
    }
    if (!is_label(token->label)) {
        return "a label has at most 256 bytes and no control characters";
    }
    if (token->expires < 0 || is_zero(hash)) {
        return "not a token";
    }
    return NULL;
}

static apr_status_t insert_principal(uapi_store *store, const uapi_store_token *token, apr_pool_t *pool,
                                     uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_PRINCIPAL_INSERT);

    sqlite3_bind_text(statement, 1, token->principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, token->principal_type, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, token->created);
    return uapi_sqlite_run(store, statement, "add a principal", pool, result);
}

static apr_status_t need_principal(uapi_store *store, const uapi_store_token *token, apr_pool_t *pool,
                                   uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_PRINCIPAL_FIND);
    apr_status_t status = APR_SUCCESS;
    int code;

    sqlite3_bind_text(statement, 1, token->principal, -1, SQLITE_STATIC);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *type = uapi_sqlite_text(statement, 0, pool);

        if (strcmp(type, token->principal_type) != 0) {
            status = uapi_sqlite_refuse(APR_EEXIST, pool, result, "principal %s exists with another type: %s",
                                        token->principal, type);
        }
    } else if (code == SQLITE_DONE) {
        sqlite3_reset(statement);
        return insert_principal(store, token, pool, result);
    } else {
        status = uapi_sqlite_fail(store, code, "find a principal", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

static apr_status_t insert(uapi_store *store, const uapi_store_token *token, const uint8_t *hash, apr_pool_t *pool,
                           uapi_result *result)
{
    apr_status_t status = uapi_store_tenant_exists(store, store->tenant, pool, result);
    sqlite3_stmt *statement;

    if (status == APR_SUCCESS) {
        status = need_principal(store, token, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_TOKEN_INSERT);
    sqlite3_bind_text(statement, 1, token->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, token->principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, token->roles, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, token->label, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 5, hash, HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, token->created);
    sqlite3_bind_int64(statement, 7, token->expires);
    return uapi_sqlite_run(store, statement, "add a token", pool, result);
}

apr_status_t uapi_store_token_create(uapi_store *store, uapi_store_token *token, const uint8_t hash[32],
                                     apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);
    const char *fault;

    if (status != APR_SUCCESS) {
        return status;
    }
    token->roles = token->roles ? token->roles : "";
    token->label = token->label ? token->label : "";
    fault = fault_of(token, hash, pool);
    if (fault) {
        return uapi_sqlite_refuse(APR_EINVAL, pool, result, "%s", fault);
    }
    token->tenant = apr_pstrdup(pool, store->tenant);
    token->created = token->created ? token->created : apr_time_now();
    token->revoked = 0;
    if ((status = choose_id(token, pool)) != APR_SUCCESS) {
        return uapi_fail(result, pool, status, UAPI_REASON_INTERNAL, "no random bytes");
    }
    if ((status = uapi_sqlite_begin(store, pool, result)) != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, insert(store, token, hash, pool, result), pool, result);
}

/* The columns that UAPI_STATEMENT_TOKEN_FIND and _LIST begin with. */
static void read_token(uapi_store_token *token, sqlite3_stmt *statement, apr_pool_t *pool)
{
    token->id = uapi_sqlite_text(statement, 0, pool);
    token->tenant = uapi_sqlite_text(statement, 1, pool);
    token->principal = uapi_sqlite_text(statement, 2, pool);
    token->principal_type = uapi_sqlite_text(statement, 3, pool);
    token->roles = uapi_sqlite_text(statement, 4, pool);
    token->label = uapi_sqlite_text(statement, 5, pool);
    token->created = sqlite3_column_int64(statement, 6);
    token->expires = sqlite3_column_int64(statement, 7);
    token->revoked = sqlite3_column_int64(statement, 8);
}

apr_status_t uapi_store_token_list(uapi_store *store, apr_array_header_t **tokens, apr_pool_t *pool,
                                   uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_TOKEN_LIST);
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(uapi_store_token));
    apr_status_t status = APR_SUCCESS;
    int code;

    *tokens = NULL;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        read_token(apr_array_push(list), statement, pool);
    }
    if (code == SQLITE_DONE) {
        *tokens = list;
    } else {
        status = uapi_sqlite_fail(store, code, "list tokens", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

static apr_status_t revoke_known(uapi_store *store, const char *id, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_TOKEN_KNOWN);
    apr_status_t status;

    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    status = uapi_sqlite_probe(store, statement, "find a token", pool, result);
    if (APR_STATUS_IS_NOTFOUND(status)) {
        return uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_TOKEN_UNKNOWN, "tenant %s has no such token",
                         store->tenant);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_TOKEN_REVOKE);
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, apr_time_now());
    return uapi_sqlite_run(store, statement, "revoke a token", pool, result);
}

apr_status_t uapi_store_token_revoke(uapi_store *store, const char *id, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_sqlite_begin(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, revoke_known(store, id, pool, result), pool, result);
}

/* The index has found the row by its bytes; that they are all the bytes is checked once more, without a shortcut. */
static int is_presented(sqlite3_stmt *statement, const uint8_t *hash)
{
    const uint8_t *found = sqlite3_column_blob(statement, 9);
    uint8_t difference = 0;
    size_t i;

    if (!found || sqlite3_column_bytes(statement, 9) != HASH_SIZE) {
        return 0;
    }
    for (i = 0; i < HASH_SIZE; i++) {
        difference |= found[i] ^ hash[i];
    }
    return difference == 0;
}

static apr_status_t unknown(apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_TOKEN_UNKNOWN, NULL);
}

apr_status_t uapi_store_token_find(uapi_store *store, const uint8_t hash[32], uapi_store_token **token,
                                   apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_TOKEN_FIND);
    apr_status_t status = APR_SUCCESS;
    int code;

    *token = NULL;
    if (is_zero(hash)) {
        return unknown(pool, result);
    }
    store->presented = hash;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && is_presented(statement, hash)) {
        *token = apr_palloc(pool, sizeof(**token));
        read_token(*token, statement, pool);
    } else if (code == SQLITE_ROW || code == SQLITE_DONE) {
        status = unknown(pool, result);
    } else {
        status = uapi_sqlite_fail(store, code, "find a token", pool, result);
    }
    sqlite3_reset(statement);
    store->presented = NULL;
    return status;
}
