/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#define _GNU_SOURCE /* strcasestr */
#include <string.h>
#include <strings.h>

#include "command.h"
#include "../scanner_argument.h"
#include "../scanner_value.h"

enum { NAME_MOST = 24, ARRAY_NEAR = 32 /* bytes: the name of a member and what is around it */ };

/* ------------------------------------------------------------- words */

static int add_byte(command *made, char c)
{
    if (made->used + 2 > COMMAND_BYTES) {
        return 0;
    }
    made->bytes[made->used++] = c;
    return 1;
}

/* One line: `at` goes over it, and the command with the candidate stays in `made`. */
typedef struct line {
    const uapi_string *text;
    size_t at, to;
    size_t mark_from; /* the candidate */
    unsigned depth;
} line;

static void begin(command *made, size_t at)
{
    made->count = made->used = 0;
    made->from = made->to = at;
    made->redirect = made->by = made->assigned = NULL;
}

/* The word at `at`, quotes taken off; `*inside` gets the quoted part that the mark is in. */
static const char *take_word(line *l, command *made, size_t *quoted_from, size_t *quoted_to)
{
    const char *data = l->text->data;
    size_t start = made->used;
    char quote = 0;
    size_t opened = 0;

    *quoted_from = *quoted_to = 0;
    if (start + 1 >= COMMAND_BYTES) {
        l->at = l->to; /* as much as is looked at */
        return "";
    }
    for (; l->at < l->to; l->at++) {
        char c = data[l->at];

        if (quote) {
            if (c == quote) {
                if (opened <= l->mark_from && l->mark_from < l->at) {
                    *quoted_from = opened;
                    *quoted_to = l->at;
                }
                quote = 0;
                continue;
            }
            if (c == '\\' && quote == '"' && l->at + 1 < l->to) {
                c = data[++l->at];
            }
        } else if (c == '"' || c == '\'') {
            quote = c;
            opened = l->at + 1;
            continue;
        } else if (c == '\\' && l->at + 1 < l->to && !text_is_alnum(data[l->at + 1])) {
            c = data[++l->at];
        } else if (text_is_blank(c) || (c && strchr(";|&()`<>", c))) {
            break;
        }
        if (!add_byte(made, c)) {
            break;
        }
    }
    if (quote && opened <= l->mark_from && l->mark_from < l->at) {
        *quoted_from = opened;
        *quoted_to = l->at;
    }
    made->bytes[made->used++] = '\0';
    return made->bytes + start;
}

static const char *last_name(const char *path)
{
    const char *name = path;

    for (; *path; path++) {
        if ((*path == '/' || *path == '\\') && path[1]) {
            name = path + 1;
        }
    }
    return name;
}

/* ------------------------------------------------------------- wrappers */

typedef struct wrapper {
    const char *name, *values; /* letters of the options that take the next word */
    int own;                   /* words of its own before the program */
} wrapper;

static const wrapper wrappers[] = {
    {"sudo", "ugpCRDhTUrt", 0}, {"doas", "uC", 0},        {"pkexec", "", 0},  {"env", "uCS", 0},
    {"nohup", "", 0},           {"nice", "n", 0},         {"time", "fo", 0},  {"timeout", "ks", 1},
    {"exec", "a", 0},           {"command", "", 0},       {"setsid", "", 0},  {"stdbuf", "ioe", 0},
    {"busybox", "", 0},         {"xargs", "ILnPsdEa", 0}, {"builtin", "", 0},
};

static int is_assignment(const char *word)
{
    size_t i = 0;

    while (text_is_alnum(word[i]) || word[i] == '_') {
        i++;
    }
    return i > 0 && word[i] == '=';
}

static void drop(command *made, size_t count)
{
    count = count < made->count ? count : made->count;
    made->count -= count;
    memmove(made->word, made->word + count, made->count * sizeof(made->word[0]));
    made->word[made->count] = NULL;
}

static const wrapper *wrapper_of(const char *name)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        if (strcmp(wrappers[i].name, name) == 0) {
            return &wrappers[i];
        }
    }
    return NULL;
}

static size_t options_of(command *made, const wrapper *found)
{
    size_t i = 1;
    int own = found->own;

    for (; i < made->count; i++) {
        const char *word = made->word[i];

        if (word[0] == '-' && word[1]) {
            i += word[1] != '-' && !word[2] && strchr(found->values, word[1]) != NULL;
        } else if (is_assignment(word)) {
            made->assigned = word;
        } else if (own-- <= 0) {
            break;
        }
    }
    return i;
}

