/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From a name to the value assigned to it, in whatever language the text is: JSON, YAML, shell, source code, XML, URLs,
 * command lines. It is one walk to the right with a few things that may be there or not, and no grammar: a text in the
 * middle of which a secret stands has none. Every step is bounded.
 */
#include <string.h>

#include "context.h"
#include "value.h"

#define LONGEST_NAME 64
#define LONGEST_VALUE 512
#define LONGEST_GAP 80

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static char at(const uapi_string *text, size_t i)
{
    return i < text->length ? text->data[i] : '\0';
}

static int matches(const uapi_string *text, size_t i, const char *part)
{
    size_t length = strlen(part);

    return i + length <= text->length && memcmp(text->data + i, part, length) == 0;
}

static size_t skip_spaces(const uapi_string *text, size_t i)
{
    size_t start = i;

    while (i - start < LONGEST_GAP && is_space(at(text, i))) {
        i++;
    }
    return i;
}

/* A closing quote of the name, escaped or not, and brackets of an index. */
static size_t skip_closing(const uapi_string *text, size_t i, int *closed)
{
    size_t start = i;

    while (i - start < 4 && (is_quote(at(text, i)) || at(text, i) == ']' || at(text, i) == '[' ||
                             (at(text, i) == '\\' && is_quote(at(text, i + 1))))) {
        *closed |= is_quote(at(text, i));
        i++;
    }
    return i;
}

static size_t skip_type(const uapi_string *text, size_t i)
{
    static const char *const types[] = {": string ", ":string ", ": str ", "string ", "String ", ": String "};
    size_t t;

    for (t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        if (matches(text, i, types[t])) {
            return skip_spaces(text, i + strlen(types[t]));
        }
    }
    return i;
}

/* What may stand between a quoted name and its value when the two are members of one element or object. */
static size_t skip_value_member(const uapi_string *text, size_t i)
{
    static const char *const members[] = {"\"value\"", "value=", "'value'",   "\"defaultValue\"", "\"params\"",
                                          "value :",   "value:", "default =", "default="};
    size_t m;

    for (m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
        if (matches(text, i, members[m])) {
            i = skip_spaces(text, i + strlen(members[m]));
            i = at(text, i) == ':' || at(text, i) == '=' ? skip_spaces(text, i + 1) : i;
            return at(text, i) == '[' ? i + 1 : i;
        }
    }
    return 0;
}

/* ("name", "value"): an argument, not two members of a list of names. */
static int is_argument(const uapi_string *text, const assignment *found)
{
    size_t i = found->name_from;

    while (i > 0 && found->name_from - i < 3 && (is_quote(text->data[i - 1]) || text->data[i - 1] == '\\')) {
        i--;
    }
    return i > 0 && text->data[i - 1] == '(';
}

static size_t skip_operator(const uapi_string *text, const assignment *found, size_t i, int closed)
{
    static const char *const operators[] = {
        ":::=", "::=", "===", "!==", ":=", "=>", "?=", "==", "!=", "->", "||:", "=", ":"};
    size_t o;

    for (o = 0; o < sizeof(operators) / sizeof(operators[0]); o++) {
        if (matches(text, i, operators[o])) {
            i += strlen(operators[o]);
            return at(text, i) == '=' ? i + 1 : i;
        }
    }
    if (at(text, i) == ',' && closed) {
        size_t member = skip_value_member(text, skip_spaces(text, i + 1));

        i = skip_spaces(text, i + 1);
        if (member) {
            return member;
        }
        return is_argument(text, found) && (is_quote(at(text, i)) || (at(text, i) == '\\' && is_quote(at(text, i + 1))))
                   ? i
                   : 0;
    }
    if (at(text, i) == '(' && is_quote(at(text, i + 1))) {
        return i + 1;
    }
    return 0;
}

/* No operator: <name>value, name "value", "--name value", "<add key='name' value='…'", "name { default = …". */
static size_t skip_juxtaposition(const uapi_string *text, const assignment *found, size_t i, size_t gap, int closed)
{
    const char *data = text->data;
    size_t member;

    if (at(text, i) == '>') {
        return found->name_from > 0 && data[found->name_from - 1] == '<' ? i + 1 : 0;
    }
    if (i == gap) {
        return 0;
    }
    member = skip_value_member(text, at(text, i) == '{' ? skip_spaces(text, i + 1) : i);
    if (member && closed) {
        return member;
    }
    if (matches(text, i, "is ") && is_quote(at(text, i + 3))) {
        return i + 3;
    }
    if (is_quote(at(text, i))) {
        return i;
    }
    return data[found->name_from] == '-' ? i : 0;
}

