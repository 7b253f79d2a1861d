/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_openapi.h
 * The operations of an OpenAPI document, 3.0 or 3.1, in YAML or JSON. Only what says which operations there are is read: servers,
 * paths, methods, operationId, and a local $ref of a path item. Lives in the pool of the load.
 */
#ifndef UAPI_CORE_POLICY_OPENAPI_H
#define UAPI_CORE_POLICY_OPENAPI_H

#include "policy_internal.h"

/** Called for each operation. `path` is whole, with the base path; `name` and `at` (the path's key) are where to complain. */
typedef void (*uapi_openapi_visitor)(void *baton, const uapi_yaml_node *name, const char *text, const char *method,
                                     const char *path, const uapi_yaml_node *at);

/**
 * Read the document that the node names, relative to the policy file. `base` NULL: that of its servers, which must agree.
 * Faults go to the diagnoses of the load.
 */
void uapi_policy_openapi_read(uapi_policy_source *source, const uapi_yaml_node *file, const uapi_yaml_node *base,
                              uapi_openapi_visitor visit, void *baton);

#endif
