/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file firewall_open.h
 * Whether a match may be going on at the end of a text. libhs does not tell, so each pattern is there a second time, as PCRE2 has it:
 * its head (pattern_head.h), which finds where a match may have begun, and the whole, matched from there and stopped where the text
 * ends (PCRE2_PARTIAL_HARD). A token or a value behind a whole match belongs to it as long as it goes on.
 *
 * There are those patterns whose findings are taken out of answers or block them; one without a head is not there, nor is one with other
 * characters than ASCII. Of those, the first part of a match that is split has left when the last one is found.
 */
#ifndef UAPI_CORE_FIREWALL_OPEN_H
#define UAPI_CORE_FIREWALL_OPEN_H

#include "firewall.h"

/** Bytes at the end of a text that are looked at; what began before is not open. */
#define UAPI_FIREWALL_OPEN_LONGEST 1024

/**
 * Prepare. Only for servers that hold streams back; without it nothing is ever open. Firewalls with the same patterns share what is
 * made first: their pools must end together. Fails only if there is no memory. [parent, before the fork]
 */
apr_status_t uapi_firewall_open_compile(uapi_firewall *firewall, apr_pool_t *pool, uapi_result *result);

/** Patterns that are there, for doctor and tests. */
size_t uapi_firewall_open_count(const uapi_firewall *firewall);

/**
 * How many bytes at the end of the text are the beginning of a match that may go on behind it; 0: none. Any thread.
 */
size_t uapi_firewall_open(const uapi_firewall *firewall, const char *text, size_t length);

#endif
