/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall_memory.h
 * What a scan works with, some 70 KiB with all scanners, borrowed for as long as the scan goes on. So there are as many as there are scans at
 * one time, which is about as many as there are processors, and not as many as threads: a thousand of them may wait for an idle stream.
 */
#ifndef UAPI_CORE_FIREWALL_MEMORY_H
#define UAPI_CORE_FIREWALL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <hs/hs.h>

#include "firewall.h"

#define UAPI_FIREWALL_MOST_NOTES 1024
#define UAPI_FIREWALL_MEMORY_KNOWS 8

/** What libhs reported: judged later. */
typedef struct uapi_firewall_note {
    uint32_t pattern, from, to;
} uapi_firewall_note;

typedef struct uapi_firewall_memory {
    hs_scratch_t *scratch;                      /* serves all firewalls of the process: hs_alloc_scratch grows it */
    uint64_t known[UAPI_FIREWALL_MEMORY_KNOWS]; /* serials of the firewalls that it is large enough for */
    unsigned next_known;
    uint32_t *latest;   /* by pattern: index of its last note; believed only if that note says so, too */
    size_t latest_size; /* bytes */
    uint8_t *begun;     /* by scanner: it has begun with the text; all 0 between scans */
    size_t begun_size;
    char *states; /* what scanners keep for a text */
    size_t states_size;
    uapi_firewall_note notes[UAPI_FIREWALL_MOST_NOTES];
} uapi_firewall_memory;

/** Large enough for the firewall. NULL: there is no memory, or the calling thread has borrowed already. [any thread] */
uapi_firewall_memory *uapi_firewall_memory_borrow(const uapi_firewall *firewall);

/** Any thread, the one that borrowed. */
void uapi_firewall_memory_return(uapi_firewall_memory *memory);

#endif
