/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * An internationalised name is as honest as any other. It is a look-alike only if two scripts that share shapes are
 * mixed in one label, or if all of it, letter for letter, looks like one of a few names that people are lured with.
 */
#include "lookalike.h"

#include <string.h>

#include "url.h"

size_t lookalike_decode_utf8(const char *label, size_t length, uint32_t out[static LOOKALIKE_LABEL])
{
    static const unsigned char first_mask[] = {0x7f, 0, 0x1f, 0x0f, 0x07};
    size_t count = 0, at = 0;

    while (at < length) {
        unsigned char c = (unsigned char)label[at];
        size_t size = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0, i;

        if (size == 0 || size > length - at || count == LOOKALIKE_LABEL) {
            return 0;
        }
        out[count] = size == 1 ? (unsigned char)url_small((char)c) : (uint32_t)(c & first_mask[size]);
        for (i = 1; i < size; i++) {
            out[count] = out[count] << 6 | ((unsigned char)label[at + i] & 0x3f);
        }
        count++;
        at += size;
    }
    return count;
}

/* ------------------------------------------------------------- RFC 3492 */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_N = 128 };

static uint32_t adapt(uint32_t delta, uint32_t points, int first)
{
    uint32_t k = 0;

    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) {
        delta /= BASE - T_MIN;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static int digit_value(char c)
{
    c = url_small(c);
    return url_is_digit(c) ? c - '0' + 26 : c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

/* One generalised variable-length integer added to *i; its length, or 0. */
static size_t read_delta(const char *label, size_t at, size_t length, uint32_t bias, uint32_t *i)
{
    uint32_t weight = 1, k = BASE, threshold;
    size_t from = at;

    for (; at < length; k += BASE) {
        int digit = digit_value(label[at++]);

        if (digit < 0 || (weight && (uint32_t)digit > (UINT32_MAX - *i) / weight)) {
            return 0;
        }
        *i += (uint32_t)digit * weight;
        threshold = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if ((uint32_t)digit < threshold) {
            return at - from;
        }
        if (weight > UINT32_MAX / (BASE - threshold)) {
            return 0;
        }
        weight *= BASE - threshold;
    }
    return 0;
}

size_t lookalike_decode_punycode(const char *label, size_t length, uint32_t out[static LOOKALIKE_LABEL])
{
    uint32_t n = FIRST_N, i = 0, bias = FIRST_BIAS, before;
    size_t count = 0, at = 4, last = 0, size, k;

    if (length <= 4 || length > LOOKALIKE_LABEL) {
        return 0;
    }
    for (k = at; k < length; k++) {
        last = label[k] == '-' ? k : last;
    }
    for (; last && at < last; at++) {
        out[count++] = (unsigned char)url_small(label[at]);
    }
    at += last ? 1 : 0;
    while (at < length) {
        before = i;
        size = read_delta(label, at, length, bias, &i);
        if (size == 0 || count == LOOKALIKE_LABEL) {
            return 0;
        }
        at += size;
        bias = adapt(i - before, (uint32_t)count + 1, before == 0);
        n += i / (uint32_t)(count + 1);
        i %= (uint32_t)(count + 1);
        if (n > 0x10ffff) {
            return 0;
        }
        memmove(out + i + 1, out + i, (count - i) * sizeof(out[0]));
        out[i++] = n;
        count++;
    }
    return count;
}

/* ------------------------------------------------------------- skeletons */

/* What a character looks like. The accented letters of Latin-1 and Latin Extended-A are their bases. */
static const struct {
    uint32_t first, last;
    const char *to; /* one for each, or one for all */
} shapes[] = {
    {0x00e0, 0x00e6, "aaaaaaa"},
    {0x00e7, 0x00ef, "ceeeeiiii"},
    {0x00f1, 0x00f6, "nooooo"},
    {0x00f8, 0x00ff, "ouuuuypy"},
    {0x0100, 0x0105, "a"},
    {0x0106, 0x010d, "c"},
    {0x010e, 0x0111, "d"},
    {0x0112, 0x011b, "e"},
    {0x011c, 0x0123, "g"},
    {0x0124, 0x0127, "h"},
    {0x0128, 0x0131, "i"},
    {0x0134, 0x0135, "j"},
    {0x0136, 0x0138, "k"},
    {0x0139, 0x0142, "l"},
    {0x0143, 0x014b, "n"},
    {0x014c, 0x0151, "o"},
    {0x0154, 0x0159, "r"},
    {0x015a, 0x0161, "s"},
    {0x0162, 0x0167, "t"},
    {0x0168, 0x0173, "u"},
    {0x0174, 0x0175, "w"},
    {0x0176, 0x0178, "y"},
    {0x0179, 0x017e, "z"},
    {0x0250, 0x0251, "a"},
    {0x0261, 0x0261, "g"},
    {0x0269, 0x026a, "i"},
    {0x01c0, 0x01c0, "l"},
    {0x03b1, 0x03b1, "a"},
    {0x03b5, 0x03b5, "e"},
    {0x03b9, 0x03ba, "ik"},
    {0x03bd, 0x03bf, "vxo"},
    {0x03c1, 0x03c1, "p"},
    {0x03c4, 0x03c5, "tu"},
    {0x03c7, 0x03c9, "xpw"},
    {0x0430, 0x0432, "a6b"},
    {0x0433, 0x0435, "rde"},
    {0x0437, 0x0438, "3u"},
    {0x043a, 0x043f, "klmhon"},
    {0x0440, 0x0443, "pcty"},
    {0x0445, 0x0445, "x"},
    {0x0448, 0x0448, "w"},
    {0x044c, 0x044c, "b"},
    {0x0451, 0x0451, "e"},
    {0x0455, 0x0458, "siij"},
    {0x04bb, 0x04bb, "h"},
    {0x04cf, 0x04cf, "l"},
    {0x0501, 0x0501, "d"},
    {0x051b, 0x051d, "qww"},
    {0x0578, 0x0578, "n"},
    {0x057d, 0x057d, "u"},
    {0x0585, 0x0585, "o"},
    {0x1e00, 0x1e01, "a"},
    {0x1e02, 0x1e07, "b"},
    {0x1ea0, 0x1eb7, "a"},
    {0x1eb8, 0x1ec7, "e"},
    {0x1ec8, 0x1ecb, "i"},
    {0x1ecc, 0x1ee3, "o"},
    {0x1ee4, 0x1ef1, "u"},
    {'0', '1', "ol"},
};

static char shape_of(uint32_t character)
{
    size_t i;

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (character >= shapes[i].first && character <= shapes[i].last) {
            return shapes[i].to[1] ? shapes[i].to[character - shapes[i].first] : shapes[i].to[0];
        }
    }
    return character < 0x80 ? (char)character : '?';
}

static const char *const names[] = {
    "google",   "gmail",      "youtube",  "paypal",     "apple",          "icloud",        "microsoft",  "outlook",
    "office",   "github",     "gitlab",   "bitbucket",  "amazon",         "facebook",      "instagram",  "whatsapp",
    "twitter",  "linkedin",   "netflix",  "dropbox",    "slack",          "discord",       "telegram",   "stripe",
    "coinbase", "binance",    "metamask", "openai",     "chatgpt",        "anthropic",     "claude",     "huggingface",
    "adobe",    "cloudflare", "yahoo",    "ebay",       "docker",         "npmjs",         "pypi",       "wikipedia",
    "reddit",   "spotify",    "steam",    "blockchain", "kraken",         "mastercard",    "visa",       "chase",
    "citibank", "hsbc",       "revolut",  "dhl",        "fedex",          "zoom",          "salesforce", "atlassian",
    "notion",   "figma",      "okta",     "oracle",     "steamcommunity", "myetherwallet", NULL};

int lookalike_judge(const uint32_t *characters, size_t count)
{
    char skeleton[LOOKALIKE_LABEL + 1];
    int latin = 0, other = 0, foreign = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        uint32_t c = characters[i];

        latin |= (c >= 'a' && c <= 'z') || (c >= 0xc0 && c <= 0x24f);
        other |= (c >= 0x370 && c <= 0x52f); /* Greek and Cyrillic */
        foreign |= c >= 0x80;
        skeleton[i] = shape_of(c);
    }
    skeleton[count] = '\0';
    return (latin && other) || (foreign && url_is_word((uapi_string){skeleton, count}, 0, count, names));
}
