/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Looks and never mends: doctor opens what the server opens, read-only, and writes nothing, so that it can run
 * beside a server in trouble without becoming part of it. Each check says what it found; a check whose ground is
 * missing (credentials without a key) is left to the one that failed.
 */
#include "command.h"
#include "output.h"
#include "scanners.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_version.h>
#include <hs.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <yaml.h>

#include "../core/audit.h"
#include "../core/audit_ring.h"
#include "../core/isolation.h"
#include "../core/keyring.h"
#include "../core/pins.h"
#include "../core/policy.h"
#include "../core/secret.h"
#include "../core/vault.h"
#include "../store/store.h"

typedef enum finding_level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL } finding_level;

static const char *const level_names[] = {"OK", "WARN", "FAIL"};

typedef struct doctor_run {
    uapi_cli *cli;
    apr_pool_t *pool;
    const char *check; /* the one that runs */
    json_t *list;
    int failed;
    uapi_keyring *keyring; /* NULL: it did not load */
    uapi_store *store;     /* NULL: it did not open */
    uapi_policy *policy;   /* NULL: none was named, or it has errors */
} doctor_run;

__attribute__((format(printf, 3, 4))) static void say(doctor_run *run, finding_level level, const char *format, ...)
{
    va_list arguments;
    const char *message;

    va_start(arguments, format);
    message = uapi_output_printable(apr_pvsprintf(run->pool, format, arguments), run->pool);
    va_end(arguments);
    run->failed |= level == LEVEL_FAIL;
    if (run->cli->json) {
        json_array_append_new(run->list, json_pack("{s:s, s:s, s:s}", "check", run->check, "level", level_names[level],
                                                   "message", message));
    } else {
        printf("%-4s  %-11s  %s\n", level_names[level], run->check, message);
        uapi_output_flush();
    }
}

static void say_failure(doctor_run *run, const uapi_result *result)
{
    say(run, LEVEL_FAIL, "%s", result->detail ? result->detail : uapi_reason_describe(result->reason)->title);
}

/* ------------------------------------------------------------------------------------------------------- libraries */

static void check_libraries(doctor_run *run)
{
    int yaml_major, yaml_minor, yaml_patch;

    say(run, OPENSSL_version_major() >= 3 ? LEVEL_OK : LEVEL_FAIL, "OpenSSL %s",
        OpenSSL_version(OPENSSL_VERSION_STRING));
    say(run, sqlite3_libversion_number() >= 3040000 ? LEVEL_OK : LEVEL_FAIL, "SQLite %s%s", sqlite3_libversion(),
        sqlite3_threadsafe() ? "" : ", built without threads");
    say(run, hs_valid_platform() == HS_SUCCESS ? LEVEL_OK : LEVEL_FAIL, "libhs %.*s%s", (int)strcspn(hs_version(), " "),
        hs_version(), hs_valid_platform() == HS_SUCCESS ? "" : ", which this processor cannot run");
    yaml_get_version(&yaml_major, &yaml_minor, &yaml_patch);
    say(run, LEVEL_OK, "Jansson %s, libyaml %d.%d.%d, APR %s", jansson_version_str(), yaml_major, yaml_minor,
        yaml_patch, apr_version_string());
}

/* ---------------------------------------------------------------------------------------------- key and registry */

/* Of a file that only the server should touch, or only read where `allowed` has its group's right to. */
static int check_private(doctor_run *run, const char *path, mode_t allowed)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        say(run, LEVEL_FAIL, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (info.st_mode & 077 & ~allowed) {
        say(run, LEVEL_FAIL, "%s has mode %04o and may be accessed by others; chmod 600", path,
            (unsigned)info.st_mode & 07777);
    }
    return 0;
}

static void check_key(doctor_run *run)
{
    const char *path = uapi_options_text(&run->cli->options, UAPI_OPTION_KEY_FILE);
    uapi_result result = {0};

    if (uapi_keyring_load(&run->keyring, path, run->pool, &result) != APR_SUCCESS) {
        run->keyring = NULL;
        say_failure(run, &result);
        return;
    }
    say(run, LEVEL_OK, "%s, key id %s", path, run->keyring->id);
}

