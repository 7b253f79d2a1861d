/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Arguments that the program behind a tool takes for an option (CWE-88): a branch called --upload-pack=..., a host called
 * -oProxyCommand=.... In a command line such an option is its author's, so there only those that run something unusual
 * count.
 */
#include <string.h>

#include "command.h"
#include "rule.h"
#include "../scanner_argument.h"
#include "../scanner_value.h"

enum { LONGEST = 512 };

/* Where an array of arguments, or a member for options, is the place for them, what the option runs decides. */
static int takes_options(const uapi_string *text, const argument *found)
{
    size_t open, close;

    return argument_key_among(text, found,
                              "args arguments argv options flags opts extra_args command cmd params parameters") ||
           value_array(text, found->from, found->to, &open, &close);
}

/* --option=a program and what it is to do, which no option of an ordinary call says. */
static int runs_script(const uapi_string *text, const argument *found)
{
    const char *given = memchr(text->data + found->from, '=', found->to - found->from);

    for (size_t at = given ? (size_t)(given - text->data) : found->to; at < found->to; at++) {
        if (text->data[at] && strchr(" ;|&`$", text->data[at])) {
            return 1;
        }
    }
    return 0;
}

static int32_t verify_option(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    argument found = argument_of_mark(candidate, candidate->from);
    size_t from = candidate->from;

    if (found.shape == ARGUMENT_RUNNING || found.to - found.from > LONGEST || argument_is_writing(text, &found)) {
        return 0;
    }
    while (from < candidate->to && text->data[from] != '-') {
        from++;
    }
    if (from != found.from || (takes_options(text, &found) && !runs_script(text, &found))) {
        return 0;
    }
    finding->from = from;
    finding->to = found.to;
    finding->severity = self->pattern.severity;
    return 1;
}

/* The name before @-o, from the beginning of the argument on. */
static int is_user(const uapi_string *text, const argument *found, const uapi_candidate *candidate)
{
    size_t i = found->from;

    while (i < candidate->from && (text_is_alnum(text->data[i]) || (text->data[i] && strchr("._-", text->data[i])))) {
        i++;
    }
    return i == candidate->from && text->data[i] == '@';
}

/* ssh://-oProxyCommand=..., git@-o..., ext::sh -c ...: as the whole argument, or as one of a clone. */
static int32_t verify_remote(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    argument found = argument_around(candidate, candidate->from, candidate->to);
    command made;

    (void)self;
    if (argument_is_writing(&candidate->text, &found)) {
        return 0;
    }
    if (found.shape != ARGUMENT_RUNNING &&
        (found.from == candidate->from || is_user(&candidate->text, &found, candidate))) {
        finding->from = found.from;
        finding->to = found.to;
        return 1;
    }
    return command_around(candidate, candidate->from, candidate->to, &made) &&
           command_runs(&made, "git hg svn ssh scp sftp rsync go npm pip cargo");
}

/* ------------------------------------------------------------- what an option runs */

/* A program that compresses, or speaks for rsync and git, is what these options are for. */
static int is_usual(const char *given, const char *list)
{
    char name[32];
    size_t length = strcspn(given, " ");
    const char *start = given;

    for (size_t i = 0; i < length; i++) {
        start = given[i] == '/' ? given + i + 1 : start;
    }
    length -= (size_t)(start - given);
    if (length >= sizeof(name)) {
        return 0;
    }
    memcpy(name, start, length);
    name[length] = '\0';
    return command_is(name, list) && !strpbrk(given, ";|&`") && !strstr(given, "$(");
}

static const char compressors[] = "gzip pigz bzip2 pbzip2 lbzip2 xz pixz pxz zstd zstdmt lz4 lzma lzop lzip plzip "
                                  "brotli compress gunzip bunzip2 unxz 7z unzstd"
                                  " igzip rapidgzip";
static const char transports[] = "ssh autossh rsh plink tsh sshpass gsissh mosh tailscale gcloud";
static const char proxies[] =
    "ssh nc ncat netcat corkscrew connect connect-proxy cloudflared aws gcloud proxytunnel none session-manager-plugin"
    " tsh az iap boundary openssl ssm-session nc.openbsd wstunnel websocat /usr/bin/nc";

static uint32_t judge_git(const command *self)
{
    static const char *const keys[] = {
        "core.sshcommand=", "core.pager=",     "core.editor=", "core.fsmonitor=",    "core.gitproxy=", "diff.external=",
        "sequence.editor=", "core.hookspath=", "gpg.program=", "credential.helper=", "core.askpass=",  "alias."};

    for (size_t i = 1; i + 1 < self->count && i < 8; i++) {
        for (size_t k = 0; strcmp(self->word[i], "-c") == 0 && k < sizeof(keys) / sizeof(keys[0]); k++) {
            const char *word = self->word[i + 1], *given = strchr(word, '=');
            size_t c = 0;

            while (keys[k][c] && text_small(word[c]) == keys[k][c]) {
                c++;
            }
            if (!keys[k][c] && given && (strchr(given, '!') || strpbrk(given, ";|&`/$")) &&
                !is_usual(given + 1, "ssh less cat delta more vim nano vi true store cache manager osxkeychain")) {
                return HIGH;
            }
        }
    }
    return 0;
}

