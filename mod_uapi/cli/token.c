/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A token is shown once and nowhere else: only its hash is stored. So if the line that shows it cannot be written,
 * the token is revoked again; it would otherwise be valid and in nobody's hands.
 */
#include "access.h"
#include "command.h"
#include "expiry.h"
#include "output.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "../core/principal.h"
#include "../core/secret.h"
#include "../core/token.h"

#define MAX_LABEL 200

/* ------------------------------------------------------------------------------------------------ showing */

static json_t *roles_json(const char *roles)
{
    json_t *list = json_array();

    while (*roles) {
        size_t length = strcspn(roles, " ");

        json_array_append_new(list, json_stringn(roles, length));
        roles += length + (roles[length] == ' ');
    }
    return list;
}

static json_t *token_json(const uapi_store_token *token)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "id", token->id, "tenant", token->tenant, "principal",
                     token->principal, "type", token->principal_type, "roles", roles_json(token->roles), "label",
                     token->label, "created", uapi_output_json_time(token->created), "expires",
                     uapi_output_json_time(token->expires));
}

static const char *token_state(const uapi_store_token *token, apr_time_t now)
{
    if (token->revoked) {
        return "revoked";
    }
    return token->expires && token->expires <= now ? "expired" : "active";
}

/* ----------------------------------------------------------------------------------------------- creating */

static int roles_read(uapi_cli *cli, const char **roles)
{
    size_t count;
    const char *const *list = uapi_options_list(&cli->options, UAPI_OPTION_ROLE, &count, cli->pool);

    *roles = "";
    for (size_t i = 0; i < count; i++) {
        if (uapi_access_name(cli, "--role", list[i]) != UAPI_EXIT_DONE) {
            return UAPI_EXIT_USAGE;
        }
        *roles = apr_pstrcat(cli->pool, *roles, i ? " " : "", list[i], NULL);
    }
    return UAPI_EXIT_DONE;
}

static int principal_read(uapi_cli *cli, uapi_store_token *token)
{
    uapi_principal_type type;

    token->principal = uapi_options_text(&cli->options, UAPI_OPTION_PRINCIPAL);
    token->principal_type = uapi_options_text(&cli->options, UAPI_OPTION_TYPE);
    if (uapi_access_name(cli, "--principal", token->principal) != UAPI_EXIT_DONE) {
        return UAPI_EXIT_USAGE;
    }
    if (uapi_principal_type_parse(token->principal_type, &type) != 0 || type == UAPI_PRINCIPAL_ANONYMOUS) {
        return uapi_output_usage(cli, "--type is human, agent, service or workflow, not '%s'", token->principal_type);
    }
    if (strcmp(token->principal, uapi_principal_type_name(UAPI_PRINCIPAL_ANONYMOUS)) == 0) {
        return uapi_output_usage(cli, "--principal anonymous is whoever has no token");
    }
    return UAPI_EXIT_DONE;
}

static int label_read(uapi_cli *cli, uapi_store_token *token)
{
    const char *label = uapi_options_text(&cli->options, UAPI_OPTION_LABEL);

    token->label = label ? label : "";
    if (strlen(token->label) > MAX_LABEL || uapi_output_printable(token->label, cli->pool) != token->label) {
        return uapi_output_usage(cli, "--label is at most %d bytes of UTF-8 without control characters", MAX_LABEL);
    }
    return UAPI_EXIT_DONE;
}

static int expires_read(uapi_cli *cli, uapi_store_token *token)
{
    const char *text = uapi_options_text(&cli->options, UAPI_OPTION_EXPIRES), *problem;

    problem = text ? uapi_expiry_parse(text, apr_time_now(), &token->expires) : NULL;
    return problem ? uapi_output_usage(cli, "--expires '%s' is %s", text, problem) : UAPI_EXIT_DONE;
}

static void token_show(const uapi_cli *cli, const uapi_store_token *token, const char *secret)
{
    json_t *value;

    if (cli->json) {
        value = token_json(token);
        json_object_set_new(value, "token", json_string(secret));
        uapi_output_json(value);
        return;
    }
    printf("%s\n\n", secret);
    printf("Keep it now: it is shown this once and stored nowhere.\n");
    printf("id %s, tenant %s, %s %s, roles %s, expires %s\n", token->id, token->tenant, token->principal_type,
           token->principal, *token->roles ? token->roles : "none",
           token->expires ? uapi_output_time(token->expires, cli->pool) : "never");
}

