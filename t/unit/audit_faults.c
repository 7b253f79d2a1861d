/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A writer that cannot write: full disk, read-only file, a stranger's lock, a file moved away. Calls are refused
 * soon, nothing that was acknowledged is lost, and all is well again when the cause is gone.
 */
#include "audit_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static const char *append_once(fixture *f, uapi_durability durability)
{
    uapi_result result = {0};

    return fixture_append(f, "acme", "{\"probe\":true}", durability, &result) == APR_SUCCESS
               ? NULL
               : (assert_int_equal(result.reason, UAPI_REASON_AUDIT_UNAVAILABLE), result.detail);
}

/* Appends until it is refused, which must happen within a second or so, and then at once. */
static void expect_refusal(fixture *f, const char *part)
{
    int64_t began = now();
    uapi_audit_status status;
    const char *detail;

    while ((detail = append_once(f, UAPI_DURABILITY_POWER)) == NULL) {
        assert_true(now() - began < 2000);
    }
    if (!strstr(detail, part)) {
        fail_msg("the detail \"%s\" does not say \"%s\"", detail, part);
    }
    assert_true(now() - began < 2000);
    began = now();
    for (int i = 0; i < 10; i++) {
        assert_non_null(append_once(f, UAPI_DURABILITY_PROCESS));
        assert_non_null(append_once(f, UAPI_DURABILITY_POWER));
    }
    assert_true(now() - began < 500);
    uapi_audit_get_status(f->audit, &status);
    assert_true(status.failing);
}

static void expect_recovery(fixture *f)
{
    int64_t began = now();

    while (append_once(f, UAPI_DURABILITY_POWER) != NULL) {
        assert_true(now() - began < 3000);
        usleep(10000);
    }
    fixture_verify(f, "acme");
}

static void a_strangers_lock(void **state)
{
    fixture *f = *state;
    sqlite3 *database;

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    database = fixture_sqlite(f);
    assert_int_equal(sqlite3_exec(database, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    expect_refusal(f, "locked");
    assert_int_equal(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    expect_recovery(f);
    assert_true(fixture_verify(f, "acme") >= 11);
}

/* What was acknowledged before the lock was noticed comes into the file after it. */
static void acknowledged_records_wait_for_better_times(void **state)
{
    fixture *f = *state;
    sqlite3 *database;

    fixture_open(f, 0);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 1, UAPI_DURABILITY_POWER);
    database = fixture_sqlite(f);
    assert_int_equal(sqlite3_exec(database, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    fixture_append_numbers(f, "acme", 2, 100, UAPI_DURABILITY_PROCESS);
    expect_refusal(f, "locked");
    assert_int_equal(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    expect_recovery(f);
    assert_true(fixture_verify(f, "acme") >= 101);
}

static void a_file_moved_away(void **state)
{
    fixture *f = *state;
    const char *old = apr_pstrcat(f->pool, f->path, "-old", NULL);

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    assert_int_equal(rename(f->path, old), 0);
    expect_refusal(f, "audit file"); /* moved, then: cannot be opened */
    assert_int_equal(rename(old, f->path), 0);
    expect_recovery(f);
    assert_true(fixture_verify(f, "acme") >= 11);
}

/* Without any privilege: a size limit, which SQLite takes for an error of the disk. */
static void a_file_that_may_not_grow(void **state)
{
    fixture *f = *state;
    struct rlimit before, limit;
    uapi_result result;
    char *large = malloc(30000);

    memset(large, 'x', 30000);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + 30000 - 2, "\"}", 2);
    signal(SIGXFSZ, SIG_IGN);
    fixture_make_ring(f, UAPI_AUDIT_RING_MIN_SIZE);
    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 100; i++) {
        if (uapi_audit_append(f->audit, "acme", large, 30000, UAPI_DURABILITY_POWER, &result) != APR_SUCCESS) {
            assert_non_null(strstr(result.detail, "the disk of the audit file"));
            break;
        }
        assert_true(i < 99);
    }
    setrlimit(RLIMIT_FSIZE, &before);
    expect_recovery(f);
    free(large);
}

static int fill(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    char block[4096] = {0};

    while (write(fd, block, sizeof(block)) > 0) {
        ;
    }
    return close(fd);
}

/* In a child with a mount namespace of its own, so that nothing stays mounted whatever happens. */
static int on_a_small_disk(fixture *f)
{
    const char *filler = apr_pstrcat(f->pool, f->folder, "/filler", NULL);
    uapi_result result;
    char *large;

    if (unshare(CLONE_NEWNS) == -1 || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) == -1 ||
        mount("none", f->folder, "tmpfs", 0, "size=4m,mode=0700") == -1) {
        return 77;
    }
    large = malloc(30000);
    memset(large, 'x', 30000);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + 30000 - 2, "\"}", 2);
    fixture_make_ring(f, UAPI_AUDIT_RING_MIN_SIZE);
    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    fill(filler);
    for (int i = 0; uapi_audit_append(f->audit, "acme", large, 30000, UAPI_DURABILITY_POWER, &result) == APR_SUCCESS;
         i++) {
        assert_true(i < 1000);
    }
    assert_string_equal(result.detail, "the disk of the audit file is full");
    assert_non_null(append_once(f, UAPI_DURABILITY_PROCESS));
    unlink(filler);
    expect_recovery(f);
    assert_true(fixture_verify(f, "acme") >= 11);
    /* And a start on the full disk says so. */
    fixture_stop(f);
    unlink(f->path);
    unlink(f->ring_path);
    fill(filler);
    assert_int_not_equal(fixture_try_open(f, 1, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "No space left"));
    free(large);
    return 0;
}

static void in_a_child(fixture *f, int (*run)(fixture *f), const char *what)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        _exit(run(f));
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("# not tried: %s\n", what);
        skip();
    }
    assert_int_equal(status, 0);
}

