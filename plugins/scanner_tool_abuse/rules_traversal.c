/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Paths that climb out of the folder they were meant for. `../` is in every program's source, so a plain one counts as a
 * whole argument only, and there by how far it goes and where it ends; one in a spelling that no program needs counts
 * for itself.
 */
#include <string.h>

#include "path.h"
#include "rule.h"
#include "../scanner_argument.h"

enum {
    FAR = 4 /* folders: further up than a relative path of a project goes */,
    MOST_BLANKS = 6,
    STRIDE = ARGUMENT_AHEAD / 4,
    SCHEME_LONGEST = 12
};

typedef enum kind { KIND_PLAIN, KIND_SPELLED } kind;

static int is_read(const uapi_string *text, const argument *found)
{
    static const char *const readers[] = {"cat ", "head ", "tail ", "less ", "more ", "type ", "curl ", "wget ",
                                          "nl ",  "tac ",  "xxd ",  "od ",   "cp ",   "mv ",   "scp ",  "tar ",
                                          "zip ", "vi ",   "open ", "grep ", "sed ",  "awk ",  "get ",  "unzip "};

    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (text_starts(text, found->from, found->to, readers[i])) {
            return 1;
        }
    }
    return 0;
}

static uint32_t judge_plain(const uapi_string *text, const argument *found, const path_climb *climb, int alone)
{
    int telling = path_is_telling(text, climb->target, climb->to);
    int outside = climb->rooted && climb->descends < 0;

    if (!alone) {
        return (found->shape != ARGUMENT_RUNNING && climb->steps >= 3 && telling && is_read(text, found)) ? HIGH : 0;
    }
    if (climb->dotted && (telling || climb->dotted >= 2)) {
        return telling ? HIGH : MEDIUM;
    }
    if (telling && (climb->steps >= 3 || outside || (climb->steps >= 2 && found->shape != ARGUMENT_STRING))) {
        return HIGH;
    }
    if (found->shape & ARGUMENT_WEB) {
        return climb->steps >= 2 || outside || telling ? MEDIUM : LOW;
    }
    if (found->shape == ARGUMENT_WHOLE) {
        return climb->steps >= 3 || outside || telling || climb->reversed ? MEDIUM : 0;
    }
    return outside || climb->descends <= -FAR ? MEDIUM : 0;
}

static uint32_t judge_spelled(const uapi_string *text, const path_climb *climb)
{
    int telling = path_is_telling(text, climb->target, climb->to);

    if (climb->hidden) {
        return HIGH;
    }
    if (!climb->spelled) {
        return 0;
    }
    return telling || climb->steps >= 2 ? HIGH : MEDIUM;
}

/* The argument is the path, or a URL with it; a few words beside it only where nobody writes sentences. */
static int is_alone(const uapi_string *text, const argument *found, size_t from)
{
    if (found->shape == ARGUMENT_RUNNING) {
        return 0;
    }
    if ((found->shape & (ARGUMENT_STRING | ARGUMENT_WHOLE)) && from != found->from && text->data[from - 1] != '=' &&
        text->data[from - 1] != '?') { /* a part of a command or of a program */
        return 0;
    }
    return argument_blanks(text, found, 1) == 0 || ((found->shape & ARGUMENT_WEB) && from == found->from &&
                                                    argument_blanks(text, found, MOST_BLANKS) < MOST_BLANKS);
}

/* Further candidates of one path are the first one's business. */
static int is_first(const uapi_candidate *candidate)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from;

    return from < 3 || !strchr("/\\", text[from - 1]) || text[from - 2] != '.' || text[from - 3] != '.' ||
           !text[from - 1];
}

/* file:///a/../..: the root is behind the host. */
static size_t skip_host(const uapi_string *text, size_t begin, size_t to)
{
    size_t at = begin;

    while (at < to && at - begin < SCHEME_LONGEST && text_is_alnum(text->data[at])) {
        at++;
    }
    if (at == begin || to - at < 3 || text->data[at] != ':' || text->data[at + 1] != '/' || text->data[at + 2] != '/') {
        return begin;
    }
    for (at += 3; at < to && text->data[at] != '/'; at++) {
    }
    return at;
}

