/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What nobody works with lies in a place; each processor has its own where it looks first, so that what it finds there is likely still in its
 * caches. What finds no place is freed.
 */
#include "firewall_memory.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "firewall_internal.h"

enum { PLACES = 64 };

/* A cache line each: processors beside each other would otherwise wait for one another. */
static struct {
    _Alignas(64) _Atomic(uapi_firewall_memory *) memory;
} places[PLACES];

static __thread int borrowing;

static unsigned own_place(void)
{
#ifdef __linux__
    int processor = sched_getcpu();
    return (processor > 0) ? (unsigned)processor % PLACES : 0;
#else
    return 0;
#endif
}

static void free_memory(uapi_firewall_memory *memory)
{
    if (memory) {
        hs_free_scratch(memory->scratch);
        free(memory->latest);
        free(memory->begun);
        free(memory->states);
        free(memory);
    }
}

void uapi_firewall_memory_free(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        free_memory(atomic_exchange(&places[i].memory, NULL));
    }
}

/* With the module, where it is unloaded. */
static __attribute__((destructor)) void at_unload(void)
{
    uapi_firewall_memory_free();
}

static uapi_firewall_memory *take(void)
{
    unsigned own = own_place();
    uapi_firewall_memory *memory = NULL;

    for (unsigned i = 0; i < PLACES && !memory; i++) {
        unsigned place = (own + i) % PLACES;

        if (atomic_load_explicit(&places[place].memory, memory_order_relaxed)) {
            memory = atomic_exchange_explicit(&places[place].memory, NULL, memory_order_acquire);
        }
    }
    return memory ? memory : calloc(1, sizeof(*memory));
}

static void put(uapi_firewall_memory *memory)
{
    unsigned own = own_place();

    for (unsigned i = 0; i < PLACES; i++) {
        uapi_firewall_memory *empty = NULL;

        if (atomic_compare_exchange_strong_explicit(&places[(own + i) % PLACES].memory, &empty, memory,
                                                    memory_order_release, memory_order_relaxed)) {
            return;
        }
    }
    free_memory(memory);
}

static int fits(const uapi_firewall_memory *memory, const uapi_firewall *firewall)
{
    for (unsigned i = 0; i < UAPI_FIREWALL_MEMORY_KNOWS; i++) {
        if (memory->known[i] == firewall->serial) {
            return 1;
        }
    }
    return 0;
}

/* Zeroed, where the old room is too small; what was there is not kept. */
static int grow_room(void **room, size_t *size, size_t wanted)
{
    void *made;

    if (*size >= wanted) {
        return 1;
    }
    made = calloc(1, wanted);
    if (made) {
        free(*room);
        *room = made;
        *size = wanted;
    }
    return made != NULL;
}

static int grow(uapi_firewall_memory *memory, const uapi_firewall *firewall)
{
    if (firewall->database && hs_alloc_scratch(firewall->database, &memory->scratch) != HS_SUCCESS) {
        return 0;
    }
    if (!grow_room((void **)&memory->latest, &memory->latest_size, firewall->count * sizeof(*memory->latest)) ||
        !grow_room((void **)&memory->begun, &memory->begun_size, firewall->scanner_count) ||
        !grow_room((void **)&memory->states, &memory->states_size, firewall->state_bytes)) {
        return 0;
    }
    memory->known[memory->next_known++ % UAPI_FIREWALL_MEMORY_KNOWS] = firewall->serial;
    return 1;
}

uapi_firewall_memory *uapi_firewall_memory_borrow(const uapi_firewall *firewall)
{
    uapi_firewall_memory *memory = borrowing ? NULL : take();

    if (memory && !fits(memory, firewall) && !grow(memory, firewall)) {
        put(memory);
        memory = NULL;
    }
    borrowing = borrowing || memory;
    return memory;
}

void uapi_firewall_memory_return(uapi_firewall_memory *memory)
{
    borrowing = 0;
    put(memory);
}
