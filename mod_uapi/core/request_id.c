/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "request_id.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

enum { MARK_BYTES = 15, MARK_TEXT = 20, SUFFIX = MARK_TEXT + 2 }; /* ".s" or ".n", and base64 that needs no padding */

/* A key of its own, so that no other use of the parent key can be made to give a mark. */
static int derive(const uapi_keyring *keyring, unsigned char key[EVP_MAX_MD_SIZE], unsigned *length)
{
    static const unsigned char purpose[] = "uapi:request-id:1";

    return HMAC(EVP_sha256(), keyring->session_key, UAPI_KEY_SIZE, purpose, sizeof(purpose) - 1, key, length) != NULL;
}

/* No field but the last can hold a zero byte, and the last is delimited by the end. */
static apr_status_t suffix_of(char suffix[SUFFIX + 1], char kind, const char *id, size_t length,
                              const uapi_request_scope *scope, apr_pool_t *pool, uapi_result *result)
{
    const uapi_principal *principal = scope->principal;
    const char *fields[] = {principal->tenant, uapi_principal_type_name(principal->type), principal->id,
                            scope->server ? scope->server : "", scope->session ? scope->session : ""};
    unsigned char key[EVP_MAX_MD_SIZE], mac[EVP_MAX_MD_SIZE];
    unsigned key_length = 0, mac_length = 0;
    apr_size_t room = length + 1, at = 0;
    unsigned char *text;
    size_t i;
    int made;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        room += strlen(fields[i]) + 1;
    }
    text = apr_palloc(pool, room);
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        memcpy(text + at, fields[i], strlen(fields[i]) + 1);
        at += strlen(fields[i]) + 1;
    }
    text[at++] = (unsigned char)kind;
    memcpy(text + at, id, length);
    made = derive(scope->keyring, key, &key_length) &&
           HMAC(EVP_sha256(), key, (int)key_length, text, at + length, mac, &mac_length) != NULL;
    OPENSSL_cleanse(key, sizeof(key));
    if (!made) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "HMAC failed");
    }
    suffix[0] = '.';
    suffix[1] = kind;
    apr_base64_encode_binary(suffix + 2, mac, MARK_BYTES);
    for (i = 2; i < SUFFIX; i++) { /* letters that no client escapes */
        suffix[i] = suffix[i] == '+' ? '-' : suffix[i] == '/' ? '_' : suffix[i];
    }
    return APR_SUCCESS;
}

apr_status_t uapi_request_id_mark(apr_array_header_t *edits, const uapi_json *json, uint32_t id,
                                  const uapi_request_scope *scope, apr_pool_t *pool, uapi_result *result)
{
    const uapi_json_node *node = &json->nodes[id];
    size_t end = (size_t)node->start + node->length;
    char suffix[SUFFIX + 1];
    const char *text;
    size_t length;
    apr_status_t status;

    if (node->type == UAPI_JSON_STRING) {
        uapi_json_string(json, id, pool, &text, &length);
        status = suffix_of(suffix, 's', text, length, scope, pool, result);
        if (status == APR_SUCCESS) {
            uapi_edit_add(edits, end, end, apr_pstrdup(pool, suffix));
        }
        return status;
    }
    text = json->text + node->start;
    status = suffix_of(suffix, 'n', text, node->length, scope, pool, result);
    if (status == APR_SUCCESS) {
        uapi_edit_add(edits, node->start, end,
                      apr_pstrcat(pool, "\"", apr_pstrmemdup(pool, text, node->length), suffix, "\"", NULL));
    }
    return status;
}

static apr_status_t unasked(apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RPC_UNASKED,
                     "an answer to a request that this caller was not sent in this session");
}

apr_status_t uapi_request_id_unmark(apr_array_header_t *edits, const uapi_json *json, uint32_t id,
                                    const uapi_request_scope *scope, apr_pool_t *pool, uapi_result *result)
{
    const uapi_json_node *node = &json->nodes[id];
    size_t end = (size_t)node->start + node->length, length;
    char suffix[SUFFIX + 1];
    const char *text;
    apr_status_t status;

    if (node->type != UAPI_JSON_STRING || node->length < SUFFIX) {
        return unasked(pool, result);
    }
    uapi_json_string(json, id, pool, &text, &length);
    if (length < SUFFIX || memcmp(text + length - SUFFIX, json->text + end - SUFFIX, SUFFIX) != 0) {
        return unasked(pool, result); /* the mark has one spelling, so it can be cut off */
    }
    length -= SUFFIX;
    status = suffix_of(suffix, text[length + 1] == 'n' ? 'n' : 's', text, length, scope, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (CRYPTO_memcmp(suffix, text + length, SUFFIX) != 0) {
        return unasked(pool, result);
    }
    if (suffix[1] == 's') {
        uapi_edit_add(edits, end - SUFFIX, end, "");
    } else {
        uapi_edit_add(edits, (size_t)node->start - 1, end + 1, apr_pstrmemdup(pool, text, length));
    }
    return APR_SUCCESS;
}
