/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "status.h"

#include "http_protocol.h"
#include "mod_status.h"

#include "gateway.h"
#include "log.h"

typedef struct figure {
    const char *key; /* in the machine-readable form, ?auto */
    const char *label;
    apr_uint64_t value;
} figure;

static void print_gateway(request_rec *r, int short_report, int index, const uapi_gateway *gateway)
{
    uapi_audit_status audit;
    uapi_audit_get_status(gateway->audit, &audit);
    const figure figures[] = {
        {"Recorded", "audit records taken", audit.recorded},
        {"Committed", "audit records committed", audit.committed},
        {"Commits", "audit transactions", audit.commits},
        {"RingUsed", "audit ring bytes used", audit.ring_used},
        {"RingSize", "audit ring bytes", audit.ring_size},
        {"WriterPid", "audit writer process", (apr_uint64_t)audit.writer_pid},
        {"AuditFailing", "audit file cannot be written", (apr_uint64_t)audit.failing},
        {"Patterns", "firewall patterns", uapi_firewall_pattern_count(gateway->firewall)},
    };
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (short_report) {
            ap_rprintf(r, "Uapi%d%s: %" APR_UINT64_T_FMT "\n", index, figures[i].key, figures[i].value);
        } else {
            ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", figures[i].label, figures[i].value);
        }
    }
}

static int print_status(request_rec *r, int flags)
{
    const apr_array_header_t *gateways = uapi_gateway_all();
    int short_report = (flags & AP_STATUS_SHORT) != 0;
    for (int i = 0; gateways != NULL && i < gateways->nelts; i++) {
        const uapi_gateway *gateway = APR_ARRAY_IDX(gateways, i, const uapi_gateway *);
        if (gateway->audit == NULL || gateway->firewall == NULL) {
            continue;
        }
        if (!short_report) {
            ap_rprintf(r, "<hr />\n<h2>mod_uapi gateway %d</h2>\n<dl>\n", i);
        }
        print_gateway(r, short_report, i, gateway);
        if (!short_report) {
            ap_rputs("</dl>\n", r);
        }
    }
    return OK;
}

void uapi_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, print_status, NULL, NULL, APR_HOOK_MIDDLE);
}
