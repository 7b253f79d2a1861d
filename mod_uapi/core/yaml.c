/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The tree is built from libyaml's events, because its own documents keep no positions of keys and resolve aliases
 * without a bound. An alias shares the node that it names, so a bomb costs no memory; what it would cost to walk is
 * counted as if it had been copied, and that count is what the bounds are about. There is no recursion: the open
 * containers are a stack of fixed size.
 */
#include "yaml.h"
#include "yaml_text.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <yaml.h>

/* An open sequence or mapping. */
typedef struct frame {
    uapi_yaml_node *node;
    uapi_yaml_item *last;
    const char *anchor;
    uint32_t count;
    int after_key;             /* a mapping whose next node is a value */
    const uapi_yaml_node *key; /* NULL: the value is to be dropped */
    apr_hash_t *keys;          /* made when a mapping has many */
} frame;

typedef struct builder {
    apr_array_header_t *documents;
    const char *file;
    uapi_yaml_reporter report;
    void *baton;
    apr_pool_t *pool;
    apr_hash_t *anchors; /* of this document */
    frame frames[UAPI_YAML_MAX_DEPTH];
    int depth;
    uint32_t nodes;
    int foreign; /* keys may look like numbers */
    int stopped; /* an error after which nothing more can be read */
} builder;

enum { KEYS_WITHOUT_HASH = 8 };

static void complain(builder *b, unsigned line, unsigned column, const char *message)
{
    b->report(b->baton, b->file, line, column, message);
}

static void complain_at(builder *b, const uapi_yaml_node *node, const char *message)
{
    complain(b, node->line, node->column, message);
}

static uapi_yaml_node *make_node(builder *b, uapi_yaml_kind kind, yaml_mark_t mark)
{
    uapi_yaml_node *node = apr_pcalloc(b->pool, sizeof(*node));

    node->kind = kind;
    node->file = b->file;
    node->line = (unsigned)mark.line + 1;
    node->column = (unsigned)mark.column + 1;
    node->size = 1;
    return node;
}

/* Nodes that a reader of the tree would meet, bounded over the whole file. */
static void count_nodes(builder *b, const uapi_yaml_node *at, uint32_t count)
{
    if (count > UAPI_YAML_MAX_NODES - b->nodes) {
        complain_at(b, at,
                    apr_psprintf(b->pool, "more than %d nodes, counting what aliases stand for", UAPI_YAML_MAX_NODES));
        b->stopped = 1;
        return;
    }
    b->nodes += count;
}

static const uapi_yaml_node *find_key(frame *in, const uapi_yaml_node *key, apr_pool_t *pool)
{
    const uapi_yaml_item *item;

    if (in->keys == NULL && in->count < KEYS_WITHOUT_HASH) {
        for (item = in->node->items; item != NULL; item = item->next) {
            if (strcmp(item->key->text, key->text) == 0) {
                return item->key;
            }
        }
        return NULL;
    }
    if (in->keys == NULL) {
        in->keys = apr_hash_make(pool);
        for (item = in->node->items; item != NULL; item = item->next) {
            apr_hash_set(in->keys, item->key->text, APR_HASH_KEY_STRING, item->key);
        }
    }
    return apr_hash_get(in->keys, key->text, APR_HASH_KEY_STRING);
}

/* The key of the next value; NULL if there is something wrong with it. */
static const uapi_yaml_node *judge_key(builder *b, frame *in, const uapi_yaml_node *key, int aliased)
{
    const uapi_yaml_node *first;

    if (key->kind == UAPI_YAML_BROKEN) {
        return NULL;
    }
    if (aliased || key->kind != UAPI_YAML_SCALAR || (!b->foreign && uapi_yaml_type_of(key) != UAPI_YAML_STRING)) {
        complain_at(
            b, key,
            apr_psprintf(b->pool, "a key must be a string, not %s", aliased ? "an alias" : uapi_yaml_describe(key)));
        return NULL;
    }
    if (key->plain && strcmp(key->text, "<<") == 0) {
        complain_at(b, key, "merge keys (<<) are not supported");
        return NULL;
    }
    first = find_key(in, key, b->pool);
    if (first != NULL) {
        complain_at(b, key,
                    apr_psprintf(b->pool, "duplicate key %s, first at line %u",
                                 uapi_yaml_quote(key->text, key->length, b->pool), first->line));
        return NULL;
    }
    return key;
}

