/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Commands that give somebody rights that they did not have. The patterns look for what cannot be left out; the command
 * around it is judged by its program and options (privilege.h), so a sentence about it is none.
 */
#include "command.h"
#include "privilege.h"
#include "rule.h"
#include "../scanner_argument.h"

/* In the order of `judges`. */
typedef enum way {
    WAY_ROOT_SHELL,
    WAY_ELEVATED,
    WAY_SETUID,
    WAY_SUDOERS,
    WAY_GROUP,
    WAY_PRELOAD,
    WAY_CONTAINER,
    WAY_CLUSTER,
    WAY_CLOUD,
    WAY_CREDENTIALS,
    WAY_WINDOWS
} way;

static const privilege_judge judges[] = {
    privilege_root_shell, privilege_elevated,    privilege_setuid,    privilege_sudoers,
    privilege_group,      privilege_preload,     privilege_container, privilege_cluster,
    privilege_cloud,      privilege_credentials, privilege_windows,
};

static int32_t verify_privilege(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    command made;
    uint32_t severity;

    if (!command_around(candidate, candidate->from, candidate->to, &made)) {
        return 0;
    }
    severity = judges[self->argument](&made);
    finding->severity = severity;
    finding->from = made.from;
    finding->to = made.to;
    return severity != 0;
}

/* A line of sudoers, wherever it is going to. */
static int32_t verify_sudoers_line(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    size_t from = candidate->from;

    (void)self;
    while (from > 0 && candidate->from - from < 64 && text->data[from - 1] != '\n' && text->data[from - 1] != '"' &&
           text->data[from - 1] != '\'') {
        from--;
    }
    finding->from = from;
    return from == 0 || text->data[from - 1] == '"' || text->data[from - 1] == '\'' || text->data[from - 1] == '\n';
}

/* {"PolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"} beside the name of a call that attaches it. */
static int32_t verify_policy(const rule *self, const scan *at, uapi_finding *finding)
{
    static const char *const calls[] = {"attach",  "put_",   "put-",  "putuser",
                                        "putrole", "create", "grant", "permission_set"};
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    argument found = argument_around(candidate, candidate->from, candidate->to);
    size_t first = found.from > ARGUMENT_BACK ? found.from - ARGUMENT_BACK : 0;
    size_t last = text->length - found.to > ARGUMENT_BACK ? found.to + ARGUMENT_BACK : text->length;

    (void)self;
    if (found.shape != ARGUMENT_STRING || argument_blanks(text, &found, 1) > 0 || argument_is_mention(text, &found)) {
        return 0;
    }
    finding->from = found.from;
    finding->to = found.to;
    for (size_t i = first; i < last; i++) {
        for (size_t c = 0; c < sizeof(calls) / sizeof(calls[0]); c++) {
            if (text_starts(text, i, last, calls[c])) {
                return 1;
            }
        }
    }
    return 0;
}

#define COMMAND(NAME, SEVERITY, WAY, REGEX) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, COMMAND_VIEWS, REGEX, verify_privilege, WAY)
#define ADVISED(NAME, SEVERITY, WAY, REGEX)       \
    {                                             \
        {.rule = NAME,                            \
         .regex = REGEX,                          \
         .severity = SEVERITY,                    \
         .directions = UAPI_DIRECTION_BOTH,       \
         .request_action = UAPI_DEFAULT_IGNORE,   \
         .response_action = UAPI_DEFAULT_IGNORE}, \
            verify_privilege, WAY                 \
    }
#define GAP "[\\s\"',]"

