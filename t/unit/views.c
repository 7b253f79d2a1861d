/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Other readings of a text: what is undone, what stays, and that each place of a fragment leads back to the bytes it was made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "views.h"

static apr_pool_t *pool;

static uapi_views make(const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1); /* of exactly that size, so that a sanitizer sees a read beyond it */
    uapi_views views;

    memcpy(copy, text, length);
    uapi_views_make(&views, copy, length, pool);
    assert_int_equal(uapi_views_wanted(copy, length) || views.fragments == NULL, 1);
    free(copy);
    return views;
}

static const uapi_views_fragment *find(const uapi_views *views, const char *wanted, size_t *at)
{
    int i;

    for (i = 0; views->fragments && i < views->fragments->nelts; i++) {
        const uapi_views_fragment *fragment = &((uapi_views_fragment *)(void *)views->fragments->elts)[i];
        const char *found = memmem(fragment->text, fragment->length, wanted, strlen(wanted));

        if (found) {
            *at = (size_t)(found - fragment->text);
            return fragment;
        }
    }
    return NULL;
}

/* clang-format off */
static const struct {
    const char *text, *wanted, *original; /* what `wanted` was made of, in the text */
    uint32_t view;
} undone[] = {
    /* folded */
    {"see gh\u200bp_Ab\u2060C9 there", "ghp_AbC9", "gh\u200bp_Ab\u2060C9", UAPI_VIEW_FOLDED},
    {"a soft\u00adware b", "software", "soft\u00adware", UAPI_VIEW_FOLDED},
    {"\uff52\uff4d \uff0d\uff52\uff46", "rm -rf", "\uff52\uff4d \uff0d\uff52\uff46", UAPI_VIEW_FOLDED},
    {"p\u0430ssw\u043erd", "password", "p\u0430ssw\u043erd", UAPI_VIEW_FOLDED},
    {"\u0441\u043e\u0440\u0443 it", "copy", "\u0441\u043e\u0440\u0443", UAPI_VIEW_FOLDED},
    {"s\u0336e\u0301c\u0323ret", "secret", "s\u0336e\u0301c\u0323ret", UAPI_VIEW_FOLDED},
    {"\u0456gn\u00f3re", "ignore", "\u0456gn\u00f3re", UAPI_VIEW_FOLDED},
    {"a\u2066b\u2069c\u202ed", "abcd", "a\u2066b\u2069c\u202ed", UAPI_VIEW_FOLDED},
    {"\U0001d422\U0001d420\U0001d427\U0001d428\U0001d42b\U0001d41e", "ignore",
     "\U0001d422\U0001d420\U0001d427\U0001d428\U0001d42b\U0001d41e", UAPI_VIEW_FOLDED},
    {"hi\U000e0072\U000e006d\U000e0020\U000e002d", "rm -", "\U000e0072\U000e006d\U000e0020\U000e002d", UAPI_VIEW_DECODED},
    {"\U0001f600\U000e0162\U000e015d\U000e0110\U000e011d", "rm -", "\U000e0162\U000e015d\U000e0110\U000e011d", UAPI_VIEW_DECODED},
    /* decoded */
    {"q=%72%6d%20-rf", "rm -rf", "%72%6d%20-rf", UAPI_VIEW_DECODED},
    {"q=%2572m x", "rm", "%2572m", UAPI_VIEW_DECODED},
    {"&#114;&#x6d; &lt;b", "rm <b", "&#114;&#x6d; &lt;b", UAPI_VIEW_DECODED},
    {"\\x72\\u006d \\055rf", "rm -rf", "\\x72\\u006d \\055rf", UAPI_VIEW_DECODED},
    {"{\\\"a\\\": 1}", "{\"a\": 1}", "{\\\"a\\\": 1}", UAPI_VIEW_DECODED},
    {"see cGFzc3dvcmQgaXMgaHVudGVyMg== there", "hunter2", "cGFzc3dvcmQgaXMgaHVudGVyMg==", UAPI_VIEW_DECODED},
    {"see cGFzc3dvcmQgaXMgaHVudGVyMg there", "hunter2", "cGFzc3dvcmQgaXMgaHVudGVyMg", UAPI_VIEW_DECODED},
    {"xcGFzc3dvcmQgaXMgaHVudGVyMg==", "hunter2", "xcGFzc3dvcmQgaXMgaHVudGVyMg==", UAPI_VIEW_DECODED},
    {"Y0dGemMzZHZjbVFnYVhNZ2FIVnVkR1Z5TWc9PQ==", "hunter2", "Y0dGemMzZHZjbVFnYVhNZ2FIVnVkR1Z5TWc9PQ==", UAPI_VIEW_DECODED},
    {"see 70617373776f72642069732068756e74657232 there", "hunter2", "70617373776f72642069732068756e74657232", UAPI_VIEW_DECODED},
    {"id 70617373776f72642069732068756e74657232.", "hunter2", "70617373776f72642069732068756e74657232", UAPI_VIEW_DECODED},
    {"pass=\nword =41=42=43=C3=A9", "password ABC", "pass=\nword =41=42=43", UAPI_VIEW_DECODED},
    /* shell */
    {"r''m -rf", "rm -rf", "r''m -rf", UAPI_VIEW_SHELL},
    {"r\\m -rf", "rm -rf", "r\\m -rf", UAPI_VIEW_SHELL},
    {"rm${IFS}-rf$IFS/", "rm -rf /", "rm${IFS}-rf$IFS/", UAPI_VIEW_SHELL},
    {"$'\\x72\\x6d' -rf", "rm -rf", "\\x72\\x6d' -rf", UAPI_VIEW_SHELL},
    {"c$@at /etc", "cat /etc", "c$@at /etc", UAPI_VIEW_SHELL},
};

