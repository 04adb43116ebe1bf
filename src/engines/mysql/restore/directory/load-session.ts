import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../../wire/mysql/server-error.ts";
import { RowScanner } from "../../../../wire/postgres/row-scanner.ts";
import { scriptSqlMode } from "../../dump/script-frame.ts";
import type { LoadingSession } from "../../load/load-rows.ts";
import { endOfTime } from "../../objects/row-history.ts";
import { connectForRestore } from "../restore-session.ts";
import { noInvisibleKeys } from "../restricted-setting.ts";
import { SessionPreamble } from "./session-preamble.ts";

/** Waiting for another session of this restore is no fault. */
const patienceSeconds = 7 * 24 * 3600;

/**
 * What rows and definitions need to come in as they were, and quickly. They end with the session: nothing is set for the
 * whole server, and nothing has to be put back.
 */
const needed: readonly (readonly [name: string, value: string])[] = [
  ["sql_mode", `'${scriptSqlMode}'`],
  ["time_zone", "'+00:00'"],
  ["foreign_key_checks", "0"],
];

/**
 * The same for what every server has in its own way, or does not let everybody set; who may not finds out when something is
 * refused.
 */
const wanted: readonly (readonly [name: string, value: string])[] = [
  ["check_constraint_checks", "0"],
  ["character_set_collations", "''"],
  ["lock_wait_timeout", `${patienceSeconds}`],
  ["innodb_lock_wait_timeout", `${patienceSeconds}`],
  // Every warning is looked at, in a language that is known.
  ["max_error_count", "65535"],
  ["lc_messages", "'en_US'"],
  // Versioned tables change their definition only so.
  ["system_versioning_alter_history", "KEEP"],
  // As a backup with old versions of rows has them.
  ["system_versioning_insert_history", "1"],
  ["innodb_strict_mode", "0"],
  ["sql_require_primary_key", "0"],
  ["sql_generate_invisible_primary_key", "0"],
  ["restrict_fk_on_non_standard_key", "0"],
];
const notAllowed = new Set([1227, 3929]);

export interface LoadSession extends LoadingSession, AsyncDisposable {
  readonly facts: MysqlServerFacts;
  readonly preamble: SessionPreamble;
}

/**
 * Logs in to load rows into a database.
 * @param known of another session of the same account: the server is not asked again for all that it says of itself
 * @throws BackupError TARGET_MISSING, CONNECT, AUTH, UNSUPPORTED_SERVER
 */
export async function openLoadSession(
  spec: MysqlConnectionSpec,
  database: string,
  signal: AbortSignal,
  warn: (message: string) => void,
  known?: MysqlServerFacts,
): Promise<LoadSession> {
  const connection = await connectForRestore({ ...spec, sendsFiles: true }, database, { signal });
  try {
    const facts = known ?? (await identifyMysql(connection));
    await setForLoading(connection, facts, warn);
    return {
      connection,
      facts,
      loadsFiles: /^(?:ON|1)$/.test(facts.variables.get("local_infile") ?? ""),
      maxPacket: Number(facts.variables.get("max_allowed_packet")),
      scanner: new RowScanner(),
      preamble: new SessionPreamble(),
      warn,
      [Symbol.asyncDispose]: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** After scripts, which leave settings of their own. */
export async function setAgainForLoading(
  { connection, facts, preamble }: LoadSession,
  warn: (message: string) => void,
): Promise<void> {
  preamble.forget();
  await setForLoading(connection, facts, warn);
}

async function setForLoading(
  connection: MysqlConnection,
  { variables, capabilities }: MysqlServerFacts,
  warn: (message: string) => void,
): Promise<void> {
  await connection.query("SET NAMES utf8mb4");
  // With them on MariaDB took half the time for rows in the order of their key, and other sessions may come in and read.
  await connection.query(`SET SESSION unique_checks = ${capabilities.bulkInsert ? 1 : 0}`);
  await connection.query(`SET ${needed.map(([name, value]) => `SESSION ${name} = ${value}`).join(", ")}`);
  if (variables.has("system_versioning_insert_history")) await connection.query(`SET @dbb_end_of_time = ${endOfTime}`);
  for (const [name, value] of wanted) {
    const current = variables.get(name);
    if (current === undefined || (value === "0" && /^(?:OFF|0)$/.test(current))) continue;
    await connection.query(`SET SESSION ${name} = ${value}`).catch((error: unknown) => {
      if (!(error instanceof MysqlServerError && notAllowed.has(error.number))) throw error;
      if (name === "sql_generate_invisible_primary_key") warn(noInvisibleKeys);
    });
  }
}
