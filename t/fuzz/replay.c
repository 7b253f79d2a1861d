/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The main of a fuzzer in the normal test run: it feeds every file of the corpus to the fuzzer's entry once and prints TAP.
 * The corpus of build/out/fuzz/<topic> is t/fuzz/corpus/<topic>; other files or folders may be named as arguments. Each
 * input lies in a heap block of exactly its size, so that a sanitizer or valgrind sees a read past its end.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int tests;
static int failures;

static void report(int passed, const char *path, const char *why)
{
    failures += !passed;
    printf("%sok %d - %s%s%s\n", passed ? "" : "not ", ++tests, path, why ? ": " : "", why ? why : "");
    fflush(stdout);
}

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    struct stat status;

    if (file && fstat(fileno(file), &status) == 0) {
        *size = (size_t)status.st_size;
        data = malloc(*size ? *size : 1);
        if (data && fread(data, 1, *size, file) != *size) {
            free(data);
            data = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return data;
}

static void replay_file(const char *path)
{
    size_t size = 0;
    uint8_t *data = read_whole(path, &size);

    if (!data) {
        report(0, path, strerror(errno));
        return;
    }
    /* Said first, so that a crash shows which input caused it. */
    printf("# %s\n", path);
    fflush(stdout);
    int answer = LLVMFuzzerTestOneInput(data, size);
    free(data);
    report(answer == 0, path, answer ? "the fuzzer refused it" : NULL);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_input, alphasort);

    if (count < 0) {
        replay_file(path);
        return;
    }
    if (count == 0) {
        report(0, path, "no inputs in this folder");
    }
    for (int i = 0; i < count; i++) {
        char *inner = NULL;
        if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) > 0) {
            replay(inner);
        }
        free(inner);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        const char *slash = strrchr(argv[0], '/');
        char corpus[512];
        snprintf(corpus, sizeof(corpus), "t/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
        replay(corpus);
    }
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    printf("1..%d\n", tests);
    return failures != 0;
}
