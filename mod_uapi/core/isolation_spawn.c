/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Making a helper. posix_spawn, because the process has threads whose locks a forked child would find taken for ever,
 * and because an executed program has nothing of this one's memory. The descriptors first move above the numbers that
 * they are to have, or one could overwrite another before its turn; the helper closes whatever else came along.
 */
#include "isolation_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#define GIVEN (UAPI_ISOLATION_FIRST_FREE - UAPI_ISOLATION_CONTROL)
#define ABOVE 32 /* no given number is as high */

int64_t uapi_isolation_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_file(int *file)
{
    if (*file >= 0) {
        close(*file);
    }
    *file = -1;
}

/* ---------------------------------------------------------------- memory */

/* Its size is sealed: a file that shrank would cost this process a SIGBUS. */
static int make_memory(const char *name, size_t size)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file >= 0 && (ftruncate(file, (off_t)size) != 0 ||
                      fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
        close_file(&file);
    }
    return file;
}

static void *map(int file, size_t size, int protection)
{
    void *memory = file >= 0 ? mmap(NULL, size, protection, MAP_SHARED, file, 0) : MAP_FAILED;

    return memory == MAP_FAILED ? NULL : memory;
}

/* The same file for someone who may not write: whoever maps that can never make it writable. */
static int open_for_reading(int file)
{
    char path[64];

    apr_snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* ---------------------------------------------------------------- the process */

typedef struct given_files {
    int files[GIVEN];    /* what the helper gets, in the order of their numbers; -1: not made yet */
    int control, log;    /* this side's */
    int request, answer; /* this side's */
} given_files;

static int *slot(given_files *given, int number)
{
    return &given->files[number - UAPI_ISOLATION_CONTROL];
}

/* Out of the way of the numbers that are given. */
static int duplicate(int file)
{
    return file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, ABOVE);
}

static int move_up(int file)
{
    int moved = duplicate(file);

    close_file(&file);
    return moved;
}

static int make_sockets(given_files *given)
{
    int control[2], log[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
        return 0;
    }
    given->control = move_up(control[0]);
    *slot(given, UAPI_ISOLATION_CONTROL) = move_up(control[1]);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, log) != 0) {
        return 0;
    }
    given->log = move_up(log[0]);
    *slot(given, UAPI_ISOLATION_LOG) = move_up(log[1]);
    return 1;
}

static int make_files(given_files *given, const uapi_isolation *isolation)
{
    int i;

    if (!make_sockets(given)) {
        return 0;
    }
    given->request = move_up(make_memory("uapi-request", UAPI_ISOLATION_REQUEST_SIZE));
    given->answer = move_up(make_memory("uapi-answer", UAPI_ISOLATION_ANSWER_SIZE));
    *slot(given, UAPI_ISOLATION_REQUEST) = given->request < 0 ? -1 : move_up(open_for_reading(given->request));
    *slot(given, UAPI_ISOLATION_ANSWER) = duplicate(given->answer);
    *slot(given, UAPI_ISOLATION_OBJECT) = duplicate(isolation->object_file);
    *slot(given, UAPI_ISOLATION_METRICS) = duplicate(isolation->metrics_file);
    for (i = 0; i < GIVEN; i++) {
        if (given->files[i] < 0) {
            return 0;
        }
    }
    return given->control >= 0 && given->log >= 0;
}

