/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "access.h"
#include "command.h"
#include "output.h"
#include "table.h"

#include <stdio.h>

int uapi_command_tenant_create(uapi_cli *cli)
{
    const char *name = cli->arguments[0];
    uapi_result result = {0};
    uapi_store *store;
    int status;

    if ((status = uapi_access_name(cli, "NAME", name)) != UAPI_EXIT_DONE ||
        (status = uapi_access_registry(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (uapi_store_tenant_exists(store, name, cli->pool, &result) == APR_SUCCESS) {
        return uapi_output_refuse_as(cli, UAPI_CLI_EXISTS, "there is a tenant %s already", name);
    }
    if (uapi_store_tenant_create(store, name, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s}", "tenant", name));
    } else {
        printf("tenant %s created\n", name);
    }
    return UAPI_EXIT_DONE;
}

static json_t *tenants_json(const apr_array_header_t *tenants)
{
    json_t *list = json_array();

    for (int i = 0; i < tenants->nelts; i++) {
        const uapi_store_tenant *tenant = &APR_ARRAY_IDX(tenants, i, uapi_store_tenant);

        json_array_append_new(
            list, json_pack("{s:s, s:o}", "tenant", tenant->name, "created", uapi_output_json_time(tenant->created)));
    }
    return list;
}

static void tenants_print(const apr_array_header_t *tenants, apr_pool_t *pool)
{
    static const char *const headings[] = {"TENANT", "CREATED", NULL};
    uapi_table *table = uapi_table_create(headings, pool);

    for (int i = 0; i < tenants->nelts; i++) {
        const uapi_store_tenant *tenant = &APR_ARRAY_IDX(tenants, i, uapi_store_tenant);

        uapi_table_add(table, (const char *const[]){tenant->name, uapi_output_time(tenant->created, pool)});
    }
    uapi_table_print(table, "no tenants");
}

int uapi_command_tenant_list(uapi_cli *cli)
{
    apr_array_header_t *tenants;
    uapi_result result = {0};
    uapi_store *store;
    int status = uapi_access_registry(cli, UAPI_STORE_READ, &store);

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    if (uapi_store_tenant_list(store, &tenants, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(tenants_json(tenants));
    } else {
        tenants_print(tenants, cli->pool);
    }
    return UAPI_EXIT_DONE;
}
