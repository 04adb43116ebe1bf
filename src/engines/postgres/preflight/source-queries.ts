import type { Capabilities } from "../capabilities.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import type { Row } from "../objects/catalog-reader.ts";

/** What the checks of a database work with. */
export interface CheckSession {
  readonly capabilities: Capabilities;
  readonly decode: NameDecoder;
  rows(sql: string): Promise<readonly Row[]>;
}

export const sourceFactsQuery =
  "SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, r.rolsuper AS superuser, " +
  "pg_catalog.pg_is_in_recovery() AS standby FROM pg_catalog.pg_database d, pg_catalog.pg_roles r " +
  "WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user";

/** Relations whose rows or state a backup reads: everything that is nobody's but a user's. */
export const userRelations =
  "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
  "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'";

/** pg_table_size takes a lock itself, and would wait for tables that somebody holds exclusively: they are left out. */
export const sizeQuery =
  "SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS database_bytes, " +
  `(SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_table_size(c.oid)), 0) ${userRelations} AND c.relkind = 'r' ` +
  "AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock')) + " +
  "pg_catalog.pg_table_size('pg_catalog.pg_largeobject') AS data_bytes";
