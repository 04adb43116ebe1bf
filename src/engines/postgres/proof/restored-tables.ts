import type { PgConnection } from "../../../wire/postgres/connection.ts";

/** A table with rows of its own, in a restored database. Binary strings. */
export interface RestoredTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Quoted, with its schema. */
  readonly quoted: string;
  /** Quoted columns that a dump holds, `(a, b)`; empty when there are none. */
  readonly columns: string;
  /** Of an extension's table: SQL that says which of its rows are the users'. */
  readonly condition: string | undefined;
  /** The partitioned table at the top of its tree, quoted, with its schema; undefined for others. */
  readonly root: string | undefined;
  readonly hasMoney: boolean;
}

/** Those that a dump takes rows of: not an extension's, unless it says so. */
const tablesQuery = (hasGenerated: boolean): string => `
WITH RECURSIVE roots (oid, root) AS (
  SELECT c.oid, c.oid FROM pg_catalog.pg_class AS c WHERE c.relkind = 'p' AND NOT c.relispartition
  UNION ALL SELECT i.inhrelid, r.root FROM roots AS r JOIN pg_catalog.pg_inherits AS i ON i.inhparent = r.oid)
SELECT c.oid, n.nspname, c.relname, pg_catalog.format('%I.%I', n.nspname, c.relname),
  coalesce((SELECT '(' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
    FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ${hasGenerated ? "AND a.attgenerated = ''" : ""}), ''),
  (SELECT nullif(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], '') FROM pg_catalog.pg_extension AS e
    WHERE c.oid = ANY (e.extconfig) LIMIT 1),
  (SELECT r.root::pg_catalog.regclass::pg_catalog.text FROM roots AS r WHERE r.oid = c.oid),
  EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid = 'pg_catalog.money'::pg_catalog.regtype)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND (EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE c.oid = ANY (e.extconfig))
  OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'))
ORDER BY c.relpages DESC, c.oid`;

const foreignQuery =
  "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c " +
  "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'f'";

/** Schema and name of every foreign table: their rows lie elsewhere. */
export async function readForeignTables(connection: PgConnection): Promise<readonly (readonly [string, string])[]> {
  const { rows } = await connection.query(foreignQuery);
  return rows.map(([schema, name]) => [schema!, name!] as const);
}

/** Partitioned tables have no rows of their own, but those of scripts may be loaded into them. */
const partitionedQuery =
  "SELECT n.nspname, c.relname, c.oid::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_class AS c " +
  "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'p' AND NOT c.relispartition";

export interface PartitionedTable {
  readonly schema: string;
  readonly name: string;
  /** As {@link RestoredTable.root}. */
  readonly root: string;
}

/** Those at the top of their trees. */
export async function readPartitionedTables(connection: PgConnection): Promise<PartitionedTable[]> {
  const { rows } = await connection.query(partitionedQuery);
  return rows.map(([schema, name, root]) => ({ schema: schema!, name: name!, root: root! }));
}

const firstWithGenerated = 120_000;

/** The largest first, so that several sessions end at about the same time. */
export async function readRestoredTables(connection: PgConnection): Promise<RestoredTable[]> {
  const { rows } = await connection.query(tablesQuery(connection.serverVersion >= firstWithGenerated));
  return rows.map(([oid, schema, name, quoted, columns, condition, root, hasMoney]) => ({
    oid: oid!,
    schema: schema!,
    name: name!,
    quoted: quoted!,
    columns: columns!,
    condition: condition ?? undefined,
    root: root ?? undefined,
    hasMoney: hasMoney === "t",
  }));
}
