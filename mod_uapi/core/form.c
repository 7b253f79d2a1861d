/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "form.h"

#include <apr_lib.h>

static int hex(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

size_t uapi_form_decode(char *out, const char *text, size_t length)
{
    char *to = out;

    for (size_t at = 0; at < length; at++) {
        if (text[at] == '%' && length - at >= 3 && apr_isxdigit(text[at + 1]) && apr_isxdigit(text[at + 2])) {
            *to++ = (char)(hex(text[at + 1]) << 4 | hex(text[at + 2]));
            at += 2;
        } else {
            *to++ = (char)(text[at] == '+' ? ' ' : text[at]);
        }
    }
    return (size_t)(to - out);
}

size_t uapi_form_field_length(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length && text[at] != '&' && text[at] != ';') {
        at++;
    }
    return at;
}
