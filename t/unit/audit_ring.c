/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The ring alone, with the test as the writer: order, laps, a full ring, a damaged file, and producers killed at
 * every single instruction and at random.
 */
#include "audit_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* A fork is slow in a sanitized process. UAPI_TEST_KILLS asks for another number, for a long run by hand. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KILLS 60
#define STRIDE 13
#else
#define KILLS 400
#define STRIDE 1
#endif

typedef struct ring_fixture {
    fixture *f;
    uapi_audit_ring ring;
} ring_fixture;

static int make(void **state)
{
    ring_fixture *r = calloc(1, sizeof(*r));
    void *inner;

    fixture_make(&inner);
    r->f = inner;
    fixture_make_ring(r->f, UAPI_AUDIT_RING_MIN_SIZE);
    assert_int_equal(uapi_audit_ring_open(&r->ring, r->f->ring_path, r->f->pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_audit_ring_map(&r->ring, r->f->pool, NULL), APR_SUCCESS);
    *state = r;
    return 0;
}

static int remove_it(void **state)
{
    ring_fixture *r = *state;
    void *inner = r->f;

    uapi_audit_ring_close(&r->ring);
    free(r);
    return fixture_remove(&inner);
}

static apr_status_t put(uapi_audit_ring *ring, const char *text)
{
    uint64_t end, batch;

    return uapi_audit_ring_put(ring, "acme", 4, text, strlen(text), 0, &end, &batch);
}

static void join(ring_fixture *r)
{
    uapi_result result;

    assert_int_equal(uapi_audit_ring_join(&r->ring, r->f->pool, &result), APR_SUCCESS);
}

static void records_keep_order_over_many_laps(void **state)
{
    ring_fixture *r = *state;
    char text[2000];
    uint64_t position = 0;
    int taken = 0;

    join(r);
    for (int i = 0; i < 5000; i++) {
        uapi_audit_slot slot;

        memset(text, 'x', sizeof(text));
        snprintf(text, sizeof(text), "{\"n\":%d,\"x\":\"%0*d\"}", i, i % 1900 + 1, 0);
        assert_int_equal(put(&r->ring, text), APR_SUCCESS);
        if (i % 7 != 0) {
            continue; /* seven or so stand in the ring at a time */
        }
        while (uapi_audit_ring_look(&r->ring, position, &slot) == UAPI_AUDIT_SLOT_READY) {
            assert_int_equal(strtol(slot.text + 5, NULL, 10), taken++);
            assert_int_equal(slot.tenant_length, 4);
            assert_memory_equal(slot.tenant, "acme", 4);
            position = slot.end;
        }
        uapi_audit_ring_release(&r->ring, position);
        assert_int_equal(uapi_audit_ring_used(&r->ring), 0);
    }
    assert_true(position / r->ring.size > 30);
}

static void full_ring_says_so_and_recovers(void **state)
{
    ring_fixture *r = *state;
    uapi_audit_slot slot;
    int count = 0, again = 0;
    uint64_t position = 0;

    join(r);
    while (put(&r->ring, "{\"n\":1}") == APR_SUCCESS) {
        count++;
    }
    assert_int_equal(count, UAPI_AUDIT_RING_MIN_SIZE / UAPI_AUDIT_RING_LINE);
    assert_int_equal(put(&r->ring, "{\"n\":1}"), APR_EAGAIN);
    assert_int_equal(uapi_audit_ring_used(&r->ring), r->ring.size);
    while (uapi_audit_ring_look(&r->ring, position, &slot) == UAPI_AUDIT_SLOT_READY) {
        position = slot.end;
        again++;
    }
    assert_int_equal(again, count);
    uapi_audit_ring_release(&r->ring, position);
    assert_int_equal(put(&r->ring, "{\"n\":2}"), APR_SUCCESS);
    assert_int_equal(uapi_audit_ring_look(&r->ring, position, &slot), UAPI_AUDIT_SLOT_READY);
}

/* A change to the first slot's bytes or to the header, and what the reader says. */
static void damage_is_seen(void **state)
{
    static const struct {
        size_t at;
        unsigned char value;
        uapi_audit_slot_state expected;
    } cases[] = {
        {0, 0, UAPI_AUDIT_SLOT_DAMAGED},                                         /* state free, but of no lap */
        {0, 9, UAPI_AUDIT_SLOT_DAMAGED},                                         /* an unknown state */
        {0, 1, UAPI_AUDIT_SLOT_CLAIMED},     {1, 0, UAPI_AUDIT_SLOT_DAMAGED},    /* no line long */
        {2, 0xff, UAPI_AUDIT_SLOT_DAMAGED},                                      /* longer than any record */
        {8, 0x55, UAPI_AUDIT_SLOT_DAMAGED},                                      /* the check sum */
        {16, 0xff, UAPI_AUDIT_SLOT_DAMAGED},                                     /* the record's length */
        {19, 0xff, UAPI_AUDIT_SLOT_DAMAGED}, {20, 0, UAPI_AUDIT_SLOT_DAMAGED},   /* the tenant's length */
        {20, 200, UAPI_AUDIT_SLOT_DAMAGED},  {24, 'b', UAPI_AUDIT_SLOT_DAMAGED}, /* the tenant's name */
        {30, 'b', UAPI_AUDIT_SLOT_DAMAGED},                                      /* the text */
    };
    ring_fixture *r = *state;

    join(r);
    assert_int_equal(put(&r->ring, "{\"n\":1}"), APR_SUCCESS);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char before = r->ring.data[cases[i].at];
        uapi_audit_slot slot;

        assert_int_equal(uapi_audit_ring_look(&r->ring, 0, &slot), UAPI_AUDIT_SLOT_READY);
        r->ring.data[cases[i].at] = (char)cases[i].value;
        if (uapi_audit_ring_look(&r->ring, 0, &slot) != cases[i].expected) {
            fail_msg("case %zu", i);
        }
        r->ring.data[cases[i].at] = before;
    }
    /* A producer that finds nonsense where a free word should be must not go on. */
    r->ring.data[64] = 7;
    assert_int_equal(put(&r->ring, "{\"n\":1}"), APR_EINVAL);
    r->ring.data[64] = 0;
    atomic_store(&r->ring.header->tail, 1u << 30);
    assert_int_equal(put(&r->ring, "{\"n\":1}"), APR_EINVAL);
}

