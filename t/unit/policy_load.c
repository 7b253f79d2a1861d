/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Loading from disk: files, directories, what cannot be read, and faults that concern two files.
 */
#include "policy_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>

static char folder[64];

static int make_folder(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/uapi-policy-XXXXXX");
    return set_up(state) != 0 || mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    apr_dir_t *directory;
    apr_finfo_t entry;

    if (apr_dir_open(&directory, folder, pool) == APR_SUCCESS) {
        while (apr_dir_read(&entry, APR_FINFO_NAME, directory) == APR_SUCCESS) {
            const char *path = apr_pstrcat(pool, folder, "/", entry.name, NULL);
            if (unlink(path) != 0) {
                rmdir(path);
            }
        }
        apr_dir_close(directory);
    }
    rmdir(folder);
    return tear_down(state);
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = apr_pstrcat(pool, folder, "/", name, NULL);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* What is printed for the paths (NULL-terminated), the folder's name left out. */
static const char *load_paths(const char *const *paths, uapi_policy **policy)
{
    apr_array_header_t *diagnostics = NULL;
    uapi_result result = {0};
    const char *printed, *at;
    char *shown, *to;
    size_t count = 0;
    apr_status_t status;

    while (paths[count] != NULL) {
        count++;
    }
    status = uapi_policy_load(policy, paths, count, &diagnostics, pool, &result);
    assert_int_equal(status == APR_SUCCESS, *policy != NULL);
    printed = print_diagnostics(diagnostics);
    shown = to = apr_pcalloc(pool, strlen(printed) + 1);
    for (at = printed; *at != '\0';) {
        if (strncmp(at, folder, strlen(folder)) == 0) {
            at += strlen(folder) + (at[strlen(folder)] == '/');
        } else {
            *to++ = *at++;
        }
    }
    return shown;
}

static const char *load_path(const char *path, uapi_policy **policy)
{
    const char *const paths[] = {path, NULL};

    return load_paths(paths, policy);
}

static void loads_nothing(void **state)
{
    const char *const none[] = {NULL};
    uapi_policy *policy;
    unsigned counts[4];

    (void)state;
    assert_string_equal(load_paths(none, &policy), "");
    uapi_policy_counts(policy, &counts[0], &counts[1], &counts[2], &counts[3]);
    assert_int_equal(counts[0] + counts[1] + counts[2] + counts[3], 0);
}

static void loads_folders(void **state)
{
    uapi_policy *policy;
    unsigned policies, rules, servers, firewalls;

    (void)state;
    write_file("b.yaml", RULES "    - {id: a, effect: allow}\n");
    write_file("a.yml", SERVER("s") "  {}\n---\n" SERVER("t") "  {}\n");
    write_file(".hidden.yaml", "broken: [");
    write_file("a.yaml~", "broken: [");
    write_file("README", "broken: [");
    mkdir(apr_pstrcat(pool, folder, "/folder.yaml", NULL), 0700);
    assert_string_equal(load_path(folder, &policy), "");
    uapi_policy_counts(policy, &policies, &rules, &servers, &firewalls);
    assert_int_equal(policies, 1);
    assert_int_equal(rules, 1);
    assert_int_equal(servers, 2);
}

/* By file in the order of loading, then by position. */
static void sorts_diagnostics(void **state)
{
    const char *z = write_file("z.yaml", RULES "    - {id: a, effect: allow, tool: [x]}\n    - {id: a, effect: no}\n");
    const char *b = write_file("b.yaml",
                               RULES "    - {id: a, effect: allow}\n---\n" SERVER("s") "  urls: x\n  url: x\n");
    const char *const paths[] = {z, b, NULL};
    uapi_policy *policy;

    (void)state;
    assert_string_equal(load_paths(paths, &policy),
                        "z.yaml:6:30: error: unknown field \"tool\" in a rule; did you mean \"tools\"?\n"
                        "z.yaml:7:12: error: rule id \"a\" is used twice in this policy, first at line 6\n"
                        "z.yaml:7:23: error: \"effect\" must be deny or allow, not \"no\"\n"
                        "b.yaml:3:18: error: Policy \"p\" is defined twice, first at z.yaml:3:18\n"
                        "b.yaml:12:3: error: unknown field \"urls\" in the spec of a Server; did you mean \"url\"?\n"
                        "b.yaml:13:8: error: \"url\" must begin with https://, http:// or balancer://\n");
    assert_null(policy);
}

static void refuses_unreadable(void **state)
{
    const char *missing = apr_pstrcat(pool, folder, "/missing.yaml", NULL);
    const char *fifo = apr_pstrcat(pool, folder, "/fifo.yaml", NULL);
    uapi_policy *policy;

    (void)state;
    assert_string_equal(load_path(folder, &policy), ": error: the directory holds no *.yaml or *.yml file\n");
    assert_string_equal(load_path(missing, &policy),
                        "missing.yaml: error: cannot be read: No such file or directory\n");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_string_equal(load_path(fifo, &policy), "fifo.yaml: error: is neither a file nor a directory\n");
    assert_string_equal(load_path(folder, &policy), "fifo.yaml: error: is neither a file nor a directory\n");
    assert_int_equal(unlink(fifo), 0);
    assert_int_equal(symlink("nowhere", fifo), 0);
    assert_string_equal(load_path(folder, &policy), "fifo.yaml: error: cannot be read: No such file or directory\n");
    if (geteuid() != 0) { /* root may read everything */
        const char *secret = write_file("secret.yaml", "");
        assert_int_equal(chmod(secret, 0), 0);
        assert_string_equal(load_path(secret, &policy), "secret.yaml: error: cannot be read: Permission denied\n");
    }
}

static void bounds_size(void **state)
{
    const char *path = write_file("large.yaml", "");
    uapi_policy *policy;

    (void)state;
    assert_int_equal(truncate(path, UAPI_YAML_MAX_SIZE + 1), 0);
    assert_string_equal(load_path(path, &policy), "large.yaml: error: larger than 4 MiB\n");
    assert_int_equal(truncate(path, UAPI_YAML_MAX_SIZE), 0);
    assert_string_equal(load_path(path, &policy), "large.yaml:1:1: error: a control character\n");
    assert_string_equal(load_path(write_file("empty.yaml", ""), &policy),
                        "empty.yaml: warning: the file holds no document\n");
    assert_non_null(policy);
}

/* The texts are gone when the load is over; the policy must hold copies. */
static void outlives_its_files(void **state)
{
    const char *path = write_file("p.yaml", RULES "    - {id: it, effect: allow, server: s, tools: [\"get_*\"]}\n");
    const uapi_principal principal = {.type = UAPI_PRINCIPAL_AGENT, .tenant = "t", .id = "a"};
    const uapi_policy_question question = {&principal, "s", "tools/call", "get_x", 0};
    uapi_policy *policy;
    uapi_verdict verdict;

    (void)state;
    assert_string_equal(load_path(path, &policy), "");
    assert_int_equal(unlink(path), 0);
    uapi_policy_decide(policy, &question, &verdict);
    assert_int_equal(verdict.effect, UAPI_EFFECT_ALLOW);
    assert_string_equal(verdict.policy, "p");
    assert_string_equal(verdict.rule, "it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loads_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(loads_folders, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(sorts_diagnostics, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_unreadable, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(bounds_size, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(outlives_its_files, make_folder, remove_folder),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_load", tests, NULL, NULL);
}
