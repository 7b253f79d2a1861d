/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "output.h"
#include "scanners.h"

/* As much as one scan can take. */
#define LARGEST_FILE ((size_t)1 << 30)

/* ------------------------------------------------------------------------------------------------- plain texts */

typedef struct scanned_text {
    const char *name;
    char *bytes; /* malloc */
    size_t length;
} scanned_text;

/* NULL, or what is wrong. */
static const char *text_fill(scanned_text *text, int fd)
{
    size_t room = 0;

    for (;;) {
        ssize_t got;

        if (text->length == room) {
            char *grown = room < LARGEST_FILE ? realloc(text->bytes, room = room ? room * 2 : 65536) : NULL;

            if (!grown) {
                return "larger than 1 GiB, or than memory";
            }
            text->bytes = grown;
        }
        got = read(fd, text->bytes + text->length, room - text->length);
        if (got < 0 && errno != EINTR) {
            return strerror(errno);
        }
        if (got == 0) {
            return NULL;
        }
        text->length += got > 0 ? (size_t)got : 0;
    }
}

static const char *text_read(scanned_text *text)
{
    int fd = strcmp(text->name, "-") == 0 ? STDIN_FILENO : open(text->name, O_RDONLY | O_CLOEXEC);
    const char *problem = fd < 0 ? strerror(errno) : text_fill(text, fd);

    if (fd > STDIN_FILENO) {
        close(fd);
    }
    return problem;
}

typedef struct text_place {
    const char *at;      /* how far lines have been counted */
    size_t line, column; /* from 1; columns are bytes */
} text_place;

static void place_find(text_place *place, const scanned_text *text, size_t offset)
{
    const char *target = text->bytes + offset, *newline;
    const char *start = place->at - (place->column - 1);

    while ((newline = memchr(place->at, '\n', (size_t)(target - place->at))) != NULL) {
        place->line++;
        start = place->at = newline + 1;
    }
    place->at = target;
    place->column = (size_t)(target - start) + 1;
}

static void explain_member(json_t *object, const char *key, const char *value)
{
    if (value) {
        json_object_set_new(object, key, json_string(value));
    }
}

void uapi_scan_explain_json(json_t *object, const uapi_firewall_finding *finding)
{
    explain_member(object, "title", finding->title);
    explain_member(object, "why", finding->why);
    explain_member(object, "by", finding->by);
    explain_member(object, "allowed", finding->allowed);
    explain_member(object, "shadow", finding->shadow > finding->action ? uapi_action_name(finding->shadow) : NULL);
}

static void explain_line(const char *key, const char *value, apr_pool_t *pool)
{
    if (value) {
        printf("    %s: %s\n", key, uapi_output_printable(value, pool));
    }
}

static void explain_print(const uapi_firewall_finding *finding, apr_pool_t *pool)
{
    explain_line("what", finding->title, pool);
    explain_line("why", finding->why, pool);
    explain_line("action by", finding->by, pool);
    explain_line("allowed by", finding->allowed, pool);
    explain_line("in shadow", finding->shadow > finding->action ? uapi_action_name(finding->shadow) : NULL, pool);
}

static json_t *finding_json(const char *name, const uapi_firewall_finding *finding, const text_place *place)
{
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:I, s:I, s:s, s:s}", "file", name, "line", (json_int_t)place->line,
                     "column", (json_int_t)place->column, "scanner", finding->scanner, "rule", finding->rule, "start",
                     (json_int_t)finding->from, "end", (json_int_t)finding->to, "severity",
                     uapi_severity_name(finding->severity), "action", uapi_action_name(finding->action));
}

static void report_show(const uapi_scan *scan, const scanned_text *text, const uapi_firewall_report *report,
                        json_t *list)
{
    const char *name = uapi_output_printable(text->name, scan->cli->pool);
    text_place place = {text->bytes, 1, 1};

    for (uint32_t i = 0; i < report->count; i++) {
        const uapi_firewall_finding *finding = &report->findings[i];

        place_find(&place, text, finding->from);
        if (scan->cli->json) {
            json_t *object = finding_json(name, finding, &place);

            if (scan->explain) {
                uapi_scan_explain_json(object, finding);
            }
            json_array_append_new(list, object);
        } else {
            printf("%s:%zu:%zu: %s: %s (bytes %zu to %zu): %s\n", name, place.line, place.column,
                   uapi_severity_name(finding->severity), finding->rule, finding->from, finding->to,
                   uapi_action_name(finding->action));
            if (scan->explain) {
                explain_print(finding, scan->cli->pool);
            }
        }
    }
}

