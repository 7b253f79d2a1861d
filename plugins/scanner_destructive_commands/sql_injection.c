/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Is a value an injection? It is read three times: as it stands, as if it continued a 'string', as if it continued a
 * "string", because that is where values end up in a statement. What breaks out of the string is judged by a few
 * sequences of token classes; in ordinary text a quote is not followed by an operator and its operand. A value that is
 * a whole statement itself (a tool that takes SQL) is judged by its functions only.
 */
#include <string.h>

#include "rule.h"
#include "shell.h"
#include "sql_injection.h"
#include "sql_token.h"
#include "../scanner_value.h"

typedef struct shape {
    int kind;
    size_t words;   /* if the value has more words of a natural language, it is prose */
    const char *at; /* classes; '.' any operand, '#' any but a word, '$' the end */
} shape;

enum {
    FEW = 4,
    SOME = 12,
    MANY = 96,
    SPLICE_TAIL = 24,
    SPLICE_SHORT = 28,
    ARGUMENT_LONGEST = 600,
    AROUND_BACK = 96,
    AROUND_AHEAD = 256
};

/* Behind a string that the value has closed. */
static const shape broken_out[] = {
    {SQL_BOOLEAN, SOME, "L.C"},
    {SQL_BOOLEAN, SOME, "L#$"},
    {SQL_BOOLEAN, SOME, "L#c"},
    {SQL_BOOLEAN, SOME, "L#L"},
    {SQL_BOOLEAN, SOME, "L.)"},
    {SQL_BOOLEAN, SOME, "LC#"},
    {SQL_BOOLEAN, SOME, "LO#"},
    {SQL_BOOLEAN, SOME, "L("},
    {SQL_BOOLEAN, SOME, "LS"},
    {SQL_BOOLEAN, SOME, "L#O"},
    {SQL_BOOLEAN, SOME, "L{"},
    {SQL_BOOLEAN, SOME, "CsL"},
    {SQL_BOOLEAN, SOME, "C#L"},
    {SQL_BOOLEAN, SOME, "C#c"},
    {SQL_BOOLEAN, SOME, "Cs)"},
    {SQL_BOOLEAN, SOME, "C#C"},
    {SQL_BOOLEAN, FEW, "C(#"},
    {SQL_BOOLEAN, SOME, "O#L"},
    {SQL_BOOLEAN, FEW, "O#C"},
    {SQL_BOOLEAN, SOME, "OX"},
    {SQL_BOOLEAN, SOME, "Of("},
    {SQL_BOOLEAN, SOME, "O(S"},
    {SQL_BOOLEAN, FEW, "CC#"},
    {SQL_BOOLEAN, FEW, "OwL"},
    {SQL_BOOLEAN, FEW, "OwCC"},
    {SQL_BOOLEAN, FEW, "LwO"},
    {SQL_BOOLEAN, FEW, "CO#"},
    {SQL_UNION_SELECT, MANY, "US"},
    {SQL_UNION_SELECT, MANY, "U("},
    {SQL_UNION_SELECT, MANY, "UwS"},
    {SQL_UNION_SELECT, FEW, "U$"},
    {SQL_UNION_SELECT, MANY, "Uc"},
    {SQL_UNION_SELECT, SOME, "S.F"},
    {SQL_UNION_SELECT, SOME, "SOF"},
    {SQL_UNION_SELECT, SOME, "S("},
    {SQL_UNION_SELECT, SOME, "S#"},
    {SQL_STACKED, MANY, "KT"},
    {SQL_STACKED, MANY, "KF"},
    {SQL_STACKED, MANY, "Kv"},
    {SQL_STACKED, MANY, "KwE"},
    {SQL_STACKED, SOME, ";S"},
    {SQL_STACKED, SOME, ";D"},
    {SQL_STACKED, FEW, ";K"},
    {SQL_TIMED, SOME, "D"},
    {SQL_TAIL, SOME, "Bw#"},
    {SQL_TAIL, SOME, "B#"},
    {SQL_TAIL, FEW, "c$"},
    {SQL_TAIL, FEW, ";c"},
    {SQL_TAIL, SOME, "BX"},
    {SQL_TAIL, SOME, ",X"},
    {SQL_TAIL, SOME, ",v,v"},
    {SQL_TAIL, SOME, ",v)"},
    {SQL_TAIL, SOME, ",(S"},
    {SQL_TAIL, SOME, "TR"},
    {SQL_TAIL, FEW, "D"},
};

