/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Compiled patterns in files: what is stored is read again, what changes is another file, and whatever is wrong with one, the
 * patterns are compiled, it is told, and the next start has a good one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../mod_uapi/core/pattern_cache.h"

static char base[64], folder[128], file[512];
static char told[1024]; /* letters of the events, and what was said last */
static char said[1024];

static void listen_to(void *baton, uapi_pattern_cache_event event, const char *detail)
{
    static const char letters[] = {[UAPI_PATTERN_CACHE_READ] = 'r',
                                   [UAPI_PATTERN_CACHE_STORED] = 's',
                                   [UAPI_PATTERN_CACHE_IGNORED] = 'i',
                                   [UAPI_PATTERN_CACHE_UNSTORED] = 'u'};

    assert_ptr_equal(baton, folder);
    snprintf(told + strlen(told), 2, "%c", letters[event]);
    snprintf(said, sizeof(said), "%s", detail);
}

static int count_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)id, (void)from, (void)to, (void)flags;
    ++*(int *)context;
    return 0;
}

/* Compiles or reads, and sees that it works. */
static const char *compile(const char *first, unsigned flags)
{
    const char *regex[] = {first, "second[0-9]{3}"};
    unsigned all_flags[] = {flags, HS_FLAG_SOM_LEFTMOST}, ids[] = {0, 1};
    const uapi_expressions expressions = {regex, all_flags, ids, 2};
    hs_compile_error_t *error;
    hs_scratch_t *scratch = NULL;
    hs_database_t *database;
    int count = 0;

    told[0] = said[0] = '\0';
    assert_int_equal(uapi_pattern_cache_compile(&expressions, &database, &error), HS_SUCCESS);
    assert_int_equal(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
    assert_int_equal(hs_scan(database, "a first, second123", 18, 0, scratch, count_match, &count), HS_SUCCESS);
    assert_int_equal(count, 2);
    hs_free_scratch(scratch);
    hs_free_database(database);
    return told;
}

static const char *usual(void)
{
    return compile("first", HS_FLAG_SOM_LEFTMOST);
}

/* How many files there are; `file` becomes the path of one. */
static int files(void)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    int count = 0;

    while (stream && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) {
            snprintf(file, sizeof(file), "%s/%s", folder, entry->d_name);
            count++;
        }
    }
    if (stream) {
        closedir(stream);
    }
    return count;
}

static int empty(void **state)
{
    (void)state;
    if (files() >= 0) {
        chmod(folder, 0700);
    }
    while (files() > 0) {
        assert_int_equal(unlink(file), 0);
    }
    rmdir(folder);
    unlink(folder);
    uapi_pattern_cache_use(folder, listen_to, folder);
    return 0;
}

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/uapi-cache-XXXXXX");
    assert_non_null(mkdtemp(base));
    snprintf(folder, sizeof(folder), "%s/patterns", base);
    return 0;
}

static int remove_base(void **state)
{
    empty(state);
    uapi_pattern_cache_use(NULL, NULL, NULL);
    return rmdir(base);
}

/* ------------------------------------------------------------- good files */

static void reads_what_it_stored(void **state)
{
    struct stat info;

    (void)state;
    assert_string_equal(usual(), "s");
    assert_int_equal(files(), 1);
    assert_non_null(strstr(said, strrchr(file, '/')));
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_string_equal(usual(), "r");
    assert_int_equal(files(), 1);
}

static void keeps_nothing_unless_told(void **state)
{
    (void)state;
    uapi_pattern_cache_use(NULL, listen_to, folder);
    assert_string_equal(usual(), "");
    assert_int_equal(access(folder, F_OK), -1);
}

static void another_input_is_another_file(void **state)
{
    (void)state;
    assert_string_equal(usual(), "s");
    assert_string_equal(compile("firs.", HS_FLAG_SOM_LEFTMOST), "s");
    assert_string_equal(compile("first", HS_FLAG_SOM_LEFTMOST | HS_FLAG_CASELESS), "s");
    assert_int_equal(files(), 3);
    assert_string_equal(usual(), "r");
}

static void faulty_patterns_leave_nothing(void **state)
{
    const char *regex[] = {"(", "x"};
    unsigned flags[] = {0, 0}, ids[] = {0, 1};
    const uapi_expressions expressions = {regex, flags, ids, 2};
    hs_compile_error_t *error;
    hs_database_t *database;

    (void)state;
    told[0] = '\0';
    assert_int_equal(uapi_pattern_cache_compile(&expressions, &database, &error), HS_COMPILER_ERROR);
    assert_int_equal(error->expression, 0);
    hs_free_compile_error(error);
    assert_string_equal(told, "");
    assert_int_equal(files(), 0);
}

static void drops_what_was_not_used(void **state)
{
    struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    char first[sizeof(file)], left_over[sizeof(file) + 32];

    (void)state;
    assert_string_equal(usual(), "s");
    files();
    snprintf(first, sizeof(first), "%s", file);
    utimensat(AT_FDCWD, first, long_ago, 0);
    snprintf(left_over, sizeof(left_over), "%s/.%s.17", folder, strrchr(first, '/') + 1);
    close(open(left_over, O_CREAT | O_WRONLY, 0600));
    utimensat(AT_FDCWD, left_over, long_ago, 0);
    for (int i = 0; i < 16; i++) {
        char regex[32];

        snprintf(regex, sizeof(regex), "first|x%dy", i);
        assert_string_equal(compile(regex, HS_FLAG_SOM_LEFTMOST), "s");
    }
    assert_int_equal(files(), 16);
    assert_int_equal(access(first, F_OK), -1);
    assert_int_equal(access(left_over, F_OK), -1);
}

