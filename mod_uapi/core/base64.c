/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * OpenSSL's EVP_DecodeBlock skips white space and takes non-zero spare bits, so that one blob has many spellings, and
 * it looks characters up in a table, at addresses that depend on the key. Hence these few lines of arithmetic.
 */
#include "base64.h"

/* All ones if low <= c <= high, else 0. */
static unsigned in_range(unsigned c, unsigned low, unsigned high)
{
    return 0u - (unsigned)((((low - 1u - c) & (c - high - 1u)) >> 31) & 1u);
}

/* The value of a digit, 0 to 63; with bit 8 set if it is none. */
static unsigned digit(char character)
{
    unsigned c = (unsigned char)character;
    unsigned upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z'), number = in_range(c, '0', '9');
    unsigned plus = in_range(c, '+', '+'), slash = in_range(c, '/', '/');

    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (number & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
           (~(upper | lower | number | plus | slash) & 0x100);
}

static size_t padding(const char *text, size_t length)
{
    if (text[length - 1] != '=') {
        return 0;
    }
    return text[length - 2] == '=' ? 2 : 1;
}

ptrdiff_t uapi_base64_decoded_length(const char *text, size_t length)
{
    if (length % 4 != 0 || length > PTRDIFF_MAX) {
        return -1;
    }
    return length == 0 ? 0 : (ptrdiff_t)(length / 4 * 3 - padding(text, length));
}

static unsigned decode_last(uint8_t *bytes, const char *text, size_t pads)
{
    unsigned a = digit(text[0]), b = digit(text[1]), c = pads == 2 ? 0 : digit(text[2]);

    bytes[0] = (uint8_t)(a << 2 | (b & 0xff) >> 4);
    if (pads == 2) {
        return ((a | b) & 0x100) | (b & 15);
    }
    bytes[1] = (uint8_t)(b << 4 | (c & 0xff) >> 2);
    return ((a | b | c) & 0x100) | (c & 3);
}

ptrdiff_t uapi_base64_decode(uint8_t *bytes, const char *text, size_t length)
{
    ptrdiff_t decoded = uapi_base64_decoded_length(text, length);
    size_t pads, whole, i;
    unsigned bad = 0;

    if (decoded <= 0) {
        return decoded;
    }
    pads = padding(text, length);
    whole = length - (pads ? 4 : 0);
    for (i = 0; i < whole; i += 4, bytes += 3) {
        unsigned a = digit(text[i]), b = digit(text[i + 1]), c = digit(text[i + 2]), d = digit(text[i + 3]);

        bad |= (a | b | c | d) & 0x100;
        bytes[0] = (uint8_t)(a << 2 | (b & 0xff) >> 4);
        bytes[1] = (uint8_t)(b << 4 | (c & 0xff) >> 2);
        bytes[2] = (uint8_t)(c << 6 | d);
    }
    if (pads) {
        bad |= decode_last(bytes, text + whole, pads);
    }
    return bad ? -1 : decoded;
}