static int token_issue(uapi_cli *cli, uapi_store *store, uapi_store_token *token)
{
    char secret[UAPI_TOKEN_LENGTH + 1];
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uapi_result result = {0};

    if (uapi_token_generate(secret, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    uapi_token_hash(secret, UAPI_TOKEN_LENGTH, hash);
    if (uapi_store_token_create(store, token, hash, cli->pool, &result) != APR_SUCCESS) {
        uapi_secret_wipe(secret, sizeof(secret));
        return uapi_output_refuse(cli, &result);
    }
    token_show(cli, token, secret);
    uapi_secret_wipe(secret, sizeof(secret));
    if (uapi_output_flush() != 0) {
        uapi_store_token_revoke(store, token->id, cli->pool, NULL);
        uapi_output_note("the token could not be shown, so %s is revoked again", token->id);
        return UAPI_EXIT_REFUSED;
    }
    return UAPI_EXIT_DONE;
}

int uapi_command_token_create(uapi_cli *cli)
{
    uapi_store_token token = {.tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT),
                              .created = apr_time_now()};
    uapi_store *store;
    int status;

    if ((status = principal_read(cli, &token)) != UAPI_EXIT_DONE ||
        (status = roles_read(cli, &token.roles)) != UAPI_EXIT_DONE ||
        (status = label_read(cli, &token)) != UAPI_EXIT_DONE ||
        (status = expires_read(cli, &token)) != UAPI_EXIT_DONE ||
        (status = uapi_access_name(cli, "--tenant", token.tenant)) != UAPI_EXIT_DONE ||
        (status = uapi_access_registry(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenant(cli, store, token.tenant)) != UAPI_EXIT_DONE) {
        return status;
    }
    return token_issue(cli, store, &token);
}

/* ------------------------------------------------------------------------------------------------ listing */

static void tokens_to_json(json_t *list, const apr_array_header_t *tokens)
{
    apr_time_t now = apr_time_now();

    for (int i = 0; i < tokens->nelts; i++) {
        const uapi_store_token *token = &APR_ARRAY_IDX(tokens, i, uapi_store_token);
        json_t *value = token_json(token);

        json_object_set_new(value, "revoked", uapi_output_json_time(token->revoked));
        json_object_set_new(value, "state", json_string(token_state(token, now)));
        json_array_append_new(list, value);
    }
}

static void tokens_to_table(uapi_table *table, const apr_array_header_t *tokens, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();

    for (int i = 0; i < tokens->nelts; i++) {
        const uapi_store_token *token = &APR_ARRAY_IDX(tokens, i, uapi_store_token);

        uapi_table_add(table, (const char *const[]){token->id, token->tenant, token->principal_type, token->principal,
                                                    token->roles, token_state(token, now),
                                                    uapi_output_time(token->created, pool),
                                                    uapi_output_time(token->expires, pool), token->label});
    }
}

int uapi_command_token_list(uapi_cli *cli)
{
    static const char *const headings[] = {"ID",    "TENANT",  "TYPE",    "PRINCIPAL", "ROLES",
                                           "STATE", "CREATED", "EXPIRES", "LABEL",     NULL};
    uapi_table *table = uapi_table_create(headings, cli->pool);
    json_t *list = uapi_output_json_array(cli->pool);
    const char *const *tenants;
    apr_array_header_t *tokens;
    uapi_result result = {0};
    uapi_store *store;
    int status;

    if ((status = uapi_access_registry(cli, UAPI_STORE_READ, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenants(cli, store, &tenants)) != UAPI_EXIT_DONE) {
        return status;
    }
    for (; *tenants; tenants++) {
        uapi_store_bind_tenant(store, *tenants);
        if (uapi_store_token_list(store, &tokens, cli->pool, &result) != APR_SUCCESS) {
            return uapi_output_refuse(cli, &result);
        }
        tokens_to_json(list, tokens);
        tokens_to_table(table, tokens, cli->pool);
    }
    if (cli->json) {
        uapi_output_json(json_incref(list));
    } else {
        uapi_table_print(table, "no tokens");
    }
    return UAPI_EXIT_DONE;
}

/* ----------------------------------------------------------------------------------------------- revoking */

/* APR_NOTFOUND if no tenant has it. */
static apr_status_t token_revoke(uapi_cli *cli, uapi_store *store, const char *const *tenants, const char **tenant,
                                 uapi_result *result)
{
    apr_status_t status = APR_NOTFOUND;

    for (; *tenants && APR_STATUS_IS_NOTFOUND(status); tenants++) {
        *tenant = *tenants;
        uapi_store_bind_tenant(store, *tenants);
        status = uapi_store_token_revoke(store, cli->arguments[0], cli->pool, result);
    }
    return status;
}

int uapi_command_token_revoke(uapi_cli *cli)
{
    const char *id = cli->arguments[0], *tenant = NULL, *const * tenants;
    uapi_result result = {0};
    apr_status_t revoked;
    uapi_store *store;
    int status;

    if (strncmp(id, UAPI_TOKEN_USER_PREFIX, strlen(UAPI_TOKEN_USER_PREFIX)) == 0) {
        return uapi_output_usage(cli, "ID is the token's id, which `uapictl token list` shows, not the token itself");
    }
    if ((status = uapi_access_registry(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenants(cli, store, &tenants)) != UAPI_EXIT_DONE) {
        return status;
    }
    revoked = token_revoke(cli, store, tenants, &tenant, &result);
    if (APR_STATUS_IS_NOTFOUND(revoked)) {
        return uapi_output_refuse_as(cli, uapi_reason_describe(UAPI_REASON_TOKEN_UNKNOWN)->code, "there is no token %s",
                                     id);
    }
    if (revoked != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:s, s:s}", "id", id, "tenant", tenant, "state", "revoked"));
    } else {
        printf("token %s of tenant %s revoked\n", id, tenant);
    }
    return UAPI_EXIT_DONE;
}
