/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Judges of signs that mean an attack only in an argument of a few words. A value that is long, or that is itself the
 * command line of a tool for command lines, is somebody's work.
 */
#include <string.h>

#include "rule.h"
#include "shell.h"
#include "../scanner_value.h"

enum { SHORT_LONGEST = 480, SHORT_LINES = 6 };

static size_t count_of(const char *text, size_t length, const char *set)
{
    size_t found = 0;

    for (size_t i = 0; i < length; i++) {
        found += text[i] && strchr(set, text[i]) != NULL;
    }
    return found;
}

/* onerror, onload and the like are attributes where an equals sign follows. */
static int is_attribute(const uapi_candidate *candidate)
{
    const char *text = candidate->text.data;
    size_t at = candidate->from, last = candidate->text.length;

    if ((text[at] | 0x20) != 'o' || (text[at + 1] | 0x20) != 'n') {
        return 1;
    }
    while (at < last && at - candidate->from < 40 && (text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z') {
        at++;
    }
    while (at < last && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t') && at - candidate->from < 48) {
        at++;
    }
    return at < last && (text[at] == '=' || (text[at] == '%' && at > candidate->from + 4));
}

int32_t verify_short(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    value found = value_string(&candidate->text, candidate->from, candidate->to);
    const char *text = candidate->text.data + found.from;
    size_t length = found.to - found.from;

    (void)finding;
    return length <= SHORT_LONGEST && count_of(text, length, "\n") <= SHORT_LINES &&
           count_of(text, length, " ") <= (size_t)self->argument && is_attribute(candidate) &&
           !value_is_mention(&candidate->text, &found);
}

/* What stands before the operator is no command: nothing, a closing quote, an address, a number, name=. */
static int is_value(const char *text, size_t length)
{
    while (length && (text[length - 1] == ' ' || strchr("'\")&;|`(\\$", text[length - 1]))) {
        length--;
    }
    if (length <= 1 || text[length - 1] == '=') {
        return 1;
    }
    return !memchr(text, ' ', length) && !memchr(text, '=', length) && strchr("./~-", text[0]) == NULL &&
           ((text[length - 1] >= '0' && text[length - 1] <= '9') || memchr(text, '.', length) != NULL);
}

int32_t verify_chained(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    value found = value_string(&candidate->text, candidate->from, candidate->to);
    const char *text = candidate->text.data + found.from;
    size_t length = found.to - found.from;

    (void)self;
    (void)finding;
    if (length > 256 || count_of(text, length, " ") > 12 || value_is_mention(&candidate->text, &found)) {
        return 0;
    }
    if (candidate->from > found.from + 1 &&
        (candidate->text.data[candidate->from] == '$' || candidate->text.data[candidate->from] == '`')) {
        const char *before = candidate->text.data + candidate->from - 1;

        if (*before != ';' && *before != '|' && *before != '&') { /* name=$(command) is ordinary shell */
            return 0;
        }
    }
    return is_value(text, candidate->from - found.from);
}
