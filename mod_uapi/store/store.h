/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store.h
 * The registry: tenants, principals, tokens, credentials, data keys. One interface; sqlite.c stands behind it.
 *
 * Isolation: tenant tables are reached only through views that filter on the tenant bound to the connection; with
 * none bound every query sees zero rows. A token is looked up before its tenant is known: its view shows only the row
 * whose hash equals the one presented. Each connection prepares its fixed set of statements under an authorizer that
 * lets only those views and their triggers touch the base tables, and is then sealed: nothing more can be compiled on
 * it.
 *
 * Changes are announced through `<path>-generation`, a small file that every process maps: odd while a write is under
 * way, even and higher afterwards. A reader that caches compares one atomic number with what it saw and so sees a
 * revocation on its very next call, without a system call.
 *
 * Threads: one uapi_store is one connection and belongs to one thread at a time. Strings in results live in the pool
 * given.
 */
#ifndef UAPI_STORE_STORE_H
#define UAPI_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "../core/result.h"

typedef struct uapi_store uapi_store;

typedef enum uapi_store_mode {
    UAPI_STORE_READ,  /* the server: no statement that writes is even prepared */
    UAPI_STORE_WRITE, /* uapictl */
    UAPI_STORE_CREATE /* uapictl init: make the file and its schema, mode 0600; refuses an existing one */
} uapi_store_mode;

/*
 * Files and permissions: beside the registry lie `<path>-wal`, `<path>-shm` (SQLite's) and `<path>-generation`. Every
 * writer gives them the registry's own owner and mode, and they stay when nobody has them open. The server's
 * unprivileged user needs to reach the folder and to read all four; it never needs to write. So either that user owns
 * them (mode 0600), or root does and they are readable by its group (mode 0640, folder 0750), which keeps a captured
 * child from changing the registry. uapi_store_share() sets both.
 */

/** Opens, checks the schema version, prepares, seals. registry.unavailable with a detail that names file and cause. */
apr_status_t uapi_store_open(uapi_store **store, const char *path, uapi_store_mode mode, apr_pool_t *pool,
                             uapi_result *result);
void uapi_store_close(uapi_store *store);

/**
 * Give the registry and the files beside it to `uid` and `gid` (-1: leave) and set their permissions to `mode` (0600 or
 * 0640). Links are refused. Needs root where the owner changes. For uapictl init, after the store is closed.
 */
apr_status_t uapi_store_share(const char *path, int uid, int gid, int mode, apr_pool_t *pool, uapi_result *result);

/** SQLite's data_version: differs from its last value on this connection if another connection has changed the file. */
apr_status_t uapi_store_data_version(uapi_store *store, uint32_t *version, apr_pool_t *pool, uapi_result *result);

/** Bind the tenant that the following calls act for; NULL, or what is no valid name, unbinds. The name is copied. */
void uapi_store_bind_tenant(uapi_store *store, const char *tenant);

typedef struct uapi_store_tenant {
    const char *name;
    apr_time_t created;
} uapi_store_tenant;

apr_status_t uapi_store_tenant_create(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result);
apr_status_t uapi_store_tenant_list(uapi_store *store, apr_array_header_t **tenants, apr_pool_t *pool,
                                    uapi_result *result);
/** APR_NOTFOUND if there is none. */
apr_status_t uapi_store_tenant_exists(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result);

typedef struct uapi_store_token {
    const char *id; /* public, 12 characters, unique */
    const char *tenant;
    const char *principal;      /* id of the principal */
    const char *principal_type; /* "agent" … */
    const char *roles;          /* space-separated, "" if none */
    const char *label;          /* free text of the operator, "" if none */
    apr_time_t created;
    apr_time_t expires; /* 0: never */
    apr_time_t revoked; /* 0: not */
} uapi_store_token;

/**
 * Store a token of the bound tenant; the principal is created if it does not exist (a different type is refused).
 * `token->id` and `tenant` are filled in, and `created` if it is 0. Roles and label may be NULL.
 */
apr_status_t uapi_store_token_create(uapi_store *store, uapi_store_token *token, const uint8_t hash[32],
                                     apr_pool_t *pool, uapi_result *result);
/** Tokens of the bound tenant. */
apr_status_t uapi_store_token_list(uapi_store *store, apr_array_header_t **tokens, apr_pool_t *pool,
                                   uapi_result *result);
/** Of the bound tenant. APR_NOTFOUND if the tenant has no such token; revoking twice keeps the first time. */
apr_status_t uapi_store_token_revoke(uapi_store *store, const char *id, apr_pool_t *pool, uapi_result *result);
/** By hash, over tenants. APR_NOTFOUND with token.unknown. Expired and revoked ones are found: the caller judges. */
apr_status_t uapi_store_token_find(uapi_store *store, const uint8_t hash[32], uapi_store_token **token,
                                   apr_pool_t *pool, uapi_result *result);

typedef struct uapi_store_dek {
    int version;
    const char *wrapped; /* vault blob under the KEK */
} uapi_store_dek;

/** Newest DEK of the bound tenant, or that version (0: newest). APR_NOTFOUND if there is none. */
apr_status_t uapi_store_dek_find(uapi_store *store, int version, uapi_store_dek **dek, apr_pool_t *pool,
                                 uapi_result *result);
