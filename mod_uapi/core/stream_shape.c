/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "stream_shape.h"

#include <string.h>

enum { LONGEST_KEY = 64 };

typedef struct walk {
    const uapi_json *json;
    uapi_stream_fragment *fragments;
    size_t count, most;
    int whole, constant;
    int texts_only; /* members called "text" alone */
} walk;

/* What protocols say about a text, in every shape. */
static const char *const no_text[] = {
    "id",     "type",      "role",         "index", "object", "model",         "created", "jsonrpc", "progressToken",
    "logger", "level",     "requestId",    "_meta", "status", "finish_reason", "item_id", "name",    "mimeType",
    "taskId", "signature", "service_tier", NULL,
};

/* ------------------------------------------------------------- names of channels */

/* FNV-1a. Two channels that share a hash would be joined, which hides nothing. */
static uint64_t mix(uint64_t hash, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* an end, so that "a" "bc" is not "ab" "c" */
}

static uint64_t mix_word(uint64_t hash, const char *word)
{
    return mix(hash, word, strlen(word));
}

static uint64_t mix_node(uint64_t hash, const uapi_json *json, uint32_t node)
{
    const uapi_json_node *at;
    char key[LONGEST_KEY];
    if (node == UAPI_JSON_NONE) {
        return mix(hash, "", 0);
    }
    at = &json->nodes[node];
    if (at->escaped && at->length <= LONGEST_KEY) {
        return mix(hash, key, uapi_json_unescape(json, node, key));
    }
    return mix(hash, json->text + at->start, at->length);
}

static uint64_t mix_member(uint64_t hash, const uapi_json *json, uint32_t object, const char *name)
{
    uint32_t node = uapi_json_member(json, object, name);
    return mix_node(hash, json,
                    node != UAPI_JSON_NONE && json->nodes[node].type >= UAPI_JSON_ARRAY ? UAPI_JSON_NONE : node);
}

static uint64_t begin(const char *shape)
{
    return mix_word(UINT64_C(0xcbf29ce484222325), shape);
}

/* ------------------------------------------------------------- walking */

static int is_text(const walk *w, uint32_t key)
{
    if (w->texts_only) {
        return uapi_json_equals(w->json, key, "text");
    }
    for (size_t i = 0; no_text[i] != NULL; i++) {
        if (uapi_json_equals(w->json, key, no_text[i])) {
            return 0;
        }
    }
    return 1;
}

static void add(walk *w, uint32_t node, uint64_t hash)
{
    if (w->count < w->most) {
        w->fragments[w->count++] = (uapi_stream_fragment){hash, node, (uint8_t)w->whole, (uint8_t)w->constant};
    }
}

static void descend(walk *w, uint32_t node, uint64_t hash);

static void descend_object(walk *w, uint32_t object, uint64_t hash)
{
    const uapi_json_node *nodes = w->json->nodes;
    for (uint32_t key = object + 1; key < nodes[object].skip; key = nodes[key + 1].skip) {
        if (nodes[key + 1].type >= UAPI_JSON_ARRAY || (nodes[key + 1].type == UAPI_JSON_STRING && is_text(w, key))) {
            descend(w, key + 1, mix_node(hash, w->json, key));
        }
    }
}

static uint64_t mix_element(const walk *w, uint32_t element, uint64_t hash)
{
    return mix_member(mix_word(hash, "*"), w->json, element, "index");
}

static void descend(walk *w, uint32_t node, uint64_t hash)
{
    const uapi_json_node *nodes = w->json->nodes;
    if (nodes[node].type == UAPI_JSON_STRING) {
        add(w, node, hash);
    } else if (nodes[node].type == UAPI_JSON_OBJECT) {
        descend_object(w, node, hash);
    } else if (nodes[node].type == UAPI_JSON_ARRAY) {
        for (uint32_t i = node + 1; i < nodes[node].skip; i = nodes[i].skip) {
            descend(w, i, mix_element(w, i, hash));
        }
    }
}

static void descend_member(walk *w, uint32_t object, const char *name, uint64_t hash)
{
    uint32_t node = uapi_json_member(w->json, object, name);
    if (node != UAPI_JSON_NONE) {
        descend(w, node, mix_word(hash, name));
    }
}

/* ------------------------------------------------------------- shapes */

