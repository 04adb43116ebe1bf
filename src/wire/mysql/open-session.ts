import { MysqlConnection } from "./connection.ts";
import type { MysqlConnectionSpec } from "./connection-spec.ts";
import { identifyMysql } from "./identify-server.ts";
import { MysqlServerError } from "./server-error.ts";

/** How long we may say nothing, and not take what the server sends, in seconds: a disk or a bucket may pause us, or a slow source. */
const patientSeconds = 86_400;

/**
 * What a server may set for all sessions, and with which statements of ours would mean something else: results that end after
 * some rows (`DEFAULT` would be the server's setting again), transactions that begin or end by themselves, names without
 * quotes, warnings that are not kept. Every version of both flavours knows them.
 */
const neutral = [
  "sql_select_limit = 18446744073709551615",
  "sql_big_selects = 1",
  "sql_safe_updates = 0",
  "sql_auto_is_null = 0",
  // In it views are stored that the session makes, too.
  "sql_quote_show_create = 1",
  "autocommit = 1",
  "completion_type = 0",
  `wait_timeout = ${patientSeconds}`,
  `net_read_timeout = ${patientSeconds}`,
  `net_write_timeout = ${patientSeconds}`,
];

/** MySQL 8 and newer let few accounts set it; whoever asks for warnings must know that there may be none. */
const warningsKept = "max_error_count = 64";
/** "Access denied; you need (at least one of) the ... privilege(s) for this operation". */
const forbidden = 1227;

export interface OpenSessionOptions {
  readonly signal?: AbortSignal | undefined;
  /** For scripts, which may count on the server's `sql_mode`; else there is none: literals are read as our statements are written. */
  readonly keepsSqlMode?: boolean;
}

/**
 * Logs in as {@link MysqlConnection.connect} does, and makes the session independent of such settings.
 * @throws BackupError as `MysqlConnection.connect`, and UNSUPPORTED_SERVER for something else that does not know these settings
 */
export async function openMysqlSession(
  spec: MysqlConnectionSpec,
  { signal, keepsSqlMode = false }: OpenSessionOptions = {},
): Promise<MysqlConnection> {
  const connection = await MysqlConnection.connect(spec, signal === undefined ? {} : { signal });
  try {
    await setNeutral(connection, keepsSqlMode ? neutral : [...neutral, "sql_mode = ''"]);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function setNeutral(connection: MysqlConnection, settings: readonly string[]): Promise<void> {
  try {
    await connection.query(`SET SESSION ${settings.join(", ")}`);
    await connection.query("SET SESSION TRANSACTION READ WRITE");
    await connection.query(`SET SESSION ${warningsKept}`).catch((error: Error) => {
      if (!(error instanceof MysqlServerError) || error.number !== forbidden) throw error;
    });
  } catch (error) {
    // What is no MySQL or MariaDB is better named.
    if (error instanceof MysqlServerError) await identifyMysql(connection, "any");
    throw error;
  }
}
