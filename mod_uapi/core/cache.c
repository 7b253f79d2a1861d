/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Sets of four slots, each guarded by a sequence number that is odd while the slot is written (a seqlock): a reader
 * copies the slot and takes the copy only if the number has not moved. So nothing is ever freed under a reader, and
 * readers write no memory that others read. All words are atomic: each load of content is an acquire, so that the
 * last look at the number cannot come before it; each store of content a release, so that it cannot come before the
 * number turned odd.
 */
#include "cache.h"

#include <string.h>
#include <sys/mman.h>

#include "secret.h"

#define WAYS 4
#define KEY_WORDS (UAPI_CACHE_KEY_SIZE / 8)

/* Words of a slot; the content follows. */
enum { SEQUENCE, GENERATION, EPOCH, LENGTH, KEY, CONTENT = KEY + KEY_WORDS };

/* LENGTH holds one more than the length, so that the zeroed memory of a new table has no entries. */

struct uapi_cache {
    uint64_t *words;
    size_t sets, slot_words, size;
    uint64_t turn; /* whose turn it is to be overwritten */
};

static apr_status_t unmap(void *data)
{
    const uapi_cache *cache = data;

    munmap(cache->words, cache->sets * WAYS * cache->slot_words * sizeof(uint64_t));
    return APR_SUCCESS;
}

static uint64_t *map_plain(uapi_cache *cache, size_t bytes, apr_pool_t *pool)
{
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (map == MAP_FAILED) {
        return NULL;
    }
    cache->words = map;
    apr_pool_cleanup_register(pool, cache, unmap, apr_pool_cleanup_null);
    return map;
}

uapi_cache *uapi_cache_create(size_t entries, size_t size, uapi_cache_memory memory, apr_pool_t *pool)
{
    uapi_cache *cache = apr_pcalloc(pool, sizeof(*cache));
    size_t bytes;

    cache->sets = entries / WAYS;
    cache->size = size;
    cache->slot_words = CONTENT + size / sizeof(uint64_t);
    bytes = entries * cache->slot_words * sizeof(uint64_t);
    cache->words = memory == UAPI_CACHE_SECRET ? uapi_secret_alloc(bytes, pool) : map_plain(cache, bytes, pool);
    return cache->words ? cache : NULL;
}

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Keys may be alike in most bytes, so all of them take part (Fibonacci hashing of each word). */
static uint64_t *find_set(const uapi_cache *cache, const uint8_t *key)
{
    uint64_t words[KEY_WORDS], spread = 0;
    size_t i;

    memcpy(words, key, sizeof(words));
    for (i = 0; i < KEY_WORDS; i++) {
        spread = (spread ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        spread ^= spread >> 32;
    }
    return cache->words + (spread & (cache->sets - 1)) * WAYS * cache->slot_words;
}

static int has_key(const uint64_t *slot, const uint8_t *key)
{
    uint64_t words[KEY_WORDS];
    size_t i;

    for (i = 0; i < KEY_WORDS; i++) {
        words[i] = load(slot + KEY + i);
    }
    return load(slot + LENGTH) != 0 && uapi_secret_equal(words, key, UAPI_CACHE_KEY_SIZE);
}

static int has_stamp(const uint64_t *slot, const uapi_cache_stamp *stamp)
{
    return load(slot + GENERATION) == stamp->generation && load(slot + EPOCH) == stamp->epoch;
}

/* Copy whole words; the room is a multiple of them. */
static void copy_out(uint8_t *bytes, const uint64_t *slot, size_t length)
{
    size_t i;

    for (i = 0; i * sizeof(uint64_t) < length; i++) {
        uint64_t word = load(slot + CONTENT + i);

        memcpy(bytes + i * sizeof(word), &word, sizeof(word));
    }
}

static ptrdiff_t read_slot(const uapi_cache *cache, const uint64_t *slot, const uint8_t *key,
                           const uapi_cache_stamp *stamp, uint8_t *bytes)
{
    uint64_t sequence = load(slot + SEQUENCE), length;

    if (sequence & 1 || !has_key(slot, key) || !has_stamp(slot, stamp)) {
        return -1;
    }
    length = load(slot + LENGTH) - 1;
    if (length > cache->size) { /* torn: a writer has been here */
        return -1;
    }
    copy_out(bytes, slot, (size_t)length);
    return load(slot + SEQUENCE) == sequence ? (ptrdiff_t)length : -1;
}

ptrdiff_t uapi_cache_get(const uapi_cache *cache, const uint8_t key[UAPI_CACHE_KEY_SIZE], const uapi_cache_stamp *stamp,
                         void *bytes)
{
    const uint64_t *slot = find_set(cache, key);
    ptrdiff_t length = -1;
    int way;

    for (way = 0; way < WAYS && length < 0; way++, slot += cache->slot_words) {
        length = read_slot(cache, slot, key, stamp, bytes);
    }
    return length;
}

/* The slot with that key, else one that is empty or void, else the one whose turn it is. */
static uint64_t *choose_slot(uapi_cache *cache, const uint8_t *key, const uapi_cache_stamp *stamp)
{
    uint64_t *set = find_set(cache, key), *slot, *idle = NULL;
    int way;

    for (way = 0; way < WAYS; way++) {
        slot = set + (size_t)way * cache->slot_words;
        if (has_key(slot, key)) {
            return slot;
        }
        if (load(slot + LENGTH) == 0 || !has_stamp(slot, stamp)) {
            idle = slot;
        }
    }
    return idle ? idle : set + __atomic_fetch_add(&cache->turn, 1, __ATOMIC_RELAXED) % WAYS * cache->slot_words;
}

/* Make the number odd; 0 if another thread has. */
static int lock_slot(uint64_t *slot)
{
    uint64_t sequence = load(slot + SEQUENCE);

    return !(sequence & 1) &&
           __atomic_compare_exchange_n(slot + SEQUENCE, &sequence, sequence + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void unlock_slot(uint64_t *slot)
{
    store(slot + SEQUENCE, load(slot + SEQUENCE) + 1);
}

static void copy_in(uint64_t *words, const uint8_t *bytes, size_t length)
{
    size_t i;

    for (i = 0; i * sizeof(uint64_t) < length; i++) {
        uint64_t word = 0;
        size_t left = length - i * sizeof(word);

        memcpy(&word, bytes + i * sizeof(word), left < sizeof(word) ? left : sizeof(word));
        store(words + i, word);
    }
}

void uapi_cache_put(uapi_cache *cache, const uint8_t key[UAPI_CACHE_KEY_SIZE], const uapi_cache_stamp *stamp,
                    const void *bytes, size_t length)
{
    uint64_t *slot;

    if (length > cache->size) {
        return;
    }
    slot = choose_slot(cache, key, stamp);
    if (!lock_slot(slot)) {
        return;
    }
    store(slot + GENERATION, stamp->generation);
    store(slot + EPOCH, stamp->epoch);
    store(slot + LENGTH, length + 1);
    copy_in(slot + KEY, key, UAPI_CACHE_KEY_SIZE);
    copy_in(slot + CONTENT, bytes, length);
    unlock_slot(slot);
}

void uapi_cache_clear(uapi_cache *cache)
{
    size_t i, j;

    for (i = 0; i < cache->sets * WAYS; i++) {
        uint64_t *slot = cache->words + i * cache->slot_words;

        if (load(slot + LENGTH) != 0 && lock_slot(slot)) {
            for (j = GENERATION; j < cache->slot_words; j++) {
                store(slot + j, 0);
            }
            unlock_slot(slot);
        }
    }
}
