/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Judges of what is an attack in a field of a form or query, an attribute of XML, or a short body as a whole, and ordinary
 * anywhere else: a web form has no use for commands and statements, a tool of an agent is given them every day.
 */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "../scanner_argument.h"
#include "rule.h"

enum { FIELD_LONGEST = 480, BODY_LONGEST = 120, NAME_LONGEST = 24, MOST_BLANKS = 24 };

/* Names that are no words and no subjects of a conversation. */
static const char certain[] =
    " adduser ansible-galaxy ansible-playbook ansible-vault basename bconsole bitsadmin bsdcat bsdtar bunzip2"
    " byebug bzcat bzgrep bzless bzmore capsh certutil chattr chef-client chef-shell chef-solo chgrp chmod choom"
    " chown chroot chrt chsh cksum cpio cpulimit crontab cscli cscript dirname dmesg dmidecode dmsetup doas"
    " dsquery egrep esxcli exiftool faillog fgrep firewall-cmd fping gawk gcore genisoimage getent getfacl ghci"
    " gpasswd gpg2 groupadd gtester gunzip gzcat hexdump hostnamectl hping3 ifconfig ifdown ifup ip6tables"
    " ipconfig iwconfig journalctl jrunscript ksshell lastb lastlog ldapsearch ldconfig lftp loginctl logsave"
    " lsattr lsb_release lsblk lscpu lsof lspci lsusb lualatex luatex lwp-download lwp-dump lwp-mirror lwp-request"
    " lz4cat lzcat mawk md5sum mkfifo mknod mktemp mlocate msfconsole msgattrib msgcat msgconv msgfilter msgmerge"
    " msguniq mshta mysqladmin mysqldump nawk ncdu netstat newgrp nltest nohup nroff nsenter nslookup opkg"
    " pdflatex pdftex pg_dump pidstat pkexec printenv printf pwck readlink realpath redis-cli regsvr32 rlogin"
    " rpcclient rpmquery rpmverify rtorrent run-mailcap run-parts rundll32 rview rvim schtasks setarch setfacl"
    " setsid sha1sum sha256sum smbclient soelim sqlplus ssh-keygen ssh-keyscan sshfs sshpass start-stop-daemon"
    " stdbuf sysctl systeminfo taskkill tasklist tcpdump tdbtool torify tracepath traceroute troff tshark uname"
    " unbuffer unexpand unlzma unshare unxz update-alternatives updatedb useradd userdel usermod utmpdump uudecode"
    " uuencode vigr vimdiff vipw virsh visudo vssadmin whoami wmic wscript xargs xelatex xetex xzcat xzgrep zcat"
    " zgrep zless zmore zsoelim zstdcat zstdgrep ";
/* Names that are words as well: only with an argument of a command. */
static const char possible[] =
    " 7z 7za ab agetty ansible apk apt apt-get aptitude aria2c arj arp as ash at attrib awk aws axel az base32"
    " bash batch brew bundle busybox bzip2 c89 c99 cal call cargo cat cc chef clang cmd cmd.exe cmp column comm"
    " composer consul copy cowsay cp cpan crash crictl csh csplit ctr curl cut dash date dd del df dialog diff dig"
    " dir dnf docker dotnet dpkg du echo ed emacs env expand export facter file find finger fish flock fmt fold"
    " free ftp g++ gcc gcloud gdb gem gimp git go grep groups gzip head helm hg host iconv id info install ionice"
    " iptables irb java joe join julia kill killall knife ksh kubectl last latex ld less ln locate look ls ltrace"
    " lua lua5 mail make man masscan mkdir mksh mongo more mount move mtr mutt mv mysql nano nasm nc ncat nerdctl"
    " net netcat nft nice nl nm nmap node nodejs nomad npm npx octave od openssl openvpn pacman passwd paste patch"
    " pdksh perl perl5 pg php php-cgi php5 php7 pico ping pip pip3 podman powershell powershell.exe pr pry ps psql"
    " ptx puppet pwsh python python2 python3 rake rbash redis reg ren restic rev rm rmdir route rpm rsync ruby"
    " rustc salt sc scp screen script sed set sftp sh snap socat sort split sqlite3 ssh start stat strace strings"
    " su sudo svn swift systemctl tac tail tailf tar tbl tcsh tee telnet test tftp time timeout tmux top torsocks"
    " touch tput tr type ufw uniq unzip uptime users valgrind vault vi vim w w3m wall watch wget whereis which who"
    " wish xterm xxd xz yarn yum zip zsh zstd zypper ";
