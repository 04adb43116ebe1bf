import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import type { RunQuery } from "../objects/catalog-queries.ts";
import { Catalog, type Row } from "../objects/catalog-reader.ts";
import type { ObjectSelection } from "../objects/object-selection.ts";
import { qualified, quoteConformingLiteral } from "../sql/quote.ts";

/** How often a dump starts anew because tables come and go while it locks them; then it says so and fails. */
const maxAttempts = 10;

/** Names in one LOCK statement; longer ones are split so that no statement grows without limit. */
const tablesPerStatement = 1000;

interface LockRequest {
  readonly connection: PgConnection;
  /** What is to be locked now. Called while the locks are on their way, it sends at once. */
  readonly list: () => Promise<ListedTables>;
  /** Called as `list` is, behind it: what it sends is asked in the snapshot, if that stands. */
  readonly onSnapshot?: () => void;
  /** Statements that begin the transaction, without taking a snapshot. */
  readonly begin: string;
  /** The snapshot is one that somebody holds: it never sees what comes and goes. */
  readonly hasGivenSnapshot?: boolean;
  /** How long all tables of a statement are waited for, as `statement_timeout` takes it. */
  readonly timeout?: string | undefined;
}

/** Tables that will be dumped, and by what they were chosen. */
export interface ListedTables {
  /** In the order of their OIDs. */
  readonly tables: readonly TableName[];
  readonly selection: ObjectSelection;
}

interface TableName {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/**
 * Opens the dump's transaction with ACCESS SHARE locks on all user tables, **before** its snapshot is taken: LOCK TABLE
 * as the first statement takes no snapshot. So the definitions that pg_get_*def functions read (always the latest) are
 * those of the snapshot, and no table can change its kind between the two. Tables that appear or vanish meanwhile make
 * it start over.
 *
 * @param before what is to be locked, as it was known before.
 * @returns tables and selection as the snapshot has them
 * @throws BackupError SERVER when a lock is refused (no right) or tables keep changing.
 */
export async function lockTables(request: LockRequest, before: ListedTables): Promise<ListedTables> {
  let { tables } = before;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const locked = await beginLocked(request, tables);
    if (locked !== undefined) return locked;
    const [, found] = await Promise.all([request.connection.query("ROLLBACK"), request.list()]);
    tables = found.tables;
  }
  if (request.hasGivenSnapshot === true) {
    throw new BackupError({
      code: "SERVER",
      message: "tables of the snapshot were dropped, renamed or moved to another schema since it was taken",
      hint: "export another snapshot, and begin anew",
    });
  }
  throw new BackupError({
    code: "SERVER",
    message: `tables were created, renamed or dropped during each of ${maxAttempts} attempts to lock them`,
    hint: "run the backup when no migration is running",
    retry: "maybe",
  });
}

/** Undefined when the snapshot has other tables than those that were locked. All is sent at once; the order is what counts. */
async function beginLocked(
  { connection, list, onSnapshot, begin, timeout }: LockRequest,
  tables: readonly TableName[],
): Promise<ListedTables | undefined> {
  const locks = connection.queryAll([begin, ...withTimeout(lockStatements(tables), timeout)]);
  // The first query of the transaction: from here on the snapshot stands.
  const listed = list();
  onSnapshot?.();
  const [locked, after] = await Promise.allSettled([locks, listed]);
  if (locked.status === "rejected") {
    if (isVanished(locked.reason)) return undefined;
    if (timeout !== undefined && isTimeout(locked.reason)) throw waitedTooLong(timeout, locked.reason);
    throw locked.reason;
  }
  if (after.status === "rejected") throw after.reason;
  return areAmong(after.value.tables, tables) ? after.value : undefined;
}

/** Whether all tables, under their names, are among others. */
function areAmong(tables: readonly TableName[], others: readonly TableName[]): boolean {
  let at = 0;
  return tables.every(({ oid, schema, name }) => {
    while (at < others.length && others[at]!.oid < oid) at++;
    const other = others[at];
    return other?.oid === oid && other.schema === schema && other.name === name;
  });
}

function withTimeout(locks: readonly string[], timeout: string | undefined): readonly string[] {
  if (timeout === undefined) return locks;
  const set = `SET LOCAL statement_timeout = ${quoteConformingLiteral(timeout)}`;
  return [set, ...locks, "SET LOCAL statement_timeout = 0"];
}

/** query_canceled */
function isTimeout(error: unknown): boolean {
  return error instanceof ServerError && error.sqlState === "57014";
}

function waitedTooLong(timeout: string, cause: unknown): BackupError {
  return new BackupError({
    code: "SERVER",
    message: `the tables could not be locked within "${timeout}"`,
    hint: "somebody alters a table, or waits to: see pg_locks, and run the backup again, or raise --lock-wait-timeout",
    retry: "maybe",
    cause,
  });
}

function lockStatements(tables: readonly TableName[]): string[] {
  const statements: string[] = [];
  for (let i = 0; i < tables.length; i += tablesPerStatement) {
    const names = tables.slice(i, i + tablesPerStatement).map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
    statements.push(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
  }
  return statements;
}

/** User tables that are dumped. */
export async function listTables(rows: RunQuery, select: () => Promise<ObjectSelection>): Promise<ListedTables> {
  const [selection, found] = await Promise.all([select(), userTables(rows)]);
  const tables = found
    .map((row) => ({ oid: Number(row.oid), schema: row.nspname!, name: row.relname! }))
    .filter(({ oid, schema }) => selection.relation(oid, schema).definition);
  return { tables, selection };
}

function userTables(rows: RunQuery): Promise<readonly Row[]> {
  return rows(
    "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c " +
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      "WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' " +
      "AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(toast|temp)' " +
      `AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${Catalog.pg_class} AND d.objid = c.oid ` +
      `AND d.deptype = 'e' AND d.refclassid = ${Catalog.pg_extension}) ORDER BY c.oid`,
  );
}

/** undefined_table, invalid_schema_name, wrong_object_type: the table is not what it was a moment ago. */
function isVanished(error: unknown): boolean {
  return error instanceof ServerError && ["42P01", "3F000", "42809"].includes(error.sqlState ?? "");
}
