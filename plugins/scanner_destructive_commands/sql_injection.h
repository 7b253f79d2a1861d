/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sql_injection.h
 * What kinds of injection a value holds.
 */
#ifndef SCANNER_DESTRUCTIVE_SQL_INJECTION_H
#define SCANNER_DESTRUCTIVE_SQL_INJECTION_H

#include <stddef.h>

/** A bit set. */
enum {
    SQL_UNION_SELECT = 1, /* another query joined or nested */
    SQL_BOOLEAN = 2,      /* a condition that is always true, or tells a bit */
    SQL_STACKED = 4,      /* another statement behind */
    SQL_TIMED = 8,        /* functions that wait, or read what they should not */
    SQL_TAIL = 16,        /* the rest of the statement cut off, or its clauses probed */
    SQL_SCHEMA_READ = 32, /* the tables of the system */
    SQL_ANY = 63
};

/** The kinds in the value; 0 if it is none. */
unsigned sql_injection_kinds(const char *text, size_t length);

#endif
