/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Offsets within a channel are counted from its beginning, so that what was told of a finding can be recognised when the context is
 * scanned again with the next fragment: the same rule at overlapping bytes is the same finding, told once, though more of it may come.
 */
#include "stream.h"

#include <string.h>

#include "stream_shape.h"
#include "views.h"

enum {
    TOLD = 6,           /* findings of a channel that are remembered */
    LEAST_CONSTANT = 8, /* bytes; shorter parts of a text may be the same twice */
    TORN = 64,          /* bytes at the start of a cut context in which a match may be an accident of the cut */
    NO_FINDING = -1
};

typedef struct segment {
    uint64_t event, start, end; /* [start, end) of the channel */
    uint32_t node;
} segment;

typedef struct told {
    const char *rule;
    uint64_t from, to;
} told;

typedef struct channel {
    uint64_t name;
    uint64_t used;                 /* clock of its last fragment */
    uint64_t length;               /* bytes that went through it */
    uint64_t event;                /* of its last fragment */
    uint64_t latest;               /* hash of the last fragment, for constants */
    size_t kept;                   /* bytes of context */
    int torn;                      /* the context does not begin where the text does */
    size_t open;                   /* bytes at the end that may be the beginning of a match */
    apr_pool_t *reader_pool;       /* NULL: it has not begun, or nobody reads it */
    uapi_firewall_channel *reader; /* for scanners that keep what they need of the text themselves */
    int broken;                    /* it failed: nothing more of this text may pass */
    size_t undecided;              /* bytes at the end that depend on what follows, as they say */
    unsigned segments;
    unsigned next_told;
    segment segment[UAPI_STREAM_SEGMENTS];
    told told[TOLD];
    char context[UAPI_STREAM_CONTEXT];
} channel;

struct uapi_stream {
    apr_pool_t *pool;
    uint64_t clock;
    unsigned count;
    channel *channels[UAPI_STREAM_CHANNELS];
};

/* One fragment on its way through its channel. */
typedef struct fragment {
    const uapi_stream_event *event;
    const uapi_stream_scanner *scanner;
    uapi_stream_verdict *verdict;
    apr_pool_t *pool;
    channel *channel;
    uint32_t node;
    int whole;
    const char *text;
    size_t length;
} fragment;

uapi_stream *uapi_stream_create(apr_pool_t *pool)
{
    uapi_stream *stream = apr_pcalloc(pool, sizeof(*stream));
    stream->pool = pool;
    return stream;
}

static channel *channel_for(uapi_stream *stream, uint64_t name)
{
    channel *oldest = NULL;
    for (unsigned i = 0; i < stream->count; i++) {
        channel *at = stream->channels[i];
        if (at->name == name) {
            return at;
        }
        oldest = (oldest == NULL || at->used < oldest->used) ? at : oldest;
    }
    if (stream->count < UAPI_STREAM_CHANNELS) {
        oldest = stream->channels[stream->count++] = apr_palloc(stream->pool, sizeof(channel));
    } else if (oldest->reader_pool != NULL) {
        apr_pool_destroy(oldest->reader_pool);
    }
    memset(oldest, 0, sizeof(*oldest));
    oldest->name = name;
    return oldest;
}

/* ------------------------------------------------------------- telling */

static told *find_told(channel *self, const char *rule, uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < TOLD; i++) {
        told *at = &self->told[i];
        if (at->rule == rule && from < at->to && at->from < to) {
            return at;
        }
    }
    return NULL;
}

static void remember(channel *self, const char *rule, uint64_t from, uint64_t to)
{
    self->told[self->next_told++ % TOLD] = (told){rule, from, to};
}

static int add_part(fragment *f, const segment *in, uint64_t from, uint64_t to, const uapi_stream_part *form)
{
    uapi_stream_part part = *form;
    from = from > in->start ? from : in->start;
    to = to < in->end ? to : in->end;
    if (from >= to) {
        return 0;
    }
    part.event = in->event;
    part.node = in->node;
    part.from = (size_t)(from - in->start);
    part.to = (size_t)(to - in->start);
    if (f->verdict->parts == NULL) {
        f->verdict->parts = apr_array_make(f->pool, 4, sizeof(uapi_stream_part));
    }
    APR_ARRAY_PUSH(f->verdict->parts, uapi_stream_part) = part;
    return 1;
}

