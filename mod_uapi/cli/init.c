/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * All or nothing: what stands in the way is looked for before anything is made, and what was made is removed again
 * when a later step fails. A half-made set of files is the worst outcome, since a key file that does not belong to
 * the registry beside it shows only when the first credential does not decrypt.
 */
#include "access.h"
#include "command.h"
#include "output.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../core/audit.h"

typedef struct file_owner {
    int given;
    uid_t user;
    gid_t group;
} file_owner;

typedef struct init_target {
    uapi_option_id option;
    const char *what;
    int shared;                    /* belongs to --owner; the key file stays with whoever runs this */
    const char *const *companions; /* suffixes of the files that come with it, itself first */
    const char *path;
    int made;              /* from here on its files are removed if a later step fails */
    const char *directory; /* made for it; NULL if there was one */
} init_target;

static const char *const alone[] = {"", NULL};
static const char *const registry_files[] = {"", "-wal", "-shm", "-journal", "-generation", NULL};
static const char *const audit_files[] = {"", "-wal", "-shm", "-journal", "-ring", NULL};

enum { KEY, REGISTRY, AUDIT, TARGETS };

static const init_target templates[TARGETS] = {
    [KEY] = {UAPI_OPTION_KEY_FILE, "key file", 0, alone, NULL, 0, NULL},
    [REGISTRY] = {UAPI_OPTION_REGISTRY, "registry", 1, registry_files, NULL, 0, NULL},
    [AUDIT] = {UAPI_OPTION_AUDIT, "audit file", 1, audit_files, NULL, 0, NULL},
};

static int number_parse(const char *text, long *number)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number <= INT32_MAX ? 0 : -1;
}

static int user_find(const char *name, file_owner *owner)
{
    struct passwd *user = getpwnam(name);
    long number;

    if (user) {
        owner->user = user->pw_uid;
        owner->group = user->pw_gid;
        return 0;
    }
    if (number_parse(name, &number) != 0) {
        return -1;
    }
    owner->user = (uid_t)number;
    owner->group = (user = getpwuid(owner->user)) ? user->pw_gid : (gid_t)number;
    return 0;
}

static int group_find(const char *name, file_owner *owner)
{
    struct group *group = getgrnam(name);
    long number;

    if (!group && number_parse(name, &number) != 0) {
        return -1;
    }
    owner->group = group ? group->gr_gid : (gid_t)number;
    return 0;
}

static int owner_read(uapi_cli *cli, file_owner *owner)
{
    const char *text = uapi_options_text(&cli->options, UAPI_OPTION_OWNER), *colon;

    if (!text) {
        return UAPI_EXIT_DONE;
    }
    owner->given = 1;
    colon = strchr(text, ':');
    if (user_find(colon ? apr_pstrmemdup(cli->pool, text, (size_t)(colon - text)) : text, owner) != 0) {
        return uapi_output_usage(cli, "--owner '%s': there is no such user", text);
    }
    if (colon && group_find(colon + 1, owner) != 0) {
        return uapi_output_usage(cli, "--owner '%s': there is no such group", text);
    }
    return UAPI_EXIT_DONE;
}

/* Also a companion is in the way: a ring left behind may hold records of the audit file that was there before. */
static int target_check(uapi_cli *cli, const init_target *target)
{
    struct stat info;

    for (const char *const *suffix = target->companions; *suffix; suffix++) {
        const char *path = apr_pstrcat(cli->pool, target->path, *suffix, NULL);

        if (lstat(path, &info) == 0) {
            return uapi_output_refuse_as(cli, UAPI_CLI_EXISTS, "%s exists; nothing is overwritten", path);
        }
        if (errno != ENOENT && errno != ENOTDIR) {
            return uapi_output_refuse_as(cli, UAPI_CLI_SYSTEM, "%s: %s", path, strerror(errno));
        }
    }
    return UAPI_EXIT_DONE;
}

static int targets_read(uapi_cli *cli, init_target *targets)
{
    int status = UAPI_EXIT_DONE;

    memcpy(targets, templates, sizeof(templates));
    for (int i = 0; i < TARGETS && status == UAPI_EXIT_DONE; i++) {
        targets[i].path = uapi_options_text(&cli->options, targets[i].option);
        status = target_check(cli, &targets[i]);
        for (int other = 0; other < i; other++) {
            if (strcmp(targets[other].path, targets[i].path) == 0) {
                return uapi_output_usage(cli, "%s and %s have the same path", targets[other].what, targets[i].what);
            }
        }
    }
    return status;
}

