/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Writing fragments, with the way back. A piece speaks of the text itself, also in a fragment of a fragment: what is copied from a base
 * brings the base's pieces along, cut to size; what is replaced stands for all that its bytes in the base stand for.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "views_internal.h"

#define NEAR 64 /* how far from what was undone a place is looked at again */

/* ------------------------------------------------------------- the way back */

static size_t piece_end(const uapi_views_fragment *fragment, uint32_t index)
{
    return index + 1 < fragment->count ? fragment->pieces[index + 1].at : fragment->length;
}

/* The piece that has the byte `at`; the last one for what lies beyond. */
static uint32_t piece_of(const uapi_views_fragment *fragment, size_t at)
{
    uint32_t low = 0, high = fragment->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (fragment->pieces[middle].at <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What of the text the part of a piece within [from, to) stands for. */
static uapi_views_range piece_range(const uapi_views_fragment *fragment, uint32_t index, size_t from, size_t to)
{
    const uapi_views_piece *piece = &fragment->pieces[index];
    size_t end = piece_end(fragment, index), first, last;

    from = from > piece->at ? from - piece->at : 0;
    to = (to < end ? to : end) - piece->at;
    first = from / piece->out;
    last = (to + piece->out - 1) / piece->out;
    return (uapi_views_range){piece->from + first * piece->in, piece->from + last * piece->in};
}

size_t uapi_views_locate(const uapi_views_fragment *fragment, size_t from, size_t to, uapi_views_range *ranges,
                         size_t max)
{
    uapi_views_range open = {0, 0};
    size_t count = 0;
    uint32_t i;

    if (from >= to) {
        return 0;
    }
    if (fragment->count == 0) {
        open = (uapi_views_range){from, to};
    }
    for (i = fragment->count ? piece_of(fragment, from) : 0; i < fragment->count && fragment->pieces[i].at < to; i++) {
        uapi_views_range range = piece_range(fragment, i, from, to);

        if (fragment->pieces[i].apart && open.from < open.to) {
            if (count < max) {
                ranges[count] = open;
            }
            count++;
            open = range;
        } else if (range.from < range.to) {
            open.from = open.from < open.to && open.from < range.from ? open.from : range.from;
            open.to = open.to > range.to ? open.to : range.to;
        }
    }
    if (open.from < open.to) {
        if (count < max) {
            ranges[count] = open;
        }
        count++;
    }
    return count;
}

int uapi_views_differs(const uapi_views_fragment *fragment, size_t from, size_t to)
{
    const uapi_views_piece *piece;
    uint32_t index;

    if (fragment->count == 0) {
        return 1;
    }
    from = from > NEAR ? from - NEAR : 0;
    to = fragment->length - to > NEAR ? to + NEAR : fragment->length;
    index = piece_of(fragment, from);
    piece = &fragment->pieces[index];
    return piece->in != 1 || piece->out != 1 || piece_end(fragment, index) < to;
}

int uapi_views_fresh(const views_writer *writer, size_t from, size_t to)
{
    return uapi_views_differs(writer->base, from, to);
}

/* ------------------------------------------------------------- the fragment that is open */

static int reserve(views_writer *writer, size_t more)
{
    if (more > writer->left) {
        writer->views->exhausted = 1;
        return 0;
    }
    if (writer->room - writer->length < more) {
        size_t room = writer->length + more + writer->room / 2 + 1024;
        char *text = realloc(writer->text, room);

        if (!text) {
            writer->views->exhausted = 1;
            return 0;
        }
        writer->text = text;
        writer->room = room;
    }
    writer->left -= more;
    return 1;
}

/* The next bytes of the fragment are `out` for every `in` of the text from `from` on; called before they are appended. */
static int add_piece(views_writer *writer, size_t from, size_t in, size_t out)
{
    uapi_views_piece *last = writer->count && !writer->apart ? &writer->pieces[writer->count - 1] : NULL;

    if (last && last->in == in && last->out == out && last->from + (writer->length - last->at) / out * in == from) {
        return 1;
    }
    if (writer->count == writer->piece_room) {
        uint32_t room = writer->piece_room * 2 + 64;
        uapi_views_piece *pieces = realloc(writer->pieces, room * sizeof(*pieces));

        if (!pieces) {
            writer->views->exhausted = 1;
            return 0;
        }
        writer->pieces = pieces;
        writer->piece_room = room;
    }
    writer->pieces[writer->count++] = (uapi_views_piece){.at = (uint32_t)writer->length,
                                                         .from = (uint32_t)from,
                                                         .in = (uint32_t)in,
                                                         .out = (uint32_t)out & 0x7fffffff,
                                                         .apart = writer->apart && writer->count > 0};
    writer->apart = 0;
    return 1;
}

static void append(views_writer *writer, const char *bytes, size_t length)
{
    memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
}

/* Everything of the text that [from, to) of the base was made of. */
static uapi_views_range hull(const views_writer *writer, size_t from, size_t to)
{
    const uapi_views_fragment *base = writer->base;
    uapi_views_range range;
    uint32_t first, last;

    if (base->count == 0) {
        return (uapi_views_range){from, to};
    }
    first = piece_of(base, from);
    if (from >= to) {
        range = piece_range(base, first, from, from + 1);
        return (uapi_views_range){range.from, range.from};
    }
    last = piece_of(base, to - 1);
    range = piece_range(base, first, from, to);
    if (last != first) {
        uapi_views_range end = piece_range(base, last, from, to);

        range.from = end.from < range.from ? end.from : range.from;
        range.to = end.to > range.to ? end.to : range.to;
    }
    return range;
}

void uapi_views_put(views_writer *writer, size_t from, size_t to, const char *with, size_t length)
{
    uapi_views_range range = hull(writer, from, to);

    if (length == 0 || !reserve(writer, length) || !add_piece(writer, range.from, range.to - range.from, length)) {
        return;
    }
    append(writer, with, length);
}

/* The part [from, to) of one piece of the base, which has units of one size. */
static void copy_piece(views_writer *writer, uint32_t index, size_t from, size_t to)
{
    const uapi_views_piece *piece = &writer->base->pieces[index];
    uapi_views_range range = piece_range(writer->base, index, from, to);
    int whole = (from - piece->at) % piece->out == 0 && (to - piece->at) % piece->out == 0;

    writer->apart |= piece->apart && from == piece->at;
    if (whole ? add_piece(writer, range.from, piece->in, piece->out)
              : add_piece(writer, range.from, range.to - range.from, to - from)) {
        append(writer, writer->base->text + from, to - from);
    }
}

void uapi_views_copy(views_writer *writer, size_t from, size_t to)
{
    const uapi_views_fragment *base = writer->base;
    uint32_t i;

    if (from >= to || !reserve(writer, to - from)) {
        return;
    }
    if (base->count == 0) {
        if (add_piece(writer, from, 1, 1)) {
            append(writer, base->text + from, to - from);
        }
        return;
    }
    for (i = piece_of(base, from); i < base->count && base->pieces[i].at < to; i++) {
        size_t start = from > base->pieces[i].at ? from : base->pieces[i].at, end = piece_end(base, i);

        copy_piece(writer, i, start, to < end ? to : end);
    }
}

void uapi_views_apart(views_writer *writer)
{
    writer->apart = 1;
}

void uapi_views_open(views_writer *writer)
{
    writer->open = 1;
    writer->length = 0;
    writer->count = 0;
    writer->apart = 0;
}

void uapi_views_drop(views_writer *writer)
{
    if (writer->open) {
        writer->left += writer->length;
        writer->open = 0;
    }
}

/* Two ways often lead to the same fragment: percent inside entities, entities inside percent. */
static int known(const views_writer *writer)
{
    const apr_array_header_t *fragments = writer->views->fragments;
    int i, least = fragments->nelts > 32 ? fragments->nelts - 32 : 0;

    for (i = fragments->nelts - 1; i >= least; i--) {
        const uapi_views_fragment *other = &((const uapi_views_fragment *)(const void *)fragments->elts)[i];

        if (other->length == writer->length && memcmp(other->text, writer->text, writer->length) == 0) {
            return 1;
        }
    }
    return 0;
}

void uapi_views_close(views_writer *writer)
{
    uapi_views_fragment *made;

    if (!writer->open) {
        return;
    }
    if (!writer->views->fragments) {
        writer->views->fragments = apr_array_make(writer->pool, 8, sizeof(uapi_views_fragment));
    }
    if (writer->length == 0 || writer->count == 0 || known(writer)) {
        uapi_views_drop(writer);
        return;
    }
    made = apr_array_push(writer->views->fragments);
    made->text = apr_pmemdup(writer->pool, writer->text, writer->length);
    made->length = writer->length;
    made->pieces = apr_pmemdup(writer->pool, writer->pieces, writer->count * sizeof(*writer->pieces));
    made->count = writer->count;
    made->views = writer->kind | writer->base->views;
    made->depth = writer->base->depth + 1;
    writer->open = 0;
}

/* ------------------------------------------------------------- in place */

static size_t character_start(const uapi_views_fragment *base, size_t at)
{
    while (at > 0 && ((unsigned char)base->text[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

/* A line's or at least a word's beginning, so that a pattern's anchors hold. */
static size_t context_start(const uapi_views_fragment *base, size_t from)
{
    size_t least = from > UAPI_VIEWS_CONTEXT ? from - UAPI_VIEWS_CONTEXT : 0, at, space = 0;

    if (least == 0) {
        return 0;
    }
    for (at = least; at < from; at++) {
        if (base->text[at] == '\n') {
            return at + 1;
        }
        if (base->text[at] == ' ' && space == 0) {
            space = at + 1;
        }
    }
    return space ? space : character_start(base, least);
}

static size_t context_end(const uapi_views_fragment *base, size_t to)
{
    return base->length - to > UAPI_VIEWS_CONTEXT ? character_start(base, to + UAPI_VIEWS_CONTEXT) : base->length;
}

void uapi_views_edit(views_writer *writer, size_t from, size_t to, const char *with, size_t length)
{
    const uapi_views_fragment *base = writer->base;

    if (writer->open && from - writer->copied > 2 * UAPI_VIEWS_CONTEXT) {
        uapi_views_finish(writer);
    }
    if (!writer->open) {
        uapi_views_open(writer);
        writer->copied = context_start(base, from);
    }
    uapi_views_copy(writer, writer->copied, from);
    uapi_views_put(writer, from, to, with, length);
    writer->copied = to;
}

void uapi_views_finish(views_writer *writer)
{
    if (writer->open) {
        uapi_views_copy(writer, writer->copied, context_end(writer->base, writer->copied));
        uapi_views_close(writer);
    }
}