/* Bytes [from, to) of the channel, in what has not left. */
static void add_parts(fragment *f, const segment *current, uint64_t from, uint64_t to, uapi_stream_part form)
{
    const channel *self = f->channel;
    for (unsigned i = 0; i < self->segments; i++) {
        if (add_part(f, &self->segment[i], from, to, &form)) {
            form.first = 0;
        }
    }
    add_part(f, current, from, to, &form);
}

static uint32_t report(fragment *f, const uapi_firewall_finding *finding)
{
    uapi_firewall_report *all = &f->verdict->report;
    uapi_firewall_finding *larger = apr_palloc(f->pool, sizeof(*larger) * (all->count + 1));
    if (all->count > 0) {
        memcpy(larger, all->findings, sizeof(*larger) * all->count);
    }
    larger[all->count] = *finding;
    all->findings = larger;
    all->decisive = NULL;
    for (uint32_t i = 0; i <= all->count; i++) {
        if (all->decisive == NULL || larger[i].action > all->decisive->action) {
            all->decisive = &larger[i];
        }
    }
    all->action = all->decisive->action;
    return all->count++;
}

/* Has the event's own scan found it, bytes [from, to) of the channel? */
static int is_own(const fragment *f, const segment *current, const char *rule, uint64_t from, uint64_t to)
{
    const uapi_firewall_report *own = f->event->own;
    size_t base = 0;
    if (own == NULL || from < current->start || (f->node != UAPI_JSON_NONE && f->event->view == NULL)) {
        return 0;
    }
    if (f->node != UAPI_JSON_NONE) {
        base = uapi_view_offset(f->event->view, f->node, 0);
    }
    from = from - current->start + base;
    to = to - current->start + base;
    for (uint32_t i = 0; i < own->count; i++) {
        if (own->findings[i].rule == rule && own->findings[i].from <= from && to <= own->findings[i].to) {
            return 1;
        }
    }
    return 0;
}

/* More of a finding that was told. What must be blocked is so again: this is more of the same. */
static void tell_more(fragment *f, const segment *current, told *before, const uapi_firewall_finding *finding,
                      uint64_t from, uint64_t to)
{
    uapi_stream_part form = {.finding = UINT32_MAX, .rule = finding->rule};
    if (from >= before->from && to <= before->to) {
        return;
    }
    if (finding->action > UAPI_ACTION_REDACT && !is_own(f, current, finding->rule, before->to, to)) {
        form.finding = report(f, finding);
    }
    add_parts(f, current, from, before->from, form);
    add_parts(f, current, before->to, to, form);
    before->from = from < before->from ? from : before->from;
    before->to = to > before->to ? to : before->to;
}

/* `at` is where the scanned text begins in the channel. */
static void tell(fragment *f, const segment *current, const uapi_firewall_finding *finding, uint64_t at)
{
    channel *self = f->channel;
    uint64_t from = at + finding->from, to = at + finding->to;
    told *before = find_told(self, finding->rule, from, to);
    uapi_stream_part form = {.rule = finding->rule, .first = 1};
    if (before != NULL) {
        tell_more(f, current, before, finding, from, to);
        return;
    }
    if (at > 0 && self->torn && to <= current->start && finding->from < TORN) {
        return;
    }
    remember(self, finding->rule, from, to);
    if (is_own(f, current, finding->rule, from, to)) {
        return; /* the event's own edits are about it */
    }
    form.finding = report(f, finding);
    add_parts(f, current, from, to, form);
}

/* ------------------------------------------------------------- scanning */

static int continues(const char *text, size_t at)
{
    return ((unsigned char)text[at] & 0xc0) == 0x80;
}

static apr_status_t scan_joined(fragment *f, const segment *current, uapi_result *result)
{
    channel *self = f->channel;
    size_t window = f->length < UAPI_STREAM_WINDOW ? f->length : UAPI_STREAM_WINDOW;
    const char *joined = f->text;
    uapi_firewall_report found = {0};
    apr_status_t status;
    while (window < f->length && window > 0 && continues(f->text, window)) {
        window--;
    }
    if (self->kept > 0) {
        char *copy = apr_palloc(f->pool, self->kept + window);
        memcpy(copy, self->context, self->kept);
        memcpy(copy + self->kept, f->text, window);
        joined = copy;
    }
    status = f->scanner->scan(f->scanner->baton, joined, self->kept + window,
                              (self->torn ? UAPI_TEXT_MORE_BEFORE : 0U) | (f->whole ? 0U : UAPI_TEXT_MORE_AFTER),
                              &found, f->pool, result);
    f->verdict->report.overload |= found.overload;
    for (uint32_t i = 0; status == APR_SUCCESS && i < found.count; i++) {
        tell(f, current, &found.findings[i], current->start - self->kept);
    }
    return status;
}

