/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The file is judged by its open descriptor, never by its name, so that what was checked is what is read. Each refusal
 * says what the operator has to do: a key file is touched once a year, by somebody who has forgotten how.
 */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "base64.h"
#include "crypto.h"
#include "secret.h"

#define FORM "uapi-key-v1:"
#define FORM_LENGTH (sizeof(FORM) - 1)
#define KEY_DIGITS 44
#define LINE_LENGTH (FORM_LENGTH + KEY_DIGITS)

static const char audit_info[] = "uapi audit v1";
static const char session_info[] = "uapi session v1";
static const char id_info[] = "uapi key id v1";

static apr_status_t refuse(uapi_result *result, apr_pool_t *pool, const char *path, const char *what)
{
    return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID, "key file %s %s", path, what);
}

static apr_status_t refuse_open(uapi_result *result, apr_pool_t *pool, const char *path, int error)
{
    switch (error) {
    case ENOENT:
        return refuse(result, pool, path, "does not exist: uapictl init makes one");
    case ELOOP:
        return refuse(result, pool, path, "is a symbolic link: name the file itself");
    case EACCES:
        return refuse(result, pool, path, "may not be read by this user: start as root or change its owner");
    default:
        return uapi_fail(result, pool, APR_FROM_OS_ERROR(error), UAPI_REASON_CONFIG_INVALID, "key file %s: %s", path,
                         strerror(error));
    }
}

/* What is wrong with the file, or NULL. */
static const char *judge(const struct stat *info)
{
    if (!S_ISREG(info->st_mode)) {
        return "is not a regular file";
    }
    if (info->st_uid != 0 && info->st_uid != geteuid()) {
        return "belongs to neither root nor this user: change its owner with chown";
    }
    if (info->st_mode & 077) {
        return "may be accessed by group or others: run chmod 600 on it";
    }
    if (info->st_size < (off_t)LINE_LENGTH) {
        return "is too short for a key: its one line is " FORM " and the base64 of 32 bytes";
    }
    if (info->st_size > (off_t)LINE_LENGTH + 1) {
        return "is too long for a key: its one line is " FORM " and the base64 of 32 bytes";
    }
    return NULL;
}

static int read_whole(int file, char *buffer, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = read(file, buffer + have, size - have);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    return have == size;
}

static int parse(uint8_t key[UAPI_KEY_SIZE], const char *line, size_t length)
{
    if (length == LINE_LENGTH + 1 && line[LINE_LENGTH] != '\n') {
        return 0;
    }
    return memcmp(line, FORM, FORM_LENGTH) == 0 &&
           uapi_base64_decoded_length(line + FORM_LENGTH, KEY_DIGITS) == UAPI_KEY_SIZE &&
           uapi_base64_decode(key, line + FORM_LENGTH, KEY_DIGITS) == UAPI_KEY_SIZE;
}

static apr_status_t read_key(uint8_t key[UAPI_KEY_SIZE], int file, const char *path, apr_pool_t *pool,
                             uapi_result *result)
{
    char line[LINE_LENGTH + 1];
    struct stat info;
    const char *fault = "cannot be read";

    if (fstat(file, &info) == 0) {
        fault = judge(&info);
        if (!fault) {
            int ok = read_whole(file, line, (size_t)info.st_size) && parse(key, line, (size_t)info.st_size);

            fault = ok ? NULL : "has the wrong form: its one line is " FORM " and the base64 of 32 bytes";
        }
    }
    uapi_secret_wipe(line, sizeof(line));
    return fault ? refuse(result, pool, path, fault) : APR_SUCCESS;
}

/* HKDF-SHA-256 (RFC 5869) without salt. */
static int derive(uint8_t derived[UAPI_KEY_SIZE], const uint8_t key[UAPI_KEY_SIZE], const char *info)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, UAPI_KEY_SIZE),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
                               OSSL_PARAM_construct_end()};
    int ok = context && EVP_KDF_derive(context, derived, UAPI_KEY_SIZE, parameters) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return ok;
}

/* Not through crypto.h: the server's parent loads keys, and what is kept for its thread would leak at each restart. */
static const char *name_key(const uint8_t kek[UAPI_KEY_SIZE], apr_pool_t *pool)
{
    uint8_t derived[UAPI_KEY_SIZE], digest[UAPI_SHA256_SIZE];
    int ok = derive(derived, kek, id_info) &&
             EVP_Q_digest(NULL, "SHA256", NULL, derived, sizeof(derived), digest, NULL) == 1;

    uapi_secret_wipe(derived, sizeof(derived));
    return ok ? apr_psprintf(pool, "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]) : NULL;
}

apr_status_t uapi_keyring_load(uapi_keyring **keyring, const char *path, apr_pool_t *pool, uapi_result *result)
{
    uapi_keyring *made = apr_pcalloc(pool, sizeof(*made));
    uint8_t *keys = uapi_secret_alloc((size_t)3 * UAPI_KEY_SIZE, pool);
    apr_status_t status;
    int file;

    *keyring = NULL;
    if (!keys) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "no memory for keys");
    }
    file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return refuse_open(result, pool, path, errno);
    }
    status = read_key(keys, file, path, pool, result);
    close(file);
    if (status != APR_SUCCESS) {
        return status;
    }
    made->kek = keys;
    made->audit_key = keys + UAPI_KEY_SIZE;
    made->session_key = keys + (size_t)2 * UAPI_KEY_SIZE;
    made->id = name_key(keys, pool);
    if (!made->id || !derive(keys + UAPI_KEY_SIZE, keys, audit_info) ||
        !derive(keys + (size_t)2 * UAPI_KEY_SIZE, keys, session_info)) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "keys cannot be derived");
    }
    *keyring = made;
    return APR_SUCCESS;
}

static int write_whole(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, text, length);

        if (put < 0 && errno != EINTR) {
            return 0;
        }
        if (put > 0) {
            text += put;
            length -= (size_t)put;
        }
    }
    return fsync(file) == 0;
}

static int write_key(int file)
{
    uint8_t key[UAPI_KEY_SIZE];
    char line[LINE_LENGTH + 2];
    int ok = RAND_priv_bytes(key, sizeof(key)) == 1;

    if (ok) {
        memcpy(line, FORM, FORM_LENGTH);
        EVP_EncodeBlock((unsigned char *)line + FORM_LENGTH, key, UAPI_KEY_SIZE);
        line[LINE_LENGTH] = '\n';
        ok = write_whole(file, line, LINE_LENGTH + 1);
    }
    uapi_secret_wipe(key, sizeof(key));
    uapi_secret_wipe(line, sizeof(line));
    return ok;
}

apr_status_t uapi_keyring_create(const char *path, apr_pool_t *pool, uapi_result *result)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (file < 0) {
        int error = errno;

        return uapi_fail(result, pool, APR_FROM_OS_ERROR(error), UAPI_REASON_CONFIG_INVALID, "key file %s: %s", path,
                         error == EEXIST ? "it exists already and is not overwritten" : strerror(error));
    }
    if (!write_key(file)) {
        unlink(path);
        close(file);
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "key file %s cannot be written", path);
    }
    close(file);
    return APR_SUCCESS;
}
