import { BackupError } from "../../../core/backup-error.ts";
import { maxListedFailures, type RestoreFailure } from "../../../ports/restore.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { shownText } from "../../../wire/net/shown-text.ts";

/** Longer statements are cut in messages. */
const shownLength = 200;

/** The statement that something failed on. */
export interface FailedStatement {
  readonly line: number;
  /** What its script makes, and the name of the file: `table "orders" (00001.table.sql)`. Absent: there is one script. */
  readonly object?: string;
  /** How it begins, as a binary string. */
  readonly head: string;
}

/**
 * Decides whether a restore goes on after a failure, and keeps what to tell about it. Only the server's answer to one
 * statement can be gone on after: a lost connection, damage in the script or an interruption ends everything.
 */
export class FailureLog {
  readonly #mayContinue: boolean;
  readonly #failures: RestoreFailure[] = [];
  #count = 0;

  constructor(onError: "stop" | "continue") {
    this.#mayContinue = onError === "continue";
  }

  get failures(): readonly RestoreFailure[] {
    return this.#failures;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes note of a failure. @throws BackupError when the restore must stop */
  note(error: unknown, statement: FailedStatement): void {
    const isAnswer = error instanceof MysqlServerError && error.code === "SERVER";
    const isOfStatement = [RefusedRows, StatementTooLong, NotConvertible].some((kind) => error instanceof kind);
    if (!this.#mayContinue || !(error instanceof BackupError) || !(isAnswer || isOfStatement)) {
      throw failureOf(error, statement);
    }
    this.#count += 1;
    if (this.#failures.length >= maxListedFailures) return;
    this.#failures.push({
      object: placeOf(statement),
      message: messageOf(error),
      statement: shownHead(statement.head),
      ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
    });
  }
}

/** Rows that the server would not take as they are; none of them stayed. */
export class RefusedRows extends BackupError {}

/** A statement that this server takes from nobody; nothing of it was sent. */
export class StatementTooLong extends BackupError {}

/** What the statement makes is nothing that the server could have; nothing of it was sent. */
export class NotConvertible extends BackupError {}

/** @param what it would be, and why the server cannot have it */
export function notConvertible(what: string): NotConvertible {
  return new NotConvertible({
    code: "UNSUPPORTED_OBJECT",
    message: `left out: ${what}`,
    hint: "restore on a server like that of the backup",
  });
}

/** An error that names the line and shows the statement. */
function failureOf(error: unknown, statement: FailedStatement): unknown {
  const { line, head } = statement;
  if (!(error instanceof BackupError) || error.code === "INTERRUPTED" || error.code === "DAMAGED") return error;
  if (error.code === "USAGE" || error.code === "FOREIGN_FILE") return error;
  return new BackupError({
    code: error.code,
    message: `restoring ${statement.object ?? `line ${line} of the script`} failed: ${messageOf(error)}`,
    object: error.object ?? placeOf(statement),
    details: [...(head === "" ? [] : [`statement: ${shownHead(head)}`]), ...error.details],
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
    retry: error.retry,
    cause: error,
  });
}

function placeOf({ line, object }: FailedStatement): string {
  return object ?? `line ${line}`;
}

/** Without the statement, which stands beside it. */
function messageOf(error: BackupError): string {
  if (!(error instanceof MysqlServerError)) return error.message;
  const { number, sqlState, message } = error.fault;
  return `error ${number} (${sqlState}) from the server: ${message}`;
}

/** The first line, without what people cannot read. */
export function shownHead(head: string): string {
  const text = Buffer.from(head.slice(0, shownLength), "latin1")
    .toString()
    .replace(/\ufffd+$/, "");
  const [line = ""] = text.split("\n", 1);
  return line.length < head.trimEnd().length ? `${shownText(line)}...` : shownText(line);
}
