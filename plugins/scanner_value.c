/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The text may be a JSON document whose strings are unescaped already, so a quote in it proves nothing by itself. A
 * string is taken to begin where a quote follows on `:`, `,` or a bracket, and to end where one stands before `,` or a
 * bracket. Looks a bounded way to both sides, so that the cost of a candidate does not depend on the text.
 */
#include <string.h>

#include "scanner_value.h"

enum { BLANKS = 16 };

/* What stands before `at`, and behind it, past a few blanks: documents that are not minified have them. */
static char before(const uapi_string *text, size_t at)
{
    size_t i = at;

    while (i > 0 && at - i < BLANKS && strchr(" \t\r\n", text->data[i - 1]) && text->data[i - 1]) {
        i--;
    }
    return i > 0 ? text->data[i - 1] : '\0';
}

static char behind(const uapi_string *text, size_t at)
{
    size_t i = at + 1;

    while (i < text->length && i - at <= BLANKS && strchr(" \t\r\n", text->data[i]) && text->data[i]) {
        i++;
    }
    return i < text->length ? text->data[i] : '\0';
}

static int is_one_of(char c, const char *list)
{
    return c != '\0' && strchr(list, c) != NULL;
}

static int opens(const uapi_string *text, size_t at)
{
    return text->data[at] == '"' && is_one_of(before(text, at), ":,[{");
}

static int closes(const uapi_string *text, size_t at)
{
    return text->data[at] == '"' && is_one_of(behind(text, at), ",]}:");
}

static int is_document(const uapi_string *text)
{
    size_t i = 0;

    while (i < text->length && i < 16 && is_one_of(text->data[i], " \t\r\n")) {
        i++;
    }
    return i < text->length && ((text->data[i] == '{' && is_one_of(behind(text, i), "\"")) ||
                                (text->data[i] == '[' && is_one_of(behind(text, i), "\"{[")));
}

/* The name of the member: `"name":"` or `"name": "` before the value. */
static void find_key(const uapi_string *text, value *found)
{
    size_t at = found->from - 1, end;

    while (at > 0 && found->from - at < BLANKS && is_one_of(text->data[at - 1], " \t\r\n")) {
        at--;
    }
    if (at < 3 || text->data[at - 1] != ':' || text->data[at - 2] != '"') {
        return;
    }
    end = at - 2;
    for (at = end; at > 0 && end - at < 64 && text->data[at - 1] != '"'; at--) {
    }
    if (at > 0 && text->data[at - 1] == '"') {
        found->key_from = at;
        found->key_to = end;
    }
}

value value_string(const uapi_string *text, size_t from, size_t to)
{
    size_t first = from > VALUE_BACK ? from - VALUE_BACK : 0;
    size_t last = text->length - to > VALUE_AHEAD ? to + VALUE_AHEAD : text->length;
    value found = {from, to, 0, 0};
    int document = is_document(text);

    if (!document) {
        return (value){first, last, 0, 0};
    }
    if (found.from < to && opens(text, found.from)) { /* the mark begins with the quote that opens the string */
        found.from++;
    }
    while (found.from > first && !opens(text, found.from - 1)) {
        found.from--;
    }
    while (found.to < last && !closes(text, found.to)) {
        found.to++;
    }
    if (found.from > 0) {
        find_key(text, &found);
    }
    return found;
}

value value_line(const uapi_string *text, size_t from, size_t to)
{
    return value_cut(text, value_string(text, from, to), from, to);
}

value value_cut(const uapi_string *text, value whole, size_t from, size_t to)
{
    value line = whole;

    line.from = from;
    while (line.from > whole.from &&
           !(text->data[line.from - 1] == '\n' && !(line.from > 1 && text->data[line.from - 2] == '\\'))) {
        line.from--;
    }
    line.to = to;
    while (line.to < whole.to && !(text->data[line.to] == '\n' && text->data[line.to - 1] != '\\')) {
        line.to++;
    }
    return line;
}

static int is_array_text(const uapi_string *text, size_t at)
{
    return at < text->length && text->data[at] != '\n' && text->data[at] != '[' && text->data[at] != ']';
}

int value_array(const uapi_string *text, size_t from, size_t to, size_t *open, size_t *close)
{
    size_t at = from, quote;

    while (at > 0 && from - at < VALUE_BACK && is_array_text(text, at - 1)) {
        at--;
    }
    if (at == 0 || text->data[at - 1] != '[') {
        return 0;
    }
    *open = at - 1;
    for (quote = at; quote < text->length && quote < at + 2 && text->data[quote] == ' '; quote++) {
    }
    if (quote >= text->length || (text->data[quote] != '"' && text->data[quote] != '\'')) {
        return 0;
    }
    at = to;
    while (at < text->length && at - to < VALUE_AHEAD && is_array_text(text, at)) {
        at++;
    }
    *close = at < text->length && text->data[at] == ']' ? at + 1 : at;
    return 1;
}

int value_is_mention(const uapi_string *text, const value *found)
{
    static const char *const names[] = {"message", "commit_message", "title",       "description", "subject",
                                        "comment", "summary",        "reason",      "pattern",     "search",
                                        "note",    "search_query",   "explanation", "topic",       "question"};
    size_t length = found->key_to - found->key_from;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (length == strlen(names[i]) && memcmp(text->data + found->key_from, names[i], length) == 0) {
            return 1;
        }
    }
    return 0;
}
