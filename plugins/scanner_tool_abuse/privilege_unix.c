/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#define _GNU_SOURCE /* strcasestr */
#include <stdlib.h>
#include <string.h>

#include "privilege.h"
#include "rule.h"

static const char shells[] = "sh bash zsh dash ksh fish tcsh csh ash";

static int is_root(const char *user)
{
    return user && (strcmp(user, "root") == 0 || strcmp(user, "0") == 0 || strcmp(user, "#0") == 0);
}

/* A shell without a script: whatever is typed next. */
static int is_bare_shell(const command *self)
{
    if (!command_runs(self, shells)) {
        return 0;
    }
    for (size_t i = 1; i < self->count; i++) {
        if (self->word[i][0] != '-' || strchr(self->word[i], 'c')) {
            return 0;
        }
    }
    return 1;
}

/* What a program that was given rights is made to run (GTFOBins): vim -c ':!sh', find . -exec sh, awk 'BEGIN{system("sh")}' */
static int breaks_out(const command *self)
{
    static const char *const escapes[] = {":!",    "system(",       "exec ", "os.exec", "spawn",
                                          "!/bin", "-exec /bin/sh", "pty",   "/bin/sh", "/bin/bash"};
    size_t i, w;

    if (!command_runs(
            self, "vi vim vim.basic nvim view find awk gawk mawk nawk less more man ftp gdb nmap ed ruby perl python"
                  " python2 python3 lua php node tclsh expect socat env git zip tar rsync scp ssh make crontab mysql"
                  " sqlite3 psql journalctl systemctl dmsetup strace ltrace script watch taskset nice ionice docker"
                  " screen tmux emacs nano pico irb jjs flock logsave setarch start-stop-daemon stdbuf time unshare")) {
        return 0;
    }
    for (w = 1; w < self->count; w++) {
        for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
            if (strstr(self->word[w], escapes[i]) && (strstr(self->word[w], "sh") || strstr(self->word[w], "SHELL"))) {
                return 1;
            }
        }
    }
    return 0;
}

uint32_t privilege_root_shell(const command *self)
{
    const char *user;

    if (self->by) {
        if (command_runs(self, "su")) {
            return command_option(self, "-c --command") ? 0 : HIGH;
        }
        return is_bare_shell(self) || breaks_out(self) ? HIGH : 0;
    }
    if (command_runs(self, "sudo doas")) {
        return command_has(self, 1, "-i -s --login --shell -is -si") ? HIGH : 0;
    }
    if (command_runs(self, "su runuser gosu su-exec setpriv")) {
        user = command_has(self, 1, "root") ? "root" : NULL;
        return is_root(user) && (command_option(self, "-c --command") || command_has(self, 1, shells)) ? HIGH : 0;
    }
    /* a shell that keeps the rights of a set-user-ID program */
    if (command_runs(self, "bash sh dash ksh zsh")) {
        return self->count == 2 && strcmp(self->word[1], "-p") == 0 ? HIGH : 0;
    }
    if (command_runs(self, "nsenter")) {
        return command_option(self, "-t --target") && strcmp(command_option(self, "-t --target"), "1") == 0 ? CRITICAL
                                                                                                            : 0;
    }
    if (command_runs(self, "python python2 python3 perl ruby")) {
        return command_holds(self, "setuid(0") || command_holds(self, "setresuid(0") ? HIGH : 0;
    }
    return 0;
}

uint32_t privilege_elevated(const command *self)
{
    return self->by || command_runs(self, "runas") ? LOW : 0;
}

/* u+s, +s, 4755, 06755: set-user-ID; the others are of directories of a group. */
static int sets_user_id(const char *mode)
{
    size_t digits = strspn(mode, "01234567");

    if (digits >= 4 && !mode[digits]) {
        return mode[digits - 4] == '4' || mode[digits - 4] == '6' || mode[digits - 4] == '7' || mode[digits - 4] == '5';
    }
    for (; *mode && strchr("ugoa,rwxXt=-", *mode); mode++) {
        if (*mode == '=' && strpbrk(mode, "s")) {
            return 1;
        }
    }
    return *mode == '+' && strpbrk(mode, "s") && strspn(mode + 1, "rwxXst") == strlen(mode + 1);
}

uint32_t privilege_setuid(const command *self)
{
    const char *mode;
    size_t i;

    if (command_runs(self, "chmod")) {
        for (i = 1; i < self->count && self->word[i][0] == '-'; i++) {
        }
        return i < self->count && self->word[i][0] != 'g' && sets_user_id(self->word[i]) ? HIGH : 0;
    }
    if (command_runs(self, "install")) {
        mode = command_option(self, "-m --mode");
        return mode && sets_user_id(mode) ? HIGH : 0;
    }
    if (command_runs(self, "setcap")) {
        return command_holds(self, "cap_setuid") || command_holds(self, "cap_sys_admin") ||
                       command_holds(self, "cap_dac_") || command_holds(self, "cap_setgid") ||
                       command_holds(self, "cap_sys_ptrace") || command_holds(self, "cap_sys_module")
                   ? HIGH
                   : 0;
    }
    return 0;
}

