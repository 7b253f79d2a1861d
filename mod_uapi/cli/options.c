/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One pass over the line against one table. Whether a command takes an option is not judged here but by main.c, which
 * knows the command's set: so a mistake is told as what it is, "takes no --follow" and not "unknown option".
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

static const uapi_option table[UAPI_OPTION_COUNT] = {
    [UAPI_OPTION_HELP] = {"help", UAPI_OPTION_FLAG, NULL, NULL, NULL, "print this help (also -h)"},
    [UAPI_OPTION_VERSION] = {"version", UAPI_OPTION_FLAG, NULL, NULL, NULL, "print the version"},
    [UAPI_OPTION_JSON] = {"json", UAPI_OPTION_FLAG, NULL, NULL, NULL, "print JSON, errors included"},
    [UAPI_OPTION_REGISTRY] = {"registry", UAPI_OPTION_TEXT, "PATH", "UAPI_REGISTRY", "/var/lib/uapi/registry.db",
                              "the registry"},
    [UAPI_OPTION_AUDIT] = {"audit", UAPI_OPTION_TEXT, "PATH", "UAPI_AUDIT", "/var/lib/uapi/audit.db", "the audit file"},
    [UAPI_OPTION_KEY_FILE] = {"key-file", UAPI_OPTION_TEXT, "PATH", "UAPI_KEY_FILE", "/etc/uapi/key", "the key file"},
    [UAPI_OPTION_NO_KEY] = {"no-key", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                            "check hashes only, for who does not hold the key file"},
    [UAPI_OPTION_OWNER] = {"owner", UAPI_OPTION_TEXT, "USER[:GROUP]", NULL, NULL,
                           "who owns registry and audit file: the user that httpd runs as"},
    [UAPI_OPTION_TENANT] = {"tenant", UAPI_OPTION_TEXT, "TENANT", NULL, NULL, "the tenant"},
    [UAPI_OPTION_PRINCIPAL] = {"principal", UAPI_OPTION_TEXT, "ID", NULL, NULL, "whom the token stands for"},
    [UAPI_OPTION_TYPE] = {"type", UAPI_OPTION_TEXT, "TYPE", NULL, "agent", "human, agent, service or workflow"},
    [UAPI_OPTION_ROLE] = {"role", UAPI_OPTION_LIST, "ROLE", NULL, NULL, "a role that policies know; may be repeated"},
    [UAPI_OPTION_LABEL] = {"label", UAPI_OPTION_TEXT, "TEXT", NULL, NULL, "a note for whoever lists tokens"},
    [UAPI_OPTION_EXPIRES] = {"expires", UAPI_OPTION_TEXT, "WHEN", NULL, NULL,
                             "when it ends: 45s, 30m, 12h, 30d, 4w, or an RFC 3339 time"},
    [UAPI_OPTION_FROM] = {"from", UAPI_OPTION_NUMBER, "N", NULL, NULL, "begin each chain at record N"},
    [UAPI_OPTION_LAST] = {"last", UAPI_OPTION_NUMBER, "N", NULL, NULL, "of each chain the last N records only"},
    [UAPI_OPTION_CALL] = {"call", UAPI_OPTION_TEXT, "ID", NULL, NULL, "the records of one call only"},
    [UAPI_OPTION_FOLLOW] = {"follow", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                            "go on with what is recorded from now on; needs --tenant"},
    [UAPI_OPTION_JSONL] = {"jsonl", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                           "read one {\"text\": \"...\"} a line, write one {\"findings\": [...]} a line"},
    [UAPI_OPTION_DIRECTION] = {"direction", UAPI_OPTION_TEXT, "WAY", NULL, "request", "request or response"},
    [UAPI_OPTION_PLUGIN] = {"plugin", UAPI_OPTION_LIST, "PATH", NULL, NULL,
                            "a plugin instead of all that are installed; may be repeated"},
    [UAPI_OPTION_POLICY] = {"policy", UAPI_OPTION_LIST, "PATH", NULL, NULL,
                            "a policy file or directory; may be repeated"},
    [UAPI_OPTION_FAIL_ON_FINDING] = {"fail-on-finding", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                                     "exit with 1 if anything is found"},
    [UAPI_OPTION_HASH] = {"hash", UAPI_OPTION_TEXT, "HASH", NULL, NULL,
                          "only if the definition has this hash, or one that begins so"},
    [UAPI_OPTION_CORPUS] = {"corpus", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                            "the files are labelled texts (.jsonl, .jsonl.gz): measure recall and precision"},
    [UAPI_OPTION_EXPLAIN] = {"explain", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                             "say why; with --corpus: name the rows that are judged wrongly"},
    [UAPI_OPTION_FAIL_ON_CHANGE] = {"fail-on-change", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                                    "exit with 1 if any finding would have another action"},
    [UAPI_OPTION_ISOLATED] = {"isolated", UAPI_OPTION_FLAG, NULL, NULL, NULL,
                              "run each plugin in a confined process of its own"},
};

