/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What another configuration would have done about what scanners have found. Records hold no text, so no text is
 * scanned again: each finding of a record meets the new rules with what the records say of its call. An outcome has the
 * findings of an answer and not the call's facts: these are kept from the decision until the outcome comes.
 */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <jansson.h>

#include "../core/audit.h"
#include "../core/firewall.h"
#include "access.h"
#include "output.h"
#include "scanners.h"

/* More different changes than anybody reads; what is beyond them is only counted. */
enum { MOST_CHANGES = 10000 };

enum { FACT_CALL, FACT_ACTION, FACT_SERVER, FACT_METHOD, FACT_TARGET, FACT_OPERATION, FACT_ID, FACT_TYPE, FACT_COUNT };

static const char *const fact_names[FACT_COUNT] = {"call",   "action",    "server", "method",
                                                   "target", "operation", "id",     "type"};

/* What an outcome needs of its decision; "" where the record has nothing. */
typedef struct call_facts {
    const char *values[FACT_COUNT];
    char bytes[]; /* of one that is kept */
} call_facts;

/* One line of the answer: how often the same finding would have another action. */
typedef struct change {
    const char *rule, *direction, *server, *target, *before, *after;
    const char *by; /* what says so now; "" for the short form or the default */
    uint64_t count;
} change;

typedef struct replay_run {
    const uapi_firewall *firewall;
    const char *const *roles;
    apr_pool_t *pool;            /* cleared for each record */
    apr_pool_t *kept;            /* for changes */
    apr_hash_t *open;            /* by call: call_facts (malloc) of what was allowed and has no outcome yet */
    apr_hash_t *known;           /* by all that a change is but its count */
    apr_array_header_t *changes; /* change *, in the order in which they were met */
    uint64_t records, findings, changed;
    uint64_t refused, passed; /* messages and answers that would be refused now, and that would be no longer */
    uint64_t unrecorded;      /* findings that were counted but not listed in their record */
    uint64_t unknown;         /* findings of rules that no loaded scanner has */
    uint64_t unlisted;        /* findings of changes beyond MOST_CHANGES */
} replay_run;

static const char *member(const json_t *value, const char *key)
{
    const char *text = json_string_value(json_object_get(value, key));

    return text ? text : "";
}

/* ---------------------------------------------------------------------------------------------- facts of a call */

static void facts_read(call_facts *facts, const json_t *record)
{
    const json_t *principal = json_object_get(record, "principal");

    for (int i = 0; i < FACT_COUNT; i++) {
        facts->values[i] = member(i == FACT_ID || i == FACT_TYPE ? principal : record, fact_names[i]);
    }
}

/* A batch has a decision for each of its messages: an answer to it is taken to be the first one's. */
static void facts_keep(replay_run *run, const call_facts *facts)
{
    size_t size = 0, used = 0;
    call_facts *copy;

    if (!*facts->values[FACT_CALL] || apr_hash_get(run->open, facts->values[FACT_CALL], APR_HASH_KEY_STRING)) {
        return;
    }
    for (int i = 0; i < FACT_COUNT; i++) {
        size += strlen(facts->values[i]) + 1;
    }
    if (!(copy = malloc(sizeof(*copy) + size))) {
        abort();
    }
    for (int i = 0; i < FACT_COUNT; i++) {
        size_t length = strlen(facts->values[i]) + 1;

        copy->values[i] = memcpy(copy->bytes + used, facts->values[i], length);
        used += length;
    }
    apr_hash_set(run->open, copy->values[FACT_CALL], APR_HASH_KEY_STRING, copy);
}

static void facts_forget(replay_run *run, const char *call)
{
    call_facts *facts = apr_hash_get(run->open, call, APR_HASH_KEY_STRING);

    apr_hash_set(run->open, call, APR_HASH_KEY_STRING, NULL);
    free(facts);
}

static void facts_forget_all(replay_run *run)
{
    for (apr_hash_index_t *at = apr_hash_first(run->pool, run->open); at; at = apr_hash_next(at)) {
        free(apr_hash_this_val(at));
    }
    apr_hash_clear(run->open);
}

/* As httpd/inspect_call.c tells scanners of a call. */
static void call_describe(uapi_call_info *call, const call_facts *facts, const uapi_audit_record *record,
                          const char *const *roles, uapi_direction direction)
{
    const char *const *values = facts->values, *operation = values[FACT_OPERATION], *action = values[FACT_ACTION];
    int message = *values[FACT_METHOD] && strncmp(values[FACT_METHOD], "http/", 5) != 0;

    uapi_firewall_no_call(call, direction);
    call->call_id = values[FACT_CALL];
    call->tenant = record->tenant;
    call->principal_type = values[FACT_TYPE];
    call->principal = values[FACT_ID];
    call->roles = roles;
    call->server = values[FACT_SERVER];
    call->protocol = strncmp(action, "rest.", 5) == 0      ? "rest"
                     : strncmp(action, "jsonrpc.", 8) == 0 ? "jsonrpc"
                                                           : "mcp";
    if (!*operation || !message) {
        call->method = values[FACT_METHOD];
        call->target = *operation ? operation : values[FACT_TARGET];
    }
}

