/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include "role.h"

#define NEAR 800
#define BEHIND 3000

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_upper_run(const uapi_string *text, size_t from, size_t to)
{
    size_t letters = 0;

    for (; from < to; from++) {
        letters += text->data[from] >= 'A' && text->data[from] <= 'Z';
        if (text->data[from] >= 'a' && text->data[from] <= 'z') {
            return 0;
        }
    }
    return letters > 2;
}

/* "<", "[" or "*" before the words of the mode, with at most three words between. */
static int is_bracketed(const uapi_string *text, size_t at)
{
    size_t end = at > 40 ? at - 40 : 0;

    while (at > end) {
        char c = text->data[--at];

        if (c == '<' || c == '[') {
            return 1;
        }
        if (!is_space(c) && !(c >= 'A' && c <= 'Z')) {
            return 0;
        }
    }
    return 0;
}

int32_t verify_mode(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t from = words_back(text, candidate->from, 24), to = candidate->to + 24;

    (void)self;
    (void)finding;
    if (is_bracketed(text, candidate->from)) {
        return 1;
    }
    if (candidate->to < text->length && text->data[candidate->to] == ':') {
        return (frame_classes(known, text, candidate->to, candidate->to + 60) & (REVEAL | IGNORE | GRANT)) != 0;
    }
    return is_upper_run(text, candidate->from, candidate->to) &&
           ((frame_classes(known, text, from, candidate->from) | frame_classes(known, text, candidate->to, to)) &
            ACTIVATED) != 0;
}

static int begins(const uapi_string *text, size_t at, const char *part)
{
    size_t size = strlen(part), i;

    if (at > text->length || text->length - at < size) {
        return 0;
    }
    for (i = 0; i < size; i++) {
        char c = text->data[at + i];

        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != part[i]) {
            return 0;
        }
    }
    return 1;
}

static int begins_any(const uapi_string *text, size_t at, const char *const *parts)
{
    for (; *parts; parts++) {
        if (begins(text, at, *parts)) {
            return 1;
        }
    }
    return 0;
}

static size_t skip_space(const uapi_string *text, size_t at)
{
    size_t end = text->length - at > 16 ? at + 16 : text->length;

    while (at < end && is_space(text->data[at])) {
        at++;
    }
    return at;
}

/* A role with a backslash behind it stands in the source of a program that builds prompts. */
static int is_escape_behind(const uapi_string *text, size_t at)
{
    while (at < text->length && ((text->data[at] | 32) >= 'a' && (text->data[at] | 32) <= 'z')) {
        at++;
    }
    return at < text->length && text->data[at] == '\\';
}

int32_t verify_token(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const roles[] = {"system", "user",     "assistant", "developer", "tool",
                                        "model",  "analysis", "final",     NULL};
    static const char *const tokens[] = {"<|", "<start_of", "<end_of", NULL};
    static const char *const speakers[] = {"<|system", "<|user", "<|assistant", NULL};
    const uapi_string *text = &candidate->text;
    size_t at = skip_space(text, candidate->to);

    (void)self;
    (void)known;
    (void)finding;
    if (begins_any(text, at, tokens)) {
        return 1;
    }
    if (begins_any(text, at, roles)) {
        return !is_escape_behind(text, at);
    }
    return begins_any(text, candidate->from, speakers) && at < text->length &&
           (at > candidate->to || (text->data[at] >= 'A' && text->data[at] <= 'Z')) && text->data[at] != '"' &&
           text->data[at] != '`' && text->data[at] != ',';
}

int32_t verify_pair(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const markers[] = {"[inst]",          "[/inst]",          "<<sys>>", "<</sys>>",
                                          "[system_prompt]", "[/system_prompt]", NULL};
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from > NEAR ? candidate->from - NEAR : 0;
    size_t end = text->length - candidate->to > NEAR ? candidate->to + NEAR : text->length;

    (void)self;
    (void)known;
    (void)finding;
    for (; at < end; at++) {
        if ((text->data[at] == '[' || text->data[at] == '<') && at != candidate->from &&
            begins_any(text, at, markers) && skip_space(text, candidate->to) < text->length &&
            !begins(text, at, "[inst]\"")) {
            return 1;
        }
    }
    return 0;
}

int32_t verify_boundary(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                        uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    const char *name = text->data + candidate->from + 2;
    size_t size = candidate->to - candidate->from - 3;
    size_t end = candidate->from > BEHIND ? candidate->from - BEHIND : 0, at = candidate->from;

    (void)self;
    (void)known;
    (void)finding;
    if (end) {
        return 0; /* it may have been opened before what is looked at */
    }
    while (at > end) {
        at--;
        if (text->data[at] == '<' && memcmp(text->data + at + 1, name, size) == 0) {
            return 0;
        }
    }
    at = skip_space(text, candidate->to);
    return at < text->length && text->data[at] != '`';
}

/* In a JSON document white space between tokens is gone, so what has some stands inside a string. */
int32_t verify_json_role(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from, end = candidate->from > 16 ? candidate->from - 16 : 0;
    size_t next = skip_space(text, candidate->to);
    int is_document = text->length && (text->data[0] == '{' || text->data[0] == '[');
    int is_spaced = memchr(text->data + candidate->from, ' ', candidate->to - candidate->from) != NULL;

    (void)self;
    (void)known;
    while (at > end && is_space(text->data[at - 1])) {
        at--;
        is_spaced = 1;
    }
    if (!at || text->data[at - 1] != '{' || next >= text->length || text->data[next] != ',') {
        return 0;
    }
    if (!begins(text, skip_space(text, next + 1), "\"content\"")) {
        return 0;
    }
    finding->from = --at;
    if (at && (text->data[at - 1] == '(' || text->data[at - 1] == '=')) {
        return 0; /* an argument in the source of a program */
    }
    if (is_document) {
        return is_spaced || (at && !strchr("[,:", text->data[at - 1]));
    }
    return at > 0;
}