static const char *const plain[] = {
    "", "a", "An ordinary sentence, it isn't long; \"quoted\", and that's it.",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":{\"a\":\"one\",\"b\":\"Two\"}}}",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 family",           /* joiners of an emoji */
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",      /* ZWNJ of Persian */
    "\u0915\u094d\u200d\u0937",                                    /* ZWJ of Hindi */
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", /* a flag */
    "\u2764\ufe0f you", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "100% of it, 5 & 6, a=b, x=20",
    "2b8a9f0c-1d2e-4f5a-8b7c-6d5e4f3a2b1c", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "src/components/editor/toolbar_buttons.tsx", "printf(\"%d\\n\", n)",
};
/* clang-format on */

static void test_undone(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(undone) / sizeof(undone[0]); i++) {
        uapi_views views = make(undone[i].text, strlen(undone[i].text));
        const char *original = strstr(undone[i].text, undone[i].original);
        size_t at = 0, from = (size_t)(original - undone[i].text);
        const uapi_views_fragment *fragment = find(&views, undone[i].wanted, &at);
        uapi_views_range range = {0, 0};

        if (!fragment) {
            fail_msg("%s is not undone", undone[i].text);
            return;
        }
        assert_true(fragment->views & undone[i].view);
        assert_int_equal(uapi_views_locate(fragment, at, at + strlen(undone[i].wanted), &range, 1), 1);
        if (range.from != from || range.to != from + strlen(undone[i].original)) {
            fail_msg("%s: found at %zu to %zu", undone[i].text, range.from, range.to);
        }
        assert_true(uapi_views_differs(fragment, at, at + strlen(undone[i].wanted)));
        apr_pool_clear(pool);
    }
}

static void test_plain(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        uapi_views views = make(plain[i], strlen(plain[i]));

        if (views.fragments || views.exhausted) {
            fail_msg("%s has another view", plain[i]);
        }
    }
}

