/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a web form, a query or an XML document has no use for. The same words are ordinary arguments of an agent's tools, so
 * they count in fields and attributes only (injection_field.c), and in a few cases in a short text as a whole.
 */
#include "rule.h"

/* How the names of commands that are no words begin; and those that are words, too. Both are in injection_field.c. */
#define CERTAIN                                                                                  \
    "addus|ansib|basen|bcons|bitsa|bsdca|bsdta|bunzi|byebu|bzcat|bzgre|bzles|bzmor|capsh|certu"  \
    "|chatt|chef-|chgrp|chmod|choom|chown|chroo|chrt|chsh|cksum|cpio|cpuli|cront|cscli|cscri"    \
    "|dirna|dmesg|dmide|dmset|doas|dsque|egrep|esxcl|exift|faill|fgrep|firew|fping|gawk|gcore"   \
    "|genis|geten|getfa|ghci|gpass|gpg2|group|gtest|gunzi|gzcat|hexdu|hostn|hping|ifcon|ifdow"   \
    "|ifup|ip6ta|ipcon|iwcon|journ|jruns|ksshe|lastb|lastl|ldaps|ldcon|lftp|login|logsa|lsatt"   \
    "|lsb_r|lsblk|lscpu|lsof|lspci|lsusb|luala|luate|lwp-d|lwp-m|lwp-r|lz4ca|lzcat|mawk|md5su"   \
    "|mkfif|mknod|mktem|mloca|msfco|msgat|msgca|msgco|msgfi|msgme|msgun|mshta|mysql|nawk|ncdu"   \
    "|netst|newgr|nltes|nohup|nroff|nsent|nsloo|opkg|pdfla|pdfte|pg_du|pidst|pkexe|print|pwck"   \
    "|readl|realp|redis|regsv|rlogi|rpccl|rpmqu|rpmve|rtorr|run-m|run-p|rundl|rview|rvim|schta"  \
    "|setar|setfa|setsi|sha1s|sha25|smbcl|soeli|sqlpl|ssh-k|sshfs|sshpa|start|stdbu|sysct|syste" \
    "|taskk|taskl|tcpdu|tdbto|torif|trace|troff|tshar|uname|unbuf|unexp|unlzm|unsha|unxz|updat"  \
    "|usera|userd|userm|utmpd|uudec|uuenc|vigr|vimdi|vipw|virsh|visud|vssad|whoam|wmic|wscri"    \
    "|xargs|xelat|xetex|xzcat|xzgre|zcat|zgrep|zless|zmore|zsoel|zstdc|zstdg"
#define POSSIBLE                                                                                   \
    "7z|7za|ab|agetty|ansible|apk|apt|apt-get|aptitude|aria2c|arj|arp|as|ash|at|attrib|awk|aws"    \
    "|axel|az|base32|bash|batch|brew|bundle|busybox|bzip2|c89|c99|cal|call|cargo|cat|cc|chef"      \
    "|clang|cmd|cmd\\.exe|cmp|column|comm|composer|consul|copy|cowsay|cp|cpan|crash|crictl|csh"    \
    "|csplit|ctr|curl|cut|dash|date|dd|del|df|dialog|diff|dig|dir|dnf|docker|dotnet|dpkg|du|echo"  \
    "|ed|emacs|env|expand|export|facter|file|find|finger|fish|flock|fmt|fold|free|ftp|g\\+\\+|gcc" \
    "|gcloud|gdb|gem|gimp|git|go|grep|groups|gzip|head|helm|hg|host|iconv|id|info|install|ionice"  \
    "|iptables|irb|java|joe|join|julia|kill|killall|knife|ksh|kubectl|last|latex|ld|less|ln"       \
    "|locate|look|ls|ltrace|lua|lua5|mail|make|man|masscan|mkdir|mksh|mongo|more|mount|move|mtr"   \
    "|mutt|mv|mysql|nano|nasm|nc|ncat|nerdctl|net|netcat|nft|nice|nl|nm|nmap|node|nodejs|nomad"    \
    "|npm|npx|octave|od|openssl|openvpn|pacman|passwd|paste|patch|pdksh|perl|perl5|pg|php|php-cgi" \
    "|php5|php7|pico|ping|pip|pip3|podman|powershell|powershell\\.exe|pr|pry|ps|psql|ptx|puppet"   \
    "|pwsh|python|python2|python3|rake|rbash|redis|reg|ren|restic|rev|rm|rmdir|route|rpm|rsync"    \
    "|ruby|rustc|salt|sc|scp|screen|script|sed|set|sftp|sh|snap|socat|sort|split|sqlite3|ssh"      \
    "|start|stat|strace|strings|su|sudo|svn|swift|systemctl|tac|tail|tailf|tar|tbl|tcsh|tee"       \
    "|telnet|test|tftp|time|timeout|tmux|top|torsocks|touch|tput|tr|type|ufw|uniq|unzip|uptime"    \
    "|users|valgrind|vault|vi|vim|w|w3m|wall|watch|wget|whereis|which|who|wish|xterm|xxd|xz|yarn"  \
    "|yum|zip|zsh|zstd|zypper"
