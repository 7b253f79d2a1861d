/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "payload.h"

#include <stdint.h>
#include <string.h>

#include "data.h"

enum {
    LEAST_LINE = 56,      /* characters of a line that goes on in the next one */
    LEAST_RUN = 40,       /* characters */
    LEAST_PAYLOAD = 1024, /* bytes, decoded */
    DECODED = 1536        /* as much is looked at */
};

static int is_digit_of_base64(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '-' || c == '_';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : 63;
}

static int is_break(char c)
{
    return c == '\n' || c == '\r';
}

static int is_hex(const char *run, size_t length)
{
    size_t digits = 0;

    for (size_t i = 0; i < length && i < 2 * DECODED; i++) {
        if (hex_value(run[i]) < 0 && !is_break(run[i])) {
            return 0;
        }
        digits += !is_break(run[i]);
    }
    return digits % 2 == 0;
}

static size_t decode_hex(const char *run, size_t length, char *out)
{
    size_t made = 0;
    int high = -1;

    for (size_t i = 0; i < length && made < DECODED; i++) {
        if (is_break(run[i])) {
            continue;
        }
        if (high < 0) {
            high = hex_value(run[i]);
        } else {
            out[made++] = (char)(high << 4 | hex_value(run[i]));
            high = -1;
        }
    }
    return made;
}

static size_t decode_base64(const char *run, size_t length, char *out)
{
    uint32_t bits = 0;
    size_t made = 0;
    int held = 0;

    for (size_t i = 0; i < length && made < DECODED; i++) {
        if (is_break(run[i])) {
            continue;
        }
        bits = bits << 6 | (uint32_t)base64_value(run[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[made++] = (char)(bits >> held);
        }
    }
    return made;
}

/* Nearly all printable, or UTF-8. */
static int is_text(const char *bytes, size_t length)
{
    size_t odd = 0, high = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        odd += (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
        high += c >= 0x80;
    }
    return odd * 50 <= length && high * 5 <= length;
}

static int is_archive(const char *bytes, size_t length)
{
    static const struct {
        const char *magic;
        size_t length;
    } kinds[] = {{"\x1f\x8b\x08", 3},
                 {"PK\x03\x04", 4},
                 {"7z\xbc\xaf\x27\x1c", 6},
                 {"BZh", 3},
                 {"\xfd"
                  "7zXZ",
                  5},
                 {"Rar!\x1a\x07", 6},
                 {"SQLite format 3", 15},
                 {"\x28\xb5\x2f\xfd", 4}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (length > kinds[i].length && memcmp(bytes, kinds[i].magic, kinds[i].length) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *const telling[] = {
    "password",      "passwd",      "root:x:0",     "begin rsa",     "begin openssh", "begin private",   "begin ec ",
    "secret",        "api_key",     "apikey",       "api-key",       "access_key",    "authorization",   "bearer ",
    "private_key",   "credential",  "cookie:",      "set-cookie",    "ssh-rsa",       "ssh-ed25519",     "aws_",
    "akia",          "ghp_",        "sk-ant",       "sk_live",       "ssn",           "social security", "credit card",
    "card_number",   "session=",    "sessionid",    "token=",        "token:",        "\"token\"",       "_token",
    "db_pass",       "/etc/passwd", "confidential", "internal only", "system prompt", "seed phrase",     "wallet",
    "client_secret", NULL};

static int has_persons(const char *bytes, size_t length)
{
    size_t addresses = 0;

    for (const char *at = bytes; (at = memchr(at, '@', length - (size_t)(at - bytes))) != NULL; at++) {
        addresses++;
    }
    return addresses >= 3;
}

/* Text that carries a picture or a page, which is what is sent encoded every day. */
static int is_picture(const char *bytes, size_t length)
{
    return data_find(bytes, length < 256 ? length : 256, "<svg") < (length < 256 ? length : 256);
}

/* A part of a JWT: its secrets scanner's. */
static int is_token(uapi_string text, size_t from, size_t to, const char *bytes)
{
    return bytes[0] == '{' && ((to < text.length && text.data[to] == '.') || (from > 0 && text.data[from - 1] == '.'));
}

static payload_kind judge(uapi_string text, size_t from, size_t to)
{
    const char *run = text.data + from;
    char bytes[DECODED];
    size_t length = to - from;
    int hex = is_hex(run, length);
    size_t made = hex ? decode_hex(run, length, bytes) : decode_base64(run, length, bytes);

    if (made < 24) {
        return PAYLOAD_NONE;
    }
    if (is_archive(bytes, made)) {
        return (hex ? length / 2 : length / 4 * 3) >= LEAST_PAYLOAD / 4 ? PAYLOAD_TEXT : PAYLOAD_NONE;
    }
    if (!is_text(bytes, made) || is_picture(bytes, made) || is_token(text, from, to, bytes)) {
        return PAYLOAD_NONE;
    }
    if (data_has(bytes, made, telling) || has_persons(bytes, made)) {
        return PAYLOAD_SECRET;
    }
    return made >= LEAST_PAYLOAD ? PAYLOAD_TEXT : PAYLOAD_NONE;
}

/* Lines of one encoded text (RFC 2045, 6.8: at most 76 characters) are one run; words in lines are not that long. */
static size_t end_of_run(uapi_string text, size_t at)
{
    size_t line = at;

    for (;;) {
        size_t next;

        while (at < text.length && is_digit_of_base64(text.data[at])) {
            at++;
        }
        next = at;
        while (next < text.length && next - at < 2 && is_break(text.data[next])) {
            next++;
        }
        if (next == at || at - line < LEAST_LINE || next >= text.length || !is_digit_of_base64(text.data[next])) {
            return at;
        }
        line = at = next;
    }
}

int payload_next(uapi_string text, size_t at, payload_run *found)
{
    size_t done = at;

    for (size_t probe = at + LEAST_RUN - 1; probe < text.length; probe += LEAST_RUN) {
        size_t from = probe, to;

        if (!is_digit_of_base64(text.data[probe])) {
            continue;
        }
        while (from > done && is_digit_of_base64(text.data[from - 1])) {
            from--;
        }
        to = end_of_run(text, from);
        if (to - from >= LEAST_RUN) {
            found->kind = judge(text, from, to);
            if (found->kind != PAYLOAD_NONE) {
                found->from = from;
                found->to = to;
                return 1;
            }
        }
        done = to;
        if (to > probe) {
            probe = to - 1; /* the loop adds the least length of a run to what was not one of its bytes */
        }
    }
    return 0;
}