_Static_assert(UAPI_OPTION_COUNT <= sizeof(uapi_option_set) * 8, "a set holds every option");

const uapi_option *uapi_option_describe(uapi_option_id id)
{
    return &table[id];
}

static int find(const char *name, size_t length)
{
    for (int i = 0; i < UAPI_OPTION_COUNT; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static int number_parse(const char *text, uint64_t *number)
{
    char *end;
    long long value;

    if (*text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || *end || value < 1) {
        return -1;
    }
    *number = (uint64_t)value;
    return 0;
}

static const char *value_add(uapi_options *options, int id, const char *value, apr_pool_t *pool)
{
    const uapi_option *option = &table[id];
    uint64_t number;

    if (!options->values[id]) {
        options->values[id] = apr_array_make(pool, 1, sizeof(const char *));
    } else if (option->kind == UAPI_OPTION_TEXT || option->kind == UAPI_OPTION_NUMBER) {
        return apr_psprintf(pool, "--%s is given twice", option->name);
    }
    if (option->value && !*value) {
        return apr_psprintf(pool, "--%s has an empty value", option->name);
    }
    if (option->kind == UAPI_OPTION_NUMBER && number_parse(value, &number) != 0) {
        return apr_psprintf(pool, "--%s takes a whole number from 1, not '%s'", option->name, value);
    }
    APR_ARRAY_PUSH(options->values[id], const char *) = value;
    return NULL;
}

/* One long option at argv[*index], which is moved past a value that stands in a word of its own. */
static const char *long_parse(uapi_options *options, int argc, const char *const *argv, int *index, apr_pool_t *pool)
{
    const char *name = argv[*index] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    int id = find(name, length);

    if (id < 0) {
        return apr_psprintf(pool, "--%.*s is no option", (int)length, name);
    }
    if (!table[id].value) {
        return equals ? apr_psprintf(pool, "--%s takes no value", table[id].name) : value_add(options, id, "", pool);
    }
    if (equals) {
        return value_add(options, id, equals + 1, pool);
    }
    if (*index + 1 >= argc || strncmp(argv[*index + 1], "--", 2) == 0) {
        return apr_psprintf(pool, "--%s needs a value: %s", table[id].name, table[id].value);
    }
    *index += 1;
    return value_add(options, id, argv[*index], pool);
}

const char *uapi_options_parse(uapi_options *options, int argc, const char *const *argv, apr_pool_t *pool)
{
    const char *problem = NULL;
    int ended = 0;

    memset(options, 0, sizeof(*options));
    options->words = apr_array_make(pool, 4, sizeof(const char *));
    for (int i = 0; i < argc && !problem; i++) {
        if (ended || argv[i][0] != '-' || !argv[i][1]) {
            APR_ARRAY_PUSH(options->words, const char *) = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            ended = 1;
        } else if (argv[i][1] == '-') {
            problem = long_parse(options, argc, argv, &i, pool);
        } else if (strcmp(argv[i], "-h") == 0) {
            problem = value_add(options, UAPI_OPTION_HELP, "", pool);
        } else {
            problem = apr_psprintf(pool, "%s is no option", argv[i]);
        }
    }
    return problem;
}

uapi_option_set uapi_options_given(const uapi_options *options)
{
    uapi_option_set given = 0;

    for (int i = 0; i < UAPI_OPTION_COUNT; i++) {
        given |= options->values[i] ? UINT32_C(1) << i : 0;
    }
    return given;
}

int uapi_options_has(const uapi_options *options, uapi_option_id id)
{
    return options->values[id] != NULL;
}

const char *uapi_options_text(const uapi_options *options, uapi_option_id id)
{
    const char *value;

    if (options->values[id]) {
        return APR_ARRAY_IDX(options->values[id], 0, const char *);
    }
    value = table[id].environment ? getenv(table[id].environment) : NULL;
    return value && *value ? value : table[id].fallback;
}

uint64_t uapi_options_number(const uapi_options *options, uapi_option_id id)
{
    uint64_t number = 0;

    if (options->values[id]) {
        number_parse(APR_ARRAY_IDX(options->values[id], 0, const char *), &number);
    }
    return number;
}

const char *const *uapi_options_list(const uapi_options *options, uapi_option_id id, size_t *count, apr_pool_t *pool)
{
    size_t given = options->values[id] ? (size_t)options->values[id]->nelts : 0;
    const char **list = apr_pcalloc(pool, (given + 1) * sizeof(*list));

    for (size_t i = 0; i < given; i++) {
        list[i] = APR_ARRAY_IDX(options->values[id], i, const char *);
    }
    if (count) {
        *count = given;
    }
    return list;
}
