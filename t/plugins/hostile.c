/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A scanner that means harm, for tests of isolation=process. "ACT:<word>" in a text has it do what the word says (the table
 * at the end); `in_create=<word>`, `in_start=`, `in_stop=` and `in_destroy=` have it do so there. Where it is held back it goes on:
 * as rule `held`, or, where it got through, `escaped`. It also does honest work: "ACT:find" is a finding with a reason, and
 * its `scan` reports each "MARK". `secret=<path>` is a file that it should not be able to read, `target=<path>` one to make.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi_plugin.h"

enum { FOUND, HELD, ESCAPED, MARKED, RULES };

typedef struct instance {
    const uapi_host *host;
    const uapi_host_log_1 *log;
    const uapi_host_metrics_1 *metrics;
    const char *secret, *target, *in_start, *in_stop, *in_destroy;
    uapi_metric *marks;
} instance;

static const instance *self; /* for the acts */
static const uapi_sink *sink_at_hand;

/* ---------------------------------------------------------------- faults: none of these comes back to tell */

static int act_crash(void)
{
    volatile int *nowhere = NULL;

    return *nowhere;
}

static int act_abort(void)
{
    abort();
}

static int act_exit(void)
{
    exit(3);
}

static int act_hang(void)
{
    while (getpid() > 0) {
        usleep(100000);
    }
    return 0;
}

static int act_spin(void)
{
    volatile int on = 1;

    while (on) {
    }
    return 0;
}

static int act_stack(void)
{
    static volatile int depth;
    volatile char room[65536];

    room[0] = (char)++depth;
    return depth > 0 ? act_stack() + room[0] : 0;
}

/* All that it can have, and beyond: 1 if there was more than half a gigabyte. */
static int act_bomb(void)
{
    size_t had = 0;
    char *more;

    while (had < (size_t)512 << 20 && (more = malloc(1 << 20)) != NULL) {
        memset(more, 1, 1 << 20);
        had += 1 << 20;
    }
    return had >= (size_t)512 << 20;
}

/* ---------------------------------------------------------------- faults: what the server reads */

static int say(const void *bytes, size_t length)
{
    return write(3, bytes, length) < 0;
}

static int act_short_packet(void)
{
    return say("x", 1);
}

static int act_long_packet(void)
{
    return say("a packet that is much too long to be an answer", 47);
}

static int act_other_packet(void)
{
    const uint32_t packet[4] = {0, 77777, 16, 0};

    return say(packet, sizeof(packet));
}

static int act_huge_packet(void)
{
    uint32_t packet[4] = {0, 0, 0xffffffff, 0xffffffff};
    uint32_t sequence;

    for (sequence = 1; sequence < 100; sequence++) {
        packet[1] = sequence;
        say(packet, sizeof(packet));
    }
    return 0;
}

static int act_close_control(void)
{
    return close(3);
}

static int act_close_log(void)
{
    return close(6);
}

/* The head of the answer is where the host's own sink points to: see uapi-plugin-host. */
static uint32_t *answer_head(void)
{
    return sink_at_hand ? *(uint32_t **)sink_at_hand->context : NULL;
}

static int act_many_findings(void)
{
    uint32_t *head = answer_head();

    if (head) {
        head[3] = 0xfffffff0;
    }
    return 0;
}

static int act_unjudged(void)
{
    uint32_t *head = answer_head();

    if (head) {
        head[2] += 7;
    }
    return 0;
}

static int act_scribble(void)
{
    uint32_t *head = answer_head();

    if (head) {
        memset(head + 4, 0xff, 4096);
        head[3] = 4096 / 168;
    }
    return 0;
}

static int act_no_rule(void)
{
    const uapi_finding finding = {.size = sizeof(finding), .from = 0, .to = 1, .rule = 99};

    return sink_at_hand ? sink_at_hand->report(sink_at_hand, &finding) * 0 : 0;
}

static int act_no_range(void)
{
    const uapi_finding finding = {.size = sizeof(finding), .from = 5, .to = (size_t)1 << 40, .rule = FOUND};

    return sink_at_hand ? sink_at_hand->report(sink_at_hand, &finding) * 0 : 0;
}

static int act_flood(void)
{
    int i;

    for (i = 0; i < 20000; i++) {
        self->log->write(self->host, UAPI_LOG_ERROR, (uapi_string){"flood", 5});
    }
    return 0;
}

/* ---------------------------------------------------------------- what it must be held back from: 1 is an escape */

