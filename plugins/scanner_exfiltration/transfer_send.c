/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Programs that send. Each says what it sends and where to; how bad that is, is decided in one place (judge): secrets may
 * not even go to the neighbour, an ordinary file counts where the host is a stranger.
 */
#include <string.h>

#include "transfer.h"
#include "uapi_plugin.h"

static data_worth larger(data_worth one, data_worth other)
{
    return one > other ? one : other;
}

static data_host further(data_host one, data_host other)
{
    return one > other ? one : other;
}

/* By worth (from DATA_FILE on) and host (from DATA_HOST_NEAR on); 0: not a finding. */
static uint32_t severity_of(data_worth worth, data_host host)
{
    static const uint8_t table[4][3] = {
        /* NEAR                FOREIGN                  STRANGE */
        {0, UAPI_SEVERITY_MEDIUM, UAPI_SEVERITY_HIGH},                        /* FILE */
        {0, UAPI_SEVERITY_MEDIUM, UAPI_SEVERITY_HIGH},                        /* BULK */
        {UAPI_SEVERITY_MEDIUM, UAPI_SEVERITY_HIGH, UAPI_SEVERITY_CRITICAL},   /* TREE */
        {UAPI_SEVERITY_HIGH, UAPI_SEVERITY_CRITICAL, UAPI_SEVERITY_CRITICAL}, /* SECRET */
    };

    return worth < DATA_FILE || host < DATA_HOST_NEAR ? 0 : table[worth - DATA_FILE][host - DATA_HOST_NEAR];
}

static void judge(const transfer_command *command, transfer_kind kind, data_worth worth, data_host host, int encoded,
                  transfer_hits *hits)
{
    uint32_t severity = severity_of(worth, host);

    if (severity) {
        transfer_hit_add(hits, encoded ? TRANSFER_ENCODED : kind, severity, command);
    }
}

/* What comes through the standard input. */
static data_worth standard_input(const transfer_command *command)
{
    return larger(command->incoming, command->input ? data_of_path(command->input) : DATA_NONE);
}

/* The most foreign host among the arguments from `first` on that could be one. */
static data_host any_host(const transfer_command *command, size_t first)
{
    data_host found = DATA_HOST_NONE;

    for (size_t i = first; i < command->count; i++) {
        const char *word = command->argument[i];

        if (word[0] != '-' && strcmp(word, "$()") != 0 && word[0] != '/' && word[0] != '@' && word[0] != '~') {
            found = further(found, data_of_host(word));
        }
    }
    return found;
}

/* ------------------------------------------------------------- HTTP clients */

/* "@file", "name=@file", "name=<file", "name@file": a file; anything else is a literal. */
static data_worth form_value(const transfer_command *command, size_t argument, const char *value, int form)
{
    const char *at = value;

    if (form) {
        at = strchr(value, '=');
        at = at ? at + 1 : value;
    } else if (value[0] != '@' && strchr(value, '@') && strcspn(value, "= {[") > strcspn(value, "@")) {
        at = strchr(value, '@'); /* --data-urlencode name@file */
    }
    if (*at == '@' || (form && *at == '<')) {
        data_worth inserted = (data_worth)command->inserted[argument];

        at++;
        return *at == '-' || *at == '\0'
                   ? larger(standard_input(command), inserted)
                   : larger(data_of_path(strncmp(at, "/dev/stdin", 10) == 0 ? "-" : at), inserted);
    }
    return transfer_literal(command, argument);
}

/* The value of a curl option that sends something: -d x, -dx, -sSfT x, --data-binary=x. `*form` for -F. */
static const char *sent_by(const transfer_command *command, size_t *at, int *form, int *upload)
{
    static const char *const names[] = {"--data", "--data-binary", "--data-raw",    "--data-ascii", "--data-urlencode",
                                        "--json", "--form",        "--upload-file", "--url-query",  NULL};
    const char *word = command->argument[*at];
    size_t i;

    *form = *upload = 0;
    if (strncmp(word, "--", 2) == 0) {
        size_t length = strcspn(word, "=");

        for (i = 0; names[i]; i++) {
            if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0) {
                *form = i == 6;
                *upload = i == 7;
                if (word[length] == '=') {
                    return word + length + 1;
                }
                return *at + 1 < command->count ? command->argument[++*at] : NULL;
            }
        }
        return NULL;
    }
    i = 1 + strspn(word + 1, "sSkfLvgiINanZ#Oq012346jJRlGM");
    if (word[0] != '-' || !word[i] || !strchr("dFT", word[i])) {
        return NULL;
    }
    *form = word[i] == 'F';
    *upload = word[i] == 'T';
    if (word[i + 1]) {
        return word + i + 1;
    }
    return *at + 1 < command->count ? command->argument[++*at] : NULL;
}

