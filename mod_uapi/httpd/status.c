/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "status.h"

#include "http_protocol.h"
#include "mod_status.h"

#include "background.h"
#include "gateway.h"
#include "../core/isolation.h"
#include "log.h"
#include "next_call.h"

typedef struct figure {
    const char *key; /* in the machine-readable form, ?auto */
    const char *label;
    apr_uint64_t value;
} figure;

static void print_gateway(request_rec *r, int short_report, int index, const uapi_gateway *gateway)
{
    uapi_audit_status audit;
    apr_uint32_t came, vain;
    apr_uint64_t taken, lost;
    uapi_audit_get_status(gateway->audit, &audit);
    uapi_next_call_count(&came, &vain);
    uapi_background_count(&taken, &lost);
    const figure figures[] = {
        {"Recorded", "audit records taken", audit.recorded},
        {"Committed", "audit records committed", audit.committed},
        {"Commits", "audit transactions", audit.commits},
        {"RingUsed", "audit ring bytes used", audit.ring_used},
        {"RingSize", "audit ring bytes", audit.ring_size},
        {"WriterPid", "audit writer process", (apr_uint64_t)audit.writer_pid},
        {"AuditFailing", "audit file cannot be written", (apr_uint64_t)audit.failing},
        {"Patterns", "firewall patterns", uapi_firewall_pattern_count(gateway->firewall)},
        {"NextCallsAwaited", "next calls that came while this process waited for them", came},
        {"NextCallWaitsInVain", "waits of this process for a next call, in vain", vain},
        {"ServerRefusalsTaken", "refusals of servers' requests that the servers took", taken},
        {"ServerRefusalsLost", "refusals of servers' requests that were not sent or not taken", lost},
    };
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (short_report) {
            ap_rprintf(r, "Uapi%d%s: %" APR_UINT64_T_FMT "\n", index, figures[i].key, figures[i].value);
        } else {
            ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", figures[i].label, figures[i].value);
        }
    }
}

/* A plugin's own figures. Its names are [a-z0-9_], its help is anything. */
static void print_metric(request_rec *r, int short_report, int index, const uapi_plugin *plugin,
                         const uapi_plugin_metric *metric)
{
    const char *id = plugin->descriptor->id;
    if (short_report && metric->histogram) {
        ap_rprintf(r, "Uapi%d[%s]%s_count: %" APR_UINT64_T_FMT "\nUapi%d[%s]%s_sum: %" APR_UINT64_T_FMT "\n", index, id,
                   metric->name, metric->count, index, id, metric->name, metric->sum);
    } else if (short_report) {
        ap_rprintf(r, "Uapi%d[%s]%s: %" APR_UINT64_T_FMT "\n", index, id, metric->name, metric->sum);
    } else if (metric->histogram) {
        ap_rprintf(r,
                   "<dt title=\"%s\">%s %s: %" APR_UINT64_T_FMT ", sum %" APR_UINT64_T_FMT
                   ", half below %" APR_UINT64_T_FMT ", 99 in 100 below %" APR_UINT64_T_FMT "</dt>\n",
                   ap_escape_html2(r->pool, metric->help, 0), id, metric->name, metric->count, metric->sum,
                   metric->half_below, metric->most_below);
    } else {
        ap_rprintf(r, "<dt title=\"%s\">%s %s: %" APR_UINT64_T_FMT "</dt>\n", ap_escape_html2(r->pool, metric->help, 0),
                   id, metric->name, metric->sum);
    }
}

static void print_plugins(request_rec *r, int short_report, int index, const uapi_gateway *gateway)
{
    for (int i = 0; i < gateway->plugin_count; i++) {
        const struct uapi_isolation *isolation = gateway->plugins[i]->isolation;
        uapi_plugin_metric metric;
        for (uint32_t m = 0; isolation != NULL && uapi_isolation_metric_at(isolation, m, &metric); m++) {
            print_metric(r, short_report, index, gateway->plugins[i], &metric);
        }
        for (uint32_t m = 0; uapi_plugin_metric_at(gateway->plugins[i], m, &metric); m++) {
            print_metric(r, short_report, index, gateway->plugins[i], &metric);
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
        print_plugins(r, short_report, i, gateway);
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
