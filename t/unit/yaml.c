/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The YAML tree: what is in it and where it stands, and each thing that is refused, at its line and column.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/yaml.h"

static char errors[8192];

static void note(void *baton, const char *file, unsigned line, unsigned column, const char *message)
{
    size_t used = strlen(errors);

    (void)baton;
    assert_string_equal(file, "f");
    snprintf(errors + used, sizeof(errors) - used, "%s%u:%u: %s", used > 0 ? "\n" : "", line, column, message);
}

static apr_array_header_t *read_length(const char *text, size_t length)
{
    apr_array_header_t *roots = apr_array_make(pool, 1, sizeof(const uapi_yaml_node *));
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    errors[0] = '\0';
    uapi_yaml_read(roots, "f", copy, length, note, NULL, pool);
    free(copy);
    return roots;
}

static apr_array_header_t *read_text(const char *text)
{
    return read_length(text, strlen(text));
}

/* A tree as text: scalars with their position, s for plain and q for quoted ones. */
static const char *show(const uapi_yaml_node *node)
{
    const char *text = "";

    if (node->kind == UAPI_YAML_SCALAR) {
        return apr_psprintf(pool, "%s%u:%u:%s", node->plain ? "s" : "q", node->line, node->column, node->text);
    }
    if (node->kind == UAPI_YAML_BROKEN) {
        return "broken";
    }
    for (const uapi_yaml_item *item = node->items; item != NULL; item = item->next) {
        text = apr_pstrcat(pool, text, *text != '\0' ? " " : "", item->key != NULL ? show(item->key) : "",
                           item->key != NULL ? "=" : "", show(item->value), NULL);
    }
    return apr_psprintf(pool, node->kind == UAPI_YAML_MAPPING ? "{%s}" : "[%s]", text);
}

static const char *show_all(const apr_array_header_t *roots)
{
    const char *text = "";

    for (int i = 0; i < roots->nelts; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? " --- " : "", show(APR_ARRAY_IDX(roots, i, const uapi_yaml_node *)),
                           NULL);
    }
    return text;
}

