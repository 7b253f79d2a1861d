/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From what scanners report to what the caller is told: each finding gets its action, one rule's overlapping findings
 * become one, and the strictest decides. The pool is touched only when there is a finding.
 */
#include "firewall_internal.h"

#include <stdlib.h>
#include <string.h>

void uapi_firewall_collector_init(uapi_firewall_collector *collector, const uapi_firewall *firewall,
                                  const uapi_call_info *call, uapi_string bytes, size_t offset, apr_pool_t *pool)
{
    collector->firewall = firewall;
    collector->call = call;
    collector->bytes = bytes;
    collector->offset = offset;
    collector->pool = pool;
    collector->found = NULL;
    collector->column = call->direction == UAPI_DIRECTION_REQUEST ? UAPI_FIREWALL_REQUEST : UAPI_FIREWALL_RESPONSE;
}

/* Empty if not all of it is at hand. */
static uapi_string matched_text(const uapi_firewall_collector *collector, const uapi_finding *judged)
{
    uapi_string text = {NULL, 0};

    if (judged->from >= collector->offset && judged->to <= collector->offset + collector->bytes.length) {
        text.data = collector->bytes.data + (judged->from - collector->offset);
        text.length = judged->to - judged->from;
    }
    return text;
}

void uapi_firewall_collect(uapi_firewall_collector *collector, uint32_t rule_index, const uapi_finding *judged)
{
    const uapi_firewall_rule *rule = &collector->firewall->rules[rule_index];
    uapi_firewall_finding finding = {
        .scanner = collector->firewall->scanners[rule->scanner].table->name,
        .rule = rule->name,
        .title = rule->title,
        .severity = judged->severity >= UAPI_SEVERITY_LOW && judged->severity <= UAPI_SEVERITY_CRITICAL
                        ? (uapi_severity)judged->severity
                        : (uapi_severity)rule->severity,
        .from = judged->from,
        .to = judged->to,
        .why = judged->why,
    };

    if (!(rule->live & collector->call->direction)) {
        return;
    }
    uapi_firewall_decide(rule, collector->column, collector->call, matched_text(collector, judged), &finding);
    if (finding.action == UAPI_ACTION_ALLOW && finding.shadow == UAPI_ACTION_ALLOW && !finding.allowed) {
        return;
    }
    if (!collector->found) {
        collector->found = apr_array_make(collector->pool, 4, sizeof(uapi_firewall_finding));
    }
    *(uapi_firewall_finding *)apr_array_push(collector->found) = finding;
}

/* What a finding of 1.0 has; the host's own may have grown since. */
static const size_t LEAST_FINDING = offsetof(uapi_finding, why) + sizeof(const char *);

static int32_t take_report(const uapi_sink *sink, const uapi_finding *finding)
{
    uapi_firewall_taker *taker = sink->context;

    if (taker->broken || taker->report->overload) {
        return 1;
    }
    if (finding->size < LEAST_FINDING || finding->rule >= taker->scanner->rule_count || finding->from >= finding->to ||
        finding->to > taker->end) {
        taker->broken = 1;
        return 1;
    }
    if (++*taker->taken > taker->limit) {
        taker->report->overload |= UAPI_FIREWALL_TOO_MUCH;
        return 1;
    }
    uapi_firewall_collect(taker->found, taker->scanner->first_rule + finding->rule, finding);
    return 0;
}

uapi_sink uapi_firewall_sink(uapi_firewall_taker *taker)
{
    return (uapi_sink){.size = sizeof(uapi_sink), .context = taker, .report = take_report};
}

static int by_rule(const void *a, const void *b)
{
    const uapi_firewall_finding *x = a, *y = b;

    if (x->rule != y->rule) {
        return x->rule < y->rule ? -1 : 1;
    }
    return x->from < y->from ? -1 : x->from > y->from;
}

static int by_place(const void *a, const void *b)
{
    const uapi_firewall_finding *x = a, *y = b;

    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to > y->to ? -1 : 1;
    }
    return strcmp(x->rule, y->rule);
}

static int stricter(const uapi_firewall_finding *a, const uapi_firewall_finding *b)
{
    return a->action != b->action ? a->action > b->action : a->severity > b->severity;
}

/* What holds of two findings that overlap: the stricter, over both ranges. */
static uapi_firewall_finding join(const uapi_firewall_finding *a, const uapi_firewall_finding *b)
{
    uapi_firewall_finding joined = stricter(b, a) ? *b : *a;

    joined.from = a->from < b->from ? a->from : b->from;
    joined.to = a->to > b->to ? a->to : b->to;
    joined.severity = a->severity > b->severity ? a->severity : b->severity;
    joined.shadow = a->shadow > b->shadow ? a->shadow : b->shadow;
    return joined;
}

/* One rule's overlapping findings become one that covers them all: what is to be redacted must not shrink. */
static uint32_t join_overlaps(uapi_firewall_finding *findings, uint32_t count)
{
    uint32_t kept = 0, i;

    for (i = 1; i < count; i++) {
        uapi_firewall_finding *last = &findings[kept];

        if (findings[i].rule == last->rule && findings[i].from < last->to) {
            *last = join(last, &findings[i]);
        } else {
            findings[++kept] = findings[i];
        }
    }
    return kept + 1;
}

void uapi_firewall_conclude(uapi_firewall_report *report, const uapi_firewall_collector *collector)
{
    uint32_t i;

    if (!collector->found) {
        return;
    }
    report->findings = (uapi_firewall_finding *)(void *)collector->found->elts;
    report->count = (uint32_t)collector->found->nelts;
    if (report->count > 1) {
        qsort(report->findings, report->count, sizeof(*report->findings), by_rule);
        report->count = join_overlaps(report->findings, report->count);
        qsort(report->findings, report->count, sizeof(*report->findings), by_place);
    }
    report->decisive = &report->findings[0];
    report->shadow = report->findings[0].shadow;
    for (i = 1; i < report->count; i++) {
        report->shadow = report->findings[i].shadow > report->shadow ? report->findings[i].shadow : report->shadow;
        if (stricter(&report->findings[i], report->decisive)) {
            report->decisive = &report->findings[i];
        }
    }
    report->action = report->decisive->action;
}

void uapi_firewall_add(uapi_firewall_report *report, const uapi_firewall_finding *more, uint32_t count,
                       apr_pool_t *pool)
{
    uapi_firewall_collector all = {.pool = pool};
    uint32_t i;

    all.found = apr_array_make(pool, (int)(report->count + count), sizeof(*more));
    for (i = 0; i < report->count; i++) {
        *(uapi_firewall_finding *)apr_array_push(all.found) = report->findings[i];
    }
    for (i = 0; i < count; i++) {
        *(uapi_firewall_finding *)apr_array_push(all.found) = more[i];
    }
    uapi_firewall_conclude(report, &all);
}
