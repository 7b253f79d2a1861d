/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Every way to tamper with the file that the chain can show, each with the record that must be named. */
#include "audit_fixture.h"

#include "../../mod_uapi/core/audit_batch.h"
#include "../../mod_uapi/core/audit_records.h"
#include "../../mod_uapi/core/audit_seal.h"

static void add_row(fixture *f, uapi_audit_store *store, uapi_audit_batch *batch, const char *tenant, int first)
{
    for (int i = first; i < first + 4; i++) {
        uapi_audit_slot slot = {.tenant = tenant, .tenant_length = (uint32_t)strlen(tenant)};

        slot.text = apr_psprintf(f->pool, "{\"n\":%d}", i);
        slot.length = (uint32_t)strlen(slot.text);
        assert_true(uapi_audit_batch_add(batch, &slot));
    }
    assert_int_equal(uapi_audit_batch_write(batch, store, 0, 0, 0), APR_SUCCESS);
}

/* Five rows of four records each, by two tenants in turn: acme 1-4, b 1-4, acme 5-8, b 5-8, acme 9-12. */
static int make(void **state)
{
    uapi_audit_store *store;
    uapi_audit_batch *batch;
    fixture *f;

    fixture_make(state);
    f = *state;
    batch = uapi_audit_batch_create(uapi_audit_seal_create(audit_key, f->pool), f->pool);
    assert_int_equal(uapi_audit_store_open(&store, f->path, UAPI_AUDIT_STORE_CREATE, f->pool, NULL), APR_SUCCESS);
    for (int i = 0; i < 5; i++) {
        add_row(f, store, batch, i % 2 ? "b" : "acme", i / 2 * 4 + 1);
    }
    uapi_audit_store_close(store);
    fixture_execute(f, "DROP TRIGGER batches_keep; DROP TRIGGER batches_freeze");
    return 0;
}

/* A row that holds the record of a tenant, whatever rows the writer made. */
#define ROW(tenant, sequence) \
    "(SELECT id FROM batches WHERE tenant = '" tenant "' AND first <= " sequence " AND first + count > " sequence ")"

typedef struct tampering {
    const char *name;
    const char *sql;
    uint64_t bad; /* of acme; 0: it holds */
    const char *fault;
    const char *fault_unkeyed; /* NULL: the same; "": it holds */
} tampering;

