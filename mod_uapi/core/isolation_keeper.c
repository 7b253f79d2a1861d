/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The thread that keeps a helper alive. It is the one that starts helpers, because the kernel ends a helper together with the
 * thread that started it (PR_SET_PDEATHSIG), and this one lives as long as the process. It alone buries: a call that
 * condemns a helper kills it, which this thread hears as the end of the socket.
 *
 * A helper that has answered at least one call is replaced after 10 ms. One that has not was worth nothing: the wait
 * doubles with each, to half a second, so that a plugin which cannot live costs little and is back within a second.
 */
#include "isolation_internal.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_strings.h>

#define LEAST_WAIT 10
#define MOST_WAIT 500
#define LINE_SIZE 1024
#define LINES_AT_ONCE 100
#define LINES_A_SECOND 20

typedef struct keeper {
    uapi_isolation *isolation;
    apr_pool_t *pool;        /* cleared now and then */
    int wait;                /* before the next helper, in milliseconds */
    int64_t lines, lines_at; /* thousandths of lines that may be logged, and when that was so */
} keeper;

/* ---------------------------------------------------------------- log lines */

/* The bucket fills with time; without a line in it the socket stays full, and what the plugin writes is lost. */
static int may_log(keeper *k)
{
    int64_t now = uapi_isolation_now();

    k->lines += (now - k->lines_at) * LINES_A_SECOND;
    k->lines_at = now;
    if (k->lines > LINES_AT_ONCE * 1000) {
        k->lines = LINES_AT_ONCE * 1000;
    }
    return k->lines >= 1000;
}

static void take_lines(keeper *k, const uapi_isolation_helper *helper)
{
    char line[LINE_SIZE];
    ssize_t length;

    while (may_log(k) && (length = recv(helper->log, line, sizeof(line), MSG_DONTWAIT)) > 0) {
        uint32_t level = line[0] >= '3' && line[0] <= '7' ? (uint32_t)(line[0] - '0') : UAPI_LOG_INFO;

        k->lines -= 1000;
        uapi_plugin_log_line(k->isolation->loaded, level, line + 1, (size_t)length - 1);
    }
}

/* ---------------------------------------------------------------- a helper's end */

static const char *fault_of(const uapi_isolation *isolation, int state, apr_pool_t *pool)
{
    switch (isolation->fault) {
    case UAPI_ISOLATION_TIMED_OUT:
        return apr_psprintf(pool, "did not answer within %u ms and was killed", isolation->limits.milliseconds);
    case UAPI_ISOLATION_BROKE:
        return apr_psprintf(pool, "answered with %s and was killed", isolation->broke);
    default:
        return uapi_isolation_describe_end(state, pool);
    }
}

/* With the lock, which is given back for the while that it takes. */
static int bury(keeper *k, uapi_isolation_helper *helper)
{
    uapi_isolation *isolation = k->isolation;
    int state;

    *helper = isolation->helper;
    isolation->helper = (uapi_isolation_helper){.control = -1, .log = -1, .request_file = -1};
    pthread_mutex_unlock(&isolation->lock);
    take_lines(k, helper);
    state = uapi_isolation_bury(helper);
    pthread_mutex_lock(&isolation->lock);
    return state;
}

static void pause_before_next(keeper *k)
{
    uapi_isolation *isolation = k->isolation;
    int64_t until = uapi_isolation_now() + k->wait;

    while (!isolation->stopping && uapi_isolation_wait(isolation, &isolation->changed, until)) {
    }
}

static void replace(keeper *k)
{
    uapi_isolation *isolation = k->isolation;
    uapi_isolation_helper helper;
    int idle = isolation->fault == UAPI_ISOLATION_ANSWERED, served = isolation->served;
    int state = bury(k, &helper);

    isolation->state = UAPI_ISOLATION_AWAITED;
    if (isolation->stopping) {
        return;
    }
    k->wait = served || k->wait == 0 ? LEAST_WAIT : k->wait * 2 > MOST_WAIT ? MOST_WAIT : k->wait * 2;
    atomic_fetch_add(&isolation->counters->deaths, 1);
    uapi_isolation_tell(isolation,
                        apr_psprintf(k->pool, "its helper process %s %s; the next one starts in %d ms",
                                     fault_of(isolation, state, k->pool),
                                     idle ? "while it had nothing to do" : "over a text, which is refused", k->wait));
    pause_before_next(k);
}

/* ---------------------------------------------------------------- a helper's beginning */

static void not_started(keeper *k, const char *why, int refused)
{
    uapi_isolation *isolation = k->isolation;

    if (refused && isolation->life == 0) {
        apr_cpystrn(isolation->refusal, why, sizeof(isolation->refusal));
        isolation->state = UAPI_ISOLATION_ABSENT;
        isolation->stopping = 1;
        return;
    }
    k->wait = k->wait == 0 ? LEAST_WAIT : k->wait * 2 > MOST_WAIT ? MOST_WAIT : k->wait * 2;
    uapi_isolation_tell(isolation, apr_psprintf(k->pool, "its helper process %s; tried again in %d ms", why, k->wait));
    pause_before_next(k);
}

