/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file uapi_plugin.h
 * The plugin ABI of mod_uapi: the one header that a plugin compiles against.
 *
 * A plugin is a shared object with one exported function, `uapi_plugin_entry()`, which returns a descriptor. Through
 * the descriptor the host creates one instance, starts it, asks it for interfaces by id ("uapi.scanner/1"), and at the
 * end stops and destroys it. The plugin asks the host for services by id in the same way ("uapi.host.log/1").
 *
 * Rules that hold everywhere
 *  - Function tables are frozen: a changed table gets a new id. Records that carry data begin with `uint32_t size`, set
 *    by whoever fills them in to sizeof of the record as it knows it; fields may be appended later. A reader must not
 *    look beyond `size`. In a table of records all have the same `size`, which is also the distance from one to the
 *    next. Fields called `reserved` are 0.
 *  - Sets of bits and enumerations may gain values in a later minor version. A plugin ignores what it does not know;
 *    the host refuses a table with values that it does not know, and such a plugin therefore asks for that minor
 *    (`host_minor_min`).
 *  - Strings are UTF-8, pointer and length, unless called NUL-terminated.
 *  - Ownership never crosses: what is passed in lives until the function returns; what a plugin hands out, except where
 *    a function says otherwise, must live as long as the instance; results go through host functions, which copy.
 *  - No function may throw, longjmp out, exit, or change process-wide state (signals, locale, environment, working
 *    directory).
 *  - [parent] is called in the server's parent process, on its main thread, before the fork; [child] on the main thread
 *    of a child process; [any-thread] on any thread of a child, concurrently with itself and with other [any-thread]
 *    functions of the same instance. What is created in the parent is inherited by every child; threads must not be
 *    started before `start`.
 *
 * This header needs <stddef.h> and <stdint.h> only and compiles as C11 and later and as C++11 and later.
 *
 * Stability: frozen. What is here stays as it is for all 1.x: a plugin that was compiled with any header of 1.x loads
 * into every host of the same or a later minor version. Later ones add: interfaces and services by new ids, fields at
 * the ends of records, values of enumerations. `host_minor_min` is the least minor version that has all that the plugin
 * cannot do without; 0 loads everywhere.
 */
#ifndef UAPI_PLUGIN_H
#define UAPI_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UAPI_PLUGIN_MAGIC UINT32_C(0x55415049) /* "UAPI" */
#define UAPI_ABI_MAJOR 1
#define UAPI_ABI_MINOR 0

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
    /**
     * One line, without a newline, never with matched text. The host adds the plugin's id. [parent] [child]
     * [any-thread]
     */
    void (*write)(const uapi_host *host, uint32_t level, uapi_string message);
} uapi_host_log_1;

#define UAPI_HOST_CONFIG_1 "uapi.host.config/1"

typedef struct uapi_host_config_1 {
    /**
     * What the administrator gave this plugin under a key (`UapiPlugin /path/to.so key=value`): NUL-terminated, lives
     * as long as the instance; NULL if nothing. Keys are [a-z][a-z0-9_]*, and neither `isolation` nor begin with
     * `uapi_`.
     *
     * Ask for every key that there may be in `create`: one that the administrator gave and that was not asked for by
     * its end is told as an error of configuration, so that a misspelt key does not go unnoticed. A value that is not
     * understood: log why and return NULL from `create`. [parent] [child] [any-thread]
     */
    const char *(*get)(const uapi_host *host, const char *key);
} uapi_host_config_1;

#define UAPI_HOST_METRICS_1 "uapi.host.metrics/1"

/** A figure for the administrator, one for all processes of the server. */
typedef struct uapi_metric uapi_metric;

typedef struct uapi_host_metrics_1 {
    /**
     * Something that is counted. `name` is [a-z0-9_]+, unique in the plugin: "texts_seen_total"; `help` says it in one
     * line. Both NUL-terminated, copied. In `create` only. NULL if the name is none, is taken, or there are 64 already.
     * Lives as long as the instance. [parent]
     */
    uapi_metric *(*counter)(const uapi_host *host, const char *name, const char *help);
    /** The same for something that is measured, of which number, sum and distribution are of interest. [parent] */
    uapi_metric *(*histogram)(const uapi_host *host, const char *name, const char *help);
    /**
     * A counter counts `amount` more; a histogram takes it as one observation. NULL is let be. Never blocks.
     * [any-thread]
     */
    void (*add)(uapi_metric *metric, uint64_t amount);
} uapi_host_metrics_1;

#define UAPI_HOST_TIME_1 "uapi.host.time/1"

