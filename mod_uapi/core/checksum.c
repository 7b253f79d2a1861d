/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "checksum.h"

#include <stdint.h>
#include <string.h>

#include <apr_lib.h>

/* A number without what surrounds and groups it. */
typedef struct number {
    char text[UAPI_CHECKSUM_MAX];
    size_t length;
} number;

/* 1 if it fits. */
static int take(number *out, const char *text, size_t length, int letters)
{
    out->length = 0;
    for (size_t i = 0; i < length; i++) {
        if (apr_isdigit(text[i]) || (letters && apr_isalpha(text[i]))) {
            if (out->length == UAPI_CHECKSUM_MAX) {
                return 0;
            }
            out->text[out->length++] = (char)apr_toupper(text[i]);
        }
    }
    return out->length > 0;
}

static int digit(const number *of, size_t index)
{
    return of->text[index] - '0';
}

static int luhn(const number *n)
{
    int sum = 0;

    for (size_t i = 0; i < n->length; i++) {
        int value = digit(n, n->length - 1 - i) * (i % 2 == 1 ? 2 : 1);
        sum += value > 9 ? value - 9 : value;
    }
    return n->length > 1 && sum % 10 == 0;
}

/* The rest modulo 97 of the characters from `skip` on, then those before; letters count two digits. */
static int rest97(const number *n, size_t skip)
{
    int rest = 0;

    for (size_t i = 0; i < n->length; i++) {
        char at = n->text[(i + skip) % n->length];
        rest = apr_isdigit(at) ? (rest * 10 + (at - '0')) % 97 : (rest * 100 + (at - 'A' + 10)) % 97;
    }
    return rest;
}

static int mod97(const number *n)
{
    return n->length > 2 && rest97(n, 0) == 1;
}

static int iban(const number *n)
{
    return n->length >= 15 && n->length <= 34 && apr_isalpha(n->text[0]) && apr_isalpha(n->text[1]) &&
           apr_isdigit(n->text[2]) && apr_isdigit(n->text[3]) && rest97(n, 4) == 1;
}

static int aba(const number *n)
{
    static const int weights[] = {3, 7, 1};
    int sum = 0;

    for (size_t i = 0; i < n->length; i++) {
        sum += digit(n, i) * weights[i % 3];
    }
    return n->length == 9 && sum > 0 && sum % 10 == 0;
}

static int verhoeff(const number *n)
{
    static const uint8_t permutation[8][10] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
        {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
        {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
    };
    static const uint8_t product[10][10] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
        {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
        {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
        {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
    };
    int check = 0;

    for (size_t i = 0; i < n->length; i++) {
        check = product[check][permutation[i % 8][digit(n, n->length - 1 - i)]];
    }
    return n->length > 1 && check == 0;
}

static int damm(const number *n)
{
    static const uint8_t quasigroup[10][10] = {
        {0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
        {1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
        {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
        {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
    };
    int interim = 0;

    for (size_t i = 0; i < n->length; i++) {
        interim = quasigroup[interim][digit(n, i)];
    }
    return n->length > 1 && interim == 0;
}

static int isbn13(const number *n)
{
    int sum = 0;

    for (size_t i = 0; i < 13; i++) {
        sum += digit(n, i) * (i % 2 == 1 ? 3 : 1);
    }
    return sum % 10 == 0;
}

/* The last character of the text may be the X that stands for 10. */
static int isbn(const number *n, char last)
{
    int sum = 0, tenth = last == 'X' || last == 'x';

    if (n->length == 13 && !tenth) {
        return isbn13(n);
    }
    if (n->length + (size_t)tenth != 10) {
        return 0;
    }
    for (size_t i = 0; i < n->length; i++) {
        sum += digit(n, i) * (10 - (int)i);
    }
    return (sum + (tenth ? 10 : 0)) % 11 == 0;
}

static uint32_t crc32(const char *text, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= (uint8_t)text[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
        }
    }
    return ~crc;
}

static int crc32_base62(const char *text, size_t length)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *mark = memrchr(text, '_', length);
    size_t skip = mark != NULL ? (size_t)(mark - text) + 1 : 0;
    uint32_t crc;

    if (length < skip + 7 || length > 1024) {
        return 0;
    }
    crc = crc32(text + skip, length - 6 - skip);
    for (size_t i = 0; i < 6; i++, crc /= 62) {
        if (text[length - 1 - i] != digits[crc % 62]) {
            return 0;
        }
    }
    return 1;
}

int uapi_checksum_holds(uapi_checksum checksum, const char *text, size_t length)
{
    static int (*const plain[])(const number *n) = {
        [UAPI_CHECKSUM_LUHN] = luhn, [UAPI_CHECKSUM_MOD97] = mod97,       [UAPI_CHECKSUM_IBAN] = iban,
        [UAPI_CHECKSUM_ABA] = aba,   [UAPI_CHECKSUM_VERHOEFF] = verhoeff, [UAPI_CHECKSUM_DAMM] = damm,
    };
    number n;

    if (checksum == UAPI_CHECKSUM_CRC32_BASE62) {
        return crc32_base62(text, length);
    }
    if (length == 0 || !take(&n, text, length, checksum == UAPI_CHECKSUM_IBAN)) {
        return 0;
    }
    return checksum == UAPI_CHECKSUM_ISBN ? isbn(&n, text[length - 1]) : plain[checksum](&n);
}
