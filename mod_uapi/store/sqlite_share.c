/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Root changes owners in a folder that an unprivileged user may write, so each file is pinned first and judged
 * afterwards: a link put in its place is refused, hard ones too. The descriptor is O_PATH because closing any other
 * one would drop the locks that SQLite holds on the file in this process.
 */
#include "sqlite_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

static const char *const endings[] = {"", "-wal", "-shm", "-generation"};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

static int change(int file, const struct stat *info, uid_t uid, gid_t gid, mode_t mode)
{
    char name[64];

    snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
    if ((info->st_mode & 07777) != mode && chmod(name, mode) != 0) {
        return errno;
    }
    if ((info->st_uid != uid || info->st_gid != gid) && fchownat(file, "", uid, gid, AT_EMPTY_PATH) != 0) {
        return errno;
    }
    return 0;
}

/* Returns 0 or an errno. */
static int share_one(const char *path, int uid, int gid, mode_t mode)
{
    struct stat info;
    int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), error;

    if (file < 0) {
        return errno;
    }
    if (fstat(file, &info) != 0) {
        error = errno;
    } else if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
        error = ELOOP;
    } else {
        error = change(file, &info, uid == -1 ? info.st_uid : (uid_t)uid, gid == -1 ? info.st_gid : (gid_t)gid, mode);
    }
    close(file);
    return error;
}

apr_status_t uapi_store_share(const char *path, int uid, int gid, int mode, apr_pool_t *pool, uapi_result *result)
{
    size_t i;

    for (i = 0; i < ENDINGS; i++) {
        const char *name = apr_pstrcat(pool, path, endings[i], NULL);
        int error = share_one(name, uid, gid, (mode_t)mode);

        if (error != 0 && !(error == ENOENT && i > 0)) {
            return uapi_fail(result, pool, APR_FROM_OS_ERROR(error), UAPI_REASON_REGISTRY_UNAVAILABLE,
                             "registry file %s: its owner or permissions cannot be set: %s", name,
                             error == ELOOP ? "it is a link or no regular file" : strerror(error));
        }
    }
    return APR_SUCCESS;
}

void uapi_sqlite_share_side_files(const uapi_store *store, apr_pool_t *pool)
{
    int root = geteuid() == 0;
    struct stat info;
    size_t i;

    for (i = 1; stat(store->path, &info) == 0 && i < ENDINGS; i++) {
        (void)share_one(apr_pstrcat(pool, store->path, endings[i], NULL), root ? (int)info.st_uid : -1,
                        root ? (int)info.st_gid : -1, info.st_mode & 0777);
    }
}
