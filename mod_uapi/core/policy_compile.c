/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Rules are sorted first and known by their rank from then on; whatever order files and rules came in, the compiled
 * form is the same. Each rule is then put under the tenant, each of the servers, and the tools or methods that it
 * names.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "glob.h"

/* A rule on its way, with the form that says what it names. */
typedef struct draft {
    uapi_policy_rule rule;
    const uapi_form_rule *form;
} draft;

/* A realm that is being filled. */
typedef struct growing_realm {
    uapi_policy_realm *realm;
    apr_hash_t *groups; /* server or pattern to its index plus one, as a pointer's value */
} growing_realm;

typedef struct compiler {
    uapi_policy *policy;
    const uapi_policy_source *source;
    apr_array_header_t *drafts; /* draft */
    apr_hash_t *realms;         /* tenant, "" for none, to growing_realm */
    apr_hash_t *texts;          /* each string once */
    apr_pool_t *pool, *scratch;
} compiler;

static const char *intern(compiler *c, const char *text)
{
    const char *copy = apr_hash_get(c->texts, text, APR_HASH_KEY_STRING);

    if (copy == NULL) {
        copy = apr_pstrdup(c->pool, text);
        apr_hash_set(c->texts, copy, APR_HASH_KEY_STRING, copy);
    }
    return copy;
}

/* ---------------------------------------------------------------- scopes */

static void draft_policy(compiler *c, const uapi_form_document *document)
{
    const uapi_form_policy *form = document->spec;
    uapi_policy_scope *scope = apr_pcalloc(c->pool, sizeof(*scope));

    scope->name = intern(c, document->metadata->name->text);
    scope->tenant = document->metadata->tenant != NULL ? intern(c, document->metadata->tenant->text) : NULL;
    scope->shadow = form->mode.node != NULL && form->mode.value == 1;
    scope->subjects = uapi_policy_compile_subjects(form->subjects, &scope->subject_count, c->pool);
    for (int i = 0; i < form->rules->nelts; i++) {
        const uapi_form_rule *rule = APR_ARRAY_IDX(form->rules, i, uapi_form_rule *);
        draft fresh = {{scope, intern(c, rule->id->text), (uapi_effect)rule->effect.value}, rule};
        APR_ARRAY_PUSH(c->drafts, draft) = fresh;
    }
    c->policy->policy_count++;
}

static int compare_drafts(const void *left, const void *right)
{
    const uapi_policy_rule *a = &((const draft *)left)->rule, *b = &((const draft *)right)->rule;
    int order = strcmp(a->scope->name, b->scope->name);

    if (order == 0) {
        order = strcmp(a->scope->tenant != NULL ? a->scope->tenant : "",
                       b->scope->tenant != NULL ? b->scope->tenant : "");
    }
    return order != 0 ? order : strcmp(a->id, b->id);
}

/* ---------------------------------------------------------------- the index */

static growing_realm *find_realm(compiler *c, const char *tenant)
{
    growing_realm *found = apr_hash_get(c->realms, tenant != NULL ? tenant : "", APR_HASH_KEY_STRING);

    if (found == NULL) {
        found = apr_pcalloc(c->scratch, sizeof(*found));
        found->groups = apr_hash_make(c->scratch);
        found->realm = apr_pcalloc(c->pool, sizeof(*found->realm));
        found->realm->servers = uapi_policy_names_create(c->pool);
        found->realm->groups = apr_array_make(c->pool, 4, sizeof(uapi_policy_group));
        apr_hash_set(c->realms, tenant != NULL ? tenant : "", APR_HASH_KEY_STRING, found);
    }
    return found;
}

static uapi_policy_group *find_group(compiler *c, growing_realm *in, const char *server)
{
    uintptr_t index = (uintptr_t)apr_hash_get(in->groups, server, APR_HASH_KEY_STRING);

    if (index == 0) {
        uapi_policy_group fresh = {0};
        fresh.anything = apr_array_make(c->pool, 1, sizeof(uint32_t));
        fresh.openings = apr_array_make(c->pool, 1, sizeof(uint32_t));
        APR_ARRAY_PUSH(in->realm->groups, uapi_policy_group) = fresh;
        index = (uintptr_t)in->realm->groups->nelts;
        apr_hash_set(in->groups, server, APR_HASH_KEY_STRING, (void *)index);
        uapi_policy_names_add(in->realm->servers, server, (uint32_t)index - 1);
    }
    return &APR_ARRAY_IDX(in->realm->groups, index - 1, uapi_policy_group);
}

static void add_patterns(compiler *c, uapi_policy_names **names, const apr_array_header_t *patterns, uint32_t rank)
{
    if (*names == NULL) {
        *names = uapi_policy_names_create(c->pool);
    }
    for (int i = 0; i < patterns->nelts; i++) {
        uapi_policy_names_add(*names, intern(c, APR_ARRAY_IDX(patterns, i, const uapi_yaml_node *)->text), rank);
    }
}

