/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * feed() finds how far whole events reach and next() reads them, so the fields of an event are looked at only when it
 * is whole, and what survives a piece of the stream is no more than "a line has begun" and "the last line ended with a
 * CR". Each byte is passed over twice, eight at a time, whatever the pieces are. The buffer is plain heap memory
 * because it grows with the stream, which a pool cannot follow.
 */
#include "sse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

enum { BUFFER_LEAST = 4096 };

struct uapi_sse {
    apr_pool_t *pool; /* for details of failures */
    size_t max_event;
    int dead;

    char *buffer;
    size_t capacity;
    size_t start; /* of the event that next() takes */
    size_t end;   /* of what was fed */

    /* feed's scan */
    size_t scanned;   /* up to here lines were looked for */
    size_t complete;  /* end of the last whole event */
    int in_line;      /* the line at `scanned` has a byte already */
    int after_cr;     /* the byte before `scanned` is a CR that ended a line */
    int stream_start; /* nothing was scanned yet: a byte order mark may come */

    /* of the event that next() takes */
    int take_after_cr;
    int take_stream_start;

    char *joined; /* the data of an event that has it in several lines */
    size_t joined_capacity;
};

static apr_status_t release(void *data)
{
    uapi_sse *sse = data;

    free(sse->buffer);
    free(sse->joined);
    sse->buffer = sse->joined = NULL;
    return APR_SUCCESS;
}

uapi_sse *uapi_sse_create(apr_pool_t *pool, size_t max_event)
{
    uapi_sse *sse = apr_pcalloc(pool, sizeof(*sse));

    apr_pool_cleanup_register(pool, sse, release, apr_pool_cleanup_null);
    sse->pool = pool;
    sse->max_event = max_event;
    sse->stream_start = sse->take_stream_start = 1;
    return sse;
}

/* Room for `length` bytes; 0 if memory is short. Taken events are dropped first. */
static int reserve(uapi_sse *sse, size_t length)
{
    size_t capacity = sse->capacity ? sse->capacity : BUFFER_LEAST;
    char *buffer;

    if (sse->start) {
        memmove(sse->buffer, sse->buffer + sse->start, sse->end - sse->start);
        sse->scanned -= sse->start;
        sse->complete -= sse->start;
        sse->end -= sse->start;
        sse->start = 0;
    }
    if (length > SIZE_MAX / 4 || sse->end > SIZE_MAX / 4) {
        return 0;
    }
    while (capacity < sse->end + length) {
        capacity *= 2;
    }
    if (capacity != sse->capacity) {
        buffer = realloc(sse->buffer, capacity);
        if (!buffer) {
            return 0;
        }
        sse->buffer = buffer;
        sse->capacity = capacity;
    }
    return 1;
}

static const char byte_order_mark[3] = {'\xEF', '\xBB', '\xBF'};

/* The mark is no part of the first line. 0: its bytes are not all there yet. */
static int scan_stream_start(uapi_sse *sse)
{
    size_t length = sse->end - sse->scanned;
    size_t known = length < sizeof(byte_order_mark) ? length : sizeof(byte_order_mark);

    if (memcmp(sse->buffer + sse->scanned, byte_order_mark, known) == 0) {
        if (known < sizeof(byte_order_mark)) {
            return 0;
        }
        sse->scanned += known;
    }
    sse->stream_start = 0;
    return 1;
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static inline uint64_t has_zero(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* The first CR or LF, or NULL. Not two memchr: a long run of one kind would be searched anew for each line. */
static const char *find_line_end(const char *at, const char *end)
{
    uint64_t word;

    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, sizeof(word));
        if (has_zero(word ^ EACH_BYTE('\n')) | has_zero(word ^ EACH_BYTE('\r'))) {
            break;
        }
    }
    while (at < end && *at != '\n' && *at != '\r') {
        at++;
    }
    return at < end ? at : NULL;
}

/* One line, or what there is of it. 0 when an event is, or must become, too large. */
static int scan_line(uapi_sse *sse)
{
    const char *at = sse->buffer + sse->scanned;
    const char *end = sse->buffer + sse->end;
    const char *eol = find_line_end(at, end);
    int blank;

    if (!eol) {
        sse->in_line = 1;
        sse->scanned = sse->end;
        return sse->end - sse->complete <= sse->max_event;
    }
    blank = !sse->in_line && eol == at;
    sse->after_cr = *eol == '\r';
    sse->in_line = 0;
    eol++;
    if (sse->after_cr && eol < end) {
        eol += *eol == '\n';
        sse->after_cr = 0;
    }
    sse->scanned = (size_t)(eol - sse->buffer);
    if (sse->scanned - sse->complete > sse->max_event) {
        return 0;
    }
    if (blank) {
        sse->complete = sse->scanned;
    }
    return 1;
}

