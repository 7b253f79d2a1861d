/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "views_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    views_need need;
    uint32_t view;
    void (*run)(views_writer *writer);
} transforms[] = {
    {VIEWS_ESCAPES, UAPI_VIEW_DECODED, uapi_views_escapes}, {VIEWS_FOLD, UAPI_VIEW_FOLDED, uapi_views_fold},
    {VIEWS_QUOTED, UAPI_VIEW_DECODED, uapi_views_quoted},   {VIEWS_RUNS, UAPI_VIEW_DECODED, uapi_views_runs},
    {VIEWS_SHELL, UAPI_VIEW_SHELL, uapi_views_shell},       {VIEWS_JOIN, UAPI_VIEW_JOINED, uapi_views_join},
};

static void transform(views_writer *writer, const uapi_views_fragment *base, uint32_t needs)
{
    size_t i;

    for (i = 0; i < sizeof(transforms) / sizeof(transforms[0]) && !writer->views->exhausted; i++) {
        if (needs & transforms[i].need) {
            writer->base = base;
            writer->kind = transforms[i].view;
            transforms[i].run(writer);
            uapi_views_drop(writer);
        }
    }
}

int uapi_views_wanted(const char *text, size_t length)
{
    return length > UINT32_MAX / 2 || uapi_views_needs(text, length) != 0;
}

void uapi_views_make(uapi_views *views, const char *text, size_t length, apr_pool_t *pool)
{
    uapi_views_fragment base = {.text = text, .length = length, .views = 0};
    views_writer writer = {.views = views, .pool = pool};
    uint32_t needs;
    int i;

    views->fragments = NULL;
    views->exhausted = length > UINT32_MAX / 2;
    if (views->exhausted || (needs = uapi_views_needs(text, length)) == 0) {
        return;
    }
    writer.left = length * UAPI_VIEWS_BYTES + UAPI_VIEWS_FREE;
    writer.left = writer.left < INT32_MAX ? writer.left : INT32_MAX;
    transform(&writer, &base, needs);
    for (i = 0; views->fragments && i < views->fragments->nelts && !views->exhausted; i++) {
        /* a copy: the array moves when it grows */
        base = ((const uapi_views_fragment *)(const void *)views->fragments->elts)[i];
        if (base.depth < UAPI_VIEWS_DEPTH && (needs = uapi_views_needs(base.text, base.length)) != 0) {
            transform(&writer, &base, needs);
        }
    }
    free(writer.text);
    free(writer.pieces);
}
