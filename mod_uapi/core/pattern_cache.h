/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pattern_cache.h
 * Compiled pattern databases, kept in files between starts.
 *
 * A file's name is the SHA-256 of everything that goes into the database: patterns, flags, ids, mode, libhs's version and this
 * processor. So a change of any of them is another file, and nothing has to be thrown away by hand; of the files that there are
 * the ones used longest ago go first. What a file holds becomes tables that libhs trusts; one is therefore read only if it and its
 * directory belong to root or to the user who reads, nobody else may write there, neither is a symbolic link, and its own digest is
 * right. Whatever is wrong with a file or directory, the patterns are compiled: the cache saves time, it never refuses.
 *
 * Compiling happens while the configuration is read, on one thread. [parent]
 */
#ifndef UAPI_CORE_PATTERN_CACHE_H
#define UAPI_CORE_PATTERN_CACHE_H

#include <hs.h>

/** The columns that hs_compile_multi wants. */
typedef struct uapi_expressions {
    const char **regex;
    unsigned *flags;
    unsigned *ids;
    unsigned count;
} uapi_expressions;

/** What came of a database. */
typedef enum uapi_pattern_cache_event {
    UAPI_PATTERN_CACHE_READ,   /* from a file */
    UAPI_PATTERN_CACHE_STORED, /* compiled, and there is a file now */
    UAPI_PATTERN_CACHE_IGNORED, /* what lies there is damaged or not to be trusted: compiled; one of the others follows */
    UAPI_PATTERN_CACHE_UNSTORED /* compiled; no file could be made */
} uapi_pattern_cache_event;

/** `detail` names the file or directory and, of the last two, what is wrong; lives during the call. */
typedef void (*uapi_pattern_cache_report)(void *baton, uapi_pattern_cache_event event, const char *detail);

/**
 * Where files are kept from now on in this process; NULL: nowhere, which is how it begins. The string is copied. The directory is
 * made, mode 0700, when the first file is stored; its parent must be there. `report` may be NULL.
 */
void uapi_pattern_cache_use(const char *directory, uapi_pattern_cache_report report, void *baton);

/** As hs_compile_multi in block mode, but from a file if there is one, with a file left behind if there was none. */
hs_error_t uapi_pattern_cache_compile(const uapi_expressions *expressions, hs_database_t **database,
                                      hs_compile_error_t **error);

#endif