/* sudo itself is left where nothing is run by it: sudo -i, sudo -s. */
static void unwrap(command *made)
{
    for (int round = 0; round < 6 && made->count; round++) {
        const wrapper *found;
        size_t own;
        if (is_assignment(made->word[0])) {
            made->assigned = made->word[0];
            drop(made, 1);
            continue;
        }
        if (command_is(made->word[0], "$ # % > then do else if while until ! { start call")) {
            drop(made, 1);
            continue;
        }
        made->word[0] = last_name(made->word[0]);
        found = wrapper_of(made->word[0]);
        own = found ? options_of(made, found) : 0;
        if (!found || own >= made->count) {
            return;
        }
        if (command_is(found->name, "sudo doas pkexec")) {
            made->by = found->name;
        }
        drop(made, own);
    }
}

/* ------------------------------------------------------------- lines */

static int read_line(line *l, command *made);

/* The quoted word that the mark is in is a command line of its own if its program runs it; else -1. */
static int run_quoted(line *l, command *made, size_t from, size_t to)
{
    command outer = *made;
    line inner = {l->text, from, to, l->mark_from, l->depth + 1};
    const char *first;

    unwrap(&outer);
    first = outer.count ? outer.word[0] : "";
    if (l->depth >= COMMAND_DEPTH ||
        !command_is(
            first,
            "sh bash zsh dash ksh ash su eval ssh cmd cmd.exe powershell powershell.exe pwsh docker kubectl script"
            " watch parallel runuser chroot nsenter")) {
        return -1;
    }
    return read_line(&inner, made);
}

static void take_redirect(line *l, command *made)
{
    size_t a, b;

    while (l->at < l->to && strchr("<>&| ", l->text->data[l->at]) && l->text->data[l->at]) {
        l->at++;
    }
    if (made->count) {
        made->redirect = take_word(l, made, &a, &b);
        made->to = l->at;
    }
}

static int is_end(const line *l)
{
    char c = l->text->data[l->at];

    return c == ';' || c == '|' || c == '&' || c == '(' || c == ')' || c == '`' || c == '\n' ||
           (c == '\r' && l->at + 1 < l->to && l->text->data[l->at + 1] == '\n');
}

/* 1: the command with the mark is in `made`. */
static int read_line(line *l, command *made)
{
    size_t quoted_from, quoted_to;

    made->piped = 0;
    begin(made, l->at);
    while (l->at < l->to) {
        char c = l->text->data[l->at];

        if (is_end(l)) {
            if (made->count && l->mark_from < l->at) {
                break;
            }
            made->piped = c == '|' && (l->at + 1 >= l->to || l->text->data[l->at + 1] != '|');
            l->at++;
            begin(made, l->at);
        } else if (text_is_blank(c)) {
            l->at++;
        } else if (c == '#' && l->at < l->mark_from && l->at + 1 < l->to && l->text->data[l->at + 1] == ' ') {
            return 0; /* the rest is a comment */
        } else if (c == '<' || c == '>') {
            take_redirect(l, made);
        } else {
            size_t from = l->at;
            const char *word = take_word(l, made, &quoted_from, &quoted_to);

            if (l->at == from) {
                l->at++;
                continue;
            }
            made->from = made->count ? made->from : from;
            made->to = l->at;
            if (made->count < COMMAND_WORDS) {
                made->word[made->count++] = word;
            }
            if (made->used + 2 >= COMMAND_BYTES) {
                break;
            }
            if (quoted_to && quoted_to - quoted_from > 2 &&
                memchr(l->text->data + quoted_from, ' ', quoted_to - quoted_from)) {
                size_t at = l->at;
                int run;

                made->word[made->count] = NULL;
                run = run_quoted(l, made, quoted_from, quoted_to);
                if (run >= 0) {
                    return run;
                }
                l->at = at;
            }
        }
    }
    made->word[made->count] = NULL;
    return made->count && made->from <= l->mark_from && l->mark_from < made->to;
}

/* ------------------------------------------------------------- arrays */

