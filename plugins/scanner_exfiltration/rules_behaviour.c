/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What only the whole of an answer or the course of calls shows. The rules here are figures, not proofs: a large table is
 * often just what was asked for. They are logged unless the policy says otherwise.
 */
#include <string.h>

#include "rule.h"

/* The page's number or cursor is kept; what it means is known when the text is through. */
static int32_t verify_page(const exfiltration *instance, const rule *self, text_state *state,
                           const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t at = candidate->to - 1, end = at;
    uint64_t position = 0;

    (void)instance;
    (void)finding;
    if (state->to) {
        return UAPI_NOT_FOUND; /* a call has one */
    }
    if (self->argument) {
        while (end < candidate->text.length && end - at < 512 && !strchr("\"&, }\n", text[end])) {
            end++;
        }
        position = behaviour_hash(1, text + at, end - at);
    } else {
        while (end < candidate->text.length && end - at < 15 && text[end] >= '0' && text[end] <= '9') {
            position = position * 10 + (uint64_t)(text[end++] - '0');
        }
    }
    state->from = at;
    state->to = end;
    state->position = position;
    state->is_cursor = (int)self->argument;
    return UAPI_NOT_FOUND;
}

#define LOGGED(NAME, SEVERITY, DIRECTIONS, REGEX, VERIFY, ARGUMENT) \
    RULE(NAME, SEVERITY, DIRECTIONS, UAPI_PATTERN_CASELESS, UAPI_VIEW_PLAIN, UAPI_DEFAULT_LOG, REGEX, VERIFY, ARGUMENT)
/* A member of JSON or a parameter of a query, up to the first character of its value. */
#define NAMED(NAMES) "[\"?&](?:" NAMES ")(?:\":\"?|=)"

static const rule rules[] = {
    LOGGED("page_walk", MEDIUM, UAPI_DIRECTION_REQUEST,
           NAMED("page|page_?(?:no|num|number|index)|offset|skip|start|start_?(?:at|index)|from") "\\d", verify_page,
           0),
    LOGGED("page_walk", MEDIUM, UAPI_DIRECTION_REQUEST,
           NAMED("cursor|next_?cursor|after|page_?token|next_?(?:page_?)?token|continuation_?token|starting_?after|"
                 "scroll_?id") "[^\"&,}\\s]",
           verify_page, 1),
    LOGGED("many_records", MEDIUM, UAPI_DIRECTION_RESPONSE, NULL, NULL, 0),
    LOGGED("large_answer", MEDIUM, UAPI_DIRECTION_RESPONSE, NULL, NULL, 0),
    LOGGED("unusual_volume", HIGH, UAPI_DIRECTION_RESPONSE, NULL, NULL, 0),
    LOGGED("encoded_payload", MEDIUM, UAPI_DIRECTION_REQUEST, NULL, NULL, 0),
    RULE("encoded_secret", HIGH, UAPI_DIRECTION_REQUEST, 0, 0, UAPI_DEFAULT_HOST, NULL, NULL, 0),
};

const rule_table rules_behaviour = TABLE(rules);
