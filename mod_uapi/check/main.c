/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * uapi-plugin-check: the contract of uapi_plugin.h, tried on one plugin.
 */
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <jansson.h>

enum { EXIT_SOUND = 0, EXIT_FAULTY = 1, EXIT_USAGE = 2 };

#define MAX_THREADS 256
#define CHECK_SECONDS 120

static const struct {
    const char *name, *what;
    void (*run)(const check_run *run);
} checks[] = {
    {"symbols", "exports and calls of the object", check_symbols},
    {"contract", "loading, tables, what verify returns", check_contract},
    {"process", "signals, locale, environment, working directory", check_process},
    {"hostile", "texts cut, broken, repeated; reads beyond a text", check_hostile},
    {"streams", "texts in parts", check_streams},
    {"threads", "the same findings under load", check_threads},
    {"leaks", "memory over texts and lives", check_leaks},
    {"stop", "threads and files after stop and destroy", check_stop},
    {"time", "microseconds a KiB", check_time},
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static const char *const level_names[] = {"ok", "note", "warning", "fault"};

typedef struct outcome {
    int json, faults;
    json_t *list, *figures;
} outcome;

/* ------------------------------------------------------------- in the check's process */

static void write_line(const check_run *run, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(run->out, text, length);

        if (wrote < 0 && errno != EINTR) {
            return;
        }
        text += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
}

void check_say(const check_run *run, check_level level, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    size_t i, length;

    line[0] = (char)('0' + level);
    va_start(arguments, format);
    vsnprintf(line + 1, sizeof(line) - 2, format, arguments);
    va_end(arguments);
    length = strlen(line);
    for (i = 1; i < length; i++) {
        line[i] = (unsigned char)line[i] < 0x20 || (unsigned char)line[i] > 0x7e ? '?' : line[i];
    }
    line[length] = '\n';
    write_line(run, line, length + 1);
}

void check_figure(const check_run *run, const char *name, double value)
{
    char line[128];

    snprintf(line, sizeof(line), "=%s %.0f\n", name, value);
    write_line(run, line, strlen(line));
}

static void log_line(void *baton, const char *plugin_id, uint32_t level, const char *message, size_t length)
{
    (void)baton;
    if (level <= UAPI_LOG_WARNING) {
        fprintf(stderr, "%s: %.*s\n", plugin_id, (int)length, message);
    }
}

/* ------------------------------------------------------------- in the parent */

static void take_finding(outcome *all, const char *check, int level, const char *message)
{
    all->faults += level == CHECK_FAIL;
    if (all->json) {
        json_array_append_new(
            all->list, json_pack("{s:s, s:s, s:s}", "check", check, "level", level_names[level], "message", message));
    } else {
        printf("%-8s  %-9s %s\n", level_names[level], check, message);
        fflush(stdout);
    }
}

static void take_line(outcome *all, const char *check, char *line)
{
    char *blank;

    if (line[0] >= '0' && line[0] <= '3') {
        take_finding(all, check, line[0] - '0', line + 1);
    } else if (line[0] == '=' && (blank = strchr(line, ' ')) != NULL) {
        *blank = '\0';
        json_object_set_new(all->figures, line + 1, json_integer(atoll(blank + 1)));
    }
}

/* Until the pipe is closed or the time is up; 0 if it was up. */
static int read_findings(outcome *all, const char *check, int from)
{
    static char buffer[65536];
    size_t used = 0;
    uint64_t until = check_now_ns() + CHECK_SECONDS * UINT64_C(1000000000);

    for (;;) {
        struct pollfd watched = {.fd = from, .events = POLLIN};
        uint64_t now = check_now_ns();
        char *newline;
        ssize_t got;

        if (now >= until || poll(&watched, 1, (int)((until - now) / 1000000) + 1) == 0) {
            return 0;
        }
        got = read(from, buffer + used, sizeof(buffer) - used - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return 1;
        }
        used += (size_t)got;
        buffer[used] = '\0';
        while ((newline = memchr(buffer, '\n', used)) != NULL) {
            *newline = '\0';
            take_line(all, check, buffer);
            used -= (size_t)(newline + 1 - buffer);
            memmove(buffer, newline + 1, used + 1);
        }
    }
}

static void take_end(outcome *all, const char *check, int in_time, int state, apr_pool_t *pool)
{
    if (!in_time) {
        take_finding(all, check, CHECK_FAIL,
                     apr_psprintf(pool, "it did not come to an end in %d seconds", CHECK_SECONDS));
    } else if (WIFSIGNALED(state)) {
        take_finding(all, check, CHECK_FAIL,
                     apr_psprintf(pool, "it crashed with signal %d (%s)", WTERMSIG(state), strsignal(WTERMSIG(state))));
    } else if (WEXITSTATUS(state) != 0) {
        take_finding(all, check, CHECK_FAIL,
                     apr_psprintf(pool, "the process ended with exit status %d", WEXITSTATUS(state)));
    }
}

/* exit and not _exit: a sanitizer that the program was started with tells what it has seen at the end. */
static void run_child(check_run *run, size_t index)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    fflush(stdout);
    uapi_plugin_set_log(log_line, NULL);
    checks[index].run(run);
    exit(0);
}

