/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file token.h
 * Tokens of the gateway's own: `uapi_ut_` (user), 256 random bits in base62, and a CRC-32 of what stands before in
 * base62, so that a typing error and a leaked token are recognised offline.
 *
 * Form: prefix of 8 characters, 43 characters of base62 (the 256 bits as a big-endian number, left-padded with '0'),
 * 6 characters of base62 (CRC-32 of the 51 before). 57 characters in all. Only its SHA-256 is stored.
 */
#ifndef UAPI_CORE_TOKEN_H
#define UAPI_CORE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

#define UAPI_TOKEN_LENGTH 57
#define UAPI_TOKEN_HASH_SIZE 32
#define UAPI_TOKEN_USER_PREFIX "uapi_ut_"

/** Make a new user token, NUL-terminated. Fails only if the random generator does. */
apr_status_t uapi_token_generate(char token[UAPI_TOKEN_LENGTH + 1], uapi_result *result);

/** Prefix, length, alphabet and CRC; token.malformed otherwise. Says nothing about whether the token is known. */
apr_status_t uapi_token_check(const char *text, size_t length, uapi_result *result);

/** SHA-256 of the token's characters; all zeros, which no store takes or finds, if OpenSSL fails. */
void uapi_token_hash(const char *text, size_t length, uint8_t hash[UAPI_TOKEN_HASH_SIZE]);

#endif
