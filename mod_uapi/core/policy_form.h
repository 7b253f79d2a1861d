/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_form.h
 * The form of policy documents, as tables, and the records into which documents of that form are read.
 *
 * The tables are the one place that says which fields there are: the reader walks them, and
 * policies/schema/uapi-v1.schema.json is held to them by t/unit/policy_schema.c. A record keeps the nodes that it was
 * read from, so that whoever judges the contents can name the position. Everything lives in the pool of the load and
 * is gone after it.
 */
#ifndef UAPI_CORE_POLICY_FORM_H
#define UAPI_CORE_POLICY_FORM_H

#include <stddef.h>

#include "policy_diagnose.h"
#include "yaml.h"

typedef enum uapi_form_value {
    UAPI_FORM_STRING,         /* const uapi_yaml_node * */
    UAPI_FORM_WORD,           /* uapi_form_word: one of a closed set */
    UAPI_FORM_STRINGS,        /* apr_array_header_t * of const uapi_yaml_node *: a list of strings */
    UAPI_FORM_STRING_OR_LIST, /* the same, or a single string */
    UAPI_FORM_MAP,            /* pointer to the record of the shape */
    UAPI_FORM_MAPS,           /* apr_array_header_t * of pointers to records: a list of mappings */
    UAPI_FORM_BOOLEAN,        /* uapi_form_word: 0 false, 1 true */
    UAPI_FORM_NUMBER,         /* const uapi_yaml_node * of a plain scalar that is a number */
    UAPI_FORM_NAMED,          /* apr_array_header_t * of uapi_form_named: a mapping with keys that the author chooses */
    UAPI_FORM_LATER           /* a field of a later release: refused by name */
} uapi_form_value;

typedef struct uapi_form_words {
    const char *const *now;   /* NULL-terminated; a word's value is its index */
    const char *const *later; /* NULL-terminated words of a later release; NULL if there are none */
} uapi_form_words;

typedef struct uapi_form_shape uapi_form_shape;

typedef struct uapi_form_field {
    const char *name;
    uapi_form_value value;
    int required;
    size_t offset;                /* in the shape's record */
    const uapi_form_words *words; /* of a WORD */
    const uapi_form_shape *shape; /* of a MAP, MAPS, NAMED */
} uapi_form_field;

/** A mapping with a closed set of fields. Its record begins with `const uapi_yaml_node *node`. */
struct uapi_form_shape {
    const char *id;                /* its name under $defs in the JSON Schema */
    const char *title;             /* in messages: "a rule" */
    size_t size;                   /* of its record */
    int shorthand;                 /* a single word stands for all its WORD fields */
    const uapi_form_field *fields; /* ends with a NULL name */
};

/** `node` NULL: absent. */
typedef struct uapi_form_word {
    const uapi_yaml_node *node;
    int value;
} uapi_form_word;

typedef struct uapi_form_named {
    const uapi_yaml_node *name;
    void *record;
} uapi_form_named;

typedef struct uapi_form_metadata {
    const uapi_yaml_node *node, *name, *tenant;
} uapi_form_metadata;

typedef struct uapi_form_subject {
    const uapi_yaml_node *node;
    uapi_form_word type; /* uapi_principal_type */
    const uapi_yaml_node *id;
    apr_array_header_t *ids, *roles;
} uapi_form_subject;

typedef struct uapi_form_rule {
    const uapi_yaml_node *node, *id;
    uapi_form_word effect; /* uapi_effect */
    apr_array_header_t *servers, *tools, *methods;
} uapi_form_rule;

typedef struct uapi_form_policy {
    const uapi_yaml_node *node;
    uapi_form_word mode;                  /* 0 enforce, 1 shadow */
    apr_array_header_t *subjects, *rules; /* uapi_form_subject *, uapi_form_rule * */
} uapi_form_policy;

typedef struct uapi_form_scanner {
    const uapi_yaml_node *node;
    uapi_form_word request, response; /* index in the words of actions */
    apr_array_header_t *rules;        /* uapi_form_named of uapi_form_scanner; theirs are NULL */
} uapi_form_scanner;

/** A rule of a Firewall, or an entry of its allow-list: which findings, and what of them. */
typedef struct uapi_form_value_of {
    const uapi_yaml_node *node, *sha256, *exact, *glob;
} uapi_form_value_of;

typedef struct uapi_form_ruling {
    const uapi_yaml_node *node, *id;
    apr_array_header_t *subjects; /* uapi_form_subject * */
    apr_array_header_t *servers, *tools, *scanners, *rules;
    uapi_form_word direction; /* uapi_direction, less one */
    uapi_form_word severity;  /* uapi_severity, less one */
    uapi_form_word action, mode;
    const uapi_yaml_node *owner, *reason, *expires; /* of an entry of the allow-list */
    uapi_form_value_of *value;
} uapi_form_ruling;

