/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scan.h
 * What the two forms of `uapictl scan` share.
 */
#ifndef UAPI_CLI_SCAN_H
#define UAPI_CLI_SCAN_H

#include <jansson.h>

#include "../core/firewall.h"
#include "command.h"

typedef struct uapi_scan {
    uapi_cli *cli;
    const uapi_firewall *firewall;
    const apr_array_header_t *scanners; /* const char *: the names of those that are loaded */
    uapi_direction direction;
    uint64_t findings; /* so far */
    int explain;       /* --explain */
    int failed;        /* something could not be read or judged */
} uapi_scan;

/**
 * scan_jsonl.c: one JSON object a line from `fd`; UAPI_EXIT_DONE unless the input cannot be read or nobody reads the
 * output.
 */
int uapi_scan_jsonl(uapi_scan *scan, int fd);

/** scan_corpus.c: measure over the files that the arguments name (corpus.h). */
int uapi_scan_corpus(uapi_scan *scan);

/** What --explain adds to a finding. */
void uapi_scan_explain_json(json_t *object, const uapi_firewall_finding *finding);

#endif
