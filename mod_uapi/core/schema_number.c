/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A number is its spelling: sign, digits, exponent. Two of them are compared by the place of their first significant digit
 * and then digit by digit, so nothing is rounded and no locale takes part.
 */
#include "schema_internal.h"

#define MAX_EXPONENT 1000000000

typedef struct decimal {
    const char *at, *end; /* from the first significant digit to after the last; a point may stand between */
    int64_t place;        /* of the first significant digit: 0 for ones, 1 for tens; of the last: `last` */
    int64_t last;
    int negative, zero;
} decimal;

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t read_exponent(const char *at, const char *end)
{
    int negative = at < end && *at == '-';
    int64_t value = 0;

    for (at += at < end && !is_digit(*at); at < end; at++) {
        value = value < MAX_EXPONENT ? value * 10 + (*at - '0') : value;
    }
    return negative ? -value : value;
}

static decimal read_number(const uapi_json *json, uint32_t node)
{
    const uapi_json_node *n = &json->nodes[node];
    const char *at = json->text + n->start, *end = at + n->length;
    decimal d = {.negative = *at == '-', .zero = 1};
    int64_t place = 0, exponent = 0;

    at += d.negative;
    for (const char *look = at; look < end && is_digit(*look); look++) {
        place++;
    }
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        place -= is_digit(*at);
        if (is_digit(*at) && *at != '0') {
            if (d.zero) {
                d.at = at;
                d.place = place;
            }
            d.zero = 0;
            d.end = at + 1;
            d.last = place;
        }
    }
    if (at < end) {
        exponent = read_exponent(at + 1, end);
    }
    d.place += exponent;
    d.last += exponent;
    return d;
}

static char next_digit(decimal *d)
{
    if (d->at < d->end && *d->at == '.') {
        d->at++;
    }
    return d->at < d->end ? *d->at++ : '0';
}

static int compare_magnitudes(decimal a, decimal b)
{
    if (a.place != b.place) {
        return a.place < b.place ? -1 : 1;
    }
    while (a.at < a.end || b.at < b.end) {
        char one = next_digit(&a), other = next_digit(&b);

        if (one != other) {
            return one < other ? -1 : 1;
        }
    }
    return 0;
}

int uapi_schema_compare_numbers(const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn)
{
    decimal one = read_number(a, an), other = read_number(b, bn);
    int sign = one.zero ? 0 : one.negative ? -1 : 1, other_sign = other.zero ? 0 : other.negative ? -1 : 1;

    if (sign != other_sign || sign == 0) {
        return (sign > other_sign) - (sign < other_sign);
    }
    return compare_magnitudes(one, other) * sign;
}

int uapi_schema_is_integer(const uapi_json *json, uint32_t node)
{
    decimal d = read_number(json, node);

    return d.zero || d.last >= 0;
}

/* The digits down to `place` as a whole number; 0 if they are more than 18. */
static int scale(decimal d, int64_t place, uint64_t *value)
{
    *value = 0;
    if (d.zero) {
        return 1;
    }
    if (d.place - place >= 18 || d.place < place) {
        return 0;
    }
    for (int64_t at = d.place; at >= place; at--) {
        *value = *value * 10 + (uint64_t)(next_digit(&d) - '0');
    }
    return 1;
}

int uapi_schema_is_multiple(const uapi_json *json, uint32_t node, const uapi_json *divisor, uint32_t dn)
{
    decimal number = read_number(json, node), by = read_number(divisor, dn);
    int64_t place = number.zero || by.last < number.last ? by.last : number.last;
    uint64_t value, step;

    return number.zero ||
           (!by.zero && scale(number, place, &value) && scale(by, place, &step) && step != 0 && value % step == 0);
}