static int takes_word(const char *option, const char *letters)
{
    return option[0] == '-' && option[1] && option[1] != '-' && strchr(letters, option[strlen(option) - 1]) != NULL;
}

static void send_curl(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = DATA_NONE;
    data_host host = DATA_HOST_NONE;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i], *value;
        int form, upload;

        value = sent_by(command, &i, &form, &upload);
        if (value && upload) {
            worth = larger(worth, strcmp(value, "-") == 0 || strcmp(value, ".") == 0
                                      ? standard_input(command)
                                      : larger(data_of_path(value), (data_worth)command->inserted[i]));
        } else if (value) {
            worth = larger(worth, form_value(command, i, value, form));
        } else if (strcmp(word, "-H") == 0 || strcmp(word, "--header") == 0 || strcmp(word, "-A") == 0 ||
                   strcmp(word, "-b") == 0 || strcmp(word, "--cookie") == 0 || strcmp(word, "-e") == 0 ||
                   strcmp(word, "--user-agent") == 0) {
            i++;
            /* a header carries a file if it is encoded for it; a token is what headers are for */
            if (i < command->count && command->inserted[i] >= DATA_FILE &&
                !data_begins(command->argument[i], "authorization") &&
                (command->encoded || command->inserted[i] == DATA_SECRET)) {
                worth = larger(worth, (data_worth)command->inserted[i]);
            }
        } else if (takes_word(word, "XouAcxmEwKrtyYzCDPQU")) {
            i++;
        } else if (word[0] == '-') {
            i += strcmp(word, "--request") == 0 || strcmp(word, "--output") == 0 || strcmp(word, "--user") == 0 ||
                 strcmp(word, "--max-time") == 0 || strcmp(word, "--cacert") == 0 || strcmp(word, "--proxy") == 0;
        } else {
            host = further(host, data_of_host(word));
            if (command->incoming >= DATA_FILE && strchr(word, '$')) { /* line by line, in a loop */
                worth = larger(worth, transfer_literal(command, i));
            }
            /* behind a question mark it is suspicious_urls' */
            if (command->inserted[i] >= DATA_FILE && !strchr(word, '?') && strstr(word, "://") &&
                strchr(strstr(word, "://") + 3, '/')) {
                worth = larger(worth, (data_worth)command->inserted[i]);
            }
        }
    }
    judge(command, TRANSFER_UPLOAD, worth, host, command->encoded, hits);
}

static void send_wget(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = DATA_NONE;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i], *value = strchr(word, '=');
        size_t at = i;

        if (!data_begins(word, "--post-") && !data_begins(word, "--body-")) {
            continue;
        }
        if (!value && i + 1 < command->count) {
            value = command->argument[at = i + 1];
        } else if (value) {
            value++;
        }
        if (value && data_find(word, strlen(word), "-file") < strlen(word)) {
            worth = larger(worth, strcmp(value, "-") == 0 ? standard_input(command) : data_of_path(value));
            worth = larger(worth, (data_worth)command->inserted[at]);
        } else if (value) {
            worth = larger(worth, transfer_literal(command, at));
        }
    }
    judge(command, TRANSFER_UPLOAD, worth, any_host(command, 1), command->encoded, hits);
}

/* HTTPie and its kin: `http POST url name@file`, `http url < file` */
static void send_httpie(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = standard_input(command);

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i], *at = strchr(word, '@');

        if (strcmp(word, "-p") == 0 && i + 1 < command->count) { /* ab -p file */
            worth = larger(worth, data_of_path(command->argument[++i]));
        } else if (at && !strstr(word, "://") && at[1]) {
            worth = larger(worth, data_of_path(at + 1));
        } else if (command->inserted[i] && !strstr(word, "://")) {
            worth = larger(worth, (data_worth)command->inserted[i]);
        }
    }
    judge(command, TRANSFER_UPLOAD, worth, any_host(command, 1), command->encoded, hits);
}

/* ------------------------------------------------------------- copies to a host */

/* "host:path", "user@host:path", "rsync://host/x"; not "C:\x" or "./a:b". */
static int is_remote(const char *word)
{
    const char *colon = strchr(word, ':'), *slash = strchr(word, '/');

    return word[0] != '-' && colon && colon > word + 1 && (!slash || slash > colon);
}

