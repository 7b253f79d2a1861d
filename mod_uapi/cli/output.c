/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum { BUFFER_SIZE = 256 * 1024 };

static char buffer[BUFFER_SIZE];

void uapi_output_open(void)
{
    /* Whoever reads may leave; a command that has done something must still be able to undo it or say so. */
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

int uapi_output_flush(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}

int uapi_output_finish(int status)
{
    if (uapi_output_flush() == 0) {
        return status;
    }
    if (errno != EPIPE) {
        uapi_output_note("standard output cannot be written: %s", strerror(errno));
    }
    return status == UAPI_EXIT_DONE ? UAPI_EXIT_REFUSED : status;
}

void uapi_output_json(json_t *value)
{
    if (!value) {
        abort();
    }
    json_dumpf(value, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(value);
}

static apr_status_t json_cleanup(void *value)
{
    json_decref(value);
    return APR_SUCCESS;
}

json_t *uapi_output_json_array(apr_pool_t *pool)
{
    json_t *array = json_array();

    apr_pool_cleanup_register(pool, array, json_cleanup, apr_pool_cleanup_null);
    return array;
}

void uapi_output_note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("uapictl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

json_t *uapi_output_error_only(const char *reason, const char *message)
{
    json_t *text = json_string(message);

    return json_pack("{s:s, s:o}", "reason", reason, "message", text ? text : json_string("(no UTF-8)"));
}

json_t *uapi_output_error(const char *reason, const char *message)
{
    return json_pack("{s:o}", "error", uapi_output_error_only(reason, message));
}

static int failure_tell(const uapi_cli *cli, const char *reason, const char *message, int status)
{
    const char *text = uapi_output_printable(message, cli->pool);

    if (cli->json) {
        uapi_output_json(uapi_output_error(reason, text));
    } else {
        fflush(stdout);
        uapi_output_note("%s", text);
    }
    return status;
}

int uapi_output_refuse(const uapi_cli *cli, const uapi_result *result)
{
    const uapi_reason_info *info = uapi_reason_describe(result->reason);

    return failure_tell(cli, info->code, result->detail ? result->detail : info->title, UAPI_EXIT_REFUSED);
}

int uapi_output_refuse_as(const uapi_cli *cli, const char *reason, const char *format, ...)
{
    va_list arguments;
    const char *message;

    va_start(arguments, format);
    message = apr_pvsprintf(cli->pool, format, arguments);
    va_end(arguments);
    return failure_tell(cli, reason, message, UAPI_EXIT_REFUSED);
}

/* "token create", or "" before it is known. */
static const char *command_name(const uapi_cli *cli)
{
    const uapi_command *command = cli->command;

    if (!command) {
        return "";
    }
    return apr_pstrcat(cli->pool, command->group ? command->group : "", command->group ? " " : "", command->name, NULL);
}

int uapi_output_usage(const uapi_cli *cli, const char *format, ...)
{
    const char *name = command_name(cli), *message;
    va_list arguments;

    va_start(arguments, format);
    message = apr_pvsprintf(cli->pool, format, arguments);
    va_end(arguments);
    if (*name) {
        message = apr_pstrcat(cli->pool, name, ": ", message, NULL);
    }
    failure_tell(cli, UAPI_CLI_USAGE, message, UAPI_EXIT_USAGE);
    if (!cli->json) {
        uapi_output_note("`uapictl %s%s--help` explains", name, *name ? " " : "");
    }
    return UAPI_EXIT_USAGE;
}

/* Bytes of the well-formed UTF-8 character at `text` (Unicode, table 3-7) with its code point, or 0 if there is
   none. */
static size_t character(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xC2 ? 0
                    : text[0] < 0xE0 ? 2
                    : text[0] < 0xF0 ? 3
                    : text[0] < 0xF5 ? 4
                                     : 0;

    *code = length == 1 ? text[0] : text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (text[i] & 0x3F);
    }
    if (length > 1 && (*code < least[length] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))) {
        return 0;
    }
    return length;
}

/* Controls, and the marks that turn the direction of the text around them. */
static int harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

const char *uapi_output_printable(const char *text, apr_pool_t *pool)
{
    const unsigned char *at = (const unsigned char *)text;
    char *out = NULL, *end = NULL;
    uint32_t code;

    while (*at) {
        size_t length = character(at, &code);
        int bad = length == 0 || harmful(code);

        if (bad && !out) {
            size_t done = (size_t)((const char *)at - text);

            out = apr_palloc(pool, done + strlen((const char *)at) * 4 + 1);
            memcpy(out, text, done);
            end = out + done;
        }
        length = length ? length : 1;
        for (size_t i = 0; out && i < length; i++) {
            end += bad ? sprintf(end, "\\x%02x", at[i]) : (*end = (char)at[i], 1);
        }
        at += length;
    }
    if (!out) {
        return text;
    }
    *end = '\0';
    return out;
}

const char *uapi_output_time(apr_time_t time, apr_pool_t *pool)
{
    apr_time_exp_t parts;

    if (time == 0 || apr_time_exp_gmt(&parts, time) != APR_SUCCESS) {
        return "-";
    }
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                        parts.tm_hour, parts.tm_min, parts.tm_sec);
}

json_t *uapi_output_json_time(apr_time_t time)
{
    apr_time_exp_t parts;

    if (time == 0 || apr_time_exp_gmt(&parts, time) != APR_SUCCESS) {
        return json_null();
    }
    return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                        parts.tm_hour, parts.tm_min, parts.tm_sec);
}