/* A path is read once; a long one, which is seen as far as a verifier looks, again from place to place. */
static int is_judged(const text_state *state, int which, size_t from)
{
    return from > state->path[which].from && from < state->path[which].to && from - state->path[which].from < STRIDE;
}

static int32_t verify_traversal(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    path_climb climb;
    uint32_t severity;
    size_t begin;
    argument found;

    if (is_judged(at->state, self->argument, candidate->from) ||
        (self->argument == KIND_PLAIN && !is_first(candidate))) {
        return 0;
    }
    found = argument_around(candidate, candidate->from, candidate->to);
    begin = path_begin(text, candidate->from, found.from);
    /* what the argument is called counts for nothing: in an unescaped text, the call could have written that itself */
    climb = path_read(text, skip_host(text, begin, candidate->from), path_end(text, candidate->to, found.to));
    at->state->path[self->argument].from = candidate->from;
    at->state->path[self->argument].to = climb.to;
    if (climb.steps == 0) {
        return 0;
    }
    if (self->argument == KIND_PLAIN) {
        severity = judge_plain(text, &found, &climb, is_alone(text, &found, begin));
    } else {
        severity = is_alone(text, &found, begin) || (found.shape != ARGUMENT_RUNNING && is_read(text, &found))
                       ? judge_spelled(text, &climb)
                       : 0;
    }
    if (!severity) {
        return 0;
    }
    finding->severity = severity;
    finding->from = climb.from;
    finding->to = climb.to;
    return 1;
}

/* A string that C ends here, with something behind it for whoever looks at the end: shadow%00.png */
static int32_t verify_null(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    argument found = argument_around(candidate, candidate->from, candidate->to);
    size_t begin, name = 0;

    (void)self;
    if (!is_alone(text, &found, found.from) || argument_is_writing(text, &found)) {
        return 0;
    }
    begin = path_begin(text, candidate->from, found.from);
    for (size_t i = begin; i <= candidate->from; i++) {
        name += text->data[i] == '.' || text->data[i] == '/';
    }
    finding->from = begin;
    finding->to = path_end(text, candidate->to, found.to);
    return name > 0;
}

#define TRAVERSAL(NAME, SEVERITY, REGEX, KIND) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_REQUEST, ARGUMENT_VIEWS, REGEX, verify_traversal, KIND)

static const rule rules[] = {
    TRAVERSAL("path_traversal", MEDIUM, "\\.\\.;?[/\\\\]|\\.;\\.[/\\\\]|\\.\\\\;\\.", KIND_PLAIN),
    TRAVERSAL("encoded_traversal", HIGH,
              "%c[01](?:%25|%25%25|%)?[0-9a-z.]|%(?:25)*(?:e0|f0|f8|fc)%(?:25)?80%|%bg%qf"
              "|\\.\\.%[0-9a-z%]{2}|%2e(?:%2e|\\.|%25|%c)|\\.%2e|%25(?:25)?(?:2[ef]|5c|c[01])"
              "|%u(?:002e|ff0e|2024|2025|2215|2216|efc8|f025)|0x2e(?:0x|\\.)|0x5c0x|%%3[25]|\\.\\.(?:2f|5c)",
              KIND_SPELLED),
    TRAVERSAL(
        "encoded_traversal", HIGH,
        "\\xef\\xbc\\x8e\\xef\\xbc\\x8e|\\xe2\\x80\\xa5(?:[/\\\\]|\\xef|\\xe2)"
        "|\\.\\.(?:\\xef\\xbc[\\x8f\\xbc]|\\xe2\\x88[\\x95\\x96]|\\xe2\\x81\\x84|\\xee\\xbf\\x88|\\xef\\x80\\xa5)",
        KIND_SPELLED),
    RULE("null_byte", HIGH, UAPI_DIRECTION_REQUEST, UAPI_VIEW_PLAIN | UAPI_VIEW_DECODED,
         "[a-z_./-]%(?:25)?00|\\\\(?:x00|u0000)(?:\\.[a-z]|[\"']|$)", verify_null, 0),
};

const rule_table rules_traversal = TABLE(rules);
