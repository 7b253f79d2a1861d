/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file plain.h
 * Nearly all bytes of a JSON string are plain: ASCII, no control, no quote, no backslash (RFC 8259, section 7). Finding
 * the first that is not, 16 at a time with SSE2 or 8 at a time with integer arithmetic, is what reading and writing JSON
 * spend most of their time on.
 */
#ifndef UAPI_CORE_PLAIN_H
#define UAPI_CORE_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int uapi_is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

#define UAPI_EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Non-zero if a byte of `word` is zero; exact in that, though not in which byte. */
static inline uint64_t uapi_has_zero(uint64_t word)
{
    return (word - UAPI_EACH_BYTE(0x01)) & ~word & UAPI_EACH_BYTE(0x80);
}

/* Non-zero if one of the eight bytes is not plain. */
static inline uint64_t uapi_has_special(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return uapi_has_zero(word ^ UAPI_EACH_BYTE('"')) | uapi_has_zero(word ^ UAPI_EACH_BYTE('\\')) |
           ((word - UAPI_EACH_BYTE(0x20)) & ~word & UAPI_EACH_BYTE(0x80)) | (word & UAPI_EACH_BYTE(0x80));
}

#if defined(__SSE2__) && !defined(UAPI_JSON_PORTABLE)
#include <emmintrin.h>

/* A bit for each of the sixteen bytes that is not plain. */
static inline unsigned uapi_special_mask(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    /* the comparison is signed: bytes from 0x80 are below 0x20 like the controls */
    __m128i stop = _mm_or_si128(
        _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

    return (unsigned)_mm_movemask_epi8(stop);
}

/** The first byte from `at` on that is not plain, or a byte before it among the last 15. */
static inline const char *uapi_skip_plain(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        unsigned mask = uapi_special_mask(at);

        if (mask) {
            return at + __builtin_ctz(mask);
        }
    }
    return at;
}

/** Whether all bytes are plain. */
static inline int uapi_all_plain(const char *text, size_t length)
{
    size_t i = 0;

    if (length >= 16) {
        for (; length - i >= 16; i += 16) {
            if (uapi_special_mask(text + i)) {
                return 0;
            }
        }
        return i == length || !uapi_special_mask(text + length - 16);
    }
    if (length >= 8) {
        return !uapi_has_special(text) && !uapi_has_special(text + length - 8);
    }
    while (i < length && uapi_is_plain((unsigned char)text[i])) {
        i++;
    }
    return i == length;
}
#else
/** The first byte from `at` on that is not plain, or a byte before it: a word that has one, or the last 7. */
static inline const char *uapi_skip_plain(const char *at, const char *end)
{
    while (end - at >= 8 && !uapi_has_special(at)) {
        at += 8;
    }
    return at;
}

/** Whether all bytes are plain. */
static inline int uapi_all_plain(const char *text, size_t length)
{
    size_t i = 0;

    while (length - i >= 8 && !uapi_has_special(text + i)) {
        i += 8;
    }
    while (i < length && uapi_is_plain((unsigned char)text[i])) {
        i++;
    }
    return i == length;
}
#endif

#endif