/* What runs another command. */
static const char wrappers[] = " time nohup sudo env exec command nice busybox setsid stdbuf builtin eval then do ";

static int among(const char *list, const uapi_string *text, size_t from, size_t to)
{
    char wanted[NAME_LONGEST + 3];

    if (to <= from || to - from > NAME_LONGEST) {
        return 0;
    }
    wanted[0] = ' ';
    for (size_t i = from; i < to; i++) {
        wanted[i - from + 1] = text_small(text->data[i]);
    }
    memcpy(wanted + (to - from) + 1, " ", 2);
    return strstr(list, wanted) != NULL;
}

static int is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

static size_t skip(const uapi_string *text, size_t at, size_t to, const char *set)
{
    while (at < to && is_one_of(text->data[at], set)) {
        at++;
    }
    return at;
}

static size_t name_end(const uapi_string *text, size_t at, size_t to)
{
    while (at < to && (text_is_alnum(text->data[at]) || is_one_of(text->data[at], "_.+-"))) {
        at++;
    }
    return at;
}

/* Where the name of the program begins: behind its folder. `*folder`: there is one that is for programs. */
static size_t skip_folder(const uapi_string *text, size_t at, size_t to, int *folder)
{
    static const char *const folders[] = {"/usr/local/bin/", "/usr/local/sbin/", "/usr/bin/", "/usr/sbin/",
                                          "/bin/",           "/sbin/",           "bin/",      "sbin/"};

    *folder = 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (text_starts(text, at, to, folders[i])) {
            *folder = folders[i][0] == '/' ? 2 : 1;
            return at + strlen(folders[i]);
        }
    }
    return at;
}

/* The first argument is an option, a path, a quoted text, or goes into another program. */
static int has_argument(const uapi_string *text, size_t at, size_t to)
{
    size_t next = skip(text, at, to, " \t");

    if (next == at) {
        return next < to && is_one_of(text->data[next], "<>|;&$`") && next + 1 < to;
    }
    return next < to &&
           ((text->data[next] == '-' && next + 1 < to &&
             (text_is_alnum(text->data[next + 1]) || text->data[next + 1] == '-')) ||
            is_one_of(text->data[next], "/[~$<>`") || memchr(text->data + next, '|', to - next) != NULL ||
            (memchr(text->data + next, '/', to - next) != NULL && !memchr(text->data + next, ' ', to - next)));
}

/* python3.10, php8.2: nobody says it so */
static int is_version(const uapi_string *text, size_t from, size_t to)
{
    size_t digits = from;

    while (digits < to && !(text->data[digits] >= '0' && text->data[digits] <= '9')) {
        digits++;
    }
    return digits > from + 2 && digits < to && memchr(text->data + digits, '.', to - digits) != NULL &&
           among(" python perl php ruby lua ", text, from, digits);
}

