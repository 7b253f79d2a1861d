/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Programs in a language that send: a call that sends, with something worth it among its arguments and a foreign host.
 */
#include <string.h>

#include "../scanner_value.h"
#include "data.h"
#include "rule.h"

enum { ARGUMENTS = 600, BEFORE = 400 };

/* What is worth sending, in the spelling of the languages. */
static const char *const sources[] = {"document.cookie",
                                      "localstorage",
                                      "sessionstorage",
                                      "json.stringify(process.env",
                                      "(process.env)",
                                      "body: process.env",
                                      "process.env }",
                                      "process.env}",
                                      "process.env,",
                                      "process.env)",
                                      "dict(os.environ",
                                      "os.environ)",
                                      "os.environ}",
                                      "os.environ,",
                                      "str(os.environ",
                                      "os.environ.copy",
                                      "readfilesync(",
                                      "readfile(",
                                      "indexeddb",
                                      "open('/etc",
                                      "open(\"/etc",
                                      "expanduser",
                                      "/etc/passwd",
                                      "/etc/shadow",
                                      ".ssh/",
                                      "id_rsa",
                                      ".aws/",
                                      ".env'",
                                      ".env\"",
                                      "get-content",
                                      "gc $",
                                      "[io.file]::read",
                                      "readalltext",
                                      "readallbytes",
                                      "get-childitem env:",
                                      "$env:",
                                      "get-clipboard",
                                      "get-credential",
                                      "file_get_contents",
                                      "file.read(",
                                      "$_server",
                                      "getpass",
                                      "subprocess",
                                      "open('/",
                                      "open(\"/",
                                      "open('~",
                                      "open(os.path",
                                      "popen(",
                                      "os.listdir",
                                      "glob.glob",
                                      "keychain",
                                      "login data",
                                      "navigator.credentials",
                                      "clipboard",
                                      "document.body.innerhtml",
                                      "document.documentelement",
                                      "outerhtml",
                                      "innertext",
                                      "password",
                                      "secret",
                                      "credential",
                                      "-infile",
                                      "private_key",
                                      "base64",
                                      "btoa(",
                                      "$(cat",
                                      "`cat",
                                      "env.to_h",
                                      "env.inspect",
                                      "file.binread",
                                      "os.getenv(",
                                      NULL};
/* Some file, which counts where it is handed to the call as such. */
static const char *const files[] = {"open(",       "files=",        "-infile",
                                    "uploadfile(", "file=@",        "createreadstream(",
                                    "file.open(",  "readasdataurl", "-transfertype upload",
                                    NULL};

static int is_open(char c)
{
    return c == '(' || c == '[' || c == '{';
}

/* The end of the arguments: the bracket that closes the first one, or the end of the statement. */
static size_t end_of_call(uapi_string text, size_t at)
{
    size_t end = at, depth = 0;

    while (end < text.length && end - at < ARGUMENTS) {
        char c = text.data[end++];

        depth += is_open(c);
        if (c == ')' || c == ']' || c == '}') {
            if (depth <= 1) {
                if (end < text.length && text.data[end] == '.') { /* .end(...), .then(...) */
                    depth = 0;
                    continue;
                }
                break;
            }
            depth--;
        }
        if (depth == 0 && (c == ';' || c == '\n')) {
            break;
        }
    }
    return end;
}

/* The furthest host of a URL in the range. */
static data_host host_in(const char *text, size_t length)
{
    data_host found = DATA_HOST_NONE;

    for (size_t at = 0; at + 3 < length; at++) {
        if (text[at] == ':' && text[at + 1] == '/' && text[at + 2] == '/') {
            char host[128];
            size_t i = 0;

            for (at += 3; at < length && i + 1 < sizeof(host) && !strchr("\"'`) ,;\n", text[at]); at++) {
                host[i++] = text[at];
            }
            host[i] = '\0';
            if (data_of_host(host) > found) {
                found = data_of_host(host);
            }
        }
    }
    return found;
}