/* What children saw of tools; it is there once a server that pins some has run. */
static void check_observed(doctor_run *run, const char *path)
{
    uapi_store *store;
    uapi_result result = {0};

    if (access(path, F_OK) != 0 || check_private(run, path, 0) != 0) {
        return;
    }
    if (uapi_store_open(&store, path, UAPI_STORE_READ, run->pool, &result) != APR_SUCCESS) {
        say_failure(run, &result);
        return;
    }
    uapi_store_close(store);
    say(run, LEVEL_OK, "%s, what servers showed of pinned tools", path);
}

static void check_registry(doctor_run *run)
{
    const char *path = uapi_options_text(&run->cli->options, UAPI_OPTION_REGISTRY);
    apr_array_header_t *tenants;
    uapi_result result = {0};

    if (check_private(run, path, S_IRGRP) != 0) {
        return;
    }
    if (uapi_store_open(&run->store, path, UAPI_STORE_READ, run->pool, &result) != APR_SUCCESS) {
        run->store = NULL;
        say_failure(run, &result);
        return;
    }
    if (uapi_store_tenant_list(run->store, &tenants, run->pool, &result) != APR_SUCCESS) {
        say_failure(run, &result);
        return;
    }
    check_observed(run, uapi_pins_path(path, run->pool));
    say(run, tenants->nelts ? LEVEL_OK : LEVEL_WARN, "%s, %d tenant%s", path, tenants->nelts,
        tenants->nelts == 1 ? "" : "s");
}

/* ------------------------------------------------------------------------------------------------- credentials */

/* Does this credential decrypt? The plaintext is wiped unseen. */
static int credential_opens(doctor_run *run, const char *tenant, const uapi_store_credential *credential,
                            const uint8_t *key)
{
    size_t size = uapi_vault_plaintext_length(credential->blob), length;
    char *value = uapi_secret_alloc(size + 1, run->pool);
    int opens = value &&
                uapi_vault_open(value, size, &length, key,
                                uapi_vault_credential_aad(tenant, credential->name, credential->version, run->pool),
                                credential->blob, NULL) == APR_SUCCESS;

    if (value) {
        uapi_secret_wipe(value, size + 1);
    }
    return opens;
}

static int dek_opens(doctor_run *run, const char *tenant, int version, uint8_t *key)
{
    uapi_store_dek *dek;
    size_t length = 0;

    return uapi_store_dek_find(run->store, version, &dek, run->pool, NULL) == APR_SUCCESS &&
           uapi_vault_open(key, UAPI_KEY_SIZE, &length, run->keyring->kek,
                           uapi_vault_dek_aad(tenant, dek->version, run->pool), dek->wrapped, NULL) == APR_SUCCESS &&
           length == UAPI_KEY_SIZE;
}

/* Credentials of a tenant that decrypt, or -1 once one has been told that does not. */
static int tenant_credentials(doctor_run *run, const char *tenant)
{
    uint8_t *key = uapi_secret_alloc(UAPI_KEY_SIZE, run->pool);
    apr_array_header_t *credentials;
    uapi_result result = {0};

    uapi_store_bind_tenant(run->store, tenant);
    if (uapi_store_credential_list(run->store, &credentials, run->pool, &result) != APR_SUCCESS) {
        say_failure(run, &result);
        return -1;
    }
    for (int i = 0; key && i < credentials->nelts; i++) {
        const uapi_store_credential *credential = &APR_ARRAY_IDX(credentials, i, uapi_store_credential);

        if (!dek_opens(run, tenant, credential->dek_version, key)) {
            say(run, LEVEL_FAIL, "the data key of tenant %s does not open with key %s: is it the registry's key file?",
                tenant, run->keyring->id);
            return -1;
        }
        if (!credential_opens(run, tenant, credential, key)) {
            say(run, LEVEL_FAIL, "credential %s of tenant %s does not decrypt; set it anew", credential->name, tenant);
            return -1;
        }
    }
    if (key) {
        uapi_secret_wipe(key, UAPI_KEY_SIZE);
    }
    return credentials->nelts;
}

static void check_credentials(doctor_run *run)
{
    apr_array_header_t *tenants;
    int total = 0, count = 0;

    if (!run->keyring || !run->store || uapi_store_tenant_list(run->store, &tenants, run->pool, NULL) != APR_SUCCESS) {
        return;
    }
    for (int i = 0; i < tenants->nelts && count >= 0; i++) {
        count = tenant_credentials(run, APR_ARRAY_IDX(tenants, i, uapi_store_tenant).name);
        total += count;
    }
    if (count >= 0) {
        say(run, LEVEL_OK, "%d, and each decrypts", total);
    }
}

