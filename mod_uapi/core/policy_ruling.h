/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_ruling.h
 * What Firewall documents say of single findings: rules, which give an action, and the entries of allow-lists, which
 * take one back. Compiled with the policy, read-only then; any thread.
 */
#ifndef UAPI_CORE_POLICY_RULING_H
#define UAPI_CORE_POLICY_RULING_H

#include <stdint.h>

#include <apr_time.h>

#include "../include/uapi_plugin.h"
#include "policy.h"

struct uapi_policy_subject;

/** Patterns (glob.h); count 0: everything. */
typedef struct uapi_ruling_globs {
    const char *const *items;
    uint32_t count;
} uapi_ruling_globs;

typedef enum uapi_ruling_value {
    UAPI_RULING_ANY_VALUE,
    UAPI_RULING_SHA256, /* the value is the digest's 32 bytes */
    UAPI_RULING_EXACT,
    UAPI_RULING_GLOB
} uapi_ruling_value;

typedef struct uapi_ruling {
    const char *id;          /* "<document>/<id>" */
    uapi_ruling_globs names; /* of scanners' rules: "pii.email"; a whole scanner is "pii.*" */
    uapi_ruling_globs servers, tools;
    const struct uapi_policy_subject *subjects;
    uint32_t subject_count;
    uint32_t directions; /* uapi_direction, as a bit set */
    uint32_t severity;   /* uapi_severity: the least one that it is about */
    uapi_action action;  /* of an exception: allow */
    int shadow;          /* it only says what it would have done */

    /* an exception */
    apr_time_t expires; /* the first moment at which it does not count any more */
    uapi_ruling_value value_kind;
    const char *value;
    size_t value_length;

    const char *file;
    unsigned line, column;
} uapi_ruling;

/** Sorted by id. */
typedef struct uapi_rulings {
    const uapi_ruling *items;
    uint32_t count;
} uapi_rulings;

typedef enum uapi_redaction_style {
    UAPI_REDACTION_FORMAT,
    UAPI_REDACTION_HASH,
    UAPI_REDACTION_PLACEHOLDER
} uapi_redaction_style;

/** How findings are redacted (redaction.h): of what documents say, what tells least. */
typedef struct uapi_policy_redaction {
    uapi_redaction_style style;     /* from what tells most to what tells least */
    int consistent;                 /* marks are numbered by value */
    unsigned keep_last;             /* digits at the end that stay, in style format */
    uapi_ruling_globs keep_last_of; /* of findings of these rules */
} uapi_policy_redaction;

/** Never NULL. */
const uapi_policy_redaction *uapi_policy_redaction_of(const uapi_policy *policy);

/** Those that are in force or shadow; what is disabled is not among them. */
const uapi_rulings *uapi_policy_rulings(const uapi_policy *policy);
const uapi_rulings *uapi_policy_exceptions(const uapi_policy *policy);

/** Is it about this rule of a scanner ("pii.email")? */
int uapi_ruling_names(const uapi_ruling *ruling, const char *rule);

typedef enum uapi_ruling_fit {
    UAPI_RULING_NO,
    UAPI_RULING_YES,
    UAPI_RULING_PERHAPS /* it names tools, and the text belongs to a batch of calls */
} uapi_ruling_fit;

/** Is it about a finding of this severity in this call? Names are taken to fit. */
uapi_ruling_fit uapi_ruling_applies(const uapi_ruling *ruling, const uapi_call_info *call, uint32_t severity);

/** Is it about this matched text (NULL: not known), and does it still count? For exceptions. */
int uapi_ruling_excepts(const uapi_ruling *exception, const char *text, size_t length, apr_time_t now);

#endif
