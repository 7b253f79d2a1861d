/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy.h
 * Policy as YAML: loading, compiling, deciding.
 *
 * A set of files is loaded as a whole. It either becomes one immutable compiled policy, or a list of diagnostics with
 * file, line and column, and nothing changes. Default deny; a deny always wins; order never matters, in a file and
 * across files. The compiled form is indexed by server and tool, so the cost of a decision does not grow with the
 * number of rules.
 *
 * Kinds here: Policy, Firewall, Server, PatternPack (docs/policy.md has the schema). Fields that are planned but this
 * release does not act on are refused as "not yet supported", never ignored.
 *
 * Threads: a compiled policy is read-only; any number of threads may decide with it at once. Deciding allocates
 * nothing.
 */
#ifndef UAPI_CORE_POLICY_H
#define UAPI_CORE_POLICY_H

#include <stddef.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "operations.h"
#include "principal.h"
#include "result.h"

typedef struct uapi_policy uapi_policy;

typedef enum uapi_diagnostic_level { UAPI_DIAGNOSTIC_ERROR, UAPI_DIAGNOSTIC_WARNING } uapi_diagnostic_level;

typedef struct uapi_diagnostic {
    uapi_diagnostic_level level;
    const char *file;
    unsigned line, column; /* from 1; 0 when it concerns the file as a whole */
    const char *message;
} uapi_diagnostic;

/**
 * Load and compile. `paths` are files, or directories whose *.yaml and *.yml are taken in name order. `diagnostics`
 * receives an array of uapi_diagnostic (never NULL, perhaps empty), errors and warnings. Fails with config.invalid if
 * there is an error; `*policy` is then NULL. Bounded against alias bombs, depth and size.
 */
apr_status_t uapi_policy_load(uapi_policy **policy, const char *const *paths, size_t count,
                              apr_array_header_t **diagnostics, apr_pool_t *pool, uapi_result *result);

/** The same from memory, for tests, fuzzers and editors; `name` stands for the file. */
apr_status_t uapi_policy_parse(uapi_policy **policy, const char *name, const char *text, size_t length,
                               apr_array_header_t **diagnostics, apr_pool_t *pool, uapi_result *result);

/** What is asked. All strings NUL-terminated; they are only read. */
typedef struct uapi_policy_question {
    const uapi_principal *principal;
    const char *server; /* NULL: an unnamed one, which no rule matches */
    const char *method; /* "tools/call"; for what carries no message, "http/GET", …; NULL: a client's result */
    const char *
        tool; /* of tools/call; the operation of a request to a REST service, whose method is "http/POST", …; else NULL */
    int explicit_only; /* the route speaks another protocol than MCP: no method is one that keeps a session going */
} uapi_policy_question;

typedef enum uapi_effect { UAPI_EFFECT_DENY, UAPI_EFFECT_ALLOW } uapi_effect;

typedef struct uapi_verdict {
    uapi_effect effect; /* what holds, after modes: a deny of a policy in shadow mode does not hold */
    uapi_reason reason; /* NONE, policy.denied or policy.default_deny */
    const char *policy; /* name of the policy whose rule decided; NULL for the default */
    const char *rule;   /* id of that rule; NULL for the default */
    int shadow;         /* a policy in shadow mode would have denied: policy and rule then name its rule while
                                  effect is what the enforced ones say */
} uapi_verdict;

/**
 * Rules may name `tools` (globs; they match tools/call and operations only) and `methods` (globs over method names). A rule with
 * neither matches every method and tool of its servers; a rule that names no server, those of every server. A name
 * longer than 256 bytes and a tools/call without a tool match nothing, and are so denied.
 *
 * Methods that keep a session going are allowed to whoever has any allow rule for that server, unless a deny rule
 * matches them (which one with `tools` never does): initialize, ping, server/discover, logging/setLevel,
 * subscriptions/listen, all that begin with "notifications/", the list methods of tools, prompts, resources,
 * resources/templates and tasks, http/GET, http/DELETE, and a client's results: "response/result" (for which NULL
 * stands too) and "response/error".
 *
 * Of several rules that match with the same effect the one first by policy name and rule id is reported, so the answer
 * does not depend on the order of files either. `shadow` is not set on a denial: that of an enforced policy is
 * reported.
 */
void uapi_policy_decide(const uapi_policy *policy, const uapi_policy_question *question, uapi_verdict *verdict);

/** What a server speaks; `auto`: to be found out. */
typedef enum uapi_server_revision {
    UAPI_SERVER_REVISION_AUTO,
    UAPI_SERVER_REVISION_2025_03_26,
    UAPI_SERVER_REVISION_2025_06_18,
    UAPI_SERVER_REVISION_2025_11_25,
    UAPI_SERVER_REVISION_2026_07_28
} uapi_server_revision;

