/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Queries that take whole tables, or write what they take into files, in the arguments of calls. A statement counts where one
 * may begin (the start of a value or a line, behind `;`, a quote or a bracket), not within a sentence.
 */
#include <string.h>

#include "../scanner_value.h"
#include "data.h"
#include "rule.h"

enum { STATEMENT = 768 };

/* A statement, cut out and made small; `at` is where it stands in the text. */
typedef struct statement {
    char text[STATEMENT + 1];
    size_t length, at;
} statement;

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static int begins_statement(const uapi_string *text, const value *found, size_t at)
{
    static const char *const words[] = {"query", "execute", "explain", "sql", "analyze",
                                        "as",    "begin",   "then",    "run", NULL};
    size_t end;

    while (at > found->from && (text->data[at - 1] == ' ' || text->data[at - 1] == '\t')) {
        at--;
    }
    if (at == found->from || strchr(";\"'(`\n>=/:", text->data[at - 1])) {
        return 1;
    }
    for (end = at; at > found->from && end - at < 12 && is_name((char)(text->data[at - 1] | 0x20)); at--) {
    }
    for (size_t i = 0; words[i]; i++) {
        if (data_equal(text->data + at, end - at, words[i])) {
            return 1;
        }
    }
    return 0;
}

/* Up to the semicolon or the value's end; comments and blanks become one blank. */
static void cut(statement *out, const uapi_string *text, const value *found, size_t at)
{
    out->at = at;
    out->length = 0;
    for (; at < found->to && out->length < STATEMENT && text->data[at] != ';'; at++) {
        char c = text->data[at];

        if (c == '/' && at + 1 < found->to && text->data[at + 1] == '*') {
            const char *end = memchr(text->data + at, '*', found->to - at);

            end = end ? memchr(end, '/', found->to - (size_t)(end - text->data)) : NULL;
            at = end ? (size_t)(end - text->data) : found->to;
            c = ' ';
        }
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
        if (c != ' ' || (out->length && out->text[out->length - 1] != ' ')) {
            out->text[out->length++] = c;
        }
    }
    out->text[out->length] = '\0';
}

/* Where a word stands by itself, from `from` on and outside of quotes; the length if nowhere. */
static size_t find_word(const statement *in, size_t from, const char *word)
{
    size_t length = strlen(word);
    char quote = '\0';

    for (size_t at = from; at + length <= in->length; at++) {
        char c = in->text[at];

        if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'') {
            quote = c;
        } else if (strncmp(in->text + at, word, length) == 0 && (at == 0 || !is_name(in->text[at - 1])) &&
                   !is_name(in->text[at + length])) {
            return at;
        }
    }
    return in->length;
}

static int has_word(const statement *in, size_t from, const char *word)
{
    return find_word(in, from, word) < in->length;
}

/* A condition that every row meets: 1=1, true, id > 0, name LIKE '%', id IS NOT NULL. */
static int is_always_true(const statement *in, size_t at)
{
    const char *text = in->text + at;
    size_t left, operator;

    text += strspn(text, " (");
    if (strncmp(text, "true", 4) == 0 || strstr(text, "like '%'") || strstr(text, "like '%%'")) {
        return 1;
    }
    if (has_word(in, at, "and")) {
        return 0;
    }
    if (strstr(text, "is not null")) {
        return 1;
    }
    left = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.'\"");
    operator= left + strspn(text + left, " ");
    if (left && text[operator] == '=') {
        const char *right = text + operator+ 1 + strspn(text + operator+ 1, " ");

        return strncmp(text, right, left) == 0 && !is_name(right[left]);
    }
    if (left && text[operator] == '>') {
        const char *right = text + operator+ 1 + strspn(text + operator+ 1, "= '-");

        return *right == '0' && !is_name(right[1]) && right[1] != '.';
    }
    return left == 1 && *text == '1' && (text[operator] == '\0' || strncmp(text + operator, "or", 2) == 0);
}

