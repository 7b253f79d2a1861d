/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall_internal.h
 * What the parts of the firewall share: firewall.c compiles it, firewall_scan.c scans texts with it, firewall_channel.c
 * texts that come in parts, firewall_report.c puts together what was found. Nobody else includes this.
 */
#ifndef UAPI_CORE_FIREWALL_INTERNAL_H
#define UAPI_CORE_FIREWALL_INTERNAL_H

#include <hs.h>

#include "firewall.h"
#include "isolation.h"
#include "policy_ruling.h"

/** Index of a direction in the tables of actions. */
#define UAPI_FIREWALL_REQUEST 0
#define UAPI_FIREWALL_RESPONSE 1

/** One rule of one scanner. */
typedef struct uapi_firewall_rule {
    const char *name;     /* "secrets.github_token" */
    const char *title;    /* or NULL */
    uint32_t scanner;     /* in the firewall's table */
    uint8_t severity;     /* uapi_severity */
    uint8_t directions;   /* uapi_direction, as a bit set */
    uint8_t live;         /* where it may do something: a finding elsewhere is none */
    uint8_t said;         /* where documents say `action`: elsewhere it is the default, and any ruling stands for it */
    uint8_t action[2];    /* uapi_action; ALLOW where the rule does not apply */
    uint8_t shadow[2];    /* what documents in shadow mode say; ALLOW: nothing */
    uint8_t strictest[2]; /* what may come of it at the worst */
    const uapi_ruling *const *rulings[2];    /* that may concern it; NULL-terminated; NULL: none */
    const uapi_ruling *const *exceptions[2]; /* the same */
} uapi_firewall_rule;

/** One pattern of one scanner; its index is the id that libhs reports. 16 bytes, so that four share a cache line. */
typedef struct uapi_firewall_pattern {
    uint32_t rule;    /* in the firewall's table */
    uint32_t index;   /* in the plugin's table */
    uint32_t scanner; /* in the firewall's table */
    uint8_t views;    /* uapi_text_view, as a bit set */
    uint8_t live;     /* uapi_direction, as a bit set: where a match is of interest */
} uapi_firewall_pattern;

typedef struct uapi_firewall_scanner {
    const uapi_plugin *plugin;
    const uapi_scanner_1 *table;
    void *instance;
    uint32_t first_rule, rule_count; /* in the firewall's table */
    size_t state_at;                 /* where its state lies in the thread's memory */
    uint32_t scan_views;
    uint32_t live; /* uapi_direction, as a bit set: where any rule is on */
} uapi_firewall_scanner;

/** What matches begin as (firewall_open.c). */
typedef struct uapi_firewall_openings uapi_firewall_openings;

struct uapi_firewall {
    uint64_t serial;         /* unique in this process and those forked from it: what scratch memory is known to fit */
    hs_database_t *database; /* NULL if there is no pattern */
    uapi_firewall_scanner *scanners;
    uapi_firewall_rule *rules;
    uapi_firewall_pattern *patterns;
    uint32_t scanner_count, rule_count, count; /* count: of patterns */
    uint32_t whole;                            /* scanners that read whole texts */
    uint32_t streams;                          /* scanners that read texts in parts */
    size_t state_bytes;                        /* of all scanners, for one text */
    int needs_utf8; /* a pattern reads characters: libhs must not be given anything but UTF-8 then */
    const uapi_firewall_openings *openings; /* NULL: not asked for */
    const char *const *regex;               /* by pattern, as it was compiled */
    const unsigned *flags;                  /* of libhs, by pattern */
    uapi_mode mode;
    apr_interval_time_t patience; /* with one text; 0: no end */
};

/** Where findings gather while a text is judged. */
typedef struct uapi_firewall_collector {
    const uapi_firewall *firewall;
    apr_pool_t *pool;
    const uapi_call_info *call;
    uapi_string bytes;         /* those that are at hand */
    size_t offset;             /* of their first one, in what ranges count from */
    apr_array_header_t *found; /* of uapi_firewall_finding; NULL until there is one */
    int column;                /* of the action tables */
} uapi_firewall_collector;

void uapi_firewall_collector_init(uapi_firewall_collector *collector, const uapi_firewall *firewall,
                                  const uapi_call_info *call, uapi_string bytes, size_t offset, apr_pool_t *pool);
/**
 * Take a finding of that rule of the firewall's, whose range has been checked; unless the rule is off in the direction.
 */
void uapi_firewall_collect(uapi_firewall_collector *collector, uint32_t rule_index, const uapi_finding *judged);
/** Findings, action and the decisive one into the report. */
void uapi_firewall_conclude(uapi_firewall_report *report, const uapi_firewall_collector *collector);

/** What a scanner reports itself. */
typedef struct uapi_firewall_taker {
    const uapi_firewall_scanner *scanner;
    uapi_firewall_collector *found;
    uapi_firewall_report *report; /* receives `overload` */
    size_t end;                   /* ranges lie before it */
    size_t *taken, limit;         /* how many reports and candidates there were, and may be */
    int broken;                   /* it reported what does not exist */
} uapi_firewall_taker;

/** A sink that takes reports for `taker`, which must outlive it. */
uapi_sink uapi_firewall_sink(uapi_firewall_taker *taker);

/** Take what a helper said of what it was asked: as if its scanner had said it here. */
void uapi_firewall_take_answer(uapi_firewall_taker *taker, const uapi_isolation_text *asked,
                               const uapi_isolation_answer *answer);

/** Put on the rules and patterns what the policy says of them; `policy` NULL: the defaults. */
apr_status_t uapi_firewall_apply_policy(uapi_firewall *firewall, const uapi_policy *policy, apr_pool_t *pool,
                                        uapi_result *result);

/**
 * Fill in what is to be done about a finding: action, shadow, by, allowed. `matched`: its text; data NULL if not all of
 * it is at hand, to which no exception for a value applies.
 */
void uapi_firewall_decide(const uapi_firewall_rule *rule, int column, const uapi_call_info *call, uapi_string matched,
                          uapi_firewall_finding *finding);

#endif
