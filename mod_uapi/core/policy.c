/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Loading in four steps: the text becomes a tree (yaml.c), the tree records (policy_form_read.c), the records are
 * judged (policy_check.c and its parts) and, if no step of any file found an error, compiled (policy_compile.c). All
 * but the result and the diagnostics lives in a pool that is gone when the load is over.
 */
#include "policy.h"
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

static void begin(uapi_policy_source *source, uapi_policy_diagnoses *diagnoses, apr_pool_t *pool)
{
    memset(source, 0, sizeof(*source));
    apr_pool_create(&source->pool, pool);
    uapi_policy_diagnoses_init(diagnoses, pool);
    source->diagnoses = diagnoses;
    source->seen = apr_hash_make(source->pool);
    for (int kind = 0; kind < UAPI_FORM_KINDS; kind++) {
        source->documents[kind] = apr_array_make(source->pool, 4, sizeof(uapi_form_document *));
    }
}

static void read_document(uapi_policy_source *source, const uapi_yaml_node *root)
{
    uapi_form_kind kind;
    uapi_form_document *document = uapi_policy_form_read(root, &kind, source->diagnoses, source->pool);

    if (document != NULL) {
        uapi_policy_check(source, document, kind);
        APR_ARRAY_PUSH(source->documents[kind], uapi_form_document *) = document;
    }
}

static void read_text(uapi_policy_source *source, const char *file, const char *text, size_t length)
{
    apr_array_header_t *roots = apr_array_make(source->pool, 4, sizeof(const uapi_yaml_node *));
    unsigned errors = source->diagnoses->errors;

    uapi_yaml_read(roots, file, text, length, uapi_policy_report, source->diagnoses, source->pool);
    for (int i = 0; i < roots->nelts; i++) {
        read_document(source, APR_ARRAY_IDX(roots, i, const uapi_yaml_node *));
    }
    if (roots->nelts == 0 && errors == source->diagnoses->errors) {
        const uapi_yaml_node whole = {.file = file};
        uapi_policy_warn(source->diagnoses, &whole, "the file holds no document");
    }
}

static apr_status_t finish(uapi_policy_source *source, uapi_policy **policy, apr_array_header_t **diagnostics,
                           apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    unsigned errors;

    *policy = source->diagnoses->errors == 0 ? uapi_policy_compile(source, pool) : NULL;
    errors = source->diagnoses->errors;
    *policy = errors == 0 ? *policy : NULL;
    *diagnostics = uapi_policy_diagnoses_finish(source->diagnoses);
    apr_pool_destroy(source->pool);
    for (int i = 0; errors > 0 && status == APR_SUCCESS && i < (*diagnostics)->nelts; i++) {
        const uapi_diagnostic *first = &APR_ARRAY_IDX(*diagnostics, i, uapi_diagnostic);
        if (first->level == UAPI_DIAGNOSTIC_ERROR) {
            const char *where = first->line > 0 ? apr_psprintf(pool, "%u:%u:", first->line, first->column) : "";
            status = uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, "%s:%s %s", first->file, where,
                               first->message);
        }
    }
    return status;
}

apr_status_t uapi_policy_parse(uapi_policy **policy, const char *name, const char *text, size_t length,
                               apr_array_header_t **diagnostics, apr_pool_t *pool, uapi_result *result)
{
    uapi_policy_diagnoses diagnoses;
    uapi_policy_source source;

    begin(&source, &diagnoses, pool);
    source.from_memory = 1;
    read_text(&source, uapi_policy_diagnoses_file(&diagnoses, name), text, length);
    return finish(&source, policy, diagnostics, pool, result);
}

/* ---------------------------------------------------------------- files */

static void complain(uapi_policy_source *source, const char *path, const char *problem, apr_status_t status)
{
    char cause[128] = "";
    const char *file = uapi_policy_diagnoses_file(source->diagnoses, path);

    if (status != APR_SUCCESS) {
        apr_strerror(status, cause, sizeof(cause));
    }
    uapi_policy_report(source->diagnoses, file, 0, 0, apr_pstrcat(source->pool, problem, cause, NULL));
}

