/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "access.h"
#include "command.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../core/audit.h"

/*
 * Who verifies need not hold the key: hashes alone show any change that was not made by somebody who re-computed the
 * chain. That this was all that was checked is said with the result. A key file that is there but cannot be used is
 * an error: it must not weaken the check without a word.
 */
static int audit_key(uapi_cli *cli, const uint8_t **key)
{
    const char *path = uapi_options_text(&cli->options, UAPI_OPTION_KEY_FILE);
    uapi_keyring *keyring;
    struct stat info;
    int status;

    *key = NULL;
    if (uapi_options_has(&cli->options, UAPI_OPTION_NO_KEY)) {
        return UAPI_EXIT_DONE;
    }
    if (path == uapi_option_describe(UAPI_OPTION_KEY_FILE)->fallback && lstat(path, &info) != 0 && errno == ENOENT) {
        return UAPI_EXIT_DONE;
    }
    if ((status = uapi_access_keyring(cli, &keyring)) == UAPI_EXIT_DONE) {
        *key = keyring->audit_key;
    }
    return status;
}

static json_t *verdict_json(const uapi_audit_verdict *verdict, apr_pool_t *pool)
{
    json_t *value = json_pack("{s:s, s:I, s:s?, s:b}", "tenant", uapi_output_printable(verdict->tenant, pool),
                              "records", (json_int_t)verdict->records, "head", verdict->head, "ok", verdict->bad == 0);

    json_object_set_new(value, "bad", verdict->bad ? json_integer((json_int_t)verdict->bad) : json_null());
    json_object_set_new(value, "fault",
                        verdict->fault ? json_string(uapi_output_printable(verdict->fault, pool)) : json_null());
    return value;
}

static void verdict_print(const uapi_audit_verdict *verdict, apr_pool_t *pool)
{
    const char *tenant = uapi_output_printable(verdict->tenant, pool);

    if (verdict->bad) {
        printf("BROKEN  %s: record %llu: %s\n", tenant, (unsigned long long)verdict->bad,
               uapi_output_printable(verdict->fault ? verdict->fault : "unknown fault", pool));
    } else {
        printf("OK      %s: %llu record%s, head %s\n", tenant, (unsigned long long)verdict->records,
               verdict->records == 1 ? "" : "s", verdict->head ? verdict->head : "-");
    }
}

static void verdicts_show(const uapi_cli *cli, const apr_array_header_t *verdicts, int sealed, int ok)
{
    json_t *tenants = json_array();

    for (int i = 0; i < verdicts->nelts; i++) {
        const uapi_audit_verdict *verdict = &APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict);

        if (cli->json) {
            json_array_append_new(tenants, verdict_json(verdict, cli->pool));
        } else {
            verdict_print(verdict, cli->pool);
        }
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:b, s:b, s:o}", "ok", ok, "seals_checked", sealed, "tenants", tenants));
        return;
    }
    json_decref(tenants);
    if (verdicts->nelts == 0) {
        printf("no records\n");
    }
    if (!sealed) {
        printf("without the key file: hashes were checked, seals were not\n");
    }
}

int uapi_command_audit_verify(uapi_cli *cli)
{
    apr_array_header_t *verdicts;
    uapi_result result = {0};
    const uint8_t *key;
    int ok = 1, status = audit_key(cli, &key);

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    if (uapi_audit_verify(uapi_options_text(&cli->options, UAPI_OPTION_AUDIT), key, &verdicts, cli->pool, &result) !=
        APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    for (int i = 0; i < verdicts->nelts; i++) {
        ok = ok && APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict).bad == 0;
    }
    verdicts_show(cli, verdicts, key != NULL, ok);
    return ok ? UAPI_EXIT_DONE : UAPI_EXIT_REFUSED;
}
