/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The JSON is read as far as it must be: objects that have an inputSchema, their name and description. Strings are
 * unescaped already, so one ends where a quote stands before `,` `:` or a bracket. One pass, linear in the text.
 */
#include <stdlib.h>
#include <string.h>

#include "tool_list.h"
#include "tool_name.h"
#include "../scanner_argument.h"

enum { DEPTH = 64, MOST_TOOLS = 4096, MOST_MENTIONS = 256 };

typedef struct range {
    size_t from, to;
} range;

typedef struct tool {
    range name;
    char skeleton[TOOL_NAME_LONGEST];
} tool;

typedef struct level {
    range key, name, description;
    int is_tool;
} level;

typedef struct reading {
    const uapi_string *text;
    tool *tools; /* MOST_TOOLS at most */
    size_t count, room;
    range mentions[MOST_MENTIONS]; /* names of other tools in descriptions */
    size_t mentioned;
    level levels[DEPTH];
} reading;

static int is_text(const uapi_string *text, range at, const char *word)
{
    size_t length = strlen(word);

    return at.to - at.from == length && memcmp(text->data + at.from, word, length) == 0;
}

/* ------------------------------------------------------------- what a description says of other tools */

static int is_name(char c)
{
    return text_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static size_t skip(const uapi_string *text, size_t at, size_t to, const char *const *fillers)
{
    for (size_t i = 0; fillers[i]; i++) {
        if (text_starts(text, at, to, fillers[i])) {
            at += strlen(fillers[i]);
        }
    }
    return at;
}

/* A name of a tool: two words or more in one. */
static range name_at(const uapi_string *text, size_t at, size_t to)
{
    range name = {at, at};
    int joined = 0;

    while (name.to < to && is_name(text->data[name.to])) {
        joined |= name.to > at && (text->data[name.to] == '_' || text->data[name.to] == '-');
        name.to++;
    }
    while (name.to > at && text->data[name.to - 1] == '.') {
        name.to--;
    }
    return joined && name.to - at >= 5 ? name : (range){0, 0};
}

/* use this tool instead of NAME; when NAME is called */
static range mention_at(const uapi_string *text, size_t at, size_t to)
{
    static const char *const preferred[] = {
        "use this instead of ",       "use this tool instead of ", "use this rather than ",
        "use this tool rather than ", "prefer this over ",         "prefer this tool over ",
        "call this instead of ",      "always use this over ",     "use it instead of "};
    static const char *const moments[] = {"when ", "whenever ", "every time ", "before ", "after ", "each time "};
    static const char *const fillers[] = {"using ", "calling ", "invoking ", "you call ", "you use ", "the ",
                                          "tool ",  "`",        "\"",        "'",         NULL};
    static const char *const tails[] = {"`", "\"", "'", " tool", " is", " gets", NULL};
    size_t i, end, start;
    range name;

    for (i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++) {
        if (text_starts(text, at, to, preferred[i])) {
            return name_at(text, skip(text, at + strlen(preferred[i]), to, fillers), to);
        }
    }
    for (i = 0; i < sizeof(moments) / sizeof(moments[0]) && !text_starts(text, at, to, moments[i]); i++) {
    }
    if (i == sizeof(moments) / sizeof(moments[0])) {
        return (range){0, 0};
    }
    start = skip(text, at + strlen(moments[i]), to, fillers);
    name = name_at(text, start, to);
    if (!name.to) {
        return name;
    }
    end = skip(text, name.to, to, tails);
    return text_starts(text, end, to, " called") || text_starts(text, end, to, " used") ||
                   text_starts(text, end, to, " invoked") || text_starts(text, end, to, " available")
               ? name
               : (range){0, 0};
}

static void read_description(reading *r, range description)
{
    for (size_t at = description.from; at < description.to && r->mentioned < MOST_MENTIONS; at++) {
        char c = text_small(r->text->data[at]);
        range name;

        if (!strchr("upcawbe", c) || !c || (at > description.from && text_is_alnum(r->text->data[at - 1]))) {
            continue;
        }
        name = mention_at(r->text, at, description.to);
        if (name.to) {
            r->mentions[r->mentioned++] = name;
        }
    }
}

/* ------------------------------------------------------------- reading */

static void add_tool(reading *r, const level *found)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 32;
        tool *larger = room > MOST_TOOLS ? NULL : realloc(r->tools, room * sizeof(*larger));

        if (!larger) {
            return;
        }
        r->tools = larger;
        r->room = room;
    }
    r->tools[r->count].name = found->name;
    tool_name_skeleton(r->text, found->name.from, found->name.to, r->tools[r->count].skeleton);
    r->count++;
    read_description(r, found->description);
}

