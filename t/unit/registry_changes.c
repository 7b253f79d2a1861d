/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The server's view is right at once after every change, and refuses when the file cannot be trusted. */
#include "registry_fixture.h"

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
        accepted += uapi_registry_authenticate(mine, token, UAPI_TOKEN_LENGTH, NOW, &principal, call, NULL) ==
                    APR_SUCCESS;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
