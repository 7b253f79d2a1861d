/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the Firewall documents say, put on the rules of the scanners: the short form as one byte for each direction, and
 * an index of the rulings that name the rule. So a finding meets only what may concern it, and a text without findings
 * nothing at all.
 */
#include "firewall_internal.h"

#include <string.h>

#include <apr_strings.h>

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

static const uint32_t direction_bits[] = {
    [UAPI_FIREWALL_REQUEST] = UAPI_DIRECTION_REQUEST,
    [UAPI_FIREWALL_RESPONSE] = UAPI_DIRECTION_RESPONSE,
};

static const char *scanner_names(const uapi_firewall *firewall, apr_pool_t *pool)
{
    const char *names = NULL;

    for (uint32_t i = 0; i < firewall->scanner_count; i++) {
        const char *name = firewall->scanners[i].table->name;
        names = names ? apr_pstrcat(pool, names, ", ", name, NULL) : name;
    }
    return names;
}

static apr_status_t refuse_name(const uapi_firewall *firewall, const char *where, const char *kind, const char *name,
                                apr_pool_t *pool, uapi_result *result)
{
    const char *known = scanner_names(firewall, pool);

    return REFUSE("%s: no loaded plugin or pack has a %s named %s%s%s", where, kind, name,
                  known ? "; loaded: " : "; no scanner is loaded", known ? known : "");
}

static const char *place(const char *file, unsigned line, unsigned column, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%u:%u", file, line, column);
}

/* ------------------------------------------------------------- the short form */

/* A document that gives a scanner an action in one direction has said all it wants of it: the other one is not scanned.
 */
static uapi_policy_scanner completed(const uapi_policy_scanner *entry)
{
    uapi_policy_scanner whole = *entry;

    if (!entry->rule && (entry->request >= 0 || entry->response >= 0)) {
        whole.request = entry->request >= 0 ? entry->request : UAPI_ACTION_ALLOW;
        whole.response = entry->response >= 0 ? entry->response : UAPI_ACTION_ALLOW;
    }
    return whole;
}

static void set_action(uapi_firewall_rule *rule, int direction, int action, int shadow)
{
    if (action >= 0 && shadow) {
        rule->shadow[direction] = (uint8_t)action;
    } else if (action >= 0) {
        rule->action[direction] = (uint8_t)action;
        rule->said |= (uint8_t)direction_bits[direction];
    }
}

/* Put an entry's actions on the rules that it names; returns how many there are. */
static uint32_t apply_entry(uapi_firewall *firewall, const uapi_policy_scanner *entry, int shadow)
{
    uapi_policy_scanner whole = completed(entry);
    uint32_t named = 0;

    for (uint32_t i = 0; i < firewall->rule_count; i++) {
        uapi_firewall_rule *rule = &firewall->rules[i];
        int hit = entry->rule ? strcmp(rule->name, entry->rule) == 0
                              : strcmp(firewall->scanners[rule->scanner].table->name, entry->scanner) == 0;

        if (hit) {
            set_action(rule, UAPI_FIREWALL_REQUEST, whole.request, shadow);
            set_action(rule, UAPI_FIREWALL_RESPONSE, whole.response, shadow);
            named++;
        }
    }
    return named;
}

