/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#define _GNU_SOURCE /* strcasestr */
#include <string.h>
#include <strings.h>

#include "privilege.h"
#include "rule.h"

/* ------------------------------------------------------------- containers */

static int mounts(const char *volume)
{
    static const char *const hosts[] = {
        "/:", "/etc:", "/root", "/proc:", "/sys:", "/boot:", "/dev:", "/var/lib/docker:", "/var/lib/kubelet:", "/etc/"};

    for (size_t i = 0; volume && i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strncmp(volume, hosts[i], strlen(hosts[i])) == 0) {
            return 1;
        }
    }
    return volume &&
           (strcasestr(volume, "source=/,") || strcasestr(volume, "src=/,") || strcasestr(volume, "docker.sock"));
}

uint32_t privilege_container(const command *self)
{
    const char *given;
    size_t i;

    if (!command_runs(self,
                      "docker podman nerdctl ctr lxc run create")) { /* of an array the first words may be missing */
        return 0;
    }
    if (command_runs(self, "lxc")) {
        return command_holds(self, "security.privileged=true") || command_holds(self, "source=/") ? CRITICAL : 0;
    }
    if (!command_runs(self, "run create") && !command_has(self, 1, "run create exec")) {
        return 0;
    }
    if (command_has(self, 1, "--privileged --privileged=true")) {
        return CRITICAL;
    }
    for (i = 1; i < self->count; i++) {
        if (command_is(self->word[i], "-v --volume --mount") && mounts(self->word[i + 1])) {
            return strstr(self->word[i + 1], "docker.sock") ? HIGH : CRITICAL;
        }
        if ((strncmp(self->word[i], "--volume=", 9) == 0 && mounts(self->word[i] + 9)) ||
            (strncmp(self->word[i], "--mount=", 8) == 0 && mounts(self->word[i] + 8)) ||
            (strncmp(self->word[i], "-v/", 3) == 0 && mounts(self->word[i] + 2))) {
            return CRITICAL;
        }
    }
    given = command_option(self, "--cap-add");
    if (given && command_is(given, "all sys_admin sys_ptrace sys_module dac_read_search sys_rawio cap_sys_admin")) {
        return HIGH;
    }
    given = command_option(self, "--pid --userns --ipc --uts");
    if (given && strcmp(given, "host") == 0) {
        return HIGH;
    }
    given = command_option(self, "--security-opt");
    return given && (strcasestr(given, "unconfined") || strcasestr(given, "disable")) ? HIGH : 0;
}

/* ------------------------------------------------------------- clusters */

uint32_t privilege_cluster(const command *self)
{
    if (command_runs(self, "kubectl k k3s oc microk8s")) {
        if (command_holds(self, "cluster-admin")) {
            return command_has(self, 1, "create patch edit add-cluster-role-to-user add-cluster-role-to-group")
                       ? CRITICAL
                       : 0;
        }
        if (command_holds(self, "system:masters")) {
            return CRITICAL;
        }
        if (command_has(self, 1, "clusterrole role") && command_has(self, 1, "create")) {
            const char *verb = command_option(self, "--verb"), *resource = command_option(self, "--resource");

            return verb && resource && strchr(verb, '*') && strchr(resource, '*') ? CRITICAL
                   : verb && (strstr(verb, "escalate") || strstr(verb, "impersonate") || strstr(verb, "bind")) ? HIGH
                                                                                                               : 0;
        }
        if (command_has(self, 1, "run debug") &&
            (command_holds(self, "\"privileged\":true") || command_holds(self, "privileged\": true") ||
             command_holds(self, "hostPID") || command_holds(self, "sysadmin"))) {
            return CRITICAL;
        }
        if (command_has(self, 1, "add-scc-to-user")) {
            return command_has(self, 1, "privileged anyuid hostaccess") ? CRITICAL : 0;
        }
    }
    return 0;
}

/* ------------------------------------------------------------- clouds */

static const char all_powerful[] = "AdministratorAccess IAMFullAccess PowerUserAccess";

