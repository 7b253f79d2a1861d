/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The secrets scanner through the firewall, as the server runs it. The secrets here are invented, and each is written
 * in pieces ("ghp" "_…"), so that no scanner takes this file for a leak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"
#include "token.h"

static apr_pool_t *pool, *scan_pool;
static uapi_firewall *firewall;

#define A20 "k3Xv9QpZ7rT2mW8sYb4N"
#define A36 "k3Xv9QpZ7rT2mW8sYb4NdF6gHj1LcV5xRq0E"
#define A43 A36 "u7Ki2Oa"
#define A60 A36 "u7Ki2OaB9tGy3PwSe8ZnMx4J"
#define H20 "3f9a1c7e5b20d84f6a13"
#define H32 "3f9a1c7e5b20d84f6a13c97e0b52d8f1"
#define H40 "3f9a1c7e5b20d84f6a13c97e0b52d8f14e6a7b30"
#define H64 H32 "9d04b7e15a82c36f0e41d97ab8532c6f"
#define UUID "3f9a1c7e-5b20-484f-aa13-c97e0b52d8f1"

/* clang-format off: one row, one case */
/* `secret` is what must be covered by a finding of the rule when it stands between `before` and `after`. */
static const struct {
    const char *rule, *before, *secret, *after;
} positive[] = {
    /* clouds */
    {"aws_access_key", "key=",
     "AKI"
     "AQX7DLMWP4ZRT5KVN",
     ""},
    {"aws_access_key", "\"",
     "ASI"
     "AQX7DLMWP4ZRT5KVN",
     "\""},
    {"vendor_secret", "{\"aws_secret_access_key\":\"",
     "wJ4lrX"
     "UtnFEMI/K7MDENG+bPxRfiCYzQ3w9TmL2v",
     "\"}"},
    {"gcp_api_key", "?key=",
     "AIz"
     "aSyD" A20 "pZ7rT2mW8sY-",
     "&v=1"},
    {"gcp_oauth_secret", "",
     "GOC"
     "SPX-" A20 "pZ7rT2mW",
     ""},
    {"azure_storage_key", "AccountName=a;",
     "AccountKey"
     "=" A60 A20 "abcd5==",
     ";"},
    {"azure_client_secret", "(",
     "aB3"
     "8Q~" A20 "pZ7rT2mW8sY",
     ")"},
    {"digitalocean_token", "",
     "dop"
     "_v1_" H64,
     ""},
    {"flyio_token", "",
     "fo1"
     "_" A43,
     ""},
    {"vault_token", "X-Vault-Token: ",
     "hvs"
     "." A36,
     ""},
    {"terraform_token", "",
     "k3Xv9QpZ7rT2mW"
     ".atlasv1." A60,
     ""},
    {"pulumi_token", "",
     "pul"
     "-" H40,
     ""},
    {"doppler_token", "",
     "dp.pt"
     "." A43,
     ""},
    {"databricks_token", "", "dapi" H32, ""},
    {"grafana_service_account", "",
     "gls"
     "a_k3Xv9QpZ7rT2mW8sYb4NdF6gHj1LcV5x_3f9a1c7e",
     ""},
    {"newrelic_key", "",
     "NRA"
     "K-K3XV9QPZ7RT2MW8SYB4NDF6GHJ1",
     ""},
    {"planetscale_token", "",
     "psca"
     "le_tkn_" A43,
     ""},
    {"supabase_token", "",
     "sbp"
     "_" H40,
     ""},
    {"tailscale_key", "",
     "tskey"
     "-auth-kB3xV9Qp2CNTRL-" A20,
     ""},
    /* code */
    {"github_token", "token ",
     "gh"
     "p_" A36,
     "\n"},
    {"github_token", "\\n",
     "gh"
     "s_" A36,
     ""},
    {"github_fine_grained_token", "",
     "github"
     "_pat_k3Xv9QpZ7rT2mW8sYb4Nd1_" A36 "u7Ki2OaB9tGy3PwSe8ZnMx4",
     ""},
    {"gitlab_token", "",
     "glp"
     "at-" A20,
     ""},
    {"gitlab_trigger_token", "",
     "glp"
     "tt-" H40,
     ""},
    {"npm_token", "//registry/:_authToken=",
     "np"
     "m_" A36,
     ""},
    {"pypi_token", "",
     "pypi"
     "-AgEIcHlwaS5vcmc" A60,
     ""},
    {"rubygems_token", "",
     "rubygems"
     "_" H32 "9d04b7e15a82c36f",
     ""},
    {"docker_token", "",
     "dckr"
     "_pat_" A20 "dF6gHj1",
     ""},
    {"atlassian_token", "",
     "ATAT"
     "T3xFfGF0" A60 A60 "=4F2B",
     ""},
    {"linear_key", "",
     "lin"
     "_api_" A36 "u7Ki",
     ""},
    {"figma_token", "",
     "fig"
     "d_" A36 "u7Ki",
     ""},
    {"notion_token", "",
     "ntn"
     "_31415926535" A20 "dF6gHj1LcV5xRq0",
     ""},
    {"postman_key", "",
     "PMA"
     "K-" H20 "c97e-" H32 "9d",
     ""},
    /* services */
    {"slack_token", "",
     "xox"
     "b-314159265358-2718281828459-" A20 "dF6g",
     ""},
    {"slack_webhook", "https://",
     "hooks"
     ".slack.com/services/T3XV9QPZ7/B2MW8SYB4/" A20 "dF6g",
     ""},
    {"discord_webhook", "https://",
     "discord"
     ".com/api/webhooks/314159265358979323/" A60 "Qw3Er5Ty",
     ""},
    {"discord_bot_token", "",
     "MTA5ODc2NTQzMjEwMTIzNDU2Nw"
     ".GxYz1a." A20 "dF6gHj1LcV5xRq0EuK",
     ""},
    {"telegram_bot_token", "bot", "", ""},
    {"telegram_bot_token", "bot ",
     "3141592653"
     ":AAH" A20 "dF6gHj1LcV5x",
     ""},
    {"twilio_key", "", "SK" H32, ""},
    {"sendgrid_key", "",
     "SG"
     "." A20 "dF." A43,
     ""},
    {"mailgun_key", "",
     "ke"
     "y-" H32,
     ""},
    {"mailchimp_key", "", H32 "-us14", ""},
    {"stripe_key", "",
     "sk"
     "_live_" A36,
     ""},
    {"stripe_test_key", "",
     "rk"
     "_test_" A36,
     ""},
    {"square_token", "",
     "sq0"
     "atp-" A20 "dF",
     ""},
    {"shopify_token", "",
     "shp"
     "at_" H32,
     ""},
    {"hubspot_token", "",
     "pat"
     "-na1-" UUID,
     ""},
    {"easypost_key", "",
     "EZA"
     "K" A36 "u7Ki2OaB9tGy3PwSe8",
     ""},
    /* models */
    {"openai_key", "",
     "sk"
     "-proj-" A20 "T3Bl"
     "bkFJ" A20,
     ""},
    {"anthropic_key", "",
     "sk"
     "-ant-api03-" A60 A20 "dF6g-AA",
     ""},
    {"huggingface_token", "",
     "hf"
     "_kdXvRQpZtrTmmWqsYbWNdFogHjULcVtxRq",
     ""},
    {"groq_key", "",
     "gs"
     "k_" A36 "u7Ki2OaB9tGy3PwS",
     ""},
    {"replicate_token", "",
     "r8"
     "_" A36 "u",
     ""},
    {"openrouter_key", "",
     "sk"
     "-or-v1-" H64,
     ""},
    /* structure */
    {"private_key", "x ",
     "-----BEGIN RSA "
     "PRIVATE KEY-----\nMIIE" A60 "\n" A60 "\n-----END RSA "
     "PRIVATE KEY-----",
     " y"},
    {"private_key", "{\"key\":\"",
     "-----BEGIN "
     "PRIVATE KEY-----\\nMIIE" A60 "\\n-----END "
     "PRIVATE KEY-----",
     "\\n\"}"},
    {"private_key", "",
     "-----BEGIN OPENSSH "
     "PRIVATE KEY-----\n" A60 A60,
     ""},
    {"jwt", "",
     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
     "."
     "eyJzdWIiOiI0NzExIn0"
     "." A43,
     ""},
    {"jwt", "",
     "eyJhbGciOiJub25lIn0"
     "."
     "eyJzdWIiOiI0NzExIn0"
     ".",
     ""},
    {"url_password", "postgres://app:", "s3cr3t-Pw", "@db.internal:5432/x"},
    {"url_password", "mongodb+srv://u:", "p%40ssw0rd1", "@cluster0.mongodb.net"},
    {"url_password", "redis://:", "f00b4rbaz", "@cache:6379/0"},
    {"basic_authorization", "Authorization: Basic ",
     "QWRtaW46aHVudGVyMjAyNA"
     "==",
     ""},
    {"bearer_authorization", "authorization: bearer ", A36, ""},
    {"command_user", "curl -u admin:", "k3Xv9QpZ7", " https://h"},
    {"netrc_password", "machine h login joe password ", "k3Xv9QpZ", "\n"},
    {"age_secret_key", "",
     "AGE-SECRET"
     "-KEY-1"
     "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE",
     ""},
    {"password_hash_bcrypt", "",
     "$2b"
     "$12$" A36 "u7Ki2OaB9tGy3PwSe",
     ""},
    {"kubernetes_secret", "kind: Secret\ndata:\n  other: ",
     "aHVudGVyMjAyNA"
     "==",
     "\n"},
    /* names */
    {"password", "{\"user\":\"joe\",\"password\":\"", "hunter-2024", "\"}"},
    {"password", "{\"password\":\"", "ab\"c9-rest", "\",\"x\":1}"},
    {"password", "DB_PASSWORD=", "whitestone", "\nOTHER=1"},
    {"password", "db.password = '", "c0rrect.horse", "'"},
    {"password", "mysql --password=", "c0rrect-horse", " db"},
    {"password", "Server=h;Uid=u;Pwd=", "battery9staple", ";"},
    {"password", "<password>", "k3Xv9QpZ", "</password>"},
    {"password", "the password is \"", "centipede", "\""},
    {"generic_key", "{\"api_key\":\"", A20, "\"}"},
    {"generic_key", "x-api-key: ", UUID, ""},
    {"generic_key", "https://h/p?apikey=", A20, "&x=1"},
    {"generic_key", "setProperty(\"ACME_API_KEY\", \"", A20, "\")"},
    {"generic_token", "acmeToken := `", A20, "`"},
    {"generic_token", "{\"accessToken\":\"", A36, "\"}"},
    {"generic_token", "{\\\"token\\\":\\\"", A20, "\\\"}"},
    {"generic_token", "var acmeToken string = \"", A20, "\""},
    {"generic_token", "{\"name\":\"acme_token\",\"value\":\"", A20, "\"}"},
    {"generic_secret", "client_secret=", A36, ""},
    {"generic_secret", "if (\"", "m{9p)$e]b(4[f>-_#", "\" == secret)"},
};

