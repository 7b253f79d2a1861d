/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * PatternPacks: judged, tried on their own tests, and made scanners. A pack is tried as it will be used, by a firewall
 * of its own; a test that fails is a fault of the file like any other.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "firewall.h"
#include "pack.h"

enum { DEFAULT_WITHIN = 50, MOST_WITHIN = 1024, MOST_PATTERNS = 2000, MOST_WORDS = 50 };

static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* ---------------------------------------------------------------- the form, judged */

static const char *quote(const uapi_policy_source *source, const uapi_yaml_node *node)
{
    return uapi_yaml_quote(node->text, node->length, source->pool);
}

static void check_identifier(uapi_policy_source *source, const char *what, const uapi_yaml_node *node)
{
    if (node->length == 0 || node->length > 64 || node->text[strspn(node->text, small)] != '\0') {
        uapi_policy_error(source->diagnoses, node, "%s %s is no name of scanners and their rules: 1 to 64 of a-z 0-9 _",
                          what, quote(source, node));
    }
}

static void check_regexes(uapi_policy_source *source, const uapi_form_pack_rule *rule)
{
    int caseless = rule->caseless.node != NULL && rule->caseless.value;

    for (int i = 0; rule->regex != NULL && i < rule->regex->nelts; i++) {
        const uapi_yaml_node *regex = APR_ARRAY_IDX(rule->regex, i, const uapi_yaml_node *);
        const char *fault = uapi_pack_regex_fault(regex->text, caseless, source->pool);
        if (fault != NULL) {
            uapi_policy_error(source->diagnoses, regex, "the expression %s", fault);
        }
    }
}

static int is_ascii(const uapi_yaml_node *node)
{
    for (size_t i = 0; i < node->length; i++) {
        if ((unsigned char)node->text[i] >= 0x80) {
            return 0;
        }
    }
    return 1;
}

static void check_allow(uapi_policy_source *source, const uapi_form_pack_rule *rule)
{
    const apr_array_header_t *regexes = rule->allow->regex;
    int caseless = rule->caseless.node != NULL && rule->caseless.value;

    for (int i = 0; regexes != NULL && i < regexes->nelts; i++) {
        const uapi_yaml_node *regex = APR_ARRAY_IDX(regexes, i, const uapi_yaml_node *);
        const char *fault = is_ascii(regex) ? uapi_pack_regex_fault(regex->text, caseless, source->pool)
                                            : "has other characters than ASCII: use \"exact\"";
        if (fault != NULL) {
            uapi_policy_error(source->diagnoses, regex, "the expression %s", fault);
        }
    }
}

/* 1 if it is a number between them; a fault is reported. */
static int read_number(uapi_policy_source *source, const char *name, const uapi_yaml_node *node, double least,
                       double most, int whole, double *value)
{
    char *end;

    *value = strtod(node->text, &end);
    if (*end != '\0' || !(*value >= least && *value <= most) || (whole && *value != (double)(long)*value)) {
        uapi_policy_error(source->diagnoses, node, "\"%s\" must be a %snumber from %g to %g", name,
                          whole ? "whole " : "", least, most);
        return 0;
    }
    return 1;
}

static void check_numbers(uapi_policy_source *source, const uapi_form_pack_rule *rule)
{
    double least = 0, most = UAPI_PACK_LONGEST_MATCH, other;

    if (rule->entropy != NULL) {
        read_number(source, "entropy", rule->entropy, 0, 8, 0, &other);
    }
    if (rule->keywords != NULL && rule->keywords->within != NULL) {
        read_number(source, "within", rule->keywords->within, 1, MOST_WITHIN, 1, &other);
    }
    if ((rule->min_length == NULL ||
         read_number(source, "min_length", rule->min_length, 1, UAPI_PACK_LONGEST_MATCH, 1, &least)) &&
        (rule->max_length == NULL ||
         read_number(source, "max_length", rule->max_length, 1, UAPI_PACK_LONGEST_MATCH, 1, &most)) &&
        least > most) {
        uapi_policy_error(source->diagnoses, rule->max_length != NULL ? rule->max_length : rule->min_length,
                          "\"max_length\" is below \"min_length\", so nothing can be found");
    }
}

static void check_words(uapi_policy_source *source, const apr_array_header_t *words)
{
    if (words != NULL && words->nelts > MOST_WORDS) { /* each is looked for around each match */
        uapi_policy_error(source->diagnoses, APR_ARRAY_IDX(words, MOST_WORDS, const uapi_yaml_node *),
                          "a rule has at most %d keywords", MOST_WORDS);
    }
    for (int i = 0; words != NULL && i < words->nelts; i++) {
        const uapi_yaml_node *word = APR_ARRAY_IDX(words, i, const uapi_yaml_node *);
        if (word->length == 0 || word->length > 64) {
            uapi_policy_error(source->diagnoses, word, "a keyword has 1 to 64 bytes");
        }
    }
}

