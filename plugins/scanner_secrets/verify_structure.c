/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Tokens and credentials that a decoder or a parser can recognise: JWT, basic credentials, passwords in URLs, on
 * command lines and in a few files.
 */
#include "structure.h"

#include <string.h>

#include "value.h"

#define LONGEST_PASSWORD 256
#define LONGEST_TOKEN 4096

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? memchr(digits, c == '-' ? '+' : c == '_' ? '/' : c, 64) : NULL;

    return at ? (int)(at - digits) : -1;
}

size_t structure_base64(const char *text, size_t length, unsigned char *out, size_t size)
{
    uint32_t bits = 0;
    size_t made = 0, i;
    int held = 0;

    for (i = 0; i < length && made < size; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0) {
            break;
        }
        bits = (bits << 6) | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[made++] = (unsigned char)(bits >> held);
        }
    }
    return made;
}

/* ------------------------------------------------------------- JWT */

int32_t verify_jwt(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from, left = candidate->text.length - from, header, payload, signature = 0;
    unsigned char decoded[128];
    size_t size;

    (void)self;
    if (from > 0 && value_is((unsigned char)text[from - 1], C_WORD)) {
        return 0;
    }
    header = value_run(text + from, smaller(left, LONGEST_TOKEN), C_URLSAFE);
    if (header == left || text[from + header] != '.') {
        return 0;
    }
    left -= header + 1;
    payload = value_run(text + from + header + 1, left, C_URLSAFE);
    size = structure_base64(text + from, header, decoded, sizeof(decoded));
    if (payload < 4 || decoded[0] != '{' ||
        !(value_contains((char *)decoded, size, "\"alg\"") || value_contains((char *)decoded, size, "\"typ\""))) {
        return 0;
    }
    if (payload < left && text[from + header + 1 + payload] == '.') {
        signature = 1 + value_run(text + from + header + payload + 2, left - payload - 1, C_URLSAFE | C_DOT);
    }
    finding->from = from;
    finding->to = from + header + 1 + payload + signature;
    return 1;
}

/* ------------------------------------------------------------- URL */

static int is_boring_password(const char *text, size_t length)
{
    static const char *const boring[] = {"password", "pass", "pwd",      "secret", "token",
                                         "xxx",      "****", "redacted", "..."};
    size_t i;

    for (i = 0; i < sizeof(boring) / sizeof(boring[0]); i++) {
        if (value_equals(text, length, boring[i])) {
            return 1;
        }
    }
    return 0;
}

int32_t verify_url(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from + 3, most = smaller(candidate->text.length - from, 2 * LONGEST_PASSWORD), i;
    size_t colon = 0, at = 0;

    (void)self;
    for (i = 0; i < most; i++) {
        char c = text[from + i];

        if (is_space(c) || is_quote(c) || c == '/' || c == '?' || c == '#' || c == '<' || c == '>' || c == '\\' ||
            c == ')') {
            break;
        }
        if (c == ':' && !colon) {
            colon = i + 1;
        }
        if (c == '@') {
            at = i;
        }
    }
    /* text[from + colon, from + at) is the password; a host must follow */
    if (!colon || at < colon + 3 || at + 1 >= most ||
        !value_is((unsigned char)text[from + at + 1], C_WORD | C_PERCENT)) {
        return 0;
    }
    finding->from = from + colon;
    finding->to = from + at;
    return !value_is_placeholder(text + finding->from, at - colon) ||
           is_boring_password(text + finding->from, at - colon);
}

/* ------------------------------------------------------------- headers */

int32_t verify_basic(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from + 6, run, size, odd = 0, i;
    unsigned char decoded[LONGEST_PASSWORD];

    (void)self;
    run = value_run(text + from, smaller(candidate->text.length - from, LONGEST_PASSWORD), C_BASE64);
    size = structure_base64(text + from, run, decoded, sizeof(decoded));
    if (size < 5 || !memchr(decoded, ':', size)) {
        return 0;
    }
    for (i = 0; i < size; i++) {
        odd += (size_t)(decoded[i] < 0x20 || decoded[i] > 0x7e);
    }
    finding->from = from;
    finding->to = from + run;
    return odd * 10 <= size;
}

