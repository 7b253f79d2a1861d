/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A row for each batch and tenant, because a row for each record costs SQLite more than the hashing does. An ordinary
 * rowid table, so that large rows are only ever added at the end; the index on (tenant, first) is small, finds a
 * chain's head, and refuses a sequence number that is there already. Triggers refuse changes and deletions: they
 * guard against accident; against intent stands the chain. The write-ahead log is kept on closing, so that children
 * which may not write to the directory can still open the file.
 */
#include "audit_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <sqlite3.h>

#define APPLICATION_ID 1969320041 /* 0x75617069, "uapi" */
#define SCHEMA_VERSION 1
#define TEXT_OF_(value) #value
#define TEXT_OF(macro) TEXT_OF_(macro)
#define BUSY_LIMIT 250 /* ms that the writer waits for a stranger's lock */
#define READ_BUSY_LIMIT 2000
#define MAX_ROW (64 << 20)
#define ROWS_AT_A_TIME 64

/* Small pages although rows are large: a commit writes five or so beside the records, and few records wait for each. */
static const char creation[] = "PRAGMA page_size=4096;"
                               "PRAGMA journal_mode=WAL;"
                               "BEGIN IMMEDIATE;"
                               "CREATE TABLE batches("
                               "    id INTEGER PRIMARY KEY,"
                               "    tenant TEXT NOT NULL,"
                               "    first INTEGER NOT NULL CHECK(first > 0),"
                               "    count INTEGER NOT NULL CHECK(count > 0),"
                               "    records TEXT NOT NULL,"
                               "    seals BLOB NOT NULL CHECK(length(seals) = 64 * count),"
                               "    UNIQUE(tenant, first)) STRICT;"
                               "CREATE TABLE binding("
                               "    id INTEGER PRIMARY KEY CHECK(id = 1),"
                               "    ring INTEGER NOT NULL,"
                               "    position INTEGER NOT NULL) STRICT;"
                               "INSERT INTO binding VALUES(1, 0, 0);"
                               "CREATE TRIGGER batches_keep BEFORE DELETE ON batches BEGIN"
                               "    SELECT raise(ABORT, 'audit records are never deleted'); END;"
                               "CREATE TRIGGER batches_freeze BEFORE UPDATE ON batches BEGIN"
                               "    SELECT raise(ABORT, 'audit records are never changed'); END;"
                               "CREATE VIEW audit AS"
                               "    SELECT tenant, first + key AS sequence, value AS record,"
                               "           lower(hex(substr(seals, 64 * key + 1, 32))) AS hash, "
                               "lower(hex(substr(seals, 64 * key + 33, 32))) AS mac"
                               "    FROM batches, json_each(batches.records);"
                               "PRAGMA application_id=" TEXT_OF(APPLICATION_ID) ";"
                                                                                "PRAGMA user_version=" TEXT_OF(
                                                                                    SCHEMA_VERSION) ";"
                                                                                                    "COMMIT;";

enum statement {
    BINDING,
    HEAD,
    SCAN,
    START,
    VISIT,
    NEXT_TENANT,
    LAST_TO_READ = NEXT_TENANT,
    BIND,
    BEGIN,
    INSERT,
    MOVE,
    COMMIT,
    ROLLBACK,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [BINDING] = "SELECT ring, position FROM binding WHERE id = 1",
    [HEAD] =
        "SELECT first + count - 1, substr(seals, -64, 32) FROM batches WHERE tenant = ?1 ORDER BY first DESC LIMIT 1",
    [SCAN] =
        "SELECT id, tenant, first, count, records, seals FROM batches NOT INDEXED WHERE id > ?1 ORDER BY id LIMIT ?2",
    [START] = "SELECT max(first) FROM batches WHERE tenant = ?1 AND first <= ?2",
    [VISIT] = ("SELECT id, tenant, first, count, records, seals FROM batches WHERE tenant = ?1 AND first > ?2"
               " ORDER BY first LIMIT ?3"),
    [NEXT_TENANT] = "SELECT min(tenant) FROM batches WHERE tenant > ?1",
    [BIND] = "UPDATE binding SET ring = ?1, position = ?2 WHERE id = 1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [INSERT] = "INSERT INTO batches(tenant, first, count, records, seals) VALUES(?1, ?2, ?3, ?4, ?5)",
    [MOVE] = "UPDATE binding SET position = ?3 WHERE id = 1 AND ring = ?1 AND position = ?2",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK"};

struct uapi_audit_store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    const char *path;
    dev_t device;
    ino_t inode;
    const char *message;
    unsigned log_pages;
};