static void check_rule(uapi_policy_source *source, apr_hash_t *ids, const uapi_form_pack_rule *rule)
{
    if (rule->id != NULL) {
        check_identifier(source, "rule", rule->id);
        uapi_policy_check_id(source, ids, "pack", rule->id);
    }
    check_regexes(source, rule);
    check_numbers(source, rule);
    if (rule->keywords != NULL) {
        check_words(source, rule->keywords->words);
    }
    if (rule->allow != NULL) {
        check_allow(source, rule);
    }
}

/* ---------------------------------------------------------------- the form, compiled */

static uapi_pack_texts copy_texts(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    uapi_pack_texts texts = {NULL, nodes != NULL ? (uint32_t)nodes->nelts : 0};
    const char **items = apr_pcalloc(pool, (texts.count + 1) * sizeof(*items));

    for (uint32_t i = 0; i < texts.count; i++) {
        items[i] = apr_pstrdup(pool, APR_ARRAY_IDX(nodes, i, const uapi_yaml_node *)->text);
    }
    texts.items = items;
    return texts;
}

static size_t size_of(const uapi_yaml_node *number, size_t otherwise)
{
    return number != NULL ? (size_t)strtoul(number->text, NULL, 10) : otherwise;
}

static uint32_t advise(const uapi_form_word *action)
{
    static const uint32_t advice[] = {
        [UAPI_ACTION_ALLOW] = UAPI_DEFAULT_IGNORE,  [UAPI_ACTION_LOG] = UAPI_DEFAULT_LOG,
        [UAPI_ACTION_REDACT] = UAPI_DEFAULT_REDACT, [UAPI_ACTION_APPROVE] = UAPI_DEFAULT_APPROVE,
        [UAPI_ACTION_BLOCK] = UAPI_DEFAULT_BLOCK,
    };

    return action->node != NULL ? advice[uapi_policy_form_action(action)] : UAPI_DEFAULT_HOST;
}

static uapi_pack_rule compile_rule(const uapi_form_pack_rule *form, apr_pool_t *pool)
{
    uapi_pack_rule rule = {
        .id = apr_pstrdup(pool, form->id->text),
        .title = form->title != NULL ? apr_pstrdup(pool, form->title->text) : NULL,
        .severity = form->severity.node != NULL ? (uint32_t)form->severity.value + 1 : UAPI_SEVERITY_MEDIUM,
        .directions = form->direction.node != NULL ? (uint32_t)form->direction.value + 1 : UAPI_DIRECTION_BOTH,
        .action = advise(&form->action),
        .caseless = form->caseless.node != NULL && form->caseless.value,
        .regexes = copy_texts(form->regex, pool),
        .has_checksum = form->checksum.node != NULL,
        .checksum = (uapi_checksum)form->checksum.value,
        .entropy = form->entropy != NULL ? strtod(form->entropy->text, NULL) : 0,
        .min_length = size_of(form->min_length, 0),
        .max_length = size_of(form->max_length, 0),
    };

    if (form->keywords != NULL) {
        rule.words = copy_texts(form->keywords->words, pool);
        rule.within = size_of(form->keywords->within, DEFAULT_WITHIN);
    }
    if (form->allow != NULL) {
        rule.exact = copy_texts(form->allow->exact, pool);
        rule.allow = copy_texts(form->allow->regex, pool);
    }
    return rule;
}

/* `tried`: what a rule does of itself must not keep its tests from being made. */
static apr_status_t make_pack(uapi_plugin **plugin, const uapi_form_document *document, int tried, apr_pool_t *pool,
                              uapi_result *result)
{
    const uapi_form_pack *form = document->spec;
    const uapi_yaml_node *name = document->metadata->name;
    uapi_pack_rule *rules = apr_pcalloc(pool, ((size_t)form->rules->nelts + 1) * sizeof(*rules));

    for (int i = 0; i < form->rules->nelts; i++) {
        rules[i] = compile_rule(APR_ARRAY_IDX(form->rules, i, uapi_form_pack_rule *), pool);
        rules[i].action = tried ? UAPI_DEFAULT_HOST : rules[i].action;
    }
    return uapi_pack_create(plugin, apr_pstrdup(pool, name->text),
                            apr_psprintf(pool, "%s:%u (PatternPack %s)", name->file, name->line, name->text), rules,
                            (uint32_t)form->rules->nelts, pool, result);
}

/* ---------------------------------------------------------------- its tests */

