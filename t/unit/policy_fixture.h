/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the policy's tests share: a pool a test, loading a text, and the diagnostics as `uapictl policy lint` prints them.
 */
#ifndef UAPI_T_UNIT_POLICY_FIXTURE_H
#define UAPI_T_UNIT_POLICY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "../../mod_uapi/core/policy.h"
#include "../../mod_uapi/core/policy_internal.h"

/* The beginning of a document, up to its spec. */
#define HEAD(kind, metadata) "apiVersion: uapi/v1\nkind: " kind "\nmetadata: " metadata "\nspec:\n"
/* A Policy of which the rules are still to be written; the first is in line 6. */
#define RULES HEAD("Policy", "{name: p}") "  rules:\n"
#define POLICY(metadata) HEAD("Policy", metadata)
#define FIREWALL(name) HEAD("Firewall", "{name: " name "}")
#define SERVER(name) HEAD("Server", "{name: " name "}")

static apr_pool_t *pool;

static inline int set_up(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static inline int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/* One line for each diagnostic. */
static inline const char *print_diagnostics(const apr_array_header_t *diagnostics)
{
    const char *text = "";

    for (int i = 0; i < diagnostics->nelts; i++) {
        const uapi_diagnostic *d = &APR_ARRAY_IDX(diagnostics, i, uapi_diagnostic);
        const char *level = d->level == UAPI_DIAGNOSTIC_ERROR ? "error" : "warning";
        const char *where = d->line > 0 ? apr_psprintf(pool, "%u:%u:", d->line, d->column) : "";
        text = apr_psprintf(pool, "%s%s:%s %s: %s\n", text, d->file, where, level, d->message);
    }
    return text;
}

/* Parses a copy of exactly that size, so that a sanitizer sees a read beyond it. */
static inline uapi_policy *parse(const char *name, const char *text, size_t length, const char **printed)
{
    char *copy = malloc(length > 0 ? length : 1);
    apr_array_header_t *diagnostics = NULL;
    uapi_policy *policy = NULL;
    uapi_result result = {0};
    apr_status_t status;

    assert_non_null(copy);
    memcpy(copy, text, length);
    status = uapi_policy_parse(&policy, name, copy, length, &diagnostics, pool, &result);
    free(copy);
    assert_non_null(diagnostics);
    assert_int_equal(status == APR_SUCCESS, policy != NULL);
    assert_int_equal(result.reason, status == APR_SUCCESS ? UAPI_REASON_NONE : UAPI_REASON_CONFIG_INVALID);
    *printed = print_diagnostics(diagnostics);
    return policy;
}

/* A policy that must load without a word. */
static inline uapi_policy *load(const char *text)
{
    const char *printed;
    uapi_policy *policy = parse("p", text, strlen(text), &printed);

    assert_string_equal(printed, "");
    assert_non_null(policy);
    return policy;
}

#endif
