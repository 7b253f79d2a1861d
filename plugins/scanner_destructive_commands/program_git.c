/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * git: which commands lose work that is not committed, overwrite what others pushed, or rewrite history so that
 * nothing can be found again. Options are read as git reads them: bundled, joined to their values, after `--` no
 * options any more.
 */
#include <string.h>

#include "shell.h"

typedef struct options {
    int force, hard, help, create, separator, from_file, staged, worktree, remove, lease;
    size_t words; /* that are no options */
    size_t after; /* the separator */
    const char *first;
} options;

static void read_short(options *found, const char *word)
{
    for (word++; *word; word++) {
        if (strchr("bBcCtm", *word)) {
            found->create |= *word != 'm';
            return; /* the rest is its value */
        }
        found->force |= *word == 'f';
        found->remove |= *word == 'd' || *word == 'D';
        found->force |= *word == 'D';
        found->staged |= *word == 'S';
        found->worktree |= *word == 'W';
        found->help |= *word == 'h';
    }
}

static void read_long(options *found, const char *word)
{
    found->force |= shell_among(word, "--force --discard-changes --mirror --prune");
    found->hard |= shell_among(word, "--hard --merge");
    found->help |= strcmp(word, "--help") == 0;
    found->create |= strncmp(word, "--track", 7) == 0 || strcmp(word, "--orphan") == 0 || strcmp(word, "--create") == 0;
    found->from_file |= strncmp(word, "--pathspec-from-file", 20) == 0;
    found->staged |= strcmp(word, "--staged") == 0;
    found->worktree |= strcmp(word, "--worktree") == 0;
    found->remove |= strcmp(word, "--delete") == 0;
    found->lease |= strncmp(word, "--force-with-lease", 18) == 0;
}

static options read_options(const shell_command *git, size_t from)
{
    options found = {.force = 0};

    for (size_t i = from; i < git->count; i++) {
        const char *word = git->argument[i];

        if (found.separator) {
            found.after++;
        } else if (strcmp(word, "--") == 0) {
            found.separator = 1;
        } else if (word[0] == '-' && word[1] == '-') {
            read_long(&found, word);
            if (strcmp(word, "--recurse-submodules") == 0 && i + 1 < git->count &&
                shell_among(git->argument[i + 1], "on-demand checkout no yes")) {
                i++;
            }
        } else if (word[0] == '-' && word[1]) {
            read_short(&found, word);
        } else if (found.words++ == 0) {
            found.first = word;
        }
    }
    return found;
}

static int overwrites_files(const options *found)
{
    return !found->create && !found->help &&
           (found->force || found->after || found->from_file || found->words >= 2 ||
            (found->words == 1 && (found->first[0] == '.' || found->first[0] == ':')));
}

static int pushes_by_force(const shell_command *git, size_t from, const options *found)
{
    if (found->force || found->remove) {
        return 1;
    }
    for (size_t i = from; i < git->count; i++) {
        if (git->argument[i][0] == '+' || (git->argument[i][0] == ':' && git->argument[i][1])) {
            return 1;
        }
    }
    return 0;
}

static int discards(const char *verb, const shell_command *git, size_t from, const options *found)
{
    const char *first = found->first ? found->first : "";

    if (strcmp(verb, "reset") == 0) {
        return found->hard;
    }
    if (strcmp(verb, "checkout") == 0) {
        return overwrites_files(found);
    }
    if (strcmp(verb, "switch") == 0) {
        return found->force;
    }
    if (strcmp(verb, "restore") == 0) {
        return !found->help && (!found->staged || found->worktree) && from < git->count;
    }
    if (strcmp(verb, "clean") == 0) {
        return found->force;
    }
    if (strcmp(verb, "stash") == 0) {
        return shell_among(first, "clear drop");
    }
    if (strcmp(verb, "branch") == 0) {
        return found->remove && found->force;
    }
    return (strcmp(verb, "worktree") == 0 && strcmp(first, "remove") == 0 && found->force) ||
           (strcmp(verb, "submodule") == 0 && strcmp(first, "deinit") == 0 && found->force);
}

static int rewrites(const char *verb, const shell_command *git, const options *found)
{
    const char *first = found->first ? found->first : "";

    return shell_among(verb, "filter-branch filter-repo") ||
           (strcmp(verb, "reflog") == 0 && shell_among(first, "expire delete")) ||
           (strcmp(verb, "update-ref") == 0 && found->remove) ||
           (strcmp(verb, "gc") == 0 && (shell_prefix(git, "--prune=now") || shell_prefix(git, "--prune=all"))) ||
           (strcmp(verb, "prune") == 0 && shell_prefix(git, "--expire=now"));
}

void program_git(const shell_command *git, shell_hits *hits)
{
    size_t i = 1;
    options found;
    const char *verb;

    while (i < git->count && git->argument[i][0] == '-') {
        i += shell_among(git->argument[i], "-C -c --git-dir --work-tree --namespace --exec-path --config-env") ? 2 : 1;
    }
    if (i >= git->count) {
        return;
    }
    verb = git->argument[i++];
    found = read_options(git, i);
    if (discards(verb, git, i, &found)) {
        shell_hit_add(hits, HAZARD_GIT_DISCARD, 0, git);
    } else if (strcmp(verb, "push") == 0 && pushes_by_force(git, i, &found)) {
        shell_hit_add(hits, HAZARD_GIT_PUSH, 0, git);
    } else if (rewrites(verb, git, &found)) {
        shell_hit_add(hits, HAZARD_GIT_REWRITE, 0, git);
    }
}
