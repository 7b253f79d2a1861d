/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What is left to a helper: its memory, the time, the descriptors that it was given, and for a while reading. The filters
 * are lists of what is allowed; everything else fails with EPERM, so that a library which tries something it can do without
 * goes on. What newer systems replace older calls with fails with ENOSYS, upon which libraries use the older one.
 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define MOST_FILES 64

/* ---------------------------------------------------------------- inheritance */

static void close_the_rest(void)
{
    int number, last = (int)sysconf(_SC_OPEN_MAX);

    if (syscall(SYS_close_range, UAPI_ISOLATION_FIRST_FREE, ~0U, 0) == 0) {
        return;
    }
    for (number = UAPI_ISOLATION_FIRST_FREE; number < last; number++) {
        close(number);
    }
}

static int drop_root(unsigned user, unsigned group)
{
    if (geteuid() != 0) {
        return 1;
    }
    return user != 0 && group != 0 && setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 &&
           setresuid(user, user, user) == 0 && setuid(0) != 0;
}

int uapi_host_settle(pid_t parent, unsigned user, unsigned group)
{
    close_the_rest();
    /* In this order: a change of the user would clear the signal, and the parent may be gone already. */
    return drop_root(user, group) && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
           prctl(PR_SET_DUMPABLE, 0) == 0 && chdir("/") == 0;
}

/* ---------------------------------------------------------------- limits */

/* What is mapped already, such as the memory that is shared, is not the plugin's to pay for. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file) {
        if (fscanf(file, "%lu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static int limit(int resource, rlim_t most)
{
    const struct rlimit both = {most, most};
    struct rlimit now;

    return setrlimit(resource, &both) == 0 || (getrlimit(resource, &now) == 0 && now.rlim_max <= most);
}

static int set_limits(size_t memory)
{
    rlim_t mapped = address_space();

    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, MOST_FILES) &&
           limit(RLIMIT_NPROC, 0) && limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) &&
           (SANITIZED || (mapped > 0 && limit(RLIMIT_AS, mapped + memory)));
}

/* ---------------------------------------------------------------- files */

/* Rights over files that each version of Landlock knows. */
static uint64_t rights_known(long version)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

    rights |= version >= 2 ? UINT64_C(1) << 13 : 0; /* REFER */
    rights |= version >= 3 ? UINT64_C(1) << 14 : 0; /* TRUNCATE */
    rights |= version >= 5 ? UINT64_C(1) << 15 : 0; /* IOCTL_DEV */
    return rights;
}

static void may_read(int rules, const char *path)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};
    int file = open(path, O_PATH | O_CLOEXEC), directory = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);

    if (directory >= 0) {
        beneath.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
        close(directory);
    }
    if (file >= 0) {
        beneath.parent_fd = file;
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
        close(file);
    }
}

/* A kernel without Landlock is told of where the plugin is configured (uapi_isolation_shortcoming). */
static int confine_reading(const char *plugin_path)
{
    static const char *const places[] = {
        "/lib",           "/lib64",    "/usr/lib",     "/usr/lib64",          "/usr/local/lib", "/etc/ld.so.cache",
        "/etc/localtime", "/dev/null", "/dev/urandom", "/usr/share/zoneinfo",
    };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr handled = {0};
    char *folder;
    int rules, confined;

    if (version < 1) {
        return 1;
    }
    handled.handled_access_fs = rights_known(version);
    rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (rules < 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        may_read(rules, places[i]);
    }
    folder = strdup(plugin_path);
    if (folder && strrchr(folder, '/') > folder) {
        *strrchr(folder, '/') = '\0';
        may_read(rules, folder);
    }
    free(folder);
    confined = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return confined;
}

/* ---------------------------------------------------------------- calls */

