/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Programs that take much at once: databases, buckets, secret stores, homes, and searches for secrets over the disk.
 */
#include <string.h>

#include "transfer.h"
#include "uapi_plugin.h"

static int any_placeholder(const transfer_command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        if (data_is_placeholder(command->argument[i])) {
            return 1;
        }
    }
    return command->output && data_is_placeholder(command->output);
}

static int asks_for_help(const transfer_command *command)
{
    return command->count == 1 || transfer_has(command, "--help") || transfer_has(command, "help") ||
           transfer_has(command, "--version");
}

/* ------------------------------------------------------------- databases */

/* The structure alone is not data. */
static int only_structure(const transfer_command *command)
{
    return transfer_has(command, "-s") || transfer_has(command, "--schema-only") ||
           transfer_has(command, "--no-data") || transfer_has(command, "-d") || transfer_has(command, "--globals-only");
}

static void collect_dump(const transfer_command *command, transfer_hits *hits)
{
    int all = transfer_among(command->argument[0], "pg_dumpall") || transfer_has(command, "--all-databases") ||
              transfer_has(command, "-A");

    if (!asks_for_help(command) && !any_placeholder(command) &&
        !(only_structure(command) &&
          transfer_among(command->argument[0], "pg_dump pg_dumpall mysqldump mariadb-dump"))) {
        transfer_hit_add(hits, TRANSFER_DUMP, all ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM, command);
    } else if (asks_for_help(command) && transfer_among(command->argument[0], "pg_dumpall") && command->output) {
        transfer_hit_add(hits, TRANSFER_DUMP, UAPI_SEVERITY_HIGH, command);
    }
}

/* sqlite3 x .dump, redis-cli --rdb, bcp t out f, etcdctl snapshot save ... */
static void collect_other_dump(const transfer_command *command, transfer_hits *hits)
{
    static const struct {
        const char *name, *sign; /* an argument that begins so */
    } forms[] = {
        {"sqlite3", ".dump"},
        {"sqlite3", ".backup"},
        {"sqlite3", ".clone"},
        {"redis-cli", "--rdb"},
        {"redis-cli", "keys"},
        {"redis-cli", "--scan"},
        {"bcp", "out"},
        {"bcp", "queryout"},
        {"etcdctl", "snapshot"},
        {"etcdctl", "--prefix"},
        {"consul", "export"},
        {"elasticdump", "--input"},
        {"influxd", "backup"},
        {"influx", "backup"},
        {"bq", "extract"},
        {"cockroach", "dump"},
        {"cockroach", "backup"},
        {"neo4j-admin", "dump"},
        {"arangodump", "--"},
        {"clickhouse-client", "--query=select *"},
        {"ldapsearch", "(objectclass=*)"},
        {"ldapsearch", "objectclass=*"},
        {"ldapsearch", "(objectclass=person)"},
        {"ldapsearch", "(objectclass=user)"},
        {"reg", "save"},
        {"reg.exe", "save"},
        {"ntdsutil", "ac"},
        {"vssadmin", "create"},
        {"wbadmin", "start"},
    };

    if (any_placeholder(command)) {
        return;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, command->argument[0]) == 0 && transfer_prefix(command, forms[i].sign)) {
            transfer_hit_add(hits, TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM, command);
            return;
        }
    }
}

/* ------------------------------------------------------------- object storage */

static int opens_to_all(const transfer_command *command)
{
    static const char *const signs[] = {"allusers",
                                        "allauthenticatedusers",
                                        "\"all\"",
                                        "createvolumepermission=[{add:[{group:all}]}]",
                                        "group=all",
                                        "\"principal\":\"*\"",
                                        "\"principal\": \"*\"",
                                        NULL};

    for (size_t i = 1; i < command->count; i++) {
        if (data_has(command->argument[i], strlen(command->argument[i]), signs)) {
            return 1;
        }
    }
    if (transfer_has(command, "--group-names") && transfer_has(command, "all")) {
        return 1;
    }
    return transfer_has(command, "--values-to-add") &&
           (transfer_has(command, "all") || transfer_has(command, "restore") || transfer_prefix(command, "[\"all"));
}

