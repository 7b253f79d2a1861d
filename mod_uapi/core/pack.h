/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pack.h
 * A pattern pack (kind: PatternPack) as a scanner. It is one through the table that plugins have, uapi.scanner/1, and has no other way in:
 * its patterns join the one database, its rules are named in Firewall documents as "<pack>.<rule>".
 */
#ifndef UAPI_CORE_PACK_H
#define UAPI_CORE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "checksum.h"
#include "plugin.h"

typedef struct uapi_pack_texts {
    const char *const *items; /* NUL-terminated */
    uint32_t count;
} uapi_pack_texts;

/** A rule. What is not wanted is 0. */
typedef struct uapi_pack_rule {
    const char *id, *title; /* title may be NULL */
    uint32_t severity;      /* uapi_severity */
    uint32_t directions;    /* uapi_direction, as a bit set */
    uint32_t action;        /* uapi_default_action, for both directions */
    int caseless;
    uapi_pack_texts regexes; /* at least one; any of them */
    uapi_pack_texts words;   /* one must stand near; upper and lower case are one, ASCII */
    size_t within;           /* bytes before and behind that are looked at for them */
    int has_checksum;        /* `checksum` must hold */
    uapi_checksum checksum;
    double entropy;                /* least, in bits a byte (Shannon) */
    size_t min_length, max_length; /* in bytes */
    uapi_pack_texts exact;         /* matches that are none */
    uapi_pack_texts allow;         /* expressions: what they match as a whole is none */
} uapi_pack_rule;

/** Flags (uapi_pattern_flags) with which an expression of a pack is compiled. */
uint32_t uapi_pack_flags(const char *regex, int caseless);

/**
 * What is wrong with an expression, in printable ASCII in the pool; NULL if nothing is. It must have a bound, because a
 * finding that may be of any size could not be held back in streams.
 */
const char *uapi_pack_regex_fault(const char *regex, int caseless, apr_pool_t *pool);

#define UAPI_PACK_LONGEST_REGEX 1024
#define UAPI_PACK_LONGEST_MATCH 4096

/**
 * Make the scanner. `rules` and what they point to must live as long as the pool. `path` names it in messages. Fails
 * with config.invalid.
 */
apr_status_t uapi_pack_create(uapi_plugin **plugin, const char *name, const char *path, const uapi_pack_rule *rules,
                              uint32_t count, apr_pool_t *pool, uapi_result *result);

#endif
