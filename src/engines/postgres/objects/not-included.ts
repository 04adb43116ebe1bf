import type { NotIncluded } from "../../../ports/dump.ts";
import type { Capabilities } from "../capabilities.ts";
import type { RunQuery } from "./catalog-queries.ts";
import { Catalog } from "./catalog-reader.ts";

/** Names told of each kind. */
const maxExamples = 5;

interface Question {
  readonly kind: string;
  /** A query of one column, the names. */
  readonly names: string;
  readonly hint: string;
  readonly isAsked?: (capabilities: Capabilities, dump: DumpScope) => boolean;
}

/** What a dump holds besides the objects of its database. */
export interface DumpScope {
  /** The database itself, with its settings and privileges: archives do, scripts that are loaded into one do not. */
  readonly databaseItself: boolean;
  readonly statistics?: boolean;
  readonly largeObjects?: boolean;
}

const ownDatabase = "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";

const questions: readonly Question[] = [
  {
    kind: "roles",
    names: "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND oid >= 16384",
    hint: "create them on the target before the restore, or restore with --no-owner --no-privileges",
  },
  {
    kind: "tablespaces",
    names: "SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid >= 16384",
    hint: "create them on the target before the restore, with folders of its own",
  },
  {
    kind: "databases",
    names:
      "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate " +
      "AND datname NOT IN ('postgres', pg_catalog.current_database())",
    hint: "back up each of them",
  },
  {
    kind: "database-properties",
    names:
      `SELECT 'security label' FROM pg_catalog.pg_shseclabel WHERE classoid = ${Catalog.pg_database} AND objoid = ${ownDatabase} ` +
      `UNION ALL SELECT 'comment' FROM pg_catalog.pg_shdescription WHERE classoid = ${Catalog.pg_database} AND objoid = ${ownDatabase} ` +
      `UNION ALL SELECT 'privileges' FROM pg_catalog.pg_database WHERE oid = ${ownDatabase} AND datacl IS NOT NULL ` +
      `UNION ALL SELECT 'connection limit' FROM pg_catalog.pg_database WHERE oid = ${ownDatabase} AND datconnlimit >= 0 ` +
      "UNION ALL SELECT pg_catalog.split_part(c, '=', 1) FROM pg_catalog.pg_db_role_setting, " +
      `pg_catalog.unnest(setconfig) AS c WHERE setdatabase = ${ownDatabase}`,
    hint: "repeat COMMENT ON, SECURITY LABEL, GRANT ... ON and ALTER DATABASE for the target, or use an archive",
    isAsked: (_, dump) => !dump.databaseItself,
  },
  {
    kind: "role-settings",
    names:
      "SELECT r.rolname FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole " +
      "WHERE s.setdatabase = 0",
    hint: "repeat ALTER ROLE ... SET on the target",
  },
  {
    kind: "shared-security-labels",
    names:
      `SELECT provider FROM pg_catalog.pg_shseclabel WHERE classoid <> ${Catalog.pg_subscription} ` +
      `AND NOT (classoid = ${Catalog.pg_database} AND objoid = ${ownDatabase})`,
    hint: "repeat SECURITY LABEL ON ROLE, DATABASE and TABLESPACE on the target",
  },
  {
    kind: "server-settings",
    names:
      "SELECT DISTINCT name FROM pg_catalog.pg_settings WHERE source IN ('configuration file', 'command line') " +
      "AND boot_val IS DISTINCT FROM reset_val",
    hint: "keep a copy of postgresql.conf, postgresql.auto.conf, pg_hba.conf and pg_ident.conf",
  },
  {
    kind: "parameter-privileges",
    names: "SELECT parname FROM pg_catalog.pg_parameter_acl",
    hint: "repeat GRANT ... ON PARAMETER on the target",
    isAsked: (capabilities) => capabilities.parameterPrivileges,
  },
  {
    kind: "prepared-transactions",
    names: "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()",
    hint: "commit or roll them back: what they changed is not in the backup",
  },
  {
    kind: "replication-slots",
    names:
      "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE NOT temporary " +
      "AND (database IS NULL OR database = pg_catalog.current_database())",
    hint: "create them again on the target when it takes over",
  },
  {
    kind: "replication-origins",
    names: "SELECT roname FROM pg_catalog.pg_replication_origin",
    hint: "set up replication from other servers again on the target",
  },
  {
    kind: "subscriptions",
    // With what they connect may only be read by superusers, whose backups hold them.
    names:
      `SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = ${ownDatabase} ` +
      "AND pg_catalog.current_setting('is_superuser') = 'off'",
    hint: "back up as superuser, or create them again on the target",
  },
  {
    kind: "unlogged-data",
    names:
      "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      "WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'S') AND n.nspname !~ '^pg_' AND pg_catalog.pg_is_in_recovery()",
    hint: "back up the primary server: a standby has no data of unlogged tables and sequences",
  },
  {
    kind: "foreign-data",
    names: "SELECT c.relname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_class c ON c.oid = f.ftrelid",
    hint: "back up the servers where the rows of foreign tables are",
  },
  {
    kind: "large-objects",
    names: "SELECT oid FROM pg_catalog.pg_largeobject_metadata",
    hint: "back up with --large-objects",
    isAsked: (_, dump) => dump.largeObjects === false,
  },
  {
    kind: "row-oids",
    names: "SELECT relname FROM pg_catalog.pg_class WHERE relhasoids AND relkind IN ('r', 'p') AND oid >= 16384",
    hint: "newer servers have no hidden oid column: copy it into a column of its own if something uses it",
    isAsked: (capabilities) => capabilities.tablesWithOids,
  },
  {
    kind: "planner-statistics",
    names:
      "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      "WHERE c.relkind IN ('r', 'm') AND c.reltuples > 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'",
    hint: "run ANALYZE after the restore, or back up with --statistics",
    isAsked: (_, dump) => dump.statistics !== true,
  },
];

/**
 * What of the server is not in a backup of the current database. One query. Only what is there is told; what this user
 * may not see is not counted. Examples are binary strings.
 */
export async function readNotIncluded(
  run: RunQuery,
  capabilities: Capabilities,
  dump: DumpScope,
): Promise<NotIncluded[]> {
  const asked = questions.filter((question) => question.isAsked?.(capabilities, dump) !== false);
  const counts = asked.map(
    ({ names }, index) =>
      `(WITH q (name) AS (${names}) SELECT ${index} AS question, (SELECT pg_catalog.count(*) FROM q) AS count, ` +
      // The server keeps the first few, and sorts no others.
      `ARRAY(SELECT q.name::pg_catalog.text FROM q ORDER BY q.name::pg_catalog.text COLLATE "C" LIMIT ${maxExamples}) AS examples)`,
  );
  const rows = await run(
    `SELECT c.question, c.count, e.name FROM (${counts.join(" UNION ALL ")}) AS c ` +
      "LEFT JOIN LATERAL pg_catalog.unnest(c.examples) WITH ORDINALITY AS e (name, place) ON true " +
      "WHERE c.count > 0 ORDER BY c.question, e.place",
  );
  return asked.flatMap(({ kind, hint }, index) => {
    const found = rows.filter((row) => Number(row.question) === index);
    if (found.length === 0) return [];
    return { kind, count: Number(found[0]!.count), examples: found.map((row) => row.name!), hint };
  });
}
