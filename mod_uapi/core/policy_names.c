/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * While it is built the automaton is a trie whose states hang their children in a list. Sealing gives each state its
 * fallback (the longest proper suffix that is a state too) in breadth-first order, and packs the edges of a state side
 * by side in order of their byte, so that a visit searches a few neighbouring words instead of following pointers.
 */
#include "policy_names.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_tables.h>

#include "glob.h"

typedef struct entry {
    const char *pattern;
    size_t length;
    size_t literal_at, literal_length;
    apr_array_header_t *numbers;
    struct entry *next; /* with the same literal */
} entry;

typedef struct state {
    uint32_t edges, edge_count; /* once sealed: its edges */
    uint32_t child, sibling;    /* until then; 0: none, the root is nobody's child */
    uint32_t fallback;
    uint32_t ending; /* nearest fallback at which literals end, 0: none */
    entry *entries;  /* whose literal ends here */
    uint8_t byte;    /* that leads here */
} state;

typedef struct edge {
    uint32_t target;
    uint8_t byte;
} edge;

struct uapi_policy_names {
    apr_pool_t *pool;
    apr_hash_t *exact;          /* name to entry */
    apr_hash_t *patterns;       /* pattern to entry */
    entry *anything;            /* patterns without a literal */
    apr_array_header_t *states; /* of state; the first is the root */
    edge *edges;
    uint32_t *root; /* where each of the 256 bytes leads from the root; NULL until there is a literal */
};

static state *state_at(const uapi_policy_names *names, uint32_t index)
{
    return &APR_ARRAY_IDX(names->states, index, state);
}

static uint32_t add_state(uapi_policy_names *names, uint8_t byte)
{
    state fresh = {.byte = byte};

    APR_ARRAY_PUSH(names->states, state) = fresh;
    return (uint32_t)names->states->nelts - 1;
}

uapi_policy_names *uapi_policy_names_create(apr_pool_t *pool)
{
    uapi_policy_names *names = apr_pcalloc(pool, sizeof(*names));

    names->pool = pool;
    names->exact = apr_hash_make(pool);
    names->patterns = apr_hash_make(pool);
    names->states = apr_array_make(pool, 1, sizeof(state));
    add_state(names, 0);
    return names;
}

/* ---------------------------------------------------------------- building */

static uint32_t grow(uapi_policy_names *names, uint32_t from, uint8_t byte)
{
    uint32_t child = from == 0 ? names->root[byte] : state_at(names, from)->child;

    while (from != 0 && child != 0 && state_at(names, child)->byte != byte) {
        child = state_at(names, child)->sibling;
    }
    if (child == 0) {
        child = add_state(names, byte);
        state_at(names, child)->sibling = state_at(names, from)->child;
        state_at(names, from)->child = child;
        if (from == 0) {
            names->root[byte] = child;
        }
    }
    return child;
}

/* How many patterns have this literal. The shares are dropped with the pool of the sealing. */
static uintptr_t count_share(apr_hash_t *shares, const char *literal, size_t length, int more)
{
    uintptr_t share = (uintptr_t)apr_hash_get(shares, literal, (apr_ssize_t)length) + (uintptr_t)more;

    if (more) {
        apr_hash_set(shares, literal, (apr_ssize_t)length, (void *)share);
    }
    return share;
}

static void share_literals(apr_hash_t *shares, const entry *pattern)
{
    size_t length, at = uapi_glob_literal(pattern->pattern, pattern->length, 0, &length);

    for (; length > 0; at = uapi_glob_literal(pattern->pattern, pattern->length, at + length, &length)) {
        count_share(shares, pattern->pattern + at, length, 1);
    }
}

/* The literal that fewest patterns share, of these the longest: "get_*_42" is better known by "_42" than by "get_". */
static void choose_literal(apr_hash_t *shares, entry *pattern)
{
    size_t length, at = uapi_glob_literal(pattern->pattern, pattern->length, 0, &length);
    uintptr_t least = UINTPTR_MAX;

    for (; length > 0; at = uapi_glob_literal(pattern->pattern, pattern->length, at + length, &length)) {
        uintptr_t share = count_share(shares, pattern->pattern + at, length, 0);
        if (share < least || (share == least && length > pattern->literal_length)) {
            least = share;
            pattern->literal_at = at;
            pattern->literal_length = length;
        }
    }
}

static void plant(uapi_policy_names *names, entry *planted)
{
    uint32_t at = 0;
    entry **list = &names->anything;

    if (planted->literal_length > 0 && names->root == NULL) {
        names->root = apr_pcalloc(names->pool, 256 * sizeof(*names->root));
    }
    for (size_t i = 0; i < planted->literal_length; i++) {
        at = grow(names, at, (uint8_t)planted->pattern[planted->literal_at + i]);
    }
    if (planted->literal_length > 0) {
        list = &state_at(names, at)->entries;
    }
    planted->next = *list;
    *list = planted;
}

static void plant_all(uapi_policy_names *names, apr_pool_t *scratch)
{
    apr_hash_t *shares = apr_hash_make(scratch);
    apr_hash_index_t *at;

    for (at = apr_hash_first(scratch, names->patterns); at != NULL; at = apr_hash_next(at)) {
        share_literals(shares, apr_hash_this_val(at));
    }
    for (at = apr_hash_first(scratch, names->patterns); at != NULL; at = apr_hash_next(at)) {
        entry *pattern = apr_hash_this_val(at);
        choose_literal(shares, pattern);
        plant(names, pattern);
    }
}

