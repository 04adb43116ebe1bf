import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { quoteName, quoteText } from "../quote.ts";

/** How long somebody else's session may keep a table of it, in seconds. */
const patience = 20;

/** Drops a scratch database if it exists; answers why it could not. Also an interrupted run does it. */
export async function tryDropScratch(spec: MysqlConnectionSpec, name: string): Promise<string | undefined> {
  try {
    await using connection = await openMysqlSession({ ...spec, database: undefined });
    await connection.query(`SET SESSION lock_wait_timeout = ${patience}`);
    await endSessions(connection, name);
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return `scratch database "${name}" could not be dropped: ${error.message}`;
  }
}

/** Those of a run that was killed: the server notices no sooner than it has something to say to them. */
async function endSessions(connection: MysqlConnection, name: string): Promise<void> {
  const sessions = await connection.rows(
    `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ${quoteText(name)}`,
  );
  for (const { id } of sessions) {
    await connection.query(`KILL ${Number(id)}`).catch((error: unknown) => {
      // It ended by itself; or somebody else's session keeps the database, and the statement that drops it says so.
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
    });
  }
}
