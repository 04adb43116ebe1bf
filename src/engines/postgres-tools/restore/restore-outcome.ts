import { BackupError } from "../../../core/backup-error.ts";
import {
  maxListedFailures,
  type RestoreFailure,
  type RestorePlan,
  type RestoreRequest,
} from "../../../ports/restore.ts";
import type { ToolMessage, ToolMessages } from "../tool-messages.ts";
import { toolFailed } from "../tool-messages.ts";

const commandWas = /^Command was: ?/;

/** What failed, one by one, as far as messages were kept. */
export function failuresOf(messages: ToolMessages): RestoreFailure[] {
  return messages.messages
    .filter(({ severity }) => severity === "error")
    .slice(0, maxListedFailures)
    .map(failureOf);
}

function failureOf({ message, details, about }: ToolMessage): RestoreFailure {
  const at = details.findIndex((line) => commandWas.test(line));
  const statement = at < 0 ? "" : details.slice(at).join("\n").replace(commandWas, "");
  return { object: about ?? "", message: message.replace(/^could not execute query: /, ""), statement };
}

/**
 * How a tool's end is judged.
 * @returns how many errors it went on after
 * @throws BackupError when it did not come to its end, naming the target as incomplete
 */
export function requireFinished(
  tool: string,
  status: number,
  messages: ToolMessages,
  { onError }: RestoreRequest,
  target: string,
): number {
  const { ignoredErrors: ignored } = messages;
  if (status === 0 && messages.errors === 0) return 0;
  // psql ends with 0 after errors that it was told to ignore, pg_restore with 1 and their number.
  const cameToItsEnd = status === 0 || ignored !== undefined;
  if (onError === "continue" && cameToItsEnd) return Math.max(ignored ?? 0, messages.errors);
  throw incomplete(toolFailed(tool, status, messages), messages.firstError?.about, target);
}

function incomplete(error: BackupError, about: string | undefined, target: string): BackupError {
  return new BackupError({
    code: error.code,
    message: `${error.message}; database "${target}" is incomplete`,
    ...(about === undefined ? {} : { object: about }),
    details: error.details,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** Rows and bytes of the tables whose data was restored, as the metadata knows them; undefined when it does not. */
export function restoredRows(
  { steps }: RestorePlan,
  { expectedRows }: RestoreRequest,
): { readonly rows: number; readonly bytes: number } | undefined {
  if (expectedRows === undefined) return undefined;
  const known = new Map([...expectedRows].map(([key, rows]) => [key.replace("\0", "."), rows]));
  let rows = 0;
  let bytes = 0;
  for (const { action, name } of steps) {
    const expected = action === "data" ? known.get(name) : undefined;
    rows += expected?.rows ?? 0;
    bytes += expected?.bytes ?? 0;
  }
  return { rows, bytes };
}
