/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From a candidate to the command around it. Calls carry commands in two forms: as a line for a shell, and as an array
 * of arguments, with the program's name in it or in a member before it ({"cmd":"rm","args":["-rf","/"]}). The whole
 * line is judged, whichever rule asked; the rule's own finding is the one that covers its candidate.
 */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "shell.h"
#include "../scanner_value.h"

/* The mark may also stand before its command, in what a variable was set to. */
static const shell_hit *choose(const rule *self, const uapi_candidate *candidate, const shell_hits *hits)
{
    const shell_hit *later = NULL;

    for (size_t i = 0; i < hits->count; i++) {
        const shell_hit *hit = &hits->hit[i];

        if ((int)hit->what != self->argument || hit->to <= candidate->from) {
            continue;
        }
        if (hit->from < candidate->to) {
            return hit;
        }
        later = later ? later : hit;
    }
    return later;
}

static int report(const rule *self, const uapi_candidate *candidate, const shell_hits *hits, uapi_finding *finding)
{
    const shell_hit *hit = choose(self, candidate, hits);

    if (!hit) {
        return 0;
    }
    finding->from = hit->from;
    finding->to = hit->to;
    finding->severity = hit->severity ? hit->severity : finding->severity;
    return 1;
}

static size_t copy_element(shell_line *line, const char *text, size_t from, size_t to)
{
    size_t length = to - from;

    if (line->count == SHELL_WORDS || line->used + length + 1 > SHELL_BYTES) {
        return 0;
    }
    memcpy(line->bytes + line->used, text + from, length);
    line->bytes[line->used + length] = '\0';
    line->words[line->count++] = (shell_word){SHELL_WORD, line->bytes + line->used, from, to};
    line->used += length + 1;
    return 1;
}

/* {"cmd":"rm","args":[ ]}: the string in the member before the array, if it looks like a program. */
static void take_program(shell_line *line, const uapi_string *text, size_t open)
{
    size_t at = open, quote = 0, end[4] = {0};

    /* back over "args": and , to the closing quote of the value */
    while (at > 0 && open - at < 160 && quote < 4) {
        at--;
        if (text->data[at] == '"') {
            end[quote++] = at;
        } else if (quote < 2 && strchr("[]{}", text->data[at])) {
            return;
        }
    }
    if (quote == 4 && end[2] - end[3] <= 64 && end[2] > end[3] + 1 && end[1] > end[2] && end[1] - end[2] <= 3 &&
        memchr(text->data + end[2], ',', end[1] - end[2])) {
        copy_element(line, text->data, end[3] + 1, end[2]);
    }
}

static void split_array(shell_line *line, const uapi_string *text, size_t open, size_t close)
{
    size_t at = open + 1;

    line->used = line->count = 0;
    while (at < close) {
        size_t from;
        char quote;

        while (at < close && text->data[at] != '"' && text->data[at] != '\'') {
            at++;
        }
        if (at >= close) {
            return;
        }
        quote = text->data[at];
        from = ++at;
        while (at < close && !(text->data[at] == quote && at + 1 < text->length &&
                               (strchr(",] ", text->data[at + 1]) && text->data[at + 1]))) {
            at++;
        }
        if (line->count == 0 && at > from && (text->data[from] == '-' || strchr("/0123456789i", text->data[from]))) {
            take_program(line, text, open);
        }
        copy_element(line, text->data, from, at);
        at++;
    }
}

static void judge_array(const shell_line *line, shell_hits *hits)
{
    shell_command command = {.count = 0};

    for (size_t i = 0; i < line->count && command.count < SHELL_ARGUMENTS; i++) {
        command.argument[command.count++] = line->words[i].text;
        command.socket |= strstr(line->words[i].text, "/dev/tcp/") != NULL && i > 0 &&
                          !strchr(line->words[i].text, ' ');
    }
    if (command.count) {
        command.from = line->words[0].from;
        command.to = line->words[line->count - 1].to;
        shell_judge_command(&command, hits);
    }
}

int32_t verify_command(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    shell_line line;
    shell_hits hits = {.count = 0};
    size_t open, close;
    value found;

    if (value_array(&candidate->text, candidate->from, candidate->to, &open, &close)) {
        split_array(&line, &candidate->text, open, close);
        judge_array(&line, &hits);
        if (report(self, candidate, &hits, finding)) {
            return 1;
        }
        hits.count = 0;
    }
    found = value_line(&candidate->text, candidate->from, candidate->to);
    if (value_is_mention(&candidate->text, &found)) {
        return 0;
    }
    shell_split(&line, candidate->text.data + found.from, found.to - found.from, found.from);
    shell_judge(&line, 0, &hits);
    return report(self, candidate, &hits, finding);
}

int32_t verify_any(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    value found = value_string(&candidate->text, candidate->from, candidate->to);

    (void)self;
    (void)finding;
    return !value_is_mention(&candidate->text, &found);
}

int32_t verify_fork_bomb(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t name = candidate->from, first, length;
    value found = value_string(&candidate->text, candidate->from, candidate->to);

    (void)self;
    if (value_is_mention(&candidate->text, &found)) {
        return 0;
    }
    if (text[name] != '(') { /* fork() in a loop needs no name */
        return 1;
    }
    while (name > 0 && candidate->from - name < 16 &&
           (text[name - 1] == ':' || text[name - 1] == '_' || text[name - 1] == '.' ||
            ((text[name - 1] | 0x20) >= 'a' && (text[name - 1] | 0x20) <= 'z'))) {
        name--;
    }
    length = candidate->from - name;
    for (first = candidate->from;
         first < candidate->to &&
         (text[first] == '(' || text[first] == ')' || text[first] == '{' || text[first] == ' ' || text[first] == '\t');
         first++) {
    }
    finding->from = name;
    return length > 0 && first + length <= candidate->to && memcmp(text + name, text + first, length) == 0;
}

int32_t verify_pipe_shell(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const network[] = {"nc ", "ncat ", "netcat ", "telnet ", "s_client", "TCPClient"};
    static const char *const shells[] = {"/sh", "bash", "sh -i", "iex", "Invoke-Expression", "cmd.exe", "powershell"};
    value found = value_line(&candidate->text, candidate->from, candidate->to);
    const char *line = candidate->text.data + found.from;
    size_t length = found.to - found.from, sent = 0, run = 0;

    (void)self;
    if (value_is_mention(&candidate->text, &found)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
        sent += memmem(line, length, network[i], strlen(network[i])) != NULL;
    }
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        run += memmem(line, length, shells[i], strlen(shells[i])) != NULL;
    }
    finding->to = found.to;
    return sent && run;
}
