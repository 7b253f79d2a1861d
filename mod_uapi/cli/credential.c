/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The value is read last, when everything else is known to be right, and is wiped before the command ends. No command
 * prints a value: what the registry holds leaves it only towards the server that it is for.
 */
#include "access.h"
#include "command.h"
#include "output.h"
#include "prompt.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/rand.h>

#include "../core/secret.h"
#include "../core/vault.h"

#define MAX_VALUE 8192

/* ------------------------------------------------------------------------------------------------ setting */

/* A tenant's first credential makes its data key. Another process may be doing the same; whoever was first wins. */
static apr_status_t dek_make(uapi_store *store, const char *tenant, const uapi_keyring *keyring, uapi_store_dek **dek,
                             apr_pool_t *pool, uapi_result *result)
{
    uint8_t *key = uapi_secret_alloc(UAPI_KEY_SIZE, pool);
    uapi_store_dek made = {.version = 1};
    apr_status_t status;

    if (!key || RAND_priv_bytes(key, UAPI_KEY_SIZE) != 1) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "no random bytes for a data key");
    }
    status = uapi_vault_seal(&made.wrapped, keyring->kek, uapi_vault_dek_aad(tenant, made.version, pool), key,
                             UAPI_KEY_SIZE, pool, result);
    uapi_secret_wipe(key, UAPI_KEY_SIZE);
    if (status == APR_SUCCESS) {
        status = uapi_store_dek_create(store, &made, pool, result);
    }
    if (status == APR_SUCCESS) {
        return uapi_store_dek_find(store, 0, dek, pool, result);
    }
    return uapi_store_dek_find(store, 0, dek, pool, NULL) == APR_SUCCESS ? APR_SUCCESS : status;
}

static apr_status_t dek_unwrap(uapi_store *store, const char *tenant, const uapi_keyring *keyring, uint8_t *key,
                               int *version, apr_pool_t *pool, uapi_result *result)
{
    uapi_store_dek *dek;
    size_t length;
    apr_status_t status = uapi_store_dek_find(store, 0, &dek, pool, result);

    if (APR_STATUS_IS_NOTFOUND(status)) {
        status = dek_make(store, tenant, keyring, &dek, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    *version = dek->version;
    if (uapi_vault_open(key, UAPI_KEY_SIZE, &length, keyring->kek, uapi_vault_dek_aad(tenant, dek->version, pool),
                        dek->wrapped, NULL) != APR_SUCCESS ||
        length != UAPI_KEY_SIZE) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_CREDENTIAL_UNREADABLE,
                         "the data key of tenant %s does not open with key %s: is this the registry's key file?",
                         tenant, keyring->id);
    }
    return APR_SUCCESS;
}

/* What is wrong with the value, or NULL. It will be part of a header line (RFC 9110, section 5.5). */
static const char *value_judge(const char *value, long length)
{
    if (length == 0) {
        return "the value is empty";
    }
    if (length > MAX_VALUE) {
        return "the value is longer than 8192 bytes";
    }
    for (long i = 0; i < length; i++) {
        if (value[i] < 0x20 || value[i] > 0x7E) {
            return "the value has a byte that is no printable ASCII character, such as a second line";
        }
    }
    return value[0] == ' ' || value[length - 1] == ' ' ? "the value begins or ends with a space" : NULL;
}

static int value_read(uapi_cli *cli, char *value, size_t *length)
{
    long got = uapi_prompt_secret("Value (not shown): ", value, MAX_VALUE);
    const char *problem;

    if (got < 0) {
        return uapi_output_refuse_as(cli, UAPI_CLI_SYSTEM, "standard input: %s", strerror(errno));
    }
    problem = value_judge(value, got);
    *length = (size_t)got;
    return problem ? uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "%s", problem) : UAPI_EXIT_DONE;
}

static apr_status_t credential_put(uapi_store *store, const char *tenant, const uapi_keyring *keyring,
                                   const char *value, size_t length, uapi_store_credential *credential,
                                   apr_pool_t *pool, uapi_result *result)
{
    uint8_t *key = uapi_secret_alloc(UAPI_KEY_SIZE, pool);
    uapi_store_credential *current;
    apr_status_t status;

    if (!key) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "no memory for a data key");
    }
    status = uapi_store_credential_find(store, credential->name, &current, pool, result);
    if (status != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(status)) {
        return status;
    }
    credential->version = status == APR_SUCCESS ? current->version + 1 : 1;
    status = dek_unwrap(store, tenant, keyring, key, &credential->dek_version, pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_vault_seal(&credential->blob, key,
                                 uapi_vault_credential_aad(tenant, credential->name, credential->version, pool), value,
                                 length, pool, result);
    }
    uapi_secret_wipe(key, UAPI_KEY_SIZE);
    return status == APR_SUCCESS ? uapi_store_credential_put(store, credential, pool, result) : status;
}

