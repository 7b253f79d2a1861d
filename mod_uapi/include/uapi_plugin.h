/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file uapi_plugin.h
 * The plugin ABI of mod_uapi: the one header that a plugin compiles against.
 *
 * A plugin is a shared object with one exported function, `uapi_plugin_entry()`, which returns a descriptor.
 * Through the descriptor the host creates one instance, starts it, asks it for interfaces by id ("uapi.scanner/1"), and at
 * the end stops and destroys it. The plugin asks the host for services by id in the same way ("uapi.host.log/1").
 *
 * Rules that hold everywhere
 *  - Function tables are frozen: a changed table gets a new id. Records that carry data begin with `uint32_t size`, set by
 *    whoever fills them in to sizeof of the record as it knows it; fields may be appended later. A reader must not look
 *    beyond `size`.
 *  - Strings are UTF-8, pointer and length, unless called NUL-terminated.
 *  - Ownership never crosses: what is passed in lives until the function returns; what a plugin hands out, except where a
 *    function says otherwise, must live as long as the instance; results go through host functions, which copy.
 *  - No function may throw, longjmp out, exit, or change process-wide state (signals, locale, environment, working directory).
 *  - [parent] is called in the server's parent process, on its main thread, before the fork; [child] on the main thread of
 *    a child process; [any-thread] on any thread of a child, concurrently with itself and with other [any-thread] functions
 *    of the same instance. What is created in the parent is inherited by every child; threads must not be started before `start`.
 *
 * This header needs <stddef.h> and <stdint.h> only and compiles as C11 and later and as C++11 and later.
 *
 * Stability: 0.x. The ABI is frozen with 1.0; until then UAPI_ABI_MAJOR is 0 and the host takes plugins of its own minor only.
 */
#ifndef UAPI_PLUGIN_H
#define UAPI_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UAPI_PLUGIN_MAGIC UINT32_C(0x55415049) /* "UAPI" */
#define UAPI_ABI_MAJOR 0
#define UAPI_ABI_MINOR 1

#if defined(__GNUC__)
#define UAPI_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define UAPI_PLUGIN_EXPORT
#endif

/** A run of UTF-8 bytes. */
typedef struct uapi_string {
    const char *data;
    size_t length;
} uapi_string;

/* ---------------------------------------------------------------- the host */

typedef struct uapi_host uapi_host;

/** What the plugin is given at creation; lives as long as the instance. */
struct uapi_host {
    uint32_t size;
    uint32_t abi_minor;  /* the host's */
    const char *version; /* the host's, NUL-terminated, "mod_uapi 0.1.0" */
    void *context;       /* the host's own; pass it back */
    /**
     * A service by id, or NULL if this host has none by that id. The table lives as long as the instance. Rationale: a
     * plugin that can do without a service keeps loading on hosts that lack it. [parent] [child] [any-thread]
     */
    const void *(*get_service)(const uapi_host *host, const char *id);
};

#define UAPI_HOST_LOG_1 "uapi.host.log/1"

typedef enum uapi_log_level {
    UAPI_LOG_ERROR = 3,
    UAPI_LOG_WARNING = 4,
    UAPI_LOG_INFO = 6,
    UAPI_LOG_DEBUG = 7
} uapi_log_level;

typedef struct uapi_host_log_1 {
    /** One line, without a newline, never with matched text. The host adds the plugin's id. [parent] [child] [any-thread] */
    void (*write)(const uapi_host *host, uint32_t level, uapi_string message);
} uapi_host_log_1;

/* -------------------------------------------------------------- the plugin */

typedef struct uapi_plugin_descriptor {
    uint32_t size;
    uint32_t magic;          /* UAPI_PLUGIN_MAGIC */
    uint32_t abi_major;      /* UAPI_ABI_MAJOR of the header it was compiled with */
    uint32_t host_minor_min; /* the least abi_minor of a host that it can work with */
    const char *id;          /* NUL-terminated reverse domain name, "org.example.scanner.iban" */
    const char *name;        /* NUL-terminated, for people */
    const char *version;     /* NUL-terminated */
    const char *vendor;      /* NUL-terminated */

    /** Make the instance; NULL refuses to load (log why first). Called once. [parent] */
    void *(*create)(const uapi_host *host);
    /** Ready for work in this process: 0, or anything else to refuse. May be NULL. [child] */
    int32_t (*start)(void *instance);
    /** No [any-thread] function runs any more or will. May be NULL. [child] */
    void (*stop)(void *instance);
    /** Free everything. The pointer to the instance is not used again. [parent] [child] */
    void (*destroy)(void *instance);
    /** An interface by id, or NULL if the plugin has none by that id. The table lives as long as the instance. [parent] */
    const void *(*get_interface)(void *instance, const char *id);
} uapi_plugin_descriptor;