static void damaged_files_are_refused(void **state)
{
    static const struct {
        size_t at;
        const char *what;
    } cases[] = {
        {0, "no audit ring"},
        {8, "has version"},
        {12, "damaged"},
        {16, "damaged"},
        {20, "damaged"},
        {offsetof(uapi_audit_ring_header, head), "positions"},
        {offsetof(uapi_audit_ring_header, tail), "positions"},
    };
    ring_fixture *r = *state;
    unsigned char *header = (unsigned char *)r->ring.header;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_audit_ring other;
        uapi_result result = {0};

        header[cases[i].at] ^= 0x5;
        assert_int_equal(uapi_audit_ring_open(&other, r->f->ring_path, r->f->pool, &result), APR_SUCCESS);
        assert_int_not_equal(uapi_audit_ring_map(&other, r->f->pool, &result), APR_SUCCESS);
        if (!strstr(result.detail, cases[i].what)) {
            fail_msg("case %zu: %s", i, result.detail);
        }
        uapi_audit_ring_close(&other);
        header[cases[i].at] ^= 0x5;
    }
    {
        uapi_audit_ring other;
        uapi_result result;

        assert_int_equal(truncate(r->f->ring_path, UAPI_AUDIT_RING_HEADER + 4096), 0);
        assert_int_equal(uapi_audit_ring_open(&other, r->f->ring_path, r->f->pool, &result), APR_SUCCESS);
        assert_int_not_equal(uapi_audit_ring_map(&other, r->f->pool, &result), APR_SUCCESS);
        uapi_audit_ring_close(&other);
    }
}

static void seats_tell_the_living_from_the_dead(void **state)
{
    ring_fixture *r = *state;
    uint32_t seat, generation;
    int gate[2];
    pid_t child;

    assert_false(uapi_audit_ring_is_shared(&r->ring));
    assert_int_equal(pipe(gate), 0);
    if ((child = fork()) == 0) {
        join(r);
        if (write(gate[1], &r->ring.seat, 4) != 4 || write(gate[1], &r->ring.generation, 4) != 4) {
            _exit(1);
        }
        pause();
    }
    assert_int_equal(read(gate[0], &seat, 4), 4);
    assert_int_equal(read(gate[0], &generation, 4), 4);
    assert_true(uapi_audit_ring_is_seated(&r->ring, seat, generation));
    assert_false(uapi_audit_ring_is_seated(&r->ring, seat, generation - 1));
    assert_false(uapi_audit_ring_is_seated(&r->ring, seat + 1, 0 + 1));
    assert_true(uapi_audit_ring_is_shared(&r->ring));
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT); /* a zombie now: kill(child, 0) would still find it */
    assert_int_equal(kill(child, 0), 0);
    assert_false(uapi_audit_ring_is_seated(&r->ring, seat, generation));
    waitpid(child, NULL, 0);
    join(r);
    assert_int_equal(r->ring.seat, seat);
    assert_int_equal(r->ring.generation, generation + 1);
    assert_true(uapi_audit_ring_is_seated(&r->ring, seat, generation + 1));
    close(gate[0]);
    close(gate[1]);
}

