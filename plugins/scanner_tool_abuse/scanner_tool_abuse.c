/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for abuse of tools, as a plugin like any other. What the rules need is a table made once from theirs; the only
 * memory is whether a text defines tools.
 */
#include "rule.h"
#include "tool_list.h"

static const rule_table *const tables[] = {
    &rules_traversal, &rules_file, &rules_privilege, &rules_option, &rules_chain, &rules_tool,
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
        scanner_tables_explain(made, &explanations_tool_abuse);
    }
    return made;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const rule *self = scanner_tables_row(data, candidate);
    scan at = {data, state, candidate};

    return scanner_tables_verdict(data, self->verify(self, &at, finding), finding);
}

static void text_end(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    if (((const text_state *)state)->defines_tools) {
        tool_list_judge(data, &text->bytes, sink);
    }
}

static const uapi_scanner_1 scanner = {
    .name = "tool_abuse",
    .state_size = sizeof(text_state),
    .rules = scanner_tables_rules,
    .patterns = scanner_tables_patterns,
    .verify = verify,
    .text_end = text_end,
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
    .id = "org.mod-uapi.scanner.tool-abuse",
    .name = "Abuse of tools",
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