static void take_call(walk *w, uint32_t message, uint32_t method)
{
    uint32_t params = uapi_json_member(w->json, message, "params");
    uint64_t hash = mix_node(begin("rpc"), w->json, method);
    if (params == UAPI_JSON_NONE) {
        return;
    }
    hash = mix_member(mix_member(hash, w->json, params, "progressToken"), w->json, params, "logger");
    descend(w, params, mix_member(hash, w->json, params, "name"));
}

static void take_answer(walk *w, uint32_t message)
{
    uint64_t hash = begin("answer");
    w->whole = w->texts_only = 1;
    hash = message == 0 ? mix_member(hash, w->json, message, "id") : hash;
    descend_member(w, message, "result", hash);
    w->whole = w->texts_only = 0;
}

static void take_choices(walk *w, uint32_t choices)
{
    const uapi_json_node *nodes = w->json->nodes;
    for (uint32_t i = choices + 1; i < nodes[choices].skip; i = nodes[i].skip) {
        uint64_t hash = mix_element(w, i, begin("choices"));
        descend_member(w, i, "delta", hash);
        descend_member(w, i, "text", hash);
    }
}

static void take_candidates(walk *w, uint32_t candidates)
{
    const uapi_json_node *nodes = w->json->nodes;
    for (uint32_t i = candidates + 1; i < nodes[candidates].skip; i = nodes[i].skip) {
        descend_member(w, i, "content", mix_element(w, i, begin("candidates")));
    }
}

static int ends_in_delta(const uapi_json *json, uint32_t type)
{
    const uapi_json_node *node = &json->nodes[type];
    return node->type == UAPI_JSON_STRING && node->length >= 5 &&
           memcmp(json->text + node->start + node->length - 5, "delta", 5) == 0;
}

static void take_delta(walk *w, uint32_t event, uint32_t type)
{
    static const char *const beside[] = {"index", "output_index", "content_index", "summary_index", "item_id"};
    uint64_t hash = mix_node(begin("delta"), w->json, type);
    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        hash = mix_member(hash, w->json, event, beside[i]);
    }
    descend_member(w, event, "delta", hash);
}

static void take_unknown(walk *w, uint32_t node, const char *type, size_t length)
{
    uint64_t hash = mix(begin("event"), type, length);
    w->constant = 1;
    descend(w, node, mix_member(hash, w->json, node, "type"));
    w->constant = 0;
}

static void take_message(walk *w, uint32_t message, const char *type, size_t length)
{
    const uapi_json_node *nodes = w->json->nodes;
    uint32_t method = uapi_json_member(w->json, message, "method");
    uint32_t choices = uapi_json_member(w->json, message, "choices");
    uint32_t candidates = uapi_json_member(w->json, message, "candidates");
    uint32_t kind = uapi_json_member(w->json, message, "type");
    if (method != UAPI_JSON_NONE && nodes[method].type == UAPI_JSON_STRING) {
        take_call(w, message, method);
    } else if (uapi_json_member(w->json, message, "jsonrpc") != UAPI_JSON_NONE) {
        take_answer(w, message);
    } else if (choices != UAPI_JSON_NONE && nodes[choices].type == UAPI_JSON_ARRAY) {
        take_choices(w, choices);
    } else if (candidates != UAPI_JSON_NONE && nodes[candidates].type == UAPI_JSON_ARRAY) {
        take_candidates(w, candidates);
    } else if (kind != UAPI_JSON_NONE && ends_in_delta(w->json, kind) &&
               uapi_json_member(w->json, message, "delta") != UAPI_JSON_NONE) {
        take_delta(w, message, kind);
    } else {
        take_unknown(w, message, type, length);
    }
}

size_t uapi_stream_fragments(const uapi_json *json, const char *type, size_t type_length,
                             uapi_stream_fragment *fragments, size_t most)
{
    walk w = {.json = json, .fragments = fragments, .most = most};
    type = type != NULL ? type : "";
    if (json == NULL || json->count == 0) {
        add(&w, UAPI_JSON_NONE, mix(begin("text"), type, type_length));
    } else if (json->nodes[0].type == UAPI_JSON_ARRAY) {
        for (uint32_t i = 1; i < json->count; i = json->nodes[i].skip) {
            take_message(&w, i, type, type_length);
        }
    } else {
        take_message(&w, 0, type, type_length);
    }
    return w.count;
}
