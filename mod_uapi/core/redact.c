/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "redact.h"

#define MAX_PARTS 64 /* strings that one finding may touch */

static apr_status_t collect(apr_array_header_t *edits, const uapi_view *view, const uapi_firewall_finding *finding,
                            apr_pool_t *pool)
{
    const char *placeholder = finding->replacement != NULL ? finding->replacement
                                                           : uapi_firewall_placeholder(finding, pool);
    uapi_view_range parts[MAX_PARTS];
    size_t count;
    if (view == NULL) {
        uapi_edit_add(edits, finding->from, finding->to, placeholder);
        return APR_SUCCESS;
    }
    count = uapi_view_locate(view, finding->from, finding->to, parts, MAX_PARTS);
    if (count == 0 || count > MAX_PARTS) {
        return APR_EGENERAL;
    }
    if (count > 1) { /* each part gets the plain mark: what has the form of the whole would stand there twice */
        placeholder = uapi_firewall_placeholder(finding, pool);
    }
    for (size_t i = 0; i < count; i++) {
        uapi_edit_add(edits, parts[i].start, parts[i].end, placeholder);
    }
    return APR_SUCCESS;
}

apr_status_t uapi_redact_edits(apr_array_header_t *edits, const uapi_view *view, const uapi_firewall_report *report,
                               apr_pool_t *pool)
{
    for (uint32_t i = 0; i < report->count; i++) {
        if (report->findings[i].action >= UAPI_ACTION_REDACT &&
            collect(edits, view, &report->findings[i], pool) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t uapi_redact(const char **out, size_t *out_length, const char *text, size_t length, const uapi_view *view,
                         const uapi_firewall_report *report, apr_pool_t *pool)
{
    apr_array_header_t *edits = uapi_edit_list(pool);
    if (uapi_redact_edits(edits, view, report, pool) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    uapi_edit_apply(out, out_length, text, length, edits, pool);
    return APR_SUCCESS;
}