static const char *const negative[] = {
    "",
    "a",
    "password",
    "\"password\":",
    "token=",
    "key",
    "Bearer ",
    "eyJ",
    "://",
    "-----BEGIN ",
    "curl -u ",
    "The quick brown fox jumps over the lazy dog.",
    /* documents */
    "password: ${DB_PASSWORD}",
    "password = $PASSWORD",
    "api_key: <your-api-key>",
    "token: YOUR_TOKEN_HERE_PLEASE_123",
    "api_key=\"xxxxxxxxxxxxxxxxxxxxxxxx\"",
    "secret = {{ .Values.secret }}",
    "{\"password\":\"********\"}",
    "password: changeme1",
    "ghp"
    "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKI"
    "AIOSFODNN7EXAMPLE",
    "AKI"
    "AXXXXXXXXXXXXXXXX",
    "a file that begins with -----BEGIN RSA "
    "PRIVATE KEY----- holds a key",
    "https://user:password1@",
    "http://localhost:8080/a@b",
    "https://${USER}:${PASSWORD}@host/",
    "git@github.com:a/b.git",
    "Authorization: Bearer <access token>",
    "Authorization: Basic realm=\"x\"",
    "basic knowledge of authentication",
    "curl -u username:password https://h",
    "ps -u root:wheel",
    /* schemas and code */
    "{\"properties\":{\"password\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"}}}",
    "{\"required\":[\"username\",\"password\",\"database2\"]}",
    "{\"name\":\"generate_password\",\"description\":\"Make 1\"}",
    "{\"max_tokens\":4096,\"token_count\":123456789012345678}",
    "{\"next_page_token\":\"" A36 "\"}",
    "{\"primaryKey\":\"customer_id_2024\",\"sortKey\":\"created-at\"}",
    "{\"publicKey\":\"" A43 "\"}",
    "tokenizer = \"" A20 "\"",
    "keyboard: \"" A20 "\"",
    "const token = getToken(request.headers[0]);",
    "password = user.password_hash",
    "secretName: app-secret-1",
    "password_reset_url=https://h/reset/1234567",
    "passwordless: enabled-2024",
    "key: value1",
    "token: sha256",
    "secret_version=12",
    "import { foo_Key1, bar_Key2 } from '../secrets/keys2';",
    "\"key\":\"2024-11-24T10:00:00Z\"",
    "token: 2024-11-24T10:00:00Z",
    /* near misses of tokens */
    "ghp"
    "_" A20,
    "xgh"
    "p_" A36,
    "AKI"
    "AQX7DLMWP4ZRT5KVNX",
    "THISAKI"
    "AQX7DLMWP4ZRT5KVN",
    "hf"
    "_requiredCharacteristicTypesForDisplay",
    "eyJBB.eyJCC.eyJDDDD",
    "SK" H20,
    "sk"
    "_live_short",
    "s.makeKubeConfigControllerNow",
    UUID,
    H40,
    H64,
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
    apr_filepath_merge(&path, NULL, UAPI_TEST_OUT "/plugins/scanner_secrets.so", 0, pool);
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

