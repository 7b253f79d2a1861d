/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall.h The content firewall: one pass over a text for the patterns of all scanners, verifiers on the
 * candidates, an action for each finding.
 *
 * A firewall is made once, before the fork, from the loaded scanners and what the Firewall documents say. It is
 * read-only then; any number of threads scan with it at once (each borrows what it works with). Scanning a text without
 * candidates allocates nothing.
 */
#ifndef UAPI_CORE_FIREWALL_H
#define UAPI_CORE_FIREWALL_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "plugin.h"
#include "policy.h"
#include "result.h"

typedef struct uapi_firewall uapi_firewall;

/**
 * Compile. `scanners` are the plugins that have the scanner interface. A scanner or rule that a Firewall document names
 * but no plugin has is an error (config.invalid; the detail has file:line:column). Where no document speaks of a
 * scanner, each of its rules does what its plugin advises, else blocks on requests and redacts on responses; where
 * documents give a scanner an action in one direction only, it does nothing in the other; a rule of which none speaks
 * does what its scanner does. `policy` NULL: the defaults, mode enforce.
 */
apr_status_t uapi_firewall_create(uapi_firewall **firewall, uapi_plugin *const *scanners, size_t count,
                                  const uapi_policy *policy, apr_pool_t *pool, uapi_result *result);

uapi_mode uapi_firewall_mode(const uapi_firewall *firewall);

/** How long the scanners may judge one text; 0, as at first: as long as they like. Before the first scan. */
void uapi_firewall_set_patience(uapi_firewall *firewall, apr_interval_time_t patience);

/** The reason and a static sentence for a report's `overload`, which is not 0. */
uapi_reason uapi_firewall_overload_reason(int overload, const char **detail);

typedef struct uapi_firewall_finding {
    const char *scanner; /* "secrets"; static */
    const char *rule;    /* "secrets.github_token"; static */
    uapi_severity severity;
    uapi_action action; /* what the configuration says for it; the mode is not applied */
    size_t from, to;    /* bytes of the text */
    const char *title;  /* of the rule, for people, static; or NULL */
    const char *why;    /* the scanner's explanation, static; or NULL */
    uapi_action shadow; /* what it would be if everything in shadow mode were enforced; at least `action` */
    const char *by;     /* the ruling whose action it is, "<document>/<id>"; NULL: the short form's, or the default */
    const char *replacement; /* what stands in for it when it is redacted (redaction.h); NULL: the plain mark */
    const char *allowed;     /* the allow-list entry that lets it pass, "<document>/<id>"; NULL: none */
} uapi_firewall_finding;

/** Why a text was not judged to its end. */
typedef enum uapi_firewall_overload {
    UAPI_FIREWALL_TOO_MUCH = 1, /* more candidates, or readings, than can be judged */
    UAPI_FIREWALL_LATE = 2      /* scanners took longer than they may */
} uapi_firewall_overload;

typedef struct uapi_firewall_report {
    uapi_firewall_finding *findings; /* sorted by from; one rule's overlapping findings are joined */
    uint32_t count;
    uapi_action action;                    /* the strictest; UAPI_ACTION_ALLOW if nothing was found */
    uapi_action shadow;                    /* the strictest of the findings' shadow */
    const uapi_firewall_finding *decisive; /* the finding whose action it is; NULL if none */
    int overload; /* uapi_firewall_overload, as a bit set; not 0: the scan is incomplete, refuse */
    /** Of a text in parts: bytes at the end of what has come that depend on what follows (firewall_channel.h). */
    size_t undecided;
} uapi_firewall_report;

/** Nothing known but the direction: for texts that belong to no call. The strings are static. */
void uapi_firewall_no_call(uapi_call_info *call, uapi_direction direction);

/**
 * Scan a text in one view; `text->call` says in which direction. Fails only if the scan could not be made
 * (internal.error; also if a scanner fails or breaks its contract); the caller then refuses. Findings live in the pool.
 * Findings whose action is ALLOW are reported only if an allow-list let them pass or something in shadow mode would not
 * have. A text without candidates allocates nothing.
 */
apr_status_t uapi_firewall_scan_text(const uapi_firewall *firewall, const uapi_text *text, uapi_firewall_report *report,
                                     apr_pool_t *pool, uapi_result *result);

/** The same for a whole plain text of no call. */
apr_status_t uapi_firewall_scan(const uapi_firewall *firewall, uapi_direction direction, const char *text,
                                size_t length, uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result);

/** Add findings to a report. What it says as a whole is made anew. */
void uapi_firewall_add(uapi_firewall_report *report, const uapi_firewall_finding *more, uint32_t count,
                       apr_pool_t *pool);

/** The reason with which a finding refuses, by its action: approval.required or firewall.blocked. */
uapi_reason uapi_firewall_reason(uapi_action action);

/** "low" … "critical", "none" for 0; static. */
const char *uapi_severity_name(uapi_severity severity);

/**
 * What would be done about a finding of that rule whose text is not at hand: fills in all but its place. No exception for
 * a value applies to it, except the one that is known to have let it pass (`allowed`, by its id; NULL: none), if there
 * still is such a one. APR_NOTFOUND if no scanner has the rule.
 */
apr_status_t uapi_firewall_judge(const uapi_firewall *firewall, const char *rule, const uapi_call_info *call,
                                 uapi_severity severity, const char *allowed, uapi_firewall_finding *finding);

/** "[REDACTED:secrets.github_token]": what stands in for a finding. JSON-safe. */
const char *uapi_firewall_placeholder(const uapi_firewall_finding *finding, apr_pool_t *pool);

/** Free what scans work with, as far as nobody does now. It is made again when it is needed. [any thread] */
void uapi_firewall_memory_free(void);

/** For doctor and mod_status. */
size_t uapi_firewall_pattern_count(const uapi_firewall *firewall);

#endif
