/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file check.h
 * The arithmetic of check digits. Texts are digits (and capital letters where said), without separators.
 */
#ifndef SCANNER_PII_CHECK_H
#define SCANNER_PII_CHECK_H

#include <stddef.h>

/** ISO/IEC 7812-1 annex B. */
int check_luhn(const char *digits, size_t count);
/** ISO/IEC 7064 MOD 97-10 over digits and letters (A is 10); the remainder. */
unsigned check_mod97(unsigned remainder, const char *text, size_t count);
/** ISO/IEC 7064 MOD 11,10. */
int check_mod11_10(const char *digits, size_t count);
/** Verhoeff's dihedral code. */
int check_verhoeff(const char *digits, size_t count);
/** The sum of digits times weights; a weight is a byte of `weights`, which has `count` of them. */
unsigned check_sum(const char *digits, const char *weights, size_t count);
/** ICAO 9303: weights 7, 3, 1 over digits and letters. */
unsigned check_icao(const char *text, size_t count);

/** The number that `count` digits are. */
unsigned check_number(const char *digits, size_t count);
/** 1 if there is such a day; year 0 takes any day that February may have. */
int check_date(unsigned year, unsigned month, unsigned day);
/** 1 if the digits are YYMMDD. */
int check_yymmdd(const char *digits);
/** 1 if all characters are the same. */
int check_uniform(const char *text, size_t count);

#endif
