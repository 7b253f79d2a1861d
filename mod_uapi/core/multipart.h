/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file multipart.h
 * Bodies of multipart/form-data (RFC 7578), as far as they must be read to be scanned as the text that they are. Pure; any thread.
 */
#ifndef UAPI_CORE_MULTIPART_H
#define UAPI_CORE_MULTIPART_H

#include <stddef.h>

typedef enum uapi_multipart_fault {
    UAPI_MULTIPART_GOOD,
    UAPI_MULTIPART_MALFORMED, /* no parts, something before the first or after the last, a part without its headers' end */
    UAPI_MULTIPART_ENCODED, /* a part with a Content-Transfer-Encoding that is not the identity (RFC 7578, section 4.7) */
    UAPI_MULTIPART_METHOD   /* a field that frameworks take for the method */
} uapi_multipart_fault;

uapi_multipart_fault uapi_multipart_judge(const char *body, size_t length, const char *boundary,
                                          size_t boundary_length);

#endif
