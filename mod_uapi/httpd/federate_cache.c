/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a child remembers of servers for a caller: sessions that it opened, lists. Bounded: when it is full, what has expired goes, and
 * if that is not enough, all of it; everything here can be had again.
 */
#include "federate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

enum { MOST_ENTRIES = 8192, MOST_BYTES = 16 * 1024 * 1024 };

typedef struct entry {
    apr_time_t expires;
    size_t size;
    char *key, *text; /* one piece of the heap with the entry */
} entry;

static struct {
    apr_thread_mutex_t *mutex;
    apr_hash_t *entries;
    size_t bytes;
} cache;

void uapi_federate_cache_init(apr_pool_t *pchild)
{
    apr_thread_mutex_create(&cache.mutex, APR_THREAD_MUTEX_DEFAULT, pchild);
    cache.entries = apr_hash_make(pchild);
    cache.bytes = 0;
}

const char *uapi_federate_key(const uapi_call *call, const char *kind, const char *server, apr_pool_t *pool)
{
    const uapi_principal *principal = call->principal;
    return apr_psprintf(pool, "%pp\n%s\n%s\n%s\n%s\n%s", (const void *)call->gateway, kind, principal->tenant,
                        uapi_principal_type_name(principal->type), principal->id, server);
}

static void drop(entry *old)
{
    apr_hash_set(cache.entries, old->key, APR_HASH_KEY_STRING, NULL);
    cache.bytes -= old->size;
    free(old);
}

static void drop_all(apr_time_t until)
{
    for (apr_hash_index_t *at = apr_hash_first(NULL, cache.entries); at != NULL; at = apr_hash_next(at)) {
        entry *old = apr_hash_this_val(at);
        if (until == 0 || old->expires <= until) {
            drop(old);
        }
    }
}

static int is_full(size_t more)
{
    return apr_hash_count(cache.entries) >= MOST_ENTRIES || cache.bytes + more > MOST_BYTES;
}

static void make_room(size_t more)
{
    if (is_full(more)) {
        drop_all(apr_time_now());
    }
    if (is_full(more)) {
        drop_all(0);
    }
}

const char *uapi_federate_recall(const char *key, apr_pool_t *pool)
{
    const char *text = NULL;
    entry *found;
    apr_thread_mutex_lock(cache.mutex);
    found = apr_hash_get(cache.entries, key, APR_HASH_KEY_STRING);
    if (found != NULL && found->expires <= apr_time_now()) {
        drop(found);
    } else if (found != NULL) {
        text = apr_pstrdup(pool, found->text);
    }
    apr_thread_mutex_unlock(cache.mutex);
    return text;
}

void uapi_federate_remember(const char *key, const char *text, apr_time_t expires)
{
    size_t key_size = strlen(key) + 1, text_size = strlen(text) + 1, size = sizeof(entry) + key_size + text_size;
    entry *fresh = (size <= MOST_BYTES / 4) ? malloc(size) : NULL, *old;
    if (fresh == NULL) {
        return;
    }
    fresh->expires = expires;
    fresh->size = size;
    fresh->key = (char *)(fresh + 1);
    fresh->text = fresh->key + key_size;
    memcpy(fresh->key, key, key_size);
    memcpy(fresh->text, text, text_size);
    apr_thread_mutex_lock(cache.mutex);
    old = apr_hash_get(cache.entries, key, APR_HASH_KEY_STRING);
    if (old != NULL) {
        drop(old);
    }
    make_room(size);
    apr_hash_set(cache.entries, fresh->key, APR_HASH_KEY_STRING, fresh);
    cache.bytes += size;
    apr_thread_mutex_unlock(cache.mutex);
}

void uapi_federate_forget(const char *key)
{
    entry *old;
    apr_thread_mutex_lock(cache.mutex);
    old = apr_hash_get(cache.entries, key, APR_HASH_KEY_STRING);
    if (old != NULL) {
        drop(old);
    }
    apr_thread_mutex_unlock(cache.mutex);
}

/* ------------------------------------------------------------------- what all children share */

/* One of them hears that a list has changed, the next question comes to another. Servers share a counter where their names' hashes
 * meet: that costs a list that is fetched in vain. */
enum { COUNTERS = 256 };
static atomic_uint *counters;

static apr_status_t unmap(void *memory)
{
    munmap(memory, sizeof(*counters) * COUNTERS);
    return APR_SUCCESS;
}

apr_status_t uapi_federate_share(apr_pool_t *pconf)
{
    void *memory = mmap(NULL, sizeof(*counters) * COUNTERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(pconf, memory, unmap, apr_pool_cleanup_null);
    counters = memory;
    return APR_SUCCESS;
}

static atomic_uint *counter_of(const char *server)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;
    return &counters[apr_hashfunc_default(server, &length) % COUNTERS];
}

unsigned uapi_federate_changes(const char *server)
{
    return atomic_load_explicit(counter_of(server), memory_order_acquire);
}

void uapi_federate_note_change(const char *server, const uapi_json *json)
{
    static const char *const notices[] = {"notifications/tools/list_changed", "notifications/prompts/list_changed",
                                          "notifications/resources/list_changed"};
    uint32_t method = uapi_json_member(json, 0, "method");
    if (method == UAPI_JSON_NONE || json->nodes[method].type != UAPI_JSON_STRING) {
        return;
    }
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (uapi_json_equals(json, method, notices[i])) {
            atomic_fetch_add_explicit(counter_of(server), 1, memory_order_release);
        }
    }
}