static void send_copy(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = larger(standard_input(command), DATA_NONE);
    data_host host = DATA_HOST_NONE;
    size_t last = 0, files = 0;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (takes_word(word, "iPoclFJSe") && strlen(word) <= 3) {
            i++;
        } else if (data_begins(word, "--") && (data_find(word, strlen(word), "clude") < strlen(word)) &&
                   !strchr(word, '=')) {
            i++;
        } else if (word[0] != '-' && *word) {
            last = i;
        }
    }
    if (last && command->here && data_begins(command->here, "put ")) { /* sftp host <<< "put file" */
        judge(command, TRANSFER_COPY, data_of_path(command->here + 4),
              further(data_of_host(command->argument[last]), DATA_HOST_NEAR), command->encoded, hits);
        return;
    }
    if (!last || !is_remote(command->argument[last])) {
        return;
    }
    for (size_t i = 1; i < last; i++) {
        const char *word = command->argument[i];

        if (takes_word(word, "iPoclFJSe") && strlen(word) <= 3) {
            i++;
        } else if (word[0] != '-' && *word && !is_remote(word) &&
                   !(i > 1 && data_find(command->argument[i - 1], strlen(command->argument[i - 1]), "clude") <
                                  strlen(command->argument[i - 1]))) {
            files++;
            worth = larger(worth, larger(data_of_path(word), (data_worth)command->inserted[i]));
        }
    }
    host = data_of_host(command->argument[last]);
    if (files && !data_is_placeholder(command->argument[last])) {
        judge(command, TRANSFER_COPY, worth, host, command->encoded, hits);
    }
}

/* ftp, lftp, tftp, smbclient ...: what they are told to put. */
static void send_ftp(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = larger(standard_input(command), DATA_NONE);
    int puts = transfer_among(command->argument[0], "ncftpput tftp-put curlftpfs");

    if (command->here && (data_begins(command->here, "put ") || data_begins(command->here, "mput "))) {
        puts = 1;
        worth = larger(worth, data_of_path(strchr(command->here, ' ') + 1));
    }
    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];
        size_t length = strlen(word), at = data_find(word, length, "put ");

        if (at < length || data_find(word, length, "mirror -r") < length) {
            puts = 1;
            worth = larger(worth, at < length ? data_of_path(word + at + 4) : DATA_BULK);
        } else if (transfer_among(word, "put mput PUT")) {
            puts = 1;
            worth = larger(worth, i + 1 < command->count ? data_of_path(command->argument[i + 1]) : DATA_FILE);
        } else if (puts && word[0] != '-') {
            worth = larger(worth, data_of_path(word));
        }
    }
    if (puts) {
        judge(command, TRANSFER_COPY, larger(worth, DATA_FILE), further(any_host(command, 1), DATA_HOST_NEAR),
              command->encoded, hits);
    }
}

/* ------------------------------------------------------------- raw connections */

static void send_socket(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = standard_input(command);
    data_host host = any_host(command, 1);

    for (size_t i = 1; i < command->count; i++) { /* socat's FILE:/x */
        const char *word = command->argument[i];

        if (data_begins(word, "file:") || data_begins(word, "open:")) {
            worth = larger(worth, data_of_path(word + 5));
        } else if (data_begins(word, "tcp") || data_begins(word, "openssl:") || data_begins(word, "udp")) {
            host = further(host, strchr(word, ':') ? data_of_host(strchr(word, ':') + 1) : DATA_HOST_NONE);
        } else if (command->inserted[i] >= DATA_FILE) {
            worth = larger(worth, (data_worth)command->inserted[i]);
        }
    }
    if (transfer_prefix(command, "-l") || transfer_has(command, "-nlvp")) { /* it waits for whoever fetches it */
        host = further(host, DATA_HOST_FOREIGN);
    }
    /* a raw connection has no honest use for files, not even nearby */
    if (host >= DATA_HOST_NEAR) {
        host = further(host, DATA_HOST_FOREIGN);
    }
    judge(command, TRANSFER_SOCKET, worth, host, command->encoded, hits);
}

static void send_device(const transfer_command *command, transfer_hits *hits)
{
    int encoded = command->encoded;
    transfer_command without = *command;
    data_worth worth;
    char host[256];
    size_t length;

    if (!command->output ||
        (strncmp(command->output, "/dev/tcp/", 9) != 0 && strncmp(command->output, "/dev/udp/", 9) != 0)) {
        return;
    }
    without.output = NULL;
    worth = transfer_output(&without, &encoded);
    length = strcspn(command->output + 9, "/");
    length = length < sizeof(host) ? length : sizeof(host) - 1;
    memcpy(host, command->output + 9, length);
    host[length] = '\0';
    judge(command, TRANSFER_SOCKET, worth,
          data_of_host(host) == DATA_HOST_LOCAL ? DATA_HOST_LOCAL : further(data_of_host(host), DATA_HOST_FOREIGN),
          encoded, hits);
}

