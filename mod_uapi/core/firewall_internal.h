/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall_internal.h
 * What the two halves of the firewall share: firewall.c compiles it, firewall_scan.c scans with it. Nobody else
 * includes this.
 */
#ifndef UAPI_CORE_FIREWALL_INTERNAL_H
#define UAPI_CORE_FIREWALL_INTERNAL_H

#include <hs.h>

#include "firewall.h"

/** Index of a direction in the tables of actions. */
#define UAPI_FIREWALL_REQUEST 0
#define UAPI_FIREWALL_RESPONSE 1

/** One pattern of one plugin; its index is the id that libhs reports. 32 bytes, so that two share a cache line. */
typedef struct uapi_firewall_pattern {
    const uapi_plugin *plugin;
    const char *rule;   /* "secrets.github_token" */
    uint32_t index;     /* in the plugin's table */
    uint8_t severity;   /* uapi_severity */
    uint8_t directions; /* uapi_direction, as a bit set */
    uint8_t action[2];  /* uapi_action; ALLOW where the pattern does not apply */
} uapi_firewall_pattern;

struct uapi_firewall {
    uint64_t serial;         /* unique in this process and those forked from it: what scratch memory is known to fit */
    hs_database_t *database; /* NULL if there is no scanner */
    uapi_firewall_pattern *patterns;
    uint32_t count;
    int needs_utf8; /* a pattern reads characters: libhs must not be given anything but UTF-8 then */
    uapi_mode mode;
};

/** Make the key under which each thread keeps its scratch memory; idempotent. [parent] */
apr_status_t uapi_firewall_threads_init(void);

#endif
