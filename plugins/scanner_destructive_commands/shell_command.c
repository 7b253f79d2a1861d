/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One command: programs that run another program are taken off (sudo, env, timeout, xargs, find -exec), texts that are
 * scripts themselves are opened (sh -c, eval, python -c), and what is left is asked of the table of programs.
 */
#include <string.h>

#include "shell.h"

/* `values`: the letters of the options that take the next word; `skip`: words of its own before the program. */
typedef struct wrapper {
    const char *name, *values;
    int skip;
} wrapper;

static const wrapper wrappers[] = {
    {"sudo", "ugpCRDhTUrt", 0}, {"doas", "uC", 0},     {"env", "uCS", 0},       {"nohup", "", 0},
    {"nice", "n", 0},           {"ionice", "cnp", 0},  {"timeout", "ks", 1},    {"stdbuf", "ioe", 0},
    {"setsid", "", 0},          {"command", "", 0},    {"builtin", "", 0},      {"exec", "a", 0},
    {"busybox", "", 0},         {"toybox", "", 0},     {"time", "fo", 0},       {"strace", "eop", 0},
    {"xargs", "ILnPsdEa", 0},   {"parallel", "jS", 0}, {"watch", "n", 0},       {"chroot", "", 1},
    {"unbuffer", "", 0},        {"caffeinate", "", 0}, {"proxychains", "f", 0}, {"flock", "wE", 1},
    {"firejail", "", 0},        {"gosu", "", 1},       {"runuser", "ug", 0},    {"systemd-run", "pu", 0},
    {"cmd.exe", "", 0},         {"cmd", "", 0},        {"\\", "", 0},
};

/* Long options of theirs that take the next word. */
static const char long_values[] =
    "--results --joblog --tmpdir --colsep --arg-file --user --group --chdir --unset --signal"
    " --kill-after --max-args --max-procs --delimiter";

static const char shells[] = "sh bash zsh dash ksh ash fish csh tcsh mksh su";
static const char interpreters[] = "python python2 python3 perl ruby node nodejs php lua deno bun";

static const wrapper *wrapper_of(const char *name)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        if (strcmp(wrappers[i].name, name) == 0) {
            return &wrappers[i];
        }
    }
    return NULL;
}

static const char *name_of(const char *word)
{
    const char *name = word;

    for (; *word; word++) {
        if ((*word == '/' || *word == '\\') && word[1]) {
            name = word + 1;
        }
    }
    return name;
}

static void drop(shell_command *command, size_t count)
{
    count = count < command->count ? count : command->count;
    command->count -= count;
    for (size_t i = 0; i <= command->count; i++) {
        command->argument[i] = command->argument[i + count];
    }
}

static int is_assignment(const char *word)
{
    size_t i = 0;

    while ((word[i] >= 'a' && word[i] <= 'z') || (word[i] >= 'A' && word[i] <= 'Z') || word[i] == '_' ||
           (word[i] >= '0' && word[i] <= '9')) {
        i++;
    }
    return i > 0 && word[i] == '=';
}

static void unwrap_one(shell_command *command, const wrapper *found)
{
    size_t i = 1;
    int own = found->skip;

    while (i < command->count) {
        const char *word = command->argument[i];

        if (word[0] == '-' && word[1] == '-' && word[2] == '\0') {
            i++;
            break;
        }
        if (word[0] == '-' || (word[0] == '/' && found->name[0] == 'c' && found->name[1] == 'm' && strlen(word) == 2)) {
            i += 1 + shell_among(word, long_values);
            i += (word[1] && word[2] == '\0' && strchr(found->values, word[1]) != NULL);
        } else if (is_assignment(word)) {
            i++;
        } else if (own > 0) {
            own--;
            i++;
        } else {
            break;
        }
    }
    drop(command, i);
}

