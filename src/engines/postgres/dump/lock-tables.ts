import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import type { RunQuery } from "../objects/catalog-queries.ts";
import { Catalog } from "../objects/catalog-reader.ts";
import { qualified } from "../sql/quote.ts";

/** How often a dump starts anew because tables come and go while it locks them; then it says so and fails. */
const maxAttempts = 10;

/** Names in one LOCK statement; longer ones are split so that no statement grows without limit. */
const tablesPerStatement = 1000;

interface LockRequest {
  readonly connection: PgConnection;
  readonly rows: RunQuery;
  /** Statements that begin the transaction, without taking a snapshot. */
  readonly begin: string;
}

interface TableName {
  readonly oid: string;
  readonly name: string;
}

/**
 * Opens the dump's transaction with ACCESS SHARE locks on all user tables, **before** its snapshot is taken: LOCK TABLE
 * as the first statement takes no snapshot. So the definitions that pg_get_*def functions read (always the latest) are
 * those of the snapshot, and no table can change its kind between the two. Tables that appear or vanish meanwhile make
 * it start over.
 *
 * @param tables what {@link listTables} said, after the session was set up.
 * @throws BackupError SERVER when a lock is refused (no right) or tables keep changing.
 */
export async function lockTables(request: LockRequest, tables: readonly TableName[]): Promise<void> {
  let listed = tables;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    if (await beginLocked(request, listed)) return;
    const [, found] = await Promise.all([request.connection.query("ROLLBACK"), listTables(request.rows)]);
    listed = found;
  }
  throw new BackupError({
    code: "SERVER",
    message: `tables were created, renamed or dropped during each of ${maxAttempts} attempts to lock them`,
    hint: "run the backup when no migration is running",
    retry: "maybe",
  });
}

/** Answers whether the locked tables are those that the snapshot has. All is sent at once; the order is what counts. */
async function beginLocked({ connection, rows, begin }: LockRequest, tables: readonly TableName[]): Promise<boolean> {
  const locks = connection.queryAll([begin, ...lockStatements(tables)]);
  // The first query of the transaction: from here on the snapshot stands.
  const list = listTables(rows);
  const [locked, after] = await Promise.allSettled([locks, list]);
  if (locked.status === "rejected") {
    if (isVanished(locked.reason)) return false;
    throw locked.reason;
  }
  if (after.status === "rejected") throw after.reason;
  const known = new Set(tables.map((table) => `${table.oid} ${table.name}`));
  return after.value.every((table) => known.has(`${table.oid} ${table.name}`));
}

function lockStatements(tables: readonly TableName[]): string[] {
  const statements: string[] = [];
  for (let i = 0; i < tables.length; i += tablesPerStatement) {
    const names = tables.slice(i, i + tablesPerStatement).map((table) => `ONLY ${table.name}`);
    statements.push(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
  }
  return statements;
}

/** User tables, with names that are quoted and qualified. */
export async function listTables(rows: RunQuery): Promise<TableName[]> {
  const found = await rows(
    "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c " +
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      "WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' " +
      "AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(toast|temp)' " +
      `AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${Catalog.pg_class} AND d.objid = c.oid ` +
      `AND d.deptype = 'e' AND d.refclassid = ${Catalog.pg_extension}) ORDER BY c.oid`,
  );
  return found.map((row) => ({ oid: row.oid!, name: qualified(row.nspname!, row.relname!) }));
}

/** undefined_table, invalid_schema_name, wrong_object_type: the table is not what it was a moment ago. */
function isVanished(error: unknown): boolean {
  return error instanceof ServerError && ["42P01", "3F000", "42809"].includes(error.sqlState ?? "");
}
