/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Requests for everything at once, and instructions to send something away.
 */
#include <string.h>

#include "../scanner_value.h"
#include "data.h"
#include "rule.h"

enum { SENTENCE = 280, LOOP = 256 };

static int32_t verify_limit(const exfiltration *instance, const rule *self, text_state *state,
                            const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t at = candidate->to, from;
    uint64_t number = 0;

    (void)self;
    (void)state;
    while (at > candidate->from && text[at - 1] >= '0' && text[at - 1] <= '9') {
        at--;
    }
    for (from = at; at < candidate->text.length && at - from < 18 && text[at] >= '0' && text[at] <= '9'; at++) {
        number = number * 10 + (uint64_t)(text[at] - '0');
    }
    finding->to = at;
    return number >= instance->behaviour.options.limit &&
           !(at < candidate->text.length && (text[at] == '.' || (text[at] | 0x20) == 'e'));
}

/* "export_all_users", "dump the entire customer database": something that is worth it must be what is taken. */
static int32_t verify_export_all(const exfiltration *instance, const rule *self, text_state *state,
                                 const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const things[] = {"user",
                                         "customer",
                                         "client",
                                         "account",
                                         "employee",
                                         "patient",
                                         "member",
                                         "contact",
                                         "password",
                                         "credential",
                                         "database",
                                         "table",
                                         "record",
                                         "secret",
                                         "token",
                                         "email",
                                         "payment",
                                         "card",
                                         "transaction",
                                         "conversation",
                                         "message",
                                         "personal",
                                         "ssn",
                                         "social security",
                                         "medical",
                                         "payroll",
                                         "salar",
                                         "api key",
                                         "api_key",
                                         "private key",
                                         "environment variable",
                                         "schema",
                                         "cookies",
                                         "session",
                                         "crm",
                                         "lead",
                                         NULL};
    const char *text = candidate->text.data;
    size_t end = candidate->to;

    (void)instance;
    (void)self;
    (void)state;
    while (end < candidate->text.length && end - candidate->to < 48 && !strchr(".;!?\n\"", text[end])) {
        end++;
    }
    finding->to = end;
    return data_has(text + candidate->to, end - candidate->to, things);
}

/* "show me all users with their passwords": all of them, and what nobody asks for by the way. */
static int32_t verify_all_persons(const exfiltration *instance, const rule *self, text_state *state,
                                  const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const secrets[] = {
        "password",    "ssn",     "social security", "credit card",   "card number",  "cvv",
        "private key", "api key", "medical record",  "date of birth", "home address", "bank account",
        "credential",  NULL};
    static const char *const rows[] = {"record", "row", "entry", "entries", NULL};
    static const char *const tables[] = {" table", "database", NULL};
    const char *text = candidate->text.data + candidate->from;
    size_t length = 0, most = candidate->text.length - candidate->from;

    (void)instance;
    (void)self;
    (void)state;
    if (candidate->direction != UAPI_DIRECTION_REQUEST) {
        return UAPI_NOT_FOUND;
    }
    while (length < most && length < 160 && !strchr(".;!?\n\"", text[length])) {
        length++;
    }
    finding->to = candidate->from + length;
    return data_has(text, length, secrets) ||
           (data_find(text, length, "email") < length && data_find(text, length, "phone") < length) ||
           (data_has(text, length, rows) && data_has(text, length, tables));
}

/* In an answer the same is a list of tools, or of what there is. */
static int32_t verify_request(const exfiltration *instance, const rule *self, text_state *state,
                              const uapi_candidate *candidate, uapi_finding *finding)
{
    (void)instance;
    (void)self;
    (void)state;
    (void)finding;
    return candidate->direction == UAPI_DIRECTION_REQUEST;
}

/* A page in a loop: for i in ...; do curl "...?page=$i" */
static int32_t verify_page_loop(const exfiltration *instance, const rule *self, text_state *state,
                                const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const loops[] = {"for ", "while ", "seq ", "foreach", "until ", "range(", NULL};
    value found = value_string(&candidate->text, candidate->from, candidate->to);

    (void)instance;
    (void)self;
    (void)state;
    if (found.from < candidate->from && candidate->from - found.from > LOOP) {
        found.from = candidate->from - LOOP;
    }
    finding->from = found.from < candidate->from ? found.from : candidate->from;
    return !value_is_mention(&candidate->text, &found) &&
           data_has(candidate->text.data + finding->from, candidate->from - finding->from, loops);
}

