/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * libyaml would report an invalid byte by its offset only, takes UTF-16, and ends lines at characters that no editor
 * ends them at: a rule could hide in what looks like a comment. So the text is judged here first, with its position.
 */
#include "yaml.h"
#include "yaml_text.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

typedef struct character_range {
    uint32_t from, to;
    const char *problem;
} character_range;

static const character_range refused[] = {
    {0x00, 0x08, "a control character"},
    {0x0b, 0x0c, "a control character"},
    {0x0e, 0x1f, "a control character"},
    {0x7f, 0x84, "a control character"},
    {0x85, 0x85, "a character (NEL) that ends a line in YAML but not in an editor"},
    {0x86, 0x9f, "a control character"},
    {0x061c, 0x061c, "a character that changes the direction of writing"},
    {0x200e, 0x200f, "a character that changes the direction of writing"},
    {0x2028, 0x2029, "a character (LS or PS) that ends a line in YAML but not in an editor"},
    {0x202a, 0x202e, "a character that changes the direction of writing"},
    {0x2066, 0x2069, "a character that changes the direction of writing"},
    {0xfeff, 0xfeff, "a byte order mark inside the text"},
    {0xfffe, 0xffff, "a code point that is no character"},
};

/* The bytes of the character at `at`, 0 if it is not well-formed (RFC 3629). */
static size_t decode(const unsigned char *at, size_t left, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

    if (size <= 1) {
        *code = at[0];
        return size;
    }
    if (size > left) {
        return 0;
    }
    *code = at[0] & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (at[i] & 0x3fU);
    }
    return *code < least[size] || (*code >= 0xd800 && *code <= 0xdfff) || *code > 0x10ffff ? 0 : size;
}

static const char *judge(uint32_t code)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (code >= refused[i].from && code <= refused[i].to) {
            return refused[i].problem;
        }
    }
    return NULL;
}

int uapi_yaml_check_text(const char *text, size_t length, uapi_yaml_fault *fault)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t code;
    size_t size;

    *fault = (uapi_yaml_fault){.line = 1, .column = 1};
    for (size_t i = 0; i < length; i += size) {
        size = decode(bytes + i, length - i, &code);
        if (size == 0) {
            fault->problem = "a byte that is not UTF-8";
        } else if (code == '\r' && (i + 1 == length || bytes[i + 1] != '\n')) {
            fault->problem = "a carriage return without a line feed";
        } else if (code < 0x20 || code >= 0x7f) {
            fault->problem = judge(code);
        }
        if (fault->problem != NULL) {
            return 0;
        }
        if (code == '\n') {
            fault->line++;
            fault->column = 1;
        } else {
            fault->column++;
        }
    }
    return 1;
}

/* ---------------------------------------------------------------- scalars */

static int is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static int one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(text, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Generous on purpose: what any YAML reader might take for a number must be quoted to be a string here. */
static int looks_like_number(const char *text)
{
    static const char *const special[] = {".inf", ".nan", NULL};
    const char *at = text + (*text == '-' || *text == '+');

    if (one_of(at, special)) {
        return 1;
    }
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'o') && at[2] != '\0') {
        return at[2 + strspn(at + 2, "0123456789abcdefABCDEF_")] == '\0';
    }
    if (!is_digit(at[0]) && !(at[0] == '.' && is_digit(at[1]))) {
        return 0;
    }
    at += strspn(at, "0123456789_.:");
    if ((*at == 'e' || *at == 'E') && at[1] != '\0') {
        at++;
        at += *at == '-' || *at == '+';
        at += strspn(at, "0123456789");
    }
    return *at == '\0';
}

uapi_yaml_type uapi_yaml_type_of(const uapi_yaml_node *scalar)
{
    static const char *const nulls[] = {"", "~", "null", NULL};
    static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off", "y", "n", NULL};

    if (!scalar->plain) {
        return UAPI_YAML_STRING;
    }
    return one_of(scalar->text, nulls)       ? UAPI_YAML_NULL
           : one_of(scalar->text, booleans)  ? UAPI_YAML_BOOLEAN
           : looks_like_number(scalar->text) ? UAPI_YAML_NUMBER
                                             : UAPI_YAML_STRING;
}

const char *uapi_yaml_describe(const uapi_yaml_node *node)
{
    static const char *const scalars[] = {
        [UAPI_YAML_STRING] = "a string",
        [UAPI_YAML_NULL] = "nothing",
        [UAPI_YAML_BOOLEAN] = "a boolean",
        [UAPI_YAML_NUMBER] = "a number",
    };
    static const char *const others[] = {
        [UAPI_YAML_SEQUENCE] = "a list",
        [UAPI_YAML_MAPPING] = "a mapping",
        [UAPI_YAML_BROKEN] = "something unreadable",
    };

    return node->kind == UAPI_YAML_SCALAR ? scalars[uapi_yaml_type_of(node)] : others[node->kind];
}

const char *uapi_yaml_quote(const char *text, size_t length, apr_pool_t *pool)
{
    enum { SHOWN = 64 };
    size_t shown = length < SHOWN ? length : SHOWN;
    char *quoted = apr_palloc(pool, shown * 4 + sizeof("\"...\""));
    char *at = quoted;

    *at++ = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
            at += apr_snprintf(at, 5, "\\x%02x", byte);
        } else {
            *at++ = (char)byte;
        }
    }
    memcpy(at, length > SHOWN ? "...\"" : "\"", length > SHOWN ? 5 : 2);
    return quoted;
}
