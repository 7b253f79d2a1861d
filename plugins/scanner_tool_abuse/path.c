/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The spellings come from what decoders accept: percent-encoding once and several times, also of the digits (RFC 3986,
 * section 2.1); UTF-8 sequences longer than needed, which RFC 3629 forbids and old decoders take, some without looking
 * at the second byte; %u of IIS with the characters that its best-fit mapping makes dots and separators of; C.
 */
#include <string.h>

#include "path.h"
#include "../scanner_argument.h"

typedef enum atom_kind { ATOM_OTHER, ATOM_DOT, ATOM_DOTS, ATOM_SEPARATOR, ATOM_NOTHING } atom_kind;

typedef struct atom {
    atom_kind kind;
    size_t length;
    int spelled, hidden;
} atom;

static const atom other = {ATOM_OTHER, 1, 0, 0};

typedef struct spelling {
    const char *text; /* behind the %, in small letters */
    atom_kind kind;
} spelling;

/* clang-format off: one row, one spelling */
static const spelling unicode[] = {
    {"u002e", ATOM_DOT},       {"uff0e", ATOM_DOT},       {"u2024", ATOM_DOT},       {"u2025", ATOM_DOTS},
    {"u3002", ATOM_DOT},       {"u002f", ATOM_SEPARATOR}, {"u005c", ATOM_SEPARATOR}, {"uff0f", ATOM_SEPARATOR},
    {"uff3c", ATOM_SEPARATOR}, {"u2215", ATOM_SEPARATOR}, {"u2216", ATOM_SEPARATOR}, {"u2044", ATOM_SEPARATOR},
    {"u29f5", ATOM_SEPARATOR}, {"uefc8", ATOM_SEPARATOR}, {"uf025", ATOM_SEPARATOR}, {"u0000", ATOM_NOTHING},
};

/* As UTF-8, where the views let it be. */
static const spelling characters[] = {
    {"\xEF\xBC\x8E", ATOM_DOT},       {"\xE2\x80\xA4", ATOM_DOT},       {"\xE2\x80\xA5", ATOM_DOTS},
    {"\xEF\xBC\x8F", ATOM_SEPARATOR}, {"\xEF\xBC\xBC", ATOM_SEPARATOR}, {"\xE2\x88\x95", ATOM_SEPARATOR},
    {"\xE2\x88\x96", ATOM_SEPARATOR}, {"\xE2\x81\x84", ATOM_SEPARATOR}, {"\xEE\xBF\x88", ATOM_SEPARATOR},
    {"\xEF\x80\xA5", ATOM_SEPARATOR},
};

/* The last byte of an overlong sequence. */
static const spelling lasts[] = {
    {"ae", ATOM_DOT},       {"2e", ATOM_DOT},       {"ee", ATOM_DOT},       {"6e", ATOM_DOT},
    {"5e", ATOM_DOT},       {"af", ATOM_SEPARATOR}, {"2f", ATOM_SEPARATOR}, {"5c", ATOM_SEPARATOR},
    {"9c", ATOM_SEPARATOR}, {"1c", ATOM_SEPARATOR}, {"9v", ATOM_SEPARATOR}, {"qf", ATOM_SEPARATOR},
    {"8s", ATOM_SEPARATOR}, {"pc", ATOM_SEPARATOR}, {"dc", ATOM_SEPARATOR},
};

static const spelling numbers[] = {
    {"0x2e", ATOM_DOT},  {"0x2f", ATOM_SEPARATOR},  {"0x5c", ATOM_SEPARATOR},
    {"\\x2e", ATOM_DOT}, {"\\x2f", ATOM_SEPARATOR}, {"\\x5c", ATOM_SEPARATOR},
    {"&#46;", ATOM_DOT}, {"&#47;", ATOM_SEPARATOR}, {"&#92;", ATOM_SEPARATOR},
};
/* clang-format on */

#define COUNT(TABLE) (sizeof(TABLE) / sizeof((TABLE)[0]))

