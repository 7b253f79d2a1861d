/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Opening: judge the file by its name (never by a descriptor of ours: closing one would drop SQLite's locks on that
 * file in this process), let SQLite open it, set what must hold before anything is prepared, recognise the schema,
 * make the views, seal. Writers leave the -wal and -shm files behind, emptied, because a reader without write access
 * to the folder could not make them.
 */
#include "sqlite_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "schema.h"

#define STRING(value) #value
#define NUMBER(value) STRING(value)

static const char settings[] = "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                               "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;";

static apr_status_t fail(const uapi_store *store, apr_status_t status, const char *what, apr_pool_t *pool,
                         uapi_result *result)
{
    return uapi_fail(result, pool, status, UAPI_REASON_REGISTRY_UNAVAILABLE, "registry %s %s", store->path, what);
}

static apr_status_t judge_file(const uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    struct stat info;

    if (stat(store->path, &info) != 0) {
        int error = errno;

        return fail(store, APR_FROM_OS_ERROR(error),
                    error == ENOENT ? "does not exist: uapictl init makes one"
                                    : apr_psprintf(pool, "cannot be reached: %s", strerror(error)),
                    pool, result);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(store, APR_EGENERAL, "is not a regular file", pool, result);
    }
    if (info.st_mode & S_IWOTH) {
        return fail(store, APR_EGENERAL, "may be written by everybody: run chmod o-w on it", pool, result);
    }
    return APR_SUCCESS;
}

static apr_status_t make_file(const uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    int file = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = errno;

    if (file < 0) {
        return fail(store, APR_FROM_OS_ERROR(error),
                    error == EEXIST ? "exists already and is not overwritten"
                                    : apr_psprintf(pool, "cannot be made: %s", strerror(error)),
                    pool, result);
    }
    close(file);
    return APR_SUCCESS;
}