apr_status_t uapi_store_dek_create(uapi_store *store, const uapi_store_dek *dek, apr_pool_t *pool, uapi_result *result);

typedef struct uapi_store_credential {
    const char *name;
    int version; /* from 1, counts up with every change */
    int dek_version;
    const char *blob; /* vault blob under the DEK */
    apr_time_t updated;
} uapi_store_credential;

/**
 * Insert or replace. The caller chose credential->version = (current or 0) + 1 for the blob's AAD; a race is refused.
 */
apr_status_t uapi_store_credential_put(uapi_store *store, const uapi_store_credential *credential, apr_pool_t *pool,
                                       uapi_result *result);
apr_status_t uapi_store_credential_find(uapi_store *store, const char *name, uapi_store_credential **credential,
                                        apr_pool_t *pool, uapi_result *result);
apr_status_t uapi_store_credential_list(uapi_store *store, apr_array_header_t **credentials, apr_pool_t *pool,
                                        uapi_result *result);
apr_status_t uapi_store_credential_delete(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result);

/*
 * Tool pins. What an operator decided stands in the registry (uapi_store_pin). What the server saw stands in a second
 * file of the same form, `<registry>-observed` (uapi_store_observation), which the server's user may write: so a
 * child can keep what it saw without a right to write the registry.
 */

/** The most observations that a tenant keeps of one server. */
#define UAPI_STORE_MAX_OBSERVATIONS 8192
/** The longest definition that is kept, in bytes. */
#define UAPI_STORE_MAX_DEFINITION (256 * 1024)

/** What an operator decided about a tool. */
typedef struct uapi_store_pin {
    const char *server, *tool;
    const char *hash;       /* 64 hexadecimal digits: SHA-256 of the definition; "": none is approved */
    const char *definition; /* canonical JSON; "" if none is approved */
    const char *rejected;   /* hash of a definition that was turned down; "" if none was */
    apr_time_t updated;
} uapi_store_pin;

/** Of the bound tenant. APR_NOTFOUND (result untouched) if there is none. */
apr_status_t uapi_store_pin_find(uapi_store *store, const char *server, const char *tool, uapi_store_pin **pin,
                                 apr_pool_t *pool, uapi_result *result);
apr_status_t uapi_store_pin_list(uapi_store *store, apr_array_header_t **pins, apr_pool_t *pool, uapi_result *result);
/** Insert or replace all of them, or none. */
apr_status_t uapi_store_pin_put(uapi_store *store, const uapi_store_pin *pins, size_t count, apr_pool_t *pool,
                                uapi_result *result);

typedef enum uapi_store_role {
    UAPI_STORE_FIRST, /* the first definition that was seen; never replaced */
    UAPI_STORE_HELD   /* the last one seen that differs from the pin */
} uapi_store_role;

typedef struct uapi_store_observation {
    const char *server, *tool;
    uapi_store_role role;
    const char *hash;
    const char *definition; /* "": too long to keep */
    apr_time_t seen;
    int clear;  /* writing: take the observation with this hash away instead */
    int needed; /* writing: keep it beyond UAPI_STORE_MAX_OBSERVATIONS too */
} uapi_store_observation;

/** Of the bound tenant, at most one of each role; perhaps empty. */
apr_status_t uapi_store_observation_find(uapi_store *store, const char *server, const char *tool,
                                         apr_array_header_t **observations, apr_pool_t *pool, uapi_result *result);
apr_status_t uapi_store_observation_list(uapi_store *store, apr_array_header_t **observations, apr_pool_t *pool,
                                         uapi_result *result);

/** Told of each observation that changed something, before the change holds; a failure undoes them all. */
typedef apr_status_t (*uapi_store_witness)(void *baton, const uapi_store_observation *observation, apr_pool_t *pool,
                                           uapi_result *result);

/**
 * Write all of them, or none. A FIRST that is there already stays, a HELD is replaced unless it is the same, and beyond
 * UAPI_STORE_MAX_OBSERVATIONS only what is needed is added: none of these is a failure. `witness` may be NULL.
 */
apr_status_t uapi_store_observation_put(uapi_store *store, const uapi_store_observation *observations, size_t count,
                                        uapi_store_witness witness, void *baton, apr_pool_t *pool, uapi_result *result);

/**
 * The generation (see above), for caches; maps the file read-only (creating it needs write access and is done by
 * uapi_store_open). Returned pointer lives with the pool. Read it with an acquire load; odd means: do not cache.
 */
apr_status_t uapi_store_generation_map(const char *path, const volatile uint64_t **generation, apr_pool_t *pool,
                                       uapi_result *result);

/**
 * Whether the odd number `value` is what a killed writer left: it is still the number, and no writer is at work. Until
 * the number changes it may then be cached under like an even one, because the next writer goes on to another before
 * it changes anything. 0 if that cannot be told.
 */
int uapi_store_generation_abandoned(const char *path, uint64_t value, apr_pool_t *pool);

/** Name rule for tenants, principals, credentials: 1 to 64 of [A-Za-z0-9._@-], first one alphanumeric. */
int uapi_store_name_valid(const char *name);

#endif
