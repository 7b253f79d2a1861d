/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Whether a name and a value together are a secret. Names are split into words as people write them (snake_case,
 * camelCase, kebab-case): "tokenCount" promises a number, "page_token" a place in a list, "publicKey" nothing secret.
 * Values must then look like what the name promises; how much they must do so depends on how much the name says.
 */
#include <string.h>

#include "context.h"
#include "value.h"

/* After the word, these say that the value is something about the secret and not the secret. */
static const char *const about[] = {
    "id",     "ids",       "name",        "names",    "file",       "filename", "path",        "hash",     "type",
    "types",  "url",       "uri",         "endpoint", "len",        "length",   "size",        "count",    "field",
    "fields", "policy",    "expiry",      "expires",  "expiration", "ttl",      "limit",       "limits",   "usage",
    "used",   "vault",     "ring",        "store",    "event",      "down",     "up",          "press",    "pressed",
    "index",  "column",    "manager",     "provider", "format",     "prefix",   "placeholder", "hint",     "reset",
    "label",  "title",     "description", "error",    "message",    "ref",      "reference",   "arn",      "version",
    "status", "algorithm", "alg",         "bits",     "rotation",   "age",      "strength",    "rules",    "pair",
    "code",   "kind",      "class",       "rate",     "budget",     "price",    "cost",        "per",      "at",
    "date",   "time",      "timestamp",   "env",      "var",        "variable", "header",      "param",    "parameter",
    "check",  "enabled",   "required",    "spec",     "set",        "map",      "list",        "mode",     "encoding",
    "source", "scope",     "scopes",      "min",      "max",        "input",    "output",      "location", "word",
    "words",
};

/* Before the word, these say that it is no secret. */
static const char *const harmless[] = {
    "public",        "pub",     "page",      "next",        "prev",       "previous",    "continuation", "sync",
    "cursor",        "pad",     "eos",       "bos",         "unk",        "mask",        "stop",         "max",
    "min",           "num",     "total",     "prompt",      "completion", "input",       "output",       "special",
    "primary",       "foreign", "partition", "sort",        "cache",      "object",      "row",          "column",
    "group",         "hash",    "index",     "idempotency", "dedup",      "translation", "i18n",         "json",
    "dict",          "map",     "change",    "reset",       "forgot",     "csrf",        "xsrf",         "cancellation",
    "cancel",        "issue",   "project",   "no",          "has",        "is",          "use",          "require",
    "routing",       "shard",   "unique",    "composite",   "lookup",     "query_param", "context",      "resume",
    "change_stream", "item",    "field",
};

/* Before "key", these make it a secret's name. */
static const char *const qualifying[] = {
    "api",     "access", "secret",      "private",   "auth",     "encryption", "signing",   "account",
    "license", "master", "admin",       "service",   "insert",   "shared",     "storage",   "subscription",
    "deploy",  "app",    "application", "client",    "server",   "personal",   "user",      "aes",
    "hmac",    "des",    "jwt",         "session",   "cookie",   "write",      "stream",    "integration",
    "webhook", "ssh",    "rsa",         "preshared", "consumer", "developer",  "provision", "device",
    "hec",     "root",   "fernet",      "vault",     "unseal",   "host",       "function",  "sas",
    "dsa",     "ecdsa",  "pgp",         "gpg",       "io",
};

#define COUNT(LIST) (sizeof(LIST) / sizeof(LIST[0]))

static int is_in(const char *word, size_t length, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (value_equals(word, length, list[i])) {
            return 1;
        }
    }
    return 0;
}

static int is_letter(char c, unsigned classes)
{
    return value_is((unsigned char)c, classes);
}

/* The next word of [i, length): its start goes to *start, its end is returned. Humps, separators and digits part
 * words. */
static size_t next_word(const char *text, size_t i, size_t length, size_t *start)
{
    while (i < length && !is_letter(text[i], C_LOWER | C_UPPER)) {
        i++;
    }
    *start = i;
    while (i < length && is_letter(text[i], C_LOWER | C_UPPER)) {
        int hump = i > *start && is_letter(text[i], C_UPPER) && is_letter(text[i - 1], C_LOWER);
        int acronym_ends = i > *start && i + 1 < length && is_letter(text[i], C_UPPER) &&
                           is_letter(text[i - 1], C_UPPER) && is_letter(text[i + 1], C_LOWER);

        if (hump || acronym_ends) {
            break;
        }
        i++;
    }
    return i;
}

static int has_word(const char *text, size_t length, const char *const *list, size_t count)
{
    size_t i = 0, start;

    while (i < length) {
        i = next_word(text, i, length, &start);
        if (i > start && is_in(text + start, i - start, list, count)) {
            return 1;
        }
    }
    return 0;
}