static int scan(uapi_sse *sse)
{
    if (sse->stream_start && sse->scanned < sse->end && !scan_stream_start(sse)) {
        return sse->end - sse->complete <= sse->max_event;
    }
    if (sse->after_cr && sse->scanned < sse->end) {
        sse->scanned += sse->buffer[sse->scanned] == '\n';
        sse->after_cr = 0;
    }
    while (sse->scanned < sse->end) {
        if (!scan_line(sse)) {
            return 0;
        }
    }
    return sse->end - sse->complete <= sse->max_event;
}

apr_status_t uapi_sse_feed(uapi_sse *sse, const char *bytes, size_t length, uapi_result *result)
{
    if (!sse->dead && length) {
        if (!reserve(sse, length)) {
            sse->dead = 1;
        } else {
            memcpy(sse->buffer + sse->end, bytes, length);
            sse->end += length;
            sse->dead = !scan(sse);
        }
    }
    if (sse->dead) {
        return uapi_fail(result, sse->pool, APR_ENOMEM, UAPI_REASON_RESPONSE_TOO_LARGE,
                         "an event of the stream is larger than %" APR_SIZE_T_FMT " bytes", sse->max_event);
    }
    return APR_SUCCESS;
}

/* A line of an event: [start, end) without its line ending, and where the next one begins. */
typedef struct uapi_sse_line {
    const char *start, *end, *next;
} uapi_sse_line;

static int next_line(uapi_sse_line *line, const char *at, const char *end)
{
    const char *eol;

    if (at == end) {
        return 0;
    }
    eol = find_line_end(at, end);
    line->start = at;
    line->end = eol ? eol : end;
    line->next = eol ? eol + 1 : end;
    if (eol && *eol == '\r' && line->next < end && *line->next == '\n') {
        line->next++;
    }
    return 1;
}

/* Is it a field of this name, and where does its value begin? */
static int is_field(const uapi_sse_line *line, const char *name, size_t width, const char **value)
{
    size_t length = (size_t)(line->end - line->start);

    if (length < width || memcmp(line->start, name, width) != 0 || (length > width && line->start[width] != ':')) {
        return 0;
    }
    *value = line->start + (length > width ? width + 1 : width);
    if (*value < line->end && **value == ' ') {
        ++*value;
    }
    return 1;
}

static int is_data(const uapi_sse_line *line, const char **value)
{
    return is_field(line, "data", 4, value);
}

static int is_id(const uapi_sse_line *line, const char **value)
{
    return is_field(line, "id", 2, value);
}

/* What an event has besides data. */
static void note_field(uapi_sse_event *event, const uapi_sse_line *line)
{
    const char *value;

    if (is_field(line, "event", 5, &value)) {
        event->type = value;
        event->type_length = (size_t)(line->end - value);
    } else if (is_id(line, &value)) {
        event->has_id = 1;
    }
}

/* Room for joined data; 0 if memory is short. */
static int reserve_joined(uapi_sse *sse, size_t length)
{
    char *joined;

    if (sse->joined_capacity < length) {
        joined = realloc(sse->joined, length);
        if (!joined) {
            return 0;
        }
        sse->joined = joined;
        sse->joined_capacity = length;
    }
    return 1;
}

/* One more data line. The joined data is never longer than what lies between event->raw and `end`. */
static int add_data(uapi_sse *sse, uapi_sse_event *event, const char *value, const uapi_sse_line *line)
{
    size_t length = (size_t)(line->end - value);

    if (!event->data) {
        event->data = value;
        event->data_length = length;
        event->data_offset = (size_t)(value - event->raw);
        event->single_line = 1;
        return 1;
    }
    if (event->single_line) {
        if (!reserve_joined(sse, sse->end - sse->start)) {
            return 0;
        }
        memcpy(sse->joined, event->data, event->data_length);
        event->data = sse->joined;
        event->data_offset = 0;
        event->single_line = 0;
    }
    sse->joined[event->data_length++] = '\n';
    memcpy(sse->joined + event->data_length, value, length);
    event->data_length += length;
    return 1;
}

/* Lines up to the blank one, or to `end`; sets raw_length. */
static int read_lines(uapi_sse *sse, uapi_sse_event *event, const char *end)
{
    const char *at = event->raw + event->lead;
    const char *value;
    uapi_sse_line line;
    int blank = 0;

    for (; !blank && next_line(&line, at, end); at = line.next) {
        blank = line.start == line.end;
        if (!is_data(&line, &value)) {
            note_field(event, &line);
        } else if (!add_data(sse, event, value, &line)) {
            return 0;
        }
    }
    event->raw_length = (size_t)(at - event->raw);
    return 1;
}

/* What is no line though it stands before the first one. */
static size_t find_lead(const uapi_sse *sse, size_t length)
{
    const char *raw = sse->buffer + sse->start;

    if (sse->take_stream_start) {
        int marked = length >= sizeof(byte_order_mark) && memcmp(raw, byte_order_mark, sizeof(byte_order_mark)) == 0;

        return marked ? sizeof(byte_order_mark) : 0;
    }
    return sse->take_after_cr && *raw == '\n' ? 1 : 0;
}

