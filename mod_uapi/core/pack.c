/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "pack.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <hs.h>

#include "plugin_internal.h"
#include "yaml.h"

typedef struct pack {
    uapi_scanner_1 scanner;
    const uapi_pack_rule *rules;
    uapi_rule *rule_table;
    uapi_pattern *patterns;
    uint32_t rule_count, pattern_count;
    hs_database_t *allowed; /* of all rules' expressions of what is none; NULL: there are none */
    hs_scratch_t *scratch;  /* never scanned with: cloned for each use, which is for few candidates only */
    uint32_t *allowed_rule; /* by id in `allowed` */
} pack;

/* ---------------------------------------------------------------- expressions */

static int has_characters(const char *regex)
{
    while (*regex != '\0' && (unsigned char)*regex < 0x80) {
        regex++;
    }
    return *regex != '\0';
}

uint32_t uapi_pack_flags(const char *regex, int caseless)
{
    return (caseless ? UAPI_PATTERN_CASELESS : 0u) | (has_characters(regex) ? UAPI_PATTERN_UTF8 : 0u);
}

static unsigned libhs_flags(const char *regex, int caseless)
{
    return (caseless ? HS_FLAG_CASELESS : 0u) | (has_characters(regex) ? HS_FLAG_UTF8 | HS_FLAG_UCP : 0u);
}

static const char *take_error(hs_compile_error_t *error, apr_pool_t *pool)
{
    const char *quoted = uapi_yaml_quote(error->message, strlen(error->message), pool);

    hs_free_compile_error(error);
    return apr_pstrcat(pool, "is no expression that can be looked for: ", quoted, NULL);
}

const char *uapi_pack_regex_fault(const char *regex, int caseless, apr_pool_t *pool)
{
    hs_compile_error_t *error = NULL;
    hs_expr_info_t *info = NULL;
    const char *fault = NULL;

    if (strlen(regex) > UAPI_PACK_LONGEST_REGEX) {
        return apr_psprintf(pool, "is longer than %d bytes", UAPI_PACK_LONGEST_REGEX);
    }
    if (hs_expression_info(regex, libhs_flags(regex, caseless) | HS_FLAG_SOM_LEFTMOST, &info, &error) != HS_SUCCESS) {
        return take_error(error, pool);
    }
    if (info->min_width == 0) {
        fault = "matches the empty text";
    } else if (info->max_width == UINT_MAX) {
        fault = "has no bound: give its repetitions one, such as {1,64}";
    } else if (info->max_width > UAPI_PACK_LONGEST_MATCH) {
        fault = apr_psprintf(pool, "matches texts of more than %d bytes", UAPI_PACK_LONGEST_MATCH);
    }
    free(info);
    return fault;
}

/* ---------------------------------------------------------------- evidence */

