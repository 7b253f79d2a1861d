/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The tests of json.c over the string scanner as it is compiled where there is no SSE2: this object's definitions come
 * before those of the library.
 */
#define UAPI_JSON_PORTABLE 1
#include "../../mod_uapi/core/json_string.c"
#include "json.c"