static void add_opening(const compiler *c, uapi_policy_group *group, uint32_t rank)
{
    const uapi_policy_rule *rules = c->policy->rules, *rule = &rules[rank];
    int last = group->openings->nelts - 1;

    /* the rules of a scope follow each other */
    if (rule->effect == UAPI_EFFECT_ALLOW && !rule->scope->shadow &&
        (last < 0 || rules[APR_ARRAY_IDX(group->openings, last, uint32_t)].scope != rule->scope)) {
        APR_ARRAY_PUSH(group->openings, uint32_t) = rank;
    }
}

static void index_rule(compiler *c, const uapi_form_rule *form, uint32_t rank, const char *server)
{
    growing_realm *realm = find_realm(c, c->policy->rules[rank].scope->tenant);
    uapi_policy_group *group = find_group(c, realm, server);

    if (!uapi_glob_is_pattern(server, strlen(server))) {
        apr_hash_set(c->policy->known, server, APR_HASH_KEY_STRING, server);
        if (form->tools != NULL) {
            apr_hash_set(c->policy->tooled, server, APR_HASH_KEY_STRING, server);
        }
    }
    /* beside tools, methods can only be such that match tools/call */
    if (form->tools != NULL) {
        add_patterns(c, &group->tools, form->tools, rank);
    } else if (form->methods != NULL) {
        add_patterns(c, &group->methods, form->methods, rank);
    } else {
        APR_ARRAY_PUSH(group->anything, uint32_t) = rank;
    }
    add_opening(c, group, rank);
}

static void index_rules(compiler *c)
{
    const draft *drafts = (const draft *)c->drafts->elts;
    uint32_t count = (uint32_t)c->drafts->nelts;
    uapi_policy_rule *rules = apr_pcalloc(c->pool, (count + 1) * sizeof(*rules));

    qsort(c->drafts->elts, count, sizeof(draft), compare_drafts);
    c->policy->rules = rules;
    c->policy->rule_count = count;
    for (uint32_t rank = 0; rank < count; rank++) {
        const apr_array_header_t *servers = drafts[rank].form->servers;
        rules[rank] = drafts[rank].rule;
        if (servers == NULL) {
            index_rule(c, drafts[rank].form, rank, "*");
        }
        for (int i = 0; servers != NULL && i < servers->nelts; i++) {
            index_rule(c, drafts[rank].form, rank, intern(c, APR_ARRAY_IDX(servers, i, const uapi_yaml_node *)->text));
        }
    }
}

static void seal_realm(const uapi_policy_realm *realm)
{
    uapi_policy_names_seal(realm->servers);
    for (int i = 0; i < realm->groups->nelts; i++) {
        const uapi_policy_group *group = &APR_ARRAY_IDX(realm->groups, i, uapi_policy_group);
        if (group->tools != NULL) {
            uapi_policy_names_seal(group->tools);
        }
        if (group->methods != NULL) {
            uapi_policy_names_seal(group->methods);
        }
    }
}

static void seal(compiler *c)
{
    c->policy->everyone = find_realm(c, NULL)->realm;
    for (apr_hash_index_t *at = apr_hash_first(c->scratch, c->realms); at != NULL; at = apr_hash_next(at)) {
        const growing_realm *found = apr_hash_this_val(at);
        const char *tenant = apr_hash_this_key(at);
        seal_realm(found->realm);
        if (*tenant != '\0') {
            apr_hash_set(c->policy->tenants, tenant, APR_HASH_KEY_STRING, found->realm);
        }
    }
}

uapi_policy *uapi_policy_compile(const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_POLICY];
    uapi_policy *policy = apr_pcalloc(pool, sizeof(*policy));
    compiler c = {
        .policy = policy,
        .source = source,
        .pool = pool,
        .scratch = source->pool,
        .drafts = apr_array_make(source->pool, 64, sizeof(draft)),
        .realms = apr_hash_make(source->pool),
        .texts = apr_hash_make(source->pool),
    };

    policy->tenants = apr_hash_make(pool);
    policy->servers = apr_hash_make(pool);
    policy->known = apr_hash_make(pool);
    policy->tooled = apr_hash_make(pool);
    for (int i = 0; i < documents->nelts; i++) {
        draft_policy(&c, APR_ARRAY_IDX(documents, i, uapi_form_document *));
    }
    index_rules(&c);
    seal(&c);
    uapi_policy_compile_firewall(policy, source, pool);
    uapi_policy_compile_packs(policy, source, pool);
    uapi_policy_compile_servers(policy, source, pool);
    return policy;
}
