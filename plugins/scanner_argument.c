/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The text may be a JSON document whose strings are unescaped already, so a quote in it proves nothing by itself. A string
 * is taken to begin where a quote follows on `:`, `,` or a bracket, and to end where one stands before `,` or a bracket.
 */
#include <string.h>

#include "scanner_argument.h"

enum { NAME_LONGEST = 64, LINE_LONGEST = 512 };

int text_starts(const uapi_string *text, size_t at, size_t end, const char *word)
{
    size_t length = strlen(word);

    if (at > end || end - at < length) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (text_small(text->data[at + i]) != word[i]) {
            return 0;
        }
    }
    return 1;
}

static int is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

/* ------------------------------------------------------------- JSON */

/* Blanks between tokens are gone from what a server is sent; a text of other origin may have one. */
static int opens(const uapi_string *text, size_t at)
{
    if (at == 0 || text->data[at] != '"') {
        return 0;
    }
    return is_one_of(text->data[at - 1], ":,[{") ||
           (at > 1 && text->data[at - 1] == ' ' && is_one_of(text->data[at - 2], ":,{"));
}

static int closes(const uapi_string *text, size_t at)
{
    size_t next = at + 2 < text->length && text->data[at + 1] == ' ' ? at + 2 : at + 1;

    return text->data[at] == '"' && next < text->length && is_one_of(text->data[next], ",]}:");
}

static int is_document(const uapi_string *text)
{
    size_t i = 0;

    while (i < text->length && i < 16 && text_is_blank(text->data[i])) {
        i++;
    }
    if (i >= text->length || (text->data[i] != '{' && text->data[i] != '[')) {
        return 0;
    }
    for (i++; i < text->length && i < 16 && is_one_of(text->data[i], text->data[i - 1] == '[' ? "{[" : " \t\r\n");
         i++) {
    }
    return i < text->length && text->data[i] == '"';
}

static void find_key(const uapi_string *text, argument *found)
{
    size_t at = found->from - 1, end; /* at the opening quote */

    while (at > 0 && text->data[at - 1] == ' ') {
        at--;
    }
    if (at < 3 || text->data[at - 1] != ':' || text->data[at - 2] != '"') {
        return;
    }
    end = at - 2;
    for (at = end; at > 0 && end - at < NAME_LONGEST && text->data[at - 1] != '"'; at--) {
    }
    if (at > 0 && text->data[at - 1] == '"') {
        found->key_from = at;
        found->key_to = end;
    }
}

static int find_string(const uapi_string *text, size_t first, size_t last, argument *found)
{
    size_t from = found->from, to = found->to;

    if (from < to && opens(text, from)) { /* the mark begins with the quote that opens the string */
        from++;
    }
    while (from > first && !opens(text, from - 1)) {
        from--;
    }
    while (to < last && !closes(text, to)) {
        to++;
    }
    if (from == 0 || !opens(text, from - 1)) {
        return 0;
    }
    found->shape = ARGUMENT_STRING;
    found->from = from;
    found->to = to;
    find_key(text, found);
    return 1;
}

/* ------------------------------------------------------------- forms and queries */

static int is_name(char c)
{
    return text_is_alnum(c) || is_one_of(c, "_-.[]:$%/");
}

/* Between the path and the body of a form, where there is no `?`. */
static int parts_path(const uapi_string *text, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (text_is_blank(text->data[i])) {
            return 0;
        }
    }
    return text->data[0] == '/';
}

static int parts_fields(const uapi_string *text, size_t at)
{
    char before = at > 0 ? text->data[at - 1] : 0;

    if (text->data[at] == '&' || text->data[at] == '?') {
        return !text_is_blank(before) && before != text->data[at];
    }
    return (text->data[at] == '\n' || text->data[at] == ' ') && at < ARGUMENT_BACK && parts_path(text, at);
}

/* Whether it begins as a form, a query or a path does; programs have blanks and brackets first. */
static int is_form(const uapi_string *text)
{
    size_t i = 0;

    if (text->length > 1 && text->data[0] == '/') {
        return !is_one_of(text->data[1], "/*");
    }
    while (i < text->length && i < NAME_LONGEST * 2 && !is_one_of(text->data[i], "=&?")) {
        if (text_is_blank(text->data[i]) || is_one_of(text->data[i], "\"'<>(){};#,!")) {
            return 0;
        }
        i++;
    }
    return i < text->length && i < NAME_LONGEST * 2;
}

static int find_field(const uapi_string *text, size_t first, size_t last, argument *found)
{
    size_t equals, name = first;

    for (equals = found->from; equals > first; equals--) {
        if (text->data[equals - 1] == '=') {
            for (name = equals - 1; name > first && equals - name <= NAME_LONGEST && is_name(text->data[name - 1]);
                 name--) {
            }
            if (name + 1 < equals && (name == 0 || parts_fields(text, name - 1))) {
                break;
            }
        }
        if (parts_fields(text, equals - 1)) {
            return 0;
        }
    }
    if (equals == first || (name > 0 && !is_form(text))) {
        return 0;
    }
    found->shape = ARGUMENT_FIELD;
    found->key_from = name;
    found->key_to = equals - 1;
    found->from = equals;
    while (found->to < last && text->data[found->to] != '&') {
        found->to++;
    }
    return 1;
}