/* Anywhere in a value that is no statement. */
static const shape anywhere[] = {
    {SQL_UNION_SELECT, MANY, "US"},   {SQL_UNION_SELECT, MANY, "U(S"}, {SQL_UNION_SELECT, MANY, "UwS"},
    {SQL_UNION_SELECT, MANY, "Uw(S"}, {SQL_UNION_SELECT, SOME, "Uc"},  {SQL_UNION_SELECT, MANY, "U((S"},
    {SQL_UNION_SELECT, FEW, "nU$"},   {SQL_BOOLEAN, SOME, "LnCn"},     {SQL_BOOLEAN, SOME, "LsCs"},
    {SQL_BOOLEAN, SOME, "LvC"},       {SQL_BOOLEAN, FEW, "Lv$"},       {SQL_BOOLEAN, FEW, "Lvc"},
    {SQL_BOOLEAN, FEW, "Lnc"},        {SQL_BOOLEAN, MANY, "L(S"},      {SQL_BOOLEAN, FEW, "LwCn$"},
    {SQL_BOOLEAN, FEW, "LwCnc"},      {SQL_BOOLEAN, SOME, "LX"},       {SQL_BOOLEAN, SOME, "Lf("},
    {SQL_BOOLEAN, FEW, "LwC(n"},      {SQL_BOOLEAN, SOME, "LnC(n"},    {SQL_BOOLEAN, FEW, "LwCs$"},
    {SQL_BOOLEAN, FEW, "Lsn"},        {SQL_BOOLEAN, FEW, "L(nC"},      {SQL_BOOLEAN, FEW, "L(fC"},
    {SQL_BOOLEAN, FEW, "L(f("},       {SQL_BOOLEAN, FEW, "L(n)C"},     {SQL_BOOLEAN, FEW, "L(v)"},
    {SQL_BOOLEAN, FEW, "(nLv"},       {SQL_BOOLEAN, FEW, "(vLn"},      {SQL_BOOLEAN, SOME, "LnCs"},
    {SQL_BOOLEAN, SOME, "LnCX"},      {SQL_BOOLEAN, SOME, "LnCf"},     {SQL_BOOLEAN, SOME, "LnCO"},
    {SQL_BOOLEAN, FEW, "LLn"},        {SQL_BOOLEAN, SOME, "LnC(S"},    {SQL_BOOLEAN, FEW, "LOn"},
    {SQL_BOOLEAN, SOME, "C(S"},       {SQL_BOOLEAN, SOME, "O(S"},      {SQL_BOOLEAN, SOME, "LSw"},
    {SQL_BOOLEAN, FEW, "L{w"},        {SQL_BOOLEAN, FEW, "nLv"},       {SQL_TIMED, MANY, "X("},
    {SQL_TIMED, FEW, "Y("},           {SQL_TIMED, MANY, "Dws"},        {SQL_TIMED, FEW, "Dw"},
    {SQL_TIMED, MANY, "P"},           {SQL_STACKED, MANY, ";KT"},      {SQL_STACKED, MANY, ";KF"},
    {SQL_STACKED, MANY, ";Kv"},       {SQL_STACKED, MANY, ";KwE"},     {SQL_STACKED, MANY, ";Ev"},
    {SQL_STACKED, FEW, "Kv"},         {SQL_STACKED, FEW, "K(v"},       {SQL_TIMED, MANY, "TR"},
    {SQL_TIMED, SOME, "TwR"},         {SQL_SCHEMA_READ, FEW, "Jw"},    {SQL_STACKED, SOME, ";Sw,"},
    {SQL_STACKED, SOME, ";SX"},       {SQL_STACKED, SOME, ";SO"},      {SQL_STACKED, FEW, ";K$"},
    {SQL_STACKED, FEW, ";Kc"},        {SQL_STACKED, SOME, "nKwEw"},    {SQL_STACKED, SOME, "KT("},
    {SQL_TAIL, SOME, "BwnC"},         {SQL_TAIL, SOME, "Bwnc"},        {SQL_TAIL, FEW, "Bwn$"},
    {SQL_TAIL, FEW, "Bwn,"},          {SQL_TAIL, SOME, "BX"},          {SQL_TAIL, SOME, "BnCn"},
    {SQL_TAIL, SOME, "BvC"},          {SQL_TAIL, FEW, "Bn$"},          {SQL_SCHEMA_READ, MANY, "I"},
    {SQL_SCHEMA_READ, FEW, "Z("},     {SQL_UNION_SELECT, SOME, "(Sn"}, {SQL_UNION_SELECT, SOME, "(Sf"},
    {SQL_UNION_SELECT, SOME, "(Sv"},  {SQL_UNION_SELECT, MANY, "(SX"}, {SQL_UNION_SELECT, SOME, "(SwF"},
    {SQL_UNION_SELECT, SOME, "(SOF"}, {SQL_UNION_SELECT, SOME, "(S("}, {SQL_UNION_SELECT, SOME, "(Ss"},
    {SQL_UNION_SELECT, SOME, "(Sw("}, {SQL_BOOLEAN, SOME, "BnU"},      {SQL_UNION_SELECT, FEW, "Kw(Sw"},
};

