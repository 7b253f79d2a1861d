/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file behaviour.h
 * What a principal does with a tool over time, against what it did before: how much the answers hold, and whether its calls
 * walk through pages.
 *
 * A bounded table of pairs (principal, tool), kept in each child process by itself: a principal whose calls are spread
 * over n children is seen by each of them with about an n-th of its calls. Nothing is shared or stored, and a restart
 * begins anew. Every field is an atomic of its own and there is no lock: two threads that meet in a pair count both; at
 * worst a figure of one window is told in the next.
 *
 * The least recently used pair of a group of eight gives way to a new one.
 */
#ifndef SCANNER_EXFILTRATION_BEHAVIOUR_H
#define SCANNER_EXFILTRATION_BEHAVIOUR_H

#include <stddef.h>
#include <stdint.h>

#include "uapi_plugin.h"

typedef struct behaviour_pair behaviour_pair;

typedef struct behaviour_options {
    uint64_t window;        /* seconds */
    uint64_t floor_bytes;   /* a window with fewer is never unusual */
    uint64_t floor_records; /* the same */
    uint64_t factor;        /* times the mean */
    uint64_t pages;         /* steps up before a walk is told */
    uint64_t answer_bytes;  /* an answer from here on is large */
    uint64_t answer_records;
    uint64_t limit;      /* a request for so many records is one for all */
    uint64_t principals; /* pairs that are remembered; rounded up to a power of two */
} behaviour_options;

typedef struct behaviour {
    behaviour_options options;
    behaviour_pair *pairs; /* NULL: nothing is remembered */
    size_t count;
    const uapi_host *host;
    const uapi_host_time_1 *time;
} behaviour;

/** 1, or 0 if there is no memory. A host without uapi.host.time/1 gets no memory of principals. [parent] */
int behaviour_init(behaviour *self, const uapi_host *host, const behaviour_options *options);
void behaviour_free(behaviour *self);

/**
 * Count an answer: 1 if the pair's current window is unusual now. Its earlier windows have an exponentially weighted
 * mean and deviation (each new one counts 0.3); unusual is what exceeds the floor, the factor times the mean, and the mean
 * by four deviations, after at least three windows. Windows without answers are not counted. A call without a principal
 * is not counted. [any-thread]
 */
int behaviour_volume(behaviour *self, const uapi_call_info *call, uint64_t bytes, uint64_t records);

/**
 * A call for a page: 1 if it is at least the `pages`-th step in a row. A number steps up if it is higher than the last one
 * (the same again is a retry; a lower one begins anew); a cursor steps if it is another one. Steps that are more than a
 * window apart begin anew. [any-thread]
 */
int behaviour_page(behaviour *self, const uapi_call_info *call, uint64_t position, int is_cursor);

/** A hash for cursors and names (FNV-1a). */
uint64_t behaviour_hash(uint64_t seed, const char *text, size_t length);

#endif
