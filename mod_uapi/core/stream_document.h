/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file stream_document.h
 * Texts that a document which came whole has in several of its strings: blocks of a result, the same member of several objects in an
 * array, members of a batch. What is one text is what would be one in a stream (stream_shape.h). Strings that stand side by side in an
 * array or object are joined for every text already (views.h).
 *
 * Documents are full of strings that follow one another and mean nothing together, so two are joined only if something goes on from one to
 * the other: a token, or a word of running text (uapi_views_go_on).
 *
 * Bounds: the first UAPI_STREAM_DOCUMENT strings that are texts; of each 1,024 bytes, of a longer one 256 at its beginning and its end. A
 * document in which nothing goes on costs a walk over its tape.
 */
#ifndef UAPI_CORE_STREAM_DOCUMENT_H
#define UAPI_CORE_STREAM_DOCUMENT_H

#include "stream.h"
#include "view.h"

#define UAPI_STREAM_DOCUMENT 512

/**
 * Add to the report on a view what only its joined texts show: a finding for each string that a match touches, in bytes of the
 * view. A view that is no JSON has none. Fails as the scanner does.
 */
apr_status_t uapi_stream_document(const uapi_view *view, const uapi_stream_scanner *scanner,
                                  uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result);

#endif
