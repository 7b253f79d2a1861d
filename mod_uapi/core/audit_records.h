/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_records.h
 * Cuts the array of records in a row of the audit file into the records' exact bytes. Believes nothing of its input.
 */
#ifndef UAPI_CORE_AUDIT_RECORDS_H
#define UAPI_CORE_AUDIT_RECORDS_H

#include <stddef.h>

typedef struct uapi_audit_records {
    const char *at;
    const char *end;
    int whole; /* the array's closing bracket was the last byte */
    int failed;
} uapi_audit_records;

/** The text stays the caller's; it need not be NUL-terminated, and may be NULL when `length` is 0. */
void uapi_audit_records_begin(uapi_audit_records *records, const char *text, size_t length);

/** The next record, or 0 after the last, or where the text is no array. `whole` tells the two apart. */
int uapi_audit_records_next(uapi_audit_records *records, const char **text, size_t *length);

#endif
