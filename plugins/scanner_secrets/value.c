/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Everything that tells a random value from a word, a placeholder or a piece of code. Entropy alone tells little (most
 * long tokens of ordinary text pass any useful limit), so it is only ever one question among others.
 */
#include "value.h"

#include <string.h>

#include "rule.h"

#define ENTROPY_SPAN 512
#define PLACEHOLDER_SPAN 96

static unsigned classes_of(unsigned char c)
{
    static const struct {
        char character;
        uint16_t classes;
    } marks[] = {
        {'_', C_UNDER},  {'-', C_DASH},  {'.', C_DOT},     {'/', C_SLASH}, {'+', C_PLUS},
        {'=', C_EQUALS}, {'~', C_TILDE}, {'%', C_PERCENT}, {':', C_COLON},
    };
    size_t i;

    if (c >= '0' && c <= '9') {
        return C_DIGIT | C_HEX;
    }
    if (c >= 'a' && c <= 'z') {
        return C_LOWER | (c <= 'f' ? C_HEX : 0);
    }
    if (c >= 'A' && c <= 'Z') {
        return C_UPPER | (c <= 'F' ? C_HEX : 0);
    }
    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (c == (unsigned char)marks[i].character) {
            return marks[i].classes;
        }
    }
    return 0;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int value_is(unsigned char character, unsigned classes)
{
    return (classes_of(character) & classes) != 0;
}

size_t value_run(const char *at, size_t most, unsigned classes)
{
    size_t length = 0;

    while (length < most && value_is((unsigned char)at[length], classes)) {
        length++;
    }
    return length;
}

size_t value_run_back(const char *at, size_t most, unsigned classes)
{
    size_t length = 0;

    while (length < most && value_is((unsigned char)at[-1 - (ptrdiff_t)length], classes)) {
        length++;
    }
    return length;
}