static const tampering tamperings[] = {
    {"nothing", "SELECT 1", 0, NULL, NULL},
    {"a changed text",
     "UPDATE batches SET records = replace(records, '\"n\":6', '\"n\":7') WHERE id = " ROW("acme", "6"), 6,
     "the text was altered", "the text or the hash was altered"},
    {"white space", "UPDATE batches SET records = replace(records, '\"n\":6', '\"n\": 6') WHERE id = " ROW("acme", "6"),
     6, "the text was altered", "the text or the hash was altered"},
    {"a space between",
     "UPDATE batches SET records = replace(records, '},{\"n\":6', '}, {\"n\":6') WHERE id = " ROW("acme", "6"), 6,
     "the text was altered", "the text or the hash was altered"},
    {"a changed hash",
     "UPDATE batches SET seals = CAST(substr(seals, 1, 64 * (6 - first)) || X'00' || substr(seals, 64 * (6 - first) + "
     "2) AS BLOB)"
     " WHERE id = " ROW("acme", "6"),
     6, "the hash was altered", "the text or the hash was altered"},
    {"a changed mac",
     "UPDATE batches SET seals = CAST(substr(seals, 1, 64 * (6 - first) + 32) || X'0000' || substr(seals, 64 * (6 - "
     "first) + 35) AS BLOB)"
     " WHERE id = " ROW("acme", "6"),
     6, "the MAC is not of this key", ""},
    {"a missing row", "DELETE FROM batches WHERE tenant = 'acme' AND first = 5", 5, "missing", NULL},
    {"a missing first row", "DELETE FROM batches WHERE tenant = 'acme' AND first = 1", 1, "missing", NULL},
    {"a row there twice",
     "INSERT INTO batches SELECT NULL, tenant, first + 1000, count, records, seals FROM batches WHERE tenant = 'acme' "
     "AND"
     " first = 5; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE(tenant, first)', "
     "'CHECK(1)') WHERE name = 'batches'; DELETE FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_batches%';"
     "PRAGMA writable_schema = RESET; UPDATE batches SET first = first - 1000 WHERE first > 1000",
     5, "there again", NULL},
    {"rows in another order",
     "UPDATE batches SET id = 100 WHERE tenant = 'acme' AND first = 9; UPDATE batches SET id = 101 WHERE tenant = "
     "'acme' "
     "AND first = 5",
     5, "missing", NULL},
    {"two records changed round",
     "UPDATE batches SET records = replace(replace(replace(records, '\"n\":6', '\"n\":x'), '\"n\":7', '\"n\":6'), "
     "'\"n\":x', "
     "'\"n\":7') WHERE id = " ROW("acme", "6"),
     6, "the text was altered", "the text or the hash was altered"},
    {"a row cut short",
     "UPDATE batches SET records = substr(records, 1, length(records) - 5) WHERE tenant = 'acme' AND first = 5", 8,
     "cut", NULL},
    {"a row without its bracket",
     "UPDATE batches SET records = substr(records, 1, length(records) - 1) WHERE tenant = 'acme' AND first = 5", 8,
     "cut", NULL},
    {"a record taken out of a row",
     "UPDATE batches SET records = replace(records, '{\"n\":6},', '') WHERE tenant = 'acme' AND first = 5", 6,
     "the text was altered", "the text or the hash was altered"},
    {"the last record taken out of a row",
     "UPDATE batches SET records = replace(records, ',{\"n\":8}', '') WHERE tenant = 'acme' AND first = 5", 8, "fewer",
     NULL},
    {"a count that is too high", "UPDATE batches SET count = 5 WHERE tenant = 'acme' AND first = 5", 9, "fewer", NULL},
    {"a count that is too low", "UPDATE batches SET count = 3 WHERE tenant = 'acme' AND first = 5", 8, "more records",
     NULL},
    {"a seal missing", "UPDATE batches SET seals = substr(seals, 1, 192) WHERE tenant = 'acme' AND first = 5", 8,
     "more records", NULL},
    {"a seal too many",
     "UPDATE batches SET seals = CAST(seals || zeroblob(64) AS BLOB) WHERE tenant = 'acme' AND first = 5", 8,
     "more seals", NULL},
    {"an empty array", "UPDATE batches SET records = '[]' WHERE tenant = 'acme' AND first = 5", 5, "no array", NULL},
    {"no array", "UPDATE batches SET records = 'garbage' WHERE tenant = 'acme' AND first = 5", 5, "no array", NULL},
    {"an empty text", "UPDATE batches SET records = '' WHERE tenant = 'acme' AND first = 5", 5, "no array", NULL},
    {"more after the array", "UPDATE batches SET records = records || ' ' WHERE tenant = 'acme' AND first = 5", 9,
     "cut", NULL},
    {"an unclosed string",
     "UPDATE batches SET records = replace(records, '6', '\"') WHERE tenant = 'acme' AND first = 5", 6, "cut", NULL},
    {"a negative number", "UPDATE batches SET first = -5 WHERE tenant = 'acme' AND first = 5", 5, "impossible", NULL},
    {"a number without end", "UPDATE batches SET first = 9223372036854775807 WHERE tenant = 'acme' AND first = 5", 5,
     "impossible", NULL},
    {"a record given to another tenant", "UPDATE batches SET tenant = 'c' WHERE tenant = 'acme' AND first = 9", 0, NULL,
     NULL},
    {"the tail cut off", "DELETE FROM batches WHERE tenant = 'acme' AND first = 9", 0, NULL, NULL},
};