static void a_full_disk(void **state)
{
    in_a_child(*state, on_a_small_disk, "no tmpfs can be mounted here");
}

/* As an ordinary user: root may write to anything. */
static int as_nobody(fixture *f)
{
    uapi_result result = {0};

    if (geteuid() != 0 || chown(f->folder, 65534, 65534) == -1) {
        return 77;
    }
    apr_pool_create(&f->parent, f->pool);
    if (uapi_audit_open(&f->audit, f->path, audit_key, 1, 65534, 65534, f->parent, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    if (setgid(65534) == -1 || setuid(65534) == -1) {
        return 77;
    }
    /* The files were made by root and given to the user: an unprivileged child writes to them. */
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    fixture_stop(f);
    assert_int_equal(fixture_verify(f, "acme"), 10);
    /* Then the file is made read-only. */
    chmod(f->path, 0400);
    fixture_start(f);
    expect_refusal(f, "read-only");
    chmod(f->path, 0600);
    expect_recovery(f);
    fixture_stop(f);
    chmod(f->path, 0000);
    assert_int_not_equal(fixture_try_open(f, 1, &result), APR_SUCCESS);
    assert_non_null(result.detail);
    return 0;
}

/* As an auditor does, on a medium that cannot be written. */
static int a_copy(fixture *f)
{
    const char *folder = apr_pstrcat(f->pool, f->folder, "/a copy?", NULL);
    const char *path = apr_pstrcat(f->pool, folder, "/audit.db", NULL);
    apr_array_header_t *verdicts;
    uapi_result result = {0};

    if (mkdir(folder, 0755) == -1 ||
        system(apr_psprintf(f->pool, "cp '%s' '%s' && chmod 0640 '%s'", f->path, path, path)) != 0 ||
        chown(f->folder, 65534, (gid_t)-1) == -1 || chown(path, 65534, (gid_t)-1) == -1 || setuid(65534) == -1) {
        return 77;
    }
    if (uapi_audit_verify(path, audit_key, &verdicts, f->pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    assert_int_equal(APR_ARRAY_IDX(verdicts, 0, uapi_audit_verdict).records, 10);
    return 0;
}

static void a_copy_that_cannot_be_written(void **state)
{
    fixture *f = *state;

    fixture_open(f, 0);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_PROCESS);
    fixture_stop(f);
    in_a_child(f, a_copy, "the test is not run by root");
    unlink(apr_pstrcat(f->pool, f->folder, "/a copy?/audit.db", NULL));
    rmdir(apr_pstrcat(f->pool, f->folder, "/a copy?", NULL));
}

/* A graceful restart while the writer cannot write goes on, and says so. */
static void a_restart_meanwhile(void **state)
{
    fixture *f = *state;
    sqlite3 *database;
    uapi_audit *second;
    uapi_result result = {0};

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    database = fixture_sqlite(f);
    assert_int_equal(sqlite3_exec(database, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    expect_refusal(f, "locked");
    assert_int_equal(uapi_audit_open(&second, f->path, audit_key, 1, -1, -1, f->pool, &result), APR_SUCCESS);
    assert_non_null(result.detail);
    assert_non_null(strstr(result.detail, "refuses calls now"));
    sqlite3_close(database);
    expect_recovery(f);
}

static void an_unprivileged_child_and_a_read_only_file(void **state)
{
    in_a_child(*state, as_nobody, "the test is not run by root");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_strangers_lock),    TEST(acknowledged_records_wait_for_better_times),
        TEST(a_file_moved_away),   TEST(a_file_that_may_not_grow),
        TEST(a_full_disk),         TEST(a_copy_that_cannot_be_written),
        TEST(a_restart_meanwhile), TEST(an_unprivileged_child_and_a_read_only_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