static int is_command(const uapi_string *text, size_t at, size_t to)
{
    int folder;

    if (text_starts(text, at, to, ";cd /")) {
        return 1;
    }

    for (int round = 0; round < 4; round++) {
        size_t start = skip(text, at, to, " \t\"';|&({!@"), from, end;
        int quoted = start > at && is_one_of(text->data[start - 1], "\"'");

        from = skip_folder(text, start, to, &folder);
        end = name_end(text, from, to);
        if (folder == 2 && (end > from || (from < to && text->data[from] == '['))) {
            return 1;
        }
        if (among(certain, text, from, end) || is_version(text, from, end)) {
            return end == to || is_one_of(text->data[end], " \t\n;|&<>$`\"')(");
        }
        if (folder && (among(possible, text, from, end))) {
            return 1;
        }
        if (among(wrappers, text, from, end)) {
            at = end;
            if (has_argument(text, end, to) && among(" busybox nice ", text, from, end)) {
                return 1;
            }
            continue;
        }
        end += quoted && end < to && is_one_of(text->data[end], "\"'");
        return among(possible, text, from,
                     end - (size_t)(quoted && end > from && is_one_of(text->data[end - 1], "\"'"))) &&
               has_argument(text, end, to);
    }
    return 0;
}

/* The argument that the mark begins in; the mark may have the quote or `=` before it. */
static int find_field(const uapi_candidate *candidate, argument *found)
{
    *found = argument_of_mark(candidate, candidate->from);
    return (found->shape & ARGUMENT_WEB) != 0 && found->to - found->from <= FIELD_LONGEST;
}

/* NAME=value sets a variable of a shell. */
static int is_variable(const uapi_string *text, const argument *found)
{
    size_t at = found->key_from;

    while (at < found->key_to && (text->data[at] == '_' || (text->data[at] >= 'A' && text->data[at] <= 'Z'))) {
        at++;
    }
    return at == found->key_to;
}

int32_t verify_field_command(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    argument found;

    (void)self;
    if (!is_command(&candidate->text, candidate->from + 1,
                    candidate->text.length - candidate->from > FIELD_LONGEST ? candidate->from + FIELD_LONGEST
                                                                             : candidate->text.length)) {
        return 0;
    }
    if (!find_field(candidate, &found) || found.from <= candidate->from || found.from > candidate->from + 2 ||
        is_variable(&candidate->text, &found)) {
        return 0;
    }
    finding->from = found.from;
    finding->to = found.to;
    return found.to > found.from && is_command(&candidate->text, found.from, found.to);
}

/* On the value's first line, not far into it: what follows may be the rest of a program. */
static int is_near(const uapi_candidate *candidate, const argument *found)
{
    argument before = {found->shape, found->from, candidate->from, 0, 0};

    return before.to <= before.from || (argument_blanks(&candidate->text, &before, MOST_BLANKS) < MOST_BLANKS &&
                                        !memchr(candidate->text.data + before.from, '\n', before.to - before.from));
}

int32_t verify_field(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    argument found;

    if (find_field(candidate, &found) && is_near(candidate, &found)) {
        finding->from = candidate->from < found.from ? found.from : candidate->from;
        return 1;
    }
    return self->argument && found.shape == ARGUMENT_WHOLE && found.to - found.from <= BODY_LONGEST;
}

/* ~+ and ~-1, !-1!-2: the whole value */
static int is_expansion(const uapi_string *text, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++) {
        if (!is_one_of(text->data[i], "+-!0123456789")) {
            return 0;
        }
    }
    return 1;
}

int32_t verify_field_shell(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    argument found;
    size_t at;

    (void)self;
    if (!find_field(candidate, &found) || found.from > candidate->from + 2 || found.from <= candidate->from) {
        return 0;
    }
    finding->from = found.from;
    finding->to = found.to;
    at = skip(text, found.from, found.to, "&|; ");
    if (at < found.to && is_one_of(text->data[at], "~!")) {
        return is_expansion(text, at, found.to);
    }
    if (text_starts(text, at, found.to, "if ")) { /* a sentence has none of these */
        size_t i = at;

        while (i < found.to && !is_one_of(text->data[i], "(%\\/")) {
            i++;
        }
        return i < found.to;
    }
    return 1;
}

int32_t verify_body(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    (void)self;
    (void)finding;
    return candidate->text.length <= BODY_LONGEST && candidate->text.data[0] == '{' &&
           memmem(candidate->text.data, candidate->text.length, "\"jsonrpc\"", 9) == NULL;
}