/* ---------------------------------------------------------------------------------------------------- changes */

static void change_count(replay_run *run, const change *seen)
{
    const char *key = apr_pstrcat(run->pool, seen->rule, "\n", seen->direction, "\n", seen->server, "\n", seen->target,
                                  "\n", seen->before, "\n", seen->after, "\n", seen->by, NULL);
    change *known = apr_hash_get(run->known, key, APR_HASH_KEY_STRING);

    run->changed++;
    if (!known && run->changes->nelts == MOST_CHANGES) {
        run->unlisted++;
        return;
    }
    if (!known) {
        known = apr_palloc(run->kept, sizeof(*known));
        *known = (change){apr_pstrdup(run->kept, seen->rule),
                          seen->direction,
                          apr_pstrdup(run->kept, seen->server),
                          apr_pstrdup(run->kept, seen->target),
                          apr_pstrdup(run->kept, seen->before),
                          seen->after,
                          seen->by,
                          0};
        apr_hash_set(run->known, apr_pstrdup(run->kept, key), APR_HASH_KEY_STRING, known);
        APR_ARRAY_PUSH(run->changes, change *) = known;
    }
    known->count++;
}

static uapi_action action_read(const json_t *finding)
{
    const char *name = member(finding, "action");
    int action = UAPI_ACTION_ALLOW;

    while (action < UAPI_ACTION_BLOCK && strcmp(uapi_action_name((uapi_action)action), name) != 0) {
        action++;
    }
    return (uapi_action)action;
}

static uapi_severity severity_read(const json_t *finding)
{
    const char *name = member(finding, "severity");
    int severity = UAPI_SEVERITY_LOW;

    while (severity < UAPI_SEVERITY_CRITICAL && strcmp(uapi_severity_name((uapi_severity)severity), name) != 0) {
        severity++;
    }
    return (uapi_severity)severity;
}

/* The action that the finding would have; what it had if no scanner knows it. */
static uapi_action finding_replay(replay_run *run, const uapi_call_info *call, const json_t *recorded)
{
    const char *allowed = json_string_value(json_object_get(recorded, "allowed"));
    uapi_action before = action_read(recorded);
    uapi_firewall_finding finding;
    change seen;

    run->findings++;
    if (uapi_firewall_judge(run->firewall, member(recorded, "rule"), call, severity_read(recorded), allowed,
                            &finding) != APR_SUCCESS) {
        run->unknown++;
        return before;
    }
    if (finding.action != before) {
        seen = (change){finding.rule,
                        call->direction == UAPI_DIRECTION_REQUEST ? "request" : "response",
                        call->server,
                        call->target,
                        member(recorded, "action"),
                        uapi_action_name(finding.action),
                        finding.allowed ? finding.allowed : (finding.by ? finding.by : ""),
                        0};
        change_count(run, &seen);
    }
    return finding.action;
}

/* Both actions refuse; the mode is that of the whole firewall and not counted here. */
static int refuses(uapi_action action)
{
    return action >= UAPI_ACTION_APPROVE;
}

static void findings_replay(replay_run *run, const uapi_call_info *call, const json_t *record)
{
    const json_t *list = json_object_get(record, "findings"), *recorded;
    uint64_t count = (uint64_t)json_integer_value(json_object_get(record, "finding_count"));
    int before = 0, after = 0;
    size_t i;

    json_array_foreach(list, i, recorded)
    {
        uapi_action action = finding_replay(run, call, recorded);

        before |= refuses(action_read(recorded));
        after |= refuses(action);
    }
    run->unrecorded += count > json_array_size(list) ? count - json_array_size(list) : 0;
    run->refused += after && !before;
    run->passed += before && !after;
}

/* --------------------------------------------------------------------------------------------------- all records */

static int visit(void *baton, const uapi_audit_record *record)
{
    replay_run *run = baton;
    json_t *value = json_loadb(record->text, record->length, 0, NULL);
    const char *kind = member(value, "kind"), *kept_as = member(value, "call");
    int decision = strcmp(kind, "decision") == 0, outcome = strcmp(kind, "outcome") == 0;
    const call_facts *known;
    uapi_call_info call;
    call_facts own;

    run->records++;
    apr_pool_clear(run->pool);
    facts_read(&own, value);
    known = outcome ? apr_hash_get(run->open, kept_as, APR_HASH_KEY_STRING) : &own;
    if ((decision || outcome) && json_object_get(value, "findings")) {
        call_describe(&call, known ? known : &own, record, run->roles,
                      decision ? UAPI_DIRECTION_REQUEST : UAPI_DIRECTION_RESPONSE);
        findings_replay(run, &call, value);
    }
    if (decision && strcmp(member(value, "decision"), "allow") == 0) {
        facts_keep(run, &own);
    } else if (outcome && strcmp(own.values[FACT_ACTION], "mcp.stream.answer") != 0) {
        facts_forget(run, kept_as); /* the answers on a stream have outcomes besides the stream's own */
    }
    json_decref(value);
    return 0;
}

