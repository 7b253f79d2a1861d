/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Clouds, hosting and the tools that run there.
 */
#include <string.h>

#include "rule.h"
#include "value.h"

/* The ids that Amazon's own documents print end in EXAMPLE. */
static int32_t verify_aws_id(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *id = candidate->text.data + candidate->from;

    return memcmp(id + 13, "EXAMPLE", 7) != 0 && !value_contains(id, 20, "xxxxxxxx") &&
           rule_verify_token(self, candidate, finding);
}

/* The last part is a secret of 32 bytes. */
static int32_t verify_sentry(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    if (!rule_verify_token(self, candidate, finding)) {
        return 0;
    }
    return value_run_back(candidate->text.data + finding->to, finding->to - finding->from, C_BASE64) == 43;
}

static const rule rules[] = {
    /* Amazon. The key ids are capital letters and digits only, so all-capital text needs the boundary on both sides. */
    RULE("aws_access_key", HIGH, 0, "A(?:KIA|SIA|BIA|CCA)[0-9A-Z]{16}", verify_aws_id, .tail = C_WORD, .longest = 20,
         .loose = LOOSE_RUNS),
    RULE("aws_access_key_legacy", HIGH, 0, "A3T[0-9A-Z]{17}", verify_aws_id, .tail = C_WORD, .longest = 20,
         .loose = LOOSE_RUNS),
    TOKEN("aws_bedrock_key", CRITICAL, "ABSKQmVkcm9ja0FQSUtleS1" BASE64_ "{80}", .tail = C_BASE64, .longest = 300,
          .loose = LOOSE_RUNS),
    TOKEN("aws_bedrock_session", HIGH, "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", .tail = C_BASE64),
    TOKEN("aws_mws_token", HIGH, "amzn\\.mws\\." UUID_, .tail = C_WORD, .longest = 45),
    /* Google */
    TOKEN("gcp_api_key", HIGH, "AIza" URLSAFE_ "{35}", .tail = C_URLSAFE, .longest = 39, .skip = 4, .entropy = 35),
    TOKEN("gcp_oauth_secret", HIGH, "GOCSPX-" URLSAFE_ "{28}", .tail = C_URLSAFE, .longest = 35, .skip = 7,
          .entropy = 30),
    TOKEN("gcp_access_token", HIGH, "ya29\\." URLSAFE_ "{20}", .tail = C_URLSAFE | C_DOT, .skip = 5, .entropy = 32),
    TOKEN("gcp_refresh_token", HIGH, "1//0" URLSAFE_ "{40}", .tail = C_URLSAFE, .longest = 120, .skip = 4,
          .entropy = 38),
    /* Microsoft */
    TOKEN("azure_storage_key", CRITICAL, "AccountKey=" BASE64_ "{40}", .tail = C_BASE64, .skip = 11, .entropy = 35,
          .loose = LOOSE_START),
    TOKEN("azure_shared_access_key", CRITICAL, "SharedAccessKey=" BASE64_ "{40}", .tail = C_BASE64, .skip = 16,
          .entropy = 35, .loose = LOOSE_START),
    TOKEN("azure_app_configuration", CRITICAL, ";Secret=" BASE64_ "{40}", .tail = C_BASE64, .skip = 8, .entropy = 35,
          .loose = LOOSE_START),
    TOKEN("azure_client_secret", HIGH, "[0-9]Q~[0-9A-Za-z_.~-]{31}", .tail = C_URLSAFE | C_DOT | C_TILDE, .longest = 40,
          .head = C_URLSAFE | C_DOT | C_TILDE, .head_least = 3, .head_most = 3, .entropy = 36),
    TOKEN("azure_key", CRITICAL, "JQQJ9[0-9]" ALNUM_ "{26}", .tail = C_WORD, .longest = 84, .head = C_ALNUM,
          .head_least = 52, .head_most = 52, .entropy = 40),
    TOKEN("azure_registry_key", CRITICAL, "\\+ACR" ALNUM_ "{6}", .tail = C_BASE64, .longest = 52, .head = C_BASE64,
          .head_least = 42, .head_most = 42, .entropy = 40),
    TOKEN("azure_sas_signature", HIGH, "[?&]sig=[0-9A-Za-z%+/]{42}", .tail = C_BASE64 | C_PERCENT, .longest = 110,
          .skip = 5, .entropy = 38, .loose = LOOSE_START),
    /* other clouds and hosters */
    TOKEN("alibaba_access_key", HIGH, "LTAI" ALNUM_ "{16}", .tail = C_WORD, .longest = 30, .skip = 4, .entropy = 25,
          .digits = 1),
    TOKEN("tencent_secret_id", HIGH, "AKID" ALNUM_ "{32}", .tail = C_WORD, .longest = 36, .skip = 4, .entropy = 35),
    TOKEN("digitalocean_token", CRITICAL, "do[opr]_v1_" HEX_ "{64}", .tail = C_WORD, .longest = 71, .skip = 7,
          .entropy = 25),
    TOKEN("digitalocean_spaces_key", HIGH, "DO00[0-9A-Z]{16}", .tail = C_WORD, .longest = 20, .skip = 4, .entropy = 30),
    TOKEN("heroku_api_key", CRITICAL, "HRKU-AA" URLSAFE_ "{58}", .tail = C_URLSAFE, .longest = 70, .entropy = 30),
    TOKEN("heroku_api_key_uuid", CRITICAL, "HRKU-" UUID_, .tail = C_WORD, .longest = 41),
    TOKEN("softlayer_url_key", HIGH, "softlayer\\.com/[a-z]{3,8}/v[0-9.]{1,4}/[0-9a-z]{64}", .tail = C_WORD,
          .longest = 110, .loose = LOOSE_START),
    TOKEN("scaleway_access_key", HIGH, "SCW[0-9A-Z]{17}", .tail = C_WORD, .longest = 20, .skip = 3, .entropy = 30,
          .digits = 1),
    TOKEN("flyio_token", CRITICAL, "fo1_" URLSAFE_ "{43}", .tail = C_URLSAFE, .longest = 47, .skip = 4, .entropy = 35),
    TOKEN("flyio_macaroon", CRITICAL, "fm[12][ar]?_[0-9A-Za-z+/]{60}", .tail = C_BASE64, .skip = 5, .entropy = 40),
    TOKEN("cloudflare_origin_ca_key", CRITICAL, "v1\\.0-" HEX_ "{24}-" HEX_ "{140}", .tail = C_WORD, .longest = 180),
    TOKEN("cloudflare_token", CRITICAL, "cf(?:ut|at|k)_" ALNUM_ "{40}", .tail = C_WORD, .longest = 60, .entropy = 35,
          .digits = 2),
    TOKEN("yandex_api_key", HIGH, "AQVN" URLSAFE_ "{35}", .tail = C_URLSAFE, .longest = 42, .skip = 4, .entropy = 35),
    TOKEN("yandex_iam_token", HIGH,
          "t1\\.[0-9A-Z]"
          "[0-9A-Za-z_-]{2,200}=*\\." URLSAFE_ "{86}",
          .tail = C_URLSAFE | C_EQUALS, .entropy = 40),
    TOKEN("yandex_access_key", HIGH, "YC" URLSAFE_ "{38}", .tail = C_URLSAFE, .longest = 40, .skip = 2, .entropy = 38,
          .digits = 3),
    TOKEN("scalingo_token", HIGH, "tk-us-" URLSAFE_ "{48}", .tail = C_URLSAFE, .longest = 54, .entropy = 30),
    TOKEN("netlify_token", HIGH, "nfp_" ALNUM_ "{36}", .tail = C_WORD, .longest = 40, .skip = 4, .entropy = 35),
    TOKEN("render_token", HIGH, "rnd_" ALNUM_ "{28}", .tail = C_WORD, .longest = 36, .skip = 4, .entropy = 33,
          .digits = 1),
    TOKEN("vercel_token", HIGH, "vc[a-z]_" ALNUM_ "{32}", .tail = C_WORD, .longest = 70, .skip = 4, .entropy = 35,
          .digits = 2),
    TOKEN("tailscale_key", CRITICAL, "tskey-(?:auth|api|client|scim|webhook)-" ALNUM_ "{8}", .tail = C_URLSAFE,
          .longest = 90, .entropy = 30, .digits = 1),
    TOKEN("supabase_token", CRITICAL, "sbp_" HEX_ "{40}", .tail = C_WORD, .longest = 44),
    TOKEN("supabase_secret", CRITICAL, "sb_secret_" URLSAFE_ "{31}", .tail = C_URLSAFE, .longest = 50, .skip = 10,
          .entropy = 33),
    TOKEN("neon_api_key", CRITICAL, "napi_[0-9a-z]{60}", .tail = C_WORD, .longest = 70, .entropy = 33),
    TOKEN("planetscale_token", CRITICAL, "pscale_(?:tkn|oauth|pw)_[0-9A-Za-z_.=-]{32}",
          .tail = C_URLSAFE | C_DOT | C_EQUALS, .longest = 80, .skip = 11, .entropy = 30),
    TOKEN("clickhouse_key", CRITICAL, "4b1d" ALNUM_ "{38}", .tail = C_WORD, .longest = 42, .skip = 4, .entropy = 30),
    TOKEN("databricks_token", CRITICAL, "dapi" HEX_ "{32}", .tail = C_URLSAFE, .longest = 38, .skip = 4, .entropy = 25),
    TOKEN("openshift_token", CRITICAL, "sha256~" URLSAFE_ "{43}", .tail = C_URLSAFE, .longest = 50, .skip = 7,
          .entropy = 35),
    /* infrastructure tools */
    TOKEN("vault_token", CRITICAL, "hv[sbr]\\." URLSAFE_ "{24}", .tail = C_URLSAFE, .longest = 400, .skip = 4,
          .entropy = 35),
    TOKEN("vault_token_legacy", HIGH, "s\\." ALNUM_ "{24}", .tail = C_WORD, .longest = 26, .skip = 2, .entropy = 35,
          .digits = 2),
    TOKEN("terraform_token", CRITICAL, "\\.atlasv1\\.[0-9A-Za-z_=-]{60}", .tail = C_URLSAFE | C_EQUALS, .longest = 100,
          .head = C_ALNUM, .head_least = 14, .head_most = 14, .entropy = 35),
    TOKEN("pulumi_token", CRITICAL, "pul-" HEX_ "{40}", .tail = C_WORD, .longest = 44),
    TOKEN("doppler_token", CRITICAL, "dp\\.(?:pt|st|ct|sa|scim|audit)\\.", .tail = C_ALNUM | C_DOT | C_DASH | C_UNDER,
          .longest = 100, .skip = 6, .entropy = 37, .digits = 2),
    TOKEN("infracost_key", HIGH, "ico-" ALNUM_ "{32}", .tail = C_WORD, .longest = 36, .skip = 4, .entropy = 40),
    TOKEN("harness_token", CRITICAL, "[ps]at\\." URLSAFE_ "{22}\\." ALNUM_ "{24}\\." ALNUM_ "{20}", .tail = C_WORD,
          .longest = 72),
    TOKEN("prefect_key", HIGH, "pn[ub]_" ALNUM_ "{36}", .tail = C_WORD, .longest = 40, .skip = 4, .entropy = 30),
    TOKEN("octopus_key", HIGH, "API-[0-9A-Z]{25}", .tail = C_WORD | C_DASH, .longest = 30, .skip = 4, .entropy = 34,
          .digits = 2),
    TOKEN("dynatrace_token", CRITICAL, "dt0[a-z]0[0-9]\\." ALNUM_ "{24}\\." ALNUM_ "{64}", .tail = C_WORD,
          .longest = 96),
    TOKEN("grafana_cloud_token", CRITICAL, "glc_[0-9A-Za-z+/]{32}", .tail = C_BASE64, .longest = 400, .skip = 4,
          .entropy = 32),
    TOKEN("grafana_service_account", CRITICAL, "glsa_" ALNUM_ "{32}_[0-9A-Fa-f]{8}", .tail = C_WORD, .longest = 46,
          .skip = 5, .entropy = 32),
    TOKEN("grafana_api_key", HIGH, "eyJrIjoi[0-9A-Za-z]{60}", .tail = C_BASE64, .longest = 500, .entropy = 35),
    TOKEN("newrelic_key", HIGH, "NR(?:AK|RA|II|IQ|AA|SP)-" URLSAFE_ "{27}", .tail = C_URLSAFE, .longest = 50, .skip = 5,
          .entropy = 28),
    TOKEN("newrelic_browser_key", MEDIUM, "NRJS-" HEX_ "{19}", .tail = C_WORD, .longest = 24),
    TOKEN("newrelic_license", HIGH, "NRAL", .tail = C_WORD, .longest = 40, .head = C_HEX, .head_least = 36,
          .head_most = 36, .loose = LOOSE_RUNS),
    RULE("sentry_org_token", HIGH, 0, "sntrys_eyJ[0-9A-Za-z+/=_-]{60}", verify_sentry, .tail = C_BASE64 | C_UNDER,
         .longest = 600, .entropy = 40),
    TOKEN("sentry_token", HIGH, "sntry[ua]_" HEX_ "{64}", .tail = C_WORD, .longest = 71),
    TOKEN("sonar_token", HIGH, "sq[pau]_" HEX_ "{40}", .tail = C_WORD, .longest = 44),
    TOKEN("launchdarkly_key", HIGH, "(?:api|sdk)-" HEX_ "{8}-" HEX_ "{4}-4" HEX_ "{3}-" HEX_ "{4}-" HEX_ "{12}",
          .tail = C_WORD, .longest = 40, .entropy = 28),
    TOKEN("honeycomb_key", HIGH, "hc[abx][il][kc]_[0-9a-z]{58}", .tail = C_WORD, .longest = 70),
    TOKEN("posthog_key", MEDIUM, "ph[cx]_" ALNUM_ "{40}", .tail = C_WORD, .longest = 52, .skip = 4, .entropy = 35),
};

const rule_table rules_cloud = TABLE(rules);
