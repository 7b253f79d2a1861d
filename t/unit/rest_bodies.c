/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Media types and multipart bodies.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/media_type.h"
#include "../../mod_uapi/core/multipart.h"

static void media_types(void **state)
{
    static const struct {
        const char *value;
        uapi_media_kind kind;
    } cases[] = {
        {NULL, UAPI_MEDIA_NONE},
        {"application/json", UAPI_MEDIA_JSON},
        {"Application/JSON ; charset=\"UTF-8\"", UAPI_MEDIA_JSON},
        {"application/vnd.api+json;profile=x", UAPI_MEDIA_JSON},
        {"text/json;", UAPI_MEDIA_JSON},
        {"application/json; charset=utf-16", UAPI_MEDIA_INVALID},
        {"application/json; charset=iso-8859-1", UAPI_MEDIA_INVALID},
        {"application/json; charset=utf-8; charset=utf-16", UAPI_MEDIA_INVALID},
        {"application/json, text/plain", UAPI_MEDIA_INVALID},
        {"application/jsonx", UAPI_MEDIA_OTHER},
        {"application/x-www-form-urlencoded", UAPI_MEDIA_FORM},
        {"text/plain; charset=iso-8859-1", UAPI_MEDIA_TEXT},
        {"text/plain; charset=utf-7", UAPI_MEDIA_INVALID},
        {"text/xml", UAPI_MEDIA_OTHER},
        {"image/png", UAPI_MEDIA_OTHER},
        {"multipart/form-data; boundary=b", UAPI_MEDIA_MULTIPART},
        {"multipart/form-data", UAPI_MEDIA_INVALID},
        {"multipart/form-data; boundary=\"\"", UAPI_MEDIA_INVALID},
        {"multipart/form-data; boundary=a; boundary=b", UAPI_MEDIA_INVALID},
        {"multipart/form-data; boundary=\"a\\b\"", UAPI_MEDIA_INVALID},
        {"multipart/mixed; boundary=a", UAPI_MEDIA_OTHER},
        {"", UAPI_MEDIA_INVALID},
        {"json", UAPI_MEDIA_INVALID},
        {"application/", UAPI_MEDIA_INVALID},
        {"text/plain x", UAPI_MEDIA_INVALID},
        {"text/plain; charset", UAPI_MEDIA_INVALID},
    };
    uapi_media_type type;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_media_type_read(&type, cases[i].value);
        if (type.kind != cases[i].kind) {
            fail_msg("%s: %d", cases[i].value, type.kind);
        }
    }
    uapi_media_type_read(&type, "Image/PNG; a=b");
    assert_true(uapi_media_type_is("Image/PNG; a=b", &type, "image/png"));
    assert_true(uapi_media_type_is("Image/PNG; a=b", &type, "image/*"));
    assert_false(uapi_media_type_is("Image/PNG; a=b", &type, "image/pn"));
    assert_false(uapi_media_type_is("Image/PNG; a=b", &type, "video/*"));
}

#define PART(headers, contents) "--b\r\n" headers "\r\n\r\n" contents "\r\n"
#define NAMED(name) "Content-Disposition: form-data; name=" name

static void multipart(void **state)
{
    static const struct {
        const char *body;
        uapi_multipart_fault fault;
    } cases[] = {
        {PART(NAMED("\"a\""), "x") "--b--\r\n", UAPI_MULTIPART_GOOD},
        {PART(NAMED("\"a\""), "x") PART(NAMED("\"f\"; filename=\"_method\""), "--c\r\n--\r\n") "--b--",
         UAPI_MULTIPART_METHOD},
        {PART(NAMED("\"a\""), "x") PART(NAMED("\"f\""), "--c\r\n--\r\n") "--b--", UAPI_MULTIPART_GOOD},
        {PART(NAMED("a") "\r\nContent-Transfer-Encoding: 8bit", "") "--b--", UAPI_MULTIPART_GOOD},
        {PART(NAMED("a") "\r\ncontent-transfer-encoding:base64", "") "--b--", UAPI_MULTIPART_ENCODED},
        {PART(NAMED("a") "\r\nContent-Transfer-Encoding: quoted-printable", "") "--b--", UAPI_MULTIPART_ENCODED},
        {PART(NAMED("\"_method\""), "DELETE") "--b--", UAPI_MULTIPART_METHOD},
        {PART(NAMED("_METHOD"), "DELETE") "--b--", UAPI_MULTIPART_METHOD},
        {PART(NAMED("\"_method[]\""), "DELETE") "--b--", UAPI_MULTIPART_METHOD},
        {PART(NAMED("\"the_method\""), "DELETE") "--b--", UAPI_MULTIPART_GOOD},
        {"", UAPI_MULTIPART_MALFORMED},
        {"--b--", UAPI_MULTIPART_GOOD},
        {"--b", UAPI_MULTIPART_MALFORMED},
        {"x\r\n" PART(NAMED("a"), "x") "--b--", UAPI_MULTIPART_MALFORMED},
        {PART(NAMED("a"), "x") "--b--\r\nmore", UAPI_MULTIPART_MALFORMED},
        {PART(NAMED("a"), "x"), UAPI_MULTIPART_MALFORMED},
        {PART(NAMED("a"), "x") "--bc--", UAPI_MULTIPART_MALFORMED},
        {"--b\r\n" NAMED("a") "\r\nx", UAPI_MULTIPART_MALFORMED},
        {PART(NAMED("a") "\r\n folded", "x") "--b--", UAPI_MULTIPART_MALFORMED},
        {PART(NAMED("a") "\nContent-Transfer-Encoding: base64", "x") "--b--", UAPI_MULTIPART_MALFORMED},
        {"--c\r\n\r\n--c--", UAPI_MULTIPART_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_multipart_fault fault = uapi_multipart_judge(cases[i].body, strlen(cases[i].body), "b", 1);
        if (fault != cases[i].fault) {
            fail_msg("%s: %d", cases[i].body, fault);
        }
    }
}

static void content_types(void **state)
{
#define TYPES(list) SERVER("s") "  operations: {a: {method: GET, path: /}}\n  content_types: " list "\n"
#define WRONG(what) "p:6:19: error: \"" what "\" is no media type: write type/subtype, or type/*\n"
    static const char *const cases[][2] = {
        {TYPES("[image/png, \"image/*\", application/xml]"), ""},
        {TYPES("[\"*/*\"]"), WRONG("*/*")},
        {TYPES("[png]"), WRONG("png")},
        {TYPES("[\"image/p*\"]"), WRONG("image/p*")},
        {TYPES("[\"image/png; a=b\"]"), WRONG("image/png; a=b")},
        {TYPES("[text/plain]"), "p:6:19: error: \"text/plain\" is taken without being named\n"},
        {SERVER("s") "  content_types: [image/png]\n",
         "p:5:3: error: \"content_types\" is for servers with operations; without them any type is taken\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *printed;
        parse("p", cases[i][0], strlen(cases[i][0]), &printed);
        assert_string_equal(printed, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(media_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(multipart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_types, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("rest_bodies", tests, NULL, NULL);
}
