/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file body.h
 * The request body: read once into memory, bounded, and handed to mod_proxy again afterwards.
 */
#ifndef UAPI_HTTPD_BODY_H
#define UAPI_HTTPD_BODY_H

#include "httpd.h"

#include "../core/result.h"

/** Does the request announce a body (Content-Length above 0, or Transfer-Encoding)? */
int uapi_body_announced(const request_rec *r);

/**
 * Read it to its end: Content-Length, chunked, HTTP/2 and `Expect: 100-continue` alike. At most `limit` bytes, else
 * request.too_large; a declared length beyond it is refused unread. request.ambiguous: a trailer that httpd
 * merges with the headers. NUL-terminated beyond its length, in the request's pool.
 */
apr_status_t uapi_body_read(request_rec *r, size_t limit, char **body, size_t *length, uapi_result *result);

/** Read and forget what is left of it, at most about `limit` bytes. */
void uapi_body_discard(request_rec *r, size_t limit);

/**
 * Have whoever reads the request's body next read these bytes, which must live as long as the request. The framing headers are
 * set to match, so that there is one length and nothing to smuggle. `body` NULL: the request has none, and whatever
 * still comes is not forwarded.
 */
void uapi_body_replay(request_rec *r, const char *body, size_t length);

void uapi_body_register(void);

#endif