typedef struct uapi_host_time_1 {
    /** Nanoseconds since 1970-01-01 UTC; may jump. [parent] [child] [any-thread] */
    uint64_t (*wall)(const uapi_host *host);
    /** Nanoseconds since some moment, the same for all processes of this machine; never goes back. As above. */
    uint64_t (*monotonic)(const uapi_host *host);
} uapi_host_time_1;

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
    /**
     * An interface by id, or NULL if the plugin has none by that id. The table lives as long as the instance. [parent]
     */
    const void *(*get_interface)(void *instance, const char *id);
} uapi_plugin_descriptor;

/** The one exported symbol. The descriptor is static. [parent] */
UAPI_PLUGIN_EXPORT const uapi_plugin_descriptor *uapi_plugin_entry(void);

typedef const uapi_plugin_descriptor *(*uapi_plugin_entry_function)(void);

/* ------------------------------------------------------- calls and texts */

/** Which way a text travels; also a bit set where a rule says where it applies. */
typedef enum uapi_direction {
    UAPI_DIRECTION_REQUEST = 1,
    UAPI_DIRECTION_RESPONSE = 2,
    UAPI_DIRECTION_BOTH = 3
} uapi_direction;

/**
 * What is known of the call that a text belongs to. Strings are NUL-terminated and never NULL; what is not known, or
 * does not apply, is "". Record and strings live until the function that was given them returns, unless it says
 * otherwise.
 */
typedef struct uapi_call_info {
    uint32_t size;
    uint32_t direction;         /* UAPI_DIRECTION_REQUEST or _RESPONSE */
    const char *call_id;        /* names the call in log and audit; the same for request and response */
    const char *tenant;         /* "acme" */
    const char *principal_type; /* "agent", "human", "service", "workflow", "anonymous" */
    const char *principal;      /* id of the caller, unique in its tenant */
    const char *const *roles;   /* the caller's; NULL-terminated, never NULL */
    const char *protocol;       /* "mcp", "rest"; further ones may come */
    const char *server;         /* name of the server that is called */
    const char *method;         /* "tools/call", "http/GET"; "" for a batch of several messages */
    const char *target;         /* what the method is about: name of the tool or prompt, URI of the resource */
} uapi_call_info;

/**
 * The same content may be looked at in several views, so that a match does not depend on how it is spelled. Places are
 * always told in bytes of the view; the host maps them back to the original. Also a bit set where a pattern says in
 * which views it is looked for.
 */
typedef enum uapi_text_view {
    UAPI_VIEW_PLAIN = 1,   /* as it is; of a JSON document: strings unescaped, no white space between tokens */
    UAPI_VIEW_FOLDED = 2,  /* NFKC, look-alike characters as what they look like, invisible characters taken out */
    UAPI_VIEW_DECODED = 4, /* URL and HTML escapes, base64 and kin, hex, quoted-printable undone, also nested */
    UAPI_VIEW_SHELL = 8,   /* shell quoting undone */
    UAPI_VIEW_JOINED = 16  /* the strings of an array put together, as a program would see its arguments */
} uapi_text_view;

typedef enum uapi_text_flags {
    UAPI_TEXT_FROM_JSON = 1,   /* what the view was made of is a JSON document */
    UAPI_TEXT_MORE_BEFORE = 2, /* part of a stream: there was something before, which is not here any more */
    UAPI_TEXT_MORE_AFTER = 4   /* part of a stream: more may follow */
} uapi_text_flags;

/** A text in one view. Never to be kept, logged or sent anywhere. */
typedef struct uapi_text {
    uint32_t size;
    uint32_t view;  /* one uapi_text_view; a value that the plugin does not know is some further form of the text */
    uint32_t flags; /* uapi_text_flags; bits that the plugin does not know are to be ignored */
    uint32_t reserved;
    uapi_string bytes;          /* UTF-8; may hold NUL bytes, and none stands at its end */
    const uapi_call_info *call; /* never NULL */
} uapi_text;

/* ---------------------------------------------------------- uapi.scanner/1 */

#define UAPI_SCANNER_1 "uapi.scanner/1"

typedef enum uapi_severity {
    UAPI_SEVERITY_LOW = 1,
    UAPI_SEVERITY_MEDIUM = 2,
    UAPI_SEVERITY_HIGH = 3,
    UAPI_SEVERITY_CRITICAL = 4
} uapi_severity;

/** What a rule's author advises where the administrator has said nothing of the scanner. */
typedef enum uapi_default_action {
    UAPI_DEFAULT_HOST = 0,   /* the host's default: block requests, redact responses */
    UAPI_DEFAULT_IGNORE = 1, /* off until it is configured */
    UAPI_DEFAULT_LOG = 2,
    UAPI_DEFAULT_REDACT = 3,
    UAPI_DEFAULT_APPROVE = 4, /* hold the call until a person approves of it */
    UAPI_DEFAULT_BLOCK = 5
} uapi_default_action;

