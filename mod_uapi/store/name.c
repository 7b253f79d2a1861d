/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "store.h"

#include <string.h>

#define MAX_NAME 64

static int is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int uapi_store_name_valid(const char *name)
{
    size_t length = 0;

    if (!name || !is_alphanumeric(name[0])) {
        return 0;
    }
    for (; name[length]; length++) {
        if (length == MAX_NAME || (!is_alphanumeric(name[length]) && !strchr("._@-", name[length]))) {
            return 0;
        }
    }
    return 1;
}