static void unwrap(shell_command *command)
{
    for (int round = 0; round < 8 && command->count; round++) {
        const wrapper *found;

        if (is_assignment(command->argument[0])) {
            drop(command, 1);
            continue;
        }
        command->argument[0] = name_of(command->argument[0]);
        found = wrapper_of(command->argument[0]);
        if (!found) {
            return;
        }
        command->piped |= strcmp(found->name, "xargs") == 0 || strcmp(found->name, "parallel") == 0;
        unwrap_one(command, found);
    }
}

static void judge_words(const shell_command *command, size_t from, shell_hits *hits)
{
    char script[1024];
    size_t used = 0;

    for (; from < command->count; from++) {
        size_t length = strlen(command->argument[from]);

        if (used + length + 2 > sizeof(script)) {
            break;
        }
        memcpy(script + used, command->argument[from], length);
        used += length;
        script[used++] = ' ';
    }
    shell_judge_script(command, script, used, hits);
}

/* Code of another language: each quoted text in it may be a command line, and so may the whole. */
static void judge_code(const shell_command *command, const char *code, shell_hits *hits)
{
    size_t length = strlen(code), from = 0;

    if (strstr(code, "shutil.rmtree") || strstr(code, "rimraf") || strstr(code, "rm_rf") || strstr(code, "rmSync")) {
        shell_hit_add(hits, HAZARD_DELETE, 0, command);
    }
    if ((strstr(code, "socket") || strstr(code, "Socket") || strstr(code, "fsockopen")) &&
        (strstr(code, "/sh") || strstr(code, "bash") || strstr(code, "exec") || strstr(code, "pty"))) {
        shell_hit_add(hits, HAZARD_REVERSE, 0, command);
    }
    if (!strstr(code, "print") && !strstr(code, "puts") && !strstr(code, "console.log")) {
        shell_judge_script(command, code, length, hits);
    }
    if (!strstr(code, "system") && !strstr(code, "exec") && !strstr(code, "popen") && !strstr(code, "subprocess") &&
        !strstr(code, "spawn") && !strchr(code, '`')) {
        return;
    }
    for (size_t i = 0; i <= length; i++) {
        if (i == length || strchr("'\"`", code[i])) {
            if (i > from + 3) {
                shell_judge_script(command, code + from, i - from, hits);
            }
            from = i + 1;
        }
    }
}

/* The word after the option that has the letter, or NULL. */
static const char *after_option(const shell_command *command, const char *letters, int *there)
{
    *there = 0;
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (word[0] == '-' && word[1] != '-' && strpbrk(word + 1, letters) && strlen(word) <= 5) {
            *there = 1;
            return i + 1 < command->count ? command->argument[i + 1] : NULL;
        }
    }
    return NULL;
}

static void judge_shell(const shell_command *command, shell_hits *hits)
{
    int there;
    const char *script = after_option(command, "c", &there);

    if (command->socket) {
        shell_hit_add(hits, HAZARD_REVERSE, 0, command);
    }
    if (command->fetched) {
        shell_hit_add(hits, HAZARD_PIPE, 0, command);
    }
    if (command->piped && there && (!script || strcmp(script, "{}") == 0)) {
        shell_hit_add(hits, HAZARD_PIPE, 0, command);
    }
    if (script) {
        shell_judge_script(command, script, strlen(script), hits);
    }
}

static void judge_interpreter(const shell_command *command, shell_hits *hits)
{
    int there;
    const char *code = after_option(command, "cer", &there);

    if (command->fetched && there) {
        shell_hit_add(hits, HAZARD_PIPE, 0, command);
    }
    if (code) {
        judge_code(command, code, hits);
    }
}