static void append(builder *b, frame *in, const uapi_yaml_node *key, const uapi_yaml_node *value)
{
    uapi_yaml_item *item = apr_pcalloc(b->pool, sizeof(*item));

    item->key = key;
    item->value = value;
    if (in->last != NULL) {
        in->last->next = item;
    } else {
        in->node->items = item;
    }
    in->last = item;
    in->count++;
    in->node->size += value->size + (key != NULL);
    if (value->height >= in->node->height) {
        in->node->height = value->height + 1;
    }
    if (in->keys != NULL) {
        apr_hash_set(in->keys, key->text, APR_HASH_KEY_STRING, key);
    }
}

/* A whole node goes where it belongs. */
static void add(builder *b, const uapi_yaml_node *node, int aliased)
{
    frame *in = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

    if (in == NULL) {
        if (node->kind != UAPI_YAML_SCALAR || uapi_yaml_type_of(node) != UAPI_YAML_NULL) {
            APR_ARRAY_PUSH(b->documents, const uapi_yaml_node *) = node;
        }
    } else if (in->node->kind == UAPI_YAML_SEQUENCE) {
        append(b, in, NULL, node);
    } else if (!in->after_key) {
        in->key = judge_key(b, in, node, aliased);
        in->after_key = 1;
    } else {
        if (in->key != NULL) {
            append(b, in, in->key, node);
        }
        in->after_key = 0;
    }
}

static void set_anchor(builder *b, const char *anchor, const uapi_yaml_node *node)
{
    if (anchor != NULL) {
        apr_hash_set(b->anchors, anchor, APR_HASH_KEY_STRING, node);
    }
}

static const char *copy_anchor(builder *b, const yaml_char_t *anchor)
{
    return anchor != NULL ? apr_pstrdup(b->pool, (const char *)anchor) : NULL;
}

static void refuse_tag(builder *b, uapi_yaml_node *node, const yaml_char_t *tag)
{
    if (tag != NULL) {
        complain_at(b, node, "tags (!) are not supported");
        node->kind = UAPI_YAML_BROKEN;
    }
}

static void on_scalar(builder *b, const yaml_event_t *event)
{
    uapi_yaml_node *node = make_node(b, UAPI_YAML_SCALAR, event->start_mark);

    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->length = event->data.scalar.length;
    node->text = apr_pstrmemdup(b->pool, (const char *)event->data.scalar.value, node->length);
    refuse_tag(b, node, event->data.scalar.tag);
    if (node->kind == UAPI_YAML_SCALAR && memchr(node->text, '\0', node->length) != NULL) {
        complain_at(b, node, "a string with a NUL character");
        node->kind = UAPI_YAML_BROKEN;
    }
    count_nodes(b, node, 1);
    set_anchor(b, copy_anchor(b, event->data.scalar.anchor), node);
    add(b, node, 0);
}

static void on_alias(builder *b, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const uapi_yaml_node *named = apr_hash_get(b->anchors, name, APR_HASH_KEY_STRING);
    uapi_yaml_node *here = make_node(b, UAPI_YAML_BROKEN, event->start_mark);

    if (named == NULL) {
        complain_at(b, here,
                    apr_psprintf(b->pool, "no anchor %s is complete before this alias",
                                 uapi_yaml_quote(name, strlen(name), b->pool)));
        named = here;
    } else if ((uint32_t)b->depth + named->height > UAPI_YAML_MAX_DEPTH) {
        complain_at(b, here, apr_psprintf(b->pool, "nested deeper than %d levels by this alias", UAPI_YAML_MAX_DEPTH));
        named = here;
    }
    count_nodes(b, here, named->size);
    if (!b->stopped) {
        /* as a key it is refused where it stands, not where its anchor does */
        frame *in = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
        if (in != NULL && in->node->kind == UAPI_YAML_MAPPING && !in->after_key && named != here) {
            here->kind = UAPI_YAML_SCALAR;
            here->text = "";
            named = here;
        }
        add(b, named, 1);
    }
}

