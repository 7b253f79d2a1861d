/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What a plugin may ask of the host. Metrics lie on pages that the parent shares with every child it forks, so that
 * adding is one atomic instruction and reading needs nobody's help; a plugin that has none has no pages.
 */
#include "plugin_internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <apr_strings.h>

#define CACHE_LINE 64
#define MAX_METRICS 64
#define MAX_METRIC_HELP 256

static const char METRIC_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* ------------------------------------------------------------- log */

static uapi_plugin_log log_write;
static void *log_baton;
static uapi_plugin_probe_page *log_page;

void uapi_plugin_set_log(uapi_plugin_log log, void *baton)
{
    log_write = log;
    log_baton = baton;
}

void uapi_plugin_log_to_page(uapi_plugin_probe_page *page)
{
    log_page = page;
}

void uapi_plugin_log_line(const uapi_plugin_loaded *loaded, uint32_t level, const char *line, size_t length)
{
    if (log_write) {
        log_write(log_baton, loaded->plugin.descriptor ? loaded->plugin.descriptor->id : "?", level, line, length);
    }
}

static void write_log(const uapi_host *host, uint32_t level, uapi_string message)
{
    if (!message.data) {
        return;
    }
    if (log_page) {
        size_t length = message.length < sizeof(log_page->logged) ? message.length : sizeof(log_page->logged) - 1;

        memcpy(log_page->logged, message.data, length);
        log_page->logged[length] = '\0';
    } else {
        uapi_plugin_log_line(host->context, level, message.data, message.length);
    }
}

static const uapi_host_log_1 host_log = {write_log};

/* ------------------------------------------------------------- configuration */

static const char *get_option(const uapi_host *host, const char *key)
{
    const uapi_plugin_loaded *loaded = host->context;
    int i;

    for (i = 0; key && loaded->options && i < loaded->options->nelts; i++) {
        const uapi_plugin_option *option = &APR_ARRAY_IDX(loaded->options, i, uapi_plugin_option);

        if (strcmp(option->key, key) == 0) {
            if (loaded->asked) { /* only while it is created */
                loaded->asked[i] = 1;
            }
            return option->value;
        }
    }
    return NULL;
}

const char *uapi_plugin_unknown_option(const uapi_plugin_loaded *loaded)
{
    int i;

    for (i = 0; loaded->options && i < loaded->options->nelts; i++) {
        if (!loaded->asked[i]) {
            return APR_ARRAY_IDX(loaded->options, i, uapi_plugin_option).key;
        }
    }
    return NULL;
}

static const uapi_host_config_1 host_config = {get_option};

/* ------------------------------------------------------------- metrics */

/* By powers of two: bucket b counts what needs b bits, so its values are below 2^b. */
#define BUCKETS 65

struct uapi_metric {
    _Alignas(CACHE_LINE) atomic_uint_fast64_t sum;
    atomic_uint_fast64_t buckets[BUCKETS];
    int histogram; /* for whoever adds: who reads goes by metric_name */
};

typedef struct metric_name {
    int histogram;
    char name[UAPI_PLUGIN_METRIC_NAME + 1];
    char help[MAX_METRIC_HELP];
} metric_name;

struct uapi_plugin_metrics {
    metric_name names[MAX_METRICS];
    uint32_t count;
    uapi_metric *values; /* `own`, or pages that are shared with other processes in another way */
    uapi_metric own[MAX_METRICS];
};

static uapi_plugin_metrics *metrics_of(uapi_plugin_loaded *loaded)
{
    if (!loaded->metrics) {
        void *pages = mmap(NULL, sizeof(*loaded->metrics), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        loaded->metrics = pages == MAP_FAILED ? NULL : pages;
        if (loaded->metrics) {
            loaded->metrics->values = loaded->metric_pages ? loaded->metric_pages : loaded->metrics->own;
        }
    }
    return loaded->metrics;
}

void uapi_plugin_metrics_free(uapi_plugin_loaded *loaded)
{
    if (loaded->metrics) {
        munmap(loaded->metrics, sizeof(*loaded->metrics));
        loaded->metrics = NULL;
    }
}

static int is_new(const uapi_plugin_metrics *metrics, const char *name)
{
    uint32_t i;

    for (i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->names[i].name, name) == 0) {
            return 0;
        }
    }
    return metrics->count < MAX_METRICS;
}