static int names_power(const command *self)
{
    return command_holds(self, "policy/AdministratorAccess") || command_holds(self, "policy/IAMFullAccess") ||
           command_holds(self, "policy/PowerUserAccess") || command_has(self, 1, all_powerful);
}

static uint32_t judge_aws(const command *self)
{
    if (!command_has(self, 1, "iam sts organizations sso-admin lambda ec2")) {
        return 0;
    }
    if (command_has(self, 1,
                    "attach-user-policy attach-role-policy attach-group-policy create-user create-role"
                    " attach-managed-policy-to-permission-set")) {
        return names_power(self) ? CRITICAL : 0;
    }
    if (command_has(self, 1,
                    "put-user-policy put-role-policy put-group-policy create-policy create-policy-version"
                    " put-role-permissions-boundary")) {
        return command_holds(self, "\"Action\":\"*\"") || command_holds(self, "\"Action\": \"*\"") ||
                       command_holds(self, "iam:*") || command_has(self, 1, "--set-as-default")
                   ? CRITICAL
                   : 0;
    }
    if (command_has(self, 1, "add-user-to-group")) {
        const char *group = command_option(self, "--group-name");

        return group && (strcasestr(group, "admin") || strcasestr(group, "poweruser")) ? CRITICAL : 0;
    }
    if (command_has(self, 1, "update-assume-role-policy")) {
        return HIGH;
    }
    if (command_has(self, 1, "create-access-key create-login-profile update-login-profile")) {
        return command_option(self, "--user-name") ? HIGH : 0;
    }
    return command_has(self, 1,
                       "delete-user-permissions-boundary delete-role-permissions-boundary deactivate-mfa-device")
               ? HIGH
               : 0;
}

static uint32_t judge_gcloud(const command *self)
{
    static const char *const roles[] = {"roles/owner",
                                        "roles/editor",
                                        "roles/resourcemanager.organizationadmin",
                                        "roles/iam.securityadmin",
                                        "roles/iam.serviceaccounttokencreator",
                                        "roles/iam.serviceaccountkeyadmin",
                                        "roles/resourcemanager.projectiamadmin",
                                        "roles/iam.serviceaccountadmin",
                                        "roles/iam.roleadmin"};
    const char *role = command_option(self, "--role");

    for (size_t i = 0; role && i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcasecmp(role, roles[i]) == 0) {
            return command_has(self, 1, "add-iam-policy-binding") ? CRITICAL : 0;
        }
    }
    return 0;
}

static uint32_t judge_azure(const command *self)
{
    const char *role = command_option(self, "--role --role-definition-name -RoleDefinitionName");

    if (command_runs(self, "New-AzRoleAssignment") ||
        (command_has(self, 1, "assignment") && command_has(self, 1, "create"))) {
        return role && (command_is(role, "owner contributor") || strcasestr(role, "administrator")) ? CRITICAL : 0;
    }
    return command_has(self, 1, "elevateAccess") || command_holds(self, "/elevateAccess") ? CRITICAL : 0;
}

uint32_t privilege_cloud(const command *self)
{
    if (command_runs(self, "aws")) {
        return judge_aws(self);
    }
    if (command_runs(self, "gcloud")) {
        return judge_gcloud(self);
    }
    return command_runs(self, "az New-AzRoleAssignment") ? judge_azure(self) : 0;
}

/* ------------------------------------------------------------- credentials of the machine */

/* A sentence may begin with the name of a program. */
static int is_called(const command *self)
{
    return self->count == 1 || strpbrk(self->word[0], "._") || self->word[1][0] == '-' || strstr(self->word[1], "::") ||
           command_is(self->word[1], "all live lsa dump asktgt kerberoast triage");
}

