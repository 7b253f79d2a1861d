/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A further command behind a value that is none (CWE-78): a host name, a file name or a number, then an operator of the
 * shell, then the name of a program. A value that is a command line itself may have as many as it likes. What
 * destructive_commands' command_injection knows by its program alone is left to it.
 */
#include <string.h>

#include "rule.h"
#include "../scanner_argument.h"

enum { LONGEST = 256, LONGEST_PLAIN = 128, WORD_LONGEST = 24, MOST_BLANKS = 16 };

/* Names that are no words of any language. */
static const char programs[] =
    " bash zsh dash ksh csh tcsh busybox ncat netcat socat telnet nc nmap masscan ssh scp sftp rsync ftp tftp python "
    "python2 python3"
    " perl ruby php node lua gcc cc chmod chown chgrp mkfifo mknod crontab systemctl useradd usermod adduser passwd "
    "sudo doas pkexec"
    " awk gawk sed grep egrep fgrep xargs printf mv cp rm rmdir mkdir touch ln dd tar gzip gunzip zcat bzip2 xz unzip "
    "zstd xxd od"
    " hexdump openssl base32 uuencode hostname hostnamectl whereis lsb_release lsof lsblk lscpu dmesg df du ip "
    "iptables tcpdump"
    " traceroute dig drill arp route ss mysql psql sqlite3 mongo redis-cli kubectl docker podman aws gcloud az git hg "
    "svn npm npx pip"
    " pip3 gem cargo apt apt-get yum dnf apk brew powershell powershell.exe pwsh cmd cmd.exe certutil bitsadmin "
    "rundll32 regsvr32"
    " wmic cscript wscript tasklist taskkill schtasks net1 nltest dsquery vssadmin getent eval nohup setsid tee sysinfo"
    " killall pkill reboot halt poweroff shutdown mount umount ";
/* Names that are words, too: only with an argument of a command. */
static const char words[] =
    " sh cat echo find head tail more less sort cut tr kill at sleep test true exit env time watch host"
    " export source type copy move del start call ping curl wget id ";
/* Other beginnings of command lines. */
static const char heads[] =
    " ls who w cal yes finger history set pwd tree ps last false cd pushd make jobs seq df free uptime date"
    " dirs alias printenv declare users groups ifconfig netstat dpkg rpm ";
static const char keys[] =
    "command cmd commands script code query sql shell bash expression expr formula program run exec input stdin line"
    " payload data args arguments steps task instructions css style html content rule filter condition value template "
    "statement"
    " snippet source";

static int among(const char *list, const char *word, size_t length)
{
    char wanted[WORD_LONGEST + 3];

    if (length > WORD_LONGEST) {
        return 0;
    }
    wanted[0] = ' ';
    for (size_t i = 0; i < length; i++) {
        wanted[i + 1] = text_small(word[i]);
    }
    memcpy(wanted + length + 1, " ", 2);
    return strstr(list, wanted) != NULL;
}

/* What follows on a name that is a word must look like an argument of a command. */
static int has_argument(const uapi_string *text, size_t at, size_t to)
{
    if (at < to && text->data[at] == ' ' && at + 1 < to) {
        char c = text->data[at + 1];

        return strchr("-/$<>~.&'\"*", c) != NULL || (c >= '0' && c <= '9') ||
               memchr(text->data + at, '/', to - at) != NULL || memchr(text->data + at, '|', to - at) != NULL;
    }
    return at < to && strchr("<>|&$`", text->data[at]) != NULL && text->data[at];
}

static int is_program(const uapi_string *text, size_t at, size_t to)
{
    size_t from = at, end, slash = 0;

    for (end = at; end < to && (text_is_alnum(text->data[end]) || strchr("-_./", text->data[end])) && text->data[end];
         end++) {
        if (text->data[end] == '/') {
            slash = end + 1;
        }
    }
    from = slash ? slash : from;
    if (end == from || end - from > WORD_LONGEST) {
        return 0;
    }
    if (slash && (text_starts(text, at, to, "/bin/") || text_starts(text, at, to, "/usr/") ||
                  text_starts(text, at, to, "/sbin/"))) {
        return 1;
    }
    return among(programs, text->data + from, end - from) ||
           (among(words, text->data + from, end - from) && has_argument(text, end, to));
}

static int value_names(const uapi_string *text, const argument *found)
{
    return argument_key_among(
        text, found,
        "host hostname domain ip address addr branch ref tag name file filename file_name path user username"
        " repo repository id url uri email target server service container pod package namespace port key"
        " device interface revision sha title_id project bucket region zone dir directory");
}