int32_t verify_bearer(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->to - 16, run; /* the pattern ends with the token's first 16 characters */

    (void)self;
    run = value_run(text + from, smaller(candidate->text.length - from, LONGEST_TOKEN),
                    C_BASE64 | C_URLSAFE | C_DOT | C_TILDE);
    if (run < 16 || value_is_placeholder(text + from, run) || value_is_wordy(text + from, run) ||
        value_count(text + from, run, C_DIGIT) < 2 || value_entropy(text + from, run) < 30) {
        return 0;
    }
    finding->from = from;
    finding->to = from + run;
    return 1;
}

/* ------------------------------------------------------------- command lines and files */

static size_t password_run(const char *text, size_t most, char quote)
{
    size_t i;

    for (i = 0; i < most; i++) {
        if (quote ? text[i] == quote : is_space(text[i]) || is_quote(text[i])) {
            break;
        }
    }
    return i;
}

static int is_random_enough(const char *text, size_t length)
{
    return length >= 8 && !value_is_placeholder(text, length) && value_entropy(text, length) >= 28 &&
           value_count(text, length, C_DIGIT | C_UPPER) > 0 && !value_is_wordy(text, length);
}

int32_t verify_command_user(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t at = candidate->to, end = candidate->text.length, user, run;
    char quote = 0;

    (void)self;
    if (candidate->from == 0 || !is_space(text[candidate->from - 1])) {
        return 0;
    }
    if (at < end && is_quote(text[at])) {
        quote = text[at++];
    }
    for (user = 0; at + user < end && user < 128 && text[at + user] != ':' && !is_space(text[at + user]); user++) {
    }
    at += user + 1;
    if (at >= end || text[at - 1] != ':') {
        return 0;
    }
    if (!quote && is_quote(text[at])) {
        quote = text[at++];
    }
    run = password_run(text + at, smaller(end - at, LONGEST_PASSWORD), quote);
    finding->from = at;
    finding->to = at + run;
    return run > 0 && is_random_enough(text + at, run);
}

int32_t verify_netrc(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data + candidate->to;
    size_t most = smaller(candidate->text.length - candidate->to, LONGEST_PASSWORD), run = password_run(text, most, 0);

    (void)self;
    finding->from = candidate->to;
    finding->to = candidate->to + run;
    return run >= 4 && !value_is_placeholder(text, run);
}

int32_t verify_psexec(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t end = smaller(candidate->text.length, candidate->to + LONGEST_PASSWORD), i, run;

    (void)self;
    for (i = candidate->to; i + 4 < end && text[i] != '\n'; i++) {
        if (memcmp(text + i, " -p ", 4) == 0) {
            run = password_run(text + i + 4, end - i - 4, 0);
            finding->from = i + 4;
            finding->to = i + 4 + run;
            return run >= 4 && !value_is_placeholder(text + i + 4, run);
        }
    }
    return 0;
}

/* One "  key: value" line of a manifest whose value is base64 of at least eight bytes. */
static int is_data_line(const char *line, size_t length, size_t *from, size_t *to)
{
    size_t at = 0, run;

    while (at < length &&
           (is_space(line[at]) || value_is((unsigned char)line[at], C_URLSAFE | C_DOT) || is_quote(line[at]))) {
        at++;
    }
    if (at == 0 || !is_space(line[0]) || at == length || line[at] != ':') {
        at = 0; /* perhaps the line that a "|" or ">" announced */
    } else {
        at++;
    }
    while (at < length && (is_space(line[at]) || is_quote(line[at]))) {
        at++;
    }
    run = value_run(line + at, length - at, C_BASE64);
    *from = at;
    *to = at + run;
    return run >= 12 && run % 4 == 0 && (at + run == length || is_space(line[at + run]) || is_quote(line[at + run]));
}

int32_t verify_kubernetes(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t length = smaller(candidate->text.length, candidate->to + 4096), at = 0, from, to;
    size_t back = candidate->from > 4096 ? candidate->from - 4096 : 0;
    int in_data = 0;

    (void)self;
    if (candidate->to < length && value_is((unsigned char)text[candidate->to], C_WORD)) {
        return 0;
    }
    for (at = back; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - text) - at : length - at;

        if (size >= 5 && !is_space(text[at])) {
            in_data = memcmp(text + at, "data:", 5) == 0;
        } else if (in_data && is_data_line(text + at, size, &from, &to)) {
            finding->from = at + from;
            finding->to = at + to;
            return 1;
        }
        at += size + 1;
    }
    return 0;
}
