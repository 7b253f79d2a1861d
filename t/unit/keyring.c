/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The key file: what is read from it, and each file that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "keyring.h"

/* 32 bytes 00 01 … 1f. */
#define GOOD "uapi-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static apr_pool_t *pool;
static char folder[] = "/tmp/uapi-keyring-XXXXXX";
static const char *path;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/key", mkdtemp(folder));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rmdir(folder);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void put(const char *text, size_t length, mode_t mode)
{
    FILE *file;

    unlink(path); /* the last one may be such that only root could write it */
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_refused(const char *because)
{
    uapi_keyring *keyring;
    uapi_result result = {0};

    assert_int_not_equal(uapi_keyring_load(&keyring, path, pool, &result), APR_SUCCESS);
    assert_null(keyring);
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_non_null(strstr(result.detail, because));
    assert_non_null(strstr(result.detail, path));
    unlink(path);
}

static void a_made_key_loads(void **state)
{
    uapi_keyring *keyring, *again;
    uapi_result result = {0};
    struct stat info;

    (void)state;
    assert_int_equal(uapi_keyring_create(path, pool, &result), APR_SUCCESS);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(uapi_keyring_load(&keyring, path, pool, &result), APR_SUCCESS);
    assert_int_equal(strlen(keyring->id), 8);
    assert_memory_not_equal(keyring->kek, keyring->audit_key, UAPI_KEY_SIZE);
    assert_int_not_equal(uapi_keyring_create(path, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "exists already"));
    unlink(path);
    assert_int_equal(uapi_keyring_create(path, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_keyring_load(&again, path, pool, &result), APR_SUCCESS);
    assert_memory_not_equal(keyring->kek, again->kek, UAPI_KEY_SIZE);
    assert_string_not_equal(keyring->id, again->id);
    unlink(path);
}

static void derived_keys_are_frozen(void **state)
{
    /* HKDF-SHA-256 of the key of GOOD, computed with another implementation. */
    static const uint8_t audit[UAPI_KEY_SIZE] = {0x10, 0xf7, 0xd7, 0x5c, 0xfe, 0x98, 0x3e, 0xb9, 0x25, 0x8b, 0x8c,
                                                 0xe2, 0xca, 0x42, 0x20, 0xbd, 0x89, 0x72, 0x12, 0x83, 0x8e, 0x64,
                                                 0x2c, 0x0d, 0x5c, 0x2b, 0xbc, 0xd1, 0x9e, 0xc0, 0xef, 0xca};
    uapi_keyring *keyring;
    int i;

    (void)state;
    put(GOOD "\n", sizeof(GOOD), 0400);
    assert_int_equal(uapi_keyring_load(&keyring, path, pool, NULL), APR_SUCCESS);
    for (i = 0; i < UAPI_KEY_SIZE; i++) {
        assert_int_equal(keyring->kek[i], i);
    }
    assert_memory_equal(keyring->audit_key, audit, sizeof(audit));
    assert_string_equal(keyring->id, "db99858e");
    put(GOOD, sizeof(GOOD) - 1, 0600); /* the newline may be missing */
    assert_int_equal(uapi_keyring_load(&keyring, path, pool, NULL), APR_SUCCESS);
    unlink(path);
}

static void wrong_forms_are_refused(void **state)
{
    static const struct {
        const char *text, *because;
    } cases[] = {
        {"", "too short"},
        {"uapi-key-v1:AAECAwQFBgcICQoLDA0ODw==\n", "too short"},
        {GOOD "\n\n", "too long"},
        {GOOD GOOD, "too long"},
        {GOOD "x", "wrong form"},
        {"uapi-key-v2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "wrong form"},
        {"uapi-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", "wrong form"},
        {"uapi-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A\n", "wrong form"},
        {"uapi-key-v1: AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "wrong form"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(cases[i].text, strlen(cases[i].text), 0600);
        assert_refused(cases[i].because);
    }
}

static void loose_permissions_are_refused(void **state)
{
    static const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601, 0666};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        put(GOOD "\n", sizeof(GOOD), modes[i]);
        assert_refused("chmod 600");
    }
}

static void other_kinds_of_file_are_refused(void **state)
{
    const char *target = apr_pstrcat(pool, path, "-target", NULL);

    (void)state;
    assert_refused("does not exist");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused("not a regular file");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused("not a regular file");
    rmdir(path);
    put(GOOD "\n", sizeof(GOOD), 0600);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_refused("symbolic link");
    unlink(target);
}

/* Needs another user: run as root, in a child that gives root up. */
static void another_users_file_is_refused(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    put(GOOD "\n", sizeof(GOOD), 0600);
    assert_int_equal(chmod(folder, 0711), 0);
    assert_int_equal(chown(path, 65533, 65533), 0);
    child = fork();
    if (child == 0) {
        uapi_keyring *keyring;
        uapi_result result = {0};
        int good = uapi_keyring_load(&keyring, path, pool, &result) != APR_SUCCESS && strstr(result.detail, "chown");

        good = good && chown(path, 0, 0) == 0 && setuid(65533) == 0;
        good = good && uapi_keyring_load(&keyring, path, pool, &result) != APR_SUCCESS &&
               strstr(result.detail, "may not be read by this user");
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_key_loads),
        cmocka_unit_test(derived_keys_are_frozen),
        cmocka_unit_test(wrong_forms_are_refused),
        cmocka_unit_test(loose_permissions_are_refused),
        cmocka_unit_test(other_kinds_of_file_are_refused),
        cmocka_unit_test(another_users_file_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