/** What a scanner can find. Policies, placeholders and records call it "<scanner>.<id>". */
typedef struct uapi_rule {
    uint32_t size;
    uint32_t severity;        /* uapi_severity */
    uint32_t directions;      /* uapi_direction, as a bit set */
    uint32_t request_action;  /* uapi_default_action */
    uint32_t response_action; /* uapi_default_action */
    uint32_t reserved;        /* 0 */
    const char *id;           /* NUL-terminated, [a-z0-9_], unique in the plugin: "github_token". Never renamed. */
    const char *title;        /* NUL-terminated, one line for people: "GitHub token"; or NULL */
} uapi_rule;

typedef enum uapi_pattern_flags {
    UAPI_PATTERN_CASELESS = 1, /* ASCII and, with UTF8, Unicode case */
    UAPI_PATTERN_DOTALL = 2,
    UAPI_PATTERN_MULTILINE = 4,
    UAPI_PATTERN_UTF8 = 8,
    /** `verify` may report its candidates under other rules, so it is looked for even where its own rule is off. */
    UAPI_PATTERN_OTHER_RULES = 16
} uapi_pattern_flags;

/**
 * A pattern that the host looks for on the plugin's behalf. The patterns of all plugins become one database, so that a
 * text is read once however many scanners there are. The syntax is the PCRE subset of libhs. Good patterns are anchored
 * on a literal of three bytes or more ("ghp_[0-9A-Za-z]{36}"); one that can match the empty string is refused.
 */
typedef struct uapi_pattern {
    uint32_t size;
    uint32_t flags;    /* uapi_pattern_flags */
    uint32_t rule;     /* index in the table of rules: what a match is reported as; a rule may have many patterns */
    uint32_t views;    /* uapi_text_view, as a bit set; 0: all but SHELL */
    const char *regex; /* NUL-terminated */
} uapi_pattern;

/**
 * Where a pattern matched: bytes [from, to) of the text. `from` is the leftmost possible start, `to` the longest end;
 * matches of one pattern with the same start come as one candidate.
 */
typedef struct uapi_candidate {
    uint32_t size;
    uint32_t pattern;   /* index in the plugin's table */
    uint32_t direction; /* in->call->direction, at hand */
    uint32_t reserved;
    uapi_string text; /* in->bytes, at hand: the whole text, for looking around */
    size_t from, to;
    const uapi_text *in;
} uapi_candidate;

/** What was found: bytes [from, to) of the text. */
typedef struct uapi_finding {
    uint32_t size;
    uint32_t severity; /* uapi_severity; 0: the rule's */
    size_t from, to;   /* not empty; what is to be redacted */
    uint32_t rule;     /* index in the table of rules */
    uint32_t reserved;
    /**
     * Why, in a few words for `uapictl scan --explain`: NUL-terminated, lives as long as the instance, holds nothing of
     * the text; or NULL.
     */
    const char *why;
} uapi_finding;

/** What `verify` answers. Any other value counts as FOUND: who cannot judge must not let pass. */
typedef enum uapi_judgement { UAPI_NOT_FOUND = 0, UAPI_FOUND = 1 } uapi_judgement;

/** Where reports go. Valid until the function that was given it returns, on that thread. */
typedef struct uapi_sink uapi_sink;

struct uapi_sink {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's own */
    /**
     * Report a finding; the host copies it. `size`, `rule`, `from` and `to` must be set. Returns 0, or anything else
     * when the host takes no more of this text (the call is refused then): stop. A report with a rule or a range that
     * does not exist makes the scan fail, which refuses the call.
     */
    int32_t (*report)(const uapi_sink *sink, const uapi_finding *finding);
};

/**
 * A scanner. It has patterns, or `scan`, or both. What the host does with a text, in this order:
 *  1. one pass for the patterns of all scanners, in the directions and views in which they apply;
 *  2. `verify` for each candidate, in no order that could be relied on, perhaps while the pass goes on;
 *  3. `scan`;
 *  4. `text_end`.
 * Before the first of these that it calls for a text, it calls `text_begin`. A text without candidates costs nothing,
 * unless there is a `scan`. Each view of a text counts as a text of its own. One text is worked on by one thread, many
 * texts at once. Nothing is called for a direction in which all rules are off.
 *
 * `state` is memory of the host's for one text: `state_size` bytes, zeroed, aligned for any type, NULL if `state_size`
 * is 0. The host forgets it after `text_end`, which frees what the plugin has hung on to it.
 */
