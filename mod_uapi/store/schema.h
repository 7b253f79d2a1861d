/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema.h
 * The registry's tables, and the views and triggers through which alone a connection reaches them.
 *
 * The tables (`t_…`) lie in the file. The views and triggers (`v_…`) are temporary: each connection makes its own, from
 * this program's text, so that nobody who could write to the file can have widened them.
 */
#ifndef UAPI_STORE_SCHEMA_H
#define UAPI_STORE_SCHEMA_H

#define UAPI_SCHEMA_APPLICATION_ID 0x55415049 /* "UAPI" */
#define UAPI_SCHEMA_VERSION 2

/** SQL that makes the tables of version 1 in an empty file; runs in one transaction, with the upgrades after it. */
extern const char uapi_schema_tables[];

/** SQL that makes version 2 of version 1: the tables of tool pins. A writer runs it on a file that it finds older. */
extern const char uapi_schema_upgrade_2[];

/** SQL that makes the temporary views and triggers. Uses current_tenant() and presented_hash(). */
extern const char uapi_schema_views[];
/** The views of version 2, and what stands in for them while a reader has a file of version 1: no rows. */
extern const char uapi_schema_views_2[];
extern const char uapi_schema_views_2_absent[];

/** What a view or trigger may do to base tables; everything not listed may do nothing. */
typedef enum uapi_schema_right { UAPI_SCHEMA_NOTHING, UAPI_SCHEMA_READ, UAPI_SCHEMA_WRITE } uapi_schema_right;

/** By the name of the view or trigger; NULL gives UAPI_SCHEMA_NOTHING. */
uapi_schema_right uapi_schema_right_of(const char *name);

#endif
