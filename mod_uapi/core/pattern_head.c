/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A tree of the expression, each node with its own text and the least weight of what it matches; then, from left to right, as many
 * of them as it takes.
 */
#include "pattern_head.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

enum { ENOUGH = UAPI_PATTERN_HEAD_WEIGHT, DEEPEST = 24, MANY = 1 << 20, UNBOUNDED = -1 };

typedef enum node_kind { ATOM, SEQUENCE, CHOICE, REPEAT } node_kind;

typedef struct node {
    node_kind kind;
    const char *text; /* what it is spelled as; a group that can be followed by a quantifier has its brackets */
    int weight;       /* of the least that it matches */
    int word;         /* it begins with a letter or digit, whatever it matches */
    int spaces;       /* ATOM: the space is one of its characters */
    int gap;          /* it is, or has, some characters of nearly any kind */
    apr_array_header_t *parts; /* of node *: SEQUENCE, CHOICE; one: REPEAT */
    int least, most;           /* REPEAT */
} node;

typedef struct parser {
    const char *at;
    int caseless;
    int spaces; /* the class that was passed last has the space */
    int depth;
    int failed;
    apr_pool_t *pool;
} parser;

static node *parse_choice(parser *p);

static node *fail(parser *p)
{
    p->failed = 1;
    return NULL;
}

static node *make(parser *p, node_kind kind, const char *from)
{
    node *made = apr_pcalloc(p->pool, sizeof(*made));
    made->kind = kind;
    made->text = apr_pstrmemdup(p->pool, from, (size_t)(p->at - from));
    return made;
}

/* ------------------------------------------------------------- weights */

static int weight_of_choice(int count)
{
    int weight = 8;
    for (int choices = 1; choices < count; choices *= 2) {
        weight--;
    }
    return weight < 0 ? 0 : weight;
}

static int weight_of_literal(const parser *p, unsigned char c)
{
    if (c == '@') {
        return ENOUGH - 1; /* behind a name it is an address */
    }
    if (apr_islower(c) || (p->caseless && apr_isalpha(c)) || c == ' ') {
        return c == ' ' ? 2 : p->caseless ? 3 : 4; /* words: each letter is half told by those before it */
    }
    return weight_of_choice(1);
}

/* How many characters an escape stands for; 0: it is none that is understood. Zero width is told by *zero. */
static int count_escape(char letter, int *zero)
{
    *zero = letter == 'b' || letter == 'B' || letter == 'A';
    switch (letter) {
    case 'd':
        return 10;
    case 's':
        return 64; /* words have spaces between them */
    case 'w':
        return 63;
    case 'D':
    case 'S':
    case 'W':
    case 'b':
    case 'B':
    case 'A':
        return 256;
    default:
        return strchr("nrtfvaex", letter) != NULL || !apr_isalnum(letter) ? 1 : 0;
    }
}

/* Pass an escape; returns how many characters it stands for, 0 if it is not understood. */
static int pass_escape(parser *p, int *zero)
{
    char letter = p->at[1];
    int count = letter == '\0' ? 0 : count_escape(letter, zero);
    if (count == 0) {
        return 0;
    }
    p->spaces = strchr("sDW", letter) != NULL;
    p->at += 2;
    if (letter == 'x' && *p->at == '{') {
        while (*p->at != '}') {
            if (*p->at++ == '\0') {
                return 0;
            }
        }
        p->at++;
    } else if (letter == 'x') {
        for (int i = 0; i < 2 && apr_isxdigit(*p->at); i++) {
            p->at++;
        }
    }
    return count;
}

/* One member of a class, and its value where it is a plain ASCII character (else -1). */
static int pass_member(parser *p, int *value)
{
    int zero, count = 1;
    *value = -1;
    p->spaces = 0;
    if (*p->at == '[' && strchr(":.=", p->at[1]) != NULL && p->at[1] != '\0') {
        const char *end = strstr(p->at + 2, ":]");
        if (end == NULL) {
            return 0;
        }
        p->at = end + 2;
        return 52;
    }
    if (*p->at == '\\') {
        const char letter = p->at[1];
        count = pass_escape(p, &zero);
        *value = (count == 1 && !apr_isalnum(letter)) ? (unsigned char)letter : -1;
        return count;
    }
    *value = (unsigned char)*p->at < 0x80 ? (unsigned char)*p->at : -1;
    p->at++;
    return count;
}

/* Pass a class; returns how many characters it has, roughly, 0 if it is not understood. */
static int pass_class(parser *p)
{
    int negated = 0, count = 0, first = 1, spaces = 0, low, high;
    p->at++;
    if (*p->at == '^') {
        negated = 1;
        p->at++;
    }
    for (; *p->at != ']' || first; first = 0) {
        int members = *p->at == '\0' ? 0 : pass_member(p, &low);
        if (members == 0) {
            return 0;
        }
        spaces |= low == ' ' || p->spaces;
        if (*p->at == '-' && p->at[1] != ']' && p->at[1] != '\0') {
            p->at++;
            if (pass_member(p, &high) == 0) {
                return 0;
            }
            members = (low >= 0 && high >= low) ? high - low + 1 : 64;
            spaces |= low >= 0 && low < ' ' && high >= ' ';
        }
        count += members;
    }
    p->at++;
    p->spaces = negated ? !spaces : spaces;
    count = (p->caseless && count <= 26) ? 2 * count : count;
    return negated || count > 256 ? 256 : count;
}

