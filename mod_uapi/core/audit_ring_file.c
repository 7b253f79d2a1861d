/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The ring's file: its making, checking and mapping, and the locks on it. The locks belong to open file descriptions
 * (fcntl's OFD locks): the kernel frees them when a process dies, before it becomes a zombie, and two descriptors of
 * one process exclude each other too. Byte 0 is the writer's; the byte of a seat says that whoever took the seat
 * lives. The blocks are written, not left sparse: a store into a hole of a full disk would kill the process.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_OFD_SETLK */
#endif
#include "audit_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "uapiring";

_Static_assert(sizeof(uapi_audit_ring_header) <= UAPI_AUDIT_RING_HEADER, "the header must fit its place");

static apr_status_t refuse(const uapi_audit_ring *ring, apr_status_t status, const char *what, apr_pool_t *pool,
                           uapi_result *result)
{
    char text[128] = "";

    apr_strerror(status, text, sizeof(text));
    return uapi_fail(result, pool, status, UAPI_REASON_AUDIT_UNAVAILABLE, "audit ring %s: %s: %s", ring->path, what,
                     text);
}

static apr_status_t refuse_content(const uapi_audit_ring *ring, const char *what, apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_AUDIT_UNAVAILABLE,
                     "audit ring %s: %s; it may hold records that are in no audit file yet: keep a copy of it before "
                     "moving it out of the way",
                     ring->path, what);
}

apr_status_t uapi_audit_ring_open(uapi_audit_ring *ring, const char *path, apr_pool_t *pool, uapi_result *result)
{
    struct stat info;

    memset(ring, 0, sizeof(*ring));
    ring->path = path;
    ring->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (ring->fd == -1) {
        return refuse(ring, errno, "cannot be opened", pool, result);
    }
    if (fstat(ring->fd, &info) == -1 || !S_ISREG(info.st_mode)) {
        uapi_audit_ring_close(ring);
        return refuse(ring, APR_EINVAL, "is no regular file", pool, result);
    }
    if (info.st_mode & 077) {
        uapi_audit_ring_close(ring);
        return uapi_fail(result, pool, APR_EACCES, UAPI_REASON_CONFIG_INVALID,
                         "audit ring %s: mode %04o lets others in; it must be 0600", path,
                         (unsigned)info.st_mode & 07777);
    }
    return APR_SUCCESS;
}

void uapi_audit_ring_close(uapi_audit_ring *ring)
{
    if (ring->header) {
        munmap(ring->header, UAPI_AUDIT_RING_HEADER + 2 * ring->size);
        ring->header = NULL;
        ring->data = NULL;
    }
    if (ring->fd != -1) {
        close(ring->fd);
        ring->fd = -1;
    }
}

int uapi_audit_ring_is_new(const uapi_audit_ring *ring)
{
    struct stat info;

    return fstat(ring->fd, &info) == 0 && info.st_size == 0;
}

static apr_status_t write_zeros(int fd, uint64_t length)
{
    static const char zeros[65536];
    uint64_t at = 0;

    while (at < length) {
        size_t part = length - at < sizeof(zeros) ? (size_t)(length - at) : sizeof(zeros);
        ssize_t written = pwrite(fd, zeros, part, (off_t)at);

        if (written <= 0) {
            return written == 0 ? ENOSPC : errno;
        }
        at += (uint64_t)written;
    }
    return APR_SUCCESS;
}

static void read_boot_id(char boot[static 40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd == -1 ? 0 : read(fd, boot, 36);

    memset(boot + (length > 0 ? length : 0), 0, (size_t)(40 - (length > 0 ? length : 0)));
    if (fd != -1) {
        close(fd);
    }
}

static uint64_t random_id(void)
{
    uint64_t id = 0;

    while (id == 0) { /* the audit file keeps it as a signed number; 0 means none */
        if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
            id = 0;
        }
        id &= INT64_MAX;
    }
    return id;
}

