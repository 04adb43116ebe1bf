import { BackupError } from "../../../core/backup-error.ts";
import { type ConnectOptions, PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { quoteIdentifier } from "../sql/quote.ts";

/** PostgreSQL's "no such database". */
const undefinedDatabase = "3D000";
/** Databases that nearly every server has, to log in to while another is created. */
const maintenanceDatabases = ["postgres", "template1"];
/** How long a session that ended may keep its database busy. */
const dropAttempts = 20;
const dropPauseMs = 100;

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
    return await PgConnection.connect({ ...spec, database: target }, options);
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
      return await PgConnection.connect({ ...spec, database }, options);
    } catch (error) {
      if (!(error instanceof BackupError) || error.sqlState !== undefinedDatabase) throw error;
      missing ??= error;
    }
  }
  throw missing;
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
