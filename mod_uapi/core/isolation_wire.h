/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file isolation_wire.h What a process of the server and the helper process of one of its plugins say to each other.
 *
 * The helper (host/) is started with its end of a socket of packets, two pieces of shared memory, a socket for log
 * lines, the plugin's file and the pages of its figures, under fixed numbers. A request: the server writes it into the
 * request memory, which the helper can only read, and sends a packet. The answer: the helper writes it into the answer
 * memory and sends a packet. One request at a time; the helper says nothing unasked, except log lines.
 *
 * The server trusts nothing that it receives: it copies an answer before it reads it, because the other side could
 * still change it, and reads it through the functions here, which know no more than bytes and bounds (fuzzed:
 * t/fuzz/isolation.c). The helper reads what the server wrote with the same functions.
 *
 * Byte order and sizes are the machine's. The two programs are of one build; UAPI_ISOLATION_PROTOCOL changes with what
 * is said here, and a helper that knows another one ends with UAPI_ISOLATION_EXIT_PROTOCOL.
 */
#ifndef UAPI_CORE_ISOLATION_WIRE_H
#define UAPI_CORE_ISOLATION_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "../include/uapi_plugin.h"
#include "plugin.h"
#include "result.h"

#define UAPI_ISOLATION_PROTOCOL "1"
/** Exit states of the helper that tell something. */
#define UAPI_ISOLATION_EXIT_PROTOCOL 64 /* it is of another version */
#define UAPI_ISOLATION_EXIT_CONFINE 65  /* the kernel would not confine it */
#define UAPI_ISOLATION_EXIT_GIVEN 66    /* what it was given cannot be used */

/** Numbers of the descriptors that the helper is given; from FIRST_FREE on it has none. */
enum {
    UAPI_ISOLATION_CONTROL = 3, /* socket of packets */
    UAPI_ISOLATION_REQUEST = 4, /* memory, read only */
    UAPI_ISOLATION_ANSWER = 5,  /* memory */
    UAPI_ISOLATION_LOG = 6,     /* socket: a level's digit, then the line */
    UAPI_ISOLATION_OBJECT = 7,  /* the plugin's file */
    UAPI_ISOLATION_METRICS = 8, /* memory: uapi_plugin_metrics_size() bytes */
    UAPI_ISOLATION_FIRST_FREE = 9
};

/** Both are sparse: what is not used takes no memory. */
#define UAPI_ISOLATION_REQUEST_SIZE ((size_t)384 << 20)
#define UAPI_ISOLATION_ANSWER_SIZE ((size_t)16 << 20)

typedef enum uapi_isolation_kind {
    UAPI_ISOLATION_DESCRIBE = 1, /* load, create, tell what it is, destroy */
    UAPI_ISOLATION_START,        /* load, create, start */
    UAPI_ISOLATION_SCAN,         /* a text with its candidates */
    UAPI_ISOLATION_OPEN,         /* a text that comes in parts: begin */
    UAPI_ISOLATION_FEED,
    UAPI_ISOLATION_CLOSE,
    UAPI_ISOLATION_STOP /* stop, destroy, end; answered by its end */
} uapi_isolation_kind;

typedef enum uapi_isolation_status {
    UAPI_ISOLATION_DONE = 0,
    UAPI_ISOLATION_REFUSED,  /* not loaded or not started: the answer is why */
    UAPI_ISOLATION_NO_BEGIN, /* text_begin or open said no */
    UAPI_ISOLATION_NO_READ,  /* scan or feed said no */
    UAPI_ISOLATION_OVERLOAD, /* more findings than can be told */
    UAPI_ISOLATION_STATUS_COUNT
} uapi_isolation_status;

/** A packet, either way. */
typedef struct uapi_isolation_packet {
    uint32_t what;     /* uapi_isolation_kind, or uapi_isolation_status */
    uint32_t sequence; /* an answer has its request's */
    uint64_t length;   /* of what lies at the beginning of the memory */
} uapi_isolation_packet;

/* ---------------------------------------------------------------- values, one after another */

/** Where the next value goes or comes from. `failed` stays once there was no room, or nothing more. */
typedef struct uapi_wire {
    unsigned char *at, *end;
    int failed;
} uapi_wire;

