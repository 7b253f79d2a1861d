/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The callback alone does not isolate: in `WITH v_tokens AS (SELECT * FROM t_tokens) SELECT * FROM v_tokens` the base
 * table is read under the name of the view. What holds is that after the fixed statements nothing is compiled at all,
 * not even a statement that SQLite would recompile because the schema changed. The same callback stays set
 * throughout, because setting one makes SQLite recompile everything. And since a few statements, VACUUM for one,
 * never ask the callback, the length that SQL text may have is set to nothing as well.
 */
#include "sqlite_connection.h"

#include <string.h>

#include "schema.h"

static const char *const statements[UAPI_STATEMENT_COUNT] = {
    [UAPI_STATEMENT_DATA_VERSION] = "PRAGMA data_version",
    [UAPI_STATEMENT_TENANT_LIST] = "SELECT name, created FROM v_tenants ORDER BY name",
    [UAPI_STATEMENT_TENANT_FIND] = "SELECT name FROM v_tenants WHERE name = ?1",
    [UAPI_STATEMENT_TOKEN_FIND] = "SELECT id, tenant, principal, type, roles, label, created, expires, revoked, hash "
                                  "FROM v_presented_tokens",
    [UAPI_STATEMENT_TOKEN_LIST] = "SELECT id, tenant, principal, type, roles, label, created, expires, revoked "
                                  "FROM v_tokens ORDER BY created, id",
    [UAPI_STATEMENT_DEK_FIND] = "SELECT version, wrapped FROM v_deks WHERE version = ?1",
    [UAPI_STATEMENT_DEK_NEWEST] = "SELECT version, wrapped FROM v_deks ORDER BY version DESC LIMIT 1",
    [UAPI_STATEMENT_CREDENTIAL_FIND] = "SELECT name, version, dek_version, blob, updated FROM v_credentials "
                                       "WHERE name = ?1",
    [UAPI_STATEMENT_CREDENTIAL_LIST] = "SELECT name, version, dek_version, blob, updated FROM v_credentials "
                                       "ORDER BY name",
    [UAPI_STATEMENT_PIN_FIND] = "SELECT server, tool, hash, definition, rejected, updated FROM v_pins "
                                "WHERE server = ?1 AND tool = ?2",
    [UAPI_STATEMENT_PIN_LIST] = "SELECT server, tool, hash, definition, rejected, updated FROM v_pins "
                                "ORDER BY server, tool",
    [UAPI_STATEMENT_OBSERVATION_FIND] = "SELECT server, tool, role, hash, definition, seen FROM v_observations "
                                        "WHERE server = ?1 AND tool = ?2 ORDER BY role",
    [UAPI_STATEMENT_OBSERVATION_LIST] = "SELECT server, tool, role, hash, definition, seen FROM v_observations "
                                        "ORDER BY server, tool, role",
    [UAPI_STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [UAPI_STATEMENT_COMMIT] = "COMMIT",
    [UAPI_STATEMENT_ROLLBACK] = "ROLLBACK",
    [UAPI_STATEMENT_TENANT_INSERT] = "INSERT INTO v_tenants (name, created) VALUES (?1, ?2)",
    [UAPI_STATEMENT_PRINCIPAL_FIND] = "SELECT type FROM v_principals WHERE id = ?1",
    [UAPI_STATEMENT_PRINCIPAL_INSERT] = "INSERT INTO v_principals (id, type, created) VALUES (?1, ?2, ?3)",
    [UAPI_STATEMENT_TOKEN_INSERT] = "INSERT INTO v_tokens (id, principal, roles, label, hash, created, expires) "
                                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [UAPI_STATEMENT_TOKEN_KNOWN] = "SELECT id FROM v_tokens WHERE id = ?1",
    [UAPI_STATEMENT_TOKEN_REVOKE] = "UPDATE v_tokens SET revoked = ?2 WHERE id = ?1",
    [UAPI_STATEMENT_DEK_INSERT] = "INSERT INTO v_deks (version, wrapped) VALUES (?1, ?2)",
    [UAPI_STATEMENT_CREDENTIAL_PUT] = "INSERT INTO v_credentials (name, version, dek_version, blob, updated) "
                                      "VALUES (?1, ?2, ?3, ?4, ?5)",
    [UAPI_STATEMENT_CREDENTIAL_DELETE] = "DELETE FROM v_credentials WHERE name = ?1",
    [UAPI_STATEMENT_PIN_PUT] = "INSERT INTO v_pins (server, tool, hash, definition, rejected, updated) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [UAPI_STATEMENT_OBSERVATION_FULL] = "SELECT tool FROM v_observations WHERE server = ?1 LIMIT 1 OFFSET ?2",
    [UAPI_STATEMENT_OBSERVATION_PUT] = "INSERT INTO v_observations (server, tool, role, hash, definition, seen) "
                                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [UAPI_STATEMENT_OBSERVATION_DELETE] = "DELETE FROM v_observations WHERE server = ?1 AND tool = ?2 AND role = ?3",
};

static void current_tenant(sqlite3_context *context, int count, sqlite3_value **values)
{
    const uapi_store *store = sqlite3_user_data(context);

    (void)count;
    (void)values;
    if (store->tenant[0]) {
        sqlite3_result_text(context, store->tenant, -1, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_null(context);
    }
}

static void presented_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    const uapi_store *store = sqlite3_user_data(context);

    (void)count;
    (void)values;
    if (store->presented) {
        sqlite3_result_blob(context, store->presented, 32, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_null(context);
    }
}

int uapi_sqlite_add_functions(uapi_store *store)
{
    int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(store->db, "current_tenant", 0, flags, store, current_tenant, NULL, NULL,
                                          NULL);

    return code != SQLITE_OK ? code
                             : sqlite3_create_function_v2(store->db, "presented_hash", 0, flags, store, presented_hash,
                                                          NULL, NULL, NULL);
}

/* Views, and the rows that triggers see, may be named by a statement; base tables only by what stands in the schema. */
static int may_touch(const char *table, const char *through, uapi_schema_right needed)
{
    if (uapi_schema_right_of(table) == UAPI_SCHEMA_READ) {
        return 1;
    }
    return strncmp(table, "t_", 2) == 0 && uapi_schema_right_of(through) >= needed;
}

static int is_ours(const char *function)
{
    return strcmp(function, "current_tenant") == 0 || strcmp(function, "presented_hash") == 0;
}

static int allow(int action, const char *first, const char *second, const char *through)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_TRANSACTION:
        return 1;
    case SQLITE_READ:
        return first && may_touch(first, through, UAPI_SCHEMA_READ);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return first && may_touch(first, through, UAPI_SCHEMA_WRITE);
    case SQLITE_FUNCTION:
        return second && is_ours(second);
    case SQLITE_PRAGMA:
        return first && !second && strcmp(first, "data_version") == 0;
    default:
        return 0;
    }
}

static int authorize(void *baton, int action, const char *first, const char *second, const char *database,
                     const char *through)
{
    const uapi_store *store = baton;

    (void)database;
    return store->phase == UAPI_PHASE_PREPARING && allow(action, first, second, through) ? SQLITE_OK : SQLITE_DENY;
}

int uapi_sqlite_seal(uapi_store *store)
{
    int count = store->mode == UAPI_STORE_READ ? UAPI_STATEMENT_FIRST_WRITING : UAPI_STATEMENT_COUNT, i;
    int code = sqlite3_set_authorizer(store->db, authorize, store);

    store->phase = UAPI_PHASE_PREPARING;
    for (i = 0; i < count && code == SQLITE_OK; i++) {
        code = sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
    }
    store->phase = UAPI_PHASE_SEALED;
    sqlite3_limit(store->db, SQLITE_LIMIT_SQL_LENGTH, 0);
    return code;
}
