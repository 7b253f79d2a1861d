/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A file: magic, the key again, the length and the SHA-256 of what follows, and the serialised database. The digest is
 * against accidents; against people stand owner and mode, of the file and of the directory, asked of descriptors and not
 * of paths. A file is made beside its place, synced and renamed, so that a reader sees a whole one or none.
 */
#include "pattern_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto.h"

#define MAGIC "UAPIHSD1"
#define SUFFIX ".hsdb"
#define LARGEST ((size_t)512 * 1024 * 1024)
/* Enough for several configurations and a release or two; the one that was not used for longest goes first. */
#define MOST_FILES 16
#define NAME_SIZE (UAPI_SHA256_SIZE * 2 + sizeof(SUFFIX))

typedef struct file_header {
    char magic[8];
    uint8_t key[UAPI_SHA256_SIZE];
    uint8_t digest[UAPI_SHA256_SIZE];
    uint64_t length;
} file_header;

static char *cache_directory;
static uapi_pattern_cache_report tell_report;
static void *tell_baton;

void uapi_pattern_cache_use(const char *directory, uapi_pattern_cache_report report, void *baton)
{
    free(cache_directory);
    cache_directory = directory ? strdup(directory) : NULL;
    tell_report = report;
    tell_baton = baton;
}

static void tell(uapi_pattern_cache_event event, const char *name, const char *why)
{
    char detail[PATH_MAX + 256];

    if (tell_report) {
        snprintf(detail, sizeof(detail), "%s%s%s%s%s", cache_directory, name ? "/" : "", name ? name : "",
                 why ? ": " : "", why ? why : "");
        tell_report(tell_baton, event, detail);
    }
}

/* ---------------------------------------------------------------------------------------------------- the key */

static int digest_text(EVP_MD_CTX *context, const char *text)
{
    uint64_t length = strlen(text);

    return EVP_DigestUpdate(context, &length, sizeof(length)) && EVP_DigestUpdate(context, text, length);
}

static int digest_inputs(EVP_MD_CTX *context, const uapi_expressions *all)
{
    hs_platform_info_t platform;
    uint64_t numbers[4];

    memset(&platform, 0, sizeof(platform));
    if (hs_populate_platform(&platform) != HS_SUCCESS) {
        return 0;
    }
    numbers[0] = HS_MODE_BLOCK;
    numbers[1] = all->count;
    numbers[2] = platform.tune;
    numbers[3] = platform.cpu_features;
    if (!digest_text(context, MAGIC) || !digest_text(context, hs_version()) ||
        !EVP_DigestUpdate(context, numbers, sizeof(numbers))) {
        return 0;
    }
    for (unsigned i = 0; i < all->count; i++) {
        uint32_t pair[2] = {all->flags[i], all->ids[i]};

        if (!EVP_DigestUpdate(context, pair, sizeof(pair)) || !digest_text(context, all->regex[i])) {
            return 0;
        }
    }
    return 1;
}

/* 1, or 0 if OpenSSL or libhs fails. */
static int key_make(const uapi_expressions *all, uint8_t key[UAPI_SHA256_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) && digest_inputs(context, all) &&
               EVP_DigestFinal_ex(context, key, NULL);

    EVP_MD_CTX_free(context);
    return made;
}

static void name_make(const uint8_t key[UAPI_SHA256_SIZE], char name[NAME_SIZE])
{
    for (size_t i = 0; i < UAPI_SHA256_SIZE; i++) {
        snprintf(name + 2 * i, 3, "%02x", key[i]);
    }
    strcpy(name + (size_t)2 * UAPI_SHA256_SIZE, SUFFIX);
}

/* ------------------------------------------------------------------------------------------- whom to trust */

/* What speaks against trusting it; NULL: nothing. */
static const char *distrust(const struct stat *info)
{
    if (info->st_uid != 0 && info->st_uid != geteuid()) {
        return "it belongs to another user";
    }
    return info->st_mode & (S_IWGRP | S_IWOTH) ? "others than its owner may write to it" : NULL;
}