static uapi_firewall_report scan(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1); /* of exactly that size, so that a sanitizer sees a read beyond it */
    uapi_firewall_report report;

    memcpy(copy, text, length);
    assert_int_equal(uapi_firewall_scan(firewall, UAPI_DIRECTION_RESPONSE, copy, length, &report, scan_pool, NULL),
                     APR_SUCCESS);
    assert_int_equal(report.overload, 0);
    free(copy);
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
        const char *text = apr_pstrcat(scan_pool, positive[i].before, positive[i].secret, positive[i].after, NULL);
        size_t from = strlen(positive[i].before), to = from + strlen(positive[i].secret);
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

/* Each positive text cut off at each length: nothing is read beyond the end, nothing crashes. */
static void test_cut_off(void **state)
{
    size_t i, length;

    (void)state;
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); i++) {
        char *text = apr_pstrcat(pool, positive[i].before, positive[i].secret, positive[i].after, NULL);

        for (length = strlen(text); length > 0; length--) {
            text[length] = '\0';
            scan(text);
            scan(text + length / 2);
            apr_pool_clear(scan_pool);
        }
    }
}

/* The gateway's own token, and that its checksum raises the severity. */
static void test_checksum(void **state)
{
    char token[UAPI_TOKEN_LENGTH + 1];
    const uapi_firewall_finding *finding;
    uapi_firewall_report report;

    (void)state;
    assert_int_equal(uapi_token_generate(token, NULL), APR_SUCCESS);
    report = scan(token);
    finding = find(&report, "uapi_token");
    assert_non_null(finding);
    assert_int_equal(finding->severity, UAPI_SEVERITY_CRITICAL);
    assert_int_equal(finding->to, UAPI_TOKEN_LENGTH);
    token[UAPI_TOKEN_LENGTH - 1] = token[UAPI_TOKEN_LENGTH - 1] == 'x' ? 'y' : 'x';
    report = scan(token);
    finding = find(&report, "uapi_token");
    assert_non_null(finding);
    assert_int_equal(finding->severity, UAPI_SEVERITY_HIGH);
}

static void test_count(void **state)
{
    (void)state;
    assert_true(uapi_firewall_pattern_count(firewall) >= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positive), cmocka_unit_test(test_negative), cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_checksum), cmocka_unit_test(test_count),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, unload);
}
