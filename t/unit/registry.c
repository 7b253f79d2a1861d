/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The server's view of the registry: right at once after every change, and closed when the file cannot be trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "registry_private.h"
#include "sqlite_connection.h"
#include "vault.h"

#define NOW apr_time_from_sec(1800000000)

static apr_pool_t *pool; /* of the test that runs */
static char folder[] = "/tmp/uapi-registry-XXXXXX";
static const char *path, *key_path;
static uapi_keyring *keyring;
static uapi_store *writer;
static uapi_registry *registry;
static char token[UAPI_TOKEN_LENGTH + 1];
static const char *token_id;

static const char *beside(const char *ending)
{
    return apr_pstrcat(pool, path, ending, NULL);
}

static void remove_registry(void)
{
    unlink(path);
    unlink(beside("-wal"));
    unlink(beside("-shm"));
    unlink(beside("-generation"));
}

static const char *add_token(const char *tenant, const char *roles, apr_time_t expires, char *text)
{
    uapi_store_token made = {.principal = "bot", .principal_type = "agent", .roles = roles, .expires = expires};
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uapi_result result = {0};

    assert_int_equal(uapi_token_generate(text, NULL), APR_SUCCESS);
    uapi_token_hash(text, UAPI_TOKEN_LENGTH, hash);
    uapi_store_bind_tenant(writer, tenant);
    if (uapi_store_token_create(writer, &made, hash, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return made.id;
}

static void make_file(void)
{
    assert_int_equal(uapi_store_open(&writer, path, UAPI_STORE_CREATE, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(writer, "acme", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(writer, "other", pool, NULL), APR_SUCCESS);
    token_id = add_token("acme", "support night", 0, token);
}

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rmdir(folder);
    apr_terminate();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/registry.db", folder);
    key_path = apr_psprintf(pool, "%s/key", folder);
    assert_int_equal(uapi_keyring_create(key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_keyring_load(&keyring, key_path, pool, NULL), APR_SUCCESS);
    make_file();
    assert_int_equal(uapi_registry_open(&registry, path, keyring, pool, NULL), APR_SUCCESS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    uapi_store_close(writer);
    remove_registry();
    unlink(key_path);
    apr_pool_destroy(pool);
    return 0;
}

/* The reason that a token is refused for, UAPI_REASON_NONE if it is accepted. */
static uapi_reason ask(const char *text, uapi_principal **principal)
{
    uapi_result result = {0};
    uapi_principal *found;
    apr_status_t status = uapi_registry_authenticate(registry, text, strlen(text), NOW, &found, pool, &result);

    assert_int_equal(status == APR_SUCCESS, result.reason == UAPI_REASON_NONE);
    assert_int_equal(status == APR_SUCCESS, found != NULL);
    if (principal) {
        *principal = found;
    }
    return result.reason;
}

/* Whether the cache alone answers, without the file. */
static int is_cached(const char *text)
{
    uint64_t room[128];
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uapi_cache_stamp stamp;

    uapi_token_hash(text, strlen(text), hash);
    return uapi_registry_stamp(registry, &stamp) && uapi_cache_get(registry->tokens, hash, &stamp, room) > 0;
}

static void watch_now(void)
{
    uapi_registry_watch_soon(registry);
    uapi_registry_watch(registry);
}

/* Run SQL on the file, behind the store's back. */
static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_token_names_its_principal(void **state)
{
    char plain[UAPI_TOKEN_LENGTH + 1];
    uapi_principal *principal;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) { /* a miss, then hits: the same answer */
        assert_int_equal(ask(token, &principal), UAPI_REASON_NONE);
        assert_int_equal(principal->type, UAPI_PRINCIPAL_AGENT);
        assert_string_equal(principal->tenant, "acme");
        assert_string_equal(principal->id, "bot");
        assert_string_equal(principal->token_id, token_id);
        assert_string_equal(principal->roles[0], "support");
        assert_string_equal(principal->roles[1], "night");
        assert_null(principal->roles[2]);
        assert_true(is_cached(token));
    }
    add_token("other", "", 0, plain);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(plain, &principal), UAPI_REASON_NONE);
        assert_string_equal(principal->tenant, "other");
        assert_null(principal->roles);
    }
}

static void many_roles_work_uncached(void **state)
{
    char wide[UAPI_TOKEN_LENGTH + 1], roles[1001];
    uapi_principal *principal;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        roles[i] = i % 10 == 9 ? ' ' : 'r';
    }
    roles[999] = '\0';
    add_token("acme", roles, 0, wide);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(wide, &principal), UAPI_REASON_NONE);
        assert_string_equal(principal->roles[99], "rrrrrrrrr");
        assert_null(principal->roles[100]);
        assert_false(is_cached(wide));
    }
}