uint32_t privilege_credentials(const command *self)
{
    static const char *const known[] = {"sekurlsa::", "lsadump::",   "token::elevate", "privilege::debug",
                                        "kerberos::", "comsvcs.dll", "minidump",       "lsass"};
    size_t i;

    if (command_runs(self, "mimikatz mimikatz.exe PrintSpoofer PrintSpoofer.exe PrintSpoofer64.exe JuicyPotato.exe"
                           " RottenPotato.exe SweetPotato.exe GodPotato.exe RoguePotato.exe Rubeus Rubeus.exe"
                           " secretsdump secretsdump.py impacket-secretsdump Invoke-TokenManipulation Invoke-Mimikatz"
                           " incognito.exe pypykatz lazagne laZagne.exe linpeas.sh winPEAS.exe")) {
        return is_called(self) ? CRITICAL : 0;
    }
    if (command_runs(self, "reg reg.exe")) {
        return command_has(self, 1, "save export") &&
                       (command_holds(self, "hklm\\sam") || command_holds(self, "hklm\\security") ||
                        command_holds(self, "hklm\\system") || command_holds(self, "_machine\\sam"))
                   ? CRITICAL
                   : 0;
    }
    if (command_runs(self, "rundll32 rundll32.exe procdump procdump.exe procdump64.exe tasklist taskmgr")) {
        for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            if (command_holds(self, known[i])) {
                return CRITICAL;
            }
        }
        return 0;
    }
    if (command_runs(self, "ntdsutil ntdsutil.exe")) {
        return command_holds(self, "ifm") ? CRITICAL : 0;
    }
    if (command_runs(self, "cat head tail less more cp base64 curl xxd tar strings")) {
        return command_holds(self, "kubernetes.io/serviceaccount/token") || command_holds(self, "/proc/self/environ") ||
                       command_holds(self, "/proc/1/environ") || command_holds(self, "krb5cc_")
                   ? HIGH
                   : 0;
    }
    if (command_runs(self, "export")) {
        return command_begins(self, "KRB5CCNAME=") ? MEDIUM : 0;
    }
    return 0;
}

/* ------------------------------------------------------------- Windows */

static uint32_t judge_registry(const command *self)
{
    if (command_holds(self, "EnableLUA") || command_holds(self, "ConsentPromptBehaviorAdmin") ||
        command_holds(self, "LocalAccountTokenFilterPolicy") || command_holds(self, "AlwaysInstallElevated") ||
        command_holds(self, "UseLogonCredential") || command_holds(self, "ms-settings\\shell\\open") ||
        command_holds(self, "ms-settings\\CurVer") || command_holds(self, "mscfile\\shell\\open") ||
        command_holds(self, "Image File Execution Options") || command_holds(self, "fDenyTSConnections")) {
        return HIGH;
    }
    return 0;
}

uint32_t privilege_windows(const command *self)
{
    const char *user;

    if (command_runs(self, "reg reg.exe New-ItemProperty Set-ItemProperty New-Item")) {
        return command_has(self, 1, "query") ? 0 : judge_registry(self);
    }
    if (command_runs(self, "runas runas.exe")) {
        return command_holds(self, "administrator") || command_holds(self, "system") ? MEDIUM : 0;
    }
    if (command_runs(self, "psexec psexec.exe psexec64 psexec64.exe")) {
        return command_has(self, 1, "-s -i -sid -si") ? HIGH : 0;
    }
    if (command_runs(self, "schtasks schtasks.exe")) {
        user = command_option(self, "-ru");
        return command_has(self, 1, "/create /change") &&
                       (command_has(self, 1, "system \"nt authority\\system\" \"system\"") ||
                        command_holds(self, "authority\\system") || (user && command_is(user, "system")))
                   ? HIGH
                   : 0;
    }
    if (command_runs(self, "sc sc.exe")) {
        return command_has(self, 1, "config") && command_begins(self, "binpath") ? HIGH : 0;
    }
    if (command_runs(self, "Start-Process saps")) {
        return command_has(self, 1, "runas") ? MEDIUM : 0;
    }
    if (command_runs(self, "icacls cacls takeown")) {
        return command_holds(self, "\\system32") && (command_holds(self, "everyone") || command_holds(self, "/f"))
                   ? HIGH
                   : 0;
    }
    return 0;
}
