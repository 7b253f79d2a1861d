/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Rules and allow-lists of Firewall documents, judged. An exception says who answers for it, why it is made and when it
 * ends, and is about something in particular: one for everything would switch the firewall off under another name.
 */
#include "policy_internal.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

enum { SOON_DAYS = 30, LONGEST_VALUE = 1024 };

#define DAY apr_time_from_sec(24 * 60 * 60)

static const char *quote(const uapi_policy_source *source, const uapi_yaml_node *node)
{
    return uapi_yaml_quote(node->text, node->length, source->pool);
}

/* ---------------------------------------------------------------- dates */

static int two_digits(const char *text)
{
    return apr_isdigit(text[0]) && apr_isdigit(text[1]) ? (text[0] - '0') * 10 + (text[1] - '0') : -1;
}

int uapi_policy_read_date(const char *text, apr_time_t *midnight)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t parts = {0};
    int century, year, month, day;

    *midnight = 0;
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') {
        return 0;
    }
    century = two_digits(text);
    year = two_digits(text + 2);
    month = two_digits(text + 5);
    day = two_digits(text + 8);
    if (century < 19 || year < 0 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
        century * 100 + year < 1970) {
        return 0;
    }
    parts.tm_year = century * 100 + year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    if (month == 2 && day == 29 && (year % 4 != 0 || (year == 0 && century % 4 != 0))) {
        return 0;
    }
    return apr_time_exp_gmt_get(midnight, &parts) == APR_SUCCESS;
}

static void check_expiry(uapi_policy_source *source, const uapi_form_ruling *entry)
{
    apr_time_t midnight, now = apr_time_now();

    if (!uapi_policy_read_date(entry->expires->text, &midnight)) {
        uapi_policy_error(
            source->diagnoses, entry->expires,
            "\"expires\" must be a date such as 2027-06-30, the last day on which the entry counts, not %s",
            quote(source, entry->expires));
    } else if (now >= midnight + DAY) {
        uapi_policy_warn(source->diagnoses, entry->expires,
                         "this entry has expired and does not count any more: renew or remove it");
    } else if (now >= midnight - (SOON_DAYS - 1) * DAY) {
        uapi_policy_warn(source->diagnoses, entry->expires, "this entry expires in %d days: renew it in time",
                         (int)((midnight + DAY - now) / DAY));
    }
}

/* ---------------------------------------------------------------- what it is about */

static void check_globs(uapi_policy_source *source, const char *what, const apr_array_header_t *globs,
                        const char *letters)
{
    for (int i = 0; globs != NULL && i < globs->nelts; i++) {
        const uapi_yaml_node *glob = APR_ARRAY_IDX(globs, i, const uapi_yaml_node *);
        if (glob->length == 0 || glob->length > UAPI_POLICY_MAX_NAME ||
            glob->text[strspn(glob->text, letters)] != '\0') {
            uapi_policy_error(source->diagnoses, glob, "%s %s matches no name: %s", what, quote(source, glob),
                              strcmp(what, "rule") == 0 ? "<scanner>.<rule>, of a-z 0-9 _, with * and ?"
                                                        : "a-z 0-9 _, with * and ?");
        }
    }
}

void uapi_policy_check_rule_globs(uapi_policy_source *source, const apr_array_header_t *globs)
{
    check_globs(source, "rule", globs, "abcdefghijklmnopqrstuvwxyz0123456789_.*?");
}

static void check_scope(uapi_policy_source *source, const uapi_form_ruling *ruling)
{
    uapi_policy_check_subjects(source, ruling->subjects);
    for (int i = 0; ruling->servers != NULL && i < ruling->servers->nelts; i++) {
        uapi_policy_check_server_pattern(source, APR_ARRAY_IDX(ruling->servers, i, const uapi_yaml_node *));
    }
    for (int i = 0; ruling->tools != NULL && i < ruling->tools->nelts; i++) {
        uapi_policy_check_pattern(source, "tool", APR_ARRAY_IDX(ruling->tools, i, const uapi_yaml_node *));
    }
    check_globs(source, "scanner", ruling->scanners, "abcdefghijklmnopqrstuvwxyz0123456789_*?");
    uapi_policy_check_rule_globs(source, ruling->rules);
    if (ruling->scanners != NULL && ruling->rules != NULL) {
        uapi_policy_error(source->diagnoses, ruling->node,
                          "it has both \"scanners\" and \"rules\": write \"<scanner>.*\" among the rules instead");
    }
}

/* ---------------------------------------------------------------- exceptions */

static void check_text(uapi_policy_source *source, const char *what, const uapi_yaml_node *text)
{
    if (text != NULL && text->text[strspn(text->text, " ")] == '\0') {
        uapi_policy_error(source->diagnoses, text, "\"%s\" is empty: others must be able to ask about this entry",
                          what);
    }
}

static int is_digest(const uapi_yaml_node *text)
{
    return text->length == 64 && strspn(text->text, "0123456789abcdefABCDEF") == 64;
}

static void check_value(uapi_policy_source *source, const uapi_form_value_of *value)
{
    const uapi_yaml_node *text = value->exact != NULL ? value->exact : value->glob;
    int given = (value->sha256 != NULL) + (value->exact != NULL) + (value->glob != NULL);

    if (given != 1) {
        uapi_policy_error(source->diagnoses, value->node,
                          "a value is exactly one of \"sha256\", \"exact\" and \"glob\"");
    } else if (value->sha256 != NULL && !is_digest(value->sha256)) {
        uapi_policy_error(source->diagnoses, value->sha256, "\"sha256\" must be 64 hexadecimal digits");
    } else if (text != NULL && (text->length == 0 || text->length > LONGEST_VALUE)) {
        uapi_policy_error(source->diagnoses, text, "a value has 1 to %d bytes", LONGEST_VALUE);
    } else if (value->glob != NULL && text->text[strspn(text->text, "*?")] == '\0') {
        uapi_policy_error(source->diagnoses, text, "\"glob\" matches everything: leave \"value\" out to mean that");
    }
}

static void check_exception(uapi_policy_source *source, const uapi_form_ruling *entry)
{
    check_scope(source, entry);
    check_text(source, "owner", entry->owner);
    check_text(source, "reason", entry->reason);
    if (entry->expires != NULL) {
        check_expiry(source, entry);
    }
    if (entry->scanners == NULL && entry->rules == NULL) {
        uapi_policy_error(source->diagnoses, entry->node, "an allow-list entry needs \"scanners\" or \"rules\"");
    }
    if (entry->value != NULL) {
        check_value(source, entry->value);
    }
}

void uapi_policy_check_rulings(uapi_policy_source *source, const uapi_form_firewall *firewall)
{
    apr_hash_t *ids = apr_hash_make(source->pool), *allow_ids = apr_hash_make(source->pool);

    if (firewall->redaction != NULL) {
        uapi_policy_check_redaction(source, firewall->redaction);
    }
    for (int i = 0; firewall->rules != NULL && i < firewall->rules->nelts; i++) {
        const uapi_form_ruling *rule = APR_ARRAY_IDX(firewall->rules, i, uapi_form_ruling *);
        check_scope(source, rule);
        if (rule->id != NULL) {
            uapi_policy_check_id(source, ids, "firewall", rule->id);
        }
    }
    for (int i = 0; firewall->allow != NULL && i < firewall->allow->nelts; i++) {
        const uapi_form_ruling *entry = APR_ARRAY_IDX(firewall->allow, i, uapi_form_ruling *);
        check_exception(source, entry);
        if (entry->id != NULL) {
            uapi_policy_check_id(source, allow_ids, "allow-list", entry->id);
        }
    }
}
