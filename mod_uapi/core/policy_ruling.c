/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "policy_ruling.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "crypto.h"
#include "glob.h"
#include "policy_internal.h"

/* ---------------------------------------------------------------- compiling */

static uapi_ruling_globs compile_globs(const apr_array_header_t *nodes, const char *after, apr_pool_t *pool)
{
    uapi_ruling_globs globs = {NULL, nodes != NULL ? (uint32_t)nodes->nelts : 0};
    const char **items = apr_pcalloc(pool, (globs.count + 1) * sizeof(*items));

    for (uint32_t i = 0; i < globs.count; i++) {
        items[i] = apr_pstrcat(pool, APR_ARRAY_IDX(nodes, i, const uapi_yaml_node *)->text, after, NULL);
    }
    globs.items = items;
    return globs;
}

static unsigned hex_digit(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

static const char *read_digest(const char *hex, apr_pool_t *pool)
{
    char *digest = apr_palloc(pool, UAPI_SHA256_SIZE);

    for (size_t i = 0; i < UAPI_SHA256_SIZE; i++) {
        digest[i] = (char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return digest;
}

static void compile_value(uapi_ruling *ruling, const uapi_form_value_of *form, apr_pool_t *pool)
{
    const uapi_yaml_node *text = form->exact != NULL ? form->exact : form->glob;

    if (form->sha256 != NULL) {
        ruling->value_kind = UAPI_RULING_SHA256;
        ruling->value = read_digest(form->sha256->text, pool);
        ruling->value_length = UAPI_SHA256_SIZE;
        return;
    }
    ruling->value_kind = form->exact != NULL ? UAPI_RULING_EXACT : UAPI_RULING_GLOB;
    ruling->value = apr_pstrmemdup(pool, text->text, text->length);
    ruling->value_length = text->length;
}

static uapi_ruling compile_ruling(const uapi_form_document *document, const uapi_form_ruling *form, apr_pool_t *pool)
{
    uapi_ruling ruling = {
        .id = apr_pstrcat(pool, document->metadata->name->text, "/", form->id->text, NULL),
        .names = form->rules != NULL ? compile_globs(form->rules, "", pool) : compile_globs(form->scanners, ".*", pool),
        .servers = compile_globs(form->servers, "", pool),
        .tools = compile_globs(form->tools, "", pool),
        .directions = form->direction.node != NULL ? (uint32_t)form->direction.value + 1 : UAPI_DIRECTION_BOTH,
        .severity = form->severity.node != NULL ? (uint32_t)form->severity.value + 1 : UAPI_SEVERITY_LOW,
        .action = form->action.node != NULL ? uapi_policy_form_action(&form->action) : UAPI_ACTION_ALLOW,
        .file = apr_pstrdup(pool, form->id->file),
        .line = form->id->line,
        .column = form->id->column,
    };

    ruling.subjects = uapi_policy_compile_subjects(form->subjects, &ruling.subject_count, pool);
    if (form->expires != NULL) {
        uapi_policy_read_date(form->expires->text, &ruling.expires);
        ruling.expires += apr_time_from_sec(24 * 60 * 60); /* the day itself counts */
    }
    if (form->value != NULL) {
        compile_value(&ruling, form->value, pool);
    }
    return ruling;
}

static uapi_mode mode_of(const uapi_form_word *word)
{
    return word->node != NULL ? uapi_policy_form_mode(word) : UAPI_MODE_ENFORCE;
}

/*
 * A document in the mode of the whole speaks as it stands. One in a laxer mode speaks in shadow, or not at all: what is
 * tried out in it opens nothing, so its exceptions do not count either.
 */
static void add_document(const uapi_policy *policy, const uapi_form_document *document, apr_array_header_t *rules,
                         apr_array_header_t *exceptions, apr_pool_t *pool)
{
    const uapi_form_firewall *form = document->spec;
    uapi_mode mode = mode_of(&form->mode);
    int shadow = mode < policy->firewall_mode;

    if (shadow && mode == UAPI_MODE_DISABLED) {
        return;
    }
    for (int i = 0; form->rules != NULL && i < form->rules->nelts; i++) {
        const uapi_form_ruling *one = APR_ARRAY_IDX(form->rules, i, uapi_form_ruling *);
        uapi_mode own = mode_of(&one->mode);
        if (own != UAPI_MODE_DISABLED) {
            uapi_ruling *ruling = apr_array_push(rules);
            *ruling = compile_ruling(document, one, pool);
            ruling->shadow = shadow || own == UAPI_MODE_SHADOW;
        }
    }
    for (int i = 0; !shadow && form->allow != NULL && i < form->allow->nelts; i++) {
        const uapi_form_ruling *one = APR_ARRAY_IDX(form->allow, i, uapi_form_ruling *);
        APR_ARRAY_PUSH(exceptions, uapi_ruling) = compile_ruling(document, one, pool);
    }
}

static int compare_ids(const void *left, const void *right)
{
    return strcmp(((const uapi_ruling *)left)->id, ((const uapi_ruling *)right)->id);
}

static uapi_rulings sorted(apr_array_header_t *list)
{
    qsort(list->elts, (size_t)list->nelts, sizeof(uapi_ruling), compare_ids);
    return (uapi_rulings){(const uapi_ruling *)(const void *)list->elts, (uint32_t)list->nelts};
}

void uapi_policy_compile_rulings(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_FIREWALL];
    apr_array_header_t *rules = apr_array_make(pool, 4, sizeof(uapi_ruling));
    apr_array_header_t *exceptions = apr_array_make(pool, 4, sizeof(uapi_ruling));

    for (int i = 0; i < documents->nelts; i++) {
        add_document(policy, APR_ARRAY_IDX(documents, i, uapi_form_document *), rules, exceptions, pool);
    }
    policy->rulings = sorted(rules);
    policy->exceptions = sorted(exceptions);
}

const uapi_rulings *uapi_policy_rulings(const uapi_policy *policy)
{
    return &policy->rulings;
}

const uapi_rulings *uapi_policy_exceptions(const uapi_policy *policy)
{
    return &policy->exceptions;
}

/* ---------------------------------------------------------------- matching */

static int matches(const uapi_ruling_globs *globs, const char *name)
{
    size_t length = strlen(name);

    for (uint32_t i = 0; i < globs->count; i++) {
        if (uapi_glob_match(globs->items[i], strlen(globs->items[i]), name, length)) {
            return 1;
        }
    }
    return globs->count == 0;
}

int uapi_ruling_names(const uapi_ruling *ruling, const char *rule)
{
    return matches(&ruling->names, rule);
}

/* As in policies, tools are what tools/call calls, and the operations of REST services. */
static uapi_ruling_fit fit_tool(const uapi_ruling *ruling, const uapi_call_info *call)
{
    if (ruling->tools.count == 0) {
        return UAPI_RULING_YES;
    }
    if (*call->method == '\0') {
        return UAPI_RULING_PERHAPS;
    }
    return (strcmp(call->method, "tools/call") == 0 || strncmp(call->method, "http/", 5) == 0) &&
                   *call->target != '\0' && matches(&ruling->tools, call->target)
               ? UAPI_RULING_YES
               : UAPI_RULING_NO;
}

uapi_ruling_fit uapi_ruling_applies(const uapi_ruling *ruling, const uapi_call_info *call, uint32_t severity)
{
    uapi_principal_type type;
    int known = uapi_principal_type_parse(call->principal_type, &type) == 0;

    if (!(ruling->directions & call->direction) || severity < ruling->severity ||
        !matches(&ruling->servers, call->server) ||
        !uapi_policy_is_subject(ruling->subjects, ruling->subject_count, known ? (int)type : -1, call->principal,
                                call->roles)) {
        return UAPI_RULING_NO;
    }
    return fit_tool(ruling, call);
}

static int has_digest(const uapi_ruling *exception, const char *text, size_t length)
{
    uint8_t digest[UAPI_SHA256_SIZE];

    return uapi_crypto_sha256(text, length, digest) == 0 && memcmp(digest, exception->value, sizeof(digest)) == 0;
}

int uapi_ruling_excepts(const uapi_ruling *exception, const char *text, size_t length, apr_time_t now)
{
    if (now >= exception->expires || (text == NULL && exception->value_kind != UAPI_RULING_ANY_VALUE)) {
        return 0;
    }
    switch (exception->value_kind) {
    case UAPI_RULING_ANY_VALUE:
        return 1;
    case UAPI_RULING_SHA256:
        return has_digest(exception, text, length);
    case UAPI_RULING_EXACT:
        return length == exception->value_length && memcmp(text, exception->value, length) == 0;
    case UAPI_RULING_GLOB:
        return uapi_glob_match(exception->value, exception->value_length, text, length);
    }
    return 0;
}
