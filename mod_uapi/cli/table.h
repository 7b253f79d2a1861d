/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file table.h
 * An aligned table for people. Columns are as wide as their widest cell, counted in characters; the last is not
 * padded.
 */
#ifndef UAPI_CLI_TABLE_H
#define UAPI_CLI_TABLE_H

#include <apr_pools.h>

typedef struct uapi_table uapi_table;

/** `headings` is NULL-terminated and static. */
uapi_table *uapi_table_create(const char *const *headings, apr_pool_t *pool);
/** As many cells as there are headings. Text is made harmless; an empty cell is written as "-". */
void uapi_table_add(uapi_table *table, const char *const *cells);
/** Headings and rows on standard output, or the line `none` if there is no row. */
void uapi_table_print(const uapi_table *table, const char *none);

#endif