/* ------------------------------------------------------------- parsing */

static node *parse_group(parser *p)
{
    const char *from = p->at;
    node *inner, *made;
    p->at++;
    if (*p->at == '?') {
        if (p->at[1] != ':') {
            return fail(p);
        }
        p->at += 2;
    }
    if (++p->depth > DEEPEST) {
        return fail(p);
    }
    inner = parse_choice(p);
    p->depth--;
    if (p->failed || *p->at != ')') {
        return fail(p);
    }
    p->at++;
    made = make(p, inner->kind, from);
    made->weight = inner->weight;
    made->word = inner->word;
    made->gap = inner->gap;
    made->parts = inner->parts;
    made->least = inner->least;
    made->most = inner->most;
    return made;
}

static node *parse_atom(parser *p)
{
    const char *from = p->at;
    node *made;
    int count = 1, zero = 0, word = apr_isalnum(*p->at) && *p->at > 0;
    p->spaces = *p->at == '.';
    if (*p->at == '(') {
        return parse_group(p);
    }
    if (*p->at == '[') {
        count = pass_class(p);
    } else if (*p->at == '\\') {
        word = p->at[1] == 'd';
        count = pass_escape(p, &zero);
    } else if (*p->at == '.') {
        p->at++;
        count = 256;
    } else if (*p->at == '^') {
        p->at++;
        zero = 1;
        count = 256;
    } else if (strchr("*+?$", *p->at) != NULL) {
        return fail(p);
    } else {
        p->at++;
    }
    if (count == 0) {
        return fail(p);
    }
    made = make(p, ATOM, from);
    made->word = word;
    made->spaces = p->spaces;
    made->weight = zero ? 0 : (count == 1) ? weight_of_literal(p, (unsigned char)*from) : weight_of_choice(count);
    return made;
}

/* {m}, {m,}, {m,n}: 1 if there is one. */
static int pass_bounds(parser *p, int *least, int *most)
{
    const char *at = p->at + 1;
    long value = 0;
    if (*p->at != '{' || !apr_isdigit(*at)) {
        return 0;
    }
    for (; apr_isdigit(*at); at++) {
        value = value < MANY ? value * 10 + (*at - '0') : MANY;
    }
    *least = *most = (int)value;
    if (*at == ',') {
        at++;
        *most = UNBOUNDED;
        for (value = 0; apr_isdigit(*at); at++) {
            value = value < MANY ? value * 10 + (*at - '0') : MANY;
            *most = (int)value;
        }
    }
    if (*at != '}') {
        return 0;
    }
    p->at = at + 1;
    return 1;
}

static int pass_quantifier(parser *p, int *least, int *most)
{
    static const struct {
        char sign;
        int least, most;
    } signs[] = {{'*', 0, UNBOUNDED}, {'+', 1, UNBOUNDED}, {'?', 0, 1}};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (*p->at == signs[i].sign) {
            *least = signs[i].least;
            *most = signs[i].most;
            p->at++;
            return 1;
        }
    }
    return pass_bounds(p, least, most);
}

static int times(int count, int weight)
{
    return (count == 0 || weight == 0) ? 0 : (count >= MANY / weight) ? MANY : count * weight;
}

/* Some characters of nearly any kind, or words that may be there. */
static int is_gap(const node *inner, int least, int most)
{
    if (inner->kind == ATOM) {
        return inner->weight <= 2 && inner->spaces && (most == UNBOUNDED || most >= 4);
    }
    return inner->gap || (least == 0 && most != 1 && inner->weight < 16);
}

static node *parse_repeat(parser *p)
{
    const char *from = p->at;
    node *inner = parse_atom(p), *made;
    int least, most;
    if (p->failed || !pass_quantifier(p, &least, &most)) {
        return inner;
    }
    if (*p->at == '?') {
        p->at++; /* laziness does not matter to what matches */
    }
    if (strchr("+*?{", *p->at) != NULL && *p->at != '\0') {
        return fail(p);
    }
    made = make(p, REPEAT, from);
    made->least = least;
    made->most = most;
    made->weight = times(least, inner->weight);
    made->word = inner->word && least > 0;
    made->gap = is_gap(inner, least, most);
    made->parts = apr_array_make(p->pool, 1, sizeof(node *));
    APR_ARRAY_PUSH(made->parts, node *) = inner;
    return made;
}

/* Does it begin with a word's character? \b before it is no character. */
static int begins_word(const apr_array_header_t *parts)
{
    for (int i = 0; i < parts->nelts; i++) {
        const node *part = APR_ARRAY_IDX(parts, i, node *);
        if (part->kind != ATOM || strcmp(part->text, "\\b") != 0) {
            return part->word;
        }
    }
    return 0;
}

