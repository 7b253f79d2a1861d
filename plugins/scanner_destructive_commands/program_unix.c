/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the programs of a Unix system can destroy, a function a family, found through one table. An option is looked
 * for in all its spellings; where the target decides how bad it is, it only changes the severity.
 */
#include <string.h>

#include "shell.h"

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static int begins(const char *text, const char *start)
{
    while (*start && lower(*text) == lower(*start)) {
        text++;
        start++;
    }
    return *start == '\0';
}

int shell_option(const shell_command *command, char letter, const char *name)
{
    for (size_t i = 1; i < command->count && strcmp(command->argument[i], "--") != 0; i++) {
        const char *word = command->argument[i];

        if (word[0] == '-' && word[1] == '-' && name && begins(word + 2, name) &&
            (word[2 + strlen(name)] == '\0' || word[2 + strlen(name)] == '=')) {
            return 1;
        }
        if (word[0] == '-' && word[1] != '-' && letter && strchr(word + 1, letter)) {
            return 1;
        }
    }
    return 0;
}

int shell_argument(const shell_command *command, const char *word)
{
    for (size_t i = 1; i < command->count; i++) {
        if (same(command->argument[i], word)) {
            return 1;
        }
    }
    return 0;
}

int shell_prefix(const shell_command *command, const char *start)
{
    for (size_t i = 1; i < command->count; i++) {
        if (begins(command->argument[i], start)) {
            return 1;
        }
    }
    return 0;
}

int shell_verbs(const shell_command *command, const char *list)
{
    size_t i = 1;

    while (*list) {
        size_t length = strcspn(list, " ");

        while (i < command->count && command->argument[i][0] == '-') {
            i += shell_among(command->argument[i], "-n --namespace --context --cluster --profile --region --project -H")
                     ? 2
                     : 1;
        }
        if (i >= command->count || strlen(command->argument[i]) != length ||
            strncmp(command->argument[i], list, length) != 0) {
            return 0;
        }
        i++;
        list += length + (list[length] == ' ');
    }
    return 1;
}

/* A directory without which the system or the user has nothing left. */
static int is_vital(const char *path)
{
    static const char *const vital[] = {"/",    "/*",   "~",     "~/",    "~/*",   ".",      "./",
                                        "..",   "*",    "/etc",  "/usr",  "/var",  "/home",  "/bin",
                                        "/lib", "/opt", "/boot", "/root", "$HOME", "${HOME}"};
    size_t length = strlen(path);

    for (size_t i = 0; i < sizeof(vital) / sizeof(vital[0]); i++) {
        size_t wanted = strlen(vital[i]);

        if (strncmp(path, vital[i], wanted) == 0 &&
            (length == wanted || strcmp(path + wanted, "/") == 0 || strcmp(path + wanted, "/*") == 0)) {
            return 1;
        }
    }
    return 0;
}

static int has_vital(const shell_command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        if (is_vital(command->argument[i])) {
            return 1;
        }
    }
    return 0;
}

/* Only files below a directory for temporary ones are removed. */
static int only_temporary(const shell_command *command)
{
    size_t targets = 0;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (word[0] == '-') {
            continue;
        }
        if ((strncmp(word, "/tmp/", 5) != 0 && strncmp(word, "/var/tmp/", 9) != 0) || strstr(word, "..") ||
            strchr(word, '$') || word[strlen(word) - 1] == '/' || strchr(word, '*')) {
            return 0;
        }
        targets++;
    }
    return targets > 0;
}

static int has_target(const shell_command *command)
{
    int target = command->piped;

    for (size_t i = 1; i < command->count; i++) {
        target |= command->argument[i][0] != '-';
    }
    return target;
}

static void judge_rm(const shell_command *command, shell_hits *hits)
{
    int recursive = shell_option(command, 'r', "recursive") || shell_option(command, 'R', NULL);

    if (shell_option(command, 0, "no-preserve-root") || (recursive && has_vital(command))) {
        shell_hit_add(hits, HAZARD_DELETE, CRITICAL, command);
    } else if (recursive && has_target(command) && !only_temporary(command)) {
        shell_hit_add(hits, HAZARD_DELETE, 0, command);
    } else if (shell_option(command, 'f', "force")) {
        shell_hit_add(hits, HAZARD_FIND, 0, command); /* asked for by find -exec only; the rule's marks see to that */
    }
}

static int has_disk(const shell_command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *at = strstr(command->argument[i], "/dev/");

        if (at && !begins(at + 5, "null") && !begins(at + 5, "zero") && !begins(at + 5, "std") &&
            !begins(at + 5, "tty")) {
            return 1;
        }
    }
    return 0;
}

