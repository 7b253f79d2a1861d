/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Subjects: who a policy or a rule of the firewall is about. Judged, compiled and matched in one place, so that both
 * mean the same by them.
 */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* ---------------------------------------------------------------- judging */

static void check_names(uapi_policy_source *source, const char *what, const apr_array_header_t *names)
{
    for (int i = 0; names != NULL && i < names->nelts; i++) {
        uapi_policy_check_name(source, what, APR_ARRAY_IDX(names, i, const uapi_yaml_node *));
    }
}

static void check_anonymous(uapi_policy_source *source, const uapi_form_subject *subject)
{
    if (subject->roles != NULL) {
        uapi_policy_error(source->diagnoses, subject->node,
                          "anonymous callers have no roles, so this subject can never match");
    }
    if (subject->id != NULL || subject->ids != NULL) {
        uapi_policy_error(source->diagnoses, subject->node, "anonymous callers have no id of their own: leave it out");
    }
}

static void check_subject(uapi_policy_source *source, const uapi_form_subject *subject)
{
    if (subject->node->items == NULL) {
        uapi_policy_error(
            source->diagnoses, subject->node,
            "a subject needs \"type\", \"roles\", \"id\" or \"ids\"; leave \"subjects\" out to mean everyone");
    }
    if (subject->id != NULL && subject->ids != NULL) {
        uapi_policy_error(source->diagnoses, subject->node, "a subject has either \"id\" or \"ids\"");
    }
    if (subject->id != NULL) {
        uapi_policy_check_name(source, "id", subject->id);
    }
    check_names(source, "id", subject->ids);
    check_names(source, "role", subject->roles);
    if (subject->type.node != NULL && subject->type.value == UAPI_PRINCIPAL_ANONYMOUS) {
        check_anonymous(source, subject);
    }
}

void uapi_policy_check_subjects(uapi_policy_source *source, const apr_array_header_t *subjects)
{
    for (int i = 0; subjects != NULL && i < subjects->nelts; i++) {
        check_subject(source, APR_ARRAY_IDX(subjects, i, uapi_form_subject *));
    }
}

/* ---------------------------------------------------------------- compiling */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char *const *sort_names(const apr_array_header_t *nodes, const uapi_yaml_node *one, uint32_t *count,
                                     apr_pool_t *pool)
{
    uint32_t listed = nodes != NULL ? (uint32_t)nodes->nelts : 0;
    const char **names = apr_pcalloc(pool, (listed + 1) * sizeof(*names));

    *count = 0;
    if (one != NULL) {
        names[(*count)++] = apr_pstrdup(pool, one->text);
    }
    for (uint32_t i = 0; i < listed; i++) {
        names[(*count)++] = apr_pstrdup(pool, APR_ARRAY_IDX(nodes, i, const uapi_yaml_node *)->text);
    }
    qsort(names, *count, sizeof(*names), compare_names);
    return names;
}

const uapi_policy_subject *uapi_policy_compile_subjects(const apr_array_header_t *forms, uint32_t *count,
                                                        apr_pool_t *pool)
{
    uapi_policy_subject *subjects;

    *count = forms != NULL ? (uint32_t)forms->nelts : 0;
    subjects = apr_pcalloc(pool, ((size_t)*count + 1) * sizeof(*subjects));
    for (uint32_t i = 0; i < *count; i++) {
        const uapi_form_subject *form = APR_ARRAY_IDX(forms, i, uapi_form_subject *);
        subjects[i].type = form->type.node != NULL ? form->type.value : -1;
        /* "id" and "ids" exclude each other */
        subjects[i].ids = sort_names(form->ids, form->id, &subjects[i].id_count, pool);
        subjects[i].roles = sort_names(form->roles, NULL, &subjects[i].role_count, pool);
    }
    return subjects;
}

/* ---------------------------------------------------------------- matching */

static int compare_key(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

static int among(const char *name, const char *const *sorted, uint32_t count)
{
    return name != NULL && bsearch(name, sorted, count, sizeof(*sorted), compare_key) != NULL;
}

static int has_role(const char *const *roles, const uapi_policy_subject *subject)
{
    for (const char *const *role = roles; role != NULL && *role != NULL; role++) {
        if (among(*role, subject->roles, subject->role_count)) {
            return 1;
        }
    }
    return 0;
}

int uapi_policy_is_subject(const uapi_policy_subject *subjects, uint32_t count, int type, const char *id,
                           const char *const *roles)
{
    for (uint32_t i = 0; i < count; i++) {
        const uapi_policy_subject *subject = &subjects[i];
        if ((subject->type < 0 || subject->type == type) &&
            (subject->id_count == 0 || among(id, subject->ids, subject->id_count)) &&
            (subject->role_count == 0 || has_role(roles, subject))) {
            return 1;
        }
    }
    return count == 0;
}
