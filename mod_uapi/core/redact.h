/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redact.h
 * Replaces what was found by placeholders, and nothing else.
 */
#ifndef UAPI_CORE_REDACT_H
#define UAPI_CORE_REDACT_H

#include "edit.h"
#include "firewall.h"
#include "view.h"

/**
 * Add an edit for each finding whose action is redact (or stricter). `view` NULL: offsets are those of the text itself, which is
 * no JSON; else they are the view's and are mapped to the document's strings. Fails for a finding that has no string to stand in
 * (it is in numbers or structure only): the caller then blocks.
 */
apr_status_t uapi_redact_edits(apr_array_header_t *edits, const uapi_view *view, const uapi_firewall_report *report,
                               apr_pool_t *pool);

/** The same, applied to the text at once. */
apr_status_t uapi_redact(const char **out, size_t *out_length, const char *text, size_t length, const uapi_view *view,
                         const uapi_firewall_report *report, apr_pool_t *pool);

#endif
