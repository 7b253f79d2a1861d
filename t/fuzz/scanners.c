/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanners that are shipped, over any bytes: no crash, no scan that fails, every finding within the text. The first input
 * byte chooses the direction, whether the text is a JSON document's, and who calls. The text is copied to memory of
 * exactly its size, so that a sanitizer sees a read beyond it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_pool_t *root, *scratch;
static uapi_firewall *firewall;

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* What the plugins keep hangs on the pool, where a leak checker does not look. */
static void unload(void)
{
    apr_pool_destroy(root);
}

static void load(void)
{
    apr_array_header_t *plugins;
    uapi_result result = {0};
    apr_finfo_t entry;
    apr_dir_t *folder;
    char *path;

    apr_initialize();
    apr_pool_create(&root, NULL);
    atexit(unload);
    apr_pool_create(&scratch, root);
    plugins = apr_array_make(root, 8, sizeof(uapi_plugin *));
    require(apr_dir_open(&folder, UAPI_TEST_OUT "/plugins", root) == APR_SUCCESS, "no plugins");
    while (apr_dir_read(&entry, APR_FINFO_NAME, folder) == APR_SUCCESS) {
        size_t length = strlen(entry.name);

        if (strncmp(entry.name, "scanner_", 8) != 0 || length < 4 || strcmp(entry.name + length - 3, ".so") != 0) {
            continue;
        }
        apr_filepath_merge(&path, NULL, apr_pstrcat(root, UAPI_TEST_OUT "/plugins/", entry.name, NULL), 0, root);
        require(uapi_plugin_load(apr_array_push(plugins), path, NULL, root, &result) == APR_SUCCESS, result.detail);
    }
    apr_dir_close(folder);
    require(plugins->nelts > 0, "no scanners");
    require(uapi_firewall_create(&firewall, (uapi_plugin *const *)(void *)plugins->elts, (size_t)plugins->nelts, NULL,
                                 root, &result) == APR_SUCCESS,
            result.detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uapi_firewall_report report;
    uapi_call_info call;
    uapi_text text = {.size = sizeof(text), .view = UAPI_VIEW_PLAIN, .call = &call};
    char *copy;

    if (!root) {
        load();
    }
    if (size == 0) {
        return 0;
    }
    uapi_firewall_no_call(&call, data[0] & 1 ? UAPI_DIRECTION_RESPONSE : UAPI_DIRECTION_REQUEST);
    text.flags = data[0] & 2 ? UAPI_TEXT_FROM_JSON : 0;
    call.principal = data[0] & 4 ? "fuzzer" : "";
    copy = malloc(size > 1 ? size - 1 : 1);
    require(copy != NULL, "no memory");
    memcpy(copy, data + 1, size - 1);
    text.bytes = (uapi_string){copy, size - 1};
    require(uapi_firewall_scan_text(firewall, &text, &report, scratch, NULL) == APR_SUCCESS, "a scan failed");
    for (uint32_t i = 0; i < report.count; i++) {
        require(report.findings[i].from < report.findings[i].to && report.findings[i].to <= size - 1,
                "a finding out of the text");
    }
    free(copy);
    apr_pool_clear(scratch);
    return 0;
}