static size_t string_end(const uapi_string *text, size_t at)
{
    const char *quote;

    while (at < text->length && (quote = memchr(text->data + at, '"', text->length - at)) != NULL) {
        at = (size_t)(quote - text->data);
        if (at + 1 < text->length && text->data[at + 1] && strchr(",]}: \n", text->data[at + 1])) {
            return at;
        }
        at++;
    }
    return text->length;
}

static void take_string(level *here, const uapi_string *text, size_t from, size_t to)
{
    size_t next = to + 1;

    while (next < text->length && text->data[next] == ' ') {
        next++;
    }
    if (next < text->length && text->data[next] == ':') {
        here->key = (range){from, to};
        here->is_tool |= is_text(text, here->key, "inputSchema");
    } else if (is_text(text, here->key, "name")) {
        here->name = (range){from, to};
    } else if (is_text(text, here->key, "description")) {
        here->description = (range){from, to};
    }
}

static void read_list(reading *r)
{
    size_t depth = 0, at = 0, end;

    for (; at < r->text->length; at++) {
        level *here = &r->levels[depth < DEPTH ? depth : DEPTH - 1];

        switch (r->text->data[at]) {
        case '{':
            depth++;
            if (depth < DEPTH) {
                memset(&r->levels[depth], 0, sizeof(r->levels[depth]));
            }
            break;
        case '}':
            if (depth < DEPTH && here->is_tool && here->name.to) {
                add_tool(r, here);
            }
            depth -= depth > 0;
            break;
        case '"':
            end = string_end(r->text, at + 1);
            if (depth < DEPTH) {
                take_string(here, r->text, at + 1, end);
            }
            at = end;
            break;
        default:
            break;
        }
    }
}

/* ------------------------------------------------------------- judging */

static void report(const void *instance, const uapi_sink *sink, const char *id, range at)
{
    uapi_finding finding = {.size = sizeof(finding), .from = at.from, .to = at.to};

    finding.rule = scanner_tables_rule(instance, id);
    scanner_tables_verdict(instance, 1, &finding);
    if (at.to > at.from) {
        sink->report(sink, &finding);
    }
}

static int by_skeleton(const void *a, const void *b)
{
    return strcmp(((const tool *)a)->skeleton, ((const tool *)b)->skeleton);
}

static int same_name(const uapi_string *text, range a, range b)
{
    return a.to - a.from == b.to - b.from && memcmp(text->data + a.from, text->data + b.from, a.to - a.from) == 0;
}

static int is_listed(const reading *r, range name)
{
    tool wanted;

    tool_name_skeleton(r->text, name.from, name.to, wanted.skeleton);
    return bsearch(&wanted, r->tools, r->count, sizeof(wanted), by_skeleton) != NULL;
}

static void judge_names(const reading *r, const void *instance, const uapi_sink *sink)
{
    for (size_t i = 0; i < r->count; i++) {
        tool_name_fault fault = tool_name_judge(r->text, r->tools[i].name.from, r->tools[i].name.to);

        if (fault != TOOL_NAME_GOOD) {
            report(instance, sink, fault == TOOL_NAME_HIDDEN ? "tool_hidden_name" : "tool_lookalike", r->tools[i].name);
        } else if (i > 0 && r->tools[i].skeleton[0] && by_skeleton(&r->tools[i - 1], &r->tools[i]) == 0 &&
                   !same_name(r->text, r->tools[i - 1].name, r->tools[i].name)) {
            report(instance, sink, "tool_twin", r->tools[i].name);
        }
    }
}

void tool_list_judge(const void *instance, const uapi_string *text, const uapi_sink *sink)
{
    reading r = {.text = text};

    read_list(&r);
    if (r.count) {
        qsort(r.tools, r.count, sizeof(*r.tools), by_skeleton);
        judge_names(&r, instance, sink);
    }
    for (size_t i = 0; i < r.mentioned; i++) {
        if (!is_listed(&r, r.mentions[i])) {
            report(instance, sink, "tool_shadowing", r.mentions[i]);
        }
    }
    free(r.tools);
}