static node *parse_sequence(parser *p)
{
    const char *from = p->at;
    apr_array_header_t *parts = apr_array_make(p->pool, 8, sizeof(node *));
    node *made;
    int weight = 0, gap = 0;
    while (*p->at != '\0' && *p->at != '|' && *p->at != ')') {
        node *part = parse_repeat(p);
        if (p->failed) {
            return NULL;
        }
        APR_ARRAY_PUSH(parts, node *) = part;
        weight = weight < MANY ? weight + part->weight : MANY;
        gap |= part->gap;
    }
    made = make(p, SEQUENCE, from);
    made->gap = gap;
    made->parts = parts;
    made->weight = weight;
    made->word = begins_word(parts);
    return made;
}

static node *parse_choice(parser *p)
{
    const char *from = p->at;
    apr_array_header_t *parts = apr_array_make(p->pool, 4, sizeof(node *));
    node *made;
    int least = MANY, word = 1, gap = 0;
    for (;;) {
        node *part = parse_sequence(p);
        if (p->failed) {
            return NULL;
        }
        APR_ARRAY_PUSH(parts, node *) = part;
        least = part->weight < least ? part->weight : least;
        word = word && part->word;
        gap |= part->gap;
        if (*p->at != '|') {
            break;
        }
        p->at++;
    }
    made = make(p, CHOICE, from);
    made->gap = gap;
    made->parts = parts;
    made->weight = least;
    made->word = word;
    return made;
}

/* ------------------------------------------------------------- writing heads */

static const char *head(const node *self, int before, apr_pool_t *pool);

/* The first part behind the last gap; a gap at the end is no gap, but what the match goes on with. */
static int behind_gaps(const apr_array_header_t *parts)
{
    int first = 0;
    for (int i = 0; i < parts->nelts - 1; i++) {
        first = APR_ARRAY_IDX(parts, i, node *)->gap ? i + 1 : first;
    }
    return first;
}

static const char *head_of_sequence(const node *self, int before, apr_pool_t *pool)
{
    int counted = behind_gaps(self->parts), weight = counted > 0 ? 0 : before;
    const char *made = "";
    for (int i = 0; i < self->parts->nelts; i++) {
        const node *part = APR_ARRAY_IDX(self->parts, i, node *);
        if (i >= counted && weight + part->weight >= ENOUGH) {
            const char *last = head(part, weight, pool);
            return last != NULL ? apr_pstrcat(pool, made, last, NULL) : NULL;
        }
        made = apr_pstrcat(pool, made, part->text, NULL);
        weight += i >= counted ? part->weight : 0;
    }
    return NULL;
}

/* Alternatives that tell nothing are left out. */
static const char *head_of_choice(const node *self, int before, apr_pool_t *pool)
{
    const char *made = NULL;
    for (int i = 0; i < self->parts->nelts; i++) {
        const node *part = APR_ARRAY_IDX(self->parts, i, node *);
        const char *one = head(part, before, pool);
        if (one != NULL) {
            one = apr_pstrcat(pool, part->word && before == 0 ? "\\b" : "", one, NULL);
            made = made != NULL ? apr_pstrcat(pool, made, "|", one, NULL) : one;
        }
    }
    return made != NULL ? apr_pstrcat(pool, "(?:", made, ")", NULL) : NULL;
}

static const char *head_of_repeat(const node *self, int before, apr_pool_t *pool)
{
    const node *inner = APR_ARRAY_IDX(self->parts, 0, node *);
    int missing = ENOUGH - before, count = 1;
    if (self->least == 0 || inner->weight == 0) {
        return NULL;
    }
    if (missing > inner->weight) {
        count = (missing + inner->weight - 1) / inner->weight;
    }
    if (count == 1) {
        return head(inner, before, pool);
    }
    return count > self->least ? NULL : apr_psprintf(pool, "%s{%d}", inner->text, count);
}

/* As much of what it matches as makes the weight enough; NULL if that cannot be said. */
static const char *head(const node *self, int before, apr_pool_t *pool)
{
    switch (self->kind) {
    case ATOM:
        return before + self->weight >= ENOUGH ? self->text : NULL;
    case SEQUENCE:
        return head_of_sequence(self, before, pool);
    case REPEAT:
        return head_of_repeat(self, before, pool);
    default:
        return head_of_choice(self, before, pool);
    }
}

/* What is too light to tell anything by itself, a keyword, does once a value follows. */
#define VALUE_FOLLOWS "[\\w \"'-]{0,16}?[:=]"

const char *uapi_pattern_head(const char *regex, int caseless, apr_pool_t *pool)
{
    parser p = {.at = regex, .caseless = caseless, .pool = pool};
    node *root = strlen(regex) > UAPI_PATTERN_HEAD_LONGEST ? NULL : parse_choice(&p);
    const char *made;
    if (root == NULL || p.failed || *p.at != '\0') {
        return NULL;
    }
    made = head(root, 0, pool);
    return made != NULL || root->weight == 0 ? made : apr_pstrcat(pool, "(?:", regex, ")" VALUE_FOLLOWS, NULL);
}