int uapi_command_credential_set(uapi_cli *cli)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    uapi_store_credential credential = {.name = cli->arguments[0], .updated = apr_time_now()};
    char *value = uapi_secret_alloc(MAX_VALUE + 2, cli->pool);
    uapi_result result = {0};
    uapi_keyring *keyring;
    uapi_store *store;
    size_t length = 0;
    int status;

    if (!value) {
        return uapi_output_refuse_as(cli, UAPI_CLI_SYSTEM, "no memory for the value");
    }
    if ((status = uapi_access_name(cli, "NAME", credential.name)) != UAPI_EXIT_DONE ||
        (status = uapi_access_name(cli, "--tenant", tenant)) != UAPI_EXIT_DONE ||
        (status = uapi_access_keyring(cli, &keyring)) != UAPI_EXIT_DONE ||
        (status = uapi_access_registry(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenant(cli, store, tenant)) != UAPI_EXIT_DONE ||
        (status = value_read(cli, value, &length)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (credential_put(store, tenant, keyring, value, length, &credential, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:s, s:i}", "credential", credential.name, "tenant", tenant, "version",
                                   credential.version));
    } else {
        printf("credential %s of tenant %s set, version %d\n", credential.name, tenant, credential.version);
    }
    return UAPI_EXIT_DONE;
}

/* ---------------------------------------------------------------------------------- listing and deleting */

static void credential_add(json_t *list, uapi_table *table, const char *tenant, const uapi_store_credential *credential,
                           apr_pool_t *pool)
{
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:i, s:o}", "credential", credential->name, "tenant", tenant, "version",
                                    credential->version, "updated", uapi_output_json_time(credential->updated)));
    uapi_table_add(table, (const char *const[]){credential->name, tenant, apr_itoa(pool, credential->version),
                                                uapi_output_time(credential->updated, pool)});
}

int uapi_command_credential_list(uapi_cli *cli)
{
    static const char *const headings[] = {"CREDENTIAL", "TENANT", "VERSION", "UPDATED", NULL};
    uapi_table *table = uapi_table_create(headings, cli->pool);
    apr_array_header_t *credentials;
    json_t *list = uapi_output_json_array(cli->pool);
    const char *const *tenants;
    uapi_result result = {0};
    uapi_store *store;
    int status;

    if ((status = uapi_access_registry(cli, UAPI_STORE_READ, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenants(cli, store, &tenants)) != UAPI_EXIT_DONE) {
        return status;
    }
    for (; *tenants; tenants++) {
        uapi_store_bind_tenant(store, *tenants);
        if (uapi_store_credential_list(store, &credentials, cli->pool, &result) != APR_SUCCESS) {
            return uapi_output_refuse(cli, &result);
        }
        for (int i = 0; i < credentials->nelts; i++) {
            credential_add(list, table, *tenants, &APR_ARRAY_IDX(credentials, i, uapi_store_credential), cli->pool);
        }
    }
    if (cli->json) {
        uapi_output_json(json_incref(list));
    } else {
        uapi_table_print(table, "no credentials");
    }
    return UAPI_EXIT_DONE;
}

int uapi_command_credential_delete(uapi_cli *cli)
{
    const char *name = cli->arguments[0], *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    uapi_result result = {0};
    apr_status_t deleted;
    uapi_store *store;
    int status;

    if ((status = uapi_access_name(cli, "NAME", name)) != UAPI_EXIT_DONE ||
        (status = uapi_access_name(cli, "--tenant", tenant)) != UAPI_EXIT_DONE ||
        (status = uapi_access_registry(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenant(cli, store, tenant)) != UAPI_EXIT_DONE) {
        return status;
    }
    deleted = uapi_store_credential_delete(store, name, cli->pool, &result);
    if (APR_STATUS_IS_NOTFOUND(deleted)) {
        return uapi_output_refuse_as(cli, uapi_reason_describe(UAPI_REASON_CREDENTIAL_MISSING)->code,
                                     "tenant %s has no credential %s", tenant, name);
    }
    if (deleted != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:s, s:b}", "credential", name, "tenant", tenant, "deleted", 1));
    } else {
        printf("credential %s of tenant %s deleted\n", name, tenant);
    }
    return UAPI_EXIT_DONE;
}