/* A header with a token in it is how every client is written. */
static int is_only_header(const char *text, size_t length)
{
    size_t header = data_find(text, length, "authorization");

    return header < length && data_find(text, length, "body") == length && data_find(text, length, "data") == length &&
           data_find(text, length, "files") == length;
}

static int32_t verify_call(const exfiltration *instance, const rule *self, text_state *state,
                           const uapi_candidate *candidate, uapi_finding *finding)
{
    uapi_string text = candidate->text;
    value found = value_string(&text, candidate->from, candidate->to);
    size_t end = end_of_call(text, candidate->to - (is_open(text.data[candidate->to - 1]) ? 1 : 0)),
           at = candidate->to - 1, length = end - at, before;
    const char *call = text.data + at; /* behind its name */
    data_host host = host_in(call, length);
    int file;

    (void)instance;
    (void)state;
    if (value_is_mention(&text, &found)) {
        return UAPI_NOT_FOUND;
    }
    before = candidate->from > BEFORE ? candidate->from - BEFORE : 0;
    before = before < found.from ? found.from : before;
    before = before > candidate->from ? candidate->from : before;
    if (host == DATA_HOST_NONE) { /* in a variable, perhaps */
        host = host_in(text.data + before, candidate->from - before);
    }
    if (self->argument == 2) {
        host = data_find(call, length, "-attachment") < length ? DATA_HOST_FOREIGN : DATA_HOST_NONE;
    }
    if (self->argument == 3) { /* what was connected to stands before, and the file in the call itself */
        if (host < DATA_HOST_NEAR &&
            data_find(text.data + before, candidate->from - before, "connect(") < candidate->from - before) {
            host = DATA_HOST_FOREIGN;
        }
        return host >= DATA_HOST_FOREIGN && data_has(call, length, sources);
    }
    file = self->argument == 1 || data_has(call, length, files);
    finding->to = end;
    if (host < DATA_HOST_NEAR || is_only_header(call, length)) {
        return UAPI_NOT_FOUND;
    }
    if (host >= DATA_HOST_FOREIGN && (data_has(call, length, sources) || file)) {
        return UAPI_FOUND;
    }
    /* a variable that a statement before has filled */
    return host == DATA_HOST_STRANGE && data_has(text.data + before, candidate->from - before, sources);
}

#define CODE(NAME, SEVERITY, REGEX, ARGUMENT) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, 0, UAPI_DEFAULT_HOST, REGEX, verify_call, ARGUMENT)

static const rule rules[] = {
    CODE("code_upload", HIGH,
         "\\b(?:requests|httpx|session|client|axios|aiohttp|urllib3?|http|https|\\$http|superagent|got|unirest|"
         "require\\([\"']https?[\"']\\)|"
         "restclient|faraday|httparty)\\.(?:post|put|patch|request)\\s?\\(|"
         "require\\([\"']https?[\"']\\)\\.get\\s?\\(|\\burlopen\\s?\\(|\\burllib\\.request\\.request\\s?\\(|"
         "\\bfetch\\s?\\(|sendbeacon\\s?\\(|\\.src\\s?=\\s?[\"'`"
         "]https?:|location(?:\\.href)?\\s?=\\s?[\"'`]https?:|"
         "\\bnet::http\\.post|\\bxmlhttprequest\\s?\\(|\\$\\.(?:post|ajax|get)\\s?\\(|\\bcurl_setopt\\s?\\(|\\bnew "
         "websocket\\s?\\(|\\blwp::|"
         "\\b(?:invoke-webrequest|invoke-restmethod|iwr|irm)\\s|\\.upload(?:string|data|values)\\s?\\(|\\bsend-"
         "mailmessage\\s|\\bstart-bitstransfer\\s",
         0),
    CODE("code_upload", HIGH, "\\bsend-mailmessage\\s", 2),
    CODE("code_upload", HIGH, "\\.send(?:all)?\\s?\\(", 3),
    CODE("code_upload", HIGH, "\\.uploadfile(?:async)?\\s?\\(|\\.storbinary\\s?\\(", 1),
};

const rule_table rules_code = TABLE(rules);
