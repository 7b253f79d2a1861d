/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the server sees of the audit: open in the parent, start in a child, append in any thread. Nothing of SQLite or
 * OpenSSL is made before the fork and used after it; what a child inherits is the mapped ring. The mapping is never
 * taken away in a child, because threads may still append while its pools are being destroyed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_timedjoin_np */
#endif
#include "audit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../store/audit_store.h"
#include "audit_recovery.h"
#include "audit_ring.h"
#include "audit_writer.h"
#include "secret.h"

#define OPEN_LIMIT 2000   /* ms that open waits for another server's first moments */
#define FULL_LIMIT 100    /* ms that a record waits for room in the ring */
#define SUSPICION 20      /* ms of a full ring after which the writer may be dead, and candidates should look */
#define COMMIT_LIMIT 5000 /* ms that a caller waits for a commit */

struct uapi_audit {
    uapi_audit_ring ring;
    const char *path;
    const uint8_t *key;
    int power;
    pid_t opener;
    _Atomic int started;
    uapi_audit_writer *writer;
    pthread_t thread;
};

/* A caller's pool is not known here, and the causes are few. */
static const struct {
    apr_status_t status;
    const char *detail;
} causes[] = {{ENOSPC, "the disk of the audit file is full"},
              {EROFS, "the audit file is read-only"},
              {EBUSY, "another program has locked the audit file"},
              {EIO, "the disk of the audit file reports an error"},
              {EILSEQ, "the audit file is damaged"},
              {EBADMSG, "the audit ring is damaged"},
              {ESTALE, "the audit file was moved, replaced or bound to another ring"},
              {EACCES, "the audit file may not be written to"},
              {ENOENT, "the audit file cannot be opened"},
              {APR_EAGAIN, "the audit ring is full: the writer does not keep up"},
              {APR_EINVAL, "the audit ring is damaged"},
              {APR_TIMEUP, "the commit did not come in time; the record may still appear"},
              {APR_ENOTIMPL, "the audit is not started in this process"},
              {APR_BADARG, "the record or the tenant's name is empty, too long or no text"}};

static const char *describe(apr_status_t status)
{
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        if (causes[i].status == status) {
            return causes[i].detail;
        }
    }
    return "the audit file cannot be written to";
}