const char *uapi_policy_read_text(const char *path, char **text, size_t *length, apr_pool_t *pool)
{
    enum { ROOM = UAPI_YAML_MAX_SIZE + 1 }; /* one byte more than may be, so that too much is seen */
    char cause[128];
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    if (status == APR_SUCCESS && info.filetype != APR_REG) {
        return "is no file"; /* a FIFO or device would be waited on for ever */
    }
    *length = 0;
    *text = apr_palloc(pool, ROOM);
    if (status == APR_SUCCESS) {
        status = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, pool);
    }
    if (status == APR_SUCCESS) {
        status = apr_file_read_full(file, *text, ROOM, length);
        apr_file_close(file);
    }
    return status == APR_SUCCESS || APR_STATUS_IS_EOF(status)
               ? NULL
               : apr_pstrcat(pool, "cannot be read: ", apr_strerror(status, cause, sizeof(cause)), NULL);
}

/* The pool for the text is the file's own: the tree holds copies. */
static void read_file(uapi_policy_source *source, const char *path)
{
    apr_pool_t *pool;
    const char *why;
    size_t length;
    char *text;

    apr_pool_create(&pool, source->pool);
    why = uapi_policy_read_text(path, &text, &length, pool);
    if (why == NULL) {
        read_text(source, uapi_policy_diagnoses_file(source->diagnoses, path), text, length);
    } else {
        complain(source, path, why, APR_SUCCESS);
    }
    apr_pool_destroy(pool);
}

static int is_policy_file(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static apr_status_t list_directory(apr_array_header_t *names, const char *path, apr_pool_t *pool)
{
    apr_dir_t *directory;
    apr_finfo_t entry;
    apr_status_t status = apr_dir_open(&directory, path, pool);

    while (status == APR_SUCCESS) {
        status = apr_dir_read(&entry, APR_FINFO_NAME, directory);
        /* APR_INCOMPLETE: the name is there, what else was asked for is not */
        if ((status == APR_SUCCESS || APR_STATUS_IS_INCOMPLETE(status)) && is_policy_file(entry.name)) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrcat(pool, path, "/", entry.name, NULL);
        }
        status = APR_STATUS_IS_INCOMPLETE(status) ? APR_SUCCESS : status;
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
}

static apr_filetype_e file_type(uapi_policy_source *source, const char *path)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, source->pool);

    if (status != APR_SUCCESS) {
        complain(source, path, "cannot be read: ", status);
        return APR_NOFILE;
    }
    if (info.filetype != APR_DIR && info.filetype != APR_REG) {
        /* a FIFO or device would be waited on for ever */
        complain(source, path, "is neither a file nor a directory", APR_SUCCESS);
    }
    return info.filetype;
}

static void read_directory(uapi_policy_source *source, const char *path)
{
    apr_array_header_t *names = apr_array_make(source->pool, 8, sizeof(const char *));
    apr_status_t status = list_directory(names, path, source->pool);

    if (status != APR_SUCCESS) {
        complain(source, path, "cannot be read: ", status);
    } else if (names->nelts == 0) {
        complain(source, path, "the directory holds no *.yaml or *.yml file", APR_SUCCESS);
    }
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        if (file_type(source, name) == APR_REG) {
            read_file(source, name);
        }
    }
}

static void read_path(uapi_policy_source *source, const char *path)
{
    apr_filetype_e type = file_type(source, path);

    if (type == APR_DIR) {
        read_directory(source, path);
    } else if (type == APR_REG) {
        read_file(source, path);
    }
}

apr_status_t uapi_policy_load(uapi_policy **policy, const char *const *paths, size_t count,
                              apr_array_header_t **diagnostics, apr_pool_t *pool, uapi_result *result)
{
    uapi_policy_diagnoses diagnoses;
    uapi_policy_source source;

    begin(&source, &diagnoses, pool);
    for (size_t i = 0; i < count; i++) {
        read_path(&source, paths[i]);
    }
    return finish(&source, policy, diagnostics, pool, result);
}

void uapi_policy_counts(const uapi_policy *policy, unsigned *policies, unsigned *rules, unsigned *servers,
                        unsigned *firewalls)
{
    *policies = policy->policy_count;
    *rules = policy->rule_count;
    *servers = apr_hash_count(policy->servers);
    *firewalls = policy->firewall_count;
}
