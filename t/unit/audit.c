/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The audit from outside: append, read back, verify; what is stored and how; what is refused. */
#include "audit_fixture.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void records_come_back(void **state)
{
    fixture *f = *state;
    uapi_audit_status status;

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 20, UAPI_DURABILITY_POWER);
    assert_int_equal(fixture_verify(f, "acme"), 20);
    fixture_append_numbers(f, "acme", 21, 40, UAPI_DURABILITY_PROCESS);
    fixture_append_numbers(f, "other", 1, 3, UAPI_DURABILITY_PROCESS);
    uapi_audit_get_status(f->audit, &status);
    assert_int_equal(status.writer_pid, getpid());
    assert_int_equal(status.recorded, 43);
    assert_false(status.failing);
    fixture_stop(f);
    assert_int_equal(fixture_verify(f, "acme"), 40);
    assert_int_equal(fixture_verify(f, "other"), 3);
    uapi_audit_get_status(f->audit, &status);
    assert_int_equal(status.committed, 43);
    assert_int_equal(status.writer_pid, 0);
    assert_int_equal(status.ring_used, 0);
}

/* The chain, computed by other means. */
static int check_link(void *baton, const uapi_audit_record *record)
{
    uint8_t *previous = baton, input[32 + 256], hash[32], mac[32];
    unsigned length;

    assert_true(record->length <= 256);
    memcpy(input, previous, 32);
    memcpy(input + 32, record->text, record->length);
    assert_true(EVP_Digest(input, 32 + record->length, hash, NULL, EVP_sha256(), NULL));
    assert_memory_equal(hash, record->hash, 32);
    assert_non_null(HMAC(EVP_sha256(), audit_key, 32, hash, 32, mac, &length));
    assert_memory_equal(mac, record->mac, 32);
    memcpy(previous, hash, 32);
    return 0;
}

static void seals_are_what_the_design_says(void **state)
{
    fixture *f = *state;
    uint8_t previous[32] = {0};
    uapi_result result;

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 100, UAPI_DURABILITY_PROCESS);
    fixture_append_numbers(f, "acme", 101, 110, UAPI_DURABILITY_POWER);
    assert_int_equal(uapi_audit_visit(f->path, "acme", 1, check_link, previous, f->pool, &result), APR_SUCCESS);
}

