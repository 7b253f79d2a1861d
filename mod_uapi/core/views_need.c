/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The first reading, which nearly every text is done with: it only looks for characters that could begin something to be undone, for
 * runs of 16 token characters and for strings that follow one another, and asks the transforms about these places.
 *
 * Characters are told apart by their two halves (as simdjson does): each half gives a set of classes, and a character is in those that
 * both give.
 */
#include "views_internal.h"

#include <string.h>

#define BLOCK 64
#define LEAST_RUN 16

/* Bits are places in a block. */
typedef struct block_masks {
    uint64_t special; /* not ASCII, or one of $ % & ' = \ (and < ]) */
    uint64_t token;
    uint64_t pair; /* a quote that a comma follows */
} block_masks;

/* ------------------------------------------------------------- classes */

#if defined(__x86_64__)
#include <immintrin.h>

/* clang-format off */
static const unsigned char low_classes[16] = {
    0x05, 0x07, 0x07, 0x07, 0x87, 0x87, 0x87, 0x87, 0x07, 0x07, 0x06, 0x0a, 0x42, 0x4a, 0x02, 0x1a,
};
static const unsigned char high_classes[16] = {
    0x00, 0x00, 0x88, 0x41, 0x02, 0x54, 0x02, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* clang-format on */

__attribute__((target("avx2"))) static inline void half_masks(const char *at, uint32_t *special, uint32_t *token,
                                                              uint32_t *pair)
{
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low_classes));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)high_classes));
    const __m256i two = _mm256_set1_epi16('"' | ',' << 8);
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(at + 1));
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
    /* bytes from 0x80 on select nothing in the first table */
    __m256i class = _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper));
    __m256i marked = _mm256_or_si256(_mm256_adds_epu8(class, _mm256_set1_epi8(0x40)), bytes);
    __m256i tokens = _mm256_cmpgt_epi8(_mm256_and_si256(class, _mm256_set1_epi8(0x1f)), _mm256_setzero_si256());
    /* two comparisons, since the pair may begin at an odd place; the second mask is a byte off */
    uint32_t even = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(bytes, two)) & 0x55555555;
    uint32_t odd = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(next, two)) & 0x55555555;

    *special = (uint32_t)_mm256_movemask_epi8(marked);
    *token = (uint32_t)_mm256_movemask_epi8(tokens);
    *pair = even | odd << 1;
}

/* Reads 65 bytes. */
__attribute__((target("avx2"))) static inline block_masks vector_masks(const char *at)
{
    uint32_t special[2], token[2], pair[2];

    half_masks(at, &special[0], &token[0], &pair[0]);
    half_masks(at + BLOCK / 2, &special[1], &token[1], &pair[1]);
    return (block_masks){special[0] | (uint64_t)special[1] << 32, token[0] | (uint64_t)token[1] << 32,
                         pair[0] | (uint64_t)pair[1] << 32};
}
#endif

static inline block_masks byte_masks(const char *at)
{
    block_masks masks = {0, 0, 0};
    int i;

    for (i = 0; i < BLOCK; i++) {
        unsigned char c = (unsigned char)at[i];
        uint64_t bit = UINT64_C(1) << i;

        masks.special |= c >= 0x80 || (c >= '$' && c <= '\'') || c == '=' || c == '\\' ? bit : 0;
        masks.token |= views_is_token((char)c) ? bit : 0;
        masks.pair |= c == '"' && at[i + 1] == ',' ? bit : 0;
    }
    return masks;
}

/* ------------------------------------------------------------- places */

typedef struct views_reading {
    const char *text;
    size_t length;
    uint32_t needs;
    size_t run;    /* token characters just before the block */
    size_t beyond; /* places before this one have been asked about */
} views_reading;

static size_t skip_unlike(views_reading *reading, size_t i)
{
    while (i < reading->length && (unsigned char)reading->text[i] >= 0x80) {
        if (uapi_views_fold_at(reading->text, reading->length, i)) {
            reading->needs |= VIEWS_FOLD;
            return reading->length;
        }
        do {
            i++;
        } while (i < reading->length && ((unsigned char)reading->text[i] & 0xc0) == 0x80);
    }
    return i;
}

