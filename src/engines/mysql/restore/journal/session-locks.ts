import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";

/** Sessions of a killed run end when the server notices that nobody listens: at once, or after the statement that they run. */
const lockWaitMs = 3000;
const lockPauseMs = 100;

/** Locks of the server by which the sessions of a resumable restore keep other runs away; each holds one while it lives. */
export class SessionLocks {
  readonly #prefix: string;

  constructor(database: string) {
    // Names have 64 characters at most, are the same in any case, and are the whole server's.
    this.#prefix = `dbbackup_restore_${createHash("sha256").update(database).digest("hex").slice(0, 32)}_`;
  }

  /** @param number of the session among those of the run; 0 is the one that has the journal */
  async enter(connection: MysqlConnection, number: number): Promise<boolean> {
    const [row] = await connection.rows(`SELECT GET_LOCK('${this.#prefix}${number}', 0) AS has`);
    return row?.has === "1";
  }

  /**
   * Takes the first lock when nobody else has any.
   * @param sessions how many an earlier run had
   * @throws BackupError PRECHECK when sessions of another run do not end
   */
  async enterAlone(connection: MysqlConnection, sessions: number): Promise<void> {
    for (let waited = 0; ; waited += lockPauseMs) {
      const others = await this.#others(connection, sessions);
      if (others.length === 0 && (await this.enter(connection, 0))) return;
      if (waited >= lockWaitMs) throw stillAtWork(others);
      await sleep(lockPauseMs);
    }
  }

  /** Sessions of the server that work for a restore into this database. */
  async #others(connection: MysqlConnection, sessions: number): Promise<string[]> {
    const names = Array.from({ length: Math.max(1, sessions) }, (_, number) => `${this.#prefix}${number}`);
    const { rows } = await connection.query(`SELECT ${names.map((name) => `IS_USED_LOCK('${name}')`).join(", ")}`);
    const own = String(connection.greeting.threadId);
    return (rows[0] ?? []).flatMap((id) => (id === null || id.toString() === own ? [] : [id.toString()]));
  }
}

function stillAtWork(sessions: readonly string[]): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: `another restore is still at work in the database (sessions ${sessions.join(", ")})`,
    hint: "wait until it has ended; or, when its client is gone for good, end them with KILL",
    retry: "maybe",
  });
}