/* The end of a long fragment becomes context without having been scanned here: what the event's own scan found in it is known. */
static apr_status_t remember_end(fragment *f, const segment *current, uapi_result *result)
{
    const uapi_firewall_report *own = f->event->own;
    size_t from = f->length - UAPI_STREAM_CONTEXT;
    uapi_firewall_report found = {0};
    apr_status_t status;
    if (own == NULL || own->count == 0) {
        return APR_SUCCESS;
    }
    status = f->scanner->scan(f->scanner->baton, f->text + from, UAPI_STREAM_CONTEXT,
                              UAPI_TEXT_MORE_BEFORE | UAPI_TEXT_MORE_AFTER, &found, f->pool, result);
    for (uint32_t i = 0; status == APR_SUCCESS && i < found.count; i++) {
        remember(f->channel, found.findings[i].rule, current->start + from + found.findings[i].from,
                 current->start + from + found.findings[i].to);
    }
    return status;
}

/* Scanners that read the text themselves count its bytes as the channel does, from its beginning. */
static apr_status_t read_on(fragment *f, const segment *current, apr_pool_t *pool, uapi_result *result)
{
    channel *self = f->channel;
    uapi_firewall_report found = {0};
    apr_status_t status = APR_SUCCESS;
    if (f->scanner->begin != NULL && self->reader_pool == NULL && self->length == 0) {
        apr_pool_create(&self->reader_pool, pool);
        status = f->scanner->begin(f->scanner->baton, &self->reader, self->reader_pool, result);
        if (self->reader == NULL) {
            apr_pool_destroy(self->reader_pool);
            self->reader_pool = NULL;
        }
    }
    if (self->broken) {
        return uapi_fail(result, f->pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "a scanner failed earlier in this text");
    }
    if (status != APR_SUCCESS || self->reader == NULL) {
        self->broken = status != APR_SUCCESS;
        return status;
    }
    status = f->scanner->feed(f->scanner->baton, self->reader, f->text, f->length, &found, f->pool, result);
    f->verdict->report.overload |= found.overload;
    self->broken = status != APR_SUCCESS;
    self->undecided = found.undecided;
    for (uint32_t i = 0; status == APR_SUCCESS && i < found.count; i++) {
        tell(f, current, &found.findings[i], 0);
    }
    return status;
}

/* ------------------------------------------------------------- what a channel keeps */

static void keep_context(channel *self, const char *text, size_t length)
{
    size_t old, skip;
    if (length >= UAPI_STREAM_CONTEXT) {
        self->torn |= self->kept > 0 || length > UAPI_STREAM_CONTEXT;
        text += length - UAPI_STREAM_CONTEXT;
        length = UAPI_STREAM_CONTEXT;
        self->kept = 0;
    }
    old = self->kept + length > UAPI_STREAM_CONTEXT ? UAPI_STREAM_CONTEXT - length : self->kept;
    if (old < self->kept) {
        self->torn = 1;
        memmove(self->context, self->context + self->kept - old, old);
    }
    memcpy(self->context + old, text, length);
    self->kept = old + length;
    if (self->torn) {
        for (skip = 0; skip < self->kept && continues(self->context, skip); skip++) {
        }
        self->kept -= skip;
        memmove(self->context, self->context + skip, self->kept);
    }
}

static void keep_segment(channel *self, const segment *added)
{
    if (self->segments == UAPI_STREAM_SEGMENTS) {
        memmove(&self->segment[0], &self->segment[1], sizeof(segment) * (UAPI_STREAM_SEGMENTS - 1));
        self->segments--;
    }
    self->segment[self->segments++] = *added;
}

static size_t longer_of(size_t one, size_t other)
{
    return one > other ? one : other;
}

