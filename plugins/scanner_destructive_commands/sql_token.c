/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The idea is libinjection's: what an injection looks like shows in the sequence of its tokens, not in its words.
 * Classes are coarse on purpose. Two decodings are undone first, because attacks are written for what the server
 * decodes: percent codes (twice) and comments in the place of blanks.
 */
#include <string.h>

#include "sql_token.h"

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int hex(int c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t unescape(char *to, const char *text, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < SQL_BYTES; i++) {
        if (text[i] == '%' && i + 2 < length && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            int c = hex(text[i + 1]) * 16 + hex(text[i + 2]);

            to[used++] = (char)(c ? c : ' ');
            i += 2;
        } else if (text[i] == '+' && i > 0 && i + 1 < length && !strchr("'\" +", text[i - 1]) && hex(text[i + 1]) < 0 &&
                   text[i + 1] != '+') {
            to[used++] = ' ';
        } else if (text[i] == '&' && i + 5 < length && strncmp(text + i, "&quot;", 6) == 0) {
            to[used++] = '"';
            i += 5;
        } else {
            to[used++] = (char)lower((unsigned char)text[i]);
        }
    }
    return used;
}

/* A comment is a blank, one for MySQL alone is its content; typographic quotes are quotes. */
static size_t uncomment(char *text, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (i + 2 < length && text[i] == '/' && text[i + 1] == '*') {
            size_t end = i + 2;

            if (text[end] == '!') {
                for (end++; end < length && text[end] >= '0' && text[end] <= '9'; end++) {
                }
                text[used++] = ' ';
                i = end - 1;
                continue;
            }
            while (end + 1 < length && !(text[end] == '*' && text[end + 1] == '/')) {
                end++;
            }
            if (end + 1 < length) {
                text[used++] = ' ';
                i = end + 1;
                continue;
            }
        } else if (i + 1 < length && text[i] == '*' && text[i + 1] == '/') {
            i++;
            continue;
        } else if (i + 2 < length && (unsigned char)text[i] == 0xe2 && (unsigned char)text[i + 1] == 0x80 &&
                   ((unsigned char)text[i + 2] & 0xfc) == 0x98) {
            text[used++] = '\'';
            i += 2;
            continue;
        }
        text[used++] = text[i];
    }
    return used;
}

size_t sql_decode(char to[static SQL_BYTES], const char *text, size_t length)
{
    size_t used = unescape(to, text, length);

    for (size_t i = 0; i + 2 < used; i++) {
        if (to[i] == '%' && hex(to[i + 1]) >= 0 && hex(to[i + 2]) >= 0) {
            used = unescape(to, to, used);
            break;
        }
    }
    return uncomment(to, used);
}

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.' ||
           (unsigned char)c >= 0x80;
}

/* `bracket`: 1 if one follows at once, 2 after blanks. */
static char class_of_word(const char *text, size_t length, int bracket)
{
    char class = sql_word_class(text, length, bracket != 0);

    if (class == SQL_WORD && length > 11 && memcmp(text + length - 11, "xp_cmdshell", 11) == 0) {
        return SQL_PROCEDURE;
    }
    return class == SQL_PROBE && bracket == 2 ? SQL_SPACED : class;
}

static void add(sql_tokens *tokens, char class, char quote, size_t from)
{
    if (tokens->count < SQL_TOKENS) {
        tokens->quote[tokens->count] = quote;
        tokens->from[tokens->count] = from;
        tokens->class[tokens->count++] = class;
        tokens->class[tokens->count] = '\0';
    }
}

static size_t read_string(const char *text, size_t length, size_t at, char quote)
{
    while (at < length && text[at] != quote) {
        at += text[at] == '\\' && at + 1 < length && text[at + 1] == quote ? 2 : 1;
    }
    return at < length ? at + 1 : length;
}

