/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Loading without loading: the file is copied into memory that is sealed, its digest taken from the copy, and a helper
 * describes it. Every later helper loads the same copy, so what was pinned is what runs, whatever becomes of the file.
 * What the helper says is held against the same checks as the tables that a plugin in the server hands out.
 */
#include "isolation_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <apr_strings.h>

#define DEFAULT_MILLISECONDS 250
#define DEFAULT_MEMORY ((size_t)256 << 20)
#define LARGEST_OBJECT ((off_t)512 << 20)
#define PROGRAM "uapi-plugin-host"
#ifndef UAPI_LIBDIR
#define UAPI_LIBDIR "/usr/lib/uapi"
#endif

unsigned uapi_isolation_user = 65534, uapi_isolation_group = 65534;
const char *uapi_isolation_program;
static uapi_isolation_log log_write;
static void *log_baton;

void uapi_isolation_configure(const char *program, unsigned user, unsigned group, uapi_isolation_log log, void *baton)
{
    uapi_isolation_program = program;
    uapi_isolation_user = user;
    uapi_isolation_group = group;
    log_write = log;
    log_baton = baton;
}

void uapi_isolation_tell(const uapi_isolation *isolation, const char *what)
{
    if (log_write) {
        log_write(log_baton, isolation->loaded->plugin.descriptor ? isolation->loaded->plugin.descriptor->id : "?",
                  what);
    }
}

const char *uapi_isolation_shortcoming(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1
               ? NULL
               : "this kernel has no Landlock, or does not have it on";
}

/* ---------------------------------------------------------------- the program */

/* Beside this code, or where an installation has it as seen from the module and from uapictl. */
static const char *find_program(apr_pool_t *pool)
{
    static const char *const places[] = {PROGRAM, "../lib/uapi/" PROGRAM, "../../uapi/" PROGRAM};
    char self[PATH_MAX], found[PATH_MAX];
    const char *slash;
    Dl_info info;

    if (dladdr(&log_write, &info) == 0 || !info.dli_fname || info.dli_fname[0] != '/') {
        info.dli_fname = "/proc/self/exe";
    }
    slash = realpath(info.dli_fname, self) ? strrchr(self, '/') : NULL;
    for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
        const char *path = apr_psprintf(pool, "%.*s/%s", (int)(slash - self), self, places[i]);

        if (access(path, X_OK) == 0 && realpath(path, found)) {
            return apr_pstrdup(pool, found);
        }
    }
    return UAPI_LIBDIR "/" PROGRAM;
}

static apr_status_t set_program(uapi_isolation *isolation, apr_pool_t *pool, uapi_result *result)
{
    uapi_result inner = {0};
    const char *digest;
    apr_status_t status;

    isolation->program = uapi_isolation_program ? apr_pstrdup(pool, uapi_isolation_program) : find_program(pool);
    status = uapi_plugin_check_file(isolation->program, NULL, &digest, pool, &inner);
    if (status != APR_SUCCESS) {
        return uapi_fail(result, pool, status, UAPI_REASON_CONFIG_INVALID,
                         "plugin %s: isolation=process needs the program that plugins run in: %s",
                         isolation->loaded->plugin.path, inner.detail);
    }
    return APR_SUCCESS;
}

/* ---------------------------------------------------------------- the plugin's file */

static int copy_file(int from, int to)
{
    char buffer[65536];
    off_t left = LARGEST_OBJECT;
    ssize_t length;

    while ((length = read(from, buffer, sizeof(buffer))) > 0) {
        left -= length;
        if (left < 0 || write(to, buffer, (size_t)length) != length) {
            return 0;
        }
    }
    return length == 0 && lseek(to, 0, SEEK_SET) == 0;
}