/* --------------------------------------------------------------------------------------------------- the answer */

static json_t *change_json(const change *seen)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "rule", seen->rule, "direction", seen->direction,
                     "server", seen->server, "target", seen->target, "before", seen->before, "after", seen->after, "by",
                     seen->by, "count", (json_int_t)seen->count);
}

static void answer_json(const replay_run *run)
{
    json_t *list = json_array();

    for (int i = 0; i < run->changes->nelts; i++) {
        json_array_append_new(list, change_json(APR_ARRAY_IDX(run->changes, i, const change *)));
    }
    uapi_output_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "mode",
                               uapi_mode_name(uapi_firewall_mode(run->firewall)), "records", (json_int_t)run->records,
                               "findings", (json_int_t)run->findings, "changed", (json_int_t)run->changed,
                               "refused_now", (json_int_t)run->refused, "refused_no_longer", (json_int_t)run->passed,
                               "unrecorded", (json_int_t)run->unrecorded, "unknown", (json_int_t)run->unknown,
                               "unlisted", (json_int_t)run->unlisted, "changes", list));
}

static void change_print(const change *seen, apr_pool_t *pool)
{
    printf("%8llu  %-8s  %-16s -> %-16s  %s", (unsigned long long)seen->count, seen->direction, seen->before,
           seen->after, uapi_output_printable(seen->rule, pool));
    if (*seen->server || *seen->target) {
        printf("  at %s%s%s", uapi_output_printable(seen->server, pool), *seen->target ? " " : "",
               uapi_output_printable(seen->target, pool));
    }
    printf("%s%s\n", *seen->by ? "  by " : "", uapi_output_printable(seen->by, pool));
}

static void count_print(uint64_t count, const char *what)
{
    if (count) {
        printf("%llu %s\n", (unsigned long long)count, what);
    }
}

static void answer_print(const replay_run *run)
{
    for (int i = 0; i < run->changes->nelts; i++) {
        change_print(APR_ARRAY_IDX(run->changes, i, const change *), run->pool);
    }
    printf("%llu records, %llu findings, %llu with another action; firewall mode: %s\n",
           (unsigned long long)run->records, (unsigned long long)run->findings, (unsigned long long)run->changed,
           uapi_mode_name(uapi_firewall_mode(run->firewall)));
    count_print(run->refused, "calls or answers would be refused now");
    count_print(run->passed, "calls or answers would be refused no longer");
    count_print(run->unlisted, "findings belong to further changes, which are not shown");
    count_print(run->unknown, "findings belong to rules that no loaded scanner has");
    count_print(run->unrecorded, "findings were counted and not recorded one by one");
}

int uapi_command_replay(uapi_cli *cli)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    uint64_t from = uapi_options_number(&cli->options, UAPI_OPTION_FROM);
    replay_run run = {.kept = cli->pool, .open = apr_hash_make(cli->pool), .known = apr_hash_make(cli->pool)};
    const apr_array_header_t *scanners;
    uapi_result result = {0};
    uapi_firewall *firewall;
    int status = tenant ? uapi_access_name(cli, "--tenant", tenant) : UAPI_EXIT_DONE;

    if (status != UAPI_EXIT_DONE || (status = uapi_scanners_firewall(cli, &firewall, &scanners)) != UAPI_EXIT_DONE) {
        return status;
    }
    run.firewall = firewall;
    run.roles = uapi_options_list(&cli->options, UAPI_OPTION_ROLE, NULL, cli->pool);
    run.changes = apr_array_make(cli->pool, 16, sizeof(change *));
    apr_pool_create(&run.pool, cli->pool);
    if (uapi_audit_visit(uapi_options_text(&cli->options, UAPI_OPTION_AUDIT), tenant, from ? from : 1, visit, &run,
                         cli->pool, &result) != APR_SUCCESS) {
        status = uapi_output_refuse(cli, &result);
    } else if (cli->json) {
        answer_json(&run);
    } else {
        answer_print(&run);
    }
    facts_forget_all(&run);
    if (status == UAPI_EXIT_DONE && run.changed && uapi_options_has(&cli->options, UAPI_OPTION_FAIL_ON_CHANGE)) {
        return UAPI_EXIT_REFUSED;
    }
    return status;
}
