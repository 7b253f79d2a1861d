/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file policy_internal.h
 * Shared by the files of the policy: what is gathered while loading, and the compiled form.
 */
#ifndef UAPI_CORE_POLICY_INTERNAL_H
#define UAPI_CORE_POLICY_INTERNAL_H

#include <apr_hash.h>

#include "policy.h"
#include "policy_diagnose.h"
#include "policy_form.h"
#include "policy_names.h"
#include "policy_ruling.h"

/** Longest name or pattern of a server, tool or method. */
#define UAPI_POLICY_MAX_NAME 256
/** Bound on what the index may hold: over all rules, servers x bytes of tools and methods. */
#define UAPI_POLICY_MAX_INDEX (16 * 1024 * 1024)

/* ---------------------------------------------------------------- loading */

/** Everything read, before it is compiled. Lives in a pool of its own that is destroyed when the load is over. */
typedef struct uapi_policy_source {
    apr_pool_t *pool;
    uapi_policy_diagnoses *diagnoses;
    apr_array_header_t *documents[UAPI_FORM_KINDS]; /* uapi_form_document * */
    apr_hash_t *seen;                               /* kind, tenant and name, to the node of the name */
    int from_memory;                                /* no file may be read beside it */
    size_t index_size;                              /* counts up to UAPI_POLICY_MAX_INDEX */
} uapi_policy_source;

/** A whole regular file of at most UAPI_YAML_MAX_SIZE + 1 bytes; the pool holds it. NULL, or why not. */
const char *uapi_policy_read_text(const char *path, char **text, size_t *length, apr_pool_t *pool);

/** Judge the contents of one document, and its name against those before it. Faults go to the diagnoses. */
void uapi_policy_check(uapi_policy_source *source, const uapi_form_document *document, uapi_form_kind kind);

/** The parts of it: one file each. */
void uapi_policy_check_subjects(uapi_policy_source *source, const apr_array_header_t *subjects);
void uapi_policy_check_server_pattern(uapi_policy_source *source, const uapi_yaml_node *pattern);
/** A pattern of tools or methods; 1 if nothing is wrong with it. */
int uapi_policy_check_pattern(uapi_policy_source *source, const char *what, const uapi_yaml_node *pattern);
/** The id of a rule in a `document` ("policy"), unique in `ids`. */
void uapi_policy_check_id(uapi_policy_source *source, apr_hash_t *ids, const char *document, const uapi_yaml_node *id);
void uapi_policy_check_redaction(uapi_policy_source *source, const uapi_form_redaction *redaction);
/** Patterns of names of scanners' rules. */
void uapi_policy_check_rule_globs(uapi_policy_source *source, const apr_array_header_t *globs);
void uapi_policy_check_rulings(uapi_policy_source *source, const uapi_form_firewall *firewall);
void uapi_policy_check_policy(uapi_policy_source *source, const uapi_form_policy *policy);
void uapi_policy_check_firewall(uapi_policy_source *source, const uapi_form_firewall *firewall);
void uapi_policy_check_server(uapi_policy_source *source, uapi_form_server *server);
void uapi_policy_check_operations(uapi_policy_source *source, uapi_form_server *server);
void uapi_policy_check_pack(uapi_policy_source *source, const uapi_form_document *document);
/** "2027-06-30" to its first moment in UTC. 1; or 0 if it is no date. */
int uapi_policy_read_date(const char *text, apr_time_t *midnight);
/** 1 if it is a name as tenants, principals and credentials have one; otherwise the fault is reported. */
int uapi_policy_check_name(uapi_policy_source *source, const char *what, const uapi_yaml_node *name);

/* ---------------------------------------------------------------- compiled */

typedef struct uapi_policy_subject {
    int type;                 /* uapi_principal_type, -1: any */
    const char *const *ids;   /* sorted; count 0: any */
    const char *const *roles; /* sorted, one is enough; count 0: any */
    uint32_t id_count, role_count;
} uapi_policy_subject;

/** What the rules of one document share. */
typedef struct uapi_policy_scope {
    const char *name, *tenant; /* tenant NULL: every tenant */
    int shadow;
    const uapi_policy_subject *subjects; /* count 0: everyone */
    uint32_t subject_count;
} uapi_policy_scope;

typedef struct uapi_policy_rule {
    const uapi_policy_scope *scope;
    const char *id;
    uapi_effect effect;
} uapi_policy_rule;

typedef struct uapi_policy_ranks {
    const uint32_t *items;
    uint32_t count;
} uapi_policy_ranks;

/** The rules that name one server or server pattern, by what else they name. */
typedef struct uapi_policy_group {
    uapi_policy_names *tools, *methods; /* to ranks of rules; NULL if there are none */
    apr_array_header_t *anything;       /* uint32_t, ranks of rules that name neither */
    apr_array_header_t *openings;       /* uint32_t, for each enforced scope with an allow rule, the first such */
} uapi_policy_group;

/** The policies of one tenant, or those without a tenant. */
typedef struct uapi_policy_realm {
    uapi_policy_names *servers; /* to indices in groups */
    apr_array_header_t *groups; /* uapi_policy_group */
} uapi_policy_realm;

struct uapi_policy {
    const uapi_policy_rule *rules; /* by rank: sorted by policy name, tenant and rule id */
    uint32_t rule_count;
    uapi_policy_realm *everyone; /* never NULL */
    apr_hash_t *tenants;         /* name to uapi_policy_realm */
    apr_hash_t *servers;         /* name to uapi_policy_server */
    int pins;                    /* some server pins its tools */
    apr_hash_t *known;           /* names of servers that are declared or named exactly */
    apr_hash_t *tooled;          /* names of servers that a rule with tools names exactly */
    uapi_mode firewall_mode;
    apr_array_header_t *scanners, *shadow_scanners; /* uapi_policy_scanner */
    uapi_rulings rulings, exceptions;
    uapi_policy_redaction redaction;
    apr_array_header_t *packs; /* uapi_plugin * */
    unsigned policy_count, firewall_count;
};

/** Compile what was judged to be without fault. Copies what it keeps into the pool. */
uapi_policy *uapi_policy_compile(const uapi_policy_source *source, apr_pool_t *pool);
/** The parts of it. */
const uapi_policy_subject *uapi_policy_compile_subjects(const apr_array_header_t *forms, uint32_t *count,
                                                        apr_pool_t *pool);
/** 1 if one of them describes the caller, or if there are none. `type`: uapi_principal_type, -1 for none. */
int uapi_policy_is_subject(const uapi_policy_subject *subjects, uint32_t count, int type, const char *id,
                           const char *const *roles);
/** Copies the packs, which were judged to be without fault. */
void uapi_policy_compile_packs(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool);
void uapi_policy_compile_redaction(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool);
void uapi_policy_compile_rulings(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool);
void uapi_policy_compile_firewall(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool);
void uapi_policy_compile_servers(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool);
/** NULL if the server names none. */
apr_array_header_t *uapi_policy_compile_content_types(const uapi_form_server *server, apr_pool_t *pool);
const uapi_operations *uapi_policy_compile_operations(const uapi_form_server *server, apr_pool_t *pool);

/** uapi_policy_decide that also says how many rules it looked at and how many patterns it tried. */
unsigned uapi_policy_decide_counted(const uapi_policy *policy, const uapi_policy_question *question,
                                    uapi_verdict *verdict);

#endif
