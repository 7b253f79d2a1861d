/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Addresses of networks. Those that can belong to a person's line and those that lead nowhere (private, loopback,
 * documentation, multicast) are different rules, so that a policy can let the latter pass.
 */
#include "contact.h"

#include "scan_text.h"

#define LONGEST6 46

/* ---------------------------------------------------------------- version 4 */

/* Four numbers without leading zeros at `from`; where they end, or 0. */
static size_t read_ip4(const uapi_string *text, size_t from, unsigned char address[4])
{
    size_t at = from, part;

    for (part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;

        if (part && text_at(text, at++) != '.') {
            return 0;
        }
        for (; text_digit(text_at(text, at)) && digits < 4; at++, digits++) {
            value = value * 10 + (unsigned)(text->data[at] - '0');
        }
        if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text->data[at - digits] == '0')) {
            return 0;
        }
        address[part] = (unsigned char)value;
    }
    return at;
}

static int is_internal4(const unsigned char a[4])
{
    static const struct {
        unsigned char network[4];
        unsigned bits;
    } ranges[] = {
        {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},   {{127, 0, 0, 0}, 8},
        {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},
        {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
        {{224, 0, 0, 0}, 3},
    };
    uint32_t address = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
    size_t i;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        const unsigned char *n = ranges[i].network;
        uint32_t network = (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 | (uint32_t)n[2] << 8 | n[3];

        if ((address ^ network) >> (32 - ranges[i].bits) == 0) {
            return 1;
        }
    }
    return 0;
}

/* "v1.2.3.4" and "version 1.2.3.4" are versions; so is what goes on with a letter or a dash. */
static int is_version(const uapi_string *text, size_t from, size_t to)
{
    size_t at = from;
    char after = text_at(text, to);

    if (text_letter(text_at(text, from - 1)) || text_letter(after) || after == '_' ||
        (after == '-' && text_letter(text_at(text, to + 1)))) {
        return 1;
    }
    while (at > 0 &&
           (text->data[at - 1] == ' ' || text->data[at - 1] == ':' || text->data[at - 1] == '"' ||
            text->data[at - 1] == '=' || text->data[at - 1] == '@') &&
           from - at < 6) {
        at--;
    }
    return at >= 7 && text_is(text, at - 7, at, "VERSION") && at != from;
}

int32_t verify_ip4(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t from = candidate->from, to;
    unsigned char address[4];
    char before;

    while (from > 0 && candidate->from - from < 3 && text_digit(text->data[from - 1])) {
        from--;
    }
    to = read_ip4(text, from, address);
    before = text_at(text, from - 1);
    if (!to || before == '.' || (text_at(text, to) == '.' && text_digit(text_at(text, to + 1))) || text_digit(before) ||
        text_digit(text_at(text, to)) || is_version(text, from, to) ||
        is_internal4(address) != (self->argument == IP_INTERNAL)) {
        return 0;
    }
    finding->from = from;
    finding->to = to;
    return 1;
}

/* ---------------------------------------------------------------- version 6 */

/* One group of hexadecimal digits at *at, which moves behind it; its value, or 65536 if it is none. */
static unsigned read_group(const uapi_string *text, size_t *at)
{
    unsigned value = 0;
    size_t start = *at;

    for (; text_hex(text_at(text, *at)) && *at - start < 5; ++*at) {
        char c = text_capital(text->data[*at]);

        value = value * 16 + (unsigned)(text_digit(c) ? c - '0' : c - 'A' + 10);
    }
    return *at - start > 4 ? 65536 : value;
}

/* An address at `from`; where it ends, or 0. The first two groups of one that begins with them go to `head`. */
static size_t read_ip6(const uapi_string *text, size_t from, unsigned head[2])
{
    size_t at = from, groups = 0, dotted;
    int elided = text_at(text, at) == ':' && text_at(text, at + 1) == ':';
    unsigned char tail[4];

    head[0] = head[1] = 0;
    at += elided ? 2 : 0;
    while (groups < 8 && text_hex(text_at(text, at))) {
        unsigned value;

        dotted = groups || elided ? read_ip4(text, at, tail) : 0;
        if (dotted) {
            at = dotted;
            groups += 2;
            break;
        }
        value = read_group(text, &at);
        if (value > 65535) {
            return 0;
        }
        if (groups < 2) {
            head[groups] = value;
        }
        groups++;
        if (groups == 8 || text_at(text, at) != ':') {
            break;
        }
        if (text_at(text, at + 1) == ':') {
            if (elided) {
                return 0;
            }
            elided = 1;
            at += 2;
        } else if (text_hex(text_at(text, at + 1))) {
            at++;
        } else {
            break;
        }
    }
    return (elided && groups < 8) || (!elided && groups == 8) ? at : 0;
}

static int is_internal6(const uapi_string *text, size_t from, const unsigned head[2])
{
    return text->data[from] == ':' || head[0] == 0 || (head[0] & 0xfe00) == 0xfc00 || (head[0] & 0xff00) == 0xfe00 ||
           (head[0] & 0xff00) == 0xff00 || (head[0] == 0x2001 && head[1] == 0xdb8) ||
           (head[0] == 0x64 && head[1] == 0xff9b);
}

/* "::" by itself is an address only where nothing else can be meant. */
static int is_unspecified(const uapi_string *text, size_t from, size_t to)
{
    char before = text_at(text, from - 1), after = text_at(text, to);

    return to - from == 2 && ((after == '/' && text_digit(text_at(text, to + 1))) ||
                              (from > 0 && before == ' ' && to == text->length && text_alnum(text_at(text, from - 2))));
}

static int ends_ip6(const uapi_string *text, size_t to)
{
    char after = text_at(text, to);

    return !text_alnum(after) && after != '_' && !((after == ':' || after == '.') && text_alnum(text_at(text, to + 1)));
}

/* Where the address begins that the candidate is a part of. After a word ("text::ffff:…") only a mapped one can. */
static size_t start_ip6(const uapi_candidate *candidate)
{
    const uapi_string *text = &candidate->text;
    size_t from = candidate->from;
    char before;

    while (from > 0 && candidate->from - from < LONGEST6 &&
           (text_hex(text->data[from - 1]) || text->data[from - 1] == ':')) {
        from--;
    }
    before = text_at(text, from - 1);
    if (!text_alnum(before) && before != '_') {
        return from;
    }
    while (from < candidate->to && text->data[from] != ':') {
        from++;
    }
    return text->length - from > 7 && text_is(text, from, from + 7, "::FFFF:") ? from : text->length;
}

int32_t verify_ip6(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t from = start_ip6(candidate), to;
    unsigned head[2];

    to = from < text->length ? read_ip6(text, from, head) : 0;
    if (!to || !ends_ip6(text, to) || is_internal6(text, from, head) != (self->argument == IP_INTERNAL)) {
        return 0;
    }
    if (to - from == 2 ? !is_unspecified(text, from, to) : !text_has_digit(text, from, to)) {
        return 0;
    }
    finding->from = from;
    finding->to = to;
    return 1;
}

/* ---------------------------------------------------------------- hardware */

/* The pattern has all groups but the first, which is as long as the others. */
int32_t verify_mac(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t first = text->data[candidate->from] == '.' ? 4 : 2, from = candidate->from - first, i;
    char before = text_at(text, from - 1), after = text_at(text, candidate->to);
    int same = 1;

    (void)self;
    if (candidate->from < first || text_alnum(before) || text_alnum(after) || before == '_' || after == '_') {
        return 0;
    }
    for (i = from; i < candidate->to; i++) {
        if (i < from + first && !text_hex(text->data[i])) {
            return 0;
        }
        same &= !text_hex(text->data[i]) || text_capital(text->data[i]) == text_capital(text->data[from]);
    }
    finding->from = from;
    return !same && before != ':' && before != '-' && before != '.' &&
           !((after == ':' || after == '-' || after == '.') && text_hex(text_at(text, candidate->to + 1)));
}
