/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The JSON Schema that editors use, held to the tables that the reader uses: the same mappings, fields, words and types;
 * nothing more, nothing less, and a description for each. Then the shipped examples, and those of docs/policy.md with the
 * output that stands below them. Run from the root of the repository.
 */
#include "policy_fixture.h"

#include <jansson.h>

static const char schema_path[] = "policies/schema/uapi-v1.schema.json";
static const char docs_path[] = "docs/policy.md";

static json_t *definitions;
static apr_hash_t *checked;

static void check_shape(const uapi_form_shape *shape);

/* ---------------------------------------------------------------- schema and tables */

static int has_string(const json_t *array, const char *word)
{
    size_t index;
    json_t *value;

    json_array_foreach((json_t *)array, index, value)
    {
        if (strcmp(json_string_value(value), word) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_words(const json_t *schema, const uapi_form_field *field)
{
    const json_t *words = json_object_get(schema, "enum");
    size_t count = 0;

    assert_true(json_is_array(words));
    for (; field->words->now[count] != NULL; count++) {
        if (!has_string(words, field->words->now[count])) {
            fail_msg("%s: %s is missing", field->name, field->words->now[count]);
        }
    }
    assert_int_equal(json_array_size(words), count);
}

static void check_kind_words(const json_t *schema, const uapi_form_shape *shape)
{
    const json_t *kind = json_object_get(json_object_get(json_object_get(schema, "properties"), "kind"), "enum");

    assert_int_equal(json_array_size(kind), 1);
    assert_string_equal(json_string_value(json_array_get(kind, 0)), shape->id);
}

static void check_type(const json_t *schema, const char *type)
{
    assert_non_null(json_object_get(schema, "type"));
    assert_string_equal(json_string_value(json_object_get(schema, "type")), type);
}

static void check_reference(const json_t *schema, const uapi_form_shape *shape)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));

    assert_non_null(reference);
    assert_string_equal(reference, apr_pstrcat(pool, "#/$defs/", shape->id, NULL));
    check_shape(shape);
}

static void check_list(const json_t *schema)
{
    check_type(schema, "array");
    assert_int_equal(json_integer_value(json_object_get(schema, "minItems")), 1);
}

static void check_named(const json_t *schema, const uapi_form_field *field)
{
    const json_t *value = json_object_get(schema, "additionalProperties"), *choices = json_object_get(value, "anyOf");

    check_type(schema, "object");
    assert_int_equal(json_integer_value(json_object_get(schema, "minProperties")), 1);
    assert_int_equal(choices != NULL, field->shape->shorthand);
    if (choices != NULL) {
        check_words(json_array_get(choices, 0), &field->shape->fields[0]);
        value = json_array_get(choices, 1);
    }
    check_reference(value, field->shape);
}

static void check_field(const json_t *schema, const uapi_form_field *field)
{
    switch (field->value) {
    case UAPI_FORM_STRING:
        check_type(schema, "string");
        break;
    case UAPI_FORM_BOOLEAN:
        check_type(schema, "boolean");
        break;
    case UAPI_FORM_NUMBER:
        if (json_object_get(schema, "type") == NULL ||
            strcmp(json_string_value(json_object_get(schema, "type")), "integer") != 0) {
            check_type(schema, "number");
        }
        break;
    case UAPI_FORM_WORD:
        if (strcmp(field->name, "kind") != 0) { /* each document has one of them, see check_kind_words */
            check_words(schema, field);
        }
        break;
    case UAPI_FORM_STRINGS:
        check_list(schema);
        check_type(json_object_get(schema, "items"), "string");
        break;
    case UAPI_FORM_STRING_OR_LIST:
        check_type(json_array_get(json_object_get(schema, "anyOf"), 0), "string");
        check_list(json_array_get(json_object_get(schema, "anyOf"), 1));
        break;
    case UAPI_FORM_MAP:
        check_reference(schema, field->shape);
        break;
    case UAPI_FORM_MAPS:
        check_list(schema);
        check_reference(json_object_get(schema, "items"), field->shape);
        break;
    case UAPI_FORM_NAMED:
        check_named(schema, field);
        break;
    case UAPI_FORM_LATER:
        break;
    }
}

static void check_description(const json_t *schema, const char *of)
{
    const char *text = json_string_value(json_object_get(schema, "description"));

    if (text == NULL || strlen(text) < 10) {
        fail_msg("%s has no description", of);
    }
}

static void check_shape(const uapi_form_shape *shape)
{
    const json_t *schema = json_object_get(definitions, shape->id);
    const json_t *properties = json_object_get(schema, "properties"), *required = json_object_get(schema, "required");
    size_t supported = 0, needed = 0;

    if (apr_hash_get(checked, shape->id, APR_HASH_KEY_STRING) != NULL) {
        return;
    }
    apr_hash_set(checked, shape->id, APR_HASH_KEY_STRING, shape);
    if (schema == NULL) {
        fail_msg("the schema has no %s", shape->id);
    }
    check_type(schema, "object");
    check_description(schema, shape->id);
    assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    for (const uapi_form_field *field = shape->fields; field->name != NULL; field++) {
        const json_t *property = json_object_get(properties, field->name);
        if ((property != NULL) != (field->value != UAPI_FORM_LATER)) {
            fail_msg("%s.%s should%s be in the schema", shape->id, field->name, property != NULL ? " not" : "");
        }
        if (field->value == UAPI_FORM_LATER) {
            continue;
        }
        supported++;
        needed += field->required != 0;
        check_description(property, field->name);
        check_field(property, field);
        assert_int_equal(has_string(required, field->name), field->required != 0);
    }
    assert_int_equal(json_object_size(properties), supported);
    assert_int_equal(json_array_size(required), needed);
}