static uint64_t number_at(const char *text)
{
    uint64_t number = 0;

    text += strspn(text, " (");
    for (size_t i = 0; i < 18 && ((text[i] >= '0' && text[i] <= '9') || text[i] == '_'); i++) {
        number = text[i] == '_' ? number : number * 10 + (uint64_t)(text[i] - '0');
    }
    return number;
}

/* The bound that the statement sets; 0 if it sets none, 1 for one that is not a number. */
static uint64_t bound_of(const statement *in, size_t from)
{
    static const char *const words[] = {"limit", "top", "first", "rownum", "next", NULL};

    for (size_t i = 0; words[i]; i++) {
        size_t at = find_word(in, words[i][0] == 't' ? 0 : from, words[i]);

        if (at < in->length) {
            uint64_t number;

            at += strlen(words[i]);
            at += strspn(in->text + at, " <=(");
            number = number_at(in->text + at);
            return number ? number : 1;
        }
    }
    return 0;
}

static int selects_figures(const statement *in, size_t columns, size_t from)
{
    static const char *const functions[] = {"count(",  "sum(",    "avg(",     "max(", "min(",
                                            "count (", "exists(", "version(", NULL};

    return (data_has(in->text + columns, from - columns, functions) && find_word(in, columns, "over") >= from) ||
           columns + 1 >= from || in->text[columns] == '\'' || (in->text[columns] >= '0' && in->text[columns] <= '9');
}

static const char *const secret_columns[] = {
    "passw",          "passwd", "pwd",           "ssn",   "social_sec",  "credit_card", "card_num", "cvv",
    "api_key",        "apikey", "secret",        "token", "private_key", "salary",      "hash",     "iban",
    "account_number", "dob",    "date_of_birth", NULL};
static const char *const aggregates[] = {
    "json_agg", "row_to_json", "array_agg", "group_concat", "string_agg", "listagg", "xmlagg", "jsonb_agg", NULL};
static const char *const person_columns[] = {"email",     "phone",   "address",   "birth", "mobile",
                                             "last_name", "surname", "full_name", NULL};

/* The table's name behind FROM: `*at` moves behind it. */
static size_t table_of(const statement *in, size_t from, size_t *at)
{
    *at = from + 4;
    *at += strspn(in->text + *at, " \"`[");
    return strspn(in->text + *at, "abcdefghijklmnopqrstuvwxyz0123456789_.\"`[]$-@#");
}

