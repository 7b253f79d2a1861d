/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for prompt injection, as a plugin like any other. All state is made once from the tables of rules and the
 * lists of words: nothing is written after create, so verify needs no lock.
 */
#include "rule.h"

typedef struct instance {
    scanner_tables tables; /* first */
    knowledge known;
} instance;

static const rule_table *const tables[] = {
    &rules_override, &rules_role,    &rules_template, &rules_hidden,
    &rules_encoded,  &rules_extract, &rules_poison,   &rules_jailbreak,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void destroy(void *data)
{
    instance *made = data;

    lexicon_destroy(made->known.words);
    signs_destroy(made->known.scaffolds);
    scanner_tables_free(&made->tables);
    free(made);
}

static void *create(const uapi_host *host)
{
    instance *made = calloc(1, sizeof(*made));

    (void)host;
    if (!made) {
        return NULL;
    }
    made->known.words = lexicon_create();
    made->known.scaffolds = signs_create();
    if (!made->known.words || !made->known.scaffolds || !scanner_tables_join(&made->tables, tables, TABLES)) {
        destroy(made);
        return NULL;
    }
    return made;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const instance *made = data;
    const rule *self = scanner_tables_row(made, candidate);

    (void)state;
    return self->verify ? self->verify(self, &made->known, candidate, finding) : 1;
}

static const uapi_scanner_1 scanner = {
    .name = "prompt_injection",
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
    .id = "org.mod-uapi.scanner.prompt-injection",
    .name = "Prompt injection",
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
