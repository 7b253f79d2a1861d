/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Private keys in PEM. The key may stand on lines, in a JSON string with "\n" as two characters, in the pieces of a
 * string concatenation, or be cut off; so the body is whatever looks like base64 with the usual things between, and the
 * END line is welcome but not required. A header that is only mentioned ("files that begin with -----BEGIN …") has no
 * body.
 */
#include <string.h>

#include "structure.h"
#include "value.h"

#define LONGEST_KEY 16384
#define LEAST_BODY 24
#define LONGEST_MENTION 160

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'' || c == '\\' || c == '`' ||
           c == ';';
}

/* Where what can be the body ends: base64 with separators, and the "Name: value" headers of encrypted keys. */
static size_t body_length(const char *text, size_t most, size_t *characters)
{
    size_t i;

    *characters = 0;
    for (i = 0; i < most; i++) {
        if (value_is((unsigned char)text[i], C_BASE64)) {
            ++*characters;
        } else if (text[i] == '-' && i + 5 <= most && memcmp(text + i, "-----", 5) == 0) {
            break;
        } else if (!is_between(text[i]) && text[i] != ':' && text[i] != ',' && text[i] != '-' && text[i] != '.') {
            break;
        }
    }
    return i;
}

static const char *find(const char *text, size_t length, const char *part)
{
    size_t size = strlen(part), i;

    for (i = 0; i + size <= length; i++) {
        const char *hit = memchr(text + i, part[0], length - i - size + 1);

        if (!hit) {
            return NULL;
        }
        if (memcmp(hit, part, size) == 0) {
            return hit;
        }
        i = (size_t)(hit - text);
    }
    return NULL;
}

/* The longest run of base64 characters in the first part of the body: prose has short ones. */
static size_t longest_run(const char *text, size_t length)
{
    size_t longest = 0, i = 0;

    while (i < length) {
        size_t run = value_run(text + i, length - i, C_BASE64);

        longest = run > longest ? run : longest;
        i += run + 1;
    }
    return longest;
}

int32_t verify_pem(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *body = candidate->text.data + candidate->to, *end;
    size_t most = smaller(candidate->text.length - candidate->to, LONGEST_KEY), characters, length;

    (void)self;
    length = body_length(body, most, &characters);
    if (characters < LEAST_BODY || longest_run(body, smaller(length, LONGEST_MENTION * 4)) < LEAST_BODY) {
        return 0;
    }
    end = find(body, most, "-----END ");
    if (end) {
        const char *close = find(end + 9, smaller(most - (size_t)(end - body) - 9, 60), "-----");

        length = (size_t)((close ? close + 5 : end + 9) - body);
    }
    finding->to = candidate->to + length;
    return 1;
}