/* The word goes on in small letters: "tokenizer", "passwordless", "keyboard". A plural is let through. */
static int is_inside_word(const char *text, const assignment *found)
{
    const char *rest = text + found->word_to;
    size_t left = found->name_to - found->word_to, run = value_run(rest, left, C_LOWER);

    if (run == 0 || is_letter(text[found->word_to - 1], C_UPPER)) {
        return left > 0 && is_letter(text[found->word_to - 1], C_UPPER) && is_letter(rest[0], C_UPPER) &&
               !(rest[0] == 'S' && !(left > 1 && is_letter(rest[1], C_UPPER | C_LOWER)));
    }
    return !(run == 1 && (rest[0] == 's' || rest[0] == 'e'));
}

static int name_promises(const char *text, const assignment *found, int kind, size_t word_length)
{
    const char *prefix = text + found->name_from;
    size_t prefix_length = found->word_to - word_length - found->name_from;

    if (is_inside_word(text, found)) {
        return 0;
    }
    if (has_word(text + found->word_to, found->name_to - found->word_to, about, COUNT(about))) {
        return 0;
    }
    return kind == CONTEXT_PASSWORD || !has_word(prefix, prefix_length, harmless, COUNT(harmless));
}

static int key_is_qualified(const char *text, const assignment *found)
{
    const char *name = text + found->name_from;
    size_t length = found->word_to - found->name_from, i;

    if (has_word(name, length, qualifying, COUNT(qualifying))) {
        return 1;
    }
    for (i = 0; i < COUNT(qualifying); i++) { /* "apikey", "accesskey": one word to the splitter */
        size_t part = strlen(qualifying[i]);

        if (length >= part + 3 && value_equals(name + length - 3 - part, part, qualifying[i])) {
            return 1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------- values */

static const char *const no_passwords[] = {
    "password", "passwd",  "pass",     "pwd",   "passphrase", "string",  "text",    "required",
    "optional", "none",    "null",     "nil",   "undefined",  "true",    "false",   "hidden",
    "secret",   "token",   "username", "user",  "value",      "input",   "char",    "varchar",
    "label",    "field",   "prompt",   "blank", "empty",      "default", "invalid", "incorrect",
    "wrong",    "missing", "forgot",   "reset", "never",      "always",  "yes",     "no",
    "new",      "old",     "str",      "bytes", "object",     "integer", "number",  "boolean",
    "any",      "sha256",  "bcrypt",   "plain", "basic",      "oauth",   "oauth2",  "bearer",
};

static int is_letters(const char *text, size_t length)
{
    return value_count(text, length, C_LOWER | C_UPPER | C_UNDER | C_DASH | C_DOT) == length;
}

/* A name in capital letters directly before '=' is how environments and .env files are written: code is not. */
static int is_environment_style(const char *text, const assignment *found)
{
    return found->tight && value_count(text + found->name_from, found->name_to - found->name_from, C_LOWER) == 0;
}

/* Quoted, in one piece, and full of different symbols: nothing but a generated password looks so. */
static int is_symbolic(const assignment *found, const char *value, size_t length)
{
    size_t kinds = 0, symbols = 0, i;

    if (!found->quoted || length < 12 || memchr(value, ' ', length) || value_entropy(value, length) < 34) {
        return 0;
    }
    for (i = 0; i < length; i++) {
        if (value[i] > ' ' && value[i] < 0x7f && !value_is((unsigned char)value[i], C_WORD)) {
            symbols++;
            kinds += !memchr(value, value[i], i);
        }
    }
    return kinds >= 5 && symbols * 6 >= length && value_count(value, length, C_ALNUM) * 3 >= length;
}

static int judge_password(const char *text, const assignment *found)
{
    const char *value = text + found->from;
    size_t length = found->to - found->from;

    if (length < 5 || length > 128 || is_in(value, length, no_passwords, COUNT(no_passwords)) ||
        value_is_placeholder(value, length)) {
        return 0;
    }
    if (is_symbolic(found, value, length)) {
        return 1;
    }
    if (memchr(value, ' ', length) || strchr("/{[(.,*#&|\\", value[0]) ||
        value_count(value, length, C_ALNUM) * 2 < length) {
        return 0;
    }
    if (!found->quoted && (memchr(value, '(', length) || memchr(value, '[', length) || memchr(value, '{', length))) {
        return 0;
    }
    if (is_letters(value, length)) {
        if (found->tight && found->name_from > 0 && text[found->name_from - 1] == ';') {
            return 1; /* a connection string */
        }
        return found->quoted ? length >= 8 && value_count(value, length, C_UNDER | C_DASH | C_DOT | C_UPPER) == 0
                             : is_environment_style(text, found);
    }
    return value_count(value, length, C_LOWER | C_UPPER) >= 2 &&
           !(value_is_wordy(value, length) && !found->quoted && !found->tight);
}

static int is_plausible_token(const char *value, size_t length)
{
    const unsigned classes = C_BASE64 | C_URLSAFE | C_DOT | C_TILDE | C_PERCENT;
    size_t odd = length - value_count(value, length, classes);

    return odd <= length / 12 && !memchr(value, ' ', length) && !memchr(value, '(', length) &&
           !memchr(value, ':', length) && value[0] != '/' && value[0] != '.';
}

static int judge_token(const char *text, const assignment *found, size_t least, unsigned entropy)
{
    const char *value = text + found->from;
    size_t length = found->to - found->from, digits = value_count(value, length, C_DIGIT);

    if (is_symbolic(found, value, length)) {
        return 1;
    }
    if (length < least || !is_plausible_token(value, length) ||
        value_entropy(value, length) < (digits == length ? 24 : entropy) || value_is_placeholder(value, length)) {
        return 0;
    }
    if (digits == length) {
        return length >= 15;
    }
    if (value_count(value, length, C_LOWER | C_UPPER) < 3) {
        return 0;
    }
    if (digits == 0) {
        size_t upper = value_count(value, length, C_UPPER);

        return length >= 24 && upper * 4 >= length && upper < length && value_entropy(value, length) >= 38;
    }
    return !value_is_wordy(value, length);
}

/* Where a vendor's secrets have one length and alphabet, the name and the shape are enough: no look at randomness. */
static const struct exact {
    const char *name; /* must occur in the identifier */
    size_t length;
    unsigned classes;
    const char *prefix;
} exact[] = {
    {"secret", 40, C_BASE64, ""}, /* Amazon */
    {"aws", 40, C_BASE64, ""},
    {"secret", 48, C_HEX, ""}, /* IBM object storage */
    {"cloudant", 64, C_HEX, ""},
    {"cloudant", 24, C_LOWER, ""},
    {"login", 40, C_ALNUM, ""},              /* SonarQube */
    {"reporter", 64, C_HEX, ""},             /* Code Climate */
    {"contribsys", 17, C_HEX | C_COLON, ""}, /* Sidekiq's user:password */
    {"access", 14, C_ALNUM, "su"},           /* Sumo Logic */
    {"okta", 42, C_URLSAFE, "00"},
    {"key", 32, C_HEX, ""},
};

static int judge_exact(const char *text, const assignment *found)
{
    const char *value = text + found->from;
    size_t length = found->to - found->from, i;

    for (i = 0; i < COUNT(exact); i++) {
        if (length == exact[i].length && value_count(value, length, exact[i].classes) == length &&
            value_contains(text + found->name_from, found->name_to - found->name_from, exact[i].name) &&
            memcmp(value, exact[i].prefix, strlen(exact[i].prefix)) == 0) {
            return !value_contains(value, length, "xxxxxxxx") && !value_contains(value, length, "00000000");
        }
    }
    return 0;
}

static int judge_key(const char *text, const assignment *found)
{
    const char *value = text + found->from;
    size_t length = found->to - found->from;

    if (key_is_qualified(text, found)) {
        return judge_token(text, found, 14, 28);
    }
    if (value_is_uuid(value, length) || length < 24 || value_count(value, length, C_DIGIT) < 3) {
        return 0;
    }
    if (value_count(value, length, C_HEX) == length) {
        return length >= 40 && judge_token(text, found, 40, 28);
    }
    return value_count(value, length, C_DASH | C_DOT | C_SLASH) <= 1 && judge_token(text, found, 24, 40);
}

int context_judge(const char *text, const assignment *found, int kind)
{
    switch (kind) {
    case CONTEXT_PASSWORD:
        return judge_password(text, found);
    case CONTEXT_SECRET:
        return judge_token(text, found, 10, 27);
    case CONTEXT_TOKEN:
        return judge_token(text, found, 12, 27);
    case CONTEXT_EXACT:
        return judge_exact(text, found);
    default:
        return judge_key(text, found);
    }
}

int32_t verify_context(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t to = candidate->to;
    assignment found = {0};

    if (!value_is((unsigned char)text[to - 1], C_LOWER | C_UPPER)) {
        to--; /* the pattern looked one character further to see the word's end */
    }
    if (!context_parse(&candidate->text, candidate->from, to, &found)

        || (self->argument != CONTEXT_EXACT && !name_promises(text, &found, self->argument, to - candidate->from)) ||
        !context_judge(text, &found, self->argument)) {
        return 0;
    }
    finding->from = found.from;
    finding->to = found.to;
    return 1;
}
