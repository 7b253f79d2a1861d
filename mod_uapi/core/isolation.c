/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Calls. Whoever is to have a text judged waits for the helper to be free, writes the text into the memory that it can read,
 * and waits for the answer, without the lock. An answer is copied before it is read.
 */
#include "isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "isolation_internal.h"

/* Memory that a request or an answer has used is given back if it was more than that. */
#define KEPT_MEMORY ((size_t)1 << 20)

int uapi_isolation_wait(uapi_isolation *isolation, pthread_cond_t *condition, int64_t until)
{
    const struct timespec limit = {(time_t)(until / 1000), (long)(until % 1000) * 1000000};

    return pthread_cond_timedwait(condition, &isolation->lock, &limit) != ETIMEDOUT;
}

static apr_status_t refuse(uapi_isolation *isolation, apr_pool_t *pool, uapi_result *result, const char *why)
{
    const uapi_plugin *plugin = &isolation->loaded->plugin;

    atomic_fetch_add_explicit(&isolation->counters->refusals, 1, memory_order_relaxed);
    return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_FIREWALL_FAILED, "scanner %s: its helper process %s",
                     plugin->scanner->name, why);
}

/* ---------------------------------------------------------------- having the helper */

/* NULL, or why there is none to be had. */
static const char *acquire(uapi_isolation *isolation)
{
    int64_t until = uapi_isolation_now() + UAPI_ISOLATION_PATIENCE;
    const char *why = NULL;

    pthread_mutex_lock(&isolation->lock);
    while (!why && (isolation->state != UAPI_ISOLATION_READY || isolation->busy)) {
        if (isolation->stopping || isolation->state == UAPI_ISOLATION_ABSENT) {
            why = "is not running";
        } else if (!uapi_isolation_wait(isolation, &isolation->freed, until)) {
            why = isolation->busy ? "is busy" : "is being replaced";
        }
    }
    isolation->busy |= !why;
    pthread_mutex_unlock(&isolation->lock);
    return why;
}

static void release(uapi_isolation *isolation, uapi_isolation_outcome outcome, const char *broke)
{
    pthread_mutex_lock(&isolation->lock);
    isolation->busy = 0;
    if (outcome == UAPI_ISOLATION_ANSWERED) {
        isolation->served = 1;
    } else {
        isolation->state = UAPI_ISOLATION_CONDEMNED;
        isolation->fault = outcome;
        isolation->broke = broke;
        uapi_isolation_kill(&isolation->helper); /* not buried yet, so it is the helper still */
    }
    pthread_cond_signal(&isolation->freed);
    if (outcome != UAPI_ISOLATION_ANSWERED || isolation->stopping) {
        pthread_cond_broadcast(&isolation->changed);
    }
    pthread_mutex_unlock(&isolation->lock);
}

/* ---------------------------------------------------------------- calls */

static void give_back_memory(const uapi_isolation_helper *helper, size_t used)
{
    if (used > KEPT_MEMORY) {
        fallocate(helper->request_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)used);
    }
}

/* The answer's copy, checked; NULL, or what is wrong with it. */
static const char *take_answer(const uapi_isolation_helper *helper, const uapi_isolation_packet *packet,
                               uint32_t candidates, uapi_isolation_answer *answer, apr_pool_t *pool)
{
    const uapi_isolation_findings *head;
    const char *broke;
    void *copy;

    answer->status = (uapi_isolation_status)packet->what;
    if (answer->status != UAPI_ISOLATION_DONE) {
        return answer->status == UAPI_ISOLATION_REFUSED || packet->length ? "an answer to another question" : NULL;
    }
    copy = apr_pmemdup(pool, helper->answer, (size_t)packet->length);
    broke = uapi_isolation_check_findings(copy, (size_t)packet->length, candidates);
    if (!broke) {
        head = copy;
        answer->findings = (const void *)(head + 1);
        answer->count = head->count;
        answer->undecided = head->undecided;
    }
    return broke;
}

static const char *describe_outcome(uapi_isolation_outcome outcome)
{
    switch (outcome) {
    case UAPI_ISOLATION_TIMED_OUT:
        return "did not judge the text in time";
    case UAPI_ISOLATION_DIED:
        return "died over the text";
    default:
        return "gave no answer that can be read";
    }
}

/* `*life` is that of the helper that is meant; 0: whichever there is, which it is set to. */
static apr_status_t call(uapi_isolation *isolation, uapi_isolation_kind kind, uint64_t *life,
                         const uapi_isolation_text *text, uapi_isolation_answer *answer, apr_pool_t *pool,
                         uapi_result *result)
{
    const char *why = acquire(isolation), *broke = "a packet that is none";
    uapi_isolation_helper *helper = &isolation->helper;
    uapi_isolation_outcome outcome = UAPI_ISOLATION_ANSWERED;
    uapi_isolation_packet packet;
    uapi_wire wire;
    size_t used;

    memset(answer, 0, sizeof(*answer));
    if (why) {
        return refuse(isolation, pool, result, why);
    }
    wire = uapi_wire_over(helper->request, UAPI_ISOLATION_REQUEST_SIZE);
    uapi_isolation_put_text(&wire, text);
    used = (size_t)(wire.at - (unsigned char *)helper->request);
    *life = *life ? *life : isolation->life;
    if (*life != isolation->life) {
        why = "was replaced while the text was on its way";
    } else if (wire.failed) {
        why = "cannot be given a text of this size";
    } else {
        outcome = uapi_isolation_ask(helper, kind, used, uapi_isolation_now() + isolation->limits.milliseconds + 1,
                                     &packet);
        why = outcome == UAPI_ISOLATION_ANSWERED ? NULL : describe_outcome(outcome);
    }
    if (!why) {
        broke = take_answer(helper, &packet, text->candidate_count, answer, pool);
        outcome = broke ? UAPI_ISOLATION_BROKE : outcome;
        why = broke ? describe_outcome(outcome) : NULL;
    }
    if (outcome == UAPI_ISOLATION_TIMED_OUT) {
        atomic_fetch_add_explicit(&isolation->counters->timeouts, 1, memory_order_relaxed);
    }
    give_back_memory(helper, used);
    release(isolation, outcome, broke);
    return why ? refuse(isolation, pool, result, why) : APR_SUCCESS;
}