static apr_status_t set_object(uapi_isolation *isolation, const char *pinned, apr_pool_t *pool, uapi_result *result)
{
    uapi_plugin *plugin = &isolation->loaded->plugin;
    const char *digest = NULL;
    apr_status_t status = uapi_plugin_check_file(plugin->path, pinned, &plugin->sha256, pool, result);
    int file;

    if (status != APR_SUCCESS) {
        return status;
    }
    file = open(plugin->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    isolation->object_file = memfd_create("uapi-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0 || isolation->object_file < 0 || !copy_file(file, isolation->object_file) ||
        fcntl(isolation->object_file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        status = uapi_fail(result, pool, errno ? errno : APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                           "plugin %s: it cannot be copied into memory: %s", plugin->path, strerror(errno));
    } else if (uapi_plugin_digest(isolation->object_file, &digest, pool) != APR_SUCCESS ||
               strcmp(digest, plugin->sha256) != 0) {
        status = uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID,
                           "plugin %s: it changed while it was being checked", plugin->path);
    }
    if (file >= 0) {
        close(file);
    }
    return status;
}

/* ---------------------------------------------------------------- what stands for the plugin */

static const uapi_rule *copied_rules(void *instance, uint32_t *count)
{
    const uapi_isolation *isolation = instance;

    *count = isolation->tables.rule_count;
    return isolation->tables.rules;
}

static const uapi_pattern *copied_patterns(void *instance, uint32_t *count)
{
    const uapi_isolation *isolation = instance;

    *count = isolation->tables.pattern_count;
    return isolation->tables.patterns;
}

/* Who does not know of isolation gets no verdict out of it. */
static int32_t refuse_text(void *instance, void *state, const uapi_text *text)
{
    (void)instance, (void)state, (void)text;
    return -1;
}

static int32_t refuse_scan(void *instance, void *state, const uapi_text *text, const uapi_sink *sink)
{
    (void)instance, (void)state, (void)text, (void)sink;
    return -1;
}

static int32_t refuse_feed(void *instance, void *state, const uapi_fragment *fragment, const uapi_sink *sink,
                           size_t *undecided)
{
    (void)instance, (void)state, (void)fragment, (void)sink, (void)undecided;
    return -1;
}

static void *create_nothing(const uapi_host *host)
{
    (void)host;
    return NULL;
}

static void destroy_nothing(void *instance)
{
    (void)instance;
}

static const void *no_interface(void *instance, const char *id)
{
    (void)instance, (void)id;
    return NULL;
}

static const uapi_scanner_stream_1 refusing_stream = {.feed = refuse_feed};

static apr_status_t stand_in(uapi_isolation *isolation, const uapi_isolation_description *told, apr_pool_t *pool,
                             uapi_result *result)
{
    uapi_plugin *plugin = &isolation->loaded->plugin;
    uapi_plugin_descriptor *descriptor = apr_pcalloc(pool, sizeof(*descriptor));
    uapi_scanner_1 *scanner = apr_pcalloc(pool, sizeof(*scanner));
    apr_status_t status;

    *descriptor = (uapi_plugin_descriptor){
        .size = sizeof(*descriptor),
        .magic = UAPI_PLUGIN_MAGIC,
        .abi_major = UAPI_ABI_MAJOR,
        .id = told->id,
        .name = told->name,
        .version = told->version,
        .vendor = told->vendor,
        .create = create_nothing,
        .destroy = destroy_nothing,
        .get_interface = no_interface,
    };
    *scanner = (uapi_scanner_1){
        .name = told->scanner,
        .scan_views = told->scan_views,
        .rules = copied_rules,
        .patterns = copied_patterns,
        .text_begin = refuse_text,
        .scan = told->has_scan ? refuse_scan : NULL,
    };
    isolation->tables = told->tables;
    plugin->descriptor = descriptor;
    plugin->instance = isolation;
    plugin->scanner = scanner;
    plugin->stream = told->has_stream ? &refusing_stream : NULL;
    status = uapi_plugin_check_descriptor(descriptor, pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_plugin_check_scanner(plugin, pool, result);
    }
    for (uint32_t i = 0; i < told->metric_count && status == APR_SUCCESS; i++) {
        const uapi_plugin_metric *metric = &told->metrics[i];

        if (uapi_plugin_metrics_adopt(isolation->loaded, metric->name, metric->help, metric->histogram) !=
            APR_SUCCESS) {
            status = uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID,
                               "the name of its figure %u is none, or is taken", i);
        }
    }
    return status;
}

/* ---------------------------------------------------------------- describing */

