/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * PowerShell and the Windows command line. Names and parameters are compared without regard to case, and parameters
 * may be shortened as PowerShell allows (-Rec, -Fo, -enc).
 */
#include <string.h>

#include "shell.h"

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* The name without .exe, in small letters. */
static void fold(char *to, size_t size, const char *from)
{
    size_t i = 0;

    while (from[i] && i + 1 < size) {
        to[i] = (char)lower(from[i]);
        i++;
    }
    to[i] = '\0';
    if (i > 4 && strcmp(to + i - 4, ".exe") == 0) {
        to[i - 4] = '\0';
    }
}

/* -Parameter, shortened to `least` letters or more. */
static int parameter(const shell_command *command, const char *name, size_t least)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];
        size_t at = 0;

        if (word[0] != '-' && word[0] != '/') {
            continue;
        }
        while (word[at + 1] && word[at + 1] != ':' && lower(word[at + 1]) == name[at] && name[at]) {
            at++;
        }
        if (at >= least && (word[at + 1] == '\0' || word[at + 1] == ':')) {
            return 1;
        }
    }
    return 0;
}

static int switch_(const shell_command *command, char letter)
{
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        for (; word[0] == '/' && word[1]; word += 2) {
            if (lower(word[1]) == letter && (word[2] == '\0' || word[2] == '/')) {
                return 1;
            }
            if (word[2] != '/') {
                break;
            }
        }
    }
    return 0;
}

static void judge_powershell(const char *name, const shell_command *command, shell_hits *hits)
{
    if (shell_among(name, "remove-item ri rm del erase rd rmdir") && parameter(command, "recurse", 1) &&
        !(strcmp(name, "rm") == 0 && !parameter(command, "recurse", 3))) {
        shell_hit_add(hits, HAZARD_POWERSHELL, 0, command);
    } else if (shell_among(name, "clear-disk format-volume initialize-disk remove-partition clear-content stop-computer"
                                 " restart-computer clear-eventlog remove-aduser remove-vm remove-azresourcegroup"
                                 " disable-computerrestore")) {
        int mild = shell_among(name, "clear-content restart-computer initialize-disk") &&
                   !parameter(command, "force", 2);

        if (!mild && !parameter(command, "whatif", 2)) {
            shell_hit_add(hits, HAZARD_POWERSHELL, 0, command);
        }
    } else if (strcmp(name, "set-mppreference") == 0 && parameter(command, "disablerealtimemonitoring", 10)) {
        shell_hit_add(hits, HAZARD_POWERSHELL, 0, command);
    } else if (shell_among(name, "iex invoke-expression") && command->fetched) {
        shell_hit_add(hits, HAZARD_PIPE, 0, command);
    }
}

static void judge_launch(const char *name, const shell_command *command, shell_hits *hits)
{
    if (!shell_among(name, "powershell pwsh")) {
        return;
    }
    if (parameter(command, "encodedcommand", 1) || shell_argument(command, "-ec")) {
        for (size_t i = 1; i < command->count; i++) {
            if (strlen(command->argument[i]) >= 16 && !strpbrk(command->argument[i], " -.:\\")) {
                shell_hit_add(hits, HAZARD_ENCODED, 0, command);
                return;
            }
        }
    }
    for (size_t i = 1; i < command->count; i++) {
        if (strchr(command->argument[i], ' ')) {
            shell_judge_script(command, command->argument[i], strlen(command->argument[i]), hits);
        } else if (lower(command->argument[i][1]) == 'c' && i + 1 < command->count && command->depth < SHELL_DEPTH) {
            shell_command inner = *command;

            if (strchr(command->argument[i + 1], ' ')) {
                continue; /* a script in one word, which comes next */
            }
            inner.count = command->count - i - 1;
            memcpy(inner.argument, command->argument + i + 1, (inner.count + 1) * sizeof(inner.argument[0]));
            inner.depth++;
            shell_judge_command(&inner, hits);
            return;
        }
    }
}

static int is_destroying(const char *name, const shell_command *command)
{
    if (shell_among(name, "del erase")) {
        return switch_(command, 's') || (switch_(command, 'f') && switch_(command, 'q'));
    }
    if (shell_among(name, "rd rmdir deltree")) {
        return switch_(command, 's') || strcmp(name, "deltree") == 0;
    }
    if (strcmp(name, "format") == 0) {
        return command->count > 1 && strlen(command->argument[1]) == 2 && command->argument[1][1] == ':';
    }
    return (strcmp(name, "vssadmin") == 0 && shell_argument(command, "delete")) ||
           (strcmp(name, "wmic") == 0 && shell_argument(command, "shadowcopy") && shell_argument(command, "delete")) ||
           (strcmp(name, "wbadmin") == 0 && shell_argument(command, "delete")) ||
           (strcmp(name, "bcdedit") == 0 &&
            (shell_argument(command, "recoveryenabled") || shell_argument(command, "/delete"))) ||
           (strcmp(name, "cipher") == 0 && shell_prefix(command, "/w")) ||
           (strcmp(name, "wevtutil") == 0 && (shell_argument(command, "cl") || shell_argument(command, "clear-log"))) ||
           (strcmp(name, "fsutil") == 0 && shell_argument(command, "deletejournal")) ||
           (strcmp(name, "takeown") == 0 && switch_(command, 'r')) ||
           (strcmp(name, "reg") == 0 &&
            (shell_argument(command, "delete") || shell_argument(command, "fDenyTSConnections"))) ||
           (strcmp(name, "net") == 0 && (shell_argument(command, "/add") || shell_argument(command, "/delete"))) ||
           (strcmp(name, "netsh") == 0 && shell_argument(command, "off") && shell_argument(command, "advfirewall")) ||
           (shell_among(name, "certutil bitsadmin") &&
            (shell_argument(command, "-urlcache") || shell_argument(command, "/transfer"))) ||
           (strcmp(name, "schtasks") == 0 && shell_argument(command, "/delete") && switch_(command, 'f')) ||
           (strcmp(name, "shutdown") == 0 && (switch_(command, 's') || switch_(command, 'r')) &&
            switch_(command, 'f')) ||
           (shell_among(name, "mshta regsvr32") && shell_prefix(command, "http"));
}

void program_windows(const shell_command *command, shell_hits *hits)
{
    char name[32];

    fold(name, sizeof(name), command->argument[0]);
    judge_powershell(name, command, hits);
    judge_launch(name, command, hits);
    if (is_destroying(name, command)) {
        shell_hit_add(hits, HAZARD_WINDOWS, 0, command);
    }
}