/* A descriptor of the directory; -1 if there is none, or none to be trusted, with `why` (NULL: it is not there). */
static int directory_open(int make, const char **why)
{
    const char *fault;
    struct stat info;
    int fd;

    *why = NULL;
    if (make && mkdir(cache_directory, 0700) != 0 && errno != EEXIST) {
        *why = strerror(errno);
        return -1;
    }
    fd = open(cache_directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        *why = errno == ENOENT ? NULL : errno == ENOTDIR || errno == ELOOP ? "it is no directory" : strerror(errno);
        return -1;
    }
    fault = fstat(fd, &info) != 0 ? strerror(errno) : distrust(&info);
    if (fault) {
        *why = fault;
        close(fd);
        return -1;
    }
    return fd;
}

/* ------------------------------------------------------------------------------------------------- reading */

static int read_whole(int fd, void *data, size_t length)
{
    char *at = data;

    while (length > 0) {
        ssize_t got = read(fd, at, length);

        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return -1;
        }
        at += got > 0 ? got : 0;
        length -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static int bytes_match(const file_header *header, const char *bytes, const uint8_t key[UAPI_SHA256_SIZE])
{
    uint8_t digest[UAPI_SHA256_SIZE];

    return memcmp(header->magic, MAGIC, sizeof(header->magic)) == 0 &&
           memcmp(header->key, key, UAPI_SHA256_SIZE) == 0 &&
           uapi_crypto_sha256(bytes, (size_t)header->length, digest) == 0 &&
           memcmp(header->digest, digest, UAPI_SHA256_SIZE) == 0;
}

/* The content of a file of that size as a database, or NULL. */
static hs_database_t *content_read(int fd, size_t size, const uint8_t key[UAPI_SHA256_SIZE])
{
    hs_database_t *database = NULL;
    file_header header;
    char *bytes = NULL;

    if (size <= sizeof(header) || size > LARGEST || read_whole(fd, &header, sizeof(header)) != 0 ||
        header.length != size - sizeof(header)) {
        return NULL;
    }
    bytes = malloc((size_t)header.length);
    if (!bytes || read_whole(fd, bytes, (size_t)header.length) != 0 || !bytes_match(&header, bytes, key) ||
        hs_deserialize_database(bytes, (size_t)header.length, &database) != HS_SUCCESS) {
        database = NULL;
    }
    free(bytes);
    return database;
}

static hs_database_t *file_read(int fd, const uint8_t key[UAPI_SHA256_SIZE], const char **why)
{
    hs_database_t *database;
    struct stat info;

    *why = "it is no regular file";
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return NULL;
    }
    *why = distrust(&info);
    if (*why) {
        return NULL;
    }
    database = content_read(fd, (size_t)info.st_size, key);
    *why = database ? NULL : "it is damaged";
    return database;
}

static hs_database_t *cache_read(const uint8_t key[UAPI_SHA256_SIZE])
{
    const char *why;
    int directory = directory_open(0, &why), fd;
    hs_database_t *database = NULL;
    char name[NAME_SIZE];

    if (directory < 0) {
        if (why) {
            tell(UAPI_PATTERN_CACHE_IGNORED, NULL, why);
        }
        return NULL;
    }
    name_make(key, name);
    fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        why = errno == ENOENT ? NULL : errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    } else {
        database = file_read(fd, key, &why);
        if (database) {
            futimens(fd, NULL); /* used just now */
        }
        close(fd);
    }
    close(directory);
    if (database || why) {
        tell(database ? UAPI_PATTERN_CACHE_READ : UAPI_PATTERN_CACHE_IGNORED, name, why);
    }
    return database;
}

/* ------------------------------------------------------------------------------------------------- writing */

static int write_whole(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t put = write(fd, at, length);

        if (put < 0 && errno != EINTR) {
            return -1;
        }
        at += put > 0 ? put : 0;
        length -= put > 0 ? (size_t)put : 0;
    }
    return 0;
}

