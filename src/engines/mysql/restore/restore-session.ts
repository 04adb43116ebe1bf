import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { quoteName } from "../quote.ts";

const unknownDatabase = 1049;
/**
 * What a server may set for all sessions, and with which statements of a restore would fail or stop. What a script itself
 * sets comes after. The session is closed at the end: nothing of it stays.
 */
const neutralSettings = ["foreign_key_checks = 1", "unique_checks = 1"];

/** Without a limit on the time of statements, where the server has one. */
const timeLimits = new Set(["max_statement_time", "max_execution_time"]);

export interface SessionOptions {
  readonly signal?: AbortSignal;
}

/** Logs in for a restore, in a database or in none. @throws BackupError TARGET_MISSING when there is no such database */
export async function connectForRestore(
  spec: MysqlConnectionSpec,
  database: string | undefined,
  options: SessionOptions,
): Promise<MysqlConnection> {
  const connection = await connectTo(spec, database, options);
  try {
    await connection.query("SET NAMES utf8mb4");
    await connection.query(`SET SESSION ${neutralSettings.join(", ")}`);
    const limits = await connection.rows("SHOW VARIABLES LIKE 'max\\_%\\_time'");
    for (const { Variable_name: name } of limits) {
      if (timeLimits.has(name ?? "")) await connection.query(`SET SESSION ${name} = 0`);
    }
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connectTo(
  spec: MysqlConnectionSpec,
  database: string | undefined,
  options: SessionOptions,
): Promise<MysqlConnection> {
  try {
    return await openMysqlSession({ ...spec, database }, { ...options, keepsSqlMode: true });
  } catch (error) {
    if (!(error instanceof MysqlServerError) || error.number !== unknownDatabase) throw error;
    throw new BackupError({
      code: "TARGET_MISSING",
      message: `database "${database}" does not exist`,
      hint: "add --create, or name an existing one with --target",
      cause: error,
      ...(database === undefined ? {} : { object: database }),
    });
  }
}

/** Behind a session that was lost, and of which the server does not know yet: it would wait for that one's patience. */
const dropWithinSeconds = 30;

/** Drops a database that this run created and could not fill. Answers what to tell about it. */
export async function dropCreated(spec: MysqlConnectionSpec, target: string): Promise<string> {
  try {
    // Not with the run's signal: an interrupted run cleans up too.
    await using connection = await openMysqlSession({ ...spec, database: undefined });
    await connection.query(`SET SESSION lock_wait_timeout = ${dropWithinSeconds}`);
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(target)}`);
    return `database "${target}", which this run created, was dropped again`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `database "${target}", which this run created, is incomplete and could not be dropped again: ${reason}`;
  }
}