static uint32_t judge_ssh(const command *self)
{
    static const char *const names[] = {"ProxyCommand", "-oProxyCommand", "LocalCommand", "-oLocalCommand"};

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        size_t at = command_begins(self, names[n]);
        const char *given = at ? self->word[at] + strlen(names[n]) : "";

        given += strspn(given, "= ");
        if (*given && !is_usual(given, proxies)) {
            return HIGH;
        }
    }
    return 0;
}

/* 0, or the severity of an option that makes the program run something it is not for. */
static uint32_t judge_option(const command *self)
{
    const char *given;

    if (command_runs(self, "git")) {
        given = command_option(self, "--upload-pack --receive-pack --exec");
        return given && !is_usual(given, "git-upload-pack git-receive-pack git make npm cargo") &&
                       strpbrk(given, ";|&`$/ ")
                   ? HIGH
                   : judge_git(self);
    }
    if (command_runs(self, "ssh scp sftp rsync-ssl")) {
        return judge_ssh(self);
    }
    if (command_runs(self, "tar bsdtar gtar")) {
        given = command_option(self, "--use-compress-program -I");
        return command_begins(self, "--checkpoint-action=exec") || command_begins(self, "--to-command=") ||
                       (command_has(self, 1, "--checkpoint-action") && command_holds(self, "exec=")) ||
                       command_begins(self, "--info-script=") || (given && !is_usual(given, compressors))
                   ? HIGH
                   : 0;
    }
    if (command_runs(self, "rsync")) {
        given = command_option(self, "-e --rsh");
        return given && !is_usual(given, transports) ? HIGH : 0;
    }
    if (command_runs(self, "zip")) {
        return command_has(self, 1, "-TT --unzip-command") ? HIGH : 0;
    }
    if (command_runs(self, "wget")) {
        return command_begins(self, "--use-askpass=") ? HIGH : 0;
    }
    if (command_runs(self, "tcpdump")) {
        return command_option(self, "-z") && command_has(self, 1, "-G -W -w") && command_has(self, 1, "-Z") ? HIGH : 0;
    }
    return 0;
}

static int32_t verify_runs(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    command made;
    uint32_t severity;

    (void)self;
    if (!command_around(candidate, candidate->from, candidate->to, &made)) {
        return 0;
    }
    severity = judge_option(&made);
    finding->severity = severity;
    finding->from = made.from;
    finding->to = made.to;
    return severity != 0;
}

/** Begins an argument: behind a quote, `=`, or at the start. */
#define START "(?:^|[\"=])"
#define OPTION(NAME, SEVERITY, REGEX) ARGUMENT(NAME, SEVERITY, START REGEX, verify_option, 0)

static const rule rules[] = {
    OPTION("option_injection", HIGH,
           "--(?:upload-pack|receive-pack|checkpoint-action|to-command|use-compress-program|rsh-command|info-script"
           "|use-askpass|unzip-command|open-files-in-pager|renderer-cmd-prefix|utility-cmd-prefix|gpu-launcher|browser-"
           "subprocess-path"
           "|ppapi-plugin-launcher|init-script|post-file|body-file|post-data-file|hostname-bin|preprocessor|exec-path|"
           "ext-diff"
           "|template|upload-file|config-env|plugin-path|load-extension|eval-stdin|rebase-merges-exec)=?"),
    OPTION(
        "option_injection", HIGH,
        "(?:-o "
        "?(?:ProxyCommand|LocalCommand|PermitLocalCommand|ProxyUseFdpass|PKCS11Provider|KnownHostsCommand|"
        "IdentityAgent)"
        "|-c "
        "?(?:core\\.(?:sshcommand|pager|editor|fsmonitor|hookspath|gitproxy|askpass)|diff\\.external|protocol\\.ext|"
        "alias\\.)"
        "|--config[ =](?:core\\.|alias\\.|protocol\\.ext|remote\\.)|--exec[= ]|--rsh=|-e ?sh -c|-I ?(?:sh|bash|/bin/)"
        "|-javaagent:|-agentpath:|-XX:OnError=|-Djava\\.rmi|-Xrun|-exec(?:dir)? |-fprintf? |--?require[= ][./]"
        "|--?pre[= ]|-TT ?|-O ?(?:sh|bash|/bin/)|--output(?:-document)?[= ]/(?:etc|root|home|var|usr))"),
    OPTION("option_injection", LOW, "-o ?StrictHostKeyChecking"),
    ARGUMENT(
        "option_remote", HIGH,
        "(?:ssh|git|svn\\+ssh|rsync|hg|bzr\\+ssh|git\\+ssh)://-|@-o|\\bext::(?:sh|bash|/|python|perl|nc|curl|touch|id)"
        "|\\bfd::[0-9]",
        verify_remote, 0),
    RULE("executing_option", HIGH, UAPI_DIRECTION_BOTH, COMMAND_VIEWS,
         "--checkpoint-action|--to-command|--use-compress-program|--info-script|ProxyCommand|LocalCommand|--upload-pack"
         "|--receive-pack|core\\.(?:sshcommand|pager|editor|fsmonitor|hookspath|gitproxy|askpass)|diff\\.external|--"
         "rsh=|--use-askpass="
         "|--unzip-command|alias\\.[a-z]{1,12}=!|gpg\\.program=|sequence\\.editor=|-e[ \"',]{1,4}(?:sh|bash|/bin/)|-I[ "
         "\"',]{1,4}(?:sh|bash|/bin/|')",
         verify_runs, 0),
};

const rule_table rules_option = TABLE(rules);
