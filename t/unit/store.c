/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The registry's operations: what goes in comes out, for its own tenant; files that are refused, and with what words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "store.h"

static apr_pool_t *pool;
static char folder[] = "/tmp/uapi-store-XXXXXX";
static const char *path;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/registry.db", mkdtemp(folder));
    return 0;
}

static int clean(void **state)
{
    (void)state;
    chmod(folder, 0700);
    unlink(path);
    unlink(apr_pstrcat(pool, path, "-wal", NULL));
    unlink(apr_pstrcat(pool, path, "-shm", NULL));
    unlink(apr_pstrcat(pool, path, "-generation", NULL));
    return 0;
}

static int teardown(void **state)
{
    clean(state);
    rmdir(folder);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static uapi_store *open_store(uapi_store_mode mode)
{
    uapi_result result = {0};
    uapi_store *store;

    if (uapi_store_open(&store, path, mode, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return store;
}

/* A new registry with the tenants acme and other. */
static uapi_store *new_registry(void)
{
    uapi_store *store = open_store(UAPI_STORE_CREATE);

    assert_int_equal(uapi_store_tenant_create(store, "acme", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(store, "other", pool, NULL), APR_SUCCESS);
    return store;
}

static const uint8_t *hash_of(int number)
{
    uint8_t *hash = apr_pcalloc(pool, 32);

    memcpy(hash, &number, sizeof(number));
    hash[31] = 1;
    return hash;
}

static const char *make_token(uapi_store *store, const char *tenant, int number)
{
    uapi_store_token token = {.principal = "bot",
                              .principal_type = "agent",
                              .roles = "support night-shift",
                              .label = "the bot's",
                              .expires = 12345};
    uapi_result result = {0};

    uapi_store_bind_tenant(store, tenant);
    if (uapi_store_token_create(store, &token, hash_of(number), pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return token.id;
}

static void assert_open_fails(uapi_store_mode mode, const char *because)
{
    uapi_result result = {0};
    uapi_store *store;

    assert_int_not_equal(uapi_store_open(&store, path, mode, pool, &result), APR_SUCCESS);
    assert_null(store);
    assert_int_equal(result.reason, UAPI_REASON_REGISTRY_UNAVAILABLE);
    if (!strstr(result.detail, because) || !strstr(result.detail, path)) {
        fail_msg("got: %s", result.detail);
    }
}

static void tenants(void **state)
{
    uapi_store *store = new_registry();
    uapi_result result = {0};
    apr_array_header_t *list;

    (void)state;
    assert_int_equal(uapi_store_tenant_create(store, "acme", pool, &result), APR_EEXIST);
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_int_equal(uapi_store_tenant_create(store, "a:b", pool, &result), APR_EINVAL);
    assert_int_equal(uapi_store_tenant_list(store, &list, pool, NULL), APR_SUCCESS);
    assert_int_equal(list->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(list, 0, uapi_store_tenant).name, "acme");
    assert_true(APR_ARRAY_IDX(list, 1, uapi_store_tenant).created > 0);
    assert_int_equal(uapi_store_tenant_exists(store, "other", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_exists(store, "third", pool, &result), APR_NOTFOUND);
    assert_int_equal(uapi_store_tenant_exists(store, NULL, pool, &result), APR_NOTFOUND);
    uapi_store_close(store);
}

static void tokens(void **state)
{
    uapi_store *store = new_registry();
    const char *id = make_token(store, "acme", 1);
    uapi_store_token *token;
    apr_array_header_t *list;
    uapi_result result = {0};
    apr_time_t first;

    (void)state;
    make_token(store, "acme", 2);
    make_token(store, "other", 3);
    assert_int_equal(strlen(id), 12);
    uapi_store_bind_tenant(store, NULL); /* a token is found before its tenant is known */
    assert_int_equal(uapi_store_token_find(store, hash_of(1), &token, pool, NULL), APR_SUCCESS);
    assert_string_equal(token->id, id);
    assert_string_equal(token->tenant, "acme");
    assert_string_equal(token->principal, "bot");
    assert_string_equal(token->principal_type, "agent");
    assert_string_equal(token->roles, "support night-shift");
    assert_string_equal(token->label, "the bot's");
    assert_true(token->created > 0);
    assert_true(token->expires == 12345 && token->revoked == 0);
    assert_int_equal(uapi_store_token_find(store, hash_of(4), &token, pool, &result), APR_NOTFOUND);
    assert_null(token);
    assert_int_equal(result.reason, UAPI_REASON_TOKEN_UNKNOWN);

    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_token_list(store, &list, pool, NULL), APR_SUCCESS);
    assert_int_equal(list->nelts, 2);
    assert_int_equal(uapi_store_token_revoke(store, id, pool, NULL), APR_SUCCESS);
    uapi_store_token_find(store, hash_of(1), &token, pool, NULL);
    first = token->revoked;
    assert_true(first > 0);
    assert_int_equal(uapi_store_token_revoke(store, id, pool, NULL), APR_SUCCESS);
    uapi_store_token_find(store, hash_of(1), &token, pool, NULL);
    assert_true(token->revoked == first);
    assert_int_equal(uapi_store_token_revoke(store, "nosuchtoken0", pool, &result), APR_NOTFOUND);
    uapi_store_close(store);
}

static void tokens_refused(void **state)
{
    static const uapi_store_token wrong[] = {
        {.principal = "a:b", .principal_type = "agent"},
        {.principal = "", .principal_type = "agent"},
        {.principal = "bot", .principal_type = "anonymous"},
        {.principal = "bot"},
        {.principal = "bot", .principal_type = "human"}, /* exists as an agent */
        {.principal = "bot", .principal_type = "agent", .roles = " support"},
        {.principal = "bot", .principal_type = "agent", .roles = "a  b"},
        {.principal = "bot", .principal_type = "agent", .roles = "a "},
        {.principal = "bot", .principal_type = "agent", .roles = "a,b"},
        {.principal = "bot", .principal_type = "agent", .label = "a\x1b[31m"},
        {.principal = "bot", .principal_type = "agent", .expires = -1},
    };
    static const uint8_t zeros[32];
    uapi_store *store = new_registry();
    uapi_store_token token = {.principal = "bot", .principal_type = "agent"}, *found;
    uapi_result result = {0};
    size_t i;

    (void)state;
    make_token(store, "acme", 1);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        token = wrong[i];
        assert_int_not_equal(uapi_store_token_create(store, &token, hash_of(9), pool, &result), APR_SUCCESS);
        assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
        assert_int_equal(uapi_store_token_find(store, hash_of(9), &found, pool, NULL), APR_NOTFOUND);
    }
    token = (uapi_store_token){.principal = "bot", .principal_type = "agent"};
    assert_int_equal(uapi_store_token_create(store, &token, zeros, pool, NULL), APR_EINVAL);
    assert_int_equal(uapi_store_token_find(store, zeros, &found, pool, NULL), APR_NOTFOUND);
    assert_int_not_equal(uapi_store_token_create(store, &token, hash_of(1), pool, NULL), APR_SUCCESS); /* same hash */
    uapi_store_bind_tenant(store, "third");
    assert_int_equal(uapi_store_token_create(store, &token, hash_of(9), pool, NULL), APR_NOTFOUND);
    uapi_store_close(store);
}

static void deks_and_credentials(void **state)
{
    uapi_store *store = new_registry();
    uapi_store_dek one = {1, "wrapped-1"}, two = {2, "wrapped-2"}, *dek;
    uapi_store_credential credential = {.name = "stripe", .version = 1, .dek_version = 1, .blob = "b1"}, *found;
    apr_array_header_t *list;
    uapi_result result = {0};

    (void)state;
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_dek_find(store, 0, &dek, pool, &result), APR_NOTFOUND);
    assert_null(dek);
    assert_int_not_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS); /* no such key */
    assert_int_not_equal(uapi_store_dek_create(store, &two, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_dek_create(store, &one, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_dek_create(store, &one, pool, &result), APR_EEXIST);
    assert_int_equal(uapi_store_dek_create(store, &two, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_dek_find(store, 0, &dek, pool, NULL), APR_SUCCESS);
    assert_int_equal(dek->version, 2);
    assert_int_equal(uapi_store_dek_find(store, 1, &dek, pool, NULL), APR_SUCCESS);
    assert_string_equal(dek->wrapped, "wrapped-1");

    assert_int_equal(uapi_store_credential_find(store, "stripe", &found, pool, &result), APR_NOTFOUND);
    assert_int_equal(result.reason, UAPI_REASON_CREDENTIAL_MISSING);
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, &result), APR_EEXIST); /* a race */
    credential.version = 2;
    credential.dek_version = 2;
    credential.blob = "b2";
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_credential_find(store, "stripe", &found, pool, NULL), APR_SUCCESS);
    assert_string_equal(found->blob, "b2");
    assert_true(found->version == 2 && found->dek_version == 2 && found->updated > 0);
    assert_int_equal(uapi_store_credential_list(store, &list, pool, NULL), APR_SUCCESS);
    assert_int_equal(list->nelts, 1);
    credential.name = "a:b";
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_EINVAL);
    assert_int_equal(uapi_store_credential_delete(store, "stripe", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_credential_delete(store, "stripe", pool, NULL), APR_NOTFOUND);
    assert_int_equal(uapi_store_credential_find(store, "stripe", &found, pool, NULL), APR_NOTFOUND);
    uapi_store_close(store);
}

static void another_tenant_sees_and_changes_nothing(void **state)
{
    uapi_store *store = new_registry();
    const char *id = make_token(store, "acme", 1);
    uapi_store_dek one = {1, "w"}, *dek;
    uapi_store_credential credential = {.name = "stripe", .version = 1, .dek_version = 1, .blob = "acme's"}, *found;
    uapi_store_token *token;
    apr_array_header_t *list;
    const char *const strangers[] = {"other", NULL, "", "a:b", "acme'--"};
    size_t i;

    (void)state;
    assert_int_equal(uapi_store_dek_create(store, &one, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
    for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        uapi_store_bind_tenant(store, strangers[i]);
        assert_int_equal(uapi_store_token_list(store, &list, pool, NULL), APR_SUCCESS);
        assert_int_equal(list->nelts, 0);
        assert_int_not_equal(uapi_store_token_revoke(store, id, pool, NULL), APR_SUCCESS);
        assert_int_equal(uapi_store_dek_find(store, 0, &dek, pool, NULL), APR_NOTFOUND);
        assert_int_equal(uapi_store_dek_find(store, 1, &dek, pool, NULL), APR_NOTFOUND);
        assert_int_equal(uapi_store_credential_find(store, "stripe", &found, pool, NULL), APR_NOTFOUND);
        assert_int_equal(uapi_store_credential_list(store, &list, pool, NULL), APR_SUCCESS);
        assert_int_equal(list->nelts, 0);
        assert_int_not_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
        assert_int_not_equal(uapi_store_credential_delete(store, "stripe", pool, NULL), APR_SUCCESS);
    }
    assert_int_equal(uapi_store_token_find(store, hash_of(1), &token, pool, NULL), APR_SUCCESS);
    assert_true(token->revoked == 0);

    /* The same names in another tenant are other rows. */
    uapi_store_bind_tenant(store, "other");
    assert_int_equal(uapi_store_dek_create(store, &one, pool, NULL), APR_SUCCESS);
    credential.blob = "other's";
    assert_int_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_credential_find(store, "stripe", &found, pool, NULL), APR_SUCCESS);
    assert_string_equal(found->blob, "acme's");
    uapi_store_close(store);
}

static void reading_mode_reads_only(void **state)
{
    uapi_store *writer = new_registry(), *store;
    uapi_store_token token = {.principal = "bot", .principal_type = "agent"}, *found;
    uapi_store_dek dek = {1, "w"};
    uapi_store_credential credential = {.name = "x", .version = 1, .dek_version = 1, .blob = "b"};
    uapi_result result = {0};

    (void)state;
    make_token(writer, "acme", 1);
    store = open_store(UAPI_STORE_READ);
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_token_find(store, hash_of(1), &found, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_store_token_revoke(store, found->id, pool, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_REGISTRY_UNAVAILABLE);
    assert_int_not_equal(uapi_store_token_create(store, &token, hash_of(2), pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_store_tenant_create(store, "third", pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_store_dek_create(store, &dek, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_store_credential_put(store, &credential, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_store_credential_delete(store, "x", pool, NULL), APR_SUCCESS);
    make_token(writer, "acme", 2); /* a reader sees later changes, and stands in nobody's way */
    assert_int_equal(uapi_store_token_find(store, hash_of(2), &found, pool, NULL), APR_SUCCESS);
    uapi_store_close(writer);
    uapi_store_close(store);
}

static void data_version_shows_changes(void **state)
{
    uapi_store *writer = new_registry(), *store = open_store(UAPI_STORE_READ);
    uint32_t before, same, after;

    (void)state;
    assert_int_equal(uapi_store_data_version(store, &before, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_data_version(store, &same, pool, NULL), APR_SUCCESS);
    assert_int_equal(before, same);
    make_token(writer, "acme", 1);
    assert_int_equal(uapi_store_data_version(store, &after, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(before, after);
    uapi_store_close(writer);
    uapi_store_close(store);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Run SQL on the file, behind the store's back. */
static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void unfit_files_are_refused(void **state)
{
    char text[4097];

    (void)state;
    assert_open_fails(UAPI_STORE_READ, "does not exist");
    assert_open_fails(UAPI_STORE_WRITE, "does not exist");
    write_file("");
    assert_open_fails(UAPI_STORE_READ, "no registry");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    write_file(text);
    assert_open_fails(UAPI_STORE_READ, "not a database");
    unlink(path);
    run_sql("CREATE TABLE t (x)");
    assert_open_fails(UAPI_STORE_WRITE, "no registry");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_open_fails(UAPI_STORE_READ, "regular file");
    rmdir(path);
    uapi_store_close(new_registry());
    assert_open_fails(UAPI_STORE_CREATE, "exists already");
    assert_int_equal(chmod(path, 0602), 0);
    assert_open_fails(UAPI_STORE_READ, "chmod o-w");
    chmod(path, 0600);
    run_sql("PRAGMA user_version = 3");
    assert_open_fails(UAPI_STORE_READ, "newer program");
    assert_open_fails(UAPI_STORE_WRITE, "newer program");
    run_sql("PRAGMA user_version = 0");
    assert_open_fails(UAPI_STORE_READ, "not made whole");
    run_sql("PRAGMA user_version = 2; DROP TABLE t_tokens");
    assert_open_fails(UAPI_STORE_READ, "prepare its statements");
}

/* As a program of before made it. */
static void version_1_is_read_and_upgraded(void **state)
{
    uapi_store_pin pin = {.server = "s", .tool = "t", .hash = "h", .definition = "{}", .rejected = ""}, *found;
    uapi_store *store;

    (void)state;
    uapi_store_close(new_registry());
    run_sql("DROP TABLE t_pins; DROP TABLE t_observations; PRAGMA user_version = 1");
    store = open_store(UAPI_STORE_READ);
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_tenant_exists(store, "acme", pool, NULL), APR_SUCCESS);
    assert_true(APR_STATUS_IS_NOTFOUND(uapi_store_pin_find(store, "s", "t", &found, pool, NULL)));
    uapi_store_close(store);
    store = open_store(UAPI_STORE_WRITE);
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_tenant_exists(store, "other", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_pin_put(store, &pin, 1, pool, NULL), APR_SUCCESS);
    uapi_store_close(store);
    store = open_store(UAPI_STORE_READ);
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_pin_find(store, "s", "t", &found, pool, NULL), APR_SUCCESS);
    assert_string_equal(found->hash, "h");
    uapi_store_close(store);
    uapi_store_close(open_store(UAPI_STORE_WRITE));
}

static apr_status_t refuse_the_second(void *baton, const uapi_store_observation *one, apr_pool_t *scratch,
                                      uapi_result *result)
{
    int *count = baton;

    (void)one;
    return ++*count < 2 ? APR_SUCCESS : uapi_fail(result, scratch, APR_EGENERAL, UAPI_REASON_AUDIT_UNAVAILABLE, "no");
}

static int observed(uapi_store *store, const char *tool, uapi_store_role role, const char *hash)
{
    apr_array_header_t *all;

    assert_int_equal(uapi_store_observation_find(store, "s", tool, &all, pool, NULL), APR_SUCCESS);
    for (int i = 0; i < all->nelts; i++) {
        const uapi_store_observation *one = &APR_ARRAY_IDX(all, i, uapi_store_observation);
        if (one->role == role) {
            return strcmp(one->hash, hash) == 0;
        }
    }
    return 0;
}

static void observations(void **state)
{
    uapi_store_observation rows[] = {
        {.server = "s", .tool = "a", .role = UAPI_STORE_FIRST, .hash = "1", .definition = "{}"},
        {.server = "s", .tool = "b", .role = UAPI_STORE_FIRST, .hash = "1", .definition = "{}"},
    };
    uapi_store *store = new_registry();
    uapi_result result = {0};
    int count = 0;

    (void)state;
    assert_int_not_equal(uapi_store_observation_put(store, rows, 2, NULL, NULL, pool, NULL), APR_SUCCESS);
    uapi_store_bind_tenant(store, "acme");
    assert_int_not_equal(uapi_store_observation_put(store, rows, 2, refuse_the_second, &count, pool, &result),
                         APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_AUDIT_UNAVAILABLE);
    assert_false(observed(store, "a", UAPI_STORE_FIRST, "1")); /* all or none */
    assert_int_equal(uapi_store_observation_put(store, rows, 2, NULL, NULL, pool, NULL), APR_SUCCESS);
    rows[0].hash = "2";
    count = 0;
    assert_int_equal(uapi_store_observation_put(store, rows, 2, refuse_the_second, &count, pool, NULL), APR_SUCCESS);
    assert_int_equal(count, 0); /* nothing was new */
    assert_true(observed(store, "a", UAPI_STORE_FIRST, "1"));
    rows[0].role = UAPI_STORE_HELD;
    assert_int_equal(uapi_store_observation_put(store, rows, 1, NULL, NULL, pool, NULL), APR_SUCCESS);
    rows[0].hash = "3";
    assert_int_equal(uapi_store_observation_put(store, rows, 1, NULL, NULL, pool, NULL), APR_SUCCESS);
    assert_true(observed(store, "a", UAPI_STORE_HELD, "3"));
    rows[0].clear = 1;
    rows[0].hash = "2";
    assert_int_equal(uapi_store_observation_put(store, rows, 1, NULL, NULL, pool, NULL), APR_SUCCESS);
    assert_true(observed(store, "a", UAPI_STORE_HELD, "3")); /* meanwhile it is another */
    rows[0].hash = "3";
    assert_int_equal(uapi_store_observation_put(store, rows, 1, NULL, NULL, pool, NULL), APR_SUCCESS);
    assert_false(observed(store, "a", UAPI_STORE_HELD, "3"));
    uapi_store_bind_tenant(store, "other");
    assert_false(observed(store, "a", UAPI_STORE_FIRST, "1"));
    uapi_store_close(store);
}

static void observations_are_bounded(void **state)
{
    uapi_store_observation *rows = apr_pcalloc(pool, sizeof(*rows) * (UAPI_STORE_MAX_OBSERVATIONS + 2));
    uapi_store *store = new_registry();

    (void)state;
    for (int i = 0; i < UAPI_STORE_MAX_OBSERVATIONS + 2; i++) {
        rows[i] = (uapi_store_observation){
            .server = "s", .tool = apr_itoa(pool, i), .role = UAPI_STORE_FIRST, .hash = "1", .definition = "{}"};
    }
    rows[UAPI_STORE_MAX_OBSERVATIONS + 1].needed = 1;
    uapi_store_bind_tenant(store, "acme");
    assert_int_equal(uapi_store_observation_put(store, rows, UAPI_STORE_MAX_OBSERVATIONS + 2, NULL, NULL, pool, NULL),
                     APR_SUCCESS);
    assert_true(observed(store, apr_itoa(pool, UAPI_STORE_MAX_OBSERVATIONS - 1), UAPI_STORE_FIRST, "1"));
    assert_false(observed(store, apr_itoa(pool, UAPI_STORE_MAX_OBSERVATIONS), UAPI_STORE_FIRST, "1"));
    assert_true(observed(store, apr_itoa(pool, UAPI_STORE_MAX_OBSERVATIONS + 1), UAPI_STORE_FIRST, "1"));
    uapi_store_close(store);
}

static void a_new_registry_is_private(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-generation"};
    mode_t old = umask(0);
    struct stat info;
    size_t i;

    (void)state;
    uapi_store_close(new_registry());
    umask(old);
    for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        assert_int_equal(stat(apr_pstrcat(pool, path, endings[i], NULL), &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
}

/* In a child that is no longer root: whether the registry can be read, and which error there is if not. */
static int readable_as(uid_t uid, gid_t gid, const char *because)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        uapi_result result = {0};
        uapi_store_token *token;
        uapi_store *store;
        int good;

        if (setgid(gid) != 0 || setuid(uid) != 0) {
            _exit(2);
        }
        good = uapi_store_open(&store, path, UAPI_STORE_READ, pool, &result) == APR_SUCCESS &&
               uapi_store_token_find(store, hash_of(1), &token, pool, &result) == APR_SUCCESS;
        if (because) {
            good = !good && strstr(result.detail, because);
        }
        if (!good) {
            fprintf(stderr, "# %s\n", result.detail);
        }
        _exit(good ? 0 : 1);
    }
    waitpid(child, &status, 0);
    return status == 0;
}

static void unprivileged_readers(void **state)
{
    enum { SERVER = 65533 };
    uapi_store *store;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    store = new_registry();
    make_token(store, "acme", 1);
    uapi_store_close(store);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_true(readable_as(SERVER, SERVER, "unable to open"));

    /* Its own files, in a folder that it may not write. */
    assert_int_equal(uapi_store_share(path, SERVER, SERVER, 0600, pool, NULL), APR_SUCCESS);
    assert_true(readable_as(SERVER, SERVER, NULL));
    /* Root's files, readable by its group. */
    assert_int_equal(uapi_store_share(path, 0, SERVER, 0640, pool, NULL), APR_SUCCESS);
    assert_true(readable_as(SERVER, SERVER, NULL));
    assert_true(readable_as(SERVER, 65532, "unable to open"));
    /* While root's writer has it open, and after it has written. */
    store = open_store(UAPI_STORE_WRITE);
    make_token(store, "acme", 2);
    assert_true(readable_as(SERVER, SERVER, NULL));
    uapi_store_close(store);
    assert_true(readable_as(SERVER, SERVER, NULL));
    /* Only the registry changed hands: root's next change mends the rest. */
    assert_int_equal(uapi_store_share(path, 0, 0, 0600, pool, NULL), APR_SUCCESS);
    assert_int_equal(chown(path, SERVER, SERVER), 0);
    assert_true(readable_as(SERVER, SERVER, ""));
    uapi_store_close(open_store(UAPI_STORE_WRITE));
    assert_true(readable_as(SERVER, SERVER, NULL));
    assert_int_equal(chmod(folder, 0700), 0);
}

static void links_are_not_given_away(void **state)
{
    const char *victim = apr_pstrcat(pool, folder, "/victim", NULL), *side = apr_pstrcat(pool, path, "-wal", NULL);
    uapi_result result = {0};
    FILE *file;

    (void)state;
    uapi_store_close(new_registry());
    file = fopen(victim, "w");
    assert_non_null(file);
    fclose(file);
    unlink(side);
    assert_int_equal(symlink(victim, side), 0);
    assert_int_not_equal(uapi_store_share(path, -1, -1, 0640, pool, &result), APR_SUCCESS);
    unlink(side);
    assert_int_equal(link(victim, side), 0);
    assert_int_not_equal(uapi_store_share(path, -1, -1, 0640, pool, &result), APR_SUCCESS);
    unlink(victim);
    assert_int_equal(uapi_store_share(path, -1, -1, 0640, pool, &result), APR_SUCCESS);
}

static void names(void **state)
{
    static const char *const good[] = {"a", "0", "acme", "A.b_c@d-e", "user@example.org"};
    static const char *const bad[] = {"", ".", "-a", "@a", "a b", "a:b", "a/b", "\xc3\xa4", "a\n", "a'b"};
    char name[66];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(uapi_store_name_valid(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(uapi_store_name_valid(bad[i]));
    }
    assert_false(uapi_store_name_valid(NULL));
    memset(name, 'a', sizeof(name));
    name[64] = '\0';
    assert_true(uapi_store_name_valid(name));
    name[64] = 'a';
    name[65] = '\0';
    assert_false(uapi_store_name_valid(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tenants, clean),
        cmocka_unit_test_teardown(tokens, clean),
        cmocka_unit_test_teardown(tokens_refused, clean),
        cmocka_unit_test_teardown(deks_and_credentials, clean),
        cmocka_unit_test_teardown(another_tenant_sees_and_changes_nothing, clean),
        cmocka_unit_test_teardown(reading_mode_reads_only, clean),
        cmocka_unit_test_teardown(data_version_shows_changes, clean),
        cmocka_unit_test_teardown(unfit_files_are_refused, clean),
        cmocka_unit_test_teardown(version_1_is_read_and_upgraded, clean),
        cmocka_unit_test_teardown(observations, clean),
        cmocka_unit_test_teardown(observations_are_bounded, clean),
        cmocka_unit_test_teardown(a_new_registry_is_private, clean),
        cmocka_unit_test_teardown(unprivileged_readers, clean),
        cmocka_unit_test_teardown(links_are_not_given_away, clean),
        cmocka_unit_test(names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