static int is_ours(const char *name)
{
    size_t length = strlen(name);

    return length == NAME_SIZE - 1 && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* One that nobody finished: whoever wrote it was killed. */
static int is_left_over(const char *name, const struct stat *info)
{
    return name[0] == '.' && strstr(name, SUFFIX ".") != NULL && info->st_mtim.tv_sec < time(NULL) - 3600;
}

static int is_older(struct timespec one, struct timespec other)
{
    return one.tv_sec < other.tv_sec || (one.tv_sec == other.tv_sec && one.tv_nsec < other.tv_nsec);
}

/* How many files there are, and which of them was used longest ago. */
static unsigned count_files(DIR *stream, int directory, char oldest[NAME_SIZE])
{
    struct timespec least = {0, 0};
    struct dirent *entry;
    struct stat info;
    unsigned count = 0;

    rewinddir(stream);
    while ((entry = readdir(stream)) != NULL) {
        if (fstatat(directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (is_left_over(entry->d_name, &info)) {
            unlinkat(directory, entry->d_name, 0);
        } else if (is_ours(entry->d_name) && (count++ == 0 || is_older(info.st_mtim, least))) {
            least = info.st_mtim;
            memcpy(oldest, entry->d_name, NAME_SIZE);
        }
    }
    return count;
}

static void drop_oldest(int directory)
{
    int copy = dup(directory);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    char oldest[NAME_SIZE];

    if (!stream) {
        if (copy >= 0) {
            close(copy);
        }
        return;
    }
    while (count_files(stream, directory, oldest) > MOST_FILES && unlinkat(directory, oldest, 0) == 0) {
    }
    closedir(stream);
}

/* NULL, or why the file could not be made. */
static const char *file_write(int directory, const char *name, const file_header *header, const char *bytes)
{
    char temporary[NAME_SIZE + 32];
    const char *why = NULL;
    int fd;

    snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid());
    unlinkat(directory, temporary, 0);
    fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return strerror(errno);
    }
    if (write_whole(fd, header, sizeof(*header)) != 0 || write_whole(fd, bytes, (size_t)header->length) != 0 ||
        fsync(fd) != 0) {
        why = strerror(errno);
    }
    if (close(fd) != 0 && !why) {
        why = strerror(errno);
    }
    if (!why && renameat(directory, temporary, directory, name) != 0) {
        why = strerror(errno);
    }
    if (why) {
        unlinkat(directory, temporary, 0);
    }
    return why;
}

static const char *database_write(int directory, const char *name, const hs_database_t *database,
                                  const uint8_t key[UAPI_SHA256_SIZE])
{
    file_header header = {.magic = MAGIC};
    const char *why = "libhs cannot serialise the database";
    char *bytes = NULL;
    size_t length = 0;

    if (hs_serialize_database(database, &bytes, &length) == HS_SUCCESS) {
        memcpy(header.key, key, UAPI_SHA256_SIZE);
        header.length = length;
        why = uapi_crypto_sha256(bytes, length, header.digest) == 0 ? file_write(directory, name, &header, bytes)
                                                                    : "OpenSSL failed";
    }
    free(bytes);
    return why;
}

static void cache_write(const hs_database_t *database, const uint8_t key[UAPI_SHA256_SIZE])
{
    const char *why;
    int directory = directory_open(1, &why);
    char name[NAME_SIZE];

    name_make(key, name);
    if (directory >= 0) {
        why = database_write(directory, name, database, key);
        drop_oldest(directory);
        close(directory);
    } else if (!why) {
        why = "it vanished";
    }
    tell(why ? UAPI_PATTERN_CACHE_UNSTORED : UAPI_PATTERN_CACHE_STORED, why ? NULL : name, why);
}

/* ----------------------------------------------------------------------------------------------- compiling */

hs_error_t uapi_pattern_cache_compile(const uapi_expressions *expressions, hs_database_t **database,
                                      hs_compile_error_t **error)
{
    uint8_t key[UAPI_SHA256_SIZE];
    int keyed = cache_directory && key_make(expressions, key);
    hs_error_t status;

    *error = NULL;
    *database = keyed ? cache_read(key) : NULL;
    if (*database) {
        return HS_SUCCESS;
    }
    status = hs_compile_multi(expressions->regex, expressions->flags, expressions->ids, expressions->count,
                              HS_MODE_BLOCK, NULL, database, error);
    if (status == HS_SUCCESS && keyed) {
        cache_write(*database, key);
    }
    return status;
}