/* Whole scanners first, so that what is said of a rule holds in whichever order the entries come. */
static apr_status_t apply_entries(uapi_firewall *firewall, const apr_array_header_t *entries, int shadow,
                                  apr_pool_t *pool, uapi_result *result)
{
    for (int rules = 0; rules <= 1; rules++) {
        for (int i = 0; i < entries->nelts; i++) {
            const uapi_policy_scanner *entry = &((const uapi_policy_scanner *)(const void *)entries->elts)[i];

            if ((entry->rule != NULL) == rules && apply_entry(firewall, entry, shadow) == 0) {
                return refuse_name(firewall, place(entry->file, entry->line, entry->column, pool),
                                   rules ? "rule" : "scanner", rules ? entry->rule : entry->scanner, pool, result);
            }
        }
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- rulings */

/* The rulings that may concern a rule in a direction, of those that are `given`. */
static const uapi_ruling *const *gather(const uapi_firewall_rule *rule, uint32_t direction, const uapi_rulings *given,
                                        apr_pool_t *pool)
{
    apr_array_header_t *found = NULL;

    for (uint32_t i = 0; i < given->count; i++) {
        if ((given->items[i].directions & direction) && uapi_ruling_names(&given->items[i], rule->name)) {
            found = found ? found : apr_array_make(pool, 4, sizeof(const uapi_ruling *));
            *(const uapi_ruling **)apr_array_push(found) = &given->items[i];
        }
    }
    if (found) {
        *(const uapi_ruling **)apr_array_push(found) = NULL;
    }
    return found ? (const uapi_ruling *const *)(const void *)found->elts : NULL;
}

/* A ruling that can never speak is a slip of its author's, as in the short form. */
static apr_status_t check_names(const uapi_firewall *firewall, const uapi_rulings *given, apr_pool_t *pool,
                                uapi_result *result)
{
    for (uint32_t i = 0; i < given->count; i++) {
        const uapi_ruling *ruling = &given->items[i];

        for (uint32_t j = 0; j < ruling->names.count; j++) {
            const uapi_ruling one = {.names = {&ruling->names.items[j], 1}};
            uint32_t k = 0;

            while (k < firewall->rule_count && !uapi_ruling_names(&one, firewall->rules[k].name)) {
                k++;
            }
            if (k == firewall->rule_count) {
                return refuse_name(firewall, place(ruling->file, ruling->line, ruling->column, pool), "rule",
                                   ruling->names.items[j], pool, result);
            }
        }
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- what is on */

static uint8_t stricter(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* A rule does nothing in a direction for which it was not made, whatever the documents say. Returns where it may do
 * something. */
static uint32_t settle_rule(uapi_firewall_rule *rule, const uapi_policy *policy, apr_pool_t *pool)
{
    uint32_t live = 0;

    for (int i = UAPI_FIREWALL_REQUEST; i <= UAPI_FIREWALL_RESPONSE; i++) {
        if (!(rule->directions & direction_bits[i])) {
            rule->action[i] = rule->shadow[i] = UAPI_ACTION_ALLOW;
            continue;
        }
        if (policy) {
            rule->rulings[i] = gather(rule, direction_bits[i], uapi_policy_rulings(policy), pool);
            rule->exceptions[i] = gather(rule, direction_bits[i], uapi_policy_exceptions(policy), pool);
        }
        rule->strictest[i] = rule->action[i];
        live |= stricter(rule->action[i], rule->shadow[i]) != UAPI_ACTION_ALLOW ? direction_bits[i] : 0;
        for (const uapi_ruling *const *at = rule->rulings[i]; at && *at; at++) {
            live |= (*at)->action != UAPI_ACTION_ALLOW ? direction_bits[i] : 0;
            rule->strictest[i] = (*at)->shadow ? rule->strictest[i]
                                               : stricter(rule->strictest[i], (uint8_t)(*at)->action);
        }
    }
    return live;
}

/* What is off is told in one byte a pattern, so that its matches are dropped where libhs reports them. */
static void settle(uapi_firewall *firewall, const uapi_policy *policy, apr_pool_t *pool)
{
    for (uint32_t i = 0; i < firewall->rule_count; i++) {
        uapi_firewall_rule *rule = &firewall->rules[i];

        rule->live = (uint8_t)settle_rule(rule, policy, pool);
        firewall->scanners[rule->scanner].live |= rule->live;
    }
    for (uint32_t i = 0; i < firewall->count; i++) {
        uapi_firewall_pattern *pattern = &firewall->patterns[i];

        pattern->live = (uint8_t)((pattern->live | firewall->rules[pattern->rule].live) &
                                  firewall->scanners[pattern->scanner].live);
    }
}

apr_status_t uapi_firewall_apply_policy(uapi_firewall *firewall, const uapi_policy *policy, apr_pool_t *pool,
                                        uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;

    if (policy) {
        firewall->mode = uapi_policy_firewall_mode(policy);
        status = apply_entries(firewall, uapi_policy_firewall_scanners(policy), 0, pool, result);
        if (status == APR_SUCCESS) {
            status = apply_entries(firewall, uapi_policy_shadow_scanners(policy), 1, pool, result);
        }
        if (status == APR_SUCCESS) {
            status = check_names(firewall, uapi_policy_rulings(policy), pool, result);
        }
        if (status == APR_SUCCESS) {
            status = check_names(firewall, uapi_policy_exceptions(policy), pool, result);
        }
    }
    settle(firewall, policy, pool);
    return status;
}

/* ------------------------------------------------------------- a finding */

/* What speaks of a finding, by its weight. */
typedef struct hearing {
    int action, shadow, perhaps; /* uapi_action; -1: nothing speaks */
    const char *by;
} hearing;

static void hear(hearing *heard, const uapi_ruling *ruling, uapi_ruling_fit fit)
{
    int action = (int)ruling->action;

    if (ruling->shadow) {
        heard->shadow = action > heard->shadow ? action : heard->shadow;
    } else if (fit == UAPI_RULING_PERHAPS) {
        heard->perhaps = action > heard->perhaps ? action : heard->perhaps;
    } else if (action > heard->action) {
        heard->action = action;
        heard->by = ruling->id;
    }
}

/* The tools of a batch are not told apart here: what names tools counts for all of it where it is the stricter. */
static void weigh(const uapi_firewall_rule *rule, int column, const uapi_call_info *call,
                  uapi_firewall_finding *finding)
{
    hearing heard = {-1, rule->shadow[column], -1, NULL};

    if (rule->said & direction_bits[column]) {
        heard.action = rule->action[column];
    }
    for (const uapi_ruling *const *at = rule->rulings[column]; at && *at; at++) {
        uapi_ruling_fit fit = uapi_ruling_applies(*at, call, finding->severity);
        if (fit != UAPI_RULING_NO) {
            hear(&heard, *at, fit);
        }
    }
    if (heard.action < 0) {
        heard.action = rule->action[column]; /* the default, of which nobody has spoken */
    }
    finding->action = (uapi_action)(heard.perhaps > heard.action ? heard.perhaps : heard.action);
    finding->shadow = (uapi_action)(heard.shadow > (int)finding->action ? heard.shadow : (int)finding->action);
    finding->by = heard.by;
}

void uapi_firewall_decide(const uapi_firewall_rule *rule, int column, const uapi_call_info *call, uapi_string matched,
                          uapi_firewall_finding *finding)
{
    apr_time_t now = rule->exceptions[column] ? apr_time_now() : 0;

    weigh(rule, column, call, finding);
    for (const uapi_ruling *const *at = rule->exceptions[column]; at && *at; at++) {
        if (uapi_ruling_applies(*at, call, finding->severity) == UAPI_RULING_YES &&
            uapi_ruling_excepts(*at, matched.data, matched.length, now)) {
            finding->action = finding->shadow = UAPI_ACTION_ALLOW;
            finding->by = NULL;
            finding->allowed = (*at)->id;
            return;
        }
    }
}

/* ------------------------------------------------------------- a finding of which only the record is left */

static const uapi_ruling *exception_known(const uapi_firewall_rule *rule, int column, const uapi_call_info *call,
                                          const uapi_firewall_finding *finding, const char *id)
{
    apr_time_t now = apr_time_now();

    for (const uapi_ruling *const *at = rule->exceptions[column]; at && *at; at++) {
        if (strcmp((*at)->id, id) == 0 && now < (*at)->expires &&
            uapi_ruling_applies(*at, call, finding->severity) == UAPI_RULING_YES) {
            return *at;
        }
    }
    return NULL;
}

static const uapi_firewall_rule *rule_find(const uapi_firewall *firewall, const char *name)
{
    for (uint32_t i = 0; i < firewall->rule_count; i++) {
        if (strcmp(firewall->rules[i].name, name) == 0) {
            return &firewall->rules[i];
        }
    }
    return NULL;
}

apr_status_t uapi_firewall_judge(const uapi_firewall *firewall, const char *rule, const uapi_call_info *call,
                                 uapi_severity severity, const char *allowed, uapi_firewall_finding *finding)
{
    int column = call->direction == UAPI_DIRECTION_REQUEST ? UAPI_FIREWALL_REQUEST : UAPI_FIREWALL_RESPONSE;
    const uapi_firewall_rule *known = rule_find(firewall, rule);
    const uapi_ruling *exception;

    if (!known) {
        return APR_NOTFOUND;
    }
    *finding = (uapi_firewall_finding){
        .scanner = firewall->scanners[known->scanner].table->name,
        .rule = known->name,
        .title = known->title,
        .severity = severity,
    };
    if (!(known->live & call->direction)) {
        return APR_SUCCESS; /* it would not even be looked for */
    }
    uapi_firewall_decide(known, column, call, (uapi_string){NULL, 0}, finding);
    exception = allowed ? exception_known(known, column, call, finding, allowed) : NULL;
    if (exception && finding->action != UAPI_ACTION_ALLOW) {
        finding->action = finding->shadow = UAPI_ACTION_ALLOW;
        finding->by = NULL;
        finding->allowed = exception->id;
    }
    return APR_SUCCESS;
}