static void problem_show(uapi_scan *scan, const char *name, const char *reason, const char *problem, json_t *errors)
{
    const char *message = apr_psprintf(scan->cli->pool, "%s: %s", uapi_output_printable(name, scan->cli->pool),
                                       problem);

    scan->failed = 1;
    if (scan->cli->json) {
        json_array_append_new(errors, uapi_output_error_only(reason, message));
        return;
    }
    fflush(stdout);
    uapi_output_note("%s", message);
}

/* One text. A problem stops this one, not the others. */
static void text_scan(uapi_scan *scan, const char *name, json_t *findings, json_t *errors)
{
    scanned_text text = {.name = name};
    uapi_firewall_report report = {0};
    uapi_result result = {0};
    const char *problem = text_read(&text);

    if (problem) {
        problem_show(scan, name, UAPI_CLI_SYSTEM, problem, errors);
    } else if (uapi_firewall_scan(scan->firewall, scan->direction, text.bytes, text.length, &report, scan->cli->pool,
                                  &result) != APR_SUCCESS) {
        problem_show(scan, name, uapi_reason_describe(result.reason)->code, result.detail ? result.detail : "", errors);
    } else {
        report_show(scan, &text, &report, findings);
        scan->findings += report.count;
    }
    if (report.overload) {
        const char *detail;
        const uapi_reason_info *info = uapi_reason_describe(uapi_firewall_overload_reason(report.overload, &detail));

        problem_show(scan, name, info->code, info->title, errors);
    }
    free(text.bytes);
}

static int texts_scan(uapi_scan *scan)
{
    static const char *const standard_input[] = {"-", NULL};
    const char *const *name = scan->cli->argument_count ? scan->cli->arguments : standard_input;
    json_t *findings = uapi_output_json_array(scan->cli->pool), *errors = uapi_output_json_array(scan->cli->pool);

    for (; *name; name++) {
        text_scan(scan, *name, findings, errors);
    }
    if (scan->cli->json) {
        uapi_output_json(json_pack("{s:O, s:O}", "findings", findings, "errors", errors));
    } else {
        printf("%llu finding%s\n", (unsigned long long)scan->findings, scan->findings == 1 ? "" : "s");
    }
    return UAPI_EXIT_DONE;
}

/* --------------------------------------------------------------------------------------------------- JSON lines */

static int lines_scan(uapi_scan *scan)
{
    const char *name = scan->cli->argument_count ? scan->cli->arguments[0] : "-";
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC), status;

    if (fd < 0) {
        return uapi_output_refuse_as(scan->cli, UAPI_CLI_SYSTEM, "%s: %s", name, strerror(errno));
    }
    status = uapi_scan_jsonl(scan, fd);
    if (fd > STDIN_FILENO) {
        close(fd);
    }
    return status;
}

static int direction_read(uapi_cli *cli, uapi_direction *direction)
{
    const char *text = uapi_options_text(&cli->options, UAPI_OPTION_DIRECTION);

    *direction = strcmp(text, "response") == 0 ? UAPI_DIRECTION_RESPONSE : UAPI_DIRECTION_REQUEST;
    if (*direction == UAPI_DIRECTION_REQUEST && strcmp(text, "request") != 0) {
        return uapi_output_usage(cli, "--direction is request or response, not '%s'", text);
    }
    return UAPI_EXIT_DONE;
}

int uapi_command_scan(uapi_cli *cli)
{
    int jsonl = uapi_options_has(&cli->options, UAPI_OPTION_JSONL), status;
    int corpus = uapi_options_has(&cli->options, UAPI_OPTION_CORPUS);
    uapi_scan scan = {.cli = cli, .explain = uapi_options_has(&cli->options, UAPI_OPTION_EXPLAIN)};
    uapi_firewall *firewall;

    if (jsonl && corpus) {
        return uapi_output_usage(cli, "--jsonl and --corpus do not go together");
    }
    if (jsonl && cli->argument_count > 1) {
        return uapi_output_usage(cli, "--jsonl reads one FILE or standard input");
    }
    if ((status = direction_read(cli, &scan.direction)) != UAPI_EXIT_DONE ||
        (status = uapi_scanners_firewall(cli, &firewall, &scan.scanners)) != UAPI_EXIT_DONE) {
        return status;
    }
    scan.firewall = firewall;
    if (corpus) {
        status = uapi_scan_corpus(&scan);
    } else {
        status = jsonl ? lines_scan(&scan) : texts_scan(&scan);
    }
    uapi_firewall_memory_free();
    if (scan.failed || (scan.findings && uapi_options_has(&cli->options, UAPI_OPTION_FAIL_ON_FINDING))) {
        return UAPI_EXIT_REFUSED;
    }
    return status;
}