static void hex_of(const uint8_t *bytes, char *text)
{
    for (int i = 0; i < 32; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static int note_hash(void *baton, const uapi_audit_record *record)
{
    memcpy(baton, record->hash, 32);
    return 0;
}

static void verdict_states_the_head(void **state)
{
    fixture *f = *state;
    apr_array_header_t *verdicts;
    uapi_result result;
    uint8_t hash[32];
    char text[65];

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 7, UAPI_DURABILITY_POWER);
    assert_int_equal(uapi_audit_visit(f->path, "acme", 7, note_hash, hash, f->pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_audit_verify(f->path, NULL, &verdicts, f->pool, &result), APR_SUCCESS);
    assert_int_equal(verdicts->nelts, 1);
    hex_of(hash, text);
    assert_string_equal(APR_ARRAY_IDX(verdicts, 0, uapi_audit_verdict).head, text);
    assert_int_equal(APR_ARRAY_IDX(verdicts, 0, uapi_audit_verdict).records, 7);
}

typedef struct seen {
    int count;
    int stop_after;
    uint64_t first, last;
    char tenants[64];
} seen;

static int note_record(void *baton, const uapi_audit_record *record)
{
    seen *s = baton;
    char expected[64];

    snprintf(expected, sizeof(expected), "{\"n\":%d}", (int)record->sequence);
    assert_int_equal(record->length, strlen(expected));
    assert_memory_equal(record->text, expected, record->length);
    if (s->count++ == 0) {
        s->first = record->sequence;
    }
    s->last = record->sequence;
    if (!strstr(s->tenants, record->tenant)) {
        strcat(s->tenants, record->tenant);
        strcat(s->tenants, " ");
    }
    return s->count == s->stop_after;
}

static void visit_starts_and_stops_anywhere(void **state)
{
    fixture *f = *state;
    uapi_result result;

    fixture_open(f, 1);
    fixture_start(f);
    for (int i = 0; i < 200; i++) { /* many rows */
        fixture_append_numbers(f, "acme", i + 1, i + 1, UAPI_DURABILITY_POWER);
    }
    fixture_append_numbers(f, "acme", 201, 300, UAPI_DURABILITY_PROCESS);
    fixture_append_numbers(f, "b", 1, 10, UAPI_DURABILITY_POWER);
    fixture_append_numbers(f, "a", 1, 10, UAPI_DURABILITY_POWER);
    fixture_stop(f);
    for (uint64_t from = 0; from <= 301; from += 7) {
        seen s = {0};

        assert_int_equal(uapi_audit_visit(f->path, "acme", from, note_record, &s, f->pool, &result), APR_SUCCESS);
        assert_int_equal(s.count, from == 0 ? 300 : from > 300 ? 0 : 301 - (int)from);
        if (s.count) {
            assert_int_equal(s.first, from ? from : 1);
            assert_int_equal(s.last, 300);
        }
    }
    {
        seen s = {.stop_after = 5}, all = {0}, none = {0};

        assert_int_equal(uapi_audit_visit(f->path, "acme", 150, note_record, &s, f->pool, &result), APR_SUCCESS);
        assert_int_equal(s.count, 5);
        assert_int_equal(uapi_audit_visit(f->path, NULL, 0, note_record, &all, f->pool, &result), APR_SUCCESS);
        assert_int_equal(all.count, 320);
        assert_string_equal(all.tenants, "a acme b ");
        assert_int_equal(uapi_audit_visit(f->path, "nobody", 1, note_record, &none, f->pool, &result), APR_SUCCESS);
        assert_int_equal(none.count, 0);
    }
}

static void view_shows_records(void **state)
{
    fixture *f = *state;
    sqlite3 *database;
    sqlite3_stmt *statement;

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 50, UAPI_DURABILITY_PROCESS);
    fixture_stop(f);
    database = fixture_sqlite(f);
    assert_int_equal(
        sqlite3_prepare_v2(database,
                           "SELECT count(*), sum(json_extract(record, '$.n') = sequence), min(length(hash)),"
                           " count(DISTINCT mac) FROM audit WHERE tenant = 'acme'",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 50);
    assert_int_equal(sqlite3_column_int(statement, 1), 50);
    assert_int_equal(sqlite3_column_int(statement, 2), 64);
    assert_int_equal(sqlite3_column_int(statement, 3), 50);
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

static void accidents_are_refused(void **state)
{
    static const char *const statements[] = {
        "DELETE FROM batches", "UPDATE batches SET count = count",
        "INSERT INTO batches SELECT NULL, tenant, first, count, records, seals FROM batches"};
    fixture *f = *state;
    sqlite3 *database;

    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 5, UAPI_DURABILITY_POWER);
    database = fixture_sqlite(f);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        assert_int_equal(sqlite3_exec(database, statements[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    }
    sqlite3_close(database);
    assert_int_equal(fixture_verify(f, "acme"), 5);
}

static void texts_are_kept_to_the_byte(void **state)
{
    static const char *const records[] = {"{}", "{\"a\":[1,{\"b\":\"],[\"}]}", "{\"quote\":\"\\\"},{\\\"\"}",
                                          "{\"backslash\":\"\\\\\"}", "{\"\xC3\xA9\":\"\xF0\x9F\x98\x80\"}"};
    fixture *f = *state;
    char *longest = malloc(UAPI_AUDIT_MAX_RECORD + 1);
    uapi_result result;

    fixture_open(f, 1);
    fixture_start(f);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        assert_int_equal(fixture_append(f, "acme", records[i], UAPI_DURABILITY_PROCESS, &result), APR_SUCCESS);
    }
    memset(longest, 'x', UAPI_AUDIT_MAX_RECORD);
    memcpy(longest, "{\"a\":\"", 6);
    memcpy(longest + UAPI_AUDIT_MAX_RECORD - 2, "\"}", 3);
    assert_int_equal(fixture_append(f, "acme", longest, UAPI_DURABILITY_POWER, &result), APR_SUCCESS);
    assert_int_equal(fixture_verify(f, "acme"), 6);
    free(longest);
}

static void bad_records_are_refused(void **state)
{
    static const struct {
        const char *tenant, *record;
        size_t length;
    } cases[] = {
        {"", "{}", 2},       {"a-tenant-name-of-sixty-five-bytes-is-one-byte-more-than-there-may-be", "{}", 2},
        {"acme", "", 0},     {"acme", "{", 1},
        {"acme", "[]", 2},   {"acme", "{}\n", 3},
        {"acme", "{\0}", 3},
    };
    fixture *f = *state;
    char *large = calloc(1, UAPI_AUDIT_MAX_RECORD + 2);
    uapi_result result;

    fixture_open(f, 1);
    fixture_start(f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_not_equal(uapi_audit_append(f->audit, cases[i].tenant, cases[i].record, cases[i].length,
                                               UAPI_DURABILITY_POWER, &result),
                             APR_SUCCESS);
        assert_int_equal(result.reason, UAPI_REASON_AUDIT_UNAVAILABLE);
        assert_non_null(result.detail);
    }
    memset(large, ' ', UAPI_AUDIT_MAX_RECORD + 1);
    large[0] = '{';
    large[UAPI_AUDIT_MAX_RECORD] = '}';
    assert_int_not_equal(
        uapi_audit_append(f->audit, "acme", large, UAPI_AUDIT_MAX_RECORD + 1, UAPI_DURABILITY_PROCESS, NULL),
        APR_SUCCESS);
    free(large);
    fixture_stop(f);
    assert_int_equal(fixture_append(f, "acme", "{}", UAPI_DURABILITY_PROCESS, &result), APR_ENOTIMPL);
    assert_int_equal(result.reason, UAPI_REASON_AUDIT_UNAVAILABLE);
    assert_int_equal(fixture_verify(f, "acme"), 0);
}

static void expect_refusal(fixture *f, const char *part)
{
    uapi_result result;

    assert_int_not_equal(fixture_try_open(f, 1, &result), APR_SUCCESS);
    assert_null(f->audit);
    assert_non_null(result.detail);
    if (!strstr(result.detail, part)) {
        fail_msg("the detail \"%s\" does not say \"%s\"", result.detail, part);
    }
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    fchmod(fd, mode);
    close(fd);
}

static void files_are_private(void **state)
{
    fixture *f = *state;
    struct stat info;

    umask(0);
    fixture_open(f, 1);
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(stat(f->ring_path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    chmod(f->path, 0644);
    expect_refusal(f, "lets others in");
    chmod(f->path, 0600);
    chmod(f->ring_path, 0660);
    expect_refusal(f, "lets others in");
}

static void foreign_files_are_refused(void **state)
{
    fixture *f = *state;

    write_file(f->path, "this is a text, and no database at all, but long enough to be looked at", 0600);
    expect_refusal(f, "not a database");
    unlink(f->path);
    fixture_execute(f, "CREATE TABLE t(x)");
    chmod(f->path, 0600);
    expect_refusal(f, "no audit file");
    unlink(f->path);
    unlink(f->ring_path);
    write_file(f->ring_path, "no ring", 0600);
    expect_refusal(f, "too short");
    unlink(f->ring_path);
    assert_int_equal(mkdir(f->path, 0700), 0);
    expect_refusal(f, "no regular file");
    rmdir(f->path);
    unlink(f->ring_path);
    assert_int_equal(symlink("/nonexistent", f->ring_path), 0);
    expect_refusal(f, "cannot be opened");
}

static void newer_schema_is_refused(void **state)
{
    fixture *f = *state;
    apr_array_header_t *verdicts;
    uapi_result result;

    fixture_open(f, 1);
    fixture_execute(f, "PRAGMA user_version = 2");
    expect_refusal(f, "schema version 2");
    assert_int_not_equal(uapi_audit_verify(f->path, NULL, &verdicts, f->pool, &result), APR_SUCCESS);
    assert_int_not_equal(uapi_audit_verify("/nonexistent/audit.db", NULL, &verdicts, f->pool, &result), APR_SUCCESS);
    assert_non_null(result.detail);
}

static void many_tenants(void **state)
{
    fixture *f = *state;
    uapi_result result;
    apr_array_header_t *verdicts;

    fixture_make_ring(f, 1 << 20);
    fixture_open(f, 0);
    fixture_start(f);
    for (int i = 0; i < 10000; i++) { /* more than the writer keeps in memory, twice over */
        char tenant[32];

        snprintf(tenant, sizeof(tenant), "tenant-%d", i % 5000);
        assert_int_equal(fixture_append(f, tenant, "{\"n\":1}", UAPI_DURABILITY_PROCESS, &result), APR_SUCCESS);
    }
    fixture_stop(f);
    fixture_open(f, 0); /* should the machine be too slow for a stopping writer's two seconds */
    assert_int_equal(uapi_audit_verify(f->path, audit_key, &verdicts, f->pool, &result), APR_SUCCESS);
    assert_int_equal(verdicts->nelts, 5000);
    for (int i = 0; i < verdicts->nelts; i++) {
        assert_int_equal(APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict).records, 2);
        assert_int_equal(APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict).bad, 0);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_come_back),          TEST(seals_are_what_the_design_says),
        TEST(verdict_states_the_head),    TEST(visit_starts_and_stops_anywhere),
        TEST(view_shows_records),         TEST(accidents_are_refused),
        TEST(texts_are_kept_to_the_byte), TEST(bad_records_are_refused),
        TEST(files_are_private),          TEST(foreign_files_are_refused),
        TEST(newer_schema_is_refused),    TEST(many_tenants),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
