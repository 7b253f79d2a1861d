/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "access.h"

#include "output.h"

int uapi_access_registry(uapi_cli *cli, uapi_store_mode mode, uapi_store **store)
{
    uapi_result result = {0};

    if (uapi_store_open(store, uapi_options_text(&cli->options, UAPI_OPTION_REGISTRY), mode, cli->pool, &result) !=
        APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    return UAPI_EXIT_DONE;
}

int uapi_access_tenant(uapi_cli *cli, uapi_store *store, const char *tenant)
{
    uapi_result result = {0};
    apr_status_t status;

    if (uapi_access_name(cli, "--tenant", tenant) != UAPI_EXIT_DONE) {
        return UAPI_EXIT_USAGE;
    }
    status = uapi_store_tenant_exists(store, tenant, cli->pool, &result);
    if (APR_STATUS_IS_NOTFOUND(status)) {
        return uapi_output_refuse_as(cli, UAPI_CLI_TENANT_UNKNOWN,
                                     "there is no tenant %s; `uapictl tenant create %s` makes one", tenant, tenant);
    }
    if (status != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    uapi_store_bind_tenant(store, tenant);
    return UAPI_EXIT_DONE;
}

int uapi_access_tenants(uapi_cli *cli, uapi_store *store, const char *const **tenants)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    apr_array_header_t *all;
    uapi_result result = {0};
    const char **names;

    if (tenant) {
        *tenants = uapi_options_list(&cli->options, UAPI_OPTION_TENANT, NULL, cli->pool);
        return uapi_access_tenant(cli, store, tenant);
    }
    if (uapi_store_tenant_list(store, &all, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    names = apr_pcalloc(cli->pool, ((size_t)all->nelts + 1) * sizeof(*names));
    for (int i = 0; i < all->nelts; i++) {
        names[i] = APR_ARRAY_IDX(all, i, uapi_store_tenant).name;
    }
    *tenants = names;
    return UAPI_EXIT_DONE;
}

int uapi_access_keyring(uapi_cli *cli, uapi_keyring **keyring)
{
    uapi_result result = {0};

    if (uapi_keyring_load(keyring, uapi_options_text(&cli->options, UAPI_OPTION_KEY_FILE), cli->pool, &result) !=
        APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    return UAPI_EXIT_DONE;
}

static const uapi_diagnostic *first_error(const apr_array_header_t *diagnostics, int *errors)
{
    const uapi_diagnostic *first = NULL;

    *errors = 0;
    for (int i = 0; i < diagnostics->nelts; i++) {
        const uapi_diagnostic *diagnostic = &APR_ARRAY_IDX(diagnostics, i, uapi_diagnostic);

        if (diagnostic->level == UAPI_DIAGNOSTIC_ERROR) {
            first = first ? first : diagnostic;
            *errors += 1;
        }
    }
    return first;
}

int uapi_access_policy(uapi_cli *cli, uapi_policy **policy)
{
    size_t count;
    const char *const *paths = uapi_options_list(&cli->options, UAPI_OPTION_POLICY, &count, cli->pool);
    apr_array_header_t *diagnostics;
    const uapi_diagnostic *first;
    uapi_result result = {0};
    int errors;

    *policy = NULL;
    if (count == 0 || uapi_policy_load(policy, paths, count, &diagnostics, cli->pool, &result) == APR_SUCCESS) {
        return UAPI_EXIT_DONE;
    }
    first = first_error(diagnostics, &errors);
    if (!first) {
        return uapi_output_refuse(cli, &result);
    }
    return uapi_output_refuse_as(cli, uapi_reason_describe(UAPI_REASON_CONFIG_INVALID)->code, "%s:%u:%u: %s%s",
                                 first->file, first->line, first->column, first->message,
                                 errors > 1 ? " (and more, which `uapictl policy lint` shows)" : "");
}

int uapi_access_name(uapi_cli *cli, const char *what, const char *name)
{
    if (uapi_store_name_valid(name)) {
        return UAPI_EXIT_DONE;
    }
    return uapi_output_usage(cli, "%s '%s': a name is 1 to 64 of A-Z a-z 0-9 . _ @ -, beginning with a letter or digit",
                             what, name);
}
