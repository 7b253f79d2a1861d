/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The reader of command lines: a small part of a shell's grammar, chosen so that the usual disguises fall off (quotes
 * within words, backslashes, $'\x72\x6d', ${IFS}, {rm,-rf,/}, variables set on the same line). It never fails: what is
 * not understood stays as it is. One pass, fixed memory.
 */
#include <string.h>

#include "scanner_shell.h"

enum { NESTING = 16 };

typedef struct reader {
    shell_line *line;
    const char *text;
    size_t length, at, base;
    size_t start, from; /* of the word that is being read: in bytes, in the source */
    int open;           /* a word is being read */
    int full;
    int brace; /* within {a,b} */
    char nest[NESTING];
    size_t depth;
} reader;

static char top(const reader *in)
{
    return in->depth ? in->nest[in->depth - 1] : '\0';
}

static char peek(const reader *in, size_t ahead)
{
    return in->at + ahead < in->length ? in->text[in->at + ahead] : '\0';
}

static void push(reader *in, char what)
{
    if (in->depth == NESTING) {
        in->full = 1;
        return;
    }
    in->nest[in->depth++] = what;
}

static void begin(reader *in)
{
    if (!in->open) {
        in->open = 1;
        in->start = in->line->used;
        in->from = in->at;
    }
}

static void append(reader *in, char c)
{
    begin(in);
    if (in->line->used + 1 >= SHELL_BYTES) {
        in->full = 1;
        return;
    }
    in->line->bytes[in->line->used++] = c ? c : ' ';
}

static void add(reader *in, shell_type type, const char *text, size_t from, size_t to)
{
    if (in->line->count == SHELL_WORDS) {
        in->full = 1;
        return;
    }
    in->line->words[in->line->count++] = (shell_word){type, text, in->base + from, in->base + to};
}

static void end_word(reader *in)
{
    if (!in->open) {
        return;
    }
    in->open = 0;
    if (in->line->used >= SHELL_BYTES) {
        in->full = 1;
        return;
    }
    in->line->bytes[in->line->used++] = '\0';
    add(in, SHELL_WORD, in->line->bytes + in->start, in->from, in->at);
}

static void mark(reader *in, shell_type type, size_t width)
{
    end_word(in);
    add(in, type, "", in->at, in->at + width);
    in->at += width;
}

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The value that a word before has given to the variable, or NULL. */
static const char *value_of(const reader *in, const char *name, size_t length)
{
    for (size_t i = in->line->count; i > 0; i--) {
        const char *text = in->line->words[i - 1].text;

        if (in->line->words[i - 1].type == SHELL_WORD && strncmp(text, name, length) == 0 && text[length] == '=') {
            return text + length + 1;
        }
    }
    return NULL;
}

static void expand(reader *in, size_t name_at, size_t length, size_t end)
{
    const char *name = in->text + name_at, *value;

    if (length >= 3 && memcmp(name, "IFS", 3) == 0 && (length == 3 || !is_name(name[3]))) {
        end_word(in);
        in->at = end;
        return;
    }
    value = value_of(in, name, length);
    begin(in);
    if (value) {
        while (*value && !in->full) {
            append(in, *value++);
        }
    } else {
        for (size_t i = in->at; i < end; i++) {
            append(in, in->text[i]);
        }
    }
    in->at = end;
}

