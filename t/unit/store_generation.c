/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The generation: odd while a write is under way, never twice the same, with several writers and with killed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "sqlite_connection.h"

static apr_pool_t *pool;
static char folder[] = "/tmp/uapi-generation-XXXXXX";
static const char *path, *generation_path;

static int setup(void **state)
{
    uapi_store *store;

    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/registry.db", mkdtemp(folder));
    generation_path = apr_pstrcat(pool, path, "-generation", NULL);
    assert_int_equal(uapi_store_open(&store, path, UAPI_STORE_CREATE, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(store, "acme", pool, NULL), APR_SUCCESS);
    uapi_store_close(store);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(generation_path);
    unlink(apr_pstrcat(pool, path, "-wal", NULL));
    unlink(apr_pstrcat(pool, path, "-shm", NULL));
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
    uapi_store_bind_tenant(store, "acme");
    return store;
}

static const volatile uint64_t *map(void)
{
    const volatile uint64_t *generation;

    assert_int_equal(uapi_store_generation_map(path, &generation, pool, NULL), APR_SUCCESS);
    return generation;
}

static uint64_t now(const volatile uint64_t *generation)
{
    return __atomic_load_n(generation, __ATOMIC_ACQUIRE);
}

static apr_status_t add_token(uapi_store *store, int number)
{
    uapi_store_token token = {.principal = "bot", .principal_type = "agent"};
    uint8_t hash[32] = {1};

    memcpy(hash + 8, &number, sizeof(number));
    return uapi_store_token_create(store, &token, hash, pool, NULL);
}

static int count_tokens(void)
{
    uapi_store *store = open_store(UAPI_STORE_READ);
    apr_array_header_t *list;

    assert_int_equal(uapi_store_token_list(store, &list, pool, NULL), APR_SUCCESS);
    uapi_store_close(store);
    return list->nelts;
}

static void a_write_raises_it(void **state)
{
    uapi_store *store = open_store(UAPI_STORE_WRITE);
    const volatile uint64_t *generation = map();
    uint64_t before = now(generation);

    (void)state;
    assert_int_equal(before & 1, 0);
    assert_true(before > 1); /* starts at the time */
    assert_int_equal(add_token(store, 1), APR_SUCCESS);
    assert_int_equal(now(generation), before + 2);
    assert_int_not_equal(add_token(store, 1), APR_SUCCESS); /* refused: as good as a change */
    assert_int_equal(now(generation), before + 4);
    assert_int_equal(uapi_sqlite_begin(store, pool, NULL), APR_SUCCESS);
    assert_int_equal(now(generation), before + 5);
    assert_int_equal(uapi_store_generation_abandoned(path, before + 5, pool), 0); /* a writer is at work */
    assert_int_equal(uapi_sqlite_finish(store, APR_EGENERAL, pool, NULL), APR_EGENERAL);
    assert_int_equal(now(generation), before + 6);
    uapi_store_close(store);
}

static void reading_does_not_raise_it(void **state)
{
    const volatile uint64_t *generation = map();
    uint64_t before = now(generation);

    (void)state;
    count_tokens();
    uapi_store_close(open_store(UAPI_STORE_WRITE));
    assert_int_equal(now(generation), before);
}

/* Each child adds tokens as fast as it can; nobody is refused, nothing is lost, every write is counted. */
static void writers_take_turns(void **state)
{
    enum { WRITERS = 4, EACH = 25 };
    const volatile uint64_t *generation = map();
    uint64_t before = now(generation);
    int had = count_tokens(), i, j, status;
    pid_t children[WRITERS];

    (void)state;
    for (i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            uapi_store *store = open_store(UAPI_STORE_WRITE);

            for (j = 0; j < EACH; j++) {
                if (add_token(store, 1000 * (i + 1) + j) != APR_SUCCESS) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (i = 0; i < WRITERS; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_tokens(), had + WRITERS * EACH);
    assert_int_equal(now(generation), before + 2 * WRITERS * EACH);
}

static void wait_for_kill(int ready)
{
    (void)!write(ready, "x", 1);
    for (;;) {
        pause();
    }
}

/* Start a child that dies in the middle of a write, before or after the commit. */
static void die_while_writing(int after_commit)
{
    int ready[2], status;
    pid_t child;
    char c;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        uapi_store *store = open_store(UAPI_STORE_WRITE);

        if (uapi_sqlite_begin(store, pool, NULL) != APR_SUCCESS) {
            _exit(1);
        }
        if (after_commit) {
            sqlite3_step(uapi_sqlite_use(store, UAPI_STATEMENT_COMMIT));
        }
        wait_for_kill(ready[1]);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ready[0]);
    close(ready[1]);
}

static void a_killed_writer_leaves_it_odd_and_is_found_out(void **state)
{
    const volatile uint64_t *generation = map();
    uint64_t before, left;
    uapi_store *store;
    int after_commit;

    (void)state;
    for (after_commit = 0; after_commit < 2; after_commit++) {
        before = now(generation);
        die_while_writing(after_commit);
        left = now(generation);
        assert_int_equal(left, before + 1);
        assert_int_equal(uapi_store_generation_abandoned(path, left, pool), 1);
        assert_int_equal(uapi_store_generation_abandoned(path, before, pool), 0);
        store = open_store(UAPI_STORE_WRITE);
        assert_int_equal(now(generation), left); /* opening changes nothing */
        assert_int_equal(uapi_sqlite_begin(store, pool, NULL), APR_SUCCESS);
        assert_int_equal(now(generation), left + 2); /* another odd number: what was cached under `left` is void */
        assert_int_equal(uapi_store_generation_abandoned(path, left, pool), 0);
        assert_int_equal(uapi_store_generation_abandoned(path, left + 2, pool), 0);
        assert_int_equal(uapi_sqlite_finish(store, APR_SUCCESS, pool, NULL), APR_SUCCESS);
        assert_int_equal(now(generation), left + 3);
        uapi_store_close(store);
    }
}

/* Writers killed at random moments: a number seen by a reader never stands for two states of the file. */
static void random_kills(void **state)
{
    enum { ROUNDS = 40 };
    const volatile uint64_t *generation = map();
    uint64_t last = now(generation);
    uapi_store *store;
    int i, status;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        pid_t child = fork();

        if (child == 0) {
            int number;

            store = open_store(UAPI_STORE_WRITE);
            for (number = 0;; number++) {
                add_token(store, 100000 + i * 10000 + number);
            }
        }
        usleep((useconds_t)(3000 + (i * 7919) % 9000));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(now(generation) >= last);
        last = now(generation);
        if (last & 1) {
            assert_int_equal(uapi_store_generation_abandoned(path, last, pool), 1);
        }
    }
    assert_true(count_tokens() > 0); /* and the registry is whole */
    store = open_store(UAPI_STORE_WRITE);
    assert_int_equal(add_token(store, 99), APR_SUCCESS);
    assert_int_equal(now(generation) & 1, 0);
    assert_true(now(generation) > last);
    uapi_store_close(store);
}

static void a_deleted_file_is_made_anew_with_higher_numbers(void **state)
{
    uapi_store *store = open_store(UAPI_STORE_WRITE);
    const volatile uint64_t *before = map(), *after;
    uapi_result result = {0};

    (void)state;
    assert_int_equal(unlink(generation_path), 0);
    assert_int_not_equal(uapi_store_generation_map(path, &after, pool, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_REGISTRY_UNAVAILABLE);
    assert_non_null(strstr(result.detail, "uapictl"));
    assert_int_equal(add_token(store, 5), APR_SUCCESS); /* an open writer notices too */
    after = map();
    assert_true(now(after) > now(before));
    uapi_store_close(store);
}

static void foreign_files_are_not_taken(void **state)
{
    const char *elsewhere = apr_pstrcat(pool, folder, "/elsewhere", NULL);
    const volatile uint64_t *generation;
    uapi_result result = {0};
    uapi_store *store;
    FILE *file;

    (void)state;
    assert_int_equal(rename(generation_path, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, generation_path), 0);
    assert_int_not_equal(uapi_store_open(&store, path, UAPI_STORE_WRITE, pool, &result), APR_SUCCESS);
    assert_int_not_equal(uapi_store_generation_map(path, &generation, pool, &result), APR_SUCCESS);
    unlink(generation_path);
    file = fopen(generation_path, "w");
    fputs("abc", file);
    fclose(file);
    assert_int_not_equal(uapi_store_open(&store, path, UAPI_STORE_WRITE, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "not ours"));
    assert_int_not_equal(uapi_store_generation_map(path, &generation, pool, &result), APR_SUCCESS);
    assert_int_equal(rename(elsewhere, generation_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_raises_it),
        cmocka_unit_test(reading_does_not_raise_it),
        cmocka_unit_test(writers_take_turns),
        cmocka_unit_test(a_killed_writer_leaves_it_odd_and_is_found_out),
        cmocka_unit_test(random_kills),
        cmocka_unit_test(a_deleted_file_is_made_anew_with_higher_numbers),
        cmocka_unit_test(foreign_files_are_not_taken),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
