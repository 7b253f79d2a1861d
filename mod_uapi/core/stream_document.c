/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "stream_document.h"

#include <string.h>

#include "stream_shape.h"
#include "views.h"

enum { LONGEST = 1024, END = 256, SEEN = 64, SLOTS = 2 * UAPI_STREAM_DOCUMENT, NONE = 0xffff };

/* A string of a chain, or the end of it that belongs to the chain. */
typedef struct piece {
    uint32_t node;
    const char *text;
    size_t length;
    size_t skipped; /* bytes of the string before `text` */
    size_t at;      /* in the joined text */
} piece;

typedef struct document {
    const uapi_view *view;
    const uapi_stream_scanner *scanner;
    uapi_firewall_report *report;
    apr_pool_t *pool;
    apr_array_header_t *found; /* of uapi_firewall_finding; NULL: none */
    size_t count;
    uapi_stream_fragment fragments[UAPI_STREAM_DOCUMENT];
    uint16_t next[UAPI_STREAM_DOCUMENT]; /* in the same channel */
    uint8_t taken[UAPI_STREAM_DOCUMENT]; /* its beginning is part of a chain */
} document;

/* Returns whether any channel has two strings. */
static int find_channels(document *d)
{
    uint16_t latest[SLOTS];
    int any = 0;
    memset(latest, 0xff, sizeof(latest));
    for (size_t i = 0; i < d->count; i++) {
        uint64_t channel = d->fragments[i].channel;
        size_t slot = (size_t)(channel % SLOTS);
        while (latest[slot] != NONE && d->fragments[latest[slot]].channel != channel) {
            slot = (slot + 1) % SLOTS;
        }
        if (latest[slot] != NONE) {
            d->next[latest[slot]] = (uint16_t)i;
            any = 1;
        }
        latest[slot] = (uint16_t)i;
        d->next[i] = NONE;
        d->taken[i] = 0;
    }
    return any;
}

static piece piece_of(const document *d, size_t i)
{
    piece made = {.node = d->fragments[i].node};
    uapi_json_string(d->view->json, made.node, d->pool, &made.text, &made.length);
    return made;
}

/* ------------------------------------------------------------- what is found in a chain */

static void add_part(document *d, const uapi_firewall_finding *finding, const piece *in)
{
    uapi_firewall_finding part = *finding;
    size_t from = finding->from > in->at ? finding->from - in->at : 0;
    size_t to = finding->to < in->at + in->length ? finding->to - in->at : in->length;
    if (d->found == NULL) {
        d->found = apr_array_make(d->pool, 4, sizeof(part));
    }
    part.from = uapi_view_offset(d->view, in->node, in->skipped + from);
    part.to = uapi_view_offset(d->view, in->node, in->skipped + to);
    part.replacement = NULL; /* what has the form of the whole would stand there twice */
    APR_ARRAY_PUSH(d->found, uapi_firewall_finding) = part;
}

/* What lies within one string has been found in it. */
static void take_over(document *d, const uapi_firewall_finding *finding, const apr_array_header_t *chain)
{
    int first = -1, last = -1;
    for (int i = 0; i < chain->nelts; i++) {
        const piece *at = &APR_ARRAY_IDX(chain, i, piece);
        if (finding->from < at->at + at->length && at->at < finding->to) {
            first = first < 0 ? i : first;
            last = i;
        }
    }
    for (int i = first; first != last && i <= last; i++) {
        add_part(d, finding, &APR_ARRAY_IDX(chain, i, piece));
    }
}

static apr_status_t scan_chain(document *d, apr_array_header_t *chain, uapi_result *result)
{
    size_t length = 0;
    char *text;
    uapi_firewall_report found = {0};
    apr_status_t status;
    for (int i = 0; i < chain->nelts; i++) {
        APR_ARRAY_IDX(chain, i, piece).at = length;
        length += APR_ARRAY_IDX(chain, i, piece).length;
    }
    text = apr_palloc(d->pool, length);
    for (int i = 0; i < chain->nelts; i++) {
        const piece *at = &APR_ARRAY_IDX(chain, i, piece);
        memcpy(text + at->at, at->text, at->length);
    }
    status = d->scanner->scan(d->scanner->baton, text, length, UAPI_TEXT_MORE_BEFORE | UAPI_TEXT_MORE_AFTER, &found,
                              d->pool, result);
    d->report->overload |= found.overload;
    for (uint32_t i = 0; status == APR_SUCCESS && i < found.count; i++) {
        take_over(d, &found.findings[i], chain);
    }
    return status;
}

/* ------------------------------------------------------------- chains */

/* The end of what a chain has up to now. */
typedef struct chain_end {
    char text[SEEN];
    size_t length;
} chain_end;

static void append(chain_end *end, const piece *added)
{
    size_t fresh = added->length < SEEN ? added->length : SEEN;
    size_t kept = end->length + fresh < SEEN ? end->length : SEEN - fresh;
    memmove(end->text, end->text + end->length - kept, kept);
    memcpy(end->text + kept, added->text + added->length - fresh, fresh);
    end->length = kept + fresh;
}

/* The strings that go on from the i-th; returns NULL if none does. */
static apr_array_header_t *chain_from(document *d, size_t i)
{
    piece left = piece_of(d, i), right;
    chain_end end = {.length = 0};
    apr_array_header_t *chain = NULL;
    append(&end, &left);
    for (size_t next = d->next[i]; next != NONE; next = d->next[next]) {
        right = piece_of(d, next);
        if (!uapi_views_go_on(end.text, end.length, right.text, right.length)) {
            break;
        }
        if (chain == NULL) {
            chain = apr_array_make(d->pool, 4, sizeof(piece));
            if (left.length > LONGEST) {
                left.skipped = left.length - END;
                left.text += left.skipped;
                left.length = END;
            }
            APR_ARRAY_PUSH(chain, piece) = left;
        }
        if (right.length > LONGEST) {
            right.length = END;
            APR_ARRAY_PUSH(chain, piece) = right;
            break;
        }
        APR_ARRAY_PUSH(chain, piece) = right;
        d->taken[next] = 1;
        append(&end, &right);
    }
    return chain;
}

static apr_status_t join_all(document *d, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    for (size_t i = 0; i < d->count && status == APR_SUCCESS; i++) {
        apr_array_header_t *chain = d->next[i] != NONE && !d->taken[i] ? chain_from(d, i) : NULL;
        if (chain != NULL) {
            status = scan_chain(d, chain, result);
        }
    }
    return status;
}

apr_status_t uapi_stream_document(const uapi_view *view, const uapi_stream_scanner *scanner,
                                  uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    document d; /* some ten KiB, of which most documents need little: not zeroed */
    apr_status_t status = APR_SUCCESS;
    if (view->json == NULL || view->json->count < 2) {
        return APR_SUCCESS;
    }
    d.view = view;
    d.scanner = scanner;
    d.report = report;
    d.pool = pool;
    d.found = NULL;
    d.count = uapi_stream_fragments(view->json, NULL, 0, d.fragments, UAPI_STREAM_DOCUMENT);
    if (d.count > 1 && find_channels(&d)) {
        status = join_all(&d, result);
    }
    if (d.found != NULL) {
        uapi_firewall_add(report, (const uapi_firewall_finding *)(const void *)d.found->elts, (uint32_t)d.found->nelts,
                          pool);
    }
    return status;
}
