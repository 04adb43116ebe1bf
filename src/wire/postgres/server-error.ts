import { BackupError, type ErrorCode } from "../../core/backup-error.ts";
import { shownText } from "../net/shown-text.ts";
import { sqlStateHint } from "./sql-state-hint.ts";

/** What a server says in ErrorResponse and NoticeResponse (manual, "Error and Notice Message Fields"), safe to print. */
export interface ServerNotice {
  /** Never translated: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO, LOG. */
  readonly severity: string;
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** In characters, from 1, within the statement sent. */
  readonly position: number | undefined;
  readonly where: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;
}

export function serverNotice(fields: ReadonlyMap<string, string>): ServerNotice {
  const shown = (code: string): string | undefined => {
    const text = fields.get(code);
    return text === undefined ? undefined : shownText(text);
  };
  const position = Number(fields.get("P"));
  return {
    severity: shown("V") ?? shown("S") ?? "ERROR",
    sqlState: /^[0-9A-Z]{5}$/.test(fields.get("C") ?? "") ? fields.get("C")! : "XX000",
    message: shown("M") ?? "no message",
    detail: shown("D"),
    hint: shown("H"),
    position: Number.isSafeInteger(position) && position > 0 ? position : undefined,
    where: shown("W"),
    schema: shown("s"),
    table: shown("t"),
    column: shown("c"),
    constraint: shown("n"),
  };
}

export interface ServerErrorOptions {
  readonly code?: ErrorCode;
  /** `running "..."`. */
  readonly doing?: string;
  /** Where the server has none. */
  readonly hint?: string;
  readonly details?: readonly string[];
}

/** An error that the server answered. `code` is SERVER, or AUTH (class 28), CONNECT, CONNECTION_LOST where it ends the session. */
export class ServerError extends BackupError {
  readonly severity: string;
  readonly notice: ServerNotice;

  readonly #options: ServerErrorOptions;

  constructor(notice: ServerNotice, options: ServerErrorOptions = {}) {
    const object = objectOf(notice);
    const hint = notice.hint ?? options.hint ?? sqlStateHint(notice.sqlState, notice.message);
    const circumstance = options.doing === undefined ? "" : ` while ${options.doing}`;
    super({
      code: options.code ?? (notice.sqlState.startsWith("28") ? "AUTH" : "SERVER"),
      message: `${notice.severity.toLowerCase()} ${notice.sqlState} from the server${circumstance}: ${notice.message}`,
      details: [...detailLines(notice), ...(options.details ?? [])],
      sqlState: notice.sqlState,
      retry: mayPass(notice.sqlState) ? "maybe" : "never",
      ...(object === undefined ? {} : { object }),
      ...(hint === undefined ? {} : { hint }),
    });
    this.name = "ServerError";
    this.severity = notice.severity;
    this.notice = notice;
    this.#options = options;
  }

  /** The same error with a hint, which the server's own would win over. */
  override withHint(hint: string): ServerError {
    return new ServerError(this.notice, { ...this.#options, hint });
  }

  /** The same error with more to read. */
  withDetails(details: readonly string[]): ServerError {
    return new ServerError(this.notice, { ...this.#options, details });
  }
}

function objectOf(notice: ServerNotice): string | undefined {
  const parts = [notice.schema, notice.table, notice.column].filter((part) => part !== undefined);
  const name = parts.length === 0 ? undefined : parts.join(".");
  if (notice.constraint === undefined) return name;
  return name === undefined ? `constraint ${notice.constraint}` : `constraint ${notice.constraint} of ${name}`;
}

function detailLines(notice: ServerNotice): string[] {
  const lines: string[] = [];
  if (notice.detail !== undefined) lines.push(`detail: ${notice.detail}`);
  if (notice.position !== undefined) lines.push(`position: character ${notice.position} of the statement`);
  if (notice.where !== undefined) lines.push(`where: ${notice.where}`);
  return lines;
}

/** Classes of errors that can pass by themselves: connection, resources, serialization, deadlock, shutdown, cancel by recovery. */
function mayPass(sqlState: string): boolean {
  return /^(08|40|53|57P0|55P03)/.test(sqlState);
}