static int is_bucket(const char *word)
{
    return data_begins(word, "s3://") || data_begins(word, "gs://") || data_begins(word, "b2://") ||
           data_begins(word, "wasb") || data_begins(word, "az://") || data_begins(word, "oss://") ||
           strstr(word, ".blob.core.windows.net") != NULL;
}

static data_worth local_worth(const transfer_command *command)
{
    data_worth most = DATA_NONE;

    for (size_t i = 2; i < command->count; i++) {
        if (command->argument[i][0] != '-' && !is_bucket(command->argument[i])) {
            data_worth worth = data_of_path(command->argument[i]);

            most = worth > most ? worth : most;
        }
    }
    return most;
}

static void collect_bucket(const transfer_command *command, transfer_hits *hits)
{
    const char *name = command->argument[0];
    data_worth worth = local_worth(command);
    int copies = transfer_has(command, "cp") || transfer_has(command, "mv") || transfer_has(command, "copy") ||
                 transfer_has(command, "put") || transfer_has(command, "upload") ||
                 transfer_has(command, "upload-file") || transfer_has(command, "move");
    int whole = transfer_has(command, "sync") || transfer_has(command, "rsync") || transfer_has(command, "mirror") ||
                transfer_has(command, "upload-batch") || transfer_has(command, "download-batch") ||
                transfer_has(command, "copyto") || transfer_has(command, "sync-down") ||
                transfer_has(command, "copydir") ||
                (copies && (transfer_has(command, "-r") || transfer_has(command, "--recursive") ||
                            transfer_has(command, "-m") || transfer_has(command, "-R")));
    int buckets = 0, publicly = transfer_has(command, "public-read") || transfer_has(command, "--acl=public-read") ||
                                transfer_has(command, "public-read-write");

    if (strcmp(name, "aws") == 0 && !transfer_has(command, "s3")) {
        return;
    }
    for (size_t i = 1; i < command->count; i++) {
        buckets += is_bucket(command->argument[i]);
    }
    whole |= copies && strcmp(name, "rclone") == 0; /* whose copy is of a folder */
    if (asks_for_help(command) || any_placeholder(command) || (!buckets && transfer_among(name, "aws gsutil"))) {
        return;
    }
    if (publicly || opens_to_all(command)) {
        transfer_hit_add(hits, TRANSFER_SHARE, UAPI_SEVERITY_HIGH, command);
    } else if (whole || (copies && (worth >= DATA_BULK || command->incoming >= DATA_BULK))) {
        transfer_hit_add(hits, TRANSFER_CLOUD, worth >= DATA_TREE ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM, command);
    }
}

/* Services to which one drops files. */
static void collect_drop(const transfer_command *command, transfer_hits *hits)
{
    static const char verbs[] = "send upload put create share push cp up add";

    if (command->count > 2 && !any_placeholder(command) &&
        (transfer_among(command->argument[1], verbs) ||
         (strcmp(command->argument[0], "gh") == 0 && transfer_verbs(command, "gist create")) ||
         transfer_among(command->argument[0], "mega-put megaput ffsend"))) {
        if (strcmp(command->argument[0], "gh") == 0 && !transfer_verbs(command, "gist create")) {
            return;
        }
        transfer_hit_add(hits, TRANSFER_SHARE,
                         local_worth(command) >= DATA_TREE ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM, command);
    }
}

/* ------------------------------------------------------------- clouds */

