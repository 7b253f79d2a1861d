/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "command.h"
#include "output.h"
#include "table.h"

#include "../core/policy.h"

typedef void (*visitor)(void *baton, const uapi_policy_server *server, const uapi_operation *operation);

static void visit_all(const uapi_policy *policy, visitor visit, void *baton, apr_pool_t *pool)
{
    const apr_array_header_t *servers = uapi_policy_all_servers(policy, pool);

    for (int i = 0; i < servers->nelts; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(servers, i, const uapi_policy_server *);
        const apr_array_header_t *list = server->operations != NULL ? uapi_operations_list(server->operations) : NULL;

        for (int j = 0; list != NULL && j < list->nelts; j++) {
            visit(baton, server, &APR_ARRAY_IDX(list, j, uapi_operation));
        }
    }
}

static void add_row(void *baton, const uapi_policy_server *server, const uapi_operation *operation)
{
    uapi_table_add(baton, (const char *const[]){server->name, operation->name, operation->method, operation->path});
}

static void add_object(void *baton, const uapi_policy_server *server, const uapi_operation *operation)
{
    json_array_append_new(baton, json_pack("{s:s, s:s, s:s, s:s}", "server", server->name, "operation", operation->name,
                                           "method", operation->method, "path", operation->path));
}

int uapi_command_policy_operations(uapi_cli *cli)
{
    static const char *const headings[] = {"SERVER", "OPERATION", "METHOD", "PATH", NULL};
    apr_array_header_t *diagnostics;
    uapi_result result = {0};
    uapi_policy *policy;

    if (uapi_policy_load(&policy, cli->arguments, cli->argument_count, &diagnostics, cli->pool, &result) !=
        APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        json_t *list = json_array();

        visit_all(policy, add_object, list, cli->pool);
        uapi_output_json(list);
    } else {
        uapi_table *table = uapi_table_create(headings, cli->pool);

        visit_all(policy, add_row, table, cli->pool);
        uapi_table_print(table, "no operations");
    }
    return UAPI_EXIT_DONE;
}
