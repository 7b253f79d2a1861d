/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The walk over a line. Only what stands where a shell would execute it is a command: that is how a text about `curl -d
 * @file` is told from the command itself.
 */
#include <string.h>

#include "transfer.h"
#include "uapi_plugin.h"

enum { RECURSION = 6 };

typedef struct flow {
    data_worth worth;
    int encoded;
    size_t from; /* where the pipeline begins */
} flow;

typedef struct walk {
    const shell_line *line;
    const char *source;
    transfer_hits *hits;
    size_t at;
    unsigned depth, level;
    flow loop; /* what the loop that we are in reads */
    data_worth assigned;
    const char *connection; /* what `exec 3>/dev/tcp/host/port` has opened */
} walk;

static const char keywords[] = "$ % > - * then do else elif if while until for ! time {";

/* `values`: the letters of the options that take the next word; `skip`: words of its own before the program. */
static const struct {
    const char *name, *values;
    size_t skip;
} wrappers[] = {
    {"sudo", "ugpCRDhTUrt", 0},
    {"doas", "uC", 0},
    {"env", "uCS", 0},
    {"nohup", "", 0},
    {"nice", "n", 0},
    {"ionice", "cnp", 0},
    {"timeout", "ks", 1},
    {"stdbuf", "ioe", 0},
    {"setsid", "", 0},
    {"command", "", 0},
    {"builtin", "", 0},
    {"exec", "a", 0},
    {"busybox", "", 0},
    {"time", "fo", 0},
    {"xargs", "ILnPsdEa", 0},
    {"parallel", "jS", 0},
    {"watch", "n", 0},
    {"unbuffer", "", 0},
    {"proxychains", "f", 0},
    {"torsocks", "", 0},
    {"torify", "", 0},
    {"sshpass", "pfd", 0},
    {"proxychains4", "f", 0},
    {"cmd.exe", "", 0},
    {"cmd", "", 0},
    {"chronic", "", 0},
};

int transfer_among(const char *name, const char *list)
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

void transfer_hit_add(transfer_hits *hits, transfer_kind kind, uint32_t severity, const transfer_command *command)
{
    if (hits->count < TRANSFER_HITS) {
        hits->hit[hits->count++] = (transfer_hit){kind, severity, command->from, command->to};
    }
}

static const char *last_name(const char *path)
{
    const char *name = path;

    for (; *path; path++) {
        if ((*path == '/' || *path == '\\') && path[1]) {
            name = path + 1;
        }
    }
    return name;
}

