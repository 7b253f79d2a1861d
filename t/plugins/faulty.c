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

static uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, 0, 0, "needle", "A needle with a number"},
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, 0, 0, 0, "pin", NULL},
};

static uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), 0, 0, 0, "needle[0-9]{4}"},
    {sizeof(uapi_pattern), 0, 1, 0, "pin[0-9]{4}"},
};

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    (void)instance;
    *count = fault("no-rules") ? 0 : 2;
    rule_table[1].severity = fault("severity") ? 9 : UAPI_SEVERITY_LOW;
    rule_table[1].id = fault("twice") ? "needle" : fault("rule-name") ? "Pin-Code" : "pin";
    rule_table[1].directions = fault("directions") ? 0 : UAPI_DIRECTION_BOTH;
    rule_table[1].response_action = fault("action") ? UAPI_DEFAULT_BLOCK + 1 : 0;
    rule_table[1].reserved = fault("reserved") ? 1 : 0;
    rule_table[0].size = fault("rule-size") ? 8 : sizeof(uapi_rule);
    return rule_table;
}

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    (void)instance;
    *count = fault("no-patterns") ? 0 : fault("many-patterns") ? 8193 : 2;
    pattern_table[1].regex = fault("no-regex") ? NULL : "pin[0-9]{4}";
    pattern_table[1].flags = fault("flags") ? 0x800 : 0;
    pattern_table[1].rule = fault("rule-index") ? 2 : 1;
    pattern_table[1].views = fault("views") ? 0x100 : 0;
    pattern_table[0].size = fault("stride") ? 8 : sizeof(uapi_pattern);
    pattern_table[1].size = fault("other-stride") ? sizeof(uapi_pattern) + 8 : sizeof(uapi_pattern);
    return pattern_table;
}

static uapi_scanner_1 scanner = {.name = "faulty", .rules = rules, .patterns = patterns};

static const void *get_interface(void *instance, const char *id)
{
    (void)instance;
    if (fault("no-interface") || strcmp(id, UAPI_SCANNER_1) != 0) {
        return NULL;
    }
    scanner.name = fault("scanner-name") ? "Not A Name" : "faulty";
    scanner.rules = fault("no-rules-function") ? NULL : rules;
    scanner.patterns = fault("no-patterns-function") ? NULL : patterns;
    scanner.state_size = fault("state") ? 65537 : 0;
    scanner.scan_views = fault("scan-views") ? 0x100 : 0;
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
    if (fault("older-major")) {
        descriptor.abi_major = UAPI_ABI_MAJOR - 1;
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