static int run(pid_t *process, const given_files *given, const uapi_isolation *isolation)
{
    char parent[24], memory[24], user[24], group[24], *none[] = {NULL};
    char *arguments[] = {(char *)(uintptr_t)isolation->program,
                         (char *)(uintptr_t)UAPI_ISOLATION_PROTOCOL,
                         parent,
                         memory,
                         user,
                         group,
                         NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int status, i;

    apr_snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    apr_snprintf(memory, sizeof(memory), "%" APR_SIZE_T_FMT, isolation->limits.memory);
    apr_snprintf(user, sizeof(user), "%u", uapi_isolation_user);
    apr_snprintf(group, sizeof(group), "%u", uapi_isolation_group);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (i = 0; i < UAPI_ISOLATION_CONTROL; i++) {
        posix_spawn_file_actions_addopen(&actions, i, "/dev/null", i ? O_WRONLY : O_RDONLY, 0);
    }
    for (i = 0; i < GIVEN; i++) {
        posix_spawn_file_actions_adddup2(&actions, given->files[i], UAPI_ISOLATION_CONTROL + i);
    }
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    /* A session of its own: what a terminal sends the server is not for it. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    status = posix_spawn(process, isolation->program, &actions, &attributes, arguments, none);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

apr_status_t uapi_isolation_spawn(uapi_isolation_helper *helper, const uapi_isolation *isolation, apr_pool_t *pool,
                                  uapi_result *result)
{
    given_files given = {.control = -1, .log = -1, .request = -1, .answer = -1};
    const char *failed = "the files and the memory that it shares";
    apr_status_t status;
    int i;

    for (i = 0; i < GIVEN; i++) {
        given.files[i] = -1;
    }
    *helper = (uapi_isolation_helper){.control = -1, .log = -1, .request_file = -1};
    status = make_files(&given, isolation) ? APR_SUCCESS : errno;
    if (status == APR_SUCCESS) {
        helper->request = map(given.request, UAPI_ISOLATION_REQUEST_SIZE, PROT_READ | PROT_WRITE);
        helper->answer = map(given.answer, UAPI_ISOLATION_ANSWER_SIZE, PROT_READ);
        status = helper->request && helper->answer ? APR_SUCCESS : errno;
    }
    if (status == APR_SUCCESS) {
        failed = isolation->program;
        status = run(&helper->process, &given, isolation);
    }
    helper->control = given.control;
    helper->log = given.log;
    helper->request_file = given.request;
    close_file(&given.answer);
    for (i = 0; i < GIVEN; i++) {
        close_file(&given.files[i]);
    }
    if (status != APR_SUCCESS) {
        helper->process = 0;
        uapi_isolation_bury(helper);
        return uapi_fail(result, pool, status, UAPI_REASON_INTERNAL, "plugin %s: no helper process: %s: %s",
                         isolation->loaded->plugin.path, failed, strerror(status));
    }
    return APR_SUCCESS;
}

void uapi_isolation_kill(const uapi_isolation_helper *helper)
{
    if (helper->process > 0) {
        kill(helper->process, SIGKILL);
    }
}

int uapi_isolation_bury(uapi_isolation_helper *helper)
{
    int state = 0;

    uapi_isolation_kill(helper);
    if (helper->process > 0) {
        while (waitpid(helper->process, &state, 0) < 0 && errno == EINTR) {
        }
    }
    close_file(&helper->control);
    close_file(&helper->log);
    close_file(&helper->request_file);
    if (helper->request) {
        munmap(helper->request, UAPI_ISOLATION_REQUEST_SIZE);
    }
    if (helper->answer) {
        munmap(helper->answer, UAPI_ISOLATION_ANSWER_SIZE);
    }
    helper->request = helper->answer = NULL;
    helper->process = 0;
    return state;
}

const char *uapi_isolation_describe_end(int state, apr_pool_t *pool)
{
    if (WIFSIGNALED(state)) {
        return apr_psprintf(pool, "crashed with %s", uapi_plugin_signal_name(WTERMSIG(state), pool));
    }
    switch (WEXITSTATUS(state)) {
    case UAPI_ISOLATION_EXIT_PROTOCOL:
        return "is of another version of mod_uapi";
    case UAPI_ISOLATION_EXIT_CONFINE:
        return "could not give up its rights, or its parent was gone";
    case UAPI_ISOLATION_EXIT_GIVEN:
        return "could not use what it was given";
    case 127:
        return "could not be executed";
    default:
        return apr_psprintf(pool, "ended with exit status %d", WEXITSTATUS(state));
    }
}

/* ---------------------------------------------------------------- question and answer */

/* Larger than any packet, so that one which is too long is seen to be. */
typedef union packet_room {
    uapi_isolation_packet packet;
    char bytes[sizeof(uapi_isolation_packet) + 1];
} packet_room;

static uapi_isolation_outcome receive(uapi_isolation_helper *helper, int64_t until, uapi_isolation_packet *packet)
{
    struct pollfd watched = {.fd = helper->control, .events = POLLIN};
    packet_room room;
    ssize_t length;

    for (;;) {
        int64_t left = until - uapi_isolation_now();

        length = recv(helper->control, &room, sizeof(room), MSG_DONTWAIT);
        if (length >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
        if (left <= 0) {
            return UAPI_ISOLATION_TIMED_OUT;
        }
        poll(&watched, 1, (int)left);
    }
    if (length <= 0) {
        return UAPI_ISOLATION_DIED;
    }
    if (length != sizeof(room.packet) || room.packet.sequence != helper->sequence ||
        room.packet.what >= UAPI_ISOLATION_STATUS_COUNT || room.packet.length > UAPI_ISOLATION_ANSWER_SIZE) {
        return UAPI_ISOLATION_BROKE;
    }
    *packet = room.packet;
    return UAPI_ISOLATION_ANSWERED;
}

uapi_isolation_outcome uapi_isolation_ask(uapi_isolation_helper *helper, uapi_isolation_kind kind, size_t length,
                                          int64_t until, uapi_isolation_packet *packet)
{
    const uapi_isolation_packet question = {kind, ++helper->sequence, length};

    if (send(helper->control, &question, sizeof(question), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(question)) {
        return UAPI_ISOLATION_DIED;
    }
    return receive(helper, until, packet);
}

uapi_isolation_outcome uapi_isolation_ask_load(uapi_isolation_helper *helper, const uapi_isolation *isolation,
                                               uapi_isolation_kind kind, int64_t until, uapi_isolation_packet *packet)
{
    const uapi_isolation_orders load = {isolation->loaded->plugin.path, isolation->loaded->options};
    uapi_wire wire = uapi_wire_over(helper->request, UAPI_ISOLATION_REQUEST_SIZE);

    uapi_isolation_put_load(&wire, &load);
    return wire.failed
               ? UAPI_ISOLATION_BROKE
               : uapi_isolation_ask(helper, kind, (size_t)(wire.at - (unsigned char *)helper->request), until, packet);
}