static const uapi_audit_verdict *verdict_of(fixture *f, const uint8_t *key, const char *tenant)
{
    apr_array_header_t *verdicts;
    uapi_result result = {0};

    if (uapi_audit_verify(f->path, key, &verdicts, f->pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    for (int i = 0; i < verdicts->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict).tenant, tenant) == 0) {
            return &APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict);
        }
    }
    return NULL;
}

static void expect(const tampering *t, const uapi_audit_verdict *verdict, uint64_t bad, const char *fault)
{
    assert_non_null(verdict);
    if (verdict->bad != bad || (fault && (!verdict->fault || !strstr(verdict->fault, fault)))) {
        fail_msg("%s: record %lu named (%s), %lu expected (%s)", t->name, (unsigned long)verdict->bad,
                 verdict->fault ? verdict->fault : "it holds", (unsigned long)bad, fault ? fault : "it holds");
    }
}

static void tampering_is_named(void **state)
{
    for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
        const tampering *t = &tamperings[i];
        void *inner;
        fixture *f;

        make(&inner);
        f = inner;
        fixture_execute(f, apr_pstrcat(f->pool, "PRAGMA ignore_check_constraints = 1;", t->sql, NULL));
        expect(t, verdict_of(f, audit_key, "acme"), t->bad, t->fault);
        if (t->fault_unkeyed && t->fault_unkeyed[0] == '\0') {
            expect(t, verdict_of(f, NULL, "acme"), 0, NULL);
        } else {
            expect(t, verdict_of(f, NULL, "acme"), t->bad, t->fault_unkeyed ? t->fault_unkeyed : t->fault);
        }
        expect(t, verdict_of(f, audit_key, "b"), 0, NULL); /* the other chain is not drawn in */
        assert_int_equal(verdict_of(f, audit_key, "b")->records, 8);
        fixture_remove(&inner);
    }
    (void)state;
}

static void stolen_records_do_not_fit_another_chain(void **state)
{
    fixture *f = *state;

    fixture_execute(f, "UPDATE batches SET tenant = 'c' WHERE tenant = 'acme' AND first = 9");
    assert_int_equal(verdict_of(f, audit_key, "c")->bad, 1);
    assert_string_equal(verdict_of(f, audit_key, "c")->fault, "the record is missing: a later one follows");
}

static void another_key_does_not_verify(void **state)
{
    fixture *f = *state;
    uint8_t other[UAPI_AUDIT_KEY_SIZE] = {7};

    assert_int_equal(verdict_of(f, other, "acme")->bad, 1);
    assert_non_null(strstr(verdict_of(f, other, "acme")->fault, "MAC"));
}

