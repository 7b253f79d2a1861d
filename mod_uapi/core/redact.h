/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redact.h
 * Replaces what was found by placeholders, and nothing else: every byte outside a finding stays as it was.
 */
#ifndef UAPI_CORE_REDACT_H
#define UAPI_CORE_REDACT_H

#include "firewall.h"
#include "view.h"

/**
 * The text with each finding whose action is redact (or stricter) replaced. `view` NULL: offsets are those of the text itself, which
 * is no JSON; else they are the view's and are mapped to the document's strings. A finding in numbers or structure only,
 * which has no string to stand in, fails: the caller then blocks.
 */
apr_status_t uapi_redact(const char **out, size_t *out_length, const char *text, size_t length, const uapi_view *view,
                         const uapi_firewall_report *report, apr_pool_t *pool);

#endif