static void nap(unsigned milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static apr_status_t unmap(void *data)
{
    uapi_audit *audit = data;

    if (audit->opener == getpid()) {
        uapi_audit_ring_close(&audit->ring);
    }
    return APR_SUCCESS;
}

/*
 * Another server, or older children of this one, hold the lock: they drain the ring; no second writer may touch it.
 * That they cannot write just now is no reason to fail: a server that restarts gracefully would stop, with all that
 * it serves besides.
 */
static apr_status_t join_running(uapi_audit *audit, const char **note, apr_pool_t *pool, uapi_result *result)
{
    uapi_audit_store *store;
    apr_status_t status = uapi_audit_ring_map(&audit->ring, pool, result);
    int32_t failing;

    if (status == APR_SUCCESS) {
        status = uapi_audit_store_open(&store, audit->path, UAPI_AUDIT_STORE_READ, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    uapi_audit_store_close(store);
    if ((failing = atomic_load(&audit->ring.header->failing)) != 0) {
        *note = apr_psprintf(pool, "the running server refuses calls now: %s", describe(failing));
    }
    return APR_SUCCESS;
}

static apr_status_t recover_or_join(uapi_audit *audit, const char **note, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;

    *note = NULL;
    for (unsigned waited = 0; !uapi_audit_ring_lock(&audit->ring); waited += 10) {
        if (!uapi_audit_ring_is_new(&audit->ring)) {
            return join_running(audit, note, pool, result);
        }
        if (waited >= OPEN_LIMIT) {
            return uapi_fail(result, pool, EBUSY, UAPI_REASON_AUDIT_UNAVAILABLE,
                             "audit ring %s: another process holds its lock, but does not lay it out",
                             audit->ring.path);
        }
        nap(10);
    }
    status = uapi_audit_recover(&audit->ring, audit->path, audit->key, audit->power, note, pool, result);
    uapi_audit_ring_unlock(&audit->ring);
    if (status == APR_SUCCESS) {
        uapi_audit_ring_rouse(&audit->ring);
    }
    return status;
}

static apr_status_t give_away(const uapi_audit *audit, int uid, int gid, apr_pool_t *pool, uapi_result *result)
{
    if ((uid != -1 || gid != -1) && fchown(audit->ring.fd, (uid_t)uid, (gid_t)gid) == -1) {
        return uapi_fail(result, pool, errno, UAPI_REASON_AUDIT_UNAVAILABLE,
                         "audit ring %s: cannot be given to the server's user", audit->ring.path);
    }
    return uapi_audit_store_own(audit->path, uid, gid, pool, result);
}

apr_status_t uapi_audit_open(uapi_audit **opened, const char *path, const uint8_t key[UAPI_AUDIT_KEY_SIZE], int power,
                             int uid, int gid, apr_pool_t *pool, uapi_result *result)
{
    uapi_audit *audit = apr_pcalloc(pool, sizeof(*audit));
    uint8_t *kept = uapi_secret_alloc(UAPI_AUDIT_KEY_SIZE, pool);
    const char *note;
    apr_status_t status;

    *opened = NULL;
    if (!kept) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "no locked memory for the audit key");
    }
    memcpy(kept, key, UAPI_AUDIT_KEY_SIZE);
    audit->path = apr_pstrdup(pool, path);
    audit->key = kept;
    audit->power = power;
    audit->opener = getpid();
    status = uapi_audit_ring_open(&audit->ring, apr_pstrcat(pool, path, "-ring", NULL), pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_pool_cleanup_register(pool, audit, unmap, apr_pool_cleanup_null);
    status = recover_or_join(audit, &note, pool, result);
    if (status == APR_SUCCESS) {
        status = give_away(audit, uid, gid, pool, result);
    }
    if (status != APR_SUCCESS) {
        apr_pool_cleanup_run(pool, audit, unmap);
        return status;
    }
    if (result) {
        *result = (uapi_result){.detail = note};
    }
    *opened = audit;
    return APR_SUCCESS;
}

static void *run(void *data)
{
    pthread_setname_np(pthread_self(), "uapi-audit"); /* as top -H shows it */
    uapi_audit_writer_run(data);
    return NULL;
}

static apr_status_t stop(void *data)
{
    uapi_audit *audit = data;
    struct timespec limit;

    atomic_store(&audit->started, 0);
    do { /* again and again, because the writer may have looked just before it was told, and gone to sleep */
        uapi_audit_writer_stop(audit->writer);
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_nsec += 20 * 1000000;
        if (limit.tv_nsec >= 1000000000) {
            limit.tv_sec++;
            limit.tv_nsec -= 1000000000;
        }
    } while (pthread_timedjoin_np(audit->thread, NULL, &limit) == ETIMEDOUT);
    uapi_audit_writer_destroy(audit->writer);
    audit->writer = NULL;
    return APR_SUCCESS;
}

/* The server's signals are for its own threads. */
static int create_thread(uapi_audit *audit)
{
    sigset_t all, before;
    int status;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&audit->thread, NULL, run, audit->writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

apr_status_t uapi_audit_start(uapi_audit *audit, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_audit_ring_join(&audit->ring, pool, result);
    int error;

    if (status != APR_SUCCESS) {
        return status;
    }
    audit->writer = uapi_audit_writer_create(&audit->ring, audit->path, audit->key, 0);
    if (!audit->writer) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_AUDIT_UNAVAILABLE,
                         "audit file %s: SHA-256 is not available", audit->path);
    }
    if ((error = create_thread(audit)) != 0) {
        uapi_audit_writer_destroy(audit->writer);
        return uapi_fail(result, pool, error, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: no thread for its writer",
                         audit->path);
    }
    apr_pool_cleanup_register(pool, audit, stop, apr_pool_cleanup_null);
    atomic_store(&audit->started, 1);
    return APR_SUCCESS;
}

static apr_status_t refuse(uapi_result *result, apr_status_t status)
{
    if (result) {
        *result = (uapi_result){status, UAPI_REASON_AUDIT_UNAVAILABLE, describe(status)};
    }
    return status;
}

/* A NUL would end text for some reader of the file; the ring relies on there being none. */
static int is_acceptable(const char *tenant, size_t tenant_length, const char *record, size_t length)
{
    return tenant_length > 0 && tenant_length <= UAPI_AUDIT_RING_TENANT && tenant[0] != '\0' && length >= 2 &&
           length <= UAPI_AUDIT_MAX_RECORD && record[0] == '{' && record[length - 1] == '}' &&
           memchr(record, '\0', length) == NULL;
}

static apr_status_t put(uapi_audit *audit, const char *tenant, size_t tenant_length, const char *record, size_t length,
                        int power, uint64_t *end, uint64_t *batch)
{
    for (unsigned waited = 0;; waited++) {
        apr_status_t status = uapi_audit_ring_put(&audit->ring, tenant, tenant_length, record, length, power, end,
                                                  batch);

        uapi_audit_ring_notify(&audit->ring, power || status != APR_SUCCESS);
        if (waited % SUSPICION == SUSPICION - 1) {
            uapi_audit_ring_rouse(&audit->ring);
        }
        if (status != APR_EAGAIN || waited >= FULL_LIMIT) {
            return status;
        }
        nap(1);
    }
}

apr_status_t uapi_audit_append(uapi_audit *audit, const char *tenant, const char *record, size_t length,
                               uapi_durability durability, uapi_result *result)
{
    const int power = durability == UAPI_DURABILITY_POWER;
    size_t tenant_length = strnlen(tenant, UAPI_AUDIT_RING_TENANT + 1);
    uint64_t end, batch;
    apr_status_t status;

    if (!atomic_load_explicit(&audit->started, memory_order_relaxed)) {
        return refuse(result, APR_ENOTIMPL);
    }
    if (!is_acceptable(tenant, tenant_length, record, length)) {
        return refuse(result, APR_BADARG);
    }
    if ((status = atomic_load_explicit(&audit->ring.header->failing, memory_order_relaxed)) != APR_SUCCESS) {
        return refuse(result, status);
    }
    status = put(audit, tenant, tenant_length, record, length, power, &end, &batch);
    if (status == APR_SUCCESS && power) {
        status = uapi_audit_ring_await(&audit->ring, end, batch, COMMIT_LIMIT);
    }
    return status == APR_SUCCESS ? APR_SUCCESS : refuse(result, status);
}

void uapi_audit_get_status(uapi_audit *audit, uapi_audit_status *status)
{
    const uapi_audit_ring_header *header = audit->ring.header;

    status->recorded = atomic_load(&header->recorded);
    status->committed = atomic_load(&header->committed);
    status->commits = atomic_load(&header->commits);
    status->ring_size = audit->ring.size;
    status->ring_used = uapi_audit_ring_used(&audit->ring);
    status->writer_pid = atomic_load(&header->writer_pid);
    status->failing = atomic_load(&header->failing) != 0;
}