/* ------------------------------------------------------------------------------------------------------- audit */

static void check_chains(doctor_run *run, const char *path)
{
    apr_array_header_t *verdicts;
    uapi_result result = {0};

    if (uapi_audit_verify(path, run->keyring ? run->keyring->audit_key : NULL, &verdicts, run->pool, &result) !=
        APR_SUCCESS) {
        say_failure(run, &result);
        return;
    }
    for (int i = 0; i < verdicts->nelts; i++) {
        const uapi_audit_verdict *verdict = &APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict);

        if (verdict->bad) {
            say(run, LEVEL_FAIL, "the chain of %s is broken at record %" APR_UINT64_T_FMT ": %s", verdict->tenant,
                verdict->bad, verdict->fault ? verdict->fault : "unknown fault");
        } else {
            say(run, LEVEL_OK, "the chain of %s holds, records %" APR_UINT64_T_FMT, verdict->tenant, verdict->records);
        }
    }
}

/* The first bytes of a ring, read and not mapped: doctor must not become one of its users. 0, or -1 if it is none. */
static int ring_read(const char *path, uapi_audit_ring_header *header)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -1 : read(fd, header, sizeof(*header));

    if (fd >= 0) {
        close(fd);
    }
    return got == (ssize_t)sizeof(*header) && header->version == UAPI_AUDIT_RING_VERSION ? 0 : -1;
}

static void check_ring(doctor_run *run, const char *path)
{
    uapi_audit_ring_header header;
    uint64_t recorded, committed;
    char why[128];
    int pid;

    if (check_private(run, path, 0) != 0) {
        return;
    }
    if (ring_read(path, &header) != 0) {
        say(run, LEVEL_FAIL, "%s is no ring of this version, or cannot be read", path);
        return;
    }
    recorded = atomic_load(&header.recorded);
    committed = atomic_load(&header.committed);
    pid = atomic_load(&header.writer_pid);
    pid = pid > 0 && (kill(pid, 0) == 0 || errno == EPERM) ? pid : 0;
    if (atomic_load(&header.failing)) {
        say(run, LEVEL_FAIL, "%s: the writer cannot write: %s", path,
            apr_strerror(atomic_load(&header.failing), why, sizeof(why)));
    } else if (pid) {
        say(run, LEVEL_OK, "%s: written by process %d, records %" APR_UINT64_T_FMT, path, pid, recorded);
    } else if (recorded > committed) {
        say(run, LEVEL_WARN, "%s: no server runs, and %" APR_UINT64_T_FMT " records wait for its start", path,
            recorded - committed);
    } else {
        say(run, LEVEL_OK, "%s: no server runs, and no record waits", path);
    }
}

static void check_audit(doctor_run *run)
{
    const char *path = uapi_options_text(&run->cli->options, UAPI_OPTION_AUDIT);
    const char *ring = apr_pstrcat(run->pool, path, "-ring", NULL);
    struct stat info;

    if (check_private(run, path, 0) != 0) {
        return;
    }
    say(run, LEVEL_OK, "%s", path);
    if (stat(ring, &info) != 0) {
        say(run, LEVEL_WARN, "%s: %s; the server makes it when it starts", ring, strerror(errno));
    } else {
        check_ring(run, ring);
    }
    check_chains(run, path);
}

/* ------------------------------------------------------------------------------------------ policy and plugins */

static void check_policy(doctor_run *run)
{
    size_t count;
    const char *const *paths = uapi_options_list(&run->cli->options, UAPI_OPTION_POLICY, &count, run->pool);
    unsigned policies, rules, servers, firewalls;
    apr_array_header_t *diagnostics;
    uapi_result result = {0};

    if (count == 0) {
        return;
    }
    if (uapi_policy_load(&run->policy, paths, count, &diagnostics, run->pool, &result) != APR_SUCCESS) {
        say(run, LEVEL_FAIL, "%s; `uapictl policy lint` shows all",
            result.detail ? result.detail : "the policy has errors");
        return;
    }
    uapi_policy_counts(run->policy, &policies, &rules, &servers, &firewalls);
    say(run, diagnostics->nelts ? LEVEL_WARN : LEVEL_OK, "policies %u, rules %u, servers %u, firewalls %u; warnings %d",
        policies, rules, servers, firewalls, diagnostics->nelts);
}