/* A quote inside an unescaped string looks like a closing one; the closing one has something structural after it. */
static int closes(const uapi_string *text, size_t i)
{
    return i + 1 >= text->length || is_space(text->data[i + 1]) ||
           strchr(",;)}]>:&|.\\#/%+", text->data[i + 1]) != NULL;
}

static int take_quoted(const uapi_string *text, size_t i, assignment *found)
{
    int escaped = at(text, i) == '\\';
    char quote = at(text, i + (size_t)escaped);
    size_t first = 0, j;

    i += 1 + (size_t)escaped;
    found->from = i;
    found->quoted = 1;
    for (j = i; j < text->length && j - i < LONGEST_VALUE && text->data[j] != '\n'; j++) {
        if (text->data[j] != quote) {
            continue;
        }
        found->to = j - (size_t)(escaped && j > i && text->data[j - 1] == '\\');
        if (closes(text, j)) {
            return found->to > i;
        }
        first = first ? first : found->to;
    }
    found->to = first;
    return first > i;
}

static int ends_raw(char c, int in_query)
{
    return is_space(c) || is_quote(c) || c == ',' || c == ';' || c == '<' || c == '>' || c == '\\' || c == ')' ||
           c == '}' || c == ']' || (c == '&' && in_query);
}

static int take_raw(const uapi_string *text, size_t i, assignment *found)
{
    char before = found->name_from > 0 ? text->data[found->name_from - 1] : '\0';
    size_t j = i;

    while (j < text->length && j - i < LONGEST_VALUE && !ends_raw(text->data[j], before == '?' || before == '&')) {
        j++;
    }
    while (j > i && strchr(".:!?", text->data[j - 1])) {
        j--;
    }
    found->from = i;
    found->to = j;
    found->quoted = 0;
    return j > i;
}

static size_t find_name(const uapi_string *text, size_t from, size_t to, assignment *found)
{
    size_t most = from < LONGEST_NAME ? from : LONGEST_NAME, left = text->length - to;

    found->name_from = from - value_run_back(text->data + from, most, C_URLSAFE | C_DOT);
    found->word_to = to;
    found->name_to = to + value_run(text->data + to, left < LONGEST_NAME ? left : LONGEST_NAME, C_URLSAFE);
    return found->name_to;
}

/* "value" == name */
static int parse_reversed(const uapi_string *text, assignment *found)
{
    size_t i = found->name_from, start;
    char quote;

    while (i > 0 && found->name_from - i < 4 && (is_space(text->data[i - 1]) || strchr("=!", text->data[i - 1]))) {
        i--;
    }
    while (i > 0 && found->name_from - i < 8 && (is_space(text->data[i - 1]) || strchr("=!", text->data[i - 1]))) {
        i--;
    }
    if (i < 4 || found->name_from - i < 2 || !memchr(text->data + i, '=', found->name_from - i) ||
        !is_quote(text->data[i - 1]) || text->data[found->name_from - 1] == '=') {
        return 0;
    }
    quote = text->data[i - 1];
    for (start = i - 1; start > 0 && i - start < 128 && text->data[start - 1] != quote && text->data[start - 1] != '\n';
         start--) {
    }
    found->from = start;
    found->to = i - 1;
    found->quoted = 1;
    return start > 0 && text->data[start - 1] == quote && found->to > start;
}

int context_parse(const uapi_string *text, size_t from, size_t to, assignment *found)
{
    size_t name_end = find_name(text, from, to, found), i, after, gap;
    int closed = 0;

    i = skip_closing(text, name_end, &closed);
    gap = i;
    i = skip_type(text, skip_spaces(text, i));
    after = skip_operator(text, found, i, closed);
    if (!after) {
        after = skip_juxtaposition(text, found, i, gap, closed);
    }
    if (!after) {
        return parse_reversed(text, found);
    }
    i = skip_spaces(text, after);
    found->tight = i == gap + 1;
    if (at(text, i) == '@' && is_quote(at(text, i + 1))) {
        i++;
    }
    if (is_quote(at(text, i)) || (at(text, i) == '\\' && is_quote(at(text, i + 1)))) {
        return take_quoted(text, i, found);
    }
    return take_raw(text, i, found);
}