static int is_guard_file(const char *path)
{
    return path && (strncmp(path, "/etc/sudoers", 12) == 0 || strncmp(path, "/etc/doas.conf", 14) == 0 ||
                    strncmp(path, "/etc/pam.d/", 11) == 0 || strcmp(path, "/etc/passwd") == 0 ||
                    strcmp(path, "/etc/shadow") == 0 || strcmp(path, "/etc/group") == 0 ||
                    strcmp(path, "/etc/ld.so.preload") == 0 || strncmp(path, "/etc/polkit-1/", 14) == 0 ||
                    strncmp(path,
                            "/root"
                            "/.ssh/",
                            11) == 0);
}

uint32_t privilege_sudoers(const command *self)
{
    size_t i;

    if (is_guard_file(self->redirect) && !command_runs(self, "cat grep awk sed wc sort cut read while")) {
        return CRITICAL;
    }
    if (command_runs(self, "tee")) {
        for (i = 1; i < self->count; i++) {
            if (is_guard_file(self->word[i])) {
                return CRITICAL;
            }
        }
    }
    if (command_runs(self, "cp mv install ln dd")) {
        return self->count > 2 && is_guard_file(self->word[self->count - 1]) ? CRITICAL : 0;
    }
    if (command_runs(self, "sed perl")) {
        return command_begins(self, "-i") && is_guard_file(self->word[self->count - 1]) ? CRITICAL : 0;
    }
    return 0;
}

static int is_powerful_group(const char *list)
{
    static const char *const groups[] = {"sudo", "wheel", "root", "admin", "docker", "lxd", "disk", "shadow", "adm"};

    while (list && *list) {
        size_t length = strcspn(list, ",");

        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
            if (strlen(groups[i]) == length && strncmp(groups[i], list, length) == 0) {
                return 1;
            }
        }
        list += length + (list[length] == ',');
    }
    return 0;
}

static const char *last_word(const command *self)
{
    return self->count > 1 ? self->word[self->count - 1] : "";
}

static const char administrators[] = "administrators \"domain admins\" administratoren administrateurs administradores";

static int names_administrators(const command *self)
{
    return command_has(self, 1, administrators) || command_holds(self, "domain admins") ||
           command_holds(self, "enterprise admins") ||
           (command_has(self, 1, "domain enterprise schema") && command_begins(self, "admins"));
}

uint32_t privilege_group(const command *self)
{
    const char *user;

    if (command_runs(self, "usermod useradd")) {
        user = command_option(self, "-u --uid");
        if (is_root(user) || is_root(command_option(self, "-ou"))) {
            return CRITICAL;
        }
        return is_powerful_group(command_option(self, "-G -aG -Ga --groups -g --gid")) ? HIGH : 0;
    }
    if (command_runs(self, "adduser addgroup")) {
        return self->count > 2 && is_powerful_group(last_word(self)) && self->word[self->count - 2][0] != '-' ? HIGH
                                                                                                              : 0;
    }
    if (command_runs(self, "gpasswd")) {
        return command_option(self, "-a --add -M --members") && is_powerful_group(last_word(self)) ? HIGH : 0;
    }
    if (command_runs(self, "dseditgroup")) {
        return command_has(self, 1, "edit") && command_has(self, 1, "admin wheel") && command_has(self, 1, "-a") ? HIGH
                                                                                                                 : 0;
    }
    if (command_runs(self, "dscl")) {
        return command_holds(self, "/Groups/admin") && command_has(self, 1, "-append -merge append merge") ? HIGH : 0;
    }
    if (command_runs(self, "net net1 net.exe")) {
        return command_has(self, 1, "localgroup group") && command_has(self, 1, "/add") && names_administrators(self)
                   ? CRITICAL
                   : 0;
    }
    if (command_runs(self, "Add-LocalGroupMember Add-ADGroupMember Add-ADPrincipalGroupMembership")) {
        return names_administrators(self) ? CRITICAL : 0;
    }
    return 0;
}

uint32_t privilege_preload(const command *self)
{
    static const char *const variables[] = {"LD_PRELOAD=/tmp/", "LD_PRELOAD=/dev/shm/", "LD_PRELOAD=/var/tmp/",
                                            "LD_LIBRARY_PATH=/tmp"};

    for (size_t i = 0; self->by && self->assigned && i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (strncmp(self->assigned, variables[i], strlen(variables[i])) == 0) {
            return HIGH;
        }
    }
    return 0;
}
