/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Commands. The patterns are the programs' names; what the line does is for the walk to say (transfer.h), and it may turn
 * out to be another rule's: "base64 x | curl -d @- host" is marked by curl and found as encoded_send.
 */
#include <string.h>

#include "../scanner_value.h"
#include "rule.h"
#include "transfer.h"

enum { NEAR_WORDS = 192, CLEAN_MARGIN = 640 };

/* The mark may also stand before its command: in what a variable was set to, or where a connection was opened. */
static const transfer_hit *choose(const transfer_hits *hits, size_t from, size_t to)
{
    const transfer_hit *later = NULL;

    for (size_t i = 0; i < hits->count; i++) {
        if (hits->hit[i].to <= from) {
            continue;
        }
        if (hits->hit[i].from < to) {
            return &hits->hit[i];
        }
        later = later ? later : &hits->hit[i];
    }
    return later;
}

static int report(const exfiltration *instance, const uapi_candidate *candidate, const transfer_hits *hits,
                  uapi_finding *finding)
{
    const transfer_hit *hit = choose(hits, candidate->from, candidate->to);

    if (!hit) {
        return UAPI_NOT_FOUND;
    }
    finding->from = hit->from;
    finding->to = hit->to;
    finding->severity = hit->severity;
    finding->rule = instance->transfer_rules[hit->kind];
    return UAPI_FOUND;
}

/* Up to where the line was read: what has too many words is read in part. */
static size_t end_of_reading(const shell_line *line, const value *found)
{
    return line->count == SHELL_WORDS ? line->words[line->count - 1].to : found->to;
}

static int judge_from(const exfiltration *instance, const uapi_candidate *candidate, const value *found, size_t from,
                      size_t *end, uapi_finding *finding)
{
    shell_line line;
    transfer_hits hits = {.count = 0};

    shell_split(&line, candidate->text.data + from, found->to - from, from);
    transfer_judge(&line, candidate->text.data, 0, &hits);
    *end = end_of_reading(&line, found);
    return report(instance, candidate, &hits, finding);
}

/* Many words before the candidate must not hide it: read again from what separates commands, close before it. */
static int judge(const exfiltration *instance, const uapi_candidate *candidate, const value *found, size_t *end,
                 uapi_finding *finding)
{
    size_t from = candidate->from, near = from - found->from > NEAR_WORDS ? from - NEAR_WORDS : found->from;

    if (judge_from(instance, candidate, found, found->from, end, finding)) {
        return UAPI_FOUND;
    }
    if (*end > candidate->to) {
        return UAPI_NOT_FOUND;
    }
    for (size_t at = from; at > near; at--) {
        if (strchr(";&\n(", candidate->text.data[at - 1]) && candidate->text.data[at - 1]) {
            from = at;
        }
    }
    return from < candidate->from && judge_from(instance, candidate, found, from, end, finding);
}

/* ------------------------------------------------------------- arrays of arguments */

enum { ARRAY_NEAR = 256, ARRAY_LENGTH = 1024 };

/* Where the member with the arguments begins, behind its bracket: {"program":"scp","args":[...]}, in either order. */
static size_t find_array(const uapi_string *text, size_t from, size_t to)
{
    static const char *const names[] = {"\"args\":[", "\"arguments\":[", "\"argv\":[", "\"params\":[",
                                        "\"parameters\":["};
    size_t first = from > ARRAY_NEAR + ARRAY_LENGTH ? from - ARRAY_NEAR - ARRAY_LENGTH : 0;
    size_t last = text->length - to > ARRAY_NEAR ? to + ARRAY_NEAR : text->length;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);

        for (size_t at = first; at + length <= last; at++) {
            if (text->data[at] == '"' && memcmp(text->data + at, names[i], length) == 0) {
                return at + length;
            }
        }
    }
    return 0;
}

