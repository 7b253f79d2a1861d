/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "wait.h"

#include <limits.h>

static int shorter(int one, int other)
{
    return (one < 0 || (other >= 0 && other < one)) ? other : one;
}

int uapi_wait_slice(const uapi_wait *wait)
{
    int to_idle = (wait->idle > wait->waited) ? wait->idle - wait->waited : -1;
    return shorter(wait->left, shorter(wait->look, to_idle));
}

void uapi_wait_passed(uapi_wait *wait, int milliseconds)
{
    if (milliseconds < 0) {
        return;
    }
    if (wait->left >= 0) {
        wait->left = (milliseconds < wait->left) ? wait->left - milliseconds : 0;
    }
    wait->waited = (milliseconds < INT_MAX - wait->waited) ? wait->waited + milliseconds : INT_MAX;
}

int uapi_wait_is_over(const uapi_wait *wait)
{
    return wait->left == 0;
}

int uapi_wait_is_idle(const uapi_wait *wait)
{
    return wait->idle >= 0 && wait->waited >= wait->idle;
}
