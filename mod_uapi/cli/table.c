/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "table.h"

#include <stdio.h>
#include <string.h>

#include <apr_tables.h>

#include "output.h"

struct uapi_table {
    apr_pool_t *pool;
    const char *const *headings;
    size_t columns;
    apr_array_header_t *cells; /* const char *, row by row */
};

uapi_table *uapi_table_create(const char *const *headings, apr_pool_t *pool)
{
    uapi_table *table = apr_pcalloc(pool, sizeof(*table));

    table->pool = pool;
    table->headings = headings;
    while (headings[table->columns]) {
        table->columns++;
    }
    table->cells = apr_array_make(pool, 32, sizeof(const char *));
    return table;
}

void uapi_table_add(uapi_table *table, const char *const *cells)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = cells[i] && *cells[i] ? uapi_output_printable(cells[i], table->pool) : "-";

        APR_ARRAY_PUSH(table->cells, const char *) = cell;
    }
}

/* Characters, not bytes; cells are valid UTF-8. */
static size_t width(const char *text)
{
    size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

static void row_print(const uapi_table *table, const char *const *cells, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        fputs(cells[i], stdout);
        if (i + 1 < table->columns) {
            printf("%*s", (int)(widths[i] - width(cells[i]) + 2), "");
        }
    }
    putchar('\n');
}

void uapi_table_print(const uapi_table *table, const char *none)
{
    size_t *widths = apr_pcalloc(table->pool, table->columns * sizeof(*widths)), count = (size_t)table->cells->nelts;
    const char *const *cells = (const char *const *)table->cells->elts;

    if (count == 0) {
        puts(none);
        return;
    }
    for (size_t i = 0; i < table->columns; i++) {
        widths[i] = width(table->headings[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t column = i % table->columns, cell = width(cells[i]);

        widths[column] = cell > widths[column] ? cell : widths[column];
    }
    row_print(table, table->headings, widths);
    for (size_t i = 0; i < count; i += table->columns) {
        row_print(table, cells + i, widths);
    }
}
