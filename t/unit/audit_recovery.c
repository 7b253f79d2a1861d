/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Ring and audit file that do not fit together at a start: what is kept, what is refused, and what is said about it. */
#include "audit_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* Leaves a ring with records that are not in the file yet: from 1 to `committed` are. */
static void leave(fixture *f, int committed, int waiting)
{
    fixture_open(f, 0);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, committed, UAPI_DURABILITY_PROCESS);
    fixture_stop(f);
    if (waiting) {
        pid_t child = fork();

        if (child == 0) {
            uapi_audit_ring other;

            if (uapi_audit_ring_open(&other, f->ring_path, f->pool, NULL) != APR_SUCCESS ||
                !uapi_audit_ring_lock(&other)) {
                _exit(1);
            }
            fixture_start(f);
            fixture_append_numbers(f, "acme", committed + 1, committed + waiting, UAPI_DURABILITY_PROCESS);
            kill(getpid(), SIGKILL);
        }
        waitpid(child, NULL, 0);
    }
}

static void with_header(fixture *f, void (*act)(uapi_audit_ring *ring))
{
    uapi_audit_ring ring;

    assert_int_equal(uapi_audit_ring_open(&ring, f->ring_path, f->pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_audit_ring_map(&ring, f->pool, NULL), APR_SUCCESS);
    act(&ring);
    uapi_audit_ring_close(&ring);
}

static void forget_boot(uapi_audit_ring *ring)
{
    memset(ring->header->boot, 'x', 36);
}

/* The text of the third record that waits: after two slots of one line each. */
static void damage_third(uapi_audit_ring *ring)
{
    uint64_t tail = atomic_load(&ring->header->tail);

    ring->data[(tail + 2 * UAPI_AUDIT_RING_LINE + 32) % ring->size] ^= 1;
}

static void reset_positions(uapi_audit_ring *ring)
{
    atomic_store(&ring->header->head, 0);
    atomic_store(&ring->header->tail, 0);
    memset(ring->data, 0, ring->size);
}

static void copy_file(fixture *f, const char *from, const char *to)
{
    const char *command = apr_psprintf(f->pool, "cp -p %s %s", from, to);

    assert_int_equal(system(command), 0);
}

static void expect_refusal(fixture *f, const char *part)
{
    uapi_result result;

    assert_int_not_equal(fixture_try_open(f, 0, &result), APR_SUCCESS);
    assert_null(f->audit);
    assert_int_equal(result.reason, UAPI_REASON_AUDIT_UNAVAILABLE);
    if (!strstr(result.detail, part)) {
        fail_msg("the detail \"%s\" does not say \"%s\"", result.detail, part);
    }
}

static void expect_note(fixture *f, const char *part)
{
    uapi_result result;

    if (fixture_try_open(f, 0, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    if (part ? !result.detail || !strstr(result.detail, part) : result.detail != NULL) {
        fail_msg("the note \"%s\" is not \"%s\"", result.detail ? result.detail : "none", part ? part : "none");
    }
}

static void expect_it_works(fixture *f, int from)
{
    fixture_start(f);
    fixture_append_numbers(f, "acme", from, from + 9, UAPI_DURABILITY_POWER);
    fixture_stop(f);
    assert_int_equal(fixture_verify(f, "acme"), from + 9);
}

static void a_clean_stop_leaves_nothing_to_say(void **state)
{
    fixture *f = *state;

    leave(f, 10, 0);
    expect_note(f, NULL);
    expect_it_works(f, 11);
}

static void an_audit_file_that_is_gone(void **state)
{
    fixture *f = *state;
    const char *old = apr_pstrcat(f->pool, f->path, "-old", NULL);

    leave(f, 10, 5);
    assert_int_equal(rename(f->path, old), 0);
    expect_refusal(f, "holds 5 records of another audit file");
    assert_int_equal(rename(old, f->path), 0); /* the new one that was made meanwhile goes */
    expect_note(f, "5 records");
    expect_it_works(f, 16);
}

static void a_drained_ring_takes_a_new_audit_file(void **state)
{
    fixture *f = *state;

    leave(f, 10, 0);
    unlink(f->path);
    unlink(apr_pstrcat(f->pool, f->path, "-wal", NULL));
    unlink(apr_pstrcat(f->pool, f->path, "-shm", NULL));
    expect_note(f, NULL);
    expect_it_works(f, 1);
}

static void a_ring_that_is_gone(void **state)
{
    fixture *f = *state;

    leave(f, 10, 0);
    unlink(f->ring_path);
    expect_note(f, "the ring that last fed the audit file is gone");
    expect_it_works(f, 11);
}

static void an_older_copy_of_the_audit_file(void **state)
{
    fixture *f = *state;
    const char *old = apr_pstrcat(f->pool, f->path, "-old", NULL);

    leave(f, 10, 0);
    copy_file(f, f->path, old);
    fixture_open(f, 0);
    expect_it_works(f, 11);
    copy_file(f, old, f->path);
    expect_refusal(f, "an older copy was put in its place");
    unlink(f->ring_path); /* what the message says */
    expect_note(f, "is gone");
    expect_it_works(f, 11);
}

static void a_ring_that_was_replaced(void **state)
{
    fixture *f = *state;

    leave(f, 10, 0);
    with_header(f, reset_positions);
    /* Its size away or less, a position cannot be told from one of the ring; here it is the first lap again. */
    expect_note(f, NULL);
    expect_it_works(f, 11);
}

static void a_damaged_record(void **state)
{
    fixture *f = *state;

    leave(f, 10, 5);
    with_header(f, damage_third);
    expect_refusal(f, "is damaged at position");
}

static void a_power_failure_keeps_what_checks_out(void **state)
{
    fixture *f = *state;

    leave(f, 10, 5);
    with_header(f, damage_third);
    with_header(f, forget_boot);
    expect_note(f, "2 records were recovered");
    expect_it_works(f, 13);
}

static void a_power_failure_without_damage(void **state)
{
    fixture *f = *state;
    uapi_audit_status status;

    leave(f, 10, 5);
    with_header(f, forget_boot);
    expect_note(f, "5 records");
    uapi_audit_get_status(f->audit, &status);
    assert_int_equal(status.recorded, 0); /* a new ring */
    expect_it_works(f, 16);
    expect_note(f, NULL);
}

/* The ring's pages on the disk were older than the synced file. */
static void a_power_failure_with_an_old_ring(void **state)
{
    fixture *f = *state;

    leave(f, 10, 0);
    with_header(f, reset_positions);
    with_header(f, forget_boot);
    expect_note(f, NULL);
    expect_it_works(f, 11);
}

static void a_power_failure_that_took_commits(void **state)
{
    fixture *f = *state;
    const char *old = apr_pstrcat(f->pool, f->path, "-old", NULL);

    leave(f, 10, 0);
    copy_file(f, f->path, old);
    fixture_open(f, 0);
    expect_it_works(f, 11);
    copy_file(f, old, f->path);
    with_header(f, forget_boot);
    expect_note(f, "were not synced and are lost");
    expect_it_works(f, 11);
}

/* A slot claimed by a process that died: passed over, and those behind it are kept. */
static void a_hole_in_the_ring(void **state)
{
    fixture *f = *state;
    pid_t child;

    leave(f, 10, 5);
    if ((child = fork()) == 0) {
        uapi_audit_ring ring;
        uint64_t head, word;

        uapi_audit_ring_open(&ring, f->ring_path, f->pool, NULL);
        uapi_audit_ring_map(&ring, f->pool, NULL);
        uapi_audit_ring_join(&ring, f->pool, NULL);
        head = atomic_load(&ring.header->head);
        /* {claimed, 3 lines, seat, generation}, as audit_ring.c lays it out; and the head not moved */
        word = 1 | 3u << 8 | (uint64_t)ring.seat << 20 | (uint64_t)ring.generation << 32;
        memcpy(ring.data + head % ring.size, &word, 8);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    if ((child = fork()) == 0) {
        uapi_audit_ring ring;
        uint64_t end, batch;

        uapi_audit_ring_open(&ring, f->ring_path, f->pool, NULL);
        uapi_audit_ring_map(&ring, f->pool, NULL);
        uapi_audit_ring_join(&ring, f->pool, NULL);
        _exit(uapi_audit_ring_put(&ring, "acme", 4, "{\"n\":16}", 8, 0, &end, &batch) != APR_SUCCESS);
    }
    waitpid(child, NULL, 0);
    expect_note(f, "6 records");
    expect_it_works(f, 17);
}

static void another_server_runs(void **state)
{
    fixture *f = *state;
    uapi_audit_ring other;

    leave(f, 10, 0);
    assert_int_equal(uapi_audit_ring_open(&other, f->ring_path, f->pool, NULL), APR_SUCCESS);
    assert_true(uapi_audit_ring_lock(&other));
    expect_note(f, NULL); /* left to the other */
    with_header(f, damage_third);
    uapi_audit_ring_close(&other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_clean_stop_leaves_nothing_to_say),
        TEST(an_audit_file_that_is_gone),
        TEST(a_drained_ring_takes_a_new_audit_file),
        TEST(a_ring_that_is_gone),
        TEST(an_older_copy_of_the_audit_file),
        TEST(a_ring_that_was_replaced),
        TEST(a_damaged_record),
        TEST(a_power_failure_keeps_what_checks_out),
        TEST(a_power_failure_without_damage),
        TEST(a_power_failure_with_an_old_ring),
        TEST(a_power_failure_that_took_commits),
        TEST(a_hole_in_the_ring),
        TEST(another_server_runs),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