static int act_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
           socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static int act_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    int file;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (file = 0; file < 64; file++) {
        if (connect(file, (struct sockaddr *)&address, sizeof(address)) == 0 ||
            sendto(file, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) >= 0 || listen(file, 1) == 0) {
            return 1;
        }
    }
    return 0;
}

static int act_exec(void)
{
    char *const arguments[] = {"/bin/true", NULL};

    execv("/bin/true", arguments);
    return execveat(-1, "/bin/true", arguments, arguments + 1, 0) == 0;
}

static int act_fork(void)
{
    pid_t child = fork();

    if (child == 0) {
        _exit(0);
    }
    return child > 0 || vfork() > 0;
}

static void *do_nothing(void *data)
{
    return data;
}

static int act_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, do_nothing, NULL) == 0;
}

static int act_write(void)
{
    const char *path = self->target ? self->target : "/tmp/uapi-hostile";

    return open(path, O_WRONLY | O_CREAT, 0600) >= 0 || open(path, O_RDWR) >= 0 ||
           open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0 || creat(path, 0600) >= 0 || mkdir(path, 0700) == 0 ||
           unlink(path) == 0 || symlink("/", path) == 0 || rename(path, "/tmp/uapi-hostile-2") == 0 ||
           truncate(path, 0) == 0 || chmod(path, 0777) == 0;
}

static int act_read(void)
{
    char path[64];
    int file;

    snprintf(path, sizeof(path), "/proc/%ld/mem", (long)getppid());
    if ((file = open(path, O_RDONLY)) >= 0 || (self->secret && (file = open(self->secret, O_RDONLY)) >= 0)) {
        return 1;
    }
    snprintf(path, sizeof(path), "/proc/%ld/environ", (long)getppid());
    return open(path, O_RDONLY) >= 0 || open("/etc/passwd", O_RDONLY) >= 0;
}

static int act_peek(void)
{
    char here[8];
    struct iovec to = {here, sizeof(here)}, from = {(void *)(uintptr_t)self, sizeof(here)};

    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 || process_vm_readv(getppid(), &to, 1, &from, 1, 0) >= 0;
}

static int act_kill(void)
{
    return kill(getppid(), 0) == 0 || kill(1, 0) == 0 || kill(-1, 0) == 0 || kill(getppid(), SIGTERM) == 0;
}

/* Anything that it was not given: 3 and 6 are sockets of the server's. */
static int act_inherited(void)
{
    int file;

    for (file = 3; file < 1024; file++) {
        if (file != 3 && file != 6 && fcntl(file, F_GETFD) >= 0) {
            return 1;
        }
    }
    return write(1, "x", 1) != 1 || write(2, "x", 1) != 1 || clearenv() != 0;
}

static int act_environment(void)
{
    extern char **environ;

    return environ != NULL && environ[0] != NULL;
}

static int act_root(void)
{
    return getuid() == 0 || geteuid() == 0 || setuid(0) == 0;
}

static int act_limits(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};

    return setrlimit(RLIMIT_AS, &more) == 0 || nice(-5) == -5;
}

/* Memory that the server wrote for it. */
static int act_overwrite(const uapi_text *text)
{
    uintptr_t page = (uintptr_t)text->bytes.data & ~(uintptr_t)4095;

    return mprotect((void *)page, 4096, PROT_READ | PROT_WRITE) == 0;
}

static const struct {
    const char *word;
    int (*act)(void);
} acts[] = {
    {"crash", act_crash},
    {"abort", act_abort},
    {"exit", act_exit},
    {"hang", act_hang},
    {"spin", act_spin},
    {"stack", act_stack},
    {"bomb", act_bomb},
    {"short_packet", act_short_packet},
    {"long_packet", act_long_packet},
    {"other_packet", act_other_packet},
    {"huge_packet", act_huge_packet},
    {"close_control", act_close_control},
    {"close_log", act_close_log},
    {"many_findings", act_many_findings},
    {"unjudged", act_unjudged},
    {"scribble", act_scribble},
    {"no_rule", act_no_rule},
    {"no_range", act_no_range},
    {"flood", act_flood},
    {"socket", act_socket},
    {"connect", act_connect},
    {"exec", act_exec},
    {"fork", act_fork},
    {"thread", act_thread},
    {"write", act_write},
    {"read", act_read},
    {"peek", act_peek},
    {"kill", act_kill},
    {"inherited", act_inherited},
    {"environment", act_environment},
    {"root", act_root},
    {"limits", act_limits},
};

/* The rule that says what came of it. */
static uint32_t act(const char *word, size_t length)
{
    size_t i;

    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strlen(acts[i].word) == length && memcmp(acts[i].word, word, length) == 0) {
            return acts[i].act() ? ESCAPED : HELD;
        }
    }
    return FOUND;
}

