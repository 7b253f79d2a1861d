/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "session.h"

#include <string.h>

#include <apr_strings.h>

#include "vault.h"

/* Names hold no colon (store.h), and directives and policies refuse one in a server's name. */
static const char *binding(const uapi_principal *principal, const char *server, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "uapi:session:1:", principal->tenant, ":", uapi_principal_type_name(principal->type), ":",
                       principal->id, ":", server != NULL ? server : "", NULL);
}

apr_status_t uapi_session_seal(const char **sealed, const char *id, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result)
{
    size_t length = strlen(id);
    *sealed = NULL;
    if (length == 0 || length > UAPI_SESSION_MAX) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                         "a session id of %" APR_SIZE_T_FMT " bytes", length);
    }
    return uapi_vault_seal(sealed, keyring->session_key, binding(principal, server, pool), id, length, pool, result);
}

apr_status_t uapi_session_open(const char **id, const char *sealed, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result)
{
    size_t room = uapi_vault_plaintext_length(sealed), length = 0;
    char *opened = (room > 0 && room <= UAPI_SESSION_MAX) ? apr_palloc(pool, room + 1) : NULL;
    *id = NULL;
    if (opened == NULL || uapi_vault_open(opened, room, &length, keyring->session_key, binding(principal, server, pool),
                                          sealed, NULL) != APR_SUCCESS) {
        return uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_SESSION_UNKNOWN,
                         "the session id was not given to this principal at this server");
    }
    opened[length] = '\0';
    *id = opened;
    return APR_SUCCESS;
}