static void on_start(builder *b, uapi_yaml_kind kind, const yaml_char_t *anchor, const yaml_char_t *tag,
                     yaml_mark_t mark)
{
    uapi_yaml_node *node = make_node(b, kind, mark);

    if (b->depth == UAPI_YAML_MAX_DEPTH) {
        complain_at(b, node, apr_psprintf(b->pool, "nested deeper than %d levels", UAPI_YAML_MAX_DEPTH));
        b->stopped = 1;
        return;
    }
    if (tag != NULL) {
        complain_at(b, node, "tags (!) are not supported");
    }
    node->height = 1;
    count_nodes(b, node, 1);
    b->frames[b->depth++] = (frame){.node = node, .anchor = copy_anchor(b, anchor)};
}

static void on_end(builder *b)
{
    frame *closed = &b->frames[--b->depth];

    /* only a whole node has a name, so that no node can contain itself */
    set_anchor(b, closed->anchor, closed->node);
    add(b, closed->node, 0);
}

static void on_document(builder *b, const yaml_event_t *event)
{
    b->anchors = apr_hash_make(b->pool);
    if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
        complain(b, (unsigned)event->start_mark.line + 1, (unsigned)event->start_mark.column + 1,
                 "%TAG directives are not supported");
    }
}

static void take_event(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        on_document(b, event);
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(b, event);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(b, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_start(b, UAPI_YAML_SEQUENCE, event->data.sequence_start.anchor, event->data.sequence_start.tag,
                 event->start_mark);
        break;
    case YAML_MAPPING_START_EVENT:
        on_start(b, UAPI_YAML_MAPPING, event->data.mapping_start.anchor, event->data.mapping_start.tag,
                 event->start_mark);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(b);
        break;
    default: /* stream start, stream end, document end */
        break;
    }
}

static void complain_syntax(builder *b, const yaml_parser_t *parser)
{
    const char *message = apr_psprintf(b->pool, "not valid YAML: %s",
                                       parser->problem != NULL ? parser->problem : "out of memory");

    if (parser->context != NULL) {
        message = apr_psprintf(b->pool, "%s %s that begins at line %u", message, parser->context,
                               (unsigned)parser->context_mark.line + 1);
    }
    complain(b, (unsigned)parser->problem_mark.line + 1, (unsigned)parser->problem_mark.column + 1, message);
    b->stopped = 1;
}

static void run(builder *b, yaml_parser_t *parser)
{
    yaml_event_t event;
    int ended = 0;

    while (!b->stopped && !ended) {
        if (!yaml_parser_parse(parser, &event)) {
            complain_syntax(b, parser);
            return;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        take_event(b, &event);
        yaml_event_delete(&event);
    }
}

static void read_text(apr_array_header_t *documents, const char *file, const char *text, size_t length,
                      uapi_yaml_reporter report, void *baton, int foreign, apr_pool_t *pool)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    builder *b = apr_pcalloc(pool, sizeof(*b));
    yaml_parser_t parser;
    uapi_yaml_fault fault;

    *b = (builder){
        .documents = documents, .file = file, .report = report, .baton = baton, .pool = pool, .foreign = foreign};
    if (length > UAPI_YAML_MAX_SIZE) {
        complain(b, 0, 0, "larger than 4 MiB");
        return;
    }
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (!uapi_yaml_check_text(text, length, &fault)) {
        complain(b, fault.line, fault.column, fault.problem);
        return;
    }
    if (!yaml_parser_initialize(&parser)) {
        complain(b, 0, 0, "out of memory");
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    run(b, &parser);
    yaml_parser_delete(&parser);
}

void uapi_yaml_read(apr_array_header_t *documents, const char *file, const char *text, size_t length,
                    uapi_yaml_reporter report, void *baton, apr_pool_t *pool)
{
    read_text(documents, file, text, length, report, baton, 0, pool);
}

void uapi_yaml_read_foreign(apr_array_header_t *documents, const char *file, const char *text, size_t length,
                            uapi_yaml_reporter report, void *baton, apr_pool_t *pool)
{
    read_text(documents, file, text, length, report, baton, 1, pool);
}