uapi_wire uapi_wire_over(void *memory, size_t size);
void uapi_wire_put_number(uapi_wire *wire, uint64_t value);
/** Bytes, then a NUL that is not counted. */
void uapi_wire_put_bytes(uapi_wire *wire, const char *bytes, size_t length);
/** NUL-terminated; NULL is told from "". */
void uapi_wire_put_text(uapi_wire *wire, const char *text);
uint64_t uapi_wire_get_number(uapi_wire *wire);
/** In the memory itself, NUL-terminated; "" if it failed. */
const char *uapi_wire_get_bytes(uapi_wire *wire, size_t *length);
/** NULL if NULL was put, or it failed. What was put as text and has a NUL within fails. */
const char *uapi_wire_get_text(uapi_wire *wire);

/* ---------------------------------------------------------------- requests */

#define UAPI_ISOLATION_MOST_ROLES 256

/** What the helper needs to load the plugin. */
typedef struct uapi_isolation_orders {
    const char *path;                  /* for messages; the file itself is given */
    const apr_array_header_t *options; /* of uapi_plugin_option; may be NULL when written */
} uapi_isolation_orders;

void uapi_isolation_put_load(uapi_wire *wire, const uapi_isolation_orders *load);
void uapi_isolation_get_load(uapi_wire *wire, uapi_isolation_orders *load, apr_pool_t *pool);

typedef struct uapi_isolation_candidate {
    uint32_t pattern; /* in the plugin's table */
    uint32_t rule;    /* the pattern's */
    uint32_t from, to;
} uapi_isolation_candidate;

/** A text for the scanner, or a part of one. The strings, when read, lie in the memory. */
typedef struct uapi_isolation_text {
    uint64_t stream; /* OPEN, FEED, CLOSE: the server's number for it */
    uint64_t offset; /* FEED: of the first byte */
    uint32_t view, flags;
    uint32_t whole; /* SCAN: also call `scan` */
    uint32_t candidate_count;
    const uapi_isolation_candidate *candidates; /* aligned */
    uapi_string bytes;
    const uapi_call_info *call;
} uapi_isolation_text;

void uapi_isolation_put_text(uapi_wire *wire, const uapi_isolation_text *text);
/** `call` and `roles` (of UAPI_ISOLATION_MOST_ROLES + 1) are where the call is put. */
void uapi_isolation_get_text(uapi_wire *wire, uapi_isolation_text *text, uapi_call_info *call, const char **roles);

/* ---------------------------------------------------------------- answers */

#define UAPI_ISOLATION_MOST_FINDINGS 65536
#define UAPI_ISOLATION_MOST_WHY 127

/** A finding of the plugin's. */
typedef struct uapi_isolation_finding {
    uint32_t candidate; /* that `verify` confirmed, or UAPI_ISOLATION_REPORTED */
    uint32_t rule, severity;
    uint32_t has_why;
    uint64_t from, to;
    char why[UAPI_ISOLATION_MOST_WHY + 1];
} uapi_isolation_finding;

#define UAPI_ISOLATION_REPORTED UINT32_MAX

/** What an answer about a text begins with; `count` findings follow. */
typedef struct uapi_isolation_findings {
    uint64_t undecided; /* FEED */
    uint32_t judged;    /* how many candidates were */
    uint32_t count;
} uapi_isolation_findings;

_Static_assert(sizeof(uapi_isolation_findings) + sizeof(uapi_isolation_finding) * UAPI_ISOLATION_MOST_FINDINGS <=
                   UAPI_ISOLATION_ANSWER_SIZE,
               "all findings fit");

/**
 * Check a copied answer about a text with that many candidates; NULL, or what is wrong with it. Each candidate is told
 * at most once, in their order, before what was reported; `why` ends within its room and is printable ASCII, or is
 * made so. Ranges and rules are for the firewall to check, as a plugin's always are. `memory` is aligned as by malloc.
 */
const char *uapi_isolation_check_findings(void *memory, size_t size, uint32_t candidates);

/** What a plugin is, as the helper tells it. */
typedef struct uapi_isolation_description {
    const char *id, *name, *version, *vendor, *scanner;
    uint32_t scan_views;
    uint32_t has_scan, has_stream;
    uapi_plugin_tables tables;
    uint32_t metric_count;
    const uapi_plugin_metric *metrics; /* name, help and histogram only */
} uapi_isolation_description;

void uapi_isolation_put_description(uapi_wire *wire, const uapi_isolation_description *description);
/**
 * Fill in from a copied answer; everything in the pool. NULL, or what is wrong with it. Says nothing of what the values
 * are: plugin_check.c and plugin_scanner.c do, as they do for what a plugin hands out itself.
 */
const char *uapi_isolation_get_description(uapi_isolation_description *description, const void *memory, size_t size,
                                           apr_pool_t *pool);

#endif
