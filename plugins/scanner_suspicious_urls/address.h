/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file address.h
 * What a host is when it is an address, in every spelling that some resolver takes: inet_aton's (RFC 6943, 3.1.1), IPv6
 * (RFC 4291) with an IPv4 address in it, and the forms of characters that IDNA maps to ASCII (RFC 5895).
 */
#ifndef SCANNER_SUSPICIOUS_URLS_ADDRESS_H
#define SCANNER_SUSPICIOUS_URLS_ADDRESS_H

#include <stddef.h>

typedef enum address_kind {
    ADDRESS_NONE, /* not an address */
    ADDRESS_PUBLIC,
    ADDRESS_EXAMPLE,  /* RFC 5737 */
    ADDRESS_PRIVATE,  /* RFC 1918, RFC 6598, RFC 4193, link-local */
    ADDRESS_LOOPBACK, /* and "this host" */
    ADDRESS_METADATA  /* where clouds hand out credentials */
} address_kind;

typedef struct address {
    address_kind kind;
    int disguised; /* not the way in which people write it */
} address;

#define ADDRESS_HOST_SIZE 256

/**
 * The host in small ASCII letters, as IDNA and percent-decoding make it; `*folded` tells whether anything but case had
 * to be changed. Returns its length, or 0 if it is longer than the buffer or not to be folded (other scripts).
 */
size_t address_fold(const char *host, size_t length, char out[static ADDRESS_HOST_SIZE], int *folded);

/** What the host (folded already; IPv6 in its brackets) is. */
address address_read(const char *host, size_t length);

#endif
