import { MysqlServerError } from "../../../../wire/mysql/server-error.ts";
import type { FailureLog } from "../failure-log.ts";
import type { DirectoryProgress } from "./directory-progress.ts";
import type { LoadSession } from "./load-session.ts";

const deadlock = 1213;
/** Of one file; each time another session got on. */
const mostTries = 100;

/**
 * Does something in one transaction, and again when the server took it back for a deadlock: MariaDB from 10.6 on locks the
 * whole table for the first rows of an empty one, and two sessions that both want that wait for each other.
 * @param object for messages; undefined: errors of `work` say it already, and end the restore
 * @param work is given whom to tell of bytes that it sent
 * @returns undefined when it failed, and the log decides to go on without it
 * @throws BackupError
 */
export async function inTransaction<T>(
  { progress, failures }: { readonly progress: DirectoryProgress; readonly failures: FailureLog },
  { connection }: LoadSession,
  object: string | undefined,
  work: (onBytes: (count: number) => void) => Promise<T>,
): Promise<T | undefined> {
  for (let tries = 1; ; tries++) {
    let sent = 0;
    try {
      await connection.query("START TRANSACTION");
      const result = await work((count) => {
        sent += count;
        progress.sent(count);
      });
      await connection.query("COMMIT");
      return result;
    } catch (error) {
      const isForgotten = isDeadlock(error) && tries < mostTries;
      if (!isForgotten && object === undefined) throw error;
      if (!isForgotten && object !== undefined) failures.note(error, { line: 1, head: "", object });
      progress.sent(-sent);
      await connection.query("ROLLBACK");
      if (!isForgotten) return undefined;
    }
  }
}

function isDeadlock(error: unknown): boolean {
  if (error instanceof MysqlServerError) return error.number === deadlock;
  return error instanceof Error && error.cause !== undefined && isDeadlock(error.cause);
}
