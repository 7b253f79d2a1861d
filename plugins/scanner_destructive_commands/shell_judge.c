/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Which words of a line are commands. Only what stands where a shell would execute it is judged: that is how `echo "rm
 * -rf /"`, a commit message or a grep pattern is told from the command itself. Substitutions are followed, also inside
 * double quotes; backticks only where the words before them look like a command, because documents write code so.
 */
#include <string.h>

#include "shell.h"

enum { RECURSION = 8 };

typedef struct walk {
    const shell_line *line;
    shell_hits *hits;
    unsigned depth, level;
    size_t at;
    shell_command previous; /* the command before a pipe */
    int have_previous;
    const char *printed; /* what a substitution that only prints has put in the place of a name */
    int fetched;         /* the last group contained a download */
} walk;

static const char heads[] =
    "echo printf cat cd ls cp mv test [ set export local eval exec sudo env sh bash zsh grep find kill"
    " rm git docker ssh return exit true : for while if x y";
static const char fetchers[] = "curl wget fetch http aria2c lynx base64 base32 xxd openssl iwr nc ncat rev uudecode";

int shell_among(const char *name, const char *list)
{
    size_t length = strlen(name);
    const char *at = list;

    while (length && (at = strstr(at, name)) != NULL) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return 1;
        }
        at++;
    }
    return 0;
}

void shell_hit_add(shell_hits *hits, hazard what, uint32_t severity, const shell_command *command)
{
    if (hits->count < SHELL_HITS) {
        hits->hit[hits->count++] = (shell_hit){what, severity, command->from, command->to};
    }
}

