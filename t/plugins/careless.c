/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A scanner that loads and breaks its contract afterwards, in the way that its option `fault` names: what uapi-plugin-check
 * is to find. Without the option it is in order.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uapi_plugin.h"

typedef struct instance {
    const char *fault;
    char last[8]; /* of all threads: what a race is about */
    pthread_t thread;
    volatile int stopping;
} instance;

static int has(const instance *self, const char *fault)
{
    return strcmp(self->fault, fault) == 0;
}

static void *create(const uapi_host *host)
{
    const uapi_host_config_1 *config = host->get_service(host, UAPI_HOST_CONFIG_1);
    instance *self = calloc(1, sizeof(*self));

    self->fault = config->get(host, "fault") ? config->get(host, "fault") : "";
    if (has(self, "environment")) {
        setenv("CARELESS", "1", 1);
    }
    return self;
}

static void *idle(void *data)
{
    const instance *self = data;

    while (!self->stopping) {
        usleep(1000);
    }
    return NULL;
}

static int32_t start(void *data)
{
    instance *self = data;

    if (has(self, "thread") || has(self, "joined")) {
        pthread_create(&self->thread, NULL, idle, self);
    }
    if (has(self, "file")) {
        open("/dev/null", O_RDONLY);
    }
    return 0;
}

static void stop(void *data)
{
    instance *self = data;

    if (has(self, "joined")) {
        self->stopping = 1;
        pthread_join(self->thread, NULL);
    }
}

static void destroy(void *data)
{
    instance *self = data;

    if (!has(self, "leak-life") && !has(self, "thread")) {
        free(self);
    }
}

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, 0, 0, 0, "token", "A token"},
};

static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), 0, 0, 0, "tok_[0-9a-f]{8}"},
};

static const uapi_rule *rules(void *data, uint32_t *count)
{
    (void)data;
    *count = 1;
    return rule_table;
}

static const uapi_pattern *patterns(void *data, uint32_t *count)
{
    (void)data;
    *count = 1;
    return pattern_table;
}

/* Judges by what it has put where all threads put theirs. */
static int race(instance *self, const char *digits)
{
    unsigned sum = 0;
    int i;

    memcpy(self->last, digits, 8);
    for (i = 0; i < 2000; i++) {
        sum += (unsigned char)((volatile char *)self->last)[i % 8];
        if (i == 1000) {
            sched_yield(); /* so that it shows on a busy machine, too */
        }
    }
    memcpy(self->last, digits + sum % 1, 8);
    return sum % 3 == 0;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    instance *self = data;
    const char *text = candidate->text.data;
    size_t i;

    (void)state;
    if (has(self, "range")) {
        finding->to = candidate->text.length + 1;
    } else if (has(self, "rule")) {
        finding->rule = 1;
    } else if (has(self, "answer")) {
        return 7;
    } else if (has(self, "overread")) {
        return ((const volatile char *)text)[candidate->text.length] != 'x';
    } else if (has(self, "crash")) {
        abort();
    } else if (has(self, "leak-text")) {
        return malloc(64) != NULL;
    } else if (has(self, "race")) {
        return race(self, text + candidate->from + 4);
    } else if (has(self, "quadratic")) {
        size_t ends = 0;

        for (i = 0; i < candidate->text.length; i++) {
            ends += ((const volatile char *)text)[i] == '\n';
        }
        return ends < 1000000;
    }
    return 1;
}

static const uapi_scanner_1 scanner = {.name = "careless", .rules = rules, .patterns = patterns, .verify = verify};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = UAPI_ABI_MINOR,
    .id = "org.example.careless",
    .name = "Careless",
    .version = "1.0",
    .vendor = "mod_uapi",
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .get_interface = get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    return &descriptor;
}
