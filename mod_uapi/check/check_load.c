/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What shows under load: hostile texts, many threads, memory over many texts and many lives, time.
 */
#include "check.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../core/firewall_channel.h"

#define SLOW_NS_A_KIB UINT64_C(1000000)
#define STEEPEST 2 /* how much more a KiB of a text four times as long may take, where time is linear in its length */
#define SLOW_VERIFY_NS UINT64_C(20000000)

/* ------------------------------------------------------------- hostile texts */

/* Memory that ends where the text ends: what reads beyond it crashes. */
typedef struct guarded {
    char *bytes; /* pages */
    size_t size;
} guarded;

static void guarded_make(guarded *room, size_t largest)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    room->size = (largest + page - 1) / page * page;
    room->bytes = mmap(NULL, room->size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(room->bytes + room->size, page, PROT_NONE);
}

static const char *guarded_put(const guarded *room, check_text text)
{
    char *at = room->bytes + room->size - text.length;

    memcpy(at, text.bytes, text.length);
    return at;
}

typedef struct hostile_run {
    const check_run *run;
    const check_subject *subject;
    apr_pool_t *pool;
    uint64_t slowest; /* nanoseconds a KiB */
    size_t slow_length;
    unsigned failed;
} hostile_run;

/* Of this thread alone: the machine may have other things to do. */
static uint64_t cpu_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Returns nanoseconds a KiB. */
static uint64_t scan_hostile(hostile_run *hostile, const char *bytes, size_t length, uint32_t direction, uint32_t view,
                             uint32_t flags)
{
    uapi_firewall_report report;
    uapi_result result = {0};
    uapi_call_info call;
    const uapi_text text = {
        .size = sizeof(text), .view = view, .flags = flags, .bytes = {bytes, length}, .call = &call};
    uint64_t before = cpu_now_ns(), took;

    uapi_firewall_no_call(&call, direction);
    if (uapi_firewall_scan_text(hostile->subject->firewall, &text, &report, hostile->pool, &result) != APR_SUCCESS &&
        hostile->failed++ == 0) {
        check_say(hostile->run, CHECK_FAIL, "a text of %" APR_SIZE_T_FMT " bytes could not be scanned: %s", length,
                  result.detail);
    }
    took = (cpu_now_ns() - before) / (length / 1024 + 1);
    if (took > hostile->slowest) {
        hostile->slowest = took;
        hostile->slow_length = length;
    }
    apr_pool_clear(hostile->pool);
    return took;
}

/* A quarter of a text of many candidates, and the whole of it. */
static void compare_lengths(hostile_run *hostile, check_text text)
{
    uint64_t part, whole;

    if (hostile->failed || text.length < 16384) {
        return;
    }
    part = scan_hostile(hostile, text.bytes, text.length / 4, UAPI_DIRECTION_REQUEST, UAPI_VIEW_PLAIN, 0);
    whole = scan_hostile(hostile, text.bytes, text.length, UAPI_DIRECTION_REQUEST, UAPI_VIEW_PLAIN, 0);
    if (whole > SLOW_NS_A_KIB / 4 && whole > part * STEEPEST) {
        check_say(hostile->run, CHECK_FAIL,
                  "its time is not linear in the length: %.2f ms a KiB of a text of %" APR_SIZE_T_FMT
                  " bytes, %.2f of a quarter of it; it begins %.40s",
                  (double)whole / 1e6, text.length, (double)part / 1e6, text.bytes);
        hostile->failed++;
    }
}