/* find: what -exec runs, and -delete outside of it. */
static void judge_find(const shell_command *command, shell_hits *hits)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (strcmp(word, "-delete") == 0) {
            shell_hit_add(hits, HAZARD_FIND, 0, command);
        } else if (strcmp(word, "-exec") == 0 || strcmp(word, "-execdir") == 0 || strcmp(word, "-ok") == 0) {
            shell_command inner = *command;
            size_t end = i + 1;

            while (end < command->count && strcmp(command->argument[end], ";") != 0 &&
                   strcmp(command->argument[end], "+") != 0) {
                end++;
            }
            inner.count = end - i - 1;
            memcpy(inner.argument, command->argument + i + 1, inner.count * sizeof(inner.argument[0]));
            inner.argument[inner.count] = NULL;
            inner.depth++;
            if (inner.count && command->depth < SHELL_DEPTH) {
                size_t before = hits->count;

                shell_judge_command(&inner, hits);
                while (before < hits->count) {
                    hits->hit[before].what = hits->hit[before].what == HAZARD_DELETE ? HAZARD_FIND
                                                                                     : hits->hit[before].what;
                    before++;
                }
            }
            i = end;
        }
    }
}

/* ssh host command, docker exec container command, kubectl exec pod -- command */
static void judge_remote(const shell_command *command, shell_hits *hits)
{
    size_t i = 1;
    int ssh = strcmp(command->argument[0], "ssh") == 0;
    shell_command inner;

    if (!ssh && !(command->count > 2 && shell_among(command->argument[1], "exec run"))) {
        return;
    }
    for (i = ssh ? 1 : 2; i < command->count && command->argument[i][0] == '-'; i++) {
        i += command->argument[i][1] && !command->argument[i][2] &&
             strchr("pliFoJuewnv", command->argument[i][1]) != NULL;
    }
    i++;
    if (i < command->count && strcmp(command->argument[i], "--") == 0) {
        i++;
    }
    if (i >= command->count || command->depth >= SHELL_DEPTH) {
        return;
    }
    if (ssh) {
        judge_words(command, i, hits);
        return;
    }
    inner = *command;
    drop(&inner, i);
    inner.depth++;
    shell_judge_command(&inner, hits);
}

static void judge_parallel_items(const shell_command *command, shell_hits *hits)
{
    size_t i = 0;

    while (i < command->count && strcmp(command->argument[i], ":::") != 0) {
        i++;
    }
    if (i == 0) { /* no command: each item is one */
        for (i = 1; i < command->count; i++) {
            shell_judge_script(command, command->argument[i], strlen(command->argument[i]), hits);
        }
    }
}

void shell_judge_command(const shell_command *given, shell_hits *hits)
{
    shell_command command = *given;

    if (command.device && !shell_among(given->argument[0], "dd")) {
        shell_hit_add(hits, HAZARD_DISK, 0, &command);
    }
    if (given->count > 1 && strcmp(given->argument[0], "env") == 0 && strcmp(given->argument[1], "-S") == 0) {
        judge_words(given, 2, hits);
    }
    unwrap(&command);
    if (command.count == 0) {
        return;
    }
    if (command.socket && !shell_among(command.argument[0], shells)) {
        shell_hit_add(hits, HAZARD_REVERSE, 0, &command);
    }
    if (shell_among(command.argument[0], shells)) {
        judge_shell(&command, hits);
    } else if (shell_among(command.argument[0], interpreters) || strncmp(command.argument[0], "python3.", 8) == 0) {
        judge_interpreter(&command, hits);
    } else if (shell_among(command.argument[0], "eval source .")) {
        if (command.fetched) {
            shell_hit_add(hits, HAZARD_PIPE, 0, &command);
        }
        judge_words(&command, 1, hits);
    } else if (strcmp(command.argument[0], "find") == 0 || strcmp(command.argument[0], "fd") == 0) {
        judge_find(&command, hits);
    } else if (strcmp(command.argument[0], ":::") == 0) {
        judge_parallel_items(&command, hits);
    } else {
        if (shell_among(command.argument[0], "ssh docker podman kubectl nerdctl")) {
            judge_remote(&command, hits);
        }
        if (strchr(command.argument[0], ' ') && command.piped) {
            shell_judge_script(&command, command.argument[0], strlen(command.argument[0]), hits);
        }
        program_judge(&command, hits);
    }
}