static const struct {
    int code;
    apr_status_t status;
} meanings[] = {{SQLITE_FULL, ENOSPC},     {SQLITE_READONLY, EROFS},   {SQLITE_BUSY, EBUSY},    {SQLITE_LOCKED, EBUSY},
                {SQLITE_IOERR, EIO},       {SQLITE_CORRUPT, EILSEQ},   {SQLITE_NOTADB, EILSEQ}, {SQLITE_PERM, EACCES},
                {SQLITE_CANTOPEN, ENOENT}, {SQLITE_AUTH, EACCES},      {SQLITE_NOMEM, ENOMEM},  {SQLITE_TOOBIG, EILSEQ},
                {SQLITE_ERROR, EILSEQ},    {SQLITE_CONSTRAINT, ESTALE}};

static apr_status_t meaning_of(int code)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].code == (code & 0xff)) {
            return meanings[i].status;
        }
    }
    return APR_EGENERAL;
}

static apr_status_t failed(uapi_audit_store *store, int code)
{
    store->message = sqlite3_errmsg(store->database);
    return meaning_of(code);
}

const char *uapi_audit_store_message(const uapi_audit_store *store)
{
    return store->message ? store->message : "";
}

/* Runs a statement that gives no rows. */
static apr_status_t run(uapi_audit_store *store, enum statement which)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = sqlite3_step(statement);
    apr_status_t status = code == SQLITE_DONE ? APR_SUCCESS : failed(store, code);

    sqlite3_reset(statement);
    return status;
}

static apr_status_t execute(uapi_audit_store *store, const char *text)
{
    int code = sqlite3_exec(store->database, text, NULL, NULL, NULL);

    return code == SQLITE_OK ? APR_SUCCESS : failed(store, code);
}

static apr_status_t read_number(uapi_audit_store *store, const char *text, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);

    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_OK ? APR_SUCCESS : failed(store, code);
}

static apr_status_t refuse(const uapi_audit_store *store, apr_status_t status, const char *what, apr_pool_t *pool,
                           uapi_result *result)
{
    char text[128];

    if (store->message) {
        what = apr_pstrcat(pool, what, ": ", store->message, NULL);
    }
    return uapi_fail(result, pool, status, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: %s (%s)", store->path, what,
                     apr_strerror(status, text, sizeof(text)));
}

/* SQLite would make the file with the process's umask. */
static apr_status_t make_file(const uapi_audit_store *store, apr_pool_t *pool, uapi_result *result)
{
    int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd == -1) {
        return errno == EEXIST ? APR_SUCCESS : refuse(store, errno, "cannot be created", pool, result);
    }
    close(fd);
    return APR_SUCCESS;
}

static apr_status_t check_file(uapi_audit_store *store, apr_pool_t *pool, uapi_result *result)
{
    struct stat info;

    if (stat(store->path, &info) == -1) {
        return refuse(store, errno, "cannot be opened", pool, result);
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(store, EINVAL, "is no regular file", pool, result);
    }
    if (info.st_mode & 027) {
        return uapi_fail(result, pool, EACCES, UAPI_REASON_CONFIG_INVALID,
                         "audit file %s: mode %04o lets others in; it must be 0600 or 0640", store->path,
                         (unsigned)info.st_mode & 07777);
    }
    store->device = info.st_dev;
    store->inode = info.st_ino;
    return APR_SUCCESS;
}

/* In the place of SQLite's own hook, which would checkpoint within the commit. */
static int note_log(void *baton, sqlite3 *database, const char *name, int pages)
{
    uapi_audit_store *store = baton;

    (void)database;
    (void)name;
    store->log_pages = (unsigned)pages;
    return SQLITE_OK;
}

/*
 * A copy without its log, on a medium or in a folder that cannot be written: SQLite then needs to be told that
 * nobody changes the file, or it fails to make the log's index. NULL: it is no such copy.
 */
static const char *as_immutable(const char *path, apr_pool_t *pool)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    char *uri = apr_palloc(pool, sizeof("file:?immutable=1") + 3 * strlen(path)), *at = uri + 5;
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? apr_pstrndup(pool, path, (apr_size_t)(slash - path + 1)) : ".";

    if (access(apr_pstrcat(pool, path, "-wal", NULL), F_OK) == 0 || access(folder, W_OK) == 0) {
        return NULL;
    }
    memcpy(uri, "file:", 5);
    for (; *path; path++) {
        if (strchr(plain, *path)) {
            *at++ = *path;
        } else {
            at += snprintf(at, 4, "%%%02X", (unsigned char)*path);
        }
    }
    memcpy(at, "?immutable=1", sizeof("?immutable=1"));
    return uri;
}

