/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A scanner with one pattern, "needle", that does wrong what the environment variable UAPI_TEST_FAULT names, and is in
 * order without it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uapi_plugin.h"

static int fault(const char *name)
{
    const char *asked = getenv("UAPI_TEST_FAULT");

    return asked && strcmp(asked, name) == 0;
}

static void *create(const uapi_host *host)
{
    static int instance;

    if (fault("crash")) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (fault("abort")) {
        signal(SIGABRT, SIG_DFL);
        raise(SIGABRT);
    }
    if (fault("hang")) {
        for (;;) {
            sleep(60);
        }
    }
    if (fault("exit")) {
        _exit(7);
    }
    if (fault("refuse")) {
        static const char why[] = "no licence on this machine";
        const uapi_host_log_1 *log = host->get_service(host, UAPI_HOST_LOG_1);

        log->write(host, UAPI_LOG_ERROR, (uapi_string){why, sizeof(why) - 1});
        return NULL;
    }
    if (host->get_service(host, "uapi.host.none/1")) {
        return NULL;
    }
    return &instance;
}

static int32_t start(void *instance)
{
    (void)instance;
    return fault("start") ? 3 : 0;
}

static void stop(void *instance)
{
    (void)instance;
}

static void destroy(void *instance)
{
    (void)instance;
    if (fault("crash-destroy")) {
        signal(SIGBUS, SIG_DFL);
        raise(SIGBUS);
    }
}

static uapi_pattern table[] = {
    {sizeof(uapi_pattern), 0, UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, "needle", "needle[0-9]{4}"},
    {sizeof(uapi_pattern), 0, UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, "pin", "pin[0-9]{4}"},
};

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    (void)instance;
    *count = fault("no-patterns") ? 0 : 2;
    table[1].severity = fault("severity") ? 9 : UAPI_SEVERITY_LOW;
    table[1].rule = fault("twice") ? "needle" : fault("rule-name") ? "Pin-Code" : "pin";
    table[1].regex = fault("no-regex") ? NULL : "pin[0-9]{4}";
    table[1].flags = fault("flags") ? 0x800 : 0;
    table[1].directions = fault("directions") ? 0 : UAPI_DIRECTION_BOTH;
    table[0].size = fault("stride") ? 8 : sizeof(uapi_pattern);
    return table;
}

static uapi_scanner_1 scanner = {"faulty", patterns, NULL};

static const void *get_interface(void *instance, const char *id)
{
    (void)instance;
    if (fault("no-interface") || strcmp(id, UAPI_SCANNER_1) != 0) {
        return NULL;
    }
    scanner.name = fault("scanner-name") ? "Not A Name" : "faulty";
    scanner.patterns = fault("no-patterns-function") ? NULL : patterns;
    return &scanner;
}

static uapi_plugin_descriptor descriptor = {
    sizeof(descriptor),
    UAPI_PLUGIN_MAGIC,
    UAPI_ABI_MAJOR,
    UAPI_ABI_MINOR,
    "org.example.faulty",
    "Faulty",
    "1.0",
    "mod_uapi",
    create,
    start,
    stop,
    destroy,
    get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    if (fault("no-descriptor")) {
        return NULL;
    }
    if (fault("magic")) {
        descriptor.magic = UINT32_C(0xdeadbeef);
    }
    if (fault("httpd-magic")) {
        descriptor.magic = UINT32_C(0x41503234);
    }
    if (fault("major")) {
        descriptor.abi_major = UAPI_ABI_MAJOR + 1;
    }
    if (fault("newer-minor")) {
        descriptor.host_minor_min = UAPI_ABI_MINOR + 1;
    }
    if (fault("older-minor")) {
        descriptor.host_minor_min = UAPI_ABI_MINOR - 1;
    }
    if (fault("small")) {
        descriptor.size = 24;
    }
    if (fault("id")) {
        descriptor.id = "Faulty";
    }
    if (fault("no-create")) {
        descriptor.create = NULL;
    }
    return &descriptor;
}
