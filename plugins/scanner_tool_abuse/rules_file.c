/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Files that nobody asks a tool for by accident, as a whole argument: keys and passwords of the machine, what tells about
 * its processes, and, where a web server is asked, what lies in its folders and is not for the public. A command that reads
 * one of them is destructive_commands' subject (credential_file), a file:// or php:// URL is suspicious_urls'.
 */
#include <string.h>

#include "path.h"
#include "rule.h"
#include "../scanner_argument.h"

/** Shapes of values in which the row counts (argument_shape); files of projects are ordinary arguments of file tools. */
enum { ANYWHERE = ARGUMENT_WHOLE | ARGUMENT_STRING | ARGUMENT_WEB, WEB = ARGUMENT_WEB, URL_ONLY = ARGUMENT_PATH };

static int has_scheme(const uapi_string *text, size_t from, size_t to)
{
    size_t at = from;

    while (at < to && at - from < 12 && text_is_alnum(text->data[at])) {
        at++;
    }
    return at > from + 1 && to - at > 2 && text->data[at] == ':' && text->data[at + 1] == '/' &&
           text->data[at + 2] == '/';
}

static int32_t verify_file(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    argument found = argument_of_mark(candidate, candidate->from);
    size_t begin, end;

    if (!(found.shape & (unsigned)self->argument) || argument_is_writing(text, &found)) {
        return 0;
    }
    if (argument_blanks(text, &found, 1) > (size_t)((found.shape & ARGUMENT_WEB) != 0)) {
        return 0;
    }
    begin = candidate->from < found.from ? found.from : path_begin(text, candidate->from, found.from);
    end = path_end(text, candidate->to < found.to ? candidate->to : found.to, found.to);
    if ((found.shape == ARGUMENT_STRING || found.shape == ARGUMENT_WHOLE) && (begin != found.from || end != found.to)) {
        return 0;
    }
    if (has_scheme(text, begin, end)) {
        return 0;
    }
    finding->from = begin;
    finding->to = end;
    finding->severity = self->pattern.severity;
    return 1;
}

/* ------------------------------------------------------------- files of other machines */

static size_t host_end(const uapi_string *text, size_t at, size_t to)
{
    while (at < to && !text_is_blank(text->data[at]) && text->data[at] && !strchr("/?#\\", text->data[at])) {
        at++;
    }
    return at;
}

static int is_address(const uapi_string *text, size_t from, size_t to)
{
    size_t letters = 0;

    if (from < to && text->data[from] == '[') {
        return 1;
    }
    for (size_t i = from; i < to; i++) {
        letters += text->data[i] != '.' && text->data[i] != ':' && (text->data[i] < '0' || text->data[i] > '9');
    }
    return to > from && letters == 0;
}

static int has_script(const uapi_string *text, size_t from, size_t to)
{
    static const char *const ends[] = {".php", ".asp",   ".jsp", ".txt?", ".cgi",
                                       ".inc", ".phtml", ".cfm", ".gif?", ".jpg?"};

    for (size_t at = from; at < to; at++) {
        for (size_t i = 0; text->data[at] == '.' && i < sizeof(ends) / sizeof(ends[0]); i++) {
            if (text_starts(text, at, to, ends[i])) {
                return 1;
            }
        }
    }
    return 0;
}

/* A URL where a program takes the name of a file to include: one that has nothing but a query, a program at a bare address,
 * or any in a parameter that is for files of the server. */
static int32_t verify_include(const rule *self, const scan *at, uapi_finding *finding)
{
    static const char keys[] =
        "include include_path include_file inc_path inc inc_dir root_path phpbb_root_path absolute_path"
        " mosconfig_absolute_path _conf[path] base_path basepath base_dir basedir dir_path document_root"
        " _server[document_root] globals[root_path] lib_path libpath skin_file theme_path template_path"
        " main_path class_path classpath module_path plugin_path sourcedir require require_once config_path"
        " gallery_basedir path[docroot] appserv_root config[root_dir]";
    const uapi_candidate *candidate = at->candidate;
    const uapi_string *text = &candidate->text;
    argument found = argument_of_mark(candidate, candidate->from);
    size_t host, end;

    (void)self;
    if (!(found.shape & (ARGUMENT_FIELD | ARGUMENT_ATTRIBUTE)) || found.from != candidate->from + 1 ||
        argument_blanks(text, &found, 1) > 1) {
        return 0;
    }
    host = candidate->to;
    while (host < found.to && text->data[host] == '/') {
        host++;
    }
    end = host_end(text, host, found.to);
    finding->from = found.from;
    finding->to = path_end(text, found.from, found.to);
    return text->data[finding->to - 1] == '?' || argument_key_among(text, &found, keys) ||
           (is_address(text, host, end) && has_script(text, end, found.to));
}