static apr_status_t connect_to(uapi_audit_store *store, uapi_audit_store_mode mode, apr_pool_t *pool)
{
    const char *uri = mode == UAPI_AUDIT_STORE_READ ? as_immutable(store->path, pool) : NULL;
    int flags = SQLITE_OPEN_NOMUTEX | (mode == UAPI_AUDIT_STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int code = sqlite3_open_v2(uri ? uri : store->path, &store->database, flags | (uri ? SQLITE_OPEN_URI : 0), NULL);
    int keep = 1;

    if (code != SQLITE_OK) {
        return failed(store, code);
    }
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, mode == UAPI_AUDIT_STORE_READ ? READ_BUSY_LIMIT : BUSY_LIMIT);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(store->database, SQLITE_LIMIT_LENGTH, MAX_ROW);
    sqlite3_file_control(store->database, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    sqlite3_wal_hook(store->database, note_log, store);
    return APR_SUCCESS;
}

static apr_status_t check_schema(uapi_audit_store *store, uapi_audit_store_mode mode, apr_pool_t *pool,
                                 uapi_result *result)
{
    int64_t application = 0, version = 0;
    apr_status_t status = read_number(store, "PRAGMA application_id", &application);

    if (status == APR_SUCCESS) {
        status = read_number(store, "PRAGMA user_version", &version);
    }
    if (status == APR_SUCCESS && application == 0 && version == 0 && mode == UAPI_AUDIT_STORE_CREATE) {
        int64_t objects = 1;

        status = read_number(store, "SELECT count(*) FROM sqlite_schema", &objects);
        if (status == APR_SUCCESS && objects == 0) {
            status = execute(store, creation);
            application = APPLICATION_ID;
            version = SCHEMA_VERSION;
        }
    }
    if (status != APR_SUCCESS) {
        return refuse(store, status, "cannot be used", pool, result);
    }
    if (application != APPLICATION_ID) {
        return refuse(store, EILSEQ, "is a database, but no audit file", pool, result);
    }
    if (version != SCHEMA_VERSION) {
        return uapi_fail(result, pool, EILSEQ, UAPI_REASON_AUDIT_UNAVAILABLE,
                         "audit file %s: has schema version %" APR_INT64_T_FMT ", this program knows %d", store->path,
                         version, SCHEMA_VERSION);
    }
    return APR_SUCCESS;
}

static apr_status_t prepare(uapi_audit_store *store, uapi_audit_store_mode mode)
{
    int last = mode == UAPI_AUDIT_STORE_READ ? LAST_TO_READ : STATEMENTS - 1;

    for (int i = 0; i <= last; i++) {
        int code = sqlite3_prepare_v3(store->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                                      NULL);

        if (code != SQLITE_OK) {
            return failed(store, code);
        }
    }
    return mode == UAPI_AUDIT_STORE_READ ? APR_SUCCESS
                                         : execute(store, "PRAGMA journal_size_limit=67108864;"
                                                          "PRAGMA synchronous=FULL");
}

apr_status_t uapi_audit_store_open(uapi_audit_store **opened, const char *path, uapi_audit_store_mode mode,
                                   apr_pool_t *pool, uapi_result *result)
{
    uapi_audit_store *store = apr_pcalloc(pool, sizeof(*store));
    apr_status_t status = APR_SUCCESS;

    *opened = NULL;
    store->path = path;
    if (mode == UAPI_AUDIT_STORE_CREATE) {
        status = make_file(store, pool, result);
    }
    if (status == APR_SUCCESS) {
        status = check_file(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if ((status = connect_to(store, mode, pool)) != APR_SUCCESS) {
        refuse(store, status, "cannot be opened", pool, result);
    } else if ((status = check_schema(store, mode, pool, result)) == APR_SUCCESS &&
               (status = prepare(store, mode)) != APR_SUCCESS) {
        refuse(store, status, "cannot be used", pool, result);
    }
    if (status != APR_SUCCESS) {
        uapi_audit_store_close(store);
        return status;
    }
    *opened = store;
    return APR_SUCCESS;
}

void uapi_audit_store_close(uapi_audit_store *store)
{
    if (!store) {
        return;
    }
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->database);
    memset(store, 0, sizeof(*store));
}

apr_status_t uapi_audit_store_own(const char *path, int uid, int gid, apr_pool_t *pool, uapi_result *result)
{
    static const char *const companions[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        const char *file = apr_pstrcat(pool, path, companions[i], NULL);

        if ((uid != -1 || gid != -1) && chown(file, (uid_t)uid, (gid_t)gid) == -1 && errno != ENOENT) {
            return uapi_fail(result, pool, errno, UAPI_REASON_AUDIT_UNAVAILABLE,
                             "audit file %s: cannot be given to the server's user", file);
        }
    }
    return APR_SUCCESS;
}

apr_status_t uapi_audit_store_sync(uapi_audit_store *store, int synced)
{
    return execute(store, synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

apr_status_t uapi_audit_store_check(const uapi_audit_store *store)
{
    struct stat info;

    return stat(store->path, &info) == 0 && info.st_dev == store->device && info.st_ino == store->inode ? APR_SUCCESS
                                                                                                        : ESTALE;
}

apr_status_t uapi_audit_store_binding(uapi_audit_store *store, uint64_t *ring, uint64_t *position)
{
    sqlite3_stmt *statement = store->statements[BINDING];
    int code = sqlite3_step(statement);
    apr_status_t status = APR_SUCCESS;

    if (code == SQLITE_ROW) {
        *ring = (uint64_t)sqlite3_column_int64(statement, 0);
        *position = (uint64_t)sqlite3_column_int64(statement, 1);
    } else {
        status = code == SQLITE_DONE ? EILSEQ : failed(store, code);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_audit_store_bind(uapi_audit_store *store, uint64_t ring, uint64_t position)
{
    sqlite3_bind_int64(store->statements[BIND], 2, (int64_t)position);
    sqlite3_bind_int64(store->statements[BIND], 1, (int64_t)ring);
    return run(store, BIND);
}

apr_status_t uapi_audit_store_head(uapi_audit_store *store, const char *tenant, uint64_t *sequence, uint8_t hash[32])
{
    sqlite3_stmt *statement = store->statements[HEAD];
    apr_status_t status = APR_SUCCESS;
    int code;

    sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
    *sequence = 0;
    memset(hash, 0, 32);
    if ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (sqlite3_column_int64(statement, 0) > 0 && sqlite3_column_bytes(statement, 1) == 32) {
            *sequence = (uint64_t)sqlite3_column_int64(statement, 0);
            memcpy(hash, sqlite3_column_blob(statement, 1), 32);
        } else {
            status = EILSEQ;
        }
    } else if (code != SQLITE_DONE) {
        status = failed(store, code);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_audit_store_begin(uapi_audit_store *store)
{
    return run(store, BEGIN);
}

void uapi_audit_store_rollback(uapi_audit_store *store)
{
    if (!sqlite3_get_autocommit(store->database)) {
        const char *message = store->message;

        run(store, ROLLBACK);
        store->message = message;
    }
}

apr_status_t uapi_audit_store_insert(uapi_audit_store *store, const uapi_audit_row *row)
{
    sqlite3_stmt *statement = store->statements[INSERT];
    apr_status_t status;

    sqlite3_bind_text(statement, 1, row->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, row->first);
    sqlite3_bind_int64(statement, 3, row->count);
    sqlite3_bind_text64(statement, 4, row->records, row->records_length, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_blob64(statement, 5, row->seals, row->seals_length, SQLITE_STATIC);
    status = run(store, INSERT);
    sqlite3_clear_bindings(statement);
    if (status != APR_SUCCESS) {
        uapi_audit_store_rollback(store);
    }
    return status;
}

apr_status_t uapi_audit_store_commit(uapi_audit_store *store, uint64_t ring, uint64_t from, uint64_t to)
{
    sqlite3_stmt *statement = store->statements[MOVE];
    apr_status_t status;

    sqlite3_bind_int64(statement, 1, (int64_t)ring);
    sqlite3_bind_int64(statement, 2, (int64_t)from);
    sqlite3_bind_int64(statement, 3, (int64_t)to);
    status = run(store, MOVE);
    if (status == APR_SUCCESS && sqlite3_changes(store->database) != 1) {
        store->message = "it is bound to another ring";
        status = ESTALE;
    }
    if (status == APR_SUCCESS) {
        status = run(store, COMMIT);
    }
    if (status != APR_SUCCESS) {
        uapi_audit_store_rollback(store);
    }
    return status;
}

unsigned uapi_audit_store_log_pages(const uapi_audit_store *store)
{
    return store->log_pages;
}

apr_status_t uapi_audit_store_checkpoint(uapi_audit_store *store)
{
    int code = sqlite3_wal_checkpoint_v2(store->database, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    return code == SQLITE_OK ? APR_SUCCESS : failed(store, code);
}

static void read_row(sqlite3_stmt *statement, uapi_audit_row *row)
{
    static const int types[] = {SQLITE_INTEGER, SQLITE_TEXT, SQLITE_INTEGER, SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB};

    row->sound = 1;
    for (int i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++) {
        row->sound &= sqlite3_column_type(statement, i) == types[i];
    }
    row->tenant = sqlite3_column_type(statement, 1) == SQLITE_TEXT ? (const char *)sqlite3_column_text(statement, 1)
                                                                   : NULL;
    row->id = sqlite3_column_int64(statement, 0);
    row->first = sqlite3_column_int64(statement, 2);
    row->count = sqlite3_column_int64(statement, 3);
    row->records = (const char *)sqlite3_column_text(statement, 4);
    row->records_length = (size_t)sqlite3_column_bytes(statement, 4);
    row->seals = sqlite3_column_blob(statement, 5);
    row->seals_length = (size_t)sqlite3_column_bytes(statement, 5);
}

/* One read transaction: at most ROWS_AT_A_TIME rows. */
static apr_status_t visit_some(uapi_audit_store *store, sqlite3_stmt *statement, uapi_audit_store_visitor visitor,
                               void *baton, uapi_audit_row *row, int *seen, int *stop)
{
    int code;

    *seen = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        read_row(statement, row);
        (*seen)++;
        if ((*stop = visitor(baton, row)) != 0) {
            code = SQLITE_DONE;
            break;
        }
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? APR_SUCCESS : failed(store, code);
}

apr_status_t uapi_audit_store_scan(uapi_audit_store *store, uapi_audit_store_visitor visitor, void *baton)
{
    sqlite3_stmt *statement = store->statements[SCAN];
    uapi_audit_row row = {.id = INT64_MIN};
    int seen, stop = 0;
    apr_status_t status;

    do {
        sqlite3_bind_int64(statement, 1, row.id);
        sqlite3_bind_int(statement, 2, ROWS_AT_A_TIME);
        status = visit_some(store, statement, visitor, baton, &row, &seen, &stop);
    } while (status == APR_SUCCESS && !stop && seen == ROWS_AT_A_TIME);
    return status;
}

/* The first sequence number of the row that holds `from`, less one. */
static apr_status_t find_start(uapi_audit_store *store, const char *tenant, int64_t from, int64_t *after)
{
    sqlite3_stmt *statement = store->statements[START];
    int code;

    sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, from);
    code = sqlite3_step(statement);
    *after = code == SQLITE_ROW && sqlite3_column_int64(statement, 0) > 0 ? sqlite3_column_int64(statement, 0) - 1 : 0;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_ROW ? APR_SUCCESS : failed(store, code);
}

apr_status_t uapi_audit_store_visit(uapi_audit_store *store, const char *tenant, int64_t from,
                                    uapi_audit_store_visitor visitor, void *baton)
{
    sqlite3_stmt *statement = store->statements[VISIT];
    uapi_audit_row row = {.first = 0};
    int seen, stop = 0;
    apr_status_t status = find_start(store, tenant, from, &row.first);

    while (status == APR_SUCCESS) {
        sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, row.first);
        sqlite3_bind_int(statement, 3, ROWS_AT_A_TIME);
        status = visit_some(store, statement, visitor, baton, &row, &seen, &stop);
        if (stop || seen < ROWS_AT_A_TIME) {
            break;
        }
    }
    sqlite3_clear_bindings(statement);
    return status;
}

apr_status_t uapi_audit_store_next_tenant(uapi_audit_store *store, const char *after, const char **tenant,
                                          apr_pool_t *pool)
{
    sqlite3_stmt *statement = store->statements[NEXT_TENANT];
    apr_status_t status = APR_NOTFOUND;
    int code;

    *tenant = NULL;
    sqlite3_bind_text(statement, 1, after, -1, SQLITE_STATIC);
    if ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (sqlite3_column_type(statement, 0) == SQLITE_TEXT) {
            *tenant = apr_pstrdup(pool, (const char *)sqlite3_column_text(statement, 0));
            status = APR_SUCCESS;
        }
    } else {
        status = failed(store, code);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}
