/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "data.h"

#include <string.h>

enum { FOLDED = 1023 };

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int is_letter(char c)
{
    return small(c) >= 'a' && small(c) <= 'z';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t data_find(const char *text, size_t length, const char *part)
{
    size_t wanted = strlen(part);

    for (size_t at = 0; at + wanted <= length; at++) {
        size_t i = 0;

        while (i < wanted && small(text[at + i]) == part[i]) {
            i++;
        }
        if (i == wanted) {
            return at;
        }
    }
    return length;
}

/* Made small once, and searched for all by the C library, which is many times faster than one by one. */
int data_has(const char *text, size_t length, const char *const *list)
{
    char small_text[FOLDED + 1];

    if (length > FOLDED) {
        return data_has(text, FOLDED, list) || data_has(text + FOLDED / 2, length - FOLDED / 2, list);
    }
    if (length < 3) { /* no list has a shorter word */
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        small_text[i] = text[i] ? small(text[i]) : ' ';
    }
    small_text[length] = '\0';
    for (; *list; list++) {
        if (strstr(small_text, *list)) {
            return 1;
        }
    }
    return 0;
}

int data_equal(const char *text, size_t length, const char *word)
{
    size_t i = 0;

    while (i < length && word[i] && small(text[i]) == word[i]) {
        i++;
    }
    return i == length && word[i] == '\0';
}

int data_begins(const char *text, const char *start)
{
    while (*start && small(*text) == *start) {
        text++;
        start++;
    }
    return *start == '\0';
}

int data_ends(const char *text, size_t length, const char *end)
{
    size_t tail = strlen(end);

    return length >= tail && data_equal(text + length - tail, tail, end);
}

int data_is_placeholder(const char *word)
{
    static const char *const parts[] = {"path/to", "/path/", "{{", "}}", "your_", "your-", "<your", NULL};
    size_t length = strlen(word);

    if (word[0] == '-') { /* an option's own name is none, its value may be */
        word = strchr(word, '=');
        if (!word) {
            return 0;
        }
        word++;
        length = strlen(word);
    }
    return data_has(word, length, parts) || (word[0] == '<' && strchr(word, '>') != NULL) ||
           data_ends(word, length, "_name") || data_ends(word, length, "-name") || strcmp(word, "...") == 0 ||
           data_find(word, length, "_name/") < length;
}

/* ------------------------------------------------------------- files */

/* Parts of paths under which secrets lie. */
static const char *const secret_parts[] = {"/.ssh",
                                           ".ssh/",
                                           "id_rsa",
                                           "id_ed25519",
                                           "id_ecdsa",
                                           "id_dsa",
                                           "id_*",
                                           "authorized_keys",
                                           ".aws/",
                                           "/.aws",
                                           ".kube",
                                           "kubeconfig",
                                           ".netrc",
                                           ".pgpass",
                                           ".my.cnf",
                                           "credential",
                                           ".docker/config",
                                           ".npmrc",
                                           ".pypirc",
                                           "/.env",
                                           ".env.",
                                           ".env*",
                                           "/etc/passwd",
                                           "/etc/shadow",
                                           "/etc/sudoers",
                                           "/etc/master",
                                           "_history",
                                           ".gnupg",
                                           "wallet",
                                           "keychain",
                                           "login data",
                                           "cookies",
                                           "logins.json",
                                           "key4.db",
                                           "secret",
                                           "password",
                                           "passwd",
                                           "/environ",
                                           ".tfstate",
                                           ".tfvars",
                                           "service-account",
                                           "service_account",
                                           ".config/gcloud",
                                           ".azure",
                                           "mcp.json",
                                           "claude_desktop",
                                           ".claude",
                                           ".cursor",
                                           "ntds",
                                           "config/sam",
                                           "system32/config",
                                           "config\\sam",
                                           "private_key",
                                           "private-key",
                                           "privkey",
                                           "apikey",
                                           "api_key",
                                           "api-key",
                                           "token",
                                           "/etc/kubernetes",
                                           "/etc/ssl/private",
                                           "/run/secrets",
                                           ".git-credentials",
                                           ".gitconfig",
                                           ".vault",
                                           "customer",
                                           "employee",
                                           "patient",
                                           "payroll",
                                           "ssn",
                                           "creditcard",
                                           "credit_card",
                                           "confidential",
                                           "proprietary",
                                           "unattend",
                                           "wp-config",
                                           "htpasswd",
                                           "/.gem",
                                           "shadow",
                                           ".boto",
                                           ".s3cfg",
                                           "rclone.conf",
                                           ".mozilla",
                                           "user data",
                                           "/data/users",
                                           "personal",
                                           "salary",
                                           "salaries",
                                           "members.",
                                           "clients.",
                                           "users.",
                                           "accounts.",
                                           "medical",
                                           NULL};
static const char *const secret_ends[] = {".pem",  ".key",      ".kdbx", ".pfx", ".p12", ".ppk",
                                          ".jks",  ".keystore", "/.ssh", ".env", ".asc", ".gpg",
                                          ".ovpn", ".rdp",      ".kdb",  ".pst", ".ost", NULL};
static const char *const bulk_ends[] = {".sql",  ".dump", ".bak",  ".sqlite", ".sqlite3", ".db",  ".mdb", ".rdb",
                                        ".dmp",  ".tar",  ".tgz",  ".zip",    ".7z",      ".rar", ".gz",  ".bz2",
                                        ".xz",   ".zst",  ".img",  ".doc",    ".docx",    ".xls", ".pdf", ".doc*",
                                        ".xls*", ".ppt*", ".pptx", ".eml",    ".mbox",    ".iso", ".csv", ".parquet",
                                        ".xlsx", ".har",  ".pcap", ".vmdk",   NULL};
/* Whole trees: a home, the configuration, the databases, everything. */
static const char *const trees[] = {"~",
                                    "~/",
                                    "$home",
                                    "${home}",
                                    "$home/",
                                    "/",
                                    "/home",
                                    "/root",
                                    "/etc",
                                    "/var/lib",
                                    "/users",
                                    "/home/*",
                                    "/var/www",
                                    "/opt",
                                    "/srv",
                                    "/mnt",
                                    "/data",
                                    "~/*",
                                    "$home/*",
                                    "c:\\",
                                    "c:/",
                                    "c:\\users",
                                    "c:/users",
                                    "c:users",
                                    "c:",
                                    "~/documents",
                                    "~/desktop",
                                    "/var",
                                    "/home/",
                                    "/etc/",
                                    "/var/www/",
                                    "/backups",
                                    "/backup",
                                    "%userprofile%",
                                    "$env:userprofile",
                                    "~/downloads",
                                    "~/.config",
                                    "/var/backups",
                                    "/var/log",
                                    "/var/lib/mysql",
                                    "/var/lib/postgresql",
                                    "/usr/local",
                                    "/proc",
                                    NULL};

static int ends_in_one(const char *text, size_t length, const char *const *list)
{
    for (; *list; list++) {
        if (data_ends(text, length, *list)) {
            return 1;
        }
    }
    return 0;
}

static int is_tree(const char *path, size_t length)
{
    for (size_t i = 0; trees[i]; i++) {
        if (data_equal(path, length, trees[i]) ||
            (length > 1 && path[length - 1] == '/' && data_equal(path, length - 1, trees[i]))) {
            return 1;
        }
    }
    /* somebody's home as a whole */
    for (size_t i = 0; i < 2; i++) {
        const char *start = i ? "/users/" : "/home/";
        size_t head = strlen(start);

        if (length > head && data_begins(path, start)) {
            const char *slash = memchr(path + head, '/', length - head);

            return !slash || slash == path + length - 1 || (slash == path + length - 2 && slash[1] == '*');
        }
    }
    return path[0] == '~' && (length == 1 || is_letter(path[1])) && !memchr(path, '/', length);
}

data_worth data_of_path(const char *path)
{
    size_t length = strlen(path);

    if (length == 0 || data_is_placeholder(path) || strcmp(path, "-") == 0) {
        return DATA_NONE;
    }
    if (data_equal(path, length, ".env") || data_has(path, length, secret_parts) ||
        ends_in_one(path, length, secret_ends)) {
        return DATA_SECRET;
    }
    if (is_tree(path, length)) {
        return DATA_TREE;
    }
    if (ends_in_one(path, length, bulk_ends)) {
        return DATA_BULK;
    }
    return data_begins(path, "/dev/null") ? DATA_NONE : DATA_FILE;
}

/* ------------------------------------------------------------- hosts */

static const char *const strange_parts[] = {"evil",
                                            "attack",
                                            "exfil",
                                            "malicious",
                                            "hacker",
                                            "badguy",
                                            "bad-actor",
                                            "adversar",
                                            "stealer",
                                            "steal",
                                            "leak",
                                            "rogue",
                                            "c2.",
                                            "c2-",
                                            "darkweb",
                                            "drop.",
                                            "loot",
                                            "webhook.site",
                                            "requestbin",
                                            "ngrok",
                                            "pipedream",
                                            "oast",
                                            "interact.sh",
                                            "burpcollab",
                                            "transfer.sh",
                                            "file.io",
                                            "pastebin",
                                            "0x0.st",
                                            "requestcatcher",
                                            "termbin",
                                            "ix.io",
                                            "hookbin",
                                            "beeceptor",
                                            "trycloudflare",
                                            "serveo",
                                            "localtunnel",
                                            "loca.lt",
                                            "dnslog",
                                            "canarytoken",
                                            "gofile",
                                            "anonfile",
                                            ".onion",
                                            "collect.",
                                            "collector.",
                                            "receiver.",
                                            "catch.",
                                            "sink.",
                                            "bin.sh",
                                            "api.telegram",
                                            "discord.com/api/webhooks",
                                            "hooks.slack",
                                            "threat",
                                            "pwn",
                                            "phish",
                                            "mal.",
                                            NULL};

static int is_number(const char *from, const char *to, unsigned *value)
{
    *value = 0;
    if (from == to || to - from > 3) {
        return 0;
    }
    for (; from < to; from++) {
        if (!is_digit(*from)) {
            return 0;
        }
        *value = *value * 10 + (unsigned)(*from - '0');
    }
    return *value < 256;
}

static data_host of_address(const char *host, size_t length, int *is_address)
{
    unsigned part[4];
    const char *at = host, *end = host + length;

    *is_address = 0;
    for (int i = 0; i < 4; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));

        if (!is_number(at, i < 3 && dot ? dot : end, &part[i]) || (i < 3) != (dot != NULL)) {
            return DATA_HOST_NONE;
        }
        at = dot ? dot + 1 : end;
    }
    *is_address = 1;
    if (part[0] == 127 || (part[0] | part[1] | part[2] | part[3]) == 0) {
        return DATA_HOST_LOCAL;
    }
    if (part[0] == 10 || (part[0] == 192 && part[1] == 168) || (part[0] == 172 && part[1] >= 16 && part[1] < 32) ||
        (part[0] == 169 && part[1] == 254)) {
        return DATA_HOST_NEAR;
    }
    return DATA_HOST_STRANGE;
}