/* The elements of an array, added to what is in `made`. */
static void read_array(const uapi_string *text, size_t open, size_t close, command *made)
{
    size_t at = open + 1;

    while (at < close && made->count < COMMAND_WORDS) {
        size_t start = made->used;
        char quote;

        while (at < close && text->data[at] != '"' && text->data[at] != '\'') {
            at++;
        }
        if (at >= close) {
            break;
        }
        quote = text->data[at++];
        made->from = made->count ? made->from : at;
        while (at < close && !(text->data[at] == quote && at + 1 < text->length && text->data[at + 1] &&
                               strchr(",] ", text->data[at + 1]))) {
            if (!add_byte(made, text->data[at])) {
                break;
            }
            at++;
        }
        made->to = at;
        if (made->used + 2 > COMMAND_BYTES) {
            break;
        }
        made->bytes[made->used++] = '\0';
        made->word[made->count++] = made->bytes + start;
        at++;
    }
    made->word[made->count] = NULL;
}

/* "cmd":"program","args":[ ]: where the array begins that follows on the string; 0 if none does. */
static size_t following_array(const uapi_string *text, size_t quote)
{
    size_t at = quote + 1, last = text->length - quote > ARRAY_NEAR ? quote + ARRAY_NEAR : text->length;

    while (at < last && text->data[at] != '[' && text->data[at] != '}' && text->data[at] != '{') {
        at++;
    }
    return at < last && text->data[at] == '[' ? at : 0;
}

static int read_call(const uapi_string *text, const argument *around, command *found)
{
    size_t open = around->shape == ARGUMENT_STRING && found->count == 1 && around->to < text->length
                      ? following_array(text, around->to)
                      : 0;
    size_t close = open;

    while (close < text->length && close - open < ARGUMENT_BACK && text->data[close] != ']') {
        close++;
    }
    if (open) {
        read_array(text, open, close, found);
    }
    return found->count > 0;
}

int command_around(const uapi_candidate *candidate, size_t from, size_t to, command *found)
{
    const uapi_string *text = &candidate->text;
    argument around = argument_around(candidate, from, from + (to > from)); /* the mark may end behind it */
    size_t open, close;
    line l = {text, from, from, from, 0};

    if (argument_is_mention(text, &around)) {
        return 0;
    }
    if (value_array(text, from, to, &open, &close)) {
        begin(found, open);
        found->piped = 0;
        read_array(text, open, close, found);
        unwrap(found);
        return found->count > 0;
    }
    while (l.at > around.from && text->data[l.at - 1] != '\n') {
        l.at--;
    }
    while (l.to < around.to && !(text->data[l.to] == '\n' && text->data[l.to - 1] != '\\')) {
        l.to++;
    }
    if (!read_line(&l, found) || !read_call(text, &around, found)) {
        return 0;
    }
    unwrap(found);
    return found->count > 0;
}

/* ------------------------------------------------------------- questions */

int command_is(const char *word, const char *list)
{
    size_t length = strlen(word);

    while (length && length <= NAME_MOST * 2 && *list) {
        size_t next = strcspn(list, " ");

        if (next == length && strncasecmp(word, list, length) == 0) {
            return 1;
        }
        list += next + (list[next] == ' ');
    }
    return 0;
}

int command_runs(const command *self, const char *list)
{
    return command_is(self->word[0], list);
}

size_t command_has(const command *self, size_t start, const char *list)
{
    for (size_t i = start ? start : 1; i < self->count; i++) {
        if (command_is(self->word[i], list)) {
            return i;
        }
    }
    return 0;
}

size_t command_begins(const command *self, const char *start)
{
    for (size_t i = 1; i < self->count; i++) {
        if (strncasecmp(self->word[i], start, strlen(start)) == 0) {
            return i;
        }
    }
    return 0;
}

size_t command_holds(const command *self, const char *part)
{
    for (size_t i = 1; i < self->count; i++) {
        if (strcasestr(self->word[i], part)) {
            return i;
        }
    }
    return 0;
}

const char *command_option(const command *self, const char *names)
{
    for (size_t i = 1; i < self->count; i++) {
        const char *word = self->word[i], *equals = strchr(word, '=');
        char name[NAME_MOST * 2];
        size_t length = equals ? (size_t)(equals - word) : strlen(word);

        if (word[0] != '-' || length >= sizeof(name)) {
            continue;
        }
        memcpy(name, word, length);
        name[length] = '\0';
        if (command_is(name, names)) {
            return equals ? equals + 1 : self->word[i + 1];
        }
    }
    return NULL;
}
