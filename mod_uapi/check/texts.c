/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#define SAMPLES 6
#define LARGE 65536

static const char *const frames[][2] = {
    {"", ""}, {"see ", " here"}, {"{\"value\":\"", "\"}"}, {"\n", "\n"}, {"the key is: ", ";"}, {"x=", "&y"},
};

static void push(apr_array_header_t *texts, const char *bytes, size_t length)
{
    check_text *text = apr_array_push(texts);

    text->bytes = bytes;
    text->length = length;
}

static void push_framed(apr_array_header_t *texts, check_text sample, const char *const frame[2], apr_pool_t *pool)
{
    size_t before = strlen(frame[0]), after = strlen(frame[1]);
    char *bytes = apr_palloc(pool, before + sample.length + after + 1);

    memcpy(bytes, frame[0], before);
    memcpy(bytes + before, sample.bytes, sample.length);
    memcpy(bytes + before + sample.length, frame[1], after);
    push(texts, bytes, before + sample.length + after);
}

apr_array_header_t *check_texts_matching(const check_subject *subject, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 256, sizeof(check_text));
    uint32_t i, s;

    for (i = 0; i < subject->tables.pattern_count; i++) {
        for (s = 0; s < SAMPLES; s++) {
            push_framed(texts, check_sample(subject->tables.patterns[i].regex, s + i, pool), frames[s], pool);
        }
    }
    return texts;
}

static void push_repeated(apr_array_header_t *texts, check_text unit, size_t length, apr_pool_t *pool)
{
    char *bytes = apr_palloc(pool, length + 1);
    size_t i;

    for (i = 0; i < length; i++) {
        bytes[i] = unit.length ? unit.bytes[i % unit.length] : 'a';
    }
    push(texts, bytes, length);
}

/* A text broken in its middle: cut there, or with a byte in its place that is a NUL, a quote, or no UTF-8. */
static void push_broken(apr_array_header_t *texts, check_text text, apr_pool_t *pool)
{
    static const char bytes[] = {'\0', '"', '\\', '\n', (char)0xff, (char)0xc3, (char)0xed};
    size_t middle = text.length / 2, i;

    push(texts, text.bytes, middle);
    push(texts, text.bytes + middle, text.length - middle);
    push(texts, text.bytes, text.length ? text.length - 1 : 0);
    for (i = 0; i < sizeof(bytes) && text.length; i++) {
        char *copy = apr_pmemdup(pool, text.bytes, text.length);

        copy[i % 2 ? middle : text.length - 1] = bytes[i];
        push(texts, copy, text.length);
    }
}

static void push_noise(apr_array_header_t *texts, apr_pool_t *pool)
{
    static const char *const units[] = {"a", "0", " ",  "\"", "\\", "{", "\xc3\xa9", "\xf0\x9f\x98\x80",
                                        "=", "/", "A1-"};
    char *noise = apr_palloc(pool, LARGE);
    uint32_t seed = 1;
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        push_repeated(texts, (check_text){units[i], strlen(units[i])}, LARGE, pool);
        push(texts, units[i], strlen(units[i]));
    }
    push_repeated(texts, (check_text){"\0", 1}, LARGE, pool);
    for (i = 0; i < LARGE; i++) {
        seed = seed * UINT32_C(1103515245) + 12345;
        noise[i] = (char)(seed >> 16);
    }
    push(texts, noise, LARGE);
}

apr_array_header_t *check_texts_hostile(const check_subject *subject, apr_pool_t *pool)
{
    apr_array_header_t *matching = check_texts_matching(subject, pool);
    apr_array_header_t *texts = apr_array_make(pool, 1024, sizeof(check_text));
    int i;

    push_noise(texts, pool);
    for (i = 0; i < matching->nelts; i++) {
        check_text text = APR_ARRAY_IDX(matching, i, check_text);

        push(texts, text.bytes, text.length);
        push_broken(texts, text, pool);
        if (i % SAMPLES == 0) {
            push_repeated(texts, text, LARGE, pool);
        }
    }
    return texts;
}

check_text check_text_benign(size_t length, apr_pool_t *pool)
{
    static const char *const parts[] = {
        "The quarterly report shows that revenue grew in every region, and that costs stayed within the plan. ",
        "{\"id\":4711,\"title\":\"Broken pagination on the second page\",\"labels\":[\"bug\",\"ui\"],\"open\":true} ",
        "Please find the notes of our last meeting below; comments are welcome until Friday at noon.\n",
        "for (i = 0; i < count; i++) { total += item[i].price * item[i].quantity; }\n",
        "2026-11-24T10:15:00Z info request served path=/orders/17 status=200 bytes=5120 ms=12\n",
        "| name | amount | due |\n|---|---|---|\n| paper | 12 boxes | next week |\n",
    };
    char *bytes = apr_palloc(pool, length + 1);
    size_t used = 0, i = 0;

    while (used < length) {
        const char *part = parts[i++ * 5 % (sizeof(parts) / sizeof(parts[0]))];
        size_t size = strlen(part) < length - used ? strlen(part) : length - used;

        memcpy(bytes + used, part, size);
        used += size;
    }
    return (check_text){bytes, length};
}