/* Nothing, a number, a name of a host or file, an address: no blank, no operator, no bracket. */
static int is_plain(const uapi_string *text, const argument *found, size_t to)
{
    size_t from = found->from, marks = 0;

    while (to > from && (text->data[to - 1] == ' ' || strchr("'\")\\&|;", text->data[to - 1]))) {
        to--;
    }
    if (to - from > LONGEST_PLAIN) {
        return 0;
    }
    for (size_t i = from; i < to; i++) {
        if (!text_is_alnum(text->data[i]) && (!text->data[i] || !strchr("-_./:@%+,~\\", text->data[i]))) {
            return 0;
        }
        marks += text->data[i] && strchr(i == from ? "0123456789.@:" : ".@:", text->data[i]) != NULL;
    }
    if (to == from) {
        return 1;
    }
    /* a word alone may be a command of which we know nothing, unless the argument's name says what it is */
    return (marks || (value_names(text, found) && !among(heads, text->data + from, to - from))) &&
           !is_program(text, from, to);
}

static size_t skip_operator(const uapi_string *text, size_t at, size_t to)
{
    while (at < to && text->data[at] && strchr(";&|\n\r$(`{ \"'", text->data[at])) {
        at++;
    }
    return at;
}

/* Within a value: name=$(command) and a command's $(argument) are ordinary shell. */
static int substitutes(const uapi_string *text, const argument *found, size_t at)
{
    return at > found->from
               ? text_is_alnum(text->data[at - 1]) || (text->data[at - 1] && strchr(".-_/;|&", text->data[at - 1]))
               : found->shape == ARGUMENT_STRING;
}

static int32_t verify_chain(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    size_t end = text->length - candidate->from > LONGEST ? candidate->from + LONGEST : text->length;
    size_t program = skip_operator(text, candidate->from, end);
    argument found;

    (void)self;
    if (!is_program(text, program, end)) { /* most are settled here */
        return 0;
    }
    found = argument_around(candidate, candidate->from, candidate->from + 1);
    if (found.shape == ARGUMENT_RUNNING || found.to - found.from > LONGEST || argument_is_writing(text, &found) ||
        argument_key_among(text, &found, keys) || argument_blanks(text, &found, MOST_BLANKS) > MOST_BLANKS) {
        return 0;
    }
    if (strchr("$`", text->data[candidate->from]) && !substitutes(text, &found, candidate->from)) {
        return 0;
    }
    if (program > found.to || !is_program(text, program, found.to) || !is_plain(text, &found, candidate->from)) {
        return 0;
    }
    finding->from = candidate->from;
    finding->to = found.to;
    return 1;
}

/* How the names above begin: whole ones would be a large table for all texts. */
#define BEGINNINGS                                                                               \
    "add|apk|apt|arp|at|awk|aws|az|bas|bit|bre|bus|bzi|cal|car|cat|cc|cer|chg|chm|cho|cmd|cop"   \
    "|cp|cro|csc|csh|cur|cut|das|dd|del|df|dig|dme|dnf|doa|doc|dri|dsq|du|ech|egr|env|eva|exi"   \
    "|exp|fgr|fin|ftp|gaw|gcc|gcl|gem|get|git|gre|gun|gzi|hal|hea|hex|hg|hos|id|ip|kil|ksh|kub"  \
    "|les|ln|lsb|lsc|lso|lua|mas|mkd|mkf|mkn|mon|mor|mou|mov|mv|mys|nc|net|nlt|nma|nod|noh|npm"  \
    "|npx|od|ope|pas|per|php|pin|pip|pke|pki|pod|pow|pri|psq|pws|pyt|reb|red|reg|rm|rou|rsy|rub" \
    "|run|sch|scp|sed|set|sft|sh|sle|soc|sor|sou|sql|ss|sta|sud|svn|sys|tai|tar|tas|tcp|tcs|tee" \
    "|tel|tes|tft|tim|tou|tr|typ|umo|unz|use|uue|vss|wat|wge|whe|wmi|wsc|xar|xxd|xz|yum|zca|zsh" \
    "|zst"
#define FOLDERS "/(?:usr/)?(?:local/)?s?bin/"

#define CHAIN(NAME, SEVERITY, REGEX, VERIFY, KIND) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_REQUEST, COMMAND_VIEWS, REGEX, VERIFY, KIND)

static const rule rules[] = {
    CHAIN("chained_command", HIGH, "(?:[;|&] ?[\"']?|`|\\$\\()(?:" BEGINNINGS ")", verify_chain, 0),
    CHAIN("chained_command", HIGH, "(?:[;|&] ?[\"']?|`|\\$\\()" FOLDERS, verify_chain, 0),
    CHAIN("chained_command", HIGH,
          "\\n(?:/usr/bin/|/bin/|bash|sh -|python|perl|ruby|nc |ncat|curl|wget|powershell|cmd "
          "|cmd\\.exe|chmod|telnet|ssh )",
          verify_chain, 0),
};

const rule_table rules_chain = TABLE(rules);