static const rule rules[] = {
    COMMAND("root_shell", HIGH, WAY_ROOT_SHELL,
            "\\b(?:sudo|doas|pkexec)" GAP "|\\b(?:runuser|gosu|su-exec|setpriv|nsenter)" GAP "|\\bsu" GAP
            "{1,3}(?:-|root)|sh" GAP "{1,3}-p\\b|set(?:res)?uid\\(0"),
    ADVISED("elevated_command", LOW, WAY_ELEVATED, "\\b(?:sudo|doas|pkexec|runas)" GAP),
    COMMAND("setuid_bit", HIGH, WAY_SETUID, "chmod" GAP "{1,3}|\\binstall" GAP "{1,3}-|setcap" GAP),
    COMMAND("sudoers_change", CRITICAL, WAY_SUDOERS,
            "/etc/(?:sudoers|doas\\.conf|pam\\.d/|passwd|shadow|group|ld\\.so\\.preload|polkit-1/)|/root"
            "/\\.ssh/"),
    RULE("sudoers_change", CRITICAL, UAPI_DIRECTION_BOTH, 0, "ALL\\s?=\\s?\\(?ALL[^\\n]{0,24}\\bNOPASSWD\\s?:\\s?ALL",
         verify_sudoers_line, 0),
    COMMAND("admin_group", HIGH, WAY_GROUP,
            "\\b(?:usermod|useradd|adduser|addgroup|gpasswd|dseditgroup|dscl)" GAP "|localgroup|\\bnet1?(?:\\.exe)?" GAP
            "{1,3}group|Add-(?:LocalGroupMember|ADGroupMember|ADPrincipalGroup)"),
    COMMAND("preload", HIGH, WAY_PRELOAD, "LD_(?:PRELOAD|LIBRARY_PATH)=/(?:tmp|dev/shm|var/tmp)"),
    COMMAND("container_escape", CRITICAL, WAY_CONTAINER,
            "--privileged|" GAP "-v" GAP
            "{0,3}/|--(?:volume|mount)[=\\s\"',]|--cap-add|--(?:pid|userns|ipc|uts)[=\\s\"',]{1,3}host"
            "|--security-opt|security\\.privileged=true"),
    COMMAND("cluster_admin", CRITICAL, WAY_CLUSTER,
            "cluster-admin|system:masters|--verb[=\\s]|hostPID|\\bkubectl" GAP "{1,3}(?:run|debug)|add-scc-to"),
    COMMAND(
        "cloud_admin", CRITICAL, WAY_CLOUD,
        "policy/(?:AdministratorAccess|IAMFullAccess|PowerUserAccess)|(?:put|attach)-(?:user|role|group)-policy"
        "|create-policy|add-user-to-group|update-assume-role-policy|(?:create|update)-login-profile|create-access-key"
        "|-permissions-boundary|deactivate-mfa-device|add-iam-policy-binding|role" GAP
        "assignment|New-AzRoleAssignment|elevateAccess"),
    RULE("cloud_admin", CRITICAL, UAPI_DIRECTION_REQUEST, 0, "policy/(?:AdministratorAccess|IAMFullAccess)",
         verify_policy, 0),
    COMMAND("credential_dump", CRITICAL, WAY_CREDENTIALS,
            "mimikatz|sekurlsa::|lsadump::|printspoofer|(?:juicy|rotten|sweet|god|rogue)potato|rubeus|secretsdump"
            "|Invoke-TokenManipulation|pypykatz|lazagne|winpeas|linpeas|incognito\\.exe"
            "|(?:hklm|hkey_local_machine)\\\\(?:sam|security|system)\\b|comsvcs|lsass|ntdsutil|serviceaccount/token"
            "|/proc/(?:self|1)/environ|krb5cc"),
    COMMAND(
        "windows_elevation", HIGH, WAY_WINDOWS,
        "EnableLUA|ConsentPromptBehaviorAdmin|LocalAccountTokenFilterPolicy|AlwaysInstallElevated|UseLogonCredential"
        "|ms-settings|mscfile|Image File Execution|fDenyTSConnections|\\brunas(?:\\.exe)?\\b|psexec|schtasks|binpath"
        "|icacls|takeown"),
};

const rule_table rules_privilege = TABLE(rules);