void check_hostile(const check_run *run)
{
    static const uint32_t views[] = {UAPI_VIEW_PLAIN, UAPI_VIEW_SHELL};
    static const uint32_t flags[] = {0, UAPI_TEXT_MORE_AFTER | UAPI_TEXT_MORE_BEFORE | UAPI_TEXT_FROM_JSON};
    check_subject subject;
    hostile_run hostile = {.run = run, .subject = &subject};
    apr_array_header_t *texts;
    guarded room;
    int i, kind;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    apr_pool_create(&hostile.pool, subject.pool);
    texts = check_texts_hostile(&subject, subject.pool);
    guarded_make(&room, 262144);
    for (i = 0; i < texts->nelts; i++) {
        check_text text = APR_ARRAY_IDX(texts, i, check_text);

        for (kind = 0; kind < 4 && text.length <= 262144; kind++) {
            scan_hostile(&hostile, guarded_put(&room, text), text.length, 1 + (uint32_t)(kind & 1), views[kind / 2],
                         flags[kind & 1]);
        }
        compare_lengths(&hostile, text);
    }
    if (hostile.slowest > SLOW_NS_A_KIB) {
        check_say(run, CHECK_WARN, "a text of %" APR_SIZE_T_FMT " bytes took %.1f ms a KiB", hostile.slow_length,
                  (double)hostile.slowest / 1e6);
    }
    if (!hostile.failed) {
        check_say(run, CHECK_PASS, "%d hostile texts in both directions, nothing read beyond their ends", texts->nelts);
    }
    check_subject_unload(&subject);
}

/* ------------------------------------------------------------- streams */

static void feed_in_parts(const check_run *run, const check_subject *subject, check_text text, size_t step,
                          unsigned *failed)
{
    uapi_firewall_channel *channel;
    uapi_firewall_report report;
    uapi_result result = {0};
    uapi_call_info call;
    apr_pool_t *pool;
    size_t at;

    apr_pool_create(&pool, subject->pool);
    uapi_firewall_no_call(&call, UAPI_DIRECTION_RESPONSE);
    if (uapi_firewall_channel_open(&channel, subject->firewall, &call, pool, &result) == APR_SUCCESS && channel) {
        for (at = 0; at < text.length; at += step) {
            size_t part = text.length - at < step ? text.length - at : step;

            if (uapi_firewall_channel_feed(channel, &call, text.bytes + at, part, at + part == text.length, &report,
                                           pool, &result) != APR_SUCCESS) {
                break;
            }
        }
    }
    if (result.detail && (*failed)++ == 0) {
        check_say(run, CHECK_FAIL, "a stream could not be read: %s", result.detail);
    }
    apr_pool_destroy(pool);
}

void check_streams(const check_run *run)
{
    static const size_t steps[] = {1, 7, 4096};
    check_subject subject;
    apr_array_header_t *texts;
    unsigned failed = 0;
    int i;
    size_t s;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    if (subject.plugin.stream) {
        texts = check_texts_hostile(&subject, subject.pool);
        for (i = 0; i < texts->nelts; i++) {
            for (s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
                feed_in_parts(run, &subject, APR_ARRAY_IDX(texts, i, check_text), steps[s], &failed);
            }
        }
        if (!failed) {
            check_say(run, CHECK_PASS, "%d texts in parts of 1, 7 and 4096 bytes", texts->nelts);
        }
    } else {
        check_say(run, CHECK_PASS, "it leaves texts in parts to the host");
    }
    check_subject_unload(&subject);
}

/* ------------------------------------------------------------- threads */

typedef struct worker {
    const check_subject *subject;
    const apr_array_header_t *texts;
    const uint64_t *expected; /* NULL: results are not compared */
    uint64_t *results;        /* NULL: they are not kept */
    uint64_t until, rounds, different, failed;
    unsigned start;
} worker;

static uint64_t digest(const uapi_firewall_report *report)
{
    uint64_t hash = UINT64_C(1469598103934665603);
    uint32_t i;

    for (i = 0; i < report->count; i++) {
        const uapi_firewall_finding *finding = &report->findings[i];

        hash = (hash ^ (uintptr_t)finding->rule) * UINT64_C(1099511628211);
        hash = (hash ^ finding->from) * UINT64_C(1099511628211);
        hash = (hash ^ finding->to) * UINT64_C(1099511628211);
        hash = (hash ^ (uint64_t)finding->severity) * UINT64_C(1099511628211);
    }
    return hash;
}

static void scan_round(worker *mine, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < mine->texts->nelts; i++) {
        int which = (int)(((unsigned)i + mine->start) % (unsigned)mine->texts->nelts);
        check_text text = APR_ARRAY_IDX(mine->texts, which, check_text);
        uapi_firewall_report report;
        uint64_t found;

        if (uapi_firewall_scan(mine->subject->firewall, UAPI_DIRECTION_REQUEST, text.bytes, text.length, &report, pool,
                               NULL) != APR_SUCCESS) {
            mine->failed++;
        }
        found = digest(&report);
        mine->different += mine->expected && mine->expected[which] != found;
        if (mine->results) {
            mine->results[which] = found;
        }
        apr_pool_clear(pool);
    }
    mine->rounds++;
}