static void judge_dd(const shell_command *command, shell_hits *hits)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if ((begins(word, "of=/dev/") && !begins(word, "of=/dev/null") && !begins(word, "of=/dev/std")) ||
            begins(word, "of=\\\\.\\")) {
            shell_hit_add(hits, HAZARD_DISK, 0, command);
            return;
        }
    }
    if (command->device) {
        shell_hit_add(hits, HAZARD_DISK, 0, command);
    }
}

static void judge_device(const shell_command *command, shell_hits *hits)
{
    const char *name = command->argument[0];

    if (begins(name, "mkfs") && command->count == 1) {
        return;
    }
    if (has_disk(command) && !shell_option(command, 'n', "no-act") && !shell_option(command, 'l', "list")) {
        shell_hit_add(hits, HAZARD_DISK, 0, command);
    } else if (strcmp(name, "shred") == 0 &&
               (shell_option(command, 'u', "remove") || shell_option(command, 'z', "zero"))) {
        shell_hit_add(hits, HAZARD_DISK, HIGH, command);
    }
}

static void judge_diskutil(const shell_command *command, shell_hits *hits)
{
    if (shell_prefix(command, "erase") || shell_prefix(command, "zeroDisk") || shell_prefix(command, "secureErase")) {
        shell_hit_add(hits, HAZARD_DISK, 0, command);
    }
}

static void judge_volume(const shell_command *command, shell_hits *hits)
{
    const char *name = command->argument[0];

    if (shell_among(name, "lvremove vgremove pvremove") ||
        (shell_among(name, "zpool zfs") && shell_argument(command, "destroy")) ||
        (strcmp(name, "cryptsetup") == 0 &&
         (shell_argument(command, "erase") || shell_argument(command, "luksErase")))) {
        shell_hit_add(hits, HAZARD_DISK, 0, command);
    }
}

static int open_to_all(const shell_command *command)
{
    return shell_argument(command, "777") || shell_argument(command, "0777") || shell_argument(command, "a+rwx") ||
           shell_argument(command, "000") || shell_argument(command, "ugo+rwx") || shell_argument(command, "-rwx");
}

static void judge_mode(const shell_command *command, shell_hits *hits)
{
    int recursive = shell_option(command, 'R', "recursive");

    for (size_t i = 1; recursive && i < command->count; i++) {
        const char *word = command->argument[i];

        if (is_vital(word) && strcmp(word, ".") != 0 && strcmp(word, "*") != 0 && strcmp(word, "./") != 0) {
            shell_hit_add(hits, HAZARD_PERMISSION, 0, command);
            return;
        }
        if (open_to_all(command) && word[0] == '/' && !begins(word, "/tmp/")) {
            shell_hit_add(hits, HAZARD_PERMISSION, HIGH, command);
            return;
        }
    }
}

static void judge_kill(const shell_command *command, shell_hits *hits)
{
    size_t i = 1;

    while (i < command->count && command->argument[i][0] == '-' && strcmp(command->argument[i], "-1") != 0 &&
           strcmp(command->argument[i], "--") != 0) {
        i += strcmp(command->argument[i], "-s") == 0 || strcmp(command->argument[i], "-n") == 0 ? 2 : 1;
    }
    i += i < command->count && strcmp(command->argument[i], "--") == 0;
    if (i > 1 && i < command->count &&
        (strcmp(command->argument[i], "-1") == 0 || strcmp(command->argument[i], "1") == 0)) {
        shell_hit_add(hits, HAZARD_KILL, 0, command);
    }
}

static void judge_killall(const shell_command *command, shell_hits *hits)
{
    if (strcmp(command->argument[0], "killall5") == 0 ||
        (shell_option(command, 'u', "user") && shell_argument(command, "root"))) {
        shell_hit_add(hits, HAZARD_KILL, 0, command);
    }
}

static void judge_crontab(const shell_command *command, shell_hits *hits)
{
    if (shell_option(command, 'r', NULL)) {
        shell_hit_add(hits, HAZARD_CRON, 0, command);
    }
}

static int is_history(const shell_command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        if (strstr(command->argument[i], "_history") || strstr(command->argument[i], "HISTFILE") ||
            strstr(command->argument[i], "/var/log/")) {
            return 1;
        }
    }
    return 0;
}

