/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "behaviour.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, LEAST_WINDOWS = 3 };

#define WEIGHT 0.3
#define DEVIATIONS 4

/* One figure of a pair. Mean and deviation are written by the thread that closes a window only. */
typedef struct series {
    _Atomic uint64_t sum;           /* of the current window */
    _Atomic double mean, deviation; /* of the windows before */
} series;

struct behaviour_pair {
    _Atomic uint64_t key;             /* 0: free */
    _Atomic uint64_t used;            /* window in which it was last used, for eviction */
    _Atomic uint64_t window, windows; /* the current one, and how many have been closed */
    series bytes, records;
    _Atomic uint64_t position, steps, stepped; /* of pages; the window of the last step */
};

uint64_t behaviour_hash(uint64_t seed, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        seed = (seed ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return seed;
}

/* 0 for a call of nobody. */
static uint64_t key_of(const uapi_call_info *call, char what)
{
    const char *const parts[] = {call->tenant, call->principal_type, call->principal,
                                 call->server, call->method,         call->target};
    uint64_t key = UINT64_C(0xcbf29ce484222325);

    if (call->principal[0] == '\0') {
        return 0;
    }
    key = behaviour_hash(key, &what, 1);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        key = behaviour_hash(key, parts[i], strlen(parts[i]) + 1);
    }
    return key ? key : 1;
}

static void reset(behaviour_pair *pair, uint64_t window)
{
    atomic_store(&pair->window, window);
    atomic_store(&pair->windows, 0);
    atomic_store(&pair->bytes.sum, 0);
    atomic_store(&pair->bytes.mean, 0);
    atomic_store(&pair->bytes.deviation, 0);
    atomic_store(&pair->records.sum, 0);
    atomic_store(&pair->records.mean, 0);
    atomic_store(&pair->records.deviation, 0);
    atomic_store(&pair->position, 0);
    atomic_store(&pair->steps, 0);
    atomic_store(&pair->stepped, window);
}

static behaviour_pair *pair_of(behaviour *self, uint64_t key, uint64_t window)
{
    uint64_t mixed = key ^ key >> 29;
    behaviour_pair *group = &self->pairs[(mixed * WAYS) & (self->count - 1)], *oldest = group;
    uint64_t held;

    for (size_t i = 0; i < WAYS; i++) {
        held = atomic_load_explicit(&group[i].key, memory_order_acquire);
        if (held == key) {
            atomic_store_explicit(&group[i].used, window, memory_order_relaxed);
            return &group[i];
        }
        if (atomic_load_explicit(&oldest->key, memory_order_relaxed) != 0 &&
            (held == 0 || atomic_load_explicit(&group[i].used, memory_order_relaxed) <
                              atomic_load_explicit(&oldest->used, memory_order_relaxed))) {
            oldest = &group[i];
        }
    }
    held = atomic_load(&oldest->key);
    if (!atomic_compare_exchange_strong(&oldest->key, &held, key)) {
        return held == key ? oldest : NULL; /* somebody else took it at this moment: this call is not counted */
    }
    reset(oldest, window);
    atomic_store(&oldest->used, window);
    return oldest;
}

static uint64_t window_now(const behaviour *self)
{
    return self->time->monotonic(self->host) / UINT64_C(1000000000) / self->options.window;
}

static void close_window(series *figure, int first)
{
    double sum = (double)atomic_exchange(&figure->sum, 0), mean = atomic_load(&figure->mean),
           deviation = atomic_load(&figure->deviation), off = sum > mean ? sum - mean : mean - sum;

    atomic_store(&figure->mean, first ? sum : mean + WEIGHT * (sum - mean));
    atomic_store(&figure->deviation, first ? 0 : deviation + WEIGHT * (off - deviation));
}

/* The thread that moves the pair to the new window closes the old one. */
static void enter_window(behaviour_pair *pair, uint64_t window)
{
    uint64_t held = atomic_load(&pair->window);

    if (held < window && atomic_compare_exchange_strong(&pair->window, &held, window)) {
        int first = atomic_load(&pair->windows) == 0;

        close_window(&pair->bytes, first);
        close_window(&pair->records, first);
        atomic_fetch_add(&pair->windows, 1);
    }
}

static int is_unusual(series *figure, uint64_t sum, uint64_t least, uint64_t factor)
{
    double mean = atomic_load(&figure->mean), deviation = atomic_load(&figure->deviation);

    return sum >= least && (double)sum > mean * (double)factor && (double)sum > mean + DEVIATIONS * deviation;
}

int behaviour_volume(behaviour *self, const uapi_call_info *call, uint64_t bytes, uint64_t records)
{
    uint64_t key = self->pairs ? key_of(call, 'v') : 0, window;
    behaviour_pair *pair;

    if (key == 0) {
        return 0;
    }
    window = window_now(self);
    pair = pair_of(self, key, window);
    if (!pair) {
        return 0;
    }
    enter_window(pair, window);
    bytes += atomic_fetch_add(&pair->bytes.sum, bytes);
    records += atomic_fetch_add(&pair->records.sum, records);
    if (atomic_load(&pair->windows) < LEAST_WINDOWS) {
        return 0;
    }
    return is_unusual(&pair->bytes, bytes, self->options.floor_bytes, self->options.factor) ||
           is_unusual(&pair->records, records, self->options.floor_records, self->options.factor);
}

int behaviour_page(behaviour *self, const uapi_call_info *call, uint64_t position, int is_cursor)
{
    uint64_t key = self->pairs ? key_of(call, is_cursor ? 'c' : 'p') : 0, window, last, steps;
    behaviour_pair *pair;

    if (key == 0) {
        return 0;
    }
    window = window_now(self);
    pair = pair_of(self, key, window);
    if (!pair) {
        return 0;
    }
    if (atomic_exchange(&pair->stepped, window) + 1 < window) {
        atomic_store(&pair->steps, 0);
    }
    last = atomic_exchange(&pair->position, position);
    if (position == last) {
        steps = atomic_load(&pair->steps);
    } else if (is_cursor || position > last) {
        steps = atomic_fetch_add(&pair->steps, 1) + 1;
    } else {
        atomic_store(&pair->steps, 0);
        steps = 0;
    }
    return steps >= self->options.pages;
}

int behaviour_init(behaviour *self, const uapi_host *host, const behaviour_options *options)
{
    size_t wanted = WAYS;

    self->options = *options;
    self->host = host;
    self->time = host->get_service(host, UAPI_HOST_TIME_1);
    if (!self->time || options->principals == 0) {
        return 1;
    }
    while (wanted < options->principals) {
        wanted *= 2;
    }
    self->pairs = calloc(wanted, sizeof(*self->pairs));
    self->count = wanted;
    return self->pairs != NULL;
}

void behaviour_free(behaviour *self)
{
    free(self->pairs);
}
