/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Command lines of clouds, clusters and containers: programs with verbs. One table: the program, the verbs that must
 * begin the command, and a word or option without which it asks first or takes only one thing.
 */
#include <string.h>

#include "shell.h"

typedef struct verb {
    hazard what;
    const char *program, *verbs, *needs; /* one of `needs` must be there; "" for nothing */
} verb;

static const verb verbs[] = {
    {HAZARD_CLOUD, "terraform", "destroy", ""},
    {HAZARD_CLOUD, "terraform", "apply", "-destroy --destroy"},
    {HAZARD_CLOUD, "terraform", "state rm", ""},
    {HAZARD_CLOUD, "terraform", "workspace delete", "-force"},
    {HAZARD_CLOUD, "terragrunt", "destroy", ""},
    {HAZARD_CLOUD, "terragrunt", "destroy-all", ""},
    {HAZARD_CLOUD, "terragrunt", "run-all destroy", ""},
    {HAZARD_CLOUD, "pulumi", "destroy", ""},
    {HAZARD_CLOUD, "pulumi", "stack rm", "--force -f --yes -y"},
    {HAZARD_CLOUD, "cdk", "destroy", ""},
    {HAZARD_CLOUD, "sam", "delete", ""},
    {HAZARD_CLOUD, "serverless", "remove", ""},
    {HAZARD_CLOUD, "sls", "remove", ""},
    {HAZARD_CLOUD, "eksctl", "delete", ""},
    {HAZARD_CLOUD, "heroku", "apps:destroy", ""},
    {HAZARD_CLOUD, "heroku", "pg:reset", ""},
    {HAZARD_CLOUD, "fly", "apps destroy", ""},
    {HAZARD_CLOUD, "flyctl", "apps destroy", ""},
    {HAZARD_CLOUD, "vault", "secrets disable", ""},
    {HAZARD_CLOUD, "gh", "repo delete", ""},
    {HAZARD_CLOUD, "gsutil", "rb", ""},
    {HAZARD_CLOUD, "gsutil", "rm", "-r -R -a"},
    {HAZARD_CLOUD, "aws", "s3 rb", ""},
    {HAZARD_CLOUD, "aws", "s3 rm", "--recursive"},
    {HAZARD_CLOUD, "aws", "s3 sync", "--delete"},
    {HAZARD_KUBERNETES, "kubectl", "delete",
     "namespace namespaces ns --all node nodes no pv pvc crd crds deployment deploy"
     " statefulset sts persistentvolume persistentvolumeclaim all -A --all-namespaces"},
    {HAZARD_KUBERNETES, "oc", "delete", "project namespace ns --all pv pvc node all"},
    {HAZARD_KUBERNETES, "kubectl", "drain", "--force --delete-emptydir-data"},
    {HAZARD_KUBERNETES, "kubectl", "replace", "--force"},
    {HAZARD_KUBERNETES, "helm", "uninstall", ""},
    {HAZARD_KUBERNETES, "helm", "delete", ""},
    {HAZARD_KUBERNETES, "helm", "del", ""},
    {HAZARD_CONTAINER, "docker", "system prune", "-a --all --volumes -f --force -af -fa"},
    {HAZARD_CONTAINER, "docker", "volume prune", ""},
    {HAZARD_CONTAINER, "docker", "image prune", "-a --all -af -fa"},
    {HAZARD_CONTAINER, "docker", "volume rm", "-f --force $()"},
    {HAZARD_CONTAINER, "docker", "rm", "-f --force -fv -vf $()"},
    {HAZARD_CONTAINER, "docker", "rmi", "-f --force $()"},
    {HAZARD_CONTAINER, "docker", "swarm leave", "--force -f"},
    {HAZARD_CONTAINER, "docker", "compose down", "-v --volumes --rmi"},
    {HAZARD_CONTAINER, "docker-compose", "down", "-v --volumes --rmi"},
};

/* Verbs of the three big clouds: aws <service> delete-x, gcloud <group> delete, az <group> delete */
static int deletes(const shell_command *command)
{
    static const char *const starts[] = {"delete-",    "terminate-", "purge-", "deregister-", "schedule-key-deletion",
                                         "remove-tags"};
    const char *name = command->argument[0];
    int found = shell_among(name, "gcloud az doctl ibmcloud linode-cli") &&
                (shell_argument(command, "delete") || shell_argument(command, "purge") ||
                 shell_argument(command, "destroy"));

    for (size_t i = 2; i < command->count && i < 4 && strcmp(name, "aws") == 0; i++) {
        for (size_t s = 0; s < 5; s++) {
            found |= strncmp(command->argument[i], starts[s], strlen(starts[s])) == 0;
        }
    }
    return found && !shell_option(command, 0, "dry-run") && !shell_option(command, 0, "help") &&
           !shell_argument(command, "help");
}

static int has_one(const shell_command *command, const char *needs)
{
    if (!*needs) {
        return 1;
    }
    for (size_t i = 1; i < command->count; i++) {
        size_t length = strcspn(command->argument[i], "/=");
        char word[32];

        if (length < sizeof(word)) {
            memcpy(word, command->argument[i], length);
            word[length] = '\0';
            if (shell_among(word, needs)) {
                return 1;
            }
        }
    }
    return 0;
}

void program_cloud(const shell_command *command, shell_hits *hits)
{
    const char *name = command->argument[0];

    if (shell_among(name, "tofu")) {
        name = "terraform";
    } else if (shell_among(name, "podman nerdctl")) {
        name = "docker";
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].program, name) == 0 && shell_verbs(command, verbs[i].verbs) &&
            has_one(command, verbs[i].needs) && !shell_option(command, 0, "dry-run") &&
            !shell_option(command, 0, "dryrun") && !shell_option(command, 0, "help")) {
            shell_hit_add(hits, verbs[i].what, 0, command);
            return;
        }
    }
    if (deletes(command)) {
        shell_hit_add(hits, HAZARD_CLOUD, 0, command);
    }
}
