/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Duplicate keys. Small objects, which is nearly all of them, are compared pairwise: lengths differ mostly, and
 * nothing is allocated. Larger ones go through a hash table. Its hash is SipHash-1-3 under a random key of the
 * thread, because an object may have as many keys as its sender likes and a hash that the sender can predict would
 * make the search quadratic.
 */
#include "json_internal.h"

#include <string.h>

#include <apr_general.h>

enum { PAIRWISE_MOST = 12 };

typedef struct uapi_json_key {
    const char *text; /* unescaped */
    size_t length;
} uapi_json_key;

static inline uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t sip_hash(const uint64_t secret[2], const char *text, size_t length)
{
    uint64_t v[4] = {secret[0] ^ UINT64_C(0x736f6d6570736575), secret[1] ^ UINT64_C(0x646f72616e646f6d),
                     secret[0] ^ UINT64_C(0x6c7967656e657261), secret[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)length << 56;
    uint64_t word;
    size_t at, i;

    for (at = 0; length - at >= 8; at += 8) {
        memcpy(&word, text + at, sizeof(word));
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (i = 0; at + i < length; i++) {
        last |= (uint64_t)(unsigned char)text[at + i] << (8 * i);
    }
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xFF;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The thread's hash key, made when first needed; NULL if the system has no randomness to give. */
static const uint64_t *thread_secret(void)
{
    static _Thread_local uint64_t secret[2];
    static _Thread_local int ready;

    if (!ready) {
        ready = apr_generate_random_bytes((unsigned char *)secret, sizeof(secret)) == APR_SUCCESS;
    }
    return ready ? secret : NULL;
}

static int refuse_duplicate(uapi_json_reader *reader, uint32_t node)
{
    const char *at = reader->json->text + reader->json->nodes[node].start;

    return uapi_json_refuse(reader, UAPI_REASON_JSON_DUPLICATE_KEY, at, "a duplicate key");
}

static inline int keys_equal(const uapi_json_key *one, const uapi_json_key *other)
{
    return one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

static int check_pairwise(uapi_json_reader *reader, uint32_t object, uint32_t end)
{
    const uapi_json_node *nodes = reader->json->nodes;
    uapi_json_key keys[PAIRWISE_MOST];
    uint32_t child, count = 0, i;

    for (child = object + 1; child < end; child = nodes[child + 1].skip) {
        uapi_json_string(reader->json, child, reader->pool, &keys[count].text, &keys[count].length);
        for (i = 0; i < count; i++) {
            if (keys_equal(&keys[i], &keys[count])) {
                return refuse_duplicate(reader, child);
            }
        }
        count++;
    }
    return 1;
}

static int check_hashed(uapi_json_reader *reader, uint32_t object, uint32_t end, uint32_t count)
{
    const uapi_json_node *nodes = reader->json->nodes;
    const uint64_t *secret = thread_secret();
    uapi_json_key *table;
    size_t slots = 2 * PAIRWISE_MOST;
    uint32_t child;

    if (!secret) {
        return uapi_json_refuse(reader, UAPI_REASON_INTERNAL, reader->at, "no randomness for the hash");
    }
    while (slots < (size_t)count * 2) {
        slots *= 2;
    }
    table = apr_pcalloc(reader->pool, slots * sizeof(*table));
    for (child = object + 1; child < end; child = nodes[child + 1].skip) {
        uapi_json_key key;
        size_t slot;

        uapi_json_string(reader->json, child, reader->pool, &key.text, &key.length);
        for (slot = sip_hash(secret, key.text, key.length) % slots; table[slot].text; slot = (slot + 1) % slots) {
            if (keys_equal(&table[slot], &key)) {
                return refuse_duplicate(reader, child);
            }
        }
        table[slot] = key;
    }
    return 1;
}

int uapi_json_check_keys(uapi_json_reader *reader, uint32_t object)
{
    const uapi_json_node *nodes = reader->json->nodes;
    uint32_t end = nodes[object].skip;
    uint32_t child, count = 0;

    for (child = object + 1; child < end; child = nodes[child + 1].skip) {
        count++;
    }
    if (count < 2) {
        return 1;
    }
    return count <= PAIRWISE_MOST ? check_pairwise(reader, object, end) : check_hashed(reader, object, end, count);
}
