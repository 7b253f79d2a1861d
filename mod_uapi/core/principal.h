/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file principal.h
 * Who is calling. A principal belongs to exactly one tenant.
 */
#ifndef UAPI_CORE_PRINCIPAL_H
#define UAPI_CORE_PRINCIPAL_H

#include <stdint.h>

typedef enum uapi_principal_type {
    UAPI_PRINCIPAL_ANONYMOUS,
    UAPI_PRINCIPAL_HUMAN,
    UAPI_PRINCIPAL_AGENT,
    UAPI_PRINCIPAL_SERVICE,
    UAPI_PRINCIPAL_WORKFLOW
} uapi_principal_type;

typedef struct uapi_principal {
    uapi_principal_type type;
    const char *tenant;       /* name, NUL-terminated */
    const char *id;           /* name, unique in the tenant; "anonymous" for the anonymous one */
    const char *const *roles; /* NULL-terminated; may be NULL */
    const char *token_id;     /* public id of the token that proved it; NULL for the anonymous one */
} uapi_principal;

/** "human", "agent", … as policies and records write it; static. */
const char *uapi_principal_type_name(uapi_principal_type type);
/** The reverse; returns 0, or -1 if the name is none. */
int uapi_principal_type_parse(const char *name, uapi_principal_type *type);

#endif
