/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_ring.h
 * The journal between the callers and the audit writer: a file that every process maps, holding a ring of records.
 *
 * Any number of threads in any number of processes put records in; one, the holder of the ring's lock, takes them out.
 * A process may be killed at any instruction without harm to the others (audit_ring.c says how).
 *
 * Positions are bytes counted since the ring was made; they only grow, and are multiples of UAPI_AUDIT_RING_LINE. A lap
 * is position / size. Three of them matter: *head* (end of what has been claimed), *durable* (end of what SQLite
 * holds) and *tail* (end of what has been given back to the producers); tail <= durable <= head.
 *
 * Nothing read from the file is believed: lengths and states are checked before use, and a record carries a
 * check sum of its text and position. Truncating the file under a running server is the one thing nobody can survive.
 */
#ifndef UAPI_CORE_AUDIT_RING_H
#define UAPI_CORE_AUDIT_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "result.h"

#define UAPI_AUDIT_RING_VERSION 1
#define UAPI_AUDIT_RING_LINE 64u
#define UAPI_AUDIT_RING_SIZE (16u << 20)      /* bytes of records in a new ring; a power of two */
#define UAPI_AUDIT_RING_MIN_SIZE (128u << 10) /* and page-aligned, since the ring is mapped twice in a row */
#define UAPI_AUDIT_RING_MAX_SIZE (1u << 30)
#define UAPI_AUDIT_RING_SEATS 4096u /* processes at a time */
#define UAPI_AUDIT_RING_CELLS 8u
#define UAPI_AUDIT_RING_TENANT 64 /* longest tenant name */

/** What the writer is doing, as producers need to know it. */
enum { UAPI_AUDIT_RING_AWAKE, UAPI_AUDIT_RING_NAPPING, UAPI_AUDIT_RING_ASLEEP };

/** The file's first bytes; records follow at UAPI_AUDIT_RING_HEADER. What threads fight over has lines of its own. */
typedef struct uapi_audit_ring_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;
    uint64_t size;
    uint64_t id;   /* random, also in the audit file: the two belong together */
    char boot[40]; /* the kernel's boot id when the ring was last opened */

    _Alignas(64) _Atomic uint64_t head;
    _Atomic uint64_t recorded; /* records put in */

    _Alignas(64) _Atomic uint64_t tail;
    _Atomic uint64_t durable;
    _Atomic uint64_t collecting; /* number of the batch that the writer gathers next */
    _Atomic uint64_t done;       /* number of the last batch that was committed */
    _Atomic uint64_t committed;  /* records in SQLite */
    _Atomic uint64_t commits;

    _Alignas(64) _Atomic uint32_t writer; /* UAPI_AUDIT_RING_AWAKE …; a futex */
    _Atomic int32_t failing;              /* why the writer cannot write: an apr_status_t, 0 if it can */
    _Atomic int32_t writer_pid;

    _Alignas(64) _Atomic uint32_t election; /* a futex: bumped when candidates should try for the lock at once */

    /* Futexes of waiting callers. Who waits for batch n sleeps on cell n % CELLS: a commit wakes its own only. */
    _Alignas(64) struct {
        _Alignas(64) _Atomic uint32_t batch;
    } cells[UAPI_AUDIT_RING_CELLS];

    _Alignas(64) _Atomic uint32_t seats[UAPI_AUDIT_RING_SEATS]; /* how often each was taken */
} uapi_audit_ring_header;

#define UAPI_AUDIT_RING_HEADER 65536u /* room for the header; a multiple of every page size */

/** One process's hold on the ring. After a fork the copy in the child is the child's, once it has joined. */
typedef struct uapi_audit_ring {
    uapi_audit_ring_header *header;
    char *data; /* `size` bytes of records, mapped twice in a row so that no record wraps */
    uint64_t size;
    const char *path;
    int fd;
    uint32_t seat;
    uint32_t generation; /* of the seat; 0: not joined */
} uapi_audit_ring;

/* The file (audit_ring_file.c). Failures are audit.unavailable or config.invalid; the detail names file and cause. */

/** Open the file, creating it empty with mode 0600. Refuses one that others may access. Maps nothing. */
apr_status_t uapi_audit_ring_open(uapi_audit_ring *ring, const char *path, apr_pool_t *pool, uapi_result *result);
void uapi_audit_ring_close(uapi_audit_ring *ring);
/** Is the file still empty, that is: made by nobody yet? */
int uapi_audit_ring_is_new(const uapi_audit_ring *ring);
/** Lay a new ring out in the empty file, all its blocks allocated, with a new id; then map it. With the lock held. */
apr_status_t uapi_audit_ring_make(uapi_audit_ring *ring, uint64_t size, apr_pool_t *pool, uapi_result *result);
/** Check the header and map. */
apr_status_t uapi_audit_ring_map(uapi_audit_ring *ring, apr_pool_t *pool, uapi_result *result);
/** Make a mapped ring new again, with a new id. With the lock held and nobody joined. */
void uapi_audit_ring_renew(uapi_audit_ring *ring);
/** Was the ring last opened before the machine was restarted? Then its pages may be of different age. */
int uapi_audit_ring_is_of_other_boot(const uapi_audit_ring *ring);
void uapi_audit_ring_note_boot(uapi_audit_ring *ring);