/* ------------------------------------------------------------- bad files */

static void flip(off_t at)
{
    int fd = open(file, O_RDWR);
    char byte;

    at = at < 0 ? lseek(fd, 0, SEEK_END) + at : at;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void damaged(void **state)
{
    static const off_t places[] = {0, 8, 39, 40, 71, 72, 79, 80, 200, -1};
    struct stat info;

    (void)state;
    assert_string_equal(usual(), "s");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        files();
        flip(places[i]);
        assert_string_equal(usual(), "is");
        assert_string_equal(usual(), "r");
    }
    files();
    assert_int_equal(stat(file, &info), 0);
    for (off_t length = 0; length < info.st_size; length += length < 100 ? 9 : 997) {
        assert_int_equal(truncate(file, length), 0);
        assert_string_equal(usual(), "is");
    }
    assert_int_equal(truncate(file, info.st_size + 1), 0);
    assert_string_equal(usual(), "is");
    assert_string_equal(usual(), "r");
}

static void of_other_patterns(void **state)
{
    char first[sizeof(file)];

    (void)state;
    assert_string_equal(compile("firs.", HS_FLAG_SOM_LEFTMOST), "s");
    files();
    snprintf(first, sizeof(first), "%s", file);
    assert_string_equal(usual(), "s");
    files();
    if (strcmp(first, file) == 0) {
        assert_string_equal(compile("f[i]rst", HS_FLAG_SOM_LEFTMOST), "s");
    }
    assert_string_equal(usual(), "r");
    assert_int_equal(rename(first, strstr(said, "/tmp")), 0);
    assert_string_equal(usual(), "is");
    assert_string_equal(usual(), "r");
}

static void file_of_others(void **state)
{
    char target[sizeof(file) + 8];

    (void)state;
    assert_string_equal(usual(), "s");
    files();
    assert_int_equal(chmod(file, 0620), 0);
    assert_string_equal(usual(), "is");
    assert_int_equal(chmod(file, 0602), 0);
    assert_string_equal(usual(), "is");
    if (geteuid() == 0) {
        assert_int_equal(chown(file, 65534, 65534), 0);
        assert_string_equal(usual(), "is");
        assert_non_null(strstr(told, "s"));
    }
    assert_string_equal(usual(), "r");
    snprintf(target, sizeof(target), "%s/elsewhere", base);
    assert_int_equal(rename(file, target), 0);
    assert_int_equal(symlink(target, file), 0);
    assert_string_equal(usual(), "is");
    assert_string_equal(usual(), "r");
    assert_int_equal(unlink(target), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_string_equal(usual(), "is");
    assert_string_equal(usual(), "r");
}

/* ------------------------------------------------------------- bad directories */

static void directory_of_others(void **state)
{
    char target[sizeof(folder) + 8];

    (void)state;
    assert_string_equal(usual(), "s");
    assert_int_equal(chmod(folder, 0770), 0);
    assert_string_equal(usual(), "iu");
    assert_non_null(strstr(said, "others than its owner may write"));
    assert_int_equal(chmod(folder, 0701), 0);
    assert_string_equal(usual(), "r");
    if (geteuid() == 0) {
        assert_int_equal(chown(folder, 65534, 65534), 0);
        assert_string_equal(usual(), "iu");
        assert_non_null(strstr(said, "another user"));
        assert_int_equal(chown(folder, 0, 0), 0);
    }
    snprintf(target, sizeof(target), "%s/elsewhere", base);
    assert_int_equal(rename(folder, target), 0);
    assert_int_equal(symlink(target, folder), 0);
    assert_string_equal(usual(), "iu");
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(rename(target, folder), 0);
    assert_string_equal(usual(), "r");
}

static void no_place(void **state)
{
    (void)state;
    close(open(folder, O_CREAT | O_WRONLY, 0600));
    assert_string_equal(usual(), "iu");
    assert_non_null(strstr(said, "no directory"));
    uapi_pattern_cache_use("/nonexistent/patterns", listen_to, folder);
    assert_string_equal(usual(), "u");
    assert_non_null(strstr(said, "/nonexistent/patterns: No such file"));
}

/* As on a full disk. */
static void no_room(void **state)
{
    struct rlimit before, little = {100, 0};
    const char *answer;

    (void)state;
    getrlimit(RLIMIT_FSIZE, &before);
    little.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    answer = usual();
    setrlimit(RLIMIT_FSIZE, &before);
    assert_string_equal(answer, "u");
    assert_int_equal(files(), 0);
    assert_string_equal(usual(), "s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_what_it_stored, empty),
        cmocka_unit_test_setup(keeps_nothing_unless_told, empty),
        cmocka_unit_test_setup(another_input_is_another_file, empty),
        cmocka_unit_test_setup(faulty_patterns_leave_nothing, empty),
        cmocka_unit_test_setup(drops_what_was_not_used, empty),
        cmocka_unit_test_setup(damaged, empty),
        cmocka_unit_test_setup(of_other_patterns, empty),
        cmocka_unit_test_setup(file_of_others, empty),
        cmocka_unit_test_setup(directory_of_others, empty),
        cmocka_unit_test_setup(no_place, empty),
        cmocka_unit_test_setup(no_room, empty),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_base, remove_base);
}
