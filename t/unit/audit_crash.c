/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Processes killed under load, as httpd's children may be: each acknowledged record is in the file exactly once,
 * records of a thread are in its order, and the chain holds.
 */
#include "audit_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define CHILDREN 4
#define THREADS 4
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KILLS 15
#else
#define KILLS 60
#endif
#define MAX_PROCESSES 4096

typedef struct ledger {
    _Atomic int stop;
    _Atomic uint32_t refused;
    _Atomic uint32_t
        acknowledged[MAX_PROCESSES][THREADS]; /* the last number of each thread of each process ever started */
} ledger;

typedef struct work {
    fixture *f;
    ledger *book;
    int process, thread;
    uapi_durability durability;
} work;

static void *append(void *data)
{
    work *w = data;
    char text[800];

    for (uint32_t n = 1; !atomic_load(&w->book->stop); n++) {
        int length = snprintf(text, sizeof(text), "{\"p\":%d,\"t\":%d,\"n\":%u,\"x\":\"%0*d\"}", w->process, w->thread,
                              n, (int)(n * 37 % 600) + 1, 0);
        uapi_result result;

        if (uapi_audit_append(w->f->audit, n % 5 ? "acme" : "other", text, (size_t)length, w->durability, &result) ==
            APR_SUCCESS) {
            atomic_store(&w->book->acknowledged[w->process][w->thread], n);
        } else {
            atomic_fetch_add(&w->book->refused, 1);
            break; /* so that every number up to the acknowledged one must be there */
        }
        if (w->durability == UAPI_DURABILITY_PROCESS) {
            usleep(50);
        }
    }
    return NULL;
}

