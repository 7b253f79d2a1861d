/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timestamp.h
 * Points in time as records spell them: RFC 3339, in UTC, with microseconds, always 27 characters, so that the order of
 * the texts is that of the times.
 */
#ifndef UAPI_CORE_TIMESTAMP_H
#define UAPI_CORE_TIMESTAMP_H

#include <apr_time.h>

#define UAPI_TIMESTAMP_LENGTH 27 /* 2026-11-23T08:30:00.000000Z */

/** Years 1970 to 9999; what lies outside is written as the nearest time that does not. Ends with a NUL. Any thread. */
void uapi_timestamp_write(char text[UAPI_TIMESTAMP_LENGTH + 1], apr_time_t when);

#endif