/* 1.5union: the number ends where the word of SQL begins. */
static size_t cut_number(const char *text, size_t at, size_t end)
{
    static const char *const starts[] = {"union", "or", "and", "having", "order", "limit", "from"};
    size_t cut = at;

    while (cut < end && ((text[cut] >= '0' && text[cut] <= '9') || text[cut] == '.')) {
        cut++;
    }
    for (size_t i = 0; cut > at && i < sizeof(starts) / sizeof(starts[0]); i++) {
        size_t length = strlen(starts[i]);

        if (end - cut == length && memcmp(text + cut, starts[i], length) == 0) {
            return cut;
        }
    }
    return end;
}

static size_t read_word(sql_tokens *tokens, const char *text, size_t length, size_t at)
{
    size_t end = at, bracket;
    int digits = 1;

    for (; end < length && is_word(text[end]); end++) {
    }
    end = cut_number(text, at, end);
    for (size_t i = at; i < end; i++) {
        digits &= (text[i] >= '0' && text[i] <= '9') || text[i] == '.' ||
                  (i > at && (text[i] == 'e' || text[i] == 'x')) ||
                  (i > at + 1 && text[at + 1] == 'x' && hex(text[i]) >= 0);
    }
    for (bracket = end; bracket < length && (text[bracket] == ' ' || text[bracket] == '\n'); bracket++) {
    }
    if (digits) {
        add(tokens, SQL_NUMBER, 0, at);
    } else {
        add(tokens,
            class_of_word(text + at, end - at, bracket < length && text[bracket] == '(' ? 1 + (bracket > end) : 0), 0,
            at);
    }
    return end;
}

static size_t read_sign(sql_tokens *tokens, const char *text, size_t length, size_t at)
{
    char c = text[at], next = at + 1 < length ? text[at + 1] : '\0';

    if ((c == '-' && next == '-') || c == '#' || (c == '/' && next == '*')) {
        size_t end = at + (c == '#' ? 1 : 2), start = end;

        while (end < length && text[end] != '\n') {
            end++;
        }
        add(tokens, SQL_COMMENT, c, at);
        tokens->comment = end - start;
        return end;
    }
    if (c == ':' && next == ':') {
        add(tokens, SQL_CAST, 0, at);
        return at + 2;
    }
    if ((c == '|' && next == '|') || (c == '&' && next == '&')) {
        add(tokens, SQL_LOGIC, 0, at);
        return at + 2;
    }
    if (strchr("=<>!", c)) {
        size_t end = at + 1;

        while (end < length && strchr("=<>~", text[end]) && text[end]) {
            end++;
        }
        add(tokens, SQL_COMPARE, 0, at);
        return end;
    }
    if (strchr("();,{}", c)) {
        add(tokens, c, 0, at);
    } else if (strchr("+-*/%^~&|:?", c)) {
        add(tokens, SQL_ARITHMETIC, 0, at);
    } else if (c == '@') {
        size_t end = at + 1;

        while (end < length && (is_word(text[end]) || text[end] == '@' || text[end] == '`')) {
            end++;
        }
        add(tokens, SQL_VALUE, 0, at);
        return end;
    } else if (c == '`') {
        add(tokens, SQL_WORD, 0, at);
        return read_string(text, length, at + 1, c);
    }
    return at + 1;
}

void sql_read(sql_tokens *tokens, const char *text, size_t length, char quote)
{
    size_t at = 0;

    tokens->count = tokens->comment = 0;
    tokens->closed = 0;
    tokens->class[0] = '\0';
    if (quote) {
        at = read_string(text, length, 0, quote);
        add(tokens, SQL_STRING, quote, 0);
    }
    while (at < length && tokens->count < SQL_TOKENS) {
        if (is_word(text[at])) {
            at = read_word(tokens, text, length, at);
        } else if (text[at] == '\'' || text[at] == '"') {
            add(tokens, SQL_STRING, text[at], at);
            tokens->closed = at + 1 < length && memchr(text + at + 1, text[at], length - at - 1) != NULL;
            at = read_string(text, length, at + 1, text[at]);
        } else {
            at = read_sign(tokens, text, length, at);
        }
    }
}