/* What was put together from several strings leads back to each of them, and to nothing between. */
static void test_joined(void **state)
{
    static const struct {
        const char *text, *wanted;
        size_t parts;
    } cases[] = {
        {"[\"rm\",\"-rf\",\"/\"]", "rm -rf /", 3},
        {"{\"cmd\":\"rm\",\"args\":[\"-rf\", \"/x\"]}", "rm -rf /x", 3},
        {"{\"a\":\"ghq_9Zk3Lm2Pq8\", \"b\":\"Rt5Yw7Xc1Vb4\"}", "ghq_9Zk3Lm2Pq8Rt5Yw7Xc1Vb4", 2},
        {"[\"ignore\",\"all\",\"previous\",\"orders\"]", "ignore all previous orders", 4},
        {"/x?a=ghq_9Zk3Lm2Pq8&b=Rt5Yw7Xc1Vb4", "ghq_9Zk3Lm2Pq8Rt5Yw7Xc1Vb4", 2},
        {"{\"a\":\"say it in the mid\",\"b\":\"dle of a word\"}", "middle", 2},
    };
    uapi_views_range ranges[8];
    size_t i, part, at = 0, count, step;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_views views = make(cases[i].text, strlen(cases[i].text));
        const uapi_views_fragment *fragment = find(&views, cases[i].wanted, &at);
        const char *rest = cases[i].wanted;

        if (!fragment) {
            fail_msg("%s is not joined", cases[i].text);
            return;
        }
        count = uapi_views_locate(fragment, at, at + strlen(cases[i].wanted), ranges, 8);
        assert_int_equal(count, cases[i].parts);
        for (part = 0; part < count; part++) {
            step = ranges[part].to - ranges[part].from;
            assert_memory_equal(cases[i].text + ranges[part].from, rest, step);
            rest += step + (rest[step] == ' ');
        }
        assert_int_equal(*rest, '\0');
        apr_pool_clear(pool);
    }
}

/* An array may be longer than any chain: what is split within it is found wherever it stands, and there is an end. */
static void test_long_array(void **state)
{
    static const char *const shapes[] = {"\"&amp;amp;#65;\",", "\"-x\",", "\"one\",", "\"gh9_Zk3Lm2Pq8Rt5\","};
    static const char split[] = "\"say in the mid\",\"dle of a word\"";

    (void)state;
    for (size_t shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++) {
        for (size_t before = 0; before < 1200; before += 100) {
            char *text = apr_pcalloc(pool, 40000);
            size_t length = 0, at;
            uapi_views views;

            text[length++] = '[';
            for (size_t i = 0; i < 1200; i++) {
                if (i == before) {
                    memcpy(text + length, split, sizeof(split) - 1);
                    length += sizeof(split);
                    text[length - 1] = ',';
                }
                memcpy(text + length, shapes[shape], strlen(shapes[shape]));
                length += strlen(shapes[shape]);
            }
            text[length - 1] = ']';
            views = make(text, length);
            assert_non_null(find(&views, "middle", &at));
            assert_false(views.exhausted);
            apr_pool_clear(pool);
        }
    }
}

/* The same words in every place of a text of several blocks, so that each boundary of the first reading is met. */
static void test_everywhere(void **state)
{
    static const char hidden[] = "s\u200bk", run[] = "cGFzc3dvcmQgaXMgaHVudGVyMg";
    char text[320];
    uapi_views views;
    size_t at, found;

    (void)state;
    for (at = 0; at + sizeof(run) < sizeof(text); at++) {
        memset(text, ' ', sizeof(text));
        memcpy(text + at, hidden, sizeof(hidden) - 1);
        views = make(text, sizeof(text));
        assert_non_null(find(&views, "sk", &found));
        memset(text, ' ', sizeof(text));
        memcpy(text + at, run, sizeof(run) - 1);
        views = make(text, sizeof(text));
        assert_non_null(find(&views, "hunter2", &found));
        apr_pool_clear(pool);
    }
}

/* What nests or grows without end ends. */
static void test_bounds(void **state)
{
    size_t length = 1 << 16, i, total = 0;
    char *text = malloc(length);
    uapi_views views;
    int f;

    (void)state;
    for (i = 0; i < length; i++) {
        text[i] = "%25&amp;\\x41r''m=41\xe2\x80\x8b"[i % 23];
    }
    views = make(text, length);
    for (f = 0; views.fragments && f < views.fragments->nelts; f++) {
        const uapi_views_fragment *fragment = &((uapi_views_fragment *)(void *)views.fragments->elts)[f];

        total += fragment->length;
        assert_true(fragment->depth <= UAPI_VIEWS_DEPTH);
    }
    assert_true(total > 0 && total <= length * UAPI_VIEWS_BYTES + UAPI_VIEWS_FREE);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undone),     cmocka_unit_test(test_plain),  cmocka_unit_test(test_joined),
        cmocka_unit_test(test_everywhere), cmocka_unit_test(test_bounds), cmocka_unit_test(test_long_array),
    };
    int status;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    uapi_views_init();
    status = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