static void *work(void *data)
{
    worker *mine = data;
    apr_pool_t *pool;

    apr_pool_create_unmanaged(&pool);
    do {
        scan_round(mine, pool);
    } while (check_now_ns() < mine->until);
    apr_pool_destroy(pool);
    return NULL;
}

/* Twice by one thread: a scanner that remembers texts need not say the same again, and is not held to it. */
static int is_steady(const check_subject *subject, const apr_array_header_t *texts, uint64_t *expected)
{
    worker first = {.subject = subject, .texts = texts, .results = expected};
    worker second = {.subject = subject, .texts = texts, .expected = expected};

    work(&first);
    work(&second);
    return second.different == 0;
}

static void run_workers(const check_run *run, const check_subject *subject, const apr_array_header_t *texts,
                        const uint64_t *expected)
{
    worker *workers = apr_pcalloc(run->pool, sizeof(*workers) * run->threads);
    pthread_t *threads = apr_pcalloc(run->pool, sizeof(*threads) * run->threads);
    uint64_t rounds = 0, different = 0, failed = 0;
    unsigned i, made = 0;

    for (i = 0; i < run->threads; i++) {
        workers[i] = (worker){.subject = subject,
                              .texts = texts,
                              .expected = expected,
                              .until = check_now_ns() + (uint64_t)run->milliseconds * 1000000,
                              .start = i * 17};
        made += pthread_create(&threads[made], NULL, work, &workers[i]) == 0;
    }
    for (i = 0; i < made; i++) {
        pthread_join(threads[i], NULL);
    }
    for (i = 0; i < run->threads; i++) {
        rounds += workers[i].rounds;
        different += workers[i].different;
        failed += workers[i].failed;
    }
    if (different || failed) {
        check_say(run, CHECK_FAIL,
                  "with %u threads, %" APR_UINT64_T_FMT
                  " texts had other findings than with one, and %" APR_UINT64_T_FMT " could not be scanned",
                  made, (apr_uint64_t)different, (apr_uint64_t)failed);
    } else {
        check_say(run, CHECK_PASS, "%u threads, %" APR_UINT64_T_FMT " texts%s", made,
                  (apr_uint64_t)(rounds * (uint64_t)texts->nelts), expected ? ", the same findings as with one" : "");
    }
}

void check_threads(const check_run *run)
{
    apr_array_header_t *texts;
    check_subject subject;
    uint64_t *expected;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    texts = check_texts_matching(&subject, subject.pool);
    *(check_text *)apr_array_push(texts) = check_text_benign(8192, subject.pool);
    expected = apr_pcalloc(subject.pool, sizeof(*expected) * (size_t)texts->nelts);
    if (!is_steady(&subject, texts, expected)) {
        check_say(run, CHECK_NOTE, "the same text has not the same findings twice: findings are not compared");
        expected = NULL;
    }
    run_workers(run, &subject, texts, expected);
    check_subject_unload(&subject);
}

/* ------------------------------------------------------------- memory */

#define LIVES 6
#define ROUNDS 6

static size_t in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/* What every step but the first two added at least: what comes once is a cache, what comes each time is a leak. */
static size_t steady_growth(const size_t *levels, int count)
{
    size_t least = SIZE_MAX;
    int i;

    for (i = 3; i < count; i++) {
        size_t growth = levels[i] > levels[i - 1] ? levels[i] - levels[i - 1] : 0;

        least = growth < least ? growth : least;
    }
    return least == SIZE_MAX ? 0 : least;
}

/* In a thread of its own: what it has freed and keeps for its next use goes back when it ends. */
static void in_thread(void *(*function)(void *), void *data)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, function, data) == 0) {
        pthread_join(thread, NULL);
    }
}

typedef struct life {
    const check_run *run;
    int failed;
    size_t by_text;
} life;

