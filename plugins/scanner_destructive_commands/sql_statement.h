/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sql_statement.h
 * The kinds of statements that rules of SQL look for.
 */
#ifndef SCANNER_DESTRUCTIVE_SQL_STATEMENT_H
#define SCANNER_DESTRUCTIVE_SQL_STATEMENT_H

enum {
    STATEMENT_OBJECT, /* DROP TABLE name */
    STATEMENT_ROWS    /* DELETE FROM name, UPDATE name SET, with or without a condition */
};

#endif