static void read_variable(reader *in)
{
    size_t from = in->at + 1, to = from;

    if (peek(in, 1) == '{') {
        for (to = ++from; to < in->length && in->text[to] != '}' && to - from < 64; to++) {
        }
        if (to < in->length && in->text[to] == '}') {
            expand(in, from, to - from, to + 1);
            return;
        }
    } else {
        while (to < in->length && is_name(in->text[to]) && to - from < 64) {
            to++;
        }
        if (to > from) {
            expand(in, from, to - from, to);
            return;
        }
    }
    append(in, '$');
    in->at++;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* \x72, \162, \u0072, \n within $'...' */
static void read_escape(reader *in)
{
    char kind = peek(in, 1);
    unsigned base = 16, most = kind == 'x' ? 2 : 4, value = 0, digits = 0;

    in->at += 2;
    if (kind >= '0' && kind <= '7') {
        base = 8;
        most = 3;
        in->at--;
    } else if (kind != 'x' && kind != 'u') {
        append(in, kind == 'n' || kind == 't' ? ' ' : kind);
        return;
    }
    while (digits < most && (unsigned)digit_value(peek(in, 0)) < base) {
        value = value * base + (unsigned)digit_value(peek(in, 0));
        in->at++;
        digits++;
    }
    append(in, (char)value);
}

static void read_single(reader *in, int escapes)
{
    begin(in);
    in->at += escapes ? 2 : 1;
    while (in->at < in->length && in->text[in->at] != '\'' && !in->full) {
        if (escapes && in->text[in->at] == '\\' && in->at + 1 < in->length) {
            read_escape(in);
        } else {
            append(in, in->text[in->at++]);
        }
    }
    in->at += in->at < in->length;
}

static void read_dollar(reader *in)
{
    if (peek(in, 1) == '(') {
        mark(in, SHELL_SUBSTITUTE, 2);
        push(in, ')');
    } else if (peek(in, 1) == '\'' && top(in) != '"') {
        read_single(in, 1);
    } else if (peek(in, 1) == '"' && top(in) != '"') {
        in->at++;
    } else {
        read_variable(in);
    }
}

static void read_backtick(reader *in)
{
    size_t depth = in->depth;

    while (depth > 0 && in->nest[depth - 1] != '`') {
        depth--;
    }
    if (depth > 0) {
        mark(in, SHELL_CLOSE, 1);
        in->depth = depth - 1;
    } else {
        mark(in, SHELL_BACKTICK, 1);
        push(in, '`');
    }
}

static void read_quoted(reader *in, char c)
{
    if (c == '"') {
        begin(in);
        in->depth--;
        in->at++;
    } else if (c == '\\' && peek(in, 1) && strchr("\"\\$`\n", peek(in, 1))) {
        append(in, peek(in, 1));
        in->at += 2;
    } else if (c == '$') {
        read_dollar(in);
    } else if (c == '`') {
        read_backtick(in);
    } else {
        append(in, c);
        in->at++;
    }
}

/* {rm,-rf,/} is three words; { and } that stand alone are separators. */
static void read_brace(reader *in, char c)
{
    size_t i = 1;

    if (c == '}') {
        if (in->brace) {
            in->brace = 0;
            end_word(in);
            in->at++;
        } else if (!in->open) {
            mark(in, SHELL_END, 1);
        } else {
            append(in, c);
            in->at++;
        }
        return;
    }
    while (peek(in, i) && !strchr(" \t\n,{};", peek(in, i))) {
        i++;
    }
    if (!in->open && peek(in, i) == ',') {
        in->brace = 1;
        in->at++;
    } else if (!in->open && (peek(in, 1) == ' ' || peek(in, 1) == '\n' || peek(in, 1) == '\t')) {
        mark(in, SHELL_END, 1);
    } else {
        append(in, c);
        in->at++;
    }
}

static int only_digits(const reader *in)
{
    for (size_t i = in->start; i < in->line->used; i++) {
        if (in->line->bytes[i] < '0' || in->line->bytes[i] > '9') {
            return 0;
        }
    }
    return in->line->used > in->start;
}

static void read_redirect(reader *in, char c)
{
    size_t width = 1;

    if (in->open && only_digits(in)) { /* the number of a descriptor */
        in->open = 0;
        in->line->used = in->start;
    }
    if (peek(in, 1) == '(') {
        mark(in, SHELL_SUBSTITUTE, 2);
        push(in, ')');
        return;
    }
    while (width < 3 && peek(in, width) && strchr(c == '<' ? "<>&" : ">&|", peek(in, width))) {
        width++;
    }
    mark(in, SHELL_REDIRECT, width);
}

static void read_operator(reader *in, char c)
{
    char next = peek(in, 1);

    if (c == '&' && next == '>') {
        end_word(in);
        in->at++;
        read_redirect(in, '>');
    } else if (c == '|' && next != '|') {
        mark(in, SHELL_PIPE, next == '&' ? 2 : 1);
    } else {
        mark(in, SHELL_END, next == c ? 2 : 1);
    }
}

static void read_parenthesis(reader *in, char c)
{
    if (c == '(') {
        mark(in, SHELL_GROUP, 1);
        push(in, ')');
    } else {
        mark(in, SHELL_CLOSE, 1);
        if (top(in) == ')') {
            in->depth--;
        }
    }
}

static void read_plain(reader *in, char c)
{
    append(in, c);
    in->at++;
}

static void read_blank(reader *in, char c)
{
    if (c == '\n' || c == '\r') {
        mark(in, SHELL_END, 1);
    } else {
        end_word(in);
        in->at++;
    }
}

static void read_backslash(reader *in)
{
    if (peek(in, 1) != '\n' && in->at + 1 < in->length) {
        append(in, peek(in, 1));
    }
    in->at += 2;
}

static void read_comment(reader *in)
{
    while (in->at < in->length && in->text[in->at] != '\n') {
        in->at++;
    }
}

static void read_unquoted(reader *in, char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
        read_blank(in, c);
        break;
    case '\'':
        read_single(in, 0);
        break;
    case '"':
        begin(in);
        push(in, '"');
        in->at++;
        break;
    case '\\':
        read_backslash(in);
        break;
    case '$':
        read_dollar(in);
        break;
    case '`':
        read_backtick(in);
        break;
    case '{':
    case '}':
        read_brace(in, c);
        break;
    case '(':
    case ')':
        read_parenthesis(in, c);
        break;
    case '<':
    case '>':
        read_redirect(in, c);
        break;
    case ';':
    case '&':
    case '|':
        read_operator(in, c);
        break;
    default:
        if (c == '#' && !in->open) {
            read_comment(in);
        } else if (c == ',' && in->brace) {
            end_word(in);
            in->at++;
        } else {
            read_plain(in, c);
        }
    }
}

void shell_split(shell_line *line, const char *text, size_t length, size_t base)
{
    reader in = {.line = line, .text = text, .length = length, .base = base};

    line->used = 0;
    line->count = 0;
    while (in.at < in.length && !in.full) {
        if (top(&in) == '"') {
            read_quoted(&in, text[in.at]);
        } else {
            read_unquoted(&in, text[in.at]);
        }
    }
    in.at = in.at < in.length ? in.at : in.length;
    end_word(&in);
}
