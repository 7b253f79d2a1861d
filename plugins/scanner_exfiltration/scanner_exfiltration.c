/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner for data that leaves in bulk, as a plugin like any other. The tables are made once at creation; all that is
 * written afterwards is what behaviour.h remembers of principals.
 */
#include <stdio.h>

#include "payload.h"
#include "records.h"
#include "rule.h"
#include "transfer.h"

static const rule_table *const tables[] = {
    &rules_transfer, &rules_code, &rules_query, &rules_bulk, &rules_call, &rules_behaviour,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const char *const transfer_names[TRANSFER_KINDS] = {
    [TRANSFER_UPLOAD] = "file_upload",      [TRANSFER_COPY] = "network_copy",    [TRANSFER_SOCKET] = "raw_connection",
    [TRANSFER_ENCODED] = "encoded_send",    [TRANSFER_MAIL] = "mail_send",       [TRANSFER_CLOUD] = "cloud_copy",
    [TRANSFER_SHARE] = "public_share",      [TRANSFER_DUMP] = "database_dump",   [TRANSFER_STORE] = "secret_store_dump",
    [TRANSFER_ARCHIVE] = "archive_collect", [TRANSFER_HARVEST] = "file_harvest",
};

/* ------------------------------------------------------------- options */

static const struct {
    const char *key;
    size_t at; /* in behaviour_options */
    uint64_t least, most, preset;
} options[] = {
    {"window", offsetof(behaviour_options, window), 1, 86400 * 7, 600},
    {"floor_bytes", offsetof(behaviour_options, floor_bytes), 0, UINT64_C(1) << 40, 1 << 20},
    {"floor_records", offsetof(behaviour_options, floor_records), 0, UINT64_C(1) << 40, 1000},
    {"factor", offsetof(behaviour_options, factor), 1, 1000000, 5},
    {"pages", offsetof(behaviour_options, pages), 2, 1000000, 20},
    {"answer_bytes", offsetof(behaviour_options, answer_bytes), 1024, UINT64_C(1) << 40, 1 << 20},
    {"answer_records", offsetof(behaviour_options, answer_records), 10, UINT64_C(1) << 40, 250},
    {"limit", offsetof(behaviour_options, limit), 10, UINT64_C(1) << 40, 10000},
    {"principals", offsetof(behaviour_options, principals), 0, 1 << 20, 4096},
};

static void complain(const uapi_host *host, const char *key, uint64_t least, uint64_t most)
{
    const uapi_host_log_1 *log = host->get_service(host, UAPI_HOST_LOG_1);
    char line[160];
    int length = snprintf(line, sizeof(line), "%s is a whole number from %llu to %llu", key, (unsigned long long)least,
                          (unsigned long long)most);

    if (log && length > 0) {
        log->write(host, UAPI_LOG_ERROR, (uapi_string){line, (size_t)length});
    }
}

static int read_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 16; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return i > 0 && text[i] == '\0';
}

static int read_options(const uapi_host *host, behaviour_options *out)
{
    const uapi_host_config_1 *config = host->get_service(host, UAPI_HOST_CONFIG_1);
    int good = 1;

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        uint64_t *value = (uint64_t *)(void *)((char *)out + options[i].at);
        const char *given = config ? config->get(host, options[i].key) : NULL;

        *value = options[i].preset;
        if (given && (!read_number(given, value) || *value < options[i].least || *value > options[i].most)) {
            complain(host, options[i].key, options[i].least, options[i].most);
            good = 0;
        }
    }
    return good;
}

/* ------------------------------------------------------------- life */

static void destroy(void *data)
{
    exfiltration *made = data;

    behaviour_free(&made->behaviour);
    scanner_tables_free(&made->tables);
    free(made);
}