/** The one exported symbol. The descriptor is static. [parent] */
UAPI_PLUGIN_EXPORT const uapi_plugin_descriptor *uapi_plugin_entry(void);

typedef const uapi_plugin_descriptor *(*uapi_plugin_entry_function)(void);

/* ---------------------------------------------------------- uapi.scanner/1 */

#define UAPI_SCANNER_1 "uapi.scanner/1"

typedef enum uapi_severity {
    UAPI_SEVERITY_LOW = 1,
    UAPI_SEVERITY_MEDIUM = 2,
    UAPI_SEVERITY_HIGH = 3,
    UAPI_SEVERITY_CRITICAL = 4
} uapi_severity;

/** Which way a text travels; also a bit set where a pattern says where it applies. */
typedef enum uapi_direction {
    UAPI_DIRECTION_REQUEST = 1,
    UAPI_DIRECTION_RESPONSE = 2,
    UAPI_DIRECTION_BOTH = 3
} uapi_direction;

typedef enum uapi_pattern_flags {
    UAPI_PATTERN_CASELESS = 1, /* ASCII and, with UTF8, Unicode case */
    UAPI_PATTERN_DOTALL = 2,
    UAPI_PATTERN_MULTILINE = 4,
    UAPI_PATTERN_UTF8 = 8
} uapi_pattern_flags;

/**
 * A pattern that the host looks for on the plugin's behalf. The patterns of all plugins become one database, so that a text is
 * read once however many scanners there are. The syntax is the PCRE subset of libhs. Good patterns are anchored
 * on a literal of three bytes or more ("ghp_[0-9A-Za-z]{36}").
 */
typedef struct uapi_pattern {
    uint32_t size;
    uint32_t flags;      /* uapi_pattern_flags */
    uint32_t severity;   /* uapi_severity */
    uint32_t directions; /* uapi_direction, as a bit set */
    const char *rule;    /* NUL-terminated, [a-z0-9_], unique in the plugin: "github_token" */
    const char *regex;   /* NUL-terminated */
} uapi_pattern;

/** Where a pattern matched: bytes [from, to) of the text. `from` is the leftmost possible start, `to` the longest end. */
typedef struct uapi_candidate {
    uint32_t size;
    uint32_t pattern;   /* index in the plugin's table */
    uint32_t direction; /* UAPI_DIRECTION_REQUEST or _RESPONSE */
    uint32_t reserved;
    uapi_string text; /* the whole text, for looking around; never to be kept */
    size_t from, to;
} uapi_candidate;

/** What was found: bytes [from, to) of the text. */
typedef struct uapi_finding {
    uint32_t size;
    uint32_t severity; /* preset to the pattern's */
    size_t from, to;   /* preset to the candidate's; a verifier may narrow or widen them */
} uapi_finding;

typedef struct uapi_scanner_1 {
    /** Short name by which policies know the scanner, NUL-terminated, [a-z0-9_]: "secrets". Rule ids are "<name>.<rule>". */
    const char *name;
    /** The table of patterns; `*count` receives its length, at least 1. Lives as long as the instance. Called once. [parent] */
    const uapi_pattern *(*patterns)(void *instance, uint32_t *count);
    /**
     * Judge a candidate: 1 with `finding` as it should be reported, or 0 if it is none. NULL: every candidate is a finding. Must
     * be quick (microseconds), bounded by the text's length, and must not block or keep anything of the text. [any-thread]
     */
    int32_t (*verify)(void *instance, const uapi_candidate *candidate, uapi_finding *finding);
} uapi_scanner_1;

#ifdef __cplusplus
}
#endif

#endif
