/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for destructive commands, as a plugin like any other. All state is a table made once from the tables of
 * rules: nothing is written after create, so verify needs no lock.
 */
#include <stdlib.h>

#include "rule.h"

typedef struct instance {
    uint32_t count;
    const rule **rules;
    uapi_pattern *patterns; /* one array, as the interface wants it */
} instance;

static const rule_table *const tables[] = {
    &rules_shell, &rules_git, &rules_platform, &rules_sql, &rules_injection,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void destroy(void *data)
{
    instance *made = data;

    free(made->rules);
    free(made->patterns);
    free(made);
}

static void *create(const uapi_host *host)
{
    instance *made = calloc(1, sizeof(*made));
    size_t total = 0, t, i;

    (void)host;
    if (!made) {
        return NULL;
    }
    for (t = 0; t < TABLES; t++) {
        total += tables[t]->count;
    }
    made->rules = calloc(total, sizeof(*made->rules));
    made->patterns = calloc(total, sizeof(*made->patterns));
    if (!made->rules || !made->patterns) {
        destroy(made);
        return NULL;
    }
    for (t = 0; t < TABLES; t++) {
        for (i = 0; i < tables[t]->count; i++) {
            made->rules[made->count] = &tables[t]->rules[i];
            made->patterns[made->count++] = tables[t]->rules[i].pattern;
        }
    }
    return made;
}

static const uapi_pattern *patterns(void *data, uint32_t *count)
{
    instance *made = data;

    *count = made->count;
    return made->patterns;
}

static int32_t verify(void *data, const uapi_candidate *candidate, uapi_finding *finding)
{
    const instance *made = data;
    const rule *self = made->rules[candidate->pattern];

    return self->verify(self, candidate, finding);
}

static const uapi_scanner_1 scanner = {"destructive_commands", patterns, verify};

static const void *get_interface(void *data, const char *id)
{
    const char *wanted = UAPI_SCANNER_1;

    (void)data;
    while (*id && *id == *wanted) {
        id++;
        wanted++;
    }
    return *id == *wanted ? &scanner : NULL;
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
