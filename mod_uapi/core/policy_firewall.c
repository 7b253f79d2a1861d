/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Firewall documents are merged so that adding one never loosens another. In one document a rule's action stands for
 * its scanner's. Across documents the strictest wins, and a document that speaks of the scanner only speaks of all its
 * rules: what one document blocks as a whole, another cannot let through by naming the rule. Documents in shadow mode
 * are merged apart where another one enforces: they say what they would have done.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum { UNSAID = -1 };

static const char identifier[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* ---------------------------------------------------------------- checking */

static int is_identifier(const char *text)
{
    return *text != '\0' && text[strspn(text, identifier)] == '\0';
}

static void check_scanner_rules(uapi_policy_source *source, const uapi_form_named *scanner,
                                const apr_array_header_t *rules)
{
    size_t length = scanner->name->length;

    for (int i = 0; i < rules->nelts; i++) {
        const uapi_form_named *rule = &APR_ARRAY_IDX(rules, i, uapi_form_named);
        const uapi_form_scanner *record = rule->record;
        const char *quoted = uapi_yaml_quote(rule->name->text, rule->name->length, source->pool);

        if (strncmp(rule->name->text, scanner->name->text, length) != 0 || rule->name->text[length] != '.' ||
            !is_identifier(rule->name->text + length + 1)) {
            uapi_policy_error(source->diagnoses, rule->name,
                              "rule %s is none of scanner \"%s\", whose rules are named"
                              " %s.<rule>, with a-z 0-9 _",
                              quoted, scanner->name->text, scanner->name->text);
        } else if (record->node->kind == UAPI_YAML_MAPPING && record->node->items == NULL) {
            uapi_policy_error(source->diagnoses, rule->name, "rule %s says nothing: give it an action", quoted);
        }
    }
}

void uapi_policy_check_firewall(uapi_policy_source *source, const uapi_form_firewall *firewall)
{
    for (int i = 0; firewall->scanners != NULL && i < firewall->scanners->nelts; i++) {
        const uapi_form_named *scanner = &APR_ARRAY_IDX(firewall->scanners, i, uapi_form_named);
        const uapi_form_scanner *record = scanner->record;
        const char *quoted = uapi_yaml_quote(scanner->name->text, scanner->name->length, source->pool);

        if (!is_identifier(scanner->name->text)) {
            uapi_policy_error(source->diagnoses, scanner->name, "%s is no scanner's name: a-z 0-9 _", quoted);
        } else if (record->rules != NULL) {
            check_scanner_rules(source, scanner, record->rules);
        }
        if (record->node->items == NULL) {
            uapi_policy_error(source->diagnoses, scanner->name,
                              "scanner %s says nothing: give it \"request\", \"response\" or \"rules\"", quoted);
        }
    }
    uapi_policy_check_rulings(source, firewall);
}

/* ---------------------------------------------------------------- merging */

static int said(const uapi_form_word *word)
{
    return word->node != NULL ? (int)uapi_policy_form_action(word) : UNSAID;
}

static int stricter(int a, int b)
{
    return a > b ? a : b;
}

static uapi_policy_scanner make_entry(const uapi_form_named *named, const char *scanner, const char *rule,
                                      apr_pool_t *pool)
{
    const uapi_form_scanner *record = named->record;

    return (uapi_policy_scanner){
        .scanner = scanner,
        .rule = rule,
        .request = said(&record->request),
        .response = said(&record->response),
        .file = apr_pstrdup(pool, named->name->file),
        .line = named->name->line,
        .column = named->name->column,
    };
}

/* What one document says, each scanner before its rules. */
static apr_array_header_t *list_entries(const uapi_form_firewall *form, apr_pool_t *pool)
{
    apr_array_header_t *entries = apr_array_make(pool, 4, sizeof(uapi_policy_scanner));

    for (int i = 0; form->scanners != NULL && i < form->scanners->nelts; i++) {
        const uapi_form_named *named = &APR_ARRAY_IDX(form->scanners, i, uapi_form_named);
        const apr_array_header_t *rules = ((const uapi_form_scanner *)named->record)->rules;
        const char *scanner = apr_pstrdup(pool, named->name->text);

        APR_ARRAY_PUSH(entries, uapi_policy_scanner) = make_entry(named, scanner, NULL, pool);
        for (int j = 0; rules != NULL && j < rules->nelts; j++) {
            const uapi_form_named *rule = &APR_ARRAY_IDX(rules, j, uapi_form_named);
            APR_ARRAY_PUSH(entries, uapi_policy_scanner) = make_entry(rule, scanner,
                                                                      apr_pstrdup(pool, rule->name->text), pool);
        }
    }
    return entries;
}

static const char *entry_key(const uapi_policy_scanner *entry)
{
    return entry->rule != NULL ? entry->rule : entry->scanner; /* a rule's name has a dot, a scanner's none */
}

static void merge_entry(apr_hash_t *merged, const uapi_policy_scanner *entry, apr_pool_t *pool)
{
    uapi_policy_scanner *before = apr_hash_get(merged, entry_key(entry), APR_HASH_KEY_STRING);

    if (before == NULL) {
        before = apr_pmemdup(pool, entry, sizeof(*entry));
        apr_hash_set(merged, entry_key(before), APR_HASH_KEY_STRING, before);
        return;
    }
    before->request = stricter(before->request, entry->request);
    before->response = stricter(before->response, entry->response);
}

/* Rules that any document names are held to what this one says of their scanner, where it says nothing of the rule. */
static void hold_rules(apr_hash_t *merged, const apr_array_header_t *entries, apr_pool_t *scratch)
{
    apr_hash_t *own = apr_hash_make(scratch);

    for (int i = 0; i < entries->nelts; i++) {
        const uapi_policy_scanner *entry = &APR_ARRAY_IDX(entries, i, uapi_policy_scanner);
        apr_hash_set(own, entry_key(entry), APR_HASH_KEY_STRING, entry);
    }
    for (apr_hash_index_t *at = apr_hash_first(scratch, merged); at != NULL; at = apr_hash_next(at)) {
        uapi_policy_scanner *rule = apr_hash_this_val(at);
        const uapi_policy_scanner *whole = rule->rule != NULL ? apr_hash_get(own, rule->scanner, APR_HASH_KEY_STRING)
                                                              : NULL;
        const uapi_policy_scanner *exact = whole != NULL ? apr_hash_get(own, rule->rule, APR_HASH_KEY_STRING) : NULL;
        if (whole != NULL && (exact == NULL || exact->request == UNSAID)) {
            rule->request = stricter(rule->request, whole->request);
        }
        if (whole != NULL && (exact == NULL || exact->response == UNSAID)) {
            rule->response = stricter(rule->response, whole->response);
        }
    }
}

static int compare(const void *left, const void *right)
{
    const uapi_policy_scanner *a = left, *b = right;
    int order = strcmp(a->scanner, b->scanner);

    return order != 0 ? order : strcmp(a->rule != NULL ? a->rule : "", b->rule != NULL ? b->rule : "");
}

static uapi_mode mode_of(const uapi_form_document *document)
{
    const uapi_form_firewall *form = document->spec;

    return form->mode.node != NULL ? uapi_policy_form_mode(&form->mode) : UAPI_MODE_ENFORCE;
}

static void merge_modes(uapi_policy *policy, const apr_array_header_t *documents)
{
    policy->firewall_mode = documents->nelts > 0 ? UAPI_MODE_DISABLED : UAPI_MODE_ENFORCE;
    for (int i = 0; i < documents->nelts; i++) {
        uapi_mode mode = mode_of(APR_ARRAY_IDX(documents, i, uapi_form_document *));
        if (mode > policy->firewall_mode) {
            policy->firewall_mode = mode;
        }
    }
}

/* What the documents in one mode say of scanners, merged. */
static apr_array_header_t *merge_documents(const uapi_policy_source *source, uapi_mode mode, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_FIREWALL];
    apr_array_header_t *lists = apr_array_make(source->pool, documents->nelts + 1, sizeof(apr_array_header_t *));
    apr_hash_t *merged = apr_hash_make(source->pool);
    apr_array_header_t *scanners;

    for (int i = 0; i < documents->nelts; i++) {
        const uapi_form_document *document = APR_ARRAY_IDX(documents, i, uapi_form_document *);
        if (mode_of(document) == mode) {
            apr_array_header_t *list = list_entries(document->spec, pool);
            for (int j = 0; j < list->nelts; j++) {
                merge_entry(merged, &APR_ARRAY_IDX(list, j, uapi_policy_scanner), source->pool);
            }
            APR_ARRAY_PUSH(lists, apr_array_header_t *) = list;
        }
    }
    for (int i = 0; i < lists->nelts; i++) {
        hold_rules(merged, APR_ARRAY_IDX(lists, i, apr_array_header_t *), source->pool);
    }
    scanners = apr_array_make(pool, (int)apr_hash_count(merged) + 1, sizeof(uapi_policy_scanner));
    for (apr_hash_index_t *at = apr_hash_first(source->pool, merged); at != NULL; at = apr_hash_next(at)) {
        APR_ARRAY_PUSH(scanners, uapi_policy_scanner) = *(const uapi_policy_scanner *)apr_hash_this_val(at);
    }
    qsort(scanners->elts, (size_t)scanners->nelts, sizeof(uapi_policy_scanner), compare);
    return scanners;
}