/* Runs a child that puts one record in, and kills it after so many instructions. 0: it ended before. */
static int kill_after(ring_fixture *r, const char *text, int steps)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (uapi_audit_ring_join(&r->ring, r->f->pool, NULL) != APR_SUCCESS ||
            ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1) {
            _exit(99);
        }
        raise(SIGSTOP);
        _exit(put(&r->ring, text) == APR_SUCCESS ? 0 : 98);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) {
        return -1; /* tracing is not allowed here */
    }
    for (int i = 0; i < steps; i++) {
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == -1 || waitpid(child, &status, 0) != child) {
            return -1;
        }
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return 0;
        }
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 1;
}

/*
 * A producer killed after each number of instructions leaves nothing, a slot to pass over, or a whole record; never a
 * ring that the next one cannot use. Every instruction between claim and publication is tried (in a sanitized
 * process, which has many more of them, every STRIDEth), and some before and after.
 */
static void a_kill_at_any_instruction_is_harmless(void **state)
{
    ring_fixture *r = *state;
    int outcomes[4] = {0};
    uint64_t position = 0;

    join(r);
    for (int steps = 0, stride;; steps += stride) {
        uapi_audit_slot slot;
        uapi_audit_slot_state found;
        int killed = kill_after(r, "{\"victim\":true,\"filler\":\"0123456789012345678901234567890123456789\"}", steps);

        if (killed == -1) {
            print_message("# processes cannot be traced here; only the random kills below were tried\n");
            skip();
        }
        found = uapi_audit_ring_look(&r->ring, position, &slot);
        outcomes[found]++;
        stride = found == UAPI_AUDIT_SLOT_READY ? 29 : found == UAPI_AUDIT_SLOT_CLAIMED ? STRIDE : 5;
        assert_int_not_equal(found, UAPI_AUDIT_SLOT_DAMAGED);
        if (found == UAPI_AUDIT_SLOT_CLAIMED) {
            assert_false(uapi_audit_ring_is_seated(&r->ring, slot.seat, slot.generation));
        }
        if (!killed) {
            assert_int_equal(found, UAPI_AUDIT_SLOT_READY);
        }
        assert_int_equal(put(&r->ring, "{\"survivor\":true}"), APR_SUCCESS);
        if (found != UAPI_AUDIT_SLOT_NONE) {
            position = slot.end;
        }
        assert_int_equal(uapi_audit_ring_look(&r->ring, position, &slot), UAPI_AUDIT_SLOT_READY);
        assert_memory_equal(slot.text, "{\"survivor\":true}", 17);
        position = slot.end;
        uapi_audit_ring_release(&r->ring, position);
        if (!killed) {
            break;
        }
        assert_true(steps < 100000);
    }
    print_message("# killed before the claim %d, with a slot claimed %d, with the record in %d times\n",
                  outcomes[UAPI_AUDIT_SLOT_NONE], outcomes[UAPI_AUDIT_SLOT_CLAIMED], outcomes[UAPI_AUDIT_SLOT_READY]);
    assert_true(outcomes[UAPI_AUDIT_SLOT_NONE] > 0 && outcomes[UAPI_AUDIT_SLOT_CLAIMED] > 0 &&
                outcomes[UAPI_AUDIT_SLOT_READY] > 0);
}

#define PRODUCERS 4
#define THREADS 2

typedef struct ledger {
    _Atomic uint32_t acknowledged[PRODUCERS * THREADS]; /* by the present process in that place */
    _Atomic uint32_t incarnation[PRODUCERS];
} ledger;

typedef struct produce_args {
    uapi_audit_ring *ring;
    ledger *book;
    int place;
    uint32_t incarnation;
} produce_args;

static void *produce(void *data)
{
    produce_args *args = data;
    char text[700];

    for (uint32_t n = 1;; n++) {
        int length = snprintf(text, sizeof(text), "{\"p\":%d,\"i\":%u,\"n\":%u,\"x\":\"%0*d\"}", args->place,
                              args->incarnation, n, (int)(n * 37 % 500) + 1, 0);
        uint64_t end, batch;
        apr_status_t status;

        while ((status = uapi_audit_ring_put(args->ring, "acme", 4, text, (size_t)length, 0, &end, &batch)) ==
               APR_EAGAIN) {
            sched_yield();
        }
        if (status != APR_SUCCESS) {
            _exit(97);
        }
        atomic_store(&args->book->acknowledged[args->place], n);
    }
    return NULL;
}

