import { type ServerAddress, serverSql } from "./postgres-server.ts";
import { stockFor } from "./stock-tools.ts";
import { databaseUrl, quoteIdentifier, quoteLiteral } from "./test-database.ts";

/** All that two equal databases have in common, as text that a test can compare and a person can read. */
export interface DatabaseContents {
  /** `pg_dump --schema-only` by the server's own stock pg_dump, without what legitimately differs. */
  readonly schema: readonly string[];
  /** Per table: the number of its own rows, and a hash of them that does not depend on their order. */
  readonly rows: Readonly<Record<string, string>>;
  /** Per sequence: its value and whether it was called. */
  readonly sequences: Readonly<Record<string, string>>;
  /** Per large object: length and hash of its bytes. */
  readonly largeObjects: Readonly<Record<string, string>>;
}

/** What is equal although it looks different after a dump and restore. */
export interface Tolerance {
  /** A table that was made an heir of another after its creation gets the parent's columns first. */
  readonly reorderedColumns: readonly string[];
  /** Partitions whose rows lie where the hash of an enum says: labels have other OIDs, so rows other partitions. */
  readonly rowsOfOnePartitionedTable: readonly string[];
}

/**
 * Reads a database by queries that share no code with the program under test.
 * @param options.create also the database's own properties: owner, settings, privileges, comment.
 */
export async function databaseContents(
  server: ServerAddress,
  database: string,
  tolerance: Tolerance = { reorderedColumns: [], rowsOfOnePartitionedTable: [] },
  options: { readonly create?: boolean } = {},
): Promise<DatabaseContents> {
  const tools = stockFor(server.major);
  const create = options.create === true ? ["--create"] : [];
  const args = ["--schema-only", ...create, `--dbname=${databaseUrl(server, database)}`];
  const [script, rows, sequences, largeObjects] = await Promise.all([
    tools.must("pg_dump", args),
    tableRows(server, database, tolerance.rowsOfOnePartitionedTable),
    sequenceValues(server, database),
    keyedRows(server, database, LARGE_OBJECTS),
  ]);
  const schema = normalizedSchema(script.stdout.toString("latin1"), database, tolerance.reorderedColumns);
  return { schema, rows, sequences, largeObjects };
}

/** Values are compared as the most exact text that the server can give of them, whatever the database's own settings. */
const EXACT_TEXT = `SET extra_float_digits = 3; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET row_security = off; SET search_path = pg_catalog; SET xmloption = content;`;

const LARGE_OBJECTS = `SELECT oid::text AS key, length(lo_get(oid)) || ' ' || md5(lo_get(oid)) AS value FROM pg_largeobject_metadata`;

/** Tables that hold rows, filled materialized views among them, with their columns in an order of their own. */
function tablesQuery(wholeTables: readonly string[]): string {
  const whole = `ARRAY[${wholeTables.map(quoteLiteral).join(", ")}]::text[]`;
  return `SELECT c.oid::regclass::text AS table, c.oid::regclass::text = ANY (${whole}) AS whole,
      array_to_json(array_agg(quote_ident(a.attname) ORDER BY a.attname::text COLLATE "C"))::text AS columns
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE (c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384 AND c.relispopulated
        AND c.relnamespace <> 'pg_toast'::regnamespace OR c.oid::regclass::text = ANY (${whole}))
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent::regclass::text = ANY (${whole}))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    GROUP BY c.oid`;
}

async function tableRows(
  server: ServerAddress,
  database: string,
  wholeTables: readonly string[],
): Promise<Record<string, string>> {
  const tables = await serverSql(server, `${EXACT_TEXT} ${tablesQuery(wholeTables)}`, database);
  const parts = tables.map(({ table, columns, whole }) => {
    const names = (JSON.parse(columns!) as (string | null)[]).filter((name) => name !== null);
    // Each row as one text; multisets of rows are equal when their sorted hashes are.
    const row = `md5(ROW(${names.map((name) => `t.${name}`).join(", ")})::text)`;
    const from = whole === "t" ? table : `ONLY ${table}`;
    return `SELECT ${quoteLiteral(table!)} AS key, count(*) || ' ' || coalesce(md5(string_agg(h, '' ORDER BY h)), '') AS value
      FROM (SELECT ${row} COLLATE "C" AS h FROM ${from} t) hashes`;
  });
  return parts.length === 0 ? {} : keyedRows(server, database, parts.join(" UNION ALL "));
}

async function sequenceValues(server: ServerAddress, database: string): Promise<Record<string, string>> {
  const list = `SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences`;
  const sequences = await serverSql(server, `${EXACT_TEXT} ${list}`, database);
  const parts = sequences.map(
    ({ name }) => `SELECT ${quoteLiteral(name!)} AS key, last_value || ' ' || is_called AS value FROM ${name}`,
  );
  return parts.length === 0 ? {} : keyedRows(server, database, parts.join(" UNION ALL "));
}

async function keyedRows(server: ServerAddress, database: string, sql: string): Promise<Record<string, string>> {
  const rows = await serverSql(server, `${EXACT_TEXT} ${sql}`, database);
  return Object.fromEntries(rows.map(({ key, value }) => [key!, value!]).toSorted());
}

/** Lines of a schema script, one character a byte, without what differs between two dumps of equal databases: the key and the name. */
export function normalizedSchema(script: string, database: string, reorderedTables: readonly string[]): string[] {
  let text = script.replace(/^\\(un)?restrict .*$/gm, "");
  for (const name of [quoteIdentifier(database), database]) {
    text = text.replaceAll(Buffer.from(name).toString("latin1"), "DATABASE_NAME");
  }
  for (const table of reorderedTables) text = withSortedColumns(text, table);
  return text.split("\n");
}

function withSortedColumns(script: string, table: string): string {
  const start = script.indexOf(`CREATE TABLE ${table} (\n`);
  if (start < 0) return script;
  const from = script.indexOf("\n", start) + 1;
  const to = script.indexOf("\n)", from);
  const columns = script.slice(from, to).split(",\n").toSorted();
  return `${script.slice(0, from)}${columns.join(",\n")}${script.slice(to)}`;
}
