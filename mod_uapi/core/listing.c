/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "listing.h"

static const struct {
    const char *list;   /* the array's key in the result */
    const char *name;   /* the key in an entry by which it is used */
    const char *method; /* that uses it */
} lists[] = {
    {"tools", "name", "tools/call"},
    {"prompts", "name", "prompts/get"},
    {"resources", "uri", "resources/read"},
    {"resourceTemplates", "uriTemplate", "resources/read"},
};

static int keeps(const uapi_json *json, uint32_t entry, size_t list, uapi_listing_filter filter, void *baton,
                 apr_pool_t *pool)
{
    uint32_t name = uapi_json_member(json, entry, lists[list].name);
    return name != UAPI_JSON_NONE && json->nodes[name].type == UAPI_JSON_STRING &&
           filter(baton, lists[list].method, uapi_json_strdup(json, name, pool));
}

static size_t end_of(const uapi_json *json, uint32_t node)
{
    const uapi_json_node *n = &json->nodes[node];
    return n->start + n->length +
           (n->type == UAPI_JSON_STRING); /* a string's contents stand before its closing quote */
}

static size_t start_of(const uapi_json *json, uint32_t node)
{
    return json->nodes[node].start - (json->nodes[node].type == UAPI_JSON_STRING);
}

/*
 * An entry goes with the comma that parts it from what stays: the one before it if something before it stays, else the one
 * after it. So each removal reaches from the end of what precedes to its own end, or from its own start to the start
 * of what follows.
 */
static uint32_t cut_array(apr_array_header_t *edits, const uapi_json *json, uint32_t array, size_t list,
                          uapi_listing_filter filter, void *baton, apr_pool_t *pool)
{
    uint32_t removed = 0, end = json->nodes[array].skip, entry = uapi_json_first(json, array);
    size_t previous_end = 0;
    int kept = 0;
    while (entry != UAPI_JSON_NONE && entry < end) {
        uint32_t next = json->nodes[entry].skip;
        if (keeps(json, entry, list, filter, baton, pool)) {
            kept = 1;
        } else {
            size_t from = kept ? previous_end : start_of(json, entry);
            size_t to = (kept || next >= end) ? end_of(json, entry) : start_of(json, next);
            uapi_edit_add(edits, from, to, "");
            removed++;
        }
        previous_end = end_of(json, entry);
        entry = next;
    }
    return removed;
}

static void make_private(apr_array_header_t *edits, const uapi_json *json, uint32_t result)
{
    uint32_t scope = uapi_json_member(json, result, "cacheScope");
    if (scope != UAPI_JSON_NONE &&
        !(json->nodes[scope].type == UAPI_JSON_STRING && uapi_json_equals(json, scope, "private"))) {
        uapi_edit_add(edits, start_of(json, scope), end_of(json, scope), "\"private\"");
    }
}

uint32_t uapi_listing_cut(apr_array_header_t *edits, const uapi_json *json, uint32_t message,
                          uapi_listing_filter filter, void *baton, apr_pool_t *pool)
{
    uint32_t result = uapi_json_member(json, message, "result"), removed = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        uint32_t array = (result != UAPI_JSON_NONE) ? uapi_json_member(json, result, lists[i].list) : UAPI_JSON_NONE;
        if (array != UAPI_JSON_NONE && json->nodes[array].type == UAPI_JSON_ARRAY) {
            removed += cut_array(edits, json, array, i, filter, baton, pool);
        }
    }
    if (result != UAPI_JSON_NONE) {
        make_private(edits, json, result);
    }
    return removed;
}
