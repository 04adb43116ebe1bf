import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { isScratchName } from "../../common/scratch-name.ts";
import { quoteText } from "../quote.ts";

/**
 * Says to other runs that a scratch database is in use: a lock of the server that has its name. It ends with its session,
 * so also with a run that is killed.
 */
export async function holdLease(connection: MysqlConnection, name: string): Promise<void> {
  // The session may have nothing to say for as long as a restore takes.
  await connection.query("SET SESSION wait_timeout = 2147483");
  const [row] = await connection.rows(`SELECT GET_LOCK(${quoteText(name)}, 10) AS held`);
  if (row?.held === "1") return;
  throw new BackupError({
    code: "SERVER",
    message: `the server gave no lock for scratch database "${name}"`,
    object: name,
    hint: "try again",
    retry: "maybe",
  });
}

/** Names of the scratch databases whose runs are gone. */
export async function abandonedDatabases(connection: MysqlConnection): Promise<string[]> {
  const names = (await connection.rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"))
    .map(({ SCHEMA_NAME }) => SCHEMA_NAME!)
    .filter(isScratchName);
  const abandoned: string[] = [];
  for (const name of names) {
    const [row] = await connection.rows(`SELECT IS_FREE_LOCK(${quoteText(name)}) AS free`);
    if (row?.free === "1") abandoned.push(name);
  }
  return abandoned;
}