/* ssh host "cat > x": only for what nobody moves that way by chance. */
static void send_ssh(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = standard_input(command);
    data_host host = DATA_HOST_NONE;

    for (size_t i = 1; i < command->count; i++) {
        if (takes_word(command->argument[i], "pliFoJbcDEIKLmOQRSWw") && strlen(command->argument[i]) == 2) {
            i++;
        } else if (command->argument[i][0] != '-') {
            host = data_of_host(command->argument[i]);
            break;
        }
    }
    if (worth >= DATA_TREE || host == DATA_HOST_STRANGE) {
        judge(command, TRANSFER_COPY, worth, host, command->encoded, hits);
    }
}

/* Data in the arguments of programs that look something up: whois, finger, ping -p; names are suspicious_urls'. */
static void send_lookup(const transfer_command *command, transfer_hits *hits)
{
    int named = any_host(command, 1) >= DATA_HOST_NEAR || transfer_prefix(command, "@") ||
                transfer_prefix(command, ".");

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];
        data_worth worth = (data_worth)command->inserted[i];

        if (worth < DATA_FILE && (strcmp(word, "-p") == 0 || strcmp(word, "--pattern") == 0) &&
            i + 1 < command->count && strchr(command->argument[i + 1], '$')) {
            worth = command->incoming;
        }
        if ((word[0] == '$' || strncmp(word, "{}", 2) == 0) && strchr(word, '.') &&
            data_of_host(strchr(word, '.') + 1) >= DATA_HOST_FOREIGN) { /* $line.collector.example */
            worth = larger(worth, command->incoming);
        }
        if (worth >= DATA_FILE && named) {
            transfer_hit_add(hits, command->encoded ? TRANSFER_ENCODED : TRANSFER_SOCKET, UAPI_SEVERITY_HIGH, command);
            return;
        }
    }
}

/* ------------------------------------------------------------- mail */

static void send_mail(const transfer_command *command, transfer_hits *hits)
{
    data_worth worth = standard_input(command);
    data_host host = DATA_HOST_FOREIGN;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if ((strcmp(word, "-a") == 0 || strcmp(word, "-A") == 0 || strcmp(word, "--attach") == 0) &&
            i + 1 < command->count) {
            word = command->argument[++i];
            worth = larger(worth, data_of_path(word + (word[0] == '@')));
        } else if (strchr(word, '@') && data_of_host(word) == DATA_HOST_STRANGE) {
            host = DATA_HOST_STRANGE;
        }
    }
    /* reports are mailed every day */
    if (worth >= DATA_TREE || (worth >= DATA_FILE && host == DATA_HOST_STRANGE)) {
        judge(command, TRANSFER_MAIL, worth, host, command->encoded, hits);
    }
}

/* A whole repository to a place that is named in the command. */
static void send_git(const transfer_command *command, transfer_hits *hits)
{
    data_host host = DATA_HOST_NONE;
    int whole = transfer_has(command, "--mirror") || transfer_has(command, "--all");

    for (size_t i = 2; i < command->count; i++) {
        if (strstr(command->argument[i], "://") || is_remote(command->argument[i])) {
            host = further(host, data_of_host(command->argument[i]));
        }
    }
    if ((transfer_verbs(command, "push") && (host == DATA_HOST_STRANGE || (host >= DATA_HOST_FOREIGN && whole))) ||
        (transfer_verbs(command, "remote add") && host == DATA_HOST_STRANGE)) {
        transfer_hit_add(hits, TRANSFER_COPY, host == DATA_HOST_STRANGE ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM,
                         command);
    }
}

static const struct {
    const char *names;
    void (*send)(const transfer_command *command, transfer_hits *hits);
} senders[] = {
    {"curl curl.exe", send_curl},
    {"wget wget.exe wget2", send_wget},
    {"http https xh xhs httpie ab lwp-request POST", send_httpie},
    {"scp pscp rcp rsync sftp", send_copy},
    {"ftp lftp tftp ncftp ncftpput smbclient cadaver", send_ftp},
    {"nc ncat netcat nc.traditional nc.openbsd nc.exe socat telnet cryptcat dbd", send_socket},
    {"ssh sshpass", send_ssh},
    {"whois finger ping ping6 hping3 nping logger dig nslookup host cancel rlogin", send_lookup},
    {"git", send_git},
    {"mail mailx mutt sendmail s-nail swaks msmtp ssmtp sendemail", send_mail},
};

static int is_connection(const transfer_command *command)
{
    return strcmp(command->argument[0], "openssl") == 0 && transfer_verbs(command, "s_client");
}

void transfer_send(const transfer_command *command, transfer_hits *hits)
{
    send_device(command, hits);
    if (is_connection(command)) {
        send_socket(command, hits);
    }
    for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
        if (transfer_among(command->argument[0], senders[i].names)) {
            senders[i].send(command, hits);
            return;
        }
    }
}