static void say_cache(void *baton, uapi_pattern_cache_event event, const char *detail)
{
    switch (event) {
    case UAPI_PATTERN_CACHE_READ:
        say(baton, LEVEL_OK, "compiled patterns read from %s", detail);
        break;
    case UAPI_PATTERN_CACHE_STORED:
        say(baton, LEVEL_OK, "compiled patterns stored in %s", detail);
        break;
    case UAPI_PATTERN_CACHE_IGNORED:
        say(baton, LEVEL_WARN, "compiled patterns are not used: %s", detail);
        break;
    case UAPI_PATTERN_CACHE_UNSTORED:
        say(baton, LEVEL_WARN, "compiled patterns cannot be kept, so every start compiles them: %s", detail);
        break;
    }
}

/* Whether it starts in a process of its own here. As root: which the server's children are not. */
static void say_isolation(doctor_run *run, uapi_plugin *plugin, uapi_result *result)
{
    const char *shortcoming = uapi_isolation_shortcoming();

    if (uapi_plugin_start(plugin, run->pool, result) != APR_SUCCESS) {
        say_failure(run, result);
    } else if (shortcoming) {
        say(run, LEVEL_WARN, "it runs isolated, but %s: while it is created it can read files", shortcoming);
    } else {
        say(run, LEVEL_OK, "it runs isolated, confined by seccomp and Landlock");
    }
}

static void check_plugins(doctor_run *run)
{
    apr_array_header_t *paths = uapi_scanners_paths(run->cli);
    apr_array_header_t *scanners = apr_array_make(run->pool, 8, sizeof(uapi_plugin *));
    uapi_firewall *firewall;
    uapi_result result = {0};
    uapi_plugin *plugin;

    uapi_scanners_log();
    for (int i = 0; i < paths->nelts; i++) {
        if (uapi_scanners_load(run->cli, APR_ARRAY_IDX(paths, i, const char *), &plugin, &result) != APR_SUCCESS) {
            say_failure(run, &result);
            continue;
        }
        say(run, LEVEL_OK, "%s: %s %s, sha256:%s", plugin->path, plugin->descriptor->name, plugin->descriptor->version,
            plugin->sha256);
        if (plugin->isolation) {
            say_isolation(run, plugin, &result);
        }
        if (plugin->scanner) {
            APR_ARRAY_PUSH(scanners, uapi_plugin *) = plugin;
        }
    }
    run->check = "firewall";
    uapi_scanners_cache(say_cache, run);
    if (scanners->nelts == 0) {
        say(run, LEVEL_WARN, "no scanner, so content is not inspected");
    } else if (uapi_firewall_create(&firewall, (uapi_plugin *const *)scanners->elts, (size_t)scanners->nelts,
                                    run->policy, run->pool, &result) != APR_SUCCESS) {
        say_failure(run, &result);
    } else {
        say(run, LEVEL_OK, "mode %s, patterns %" APR_SIZE_T_FMT, uapi_mode_name(uapi_firewall_mode(firewall)),
            uapi_firewall_pattern_count(firewall));
    }
    uapi_scanners_cache(NULL, NULL);
}

/* ------------------------------------------------------------------------------------------------------- doctor */

/* Plugins first: they are tried in a forked process, over which no connection to the registry should be open. */
static const struct {
    const char *name;
    void (*run)(doctor_run *run);
} checks[] = {
    {"libraries", check_libraries}, {"policy", check_policy},           {"plugins", check_plugins}, {"key", check_key},
    {"registry", check_registry},   {"credentials", check_credentials}, {"audit", check_audit},
};

int uapi_command_doctor(uapi_cli *cli)
{
    doctor_run run = {.cli = cli, .pool = cli->pool, .list = uapi_output_json_array(cli->pool)};

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        run.check = checks[i].name;
        checks[i].run(&run);
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:b, s:O}", "ok", !run.failed, "checks", run.list));
    }
    return run.failed ? UAPI_EXIT_REFUSED : UAPI_EXIT_DONE;
}