void uapi_policy_names_add(uapi_policy_names *names, const char *pattern, uint32_t number)
{
    size_t length = strlen(pattern);
    apr_hash_t *table = uapi_glob_is_pattern(pattern, length) ? names->patterns : names->exact;
    entry *found = apr_hash_get(table, pattern, (apr_ssize_t)length);

    if (found == NULL) {
        found = apr_pcalloc(names->pool, sizeof(*found));
        found->pattern = pattern;
        found->length = length;
        found->numbers = apr_array_make(names->pool, 1, sizeof(uint32_t));
        apr_hash_set(table, pattern, (apr_ssize_t)length, found);
    }
    if (found->numbers->nelts == 0 || APR_ARRAY_IDX(found->numbers, found->numbers->nelts - 1, uint32_t) != number) {
        APR_ARRAY_PUSH(found->numbers, uint32_t) = number;
    }
}

/* ---------------------------------------------------------------- sealing */

static void pack_edges(uapi_policy_names *names, state *of, uint32_t *used)
{
    of->edges = *used;
    for (uint32_t child = of->child; child != 0; child = state_at(names, child)->sibling) {
        edge fresh = {child, state_at(names, child)->byte};
        uint32_t at = (*used)++;
        for (; at > of->edges && names->edges[at - 1].byte > fresh.byte; at--) {
            names->edges[at] = names->edges[at - 1];
        }
        names->edges[at] = fresh;
    }
    of->edge_count = *used - of->edges;
}

/* Where the byte leads from a state that is not the root; 0 if nowhere. */
static uint32_t follow(const uapi_policy_names *names, const state *from, uint8_t byte)
{
    uint32_t low = from->edges, high = from->edges + from->edge_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (names->edges[middle].byte == byte) {
            return names->edges[middle].target;
        }
        if (names->edges[middle].byte < byte) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

static uint32_t step(const uapi_policy_names *names, uint32_t from, uint8_t byte)
{
    while (from != 0) {
        const state *here = state_at(names, from);
        uint32_t target = follow(names, here, byte);
        if (target != 0) {
            return target;
        }
        from = here->fallback;
    }
    return names->root[byte];
}

static void set_fallback(uapi_policy_names *names, uint32_t parent, uint32_t child)
{
    state *fallback, *of = state_at(names, child);

    of->fallback = parent == 0 ? 0 : step(names, state_at(names, parent)->fallback, of->byte);
    fallback = state_at(names, of->fallback);
    of->ending = fallback->entries != NULL ? of->fallback : fallback->ending;
}

void uapi_policy_names_seal(uapi_policy_names *names)
{
    uint32_t used = 0, head = 0, tail = 1, *queue;
    apr_pool_t *scratch;
    size_t count;

    apr_pool_create(&scratch, names->pool);
    plant_all(names, scratch);
    count = (size_t)names->states->nelts;
    queue = apr_pcalloc(scratch, count * sizeof(*queue));
    names->edges = apr_palloc(names->pool, count * sizeof(*names->edges));
    while (head < tail) {
        uint32_t parent = queue[head++];
        pack_edges(names, state_at(names, parent), &used);
        for (uint32_t child = state_at(names, parent)->child; child != 0; child = state_at(names, child)->sibling) {
            set_fallback(names, parent, child);
            queue[tail++] = child;
        }
    }
    apr_pool_destroy(scratch);
}

/* ---------------------------------------------------------------- visiting */

typedef struct visit {
    const char *name;
    size_t length;
    uapi_policy_names_visitor visitor;
    void *baton;
    unsigned tried;
} visit;

static void give(const visit *v, const entry *matching)
{
    v->visitor(v->baton, (const uint32_t *)matching->numbers->elts, (uint32_t)matching->numbers->nelts);
}

/* `end`: where in the name the literal of these entries ends. */
static void try_entries(visit *v, const entry *candidate, size_t end)
{
    for (; candidate != NULL; candidate = candidate->next) {
        int leads = candidate->literal_at == 0,
            closes = candidate->literal_at + candidate->literal_length == candidate->length;
        if ((leads && end != candidate->literal_length) || (closes && end != v->length)) {
            continue;
        }
        v->tried++;
        if (uapi_glob_match(candidate->pattern, candidate->length, v->name, v->length)) {
            give(v, candidate);
        }
    }
}

unsigned uapi_policy_names_visit(const uapi_policy_names *names, const char *name, size_t length,
                                 uapi_policy_names_visitor visitor, void *baton)
{
    visit v = {name, length, visitor, baton, 0};
    const entry *found = apr_hash_get(names->exact, name, (apr_ssize_t)length);
    uint32_t at = 0;

    if (found != NULL) {
        give(&v, found);
    }
    for (found = names->anything; found != NULL; found = found->next) {
        v.tried++;
        if (uapi_glob_match(found->pattern, found->length, name, length)) {
            give(&v, found);
        }
    }
    for (size_t i = 0; i < length && names->root != NULL; i++) {
        at = step(names, at, (uint8_t)name[i]);
        for (uint32_t ending = at; ending != 0; ending = state_at(names, ending)->ending) {
            try_entries(&v, state_at(names, ending)->entries, i + 1);
        }
    }
    return v.tried;
}