static size_t growth_of_texts(const check_subject *subject, const apr_array_header_t *texts)
{
    size_t levels[ROUNDS];
    int i;

    for (i = 0; i < ROUNDS; i++) {
        worker one = {.subject = subject, .texts = texts};

        in_thread(work, &one);
        levels[i] = in_use();
    }
    return steady_growth(levels, ROUNDS);
}

static void *live(void *data)
{
    life *mine = data;
    check_subject subject;

    mine->failed = check_subject_load(&subject, mine->run);
    if (mine->failed == 0) {
        mine->by_text = growth_of_texts(&subject, check_texts_matching(&subject, subject.pool));
        check_subject_unload(&subject);
    }
    return NULL;
}

void check_leaks(const check_run *run)
{
    size_t levels[LIVES], by_life;
    life one = {.run = run};
    int i;

    mallopt(M_ARENA_MAX, 1); /* the one that mallinfo tells of */
    for (i = 0; i < LIVES && one.failed == 0; i++) {
        in_thread(live, &one);
        levels[i] = in_use();
    }
    if (one.failed) {
        return;
    }
    by_life = steady_growth(levels, LIVES);
    if (one.by_text) {
        check_say(run, CHECK_FAIL, "each round over the same texts leaves %" APR_SIZE_T_FMT " bytes more", one.by_text);
    }
    if (by_life) {
        check_say(run, CHECK_FAIL, "each life from create to destroy leaves %" APR_SIZE_T_FMT " bytes more", by_life);
    }
    if (!one.by_text && !by_life) {
        check_say(run, in_use() ? CHECK_PASS : CHECK_NOTE,
                  in_use() ? "no memory is left by texts or by a whole life"
                           : "this C library does not tell its memory");
    }
}

/* ------------------------------------------------------------- time */

#define PIECE 16384

static double time_a_kib(const check_run *run, const check_subject *subject, check_text text)
{
    uint64_t start = check_now_ns(), now, bytes = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, subject->pool);
    do {
        uapi_firewall_report report;

        uapi_firewall_scan(subject->firewall, UAPI_DIRECTION_REQUEST, text.bytes, text.length, &report, pool, NULL);
        apr_pool_clear(pool);
        bytes += text.length;
        now = check_now_ns();
    } while (now - start < (uint64_t)run->milliseconds * 1000000);
    apr_pool_destroy(pool);
    return (double)(now - start) / ((double)bytes / 1024);
}

/* One matching text for about each KiB. */
static check_text dense_text(const check_subject *subject, check_text benign, apr_pool_t *pool)
{
    const apr_array_header_t *matching = check_texts_matching(subject, pool);
    char *bytes = apr_pmemdup(pool, benign.bytes, benign.length);
    size_t at;
    int i = 0;

    for (at = 0; at < benign.length && matching->nelts; at += 1024) {
        check_text text = APR_ARRAY_IDX(matching, i++ % matching->nelts, check_text);
        size_t part = text.length < 512 && text.length < benign.length - at ? text.length : 0;

        memcpy(bytes + at, text.bytes, part);
    }
    return (check_text){bytes, benign.length};
}

void check_time(const check_run *run)
{
    check_watched seen;
    check_subject subject;
    check_text benign;
    double plain, dense;

    if (check_subject_load(&subject, run) != 0) {
        return;
    }
    benign = check_text_benign(PIECE, subject.pool);
    plain = time_a_kib(run, &subject, benign);
    dense = time_a_kib(run, &subject, dense_text(&subject, benign, subject.pool));
    seen = check_subject_watched();
    check_figure(run, "ns_per_kib", plain);
    check_figure(run, "ns_per_kib_dense", dense);
    check_figure(run, "verify_slowest_ns", (double)seen.slowest_ns);
    check_say(run, plain > 20000 ? CHECK_WARN : CHECK_PASS,
              "%.2f us a KiB of ordinary text (%.0f MB/s), %.2f with a match in each, the slowest verify %.1f us%s",
              plain / 1000, 1024e3 / plain, dense / 1000, (double)seen.slowest_ns / 1000,
              plain > 20000 ? "; are all patterns anchored on a literal of three bytes or more?" : "");
    if (seen.slowest_ns > SLOW_VERIFY_NS) {
        check_say(run, CHECK_WARN, "a candidate took %.0f ms to judge", (double)seen.slowest_ns / 1e6);
    }
    check_subject_unload(&subject);
}