static void builds_trees(void **state)
{
    static const struct {
        const char *text, *tree;
    } trees[] = {
        {"", ""},
        {"# only a comment\n", ""},
        {"---\n---\n", ""},
        {"a: 1\nb: [x, 'y', \"z\"]\n", "{s1:1:a=s1:4:1 s2:1:b=[s2:5:x q2:8:y q2:13:z]}"},
        {"a: {b: c}\n---\nd:\n  - e\n", "{s1:1:a={s1:5:b=s1:8:c}} --- {s3:1:d=[s4:5:e]}"},
        {"a:\nb: ~\n", "{s1:1:a=s1:3: s2:1:b=s2:4:~}"},
        {"a: |\n  x\n  y\n", "{s1:1:a=q1:4:x\ny\n}"},
        {"\xef\xbb\xbf"
         "a: b\r\nc: d\r\n",
         "{s1:1:a=s1:4:b s2:1:c=s2:4:d}"},
        {"\xc3\xa9\xe2\x82\xac: x", "{s1:1:\xc3\xa9\xe2\x82\xac=s1:5:x}"}, /* columns count characters */
        {"a: &x [1, 2]\nb: *x\nc: *x\n", "{s1:1:a=[s1:8:1 s1:11:2] s2:1:b=[s1:8:1 s1:11:2] s3:1:c=[s1:8:1 s1:11:2]}"},
        {"- &x a\n- &x b\n- *x\n", "[s1:3:a s2:3:b s2:3:b]"},
        {"\"a\\u0062\": \"\\x41\"", "{q1:1:ab=q1:12:A}"},
        {"%YAML 1.2\n---\na: b\n", "{s3:1:a=s3:4:b}"},
        {"'1': x\n'<<': y\n", "{q1:1:1=s1:6:x q2:1:<<=s2:7:y}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        const char *tree = show_all(read_text(trees[i].text));
        assert_string_equal(errors, "");
        assert_string_equal(tree, trees[i].tree);
    }
}

typedef struct refusal {
    const char *text, *errors;
} refusal;

static const refusal refusals[] = {
    /* characters */
    {"a: b\nc: \xff\n", "2:4: a byte that is not UTF-8"},
    {"a: \xc0\x80\n", "1:4: a byte that is not UTF-8"},         /* overlong */
    {"a: \xe0\x80\x80\n", "1:4: a byte that is not UTF-8"},     /* overlong */
    {"a: \xed\xa0\x80\n", "1:4: a byte that is not UTF-8"},     /* a surrogate */
    {"a: \xf4\x90\x80\x80\n", "1:4: a byte that is not UTF-8"}, /* beyond U+10FFFF */
    {"a: \xe2\x28\xa1", "1:4: a byte that is not UTF-8"},
    {"a: \xe2\x82", "1:4: a byte that is not UTF-8"}, /* cut off */
    {"\xc3\xa9: \x80", "1:4: a byte that is not UTF-8"},
    {"\xff\xfe"
     "a\0",
     "1:1: a byte that is not UTF-8"}, /* UTF-16 */
    {"a: \x01\n", "1:4: a control character"},
    {"a: \x7f\n", "1:4: a control character"},
    {"a: \xc2\x80\n", "1:4: a control character"},
    {"a: b\rc: d\n", "1:5: a carriage return without a line feed"},
    {"a: b\r", "1:5: a carriage return without a line feed"},
    {"# x\xc2\x85"
     "a: b\n",
     "1:4: a character (NEL) that ends a line in YAML but not in an editor"},
    {"# x\xe2\x80\xa8"
     "a: b\n",
     "1:4: a character (LS or PS) that ends a line in YAML but not in an editor"},
    {"a: \xe2\x80\xae"
     "b\n",
     "1:4: a character that changes the direction of writing"},
    {"a: \xe2\x81\xa6"
     "b\n",
     "1:4: a character that changes the direction of writing"},
    {"a: \xef\xbb\xbf\n", "1:4: a byte order mark inside the text"},
    {"a: \xef\xbf\xbf\n", "1:4: a code point that is no character"},
    /* syntax */
    {"a: b\n c: d\n", "2:3: not valid YAML: mapping values are not allowed in this context"},
    {"a: [b\nc: d\n",
     "2:2: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence that begins at line 1"},
    {"a: 'b\n",
     "2:1: not valid YAML: found unexpected end of stream while scanning a quoted scalar that begins at line 1"},
    {"\ta: b\n", "1:1: not valid YAML: found character that cannot start any token while scanning for the next token "
                 "that begins at line 1"},
    {"%YAML 2.0\n---\na: b\n", "1:1: not valid YAML: found incompatible YAML document"},
    /* keys */
    {"a: 1\nb: 2\na: 3\n", "3:1: duplicate key \"a\", first at line 1"},
    {"a: 1\n\"\\x61\": 3\n", "2:1: duplicate key \"a\", first at line 1"},
    {"a: 1\na: 2\na: 3\n", "2:1: duplicate key \"a\", first at line 1\n3:1: duplicate key \"a\", first at line 1"},
    {"{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, b: 2, j: 2}",
     "1:62: duplicate key \"b\", first at line 1\n1:68: duplicate key \"j\", first at line 1"},
    {"1: a\n", "1:1: a key must be a string, not a number"},
    {"on: a\n", "1:1: a key must be a string, not a boolean"},
    {"~: a\n", "1:1: a key must be a string, not nothing"},
    {"? [a, b]\n: c\n", "1:3: a key must be a string, not a list"},
    {"? {a: b}\n: c\n", "1:3: a key must be a string, not a mapping"},
    {"- &x a\n- {*x : b}\n", "2:4: a key must be a string, not an alias"},
    {"a: &x {b: c}\nd:\n  <<: *x\n", "3:3: merge keys (<<) are not supported"},
    /* tags */
    {"a: !!str b\n", "1:4: tags (!) are not supported"},
    {"a: !x [b]\n", "1:4: tags (!) are not supported"},
    {"a: !x {b: c}\n", "1:4: tags (!) are not supported"},
    {"!x a: b\n", "1:1: tags (!) are not supported"},
    {"a: ! b\n", "1:4: tags (!) are not supported"},
    {"%TAG ! tag:example.org,2026:\n---\na: b\n", "1:1: %TAG directives are not supported"},
    /* anchors */
    {"a: *x\n", "1:4: no anchor \"x\" is complete before this alias"},
    {"a: &x [*x]\n", "1:8: no anchor \"x\" is complete before this alias"},
    {"a: &x b\n---\na: *x\n", "3:4: no anchor \"x\" is complete before this alias"},
    {"*x : b\n", "1:1: no anchor \"x\" is complete before this alias"},
    /* the rest */
    {"a: \"b\\0c\"\n", "1:4: a string with a NUL character"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        read_text(refusals[i].text);
        assert_string_equal(errors, refusals[i].errors);
    }
    read_length("a: b\0c", 6);
    assert_string_equal(errors, "1:5: a control character");
}

static void goes_on_after_errors(void **state)
{
    (void)state;
    assert_string_equal(show_all(read_text("a: 1\na: 2\nb: !t 3\n1: x\nc: *y\nd: 4\n")),
                        "{s1:1:a=s1:4:1 s3:1:b=broken s5:1:c=broken s6:1:d=s6:4:4}");
    assert_string_equal(show_all(read_text("a: 1\n---\nb: [\n")), "{s1:1:a=s1:4:1}");
}

static char *repeat(const char *text, size_t times, const char *tail)
{
    size_t length = strlen(text);
    char *all = apr_palloc(pool, length * times + strlen(tail) + 1);

    for (size_t i = 0; i < times; i++) {
        memcpy(all + i * length, text, length);
    }
    strcpy(all + length * times, tail);
    return all;
}

static void bounds_depth(void **state)
{
    (void)state;
    read_text(apr_pstrcat(pool, repeat("[", 64, ""), repeat("]", 64, ""), NULL));
    assert_string_equal(errors, "");
    read_text(apr_pstrcat(pool, repeat("[", 65, ""), repeat("]", 65, ""), NULL));
    assert_string_equal(errors, "1:65: nested deeper than 64 levels");
    read_text(repeat("[", 100000, ""));
    assert_string_equal(errors, "1:65: nested deeper than 64 levels");
    read_text(repeat("{a: ", 70, ""));
    assert_string_equal(errors, "1:257: nested deeper than 64 levels");
    /* an alias is as deep as what it stands for: 2 + 62 levels are allowed, 2 + 63 are not */
    read_text(apr_pstrcat(pool, "- &x ", repeat("[", 62, ""), repeat("]", 62, ""), "\n- - *x\n", NULL));
    assert_string_equal(errors, "");
    read_text(apr_pstrcat(pool, "- &x ", repeat("[", 63, ""), repeat("]", 63, ""), "\n- - *x\n", NULL));
    assert_string_equal(errors, "2:5: nested deeper than 64 levels by this alias");
}

static void bounds_nodes(void **state)
{
    const char *bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";

    (void)state;
    for (char level = 'b'; level <= 'j'; level++) {
        const char *alias = apr_psprintf(pool, "*%c, ", level - 1);
        bomb = apr_psprintf(pool, "%s%c: &%c [%s]\n", bomb, level, level,
                            repeat(alias, 9, apr_psprintf(pool, "*%c", level - 1)));
    }
    read_text(bomb);
    assert_string_equal(errors, "6:20: more than 500000 nodes, counting what aliases stand for");

    read_text(repeat("- a\n", UAPI_YAML_MAX_NODES - 1, ""));
    assert_string_equal(errors, "");
    read_text(repeat("- a\n", UAPI_YAML_MAX_NODES, ""));
    assert_string_equal(errors, "500000:3: more than 500000 nodes, counting what aliases stand for");
}

static void bounds_size(void **state)
{
    char *text = apr_palloc(pool, UAPI_YAML_MAX_SIZE + 1);

    (void)state;
    memset(text, '#', UAPI_YAML_MAX_SIZE + 1);
    read_length(text, UAPI_YAML_MAX_SIZE);
    assert_string_equal(errors, "");
    read_length(text, UAPI_YAML_MAX_SIZE + 1);
    assert_string_equal(errors, "0:0: larger than 4 MiB");
}

/* Many keys: with a comparison of each pair this takes minutes. */
static void compares_many_keys(void **state)
{
    enum { KEYS = 100000 };
    char *text = apr_palloc(pool, KEYS * 16 + 16), *at = text;

    (void)state;
    for (int i = 0; i < KEYS; i++) {
        at += sprintf(at, "key%d: x\n", i);
    }
    strcpy(at, "key99999: y\n");
    read_text(text);
    assert_string_equal(errors, "100001:1: duplicate key \"key99999\", first at line 100000");
}

static void tells_types(void **state)
{
    static const struct {
        const char *words[24];
        uapi_yaml_type type;
    } types[] = {
        {{"", "~", "null", "Null", "NULL"}, UAPI_YAML_NULL},
        {{"true", "False", "YES", "no", "On", "off", "y", "N"}, UAPI_YAML_BOOLEAN},
        {{"0", "-1", "+1", "1_000", "3.14", ".5", "1e6", "1.5E-3", "0x1F", "0o17", "017", "12:30:45", ".inf", "-.INF",
          ".nan", "2."},
         UAPI_YAML_NUMBER},
        {{"a", "get_1", "1a", "0x", "0xg", "-", "+", ".", "1e", "v1", "1.2.3-rc", "2026-01-01", "e5", "nullable",
          "on_call", "127.0.0.1/8", "*"},
         UAPI_YAML_STRING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (int j = 0; types[i].words[j] != NULL; j++) {
            uapi_yaml_node node = {.kind = UAPI_YAML_SCALAR, .plain = 1, .text = types[i].words[j]};
            if (uapi_yaml_type_of(&node) != types[i].type) {
                fail_msg("\"%s\" is taken for %s", node.text, uapi_yaml_describe(&node));
            }
            node.plain = 0;
            assert_int_equal(uapi_yaml_type_of(&node), UAPI_YAML_STRING);
        }
    }
}

static void quotes(void **state)
{
    (void)state;
    assert_string_equal(uapi_yaml_quote("a b", 3, pool), "\"a b\"");
    assert_string_equal(uapi_yaml_quote("", 0, pool), "\"\"");
    assert_string_equal(uapi_yaml_quote("\x1b[31m\n\"\\\xc3", 9, pool), "\"\\x1b[31m\\x0a\\x22\\x5c\\xc3\"");
    assert_string_equal(uapi_yaml_quote(repeat("x", 64, ""), 64, pool),
                        apr_pstrcat(pool, "\"", repeat("x", 64, "\""), NULL));
    assert_string_equal(uapi_yaml_quote(repeat("x", 65, ""), 65, pool),
                        apr_pstrcat(pool, "\"", repeat("x", 64, "...\""), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(builds_trees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_after_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_nodes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(compares_many_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quotes, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
