import { BackupError } from "../../core/backup-error.ts";
import { shownText } from "../net/shown-text.ts";
import { PgConnection } from "./connection.ts";
import { type ConnectionSpec, describeHost } from "./connection-spec.ts";
import { findPooling, type Pooling, serverProcess } from "./find-pooling.ts";
import { lookAlikes, tellingParameters } from "./look-alikes.ts";
import { ServerError } from "./server-error.ts";

export const oldestMajor = 10;
export const newestMajor = 18;

export interface ServerIdentity {
  /** 180004: as `PgConnection.serverVersion`. */
  readonly version: number;
  /** All that `version()` says. */
  readonly description: string;
  /** `session`: a pooler stands between that keeps one server process for each connection of ours. */
  readonly pooling: Pooling;
}

/**
 * Makes sure that a connection leads to a PostgreSQL server that can be backed up: of a known version, not something that
 * only speaks its protocol, and not through a pooler that gives each transaction another session.
 * @param versions `any` for whoever leaves the reading to somebody else
 * @throws BackupError UNSUPPORTED_SERVER, naming what was found.
 */
export async function identifyServer(
  connection: PgConnection,
  spec: ConnectionSpec,
  signal?: AbortSignal,
  versions: "known" | "any" = "known",
): Promise<ServerIdentity> {
  refuseByParameters(connection);
  const process = await serverProcess(connection);
  const isDirect = process === connection.processId;
  const description = ask(connection, "select pg_catalog.version()");
  // Through a pooler nothing is sent ahead: between two statements it may give the server to somebody else.
  if (!isDirect) await description;
  const isAuroraDsql = asksAuroraDsql(connection);
  // The first one may have told already what this is.
  isAuroraDsql.catch(() => {});
  refuseByText(connection, await description);
  if (await isAuroraDsql) throw lookAlike(connection, "Amazon Aurora DSQL");
  if (versions === "known") refuseByVersion(connection);
  const connect = (deadline: AbortSignal): Promise<PgConnection> => PgConnection.connect(spec, { signal: deadline });
  const pooling = await findPooling(connection, process, connect, signal);
  if (pooling === "transaction") throw transactionPooler(connection);
  return { version: connection.serverVersion, description: shownText(await description), pooling };
}

function refuseByParameters(connection: PgConnection): void {
  for (const [parameter, name] of tellingParameters) {
    if (connection.parameter(parameter) !== undefined) throw lookAlike(connection, name);
  }
  refuseByText(connection, connection.serverVersionText, false);
}

function refuseByText(connection: PgConnection, text: string, mustSayPostgres = true): void {
  const found = lookAlikes.find(({ pattern }) => pattern.test(text));
  if (found !== undefined) throw lookAlike(connection, found.name);
  if (mustSayPostgres && !/^PostgreSQL \d/.test(text))
    throw lookAlike(connection, `"${shownText(text.slice(0, 100))}"`);
}

/** It says nothing of itself in `version()`, but has this table of its own. */
async function asksAuroraDsql(connection: PgConnection): Promise<boolean> {
  const { rows } = await connection.query("select pg_catalog.to_regclass('sys.iam_pg_role_mappings')");
  return rows[0]?.[0] !== null;
}

function refuseByVersion(connection: PgConnection): void {
  const major = Math.floor(connection.serverVersion / 10_000);
  if (major >= oldestMajor && major <= newestMajor) return;
  throw new BackupError({
    code: "UNSUPPORTED_SERVER",
    isForOthers: true,
    message: `${describeHost(connection.host)} is PostgreSQL ${shownText(connection.serverVersionText)}; ${oldestMajor} to ${newestMajor} are supported`,
    object: describeHost(connection.host),
    hint:
      major < oldestMajor
        ? "use pg_dump of that version, or of a newer one"
        : "use a newer release of dbbackup: a version it does not know may hold objects that it would miss",
  });
}

function lookAlike(connection: PgConnection, name: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${describeHost(connection.host)} is ${name}, not PostgreSQL`,
    object: describeHost(connection.host),
    hint: "use the backup tool that belongs to it",
  });
}

function transactionPooler(connection: PgConnection): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${describeHost(connection.host)} is a connection pooler in transaction mode: a backup needs one session from beginning to end`,
    object: describeHost(connection.host),
    hint: "connect to the PostgreSQL server itself, or to a pool in session mode",
  });
}

/** The first value; a server that cannot even answer that is not one. */
async function ask(connection: PgConnection, sql: string): Promise<string> {
  try {
    return (await connection.query(sql)).rows[0]?.[0] ?? "";
  } catch (error) {
    if (error instanceof ServerError && error.code === "SERVER") return "";
    throw error;
  }
}
