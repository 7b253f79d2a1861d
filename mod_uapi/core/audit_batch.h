/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_batch.h
 * A batch of records on their way from the ring into the audit file: which chains they extend, and their seals.
 */
#ifndef UAPI_CORE_AUDIT_BATCH_H
#define UAPI_CORE_AUDIT_BATCH_H

#include "../store/audit_store.h"
#include "audit_ring.h"
#include "audit_seal.h"

#define UAPI_AUDIT_BATCH_RECORDS 512u
#define UAPI_AUDIT_BATCH_BYTES (1u << 20)

typedef struct uapi_audit_batch uapi_audit_batch;

/** Lives in the pool; for one thread at a time. */
uapi_audit_batch *uapi_audit_batch_create(uapi_audit_seal *seal, apr_pool_t *pool);

/** Add a record; the slot's text must stay until the batch is written. 0: the batch is full, nothing was added. */
int uapi_audit_batch_add(uapi_audit_batch *batch, const uapi_audit_slot *slot);

size_t uapi_audit_batch_count(const uapi_audit_batch *batch);

/**
 * Extend the chains and commit, moving the binding of `ring` from one position to another. The batch is empty
 * afterwards, and after a failure also forgets the chains' ends, so that they are read from the file again. An empty
 * batch commits, too.
 */
apr_status_t uapi_audit_batch_write(uapi_audit_batch *batch, uapi_audit_store *store, uint64_t ring, uint64_t from,
                                    uint64_t to);

/** Drop what was added and the ends of the chains. */
void uapi_audit_batch_forget(uapi_audit_batch *batch);

#endif