/* The array's strings as words behind the program's name; `line` keeps their bytes. */
static void split_array(shell_line *line, transfer_command *command, const uapi_string *text, size_t at)
{
    size_t last = text->length - at > ARRAY_LENGTH ? at + ARRAY_LENGTH : text->length;

    while (at < last && text->data[at] == '"' && command->count < TRANSFER_ARGUMENTS) {
        size_t from = ++at;

        while (at + 1 < last && !(text->data[at] == '"' && (text->data[at + 1] == ',' || text->data[at + 1] == ']'))) {
            at++;
        }
        if (at + 1 >= last || line->used + (at - from) + 1 > SHELL_BYTES) {
            return;
        }
        memcpy(line->bytes + line->used, text->data + from, at - from);
        line->bytes[line->used + (at - from)] = '\0';
        command->argument[command->count++] = line->bytes + line->used;
        line->used += at - from + 1;
        command->to = at > command->to ? at : command->to;
        command->from = from < command->from ? from : command->from;
        at += text->data[at + 1] == ',' ? 2 : 1;
    }
}

static int judge_array(const exfiltration *instance, const uapi_candidate *candidate, size_t name,
                       uapi_finding *finding)
{
    size_t array = find_array(&candidate->text, candidate->from, candidate->to);
    size_t near = candidate->text.length - name < 64 ? candidate->text.length - name : 64;
    const char *start = candidate->text.data + name, *quote = memchr(start, '"', near);
    size_t length = quote ? (size_t)(quote - start) : 0;
    transfer_command command = {.from = name, .to = name + length};
    transfer_hits hits = {.count = 0};
    shell_line line = {.used = 0};

    if (array == 0 || length == 0 || length > 64 || memchr(start, ' ', length)) {
        return UAPI_NOT_FOUND;
    }
    memcpy(line.bytes, start, length);
    line.bytes[length] = '\0';
    line.used = length + 1;
    command.argument[command.count++] = line.bytes;
    split_array(&line, &command, &candidate->text, array);
    command.argument[command.count] = NULL;
    transfer_judge_arguments(&command, &hits);
    return report(instance, candidate, &hits, finding);
}

/* The line by itself first: an apostrophe in a line before would quote it. Then with what variables were given before. */
static int32_t verify_command(const exfiltration *instance, const rule *self, text_state *state,
                              const uapi_candidate *candidate, uapi_finding *finding)
{
    value whole, line;
    size_t end, ignored;

    (void)self;
    if (candidate->from >= state->clean_from && candidate->to <= state->clean_to) {
        return UAPI_NOT_FOUND;
    }
    whole = value_string(&candidate->text, candidate->from, candidate->to);
    line = value_cut(&candidate->text, whole, candidate->from, candidate->to);
    if (value_is_mention(&candidate->text, &line)) {
        return UAPI_NOT_FOUND;
    }
    if (judge(instance, candidate, &line, &end, finding)) {
        return UAPI_FOUND;
    }
    if (whole.key_to && judge_array(instance, candidate, whole.from, finding)) {
        return UAPI_FOUND;
    }
    if (line.from > whole.from && memchr(candidate->text.data + whole.from, '=', candidate->from - whole.from) &&
        judge(instance, candidate, &whole, &ignored, finding)) {
        return UAPI_FOUND;
    }
    /* what was read and is clean need not be read for the next candidate in it, which would see little more */
    state->clean_from = candidate->from;
    state->clean_to = end > candidate->to + CLEAN_MARGIN ? end - CLEAN_MARGIN : candidate->to;
    return UAPI_NOT_FOUND;
}