static void equals_the_tables(void **state)
{
    json_error_t error;
    json_t *schema = json_load_file(schema_path, JSON_REJECT_DUPLICATES, &error), *kinds;

    (void)state;
    if (schema == NULL) {
        fail_msg("%s:%d: %s", schema_path, error.line, error.text);
    }
    definitions = json_object_get(schema, "$defs");
    checked = apr_hash_make(pool);
    kinds = json_object_get(json_object_get(json_object_get(schema, "properties"), "kind"), "enum");
    for (int kind = 0; kind < UAPI_FORM_KINDS; kind++) {
        const uapi_form_shape *shape = uapi_policy_form_shape((uapi_form_kind)kind);
        const json_t *choice = json_array_get(json_object_get(schema, "allOf"), (size_t)kind);
        check_shape(shape);
        check_kind_words(json_object_get(definitions, shape->id), shape);
        assert_int_equal(has_string(kinds, uapi_policy_form_kind_name((uapi_form_kind)kind)), 1);
        check_reference(json_object_get(choice, "then"), shape);
    }
    assert_int_equal(json_array_size(kinds), UAPI_FORM_KINDS);
    assert_int_equal(json_object_size(definitions), apr_hash_count(checked));
    json_decref(schema);
}

/* ---------------------------------------------------------------- examples */

static void examples_load(void **state)
{
    static const char *const folders[] = {"policies/examples", "policies/packs"};
    apr_array_header_t *diagnostics;
    uapi_policy *policy;

    (void)state;
    uapi_policy_load(&policy, folders, 2, &diagnostics, pool, NULL);
    assert_string_equal(print_diagnostics(diagnostics), "");
    assert_non_null(policy);
}

static char *read_docs(void)
{
    char *text = apr_pcalloc(pool, 256 * 1024);
    FILE *file = fopen(docs_path, "r");
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, 256 * 1024, file);
    fclose(file);
    assert_in_range(length, 1, 256 * 1024 - 1);
    return text;
}

/* The contents of the fenced block that begins at or after `*at` with this language; NULL if none does. */
static const char *next_block(const char **at, const char *language)
{
    const char *fence = apr_pstrcat(pool, "```", language, "\n", NULL);
    const char *begin = strstr(*at, fence), *end;

    if (begin == NULL) {
        return NULL;
    }
    begin += strlen(fence);
    end = strstr(begin, "```\n");
    assert_non_null(end);
    *at = end + 4;
    return apr_pstrmemdup(pool, begin, (apr_size_t)(end - begin));
}

static unsigned count(const char *text, const char *word)
{
    unsigned times = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        times++;
    }
    return times;
}

/* The last line of `uapictl policy lint` for files with errors. */
static const char *summarise(const char *printed)
{
    unsigned errors = count(printed, ": error: "), warnings = count(printed, ": warning: ");

    return apr_psprintf(pool, "%u error%s, %u warning%s\n", errors, errors == 1 ? "" : "s", warnings,
                        warnings == 1 ? "" : "s");
}

/* A block of YAML is without fault, or what lint prints stands in the block of text that follows at once. */
static void docs_are_true(void **state)
{
    const char *at = read_docs(), *yaml;
    unsigned blocks = 0, faulty = 0;

    (void)state;
    while ((yaml = next_block(&at, "yaml")) != NULL) {
        const char *after = at, *expected = "", *printed;
        if (strncmp(after, "```text\n", 8) == 0) {
            expected = next_block(&after, "text");
            faulty++;
        }
        blocks++;
        parse("policy.yaml", yaml, strlen(yaml), &printed);
        assert_string_equal(*printed != '\0' ? apr_pstrcat(pool, printed, summarise(printed), NULL) : "", expected);
    }
    assert_in_range(blocks, 8, 100);
    assert_in_range(faulty, 3, 100);
}

static void must_mention(const char *docs, const char *word)
{
    if (strstr(docs, apr_pstrcat(pool, "`", word, "`", NULL)) == NULL) {
        fail_msg("%s does not mention `%s`", docs_path, word);
    }
}

static void must_mention_fields(const char *docs, const uapi_form_shape *shape)
{
    for (const uapi_form_field *field = shape->fields; field->name != NULL; field++) {
        must_mention(docs, field->name);
        for (int i = 0; field->words != NULL && field->words->now[i] != NULL; i++) {
            must_mention(docs, field->words->now[i]);
        }
        if (field->shape != NULL) {
            must_mention_fields(docs, field->shape);
        }
    }
}

/* Each field and each word of the tables stands in the reference, those of later releases too. */
static void docs_are_complete(void **state)
{
    (void)state;
    for (int kind = 0; kind < UAPI_FORM_KINDS; kind++) {
        must_mention_fields(read_docs(), uapi_policy_form_shape((uapi_form_kind)kind));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equals_the_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(examples_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(docs_are_true, set_up, tear_down),
        cmocka_unit_test_setup_teardown(docs_are_complete, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_schema", tests, NULL, NULL);
}
