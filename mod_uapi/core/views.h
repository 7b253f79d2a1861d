/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file views.h
 * Other readings of a text: what an agent, a browser or a shell may make of it. They are made once and shared by all scanners.
 *
 *   FOLDED   Unicode undone: compatibility forms (NFKC, UAX #15), look-alikes of Latin letters, combining marks on them,
 *            characters that are not seen. What a script or an emoji needs stays.
 *   DECODED  written otherwise: percent (RFC 3986), HTML entities, \x \u and octal escapes, quoted-printable (RFC 2045), base64
 *            and base64url with or without padding and line breaks (RFC 4648), base32, hexadecimal, tag characters, bytes
 *            in variation selectors.
 *   SHELL    as a POSIX shell would read it: quotes and backslashes inside words, $'..', $IFS.
 *   JOINED   what stands in several strings: elements of an array, members of an object, parameters of a query, labels of a host.
 *
 * A view is no copy of the text but a fragment: the place that differs, with UAPI_VIEWS_CONTEXT bytes around it. A fragment is looked at
 * in the same way again, down to UAPI_VIEWS_DEPTH. Every byte of a fragment has its way back to the bytes of the text that
 * it was made of. A text in which nothing is to be undone is read once, 32 bytes at a time, and nothing is allocated for it.
 *
 * Bounds: UAPI_VIEWS_BYTES of fragments a byte of text and UAPI_VIEWS_FREE beyond that; a text that would need more is
 * `exhausted`. Cost is linear in the text and the fragments.
 *
 * Ownership: fragments live in the pool; the text stays the caller's. No state but a table that is made once (uapi_views_init); any thread.
 */
#ifndef UAPI_CORE_VIEWS_H
#define UAPI_CORE_VIEWS_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "../include/uapi_plugin.h"

#define UAPI_VIEWS_CONTEXT 256
#define UAPI_VIEWS_DEPTH 5
#define UAPI_VIEWS_BYTES 6
#define UAPI_VIEWS_FREE 65536

/** A range of bytes of the text, [from, to). */
typedef struct uapi_views_range {
    size_t from, to;
} uapi_views_range;

/** How a stretch of a fragment came from the text: every `in` bytes from `from` on became `out` bytes from `at` on. */
typedef struct uapi_views_piece {
    uint32_t at, from, in;
    uint32_t out : 31;
    uint32_t apart : 1; /* begins a part of its own: what lies between it and the one before is not part of it */
} uapi_views_piece;

typedef struct uapi_views_fragment {
    const char *text;
    size_t length;
    const uapi_views_piece *pieces; /* sorted by `at`; none for the text itself */
    uint32_t count;
    uint32_t views; /* UAPI_VIEW_*: everything that was undone on the way */
    uint32_t depth;
} uapi_views_fragment;

typedef struct uapi_views {
    apr_array_header_t *fragments; /* of uapi_views_fragment; NULL if nothing is to be undone */
    int exhausted;                 /* there is more to be undone than the bounds allow: the views are incomplete */
} uapi_views;

/** Make the table of characters; idempotent. [parent] */
void uapi_views_init(void);

/** Whether there is anything to be undone. Allocates nothing. */
int uapi_views_wanted(const char *text, size_t length);

/** Make the views of a text. Allocates only where there is something to undo. Texts beyond UINT32_MAX have none (exhausted). */
void uapi_views_make(uapi_views *views, const char *text, size_t length, apr_pool_t *pool);

/**
 * The ranges of the text that the bytes [from, to) of a fragment were made of, in order. One range unless they were put together from
 * several strings. Of what has no smaller unit (a run of base64) it is the whole. Returns how many there are; at most `max` are
 * written.
 */
size_t uapi_views_locate(const uapi_views_fragment *fragment, size_t from, size_t to, uapi_views_range *ranges,
                         size_t max);

/**
 * Whether [from, to) of a fragment, or what stands up to 64 bytes beside it, differs from the text; if not, the text itself has shown
 * already what is to be seen there.
 */
int uapi_views_differs(const uapi_views_fragment *fragment, size_t from, size_t to);

/** Does something go on from the end of one string to the beginning of another: a token with digits, a word of running text? */
int uapi_views_go_on(const char *left, size_t left_length, const char *right, size_t right_length);

#endif
