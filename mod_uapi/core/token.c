/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The checksum stands in the token so that a mistyped or leaked one is recognised without asking anybody; it proves
 * nothing. CRC-32 is computed four bits at a time: 51 characters do not pay for a library or a larger table.
 */
#include "token.h"

#include <string.h>

#include <openssl/rand.h>

#include "crypto.h"
#include "secret.h"

#define PREFIX_LENGTH (sizeof(UAPI_TOKEN_USER_PREFIX) - 1)
#define SECRET_SIZE 32
#define SECRET_DIGITS 43
#define CHECKSUM_DIGITS 6
#define CHECKED_LENGTH (PREFIX_LENGTH + SECRET_DIGITS)

_Static_assert(CHECKED_LENGTH + CHECKSUM_DIGITS == UAPI_TOKEN_LENGTH, "the parts make the whole");

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320). */
static uint32_t checksum(const char *text, size_t length)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    size_t i;

    for (i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* Write a big-endian number in base62, left-padded; the number is used up. */
static void encode(char *digits, size_t count, uint8_t *number, size_t size)
{
    while (count-- > 0) {
        unsigned remainder = 0;
        size_t i;

        for (i = 0; i < size; i++) {
            unsigned value = remainder << 8 | number[i];

            number[i] = (uint8_t)(value / 62);
            remainder = value % 62;
        }
        digits[count] = base62[remainder];
    }
}

static void encode_checksum(char digits[CHECKSUM_DIGITS], const char *text, size_t length)
{
    uint32_t crc = checksum(text, length);
    size_t i;

    for (i = CHECKSUM_DIGITS; i-- > 0; crc /= 62) {
        digits[i] = base62[crc % 62];
    }
}

static int is_base62(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static apr_status_t malformed(uapi_result *result, const char *detail)
{
    apr_status_t status = uapi_fail(result, NULL, APR_EINVAL, UAPI_REASON_TOKEN_MALFORMED, NULL);

    if (result) {
        result->detail = detail;
    }
    return status;
}

apr_status_t uapi_token_generate(char token[UAPI_TOKEN_LENGTH + 1], uapi_result *result)
{
    uint8_t secret[SECRET_SIZE];

    memset(token, 0, UAPI_TOKEN_LENGTH + 1);
    if (RAND_priv_bytes(secret, sizeof(secret)) != 1) {
        return uapi_fail(result, NULL, APR_EGENERAL, UAPI_REASON_INTERNAL, NULL);
    }
    memcpy(token, UAPI_TOKEN_USER_PREFIX, PREFIX_LENGTH);
    encode(token + PREFIX_LENGTH, SECRET_DIGITS, secret, sizeof(secret));
    encode_checksum(token + CHECKED_LENGTH, token, CHECKED_LENGTH);
    uapi_secret_wipe(secret, sizeof(secret));
    return APR_SUCCESS;
}

apr_status_t uapi_token_check(const char *text, size_t length, uapi_result *result)
{
    char expected[CHECKSUM_DIGITS];
    size_t i;

    if (length != UAPI_TOKEN_LENGTH) {
        return malformed(result, "the length is wrong");
    }
    if (memcmp(text, UAPI_TOKEN_USER_PREFIX, PREFIX_LENGTH) != 0) {
        return malformed(result, "the prefix is not " UAPI_TOKEN_USER_PREFIX);
    }
    for (i = PREFIX_LENGTH; i < UAPI_TOKEN_LENGTH; i++) {
        if (!is_base62(text[i])) {
            return malformed(result, "a character is not base62");
        }
    }
    encode_checksum(expected, text, CHECKED_LENGTH);
    if (!uapi_secret_equal(expected, text + CHECKED_LENGTH, CHECKSUM_DIGITS)) {
        return malformed(result, "the checksum is wrong");
    }
    return APR_SUCCESS;
}

void uapi_token_hash(const char *text, size_t length, uint8_t hash[UAPI_TOKEN_HASH_SIZE])
{
    (void)uapi_crypto_sha256(text, length, hash); /* on failure zeros, which the store refuses */
}