/* What came of START; with the lock. */
static void judge_start(keeper *k, uapi_isolation_outcome outcome, const uapi_isolation_packet *packet)
{
    uapi_isolation *isolation = k->isolation;
    uapi_plugin_probe_page page;
    uapi_isolation_helper helper;
    int state, refused = outcome == UAPI_ISOLATION_ANSWERED && packet->what == UAPI_ISOLATION_REFUSED;
    const char *why;

    if (outcome == UAPI_ISOLATION_ANSWERED && packet->what == UAPI_ISOLATION_DONE && !isolation->stopping) {
        isolation->state = UAPI_ISOLATION_READY;
        isolation->served = 0;
        isolation->fault = UAPI_ISOLATION_ANSWERED;
        isolation->life++;
        atomic_fetch_add(&isolation->counters->helpers, 1);
        return;
    }
    uapi_isolation_copy_page(&page, &isolation->helper);
    state = bury(k, &helper);
    if (isolation->stopping) {
        return;
    }
    if (refused) {
        why = page.detail[0] ? page.detail : "refused to start";
    } else if (outcome == UAPI_ISOLATION_DIED) {
        why = apr_psprintf(k->pool, "%s, in %s", uapi_isolation_describe_end(state, k->pool),
                           page.stage[0] ? page.stage : "no stage yet");
    } else {
        why = apr_psprintf(k->pool, "was not ready after %d seconds, in %s", uapi_plugin_probe_seconds, page.stage);
    }
    not_started(k, why, refused);
}

static void start(keeper *k)
{
    uapi_isolation *isolation = k->isolation;
    uapi_isolation_packet packet = {0};
    uapi_isolation_outcome outcome;
    uapi_isolation_helper helper;
    uapi_result result = {0};
    apr_status_t status;

    pthread_mutex_unlock(&isolation->lock);
    status = uapi_isolation_spawn(&helper, isolation, k->pool, &result);
    pthread_mutex_lock(&isolation->lock);
    if (status != APR_SUCCESS) {
        not_started(k, result.detail, 0);
    } else {
        isolation->helper = helper; /* whoever stops us can kill it now */
        if (isolation->stopping) {
            return;
        }
        pthread_mutex_unlock(&isolation->lock);
        outcome = uapi_isolation_ask_load(&helper, isolation, UAPI_ISOLATION_START,
                                          uapi_isolation_now() + uapi_plugin_probe_seconds * 1000L, &packet);
        pthread_mutex_lock(&isolation->lock);
        isolation->helper.sequence = helper.sequence;
        judge_start(k, outcome, &packet);
    }
    isolation->attempts++;
    pthread_cond_broadcast(&isolation->freed);
    pthread_cond_broadcast(&isolation->changed);
}

/* ---------------------------------------------------------------- a helper's life */

/* Until something happens. The call that has the helper hears of its death itself, and says so. */
static void watch(keeper *k)
{
    uapi_isolation *isolation = k->isolation;
    uapi_isolation_helper helper = isolation->helper;
    struct pollfd watched[] = {{.fd = helper.control}, {.fd = helper.log, .events = POLLIN}};
    int may = may_log(k);

    pthread_mutex_unlock(&isolation->lock);
    if (!may) {
        watched[1].fd = -1;
    }
    poll(watched, 2, may ? -1 : 1000 / LINES_A_SECOND);
    if (watched[1].revents & POLLIN) {
        take_lines(k, &helper);
    }
    pthread_mutex_lock(&isolation->lock);
    if (!(watched[0].revents & (POLLHUP | POLLERR)) && !(watched[1].revents & (POLLHUP | POLLERR))) {
        return;
    }
    while (isolation->busy) { /* not told of each call's end */
        uapi_isolation_wait(isolation, &isolation->changed, uapi_isolation_now() + LEAST_WAIT);
    }
    if (isolation->state == UAPI_ISOLATION_READY) {
        isolation->state = UAPI_ISOLATION_CONDEMNED;
    }
}

void *uapi_isolation_keep(void *data)
{
    keeper k = {.isolation = data, .lines = LINES_AT_ONCE * 1000, .lines_at = uapi_isolation_now()};
    uapi_isolation *isolation = data;
    uapi_isolation_helper helper;

    if (apr_pool_create_unmanaged_ex(&k.pool, NULL, NULL) != APR_SUCCESS) {
        k.pool = NULL;
    }
    pthread_mutex_lock(&isolation->lock);
    while (k.pool && !isolation->stopping) {
        switch (isolation->state) {
        case UAPI_ISOLATION_AWAITED:
            start(&k);
            break;
        case UAPI_ISOLATION_CONDEMNED:
            replace(&k);
            break;
        default:
            watch(&k);
        }
        apr_pool_clear(k.pool);
    }
    isolation->stopping = 1;
    while (isolation->busy) {
        pthread_cond_wait(&isolation->changed, &isolation->lock);
    }
    isolation->state = UAPI_ISOLATION_ABSENT;
    bury(&k, &helper);
    pthread_cond_broadcast(&isolation->freed);
    pthread_cond_broadcast(&isolation->changed);
    pthread_mutex_unlock(&isolation->lock);
    if (k.pool) {
        apr_pool_destroy(k.pool);
    }
    return NULL;
}