apr_status_t uapi_audit_ring_make(uapi_audit_ring *ring, uint64_t size, apr_pool_t *pool, uapi_result *result)
{
    uapi_audit_ring_header header;
    apr_status_t status = write_zeros(ring->fd, UAPI_AUDIT_RING_HEADER + size);

    memset(&header, 0, sizeof(header));
    header.version = UAPI_AUDIT_RING_VERSION;
    header.header_size = UAPI_AUDIT_RING_HEADER;
    header.size = size;
    header.id = random_id();
    read_boot_id(header.boot);
    memcpy(header.magic, magic, sizeof(magic));
    if (status == APR_SUCCESS && pwrite(ring->fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
        status = errno ? errno : EIO;
    }
    if (status != APR_SUCCESS) {
        if (ftruncate(ring->fd, 0) == -1) {
            status = errno;
        }
        return refuse(ring, status, "cannot be written", pool, result);
    }
    return uapi_audit_ring_map(ring, pool, result);
}

static int is_sane(const uapi_audit_ring_header *header, uint64_t file_size)
{
    return header->header_size == UAPI_AUDIT_RING_HEADER && header->size >= UAPI_AUDIT_RING_MIN_SIZE &&
           header->size <= UAPI_AUDIT_RING_MAX_SIZE && (header->size & (header->size - 1)) == 0 &&
           file_size == UAPI_AUDIT_RING_HEADER + header->size && header->id != 0 && header->id <= INT64_MAX;
}

static apr_status_t check_header(const uapi_audit_ring *ring, uint64_t *size, apr_pool_t *pool, uapi_result *result)
{
    uapi_audit_ring_header header;
    struct stat info;
    uint64_t head, tail;

    if (fstat(ring->fd, &info) == -1 || pread(ring->fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
        return refuse_content(ring, "is too short to be a ring", pool, result);
    }
    if (memcmp(header.magic, magic, sizeof(magic)) != 0) {
        return refuse_content(ring, "is no audit ring", pool, result);
    }
    if (header.version != UAPI_AUDIT_RING_VERSION) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_AUDIT_UNAVAILABLE,
                         "audit ring %s: has version %u, this program knows %d; let the program that wrote it drain it",
                         ring->path, header.version, UAPI_AUDIT_RING_VERSION);
    }
    if (!is_sane(&header, (uint64_t)info.st_size)) {
        return refuse_content(ring, "is damaged: its size does not fit its header", pool, result);
    }
    tail = atomic_load(&header.tail);
    head = atomic_load(&header.head);
    if (tail % UAPI_AUDIT_RING_LINE || head % UAPI_AUDIT_RING_LINE || tail > INT64_MAX || head > INT64_MAX) {
        return refuse_content(ring, "is damaged: its positions make no sense", pool, result);
    }
    *size = header.size;
    return APR_SUCCESS;
}

