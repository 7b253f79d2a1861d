/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file data.h
 * What is moved, and where to: the worth of a file by its path, and what a host is by its name. Both judge names only;
 * nothing is looked up. Words are NUL-terminated.
 */
#ifndef SCANNER_EXFILTRATION_DATA_H
#define SCANNER_EXFILTRATION_DATA_H

#include <stddef.h>

/** In rising order: whatever is put together is worth what its most valuable part is. */
typedef enum data_worth {
    DATA_NONE,
    DATA_TEXT,  /* a literal, what a server answered, a figure */
    DATA_FILE,  /* some file, what is known of the system */
    DATA_BULK,  /* an archive, a table, a folder */
    DATA_TREE,  /* a home, the configuration, a whole database or disk */
    DATA_SECRET /* keys, credentials, environment, histories, lists of persons */
} data_worth;

typedef enum data_host {
    DATA_HOST_NONE,    /* not a host */
    DATA_HOST_LOCAL,   /* this machine */
    DATA_HOST_NEAR,    /* a private address, a name without a domain */
    DATA_HOST_FOREIGN, /* any other */
    DATA_HOST_STRANGE  /* a raw public address, or a name that says what it is for */
} data_host;

/** What a file is worth by its path. DATA_NONE: a placeholder of documentation ("path/to/file"), or not a path. */
data_worth data_of_path(const char *path);

/** The host of a URL ("https://host:80/x"), a remote place ("user@host:dir") or a bare host. */
data_host data_of_host(const char *place);

/** 1 for what documentation writes where something is to be filled in: "path/to/x", "<host>", "{{x}}", "bucket_name". */
int data_is_placeholder(const char *word);

/** 1 if a variable by that name holds a secret: "AWS_SECRET_ACCESS_KEY". */
int data_is_secret_name(const char *name, size_t length);

/** 1 if a table or collection by that name has persons or credentials in it: "customers", "auth_user". */
int data_is_sensitive_table(const char *name, size_t length);

/* Words: `list` ends with NULL; small letters, compared without case. */
int data_has(const char *text, size_t length, const char *const *list);
/** Where `part` (small letters) begins in the text, in any case; `length` if it does not. */
size_t data_find(const char *text, size_t length, const char *part);
int data_equal(const char *text, size_t length, const char *word);
int data_begins(const char *text, const char *start);
int data_ends(const char *text, size_t length, const char *end);

#endif
