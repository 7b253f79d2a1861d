/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for URLs that should not be fetched or sent to, as a plugin like any other. The table of patterns is made
 * once at creation; nothing is written after that, so verify needs no lock.
 */
#include "rule.h"

static const rule_table *const tables[] = {
    &rules_hosts, &rules_addresses, &rules_schemes, &rules_deception, &rules_data,
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
        scanner_tables_explain(made, &explanations_suspicious_urls);
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
    .name = "suspicious_urls",
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
    .id = "org.mod-uapi.scanner.suspicious_urls",
    .name = "Suspicious URLs",
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