typedef struct uapi_scanner_1 {
    /** Short name by which policies know the scanner, NUL-terminated, [a-z0-9_]: "secrets". */
    const char *name;
    /** Bytes of state for a text; at most 65536. */
    uint32_t state_size;
    /** Views that `scan` wants to see, as a bit set of uapi_text_view; 0: PLAIN. */
    uint32_t scan_views;
    /**
     * The table of rules; `*count` receives its length, 1 to 8192. Lives as long as the instance and does not change.
     * The host may ask again and expects the same table. [parent]
     */
    const uapi_rule *(*rules)(void *instance, uint32_t *count);
    /** The table of patterns, at most 8192; as `rules`. NULL, or a count of 0: there are none. [parent] */
    const uapi_pattern *(*patterns)(void *instance, uint32_t *count);
    /** Make ready for a text: 0, or anything else if that failed, which refuses the call. May be NULL. [any-thread] */
    int32_t (*text_begin)(void *instance, void *state, const uapi_text *text);
    /**
     * Judge a candidate; returns a uapi_judgement. `finding` is preset with the pattern's rule, the candidate's range,
     * severity 0 and no `why`; any of these may be changed. A range that is none is replaced by the candidate's, a rule
     * that does not exist by the pattern's. Must take microseconds, whatever the text: bound how far it looks around.
     * NULL: every candidate is a finding. [any-thread]
     */
    int32_t (*verify)(void *instance, void *state, const uapi_candidate *candidate, uapi_finding *finding);
    /**
     * Read the whole text and report what is in it: 0, or anything else if that failed, which refuses the call. Called
     * for every text, so its time is everybody's: prefer patterns. Must take time linear in the text's length. NULL:
     * there is none. [any-thread]
     */
    int32_t (*scan)(void *instance, void *state, const uapi_text *text, const uapi_sink *sink);
    /**
     * The text is through: report what only the whole of the candidates shows, free what `state` points to. Called
     * exactly once for each `text_begin` that returned 0 (and for each text that came as far, if there is no
     * text_begin). May be NULL. [any-thread]
     */
    void (*text_end)(void *instance, void *state, const uapi_text *text, const uapi_sink *sink);
} uapi_scanner_1;

/* --------------------------------------------------- uapi.scanner-stream/1 */

#define UAPI_SCANNER_STREAM_1 "uapi.scanner-stream/1"

/** The next part of a text that comes in parts. */
typedef struct uapi_fragment {
    uint32_t size;
    uint32_t flags;    /* UAPI_TEXT_MORE_AFTER, except on the last one */
    size_t offset;     /* of its first byte, in bytes since `open` */
    uapi_string bytes; /* UTF-8; a character may be split between two fragments; may be empty */
    const uapi_call_info *call;
} uapi_fragment;

/**
 * For scanners that must see a text which comes in parts (the deltas of a model, a tool's output) as the one text that
 * it is, further back than the host's own handling looks. Without it, the host keeps the end of each such text and
 * looks for patterns across its parts; it goes on to do so beside this. `scan` of uapi.scanner/1 is not called for
 * parts of a text then.
 *
 * A plugin that has this has uapi.scanner/1, too: reports name the rules of that. `state` is memory of the host's for
 * one stream: `state_size` bytes, zeroed, aligned for any type, NULL if `state_size` is 0. A stream is worked on by one
 * thread at a time, not always the same.
 */
typedef struct uapi_scanner_stream_1 {
    /** Bytes of state for a stream; at most 16384. There may be thousands of streams. */
    uint32_t state_size;
    uint32_t reserved;
    /** A stream begins: 0, or anything else if that failed, which refuses it. May be NULL. [any-thread] */
    int32_t (*open)(void *instance, void *state, const uapi_call_info *call);
    /**
     * Judge what has come. Ranges are told in bytes since `open`, and may begin in earlier fragments: what has left can
     * no longer be redacted, the rest is. `*undecided` receives how many bytes at the end of what has come so far
     * depend on what follows; the host holds them back within its bounds of bytes and time. 0, or anything else if it
     * failed, which ends the stream. [any-thread]
     */
    int32_t (*feed)(void *instance, void *state, const uapi_fragment *fragment, const uapi_sink *sink,
                    size_t *undecided);
    /**
     * The stream is over, or given up: free what `state` points to. Called once for each stream that was opened; a last
     * fragment need not have come. May be NULL. [any-thread]
     */
    void (*close)(void *instance, void *state);
} uapi_scanner_stream_1;

#ifdef __cplusplus
}
#endif

#endif
