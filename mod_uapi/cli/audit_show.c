/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Records are shown as they are read, so a chain may be of any length; only --last keeps some. A record's text has
 * come from callers: for people it is made harmless, for programs it is passed on byte by byte, so that its hash can
 * be computed from what was printed.
 */
#include "access.h"
#include "command.h"
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../core/audit.h"

enum { FOLLOW_MILLISECONDS = 300, HASH_SIZE = 32 };

/* A record that --last keeps. */
typedef struct kept_record {
    uint64_t sequence;
    char *text;
    size_t length;
    uint8_t hash[HASH_SIZE], mac[HASH_SIZE];
} kept_record;

typedef struct show_run {
    const uapi_cli *cli;
    apr_pool_t *pool; /* cleared for each record */
    const char *call; /* --call, or NULL */
    uint64_t last;    /* --last, or 0 */
    uint64_t next;    /* where --follow goes on */
    int headed;       /* the headings have been printed */

    char *tenant; /* whose records are kept */
    kept_record *ring;
    size_t room, count, oldest;
} show_run;

/* ------------------------------------------------------------------------------------------------ one record */

static void hex_print(const char *key, const uint8_t *bytes)
{
    printf(",\"%s\":\"", key);
    for (int i = 0; i < HASH_SIZE; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('"');
}

/* A record that somebody has put a newline into must not become two lines. */
static void record_json(const uapi_audit_record *record, const json_t *value)
{
    char *tenant = json_dumps(json_stringn(record->tenant, strlen(record->tenant)), JSON_ENCODE_ANY);

    printf("{\"tenant\":%s,\"sequence\":%llu,\"record\":", tenant ? tenant : "null",
           (unsigned long long)record->sequence);
    if (value && !memchr(record->text, '\n', record->length)) {
        fwrite(record->text, 1, record->length, stdout);
    } else if (value) {
        json_dumpf(value, stdout, JSON_COMPACT);
    } else {
        fputs("null", stdout);
    }
    hex_print("hash", record->hash);
    hex_print("mac", record->mac);
    puts("}");
    free(tenant);
}

static const char *member(const json_t *value, const char *key)
{
    const char *text = json_string_value(json_object_get(value, key));

    return text ? text : "";
}

static const char *join(apr_pool_t *pool, const char *a, const char *b)
{
    return apr_pstrcat(pool, a, *a && *b ? " " : "", b, NULL);
}

/* "deny policy.denied no-deletes", "allow, redact secrets.github_token", "completed 200 12.3 ms" */
static const char *verdict_text(const json_t *value, apr_pool_t *pool)
{
    const json_t *finding = json_array_get(json_object_get(value, "findings"), 0), *duration, *status;
    const char *text = join(pool, member(value, "decision"), member(value, "result"));

    text = join(pool, join(pool, text, member(value, "reason")), member(value, "rule"));
    if ((status = json_object_get(value, "status")) != NULL) {
        text = apr_psprintf(pool, "%s %" APR_INT64_T_FMT, text, (apr_int64_t)json_integer_value(status));
    }
    if ((duration = json_object_get(value, "duration_us")) != NULL) {
        text = apr_psprintf(pool, "%s %.1f ms", text, (double)json_integer_value(duration) / 1000);
    }
    if (finding) {
        text = apr_pstrcat(pool, text, ", ", member(finding, "action"), " ", member(finding, "rule"), NULL);
    }
    return text;
}

static void record_print(show_run *show, const uapi_audit_record *record, const json_t *value)
{
    apr_pool_t *pool = show->pool;
    const char *principal = member(json_object_get(value, "principal"), "id");
    const char *what = value ? join(pool, member(value, "method"), member(value, "target")) : "(no JSON)";
    const char *cells[] = {member(value, "at"),       record->tenant,
                           member(value, "kind"),     principal,
                           member(value, "server"),   *what ? what : member(value, "action"),
                           verdict_text(value, pool), member(value, "call")};

    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        cells[i] = *cells[i] ? uapi_output_printable(cells[i], pool) : "-";
    }
    if (!show->headed) {
        printf("%6s  %-27s  %-10s  %-8s  %-14s  %-10s  %-28s  %-32s  %s\n", "SEQ", "AT", "TENANT", "KIND", "PRINCIPAL",
               "SERVER", "WHAT", "VERDICT", "CALL");
        show->headed = 1;
    }
    printf("%6llu  %-27s  %-10s  %-8s  %-14s  %-10s  %-28s  %-32s  %s\n", (unsigned long long)record->sequence,
           cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7]);
}

/* 0, or -1 when nobody reads any more. */
static int record_show(show_run *show, const uapi_audit_record *record, const json_t *value)
{
    if (show->cli->json) {
        record_json(record, value);
    } else {
        record_print(show, record, value);
    }
    return ferror(stdout) ? -1 : 0;
}