/** The writer's lock, held by at most one process on the machine and freed by the kernel when it dies. 1: taken. */
int uapi_audit_ring_lock(uapi_audit_ring *ring);
void uapi_audit_ring_unlock(uapi_audit_ring *ring);

/** In the process that will put records in (a child, after the fork): a descriptor of its own, and a seat. */
apr_status_t uapi_audit_ring_join(uapi_audit_ring *ring, apr_pool_t *pool, uapi_result *result);
/** Does the process that took the seat at that generation still live? */
int uapi_audit_ring_is_seated(const uapi_audit_ring *ring, uint32_t seat, uint32_t generation);
/** Has any other process joined? */
int uapi_audit_ring_is_shared(const uapi_audit_ring *ring);

/* The records (audit_ring.c). */

typedef struct uapi_audit_slot {
    uint64_t position;
    uint64_t end;       /* where the next one begins */
    const char *tenant; /* not NUL-terminated; both point into the ring and stay until the slot is released */
    const char *text;
    uint32_t tenant_length;
    uint32_t length;
    int power;                 /* somebody waits for it */
    uint32_t seat, generation; /* who puts it in */
} uapi_audit_slot;

typedef enum uapi_audit_slot_state {
    UAPI_AUDIT_SLOT_NONE,    /* nothing there yet */
    UAPI_AUDIT_SLOT_CLAIMED, /* its producer is still copying, or was killed: tenant and text are not set */
    UAPI_AUDIT_SLOT_READY,
    UAPI_AUDIT_SLOT_DAMAGED /* no ring that this code wrote looks like this */
} uapi_audit_slot_state;

/**
 * Put a record in; it then outlives this process. `end` receives the position that durable must reach, `batch` the
 * earliest batch that can hold it. APR_EAGAIN: no room. APR_EINVAL: damaged. Any thread, never blocks. The text must
 * hold no NUL.
 */
apr_status_t uapi_audit_ring_put(uapi_audit_ring *ring, const char *tenant, size_t tenant_length, const char *text,
                                 size_t length, int power, uint64_t *end, uint64_t *batch);

/** Look at the slot at a position (the tail, or the end of the slot before). For the writer. */
uapi_audit_slot_state uapi_audit_ring_look(const uapi_audit_ring *ring, uint64_t position, uapi_audit_slot *slot);

/** Give everything before `position` back to the producers. For the writer; may be repeated after a crash half-way. */
void uapi_audit_ring_release(uapi_audit_ring *ring, uint64_t position);

/** Bytes claimed and not yet given back. */
uint64_t uapi_audit_ring_used(const uapi_audit_ring *ring);

/* Waiting and waking (audit_ring_wait.c). */

/** Wait until durable reaches `end`. APR_TIMEUP, or the status for which the writer is failing. */
apr_status_t uapi_audit_ring_await(uapi_audit_ring *ring, uint64_t end, uint64_t batch, unsigned milliseconds);
/** Tell the writer that something was put in: one system call, and only if it sleeps. */
void uapi_audit_ring_notify(uapi_audit_ring *ring, int power);
/** Wake the writer whatever it is doing, and the candidates. */
void uapi_audit_ring_rouse(uapi_audit_ring *ring);

/** A new writer begins: no batch of its predecessor is under way any more. Everyone who waits looks again. */
void uapi_audit_ring_begin(uapi_audit_ring *ring, uint64_t durable);
/** The writer has closed a batch: records put in from now on belong to a later one. Returns the batch's number. */
uint64_t uapi_audit_ring_collected(uapi_audit_ring *ring);
/** A batch is committed up to `durable`. Wakes those who wait for it, if there are any. */
void uapi_audit_ring_complete(uapi_audit_ring *ring, uint64_t batch, uint64_t durable, int waiters);
/** The writer cannot write (or, with 0, can again). Everyone who waits looks again. */
void uapi_audit_ring_fail(uapi_audit_ring *ring, apr_status_t why);
/**
 * The writer rests until notified, at most so long. NAPPING: only records that somebody waits for, or a ring that
 * fills, end it; ASLEEP: any record does. Returns at once if such a record stands at `position` already.
 */
void uapi_audit_ring_rest(uapi_audit_ring *ring, uint32_t how, uint64_t position, unsigned milliseconds);
/** A candidate rests until the election word changes from `seen`. */
void uapi_audit_ring_rest_candidate(uapi_audit_ring *ring, uint32_t seen, unsigned milliseconds);

#endif
