/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The first load of a plugin, in a process that may die of it. The probe tells through a shared page what it is doing,
 * so that a crash can be placed, and through the closing of a pipe that it has ended. It leaves by _exit: what the
 * parent registered for its own exit (buffers to flush, files to remove) is not the probe's to do.
 */
#include "plugin_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#define MAX_PROBE_SIGNAL 64

int uapi_plugin_probe_seconds = 10;

static const char *const signal_names[MAX_PROBE_SIGNAL] = {
    [SIGABRT] = "SIGABRT", [SIGALRM] = "SIGALRM", [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGHUP] = "SIGHUP",
    [SIGILL] = "SIGILL",   [SIGINT] = "SIGINT",   [SIGKILL] = "SIGKILL", [SIGPIPE] = "SIGPIPE", [SIGSEGV] = "SIGSEGV",
    [SIGSYS] = "SIGSYS",   [SIGTERM] = "SIGTERM", [SIGTRAP] = "SIGTRAP", [SIGUSR1] = "SIGUSR1", [SIGXCPU] = "SIGXCPU",
};

const char *uapi_plugin_signal_name(int number, apr_pool_t *pool)
{
    const char *name = number > 0 && number < MAX_PROBE_SIGNAL ? signal_names[number] : NULL;

    return name ? name : apr_psprintf(pool, "signal %d", number);
}

/* The server's handlers must not answer for the plugin's crash, and nobody wants its core file. */
static void leave_the_parent(void)
{
    const struct rlimit none = {0, 0};
    sigset_t all;
    int number;

    for (number = 1; number < MAX_PROBE_SIGNAL; number++) {
        if (number != SIGKILL && number != SIGSTOP) {
            signal(number, SIG_DFL);
        }
    }
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setrlimit(RLIMIT_CORE, &none);
}

static __attribute__((noreturn)) void run_probe(const char *path, const apr_array_header_t *options,
                                                uapi_plugin_probe_page *page, apr_pool_t *pool)
{
    uapi_plugin_loaded loaded;
    uapi_result result;

    memset(&loaded, 0, sizeof(loaded));
    memset(&result, 0, sizeof(result));
    leave_the_parent();
    uapi_plugin_log_to_page(page);
    loaded.plugin.path = path;
    loaded.options = options;
    if (uapi_plugin_open(&loaded, page, pool, &result) == APR_SUCCESS) {
        apr_cpystrn(page->stage, "destroy", sizeof(page->stage));
        uapi_plugin_close(&loaded);
    } else {
        apr_cpystrn(page->detail, result.detail ? result.detail : "refused", sizeof(page->detail));
    }
    page->finished = 1;
    _exit(0);
}

static long milliseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/*
 * 1 when the child has ended and *state is its exit state, 0 when its time is up. A process that the plugin started may
 * hold the pipe open for longer than the probe lives, hence the look at the probe itself between short waits.
 */
static int await_end(pid_t child, int end, int *state)
{
    struct pollfd watched = {.fd = end, .events = POLLIN};
    struct timespec start;

    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        pid_t ended;

        if (poll(&watched, 1, 20) > 0) {
            watched.events = 0; /* closed: what is left is the moment until it can be waited for */
        }
        while ((ended = waitpid(child, state, WNOHANG)) < 0 && errno == EINTR) {
        }
        if (ended != 0) {
            return 1;
        }
    } while (milliseconds_since(&start) < uapi_plugin_probe_seconds * 1000L);
    kill(child, SIGKILL);
    while (waitpid(child, state, 0) < 0 && errno == EINTR) {
    }
    return 0;
}

static apr_status_t judge(const char *path, const uapi_plugin_probe_page *page, int in_time, int state,
                          apr_pool_t *pool, uapi_result *result)
{
    const char *why = page->detail;

    if (!in_time) {
        why = apr_psprintf(pool, "it was still in %s after %d seconds, tried in a process of its own", page->stage,
                           uapi_plugin_probe_seconds);
    } else if (WIFSIGNALED(state)) {
        why = apr_psprintf(pool, "it crashed in %s with %s, tried in a process of its own", page->stage,
                           uapi_plugin_signal_name(WTERMSIG(state), pool));
    } else if (!page->finished) {
        why = apr_psprintf(pool, "it ended the process from within %s with exit status %d; a plugin must not exit",
                           page->stage, WEXITSTATUS(state));
    }
    if (!why[0]) {
        return APR_SUCCESS;
    }
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, "plugin %s: %s", path, why);
}

apr_status_t uapi_plugin_probe(const char *path, const apr_array_header_t *options, apr_pool_t *pool,
                               uapi_result *result)
{
    uapi_plugin_probe_page *page;
    apr_status_t status;
    int ends[2], state = 0, in_time;
    pid_t child;

    page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return uapi_fail(result, pool, errno, UAPI_REASON_INTERNAL, "plugin %s: no memory to try it", path);
    }
    if (pipe(ends) != 0) {
        status = errno;
        munmap(page, sizeof(*page));
        return uapi_fail(result, pool, status, UAPI_REASON_INTERNAL, "plugin %s: no pipe to try it", path);
    }
    child = fork();
    if (child == 0) {
        close(ends[0]);
        run_probe(path, options, page, pool);
    }
    close(ends[1]);
    if (child < 0) {
        status = uapi_fail(result, pool, errno, UAPI_REASON_INTERNAL, "plugin %s: no process to try it", path);
    } else {
        in_time = await_end(child, ends[0], &state);
        status = judge(path, page, in_time, state, pool, result);
    }
    close(ends[0]);
    munmap(page, sizeof(*page));
    return status;
}
