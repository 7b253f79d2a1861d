/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * read() and no stdio, so that no second copy of a secret stays in a buffer. The terminal gets its echo back also
 * when the user gives up with Ctrl-C: the handler only restores and raises the signal again.
 */
#include "prompt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

static void give_up(int number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    signal(number, SIG_DFL);
    raise(number);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { SIGNAL_COUNT = sizeof(signals) / sizeof(signals[0]) };

static int echo_off(struct sigaction *old)
{
    struct sigaction action = {.sa_handler = give_up};
    struct termios quiet;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return -1;
    }
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(signals[i], &action, &old[i]);
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

static void echo_on(const struct sigaction *old)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(signals[i], &old[i], NULL);
    }
}

static long read_all(char *buffer, size_t room, int one_line)
{
    size_t have = 0;

    while (have < room) {
        ssize_t got = read(STDIN_FILENO, buffer + have, room - have);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        have += (size_t)got;
        if (got == 0 || (one_line && buffer[have - 1] == '\n')) {
            break;
        }
    }
    return (long)have;
}

static long read_typed(const char *prompt, char *buffer, size_t room)
{
    struct sigaction old[SIGNAL_COUNT];
    long length;

    if (echo_off(old) != 0) {
        return -1;
    }
    if (write(STDERR_FILENO, prompt, strlen(prompt)) < 0) {
        length = -1;
    } else {
        length = read_all(buffer, room, 1);
    }
    echo_on(old);
    if (write(STDERR_FILENO, "\n", 1) < 0) {
        length = -1;
    }
    return length;
}

long uapi_prompt_secret(const char *prompt, char *buffer, size_t size)
{
    size_t room = size + 2;
    long length = isatty(STDIN_FILENO) ? read_typed(prompt, buffer, room) : read_all(buffer, room, 0);

    if (length > 0 && buffer[length - 1] == '\n') {
        length--;
    }
    return length;
}