void uapi_policy_compile_firewall(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_FIREWALL];

    merge_modes(policy, documents);
    policy->firewall_count = (unsigned)documents->nelts;
    policy->scanners = merge_documents(source, policy->firewall_mode, pool);
    policy->shadow_scanners = policy->firewall_mode == UAPI_MODE_ENFORCE
                                  ? merge_documents(source, UAPI_MODE_SHADOW, pool)
                                  : apr_array_make(pool, 1, sizeof(uapi_policy_scanner));
    uapi_policy_compile_rulings(policy, source, pool);
    uapi_policy_compile_redaction(policy, source, pool);
}

/* ---------------------------------------------------------------- reading it */

uapi_mode uapi_policy_firewall_mode(const uapi_policy *policy)
{
    return policy->firewall_mode;
}

const apr_array_header_t *uapi_policy_firewall_scanners(const uapi_policy *policy)
{
    return policy->scanners;
}

const apr_array_header_t *uapi_policy_shadow_scanners(const uapi_policy *policy)
{
    return policy->shadow_scanners;
}

const char *uapi_action_name(uapi_action action)
{
    static const char *const names[] = {
        [UAPI_ACTION_ALLOW] = "allow",   [UAPI_ACTION_LOG] = "log",
        [UAPI_ACTION_REDACT] = "redact", [UAPI_ACTION_APPROVE] = "require_approval",
        [UAPI_ACTION_BLOCK] = "block",
    };

    return names[(unsigned)action <= UAPI_ACTION_BLOCK ? action : UAPI_ACTION_BLOCK];
}

const char *uapi_mode_name(uapi_mode mode)
{
    static const char *const names[] = {
        [UAPI_MODE_DISABLED] = "disabled",
        [UAPI_MODE_SHADOW] = "shadow",
        [UAPI_MODE_ENFORCE] = "enforce",
    };

    return names[(unsigned)mode <= UAPI_MODE_ENFORCE ? mode : UAPI_MODE_ENFORCE];
}
