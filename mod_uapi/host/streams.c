/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Texts that come in parts, by the server's numbers for them: few at a time, so chains behind a fixed table will do. */
#include "host.h"

#include <stdlib.h>

#define CHAINS 256

typedef struct stream {
    struct stream *next;
    uint64_t number;
    void *state;
} stream;

static stream *chains[CHAINS];

static stream **place(uint64_t number)
{
    stream **at = &chains[number % CHAINS];

    while (*at && (*at)->number != number) {
        at = &(*at)->next;
    }
    return at;
}

void *uapi_host_stream_add(uint64_t number, uint32_t state_size)
{
    stream **at = place(number), *made = *at ? NULL : calloc(1, sizeof(*made));
    void *state = calloc(1, state_size + 1);

    if (!made || !state) {
        free(made);
        free(state);
        return NULL;
    }
    made->number = number;
    made->state = state;
    *at = made;
    return state;
}

int uapi_host_stream_find(uint64_t number, void **state)
{
    const stream *found = *place(number);

    *state = found ? found->state : NULL;
    return found != NULL;
}

void uapi_host_stream_remove(uint64_t number)
{
    stream **at = place(number), *found = *at;

    if (found) {
        *at = found->next;
        free(found->state);
        free(found);
    }
}