static pid_t start_producer(ring_fixture *r, ledger *book, int place)
{
    uint32_t incarnation = atomic_fetch_add(&book->incarnation[place], 1) + 1;
    pid_t child;

    for (int i = 0; i < THREADS; i++) {
        atomic_store(&book->acknowledged[place * THREADS + i], 0);
    }
    if ((child = fork()) == 0) {
        produce_args args[THREADS];
        pthread_t thread;

        if (uapi_audit_ring_join(&r->ring, r->f->pool, NULL) != APR_SUCCESS) {
            _exit(96);
        }
        for (int i = 0; i < THREADS; i++) {
            args[i] = (produce_args){&r->ring, book, place * THREADS + i, incarnation};
        }
        pthread_create(&thread, NULL, produce, &args[1]);
        produce(&args[0]);
    }
    return child;
}

typedef struct consumer {
    uint64_t position;
    uint32_t incarnation[PRODUCERS * THREADS], last[PRODUCERS * THREADS];
    int holes, records;
} consumer;

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void take_record(consumer *c, const uapi_audit_slot *slot)
{
    char text[64];
    int place;
    unsigned incarnation, n;

    snprintf(text, sizeof(text), "%.*s", 60, slot->text);
    assert_int_equal(sscanf(text, "{\"p\":%d,\"i\":%u,\"n\":%u,", &place, &incarnation, &n), 3);
    if (c->incarnation[place] != incarnation) {
        c->incarnation[place] = incarnation;
        c->last[place] = 0;
    }
    assert_int_equal(n, c->last[place] + 1); /* in order, none missing, none twice */
    c->last[place] = n;
    c->records++;
}

/* Takes until it has been empty once. A slot that stays claimed for 5 s jams the ring. */
static void consume(ring_fixture *r, consumer *c, int at_most)
{
    int64_t limit = now() + 5000;
    uapi_audit_slot slot;
    uapi_audit_slot_state found;

    while (at_most > 0 && (found = uapi_audit_ring_look(&r->ring, c->position, &slot)) != UAPI_AUDIT_SLOT_NONE) {
        assert_int_not_equal(found, UAPI_AUDIT_SLOT_DAMAGED);
        if (found == UAPI_AUDIT_SLOT_CLAIMED && !uapi_audit_ring_is_seated(&r->ring, slot.seat, slot.generation)) {
            found = uapi_audit_ring_look(&r->ring, c->position, &slot);
            c->holes += found == UAPI_AUDIT_SLOT_CLAIMED;
        } else if (found == UAPI_AUDIT_SLOT_CLAIMED) {
            assert_true(now() < limit);
            sched_yield();
            continue;
        }
        if (found == UAPI_AUDIT_SLOT_READY) {
            take_record(c, &slot);
        }
        c->position = slot.end;
        at_most--;
        uapi_audit_ring_release(&r->ring, c->position);
    }
}

static void killed_producers_never_jam_the_ring(void **state)
{
    ring_fixture *r = *state;
    const char *wanted = getenv("UAPI_TEST_KILLS");
    int kills = wanted ? atoi(wanted) : KILLS;
    ledger *book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    consumer c = {0};
    pid_t children[PRODUCERS];
    unsigned seed = 1;

    for (int i = 0; i < PRODUCERS; i++) {
        children[i] = start_producer(r, book, i);
    }
    for (int kill_number = 0; kill_number < kills; kill_number++) {
        int victim = (int)(rand_r(&seed) % PRODUCERS);
        uint32_t acknowledged[THREADS];

        consume(r, &c, 200 + (int)(rand_r(&seed) % 400));
        kill(children[victim], SIGKILL);
        waitpid(children[victim], NULL, 0);
        for (int i = 0; i < THREADS; i++) {
            acknowledged[i] = atomic_load(&book->acknowledged[victim * THREADS + i]);
        }
        consume(r, &c, 100000); /* at least all that the dead one put in */
        for (int i = 0; i < THREADS; i++) {
            int place = victim * THREADS + i;
            uint32_t seen = c.incarnation[place] == atomic_load(&book->incarnation[victim]) ? c.last[place] : 0;

            assert_true(seen == acknowledged[i] || seen == acknowledged[i] + 1);
        }
        children[victim] = start_producer(r, book, victim);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    consume(r, &c, 100000);
    print_message("# %d kills, %d slots passed over, %d records\n", kills, c.holes, c.records);
    munmap(book, sizeof(*book));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, remove_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_keep_order_over_many_laps),
        TEST(full_ring_says_so_and_recovers),
        TEST(damage_is_seen),
        TEST(damaged_files_are_refused),
        TEST(seats_tell_the_living_from_the_dead),
        TEST(a_kill_at_any_instruction_is_harmless),
        TEST(killed_producers_never_jam_the_ring),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    atexit(apr_terminate);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
