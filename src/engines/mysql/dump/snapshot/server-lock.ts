import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../../../core/monotonic.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../../wire/mysql/server-error.ts";
import { isForbidden } from "./coordinates.ts";

/**
 * How long the lock is waited for at a time, in seconds. Whoever waits for it holds up everybody who comes later: behind one
 * long statement, a waiting backup would stop a server; and a statement that waits for a row of a transaction that waits
 * for us waits for ever. So we let everybody pass now and then.
 */
const lockWaitSeconds = 2;
const lockTries = 20;
const pauseMilliseconds = 500;
const lockWaitTimeout = 1205;

/** While it is held nothing commits; so that it is held for moments only, everything else is made ready before. */
export interface ServerLock {
  readonly method: "backup-stages" | "global-read-lock";
  /** Safe to repeat. Answers how many seconds it was held. */
  release(): Promise<number>;
}

/**
 * Stops all commits of a server. The lock hangs on the session: it ends with it, however that ends.
 * @param holdsTables also keeps everybody from writing to tables without transactions, and is held longer
 * @returns undefined when this user may not
 */
export async function lockServer(
  control: MysqlConnection,
  { capabilities }: MysqlServerFacts,
  holdsTables: boolean,
): Promise<ServerLock | undefined> {
  await control.query(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}`);
  for (let tries = 1; ; tries++) {
    try {
      return capabilities.backupStages && !holdsTables ? await backupStages(control) : await readLock(control);
    } catch (error) {
      if (isForbidden(error)) return undefined;
      if (!(error instanceof MysqlServerError) || error.number !== lockWaitTimeout) throw error;
      if (tries === lockTries) throw error.withHint(waitHint);
      await sleep(pauseMilliseconds);
    }
  }
}

const waitHint =
  "a statement or another backup runs for too long: wait for its end (SHOW PROCESSLIST), or back up with --no-lock";

/** Holds up writers for a shorter time than the other: it does not wait for those who read. */
async function backupStages(control: MysqlConnection): Promise<ServerLock> {
  await control.query("BACKUP STAGE START");
  try {
    await control.query("BACKUP STAGE FLUSH");
    await control.query("BACKUP STAGE BLOCK_DDL");
    await control.query("BACKUP STAGE BLOCK_COMMIT");
  } catch (error) {
    await control.query("BACKUP STAGE END");
    throw error;
  }
  return lockOf("backup-stages", () => control.query("BACKUP STAGE END"));
}

async function readLock(control: MysqlConnection): Promise<ServerLock> {
  // Waits for those who write without keeping others from beginning, so that the next has little to wait for.
  await control.query("FLUSH LOCAL TABLES");
  await control.query("FLUSH TABLES WITH READ LOCK");
  return lockOf("global-read-lock", () => control.query("UNLOCK TABLES"));
}

function lockOf(method: ServerLock["method"], unlock: () => Promise<unknown>): ServerLock {
  const since = monotonic();
  let held: Promise<number> | undefined;
  return {
    method,
    release() {
      held ??= unlock().then(() => (monotonic() - since) / 1000);
      return held;
    },
  };
}

/** Keeps tables from being changed (not their rows) until the session ends, where the server can and this user may. */
export async function lockDefinitions(control: MysqlConnection, { capabilities }: MysqlServerFacts): Promise<boolean> {
  if (!capabilities.instanceBackupLock) return false;
  try {
    await control.query("LOCK INSTANCE FOR BACKUP");
    return true;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}
