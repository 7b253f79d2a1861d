/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The plugin loader against files that must not be loaded and plugins that must not be trusted. The plugin is
 * t/plugins/faulty.c, whose fault is chosen by UAPI_TEST_FAULT; the files are copies of it in a directory of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "plugin_internal.h"

static apr_pool_t *pool;
static char *directory; /* of its own, mode 0700 */
static char *sound;     /* a copy of faulty.so in it, in order */
static char logged[256];

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char buffer[8192];
    size_t length;

    assert_non_null(in);
    assert_non_null(out);
    while ((length = fread(buffer, 1, sizeof(buffer), in)) > 0) {
        assert_int_equal(fwrite(buffer, 1, length, out), length);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static int make_directory(void **state)
{
    char template[] = "/tmp/uapi-plugin-XXXXXX";

    (void)state;
    directory = strdup(mkdtemp(template));
    sound = malloc(strlen(directory) + 20);
    sprintf(sound, "%s/faulty.so", directory);
    copy_file(UAPI_TEST_OUT "/t/plugins/faulty.so", sound);
    return chmod(sound, 0755);
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(sound);
    rmdir(directory);
    free(sound);
    free(directory);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    logged[0] = '\0';
    uapi_plugin_set_log(NULL, NULL);
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int tear_down(void **state)
{
    (void)state;
    unsetenv("UAPI_TEST_FAULT");
    apr_pool_destroy(pool);
    return 0;
}

static void assert_refused(const char *path, const char *sha256, const char *const *parts)
{
    uapi_result result = {0};
    uapi_plugin *plugin = (void *)1;

    assert_int_not_equal(uapi_plugin_load(&plugin, path, sha256, pool, &result), APR_SUCCESS);
    assert_null(plugin);
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_non_null(result.detail);
    for (; *parts; parts++) {
        if (!strstr(result.detail, *parts)) {
            fail_msg("\"%s\" does not say \"%s\"", result.detail, *parts);
        }
    }
}

#define REFUSED(PATH, SHA256, ...) assert_refused(PATH, SHA256, (const char *const[]){__VA_ARGS__, NULL})

/* ------------------------------------------------------------- what is loaded */

static uapi_plugin *load_sound(const char *sha256)
{
    uapi_result result = {0};
    uapi_plugin *plugin = NULL;

    if (uapi_plugin_load(&plugin, sound, sha256, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return plugin;
}

static void test_sound(void **state)
{
    uapi_plugin *plugin = load_sound(NULL);
    uapi_result result = {0};
    apr_pool_t *child;

    (void)state;
    assert_string_equal(plugin->path, sound);
    assert_string_equal(plugin->descriptor->id, "org.example.faulty");
    assert_string_equal(plugin->scanner->name, "faulty");
    assert_int_equal(strlen(plugin->sha256), 64);
    assert_int_equal(apr_pool_create(&child, pool), APR_SUCCESS);
    assert_int_equal(uapi_plugin_start(plugin, child, &result), APR_SUCCESS);
    apr_pool_destroy(child);
    setenv("UAPI_TEST_FAULT", "start", 1);
    assert_int_not_equal(uapi_plugin_start(plugin, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "refused to start (3)"));
}

static void test_pinned(void **state)
{
    const char *digest = load_sound(NULL)->sha256;
    char *upper = apr_pstrdup(pool, digest), *other = apr_pstrdup(pool, digest);
    size_t i;

    (void)state;
    for (i = 0; upper[i]; i++) {
        upper[i] = (char)(upper[i] >= 'a' ? upper[i] - 32 : upper[i]);
    }
    assert_string_equal(load_sound(digest)->sha256, digest);
    assert_string_equal(load_sound(upper)->sha256, digest);
    other[0] = other[0] == '0' ? '1' : '0';
    REFUSED(sound, other, digest, other, "pin its new digest");
    REFUSED(sound, "abc", "\"abc\" is not 64 hexadecimal digits", digest);
    REFUSED(sound, "", "64 hexadecimal digits");
}

/* ------------------------------------------------------------- files */

static void test_files(void **state)
{
    char *text = apr_pstrcat(pool, directory, "/text.so", NULL), *open = apr_pstrcat(pool, directory, "/open", NULL);
    char *inside = apr_pstrcat(pool, open, "/faulty.so", NULL);
    FILE *file = fopen(text, "w");

    (void)state;
    fputs("#!/bin/sh\n", file);
    fclose(file);
    chmod(text, 0644);
    REFUSED("faulty.so", NULL, "must be absolute");
    REFUSED(NULL, NULL, "must be absolute");
    REFUSED("/nonexistent/plugin.so", NULL, "No such file");
    REFUSED(directory, NULL, "is a directory");
    REFUSED("/dev/null", NULL, "not a regular file");
    REFUSED(text, NULL, "no ELF header");
    chmod(text, 0);
    if (geteuid() != 0) {
        REFUSED(text, NULL, "Permission denied");
    }
    unlink(text);

    chmod(sound, 0775);
    REFUSED(sound, NULL, "mode 0775 lets its group write", "chmod go-w");
    chmod(sound, 0757);
    REFUSED(sound, NULL, "mode 0757 lets everyone write");
    chmod(sound, 0755);

    assert_int_equal(mkdir(open, 0755), 0);
    chmod(open, 0777);
    copy_file(sound, inside);
    chmod(inside, 0755);
    REFUSED(inside, NULL, "everyone can replace it", open, "chmod o-w");
    unlink(inside);
    rmdir(open);
}

static void test_owner(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(chown(sound, 12345, 0), 0);
    REFUSED(sound, NULL, "belongs to user 12345", "root");
    assert_int_equal(chown(sound, 0, 0), 0);
}

static void test_httpd_module(void **state)
{
    static const char module[] = "/usr/lib/apache2/modules/mod_alias.so";

    (void)state;
    if (access(module, R_OK) != 0) {
        skip();
    }
    REFUSED(module, NULL, "httpd module", "LoadModule");
}

static void test_library(void **state)
{
    static const char *const libraries[] = {"/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6"};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        if (access(libraries[i], R_OK) == 0) {
            REFUSED(libraries[i], NULL, "does not export uapi_plugin_entry()", "UAPI_PLUGIN_EXPORT");
        }
    }
}

/* ------------------------------------------------------------- plugins */

static const struct {
    const char *fault, *says[2];
} faults[] = {
    {"magic", {"magic 0xdeadbeef, expected 0x55415049", "not a mod_uapi plugin"}},
    {"httpd-magic", {"LoadModule", "0x41503234"}},
    {"no-descriptor", {"returned NULL"}},
    {"major", {"made for plugin ABI 2.0, this host has 1.0", "update mod_uapi"}},
    {"newer-minor", {"made for plugin ABI 1.1, this host has 1.0", "update mod_uapi"}},
    {"older-major", {"made for plugin ABI 0.0, this host has 1.0", "rebuild the plugin"}},
    {"small", {"says that it has 24 bytes", "sizeof"}},
    {"id", {"reverse domain name"}},
    {"no-create", {"has no create (NULL)"}},
    {"refuse", {"refused to be created: no licence on this machine"}},
    {"crash", {"crashed in create with SIGSEGV"}},
    {"abort", {"crashed in create with SIGABRT"}},
    {"crash-destroy", {"crashed in destroy with SIGBUS"}},
    {"exit", {"ended the process from within create with exit status 7", "must not exit"}},
    {"hang", {"still in create after 1 seconds"}},
    {"no-interface", {"none of the interfaces", "uapi.scanner/1"}},
    {"scanner-name", {"scanner's name"}},
    {"no-rules-function", {"no rules() function"}},
    {"no-rules", {"hands out 0 rules"}},
    {"severity", {"rule 1 (pin): its severity"}},
    {"twice", {"rule 1 (needle): its id occurs twice"}},
    {"rule-name", {"rule 1 (?): its id is not a name"}},
    {"directions", {"rule 1 (pin): its directions"}},
    {"action", {"rule 1 (pin): its default action"}},
    {"reserved", {"rule 1 (pin): its reserved field"}},
    {"rule-size", {"a rule says that it has 8 bytes"}},
    {"no-patterns-function", {"neither patterns nor a scan() function"}},
    {"no-patterns", {"neither patterns nor a scan() function"}},
    {"many-patterns", {"hands out 8193 patterns"}},
    {"no-regex", {"pattern 1: it has no regex"}},
    {"flags", {"pattern 1: it has flags that this host does not know"}},
    {"rule-index", {"pattern 1: its rule is no index"}},
    {"views", {"pattern 1: it has views that this host does not know"}},
    {"stride", {"a pattern says that it has 8 bytes"}},
    {"other-stride", {"pattern 1: its size differs"}},
    {"state", {"wants 65537 bytes of state"}},
    {"scan-views", {"scan_views"}},
};

static void test_faults(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        setenv("UAPI_TEST_FAULT", faults[i].fault, 1);
        uapi_plugin_probe_seconds = strcmp(faults[i].fault, "hang") == 0 ? 1 : 10;
        REFUSED(sound, NULL, sound, faults[i].says[0], faults[i].says[1] ? faults[i].says[1] : "plugin");
    }
    uapi_plugin_probe_seconds = 10;
    unsetenv("UAPI_TEST_FAULT");
    load_sound(NULL); /* nothing of all that has stayed in this process */
}

static void take_log(void *baton, const char *id, uint32_t level, const char *message, size_t length)
{
    assert_ptr_equal(baton, logged);
    snprintf(logged, sizeof(logged), "%s %u %.*s", id, (unsigned)level, (int)length, message);
}

/* The probe's lines stay in the probe; only those of the real load reach the log. */
static void test_log(void **state)
{
    uapi_plugin *plugin;
    const uapi_host_log_1 *log;
    const uapi_plugin_loaded *loaded;

    (void)state;
    uapi_plugin_set_log(take_log, logged);
    setenv("UAPI_TEST_FAULT", "refuse", 1);
    REFUSED(sound, NULL, "no licence");
    assert_string_equal(logged, "");
    unsetenv("UAPI_TEST_FAULT");
    plugin = load_sound(NULL);
    loaded = (const uapi_plugin_loaded *)plugin;
    log = loaded->host.get_service(&loaded->host, UAPI_HOST_LOG_1);
    log->write(&loaded->host, UAPI_LOG_INFO, (uapi_string){"hello", 5});
    assert_string_equal(logged, "org.example.faulty 6 hello");
    assert_null(loaded->host.get_service(&loaded->host, "uapi.host.other/1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pinned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_httpd_module, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
