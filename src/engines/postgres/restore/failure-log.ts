import { BackupError } from "../../../core/backup-error.ts";
import { maxListedFailures, type RestoreFailure } from "../../../ports/restore.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

/** What was being done when something failed. */
export interface Doing {
  /** `TABLE "app.orders"`, `line 17`. */
  readonly object: string;
  /** The statement, as a binary string; empty when there was none. */
  readonly sql: string;
}

/** Longer lines of statements are cut in messages. */
const shownLineLength = 200;

/**
 * Decides whether a restore goes on after a failure, and keeps what to tell about it. Only the server's answer to one
 * statement can be gone on after: a lost connection, damage in the backup or an interruption ends everything.
 */
export class FailureLog {
  readonly #mayContinue: boolean;
  readonly #decode: NameDecoder;
  readonly #failures: RestoreFailure[] = [];
  #count = 0;

  constructor(onError: "stop" | "continue", decode: NameDecoder) {
    this.#mayContinue = onError === "continue";
    this.#decode = decode;
  }

  get failures(): readonly RestoreFailure[] {
    return this.#failures;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes note of a failure. @throws BackupError when the restore must stop. */
  note(error: unknown, doing: Doing): void {
    const isAnswer = error instanceof ServerError && error.code === "SERVER";
    if (!this.#mayContinue || !isAnswer) throw failureOf(error, doing, this.#decode);
    this.#count += 1;
    if (this.#failures.length >= maxListedFailures) return;
    this.#failures.push({
      object: doing.object,
      message: [error.message, ...error.details].join("; "),
      statement: firstLine(this.#decode(doing.sql)),
      ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
    });
  }
}

/** An error that names the object and shows the statement. */
export function failureOf(error: unknown, doing: Doing, decode: NameDecoder): unknown {
  if (!(error instanceof BackupError) || error.code === "INTERRUPTED") return error;
  const sql = decode(doing.sql);
  return new BackupError({
    code: error.code,
    message: `restoring ${doing.object} failed: ${error.message}`,
    object: error.object ?? doing.object,
    details: [...(sql === "" ? [] : [`statement: ${firstLine(sql)}`]), ...placeOf(error, sql), ...error.details],
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
    retry: error.retry,
    cause: error,
  });
}

/** The line of the statement that the server's position means, when it is not the first. */
function placeOf(error: BackupError, sql: string): string[] {
  if (!(error instanceof ServerError) || error.notice.position === undefined) return [];
  const before = Array.from(sql)
    .slice(0, error.notice.position - 1)
    .join("");
  const line = before.split("\n").length;
  return line === 1 ? [] : [`line ${line} of it: ${cut(sql.split("\n")[line - 1]!.trim())}`];
}

/** The first line that is not empty or a comment. */
export function firstLine(sql: string): string {
  const lines = sql.split("\n", 50).map((line) => line.trim());
  return cut(lines.find((line) => line !== "" && !line.startsWith("--")) ?? "");
}

function cut(line: string): string {
  return line.length > shownLineLength ? `${line.slice(0, shownLineLength)}...` : line;
}
