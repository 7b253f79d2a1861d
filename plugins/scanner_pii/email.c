/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Mail addresses (RFC 5321, with the local parts that people have and RFC 6531's letters). A text has many other uses
 * for the sign: a decorator, a version, a target of ssh, the user of a URL, a retina image; they are told by what
 * stands around it.
 */
#include "contact.h"

#include "scan_text.h"

#define LOCAL_LONGEST 64
#define DOMAIN_LONGEST 253

static int is_local(char c)
{
    static const char marks[] = "_%+.-!#$&*/=?^`{|}~'";
    size_t i;

    if (text_alnum(c) || (unsigned char)c >= 0x80) {
        return 1;
    }
    for (i = 0; marks[i] && marks[i] != c; i++) {
    }
    return marks[i] != '\0';
}

/* Of the marks only these stand at the beginning or after a quote: the others belong to what is before the address. */
static size_t local_start(const uapi_string *text, size_t at)
{
    size_t from = at, least = at > LOCAL_LONGEST ? at - LOCAL_LONGEST : 0;

    while (from > least && is_local(text->data[from - 1])) {
        from--;
    }
    while (from < at && !text_alnum(text->data[from]) && text->data[from] != '_' &&
           (unsigned char)text->data[from] < 0xc0) {
        from++;
    }
    return from;
}

static int is_domain(char c)
{
    return text_alnum(c) || c == '-' || (unsigned char)c >= 0x80;
}

/* The end of the domain; *last is where its last label begins. */
static size_t domain_end(const uapi_string *text, size_t from, size_t *last)
{
    size_t to = from, most = text->length - from > DOMAIN_LONGEST ? from + DOMAIN_LONGEST : text->length;

    *last = from;
    while (to < most) {
        if (text->data[to] == '.' && to > *last && to + 1 < most && is_domain(text->data[to + 1])) {
            *last = to + 1;
        } else if (!is_domain(text->data[to])) {
            break;
        }
        to++;
    }
    while (to > *last && (text->data[to - 1] == '-' || (unsigned char)text->data[to - 1] >= 0x80) && *last > from &&
           text_alnum(text->data[*last])) {
        to--;
    }
    return to;
}

/* What files and machines end on, and people's domains do not. */
static int is_top_level(const uapi_string *text, size_t from, size_t to)
{
    static const char *const others[] = {"PNG",    "JPG",   "JPEG", "GIF",       "SVG",         "WEBP",   "CSS",
                                         "JS",     "TS",    "HTML", "SERVICE",   "TIMER",       "SOCKET", "MOUNT",
                                         "TARGET", "LOCAL", "LAN",  "LOCALHOST", "LOCALDOMAIN", "INVALID"};
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (text_is(text, from, to, others[i])) {
            return 0;
        }
    }
    if (to - from > 4 && text_is(text, from, from + 4, "XN--")) {
        return 1;
    }
    for (i = from; i < to; i++) {
        if (!text_letter(text->data[i]) && (unsigned char)text->data[i] < 0x80) {
            return 0;
        }
    }
    return to - from >= 2;
}

static int is_machine(const uapi_string *text, size_t from, size_t at, size_t to)
{
    char before = text_at(text, from - 1), after = text_at(text, to), further = text_at(text, to + 1);

    return text_is(text, from, at, "GIT") || (before == '/' && text_at(text, from - 2) == '/') ||
           (before == ':' && text_at(text, from - 2) != 'o' && text_at(text, from - 2) != 'O' && after == '/') ||
           (after == ':' && (further == '/' || further == '~')) || after == '@';
}

/* The user of a URL may be followed by a password: look back for its "://". */
static int is_in_url(const uapi_string *text, size_t from)
{
    size_t least = from > LOCAL_LONGEST ? from - LOCAL_LONGEST : 0;

    while (from > least) {
        char c = text->data[--from];

        if (c == ' ' || c == '"' || c == '\n' || c == '?' || c == '=' || c == ',') {
            return 0;
        }
        if (c == '/' && from > 1 && text->data[from - 1] == '/' && text->data[from - 2] == ':') {
            return 1;
        }
    }
    return 0;
}

int32_t verify_email(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from, from = local_start(text, at), last, to = domain_end(text, at + 1, &last);

    (void)self;
    if (from >= at || text->data[at - 1] == '.' || last == at + 1 || !is_top_level(text, last, to) ||
        is_machine(text, from, at, to) || is_in_url(text, from)) {
        return 0;
    }
    finding->from = from;
    finding->to = to;
    return 1;
}
