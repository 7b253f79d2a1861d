/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Servers and tools that pass for others: what a server calls itself and its tools, and what a tool's description says of
 * other tools. That a known tool has changed is told by pins; that a description gives orders, by prompt_injection.
 */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "rule.h"
#include "tool_list.h"
#include "tool_name.h"
#include "../scanner_argument.h"

enum { DEFINITION = 4096 /* bytes: how far off its schema a description may end */ };

/* The list is judged as a whole, when the text is through. */
static int32_t verify_list(const rule *self, const scan *at, uapi_finding *finding)
{
    (void)self;
    (void)finding;
    at->state->defines_tools |= at->candidate->in->view == UAPI_VIEW_PLAIN;
    return 0;
}

static int32_t verify_server(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_string *text = &at->candidate->text;
    size_t from = at->candidate->to, to = from;

    (void)self;
    while (to < text->length && to - from < TOOL_NAME_LONGEST && text->data[to] != '"') {
        to++;
    }
    finding->from = from;
    finding->to = to;
    return to > from &&
           (tool_name_judge(text, from, to) != TOOL_NAME_GOOD || tool_name_imitates_server(text, from, to));
}

static int32_t verify_description(const rule *self, const scan *at, uapi_finding *finding)
{
    static const char schema[] = "\"inputSchema\"";
    const uapi_candidate *candidate = at->candidate;
    size_t ahead = candidate->text.length - candidate->to;

    (void)self;
    (void)finding;
    return memmem(candidate->text.data + candidate->to, ahead < DEFINITION ? ahead : DEFINITION, schema,
                  sizeof(schema) - 1) != NULL;
}

#define ANSWER(NAME, SEVERITY, VIEWS, REGEX, VERIFY) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_RESPONSE, VIEWS, REGEX, VERIFY, 0)
/** What some servers say of their tools in good faith: logged, where no policy says otherwise. */
#define NOTED(NAME, SEVERITY, REGEX)            \
    {                                           \
        {.rule = NAME,                          \
         .regex = REGEX,                        \
         .flags = UAPI_PATTERN_CASELESS,        \
         .severity = SEVERITY,                  \
         .directions = UAPI_DIRECTION_RESPONSE, \
         .response_action = UAPI_DEFAULT_LOG},  \
            verify_description, 0               \
    }

static const rule rules[] = {
    ANSWER("tool_lookalike", HIGH, UAPI_VIEW_PLAIN, "\"inputSchema\"\\s?:", verify_list),
    /* The rules that the list is judged by, beside the one that finds it. */
    ANSWER("tool_hidden_name", HIGH, UAPI_VIEW_PLAIN, "\"inputSchema\"\\s?:", verify_list),
    ANSWER("tool_twin", HIGH, UAPI_VIEW_PLAIN, "\"inputSchema\"\\s?:", verify_list),
    ANSWER("tool_shadowing", HIGH, UAPI_VIEW_PLAIN, "\"inputSchema\"\\s?:", verify_list),
    ANSWER("server_lookalike", HIGH, UAPI_VIEW_PLAIN, "\"serverInfo\":\\{(?:\"version\":\"[^\"]{1,32}\",)?\"name\":\"",
           verify_server),
    NOTED("tool_priority", LOW,
          "(?:before|prior to) (?:using|calling|invoking|running|you use|you call) (?:any|every|all|each) (?:of the "
          ")?(?:other "
          ")?(?:tools?|functions?)|(?:always|must) (?:be )?(?:call|use|run|invoke)(?:ed|d)? (?:this|it)(?: tool| "
          "function)? first"
          "|(?:use|prefer|choose) this (?:tool )?(?:instead of|over|rather than) (?:any|all|every|the) other"),
};

const rule_table rules_tool = TABLE(rules);