static void wrong_tokens(void **state)
{
    char unknown[UAPI_TOKEN_LENGTH + 1], expired[UAPI_TOKEN_LENGTH + 1], expiring[UAPI_TOKEN_LENGTH + 1];
    int i;

    (void)state;
    assert_int_equal(uapi_token_generate(unknown, NULL), APR_SUCCESS);
    add_token("acme", "", NOW, expired);
    add_token("acme", "", NOW + 1, expiring);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(unknown, NULL), UAPI_REASON_TOKEN_UNKNOWN);
        assert_false(is_cached(unknown));
        assert_int_equal(ask(expired, NULL), UAPI_REASON_TOKEN_EXPIRED);
        assert_int_equal(ask(expiring, NULL), UAPI_REASON_NONE);
    }
    unknown[20] = unknown[20] == 'x' ? 'y' : 'x';
    assert_int_equal(ask(unknown, NULL), UAPI_REASON_TOKEN_MALFORMED);
    assert_int_equal(ask("", NULL), UAPI_REASON_TOKEN_MALFORMED);
}

static void revoked_on_the_very_next_call(void **state)
{
    (void)state;
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_token_revoke(writer, token_id, pool, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_TOKEN_REVOKED);
    assert_int_equal(ask(token, NULL), UAPI_REASON_TOKEN_REVOKED);
}

/* A child that accepts the token again and again until `done` is closed, and must then refuse it. */
static void serve(int ready, int done)
{
    uapi_registry *mine;
    uapi_principal *principal;
    apr_pool_t *own, *call;
    int accepted = 0, good;
    char c;

    apr_pool_create(&own, NULL);
    apr_pool_create(&call, own);
    good = uapi_registry_open(&mine, path, keyring, own, NULL) == APR_SUCCESS;
    while (good && read(done, &c, 1) < 0) {
        accepted +=
            uapi_registry_authenticate(mine, token, UAPI_TOKEN_LENGTH, NOW, &principal, call, NULL) == APR_SUCCESS;
        if (accepted == 100) {
            good = write(ready, "x", 1) == 1;
        }
        apr_pool_clear(call);
    }
    good = good && accepted >= 100 &&
           uapi_registry_authenticate(mine, token, UAPI_TOKEN_LENGTH, NOW, &principal, call, NULL) != APR_SUCCESS;
    apr_pool_destroy(own);
    _exit(good ? 0 : 1);
}

/* Another process revokes while children serve from their caches: none accepts the token once that has returned. */
static void revoked_in_every_process(void **state)
{
    enum { CHILDREN = 3 };
    int ready[2], done[2], status, i;
    pid_t children[CHILDREN];
    char c;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    assert_int_equal(fcntl(done[0], F_SETFL, O_NONBLOCK), 0);
    for (i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(done[1]);
            serve(ready[1], done[0]);
        }
    }
    close(ready[1]);
    for (i = 0; i < CHILDREN; i++) {
        assert_int_equal(read(ready[0], &c, 1), 1);
    }
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_token_revoke(writer, token_id, pool, NULL), APR_SUCCESS);
    close(done[1]);
    for (i = 0; i < CHILDREN; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    close(ready[0]);
    close(done[0]);
}

static void a_change_behind_our_back_is_noticed(void **state)
{
    (void)state;
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    run_sql("UPDATE t_tokens SET revoked = 1");
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE); /* the generation has not moved */
    usleep(1100000);
    assert_int_equal(ask(token, NULL), UAPI_REASON_TOKEN_REVOKED);
}

