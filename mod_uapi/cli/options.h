/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file options.h
 * The command line as values: one table of all options of all commands. An option means the same and takes a value or
 * none wherever it stands, so the line can be read before it is known which command it is for, and options may stand
 * before, between and behind the words.
 *
 * Long options only, besides -h: `--name value`, `--name=value`; `--` ends them. No abbreviations: a script must not
 * break when an option is added.
 */
#ifndef UAPI_CLI_OPTIONS_H
#define UAPI_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum uapi_option_id {
    UAPI_OPTION_HELP,
    UAPI_OPTION_VERSION,
    UAPI_OPTION_JSON,
    UAPI_OPTION_REGISTRY,
    UAPI_OPTION_AUDIT,
    UAPI_OPTION_KEY_FILE,
    UAPI_OPTION_NO_KEY,
    UAPI_OPTION_OWNER,
    UAPI_OPTION_TENANT,
    UAPI_OPTION_PRINCIPAL,
    UAPI_OPTION_TYPE,
    UAPI_OPTION_ROLE,
    UAPI_OPTION_LABEL,
    UAPI_OPTION_EXPIRES,
    UAPI_OPTION_FROM,
    UAPI_OPTION_LAST,
    UAPI_OPTION_CALL,
    UAPI_OPTION_FOLLOW,
    UAPI_OPTION_JSONL,
    UAPI_OPTION_DIRECTION,
    UAPI_OPTION_PLUGIN,
    UAPI_OPTION_POLICY,
    UAPI_OPTION_FAIL_ON_FINDING,
    UAPI_OPTION_HASH,
    UAPI_OPTION_CORPUS,
    UAPI_OPTION_EXPLAIN,
    UAPI_OPTION_FAIL_ON_CHANGE,
    UAPI_OPTION_ISOLATED,
    UAPI_OPTION_COUNT
} uapi_option_id;

/** A set of options. */
typedef uint32_t uapi_option_set;
#define UAPI_TAKES(name) (UINT32_C(1) << UAPI_OPTION_##name)
/** What every command takes and its help shows. */
#define UAPI_TAKES_ALWAYS (UAPI_TAKES(HELP) | UAPI_TAKES(VERSION) | UAPI_TAKES(JSON))
/**
 * What every command takes but only those use that show it, so that a script can name its files once for all
 * commands.
 */
#define UAPI_TAKES_UNUSED (UAPI_TAKES(REGISTRY) | UAPI_TAKES(AUDIT) | UAPI_TAKES(KEY_FILE))

typedef enum uapi_option_kind {
    UAPI_OPTION_FLAG,
    UAPI_OPTION_TEXT,
    UAPI_OPTION_NUMBER, /* decimal, from 1 */
    UAPI_OPTION_LIST    /* may be given more than once */
} uapi_option_kind;

/** One row of the table; all strings are static. */
typedef struct uapi_option {
    const char *name; /* without the dashes */
    uapi_option_kind kind;
    const char *value;       /* how help calls its value; NULL for a flag */
    const char *environment; /* the variable that stands in when it is not given, or NULL */
    const char *fallback;    /* the value when neither is there, or NULL */
    const char *summary;
} uapi_option;

typedef struct uapi_options {
    apr_array_header_t *values[UAPI_OPTION_COUNT]; /* const char *; NULL: not given */
    apr_array_header_t *words;                     /* const char *: what is no option, in order */
} uapi_options;

const uapi_option *uapi_option_describe(uapi_option_id id);

/**
 * Read the line (without the program's name). Returns NULL, or what is wrong with it; the strings of `argv` are
 * kept.
 */
const char *uapi_options_parse(uapi_options *options, int argc, const char *const *argv, apr_pool_t *pool);

/** The options given. */
uapi_option_set uapi_options_given(const uapi_options *options);
int uapi_options_has(const uapi_options *options, uapi_option_id id);

/** The value given, else the environment's (unless empty), else the fallback; NULL if there is none. */
const char *uapi_options_text(const uapi_options *options, uapi_option_id id);
/** The number given, or 0. */
uint64_t uapi_options_number(const uapi_options *options, uapi_option_id id);
/** All values given, in order, as a NULL-terminated array in the pool. `count` may be NULL. */
const char *const *uapi_options_list(const uapi_options *options, uapi_option_id id, size_t *count, apr_pool_t *pool);

#endif