/* How much of the end is undecided: of what was so before, and of what may have begun with the bytes that were added. */
static size_t find_open(const channel *self, size_t added, const uapi_stream_scanner *scanner)
{
    size_t length = longer_of(self->open, UAPI_STREAM_OPEN) + added;
    const char *text;
    length = self->kept < length ? self->kept : length;
    text = self->context + self->kept - length;
    while (length > 0 && continues(text, 0)) {
        text++;
        length--;
    }
    return scanner->open != NULL && length > 0 ? scanner->open(scanner->baton, text, length) : 0;
}

/* Strings of one event, as elements of an array, follow one another without being one text, unless something goes on. */
static void begin_fragment(fragment *f)
{
    channel *self = f->channel;
    if (self->length > 0 && self->event == f->event->number &&
        !uapi_views_go_on(self->context, self->kept, f->text, f->length)) {
        self->kept = 0;
        self->torn = 0;
    }
    self->event = f->event->number;
}

/* It has been scanned with nothing before it, and there was nothing. */
static int is_clean(const uapi_firewall_report *own)
{
    return own != NULL && own->count == 0;
}

static apr_status_t take(fragment *f, apr_pool_t *stream_pool, uapi_result *result)
{
    channel *self = f->channel;
    const segment current = {f->event->number, self->length, self->length + f->length, f->node};
    apr_status_t status = APR_SUCCESS;
    begin_fragment(f);
    if (self->kept > 0 || (!f->whole && !is_clean(f->event->own))) {
        status = scan_joined(f, &current, result);
    }
    if (status == APR_SUCCESS && f->length > UAPI_STREAM_WINDOW) {
        status = remember_end(f, &current, result);
    }
    if (status == APR_SUCCESS && !f->whole) {
        status = read_on(f, &current, stream_pool, result);
    }
    keep_context(self, f->text, f->length);
    keep_segment(self, &current);
    self->length += f->length;
    self->open = f->whole ? 0 : longer_of(self->undecided, find_open(self, f->length, f->scanner));
    return status;
}

static uint64_t hash(const char *text, size_t length)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length && i < UAPI_STREAM_WINDOW; i++) {
        value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return value ^ length;
}

static int is_constant(channel *self, const fragment *f)
{
    uint64_t before = self->latest;
    self->latest = hash(f->text, f->length);
    return f->length >= LEAST_CONSTANT && self->latest == before;
}

apr_status_t uapi_stream_judge(uapi_stream *stream, const uapi_stream_event *event, const uapi_stream_scanner *scanner,
                               uapi_stream_verdict *verdict, apr_pool_t *pool, uapi_result *result)
{
    uapi_stream_fragment shapes[UAPI_STREAM_FRAGMENTS];
    size_t count = uapi_stream_fragments(event->json, event->type, event->type_length, shapes, UAPI_STREAM_FRAGMENTS);
    apr_status_t status = APR_SUCCESS;
    memset(verdict, 0, sizeof(*verdict));
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        fragment f = {event, scanner, verdict, pool, NULL, shapes[i].node, shapes[i].whole, event->data, event->length};
        if (f.node != UAPI_JSON_NONE) {
            uapi_json_string(event->json, f.node, pool, &f.text, &f.length);
        }
        if (f.length == 0) {
            continue;
        }
        f.channel = channel_for(stream, shapes[i].channel);
        f.channel->used = ++stream->clock;
        if (!shapes[i].constant || !is_constant(f.channel, &f)) {
            status = take(&f, stream->pool, result);
        }
    }
    return status;
}

uint64_t uapi_stream_undecided(const uapi_stream *stream)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < stream->count; i++) {
        const channel *at = stream->channels[i];
        for (unsigned j = 0; at->open > 0 && j < at->segments; j++) {
            if (at->segment[j].end + at->open > at->length && at->segment[j].event < first) {
                first = at->segment[j].event;
            }
        }
    }
    return first;
}

void uapi_stream_left(uapi_stream *stream, uint64_t event)
{
    for (unsigned i = 0; i < stream->count; i++) {
        channel *at = stream->channels[i];
        unsigned gone = 0;
        while (gone < at->segments && at->segment[gone].event <= event) {
            gone++;
        }
        if (gone > 0) {
            at->segments -= gone;
            memmove(&at->segment[0], &at->segment[gone], sizeof(segment) * at->segments);
        }
    }
}