/* Whatever the arguments. A name that this machine's libseccomp or architecture lacks is left out. */
static const char *const always[] = {
    "read",
    "readv",
    "write",
    "close",
    "fstat",
    "lseek",
    "poll",
    "ppoll", /* on what is open */
    "mmap",
    "mmap2",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "brk",
    "membarrier",
    "futex",
    "sched_yield",
    "sched_getaffinity",
    "set_robust_list",
    "set_tid_address",
    "rseq",
    "arch_prctl",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigreturn",
    "sigaltstack",
    "restart_syscall",
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrandom",
    "getrusage",
    "getrlimit",
    "ugetrlimit",
    "times",
    "uname",
    "sysinfo",
    "exit",
    "exit_group",
};

/* While it is loaded and created, besides. */
static const char *const at_first[] = {
    "stat",     "lstat",      "newfstatat", "fstatat64", "statx",   "access",  "faccessat",
    "readlink", "readlinkat", "getdents64", "getcwd",    "pread64", "seccomp",
};

static const char *const unknown[] = {"clone3", "openat2", "faccessat2", "close_range"};

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int call = seccomp_syscall_resolve_name(names[i]);

        if (call != __NR_SCMP_ERROR && call >= 0 && seccomp_rule_add(filter, action, call, 0) != 0) {
            return 0;
        }
    }
    return 1;
}

#define ADD_NAMES(filter, action, names) add_names(filter, action, names, sizeof(names) / sizeof((names)[0]))
#define ALLOW(filter, ...) (seccomp_rule_add(filter, SCMP_ACT_ALLOW, __VA_ARGS__) == 0)
/* Of what opening may ask for, any that writes. */
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)
/* Of an argument. */
#define IS(number, value) ((struct scmp_arg_cmp){number, SCMP_CMP_EQ, (scmp_datum_t)(value), 0})
#define READS(number) ((struct scmp_arg_cmp){number, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY})

/* abort() signals itself; names of threads and of memory are harmless; limits of its own can be read. */
static int allow_some(scmp_filter_ctx filter)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();

    return ALLOW(filter, SCMP_SYS(tgkill), 1, IS(0, self)) && ALLOW(filter, SCMP_SYS(kill), 1, IS(0, self)) &&
           ALLOW(filter, SCMP_SYS(prctl), 1, IS(0, PR_SET_NAME)) &&
           ALLOW(filter, SCMP_SYS(prlimit64), 2, IS(0, 0), IS(2, 0)) &&
           ALLOW(filter, SCMP_SYS(fcntl), 1, IS(1, F_GETFD)) && ALLOW(filter, SCMP_SYS(fcntl), 1, IS(1, F_SETFD)) &&
           ALLOW(filter, SCMP_SYS(fcntl), 1, IS(1, F_GETFL));
}

static int allow_reading(scmp_filter_ctx filter)
{
    return ADD_NAMES(filter, SCMP_ACT_ALLOW, at_first) && ALLOW(filter, SCMP_SYS(openat), 1, READS(2)) &&
           (SCMP_SYS(open) < 0 || ALLOW(filter, SCMP_SYS(open), 1, READS(1))) &&
           ALLOW(filter, SCMP_SYS(prctl), 1, IS(0, PR_SET_SECCOMP));
}

static int set_filter(int reading)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int set;

    if (!filter) {
        return 0;
    }
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); /* that is done, and may not be done again */
    set = ADD_NAMES(filter, SCMP_ACT_ALLOW, always) && ADD_NAMES(filter, SCMP_ACT_ERRNO(ENOSYS), unknown) &&
          allow_some(filter) && (!reading || allow_reading(filter)) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return set;
}

const char *uapi_host_confine(size_t memory, const char *plugin_path)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return "no_new_privs";
    }
    if (!set_limits(memory)) {
        return "limits";
    }
    if (!confine_reading(plugin_path)) {
        return "Landlock";
    }
    return set_filter(1) ? NULL : "seccomp";
}

const char *uapi_host_confine_further(void)
{
    return set_filter(0) ? NULL : "seccomp";
}
