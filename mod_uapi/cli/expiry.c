/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "expiry.h"

#include <stdint.h>
#include <string.h>

static const struct {
    char unit;
    int64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};

/* The end of the year 9999, which is as far as RFC 3339 goes. */
#define LATEST (INT64_C(253402300799) * APR_USEC_PER_SEC)

/* Exactly `count` digits at `*at`, which moves behind them; -1 if they are not there. */
static int digits(const char **at, int count)
{
    int value = 0;

    for (; count > 0; count--, *at += 1) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        value = value * 10 + (**at - '0');
    }
    return value;
}

static int skip(const char **at, const char *any)
{
    if (!**at || !strchr(any, **at)) {
        return -1;
    }
    *at += 1;
    return 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* "Z" or "+01:00", in seconds; -1 if it is neither. */
static int offset_parse(const char **at, int *seconds)
{
    int sign = **at == '-' ? -1 : 1, hours, minutes;

    *seconds = 0;
    if (skip(at, "Zz") == 0) {
        return 0;
    }
    if (skip(at, "+-") != 0 || (hours = digits(at, 2)) < 0 || skip(at, ":") != 0 || (minutes = digits(at, 2)) < 0 ||
        hours > 23 || minutes > 59) {
        return -1;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return 0;
}

static void fraction_skip(const char **at)
{
    if (**at == '.' && (*at)[1] >= '0' && (*at)[1] <= '9') {
        *at += 1 + strspn(*at + 1, "0123456789");
    }
}

static int rfc3339_parse(const char *at, apr_time_t *time)
{
    apr_time_exp_t parts = {0};
    int year, month, day, hour, minute, second, offset;

    if ((year = digits(&at, 4)) < 1970 || skip(&at, "-") != 0 || (month = digits(&at, 2)) < 1 || month > 12 ||
        skip(&at, "-") != 0 || (day = digits(&at, 2)) < 1 || day > month_days(year, month) || skip(&at, "Tt ") != 0 ||
        (hour = digits(&at, 2)) < 0 || hour > 23 || skip(&at, ":") != 0 || (minute = digits(&at, 2)) < 0 ||
        minute > 59 || skip(&at, ":") != 0 || (second = digits(&at, 2)) < 0 || second > 59) {
        return -1;
    }
    fraction_skip(&at);
    if (offset_parse(&at, &offset) != 0 || *at) {
        return -1;
    }
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    parts.tm_sec = second;
    if (apr_time_exp_get(time, &parts) != APR_SUCCESS) {
        return -1;
    }
    *time -= apr_time_from_sec((apr_time_t)offset);
    return 0;
}

static int span_parse(const char *text, apr_time_t now, apr_time_t *time)
{
    size_t length = strspn(text, "0123456789");
    int64_t count = 0;

    if (length == 0 || length > 10 || !text[length] || text[length + 1]) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        count = count * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].unit == text[length]) {
            int64_t most = (LATEST - now) / APR_USEC_PER_SEC / units[i].seconds;

            *time = count > most ? LATEST + 1 : now + count * units[i].seconds * APR_USEC_PER_SEC;
            return 0;
        }
    }
    return -1;
}

const char *uapi_expiry_parse(const char *text, apr_time_t now, apr_time_t *expires)
{
    if (span_parse(text, now, expires) != 0 && rfc3339_parse(text, expires) != 0) {
        return "neither a span (45s, 30m, 12h, 30d, 4w) nor an RFC 3339 time (2027-01-31T12:00:00Z)";
    }
    if (*expires <= now) {
        return "not in the future";
    }
    return *expires > LATEST ? "too far away" : NULL;
}
