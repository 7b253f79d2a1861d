/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file records.h
 * How many similar records a text has: objects that begin with the same key, arrays in an array, lines of the same number
 * of fields.
 */
#ifndef SCANNER_EXFILTRATION_RECORDS_H
#define SCANNER_EXFILTRATION_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "uapi_plugin.h"

typedef struct records {
    uint64_t count;
    size_t from, to; /* from the first one to the begin of the last one */
} records;

/** The largest group of similar records. One pass; lines are looked at only if there are `least` of them. */
records records_count(uapi_string text, uint64_t least);

#endif
