/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file url.h
 * Where a URL around a candidate begins and ends, and what its parts are. Everything looks at a bounded stretch of the
 * text and never beyond it.
 */
#ifndef SCANNER_SUSPICIOUS_URLS_URL_H
#define SCANNER_SUSPICIOUS_URLS_URL_H

#include <stddef.h>
#include <stdint.h>

#include "uapi_plugin.h"

/** Offsets in the text. A host without a scheme has scheme == authority. */
typedef struct url {
    size_t scheme;
    size_t authority;      /* after the slashes */
    size_t host, host_end; /* without brackets' meaning: "[::1]" keeps them */
    size_t port, port_end; /* digits after the colon; equal if there are none */
    size_t rest;           /* where path, query or fragment begin */
    size_t end;            /* before the first character that no URL has */
} url;

/**
 * The URL whose authority contains or begins after `at`: `at` is somewhere between its scheme and the end of its host.
 * 0 if there is none with a scheme; then `*made` describes the bare host around `at` (or an empty one).
 */
int url_around(uapi_string text, size_t at, url *made);

/** Everything after scheme and slashes, with `authority` known. Sets host to end. */
void url_read(uapi_string text, size_t authority, url *made);

/** 1 if the URL's scheme is exactly `name` (small letters) in any case. */
int url_has_scheme(uapi_string text, const url *made, const char *name);

/**
 * 1 if what begins at `from` is handed to something as a URL and not merely told of: it is the whole text, a string of
 * minified JSON, or the value of a query parameter that by its name takes a URL.
 */
int url_is_argument(uapi_string text, size_t from, size_t end);

/** 1 if what begins at `from` is the value of a query parameter that by its name takes a URL. */
int url_is_parameter(uapi_string text, size_t from);

/* Characters. */
char url_small(char c);
int url_is_digit(char c);
int url_is_alnum(char c);
int url_is_hex(char c);
int url_hex_value(char c);
int url_is_space(char c);
/** A letter, digit, hyphen or underscore: what labels are made of. */
int url_is_label(char c);
/** 1 for what no URL goes across: white space, quotes, angle brackets, controls. */
int url_is_end(char c);

/** 1 if the text at [at, length) begins with `part` (small letters) in any case. */
int url_starts(uapi_string text, size_t at, const char *part);
/** 1 if [from, to) is one of the words in `list`, which ends with NULL. */
int url_is_word(uapi_string text, size_t from, size_t to, const char *const *list);
/** 1 if [from, to) ends with one of the small-lettered suffixes in `list`, at the start or after a dot. */
int url_ends_in(uapi_string text, size_t from, size_t to, const char *const *list);
/** Where `part` (small letters) first begins in [from, to); `to` if it does not. */
size_t url_find(uapi_string text, size_t from, size_t to, const char *part);

#endif