typedef struct uapi_form_redaction {
    const uapi_yaml_node *node, *keep_last;
    uapi_form_word style; /* uapi_redaction_style */
    uapi_form_word consistent;
    apr_array_header_t *keep_last_of;
} uapi_form_redaction;

typedef struct uapi_form_firewall {
    const uapi_yaml_node *node;
    uapi_form_word mode;               /* 0 enforce, 1 shadow, 2 disabled */
    apr_array_header_t *scanners;      /* uapi_form_named of uapi_form_scanner */
    apr_array_header_t *rules, *allow; /* uapi_form_ruling * */
    uapi_form_redaction *redaction;
} uapi_form_firewall;

typedef struct uapi_form_pack_keywords {
    const uapi_yaml_node *node, *within;
    apr_array_header_t *words;
} uapi_form_pack_keywords;

typedef struct uapi_form_pack_allow {
    const uapi_yaml_node *node;
    apr_array_header_t *exact, *regex;
} uapi_form_pack_allow;

typedef struct uapi_form_pack_tests {
    const uapi_yaml_node *node;
    apr_array_header_t *match, *no_match;
} uapi_form_pack_tests;

typedef struct uapi_form_pack_rule {
    const uapi_yaml_node *node, *id, *title, *entropy, *min_length, *max_length;
    uapi_form_word severity;  /* uapi_severity, less one */
    uapi_form_word direction; /* uapi_direction, less one */
    uapi_form_word action, caseless;
    uapi_form_word checksum; /* uapi_checksum */
    apr_array_header_t *regex;
    uapi_form_pack_keywords *keywords;
    uapi_form_pack_allow *allow;
    uapi_form_pack_tests *tests;
} uapi_form_pack_rule;

typedef struct uapi_form_pack {
    const uapi_yaml_node *node;
    apr_array_header_t *rules; /* uapi_form_pack_rule * */
} uapi_form_pack;

typedef struct uapi_form_inject {
    const uapi_yaml_node *node, *header, *value;
} uapi_form_inject;

typedef struct uapi_form_credential {
    const uapi_yaml_node *node, *name;
    uapi_form_inject *inject;
} uapi_form_credential;

typedef struct uapi_form_tls {
    const uapi_yaml_node *node, *ca;
} uapi_form_tls;

typedef struct uapi_form_operation {
    const uapi_yaml_node *node, *path;
    uapi_form_word method;
} uapi_form_operation;

typedef struct uapi_form_arguments {
    const uapi_yaml_node *node;
    uapi_form_word schema; /* 0 disabled, 1 enforce */
} uapi_form_arguments;

typedef struct uapi_form_server {
    const uapi_yaml_node *node, *url, *timeout;
    uapi_form_word protocol, revision; /* revision: uapi_server_revision */
    uapi_form_tls *tls;
    uapi_form_word pinning; /* uapi_pinning */
    uapi_form_arguments *arguments;
    uapi_form_credential *credential;
    apr_array_header_t *operations; /* uapi_form_named of uapi_form_operation */
    const uapi_yaml_node *openapi, *base_path;
    apr_array_header_t *content_types;
    apr_array_header_t *judged; /* the operations of both; no field: made when it is judged, in the pool of the load */
} uapi_form_server;

typedef struct uapi_form_document {
    const uapi_yaml_node *node;
    uapi_form_word api_version, kind;
    uapi_form_metadata *metadata;
    void *spec; /* uapi_form_policy, _firewall, _server or _pack */
} uapi_form_document;

typedef enum uapi_form_kind {
    UAPI_FORM_POLICY,
    UAPI_FORM_FIREWALL,
    UAPI_FORM_SERVER,
    UAPI_FORM_PATTERN_PACK,
    UAPI_FORM_KINDS
} uapi_form_kind;

/** The shape of a kind's documents. */
const uapi_form_shape *uapi_policy_form_shape(uapi_form_kind kind);
/** "Policy" … */
const char *uapi_policy_form_kind_name(uapi_form_kind kind);

/** What a Firewall's word for an action or a mode means. */
uapi_action uapi_policy_form_action(const uapi_form_word *word);
uapi_mode uapi_policy_form_mode(const uapi_form_word *word);

/**
 * Read a document's root by its kind. NULL if nothing could be made of it; otherwise a record in which what could not
 * be read is absent. Every fault is in `diagnoses`.
 */
uapi_form_document *uapi_policy_form_read(const uapi_yaml_node *root, uapi_form_kind *kind,
                                          uapi_policy_diagnoses *diagnoses, apr_pool_t *pool);

#endif