static pid_t start_child(fixture *f, ledger *book, int process, int mixed)
{
    pid_t child = fork();

    if (child == 0) {
        work works[THREADS];
        pthread_t threads[THREADS];

        fixture_start(f);
        for (int i = 0; i < THREADS; i++) {
            works[i] = (work){f, book, process, i, mixed && i % 2 ? UAPI_DURABILITY_PROCESS : UAPI_DURABILITY_POWER};
            if (mixed == 2) {
                works[i].durability = UAPI_DURABILITY_PROCESS;
            }
            pthread_create(&threads[i], NULL, append, &works[i]);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        fixture_stop(f);
        _exit(0);
    }
    return child;
}

typedef struct tally {
    ledger *book;
    uint32_t last[MAX_PROCESSES][THREADS];
    unsigned char *seen[MAX_PROCESSES][THREADS]; /* NULL or a byte a record */
    uint32_t room[MAX_PROCESSES][THREADS];
    uint64_t records;
} tally;

static int take(void *baton, const uapi_audit_record *record)
{
    tally *t = baton;
    char text[100];
    int process, thread;
    unsigned n;

    snprintf(text, sizeof(text), "%.*s", (int)(record->length < 60 ? record->length : 60), record->text);
    assert_int_equal(sscanf(text, "{\"p\":%d,\"t\":%d,\"n\":%u,", &process, &thread, &n), 3);
    assert_true(n > t->last[process][thread]); /* of one thread, in its order (a chain at a time) */
    t->last[process][thread] = n;
    if (n >= t->room[process][thread]) {
        uint32_t room = (n + 1) * 2;

        t->seen[process][thread] = realloc(t->seen[process][thread], room);
        memset(t->seen[process][thread] + t->room[process][thread], 0, room - t->room[process][thread]);
        t->room[process][thread] = room;
    }
    assert_false(t->seen[process][thread][n]); /* once */
    t->seen[process][thread][n] = 1;
    t->records++;
    return 0;
}

static uint64_t count_missing(const tally *t, int processes)
{
    uint64_t missing = 0;

    for (int p = 0; p < processes; p++) {
        for (int i = 0; i < THREADS; i++) {
            uint32_t acknowledged = atomic_load(&t->book->acknowledged[p][i]);

            for (uint32_t n = 1; n <= acknowledged; n++) {
                missing += n >= t->room[p][i] || !t->seen[p][i][n];
            }
        }
    }
    return missing;
}

static void check_file(fixture *f, ledger *book, int processes, uint64_t kills)
{
    tally *t = calloc(1, sizeof(*t));
    uapi_result result = {0};

    t->book = book;
    fixture_verify(f, "acme");
    assert_int_equal(uapi_audit_visit(f->path, "acme", 1, take, t, f->pool, &result), APR_SUCCESS);
    memset(t->last, 0, sizeof(t->last));
    assert_int_equal(uapi_audit_visit(f->path, "other", 1, take, t, f->pool, &result), APR_SUCCESS);
    assert_int_equal(count_missing(t, processes), 0);
    print_message("# %lu kills, %lu records, %u refused\n", (unsigned long)kills, (unsigned long)t->records,
                  atomic_load(&book->refused));
    assert_true(t->records > 0);
    for (int p = 0; p < processes; p++) {
        for (int i = 0; i < THREADS; i++) {
            free(t->seen[p][i]);
        }
    }
    free(t);
}

static int pick_victim(fixture *f, const pid_t *children, unsigned *seed)
{
    uapi_audit_status status;
    int victim = (int)(rand_r(seed) % CHILDREN);

    uapi_audit_get_status(f->audit, &status);
    for (int i = 0; i < CHILDREN && rand_r(seed) % 4; i++) { /* mostly the writer */
        if (children[i] == status.writer_pid) {
            victim = i;
        }
    }
    return victim;
}

static void kill_under_load(fixture *f, int mixed)
{
    ledger *book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const char *wanted = getenv("UAPI_TEST_KILLS");
    int kills = wanted ? atoi(wanted) : KILLS, processes = 0;
    pid_t children[CHILDREN];
    unsigned seed = (unsigned)mixed + 7;

    fixture_make_ring(f, 1 << 20);
    fixture_open(f, mixed != 2);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = start_child(f, book, processes++, mixed);
    }
    for (int i = 0; i < kills && processes < MAX_PROCESSES; i++) {
        int victim;

        usleep(rand_r(&seed) % 40000);
        victim = pick_victim(f, children, &seed);
        kill(children[victim], SIGKILL);
        waitpid(children[victim], NULL, 0);
        children[victim] = start_child(f, book, processes++, mixed);
    }
    atomic_store(&book->stop, 1);
    for (int i = 0; i < CHILDREN; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    check_file(f, book, processes, (uint64_t)kills);
    munmap(book, sizeof(*book));
}

static void killed_children_with_waiting_callers(void **state)
{
    kill_under_load(*state, 0);
}

static void killed_children_with_both_durabilities(void **state)
{
    kill_under_load(*state, 1);
}

static void killed_children_without_waiting_callers(void **state)
{
    kill_under_load(*state, 2);
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Another takes over before a caller gives up, and soon. */
static void a_dead_writer_is_replaced_quickly(void **state)
{
    fixture *f = *state;
    pid_t children[2];
    uapi_audit_status status;

    fixture_open(f, 1);
    for (int i = 0; i < 2; i++) {
        if ((children[i] = fork()) == 0) {
            fixture_start(f);
            for (;;) {
                pause();
            }
        }
    }
    fixture_start(f);
    for (int i = 0; i < 2; i++) {
        int64_t began;

        do {
            uapi_audit_get_status(f->audit, &status);
            usleep(1000);
        } while (status.writer_pid == 0);
        began = now();
        if (status.writer_pid != getpid()) {
            kill(status.writer_pid, SIGKILL);
            waitpid(status.writer_pid, NULL, 0);
        }
        fixture_append_numbers(f, "acme", i + 1, i + 1, UAPI_DURABILITY_POWER);
        assert_true(now() - began < 300 + 200 /* a loaded machine */);
    }
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    assert_int_equal(fixture_verify(f, "acme"), 2);
}

/* The whole server is killed: what its callers were told is in the ring, and the next start puts it into the file. */
static void a_dead_server_leaves_a_ring_that_is_replayed(void **state)
{
    fixture *f = *state;
    uapi_result result;
    pid_t child;

    fixture_open(f, 0);
    if ((child = fork()) == 0) {
        uapi_audit_ring other;

        /* Somebody else holds the lock, so no writer of this process can empty the ring. */
        if (uapi_audit_ring_open(&other, f->ring_path, f->pool, NULL) != APR_SUCCESS || !uapi_audit_ring_lock(&other)) {
            _exit(1);
        }
        fixture_start(f);
        fixture_append_numbers(f, "acme", 1, 1000, UAPI_DURABILITY_PROCESS);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(fixture_verify(f, "acme"), 0);
    assert_int_equal(fixture_try_open(f, 0, &result), APR_SUCCESS);
    assert_non_null(result.detail);
    assert_non_null(strstr(result.detail, "1000 records"));
    assert_int_equal(fixture_verify(f, "acme"), 1000);
    fixture_open(f, 0);
    assert_int_equal(fixture_verify(f, "acme"), 1000);
}

/* A graceful restart: the parent opens anew while old children write; two generations share the ring. */
static void generations_share_the_ring(void **state)
{
    fixture *f = *state;
    int gate[2];
    char byte = 0;
    pid_t old;

    fixture_open(f, 1);
    assert_int_equal(pipe(gate), 0);
    if ((old = fork()) == 0) {
        fixture_start(f);
        fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
        if (read(gate[0], &byte, 1) != 1) {
            _exit(1);
        }
        fixture_append_numbers(f, "acme", 11, 20, UAPI_DURABILITY_POWER);
        fixture_stop(f);
        _exit(0);
    }
    while (fixture_verify(f, "acme") < 10) {
        usleep(1000);
    }
    fixture_open(f, 1);
    fixture_start(f);
    fixture_append_numbers(f, "acme", 1, 10, UAPI_DURABILITY_POWER);
    assert_int_equal(write(gate[1], &byte, 1), 1);
    waitpid(old, NULL, 0);
    fixture_append_numbers(f, "acme", 11, 20, UAPI_DURABILITY_POWER);
    assert_int_equal(fixture_verify(f, "acme"), 40);
    close(gate[0]);
    close(gate[1]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dead_writer_is_replaced_quickly),
        TEST(a_dead_server_leaves_a_ring_that_is_replayed),
        TEST(generations_share_the_ring),
        TEST(killed_children_with_waiting_callers),
        TEST(killed_children_with_both_durabilities),
        TEST(killed_children_without_waiting_callers),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
