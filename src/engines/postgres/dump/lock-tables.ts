import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import { Catalog, type Row } from "../objects/catalog-reader.ts";
import { qualified } from "../sql/quote.ts";

/** How often a dump starts anew because tables come and go while it locks them; then it says so and fails. */
const maxAttempts = 10;

/** Names in one LOCK statement; longer ones are split so that no statement grows without limit. */
const tablesPerStatement = 1000;

interface LockRequest {
  readonly connection: PgConnection;
  readonly rows: (sql: string) => Promise<Row[]>;
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
 * @throws BackupError SERVER when a lock is refused (no right) or tables keep changing.
 */
export async function lockTables(request: LockRequest): Promise<void> {
  const { connection, rows, begin } = request;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const before = await listTables(rows);
    await connection.query(begin);
    try {
      for (let i = 0; i < before.length; i += tablesPerStatement) {
        const names = before.slice(i, i + tablesPerStatement).map((table) => `ONLY ${table.name}`);
        await connection.query(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
      }
    } catch (error) {
      if (!isVanished(error)) throw error;
      await connection.query("ROLLBACK");
      continue;
    }
    // The first query of the transaction: from here on the snapshot stands.
    const locked = new Set(before.map((table) => `${table.oid} ${table.name}`));
    const after = await listTables(rows);
    if (after.every((table) => locked.has(`${table.oid} ${table.name}`))) return;
    await connection.query("ROLLBACK");
  }
  throw new BackupError({
    code: "SERVER",
    message: `tables were created, renamed or dropped during each of ${maxAttempts} attempts to lock them`,
    hint: "run the backup when no migration is running",
    retry: "maybe",
  });
}

async function listTables(rows: LockRequest["rows"]): Promise<TableName[]> {
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