static uapi_metric *make_metric(uapi_plugin_loaded *loaded, const char *name, const char *help, int histogram)
{
    uapi_plugin_metrics *metrics = metrics_of(loaded);
    uapi_metric *made;

    if (!metrics || !uapi_plugin_is_name(name, METRIC_CHARACTERS) || strlen(name) > UAPI_PLUGIN_METRIC_NAME ||
        !is_new(metrics, name)) {
        return NULL;
    }
    apr_cpystrn(metrics->names[metrics->count].name, name, sizeof(metrics->names[0].name));
    apr_cpystrn(metrics->names[metrics->count].help, help ? help : "", sizeof(metrics->names[0].help));
    metrics->names[metrics->count].histogram = histogram;
    made = &metrics->values[metrics->count++];
    made->histogram = histogram;
    return made;
}

static uapi_metric *make_counter(const uapi_host *host, const char *name, const char *help)
{
    uapi_plugin_loaded *loaded = host->context;

    return loaded->asked ? make_metric(loaded, name, help, 0) : NULL;
}

static uapi_metric *make_histogram(const uapi_host *host, const char *name, const char *help)
{
    uapi_plugin_loaded *loaded = host->context;

    return loaded->asked ? make_metric(loaded, name, help, 1) : NULL;
}

static void add_to_metric(uapi_metric *metric, uint64_t amount)
{
    if (!metric) {
        return;
    }
    atomic_fetch_add_explicit(&metric->sum, amount, memory_order_relaxed);
    if (metric->histogram) {
        unsigned bits = amount ? 64 - (unsigned)__builtin_clzll(amount) : 0;

        atomic_fetch_add_explicit(&metric->buckets[bits], 1, memory_order_relaxed);
    }
}

size_t uapi_plugin_metrics_size(void)
{
    return sizeof(uapi_metric) * MAX_METRICS;
}

apr_status_t uapi_plugin_metrics_adopt(uapi_plugin_loaded *loaded, const char *name, const char *help, int histogram)
{
    return make_metric(loaded, name, help, histogram) ? APR_SUCCESS : APR_EINVAL;
}

static const uapi_host_metrics_1 host_metrics = {make_counter, make_histogram, add_to_metric};

/* The least power of two below which that share of the observations lies. */
static uint64_t bound_of(const uint64_t *buckets, uint64_t count, double share)
{
    uint64_t seen = 0;
    unsigned b;

    for (b = 0; b < BUCKETS - 1; b++) {
        seen += buckets[b];
        if ((double)seen >= (double)count * share) {
            return UINT64_C(1) << b;
        }
    }
    return UINT64_MAX;
}

int uapi_plugin_metric_at(const uapi_plugin *plugin, uint32_t index, uapi_plugin_metric *out)
{
    const uapi_plugin_metrics *metrics = ((const uapi_plugin_loaded *)plugin)->metrics;
    const uapi_metric *metric;
    uint64_t buckets[BUCKETS];
    unsigned b;

    memset(out, 0, sizeof(*out));
    if (!metrics || index >= metrics->count) {
        return 0;
    }
    metric = &metrics->values[index];
    out->name = metrics->names[index].name;
    out->help = metrics->names[index].help;
    out->histogram = metrics->names[index].histogram;
    out->sum = atomic_load_explicit(&metric->sum, memory_order_relaxed);
    for (b = 0; b < BUCKETS; b++) {
        buckets[b] = atomic_load_explicit(&metric->buckets[b], memory_order_relaxed);
        out->count += buckets[b];
    }
    out->half_below = out->count ? bound_of(buckets, out->count, 0.5) : 0;
    out->most_below = out->count ? bound_of(buckets, out->count, 0.99) : 0;
    return 1;
}

/* ------------------------------------------------------------- time */

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t wall(const uapi_host *host)
{
    (void)host;
    return nanoseconds(CLOCK_REALTIME);
}

static uint64_t monotonic(const uapi_host *host)
{
    (void)host;
    return nanoseconds(CLOCK_MONOTONIC);
}

static const uapi_host_time_1 host_time = {wall, monotonic};

/* ------------------------------------------------------------- all of them */

static const struct {
    const char *id;
    const void *table;
} services[] = {
    {UAPI_HOST_LOG_1, &host_log},
    {UAPI_HOST_CONFIG_1, &host_config},
    {UAPI_HOST_METRICS_1, &host_metrics},
    {UAPI_HOST_TIME_1, &host_time},
};

const void *uapi_plugin_get_service(const uapi_host *host, const char *id)
{
    size_t i;

    (void)host;
    for (i = 0; id && i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(services[i].id, id) == 0) {
            return services[i].table;
        }
    }
    return NULL;
}
