/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * PowerShell, Windows, clouds, clusters, containers.
 */
#include "rule.h"

#define GAP "[\\s\"',}]"

static const rule rules[] = {
    COMMAND("powershell_destructive", HIGH, HAZARD_POWERSHELL,
            "remove-item|" GAP "-rec|clear-(?:disk|content|eventlog)|format-volume|initialize-disk|remove-(?:partition|"
            "aduser|vm|azresourcegroup)|"
            "(?:stop|restart)-computer|disable-computerrestore|set-mppreference"),
    COMMAND("powershell_encoded", HIGH, HAZARD_ENCODED, "(?:powershell|pwsh)(?:\\.exe)?[\\s\"',]"),
    COMMAND("windows_destructive", HIGH, HAZARD_WINDOWS,
            "\\bdel\\s|\\berase\\s|\\brd\\s|\\brmdir\\s|\\bdeltree\\s|\\bformat\\s[a-z]:|vssadmin|shadowcopy|"
            "\\bwbadmin|\\bbcdedit|\\bcipher\\s/w|"
            "wevtutil|\\bfsutil\\s|\\btakeown\\s|\\breg(?:\\.exe)?\\s(?:delete|add)|\\bnet\\s{1,3}(?:user|localgroup|"
            "group)|advfirewall|certutil|"
            "bitsadmin|schtasks|\\bshutdown(?:\\.exe)?\\s/|\\bmshta\\s|\\bregsvr32\\s"),
    COMMAND_SMALL(
        "cloud_destroy", CRITICAL, HAZARD_CLOUD,
        "\\b(?:terraform|tofu|terragrunt|pulumi|cdk|flyctl|fly|heroku|aws|gcloud|az|doctl|ibmcloud|linode-cli|"
        "eksctl|sam|sls|serverless|gsutil|"
        "vault|gh)[\\s\"',$}]"),
    COMMAND_SMALL("kubernetes_delete", CRITICAL, HAZARD_KUBERNETES,
                  "\\bkubectl[\\s\"',$}]|\\boc\\sdelete|\\bhelm[\\s\"',$}]"),
    COMMAND_SMALL("container_prune", HIGH, HAZARD_CONTAINER, "\\b(?:docker|podman|nerdctl|docker-compose)[\\s\"',$}]"),
};

const rule_table rules_platform = TABLE(rules);
