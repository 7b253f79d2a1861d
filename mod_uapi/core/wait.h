/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file wait.h
 * A long wait in slices: how long to sleep now, so that between two slices there is a look at what no descriptor tells of. Milliseconds
 * throughout, -1: for ever.
 */
#ifndef UAPI_CORE_WAIT_H
#define UAPI_CORE_WAIT_H

typedef struct uapi_wait {
    int left; /* until it is over */
    int look; /* between two looks; -1: none is needed */
} uapi_wait;

/** How long to sleep now; 0 once it is over. */
int uapi_wait_slice(const uapi_wait *wait);

/** So long nothing happened. */
void uapi_wait_passed(uapi_wait *wait, int milliseconds);

int uapi_wait_is_over(const uapi_wait *wait);

#endif
