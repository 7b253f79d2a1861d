/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Where code is kept, built and published.
 */
#include "rule.h"
#include "value.h"

/* A right checksum makes it certain; a wrong one does not make it harmless (an old format, an example that works). */
static int32_t verify_checked(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    if (!rule_verify_token(self, candidate, finding)) {
        return 0;
    }
    if (value_has_crc(candidate->text.data + finding->from, finding->to - finding->from, self->argument)) {
        finding->severity = CRITICAL;
    }
    return 1;
}

static const rule rules[] = {
    /* this gateway's own; the checksum covers the prefix, too */
    RULE("uapi_token", HIGH, 0, "uapi_[a-z]{2}_" ALNUM_ "{49}", verify_checked, .tail = C_WORD, .longest = 57,
         .skip = 8, .entropy = 35, .argument = 0),
    /* GitHub */
    RULE("github_token", HIGH, 0, "gh[pousr]_" ALNUM_ "{36}", verify_checked, .tail = C_WORD, .longest = 255, .skip = 4,
         .entropy = 30, .argument = 4),
    TOKEN("github_fine_grained_token", HIGH, "github_pat_" ALNUM_ "{22}_" ALNUM_ "{50}", .tail = C_WORD, .longest = 93,
          .skip = 11, .entropy = 35),
    /* GitLab */
    TOKEN("gitlab_token", HIGH, "gl(?:pat|dt|rt|ft|wt)-" URLSAFE_ "{20}", .tail = C_URLSAFE | C_DOT, .longest = 310,
          .skip = 6, .entropy = 30),
    TOKEN("gitlab_oauth_secret", HIGH, "gloas-" URLSAFE_ "{64}", .tail = C_URLSAFE, .longest = 70, .skip = 6,
          .entropy = 30),
    TOKEN("gitlab_trigger_token", HIGH, "glptt-" URLSAFE_ "{40}", .tail = C_URLSAFE, .longest = 46, .skip = 6,
          .entropy = 30),
    TOKEN("gitlab_agent_token", HIGH, "glagent-" URLSAFE_ "{50}", .tail = C_URLSAFE, .longest = 128, .skip = 8,
          .entropy = 30),
    TOKEN("gitlab_scim_token", HIGH, "glsoat-" URLSAFE_ "{20}", .tail = C_URLSAFE, .longest = 128, .skip = 7,
          .entropy = 30),
    TOKEN("gitlab_mail_token", MEDIUM, "glimt-" URLSAFE_ "{25}", .tail = C_URLSAFE, .longest = 31, .skip = 6,
          .entropy = 30),
    TOKEN("gitlab_job_token", HIGH, "glcbt-[0-9A-Za-z]{1,5}_" URLSAFE_ "{20}", .tail = C_URLSAFE | C_DOT,
          .longest = 128, .skip = 6, .entropy = 30),
    TOKEN("gitlab_feature_token", MEDIUM, "glffct-" URLSAFE_ "{20}", .tail = C_URLSAFE, .longest = 60, .skip = 7,
          .entropy = 30),
    TOKEN("gitlab_runner_token", HIGH, "GR1348941" URLSAFE_ "{20}", .tail = C_URLSAFE, .longest = 128, .skip = 9,
          .entropy = 30),
    TOKEN("gitlab_session", HIGH, "_gitlab_session=[0-9a-z]{32}", .tail = C_WORD, .longest = 48, .loose = LOOSE_START),
    /* Atlassian */
    TOKEN("atlassian_token", HIGH, "AT(?:ATT|CTT)3[0-9A-Za-z_=-]{60}", .tail = C_URLSAFE | C_EQUALS, .longest = 260,
          .skip = 6, .entropy = 35),
    TOKEN("bitbucket_app_password", HIGH, "ATBB" ALNUM_ "{32}", .tail = C_WORD, .longest = 36, .skip = 4,
          .entropy = 33),
    /* package registries */
    TOKEN("npm_token", CRITICAL, "npm_" ALNUM_ "{36}", .tail = C_WORD, .longest = 40, .skip = 4, .entropy = 30,
          .digits = 1),
    TOKEN("pypi_token", CRITICAL, "pypi-A[gG]E[0-9A-Za-z_-]{50}", .tail = C_URLSAFE, .longest = 1000, .skip = 5,
          .entropy = 30),
    TOKEN("rubygems_token", CRITICAL, "rubygems_" HEX_ "{48}", .tail = C_WORD, .longest = 57),
    RULE("clojars_token", CRITICAL, UAPI_PATTERN_CASELESS, "clojars_[0-9a-z]{60}", rule_verify_token, .tail = C_WORD,
         .longest = 68),
    TOKEN("nuget_key", CRITICAL, "oy2[a-z0-9]{43}", .tail = C_WORD, .longest = 46, .skip = 3, .entropy = 35),
    TOKEN("crates_token", CRITICAL, "cio" ALNUM_ "{32}", .tail = C_WORD, .longest = 35, .skip = 3, .entropy = 38,
          .digits = 3),
    TOKEN("packagist_token", HIGH, "packagist_[a-z]{2,3}_" HEX_ "{68}", .tail = C_WORD, .longest = 100),
    TOKEN("docker_token", CRITICAL, "dckr_[po]at_" URLSAFE_ "{27}", .tail = C_URLSAFE, .longest = 60, .skip = 9,
          .entropy = 30),
    TOKEN("artifactory_key", HIGH, "AKCp" ALNUM_ "{69}", .tail = C_WORD, .longest = 73, .skip = 4, .entropy = 35),
    TOKEN("artifactory_reference_token", HIGH, "cmVmd" ALNUM_ "{59}", .tail = C_WORD, .longest = 64, .skip = 5,
          .entropy = 35),
    TOKEN("artifactory_password", MEDIUM, "A(?:KC|P[0-9])[0-9A-Za-z]{10}", .tail = C_WORD, .longest = 40,
          .loose = LOOSE_RUNS),
    /* building and testing */
    TOKEN("circleci_token", HIGH, "CCI(?:PAT|PRJ)_" ALNUM_ "{22}_" HEX_ "{40}", .tail = C_WORD, .longest = 70),
    TOKEN("buildkite_token", HIGH, "bk[a-z]{2}_" HEX_ "{40}", .tail = C_WORD, .longest = 45),
    TOKEN("postman_key", HIGH, "PMAK-" HEX_ "{24}-" HEX_ "{34}", .tail = C_WORD, .longest = 64),
    TOKEN("sourcegraph_token", HIGH, "sgp_(?:[0-9A-Fa-f]{16}_|local_)?[0-9A-Fa-f]{40}", .tail = C_WORD, .longest = 61,
          .skip = 4, .entropy = 30),
    TOKEN("readme_key", HIGH, "rdme_[0-9a-z]{70}", .tail = C_WORD, .longest = 75, .skip = 5, .entropy = 33),
    TOKEN("snyk_token", HIGH, "snyk_(?:uat|sat)\\.[0-9a-z]{8}\\.", .tail = C_URLSAFE | C_DOT, .longest = 300,
          .entropy = 35),
    TOKEN("figma_token", HIGH, "fig[dr]_" URLSAFE_ "{40}", .tail = C_URLSAFE, .longest = 60, .skip = 5, .entropy = 33),
    TOKEN("linear_key", HIGH, "lin_(?:api|oauth)_" ALNUM_ "{40}", .tail = C_WORD, .longest = 80, .skip = 8,
          .entropy = 33),
    TOKEN("notion_token", HIGH, "ntn_[0-9]{11}" ALNUM_ "{35}", .tail = C_WORD, .longest = 50, .skip = 4, .entropy = 40),
    TOKEN("notion_token_legacy", HIGH, "secret_" ALNUM_ "{43}", .tail = C_WORD, .longest = 50, .skip = 7, .entropy = 38,
          .digits = 2),
    TOKEN("airtable_token", HIGH, "pat" ALNUM_ "{14}\\." HEX_ "{64}", .tail = C_WORD, .longest = 82),
    TOKEN("clickup_token", HIGH, "pk_[0-9]{5,9}_[0-9A-Z]{32}", .tail = C_WORD, .longest = 45),
    TOKEN("intra42_secret", HIGH, "s-s4t2(?:ud|af)-" HEX_ "{64}", .tail = C_WORD, .longest = 74),
    TOKEN("trello_token", HIGH, "ATTA" HEX_ "{64}", .tail = C_WORD, .longest = 80),
    TOKEN("adobe_secret", HIGH, "p8e-[0-9A-Za-z]{32}", .tail = C_WORD, .longest = 36, .skip = 4, .entropy = 28),
    TOKEN("authress_key", HIGH, "(?:sc|ext|scauth|authress)_[0-9A-Za-z]{5,30}\\.[0-9A-Za-z]{4,6}\\.acc[_-]" ALNUM_,
          .tail = C_URLSAFE | C_DOT, .longest = 200, .entropy = 30),
};

const rule_table rules_code = TABLE(rules);