apr_status_t uapi_audit_ring_map(uapi_audit_ring *ring, apr_pool_t *pool, uapi_result *result)
{
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
    uint64_t size;
    char *base;
    apr_status_t status = check_header(ring, &size, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    base = mmap(NULL, UAPI_AUDIT_RING_HEADER + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return refuse(ring, errno, "cannot be mapped", pool, result);
    }
    if (mmap(base, UAPI_AUDIT_RING_HEADER + size, protection, flags, ring->fd, 0) == MAP_FAILED ||
        mmap(base + UAPI_AUDIT_RING_HEADER + size, size, protection, flags, ring->fd, UAPI_AUDIT_RING_HEADER) ==
            MAP_FAILED) {
        status = errno;
        munmap(base, UAPI_AUDIT_RING_HEADER + 2 * size);
        return refuse(ring, status, "cannot be mapped", pool, result);
    }
    ring->header = (uapi_audit_ring_header *)base;
    ring->data = base + UAPI_AUDIT_RING_HEADER;
    ring->size = size;
    return APR_SUCCESS;
}

void uapi_audit_ring_renew(uapi_audit_ring *ring)
{
    uapi_audit_ring_header *header = ring->header;
    uint64_t id = random_id();

    /* Nothing in it counts any more, so the order matters only in that an old id never goes with new contents. */
    header->id = id;
    memset(ring->data, 0, ring->size);
    atomic_store(&header->head, 0);
    atomic_store(&header->tail, 0);
    atomic_store(&header->durable, 0);
    atomic_store(&header->recorded, 0);
    atomic_store(&header->committed, 0);
    atomic_store(&header->commits, 0);
    atomic_store(&header->failing, 0);
    uapi_audit_ring_note_boot(ring);
}

int uapi_audit_ring_is_of_other_boot(const uapi_audit_ring *ring)
{
    char boot[40];

    read_boot_id(boot);
    return memcmp(boot, ring->header->boot, sizeof(boot)) != 0;
}

void uapi_audit_ring_note_boot(uapi_audit_ring *ring)
{
    char boot[40];

    read_boot_id(boot);
    memcpy(ring->header->boot, boot, sizeof(boot));
}

static int lock(int fd, int command, short type, off_t start, off_t length, struct flock *lock)
{
    *lock = (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, lock);
}

int uapi_audit_ring_lock(uapi_audit_ring *ring)
{
    struct flock range;

    return lock(ring->fd, F_OFD_SETLK, F_WRLCK, 0, 1, &range) == 0;
}

void uapi_audit_ring_unlock(uapi_audit_ring *ring)
{
    struct flock range;

    lock(ring->fd, F_OFD_SETLK, F_UNLCK, 0, 1, &range);
}

static int reopen(const uapi_audit_ring *ring)
{
    struct stat mapped, found;
    int fd = open(ring->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

    if (fd != -1 && (fstat(ring->fd, &mapped) == -1 || fstat(fd, &found) == -1 || mapped.st_dev != found.st_dev ||
                     mapped.st_ino != found.st_ino)) {
        close(fd);
        errno = ESTALE;
        return -1;
    }
    return fd;
}

apr_status_t uapi_audit_ring_join(uapi_audit_ring *ring, apr_pool_t *pool, uapi_result *result)
{
    struct flock range;
    uint32_t generation;
    int fd = reopen(ring);

    if (fd == -1) {
        return refuse(ring, errno, "cannot be opened again", pool, result);
    }
    for (uint32_t seat = 0; seat < UAPI_AUDIT_RING_SEATS; seat++) {
        if (lock(fd, F_OFD_SETLK, F_WRLCK, 1 + (off_t)seat, 1, &range) == 0) {
            do { /* 0 means: not joined */
                generation = atomic_fetch_add(&ring->header->seats[seat], 1) + 1;
            } while (generation == 0);
            close(ring->fd); /* the parent's description stays open in the parent */
            ring->fd = fd;
            ring->seat = seat;
            ring->generation = generation;
            return APR_SUCCESS;
        }
    }
    close(fd);
    return refuse(ring, ENOSPC, "all seats are taken", pool, result);
}

int uapi_audit_ring_is_seated(const uapi_audit_ring *ring, uint32_t seat, uint32_t generation)
{
    struct flock range;

    if (atomic_load(&ring->header->seats[seat]) != generation) {
        return 0;
    }
    if (ring->generation && seat == ring->seat) {
        return 1; /* one's own lock is never in one's way */
    }
    return lock(ring->fd, F_OFD_GETLK, F_WRLCK, 1 + (off_t)seat, 1, &range) == -1 || range.l_type != F_UNLCK;
}

int uapi_audit_ring_is_shared(const uapi_audit_ring *ring)
{
    struct flock range;

    return lock(ring->fd, F_OFD_GETLK, F_WRLCK, 1, UAPI_AUDIT_RING_SEATS, &range) == -1 || range.l_type != F_UNLCK;
}