static void drop(transfer_command *command, size_t count)
{
    count = count < command->count ? count : command->count;
    command->count -= count;
    for (size_t i = 0; i < command->count; i++) {
        command->argument[i] = command->argument[i + count];
        command->inserted[i] = command->inserted[i + count];
    }
    command->argument[command->count] = NULL;
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

/* How many words the wrapper and its options are; 0 if it is none. */
static size_t wrapper_words(const transfer_command *command)
{
    for (size_t w = 0; w < sizeof(wrappers) / sizeof(wrappers[0]); w++) {
        size_t i = 1, skip = wrappers[w].skip;

        if (strcmp(wrappers[w].name, command->argument[0]) != 0) {
            continue;
        }
        for (; i < command->count; i++) {
            const char *word = command->argument[i];

            if (word[0] == '-' || (word[0] == '/' && strncmp(wrappers[w].name, "cmd", 3) == 0 && strlen(word) == 2)) {
                i += word[1] && !word[2] && strchr(wrappers[w].values, word[1]) != NULL;
            } else if (!is_assignment(word) && skip-- == 0) {
                break;
            }
        }
        return i;
    }
    return 0;
}

static void unwrap(transfer_command *command)
{
    for (int round = 0; round < 8 && command->count; round++) {
        size_t words;

        if (is_assignment(command->argument[0])) {
            drop(command, 1);
            continue;
        }
        command->argument[0] = last_name(command->argument[0]);
        words = wrapper_words(command);
        if (words == 0 || words >= command->count) { /* `env` alone prints it */
            return;
        }
        drop(command, words);
    }
}

/* A text that the command runs as a script. What is found is said of the command. */
static void judge_script(const transfer_command *command, const char *script, transfer_hits *hits)
{
    shell_line line;
    transfer_hits found = {.count = 0};

    if (command->depth >= TRANSFER_DEPTH) {
        return;
    }
    shell_split(&line, script, strlen(script), 0);
    transfer_judge(&line, script, command->depth + 1, &found);
    for (size_t i = 0; i < found.count; i++) {
        transfer_hit_add(hits, found.hit[i].kind, found.hit[i].severity, command);
    }
}

/* sh -c script, eval script, docker exec c sh -c script, find -exec command */
static int judge_inner(const transfer_command *command, transfer_hits *hits)
{
    const char *name = command->argument[0];
    transfer_command inner = *command;
    size_t i = 1;

    if (strcmp(name, "eval") == 0) {
        for (; i < command->count; i++) {
            judge_script(command, command->argument[i], hits);
        }
        return 1;
    }
    if (transfer_among(name, "sh bash zsh dash ksh ash fish su pwsh powershell powershell.exe")) {
        for (; i + 1 < command->count; i++) {
            const char *word = command->argument[i];

            if (word[0] == '-' && strchr(word, 'c') && strlen(word) <= 8) {
                judge_script(command, command->argument[i + 1], hits);
                return 1;
            }
        }
        return 1;
    }
    if (transfer_among(name, "docker podman kubectl nerdctl") && command->count > 3 &&
        transfer_among(command->argument[1], "exec run")) {
        for (i = 2;
             i + 1 < command->count && command->argument[i][0] == '-' && strcmp(command->argument[i], "--") != 0;) {
            i++;
        }
        i += i + 1 < command->count && strcmp(command->argument[i + 1], "--") == 0;
    } else if (strcmp(name, "find") == 0) {
        while (i < command->count && !transfer_among(command->argument[i], "-exec -execdir -ok")) {
            i++;
        }
        inner.incoming = DATA_FILE;
    } else {
        return 0;
    }
    if (i + 1 < command->count && command->depth < TRANSFER_DEPTH) {
        drop(&inner, i + 1);
        inner.depth++;
        transfer_judge_arguments(&inner, hits);
    }
    return 0;
}

void transfer_judge_arguments(const transfer_command *given, transfer_hits *hits)
{
    transfer_command command = *given;

    unwrap(&command);
    if (command.count == 0 || judge_inner(&command, hits)) {
        return;
    }
    transfer_send(&command, hits);
    transfer_collect(&command, hits);
}

/* ------------------------------------------------------------- the line */

static void take(transfer_command *command, const shell_word *word, const char *text)
{
    if (command->count == 0) {
        command->from = word->from;
    }
    if (command->count < TRANSFER_ARGUMENTS) {
        command->inserted[command->count] = DATA_NONE;
        command->argument[command->count++] = text;
    }
    command->to = word->to;
}

static void redirect(walk *w, transfer_command *command)
{
    const shell_word *word = &w->line->words[w->at];

    if (w->at + 1 >= w->line->count || word[1].type != SHELL_WORD) {
        return;
    }
    if (w->source[word->from] == '<' && !(word->to - word->from >= 2 && w->source[word->from + 1] == '>')) {
        int here = word->to - word->from >= 2 && w->source[word->from + 1] == '<';

        command->input = here ? NULL : word[1].text;
        command->here = here && w->source[word->to - 1] == '<' && word->to - word->from == 3 ? word[1].text : NULL;
        command->incoming = here && command->incoming < DATA_TEXT ? DATA_TEXT : command->incoming;
    } else {
        command->output = word[1].text;
    }
    if (command->count == 0) {
        command->from = word->from;
    }
    command->to = word[1].to;
    w->at++;
}

/* What is read by the loop around: `done < file`, `done < <(command)`. */
static data_worth loop_input(const walk *w)
{
    for (size_t i = w->at; i + 2 < w->line->count; i++) {
        const shell_word *word = &w->line->words[i];

        if (word->type == SHELL_WORD && strcmp(word->text, "done") == 0 && word[1].type == SHELL_REDIRECT &&
            w->source[word[1].from] == '<') {
            return word[2].type == SHELL_WORD ? data_of_path(word[2].text) : DATA_FILE;
        }
    }
    return DATA_NONE;
}

/* A command is complete: judge it, and say what it hands on. */
static flow finish(walk *w, transfer_command *command, flow incoming)
{
    flow out = incoming;
    transfer_command inner;

    if (command->count == 0) {
        return out;
    }
    command->argument[command->count] = NULL;
    command->incoming = incoming.worth > command->incoming ? incoming.worth : command->incoming;
    command->encoded |= incoming.encoded;
    command->depth = w->depth;
    command->assigned = w->assigned;
    if (w->loop.worth > command->incoming) {
        command->incoming = w->loop.worth;
        command->encoded |= w->loop.encoded;
    }
    if (command->output && strcmp(command->argument[0], "exec") == 0 && strncmp(command->output, "/dev/", 5) == 0) {
        w->connection = command->output;
    } else if (w->connection && command->output && command->output[0] >= '0' && command->output[0] <= '9') {
        command->output = w->connection;
    }
    for (size_t i = 0; i < command->count && is_assignment(command->argument[i]); i++) {
        data_worth worth = transfer_literal(command, i);

        w->assigned = worth > w->assigned ? worth : w->assigned;
    }
    if (transfer_among(command->argument[0], "done }") && command->input) { /* while ...; done < file */
        return out;
    }
    out.from = incoming.worth ? incoming.from : command->from;
    inner = *command;
    inner.from = out.from;
    transfer_judge_arguments(&inner, w->hits);
    unwrap(&inner);
    if (inner.count) {
        out.encoded = incoming.encoded;
        out.worth = transfer_output(&inner, &out.encoded);
    }
    return out;
}

static flow judge_list(walk *w);

/* A substitution inside a command: judge what it runs, and keep what it is worth. */
static void substitute(walk *w, transfer_command *command)
{
    const shell_word *word = &w->line->words[w->at];
    int joined = command->count > 0 && w->at > 0 && w->line->words[w->at - 1].type == SHELL_WORD &&
                 w->line->words[w->at - 1].to >= word->from;
    flow inner;

    w->at++;
    if (w->level >= RECURSION) {
        w->at = w->line->count;
        return;
    }
    w->level++;
    inner = judge_list(w);
    w->level--;
    if (!joined) {
        take(command, word, "$()");
    }
    if (command->count && command->inserted[command->count - 1] < inner.worth) {
        command->inserted[command->count - 1] = (uint8_t)inner.worth;
    }
    command->encoded |= inner.encoded;
    command->to = w->at < w->line->count ? w->line->words[w->at].to : word->to;
}

/* Documents write code in backticks; only behind a command of its own it is a substitution. */
static void backtick(walk *w, transfer_command *command)
{
    static const char heads[] =
        "curl wget echo printf nc ncat dig nslookup ping host http mail ssh python python3 node whois finger logger";

    if (command->count &&
        (transfer_among(last_name(command->argument[0]), heads) || is_assignment(command->argument[0]))) {
        substitute(w, command);
        return;
    }
    do {
        w->at++;
    } while (w->at < w->line->count && w->line->words[w->at].type != SHELL_CLOSE);
    if (w->at < w->line->count && command->count == 0) {
        take(command, &w->line->words[w->at], "`"); /* a sentence */
    }
}

static int is_prompt(const char *word)
{
    size_t length = strlen(word);

    return transfer_among(word, keywords) || (strchr(word, '@') && word[length - 1] == '$');
}

/* `while read x` and `for x in ...`: what they read is what the commands in them have. */
static void enter_loop(walk *w, const transfer_command *command, flow incoming)
{
    size_t first = 0;

    while (first < command->count && is_assignment(command->argument[first])) { /* IFS= read -r x */
        first++;
    }
    if (first + 1 < command->count && strcmp(command->argument[first], "read") == 0) {
        data_worth input = loop_input(w);

        w->loop = incoming;
        w->loop.worth = input > incoming.worth ? input : incoming.worth;
    }
    for (size_t i = 0; i < command->count; i++) {
        if (command->inserted[i] > w->loop.worth && command->count > 2 && strcmp(command->argument[1], "in") == 0) {
            w->loop.worth = (data_worth)command->inserted[i];
        }
    }
}

/* Up to the end of the line or the closing bracket, at which `at` stays. */
static flow judge_list(walk *w)
{
    transfer_command command = {.count = 0};
    flow out = {DATA_NONE, 0, 0}, incoming = out, most = out;

    for (; w->at < w->line->count; w->at++) {
        const shell_word *word = &w->line->words[w->at];

        switch (word->type) {
        case SHELL_WORD:
            if (command.count || !is_prompt(word->text)) {
                take(&command, word, word->text);
            }
            break;
        case SHELL_REDIRECT:
            redirect(w, &command);
            break;
        case SHELL_GROUP:
        case SHELL_SUBSTITUTE:
            substitute(w, &command);
            break;
        case SHELL_BACKTICK:
            backtick(w, &command);
            break;
        default:
            enter_loop(w, &command, incoming);
            command.piped = word->type == SHELL_PIPE;
            out = finish(w, &command, incoming);
            most = out.worth >= most.worth ? out : most;
            if (word->type == SHELL_CLOSE) {
                return most;
            }
            incoming = word->type == SHELL_PIPE ? out : (flow){DATA_NONE, 0, 0};
            command = (transfer_command){.count = 0};
        }
    }
    out = finish(w, &command, incoming);
    return out.worth >= most.worth ? out : most;
}

void transfer_judge(const shell_line *line, const char *source, unsigned depth, transfer_hits *hits)
{
    walk w = {.line = line, .source = source, .hits = hits, .depth = depth};

    while (w.at < line->count) {
        judge_list(&w);
        w.at++; /* a closing bracket too many */
    }
}