#define FIELD(NAME, SEVERITY, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_field, 0)
/** Or a short text as a whole. */
#define FIELD_OR_TEXT(NAME, SEVERITY, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_field, 1)
#define PROGRAM(NAME, SEVERITY, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_field_command, 0)

static const rule rules[] = {
    PROGRAM("field_command", HIGH, "=(?:" CERTAIN ")"),
    PROGRAM("field_command", HIGH, "=[\"'](?:" CERTAIN ")"),
    PROGRAM("field_command", HIGH, "=[\"']?(?:" POSSIBLE ") "),
    PROGRAM("field_command", HIGH,
            "=[\"']?(?:(?:time|nohup|sudo|env|exec|command)[ "
            ";]|/(?:usr/)?(?:local/)?s?bin/|s?bin/[a-z]|python[23]\\.|;cd /)"),
    ARGUMENT("field_command", HIGH,
             "=[\"']?(?:~[+-]|!-?[0-9]|[<>]\\([a-z]|\\$SHELL|\\$\\{SHELL|alias [^ =]{1,24}=|alias [+-][a-z]"
             "|[&|;]{0,2} ?(?:for (?:/[dflr] |%)|if {1,8}(?:/i|exist|defined|errorlevel) ))",
             verify_field_shell, 0),
    ARGUMENT("field_command", HIGH, "\\{ ?\"[;|&`](?:aptitude|" CERTAIN ")", verify_body, 0),
    FIELD("field_command", HIGH,
          "[=;|&(] "
          "?(?:get-(?:childitem|content|process|service|command|wmiobject|item|location|acl|eventlog|host|help|alias|"
          "member|module)"
          "|invoke-(?:expression|command|webrequest|restmethod|item|wmimethod)|set-(?:executionpolicy|content|item|"
          "location|acl)"
          "|new-(?:object|item|service|psdrive)|start-(?:process|sleep|job|service)|stop-(?:process|service|computer)"
          "|(?:remove|copy|move|rename|clear)-item|add-(?:type|content|member)|out-(?:file|string|host|null)|foreach-"
          "object|where-object"
          "|select-(?:string|object)|write-(?:host|output)|import-module|test-(?:connection|path)|enter-pssession|"
          "clear-history)\\b"
          "|[=;|&] ?(?:net1? (?:user|view|share|use|localgroup|group|accounts|session)(?:$| ?/| [a-z0-9_]{1,20} /)|reg "
          "(?:add|query|delete|save|export)"
          "|sc (?:query|config|create|delete)|netsh |wmic )"
          "|=\\{(?:nc|cat|ls|id|curl|wget|ping|ifconfig|uname|sh|bash|echo|printf|tail|head|awk|find|rm|mv|cp),"),
    FIELD_OR_TEXT("field_command", HIGH, "(?:^|=)\\(\\)\\s{1,2}\\{"),
    /* expressions that only a database would understand */
    FIELD("field_sql", MEDIUM,
          "\\)\\s?like\\s?\\(|=if\\(\\d{1,6}=|select\\s{1,4}if\\(|select\\s{1,4}(?:pg_sleep|sleep|benchmark)|2\\."
          "2250738585072011e-308"
          "|waitfor[\\s+]{1,4}delay[\\s+]{1,4}[\"']|execute\\s{1,"
          "4}immediate\\s{1,4}[\"']"
          "|union(?:all)?select[a-z0-9]{0,24}from|div\\s?\\(\\s?-?[0-9.]{1,12}\\s?,|(?:create|drop|alter)\\s{1,4}"
          "table\\s{1,4}[a-z`\"\\[]"
          "|\\sor\\s{1,4}/\\*"),
    FIELD_OR_TEXT("field_sql", MEDIUM,
                  "\\?[&|]\\s{0,2}array\\[|`\\s{1,2}as\\s{1,2}`[a-z0-9_]{1,32}`\\s{1,2}from\\b|select[a-z0-9%]{0,16}(?:"
                  "user|database|version)\\("
                  "|(?:database|schema|current_user|session_user|system_user)\\(\\s{0,2}$"),
    ARGUMENT("field_sql", MEDIUM,
             "\"\\$(?:elemmatch|nor|not|exists|jsonschema|expr|mod|type|all|size)\"\\s?:", verify_body, 0),
    /* statements of a page's script */
    FIELD("field_script", MEDIUM,
          "document\\.(?:queryselector|getelement|body|forms|url|referrer|create|implementation)|import\\s{0,2}[{*][^;]"
          "{0,80}from\\s"
          "|(?:self|window|top|globalthis|parent|frames)\\s{0,3}(?:/\\*[^*]{0,16}\\*/\\s{0,3})?\\[\\s{0,3}(?:/"
          "\\*[^*]{0,16}\\*/\\s{0,3})?[\"'`]"
          "|(?:call|apply|bind)``|<import|=function\\s?\\([^)]{0,40}\\)\\s?\\{"
          "|<\\s{0,2}(?:[a-z]{1,8}:\\s{0,2})?(?:s\\s?c\\s?r\\s?i\\s?p\\s?t|f\\s?o\\s?r\\s?m|i\\s?f\\s?r\\s?a\\s?m\\s?e|"
          "o\\s?b\\s?j\\s?e\\s?c\\s?t)\\b"
          "|<(?:input|button|form|textarea|select|video|audio|details|keygen|isindex)\\s[a-z]"),
    FIELD_OR_TEXT("field_script", MEDIUM, "=?<\\s{0,2}f o r m\\b|console\\.(?:info|log)\\(|c\\\\u006f|\\?<f o r m"),
    FIELD_OR_TEXT("field_script", MEDIUM,
                  "\\bon(?:webkit|abort|aux|cancel|close|context|cue|duration|emptied|formdata|fullscreen|gesture|got|"
                  "invalid|lost|moz|page"
                  "|progress|rate|reset|seek|security|selection|slot|stalled|storage|suspend|unhandled|volume|waiting)["
                  "a-z]{0,32}\\s{0,4}="),
    /* a program of brackets and exclamation marks */
    ARGUMENT("field_script", MEDIUM, "\\[\\]\\[\\(!\\[\\]\\+\\[\\]\\)\\[", verify_any, 0),
    /* names of functions put together */
    FIELD("field_php", HIGH,
          "[\"')\\]]\\s{0,2}\\(\\s?(?:[\"'](?:uname|ls|id|whoami|cat|pwd|dir|sleep)\\b|(?:uname|whoami|ls|phpinfo)\\s?"
          "\\))"
          "|\\$\\s{1,20}\\{\\s{0,20}\\$[a-z_]|\\$_{2,8}(?:[\\[{][^\\]}=]{1,16}[\\]}]){1,3}\\("),
};

const rule_table rules_field = TABLE(rules);
