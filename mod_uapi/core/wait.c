/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "wait.h"

int uapi_wait_slice(const uapi_wait *wait)
{
    return (wait->left < 0 || (wait->look >= 0 && wait->look < wait->left)) ? wait->look : wait->left;
}

void uapi_wait_passed(uapi_wait *wait, int milliseconds)
{
    if (milliseconds >= 0 && wait->left >= 0) {
        wait->left = (milliseconds < wait->left) ? wait->left - milliseconds : 0;
    }
}

int uapi_wait_is_over(const uapi_wait *wait)
{
    return wait->left == 0;
}