/* A folder that is hidden, at the root of a service: only .well-known is for others (RFC 8615). */
static int32_t verify_hidden(const rule *self, const scan *at, uapi_finding *finding)
{
    const uapi_string *text = &at->candidate->text;

    (void)self;
    finding->to = path_end(text, 0, text->length);
    return argument_around(at->candidate, 0, 1).shape == ARGUMENT_PATH &&
           !text_starts(text, 2, text->length, "well-known");
}

#define FILES(NAME, SEVERITY, SHAPES, REGEX) ARGUMENT(NAME, SEVERITY, REGEX, verify_file, SHAPES)
/** A row whose severity is advice only where an administrator says so: logged. */
#define LOGGED(NAME, SEVERITY, SHAPES, REGEX)  \
    {                                          \
        {.rule = NAME,                         \
         .regex = REGEX,                       \
         .flags = UAPI_PATTERN_CASELESS,       \
         .severity = SEVERITY,                 \
         .directions = UAPI_DIRECTION_REQUEST, \
         .request_action = UAPI_DEFAULT_LOG},  \
            verify_file, SHAPES                \
    }
#define SEP "[/\\\\]{1,3}"
/* Steps that go nowhere are the same path. */
#define ETC "/etc/(?:\\.?/){0,4}"
/* The name ends here: another folder, a copy of the file, or the end of the argument. */
#define END "(?:[/\\\\?#&=\\s\"~;:%]|\\.(?:bak|old|orig|save|swp|txt|zip|gz|[0-9])|$)"