static const spelling *among(const uapi_string *text, size_t at, size_t last, const spelling *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_starts(text, at, last, table[i].text)) {
            return &table[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------- atoms */

/* A percent sign that was itself encoded, again and again. */
static size_t percent(const uapi_string *text, size_t at, size_t last, int *again)
{
    size_t end = at + 1;

    if (at >= last || text->data[at] != '%') {
        return at;
    }
    while (end + 2 <= last && text->data[end] == '2' && text->data[end + 1] == '5' && end - at < 9) {
        end += 2;
        *again = 1;
    }
    return end;
}

static atom made(atom_kind kind, size_t length, int hidden)
{
    return (atom){kind, length, 1, hidden};
}

/* A hexadecimal digit, or %3x and %6x for one. */
static size_t digit(const uapi_string *text, size_t at, size_t last, char *out, int *encoded)
{
    if (at < last && text->data[at] == '%') {
        at += 1 + (at + 1 < last && text->data[at + 1] == '%');
        if (at + 2 <= last && (text->data[at] == '3' || text->data[at] == '4' || text->data[at] == '6')) {
            char low = text_small(text->data[at + 1]);

            *out = text->data[at] == '3' ? low : (char)('a' + (low - '1'));
            *encoded = 1;
            return at + 2;
        }
        return 0;
    }
    if (at < last) {
        *out = text_small(text->data[at]);
        return at + 1;
    }
    return 0;
}

static atom of_pair(char high, char low, size_t length, int hidden)
{
    if (high == '2' && low == 'e') {
        return made(ATOM_DOT, length, hidden);
    }
    if ((high == '2' && low == 'f') || (high == '5' && low == 'c')) {
        return made(ATOM_SEPARATOR, length, hidden);
    }
    if (high == '0' && text_is_alnum(low)) { /* control characters end strings, or are dropped */
        return made(ATOM_NOTHING, length, hidden);
    }
    return other;
}

/* %c0%ae, %e0%80%ae, %f0%80%80%ae ...; `at` is behind the percent sign. */
static atom overlong(const uapi_string *text, size_t first, size_t at, size_t last)
{
    static const char *const leads[] = {"c0", "c1", "bg", "e0", "f0", "f8", "fc"};
    const spelling *found;
    size_t i = 0, next;
    int again = 0;

    while (i < COUNT(leads) && !text_starts(text, at, last, leads[i])) {
        i++;
    }
    if (i == COUNT(leads)) {
        return other;
    }
    at += 2;
    if (at < last && text->data[at] == '.' && i < 2) {
        return made(ATOM_DOT, at + 1 - first, 1);
    }
    for (next = percent(text, at, last, &again); next > at && i >= 3 && text_starts(text, next, last, "80");
         next = percent(text, at, last, &again)) {
        at = next + 2;
    }
    found = next > at ? among(text, next, last, lasts, COUNT(lasts)) : NULL;
    return found ? made(found->kind, next + 2 - first, 1) : other;
}

static atom percent_atom(const uapi_string *text, size_t at, size_t last)
{
    int again = 0, encoded = 0;
    size_t next = percent(text, at, last, &again), end;
    const spelling *found = next < last && text_small(text->data[next]) == 'u'
                                ? among(text, next, last, unicode, COUNT(unicode))
                                : NULL;
    char high, low;
    atom result;

    if (found) {
        return made(found->kind, next + 5 - at, 1);
    }
    result = overlong(text, at, next, last);
    if (result.kind != ATOM_OTHER) {
        return result;
    }
    end = digit(text, next, last, &high, &encoded);
    end = end ? digit(text, end, last, &low, &encoded) : 0;
    return end ? of_pair(high, low, end - at, again || encoded) : other;
}

static atom atom_at(const uapi_string *text, size_t at, size_t last)
{
    const spelling *found = NULL;
    atom result;

    switch (text->data[at]) {
    case '.':
        return (atom){ATOM_DOT, 1, 0, 0};
    case '%':
        result = percent_atom(text, at, last);
        return result.kind == ATOM_OTHER && at + 1 < last && text->data[at + 1] == '%' ? made(ATOM_NOTHING, 1, 1)
                                                                                       : result;
    case '0':
    case '&':
        found = among(text, at, last, numbers, COUNT(numbers));
        break;
    case '\\':
        found = among(text, at, last, numbers, COUNT(numbers));
        if (!found) {
            return (atom){ATOM_SEPARATOR, 1, 0, 0};
        }
        break;
    case '/':
        return (atom){ATOM_SEPARATOR, 1, 0, 0};
    case '\0':
        return made(ATOM_NOTHING, 1, 0);
    case ';': /* of parameters, that some servers take off first: /..;/ */
        return at + 1 < last && strchr("/\\.", text->data[at + 1]) ? made(ATOM_NOTHING, 1, 0) : other;
    default:
        if ((unsigned char)text->data[at] >= 0x80) {
            found = among(text, at, last, characters, COUNT(characters));
        }
    }
    return found ? made(found->kind, strlen(found->text), 1) : other;
}

/* ------------------------------------------------------------- steps */

typedef struct reader {
    path_climb climb;
    size_t dots_from;
    unsigned dots;
    int spelled, hidden; /* of the dots so far */
    int depth;           /* in folders, below the root or where the path begins */
    int name, named;     /* characters of a name since the last separator; names so far */
} reader;

static void step(reader *r, size_t end)
{
    path_climb *climb = &r->climb;

    if (climb->steps == 0) {
        climb->from = r->dots_from;
        r->depth = climb->descends = r->named;
    }
    climb->steps++;
    climb->spelled += (unsigned)(r->spelled != 0);
    climb->hidden += (unsigned)(r->hidden != 0);
    climb->dotted += (unsigned)(r->dots > 2);
    climb->target = end;
    r->depth--;
    climb->descends = r->depth < climb->descends ? r->depth : climb->descends;
}

static void reset(reader *r)
{
    r->dots = 0;
    r->spelled = r->hidden = r->name = 0;
}

static void take_separator(reader *r, const uapi_string *text, size_t at, const atom *found)
{
    r->climb.reversed |= text->data[at] == '\\';
    r->spelled |= found->spelled && r->dots;
    r->hidden |= found->hidden && r->dots;
    if (r->dots >= 2 && !r->name) {
        step(r, at + found->length);
    } else if (r->name) {
        r->named++;
        r->depth += r->climb.steps > 0;
    }
    reset(r);
}

static int is_bare_separator(const uapi_string *text, size_t at, size_t last)
{
    return at + 2 <= last && (text_starts(text, at, last, "2f") || text_starts(text, at, last, "5c"));
}

path_climb path_read(const uapi_string *text, size_t first, size_t last)
{
    reader r = {.climb = {.from = first, .to = last, .target = first}};
    size_t at = first;

    while (at < last) {
        atom found = atom_at(text, at, last);

        if (found.kind == ATOM_OTHER && r.dots == 2 && !r.name && is_bare_separator(text, at, last)) {
            found = made(ATOM_SEPARATOR, 2, 1); /* ..2f: the percent sign was taken off */
        }
        switch (found.kind) {
        case ATOM_DOT:
        case ATOM_DOTS:
            r.dots_from = r.dots ? r.dots_from : at;
            r.dots += found.kind == ATOM_DOTS ? 2 : 1;
            r.spelled |= found.spelled;
            r.hidden |= found.hidden;
            break;
        case ATOM_SEPARATOR:
            r.climb.rooted |= at == first;
            take_separator(&r, text, at, &found);
            break;
        case ATOM_NOTHING:
            r.spelled |= r.dots > 0;
            break;
        default:
            r.name = 1;
        }
        at += found.length;
    }
    if (r.dots == 2 && !r.name && r.climb.steps) { /* ../.. */
        step(&r, last);
    }
    return r.climb;
}

/* ------------------------------------------------------------- bounds */

static int ends_path(char c)
{
    return text_is_blank(c) || (c && strchr("\"'`<>|(){}[],", c) != NULL);
}

size_t path_end(const uapi_string *text, size_t at, size_t last)
{
    while (at < last && !ends_path(text->data[at])) {
        at++;
    }
    return at;
}

size_t path_begin(const uapi_string *text, size_t at, size_t first)
{
    while (at > first && !ends_path(text->data[at - 1]) && text->data[at - 1] != '=' && text->data[at - 1] != '?') {
        at--;
    }
    return at;
}

/* ------------------------------------------------------------- targets */

int path_is_telling(const uapi_string *text, size_t from, size_t to)
{
    static const char *const names[] = {
        "etc",    "proc",       "passwd",      "shadow",  "boot.ini",   "win.ini",  "windows",  "winnt",
        "system", "system32",   "autoexec",    "root",    "var",        "usr",      "home",     "opt",
        "dev",    "web-inf",    "meta-inf",    "inetpub", "wp-config",  ".env",     ".ssh",     ".git",
        ".aws",   "id_rsa",     "private_key", ".bash",   "web.config", "apache",   "conf/",    "config.php",
        "global", "global.asa", "localstart",  "php.ini", "httpd.conf", "xampp",    "users",    "documents and",
        "bin/",   "boot/",      "sys/",        "logs/",   ".htpasswd",  ".kube",    ".docker",  ".npmrc",
        "tmp/",   "srv/",       "mnt/",        "lib/x86", "authorized", "secrets/", "database", ".netrc"};
    size_t at = from;

    for (atom found; at < to; at += found.length) {
        found = atom_at(text, at, to);
        if (found.kind == ATOM_OTHER || (found.kind == ATOM_DOT && !found.spelled)) {
            break;
        }
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_starts(text, at, to, names[i])) {
            return 1;
        }
    }
    return 0;
}
