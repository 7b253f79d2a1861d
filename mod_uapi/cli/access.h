/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file access.h
 * The ways from a command to what it works on. Each function gives UAPI_EXIT_DONE, or has told the user what is
 * wrong and gives the exit status.
 */
#ifndef UAPI_CLI_ACCESS_H
#define UAPI_CLI_ACCESS_H

#include "../core/keyring.h"
#include "../core/policy.h"
#include "../store/store.h"
#include "command.h"

/** Open --registry; closed with the command's pool. */
int uapi_access_registry(uapi_cli *cli, uapi_store_mode mode, uapi_store **store);

/** Bind the tenant, which must exist. */
int uapi_access_tenant(uapi_cli *cli, uapi_store *store, const char *tenant);

/** --tenant, or all tenants: names that uapi_store_bind_tenant takes, NULL-terminated. */
int uapi_access_tenants(uapi_cli *cli, uapi_store *store, const char *const **tenants);

/** Load --key-file. */
int uapi_access_keyring(uapi_cli *cli, uapi_keyring **keyring);

/** Load what --policy names; NULL if it names nothing. */
int uapi_access_policy(uapi_cli *cli, uapi_policy **policy);

/** Is `name` fit to name a thing? Else a usage error that says what a name may be. `what` is "tenant", "--role" … */
int uapi_access_name(uapi_cli *cli, const char *what, const char *name);

#endif