static void nothing_is_cached_during_a_write(void **state)
{
    (void)state;
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_int_equal(uapi_sqlite_begin(writer, pool, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE); /* a writer stands in no reader's way */
    assert_false(is_cached(token));
    assert_int_equal(uapi_sqlite_finish(writer, APR_SUCCESS, pool, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_true(is_cached(token));
}

static void a_killed_writer_slows_nobody_for_long(void **state)
{
    int status;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        uapi_store *store;

        _exit(uapi_store_open(&store, path, UAPI_STORE_WRITE, pool, NULL) != APR_SUCCESS ||
              uapi_sqlite_begin(store, pool, NULL) != APR_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    registry->next_watch = INT64_MAX; /* nobody looks just now */
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_false(is_cached(token));
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_true(is_cached(token));
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_token_revoke(writer, token_id, pool, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_TOKEN_REVOKED);
}

static void a_replaced_registry_is_noticed(void **state)
{
    char old[UAPI_TOKEN_LENGTH + 1];

    (void)state;
    memcpy(old, token, sizeof(old));
    assert_int_equal(ask(old, NULL), UAPI_REASON_NONE);
    uapi_store_close(writer);
    remove_registry();
    make_file();
    watch_now();
    assert_int_equal(ask(old, NULL), UAPI_REASON_TOKEN_UNKNOWN);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_true(is_cached(token)); /* under the new file's generation */
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_token_revoke(writer, token_id, pool, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_TOKEN_REVOKED);
}

/* A sealed connection ends when the schema changes; callers must not notice. */
static void a_changed_schema_disturbs_nobody(void **state)
{
    char fresh[UAPI_TOKEN_LENGTH + 1];

    (void)state;
    assert_int_equal(uapi_token_generate(fresh, NULL), APR_SUCCESS);
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_TOKEN_UNKNOWN);
    run_sql("ANALYZE; VACUUM");
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_TOKEN_UNKNOWN);
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    uapi_store_close(writer);
    assert_int_equal(uapi_store_open(&writer, path, UAPI_STORE_WRITE, pool, NULL), APR_SUCCESS);
}

static void a_missing_registry_refuses_and_comes_back(void **state)
{
    const char *away = apr_pstrcat(pool, folder, "/away", NULL);
    char fresh[UAPI_TOKEN_LENGTH + 1];

    (void)state;
    assert_int_equal(uapi_token_generate(fresh, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_REGISTRY_UNAVAILABLE);
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_REGISTRY_UNAVAILABLE); /* nothing cached is trusted either */
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_TOKEN_UNKNOWN);
}

static void without_the_generation_nothing_is_cached(void **state)
{
    uapi_result result = {0};

    (void)state;
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_int_equal(unlink(beside("-generation")), 0);
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_false(is_cached(token));
    assert_int_not_equal(uapi_registry_check(path, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "generation"));
    add_token("acme", "", 0, apr_palloc(pool, UAPI_TOKEN_LENGTH + 1)); /* the next change makes it anew */
    watch_now();
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    assert_true(is_cached(token));
    assert_int_equal(uapi_registry_check(path, pool, NULL), APR_SUCCESS);
}

static void a_locked_registry_refuses_in_time(void **state)
{
    char fresh[UAPI_TOKEN_LENGTH + 1];
    sqlite3 *db;
    apr_time_t started;

    (void)state;
    assert_int_equal(uapi_token_generate(fresh, NULL), APR_SUCCESS);
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    uapi_store_close(writer);
    uapi_registry_close_idle(registry);
    pthread_mutex_lock(&registry->watch_lock);
    uapi_registry_disconnect(registry->watch);
    registry->watch = NULL;
    pthread_mutex_unlock(&registry->watch_lock);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT * FROM t_tenants", NULL, NULL, NULL),
        SQLITE_OK);
    registry->next_watch = INT64_MAX;
    started = apr_time_now();
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_REGISTRY_UNAVAILABLE);
    assert_true(apr_time_now() - started < apr_time_from_msec(1000));
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE); /* cached, and nobody can have changed it */
    sqlite3_close(db);
    assert_int_equal(ask(fresh, NULL), UAPI_REASON_TOKEN_UNKNOWN);
    assert_int_equal(uapi_store_open(&writer, path, UAPI_STORE_WRITE, pool, NULL), APR_SUCCESS);
}

static void overwrite(const char *text)
{
    FILE *file = fopen(path, "r+");
    int i;

    assert_non_null(file);
    for (i = 0; i < 4096; i++) {
        fputs(text, file);
    }
    fclose(file);
}

