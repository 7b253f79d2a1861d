/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for destructive commands, as a plugin like any other. All state is a table made once from the tables of
 * rules: nothing is written after create, so verify needs no lock.
 */
#include "rule.h"

static const rule_table *const tables[] = {
    &rules_shell, &rules_git, &rules_platform, &rules_sql, &rules_injection, &rules_field,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void destroy(void *instance)
{
    scanner_tables_free(instance);
    free(instance);
}

static void *create(const uapi_host *host)
{
    scanner_tables *made = calloc(1, sizeof(*made));

    (void)host;
    if (made && !scanner_tables_join(made, tables, TABLES)) {
        free(made);
        made = NULL;
    }
    if (made) {
        scanner_tables_explain(made, &explanations_destructive_commands);
    }
    return made;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const rule *self = scanner_tables_row(data, candidate);

    (void)state;
    return scanner_tables_verdict(data, self->verify(self, candidate, finding), finding);
}

static const uapi_scanner_1 scanner = {
    .name = "destructive_commands",
    .rules = scanner_tables_rules,
    .patterns = scanner_tables_patterns,
    .verify = verify,
};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = UAPI_ABI_MINOR,
    .id = "org.mod-uapi.scanner.destructive-commands",
    .name = "Destructive commands",
    .version = "0.1.0",
    .vendor = "mod_uapi",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    return &descriptor;
}
