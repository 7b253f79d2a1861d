/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_recovery.h
 * Before a server starts: bring ring and audit file together, with nothing lost in silence.
 */
#ifndef UAPI_CORE_AUDIT_RECOVERY_H
#define UAPI_CORE_AUDIT_RECOVERY_H

#include "audit_ring.h"

/**
 * With the ring's lock held: make what is missing, drain what a dead server left, prove that the file can be written.
 * The ring is mapped afterwards. `note` is NULL or a sentence for the log: what was found that an operator should know.
 * Refuses to go on (audit.unavailable) where acknowledged records would be lost without anyone's decision:
 * - the ring holds records, and the audit file is new or belongs to another ring;
 * - the file holds less than the ring has seen committed, without a restart of the machine in between (an old copy);
 * - the ring is damaged, without such a restart.
 */
apr_status_t uapi_audit_recover(uapi_audit_ring *ring, const char *path, const uint8_t *key, int synced,
                                const char **note, apr_pool_t *pool, uapi_result *result);

#endif
