/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The file of a plugin, before any of it is mapped. It is opened once and everything is asked of that descriptor, then
 * the path is looked at again: if it still names the same unchanged file, the bytes that were hashed are the bytes that
 * dlopen will map, as long as nobody but root and ourselves can write there, which is what the modes are checked for.
 */
#include "plugin_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/evp.h>

#define SHA256_HEX 64

static apr_status_t refuse(uapi_result *result, apr_pool_t *pool, const char *path, const char *why)
{
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, "plugin %s: %s", path, why);
}

static apr_status_t check_owner(const struct stat *info, const char *path, apr_pool_t *pool, uapi_result *result)
{
    if (info->st_uid != 0 && info->st_uid != geteuid()) {
        return refuse(result, pool, path,
                      apr_psprintf(pool,
                                   "it belongs to user %lu; a plugin must belong to root or to user %lu, who loads it",
                                   (unsigned long)info->st_uid, (unsigned long)geteuid()));
    }
    if (info->st_mode & (S_IWGRP | S_IWOTH)) {
        return refuse(
            result, pool, path,
            apr_psprintf(pool, "mode %04o lets %s write to it, and with it run code in the server; chmod go-w",
                         (unsigned)info->st_mode & 07777, info->st_mode & S_IWOTH ? "everyone" : "its group"));
    }
    return APR_SUCCESS;
}

/* In a directory that everyone can write to and that is not sticky, everyone can put another file in the plugin's
 * place. */
static apr_status_t check_directories(const char *path, apr_pool_t *pool, uapi_result *result)
{
    char *directory = apr_pstrdup(pool, path);
    struct stat info;
    char *slash;

    while ((slash = strrchr(directory, '/')) != NULL) {
        slash[slash == directory ? 1 : 0] = '\0';
        if (stat(directory, &info) != 0) {
            return refuse(result, pool, path, apr_psprintf(pool, "%s: %s", directory, strerror(errno)));
        }
        if ((info.st_mode & S_IWOTH) && !(info.st_mode & S_ISVTX)) {
            return refuse(result, pool, path,
                          apr_psprintf(pool, "everyone can replace it, because %s has mode %04o; chmod o-w", directory,
                                       (unsigned)info.st_mode & 07777));
        }
        if (slash == directory) {
            break;
        }
    }
    return APR_SUCCESS;
}

static int digest_file(int file, unsigned char *digest, int *is_elf)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char buffer[16384];
    ssize_t length = 0;
    int ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

    *is_elf = -1;
    while (ok && (length = read(file, buffer, sizeof(buffer))) > 0) {
        if (*is_elf < 0) {
            *is_elf = length > 4 && memcmp(buffer, "\177ELF", 4) == 0;
        }
        ok = EVP_DigestUpdate(context, buffer, (size_t)length) == 1;
    }
    ok = ok && length == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static const char *hex(const unsigned char *digest, size_t size, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, size * 2 + 1);
    size_t i;

    for (i = 0; i < size; i++) {
        apr_snprintf(text + i * 2, 3, "%02x", digest[i]);
    }
    return text;
}

apr_status_t uapi_plugin_digest(int file, const char **sha256, apr_pool_t *pool)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    int is_elf;

    *sha256 = NULL;
    if (!digest_file(file, digest, &is_elf)) {
        return APR_EGENERAL;
    }
    *sha256 = hex(digest, SHA256_HEX / 2, pool);
    return APR_SUCCESS;
}

static apr_status_t check_pin(const char *pinned, const char *sha256, const char *path, apr_pool_t *pool,
                              uapi_result *result)
{
    if (!pinned) {
        return APR_SUCCESS;
    }
    if (strlen(pinned) != SHA256_HEX || strspn(pinned, "0123456789abcdefABCDEF") != SHA256_HEX) {
        return refuse(result, pool, path,
                      apr_psprintf(pool, "the pinned SHA-256 \"%s\" is not 64 hexadecimal digits; the file's is %s",
                                   pinned, sha256));
    }
    if (apr_strnatcasecmp(pinned, sha256) != 0) {
        return refuse(result, pool, path,
                      apr_psprintf(pool,
                                   "SHA-256 is %s, the configuration pins %s; if the file was updated on purpose, pin "
                                   "its new digest",
                                   sha256, pinned));
    }
    return APR_SUCCESS;
}

static apr_status_t check_kind(const struct stat *info, const char *path, apr_pool_t *pool, uapi_result *result)
{
    if (S_ISREG(info->st_mode)) {
        return APR_SUCCESS;
    }
    return refuse(result, pool, path,
                  S_ISDIR(info->st_mode) ? "it is a directory, not a shared object" : "it is not a regular file");
}

/* Digest what was opened and make sure that the path still means it. */
static apr_status_t check_content(int file, const struct stat *before, const char *path, const char *pinned,
                                  const char **sha256, apr_pool_t *pool, uapi_result *result)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct stat after;
    apr_status_t status;
    int is_elf;

    if (!digest_file(file, digest, &is_elf)) {
        return refuse(result, pool, path, "it cannot be read to its end");
    }
    *sha256 = hex(digest, SHA256_HEX / 2, pool);
    status = check_pin(pinned, *sha256, path, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (is_elf != 1) {
        return refuse(result, pool, path, "it is not a shared object: it has no ELF header");
    }
    if (stat(path, &after) != 0 || after.st_dev != before->st_dev || after.st_ino != before->st_ino ||
        after.st_size != before->st_size || after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != before->st_mtim.tv_nsec) {
        return refuse(result, pool, path, "it changed while it was being checked");
    }
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_check_file(const char *path, const char *pinned, const char **sha256, apr_pool_t *pool,
                                    uapi_result *result)
{
    apr_status_t status;
    struct stat info;
    int file;

    if (!path || path[0] != '/') {
        return refuse(result, pool, path ? path : "(none)", "the path must be absolute");
    }
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        return refuse(result, pool, path, strerror(errno));
    }
    if (fstat(file, &info) != 0) {
        status = refuse(result, pool, path, strerror(errno));
    } else {
        status = check_kind(&info, path, pool, result);
        if (status == APR_SUCCESS) {
            status = check_owner(&info, path, pool, result);
        }
        if (status == APR_SUCCESS) {
            status = check_directories(path, pool, result);
        }
        if (status == APR_SUCCESS) {
            status = check_content(file, &info, path, pinned, sha256, pool, result);
        }
    }
    close(file);
    return status;
}