/* ---------------------------------------------------------------- the plugin */

static const uapi_rule rule_table[RULES] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, 0, 0, "found", "What was looked for"},
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_LOG, UAPI_DEFAULT_LOG, 0, "held", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_CRITICAL, UAPI_DIRECTION_BOTH, 0, UAPI_DEFAULT_BLOCK, 0, "escaped", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_MEDIUM, UAPI_DIRECTION_BOTH, 0, 0, 0, "marked", NULL},
};

static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), UAPI_PATTERN_OTHER_RULES, FOUND, UAPI_VIEW_PLAIN, "ACT:[a-z_]{1,32};"},
};

static void *create(const uapi_host *host)
{
    const uapi_host_config_1 *config = host->get_service(host, UAPI_HOST_CONFIG_1);
    instance *made = calloc(1, sizeof(*made));
    const char *in_create;

    if (!made) {
        return NULL;
    }
    made->host = host;
    made->log = host->get_service(host, UAPI_HOST_LOG_1);
    made->metrics = host->get_service(host, UAPI_HOST_METRICS_1);
    made->secret = config->get(host, "secret");
    made->target = config->get(host, "target");
    in_create = config->get(host, "in_create");
    made->in_start = config->get(host, "in_start");
    made->in_stop = config->get(host, "in_stop");
    made->in_destroy = config->get(host, "in_destroy");
    made->marks = made->metrics->counter(host, "marks_total", "Marks that were seen");
    self = made;
    if (in_create && act(in_create, strlen(in_create)) == ESCAPED) {
        made->log->write(host, UAPI_LOG_ERROR, (uapi_string){"escaped in create", 17});
        free(made);
        return NULL;
    }
    return made;
}

static int32_t start(void *data)
{
    const instance *mine = data;

    return mine->in_start && act(mine->in_start, strlen(mine->in_start)) == FOUND ? 9 : 0;
}

static void stop(void *data)
{
    const instance *mine = data;

    if (mine->in_stop) {
        act(mine->in_stop, strlen(mine->in_stop));
    }
}

static void destroy(void *data)
{
    const instance *mine = data;

    if (mine->in_destroy) {
        act(mine->in_destroy, strlen(mine->in_destroy));
    }
    free(data);
}

static const uapi_rule *rules(void *data, uint32_t *count)
{
    (void)data;
    *count = RULES;
    return rule_table;
}

static const uapi_pattern *patterns(void *data, uint32_t *count)
{
    (void)data;
    *count = sizeof(pattern_table) / sizeof(pattern_table[0]);
    return pattern_table;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *word = candidate->text.data + candidate->from + 4;
    size_t length = candidate->to - candidate->from - 5;

    (void)data, (void)state;
    if (length == 9 && memcmp(word, "overwrite", 9) == 0) {
        finding->rule = act_overwrite(candidate->in) ? ESCAPED : HELD;
    } else if (length == 3 && memcmp(word, "not", 3) == 0) {
        return UAPI_NOT_FOUND;
    } else {
        finding->rule = act(word, length);
    }
    finding->why = finding->rule == FOUND ? "it was asked to" : NULL;
    return UAPI_FOUND;
}

/* "IN SCAN:<word>;" acts here, where there is a sink. */
static int32_t scan(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    const instance *mine = data;
    const char *at = text->bytes.data, *end = at + text->bytes.length, *word;
    uapi_finding finding = {.size = sizeof(finding), .rule = MARKED};

    (void)state;
    sink_at_hand = sink;
    if ((word = memmem(at, (size_t)(end - at), "IN SCAN:", 8)) != NULL) {
        const char *over = memchr(word, ';', (size_t)(end - word));

        act(word + 8, over ? (size_t)(over - word - 8) : 0);
    }
    sink_at_hand = NULL;
    while ((at = memmem(at, (size_t)(end - at), "MARK", 4)) != NULL) {
        finding.from = (size_t)(at - text->bytes.data);
        finding.to = finding.from + 4;
        mine->metrics->add(mine->marks, 1);
        if (sink->report(sink, &finding) != 0) {
            return 0;
        }
        at += 4;
    }
    return 0;
}

static const uapi_scanner_1 scanner = {
    .name = "hostile",
    .state_size = 64,
    .rules = rules,
    .patterns = patterns,
    .verify = verify,
    .scan = scan,
};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = 0,
    .id = "org.example.hostile",
    .name = "Hostile",
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
