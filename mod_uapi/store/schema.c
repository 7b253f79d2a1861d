/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Every view filters on current_tenant(), which is NULL while no tenant is bound, and nothing equals NULL: so a
 * forgotten binding shows no rows instead of all. The triggers write current_tenant() where the statement has no say
 * in the tenant, and NOT NULL makes an insert without one fail. Two views stand apart: v_tenants is the operator's
 * list of names, v_presented_tokens finds the one row whose hash the connection was given, before its tenant can be
 * known.
 */
#include "schema.h"

#include <string.h>

const char uapi_schema_tables[] = "CREATE TABLE t_tenants (\n"
                                  "  name TEXT PRIMARY KEY,\n"
                                  "  created INTEGER NOT NULL\n"
                                  ") STRICT, WITHOUT ROWID;\n"
                                  "CREATE TABLE t_principals (\n"
                                  "  tenant TEXT NOT NULL REFERENCES t_tenants (name),\n"
                                  "  id TEXT NOT NULL,\n"
                                  "  type TEXT NOT NULL CHECK (type IN ('human', 'agent', 'service', 'workflow')),\n"
                                  "  created INTEGER NOT NULL,\n"
                                  "  PRIMARY KEY (tenant, id)\n"
                                  ") STRICT, WITHOUT ROWID;\n"
                                  "CREATE TABLE t_tokens (\n"
                                  "  id TEXT PRIMARY KEY,\n"
                                  "  tenant TEXT NOT NULL,\n"
                                  "  principal TEXT NOT NULL,\n"
                                  "  roles TEXT NOT NULL,\n"
                                  "  label TEXT NOT NULL,\n"
                                  "  hash BLOB NOT NULL UNIQUE,\n"
                                  "  created INTEGER NOT NULL,\n"
                                  "  expires INTEGER NOT NULL,\n"
                                  "  revoked INTEGER NOT NULL,\n"
                                  "  FOREIGN KEY (tenant, principal) REFERENCES t_principals (tenant, id)\n"
                                  ") STRICT, WITHOUT ROWID;\n"
                                  "CREATE INDEX t_tokens_by_tenant ON t_tokens (tenant, created);\n"
                                  "CREATE TABLE t_deks (\n"
                                  "  tenant TEXT NOT NULL REFERENCES t_tenants (name),\n"
                                  "  version INTEGER NOT NULL CHECK (version > 0),\n"
                                  "  wrapped TEXT NOT NULL,\n"
                                  "  PRIMARY KEY (tenant, version)\n"
                                  ") STRICT, WITHOUT ROWID;\n"
                                  "CREATE TABLE t_credentials (\n"
                                  "  tenant TEXT NOT NULL,\n"
                                  "  name TEXT NOT NULL,\n"
                                  "  version INTEGER NOT NULL CHECK (version > 0),\n"
                                  "  dek_version INTEGER NOT NULL,\n"
                                  "  blob TEXT NOT NULL,\n"
                                  "  updated INTEGER NOT NULL,\n"
                                  "  PRIMARY KEY (tenant, name),\n"
                                  "  FOREIGN KEY (tenant, dek_version) REFERENCES t_deks (tenant, version)\n"
                                  ") STRICT, WITHOUT ROWID;\n";