static void judge_history(const shell_command *command, shell_hits *hits)
{
    const char *name = command->argument[0];

    if ((strcmp(name, "history") == 0 && shell_option(command, 'c', NULL)) ||
        (shell_among(name, "unset export set") &&
         (shell_argument(command, "HISTFILE") || shell_prefix(command, "HISTFILE=/dev/null") ||
          shell_prefix(command, "HISTSIZE=0") || shell_prefix(command, "HISTFILESIZE=0"))) ||
        (strcmp(name, "ln") == 0 && is_history(command) && shell_argument(command, "/dev/null")) ||
        (strcmp(name, "truncate") == 0 && is_history(command)) ||
        (strcmp(name, "journalctl") == 0 &&
         (shell_prefix(command, "--vacuum-time=1s") || shell_prefix(command, "--vacuum-size=1")))) {
        shell_hit_add(hits, HAZARD_HISTORY, 0, command);
    }
}

static void judge_rm_files(const shell_command *command, shell_hits *hits)
{
    if (is_history(command)) {
        shell_hit_add(hits, HAZARD_HISTORY, 0, command);
    }
    judge_rm(command, hits);
}

static void judge_netcat(const shell_command *command, shell_hits *hits)
{
    if (shell_option(command, 'e', "exec") || shell_option(command, 'c', "sh-exec")) {
        shell_hit_add(hits, HAZARD_REVERSE, 0, command);
    }
}

static void judge_socat(const shell_command *command, shell_hits *hits)
{
    for (size_t i = 1; i < command->count; i++) {
        if (begins(command->argument[i], "exec:") || begins(command->argument[i], "system:")) {
            shell_hit_add(hits, HAZARD_REVERSE, 0, command);
            return;
        }
    }
}

static void judge_read(const shell_command *command, shell_hits *hits)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (strstr(word, "/etc/shadow") || strstr(word, "/etc/gshadow") || strstr(word, "/etc/sudoers") ||
            strstr(word, "/etc/master.passwd") || strstr(word, ".ssh/id_") || strstr(word, ".aws/credentials") ||
            strstr(word, "/etc/passwd")) {
            shell_hit_add(hits, HAZARD_CREDENTIALS, strstr(word, "/etc/passwd") ? LOW : 0, command);
            return;
        }
    }
}

static void judge_move(const shell_command *command, shell_hits *hits)
{
    if (shell_argument(command, "/dev/null") && command->count > 2 && strcmp(command->argument[0], "mv") == 0) {
        shell_hit_add(hits, HAZARD_DELETE, 0, command);
    }
    if (has_disk(command) && shell_among(command->argument[0], "cp tee") && shell_prefix(command, "/dev/sd")) {
        shell_hit_add(hits, HAZARD_DISK, 0, command);
    }
    judge_read(command, hits);
}

static void judge_rsync(const shell_command *command, shell_hits *hits)
{
    if (shell_option(command, 0, "delete") && (shell_argument(command, "/") || shell_prefix(command, "/dev/null"))) {
        shell_hit_add(hits, HAZARD_DELETE, 0, command);
    }
}

static const struct {
    const char *names;
    void (*judge)(const shell_command *command, shell_hits *hits);
} programs[] = {
    {"rm grm srm", judge_rm_files},
    {"dd dcfldd", judge_dd},
    {"mkfs mke2fs mkswap mkntfs mkdosfs newfs shred wipefs blkdiscard sgdisk sfdisk fdisk parted badblocks hdparm wipe",
     judge_device},
    {"diskutil", judge_diskutil},
    {"lvremove vgremove pvremove zpool zfs cryptsetup", judge_volume},
    {"chmod chown chgrp setfacl", judge_mode},
    {"kill", judge_kill},
    {"killall5 pkill killall", judge_killall},
    {"crontab", judge_crontab},
    {"history unset export set ln truncate journalctl", judge_history},
    {"nc ncat netcat nc.traditional nc.openbsd", judge_netcat},
    {"socat", judge_socat},
    {"mv cp tee", judge_move},
    {"rsync", judge_rsync},
    {"cat tac head tail less more nl od xxd strings base64 sort tar scp awk grep dd vi vim nano hexdump cut zip",
     judge_read},
    {"git", program_git},
    {"terraform tofu pulumi terragrunt aws gcloud gsutil az kubectl oc helm docker podman nerdctl doctl heroku eksctl "
     "cdk sam fly"
     " flyctl serverless sls ibmcloud linode-cli vault docker-compose gh",
     program_cloud},
};

void program_judge(const shell_command *command, shell_hits *hits)
{
    const char *name = command->argument[0];

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (shell_among(name, programs[i].names)) {
            programs[i].judge(command, hits);
        }
    }
    if (strncmp(name, "mkfs.", 5) == 0) {
        judge_device(command, hits);
    }
    program_windows(command, hits);
}
