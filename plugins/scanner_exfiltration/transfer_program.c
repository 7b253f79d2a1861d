/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a command's output is worth.
 */
#include <string.h>

#include "transfer.h"

static const char readers[] = "cat head tail less more tac nl strings dd gzip gunzip zcat zstd xz bzip2 pigz grep "
                              "egrep fgrep rg awk gawk sed sort uniq "
                              "cut tr jq yq tee column rev pv split cp find fd ls tree du stat file wc paste fold "
                              "pbcopy sqlite3 type get-content gc "
                              "iconv source diff bat";
static const char encoders[] = "base64 base32 basenc xxd od hexdump uuencode gpg openssl";
static const char archivers[] = "tar zip 7z 7za 7zr cpio rar bsdtar ar zipsplit compress-archive";
static const char dumpers[] =
    "pg_dump pg_dumpall mysqldump mariadb-dump mongodump mongoexport mysqlpump exp expdp psql mysql";
static const char environment[] = "env printenv set history export declare compgen keyctl pass security secret-tool";
static const char system_names[] =
    "whoami id hostname uname ifconfig ip ps netstat ss w last who arp route lsblk mount lsof "
    "systeminfo ipconfig getent crontab dmesg lscpu pwd uptime dpkg pip docker";

int transfer_has(const transfer_command *command, const char *word)
{
    for (size_t i = 1; i < command->count; i++) {
        if (data_equal(command->argument[i], strlen(command->argument[i]), word)) {
            return 1;
        }
    }
    return 0;
}

int transfer_prefix(const transfer_command *command, const char *start)
{
    for (size_t i = 1; i < command->count; i++) {
        if (data_begins(command->argument[i], start)) {
            return 1;
        }
    }
    return 0;
}

int transfer_verbs(const transfer_command *command, const char *list)
{
    size_t i = 1;

    while (*list) {
        size_t length = strcspn(list, " ");

        while (i < command->count && command->argument[i][0] == '-') {
            /* --profile prod, -n prod: an option may take a word that is no verb */
            i += (strncmp(command->argument[i], "--", 2) == 0 || strlen(command->argument[i]) == 2) &&
                 !strchr(command->argument[i], '=') && i + 1 < command->count &&
                 !(strlen(command->argument[i + 1]) == length && strncmp(command->argument[i + 1], list, length) == 0);
            i++;
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

/* $AWS_SECRET_ACCESS_KEY, ${GITHUB_TOKEN} */
static int has_secret_variable(const char *word)
{
    for (const char *at = strchr(word, '$'); at; at = strchr(at + 1, '$')) {
        const char *name = at + 1 + (at[1] == '{');
        size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

        if (length > 2 && data_is_secret_name(name, length)) {
            return 1;
        }
    }
    return 0;
}

data_worth transfer_literal(const transfer_command *command, size_t argument)
{
    const char *word = command->argument[argument];
    data_worth worth = (data_worth)command->inserted[argument];

    if (has_secret_variable(word)) {
        return DATA_SECRET;
    }
    if (worth < command->assigned &&
        (*word == '\0' || word[strlen(word) - 1] == '=')) { /* "$X", which was set before */
        worth = command->assigned;
    }
    if (worth < command->incoming && strchr(word, '$')) { /* what the loop around it read */
        worth = command->incoming;
    }
    return worth > DATA_TEXT ? worth : DATA_TEXT;
}

static int is_path(const char *word)
{
    return word[0] == '/' || word[0] == '~' || word[0] == '.' || word[0] == '$' || strchr(word, '/') ||
           strchr(word, '.') || strchr(word, '\\') || word[0] == '%';
}

data_worth transfer_files(const transfer_command *command, size_t first)
{
    int all = transfer_among(command->argument[0],
                             "cat head tail less more tac nl dd gzip base64 base32 xxd od gpg tar zip type");
    data_worth most = DATA_NONE;

    for (size_t i = first; i < command->count; i++) {
        const char *word = command->argument[i];
        data_worth worth;

        if (word[0] == '-') {
            continue;
        }
        word += strncmp(word, "if=", 3) == 0 ? 3 : 0;
        worth = data_of_path(word);
        if (worth == DATA_FILE && !all && !is_path(word)) {
            worth = DATA_TEXT;
        }
        worth = command->inserted[i] > worth ? (data_worth)command->inserted[i] : worth;
        most = worth > most ? worth : most;
    }
    return most;
}

static int reads_secrets(const transfer_command *command)
{
    const char *name = command->argument[0];

    return transfer_among(name, environment) ||
           (strcmp(name, "kubectl") == 0 && transfer_verbs(command, "get") && transfer_prefix(command, "secret")) ||
           (strcmp(name, "aws") == 0 &&
            (transfer_has(command, "secretsmanager") || transfer_has(command, "get-parameters-by-path") ||
             transfer_has(command, "get-session-token"))) ||
           (strcmp(name, "vault") == 0 && (transfer_has(command, "kv") || transfer_has(command, "read"))) ||
           (strcmp(name, "gcloud") == 0 &&
            (transfer_has(command, "secrets") || transfer_has(command, "print-access-token"))) ||
           (strcmp(name, "az") == 0 && transfer_has(command, "keyvault")) ||
           (strcmp(name, "git") == 0 && transfer_verbs(command, "config") &&
            (transfer_prefix(command, "-l") || transfer_has(command, "--list"))) ||
           (strcmp(name, "gh") == 0 && transfer_verbs(command, "auth token")) || transfer_among(name, "op bw lpass");
}

static data_worth larger(data_worth one, data_worth other)
{
    return one > other ? one : other;
}

data_worth transfer_output(const transfer_command *command, int *encoded)
{
    const char *name = command->argument[0];
    data_worth worth = larger(command->incoming, command->input ? data_of_path(command->input) : DATA_NONE);

    if (command->output && strcmp(command->output, "/dev/stdout") != 0) {
        return DATA_NONE;
    }
    if (reads_secrets(command)) {
        return DATA_SECRET;
    }
    if (transfer_among(name, encoders)) {
        int decodes = transfer_has(command, "-d") || transfer_has(command, "--decode") || transfer_has(command, "-r");

        worth = larger(worth, transfer_files(command, 1));
        *encoded = !decodes;
        return worth;
    }
    if (transfer_among(name, readers)) {
        return larger(worth, transfer_files(command, 1));
    }
    if (transfer_among(name, archivers)) {
        return larger(larger(worth, transfer_files(command, 1)), DATA_BULK);
    }
    if (transfer_among(name, dumpers)) {
        return DATA_TREE;
    }
    if (transfer_among(name, "echo printf")) {
        for (size_t i = 1; i < command->count; i++) {
            worth = larger(worth, transfer_literal(command, i));
        }
        return worth;
    }
    if (strcmp(name, "git") == 0 && transfer_verbs(command, "archive")) {
        return DATA_BULK;
    }
    if (transfer_among(name, system_names) ||
        (strcmp(name, "git") == 0 && (transfer_verbs(command, "diff") || transfer_verbs(command, "show")))) {
        return larger(worth, DATA_FILE);
    }
    return larger(worth, DATA_TEXT);
}