static void argument(shell_command *command, const shell_word *word)
{
    if (command->count == 0) {
        command->from = word->from;
    }
    if (command->count < SHELL_ARGUMENTS) {
        command->argument[command->count++] = word->text;
    }
    command->to = word->to;
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* echo -rf / | xargs rm: the printed words become arguments. */
static void take_printed(shell_command *command, const shell_command *previous)
{
    size_t last = command->count;

    if (!last || strcmp(last_name(command->argument[0]), "xargs") != 0 ||
        !shell_among(last_name(previous->argument[0]), "echo printf")) {
        return;
    }
    for (size_t i = 1; i < previous->count && command->count < SHELL_ARGUMENTS; i++) {
        command->argument[command->count++] = previous->argument[i];
    }
    command->from = previous->from < command->from ? previous->from : command->from;
}

static int is_shell(const char *name)
{
    return shell_among(
        name, "sh bash zsh dash ksh ash fish csh tcsh mksh sudo python python3 python2 perl ruby node php pwsh iex "
              "powershell source . invoke-expression");
}

static void judge_pipe(walk *w, const shell_command *command)
{
    const char *from = last_name(w->previous.argument[0]), *to;
    shell_command whole = *command;
    size_t i = 0;

    while (i + 1 < command->count &&
           shell_among(last_name(command->argument[i]), "sudo env nohup time command exec -E -")) {
        i++;
    }
    to = last_name(command->argument[i]);
    whole.from = w->previous.from;
    /* an interpreter that is told to run something else only reads the data */
    if (!is_shell(to) || (i + 1 < command->count && command->argument[i + 1][0] != '-') ||
        (i + 1 < command->count && strchr("mce", command->argument[i + 1][1]) && command->argument[i + 1][1])) {
        return;
    }
    if (shell_among(from, fetchers) || w->previous.fetched) {
        shell_hit_add(w->hits, HAZARD_PIPE, 0, &whole);
    } else if (shell_among(from, "echo printf")) {
        whole.depth = w->depth;
        for (i = 1; i < w->previous.count; i++) {
            shell_judge_script(&whole, w->previous.argument[i], strlen(w->previous.argument[i]), w->hits);
        }
    } else if (shell_among(from, "tac tr sed")) {
        shell_hit_add(w->hits, HAZARD_PIPE, 0, &whole);
    }
}

static void finish(walk *w, shell_command *command, int piped)
{
    int fetched = 0;

    if (command->count == 0) {
        return;
    }
    if (piped && w->have_previous) {
        judge_pipe(w, command);
        take_printed(command, &w->previous);
        fetched = w->previous.fetched;
    }
    command->argument[command->count] = NULL;
    command->depth = w->depth;
    if (shell_among(last_name(command->argument[0]), fetchers)) {
        w->fetched = 1;
        fetched = 1;
    }
    shell_judge_command(command, w->hits);
    w->previous = *command;
    w->previous.fetched |= fetched;
    w->have_previous = 1;
}

static void redirect(walk *w, shell_command *command)
{
    const shell_word *word = &w->line->words[w->at];
    const char *to;

    if (w->at + 1 >= w->line->count || word[1].type != SHELL_WORD) {
        return;
    }
    to = word[1].text;
    w->at++;
    if (strncmp(to, "/dev/tcp/", 9) == 0 || strncmp(to, "/dev/udp/", 9) == 0) {
        command->socket = 1;
    } else if (word->from < word->to && word->type == SHELL_REDIRECT) {
        static const char *const disks[] = {"sd",   "hd",      "vd", "xvd", "nvme", "mmcblk",
                                            "disk", "mapper/", "md", "dm-", "loop"};

        for (size_t i = 0; strncmp(to, "/dev/", 5) == 0 && i < sizeof(disks) / sizeof(disks[0]); i++) {
            command->device |= strncmp(to + 5, disks[i], strlen(disks[i])) == 0;
        }
    }
    if (command->count == 0) {
        command->from = word->from;
        if (command->socket || command->device) {
            command->argument[command->count++] = ":";
        }
    }
    command->to = word[1].to;
}

static void judge_list(walk *w);

/* A substitution inside a command: judge what it runs, and put a placeholder in its place. */
static void substitute(walk *w, shell_command *command, shell_type type)
{
    shell_command kept_previous = w->previous;
    int kept = w->have_previous;
    const shell_word *word = &w->line->words[w->at];
    static const char *const called = "$()";

    w->at++;
    if (w->level >= RECURSION) {
        w->at = w->line->count;
        return;
    }
    w->level++;
    w->fetched = 0;
    w->have_previous = 0;
    judge_list(w);
    w->level--;
    command->fetched |= w->fetched;
    if (type != SHELL_GROUP || command->count) {
        const char *name = called;

        if (command->count == 0 && w->have_previous && w->previous.count >= 2 &&
            shell_among(w->previous.argument[0], "echo printf")) {
            name = w->previous.argument[w->previous.count - 1];
        }
        if (command->count == 0) {
            command->from = word->from;
        }
        if (command->count < SHELL_ARGUMENTS) {
            command->argument[command->count++] = name;
        }
        command->to = w->at < w->line->count ? w->line->words[w->at].to : word->to;
    }
    w->previous = kept_previous;
    w->have_previous = kept;
}

/* os.system("...") and its kin: the first argument is a script. */
static void judge_call(walk *w, const shell_command *command)
{
    static const char *const callers[] = {"system",   "popen", "exec",         "execSync",   "run",
                                          "call",     "Popen", "check_output", "check_call", "shell_exec",
                                          "passthru", "spawn", "spawnSync",    "getoutput"};
    const char *name = command->argument[command->count - 1];
    size_t length = strlen(name), i;

    if (w->at + 1 >= w->line->count || w->line->words[w->at + 1].type != SHELL_WORD) {
        return;
    }
    for (i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
        size_t wanted = strlen(callers[i]);

        if (length >= wanted && strcmp(name + length - wanted, callers[i]) == 0) {
            shell_command call = *command;
            const shell_word *word = &w->line->words[w->at + 1];

            call.from = word->from;
            call.to = word->to;
            call.depth = w->depth;
            shell_judge_script(&call, word->text, strlen(word->text), w->hits);
            return;
        }
    }
}

/* Words before a backtick: a command, or a sentence with code in it? */
static int runs_backtick(const walk *w, const shell_command *command)
{
    size_t close = w->at + 1;

    if (command->count) {
        return shell_among(last_name(command->argument[0]), heads) || strchr(command->argument[0], '=') != NULL;
    }
    while (close < w->line->count && w->line->words[close].type != SHELL_CLOSE) {
        close++;
    }
    return close + 1 >= w->line->count || w->line->words[close + 1].type != SHELL_WORD;
}

static void skip_backtick(walk *w)
{
    do {
        w->at++;
    } while (w->at < w->line->count && w->line->words[w->at].type != SHELL_CLOSE);
}

static void take_word(shell_command *command, const shell_word *word)
{
    if (command->count == 0 && (shell_among(word->text, "$ % > - * then do else elif if while until ! time {") ||
                                (strchr(word->text, '@') && word->text[strlen(word->text) - 1] == '$'))) {
        return;
    }
    argument(command, word);
}

/* Up to the end of the line or the closing bracket, at which `at` stays. */
static void judge_list(walk *w)
{
    shell_command command = {.count = 0};
    int piped = 0;

    for (; w->at < w->line->count; w->at++) {
        const shell_word *word = &w->line->words[w->at];

        switch (word->type) {
        case SHELL_WORD:
            take_word(&command, word);
            break;
        case SHELL_REDIRECT:
            redirect(w, &command);
            break;
        case SHELL_GROUP:
            if (command.count) {
                judge_call(w, &command);
            }
            substitute(w, &command, word->type);
            break;
        case SHELL_SUBSTITUTE:
            substitute(w, &command, word->type);
            break;
        case SHELL_BACKTICK:
            if (runs_backtick(w, &command)) {
                substitute(w, &command, word->type);
            } else {
                skip_backtick(w);
                if (w->at < w->line->count && command.count == 0) {
                    argument(&command, &w->line->words[w->at]); /* a sentence */
                }
            }
            break;
        case SHELL_CLOSE:
            finish(w, &command, piped);
            return;
        default:
            finish(w, &command, piped);
            if (word->type == SHELL_PIPE && command.count == 0) {
                w->have_previous = 0;
            }
            piped = word->type == SHELL_PIPE;
            command = (shell_command){.count = 0};
        }
    }
    finish(w, &command, piped);
}

void shell_judge(const shell_line *line, unsigned depth, shell_hits *hits)
{
    walk w = {.line = line, .hits = hits, .depth = depth};

    while (w.at < line->count) {
        judge_list(&w);
        w.at++; /* a closing bracket too many */
    }
}

void shell_judge_script(const shell_command *command, const char *script, size_t length, shell_hits *hits)
{
    shell_line line;
    shell_hits found = {.count = 0};

    if (command->depth >= SHELL_DEPTH) {
        return;
    }
    shell_split(&line, script, length, 0);
    shell_judge(&line, command->depth + 1, &found);
    for (size_t i = 0; i < found.count; i++) {
        shell_hit_add(hits, found.hit[i].what, found.hit[i].severity, command);
    }
}
