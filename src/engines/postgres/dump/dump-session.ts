import { type DumpSelection, wholeDatabase } from "../../../ports/dump-selection.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { Capabilities } from "../capabilities.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { type RunQuery, tellingFirstError } from "../objects/catalog-queries.ts";
import type { Row } from "../objects/catalog-reader.ts";
import { namedRows } from "../objects/named-rows.ts";
import { type ObjectSelection, objectSelection } from "../objects/object-selection.ts";
import { hasPatterns, selectObjects } from "../select/selected-objects.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import { listTables, lockTables } from "./lock-tables.ts";

/** How the dump's transaction sees the database. Anything but `repeatable read` is for tests that prove its worth. */
export type DumpIsolation = "repeatable read" | "read committed";

/** A connection inside the dump's snapshot, with every dumped table locked against changes of its definition. */
export interface DumpSession {
  readonly connection: PgConnection;
  readonly capabilities: Capabilities;
  /**
   * Runs one query; columns by name. Called again before the first has answered, it sends at once. When a query fails, the
   * transaction is over, and all that are sent behind it fail with the same error.
   */
  readonly rows: RunQuery;
  /** What is dumped, as the snapshot has it. */
  readonly selection: ObjectSelection;
}

export interface DumpSessionOptions {
  readonly isolation?: DumpIsolation | undefined;
  readonly selection?: DumpSelection | undefined;
  /** Name of the database, which patterns may hold. */
  readonly database?: string;
}

/**
 * Prepares a fresh connection for dumping: settings that make output reproducible and safe, locks, snapshot.
 * The connection must speak binary strings. The transaction stays open until the caller ends it.
 */
export async function openDumpSession(
  connection: PgConnection,
  { isolation = "repeatable read", selection = wholeDatabase, database = "" }: DumpSessionOptions = {},
): Promise<DumpSession> {
  const capabilities = capabilitiesOf(connection.serverVersion);
  const rows: RunQuery = (sql) => queryRows(connection, sql);
  const begin = `BEGIN; SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}, READ ONLY`;
  const settings = connection.query(sessionSettings(capabilities).join(";\n"));
  const context = { database, collatedNames: capabilities.collatedNames };
  const select = async (): Promise<ObjectSelection> =>
    objectSelection(selection, hasPatterns(selection) ? await selectObjects(rows, selection, context) : undefined);
  const list = () => listTables(rows, select);
  const [, listed] = await Promise.all([settings, list()]);
  const locked = await lockTables({ connection, list, begin }, listed);
  return { connection, capabilities, rows: tellingFirstError(rows), selection: locked };
}

/** Names the snapshot of the session's transaction for `joinSnapshot`, as long as that transaction is open. */
export async function exportSnapshot({ rows }: DumpSession): Promise<string> {
  const [row] = await rows("SELECT pg_catalog.pg_export_snapshot() AS snapshot");
  return row!.snapshot!;
}

/**
 * Prepares another fresh connection for reading `tables` (as LOCK names them) in the same snapshot. The tables are locked
 * anew, and without waiting: behind somebody who waits for a stronger lock it would wait for the end of the dump, and the
 * dump for it.
 * @throws ServerError when a table cannot be locked at once.
 */
export async function joinSnapshot(
  connection: PgConnection,
  snapshot: string | undefined,
  tables: readonly string[],
): Promise<void> {
  const capabilities = capabilitiesOf(connection.serverVersion);
  await Promise.all([
    connection.query(sessionSettings(capabilities).join(";\n")),
    connection.query("BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
    ...(snapshot === undefined
      ? []
      : [connection.query(`SET TRANSACTION SNAPSHOT ${quoteConformingLiteral(snapshot)}`)]),
    connection.query(`LOCK TABLE ${tables.join(", ")} IN ACCESS SHARE MODE NOWAIT`),
  ]);
}

/** Runs one query and answers its rows by column name. */
export async function queryRows(connection: PgConnection, sql: string): Promise<readonly Row[]> {
  const { columns, rows } = await connection.query(sql);
  return namedRows(columns, rows);
}

function sessionSettings(capabilities: Capabilities): string[] {
  return [
    // Nothing of the database may stand in for a system function or operator (CVE-2018-1058).
    "SELECT pg_catalog.set_config('search_path', '', false)",
    // The database's own encoding: bytes arrive as they are stored.
    "SELECT pg_catalog.set_config('client_encoding', pg_catalog.pg_encoding_to_char(encoding), false) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
    "SET DATESTYLE = ISO",
    "SET INTERVALSTYLE = POSTGRES",
    // Floats are written so that they are read back bit for bit.
    "SET extra_float_digits TO 3",
    // Rows come in the order they lie in, so that two dumps of an idle database are the same.
    "SET synchronize_seqscans TO off",
    "SET max_parallel_workers_per_gather = 0",
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    ...(capabilities.transactionTimeout ? ["SET transaction_timeout = 0"] : []),
    "SET bytea_output TO hex",
    "SET standard_conforming_strings = on",
    "SET quote_all_identifiers TO off",
    // Row security fails instead of silently leaving rows out.
    "SET row_security = off",
    // Where the server knows the setting, a table replaced by a view in mid-dump cannot run code (CVE-2024-7348).
    "SELECT pg_catalog.set_config(name, 'view, foreign-table', false) FROM pg_catalog.pg_settings " +
      "WHERE name = 'restrict_nonsystem_relation_kind'",
  ];
}