/* The next event of the bytes [sse->start, end), which are not none. */
static apr_status_t take(uapi_sse *sse, size_t end, uapi_sse_event *event)
{
    memset(event, 0, sizeof(*event));
    event->raw = sse->buffer + sse->start;
    event->lead = find_lead(sse, end - sse->start);
    if (!read_lines(sse, event, sse->buffer + end)) {
        sse->dead = 1;
        return APR_ENOMEM;
    }
    sse->take_stream_start = 0;
    sse->take_after_cr = event->raw[event->raw_length - 1] == '\r';
    sse->start += event->raw_length;
    return APR_SUCCESS;
}

apr_status_t uapi_sse_next(uapi_sse *sse, uapi_sse_event *event)
{
    if (sse->dead || sse->start == sse->complete) {
        return APR_EAGAIN;
    }
    return take(sse, sse->complete, event);
}

apr_status_t uapi_sse_finish(uapi_sse *sse, uapi_sse_event *event)
{
    if (sse->dead || sse->start == sse->end) {
        return APR_EOF;
    }
    sse->complete = sse->scanned = sse->end;
    return take(sse, sse->end, event);
}

/* The line ending that the event uses. */
static void find_style(const uapi_sse_event *event, const char **eol, size_t *length)
{
    uapi_sse_line line;

    *eol = "\n";
    *length = 1;
    if (next_line(&line, event->raw + event->lead, event->raw + event->raw_length) && line.end < line.next) {
        *eol = line.end;
        *length = (size_t)(line.next - line.end);
    }
}

static char *put(char *out, const char *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return out + length;
}

/* The data lines. A CR in the data would end a line of the stream as well, so it splits too. */
static char *put_data(char *out, const char *data, size_t length, const char *eol, size_t eol_length)
{
    const char *end = data + length;
    const char *stop;

    do {
        stop = find_line_end(data, end);
        out = put(out, "data: ", 6);
        out = put(out, data, (size_t)((stop ? stop : end) - data));
        out = put(out, eol, eol_length);
        data = stop ? stop + 1 : end;
    } while (stop);
    return out;
}

void uapi_sse_rewrite(const uapi_sse_event *event, const char *data, size_t length, apr_pool_t *pool, const char **raw,
                      size_t *raw_length)
{
    const char *at = event->raw + event->lead;
    const char *end = event->raw + event->raw_length;
    const char *eol, *value;
    size_t eol_length, lines = 1, i;
    uapi_sse_line line;
    int written = 0;
    char *out, *start;

    for (i = 0; i < length; i++) {
        lines += data[i] == '\n' || data[i] == '\r';
    }
    find_style(event, &eol, &eol_length);
    start = apr_palloc(pool, event->raw_length + length + lines * (6 + eol_length));
    out = put(start, event->raw, event->lead);
    for (; next_line(&line, at, end); at = line.next) {
        int is_old = is_data(&line, &value);

        if (!written && (is_old || line.start == line.end)) {
            out = put_data(out, data, length, eol, eol_length);
            written = 1;
        }
        if (!is_old) {
            out = put(out, line.start, (size_t)(line.next - line.start));
        }
    }
    *raw = start;
    *raw_length = (size_t)(out - start);
}

/* The line with its id replaced, or nothing. */
static void map_id(apr_array_header_t *pieces, const uapi_sse_line *line, const char *value, uapi_sse_id_map map,
                   void *baton, apr_pool_t *pool)
{
    size_t length = (size_t)(line->end - value);
    const char *id = memchr(value, '\0', length) ? NULL : map(baton, apr_pstrmemdup(pool, value, length), pool);

    if (id) {
        APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){(void *)(uintptr_t)line->start,
                                                              (size_t)(value - line->start)};
        APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){(void *)(uintptr_t)id, strlen(id)};
        APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){(void *)(uintptr_t)line->end,
                                                              (size_t)(line->next - line->end)};
    }
}

void uapi_sse_map_ids(const char **raw, size_t *raw_length, size_t lead, uapi_sse_id_map map, void *baton,
                      apr_pool_t *pool)
{
    const char *at = *raw + lead, *end = *raw + *raw_length, *value;
    apr_array_header_t *pieces = apr_array_make(pool, 8, sizeof(struct iovec));
    apr_size_t length = 0;
    uapi_sse_line line;

    APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){(void *)(uintptr_t)*raw, lead};
    for (; next_line(&line, at, end); at = line.next) {
        if (is_id(&line, &value) && value < line.end) {
            map_id(pieces, &line, value, map, baton, pool);
        } else {
            APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){(void *)(uintptr_t)line.start,
                                                                  (size_t)(line.next - line.start)};
        }
    }
    *raw = apr_pstrcatv(pool, (const struct iovec *)(void *)pieces->elts, (apr_size_t)pieces->nelts, &length);
    *raw_length = length;
}