static void make_safe(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

void uapi_isolation_copy_page(uapi_plugin_probe_page *page, const uapi_isolation_helper *helper)
{
    memcpy(page, helper->answer, sizeof(*page));
    make_safe(page->stage, sizeof(page->stage));
    make_safe(page->detail, sizeof(page->detail));
    make_safe(page->logged, sizeof(page->logged));
}

/* Copied first: it could change while it is read. */
static const char *read_description(uapi_isolation_description *description, const uapi_isolation_helper *helper,
                                    size_t length, apr_pool_t *pool)
{
    void *copy = apr_pmemdup(pool, helper->answer, length);

    if (length < sizeof(uapi_plugin_probe_page)) {
        return "a description of itself that is too short";
    }
    return uapi_isolation_get_description(description, (char *)copy + sizeof(uapi_plugin_probe_page),
                                          length - sizeof(uapi_plugin_probe_page), pool);
}

/* NULL, or why the plugin is refused. */
static const char *describe(uapi_isolation_description *description, uapi_isolation *isolation, apr_pool_t *pool,
                            uapi_result *result)
{
    uapi_isolation_helper helper;
    uapi_isolation_packet packet = {0};
    uapi_isolation_outcome outcome;
    uapi_plugin_probe_page page;
    const char *why = NULL;
    int state;

    if (uapi_isolation_spawn(&helper, isolation, pool, result) != APR_SUCCESS) {
        return result->detail;
    }
    outcome = uapi_isolation_ask_load(&helper, isolation, UAPI_ISOLATION_DESCRIBE,
                                      uapi_isolation_now() + uapi_plugin_probe_seconds * 1000L, &packet);
    uapi_isolation_copy_page(&page, &helper);
    if (outcome == UAPI_ISOLATION_ANSWERED && packet.what == UAPI_ISOLATION_DONE) {
        why = read_description(description, &helper, (size_t)packet.length, pool);
        why = why ? apr_pstrcat(pool, "its helper process tells ", why, NULL) : NULL;
    } else if (outcome == UAPI_ISOLATION_ANSWERED) {
        why = page.detail[0] ? apr_pstrdup(pool, page.detail) : "it was refused";
    } else if (outcome == UAPI_ISOLATION_TIMED_OUT) {
        why = apr_psprintf(pool, "it was still in %s after %d seconds, in its helper process", page.stage,
                           uapi_plugin_probe_seconds);
    } else if (outcome == UAPI_ISOLATION_BROKE) {
        why = "its helper process answered what it must not";
    }
    state = uapi_isolation_bury(&helper);
    if (outcome == UAPI_ISOLATION_DIED) {
        why = apr_psprintf(pool, "its helper process %s, in %s", uapi_isolation_describe_end(state, pool),
                           page.stage[0] ? page.stage : "no stage yet");
    }
    return why;
}

/* ---------------------------------------------------------------- all of it */

static void *shared_pages(size_t size, int file)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

static apr_status_t unload(void *data)
{
    uapi_isolation *isolation = data;
    uapi_plugin_loaded *loaded = isolation->loaded;

    uapi_plugin_metrics_free(loaded);
    if (loaded->metric_pages) {
        munmap(loaded->metric_pages, uapi_plugin_metrics_size());
    }
    if (isolation->counters) {
        munmap(isolation->counters, sizeof(*isolation->counters));
    }
    if (isolation->object_file >= 0) {
        close(isolation->object_file);
    }
    if (isolation->metrics_file >= 0) {
        close(isolation->metrics_file);
    }
    pthread_mutex_destroy(&isolation->lock);
    pthread_cond_destroy(&isolation->changed);
    pthread_cond_destroy(&isolation->freed);
    return APR_SUCCESS;
}

static uapi_isolation *make(const char *path, const apr_array_header_t *options, const uapi_isolation_limits *limits,
                            apr_pool_t *pool)
{
    uapi_plugin_loaded *loaded = apr_pcalloc(pool, sizeof(*loaded));
    uapi_isolation *made = apr_pcalloc(pool, sizeof(*made));
    pthread_condattr_t monotonic;

    loaded->plugin.path = apr_pstrdup(pool, path);
    loaded->plugin.isolation = made;
    loaded->options = options;
    made->loaded = loaded;
    made->limits.milliseconds = limits && limits->milliseconds ? limits->milliseconds : DEFAULT_MILLISECONDS;
    made->limits.memory = limits && limits->memory ? limits->memory : DEFAULT_MEMORY;
    made->object_file = -1;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &monotonic);
    pthread_cond_init(&made->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    made->metrics_file = memfd_create("uapi-metrics", MFD_CLOEXEC);
    apr_pool_cleanup_register(pool, made, unload, apr_pool_cleanup_null);
    made->counters = shared_pages(sizeof(*made->counters), -1);
    if (made->metrics_file >= 0 && ftruncate(made->metrics_file, (off_t)uapi_plugin_metrics_size()) == 0) {
        loaded->metric_pages = shared_pages(uapi_plugin_metrics_size(), made->metrics_file);
    }
    return made->counters && loaded->metric_pages ? made : NULL;
}

apr_status_t uapi_isolation_load(uapi_plugin **plugin, const char *path, const char *sha256,
                                 const apr_array_header_t *options, const uapi_isolation_limits *limits,
                                 apr_pool_t *pool, uapi_result *result)
{
    uapi_isolation *made = make(path, options, limits, pool);
    uapi_isolation_description description;
    uapi_result inner = {0};
    apr_status_t status;
    const char *why;

    *plugin = NULL;
    if (!made) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "plugin %s: no memory to share", path);
    }
    status = set_object(made, sha256, pool, result);
    if (status == APR_SUCCESS) {
        status = set_program(made, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    why = describe(&description, made, pool, &inner);
    if (!why && stand_in(made, &description, pool, &inner) != APR_SUCCESS) {
        why = inner.detail;
    }
    if (why) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, "plugin %s: %s", path, why);
    }
    *plugin = &made->loaded->plugin;
    return APR_SUCCESS;
}

int uapi_isolation_metric_at(const uapi_isolation *isolation, uint32_t index, uapi_plugin_metric *out)
{
    uapi_isolation_counters *counters = isolation->counters;
    const struct {
        const char *name, *help;
        atomic_uint_fast64_t *value;
    } figures[] = {
        {"isolation_helpers_total", "Helper processes that were started", &counters->helpers},
        {"isolation_deaths_total", "Helper processes that crashed, hung or were killed for what they answered",
         &counters->deaths},
        {"isolation_timeouts_total", "Texts over which the helper process exceeded its time", &counters->timeouts},
        {"isolation_refusals_total", "Texts that no helper process judged, so that they were refused",
         &counters->refusals},
    };

    memset(out, 0, sizeof(*out));
    if (index >= sizeof(figures) / sizeof(figures[0])) {
        return 0;
    }
    out->name = figures[index].name;
    out->help = figures[index].help;
    out->sum = atomic_load_explicit(figures[index].value, memory_order_relaxed);
    return 1;
}