/* After the table comes the end, or what may stand there; a word of a sentence may not. */
static int goes_on_as_statement(const statement *in, size_t at)
{
    static const char *const words[] = {"where",   "order",  "group",  "limit",       "join", "inner",
                                        "left",    "right",  "cross",  "full",        "as",   "union",
                                        "having",  "into",   "offset", "fetch",       "for",  "with",
                                        "natural", "format", "final",  "tablesample", NULL};
    size_t word;

    at += strspn(in->text + at, " \"`]");
    if (at >= in->length || !is_name(in->text[at])) {
        return 1;
    }
    word = strspn(in->text + at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    for (size_t i = 0; words[i]; i++) {
        if (data_equal(in->text + at, word, words[i])) {
            return 1;
        }
    }
    /* an alias: one word, then something that may follow a table */
    at += word;
    at += strspn(in->text + at, " ");
    return at >= in->length || !is_name(in->text[at]) || has_word(in, at, "where") || has_word(in, at, "join") ||
           has_word(in, at, "order") || has_word(in, at, "limit");
}

static int32_t report(uapi_finding *finding, const statement *in, const uapi_string *text, const value *found,
                      uint32_t as, uint32_t severity)
{
    size_t end = in->at;

    while (end < found->to && text->data[end] != ';' && end - in->at < STATEMENT) {
        end++;
    }
    finding->from = in->at;
    finding->to = end;
    finding->rule = as;
    finding->severity = severity;
    return UAPI_FOUND;
}

static int32_t verify_select(const exfiltration *instance, const rule *self, text_state *state,
                             const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    value found = value_string(text, candidate->from, candidate->to);
    size_t columns = 7, from, table, length;
    int everything, secret, persons, sensitive;
    uint64_t bound;
    statement in;

    (void)self;
    (void)state;
    if (value_is_mention(text, &found) || !begins_statement(text, &found, candidate->from)) {
        return UAPI_NOT_FOUND;
    }
    cut(&in, text, &found, candidate->from);
    from = find_word(&in, columns, "from");
    if (from >= in.length || selects_figures(&in, columns, from)) {
        return UAPI_NOT_FOUND;
    }
    length = table_of(&in, from, &table);
    if (length == 0 || data_begins(in.text + table, "information_schema") ||
        data_begins(in.text + table, "pg_catalog") || !goes_on_as_statement(&in, table + length)) {
        return UAPI_NOT_FOUND;
    }
    everything = memchr(in.text + columns, '*', from - columns) != NULL ||
                 data_has(in.text + columns, from - columns, aggregates);
    secret = data_has(in.text + columns, from - columns, secret_columns);
    persons = data_has(in.text + columns, from - columns, person_columns);
    sensitive = data_is_sensitive_table(in.text + table, length);
    bound = bound_of(&in, table + length);
    if (bound >= instance->behaviour.options.limit) {
        return report(finding, &in, text, &found, instance->huge_limit, UAPI_SEVERITY_MEDIUM);
    }
    if ((bound && bound < 1000) || has_word(&in, table, "having") || has_word(&in, table, "group")) {
        return UAPI_NOT_FOUND;
    }
    if (has_word(&in, table, "where") && !is_always_true(&in, find_word(&in, table, "where") + 5)) {
        return UAPI_NOT_FOUND;
    }
    if ((secret || everything || persons) && (sensitive || secret)) {
        return report(finding, &in, text, &found, instance->sensitive_table, UAPI_SEVERITY_HIGH);
    }
    return everything ? report(finding, &in, text, &found, finding->rule, UAPI_SEVERITY_MEDIUM) : UAPI_NOT_FOUND;
}

/* Behind the brackets that open at `at`. */
static size_t behind_brackets(const statement *in, size_t at)
{
    size_t depth = 0;

    for (; at < in->length; at++) {
        depth += in->text[at] == '(';
        if (in->text[at] == ')' && --depth == 0) {
            return at + 1;
        }
    }
    return at;
}

/* COPY t (columns) TO 'file', UNLOAD (query) TO 's3://...': `at` is behind the first word. */
static int copies_out(const statement *in, size_t at)
{
    at += strspn(in->text + at, " ");
    if (in->text[at] != '(') {
        at += strspn(in->text + at, "abcdefghijklmnopqrstuvwxyz0123456789_.\"");
        at += strspn(in->text + at, " ");
    }
    if (in->text[at] == '(') {
        at = behind_brackets(in, at);
        at += strspn(in->text + at, " ");
    }
    if (strncmp(in->text + at, "to ", 3) != 0) {
        return 0;
    }
    at += 3 + strspn(in->text + at + 3, " ");
    return in->text[at] == '\'' || in->text[at] == '"' || strncmp(in->text + at, "stdout", 6) == 0 ||
           strncmp(in->text + at, "program ", 8) == 0 || (in->text[0] == '\\' && strpbrk(in->text + at, "/."));
}

/* COPY t TO ..., UNLOAD (...) TO ...: the destination stands behind. */
static int32_t verify_export(const exfiltration *instance, const rule *self, text_state *state,
                             const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    value found = value_string(text, candidate->from, candidate->to);
    statement in;

    (void)instance;
    (void)state;
    if (value_is_mention(text, &found)) {
        return UAPI_NOT_FOUND;
    }
    if (self->argument) {
        if (!begins_statement(text, &found, candidate->from) && text->data[candidate->from] != '\\') {
            return UAPI_NOT_FOUND;
        }
        cut(&in, text, &found, candidate->from);
        return copies_out(&in, in.text[0] == '\\' ? 5 : self->argument)
                   ? report(finding, &in, text, &found, finding->rule, finding->severity)
                   : UAPI_NOT_FOUND;
    }
    return UAPI_FOUND;
}

/* db.users.find({}): nothing limits it. */
static int32_t verify_document(const exfiltration *instance, const rule *self, text_state *state,
                               const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    value found = value_line(text, candidate->from, candidate->to);
    size_t rest = found.to - candidate->to;

    (void)instance;
    (void)self;
    (void)state;
    (void)finding;
    return !value_is_mention(text, &found) && data_find(text->data + candidate->to, rest, ".limit(") == rest &&
           data_find(text->data + candidate->to, rest, ".count(") == rest;
}

/* {"query":{"match_all":{}},"size":10000} */
static int32_t verify_match_all(const exfiltration *instance, const rule *self, text_state *state,
                                const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from > 192 ? candidate->from - 192 : 0,
           to = candidate->text.length - candidate->to > 192 ? candidate->to + 192 : candidate->text.length, at;

    (void)self;
    (void)state;
    (void)finding;
    at = data_find(text + from, to - from, "\"size\"") + from;
    if (at < to) {
        size_t number = at + 6;

        while (number < to && (text[number] == ':' || text[number] == ' ')) {
            number++;
        }
        for (at = number; at < to && text[at] >= '0' && text[at] <= '9'; at++) {
        }
        if (at > number && at - number < 15) {
            uint64_t size = 0;

            for (; number < at; number++) {
                size = size * 10 + (uint64_t)(text[number] - '0');
            }
            return size >= instance->behaviour.options.limit;
        }
    }
    return data_find(text + from, to - from, "scroll") < to - from;
}

#define REQUEST(NAME, SEVERITY, FLAGS, REGEX, VERIFY, ARGUMENT)                                                        \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS | (FLAGS), 0, UAPI_DEFAULT_HOST, REGEX, VERIFY, \
         ARGUMENT)