/* log2 in 1/1024 by table-free bit work: plugins link nothing, and a tenth of a bit is all that is asked. */
static unsigned log2_fixed(unsigned x)
{
    unsigned whole = 0, fraction = 0, i;
    uint64_t mantissa;

    while (x >> (whole + 1)) {
        whole++;
    }
    mantissa = ((uint64_t)x << 20) >> whole;
    for (i = 0; i < 10; i++) {
        mantissa = (mantissa * mantissa) >> 20;
        fraction <<= 1;
        if (mantissa >= (UINT64_C(2) << 20)) {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    return (whole << 10) | fraction;
}

unsigned value_entropy(const char *text, size_t length)
{
    uint16_t counts[256] = {0};
    uint64_t sum = 0;
    unsigned total = (unsigned)(length < ENTROPY_SPAN ? length : ENTROPY_SPAN), i;

    if (total == 0) {
        return 0;
    }
    for (i = 0; i < total; i++) {
        counts[(unsigned char)text[i]]++;
    }
    for (i = 0; i < 256; i++) {
        if (counts[i]) {
            sum += (uint64_t)counts[i] * (log2_fixed(total) - log2_fixed(counts[i]));
        }
    }
    return (unsigned)(sum * 10 / total / 1024);
}

size_t value_count(const char *text, size_t length, unsigned classes)
{
    size_t count = 0, i;

    for (i = 0; i < length; i++) {
        count += (size_t)value_is((unsigned char)text[i], classes);
    }
    return count;
}

size_t value_longest_repeat(const char *text, size_t length)
{
    size_t longest = 0, run = 0, i;

    for (i = 0; i < length; i++) {
        run = i && text[i] == text[i - 1] ? run + 1 : 1;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static int starts_with(const char *text, size_t length, const char *part)
{
    size_t i;

    for (i = 0; part[i]; i++) {
        if (i == length || small(text[i]) != part[i]) {
            return 0;
        }
    }
    return 1;
}

int value_contains(const char *text, size_t length, const char *part)
{
    size_t most = length < ENTROPY_SPAN ? length : ENTROPY_SPAN, i;

    for (i = 0; i < most; i++) {
        if (small(text[i]) == part[0] && starts_with(text + i, length - i, part)) {
            return 1;
        }
    }
    return 0;
}

int value_equals(const char *text, size_t length, const char *whole)
{
    return strlen(whole) == length && starts_with(text, length, whole);
}

int value_is_uuid(const char *text, size_t length)
{
    size_t i;

    if (length != 36) {
        return 0;
    }
    for (i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !value_is((unsigned char)text[i], C_HEX)) {
            return 0;
        }
    }
    return 1;
}

/* Mostly what nobody's random generator makes but every author of examples does: each character is the last one's
 * successor. */
static int is_sequence(const char *text, size_t length)
{
    size_t steps = 0, i;

    for (i = 1; i < length; i++) {
        steps += (size_t)(text[i] == text[i - 1] + 1 || (text[i] == '0' && text[i - 1] == '9'));
    }
    return length >= 6 && steps * 10 >= length * 8;
}

static int is_reference(const char *text, size_t length)
{
    static const char *const openers[] = {"${",    "$(",    "{{",      "<%",       "%(",         "#{",          "@@",
                                          "[[",    "$env:", "%%",      "env.",     "os.environ", "process.env", "var.",
                                          "self.", "this.", "config.", "secrets.", "getenv"};
    size_t i;

    for (i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        if (starts_with(text, length, openers[i])) {
            return 1;
        }
    }
    if (text[0] == '$' && length > 1 && value_run(text + 1, length - 1, C_WORD) == length - 1 &&
        !value_is((unsigned char)text[1], C_DIGIT)) {
        return 1;
    }
    return (text[0] == '<' && text[length - 1] == '>') || (text[0] == '[' && text[length - 1] == ']') ||
           (text[0] == '%' && text[length - 1] == '%') || (text[0] == '{' && text[length - 1] == '}');
}

int value_is_placeholder(const char *text, size_t length)
{
    static const char *const parts[] = {
        "example", "placeholder", "your",     "changeme", "change_me", "change-me", "insert", "replace",
        "dummy",   "redacted",    "sample",   "todo",     "xxxx",      "****",      "....",   "____",
        "<",       "here",        "not_real", "fake",     "path/",     "%20",
    };
    size_t shown = length < PLACEHOLDER_SPAN ? length : PLACEHOLDER_SPAN, i;

    if (length == 0 || is_reference(text, length) || is_sequence(text, length)) {
        return 1;
    }
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (value_contains(text, shown, parts[i])) {
            return 1;
        }
    }
    return value_longest_repeat(text, length) * 2 > length;
}

int value_is_wordy(const char *text, size_t length)
{
    size_t digits = value_count(text, length, C_DIGIT), letters = value_count(text, length, C_LOWER | C_UPPER);
    size_t capitals = value_count(text, length, C_UPPER), in_words = 0, turns = 0, i = 0;

    if (capitals == letters) { /* SCREAMING_SNAKE: capitals are what words are made of */
        return letters > 0 && digits * 6 <= length && value_count(text, length, C_UNDER | C_DASH | C_DOT) * 4 > digits;
    }
    while (i < length) {
        size_t run = value_run(text + i, length - i, C_LOWER);

        turns += (size_t)(run && i && value_is((unsigned char)text[i - 1], C_DIGIT));
        if (run >= 3) {
            in_words += run + (i && value_is((unsigned char)text[i - 1], C_UPPER));
        }
        i += run ? run : 1;
    }
    return turns <= 1 && digits * 6 <= length && in_words * 10 >= letters * 7;
}

uint32_t value_crc32(const char *text, size_t length)
{
    uint32_t crc = UINT32_C(0xffffffff);
    size_t i;
    int bit;

    for (i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        for (bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
        }
    }
    return ~crc;
}

int value_has_crc(const char *text, size_t length, size_t skip)
{
    static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc;
    size_t i;

    if (length < skip + 7) {
        return 0;
    }
    crc = value_crc32(text + skip, length - 6 - skip);
    for (i = 0; i < 6; i++) {
        if (text[length - 1 - i] != base62[crc % 62]) {
            return 0;
        }
        crc /= 62;
    }
    return 1;
}
