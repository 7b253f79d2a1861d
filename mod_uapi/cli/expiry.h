/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file expiry.h
 * When a token ends, as an operator writes it.
 */
#ifndef UAPI_CLI_EXPIRY_H
#define UAPI_CLI_EXPIRY_H

#include <apr_time.h>

/**
 * A span from `now` ("45s", "30m", "12h", "30d", "4w") or an RFC 3339 time ("2027-01-31T12:00:00Z", "…+01:00"). It
 * must lie after `now` and before the year 10000. Returns NULL and sets `expires`, or returns what is wrong
 * (static).
 */
const char *uapi_expiry_parse(const char *text, apr_time_t now, apr_time_t *expires);

#endif
