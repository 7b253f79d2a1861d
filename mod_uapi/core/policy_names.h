/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_names.h
 * An index from names and patterns to numbers: given a name, which numbers stand under a name or pattern that matches
 * it?
 *
 * Plain names are looked up in a hash table. Patterns are found by one pass over the name that finds a literal of
 * every pattern at once (Aho and Corasick, "Efficient string matching", 1975); only patterns whose literal occurs in
 * the name are tried. The literal is the one that fewest other patterns share. So the cost depends on the name's
 * length and on the patterns that are near to matching it, not on how many there are. Built once, then read-only: any
 * thread, no allocation.
 */
#ifndef UAPI_CORE_POLICY_NAMES_H
#define UAPI_CORE_POLICY_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

typedef struct uapi_policy_names uapi_policy_names;

uapi_policy_names *uapi_policy_names_create(apr_pool_t *pool);

/**
 * Put a number under a name or pattern, which is not copied. A number given twice in a row under the same one counts
 * once.
 */
void uapi_policy_names_add(uapi_policy_names *names, const char *pattern, uint32_t number);

/** After the last addition, before the first visit. */
void uapi_policy_names_seal(uapi_policy_names *names);

/** The numbers of one name or pattern that matches. */
typedef void (*uapi_policy_names_visitor)(void *baton, const uint32_t *numbers, uint32_t count);

/**
 * Call the visitor for each name or pattern that matches, perhaps twice for one. Returns how many patterns were tried.
 */
unsigned uapi_policy_names_visit(const uapi_policy_names *names, const char *name, size_t length,
                                 uapi_policy_names_visitor visitor, void *baton);

#endif