static int open_connection(uapi_store *store)
{
    int flags = SQLITE_OPEN_NOMUTEX | (store->mode == UAPI_STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int code = sqlite3_open_v2(store->path, &store->db, flags, "unix"), yes = 1;
    apr_time_t patience = store->mode == UAPI_STORE_READ ? UAPI_STORE_SERVER_PATIENCE : UAPI_STORE_PATIENCE;

    if (code != SQLITE_OK) {
        return code;
    }
    sqlite3_busy_timeout(store->db, (int)apr_time_as_msec(patience));
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    if (store->mode != UAPI_STORE_READ) {
        sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
    }
    code = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
    if (code == SQLITE_OK && store->mode != UAPI_STORE_READ) {
        code = sqlite3_exec(store->db, "PRAGMA journal_size_limit = 0", NULL, NULL, NULL);
    }
    return code;
}

static int make_schema(const uapi_store *store)
{
    static const char stamp[] = "PRAGMA application_id = " NUMBER(
        UAPI_SCHEMA_APPLICATION_ID) ";"
                                    "PRAGMA user_version = " NUMBER(UAPI_SCHEMA_VERSION) ";";
    int code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;", NULL, NULL, NULL);

    code = code ? code : sqlite3_exec(store->db, uapi_schema_tables, NULL, NULL, NULL);
    code = code ? code : sqlite3_exec(store->db, uapi_schema_upgrade_2, NULL, NULL, NULL);
    code = code ? code : sqlite3_exec(store->db, stamp, NULL, NULL, NULL);
    return code ? code : sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
}

static int read_number(const uapi_store *store, const char *sql, int *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *number = sqlite3_column_int(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* Another writer may have done it meanwhile, so the version is looked at again under the lock. */
static int upgrade_schema(const uapi_store *store, int *version)
{
    int code = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    code = code ? code : read_number(store, "PRAGMA user_version", version);
    if (code == SQLITE_OK && *version == 1) {
        code = sqlite3_exec(store->db, uapi_schema_upgrade_2, NULL, NULL, NULL);
        code = code ? code : sqlite3_exec(store->db, "PRAGMA user_version = 2", NULL, NULL, NULL);
        *version = 2;
    }
    code = code ? code : sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    if (!sqlite3_get_autocommit(store->db)) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return code;
}

/* A reader takes a file of version 1 as it is: it has no pins. */
static apr_status_t judge_schema(uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    int application = 0, version = 0;
    int code = read_number(store, "PRAGMA application_id", &application);

    code = code ? code : read_number(store, "PRAGMA user_version", &version);
    if (code == SQLITE_OK && application == UAPI_SCHEMA_APPLICATION_ID && version == 1 &&
        store->mode != UAPI_STORE_READ) {
        code = upgrade_schema(store, &version);
    }
    store->version = version;
    if (code != SQLITE_OK) {
        return uapi_sqlite_fail(store, code, "read it", pool, result);
    }
    if (application != UAPI_SCHEMA_APPLICATION_ID) {
        return fail(store, APR_EGENERAL, "is an SQLite database, but no registry", pool, result);
    }
    if (version != UAPI_SCHEMA_VERSION && !(version == 1 && store->mode == UAPI_STORE_READ)) {
        return fail(store, APR_EGENERAL,
                    apr_psprintf(pool, "has schema %d and this program knows %d: %s", version, UAPI_SCHEMA_VERSION,
                                 version > UAPI_SCHEMA_VERSION ? "use the newer program that made it"
                                                               : "it was not made whole"),
                    pool, result);
    }
    return APR_SUCCESS;
}

static int make_views(const uapi_store *store)
{
    int code = sqlite3_exec(store->db, uapi_schema_views, NULL, NULL, NULL);

    code = code ? code
                : sqlite3_exec(store->db, store->version == 1 ? uapi_schema_views_2_absent : uapi_schema_views_2, NULL,
                               NULL, NULL);
    if (code == SQLITE_OK && store->mode == UAPI_STORE_READ) {
        code = sqlite3_exec(store->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    }
    return code;
}

static apr_status_t close_connection(void *data)
{
    uapi_store *store = data;
    int i;

    for (i = 0; i < UAPI_STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_close(store->db);
    store->db = NULL;
    return APR_SUCCESS;
}

static apr_status_t prepare(uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;
    int code = open_connection(store);

    if (code != SQLITE_OK) {
        return uapi_sqlite_fail(store, code, "open it", pool, result);
    }
    if (store->mode == UAPI_STORE_CREATE && (code = make_schema(store)) != SQLITE_OK) {
        return uapi_sqlite_fail(store, code, "make its tables", pool, result);
    }
    status = judge_schema(store, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    code = uapi_sqlite_add_functions(store);
    code = code ? code : make_views(store);
    code = code ? code : uapi_sqlite_seal(store);
    if (code != SQLITE_OK) {
        return uapi_sqlite_fail(store, code, "prepare its statements", pool, result);
    }
    if (store->mode != UAPI_STORE_READ) {
        status = uapi_generation_open(&store->generation, store->path, store->pool, result);
        uapi_sqlite_share_side_files(store, pool);
    }
    return status;
}

static void remove_files(const uapi_store *store, apr_pool_t *pool)
{
    unlink(store->path);
    unlink(apr_pstrcat(pool, store->path, "-wal", NULL));
    unlink(apr_pstrcat(pool, store->path, "-shm", NULL));
}

apr_status_t uapi_store_open(uapi_store **store, const char *path, uapi_store_mode mode, apr_pool_t *pool,
                             uapi_result *result)
{
    uapi_store *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status;

    *store = NULL;
    made->mode = mode;
    made->path = apr_pstrdup(pool, path);
    if (mode == UAPI_STORE_CREATE && (status = make_file(made, pool, result)) != APR_SUCCESS) {
        return status;
    }
    status = judge_file(made, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_pool_create(&made->pool, pool);
    apr_pool_cleanup_register(made->pool, made, close_connection, apr_pool_cleanup_null);
    status = prepare(made, pool, result);
    if (status != APR_SUCCESS) {
        uapi_store_close(made);
        if (mode == UAPI_STORE_CREATE) {
            remove_files(made, pool);
        }
        return status;
    }
    *store = made;
    return APR_SUCCESS;
}

void uapi_store_close(uapi_store *store)
{
    if (store && store->pool) {
        apr_pool_t *pool = store->pool;

        store->pool = NULL;
        apr_pool_destroy(pool);
    }
}

void uapi_store_bind_tenant(uapi_store *store, const char *tenant)
{
    memset(store->tenant, 0, sizeof(store->tenant));
    if (uapi_store_name_valid(tenant)) { /* a name that no tenant can have binds nothing */
        memcpy(store->tenant, tenant, strlen(tenant));
    }
}

apr_status_t uapi_store_data_version(uapi_store *store, uint32_t *version, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_DATA_VERSION);
    int code = sqlite3_step(statement);
    apr_status_t status = APR_SUCCESS;

    *version = 0;
    if (code == SQLITE_ROW) {
        *version = (uint32_t)sqlite3_column_int64(statement, 0);
    } else {
        status = uapi_sqlite_fail(store, code, "look for changes", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}