const char uapi_schema_views[] =
    "CREATE TEMP VIEW v_tenants AS SELECT name, created FROM main.t_tenants;\n"
    "CREATE TEMP TRIGGER v_tenants_insert INSTEAD OF INSERT ON v_tenants BEGIN\n"
    "  INSERT INTO t_tenants (name, created) VALUES (NEW.name, NEW.created);\n"
    "END;\n"

    "CREATE TEMP VIEW v_principals AS\n"
    "  SELECT id, type, created FROM main.t_principals WHERE tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_principals_insert INSTEAD OF INSERT ON v_principals BEGIN\n"
    "  INSERT INTO t_principals (tenant, id, type, created) VALUES (current_tenant(), NEW.id, NEW.type, NEW.created);\n"
    "END;\n"

    "CREATE TEMP VIEW v_tokens AS\n"
    "  SELECT k.id, k.tenant, k.principal, p.type, k.roles, k.label, k.hash, k.created, k.expires, k.revoked\n"
    "  FROM main.t_tokens k JOIN main.t_principals p ON p.tenant = k.tenant AND p.id = k.principal\n"
    "  WHERE k.tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_tokens_insert INSTEAD OF INSERT ON v_tokens BEGIN\n"
    "  INSERT INTO t_tokens (id, tenant, principal, roles, label, hash, created, expires, revoked)\n"
    "  VALUES (NEW.id, current_tenant(), NEW.principal, NEW.roles, NEW.label, NEW.hash, NEW.created, NEW.expires, 0);\n"
    "END;\n"
    "CREATE TEMP TRIGGER v_tokens_revoke INSTEAD OF UPDATE OF revoked ON v_tokens BEGIN\n"
    "  UPDATE t_tokens SET revoked = NEW.revoked\n"
    "  WHERE id = OLD.id AND tenant = current_tenant() AND revoked = 0;\n"
    "END;\n"

    "CREATE TEMP VIEW v_presented_tokens AS\n"
    "  SELECT k.id, k.tenant, k.principal, p.type, k.roles, k.label, k.hash, k.created, k.expires, k.revoked\n"
    "  FROM main.t_tokens k JOIN main.t_principals p ON p.tenant = k.tenant AND p.id = k.principal\n"
    "  WHERE k.hash = presented_hash();\n"

    "CREATE TEMP VIEW v_deks AS\n"
    "  SELECT version, wrapped FROM main.t_deks WHERE tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_deks_insert INSTEAD OF INSERT ON v_deks BEGIN\n"
    "  INSERT INTO t_deks (tenant, version, wrapped) VALUES (current_tenant(), NEW.version, NEW.wrapped);\n"
    "END;\n"

    "CREATE TEMP VIEW v_credentials AS\n"
    "  SELECT name, version, dek_version, blob, updated FROM main.t_credentials WHERE tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_credentials_insert INSTEAD OF INSERT ON v_credentials BEGIN\n"
    "  INSERT INTO t_credentials (tenant, name, version, dek_version, blob, updated)\n"
    "  VALUES (current_tenant(), NEW.name, NEW.version, NEW.dek_version, NEW.blob, NEW.updated)\n"
    "  ON CONFLICT (tenant, name) DO UPDATE SET version = excluded.version, dek_version = excluded.dek_version,\n"
    "    blob = excluded.blob, updated = excluded.updated;\n"
    "END;\n"
    "CREATE TEMP TRIGGER v_credentials_delete INSTEAD OF DELETE ON v_credentials BEGIN\n"
    "  DELETE FROM t_credentials WHERE name = OLD.name AND tenant = current_tenant();\n"
    "END;\n";

const char uapi_schema_upgrade_2[] = "CREATE TABLE t_pins (\n"
                                     "  tenant TEXT NOT NULL REFERENCES t_tenants (name),\n"
                                     "  server TEXT NOT NULL,\n"
                                     "  tool TEXT NOT NULL,\n"
                                     "  hash TEXT NOT NULL,\n"
                                     "  definition TEXT NOT NULL,\n"
                                     "  rejected TEXT NOT NULL,\n"
                                     "  updated INTEGER NOT NULL,\n"
                                     "  PRIMARY KEY (tenant, server, tool)\n"
                                     ") STRICT, WITHOUT ROWID;\n"
                                     "CREATE TABLE t_observations (\n"
                                     "  tenant TEXT NOT NULL,\n" /* whose tenants stand in the registry, another file */
                                     "  server TEXT NOT NULL,\n"
                                     "  tool TEXT NOT NULL,\n"
                                     "  role TEXT NOT NULL CHECK (role IN ('first', 'held')),\n"
                                     "  hash TEXT NOT NULL,\n"
                                     "  definition TEXT NOT NULL,\n"
                                     "  seen INTEGER NOT NULL,\n"
                                     "  PRIMARY KEY (tenant, server, tool, role)\n"
                                     ") STRICT, WITHOUT ROWID;\n";

