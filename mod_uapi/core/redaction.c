/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "redaction.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "glob.h"

#define DIGEST_SIZE 32
#define SHOWN_SIZE 6

struct uapi_redaction {
    const uapi_policy_redaction *how;
    uint8_t key[DIGEST_SIZE]; /* the tenant's */
    apr_hash_t *numbers;      /* digest of rule and value, to a number */
    apr_hash_t *last;         /* rule to the last number given; NULL of either: none given yet */
    apr_pool_t *pool;
};

static int mac(uint8_t out[DIGEST_SIZE], const uint8_t *key, const void *data, size_t length)
{
    unsigned size = 0;

    return HMAC(EVP_sha256(), key, DIGEST_SIZE, data, length, out, &size) != NULL && size == DIGEST_SIZE;
}

uapi_redaction *uapi_redaction_begin(const uapi_policy_redaction *how, const uapi_keyring *keyring, const char *tenant,
                                     apr_pool_t *pool)
{
    uapi_redaction *made;
    const char *purpose;

    if (how->style == UAPI_REDACTION_PLACEHOLDER && !how->consistent) {
        return NULL;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->how = how;
    made->pool = pool;
    purpose = apr_pstrcat(pool, "uapi redaction v1:", tenant, NULL);
    return mac(made->key, keyring->session_key, purpose, strlen(purpose)) ? made : NULL;
}

/* Of rule and value: under another rule the same value is something else. */
static int digest_of(uint8_t out[DIGEST_SIZE], const uapi_redaction *redaction, const uapi_firewall_finding *finding,
                     const char *value, apr_pool_t *pool)
{
    size_t rule = strlen(finding->rule) + 1, length = finding->to - finding->from;
    char *both = apr_palloc(pool, rule + length);

    memcpy(both, finding->rule, rule);
    memcpy(both + rule, value, length);
    return mac(out, redaction->key, both, rule + length);
}

/* ---------------------------------------------------------------- marks */

/* 0 if no more are given. */
static unsigned number_of(uapi_redaction *redaction, const char *rule, const uint8_t digest[DIGEST_SIZE])
{
    unsigned *number, *last;

    if (redaction->numbers == NULL) {
        redaction->numbers = apr_hash_make(redaction->pool);
        redaction->last = apr_hash_make(redaction->pool);
    }
    number = apr_hash_get(redaction->numbers, digest, DIGEST_SIZE);
    if (number != NULL) {
        return *number;
    }
    if (apr_hash_count(redaction->numbers) >= UAPI_REDACTION_NUMBERED) {
        return 0;
    }
    last = apr_hash_get(redaction->last, rule, APR_HASH_KEY_STRING);
    if (last == NULL) {
        last = apr_pcalloc(redaction->pool, sizeof(*last));
        apr_hash_set(redaction->last, rule, APR_HASH_KEY_STRING, last);
    }
    number = apr_palloc(redaction->pool, sizeof(*number));
    *number = ++*last;
    apr_hash_set(redaction->numbers, apr_pmemdup(redaction->pool, digest, DIGEST_SIZE), DIGEST_SIZE, number);
    return *number;
}

static const char *numbered(uapi_redaction *redaction, const char *rule, const uint8_t digest[DIGEST_SIZE],
                            apr_pool_t *pool)
{
    unsigned number = number_of(redaction, rule, digest);

    return number > 0 ? apr_psprintf(pool, "[REDACTED:%s#%u]", rule, number) : NULL;
}

static const char *hashed(const char *rule, const uint8_t digest[DIGEST_SIZE], apr_pool_t *pool)
{
    char hex[2 * SHOWN_SIZE + 1];

    for (size_t i = 0; i < SHOWN_SIZE; i++) {
        apr_snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return apr_pstrcat(pool, "[REDACTED:", rule, ":", hex, "]", NULL);
}

/* ---------------------------------------------------------------- the same form */

/* Never the character itself. */
static char turn(char at, char first, unsigned letters, uint8_t by)
{
    return (char)(first + ((unsigned)(at - first) + 1 + by % (letters - 1)) % letters);
}

static char replace_byte(char at, uint8_t by)
{
    if (apr_isdigit(at)) {
        return turn(at, '0', 10, by);
    }
    if (apr_islower(at)) {
        return turn(at, 'a', 26, by);
    }
    if (apr_isupper(at)) {
        return turn(at, 'A', 26, by);
    }
    return (unsigned char)at < 0x20 || at == '"' || at == '\\' || at == 0x7f ? '.' : at;
}

static int keeps_last(const uapi_policy_redaction *how, const char *rule)
{
    for (uint32_t i = 0; i < how->keep_last_of.count; i++) {
        const char *glob = how->keep_last_of.items[i];
        if (uapi_glob_match(glob, strlen(glob), rule, strlen(rule))) {
            return 1;
        }
    }
    return 0;
}

/* From where on digits stay: before the last ones, of which a short value has none to spare. */
static size_t kept_from(const uapi_policy_redaction *how, const char *rule, const char *value, size_t length)
{
    size_t digits = 0, at = length, wanted = how->keep_last;

    for (size_t i = 0; i < length; i++) {
        digits += apr_isdigit(value[i]) != 0;
    }
    if (wanted == 0 || !keeps_last(how, rule) || digits < 3 * wanted) {
        return length;
    }
    while (wanted > 0) {
        wanted -= apr_isdigit(value[--at]) != 0;
    }
    return at;
}

/* A character that is not ASCII becomes an x; the bytes that go on with one are left out. */
static const char *reformed(const uapi_redaction *redaction, const uapi_firewall_finding *finding, const char *value,
                            uint8_t digest[DIGEST_SIZE], apr_pool_t *pool)
{
    size_t length = finding->to - finding->from, used = 0;
    size_t kept = kept_from(redaction->how, finding->rule, value, length);
    char *out = apr_palloc(pool, length + 1);

    for (size_t i = 0; i < length; i++) {
        unsigned char at = (unsigned char)value[i];
        if (i > 0 && i % DIGEST_SIZE == 0 && !mac(digest, redaction->key, digest, DIGEST_SIZE)) {
            return NULL;
        }
        if (at >= 0x80) {
            if ((at & 0xc0) != 0x80) {
                out[used++] = 'x';
            }
        } else {
            out[used++] = i >= kept && apr_isdigit(at) ? (char)at : replace_byte((char)at, digest[i % DIGEST_SIZE]);
        }
    }
    out[used] = '\0';
    return out;
}

void uapi_redaction_apply(uapi_redaction *redaction, uapi_firewall_report *report, uapi_string text, apr_pool_t *pool)
{
    for (uint32_t i = 0; redaction != NULL && i < report->count; i++) {
        uapi_firewall_finding *finding = &report->findings[i];
        const char *value;
        uint8_t digest[DIGEST_SIZE];
        if (finding->action != UAPI_ACTION_REDACT || finding->from >= finding->to || finding->to > text.length) {
            continue;
        }
        value = text.data + finding->from;
        if (!digest_of(digest, redaction, finding, value, pool)) {
            continue;
        }
        switch (redaction->how->style) {
        case UAPI_REDACTION_PLACEHOLDER:
            finding->replacement = numbered(redaction, finding->rule, digest, pool);
            break;
        case UAPI_REDACTION_HASH:
            finding->replacement = hashed(finding->rule, digest, pool);
            break;
        case UAPI_REDACTION_FORMAT:
            finding->replacement = reformed(redaction, finding, value, digest, pool);
            break;
        }
    }
}