static const rule rules[] = {
    REQUEST("select_all", MEDIUM, UAPI_PATTERN_OTHER_RULES, "\\bselect[\\s/*]", verify_select, 0),
    REQUEST("sensitive_table", HIGH, 0, NULL, NULL, 0),
    REQUEST("sql_export", HIGH, 0,
            "\\binto\\s{1,4}(?:out|dump)file\\s{0,4}['\"@]|\\blo_export\\s?\\(|\\butl_(?:http|file|tcp|smtp)\\.|"
            "\\bqueryout\\b|"
            "\\bdbms_datapump\\.|\\bcopy\\s{1,4}into\\s{1,4}['@]|\\bexport\\s{1,4}data\\s{1,4}options|"
            "\\bbackup\\s{1,4}(?:database|log)\\s{1,4}\\S{1,64}\\s{1,4}to\\s{1,4}(?:disk|url)|\\binto\\s{1,4}s3\\s{0,2}"
            "['(]|"
            "\\binsert\\s{1,4}into\\s{1,4}(?:openrowset|opendatasource|function\\s)|\\bexport\\s{1,4}table\\s",
            verify_export, 0),
    REQUEST("sql_export", HIGH, 0, "\\\\?\\bcopy\\s{0,4}[a-z_\"(]", verify_export, 4),
    REQUEST("sql_export", HIGH, 0, "\\bunload\\s{0,4}\\(", verify_export, 6),
    REQUEST("document_dump", MEDIUM, 0,
            "\\bdb\\.[a-z_][a-z0-9_]{0,40}(?:\\(['\"][^)]{1,40}\\))?\\.find\\(\\s{0,2}(?:\\{\\s{0,2}\\}\\s{0,2})?[,)]",
            verify_document, 0),
    REQUEST("document_dump", MEDIUM, 0, "\"match_all\"\\s{0,2}:", verify_match_all, 0),
};

const rule_table rules_query = TABLE(rules);