static int finds(const uapi_firewall *firewall, const char *rule, const uapi_form_pack_rule *form,
                 const uapi_yaml_node *text, apr_pool_t *pool)
{
    int answers_only = form->direction.node != NULL && form->direction.value + 1 == UAPI_DIRECTION_RESPONSE;
    uapi_firewall_report report;

    if (uapi_firewall_scan(firewall, answers_only ? UAPI_DIRECTION_RESPONSE : UAPI_DIRECTION_REQUEST, text->text,
                           text->length, &report, pool, NULL) != APR_SUCCESS) {
        return -1;
    }
    for (uint32_t i = 0; i < report.count; i++) {
        if (strcmp(report.findings[i].rule, rule) == 0) {
            return 1;
        }
    }
    return 0;
}

static void try_texts(uapi_policy_source *source, const uapi_firewall *firewall, const char *rule,
                      const uapi_form_pack_rule *form, const apr_array_header_t *texts, int wanted)
{
    for (int i = 0; texts != NULL && i < texts->nelts; i++) {
        const uapi_yaml_node *text = APR_ARRAY_IDX(texts, i, const uapi_yaml_node *);
        if (finds(firewall, rule, form, text, source->pool) != wanted) {
            uapi_policy_error(source->diagnoses, text, "rule %s %s this text", rule,
                              wanted ? "does not find anything in" : "finds something in");
        }
    }
}

static void try_pack(uapi_policy_source *source, const uapi_form_document *document)
{
    const uapi_form_pack *form = document->spec;
    const uapi_yaml_node *name = document->metadata->name;
    uapi_firewall *firewall = NULL;
    uapi_plugin *plugin = NULL;
    uapi_result why = {0};

    if (make_pack(&plugin, document, 1, source->pool, &why) != APR_SUCCESS ||
        uapi_firewall_create(&firewall, &plugin, 1, NULL, source->pool, &why) != APR_SUCCESS) {
        const char *detail = why.detail != NULL ? why.detail : "";
        uapi_policy_error(source->diagnoses, name, "the pack cannot be made: %s",
                          uapi_yaml_quote(detail, strlen(detail), source->pool));
        return;
    }
    for (int i = 0; i < form->rules->nelts; i++) {
        const uapi_form_pack_rule *rule = APR_ARRAY_IDX(form->rules, i, uapi_form_pack_rule *);
        const char *full = apr_pstrcat(source->pool, name->text, ".", rule->id->text, NULL);
        if (rule->tests != NULL) {
            try_texts(source, firewall, full, rule, rule->tests->match, 1);
            try_texts(source, firewall, full, rule, rule->tests->no_match, 0);
        }
    }
    uapi_firewall_memory_free();
}

void uapi_policy_check_pack(uapi_policy_source *source, const uapi_form_document *document)
{
    const uapi_form_pack *form = document->spec;
    apr_hash_t *ids = apr_hash_make(source->pool);
    int patterns = 0;

    if (document->metadata != NULL && document->metadata->name != NULL) {
        check_identifier(source, "pack", document->metadata->name);
    }
    for (int i = 0; form->rules != NULL && i < form->rules->nelts; i++) {
        const uapi_form_pack_rule *rule = APR_ARRAY_IDX(form->rules, i, uapi_form_pack_rule *);
        patterns += rule->regex != NULL ? rule->regex->nelts : 0;
        check_rule(source, ids, rule);
    }
    if (patterns > MOST_PATTERNS) {
        uapi_policy_error(source->diagnoses, form->node, "a pack has at most %d expressions", MOST_PATTERNS);
    }
    if (source->diagnoses->errors == 0) { /* what is not whole has been said already */
        try_pack(source, document);
    }
}

/* ---------------------------------------------------------------- the compiled policy */

static int compare_packs(const void *left, const void *right)
{
    return strcmp((*(uapi_plugin *const *)left)->scanner->name, (*(uapi_plugin *const *)right)->scanner->name);
}

void uapi_policy_compile_packs(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_PATTERN_PACK];

    policy->packs = apr_array_make(pool, documents->nelts + 1, sizeof(uapi_plugin *));
    for (int i = 0; i < documents->nelts; i++) {
        const uapi_form_document *document = APR_ARRAY_IDX(documents, i, uapi_form_document *);
        uapi_plugin *plugin;
        if (make_pack(&plugin, document, 0, pool, NULL) == APR_SUCCESS) {
            APR_ARRAY_PUSH(policy->packs, uapi_plugin *) = plugin;
        } else { /* it could be made for its tests, so memory is short */
            uapi_policy_error(source->diagnoses, document->metadata->name, "the pack cannot be made");
        }
    }
    qsort(policy->packs->elts, (size_t)policy->packs->nelts, sizeof(uapi_plugin *), compare_packs);
}

const apr_array_header_t *uapi_policy_packs(const uapi_policy *policy)
{
    return policy->packs;
}
