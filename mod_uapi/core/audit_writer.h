/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_writer.h
 * The writer: takes records out of the ring and commits them, a batch at a time. At most one is attached on a machine,
 * because only the holder of the ring's lock may attach one.
 */
#ifndef UAPI_CORE_AUDIT_WRITER_H
#define UAPI_CORE_AUDIT_WRITER_H

#include "audit_ring.h"

typedef struct uapi_audit_writer uapi_audit_writer;

/**
 * Not attached yet. `synced`: sync every commit from the start; otherwise from the first batch on that somebody waits
 * for. Has memory of its own, so that it may run in a thread of its own. NULL if the crypto library or the memory
 * fails.
 */
uapi_audit_writer *uapi_audit_writer_create(uapi_audit_ring *ring, const char *path, const uint8_t *key, int synced);
void uapi_audit_writer_destroy(uapi_audit_writer *writer);

/** The body of a candidate's thread: wait for the lock, write while it is held, until told to stop. */
void uapi_audit_writer_run(uapi_audit_writer *writer);
/** From another thread. A writer that runs drains what is there, if it can, and returns. */
void uapi_audit_writer_stop(uapi_audit_writer *writer);

/**
 * For recovery, with the lock held and the binding in order: drain all there is, prove that the file can be written,
 * detach. EBADMSG, with `result` untouched, where the ring is damaged. `position` tells how far it came.
 */
apr_status_t uapi_audit_writer_drain(uapi_audit_writer *writer, uint64_t *position, uint64_t *records, apr_pool_t *pool,
                                     uapi_result *result);

#endif