/* ----------------------------------------------------------------------------------------------------- --last */

static int kept_show(show_run *show)
{
    int failed = 0;

    for (size_t i = 0; i < show->count; i++) {
        kept_record *kept = &show->ring[(show->oldest + i) % show->count];
        uapi_audit_record record = {show->tenant, kept->sequence, kept->text, kept->length, kept->hash, kept->mac};
        json_t *value = json_loadb(kept->text, kept->length, JSON_DECODE_ANY, NULL);

        apr_pool_clear(show->pool);
        failed = failed || record_show(show, &record, value) != 0;
        json_decref(value);
        free(kept->text);
    }
    free(show->tenant);
    show->tenant = NULL;
    show->count = show->oldest = 0;
    return failed ? -1 : 0;
}

/* The place of the oldest, once there are as many as asked for. */
static kept_record *kept_place(show_run *show)
{
    kept_record *place;

    if (show->count == show->last) {
        place = &show->ring[show->oldest];
        show->oldest = (show->oldest + 1) % show->count;
        free(place->text);
        return place;
    }
    if (show->count == show->room) {
        show->room = show->room ? show->room * 2 : 64;
        show->ring = realloc(show->ring, show->room * sizeof(*show->ring));
        if (!show->ring) {
            abort();
        }
    }
    return &show->ring[show->count++];
}

static int record_keep(show_run *show, const uapi_audit_record *record)
{
    kept_record *place;

    if (show->tenant && strcmp(show->tenant, record->tenant) != 0 && kept_show(show) != 0) {
        return -1;
    }
    show->tenant = show->tenant ? show->tenant : strdup(record->tenant);
    place = kept_place(show);
    place->sequence = record->sequence;
    place->length = record->length;
    place->text = malloc(record->length + 1);
    if (!place->text) {
        abort();
    }
    memcpy(place->text, record->text, record->length);
    memcpy(place->hash, record->hash, HASH_SIZE);
    memcpy(place->mac, record->mac, HASH_SIZE);
    return 0;
}

/* --------------------------------------------------------------------------------------------------- all records */

static int visit(void *baton, const uapi_audit_record *record)
{
    show_run *show = baton;
    json_t *value;
    int status = 0;

    show->next = record->sequence + 1;
    if (show->call && !memmem(record->text, record->length, show->call, strlen(show->call))) {
        return 0;
    }
    apr_pool_clear(show->pool);
    value = json_loadb(record->text, record->length, JSON_DECODE_ANY, NULL);
    if (!show->call || strcmp(member(value, "call"), show->call) == 0) {
        status = show->last ? record_keep(show, record) : record_show(show, record, value);
    }
    json_decref(value);
    return status;
}

static int pass(uapi_cli *cli, show_run *show, uint64_t from)
{
    const char *path = uapi_options_text(&cli->options, UAPI_OPTION_AUDIT);
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    uapi_result result = {0};
    apr_pool_t *pool;
    int status = UAPI_EXIT_DONE;

    apr_pool_create(&pool, cli->pool);
    if (uapi_audit_visit(path, tenant, from, visit, show, pool, &result) != APR_SUCCESS) {
        status = uapi_output_refuse(cli, &result);
    }
    apr_pool_destroy(pool);
    kept_show(show);
    show->last = 0;
    return status;
}

/* Asking poll() for nothing of standard output still tells when its reader is gone. */
static int output_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};

    return poll(&output, 1, FOLLOW_MILLISECONDS) > 0;
}

int uapi_command_audit_show(uapi_cli *cli)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    int follow = uapi_options_has(&cli->options, UAPI_OPTION_FOLLOW), status;
    show_run show = {.cli = cli,
                     .call = uapi_options_text(&cli->options, UAPI_OPTION_CALL),
                     .last = uapi_options_number(&cli->options, UAPI_OPTION_LAST),
                     .next = uapi_options_number(&cli->options, UAPI_OPTION_FROM)};

    if (tenant && uapi_access_name(cli, "--tenant", tenant) != UAPI_EXIT_DONE) {
        return UAPI_EXIT_USAGE;
    }
    if (follow && !tenant) {
        return uapi_output_usage(cli, "--follow needs --tenant");
    }
    apr_pool_create(&show.pool, cli->pool);
    show.next = show.next ? show.next : 1;
    do {
        status = pass(cli, &show, show.next);
    } while (follow && status == UAPI_EXIT_DONE && uapi_output_flush() == 0 && !output_gone());
    free(show.ring);
    if (status == UAPI_EXIT_DONE && !cli->json && !show.headed) {
        printf("no records\n");
    }
    return status;
}