/* Whoever can write the file but has not the key makes all hashes anew. */
static void a_chain_made_anew_without_the_key_is_named(void **state)
{
    fixture *f = *state;
    uapi_audit_seal *seal = uapi_audit_seal_create((const uint8_t *)"a key that somebody made up, 32 b", f->pool);
    uint8_t seals[64];
    sqlite3 *database = fixture_sqlite(f);
    sqlite3_stmt *statement;

    assert_true(uapi_audit_seal_hash(seal, (const uint8_t[32]){0}, "{\"n\":9}", 7, seals));
    assert_true(uapi_audit_seal_mac(seal, seals, seals + 32));
    assert_int_equal(sqlite3_exec(database, "DELETE FROM batches WHERE tenant = 'acme'", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "INSERT INTO batches VALUES(NULL, 'acme', 1, 1, '[{\"n\":9}]', ?)",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    sqlite3_bind_blob(statement, 1, seals, 64, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    assert_int_equal(verdict_of(f, NULL, "acme")->bad, 0);
    assert_int_equal(verdict_of(f, audit_key, "acme")->bad, 1);
}

static void garbage_rows_are_survived(void **state)
{
    fixture *f = *state;

    fixture_execute(
        f,
        "CREATE TABLE other AS SELECT * FROM batches; DROP VIEW audit; DROP TABLE batches;"
        "ALTER TABLE other RENAME TO batches;"
        "CREATE INDEX i ON batches(tenant, first);"
        "INSERT INTO batches(rowid, id, tenant, first, count, records, seals) VALUES(50, 50, NULL, 'x', NULL, 7, 'y'),"
        "(51, 51, 'acme', X'00', 1.5, X'ff', NULL), (52, NULL, 7, 8, 9, 10, 11)");
    assert_int_equal(verdict_of(f, audit_key, "(no tenant)")->bad, 1);
    assert_int_equal(verdict_of(f, audit_key, "acme")->bad, 13);
    assert_int_equal(verdict_of(f, audit_key, "b")->bad, 0);
}

static int nothing(void *baton, const uapi_audit_record *record)
{
    (void)baton;
    (void)record;
    return 0;
}

static void visit_says_which_file_is_bad(void **state)
{
    fixture *f = *state;
    uapi_result result = {0};

    fixture_execute(
        f, "PRAGMA ignore_check_constraints = 1; UPDATE batches SET count = 9 WHERE tenant = 'acme' AND first = 5");
    assert_int_not_equal(uapi_audit_visit(f->path, "acme", 1, nothing, NULL, f->pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "no row of records"));
    assert_int_equal(uapi_audit_visit(f->path, "b", 1, nothing, NULL, f->pool, &result), APR_SUCCESS);
}

static void overwritten_pages_do_not_crash(void **state)
{
    fixture *f = *state;
    FILE *file = fopen(f->path, "r+");
    unsigned seed = 3;
    long size;

    fseek(file, 0, SEEK_END);
    size = ftell(file);
    for (int i = 0; i < 200; i++) {
        apr_array_header_t *verdicts;
        uapi_result result = {0};
        long at = (long)(rand_r(&seed) % (unsigned)size);
        int before;

        fseek(file, at, SEEK_SET);
        before = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(before ^ (1 << rand_r(&seed) % 8), file);
        fflush(file);
        if (uapi_audit_verify(f->path, audit_key, &verdicts, f->pool, &result) != APR_SUCCESS) {
            assert_non_null(result.detail);
        }
        fseek(file, at, SEEK_SET);
        fputc(before, file);
        fflush(file);
    }
    fclose(file);
    assert_int_equal(fixture_verify(f, "acme"), 12);
}

static void arrays_are_cut_at_the_right_commas(void **state)
{
    static const struct {
        const char *text;
        int count, whole;
    } cases[] = {
        {"[{}]", 1, 1},
        {"[{},{}]", 2, 1},
        {"[{\"a\":[1,2]},{\"b\":\"],[\"}]", 2, 1},
        {"[\"\\\",\",{}]", 2, 1},
        {"[]", 0, 0},
        {"", 0, 0},
        {"[", 0, 0},
        {"[{}", 0, 0},
        {"[{},", 1, 0},
        {"[{},]", 1, 0},
        {"[,{}]", 0, 0},
        {"[{}]x", 1, 0},
        {"[{}}]", 0, 0},
        {"[\"", 0, 0},
        {"[\"\\", 0, 0},
        {"[[[[[[[[", 0, 0},
        {"]", 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_audit_records records;
        size_t length = strlen(cases[i].text), part;
        char *exact = malloc(length + 1);
        const char *text;
        int count = 0;

        memcpy(exact, cases[i].text, length);
        uapi_audit_records_begin(&records, exact, length);
        while (uapi_audit_records_next(&records, &text, &part)) {
            assert_true(text > exact && text + part < exact + length);
            count++;
        }
        if (count != cases[i].count || records.whole != cases[i].whole) {
            fail_msg("%s: %d records, %s", cases[i].text, count, records.whole ? "whole" : "not whole");
        }
        free(exact);
    }
    (void)state;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tampering_is_named), TEST(stolen_records_do_not_fit_another_chain),
        TEST(another_key_does_not_verify),    TEST(a_chain_made_anew_without_the_key_is_named),
        TEST(garbage_rows_are_survived),      TEST(visit_says_which_file_is_bad),
        TEST(overwritten_pages_do_not_crash), cmocka_unit_test(arrays_are_cut_at_the_right_commas),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
