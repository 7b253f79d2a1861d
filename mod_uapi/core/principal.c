/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "principal.h"

#include <string.h>

static const char *const names[] = {
    [UAPI_PRINCIPAL_ANONYMOUS] = "anonymous", [UAPI_PRINCIPAL_HUMAN] = "human",       [UAPI_PRINCIPAL_AGENT] = "agent",
    [UAPI_PRINCIPAL_SERVICE] = "service",     [UAPI_PRINCIPAL_WORKFLOW] = "workflow",
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *uapi_principal_type_name(uapi_principal_type type)
{
    return (unsigned)type < NAMES ? names[type] : "unknown";
}

int uapi_principal_type_parse(const char *name, uapi_principal_type *type)
{
    for (unsigned i = 0; i < NAMES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *type = (uapi_principal_type)i;
            return 0;
        }
    }
    return -1;
}