static void collect_cloud(const transfer_command *command, transfer_hits *hits)
{
    static const struct {
        const char *name, *verbs;
        transfer_kind kind;
        uint32_t severity;
    } forms[] = {
        {"aws", "dynamodb scan", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"aws", "dynamodb export-table-to-point-in-time", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"aws", "rds start-export-task", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"aws", "iam get-account-authorization-details", TRANSFER_STORE, UAPI_SEVERITY_MEDIUM},
        {"aws", "ssm get-parameters-by-path", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
        {"aws", "secretsmanager batch-get-secret-value", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
        {"gcloud", "sql export", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"gcloud", "firestore export", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"gcloud", "iam service-accounts keys create", TRANSFER_STORE, UAPI_SEVERITY_MEDIUM},
        {"az", "sql db export", TRANSFER_DUMP, UAPI_SEVERITY_MEDIUM},
        {"az", "keyvault backup", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
        {"vault", "kv export", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
        {"vault", "operator raft snapshot save", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
        {"heroku", "config", TRANSFER_STORE, UAPI_SEVERITY_MEDIUM},
        {"doppler", "secrets download", TRANSFER_STORE, UAPI_SEVERITY_HIGH},
    };
    static const char shared[] = "modify-snapshot-attribute modify-image-attribute modify-db-snapshot-attribute "
                                 "modify-db-cluster-snapshot-attribute put-bucket-policy put-bucket-acl put-object-acl "
                                 "delete-public-access-block add-iam-policy-binding";

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, command->argument[0]) == 0 && transfer_verbs(command, forms[i].verbs) &&
            !asks_for_help(command)) {
            transfer_hit_add(hits, forms[i].kind, forms[i].severity, command);
            return;
        }
    }
    if (transfer_verbs(command, "secretsmanager get-secret-value") &&
        transfer_has(command, "{}")) { /* one after another */
        transfer_hit_add(hits, TRANSFER_STORE, UAPI_SEVERITY_HIGH, command);
        return;
    }
    for (size_t i = 2; i < command->count && i < 6; i++) {
        if (transfer_among(command->argument[i], shared) &&
            (opens_to_all(command) || transfer_prefix(command, "public-read"))) {
            transfer_hit_add(hits, TRANSFER_SHARE, UAPI_SEVERITY_HIGH, command);
            return;
        }
    }
}

static void collect_kubernetes(const transfer_command *command, transfer_hits *hits)
{
    int all = transfer_has(command, "-a") || transfer_has(command, "--all-namespaces");
    int whole = transfer_prefix(command, "-o") || transfer_prefix(command, "--output");

    if (transfer_verbs(command, "get") && (transfer_has(command, "secrets") || transfer_has(command, "secret")) &&
        whole) {
        transfer_hit_add(hits, TRANSFER_STORE, all ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM, command);
    }
}

/* ------------------------------------------------------------- files */

static int creates(const transfer_command *command)
{
    const char *name = command->argument[0], *options = command->count > 1 ? command->argument[1] : "";

    if (transfer_among(name, "tar bsdtar")) {
        return (strchr(options, 'c') != NULL && strlen(options) < 12 && options[1] != '-') ||
               transfer_has(command, "--create") || transfer_has(command, "-c");
    }
    if (transfer_among(name, "7z 7za 7zr rar")) {
        return strcmp(options, "a") == 0;
    }
    return transfer_among(name, "zip compress-archive Compress-Archive");
}

/* From the archive's own name on: what goes into it. */
static data_worth archived(const transfer_command *command)
{
    data_worth most = DATA_NONE;
    int named = 0;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];
        data_worth worth;

        if (word[0] == '-' ||
            (i == 1 && !transfer_among(command->argument[0], "zip compress-archive Compress-Archive"))) {
            continue;
        }
        if (!named) {
            named = 1;
            if (data_of_path(word) == DATA_BULK) {
                continue; /* the archive */
            }
        }
        worth = data_of_path(word);
        most = worth > most ? worth : most;
    }
    return most;
}

static void collect_archive(const transfer_command *command, transfer_hits *hits)
{
    if (creates(command) && !any_placeholder(command)) {
        data_worth worth = archived(command);

        if (worth >= DATA_TREE) {
            transfer_hit_add(hits, TRANSFER_ARCHIVE, worth == DATA_SECRET ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM,
                             command);
        }
    }
}

