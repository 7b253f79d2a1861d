/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file keyring.h
 * The key file and what is derived from it.
 *
 * The file holds one line, `uapi-key-v1:` and the base64 of 32 random bytes: the key encryption key (KEK). The audit
 * key is HKDF-SHA-256 of it (info "uapi audit v1"; the session key "uapi session v1"), so that one file is all an operator guards. It is read by the
 * parent before the fork, while it may still be root's alone.
 */
#ifndef UAPI_CORE_KEYRING_H
#define UAPI_CORE_KEYRING_H

#include <stdint.h>

#include <apr_pools.h>

#include "result.h"

#define UAPI_KEY_SIZE 32

typedef struct uapi_keyring {
    /* UAPI_KEY_SIZE bytes each, in secret memory */
    const uint8_t *kek;
    const uint8_t *audit_key;
    const uint8_t *session_key; /* seals session ids (session.h) */
    const char *id; /* first 8 hex digits of SHA-256 over a derived value: names the key in messages, reveals nothing */
} uapi_keyring;

/**
 * Read the file. Refused with config.invalid and a detail that says what to do: missing, not a regular file, a
 * symbolic link, owned by somebody other than root or the current user, any permission for group or others, wrong
 * form, short key.
 */
apr_status_t uapi_keyring_load(uapi_keyring **keyring, const char *path, apr_pool_t *pool, uapi_result *result);

/** Make a new key file with mode 0600; refuses to overwrite. */
apr_status_t uapi_keyring_create(const char *path, apr_pool_t *pool, uapi_result *result);

#endif
