/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file output.h
 * What uapictl says: to people on standard output and standard error, to programs as JSON on standard output.
 *
 * Text that came from outside (labels, records, file names) is made harmless before it reaches a terminal: a tool's
 * name must not be able to move the cursor of whoever reads the audit trail.
 */
#ifndef UAPI_CLI_OUTPUT_H
#define UAPI_CLI_OUTPUT_H

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "../core/result.h"
#include "command.h"

/** Reason codes of uapictl's own, beside those of core/result.h. */
#define UAPI_CLI_USAGE "usage"                 /* the command line */
#define UAPI_CLI_INPUT_INVALID "input.invalid" /* what was given to be stored or scanned */
#define UAPI_CLI_TENANT_UNKNOWN "tenant.unknown"
#define UAPI_CLI_EXISTS "exists"       /* nothing is overwritten */
#define UAPI_CLI_SYSTEM "system.error" /* the operating system refuses */

/** Once, first: buffers, and a closed pipe that is an error of write() and no signal. */
void uapi_output_open(void);
/** Last: flush. Returns `status`, or UAPI_EXIT_REFUSED if what was written could not be. */
int uapi_output_finish(int status);
/** Flush now; 0, or -1 if the output cannot be written. */
int uapi_output_flush(void);

/** Print a value and a newline, and release it. NULL is out of memory or text that is not UTF-8; it aborts. */
void uapi_output_json(json_t *value);

/** A new array that the pool owns (print it with json_incref). */
json_t *uapi_output_json_array(apr_pool_t *pool);

/** Tell why a step failed; UAPI_EXIT_REFUSED. */
int uapi_output_refuse(const uapi_cli *cli, const uapi_result *result);
int uapi_output_refuse_as(const uapi_cli *cli, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Tell what is wrong with the command line; UAPI_EXIT_USAGE. */
int uapi_output_usage(const uapi_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A line on standard error that does not change the outcome. */
void uapi_output_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** {"error": {"reason": …, "message": …}}. A message that is no UTF-8 is not passed on. */
json_t *uapi_output_error(const char *reason, const char *message);
/** What stands in it: {"reason": …, "message": …}. */
json_t *uapi_output_error_only(const char *reason, const char *message);

/**
 * The text with control characters, direction marks and what is no UTF-8 written as \xNN; `text` itself if it has
 * none.
 */
const char *uapi_output_printable(const char *text, apr_pool_t *pool);

/** "2026-11-24T10:52:00Z"; "-" for 0. */
const char *uapi_output_time(apr_time_t time, apr_pool_t *pool);
/** The same as a JSON string; null for 0. */
json_t *uapi_output_json_time(apr_time_t time);

#endif