/* The directory of a file, with those above it that are missing. Only one that is made here is given away. */
static int directory_make(uapi_cli *cli, init_target *target, const file_owner *owner)
{
    char *path = apr_pstrdup(cli->pool, target->path), *slash = strrchr(path, '/');
    struct stat info;
    apr_status_t status;

    if (!slash || slash == path) {
        return UAPI_EXIT_DONE;
    }
    *slash = '\0';
    if (stat(path, &info) == 0) {
        return UAPI_EXIT_DONE;
    }
    target->directory = path;
    status = apr_dir_make_recursive(path, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, cli->pool);
    if (status == APR_SUCCESS && owner->given && target->shared && lchown(path, owner->user, owner->group) != 0) {
        status = errno;
    }
    if (status != APR_SUCCESS) {
        return uapi_output_refuse_as(cli, UAPI_CLI_SYSTEM, "directory %s: %s", path, strerror(status));
    }
    return UAPI_EXIT_DONE;
}

static void targets_remove(const init_target *targets, apr_pool_t *pool)
{
    for (int i = 0; i < TARGETS; i++) {
        for (const char *const *suffix = targets[i].companions; targets[i].made && *suffix; suffix++) {
            unlink(apr_pstrcat(pool, targets[i].path, *suffix, NULL));
        }
    }
    for (int i = 0; i < TARGETS; i++) {
        if (targets[i].directory) {
            rmdir(targets[i].directory);
        }
    }
}

static apr_status_t registry_make(const char *path, const file_owner *owner, apr_pool_t *pool, uapi_result *result)
{
    uapi_store *store;
    apr_status_t status = uapi_store_open(&store, path, UAPI_STORE_CREATE, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    uapi_store_close(store);
    return owner->given ? uapi_store_share(path, (int)owner->user, (int)owner->group, 0600, pool, result) : APR_SUCCESS;
}

static apr_status_t audit_make(const char *path, const uapi_keyring *keyring, const file_owner *owner, apr_pool_t *pool,
                               uapi_result *result)
{
    apr_pool_t *open;
    uapi_audit *audit;
    uapi_result failure = {0};
    apr_status_t status;

    apr_pool_create(&open, pool);
    status = uapi_audit_open(&audit, path, keyring->audit_key, 1, owner->given ? (int)owner->user : -1,
                             owner->given ? (int)owner->group : -1, open, &failure);
    if (status != APR_SUCCESS) {
        uapi_fail(result, pool, status, failure.reason, "%s", failure.detail ? failure.detail : path);
    }
    apr_pool_destroy(open);
    return status;
}

static apr_status_t contents_make(init_target *targets, const file_owner *owner, uapi_keyring **keyring,
                                  apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;

    targets[KEY].made = 1;
    if ((status = uapi_keyring_create(targets[KEY].path, pool, result)) != APR_SUCCESS ||
        (status = uapi_keyring_load(keyring, targets[KEY].path, pool, result)) != APR_SUCCESS) {
        return status;
    }
    targets[REGISTRY].made = 1;
    if ((status = registry_make(targets[REGISTRY].path, owner, pool, result)) != APR_SUCCESS) {
        return status;
    }
    targets[AUDIT].made = 1;
    return audit_make(targets[AUDIT].path, *keyring, owner, pool, result);
}

static int make(uapi_cli *cli, init_target *targets, const file_owner *owner, uapi_keyring **keyring)
{
    uapi_result result = {0};
    int status = UAPI_EXIT_DONE;

    /* From the end, the key file last: in a directory that all three share the others' owner must be able to work. */
    for (int i = TARGETS - 1; i >= 0 && status == UAPI_EXIT_DONE; i--) {
        status = directory_make(cli, &targets[i], owner);
    }
    if (status == UAPI_EXIT_DONE && contents_make(targets, owner, keyring, cli->pool, &result) != APR_SUCCESS) {
        status = uapi_output_refuse(cli, &result);
    }
    if (status != UAPI_EXIT_DONE) {
        targets_remove(targets, cli->pool);
    }
    return status;
}

static void result_print(const init_target *targets, const file_owner *owner, const char *key_id)
{
    for (int i = 0; i < TARGETS; i++) {
        printf("%-10s  %s\n", targets[i].what, targets[i].path);
    }
    printf("key id      %s\n", key_id);
    printf("\nKeep a copy of the key file where this machine's backups do not go: without it no credential can be "
           "read.\n");
    if (geteuid() == 0 && !owner->given) {
        printf("Registry and audit file belong to root. If httpd's children run as another user, make them with "
               "--owner.\n");
    }
}

int uapi_command_init(uapi_cli *cli)
{
    init_target targets[TARGETS];
    uapi_keyring *keyring;
    file_owner owner = {0};
    int status;

    if ((status = owner_read(cli, &owner)) != UAPI_EXIT_DONE ||
        (status = targets_read(cli, targets)) != UAPI_EXIT_DONE ||
        (status = make(cli, targets, &owner, &keyring)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:s, s:s, s:s}", "registry", targets[REGISTRY].path, "audit",
                                   targets[AUDIT].path, "key_file", targets[KEY].path, "key_id", keyring->id));
    } else {
        result_print(targets, &owner, keyring->id);
    }
    return UAPI_EXIT_DONE;
}
