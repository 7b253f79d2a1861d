/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "origin.h"

static void reads_authorities(void **state)
{
    static const struct {
        const char *text, *host;
        int port, is_address;
    } good[] = {
        {"example.com", "example.com", 0, 0},
        {"Example.COM.:0080", "example.com", 80, 0},
        {"a_b-c.example:65535", "a_b-c.example", 65535, 0},
        {"127.0.0.1:1", "127.0.0.1", 1, 1},
        {"127.0.0.1.", "127.0.0.1", 0, 1},
        {"[::1]", "::1", 0, 1},
        {"[0:0:0:0:0:0:0:1]:8080", "::1", 8080, 1},
        {"[2001:DB8::A]", "2001:db8::a", 0, 1},
        {"127.1", "127.1", 0, 0},
        {"2130706433", "2130706433", 0, 0},
    };
    uapi_authority authority;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(uapi_authority_parse(&authority, good[i].text, strlen(good[i].text)));
        assert_string_equal(authority.host, good[i].host);
        assert_int_equal(authority.port, good[i].port);
        assert_int_equal(authority.is_address, good[i].is_address);
    }
}

static void refuses_what_is_no_authority(void **state)
{
    static const char *const bad[] = {
        "",       ".",          "..",      "a..b",        "a..",   ".a",
        "a:",     "a:0",        "a:65536", "a:1x",        "a:-1",  "a:+1",
        "a: 80",  " a",         "a ",      "a,b",         "a, a",  "u@a",
        "a/",     "a?",         "a#",      "a:80:80",     "::1",   "[::1",
        "[::1]x", "[::1%25lo]", "[a]",     "[127.0.0.1]", "a%2eb", "\xc3\xa4.example",
        "a\tb",   "a:000080",   "[]",      "*.a",         "a\\b",
    };
    uapi_authority authority;
    char name[300];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (uapi_authority_parse(&authority, bad[i], strlen(bad[i]))) {
            fail_msg("'%s' was read as %s", bad[i], authority.host);
        }
    }
    assert_false(uapi_authority_parse(&authority, "a\0b", 3));
    assert_false(uapi_authority_parse(&authority, "127.0.0.1\0", 10));
    memset(name, 'a', sizeof(name));
    assert_true(uapi_authority_parse(&authority, name, UAPI_HOST_SIZE - 1));
    assert_false(uapi_authority_parse(&authority, name, UAPI_HOST_SIZE));
}

static void reads_origins(void **state)
{
    static const char *const bad[] = {
        "null",
        "",
        "https",
        "https:",
        "https:/",
        "https://",
        "//a",
        "://a",
        "https://a/",
        "https://a/b",
        "https://a b",
        "https://a https://b",
        "https://a,https://b",
        "https://u@a",
        "https://u:p@a",
        "https://a:b",
        "1http://a",
        "ht tp://a",
        "https://a?",
        "https://a#",
        "https:///a",
        "file://",
        "https://[::1",
        " https://a",
        "https://a.example.com:443@evil.example",
    };
    uapi_origin origin;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (uapi_origin_parse(&origin, bad[i], strlen(bad[i]))) {
            fail_msg("'%s' was read as %s, %s", bad[i], origin.scheme, origin.authority.host);
        }
    }
    assert_true(uapi_origin_parse(&origin, "HTTPS://A.example:8443", 22));
    assert_string_equal(origin.scheme, "https");
    assert_string_equal(origin.authority.host, "a.example");
    assert_int_equal(origin.authority.port, 8443);
    assert_true(uapi_origin_parse(&origin, "vscode-webview://abc", 20));
    assert_string_equal(origin.scheme, "vscode-webview");
}

static int is_of(const char *text, const char *name, int tls)
{
    uapi_origin origin;
    uapi_authority host;
    assert_true(uapi_origin_parse(&origin, text, strlen(text)));
    assert_true(uapi_authority_parse(&host, name, strlen(name)));
    return uapi_origin_is_of(&origin, &host, tls);
}

static void knows_its_own_pages(void **state)
{
    (void)state;
    assert_true(is_of("http://a", "a", 0));
    assert_true(is_of("http://a:80", "A.", 0));
    assert_true(is_of("https://a", "a:443", 1));
    assert_true(is_of("https://a", "a", 0)); /* TLS ends in front of us */
    assert_true(is_of("http://[::1]:81", "[0::1]:81", 0));
    assert_false(is_of("http://a", "a", 1));
    assert_false(is_of("http://a", "a:81", 0));
    assert_false(is_of("https://a", "a:80", 0));
    assert_false(is_of("http://b", "a", 0));
    assert_false(is_of("http://a.b", "b", 0));
    assert_false(is_of("ftp://a", "a", 0));
}

static int matches(const char *text, const char *allowed)
{
    uapi_origin origin;
    uapi_origin_pattern pattern;
    assert_true(uapi_origin_parse(&origin, text, strlen(text)));
    assert_true(uapi_origin_pattern_parse(&pattern, allowed));
    return uapi_origin_matches(&origin, &pattern);
}

static void matches_what_is_allowed(void **state)
{
    static const char *const bad[] = {"a",
                                      "https://",
                                      "https://*",
                                      "https://*.",
                                      "https://a:*b",
                                      "https://a/",
                                      "null",
                                      "https://*.127.0.0.1",
                                      "https://a.*.b",
                                      "*://a",
                                      "https://a:80:*",
                                      "any thing"};
    uapi_origin_pattern pattern;
    (void)state;
    assert_true(matches("https://a.example", "https://A.example:443"));
    assert_false(matches("http://a.example", "https://a.example"));
    assert_false(matches("https://a.example:8443", "https://a.example"));
    assert_true(matches("https://a.example:8443", "https://a.example:*"));
    assert_true(matches("https://b.a.example", "https://*.a.example"));
    assert_true(matches("https://c.b.a.example", "https://*.a.example"));
    assert_false(matches("https://a.example", "https://*.a.example"));
    assert_false(matches("https://evil-a.example", "https://*.a.example"));
    assert_false(matches("https://a.example.evil.example", "https://a.example"));
    assert_true(matches("http://[::1]:5", "http://[::1]:*"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (uapi_origin_pattern_parse(&pattern, bad[i])) {
            fail_msg("'%s' was read as a pattern", bad[i]);
        }
    }
    assert_true(uapi_host_pattern_parse(&pattern, "*.example.com"));
    assert_false(uapi_host_pattern_parse(&pattern, "example.com:80"));
    assert_false(uapi_host_pattern_parse(&pattern, "http://example.com"));
    assert_false(uapi_host_pattern_parse(&pattern, "*"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_authorities),       cmocka_unit_test(refuses_what_is_no_authority),
        cmocka_unit_test(reads_origins),           cmocka_unit_test(knows_its_own_pages),
        cmocka_unit_test(matches_what_is_allowed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
