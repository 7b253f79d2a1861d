/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Made for files of millions of lines: no line is copied, the pool is cleared and not destroyed, a line without a
 * finding costs one constant. Output is flushed only when the input would have to be waited for, so that a program
 * that asks line by line over two pipes gets its answers.
 *
 * The reader is the gateway's own: a line that a call could not carry (a key twice, a NUL) is an error here as it is
 * there.
 */
#include "scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "../core/json.h"
#include "lines.h"
#include "output.h"

static void flush_answers(void)
{
    uapi_output_flush();
}

static void answer_error(uapi_scan *scan, uint64_t number, const char *reason, const char *message)
{
    json_t *error = uapi_output_error(reason, message);

    json_object_set_new(json_object_get(error, "error"), "line", json_integer((json_int_t)number));
    uapi_output_json(error);
    scan->failed = 1;
}

static void answer_failure(uapi_scan *scan, uint64_t number, const uapi_result *result)
{
    const uapi_reason_info *info = uapi_reason_describe(result->reason);

    answer_error(scan, number, info->code, result->detail ? result->detail : info->title);
}

/* Names of scanners and rules are [a-z0-9_.], which the loader has seen to. */
static void finding_print(const uapi_firewall_finding *finding, int first)
{
    printf("%s{\"scanner\":\"%s\",\"rule\":\"%s\",\"start\":%zu,\"end\":%zu,\"severity\":\"%s\"}", first ? "" : ",",
           finding->scanner, finding->rule, finding->from, finding->to, uapi_severity_name(finding->severity));
}

/* Titles and reasons are a plugin's own words and may hold anything. */
static void finding_explain(const uapi_firewall_finding *finding)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "scanner", finding->scanner, "rule", finding->rule,
                               "start", (json_int_t)finding->from, "end", (json_int_t)finding->to, "severity",
                               uapi_severity_name(finding->severity), "action", uapi_action_name(finding->action));

    uapi_scan_explain_json(object, finding);
    json_dumpf(object, stdout, JSON_COMPACT);
    json_decref(object);
}

static void answer(uapi_scan *scan, const uapi_firewall_report *report)
{
    fputs_unlocked("{\"findings\":[", stdout);
    for (uint32_t i = 0; i < report->count; i++) {
        if (scan->explain) {
            fputs_unlocked(i ? "," : "", stdout);
            finding_explain(&report->findings[i]);
        } else {
            finding_print(&report->findings[i], i == 0);
        }
    }
    fputs_unlocked(report->overload ? "],\"incomplete\":true}\n" : "]}\n", stdout);
    scan->findings += report->count;
    scan->failed |= report->overload;
}

/* What our own reader refuses because it could not travel through the gateway (a NUL) is still text to be judged here.
 * The text lives in the pool; NULL if the line is no JSON either, or has no text. */
static const char *lenient_text(const char *line, size_t length, size_t *text_length, apr_pool_t *pool)
{
    json_t *object = json_loadb(line, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    json_t *value = json_object_get(object, "text");
    const char *text = NULL;

    if (json_is_string(value)) {
        *text_length = json_string_length(value);
        text = apr_pmemdup(pool, json_string_value(value), *text_length + 1);
    }
    json_decref(object);
    return text;
}

/* The text of a line, unescaped; NULL once the line has been answered with an error. */
static const char *line_text(uapi_scan *scan, const char *line, size_t length, uint64_t number, size_t *text_length,
                             apr_pool_t *pool)
{
    uapi_result result = {0};
    const char *text;
    uapi_json json;
    uint32_t node;

    if (uapi_json_read(&json, line, length, NULL, pool, &result) != APR_SUCCESS) {
        text = lenient_text(line, length, text_length, pool);
        if (!text) {
            answer_failure(scan, number, &result);
        }
        return text;
    }
    node = uapi_json_member(&json, 0, "text");
    if (node == UAPI_JSON_NONE || json.nodes[node].type != UAPI_JSON_STRING) {
        answer_error(scan, number, UAPI_CLI_INPUT_INVALID, "the line is no object with a string \"text\"");
        return NULL;
    }
    uapi_json_string(&json, node, pool, &text, text_length);
    return text;
}

static void line_scan(uapi_scan *scan, const char *line, size_t length, uint64_t number, apr_pool_t *pool)
{
    uapi_firewall_report report;
    uapi_result result = {0};
    size_t text_length;
    const char *text = line_text(scan, line, length, number, &text_length, pool);

    if (!text) {
        return;
    }
    if (uapi_firewall_scan(scan->firewall, scan->direction, text, text_length, &report, pool, &result) != APR_SUCCESS) {
        answer_failure(scan, number, &result);
        return;
    }
    answer(scan, &report);
}

static int input_failed(uapi_scan *scan, uint64_t number)
{
    answer_error(scan, number, UAPI_CLI_SYSTEM, strerror(errno));
    return UAPI_EXIT_REFUSED;
}

int uapi_scan_jsonl(uapi_scan *scan, int fd)
{
    uapi_lines_outcome outcome;
    uint64_t number = 0;
    apr_pool_t *pool;
    uapi_lines lines;
    const char *line;
    size_t length;

    apr_pool_create(&pool, scan->cli->pool);
    uapi_lines_open(&lines, fd, flush_answers);
    while ((outcome = uapi_lines_next(&lines, &line, &length)) <= UAPI_LINES_TOO_LONG && !ferror(stdout)) {
        number++;
        if (outcome == UAPI_LINES_TOO_LONG) {
            answer_error(scan, number, UAPI_CLI_INPUT_INVALID, "the line is longer than 64 MiB");
            continue;
        }
        line_scan(scan, line, length, number, pool);
        apr_pool_clear(pool);
    }
    uapi_lines_close(&lines);
    return outcome == UAPI_LINES_FAILED ? input_failed(scan, number + 1) : UAPI_EXIT_DONE;
}