/* copy, xcopy, robocopy to \\\\host\\share: a shell's reading would take the backslashes for its own. */
static int32_t verify_share(const exfiltration *instance, const rule *self, text_state *state,
                            const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const programs[] = {"copy ",      "xcopy ",       "robocopy ",     "move ",
                                           "copy-item ", "cmd /c copy ", "cmd /c xcopy ", NULL};
    value line = value_line(&candidate->text, candidate->from, candidate->to);
    const char *text = candidate->text.data + line.from;

    (void)instance;
    (void)self;
    (void)state;
    if (value_is_mention(&candidate->text, &line)) {
        return UAPI_NOT_FOUND;
    }
    for (size_t i = 0; programs[i]; i++) {
        if (line.to - line.from > strlen(programs[i]) && data_equal(text, strlen(programs[i]), programs[i])) {
            finding->from = line.from;
            finding->to = line.to;
            return UAPI_FOUND;
        }
    }
    return UAPI_NOT_FOUND;
}

/* What ends a program's name. */
#define GAP "(?:\\.exe)?[\\s\"',]"
#define COMMAND(NAME, SEVERITY, REGEX)                                                                       \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, UAPI_PATTERN_OTHER_RULES, ALL_VIEWS, UAPI_DEFAULT_HOST, REGEX, \
         verify_command, 0)

static const rule rules[] = {
    COMMAND("file_upload", HIGH, "\\b(?:curl|wget|httpie|https?|xhs?|lwp-request)" GAP "{1,2}[^\\s:/]"),
    COMMAND("network_copy", HIGH,
            "\\bgit" GAP "{1,2}(?:push|remote)" GAP
            "|\\b(?:scp|pscp|rsync|sftp|l?ftp|tftp|ncftp(?:put)?|smbclient|ssh|sshpass)" GAP),
    RULE("network_copy", HIGH, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\\s\\\\\\\\[0-9a-z][0-9a-z.-]{2}", verify_share, 0),
    RULE("file_upload", HIGH, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\\bbitsadmin\\s[^\\n]{0,48}/upload\\s", NULL, 0),
    COMMAND("raw_connection", HIGH,
            "\\b(?:nc|ncat|netcat|socat|telnet|cryptcat|nc\\.traditional|nc\\.openbsd)" GAP
            "|s_client\\b|/dev/(?:tcp|udp)/|\\b(?:whois|finger|ping|dig|nslookup|rlogin|cancel)" GAP
            "|\\bhost\\s{1,2}[$`{\"]"),
    COMMAND("encoded_send", HIGH, "\\bbase64\\s{0,3}\\S{0,48}\\s{0,3}\\|"),
    COMMAND("mail_send", HIGH, "\\b(?:mailx?|mutt|sendmail|s-nail|swaks|msmtp|ssmtp|sendemail)" GAP),
    COMMAND("cloud_copy", MEDIUM, "\\b(?:aws|gsutil|rclone|azcopy|s3cmd|s5cmd|gcloud|az|b2|mc|ossutil)" GAP),
    COMMAND("public_share", MEDIUM,
            "\\b(?:gh" GAP "{1,2}gist|croc|wormhole|ffsend|mega-?put|gdrive|onionshare-cli)" GAP "|\\bhttp\\.server" GAP
            "|public-read|-attribute" GAP),
    COMMAND(
        "database_dump", MEDIUM,
        "\\b(?:pg_dump|pg_dumpall|pg_basebackup|mysqldump|mariadb-dump|mongodump|mongoexport|mysqlpump|mydumper|expdp|"
        "xtrabackup|mariabackup|sqlite3|redis-cli|bcp|etcdctl|elasticdump|influxd?|ldapsearch|ntdsutil|vssadmin|"
        "neo4j-admin|arangodump|reg)" GAP "|\\b(?:bq|consul|cockroach)" GAP),
    COMMAND("secret_store_dump", HIGH, "\\b(?:kubectl|oc)" GAP "|\\b(?:vault|doppler|heroku)" GAP),
    COMMAND("archive_collect", MEDIUM, "\\b(?:tar|zip|7za?|rar|bsdtar)" GAP "|Compress-Archive"),
    COMMAND("file_harvest", HIGH, "\\b(?:find|fdfind|grep|egrep|rg)" GAP "{1,2}[-/~$\"']"),
};

const rule_table rules_transfer = TABLE(rules);