static const rule rules[] = {
    FILES("secret_file", CRITICAL, ANYWHERE,
          ETC
          "(?:g?shadow|sudoers|master\\.passwd|security/passwd|krb5\\.keytab|ssh/ssh_host_)"
          "|\\.ssh" SEP "(?:id_|authorized_keys|identity)|\\.aws" SEP "credentials|\\.kube" SEP "config"
          "|\\.docker" SEP "(?:config\\.json|secrets)|\\.gnupg" SEP "|\\.git-credentials|\\.config/gcloud/"
          "|\\.azure" SEP "|/run/secrets/|config" SEP "(?:sam|security|system)\\b|repair" SEP
          "(?:sam|system)\\b|ntds\\.dit|/proc/(?:self|[0-9]{1,7}|thread-self)/(?:environ|mem|maps|cmdline|fd|root|cwd)"
          "|kubernetes/(?:admin|kubelet)\\.conf|/\\.vault-token|\\.local/share/keyrings"),
    FILES("system_file", MEDIUM, ARGUMENT_FIELD | ARGUMENT_ATTRIBUTE,
          "[=\"](?:file:)?(?:/etc/[a-z]|/proc/[a-z0-9]|/root"
          "/[.a-z]|/var/(?:log|mail|spool|lib)/|/usr/(?:local/)?etc/|[cd]:" SEP
          "(?:windows|winnt|inetpub|boot|users|program|documents|xampp))"),
    FILES("server_file", MEDIUM, WEB,
          "(?:^|[/"
          "\\\\=:\"])\\.(?:config|cache|local|mozilla|vnc|vim|emacs|irssi|gem|cargo|m2|gradle|ivy2|(?:nano|python|node_"
          "repl|sqlite|php"
          "|rediscli|dbshell|lhistory)_?(?:history)?|xauthority|xinitrc|bash_logout|login|logout|forward|rhosts|shosts|"
          "procmailrc|mailrc"
          "|addressbook|babelrc|dockerignore|editorconfig|eslintrc|flowconfig|gitmodules|gitlab|github|jenkins|"
          "jshintrc|keystore"
          "|mysqldump|nbproject|pki|project|rnd|sass-cache|settings|sqlmap|tmux|tugboat|wm_style|composer|passwd|perf|"
          "hplip|lesskey)" END),
    FILES("system_file", MEDIUM, ANYWHERE,
          ETC "(?:passwd|group|issue|crontab|cron\\.d|pam\\.d|exports|motd)\\b|boot\\.ini|win\\.ini|system32" SEP
              "|winnt" SEP
              "|pagefile\\.sys|sysprep\\.inf|unattend\\.xml|php\\.ini|/proc/(?:version|cpuinfo|mounts|net|sys|modules"
              "|interrupts|kcore|sched_debug|config\\.gz)|/dev/(?:mem|kmem)\\b"),
    LOGGED(
        "project_secret", LOW, ARGUMENT_STRING | ARGUMENT_WHOLE,
        "(?:^|[/"
        "\\\\\"])(?:\\.env(?:\\.(?:local|prod|production|staging))?|\\.npmrc|\\.pypirc|\\.netrc|\\.pgpass|\\.htpasswd"
        "|\\.git" SEP "config|wp-config\\.php|web\\.config|\\.bash_history|\\.zsh_history|\\.mysql_history)(?:\"|$)"),
    /* the name of an upload, as the whole text */
    FILES("server_file", MEDIUM, ARGUMENT_WHOLE | ARGUMENT_FIELD,
          "^(?:\\.(?:boto|s3cfg|htaccess|htpasswd|my\\.cnf|pgpass|netrc|npmrc|env)|wp-config[._]|(?:local)?settings\\. "
          "?php|web\\.config"
          "|config\\.inc\\.php|configuration\\.php|php\\.ini|\\.user\\.ini)"),
    FILES("server_file", MEDIUM, WEB,
          "(?:^|[/"
          "\\\\=:\"])\\.(?:env|git|svn|hg|bzr|htaccess|htpasswd|ht|bash_history|bashrc|bash_profile|profile|zsh_history"
          "|zshrc|mysql_history|psql_history|netrc|npmrc|pypirc|pgpass|docker|dockerenv|ssh|aws|kube|gnupg|subversion|"
          "cvsignore"
          "|gitignore|gitconfig|gitattributes|idea|vscode|ds_store|boto|s3cfg|terraform|travis\\.yml|gitlab-ci\\.yml"
          "|well-known/security|rediscli_history|viminfo|wget-hsts|lesshst|my\\.cnf|ftpconfig|htdigest|cpanel|config/"
          ")" END),
    FILES("server_file", MEDIUM, WEB,
          "wp-config[._]|(?:local)?settings\\. ?(?:php|py|local)|config\\.inc\\.php|configuration\\.php|database\\.yml"
          "|web\\.config|app\\.config" END "|web-inf" SEP "|meta-inf" SEP
          "|/(?:sys/(?:class|bus|block|devices|fs|kernel|power|module)"
          "|proc/(?:[0-9]{1,7}|self|bus|cmdline|cpuinfo|devices|driver|fs|irq|meminfo|net|stat|sys|tty))" END
          "|(?:error|access|debug|laravel|php_error|install|npm-debug)[._]logs?" END
          "|(?:backup|dump|db|database|data|users)\\.(?:sql|tar|tgz|zip|bak|dump|sqlite)|\\.sql\\.(?:gz|zip|bz2|xz|tar)"
          "|composer\\.(?:json|lock)" END "|docker-compose\\.ya?ml|dockerfile" END "|jenkinsfile" END "|tfstate" END
          "|phpinfo\\.php|server-status" END "|/\\.\\./|sftp-config\\.json|credentials\\.(?:json|xml|yml)"
          "|(?:application|bootstrap)(?:-[a-z]{1,12})?\\.(?:yml|properties)" END "|yarn\\.lock" END
          "|packages?-lock\\.json"),
    /* What agents keep in a folder of their own: rules, memories, keys of models and of tools. */
    FILES("agent_file", MEDIUM, URL_ONLY | ARGUMENT_FIELD,
          "(?:^|[/"
          "=])\\.(?:aider|amazonq|amp|augment|claude|cline|clinerules|codeium|codex|continue|copilot|crush|cursor|"
          "devin|factory"
          "|gemini|goose|junie|kilocode|kiro|litellm|llm|lmstudio|mcp|n8n|ollama|openai|openhands|opencode|pearai|"
          "plandex|qodo|qwen"
          "|replit|roo|roocode|tabby|tabnine|trae|void|warp|windsurf|zed|zencoder|langflow|flowise|dify|huggingface|"
          "fabric|anthropic"
          "|a0proj|agents?|autogpt|swe-agent|vibe|ampcode|antigravity|anythingllm|bolt|chroma|codebuddy|crewai|droid|"
          "forge|gpt4all|gptme|iflow|khoj|langchain|letta|librechat|mem0|mentat|open-?interpreter|rovodev|sgpt|shell_"
          "gpt|specstory|sweep|taskmaster|vercel-ai|sourcegraph|cody|supermaven|grok|mistral|deepseek)(?:[/"
          "._-]|rc\\b|rules|ignore)"),
    ARGUMENT("server_file", MEDIUM, "^/\\.[a-z0-9_]", verify_hidden, 0),
    ARGUMENT("remote_include", HIGH, "[=\"](?:https?|ftps?|file)[:?]", verify_include, 0),
};

const rule_table rules_file = TABLE(rules);
