/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "policy_internal.h"

#include <apr_strings.h>

#include "../store/store.h"

int uapi_policy_check_name(uapi_policy_source *source, const char *what, const uapi_yaml_node *name)
{
    if (uapi_store_name_valid(name->text)) {
        return 1;
    }
    uapi_policy_error(source->diagnoses, name,
                      "%s %s is no name: 1 to 64 of A-Z a-z 0-9 . _ @ -, beginning with a letter or digit", what,
                      uapi_yaml_quote(name->text, name->length, source->pool));
    return 0;
}

static void check_metadata(uapi_policy_source *source, const uapi_form_metadata *metadata, uapi_form_kind kind)
{
    const char *kind_name = uapi_policy_form_kind_name(kind), *key, *tenant;
    const uapi_yaml_node *first;

    if (metadata->tenant != NULL && !uapi_policy_check_name(source, "tenant", metadata->tenant)) {
        return;
    }
    if (metadata->name == NULL || !uapi_policy_check_name(source, "name", metadata->name)) {
        return;
    }
    tenant = metadata->tenant != NULL ? metadata->tenant->text : "";
    key = apr_psprintf(source->pool, "%d %s %s", (int)kind, metadata->name->text, tenant);
    first = apr_hash_get(source->seen, key, APR_HASH_KEY_STRING);
    if (first == NULL) {
        apr_hash_set(source->seen, key, APR_HASH_KEY_STRING, metadata->name);
        return;
    }
    uapi_policy_error(source->diagnoses, metadata->name, "%s \"%s\"%s%s is defined twice, first at %s:%u:%u", kind_name,
                      metadata->name->text, *tenant != '\0' ? " of tenant " : "", tenant, first->file, first->line,
                      first->column);
}

void uapi_policy_check(uapi_policy_source *source, const uapi_form_document *document, uapi_form_kind kind)
{
    if (document->metadata != NULL) {
        check_metadata(source, document->metadata, kind);
    }
    if (document->spec == NULL) {
        return;
    }
    switch (kind) {
    case UAPI_FORM_POLICY:
        uapi_policy_check_policy(source, document->spec);
        break;
    case UAPI_FORM_FIREWALL:
        uapi_policy_check_firewall(source, document->spec);
        break;
    case UAPI_FORM_SERVER:
        uapi_policy_check_server(source, document->spec);
        break;
    case UAPI_FORM_PATTERN_PACK:
        uapi_policy_check_pack(source, document);
        break;
    case UAPI_FORM_KINDS:
        break;
    }
}