#define UAPI_POLICY_DEFAULT_TIMEOUT 10000 /* milliseconds */

/** Which definition of a tool may be used (pins.h). */
typedef enum uapi_pinning {
    UAPI_PINNING_DISABLED,  /* whatever the server says now */
    UAPI_PINNING_FIRST_USE, /* the first that was seen, or one that an operator approved since */
    UAPI_PINNING_REVIEWED   /* only one that an operator approved */
} uapi_pinning;

/** A `kind: Server`. */
typedef struct uapi_policy_server {
    const char *name;
    uapi_server_revision revision;
    unsigned timeout_ms; /* of what the gateway itself asks this server */
    int has_timeout;     /* the policy says it, so it is the time-out of calls too */
    const char *ca;      /* file of certificates that it trusts then; NULL: the system's */
    uapi_pinning pinning;
    int checks_arguments;      /* the arguments of its tools must match their schemas; only where they are pinned */
    const char *url;           /* NULL if none is given */
    const char *credential;    /* name, NULL if it has none */
    const char *inject_header; /* header name, set iff credential is */
    const char *inject_prefix; /* what stands before {secret} in the value, perhaps "" */
    const char *inject_suffix; /* what stands after it, perhaps "" */
    int is_rest;               /* it speaks REST: it says so, or names operations */
    const uapi_operations *operations; /* NULL: the server names none */
    apr_array_header_t *content_types; /* const char *: what it takes besides JSON, forms and text; NULL: nothing */
} uapi_policy_server;

/** NULL if no file declares it. */
const uapi_policy_server *uapi_policy_find_server(const uapi_policy *policy, const char *name);
/** All servers, sorted by name: the same kind of array. */
apr_array_header_t *uapi_policy_all_servers(const uapi_policy *policy, apr_pool_t *pool);
/** The MCP servers that have a url, sorted by name: array of const uapi_policy_server *, in the pool. */
apr_array_header_t *uapi_policy_reachable_servers(const uapi_policy *policy, apr_pool_t *pool);
/** 1 if any Server pins its tools. */
int uapi_policy_pins(const uapi_policy *policy);
/** 1 if a rule with `tools` names the server (a glob does not count). */
int uapi_policy_has_tool_rules(const uapi_policy *policy, const char *server);
/** 1 if a Server declares the name or a rule names it (a glob does not count). */
int uapi_policy_knows_server(const uapi_policy *policy, const char *name);

typedef enum uapi_mode { UAPI_MODE_DISABLED, UAPI_MODE_SHADOW, UAPI_MODE_ENFORCE } uapi_mode;
/** From lenient to strict. */
typedef enum uapi_action {
    UAPI_ACTION_ALLOW,
    UAPI_ACTION_LOG,
    UAPI_ACTION_REDACT,
    UAPI_ACTION_APPROVE,
    UAPI_ACTION_BLOCK
} uapi_action;
/** "allow", "log", "redact", "require_approval", "block"; static. */
const char *uapi_action_name(uapi_action action);
/** "disabled", "shadow", "enforce"; static. */
const char *uapi_mode_name(uapi_mode mode);

/** What a Firewall document says of one scanner, or of one rule of it. */
typedef struct uapi_policy_scanner {
    const char *scanner;   /* "secrets" */
    const char *rule;      /* "secrets.github_token", or NULL for the whole scanner */
    int request, response; /* uapi_action, or -1 if it does not say */
    const char *file;
    unsigned line, column; /* where it says so, for "no such scanner" */
} uapi_policy_scanner;

/**
 * All Firewall documents merged, the strictest mode winning, and of those in that mode the strictest action. Default
 * when there is none: enforce, no entries.
 */
uapi_mode uapi_policy_firewall_mode(const uapi_policy *policy);
/** Array of uapi_policy_scanner; never NULL. */
const apr_array_header_t *uapi_policy_firewall_scanners(const uapi_policy *policy);
/** The same of documents in shadow mode where others enforce; else empty. */
const apr_array_header_t *uapi_policy_shadow_scanners(const uapi_policy *policy);

/** The PatternPacks as scanners (pack.h), sorted by name: array of struct uapi_plugin *; never NULL. */
const apr_array_header_t *uapi_policy_packs(const uapi_policy *policy);

/** Counts, for lint's summary and doctor. */
void uapi_policy_counts(const uapi_policy *policy, unsigned *policies, unsigned *rules, unsigned *servers,
                        unsigned *firewalls);

#endif