static void ask_at(views_reading *reading, size_t i)
{
    const char *text = reading->text;
    size_t length = reading->length;
    uint32_t asked = 0;

    switch (text[i]) {
    case '%':
        asked = uapi_views_escape_at(text, length, i) ? VIEWS_ESCAPES : 0;
        break;
    case '&':
        asked = uapi_views_escape_at(text, length, i) ? VIEWS_ESCAPES : 0;
        asked |= uapi_views_join_at(text, length, i) ? VIEWS_JOIN : 0;
        break;
    case '\\':
        asked = uapi_views_escape_at(text, length, i) ? VIEWS_ESCAPES : 0;
        asked |= uapi_views_shell_at(text, length, i) ? VIEWS_SHELL : 0;
        break;
    case '=':
        asked = uapi_views_quoted_at(text, length, i) ? VIEWS_QUOTED : 0;
        break;
    case '$':
    case '\'':
        asked = uapi_views_shell_at(text, length, i) ? VIEWS_SHELL : 0;
        break;
    default:
        if ((unsigned char)text[i] >= 0x80 && !(reading->needs & VIEWS_FOLD)) {
            reading->beyond = skip_unlike(reading, i);
        }
        break;
    }
    reading->needs |= asked;
}

static void ask_specials(views_reading *reading, size_t at, uint64_t special)
{
    for (; special; special &= special - 1) {
        size_t i = at + (size_t)__builtin_ctzll(special);

        if (i >= reading->length) {
            return;
        }
        if (i >= reading->beyond || (unsigned char)reading->text[i] < 0x80) {
            ask_at(reading, i);
        }
    }
}

static void ask_pairs(views_reading *reading, size_t at, uint64_t pair)
{
    for (; pair && !(reading->needs & VIEWS_JOIN); pair &= pair - 1) {
        if (uapi_views_join_at(reading->text, reading->length, at + (size_t)__builtin_ctzll(pair))) {
            reading->needs |= VIEWS_JOIN;
        }
    }
}

static void ask_run(views_reading *reading, size_t from)
{
    size_t to = from;

    while (to < reading->length && views_is_token(reading->text[to])) {
        to++;
    }
    if (uapi_views_run_at(reading->text, from, to)) {
        reading->needs |= VIEWS_RUNS;
    }
    if (to < reading->length && reading->text[to] == '.' && uapi_views_join_at(reading->text, reading->length, to)) {
        reading->needs |= VIEWS_JOIN;
    }
}

/* A run is asked about where it reaches 16 characters. */
static inline void look_for_runs(views_reading *reading, size_t at, uint64_t token)
{
    uint64_t twice = token & token >> 1, starts;
    size_t lead;

    if (token == UINT64_MAX) {
        if (reading->run < LEAST_RUN) {
            ask_run(reading, at - reading->run);
        }
        reading->run += BLOCK;
        return;
    }
    lead = (size_t)__builtin_ctzll(~token);
    if (reading->run < LEAST_RUN && reading->run + lead >= LEAST_RUN) {
        ask_run(reading, at - reading->run);
    }
    twice &= twice >> 2;
    twice &= twice >> 4;
    starts = twice & twice >> 8;
    if (starts) {
        starts &= ~(lead ? (UINT64_C(1) << lead) - 1 : 0); /* the run that goes on from the block before */
        while (starts) {
            size_t from = (size_t)__builtin_ctzll(starts), end;

            ask_run(reading, at + from);
            end = from + (size_t)__builtin_ctzll(~(token >> from));
            starts &= end < BLOCK ? ~((UINT64_C(1) << end) - 1) : 0;
        }
    }
    reading->run = (size_t)__builtin_clzll(~token);
}

static inline void look_at(views_reading *reading, size_t at, block_masks masks)
{
    if (masks.special) {
        ask_specials(reading, at, masks.special);
    }
    if (masks.pair) {
        ask_pairs(reading, at, masks.pair);
    }
    look_for_runs(reading, at, masks.token);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t read_vectors(views_reading *reading)
{
    size_t at;

    for (at = 0; reading->length - at > BLOCK; at += BLOCK) {
        look_at(reading, at, vector_masks(reading->text + at));
    }
    return at;
}
#endif

static size_t read_bytes(views_reading *reading, size_t at)
{
    for (; reading->length - at > BLOCK; at += BLOCK) {
        look_at(reading, at, byte_masks(reading->text + at));
    }
    return at;
}

uint32_t uapi_views_needs(const char *text, size_t length)
{
    views_reading reading = {.text = text, .length = length};
    char rest[BLOCK + 1] = {0};
    size_t at = 0;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        at = read_vectors(&reading);
        memcpy(rest, text + at, length - at);
        look_at(&reading, at, vector_masks(rest));
        return reading.needs;
    }
#endif
    at = read_bytes(&reading, at);
    memcpy(rest, text + at, length - at);
    look_at(&reading, at, byte_masks(rest));
    return reading.needs;
}
