/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_diagnose.h
 * The diagnostics of one load, gathered while reading goes on. At most 100 errors and 100 warnings are kept; all are
 * counted.
 */
#ifndef UAPI_CORE_POLICY_DIAGNOSE_H
#define UAPI_CORE_POLICY_DIAGNOSE_H

#include "policy.h"
#include "yaml.h"

#define UAPI_POLICY_MAX_DIAGNOSTICS 100

typedef struct uapi_policy_diagnoses {
    apr_array_header_t *files; /* const char *, in the order of loading */
    apr_array_header_t *found; /* uapi_diagnostic */
    unsigned errors, warnings;
    apr_pool_t *pool; /* outlives the load: messages and file names live here */
} uapi_policy_diagnoses;

void uapi_policy_diagnoses_init(uapi_policy_diagnoses *diagnoses, apr_pool_t *pool);

/** Files sort in the order in which they are announced. Returns the copy of the name that nodes should carry. */
const char *uapi_policy_diagnoses_file(uapi_policy_diagnoses *diagnoses, const char *file);

/** An error of a file as a whole, or at a position; fits uapi_yaml_reporter, the baton being the diagnoses. */
void uapi_policy_report(void *diagnoses, const char *file, unsigned line, unsigned column, const char *message);

void uapi_policy_error(uapi_policy_diagnoses *diagnoses, const uapi_yaml_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void uapi_policy_warn(uapi_policy_diagnoses *diagnoses, const uapi_yaml_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** All that was found, by file, line and column, each once; a last one says if some are missing. */
apr_array_header_t *uapi_policy_diagnoses_finish(uapi_policy_diagnoses *diagnoses);

/** `; did you mean "x"?` for the nearest of the choices (NULL-terminated), or "" if none is near. In the pool. */
const char *uapi_policy_suggest(const char *word, const char *const *choices, apr_pool_t *pool);

#endif