static void name_rules(exfiltration *made)
{
    for (size_t i = 1; i < TRANSFER_KINDS; i++) {
        made->transfer_rules[i] = scanner_tables_rule(made, transfer_names[i]);
    }
    made->encoded_payload = scanner_tables_rule(made, "encoded_payload");
    made->encoded_secret = scanner_tables_rule(made, "encoded_secret");
    made->many_records = scanner_tables_rule(made, "many_records");
    made->large_answer = scanner_tables_rule(made, "large_answer");
    made->unusual_volume = scanner_tables_rule(made, "unusual_volume");
    made->page_walk = scanner_tables_rule(made, "page_walk");
    made->huge_limit = scanner_tables_rule(made, "huge_limit");
    made->sensitive_table = scanner_tables_rule(made, "sensitive_table");
}

static void *create(const uapi_host *host)
{
    exfiltration *made = calloc(1, sizeof(*made));
    behaviour_options chosen;

    if (!made) {
        return NULL;
    }
    if (!read_options(host, &chosen) || !scanner_tables_join(&made->tables, tables, TABLES) ||
        !behaviour_init(&made->behaviour, host, &chosen)) {
        destroy(made);
        return NULL;
    }
    scanner_tables_explain(&made->tables, &explanations_exfiltration);
    name_rules(made);
    return made;
}

/* ------------------------------------------------------------- texts */

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    const rule *self = scanner_tables_row(data, candidate);
    int32_t found = self->verify ? self->verify(data, self, state, candidate, finding) : UAPI_FOUND;

    return scanner_tables_verdict(data, found, finding);
}

static int32_t report(const exfiltration *self, const uapi_sink *sink, uint32_t which, size_t from, size_t to)
{
    uapi_finding finding = {.size = sizeof(finding), .rule = which, .from = from, .to = to};

    scanner_tables_verdict(self, UAPI_FOUND, &finding);
    return from < to ? sink->report(sink, &finding) : 0;
}

static int32_t scan_request(const exfiltration *self, const uapi_text *text, const uapi_sink *sink)
{
    payload_run run = {.to = 0};
    int32_t answer = 0;

    while (answer == 0 && payload_next(text->bytes, run.to, &run)) {
        answer = report(self, sink, run.kind == PAYLOAD_SECRET ? self->encoded_secret : self->encoded_payload, run.from,
                        run.to);
    }
    return answer;
}

static int32_t scan_response(exfiltration *self, const uapi_text *text, const uapi_sink *sink)
{
    const behaviour_options *chosen = &self->behaviour.options;
    records found = records_count(text->bytes, chosen->answer_records);
    int32_t answer = 0;

    if (found.count >= chosen->answer_records) {
        answer = report(self, sink, self->many_records, found.from, found.to);
    }
    if (answer == 0 && text->bytes.length >= chosen->answer_bytes) {
        answer = report(self, sink, self->large_answer, 0, text->bytes.length);
    }
    if (answer == 0 && behaviour_volume(&self->behaviour, text->call, text->bytes.length, found.count)) {
        answer = report(self, sink, self->unusual_volume, 0, text->bytes.length);
    }
    return answer;
}

static int32_t scan(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    (void)state;
    if (text->flags & (UAPI_TEXT_MORE_BEFORE | UAPI_TEXT_MORE_AFTER)) {
        return 0; /* what stands in it was counted with the event that it came in */
    }
    return text->call->direction == UAPI_DIRECTION_RESPONSE ? scan_response(data, text, sink)
                                                            : scan_request(data, text, sink);
}

static void text_end(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    exfiltration *self = data;
    const text_state *page = state;

    if (page->to && behaviour_page(&self->behaviour, text->call, page->position, page->is_cursor)) {
        report(self, sink, self->page_walk, page->from, page->to);
    }
}

static const uapi_scanner_1 scanner = {
    .name = "exfiltration",
    .state_size = sizeof(text_state),
    .rules = scanner_tables_rules,
    .patterns = scanner_tables_patterns,
    .verify = verify,
    .scan = scan,
    .text_end = text_end,
};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = 0,
    .id = "org.mod-uapi.scanner.exfiltration",
    .name = "Data exfiltration",
    .version = "0.1.0",
    .vendor = "mod_uapi",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    return &descriptor;
}