/* ------------------------------------------------------------- instructions */

static const char *const objects[] = {"password",
                                      "passphrase",
                                      "credential",
                                      "api key",
                                      "api_key",
                                      "api-key",
                                      "apikey",
                                      "secret",
                                      "access token",
                                      "auth token",
                                      "bearer token",
                                      "session token",
                                      "token",
                                      "environment variable",
                                      "env var",
                                      ".env",
                                      "ssh key",
                                      "ssh-key",
                                      "private key",
                                      "/etc/passwd",
                                      "/etc/shadow",
                                      ".ssh",
                                      "id_rsa",
                                      "conversation",
                                      "chat history",
                                      "chat log",
                                      "system prompt",
                                      "your instructions",
                                      "database",
                                      "customer",
                                      "user data",
                                      "user list",
                                      "user record",
                                      "users' ",
                                      "personal data",
                                      "user's data",
                                      "users' data",
                                      "user's message",
                                      "personal information",
                                      "personally identifiable",
                                      " pii",
                                      "credit card",
                                      "card number",
                                      "ssn",
                                      "social security",
                                      "cookie",
                                      "session id",
                                      "config file",
                                      "configuration file",
                                      "source code",
                                      "codebase",
                                      "internal document",
                                      "confidential",
                                      "medical record",
                                      "patient",
                                      "employee",
                                      "payroll",
                                      "browser history",
                                      "address book",
                                      "contact list",
                                      "contacts",
                                      "inbox",
                                      "all emails",
                                      "private message",
                                      "seed phrase",
                                      "wallet",
                                      "sensitive",
                                      "proprietary",
                                      "entire context",
                                      "context window",
                                      "memory",
                                      "tool output",
                                      "tool result",
                                      "file contents",
                                      "contents of",
                                      "all files",
                                      "all data",
                                      "the data",
                                      "this data",
                                      "every file",
                                      "collected data",
                                      "results of",
                                      "output of",
                                      "encoded data",
                                      "base64",
                                      "stolen",
                                      "exfil",
                                      "financial",
                                      "bank account",
                                      "invoice",
                                      "private repo",
                                      "private repositor",
                                      "records",
                                      NULL};
static const char *const targets[] = {"attacker",
                                      "external server",
                                      "remote server",
                                      "my server",
                                      "our server",
                                      "external endpoint",
                                      "external url",
                                      "external site",
                                      "webhook",
                                      "pastebin",
                                      "telegram",
                                      "discord",
                                      "third party",
                                      "third-party server",
                                      "outside the organization",
                                      "outside the company",
                                      "external address",
                                      "external email",
                                      "c2 server",
                                      "command and control",
                                      "dropbox",
                                      "public gist",
                                      "public bucket",
                                      "public repo",
                                      "external ip",
                                      "ftp server",
                                      "external host",
                                      NULL};

/* A URL or an address of mail with a host that is not near. */
static int has_destination(const char *text, size_t length)
{
    size_t at = 0;
    char host[256];

    if (data_has(text, length, targets)) {
        return 1;
    }
    for (at = 0; at < length; at++) {
        size_t from = at, to;

        if (text[at] == ':' && at + 3 < length && text[at + 1] == '/' && text[at + 2] == '/') {
            from = at + 3;
        } else if (text[at] == '@' && at > 0 && text[at - 1] != ' ') {
            from = at + 1;
        } else {
            continue;
        }
        for (to = from; to < length && to - from < sizeof(host) - 1 && !strchr(" \t\n\"'<>)/,", text[to]); to++) {
            host[to - from] = text[to];
        }
        while (to > from && text[to - 1] == '.') {
            to--;
        }
        host[to - from] = '\0';
        if (data_of_host(host) >= DATA_HOST_FOREIGN && strchr(host, '.')) {
            return 1;
        }
    }
    return 0;
}

