/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file stream_shape.h
 * Which strings of a message are parts of a text that goes on in other strings, and of which text.
 *
 * A text that is sent in parts is a *channel*, named by what a client joins the parts by:
 *  - a JSON-RPC notification or request: its method, progressToken and logger, and the member's path below params;
 *  - a JSON-RPC result: its id (in a batch none) and the path of its members called "text";
 *  - chat completions: the choice's index and the path below its delta (content, refusal, tool_calls by index);
 *  - generated contents (Gemini): the candidate's index and the path below its content;
 *  - a type that ends in "delta" (Anthropic's messages, the Responses API): the type, the indexes and ids beside it, the path below delta;
 *  - any other JSON: the event's type, the type member, and the path.
 * A path goes through elements of arrays by their "index" member where they have one, else all elements are one, in their order.
 * Names, ids and other words of the protocols are no text.
 */
#ifndef UAPI_CORE_STREAM_SHAPE_H
#define UAPI_CORE_STREAM_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"

/** Fragments that one event may have; strings beyond are judged by themselves only. */
#define UAPI_STREAM_FRAGMENTS 48

typedef struct uapi_stream_fragment {
    uint64_t channel; /* hash of the channel's name */
    uint32_t node;    /* the string; UAPI_JSON_NONE: the whole of a text that is no JSON */
    uint8_t whole;    /* it is complete without others, but may be followed by some (blocks of a result) */
    uint8_t constant; /* of unknown shape: the same string again is no part, but a constant */
} uapi_stream_fragment;

/**
 * The fragments of an event's data, in their order. `type`: the event's, or NULL. `json` NULL or empty: the data is one fragment.
 * Returns how many were written, at most `most`. No allocation; recursion is bounded by the document's depth.
 */
size_t uapi_stream_fragments(const uapi_json *json, const char *type, size_t type_length,
                             uapi_stream_fragment *fragments, size_t most);

#endif