/* ------------------------------------------------------------- XML and multipart */

static int find_attribute(const uapi_string *text, size_t first, size_t last, argument *found)
{
    size_t open = found->from, close = found->to, name;
    char quote;

    while (open > first && !(is_one_of(text->data[open - 1], "\"'") && open > 1 && text->data[open - 2] == '=')) {
        if (is_one_of(text->data[open - 1], "<>\n")) {
            return 0;
        }
        open--;
    }
    if (open == first) {
        return 0;
    }
    quote = text->data[open - 1];
    while (close < last && text->data[close] != quote && text->data[close] != '\n') {
        close++;
    }
    for (name = open - 2; name > first && open - name <= NAME_LONGEST && is_name(text->data[name - 1]); name--) {
    }
    found->key_from = name;
    found->key_to = open - 2;
    found->shape = ARGUMENT_ATTRIBUTE;
    found->from = open;
    found->to = close;
    /* links are what pages are made of */
    return name < open - 2 && !argument_key_among(text, found, "href src action style class content type xlink:href");
}

static int is_markup(const uapi_string *text)
{
    return text->length > 8 && ((text->data[0] == '<' && text->length <= LINE_LONGEST * 4) ||
                                (text->data[0] == '-' && text->data[1] == '-'));
}

/* ------------------------------------------------------------- the rest */

static argument whole(const uapi_string *text, size_t first, size_t last)
{
    argument found = {ARGUMENT_RUNNING, first, last, 0, 0};
    size_t end = text->length;

    while (end > 0 && text_is_blank(text->data[end - 1]) && text->length - end < 4) {
        end--;
    }
    if (text->length > LINE_LONGEST || (end && memchr(text->data, '\n', end))) {
        return found;
    }
    found = (argument){ARGUMENT_WHOLE, 0, end, 0, 0};
    if (end && text->data[0] == '/' && !memchr(text->data, ' ', end)) {
        found.shape = ARGUMENT_PATH;
    }
    return found;
}

/* Blanks around it are no part of it, where it is more than running text. */
static argument trimmed(const uapi_string *text, argument found, size_t from, size_t to)
{
    while (found.shape != ARGUMENT_RUNNING && found.from < from && text_is_blank(text->data[found.from])) {
        found.from++;
    }
    while (found.shape != ARGUMENT_RUNNING && found.to > to && text_is_blank(text->data[found.to - 1])) {
        found.to--;
    }
    return found;
}

static argument find_argument(const uapi_candidate *candidate, size_t from, size_t to)
{
    const uapi_string *text = &candidate->text;
    size_t first = from > ARGUMENT_BACK ? from - ARGUMENT_BACK : 0;
    size_t last = text->length - to > ARGUMENT_AHEAD ? to + ARGUMENT_AHEAD : text->length;
    argument found = {ARGUMENT_RUNNING, from, to, 0, 0};

    /* another reading of a part of a document does not begin like one */
    if (is_document(text) || (candidate->in->flags & UAPI_TEXT_FROM_JSON)) {
        return find_string(text, first, last, &found) ? found : (argument){ARGUMENT_RUNNING, first, last, 0, 0};
    }
    if (is_markup(text) && find_attribute(text, first, last, &found)) {
        return found;
    }
    found = (argument){ARGUMENT_RUNNING, from, to, 0, 0};
    return find_field(text, first, last, &found) ? found : whole(text, first, last);
}

argument argument_around(const uapi_candidate *candidate, size_t from, size_t to)
{
    return trimmed(&candidate->text, find_argument(candidate, from, to), from, to);
}

argument argument_of_mark(const uapi_candidate *candidate, size_t from)
{
    const uapi_string *text = &candidate->text;
    size_t at = from;

    at += at + 1 < text->length && text->data[at] == '=';
    at += at + 1 < text->length && is_one_of(text->data[at], "\"'");

    return argument_around(candidate, at, at);
}

int argument_key_among(const uapi_string *text, const argument *found, const char *list)
{
    size_t length = found->key_to - found->key_from;

    while (length && *list) {
        size_t word = strcspn(list, " ");

        if (word == length) {
            size_t i = 0;

            while (i < word && text_small(text->data[found->key_from + i]) == list[i]) {
                i++;
            }
            if (i == word) {
                return 1;
            }
        }
        list += word + (list[word] == ' ');
    }
    return 0;
}

static const char subjects[] = "message commit_message title description subject comment summary reason pattern search "
                               "note search_query explanation topic"
                               " question";

int argument_is_mention(const uapi_string *text, const argument *found)
{
    return found->shape == ARGUMENT_STRING && argument_key_among(text, found, subjects);
}

int argument_is_writing(const uapi_string *text, const argument *found)
{
    return argument_is_mention(text, found) ||
           (found->shape == ARGUMENT_STRING &&
            argument_key_among(
                text, found,
                "text body content contents old_string new_string old_str new_str oldtext newtext file_text"
                " insert_text prompt query q thought regex markdown html diff patch"));
}

size_t argument_blanks(const uapi_string *text, const argument *found, size_t most)
{
    size_t count = 0;

    for (size_t i = found->from; i < found->to && count <= most; i++) {
        count += (size_t)text_is_blank(text->data[i]);
    }
    return count;
}