/* A search from the root or a home for names that secrets have, and something done with what is found. */
static void collect_find(const transfer_command *command, transfer_hits *hits)
{
    int wide = 0, wanted = 0, places = 1,
        used = command->piped || transfer_prefix(command, "-exec") || transfer_prefix(command, "-fprint");

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        places &= word[0] != '-' || transfer_among(word, "-L -H -P");
        wide |= places && data_of_path(word) >= DATA_TREE;
        if ((data_begins(word, "-name") || data_begins(word, "-iname") || data_begins(word, "-path") ||
             data_begins(word, "-regex")) &&
            i + 1 < command->count && data_of_path(command->argument[i + 1]) >= DATA_BULK) {
            wanted = data_of_path(command->argument[i + 1]) == DATA_SECRET ? 2 : 1;
        }
    }
    if (wide && (wanted == 2 || (wanted && used))) {
        transfer_hit_add(hits, TRANSFER_HARVEST, used ? UAPI_SEVERITY_HIGH : UAPI_SEVERITY_MEDIUM, command);
    }
}

/* grep -r password / */
static void collect_grep(const transfer_command *command, transfer_hits *hits)
{
    static const char *const words[] = {"password",   "passwd",     "secret",      "api_key", "apikey",
                                        "api.key",    "aws_",       "private key", "akia",    "token",
                                        "credential", "-----begin", NULL};
    int recursive = transfer_has(command, "--recursive"), wanted = 0, wide = 0;

    for (size_t i = 1; i < command->count; i++) {
        const char *word = command->argument[i];

        if (word[0] == '-' && word[1] != '-') {
            recursive |= strpbrk(word, "rR") != NULL;
        } else if (!wanted && data_has(word, strlen(word), words)) {
            wanted = 1;
        } else if (data_of_path(word) == DATA_TREE || (data_of_path(word) == DATA_SECRET && word[0] == '/')) {
            wide = 1;
        }
    }
    if (recursive && wanted && wide) {
        transfer_hit_add(hits, TRANSFER_HARVEST, UAPI_SEVERITY_MEDIUM, command);
    }
}

/* python -m http.server --directory /: whoever asks gets it. */
static void collect_server(const transfer_command *command, transfer_hits *hits)
{
    for (size_t i = 1; i + 1 < command->count && transfer_has(command, "http.server"); i++) {
        if (transfer_among(command->argument[i], "-d --directory") &&
            data_of_path(command->argument[i + 1]) >= DATA_TREE) {
            transfer_hit_add(hits, TRANSFER_SHARE, UAPI_SEVERITY_HIGH, command);
            return;
        }
    }
}

static const struct {
    const char *names;
    void (*collect)(const transfer_command *command, transfer_hits *hits);
} collectors[] = {
    {"pg_dump pg_dumpall pg_basebackup mysqldump mariadb-dump mongodump mongoexport mysqlpump mydumper expdp exp "
     "mariabackup xtrabackup",
     collect_dump},
    {"sqlite3 redis-cli bcp etcdctl consul elasticdump influxd influx bq cockroach neo4j-admin arangodump "
     "clickhouse-client "
     "ldapsearch reg reg.exe ntdsutil vssadmin wbadmin",
     collect_other_dump},
    {"gsutil rclone azcopy mc s3cmd s4cmd s5cmd b2 ossutil", collect_bucket},
    {"gh croc wormhole ffsend mega-put megaput gdrive dropbox_uploader.sh onionshare-cli transfer gupload",
     collect_drop},
    {"heroku doppler vault", collect_cloud},
    {"kubectl oc", collect_kubernetes},
    {"tar bsdtar zip 7z 7za 7zr rar compress-archive Compress-Archive", collect_archive},
    {"find fd fdfind", collect_find},
    {"python python3 py", collect_server},
    {"grep egrep rg ag ack", collect_grep},
};

void transfer_collect(const transfer_command *command, transfer_hits *hits)
{
    if (transfer_among(command->argument[0], "aws gcloud az")) {
        collect_cloud(command, hits);
        if (transfer_has(command, "s3") || transfer_has(command, "storage")) {
            collect_bucket(command, hits);
        }
        return;
    }
    for (size_t i = 0; i < sizeof(collectors) / sizeof(collectors[0]); i++) {
        if (transfer_among(command->argument[0], collectors[i].names)) {
            collectors[i].collect(command, hits);
            return;
        }
    }
}