static int is_operand(char class)
{
    return class && strchr("snvwfXIZY", class) != NULL;
}

static int matches(const char *classes, const char *wanted)
{
    for (; *wanted; wanted++, classes++) {
        if (*wanted == '$') {
            return *classes == '\0';
        }
        if (*wanted == '.' || *wanted == '#' ? !is_operand(*classes) || (*wanted == '#' && *classes == SQL_WORD)
                                             : *classes != *wanted) {
            return 0;
        }
    }
    return 1;
}

static unsigned find_shapes(const char *classes, size_t words, const shape *shapes, size_t count)
{
    unsigned found = 0;

    for (size_t i = 0; i < count; i++) {
        if (words <= shapes[i].words && matches(classes, shapes[i].at)) {
            found |= (unsigned)shapes[i].kind;
        }
    }
    return found;
}

static size_t count_class(const sql_tokens *tokens, const char *classes)
{
    size_t found = 0;

    for (size_t i = 0; i < tokens->count; i++) {
        found += strchr(classes, tokens->class[i]) != NULL;
    }
    return found;
}

/* Two operands without an operator between them: no expression. */
static int has_gap(const char *classes)
{
    while (classes[0] && classes[1] && !(strchr("snv", classes[0]) && strchr("snv", classes[1]))) {
        classes++;
    }
    return classes[0] && classes[1];
}

/* An expression between two strings of the statement: no words, but a comparison, and not much after it. */
static int is_spliced(const sql_tokens *tokens, size_t length)
{
    size_t last = tokens->count ? tokens->count - 1 : 0;

    return tokens->count > 2 && tokens->class[last] == 's' && tokens->quote[last] == tokens->quote[0] &&
           !tokens->closed && length - tokens->from[last] <= SPLICE_TAIL &&
           (tokens->count > 3 || length <= SPLICE_SHORT) && count_class(tokens, "CL") > 0 &&
           count_class(tokens, "w;,") == 0 && !has_gap(tokens->class);
}

/* After the string that was open: closing brackets do not matter. */
static unsigned judge_broken_out(const sql_tokens *tokens, char quote, size_t length)
{
    size_t at = 1, words = count_class(tokens, "w");
    unsigned found;

    while (tokens->class[at] == ')') {
        at++;
    }
    if (at >= tokens->count) {
        return 0;
    }
    found = find_shapes(tokens->class + at, words, broken_out, sizeof(broken_out) / sizeof(broken_out[0]));
    /* 'TABLE' and 'CHAIR': an operator between two quoted words is no way out of a string */
    if ((found & SQL_BOOLEAN) && at == 1 && tokens->class[2] == 's' && tokens->quote[2] != quote &&
        tokens->class[3] != 'C') {
        found &= ~(unsigned)SQL_BOOLEAN;
    }
    if ((found & SQL_TAIL) && tokens->class[at] == 'c' && tokens->comment > 3) {
        found &= ~(unsigned)SQL_TAIL;
    }
    return found | (is_spliced(tokens, length) ? SQL_BOOLEAN : 0);
}

