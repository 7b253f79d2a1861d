/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * How findings are redacted, judged and compiled. Of several documents what tells least wins: adding one never lets more of a
 * value be seen.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum { MOST_KEPT = 4 };

static int says_style(const uapi_form_redaction *form, uapi_redaction_style style)
{
    return form->style.node != NULL && form->style.value == (int)style;
}

void uapi_policy_check_redaction(uapi_policy_source *source, const uapi_form_redaction *redaction)
{
    const uapi_yaml_node *kept = redaction->keep_last;
    int plain = redaction->style.node == NULL || says_style(redaction, UAPI_REDACTION_PLACEHOLDER);

    uapi_policy_check_rule_globs(source, redaction->keep_last_of);
    if (redaction->node->items == NULL) {
        uapi_policy_error(source->diagnoses, redaction->node, "redaction says nothing: leave it out");
    }
    if (redaction->consistent.node != NULL && !plain) {
        uapi_policy_error(source->diagnoses, redaction->consistent.node,
                          "\"consistent\" numbers placeholders; the other styles are consistent of themselves");
    }
    if (kept != NULL && (strlen(kept->text) != 1 || *kept->text < '1' || *kept->text > '0' + MOST_KEPT)) {
        uapi_policy_error(source->diagnoses, kept, "\"keep_last\" must be a whole number from 1 to %d", MOST_KEPT);
    }
    if ((kept != NULL) != (redaction->keep_last_of != NULL)) {
        uapi_policy_error(
            source->diagnoses, redaction->node,
            "\"keep_last\" and \"keep_last_of\" (the rules whose findings keep their last digits) belong together");
    } else if (kept != NULL && !says_style(redaction, UAPI_REDACTION_FORMAT)) {
        uapi_policy_error(source->diagnoses, kept, "\"keep_last\" needs \"style: format\"");
    }
}

static void take(uapi_policy_redaction *all, const uapi_form_redaction *form, int first, apr_pool_t *pool)
{
    uapi_redaction_style style = form->style.node != NULL ? (uapi_redaction_style)form->style.value
                                                          : UAPI_REDACTION_PLACEHOLDER;
    int consistent = form->consistent.node != NULL && form->consistent.value;
    unsigned kept = form->keep_last != NULL ? (unsigned)strtoul(form->keep_last->text, NULL, 10) : 0;

    if (!first && style < all->style) {
        style = all->style;
    }
    all->consistent = first ? consistent : all->consistent && consistent;
    if (first && kept > 0) {
        const char **items = apr_pcalloc(pool, ((size_t)form->keep_last_of->nelts + 1) * sizeof(*items));
        for (int i = 0; i < form->keep_last_of->nelts; i++) {
            items[i] = apr_pstrdup(pool, APR_ARRAY_IDX(form->keep_last_of, i, const uapi_yaml_node *)->text);
        }
        all->keep_last_of = (uapi_ruling_globs){items, (uint32_t)form->keep_last_of->nelts};
        all->keep_last = kept;
    } else if (!first) { /* only one document may say it: of two, either would be let down by the other */
        all->keep_last = 0;
    }
    all->style = style;
}

void uapi_policy_compile_redaction(uapi_policy *policy, const uapi_policy_source *source, apr_pool_t *pool)
{
    const apr_array_header_t *documents = source->documents[UAPI_FORM_FIREWALL];
    int first = 1;

    policy->redaction.style = UAPI_REDACTION_PLACEHOLDER;
    for (int i = 0; i < documents->nelts; i++) {
        const uapi_form_firewall *form = APR_ARRAY_IDX(documents, i, uapi_form_document *)->spec;
        uapi_mode mode = form->mode.node != NULL ? uapi_policy_form_mode(&form->mode) : UAPI_MODE_ENFORCE;
        if (form->redaction != NULL && mode == policy->firewall_mode) {
            take(&policy->redaction, form->redaction, first, pool);
            first = 0;
        }
    }
}

const uapi_policy_redaction *uapi_policy_redaction_of(const uapi_policy *policy)
{
    return &policy->redaction;
}
