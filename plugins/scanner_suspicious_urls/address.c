/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Addresses are computed, not matched: 169.254.169.254 has more spellings than any pattern can list, and a filter that
 * misses one of them is no filter. Numbers too large wrap around, as they do in the parsers that accept them.
 */
#include "address.h"

#include <stdint.h>
#include <string.h>

#include "url.h"

/* ------------------------------------------------------------- folding */

static int decode(const unsigned char *at, size_t left, uint32_t *character)
{
    if (at[0] >= 0xc2 && at[0] < 0xe0 && left >= 2) {
        *character = (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3f);
        return 2;
    }
    if (at[0] >= 0xe0 && at[0] < 0xf0 && left >= 3) {
        *character = (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
        return 3;
    }
    if (at[0] >= 0xf0 && left >= 4) {
        *character = (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 | (uint32_t)(at[2] & 0x3f) << 6 |
                     (at[3] & 0x3f);
        return 4;
    }
    return 0;
}

/* Ranges that NFKC maps to ASCII one by one. `period`: the range repeats it (the mathematical alphabets). */
static const struct {
    uint32_t first, last;
    char to;
    uint8_t period;
} folds[] = {
    {0x00b2, 0x00b3, '2', 0},    {0x00b9, 0x00b9, '1', 0},    {0x2070, 0x2070, '0', 0}, {0x2074, 0x2079, '4', 0},
    {0x2080, 0x2089, '0', 0},    {0x2460, 0x2468, '1', 0},    {0x24b6, 0x24cf, 'a', 0}, {0x24d0, 0x24e9, 'a', 0},
    {0x24ea, 0x24ea, '0', 0},    {0x3002, 0x3002, '.', 0},    {0xff0e, 0xff0e, '.', 0}, {0xff61, 0xff61, '.', 0},
    {0xff10, 0xff19, '0', 0},    {0xff21, 0xff3a, 'a', 0},    {0xff41, 0xff5a, 'a', 0}, {0xff0d, 0xff0d, '-', 0},
    {0x1d400, 0x1d6a3, 'a', 26}, {0x1d7ce, 0x1d7ff, '0', 10},
};

static char fold(uint32_t character)
{
    size_t i;

    for (i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        if (character >= folds[i].first && character <= folds[i].last) {
            uint32_t offset = character - folds[i].first;

            return (char)(folds[i].to + (folds[i].period ? offset % folds[i].period : offset));
        }
    }
    return 0;
}

/* Soft hyphen, zero-width characters and variation selectors vanish. */
static int vanishes(uint32_t character)
{
    return character == 0xad || (character >= 0x200b && character <= 0x200d) || character == 0x2060 ||
           character == 0xfeff || (character >= 0xfe00 && character <= 0xfe0f);
}

size_t address_fold(const char *host, size_t length, char out[static ADDRESS_HOST_SIZE], int *folded)
{
    size_t made = 0, at = 0;

    *folded = 0;
    while (at < length) {
        unsigned char c = (unsigned char)host[at];
        char to = url_small((char)c);

        if (made == ADDRESS_HOST_SIZE - 1) {
            return 0;
        }
        if (c == '%' && length - at >= 3 && url_is_hex(host[at + 1]) && url_is_hex(host[at + 2])) {
            to = (char)(url_hex_value(host[at + 1]) * 16 + url_hex_value(host[at + 2]));
            to = url_small(to);
            at += 3;
            *folded = 1;
        } else if (c >= 0x80) {
            uint32_t character = 0;
            int size = decode((const unsigned char *)host + at, length - at, &character);

            to = size ? fold(character) : 0;
            at += (size_t)(size ? size : 1);
            *folded = 1;
            if (size && vanishes(character)) {
                continue;
            }
        } else {
            at++;
        }
        if ((unsigned char)to <= ' ' || (unsigned char)to >= 0x7f) {
            return 0;
        }
        out[made++] = to;
    }
    return made;
}

/* ------------------------------------------------------------- IPv4 */

static address_kind kind_of(uint32_t ip)
{
    static const struct {
        uint32_t net, mask;
        address_kind kind;
    } nets[] = {
        {0xa9fea9fe, 0xffffffff, ADDRESS_METADATA}, /* 169.254.169.254 */
        {0xa9feaa02, 0xffffffff, ADDRESS_METADATA}, /* 169.254.170.2: containers */
        {0xa9feaa17, 0xffffffff, ADDRESS_METADATA}, /* 169.254.170.23: pods */
        {0x646464c8, 0xffffffff, ADDRESS_METADATA}, /* 100.100.100.200 */
        {0xc00000c0, 0xffffffff, ADDRESS_METADATA}, /* 192.0.0.192 */
        {0xa83f8110, 0xffffffff, ADDRESS_METADATA}, /* 168.63.129.16 */
        {0x7f000000, 0xff000000, ADDRESS_LOOPBACK}, {0x00000000, 0xff000000, ADDRESS_LOOPBACK},
        {0x0a000000, 0xff000000, ADDRESS_PRIVATE},  {0xac100000, 0xfff00000, ADDRESS_PRIVATE},
        {0xc0a80000, 0xffff0000, ADDRESS_PRIVATE},  {0xa9fe0000, 0xffff0000, ADDRESS_PRIVATE},
        {0x64400000, 0xffc00000, ADDRESS_PRIVATE},  {0xc0000200, 0xffffff00, ADDRESS_EXAMPLE},
        {0xc6336400, 0xffffff00, ADDRESS_EXAMPLE},  {0xcb007100, 0xffffff00, ADDRESS_EXAMPLE},
    };
    size_t i;

    for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        if ((ip & nets[i].mask) == nets[i].net) {
            return nets[i].kind;
        }
    }
    return ADDRESS_PUBLIC;
}

/* One number of inet_aton: decimal, 0x or 0. Returns its length, 0 if it is none. */
static size_t read_number(const char *at, size_t length, uint32_t *value, int *odd)
{
    unsigned base = 10;
    size_t i = 0;

    *value = 0;
    if (length >= 2 && at[0] == '0') {
        if (at[1] == 'x') {
            base = 16;
            i = 2;
        } else if (url_is_digit(at[1])) {
            base = 8;
            i = 1;
        }
    }
    *odd |= base != 10;
    for (; i < length; i++) {
        int digit = url_hex_value(at[i]);

        if (digit < 0 || (unsigned)digit >= base) {
            break;
        }
        *odd |= *value > (UINT32_MAX - (unsigned)digit) / base;
        *value = *value * base + (unsigned)digit; /* wraps, see above */
    }
    return i;
}

static address read_ipv4(const char *host, size_t length)
{
    address made = {ADDRESS_NONE, 0};
    uint32_t part[4] = {0}, ip = 0;
    size_t at = 0, size;
    unsigned count = 0, i;

    while (at < length && count < 4) {
        size = read_number(host + at, length - at, &part[count], &made.disguised);
        if (size == 0) {
            return (address){ADDRESS_NONE, 0};
        }
        count++;
        at += size;
        if (at < length && host[at++] != '.') {
            return (address){ADDRESS_NONE, 0};
        }
    }
    if (at < length || count == 0) {
        return (address){ADDRESS_NONE, 0};
    }
    /* a small number alone is a port, a year or a placeholder before it is an address */
    if (count == 1 && part[0] != 0 && part[0] < 0x1000000 && !made.disguised) {
        return (address){ADDRESS_NONE, 0};
    }
    for (i = 0; i + 1 < count; i++) {
        made.disguised |= part[i] > 255;
        ip |= (part[i] & 255) << (24 - 8 * i);
    }
    ip |= count == 1 ? part[0] : part[count - 1] & (0xffffffff >> (8 * (count - 1)));
    made.disguised |= count < 4 || part[3] > 255;
    made.kind = kind_of(ip);
    return made;
}

/* ------------------------------------------------------------- IPv6 */

/* Sixteen-bit groups of [from, to), at most `most`; an IPv4 address at the end fills two. -1: malformed. */
static int read_groups(const char *host, size_t from, size_t to, uint16_t *group, int most, int *dotted)
{
    int count = 0;

    while (from < to) {
        size_t at = from;
        uint32_t value = 0;

        while (at < to && url_is_hex(host[at]) && at - from < 8) {
            value = value * 16 + (uint32_t)url_hex_value(host[at++]);
        }
        if (at < to && host[at] == '.' && count + 2 <= most) {
            unsigned parts = 0, byte = 0;
            uint32_t ip = 0;

            for (at = from; at < to; at++) {
                if (host[at] == '.') {
                    ip = ip << 8 | (byte & 255);
                    byte = 0;
                    parts++;
                } else if (url_is_digit(host[at])) {
                    byte = byte * 10 + (unsigned)(host[at] - '0');
                } else {
                    return -1;
                }
            }
            ip = ip << 8 | (byte & 255);
            group[count++] = (uint16_t)(ip >> 16);
            group[count++] = (uint16_t)ip;
            *dotted = 1;
            return parts == 3 ? count : -1;
        }
        if (at == from || at - from > 4 || count == most || (at < to && host[at] != ':')) {
            return -1;
        }
        group[count++] = (uint16_t)value;
        from = at < to ? at + 1 : at;
    }
    return count;
}

static int is_zero(const uint16_t *group, int from, int to)
{
    for (; from < to; from++) {
        if (group[from]) {
            return 0;
        }
    }
    return 1;
}

static address judge_ipv6(const uint16_t *g, size_t length)
{
    uint32_t low = (uint32_t)g[6] << 16 | g[7];

    if (is_zero(g, 0, 6) && low <= 1) {
        return (address){ADDRESS_LOOPBACK, length > 5}; /* longer than "[::1]" */
    }
    if (is_zero(g, 0, 5) && (g[5] == 0xffff || g[5] == 0)) {
        return (address){kind_of(low), 1};
    }
    if (is_zero(g, 0, 4) && g[4] == 0xffff && g[5] == 0) {
        return (address){kind_of(low), 1};
    }
    if (g[0] == 0x64 && g[1] == 0xff9b) {
        return (address){kind_of(low), 1};
    }
    if (g[0] == 0x2002) {
        address_kind kind = kind_of((uint32_t)g[1] << 16 | g[2]);

        return (address){kind, kind != ADDRESS_PUBLIC};
    }
    if ((g[0] == 0xfd00 && g[1] == 0xec2) || (g[0] == 0xfd20 && g[1] == 0xce) || (g[0] == 0xfd00 && g[1] == 0x42)) {
        return (address){g[7] == 0x254 || g[7] == 0x23 || g[7] == 0x42 ? ADDRESS_METADATA : ADDRESS_PRIVATE, 0};
    }
    return (address){(g[0] & 0xfe00) == 0xfc00 || (g[0] & 0xffc0) == 0xfe80 ? ADDRESS_PRIVATE : ADDRESS_PUBLIC, 0};
}

static address read_ipv6(const char *host, size_t length)
{
    static const address none = {ADDRESS_NONE, 0};
    uint16_t group[8] = {0}, tail[8] = {0};
    size_t from = 1, to = length - 1, gap;
    int head, back, dotted = 0;
    const char *zone = memchr(host, '%', length);

    if (zone) {
        to = (size_t)(zone - host);
    }
    for (gap = from; gap + 1 < to && !(host[gap] == ':' && host[gap + 1] == ':'); gap++) {
    }
    if (gap + 1 >= to) {
        return read_groups(host, from, to, group, 8, &dotted) == 8 ? judge_ipv6(group, length) : none;
    }
    head = read_groups(host, from, gap, group, 7, &dotted);
    back = read_groups(host, gap + 2, to, tail, 7, &dotted);
    if (head < 0 || back < 0 || head + back > 7) {
        return none;
    }
    memcpy(group + 8 - back, tail, (size_t)back * sizeof(tail[0]));
    return judge_ipv6(group, length);
}

address address_read(const char *host, size_t length)
{
    if (length >= 4 && host[0] == '[' && host[length - 1] == ']') {
        return read_ipv6(host, length);
    }
    return length ? read_ipv4(host, length) : (address){ADDRESS_NONE, 0};
}
