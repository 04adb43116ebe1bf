import { BackupError } from "../../core/backup-error.ts";
import { printable } from "../../core/printable.ts";

/** The `error` part of what `--json` prints when a command fails. Fields are only ever added. */
export interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly object?: string;
  readonly details?: readonly string[];
  readonly hint?: string;
  readonly sql_state?: string;
  readonly retry: "never" | "maybe";
  readonly exit_status: number;
}

/** An error for programs. An error that nobody expected has the code `UNEXPECTED`. */
export function errorDocument(error: unknown): ErrorDocument {
  if (!(error instanceof BackupError)) {
    return { code: "UNEXPECTED", message: unexpectedMessage(error), hint: reportHint, retry: "never", exit_status: 1 };
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.object === undefined ? {} : { object: error.object }),
    ...(error.details.length === 0 ? {} : { details: error.details }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.sqlState === undefined ? {} : { sql_state: error.sqlState }),
    retry: error.retry,
    exit_status: error.exitStatus,
  };
}

/** An error for people: lines without control characters, the first without a prefix. */
export function errorLines(error: unknown, verbose: boolean): string[] {
  const document = errorDocument(error);
  const lines = [printable(document.message)];
  if (document.object !== undefined) lines.push(`  object: ${printable(document.object)}`);
  if (document.sql_state !== undefined) lines.push(`  SQLSTATE: ${printable(document.sql_state)}`);
  for (const detail of document.details ?? []) lines.push(`  ${printable(detail)}`);
  if (document.hint !== undefined) lines.push(`hint: ${printable(document.hint)}`);
  if (verbose) lines.push(...stackLines(error));
  return lines;
}

const reportHint = "please report this, with what --verbose prints";

function unexpectedMessage(error: unknown): string {
  return `unexpected: ${error instanceof Error ? error.message : String(error)} (a fault in dbbackup)`;
}

function stackLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const stack = at.stack ?? `${at.name}: ${at.message}`;
    lines.push(
      ...stack.split("\n").map((line, index) => printable(index === 0 && depth > 0 ? `caused by ${line}` : line)),
    );
  }
  return lines;
}
