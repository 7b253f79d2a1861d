/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Commands of a Unix shell. Before an option stands a blank, a quote or the end of ${IFS}; that is GAP. There are no
 * gaps of variable width: what stands between the mark and its command is the verifier's business.
 */
#include "rule.h"

#define GAP "[\\s\"',}]"

static const rule rules[] = {
    COMMAND_SMALL("recursive_delete", HIGH, HAZARD_DELETE,
                  "\\brm[\\s\"',$}>)]|\\brm$|" GAP "-(?:[rR][fv]|[fv][rR])|--recursive|" GAP
                  "-[rR][\\s\"',$]|rmtree|rimraf|rmSync|rm_rf|"
                  "/dev/null\\b|--no-preserve-root|\\brsync\\s"),
    COMMAND_SMALL("find_delete", HIGH, HAZARD_FIND, GAP "-delete\\b|-exec(?:dir)?" GAP "|" GAP "-ok" GAP),
    COMMAND_SMALL("disk_overwrite", CRITICAL, HAZARD_DISK,
                  "of=/dev/"
                  "|of=\\\\\\\\|\\bmkfs|\\bmke2fs|\\bshred\\b|\\bwipefs|\\bblkdiscard|\\bsgdisk|\\bsfdisk|\\bfdisk\\s|"
                  "\\bparted\\s|"
                  "\\bdiskutil|\\bcryptsetup|\\bhdparm|\\bmkswap|\\b[lvp][vg]remove|\\bz(?:pool|fs)\\s|/dev/"
                  "(?:sd|hd|vd|xvd|nvme|mmc|disk|"
                  "mapper|md|dm-|loop)"),
    COMMAND_SMALL("permission_change", CRITICAL, HAZARD_PERMISSION,
                  "\\bch(?:mod|own|grp)[\\s\"',$}]|" GAP "-R[\\s\"',$]"),
    COMMAND("pipe_to_shell", CRITICAL, HAZARD_PIPE,
            "\\|&?\\s{0,4}(?:(?:sudo|env|exec|nohup)\\s|(?:/usr)?/bin/|(?:ba|z|da|k|a|fi)?sh\\b)|"
            "\\|\\s{0,4}(?:python|perl|ruby|node|php|iex|pwsh|powershell)|sh[\\s\"',]{1,3}-[a-z]{0,3}c[\\s\"']|sh["
            "\\s\"',]{1,3}-[a-z]{0,3}c$|"
            "[<$]\\(\\s?(?:curl|wget)|`\\s?(?:curl|wget)|\\beval[\\s\"']|\\biex\\b|invoke-expression"),
    RULE("fork_bomb", CRITICAL, UAPI_DIRECTION_BOTH, 0,
         "\\(\\)\\s{0,3}\\{\\s{0,3}[a-z:_.]{1,12}\\s{0,2}\\|\\s{0,2}[a-z:_.]{1,12}\\s{0,2}&|fork\\s{1,2}while\\s|"
         "while\\s{0,2}\\(?(?:1|True)\\)?\\s{0,2}[:{]\\s{0,2}(?:os\\.)?fork\\(",
         verify_fork_bomb, 0),
    COMMAND_SMALL("kill_all", HIGH, HAZARD_KILL, "\\bkill[\\s\"',]{1,4}-|killall5|\\bpkill\\s|\\bkillall\\s"),
    COMMAND_SMALL("crontab_remove", HIGH, HAZARD_CRON, "crontab[\\s\"',$]"),
    COMMAND("history_tampering", MEDIUM, HAZARD_HISTORY,
            "history[\\s\"',]{1,4}-|HISTFILE|HISTSIZE=0|_history\\b|--vacuum-|/var/log/"),
    COMMAND("reverse_shell", CRITICAL, HAZARD_REVERSE,
            "/dev/(?:tcp|udp)/"
            "|\\bn(?:c|cat|etcat)(?:\\.traditional|\\.openbsd|\\.exe)?[\\s\"',]|\\bsocat\\s|socket|fsockopen"),
    RULE("reverse_shell_pipe", CRITICAL, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS,
         "mkfifo\\s|\\bmknod\\s|Sockets\\.TCPClient", verify_pipe_shell, 0),
    COMMAND("credential_file", HIGH, HAZARD_CREDENTIALS,
            "/etc/(?:g?shadow|sudoers|master\\.passwd|passwd)|\\.ssh/id_|\\.aws/credentials"),
};

const rule_table rules_shell = TABLE(rules);
