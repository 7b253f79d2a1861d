/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Two records a call carry one. gmtime_r takes the C library's lock on time zones, which all threads share, and printf
 * reads its format each time; this is arithmetic. Years are counted from March, so that a leap day is a year's last day
 * and the months before it have the same lengths in each year.
 */
#include "timestamp.h"

#include <stdint.h>

#define SECONDS_PER_DAY 86400
#define DAYS_PER_CYCLE 146097   /* 400 years */
#define DAYS_BEFORE_1970 719468 /* since the first of March of the year 0 */
#define LAST ((apr_time_t)253402300799 * APR_USEC_PER_SEC + 999999)

static void put(char *at, uint32_t value, int digits)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void put_date(char *text, uint32_t day)
{
    uint32_t cycle = day / DAYS_PER_CYCLE, in_cycle = day % DAYS_PER_CYCLE;
    /* Leap days passed: one each 4 years but not each 100; the cycle's own last day is the 400th year's. */
    uint32_t year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / (DAYS_PER_CYCLE - 1)) / 365;
    uint32_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * in_year + 2) / 153; /* from March; five months have 153 days */

    put(text, 400 * cycle + year + (month >= 10), 4);
    put(text + 5, month < 10 ? month + 3 : month - 9, 2);
    put(text + 8, in_year - (153 * month + 2) / 5 + 1, 2);
}

void uapi_timestamp_write(char text[UAPI_TIMESTAMP_LENGTH + 1], apr_time_t when)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    uint64_t time = (uint64_t)(when < 0 ? 0 : when > LAST ? LAST : when);
    uint64_t seconds = time / APR_USEC_PER_SEC;
    uint32_t second = (uint32_t)(seconds % SECONDS_PER_DAY);

    for (unsigned i = 0; i < sizeof(form); i++) {
        text[i] = form[i];
    }
    put_date(text, (uint32_t)(seconds / SECONDS_PER_DAY) + DAYS_BEFORE_1970);
    put(text + 11, second / 3600, 2);
    put(text + 14, second / 60 % 60, 2);
    put(text + 17, second % 60, 2);
    put(text + 20, (uint32_t)(time % APR_USEC_PER_SEC), 6);
}