static void a_corrupt_registry_refuses(void **state)
{
    uapi_result result = {0};

    (void)state;
    assert_int_equal(ask(token, NULL), UAPI_REASON_NONE);
    uapi_store_close(writer);
    run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
    overwrite("garbage ");
    uapi_registry_close_idle(registry);
    watch_now();
    uapi_registry_void(registry);
    assert_int_equal(ask(token, NULL), UAPI_REASON_REGISTRY_UNAVAILABLE);
    assert_int_not_equal(uapi_registry_check(path, pool, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_REGISTRY_UNAVAILABLE);
    remove_registry();
    make_file();
}

static void checks_in_the_parent(void **state)
{
    uapi_result result = {0};

    (void)state;
    assert_int_equal(uapi_registry_check(path, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_registry_check_tenant(path, "acme", pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_registry_check_tenant(path, "third", pool, &result), APR_NOTFOUND);
    assert_non_null(strstr(result.detail, "third"));
    assert_int_not_equal(uapi_registry_check("/nonexistent/registry.db", pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "does not exist"));
}

static const char *set_credential(const char *tenant, const char *name, int version, const char *value)
{
    static const uint8_t dek[UAPI_KEY_SIZE] = {9, 9, 9};
    uapi_store_credential credential = {.name = name, .version = version, .dek_version = 1};
    uapi_store_dek wrapped = {.version = 1}, *found;
    uapi_result result = {0};

    uapi_store_bind_tenant(writer, tenant);
    if (uapi_store_dek_find(writer, 0, &found, pool, NULL) != APR_SUCCESS) {
        uapi_vault_seal(&wrapped.wrapped, keyring->kek, uapi_vault_dek_aad(tenant, 1, pool), dek, sizeof(dek), pool,
                        NULL);
        assert_int_equal(uapi_store_dek_create(writer, &wrapped, pool, NULL), APR_SUCCESS);
    }
    uapi_vault_seal(&credential.blob, dek, uapi_vault_credential_aad(tenant, name, version, pool), value, strlen(value),
                    pool, NULL);
    if (uapi_store_credential_put(writer, &credential, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return credential.blob;
}

static const char *unseal(const char *tenant, const char *name)
{
    uapi_sealed_credential *sealed;
    uapi_result result = {0};
    size_t size, length;
    char *plaintext;

    if (uapi_registry_find_credential(registry, tenant, name, &sealed, pool, &result) != APR_SUCCESS) {
        assert_null(sealed);
        return uapi_reason_describe(result.reason)->code;
    }
    size = uapi_sealed_credential_length(sealed);
    plaintext = apr_pcalloc(pool, size + 1);
    if (uapi_registry_unseal(registry, sealed, plaintext, size, &length, &result) != APR_SUCCESS) {
        assert_non_null(result.detail);
        return uapi_reason_describe(result.reason)->code;
    }
    assert_int_equal(length, size);
    return plaintext;
}

static void credentials(void **state)
{
    char *large = apr_pcalloc(pool, 6001);
    int i;

    (void)state;
    memset(large, 'x', 6000);
    set_credential("acme", "stripe", 1, "sk-acme-1");
    set_credential("other", "stripe", 1, "sk-other");
    set_credential("acme", "large", 1, large);
    for (i = 0; i < 3; i++) {
        assert_string_equal(unseal("acme", "stripe"), "sk-acme-1");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        assert_string_equal(unseal("acme", "large"), large);
        assert_string_equal(unseal("acme", "github"), "credential.missing");
        assert_string_equal(unseal("third", "stripe"), "credential.missing");
        assert_string_equal(unseal("", "stripe"), "credential.missing");
    }
    set_credential("acme", "stripe", 2, "sk-acme-2");
    assert_string_equal(unseal("acme", "stripe"), "sk-acme-2");
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_credential_delete(writer, "stripe", pool, NULL), APR_SUCCESS);
    assert_string_equal(unseal("acme", "stripe"), "credential.missing");
    uapi_cache_clear(registry->deks);
    assert_string_equal(unseal("other", "stripe"), "sk-other");
}

static void moved_rows_do_not_decrypt(void **state)
{
    static const char *const moves[] = {
        "UPDATE t_credentials SET blob = (SELECT blob FROM t_credentials WHERE tenant = 'other') WHERE tenant = 'acme'",
        "UPDATE t_credentials SET version = 2 WHERE tenant = 'acme'",
        "UPDATE t_deks SET wrapped = (SELECT wrapped FROM t_deks WHERE tenant = 'other') WHERE tenant = 'acme'",
        "UPDATE t_credentials SET blob = 'AAAA' WHERE tenant = 'acme'",
        "UPDATE t_deks SET wrapped = '' WHERE tenant = 'acme'",
    };
    size_t i;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    set_credential("other", "stripe", 1, "sk-other");
    for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        assert_string_equal(unseal("acme", "stripe"), "sk-acme");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        run_sql(apr_pstrcat(pool,
                            "CREATE TABLE k AS SELECT * FROM t_credentials; CREATE TABLE d AS SELECT * FROM t_deks;",
                            moves[i], NULL));
        uapi_registry_void(registry);
        assert_string_equal(unseal("acme", "stripe"), "credential.unreadable");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        run_sql("PRAGMA foreign_keys = OFF; DELETE FROM t_credentials; DELETE FROM t_deks; INSERT INTO t_deks SELECT * "
                "FROM d;"
                "INSERT INTO t_credentials SELECT * FROM k; DROP TABLE k; DROP TABLE d");
        uapi_registry_void(registry);
    }
}

static void another_key_file_opens_nothing(void **state)
{
    uapi_keyring *other;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    unlink(key_path);
    assert_int_equal(uapi_keyring_create(key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_keyring_load(&other, key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_registry_open(&registry, path, other, pool, NULL), APR_SUCCESS);
    assert_string_equal(unseal("acme", "stripe"), "credential.unreadable");
}

/* Threads call while another revokes, and the watcher runs as often as it can. */

static int stop;

static void *call_often(void *data)
{
    uintptr_t wrong = 0;
    apr_pool_t *own;
    int i;

    (void)data;
    apr_pool_create_unmanaged(&own);
    for (i = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
        uapi_sealed_credential *sealed;
        uapi_principal *principal;
        uapi_result result = {0};
        char room[16];
        size_t length;

        if (uapi_registry_authenticate(registry, token, UAPI_TOKEN_LENGTH, NOW, &principal, own, &result) !=
                APR_SUCCESS ||
            strcmp(principal->tenant, "acme") != 0 || strcmp(principal->roles[1], "night") != 0) {
            wrong++;
        }
        if (uapi_registry_find_credential(registry, "acme", "stripe", &sealed, own, &result) != APR_SUCCESS ||
            uapi_registry_unseal(registry, sealed, room, sizeof(room), &length, &result) != APR_SUCCESS ||
            memcmp(room, "sk-acme", length) != 0) {
            wrong++;
        }
        if (i % 16 == 0) {
            uapi_registry_watch_soon(registry);
        }
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return (void *)wrong;
}

static void threads(void **state)
{
    pthread_t callers[4];
    int i;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    stop = 0;
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, NULL), 0);
    }
    for (i = 0; i < 60; i++) {
        char other[UAPI_TOKEN_LENGTH + 1];
        const char *id = add_token("other", "", 0, other);

        assert_int_equal(ask(other, NULL), UAPI_REASON_NONE);
        uapi_store_bind_tenant(writer, "other");
        assert_int_equal(uapi_store_token_revoke(writer, id, pool, NULL), APR_SUCCESS);
        assert_int_equal(ask(other, NULL), UAPI_REASON_TOKEN_REVOKED);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 4; i++) {
        void *wrong;

        assert_int_equal(pthread_join(callers[i], &wrong), 0);
        assert_null(wrong);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_names_its_principal),
        TEST(many_roles_work_uncached),
        TEST(wrong_tokens),
        TEST(revoked_on_the_very_next_call),
        TEST(revoked_in_every_process),
        TEST(a_change_behind_our_back_is_noticed),
        TEST(nothing_is_cached_during_a_write),
        TEST(a_killed_writer_slows_nobody_for_long),
        TEST(a_replaced_registry_is_noticed),
        TEST(a_changed_schema_disturbs_nobody),
        TEST(a_missing_registry_refuses_and_comes_back),
        TEST(without_the_generation_nothing_is_cached),
        TEST(a_locked_registry_refuses_in_time),
        TEST(a_corrupt_registry_refuses),
        TEST(checks_in_the_parent),
        TEST(credentials),
        TEST(moved_rows_do_not_decrypt),
        TEST(another_key_file_opens_nothing),
        TEST(threads),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
