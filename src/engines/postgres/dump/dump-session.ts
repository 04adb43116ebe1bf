import { type DumpSelection, wholeDatabase } from "../../../ports/dump-selection.ts";
import type { DumpSessionOptions } from "../../../ports/dump-session.ts";
import { collectIntegers } from "../../../wire/postgres/collect-integers.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { Capabilities } from "../capabilities.ts";
import { capabilitiesOf } from "../capabilities.ts";
import {
  type CatalogQuestions,
  type CatalogSession,
  type RunQuery,
  tellingFirstError,
} from "../objects/catalog-queries.ts";
import type { Row } from "../objects/catalog-reader.ts";
import { namedRows } from "../objects/named-rows.ts";
import { type ObjectSelection, objectSelection } from "../objects/object-selection.ts";
import { hasPatterns, selectObjects } from "../select/selected-objects.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import { AskedAhead } from "./asked-ahead.ts";
import { listTables, lockTables } from "./lock-tables.ts";
import { dumpEncoding, sessionSettings } from "./session-settings.ts";

/** How the dump's transaction sees the database. Anything but `repeatable read` is for tests that prove its worth. */
export type DumpIsolation = "repeatable read" | "read committed";

/** A connection inside the dump's snapshot, with every dumped table locked against changes of its definition. */
export interface DumpSession extends CatalogSession {
  readonly connection: PgConnection;
  readonly capabilities: Capabilities;
  /**
   * Runs one query; columns by name. Called again before the first has answered, it sends at once. When a query fails, the
   * transaction is over, and all that are sent behind it fail with the same error.
   */
  readonly rows: RunQuery;
  /** The same for queries of integers. */
  readonly integers: CatalogSession["integers"];
  /** What is dumped, as the snapshot has it. */
  readonly selection: ObjectSelection;
  /** OIDs of the tables that are locked. */
  readonly tables: readonly number[];
  /** Statements that any other session of this dump runs first. */
  readonly settings: readonly string[];
}

export interface OpenDumpOptions extends DumpSessionOptions {
  readonly isolation?: DumpIsolation | undefined;
  readonly selection?: DumpSelection | undefined;
  /** Name of the database, which patterns may hold. */
  readonly database?: string;
  /** Called with the number of tables before they are locked, for which others may have to be waited for. */
  readonly onListed?: (tables: number) => void;
  /** What will be asked for certain: it is sent as soon as there is a snapshot, and nobody need wait for it. */
  readonly ahead?: (capabilities: Capabilities) => readonly string[];
}

/**
 * Prepares a fresh connection for dumping: settings that make output reproducible and safe, locks, snapshot.
 * The connection must speak binary strings. The transaction stays open until the caller ends it.
 */
export async function openDumpSession(
  connection: PgConnection,
  {
    isolation = "repeatable read",
    selection = wholeDatabase,
    database = "",
    onListed,
    ahead,
    ...asked
  }: OpenDumpOptions = {},
): Promise<DumpSession> {
  const capabilities = capabilitiesOf(connection.serverVersion);
  const catalog = catalogSession(connection);
  const { rows } = catalog;
  const begin = beginStatements(isolation, asked);
  const set = sessionSettings(capabilities, asked, selection.foreignServers.length > 0);
  const settings = connection.query(set.join(";\n"));
  if (asked.encoding !== undefined) {
    await settings;
    dumpEncoding(connection);
  }
  const context = { database, collatedNames: capabilities.collatedNames };
  const select = async (): Promise<ObjectSelection> =>
    objectSelection(selection, hasPatterns(selection) ? await selectObjects(rows, selection, context) : undefined);
  const list = () => listTables(rows, select);
  const [, listed] = await Promise.all([settings, list()]);
  onListed?.(listed.tables.length);
  const askedAhead = new AskedAhead(rows);
  const onSnapshot = () => askedAhead.ask(ahead?.(capabilities) ?? []);
  const request = { connection, list, onSnapshot, begin, timeout: asked.lockWaitTimeout };
  const locked = await lockTables({ ...request, hasGivenSnapshot: asked.snapshot !== undefined }, listed);
  const tables = locked.tables.map(({ oid }) => oid);
  return {
    connection,
    capabilities,
    ...tellingFirstError({ ...catalog, rows: askedAhead.rows }),
    selection: locked.selection,
    tables,
    settings: set,
  };
}

/** Begins the transaction without taking a snapshot, unless it is a given one. */
function beginStatements(isolation: DumpIsolation, options: DumpSessionOptions): string {
  const { serializableDeferrable, snapshot } = options;
  const level = serializableDeferrable === true ? "SERIALIZABLE" : isolation.toUpperCase();
  const deferrable = serializableDeferrable === true ? ", DEFERRABLE" : "";
  const shared = snapshot === undefined ? "" : `; SET TRANSACTION SNAPSHOT ${quoteConformingLiteral(snapshot)}`;
  return `BEGIN; SET TRANSACTION ISOLATION LEVEL ${level}, READ ONLY${deferrable}${shared}`;
}

/** What {@link exportSnapshot} asks. */
export const snapshotExport = "SELECT pg_catalog.pg_export_snapshot() AS snapshot";

/** Names the snapshot of the session's transaction for `joinSnapshot`, as long as that transaction is open. */
export async function exportSnapshot({ rows }: DumpSession): Promise<string> {
  const [row] = await rows(snapshotExport);
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
  settings: readonly string[],
  snapshot: string | undefined,
  tables: readonly string[],
): Promise<void> {
  await Promise.all([
    beginInSnapshot(connection, settings, snapshot),
    connection.query(`LOCK TABLE ${tables.join(", ")} IN ACCESS SHARE MODE NOWAIT`),
  ]);
}

/** Begins the transaction of another fresh connection, in the same snapshot if one is given. Sends at once. */
export async function beginInSnapshot(
  connection: PgConnection,
  settings: readonly string[],
  snapshot: string | undefined,
): Promise<void> {
  await Promise.all([
    connection.query(settings.join(";\n")),
    connection.query("BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
    ...(snapshot === undefined
      ? []
      : [connection.query(`SET TRANSACTION SNAPSHOT ${quoteConformingLiteral(snapshot)}`)]),
  ]);
}

/** Asks through a connection that speaks binary strings. */
export function catalogSession(connection: PgConnection): CatalogQuestions {
  return {
    rows: (sql) => queryRows(connection, sql),
    integers: async (sql, columns) => {
      const { consumer, values } = collectIntegers(columns);
      await connection.copyOut(`COPY (${sql}) TO STDOUT (FORMAT binary)`, consumer);
      return values();
    },
  };
}

/** Runs one query and answers its rows by column name. */
export async function queryRows(connection: PgConnection, sql: string): Promise<readonly Row[]> {
  const { columns, rows } = await connection.queryPacked(sql);
  return namedRows(columns, rows);
}
