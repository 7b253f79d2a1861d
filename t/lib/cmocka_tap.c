/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * cmocka up to 1.1.5 reports a skipped test as "not ok N # SKIP name", which TAP readers count as a failure. Linked into each
 * unit test, this takes the place of the library's own function and says "ok" there; all else is printed as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

__attribute__((visibility("default"))) void print_message(const char *const format, ...)
{
    static const char skipped[] = "not ok %u # SKIP";
    const char *corrected = strncmp(format, skipped, strlen(skipped)) == 0 ? format + strlen("not ") : format;
    va_list arguments;

    va_start(arguments, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vprintf(corrected, arguments);
#pragma GCC diagnostic pop
    va_end(arguments);
    fflush(stdout);
}