const char uapi_schema_views_2[] =
    "CREATE TEMP VIEW v_pins AS\n"
    "  SELECT server, tool, hash, definition, rejected, updated FROM main.t_pins WHERE tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_pins_insert INSTEAD OF INSERT ON v_pins BEGIN\n"
    "  INSERT INTO t_pins (tenant, server, tool, hash, definition, rejected, updated)\n"
    "  VALUES (current_tenant(), NEW.server, NEW.tool, NEW.hash, NEW.definition, NEW.rejected, NEW.updated)\n"
    "  ON CONFLICT (tenant, server, tool) DO UPDATE SET hash = excluded.hash, definition = excluded.definition,\n"
    "    rejected = excluded.rejected, updated = excluded.updated;\n"
    "END;\n"

    "CREATE TEMP VIEW v_observations AS\n"
    "  SELECT server, tool, role, hash, definition, seen FROM main.t_observations WHERE tenant = current_tenant();\n"
    "CREATE TEMP TRIGGER v_observations_insert INSTEAD OF INSERT ON v_observations BEGIN\n"
    "  INSERT INTO t_observations (tenant, server, tool, role, hash, definition, seen)\n"
    "  VALUES (current_tenant(), NEW.server, NEW.tool, NEW.role, NEW.hash, NEW.definition, NEW.seen)\n"
    "  ON CONFLICT (tenant, server, tool, role) DO UPDATE SET hash = excluded.hash,\n"
    "    definition = excluded.definition, seen = excluded.seen WHERE role = 'held';\n"
    "END;\n"
    "CREATE TEMP TRIGGER v_observations_delete INSTEAD OF DELETE ON v_observations BEGIN\n"
    "  DELETE FROM t_observations\n"
    "  WHERE server = OLD.server AND tool = OLD.tool AND role = OLD.role AND tenant = current_tenant();\n"
    "END;\n";

const char uapi_schema_views_2_absent[] =
    "CREATE TEMP VIEW v_pins AS SELECT NULL AS server, NULL AS tool, NULL AS hash, NULL AS definition,\n"
    "  NULL AS rejected, NULL AS updated WHERE 0;\n"
    "CREATE TEMP VIEW v_observations AS SELECT NULL AS server, NULL AS tool, NULL AS role, NULL AS hash,\n"
    "  NULL AS definition, NULL AS seen WHERE 0;\n";

static const struct {
    const char *name;
    uapi_schema_right right;
} rights[] = {
    {"v_tenants", UAPI_SCHEMA_READ},
    {"v_principals", UAPI_SCHEMA_READ},
    {"v_tokens", UAPI_SCHEMA_READ},
    {"v_presented_tokens", UAPI_SCHEMA_READ},
    {"v_deks", UAPI_SCHEMA_READ},
    {"v_credentials", UAPI_SCHEMA_READ},
    {"v_pins", UAPI_SCHEMA_READ},
    {"v_observations", UAPI_SCHEMA_READ},
    {"v_tenants_insert", UAPI_SCHEMA_WRITE},
    {"v_principals_insert", UAPI_SCHEMA_WRITE},
    {"v_tokens_insert", UAPI_SCHEMA_WRITE},
    {"v_tokens_revoke", UAPI_SCHEMA_WRITE},
    {"v_deks_insert", UAPI_SCHEMA_WRITE},
    {"v_credentials_insert", UAPI_SCHEMA_WRITE},
    {"v_credentials_delete", UAPI_SCHEMA_WRITE},
    {"v_pins_insert", UAPI_SCHEMA_WRITE},
    {"v_observations_insert", UAPI_SCHEMA_WRITE},
    {"v_observations_delete", UAPI_SCHEMA_WRITE},
};

uapi_schema_right uapi_schema_right_of(const char *name)
{
    size_t i;

    for (i = 0; name && i < sizeof(rights) / sizeof(rights[0]); i++) {
        if (strcmp(rights[i].name, name) == 0) {
            return rights[i].right;
        }
    }
    return UAPI_SCHEMA_NOTHING;
}
