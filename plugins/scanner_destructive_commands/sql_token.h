/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sql_token.h
 * A value read as a piece of SQL: a string of token classes, one character a token.
 */
#ifndef SCANNER_DESTRUCTIVE_SQL_TOKEN_H
#define SCANNER_DESTRUCTIVE_SQL_TOKEN_H

#include <stddef.h>

enum { SQL_BYTES = 2048, SQL_TOKENS = 96 };

/** The classes. */
enum {
    SQL_STRING = 's',
    SQL_NUMBER = 'n',
    SQL_VALUE = 'v',    /* null, true, @variable */
    SQL_WORD = 'w',     /* any other word */
    SQL_FUNCTION = 'f', /* a function of SQL, before a bracket */
    SQL_PROBE = 'X',    /* a function that attacks use: sleep, load_file */
    SQL_LOGIC = 'L',    /* or and xor || && */
    SQL_COMPARE = 'C',  /* = < > like in is */
    SQL_ARITHMETIC = 'O',
    SQL_UNION = 'U',
    SQL_SELECT = 'S',
    SQL_WRITE = 'K', /* insert update delete drop create alter exec declare */
    SQL_FROM = 'F',
    SQL_CLAUSE = 'B', /* order by, group by, having, limit, procedure */
    SQL_WAIT = 'D',   /* waitfor delay */
    SQL_COMMENT = 'c',
    SQL_SCHEMA = 'I',    /* information_schema and its like */
    SQL_OBJECT = 'T',    /* into table database: what follows a verb of SQL */
    SQL_PROCEDURE = 'P', /* procedures of the system: xp_cmdshell */
    SQL_SPACED = 'Y',    /* a probe with a blank before its bracket */
    SQL_SET = 'E',
    SQL_FILE = 'R', /* outfile, infile */
    SQL_CAST = 'J', /* :: */
    SQL_ODD = 'Z'   /* functions that only databases have: unhex, db_name */
};

typedef struct sql_tokens {
    char class[SQL_TOKENS + 1]; /* NUL-terminated */
    char quote[SQL_TOKENS];     /* of a string: its quote */
    size_t from[SQL_TOKENS];    /* in the decoded text */
    size_t count;
    int closed;     /* the last string is closed */
    size_t comment; /* characters in the last comment */
} sql_tokens;

/** The class of a word in small letters; `called`: a bracket follows. */
char sql_word_class(const char *text, size_t length, int called);

/** Undo percent codes, entities of quotes, `+` for blanks, comments within words; small letters. Returns the length. */
size_t sql_decode(char to[static SQL_BYTES], const char *text, size_t length);

/** Read the decoded text as if `quote` ('\'', '"' or 0) had been open before it. */
void sql_read(sql_tokens *tokens, const char *text, size_t length, char quote);

#endif
