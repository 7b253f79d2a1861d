/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * git. The marks are the subcommands that can lose work; which options make them lose it is read by program_git.c.
 */
#include "rule.h"

#define GAP "[\\s\"',}]"

static const rule rules[] = {
    COMMAND_SMALL("git_discard", HIGH, HAZARD_GIT_DISCARD,
                  "--hard\\b|" GAP "reset" GAP "{1,3}-|" GAP "checkout" GAP "|" GAP "checkout$|" GAP "restore" GAP
                  "|" GAP "switch" GAP "|" GAP "clean" GAP "{1,3}-|" GAP "stash" GAP "{1,3}(?:clear|drop)|" GAP
                  "branch" GAP "{1,3}|" GAP "worktree" GAP "{1,3}remove|submodule" GAP "{1,3}deinit"),
    COMMAND_SMALL("git_force_push", HIGH, HAZARD_GIT_PUSH, GAP "push" GAP),
    COMMAND_SMALL("git_history", HIGH, HAZARD_GIT_REWRITE,
                  "filter-(?:branch|repo)|reflog" GAP "{1,3}(?:expire|delete)|update-ref" GAP
                  "{1,3}-|--prune=|--expire=now"),
};

const rule_table rules_git = TABLE(rules);
