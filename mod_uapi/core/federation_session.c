/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What is sealed: "1", the client's revision as a digit, and a line for each peer: its revision's digit, its name, its id. Names hold no
 * space, ids are visible ASCII.
 */
#include "federation_session.h"

#include <string.h>

#include <apr_strings.h>

#include "vault.h"

enum { LARGEST = 4096, LONGEST_ID = 1024 };

/* Names hold no colon (store.h). */
static const char *binding(const uapi_principal *principal, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "uapi:gateway:1:", principal->tenant, ":", uapi_principal_type_name(principal->type), ":",
                       principal->id, NULL);
}

int uapi_federation_is_session_id(const char *id)
{
    size_t length = 0;

    while (id[length] > 0x20 && id[length] < 0x7f && length <= LONGEST_ID) {
        length++;
    }
    return id[length] == '\0' && length <= LONGEST_ID;
}

apr_status_t uapi_federation_session_seal(const char **sealed, const uapi_federation_session *session,
                                          const uapi_keyring *keyring, const uapi_principal *principal,
                                          apr_pool_t *pool, uapi_result *result)
{
    char *text = apr_palloc(pool, LARGEST);
    size_t length = (size_t)apr_snprintf(text, LARGEST, "1%d", (int)session->revision);

    for (int i = 0; i < session->peers->nelts; i++) {
        const uapi_federation_peer *peer = &APR_ARRAY_IDX(session->peers, i, uapi_federation_peer);
        const char *line = apr_psprintf(pool, "\n%d%s %s", (int)peer->revision, peer->server, peer->id);
        size_t width = strlen(line);
        if (length + width < LARGEST) {
            memcpy(text + length, line, width);
            length += width;
        }
    }
    return uapi_vault_seal(sealed, keyring->session_key, binding(principal, pool), text, length, pool, result);
}

static int read_revision(char digit, uapi_mcp_revision *revision)
{
    *revision = (uapi_mcp_revision)(digit - '0');
    return digit >= '0' && digit <= '0' + (int)UAPI_MCP_2026_07_28;
}

/* It was sealed by us, so it has this form; what has not is none the less no session. */
static int parse(uapi_federation_session *session, char *text)
{
    char *state, *line = apr_strtok(text, "\n", &state);

    if (line == NULL || line[0] != '1' || !read_revision(line[1], &session->revision)) {
        return 0;
    }
    while ((line = apr_strtok(NULL, "\n", &state)) != NULL) {
        uapi_federation_peer *peer = apr_array_push(session->peers);
        char *space = strchr(line, ' ');
        if (space == NULL || !read_revision(line[0], &peer->revision)) {
            return 0;
        }
        *space = '\0';
        peer->server = line + 1;
        peer->id = space + 1;
    }
    return 1;
}

apr_status_t uapi_federation_session_open(uapi_federation_session **session, const char *sealed,
                                          const uapi_keyring *keyring, const uapi_principal *principal,
                                          apr_pool_t *pool, uapi_result *result)
{
    size_t room = uapi_vault_plaintext_length(sealed), length = 0;
    char *text = room > 0 && room <= LARGEST ? apr_palloc(pool, room + 1) : NULL;

    *session = apr_pcalloc(pool, sizeof(**session));
    (*session)->peers = apr_array_make(pool, 8, sizeof(uapi_federation_peer));
    if (text != NULL && uapi_vault_open(text, room, &length, keyring->session_key, binding(principal, pool), sealed,
                                        NULL) == APR_SUCCESS) {
        text[length] = '\0';
        if (parse(*session, text)) {
            return APR_SUCCESS;
        }
    }
    *session = NULL;
    return uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_SESSION_UNKNOWN,
                     "the session id was not given to this principal at an endpoint of this gateway");
}

const uapi_federation_peer *uapi_federation_session_find(const uapi_federation_session *session, const char *server)
{
    for (int i = 0; i < session->peers->nelts; i++) {
        const uapi_federation_peer *peer = &APR_ARRAY_IDX(session->peers, i, uapi_federation_peer);
        if (strcmp(peer->server, server) == 0) {
            return peer;
        }
    }
    return NULL;
}
