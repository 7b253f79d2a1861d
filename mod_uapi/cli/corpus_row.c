/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Not the gateway's own reader: a row may hold what no call can, a NUL in a text above all. */
#include "corpus.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const json_t *strings_of(const json_t *object, const char *name)
{
    const json_t *array = json_object_get(object, name), *value;
    size_t i;

    json_array_foreach(array, i, value)
    {
        if (!json_is_string(value)) {
            return NULL;
        }
    }
    return json_is_array(array) ? array : NULL;
}

const char *uapi_corpus_row_read(uapi_corpus_row *row, const char *line, size_t length)
{
    json_t *object = json_loadb(line, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    const char *label = text_of(object, "label"), *problem = NULL;
    const json_t *text = json_object_get(object, "text"), *seed = json_object_get(object, "seed");

    memset(row, 0, sizeof(*row));
    row->kind = text_of(object, "kind");
    row->class_name = text_of(object, "class");
    if (!json_is_object(object)) {
        problem = "the line is no JSON object";
    } else if (!json_is_string(text)) {
        problem = "the row has no string \"text\"";
    } else if (!label || (strcmp(label, "positive") != 0 && strcmp(label, "negative") != 0)) {
        problem = "the row's \"label\" is neither \"positive\" nor \"negative\"";
    } else if (!row->kind) {
        problem = "the row has no string \"kind\"";
    }
    if (problem) {
        json_decref(object);
        return problem;
    }
    row->json = object;
    row->text = json_string_value(text);
    row->text_length = json_string_length(text);
    row->seed = json_string_value(seed);
    row->seed_length = json_string_length(seed);
    row->class_name = row->class_name ? row->class_name : "";
    row->positive = strcmp(label, "positive") == 0;
    row->neg_for = strings_of(object, "neg_for");
    row->chunks = strings_of(object, "chunks");
    return NULL;
}