apr_status_t uapi_isolation_scan(uapi_isolation *isolation, const uapi_isolation_text *text,
                                 uapi_isolation_answer *answer, apr_pool_t *pool, uapi_result *result)
{
    uint64_t any = 0;

    return call(isolation, UAPI_ISOLATION_SCAN, &any, text, answer, pool, result);
}

/* ---------------------------------------------------------------- texts in parts */

apr_status_t uapi_isolation_open(uapi_isolation *isolation, const uapi_call_info *info, uapi_isolation_stream *stream,
                                 apr_pool_t *pool, uapi_result *result)
{
    uapi_isolation_text text = {.call = info};
    uapi_isolation_answer answer;
    apr_status_t status;

    pthread_mutex_lock(&isolation->lock);
    text.stream = stream->number = ++isolation->streams;
    pthread_mutex_unlock(&isolation->lock);
    stream->life = 0;
    status = call(isolation, UAPI_ISOLATION_OPEN, &stream->life, &text, &answer, pool, result);
    if (status == APR_SUCCESS && answer.status != UAPI_ISOLATION_DONE) {
        status = uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "scanner %s could not begin with a stream",
                           isolation->loaded->plugin.scanner->name);
    }
    return status;
}

apr_status_t uapi_isolation_feed(uapi_isolation *isolation, const uapi_isolation_stream *stream,
                                 uapi_isolation_text *text, uapi_isolation_answer *answer, apr_pool_t *pool,
                                 uapi_result *result)
{
    uint64_t life = stream->life;

    text->stream = stream->number;
    return call(isolation, UAPI_ISOLATION_FEED, &life, text, answer, pool, result);
}

void uapi_isolation_close(uapi_isolation *isolation, const uapi_isolation_stream *stream)
{
    uapi_call_info nobody = {.size = sizeof(nobody)};
    const char *const no_roles[] = {NULL};
    const uapi_isolation_text text = {.stream = stream->number, .call = &nobody};
    uapi_isolation_answer answer;
    uint64_t life = stream->life;
    apr_pool_t *pool = NULL;

    nobody.roles = no_roles;
    pthread_mutex_lock(&isolation->lock);
    if (isolation->life != stream->life || isolation->state != UAPI_ISOLATION_READY) {
        pthread_mutex_unlock(&isolation->lock);
        return;
    }
    pthread_mutex_unlock(&isolation->lock);
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) == APR_SUCCESS) {
        call(isolation, UAPI_ISOLATION_CLOSE, &life, &text, &answer, pool, NULL);
        apr_pool_destroy(pool);
    }
}

/* ---------------------------------------------------------------- start and stop */

/* The plugin may stop in order, if no call has it and it does so in its time. */
static apr_status_t stop(void *data)
{
    uapi_isolation *isolation = data;
    uapi_isolation_packet packet;
    int mine;

    pthread_mutex_lock(&isolation->lock);
    isolation->stopping = 1;
    mine = isolation->state == UAPI_ISOLATION_READY && !isolation->busy;
    isolation->busy |= mine;
    pthread_mutex_unlock(&isolation->lock);
    if (mine) {
        uapi_isolation_ask(&isolation->helper, UAPI_ISOLATION_STOP, 0,
                           uapi_isolation_now() + isolation->limits.milliseconds, &packet);
    }
    pthread_mutex_lock(&isolation->lock);
    isolation->busy &= !mine;
    uapi_isolation_kill(&isolation->helper);
    pthread_cond_broadcast(&isolation->freed);
    pthread_cond_broadcast(&isolation->changed);
    pthread_mutex_unlock(&isolation->lock);
    pthread_join(isolation->keeper, NULL);
    return APR_SUCCESS;
}

/* The server's signals are for its own threads. */
static int create_keeper(uapi_isolation *isolation)
{
    sigset_t all, before;
    int status;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&isolation->keeper, NULL, uapi_isolation_keep, isolation);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

apr_status_t uapi_isolation_start(uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result)
{
    uapi_isolation *isolation = plugin->isolation;
    int error;

    isolation->stopping = isolation->busy = isolation->attempts = 0;
    isolation->life = 0;
    isolation->refusal[0] = '\0';
    isolation->helper = (uapi_isolation_helper){.control = -1, .log = -1, .request_file = -1};
    isolation->state = UAPI_ISOLATION_AWAITED;
    if ((error = create_keeper(isolation)) != 0) {
        isolation->state = UAPI_ISOLATION_ABSENT;
        return uapi_fail(result, pool, error, UAPI_REASON_INTERNAL, "plugin %s: no thread to keep its helper process",
                         plugin->path);
    }
    pthread_mutex_lock(&isolation->lock);
    while (isolation->attempts == 0 && !isolation->stopping) {
        pthread_cond_wait(&isolation->changed, &isolation->lock);
    }
    pthread_mutex_unlock(&isolation->lock);
    if (isolation->refusal[0]) {
        pthread_join(isolation->keeper, NULL);
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "plugin %s: %s", plugin->path,
                         isolation->refusal);
    }
    apr_pool_cleanup_register(pool, isolation, stop, apr_pool_cleanup_null);
    return APR_SUCCESS;
}
