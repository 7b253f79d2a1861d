/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Each function is the arithmetic of one standard, or the part that several schemes have in common; what a scheme adds
 * to it stands with its rule.
 */
#include "check.h"

int check_luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');

        if (i % 2) {
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        }
        sum += digit;
    }
    return sum % 10 == 0;
}

unsigned check_mod97(unsigned remainder, const char *text, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        unsigned value = text[i] <= '9' ? (unsigned)(text[i] - '0') : (unsigned)(text[i] - 'A') + 10;

        remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    return remainder;
}

int check_mod11_10(const char *digits, size_t count)
{
    unsigned product = 10;
    size_t i;

    for (i = 0; i + 1 < count; i++) {
        unsigned sum = ((unsigned)(digits[i] - '0') + product) % 10;

        product = (sum ? sum : 10) * 2 % 11;
    }
    return (11 - product) % 10 == (unsigned)(digits[count - 1] - '0');
}

/* The product in the dihedral group of ten elements: rotations are 0 to 4, reflections 5 to 9. */
static unsigned dihedral(unsigned a, unsigned b)
{
    if (a < 5) {
        return b < 5 ? (a + b) % 5 : (a + b - 5) % 5 + 5;
    }
    return b < 5 ? (a - 5 + 5 - b) % 5 + 5 : (a - 5 + 10 - b) % 5;
}

int check_verhoeff(const char *digits, size_t count)
{
    static const unsigned char permute[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    unsigned check = 0;
    size_t i, j;

    for (i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');

        for (j = 0; j < i % 8; j++) {
            digit = permute[digit];
        }
        check = dihedral(check, digit);
    }
    return check == 0;
}

unsigned check_sum(const char *digits, const char *weights, size_t count)
{
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        sum += (unsigned)(digits[i] - '0') * (unsigned char)weights[i];
    }
    return sum;
}

unsigned check_icao(const char *text, size_t count)
{
    static const unsigned weights[] = {7, 3, 1};
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        sum += weights[i % 3] * (text[i] <= '9' ? (unsigned)(text[i] - '0') : (unsigned)(text[i] - 'A') + 10);
    }
    return sum % 10;
}

unsigned check_number(const char *digits, size_t count)
{
    unsigned number = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        number = number * 10 + (unsigned)(digits[i] - '0');
    }
    return number;
}

int check_date(unsigned year, unsigned month, unsigned day)
{
    static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) {
        return 0;
    }
    return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

int check_yymmdd(const char *digits)
{
    unsigned year = check_number(digits, 2);

    return check_date(year ? year : 2000, check_number(digits + 2, 2), check_number(digits + 4, 2));
}

int check_uniform(const char *text, size_t count)
{
    size_t i;

    for (i = 1; i < count && text[i] == text[0]; i++) {
    }
    return i >= count;
}
