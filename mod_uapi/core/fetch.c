/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "fetch.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include "secret.h"

/* One request under way. */
typedef struct transfer {
    uapi_fetch *fetch;
    apr_pool_t *pool;
    CURL *curl;
    struct curl_slist *headers;
    size_t room;
    int enough, over;
    char error[CURL_ERROR_SIZE];
} transfer;

/* A multi handle owns the connections that may be used again; it is its thread's. */
static pthread_key_t multi_key;
static pthread_once_t multi_once = PTHREAD_ONCE_INIT;

static void release_multi(void *multi)
{
    curl_multi_cleanup(multi);
}

static void start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_key_create(&multi_key, release_multi);
}

void uapi_fetch_start(void)
{
    pthread_once(&multi_once, start);
}

static CURLM *multi_of_thread(void)
{
    CURLM *multi = pthread_getspecific(multi_key);

    if (multi == NULL) {
        multi = curl_multi_init();
        pthread_setspecific(multi_key, multi);
    }
    return multi;
}

/* ---------------------------------------------------------------- what comes */

static size_t take_body(char *bytes, size_t size, size_t count, void *baton)
{
    transfer *t = baton;
    uapi_fetch *fetch = t->fetch;
    size_t length = size * count;

    if (fetch->take != NULL) {
        return fetch->take(fetch, bytes, length) == 0 ? length : 0;
    }
    if (length > fetch->max_size - fetch->length) {
        fetch->too_large = 1;
        return 0;
    }
    if (fetch->length + length + 1 > t->room) {
        char *larger;
        t->room = (fetch->length + length) * 2 + 1024;
        larger = apr_palloc(t->pool, t->room);
        memcpy(larger, fetch->text, fetch->length);
        fetch->text = larger;
    }
    memcpy(fetch->text + fetch->length, bytes, length);
    fetch->length += length;
    fetch->text[fetch->length] = '\0';
    t->enough = fetch->enough != NULL && fetch->enough(fetch);
    return t->enough ? 0 : length;
}

static const char *field_value(const char *line, size_t length, const char *name, apr_pool_t *pool)
{
    size_t width = strlen(name);

    if (length <= width || strncasecmp(line, name, width) != 0 || line[width] != ':') {
        return NULL;
    }
    for (width++; width < length && (line[width] == ' ' || line[width] == '\t'); width++) {
    }
    while (length > width && memchr(" \t\r\n", line[length - 1], 4) != NULL) {
        length--;
    }
    return apr_pstrmemdup(pool, line + width, length - width);
}

/* Known before the first byte of the body, so that `enough` may go by them. */
static size_t take_header(char *bytes, size_t size, size_t count, void *baton)
{
    transfer *t = baton;
    const char *value = field_value(bytes, size * count, "Content-Type", t->pool);

    if (value != NULL) {
        t->fetch->type = value;
    }
    value = field_value(bytes, size * count, "Mcp-Session-Id", t->pool);
    if (value != NULL) {
        t->fetch->session = value;
    }
    if (size * count <= 2) { /* the line that ends the head */
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->fetch->status);
    }
    return size * count;
}

/* ---------------------------------------------------------------- what goes */

static int add_header(void *baton, const char *name, const char *value)
{
    transfer *t = baton;
    const char *line = apr_pstrcat(t->pool, name, ": ", value, NULL);
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    uapi_secret_wipe((void *)line, strlen(line)); /* it may be the one with a credential */
    if (longer != NULL) {
        t->headers = longer;
    }
    return longer != NULL;
}

static int prepare(transfer *t)
{
    uapi_fetch *fetch = t->fetch;
    CURL *curl = t->curl = curl_easy_init();

    fetch->type = fetch->text = (char *)"";
    if (curl == NULL || !apr_table_do(add_header, t, fetch->headers, NULL) ||
        curl_easy_setopt(curl, CURLOPT_URL, fetch->url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK) {
        return 0;
    }
    if (fetch->ca != NULL && curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca) != CURLE_OK) {
        return 0;
    }
    if (fetch->socket != NULL && curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, fetch->socket) != CURLE_OK) {
        return 0;
    }
    if (fetch->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body_length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body);
    }
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)fetch->once);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, fetch->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, fetch->take != NULL ? 0L : (long)fetch->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, t);
    return 1;
}

static void release(transfer *t, CURLM *multi)
{
    if (t->curl != NULL) {
        curl_multi_remove_handle(multi, t->curl);
        curl_easy_cleanup(t->curl);
    }
    for (struct curl_slist *header = t->headers; header != NULL; header = header->next) {
        uapi_secret_wipe(header->data, strlen(header->data));
    }
    curl_slist_free_all(t->headers);
}

/* ---------------------------------------------------------------- both */

static void conclude(transfer *t, CURLcode code)
{
    t->over = t->fetch->over = 1;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->fetch->status);
    if (t->fetch->too_large) {
        t->fetch->error = "the answer is too large";
    } else if (code != CURLE_OK && !t->enough) {
        t->fetch->error = apr_pstrdup(t->pool, t->error[0] != '\0' ? t->error : curl_easy_strerror(code));
    }
}

static void reap(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        transfer *t = NULL;
        if (message->msg == CURLMSG_DONE && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK) {
            conclude(t, message->data.result);
        }
    }
}

static void add_all(transfer *transfers, CURLM *multi, uapi_fetch *fetches, size_t count, apr_pool_t *pool)
{
    for (size_t i = 0; i < count; i++) {
        transfers[i].fetch = &fetches[i];
        transfers[i].pool = pool;
        if (multi == NULL || !prepare(&transfers[i]) || curl_multi_add_handle(multi, transfers[i].curl) != CURLM_OK) {
            fetches[i].error = "the request could not be made";
            transfers[i].over = fetches[i].over = 1;
        }
    }
}

static void release_all(transfer *transfers, CURLM *multi, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!transfers[i].over) {
            transfers[i].fetch->error = "the request broke off";
        }
        release(&transfers[i], multi);
    }
}

static int any_is_over(const uapi_fetch *fetches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fetches[i].over && fetches[i].status >= 200 && fetches[i].status < 300) {
            return 1;
        }
    }
    return 0;
}

void uapi_fetch_watch(uapi_fetch *fetches, size_t count, unsigned tick_ms, int (*turn)(void *baton), void *baton,
                      apr_pool_t *pool)
{
    transfer *transfers = apr_pcalloc(pool, sizeof(*transfers) * (count + 1));
    CURLM *multi = multi_of_thread();
    int running = 1;

    add_all(transfers, multi, fetches, count, pool);
    while (multi != NULL && running > 0 && curl_multi_perform(multi, &running) == CURLM_OK) {
        reap(multi);
        if (any_is_over(fetches, count) || turn(baton) ||
            curl_multi_poll(multi, NULL, 0, (int)tick_ms, NULL) != CURLM_OK) {
            break;
        }
    }
    release_all(transfers, multi, count);
}

void uapi_fetch_all(uapi_fetch *fetches, size_t count, int (*gone)(void *baton), void *baton, apr_pool_t *pool)
{
    transfer *transfers = apr_pcalloc(pool, sizeof(*transfers) * (count + 1));
    CURLM *multi = multi_of_thread();
    int running = 1;

    add_all(transfers, multi, fetches, count, pool);
    while (multi != NULL && running > 0 && curl_multi_perform(multi, &running) == CURLM_OK) {
        if (running > 0 && (curl_multi_poll(multi, NULL, 0, 500, NULL) != CURLM_OK || gone(baton))) {
            break;
        }
    }
    if (multi != NULL) {
        reap(multi);
    }
    release_all(transfers, multi, count);
}