/* Someone's own statement, for a tool that takes statements. */
static int is_statement(const sql_tokens *tokens)
{
    return tokens->count > 3 && strchr("SK", tokens->class[0]) != NULL;
}

static unsigned judge_anywhere(const sql_tokens *tokens)
{
    unsigned found = 0;
    size_t words = count_class(tokens, "w");

    for (size_t i = 0; i < tokens->count; i++) {
        unsigned here;

        if (strchr("wsvc,)", tokens->class[i])) { /* no shape begins so */
            continue;
        }
        here = find_shapes(tokens->class + i, words, anywhere, sizeof(anywhere) / sizeof(anywhere[0]));

        if (here == SQL_BOOLEAN && tokens->class[i + 2] == 'c' && tokens->comment > 3) {
            here = 0; /* and @name --option */
        }
        found |= here;
    }
    return is_statement(tokens) ? found & SQL_TIMED : found;
}

/* Brackets, functions and values only, and a comment at the end: an expression that is to take the place of a value. */
static unsigned judge_expression(const sql_tokens *tokens)
{
    size_t sql = 0;

    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->class[i] == 'w') {
            return 0;
        }
        sql += strchr("fvLSC", tokens->class[i]) != NULL;
    }
    return sql && tokens->count > 4 && tokens->class[tokens->count - 1] == 'c' && tokens->class[0] == '(' ? SQL_BOOLEAN
                                                                                                          : 0;
}

unsigned sql_injection_kinds(const char *text, size_t length)
{
    char decoded[SQL_BYTES];
    sql_tokens tokens;
    size_t used = sql_decode(decoded, text, length);
    unsigned found;

    sql_read(&tokens, decoded, used, 0);
    found = judge_anywhere(&tokens) | judge_expression(&tokens);
    if (is_statement(&tokens)) {
        return found & SQL_TIMED;
    }
    for (const char *quote = "'\""; *quote; quote++) {
        if (memchr(decoded, *quote, used)) {
            sql_read(&tokens, decoded, used, *quote);
            found |= judge_broken_out(&tokens, *quote, used) | judge_anywhere(&tokens);
        }
    }
    return found;
}

/* A value as long as a document is looked at around the candidate only. */
static unsigned kinds_around(const uapi_candidate *candidate, const value *whole)
{
    size_t from = candidate->from - whole->from > AROUND_BACK ? candidate->from - AROUND_BACK : whole->from;
    size_t to = whole->to - candidate->to > AROUND_AHEAD ? candidate->to + AROUND_AHEAD : whole->to;
    char decoded[SQL_BYTES];
    sql_tokens tokens;

    sql_read(&tokens, decoded, sql_decode(decoded, candidate->text.data + whole->from, AROUND_BACK), 0);
    return sql_injection_kinds(candidate->text.data + from, to - from) &
           (is_statement(&tokens) ? SQL_TIMED : SQL_TIMED | SQL_UNION_SELECT);
}

int32_t verify_injection(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    value whole = value_string(&candidate->text, candidate->from, candidate->to), found;
    size_t length = whole.to - whole.from;
    unsigned kinds;

    if (length > ARGUMENT_LONGEST && !((unsigned)self->argument & (SQL_TIMED | SQL_UNION_SELECT))) {
        return 0;
    }
    if (value_is_mention(&candidate->text, &whole)) {
        return 0;
    }
    kinds = length > ARGUMENT_LONGEST ? kinds_around(candidate, &whole)
                                      : sql_injection_kinds(candidate->text.data + whole.from, length);
    if (!(kinds & (unsigned)self->argument)) {
        return 0;
    }
    found = value_cut(&candidate->text, whole, candidate->from, candidate->to);
    finding->from = found.from;
    finding->to = found.to;
    return 1;
}
