/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "session.h"

#include <string.h>

#include <apr_strings.h>

#include "vault.h"

/* Names hold no colon (store.h), and directives and policies refuse one in a server's name. What may hold anything stands last. */
static const char *binding(const char *purpose, const char *of, const uapi_principal *principal, const char *server,
                           apr_pool_t *pool)
{
    return apr_pstrcat(pool, "uapi:", purpose, ":1:", principal->tenant, ":", uapi_principal_type_name(principal->type),
                       ":", principal->id, ":", server != NULL ? server : "", of != NULL ? ":" : NULL, of, NULL);
}

static apr_status_t seal(const char **sealed, const char *value, const char *bound_to, const uapi_keyring *keyring,
                         apr_pool_t *pool, uapi_result *result)
{
    size_t length = strlen(value);
    *sealed = NULL;
    if (length == 0 || length > UAPI_SESSION_MAX) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                         "a session id of %" APR_SIZE_T_FMT " bytes", length);
    }
    return uapi_vault_seal(sealed, keyring->session_key, bound_to, value, length, pool, result);
}

/* NULL if it was not sealed for this. */
static const char *open_sealed(const char *sealed, const char *bound_to, const uapi_keyring *keyring, apr_pool_t *pool)
{
    size_t room = uapi_vault_plaintext_length(sealed), length = 0;
    char *opened = (room > 0 && room <= UAPI_SESSION_MAX) ? apr_palloc(pool, room + 1) : NULL;
    if (opened == NULL ||
        uapi_vault_open(opened, room, &length, keyring->session_key, bound_to, sealed, NULL) != APR_SUCCESS) {
        return NULL;
    }
    opened[length] = '\0';
    return opened;
}

apr_status_t uapi_session_seal(const char **sealed, const char *id, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result)
{
    return seal(sealed, id, binding("session", NULL, principal, server, pool), keyring, pool, result);
}

apr_status_t uapi_session_open(const char **id, const char *sealed, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result)
{
    *id = open_sealed(sealed, binding("session", NULL, principal, server, pool), keyring, pool);
    return (*id != NULL) ? APR_SUCCESS
                         : uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_SESSION_UNKNOWN,
                                     "the session id was not given to this principal at this server");
}

static const struct {
    const char *purpose;
    uapi_reason unknown;
} parts[] = {
    [UAPI_SESSION_EVENT] = {"event", UAPI_REASON_EVENT_UNKNOWN},
    [UAPI_SESSION_ENDPOINT] = {"endpoint", UAPI_REASON_SESSION_UNKNOWN},
};

apr_status_t uapi_session_seal_part(const char **sealed, uapi_session_part part, const char *value, const char *of,
                                    const uapi_keyring *keyring, const uapi_principal *principal, const char *server,
                                    apr_pool_t *pool, uapi_result *result)
{
    return seal(sealed, value, binding(parts[part].purpose, of, principal, server, pool), keyring, pool, result);
}

apr_status_t uapi_session_open_part(const char **value, uapi_session_part part, const char *sealed, const char *of,
                                    const uapi_keyring *keyring, const uapi_principal *principal, const char *server,
                                    apr_pool_t *pool, uapi_result *result)
{
    *value = open_sealed(sealed, binding(parts[part].purpose, of, principal, server, pool), keyring, pool);
    return (*value != NULL) ? APR_SUCCESS
                            : uapi_fail(result, pool, APR_NOTFOUND, parts[part].unknown,
                                        "the %s was not given to this principal in this session", parts[part].purpose);
}

#define SEPARATOR ' ' /* in no session id: those are visible ASCII */

int uapi_session_names_member(const char *route)
{
    return route[0] != '\0' && strchr(route, SEPARATOR) == NULL;
}

const char *uapi_session_join(const char *member, const char *id, apr_pool_t *pool)
{
    return (member == NULL) ? id : apr_psprintf(pool, "%s%c%s", member, SEPARATOR, id);
}

const char *uapi_session_split(const char *joined, const char **member, apr_pool_t *pool)
{
    const char *end = strchr(joined, SEPARATOR);
    *member = (end != NULL) ? apr_pstrmemdup(pool, joined, (size_t)(end - joined)) : NULL;
    return (end != NULL) ? end + 1 : joined;
}