data_host data_of_host(const char *place)
{
    static const char *const near_ends[] = {".local",    ".internal", ".lan", ".localdomain", ".svc", ".test.local",
                                            ".intranet", ".corp",     NULL};
    const char *host = strstr(place, "://"), *at, *end;
    data_host found;
    size_t length;
    int is_address;

    host = host ? host + 3 : place;
    end = host + strcspn(host, "/?#\"' ,;)\\");
    at = memchr(host, '@', (size_t)(end - host));
    host = at ? at + 1 : host;
    if (*host == '[') {
        return strncmp(host, "[::1]", 5) == 0 ? DATA_HOST_LOCAL
               : data_begins(host, "[f")      ? DATA_HOST_NEAR
                                              : DATA_HOST_STRANGE;
    }
    length = strcspn(host, ":/?#\"' ,;)\\");
    if (length == 0) {
        return DATA_HOST_NONE;
    }
    found = of_address(host, length, &is_address);
    if (is_address) {
        return found;
    }
    if (host[0] == '$' || host[0] == '{') { /* not known: whoever hides the host has a reason, or a configuration */
        return DATA_HOST_FOREIGN;
    }
    if (data_has(host, length, strange_parts) || data_has(place, strlen(place), strange_parts)) {
        return DATA_HOST_STRANGE;
    }
    if (data_equal(host, length, "localhost")) {
        return DATA_HOST_LOCAL;
    }
    if (ends_in_one(host, length, near_ends) || !memchr(host, '.', length)) {
        return DATA_HOST_NEAR;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_letter(host[i]) && !is_digit(host[i]) && !strchr(".-_", host[i]) && (unsigned char)host[i] < 0x80) {
            return DATA_HOST_NONE;
        }
    }
    return DATA_HOST_FOREIGN;
}

/* ------------------------------------------------------------- names */

int data_is_secret_name(const char *name, size_t length)
{
    static const char *const parts[] = {"secret", "token",      "passw",  "api_key", "apikey", "private", "credential",
                                        "_key",   "access_key", "pgpass", "auth",    "cookie", "session", NULL};

    return data_has(name, length, parts);
}

int data_is_sensitive_table(const char *name, size_t length)
{
    static const char *const parts[] = {
        "user",    "customer", "client",     "account",    "employee",    "patient", "member",   "person",
        "people",  "contact",  "passw",      "credential", "secret",      "token",   "api_key",  "apikey",
        "session", "payment",  "card",       "invoice",    "transaction", "salary",  "salaries", "payroll",
        "ssn",     "medical",  "health",     "email",      "lead",        "order",   "login",    "auth",
        "identit", "profile",  "subscriber", "billing",    "bank",        "student", "voter",    "pii",
        "message", "private",  "key_store",  "keystore",   "wallet",      "shadow",  "admin",    NULL};

    return data_has(name, length, parts);
}
