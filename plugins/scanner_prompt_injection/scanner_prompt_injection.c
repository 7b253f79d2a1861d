/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for prompt injection, as a plugin like any other. All state is made once from the tables of rules and the
 * lists of words: nothing is written after create, so verify needs no lock.
 */
#include "rule.h"

typedef struct instance {
    scanner_tables tables; /* first */
    knowledge known;
    char *regexes; /* of all patterns */
} instance;

static const rule_table *const tables[] = {
    &rules_override,  &rules_role,    &rules_template, &rules_hidden,    &rules_encoded,
    &rules_disguised, &rules_extract, &rules_poison,   &rules_jailbreak,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void destroy(void *data)
{
    instance *made = data;

    free(made->regexes);
    lexicon_destroy(made->known.words);
    signs_destroy(made->known.scaffolds);
    scanner_tables_free(&made->tables);
    free(made);
}

/*
 * Words are kept apart by more than a space: by the end of a line, and by the marks of a quotation at the beginning of the
 * next. In classes a space stays what it is. Returns how long the result is, with its NUL; `wide` may be NULL.
 */
static size_t widen(const char *regex, char *wide)
{
    static const char gap[] = "(?:\\s(?:> ?)?)";
    size_t length = 0;
    int in_class = 0;

    while (*regex) {
        size_t read = regex[0] == '\\' && regex[1] ? 2 : 1, size = read;
        const char *written = regex;

        if (*regex == ' ' && !in_class) {
            written = gap;
            size = sizeof(gap) - 1;
        } else if (read == 1) {
            in_class = *regex == '[' || (in_class && *regex != ']');
        }
        if (wide) {
            memcpy(wide + length, written, size);
        }
        length += size;
        regex += read;
    }
    if (wide) {
        wide[length] = '\0';
    }
    return length + 1;
}

/* Where the words around the pattern are read one by one, whatever is between them. */
static int is_framed(const instance *made, uint32_t pattern)
{
    return ((const rule *)made->tables.rows[pattern])->frame_count > 0;
}

static int widen_all(instance *made)
{
    size_t total = 1;

    for (uint32_t i = 0; i < made->tables.pattern_count; i++) {
        total += is_framed(made, i) ? widen(made->tables.patterns[i].regex, NULL) : 0;
    }
    made->regexes = malloc(total);
    total = 0;
    for (uint32_t i = 0; made->regexes && i < made->tables.pattern_count; i++) {
        if (is_framed(made, i)) {
            char *wide = made->regexes + total;

            total += widen(made->tables.patterns[i].regex, wide);
            made->tables.patterns[i].regex = wide;
        }
    }
    return made->regexes != NULL;
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
    if (!made->known.words || !made->known.scaffolds || !scanner_tables_join(&made->tables, tables, TABLES) ||
        !widen_all(made)) {
        destroy(made);
        return NULL;
    }
    scanner_tables_explain(&made->tables, &explanations_prompt_injection);
    return made;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const instance *made = data;
    const rule *self = scanner_tables_row(made, candidate);

    (void)state;
    return scanner_tables_verdict(data, self->verify ? self->verify(self, &made->known, candidate, finding) : 1,
                                  finding);
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