static void run_check(outcome *all, check_run *run, size_t index)
{
    int ends[2], state = 0, in_time;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0 || (child = fork()) < 0) {
        take_finding(all, checks[index].name, CHECK_FAIL, "no pipe or process to try it in");
        return;
    }
    if (child == 0) {
        close(ends[0]);
        run->out = ends[1];
        run_child(run, index);
    }
    close(ends[1]);
    in_time = read_findings(all, checks[index].name, ends[0]);
    close(ends[0]);
    if (!in_time) {
        kill(child, SIGKILL);
    }
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    take_end(all, checks[index].name, in_time, state, run->pool);
}

/* ------------------------------------------------------------- the command line */

static void print_help(void)
{
    size_t i;

    printf("usage: uapi-plugin-check [OPTION ...] PLUGIN.so\n\n"
           "Try a mod_uapi plugin against the contract of uapi_plugin.h.\n\n"
           "  --option KEY=VALUE   what UapiPlugin would give it; may be repeated\n"
           "  --threads N          how many threads scan at once (default 8)\n"
           "  --milliseconds N     how long a measurement takes (default 500)\n"
           "  --only CHECK         this check alone; may be repeated\n"
           "  --json               print one JSON object\n"
           "  --help, --version\n\nchecks:\n");
    for (i = 0; i < CHECKS; i++) {
        printf("  %-9s %s\n", checks[i].name, checks[i].what);
    }
    printf("\nexit status: 0 no fault, 1 a fault, 2 usage\n");
}

__attribute__((format(printf, 1, 2))) static int usage(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "uapi-plugin-check: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see --help\n");
    return EXIT_USAGE;
}

typedef struct command_line {
    check_run run;
    int json;
    unsigned char only[CHECKS];
    int chosen;
} command_line;

static int read_number(const char *text, unsigned long most, unsigned *number)
{
    char *stop;
    unsigned long value = strtoul(text, &stop, 10);

    if (*stop || value < 1 || value > most) {
        return -1;
    }
    *number = (unsigned)value;
    return 0;
}

static int add_option(command_line *line, char *text)
{
    char *equals = strchr(text, '=');
    uapi_plugin_option *option;

    if (!equals || equals == text) {
        return -1;
    }
    *equals = '\0';
    option = apr_array_push(line->run.options);
    option->key = text;
    option->value = equals + 1;
    return 0;
}

static int choose(command_line *line, const char *name)
{
    size_t i;

    for (i = 0; i < CHECKS; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            line->only[i] = 1;
            line->chosen = 1;
            return 0;
        }
    }
    return -1;
}

/* -1: go on; else the exit status. */
static int read_option(command_line *line, const char *name, char *value)
{
    int bad = -1;

    if (!value) {
        return usage("%s needs a value, or is no option", name);
    }
    if (strcmp(name, "--option") == 0) {
        bad = add_option(line, value);
    } else if (strcmp(name, "--threads") == 0) {
        bad = read_number(value, MAX_THREADS, &line->run.threads);
    } else if (strcmp(name, "--milliseconds") == 0) {
        bad = read_number(value, 60000, &line->run.milliseconds);
    } else if (strcmp(name, "--only") == 0) {
        bad = choose(line, value);
    } else {
        return usage("there is no option %s", name);
    }
    return bad ? usage("%s does not take that value", name) : -1;
}

static int read_line(command_line *line, int argc, char **argv)
{
    int i, status = -1;

    for (i = 1; i < argc && status < 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return EXIT_SOUND;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("uapi-plugin-check, plugin ABI %d.%d\n", UAPI_ABI_MAJOR, UAPI_ABI_MINOR);
            return EXIT_SOUND;
        }
        if (strcmp(argv[i], "--json") == 0) {
            line->json = 1;
        } else if (argv[i][0] == '-') {
            status = read_option(line, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        } else if (line->run.path) {
            return usage("one plugin at a time, not also %s", argv[i]);
        } else {
            line->run.path = argv[i];
        }
    }
    return status < 0 && !line->run.path ? usage("which plugin?") : status;
}

static int finish(const outcome *all, const char *path)
{
    if (all->json) {
        json_t *object = json_pack("{s:s, s:b, s:O, s:O}", "plugin", path, "sound", all->faults == 0, "checks",
                                   all->list, "figures", all->figures);

        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        printf("\n");
        json_decref(object);
    } else {
        printf("%s\n", all->faults ? "not fit to be loaded" : "no fault found");
    }
    return all->faults ? EXIT_FAULTY : EXIT_SOUND;
}

int main(int argc, char **argv)
{
    command_line line = {.run = {.threads = 8, .milliseconds = 500}};
    outcome all = {0};
    char resolved[PATH_MAX];
    int status;
    size_t i;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&line.run.pool, NULL) != APR_SUCCESS) {
        return EXIT_USAGE;
    }
    line.run.options = apr_array_make(line.run.pool, 4, sizeof(uapi_plugin_option));
    status = read_line(&line, argc, argv);
    if (status >= 0) {
        return status;
    }
    if (!realpath(line.run.path, resolved)) {
        return usage("%s cannot be found", line.run.path);
    }
    line.run.path = resolved;
    all.json = line.json;
    all.list = json_array();
    all.figures = json_object();
    for (i = 0; i < CHECKS; i++) {
        int faults = all.faults;

        if (!line.chosen || line.only[i]) {
            run_check(&all, &line.run, i);
        }
        if (all.faults > faults && checks[i].run == check_contract) {
            break; /* what does not load, or not in order, is not tried further */
        }
    }
    return finish(&all, resolved);
}
