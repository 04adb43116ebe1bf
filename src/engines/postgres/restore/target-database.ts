import { BackupError } from "../../../core/backup-error.ts";
import { type ConnectOptions, PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";

/** PostgreSQL's "no such database". */
const undefinedDatabase = "3D000";
/** Databases that nearly every server has, to log in to while another is created. */
const maintenanceDatabases = ["postgres", "template1"];
/** How long a session that ended may keep its database busy. */
const dropAttempts = 20;
const dropPauseMs = 100;

/**
 * What a server, a database or a role may set for all sessions, and with which statements of a restore would fail, stop,
 * or mean something else. Every pg_restore is at their mercy; what a backup itself sets comes after.
 */
const neutralSettings: Readonly<Record<string, string>> = {
  array_nulls: "on",
  backslash_quote: "safe_encoding",
  default_table_access_method: "heap",
  default_tablespace: "",
  default_transaction_deferrable: "off",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_with_oids: "off",
  exit_on_error: "off",
  idle_in_transaction_session_timeout: "0",
  IntervalStyle: "postgres",
  lock_timeout: "0",
  role: "none",
  session_replication_role: "origin",
  statement_timeout: "0",
  transaction_timeout: "0",
  transform_null_equals: "off",
};

/** Leaves the session without a search path. */
async function connectNeutral(spec: ConnectionSpec, options: ConnectOptions): Promise<PgConnection> {
  const connection = await PgConnection.connect(spec, options);
  const values = Object.entries(neutralSettings).map(
    ([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`,
  );
  try {
    // What the database's owner made his own operators of must not be what the next query means by them.
    await connection.query("SELECT pg_catalog.set_config('search_path', '', false)");
    // Only what is another way, since some settings are a superuser's; and never what the user asked for (PGOPTIONS).
    await connection.query(
      "SELECT pg_catalog.set_config(s.name, v.value, false) FROM pg_catalog.pg_settings AS s " +
        `JOIN (VALUES ${values.join(", ")}) AS v (name, value) ON v.name = s.name WHERE s.setting <> v.value AND s.source <> 'client'`,
    );
    return connection;
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Logs in to the database that is restored into.
 * @throws BackupError TARGET_MISSING when there is none
 */
export async function connectTarget(
  spec: ConnectionSpec,
  target: string,
  options: ConnectOptions,
): Promise<PgConnection> {
  try {
    return await connectNeutral({ ...spec, database: target }, options);
  } catch (error) {
    if (!(error instanceof BackupError) || error.sqlState !== undefinedDatabase) throw error;
    throw new BackupError({
      code: "TARGET_MISSING",
      message: `database "${target}" does not exist`,
      object: target,
      hint: "add --create, or name an existing one with --target",
      cause: error,
    });
  }
}

/** Logs in to any database of the server, that of the connection settings first. */
export async function connectMaintenance(spec: ConnectionSpec, options: ConnectOptions): Promise<PgConnection> {
  let missing: unknown;
  for (const database of new Set([spec.database, ...maintenanceDatabases])) {
    try {
      return await connectNeutral({ ...spec, database }, options);
    } catch (error) {
      if (!(error instanceof BackupError) || error.sqlState !== undefinedDatabase) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** Goes on as another role, for a session that speaks Unicode. @throws BackupError SERVER when it may not */
export async function becomeRole(connection: PgConnection, role: string | undefined): Promise<void> {
  if (role !== undefined) await connection.query(`SET ROLE ${quoteIdentifier(role)}`);
}

/** Drops a database that this run created and could not fill. Answers what to tell about it. */
export async function dropCreated(spec: ConnectionSpec, target: string): Promise<string> {
  try {
    // Not with the run's signal: an interrupted run cleans up too.
    await using connection = await connectMaintenance(spec, { text: "utf8" });
    await dropDatabase(connection, target);
    return `database "${target}", which this run created, was dropped again`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `database "${target}", which this run created, is incomplete and could not be dropped again: ${reason}`;
  }
}

/** Drops a database if it exists. A session that just ended may be listed for a moment longer. */
export async function dropDatabase(connection: PgConnection, target: string): Promise<void> {
  const objectInUse = "55006";
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(target)}`);
      return;
    } catch (error) {
      const isBusy = error instanceof BackupError && error.sqlState === objectInUse;
      if (!isBusy || attempt === dropAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, dropPauseMs));
    }
  }
}
