/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file checksum.h
 * Check digits, by name, for pattern packs. Characters that only group a number (space, hyphen, dot, slash) and letters around
 * it do not count, unless the scheme has letters. Pure functions; any thread; at most UAPI_CHECKSUM_MAX characters.
 */
#ifndef UAPI_CORE_CHECKSUM_H
#define UAPI_CORE_CHECKSUM_H

#include <stddef.h>

#define UAPI_CHECKSUM_MAX 64

typedef enum uapi_checksum {
    UAPI_CHECKSUM_LUHN,        /* ISO/IEC 7812-1, annex B */
    UAPI_CHECKSUM_MOD97,       /* ISO 7064, mod 97-10: digits, of which the last two check */
    UAPI_CHECKSUM_IBAN,        /* ISO 13616: mod 97-10 with the first four characters moved to the end */
    UAPI_CHECKSUM_ABA,         /* routing numbers of US banks: nine digits, weights 3 7 1 */
    UAPI_CHECKSUM_VERHOEFF,    /* in the dihedral group D5 */
    UAPI_CHECKSUM_DAMM,        /* by the quasigroup of Damm's thesis */
    UAPI_CHECKSUM_ISBN,        /* ISO 2108: 10 characters with X, or 13 digits */
    UAPI_CHECKSUM_CRC32_BASE62 /* the last six characters are the CRC-32 of those between the last "_" and them */
} uapi_checksum;

/** 1 if the text has the right check digits; 0 if not, or if it is none that the scheme knows. */
int uapi_checksum_holds(uapi_checksum checksum, const char *text, size_t length);

#endif