/* Shannon's, over bytes. */
static double entropy_of(const char *text, size_t length)
{
    uint32_t counts[256] = {0};
    double bits = 0;

    for (size_t i = 0; i < length; i++) {
        counts[(uint8_t)text[i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        double share = (double)counts[i] / (double)length;
        bits -= counts[i] > 0 ? share * log2(share) : 0;
    }
    return bits;
}

static int is_word_byte(char byte)
{
    return apr_isalnum(byte) || (unsigned char)byte >= 0x80;
}

/* A whole word: no letter or digit stands at its sides. */
static int has_word(const uapi_string *text, size_t from, size_t to, const char *word)
{
    size_t length = strlen(word);

    for (size_t at = from; at + length <= to; at++) {
        if (strncasecmp(text->data + at, word, length) == 0 && (at == 0 || !is_word_byte(text->data[at - 1])) &&
            (at + length == text->length || !is_word_byte(text->data[at + length]))) {
            return 1;
        }
    }
    return 0;
}

static int has_context(const uapi_pack_rule *rule, const uapi_candidate *candidate)
{
    const uapi_string *text = &candidate->text;
    size_t before = candidate->from > rule->within ? candidate->from - rule->within : 0;
    size_t behind = text->length - candidate->to > rule->within ? candidate->to + rule->within : text->length;

    for (uint32_t i = 0; i < rule->words.count; i++) {
        if (has_word(text, before, candidate->from, rule->words.items[i]) ||
            has_word(text, candidate->to, behind, rule->words.items[i])) {
            return 1;
        }
    }
    return rule->words.count == 0;
}

static int is_exact(const uapi_pack_rule *rule, const char *text, size_t length)
{
    for (uint32_t i = 0; i < rule->exact.count; i++) {
        if (strlen(rule->exact.items[i]) == length && memcmp(rule->exact.items[i], text, length) == 0) {
            return 1;
        }
    }
    return 0;
}

typedef struct search {
    const pack *of;
    uint32_t rule;
    size_t length;
    int found;
} search;

static int on_allowed(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    search *s = context;

    (void)flags;
    s->found |= s->of->allowed_rule[id] == s->rule && from == 0 && to == s->length;
    return s->found;
}

/* Without memory for it nothing is an exception: the finding stands. */
static int is_allowed(const pack *of, uint32_t rule, const char *text, size_t length)
{
    search s = {of, rule, length, 0};
    hs_scratch_t *scratch = NULL;

    if (of->rules[rule].allow.count == 0 || hs_clone_scratch(of->scratch, &scratch) != HS_SUCCESS) {
        return 0;
    }
    hs_scan(of->allowed, text, (unsigned)length, 0, scratch, on_allowed, &s);
    hs_free_scratch(scratch);
    return s.found;
}

static int32_t verify(void *instance, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const pack *of = instance;
    const uapi_pack_rule *rule = &of->rules[finding->rule];
    const char *text = candidate->text.data + candidate->from;
    size_t length = candidate->to - candidate->from;

    (void)state;
    if (length < rule->min_length || (rule->max_length > 0 && length > rule->max_length) ||
        is_exact(rule, text, length) || (rule->entropy > 0 && entropy_of(text, length) < rule->entropy) ||
        (rule->has_checksum && !uapi_checksum_holds(rule->checksum, text, length))) {
        return UAPI_NOT_FOUND;
    }
    if (!has_context(rule, candidate)) {
        return UAPI_NOT_FOUND;
    }
    return is_allowed(of, finding->rule, text, length) ? UAPI_NOT_FOUND : UAPI_FOUND;
}

/* ---------------------------------------------------------------- the scanner */

static const uapi_rule *rule_table(void *instance, uint32_t *count)
{
    const pack *of = instance;

    *count = of->rule_count;
    return of->rule_table;
}

static const uapi_pattern *pattern_table(void *instance, uint32_t *count)
{
    const pack *of = instance;

    *count = of->pattern_count;
    return of->patterns;
}

static void add_rule(pack *of, uint32_t index)
{
    const uapi_pack_rule *rule = &of->rules[index];

    of->rule_table[index] = (uapi_rule){
        .size = sizeof(uapi_rule),
        .severity = rule->severity,
        .directions = rule->directions,
        .request_action = rule->action,
        .response_action = rule->action,
        .id = rule->id,
        .title = rule->title,
    };
    for (uint32_t i = 0; i < rule->regexes.count; i++) {
        of->patterns[of->pattern_count++] = (uapi_pattern){
            .size = sizeof(uapi_pattern),
            .flags = uapi_pack_flags(rule->regexes.items[i], rule->caseless),
            .rule = index,
            .regex = rule->regexes.items[i],
        };
    }
}

static apr_status_t free_allowed(void *data)
{
    pack *of = data;

    hs_free_scratch(of->scratch);
    hs_free_database(of->allowed);
    return APR_SUCCESS;
}

static apr_status_t compile_allowed(pack *of, uint32_t total, apr_pool_t *pool, uapi_result *result)
{
    const char **regexes = apr_pcalloc(pool, (total + 1) * sizeof(*regexes));
    unsigned *flags = apr_pcalloc(pool, (total + 1) * sizeof(*flags)),
             *ids = apr_pcalloc(pool, (total + 1) * sizeof(*ids));
    hs_compile_error_t *error = NULL;
    uint32_t count = 0;

    of->allowed_rule = apr_pcalloc(pool, (total + 1) * sizeof(*of->allowed_rule));
    for (uint32_t i = 0; i < of->rule_count; i++) {
        for (uint32_t j = 0; j < of->rules[i].allow.count; j++, count++) {
            regexes[count] = of->rules[i].allow.items[j];
            flags[count] = libhs_flags(regexes[count], of->rules[i].caseless) | HS_FLAG_SOM_LEFTMOST;
            ids[count] = count;
            of->allowed_rule[count] = i;
        }
    }
    if (hs_compile_multi(regexes, flags, ids, count, HS_MODE_BLOCK, NULL, &of->allowed, &error) != HS_SUCCESS) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, "pack %s: one of its \"allow\" %s",
                         of->scanner.name, take_error(error, pool));
    }
    apr_pool_cleanup_register(pool, of, free_allowed, apr_pool_cleanup_null);
    return hs_alloc_scratch(of->allowed, &of->scratch) == HS_SUCCESS
               ? APR_SUCCESS
               : uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "no memory for pack %s", of->scanner.name);
}

apr_status_t uapi_pack_create(uapi_plugin **plugin, const char *name, const char *path, const uapi_pack_rule *rules,
                              uint32_t count, apr_pool_t *pool, uapi_result *result)
{
    pack *of = apr_pcalloc(pool, sizeof(*of));
    uapi_plugin *made = apr_pcalloc(pool, sizeof(*made));
    uint32_t patterns = 0, allowed = 0;
    apr_status_t status = APR_SUCCESS;

    *plugin = NULL;
    for (uint32_t i = 0; i < count; i++) {
        patterns += rules[i].regexes.count;
        allowed += rules[i].allow.count;
    }
    of->rules = rules;
    of->rule_count = count;
    of->rule_table = apr_pcalloc(pool, (count + 1) * sizeof(*of->rule_table));
    of->patterns = apr_pcalloc(pool, (patterns + 1) * sizeof(*of->patterns));
    of->scanner = (uapi_scanner_1){.name = name, .rules = rule_table, .patterns = pattern_table, .verify = verify};
    for (uint32_t i = 0; i < count; i++) {
        add_rule(of, i);
    }
    *made = (uapi_plugin){.path = path, .sha256 = "", .instance = of, .scanner = &of->scanner};
    if (allowed > 0) {
        status = compile_allowed(of, allowed, pool, result);
    }
    if (status == APR_SUCCESS) {
        status = uapi_plugin_check_scanner(made, pool, result);
    }
    *plugin = status == APR_SUCCESS ? made : NULL;
    return status;
}