static int32_t verify_instruction(const exfiltration *instance, const rule *self, text_state *state,
                                  const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t end = candidate->to, from;

    (void)instance;
    (void)self;
    (void)state;
    /* what "it" and "them" are was said before */
    for (from = candidate->from; from > 0 && candidate->from - from < SENTENCE / 2 && !strchr("\n!?", text[from - 1]);
         from--) {
    }
    /* to the end of the sentence: a full stop with a blank behind it */
    while (end < candidate->text.length && end - candidate->to < SENTENCE && !strchr("\n!?", text[end]) &&
           !(text[end] == '.' && end + 1 < candidate->text.length &&
             (text[end + 1] == ' ' || text[end + 1] == '\n' || text[end + 1] == '"'))) {
        end++;
    }
    finding->to = end;
    return data_has(text + from, end - from, objects) && has_destination(text + candidate->to, end - candidate->to);
}

/* As in rules_behaviour.c. */
#define NAMED(NAMES) "[\"?&](?:" NAMES ")(?:\":\\s?\"?|=)"
#define COUNTS                                                                                                         \
    "limit|page_?size|per_?page|max_?(?:results|items|records|rows|count|keys|entries)|num_?(?:results|records|rows)|" \
    "batch_?size|row_?limit|record_?count|top_?n|rows|\\$top|_limit|fetch_?size"
#define VERBS "(?:export|dump|extract|exfiltrate|steal|harvest|scrape|download|leak)"
#define SENDS                                                                                                       \
    "(?:send|upload|post|forward|transmit|exfiltrate|leak|e-?mail|submit|publish|write|copy|deliver|push|transfer|" \
    "exfil|beacon|"                                                                                                 \
    "share|pipe|report|append|embed|include|encode)"

static const rule rules[] = {
    RULE("huge_limit", MEDIUM, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         NAMED(COUNTS) "\\d{2,6}", verify_limit, 0),
    RULE("no_limit", MEDIUM, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         NAMED("limit|page_?size|per_?page|max_?(?:results|items|records|rows)") "(?:-1\\b|all\\b|unlimited|infinity|"
                                                                                 "none\\b|max\\b)",
         NULL, 0),
    RULE("export_all", MEDIUM, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\\b" VERBS "[\\s_-](?:(?:the|me|of)[\\s_])?(?:all|every|entire|full|complete|whole|bulk)[\\s_-]",
         verify_export_all, 0),
    RULE("export_all", MEDIUM, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\"include_?(?:pii|passwords?|secrets?|credentials?|sensitive(?:_data)?|ssn|hashes|password_hash(?:es)?)\":"
         "\\s?(?:true|1|\"true\")",
         verify_request, 0),
    RULE("export_all", MEDIUM, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\\b(?:show|list|give|retrieve|get|fetch|print|reveal|return|display|read|select|pull)\\s(?:me\\s|us\\s)?(?:"
         "a\\s)?(?:(?:complete|full)\\slist\\sof\\s)?"
         "(?:all|every|each)\\s",
         verify_all_persons, 0),
    RULE("export_all", MEDIUM, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\"(?:bulk_?export|export_?(?:database|db|users?|customers?|contacts|tables)|dump_?(?:database|db|tables?|"
         "users?|customers?)|"
         "(?:backup|download|clone)_?(?:database|db))(?:_[a-z]{2,12})?\"|/(?:export|dump|download)[a-z0-9_/"
         "-]{0,40}\\?[^\\s\"]{0,60}\\ball=(?:true|1)\\b",
         verify_request, 0),
    RULE("huge_limit", MEDIUM, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "[\\s(,{](?:first|last|limit|take)\\s?:\\s?\\d{2,7}", verify_limit, 0),
    RULE("page_loop", MEDIUM, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "[?&/](?:page|offset|start|skip|page_?(?:num|no|number)|cursor)[=/]\\$", verify_page_loop, 0),
    RULE("send_instruction", HIGH, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST,
         "\\b" SENDS "\\s{1,3}(?:me\\s|us\\s)?(?:the|all|any|your|its|their|every|contents?|my|this|it|them|these|"
         "those|user|customer|our|sensitive|private|secret|full|entire|that|collected|gathered|found|extracted|"
         "a\\scopy|each|/etc/|~/)[\\s/.]",
         verify_instruction, 0),
};

const rule_table rules_bulk = TABLE(rules);
