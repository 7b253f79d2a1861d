/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Statements that destroy whole tables. They count where a statement may begin (the start of a value or a line, behind
 * `;`, a quote or a bracket), not within a sentence; DELETE and UPDATE count without a condition, or with one that is
 * always true.
 */
#include <string.h>

#include "rule.h"
#include "sql_statement.h"
#include "../scanner_value.h"

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int is_letter(int c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || (c >= '0' && c <= '9');
}

static int begins_statement(const uapi_string *text, const value *found, size_t at)
{
    while (at > found->from && (text->data[at - 1] == ' ' || text->data[at - 1] == '\t')) {
        at--;
    }
    return at == found->from || strchr(";\"'(`\n>/=", text->data[at - 1]) != NULL;
}

static int word_at(const uapi_string *text, size_t at, size_t end, const char *word)
{
    size_t length = strlen(word);

    if (at + length > end || (at > 0 && is_letter(text->data[at - 1])) ||
        (at + length < text->length && is_letter(text->data[at + length]))) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (lower(text->data[at + i]) != word[i]) {
            return 0;
        }
    }
    return 1;
}

/* What stands after WHERE is true for every row: 1=1, true, 1 */
static int is_always_true(const uapi_string *text, size_t at, size_t end)
{
    size_t left, length;

    while (at < end && (text->data[at] == ' ' || text->data[at] == '(')) {
        at++;
    }
    if (word_at(text, at, end, "true")) {
        return 1;
    }
    for (left = at; at < end && (is_letter(text->data[at]) || text->data[at] == '\''); at++) {
    }
    length = at - left;
    while (at < end && text->data[at] == ' ') {
        at++;
    }
    if (length == 0 || at >= end || text->data[at] != '=') {
        return length == 1 && text->data[left] == '1' && (at >= end || !is_letter(text->data[at]));
    }
    for (at++; at < end && text->data[at] == ' '; at++) {
    }
    return at + length <= end && memcmp(text->data + left, text->data + at, length) == 0;
}

static int is_unbounded(const uapi_string *text, size_t at, size_t end)
{
    for (; at < end && text->data[at] != ';'; at++) {
        if (word_at(text, at, end, "where")) {
            return is_always_true(text, at + 5, end);
        }
        if (word_at(text, at, end, "limit") || word_at(text, at, end, "join") || word_at(text, at, end, "using")) {
            return 0;
        }
    }
    return 1;
}

/* After the name comes the end, or a word that may stand there. */
static int ends_statement(const uapi_string *text, size_t at, size_t end)
{
    static const char *const words[] = {"cascade", "restrict", "restart", "purge", "if", "on", "force"};

    while (at < end && (is_letter(text->data[at]) || strchr(".`\"[]$-", text->data[at]))) {
        at++;
    }
    while (at < end && text->data[at] == ' ') {
        at++;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (word_at(text, at, end, words[i])) {
            return 1;
        }
    }
    return at >= end || strchr(";,'\")\n-#/", text->data[at]) != NULL;
}

int32_t verify_statement(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    value found = value_string(text, candidate->from, candidate->to);
    size_t end = candidate->to;

    if (value_is_mention(text, &found) || !begins_statement(text, &found, candidate->from)) {
        return 0;
    }
    if (self->argument == STATEMENT_OBJECT) {
        if (!ends_statement(text, candidate->to - 1, found.to)) {
            return 0;
        }
    } else if (!is_unbounded(text, candidate->to, found.to)) {
        return 0;
    }
    while (end < found.to && text->data[end] != ';' && text->data[end] != '\n') {
        end++;
    }
    finding->to = end;
    return 1;
}
