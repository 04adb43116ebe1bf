import { ExitStatus } from "./exit-status.ts";

/**
 * What went wrong, for programs. The exit status follows from the code, so that the same fault ends every command alike.
 * Add codes freely; never change what an existing one means.
 */
const exitStatusOfCode = {
  /** A flag, value or combination that can be refused without asking anybody. */
  USAGE: ExitStatus.usage,
  /** A configuration source (environment, service file, password file) that cannot be honoured. */
  CONFIG: ExitStatus.usage,
  /** The target is not empty and `--confirm` was not given. */
  CONFIRM_REQUIRED: ExitStatus.usage,
  /** The target does not exist and `--create` was not given. */
  TARGET_MISSING: ExitStatus.usage,
  /** No connection: name resolution, refused, timed out, TLS. */
  CONNECT: ExitStatus.failed,
  /** The server did not accept who we are, or we did not accept how it asked. */
  AUTH: ExitStatus.failed,
  /** An established connection broke. */
  CONNECTION_LOST: ExitStatus.failed,
  /** The peer broke the wire protocol, or a limit on its messages. */
  PROTOCOL: ExitStatus.failed,
  /** The server answered a statement with an error. */
  SERVER: ExitStatus.failed,
  /** A server (version, pooler, look-alike) that is not supported. */
  UNSUPPORTED_SERVER: ExitStatus.failed,
  /** An object of the database that cannot be dumped yet. */
  UNSUPPORTED_OBJECT: ExitStatus.failed,
  /** Something named does not exist. */
  NOT_FOUND: ExitStatus.failed,
  /** Something may not be removed yet. */
  LOCKED: ExitStatus.failed,
  /** Something to be created exists already. */
  EXISTS: ExitStatus.failed,
  /** The pre-check of a restore found what would make it fail. */
  PRECHECK: ExitStatus.failed,
  /** A thread of this program ended before its work was done, as when memory is short. */
  THREAD_LOST: ExitStatus.failed,
  /** A file or folder could not be read or written. */
  IO: ExitStatus.failed,
  /** Stored bytes are not what was written: truncated, flipped, swapped. `verify` ends with 4 for it. */
  DAMAGED: ExitStatus.failed,
  /** A file that a newer version of this program wrote. */
  UNSUPPORTED_FORMAT: ExitStatus.failed,
  /** No key was given that opens what is encrypted. */
  KEY: ExitStatus.failed,
  /** Bytes that are not of a known format. */
  FOREIGN_FILE: ExitStatus.failed,
  /** It took longer than the user allows. */
  DEADLINE: ExitStatus.failed,
  /** Finished, but some objects failed. */
  PARTIAL: ExitStatus.partial,
  /** The user asked us to stop. */
  INTERRUPTED: ExitStatus.interrupted,
} as const;

export type ErrorCode = keyof typeof exitStatusOfCode;

/** Parts of a {@link BackupError}. Messages: lower case, no full stop, values in double quotes. */
export interface BackupErrorParts {
  readonly code: ErrorCode;
  /** What failed and why, in one sentence. Never holds a secret. */
  readonly message: string;
  /** The object it failed on: a table, a file, a server. */
  readonly object?: string;
  /** What to do next, with a command or a setting where there is one. */
  readonly hint?: string;
  /** More lines for the reader: a server's DETAIL, a list of findings. */
  readonly details?: readonly string[];
  /** Five characters, when a PostgreSQL or MySQL server said it. */
  readonly sqlState?: string;
  /** Whether doing the same again can help without changing anything. */
  readonly retry?: "never" | "maybe";
  /** Nothing is wrong but that this program does not know what it found: another one may. */
  readonly isForOthers?: boolean;
  readonly cause?: unknown;
}

/** A fault of the world (server, file, network, user). Faults of the programmer are plain `Error`s. */
export class BackupError extends Error {
  readonly code: ErrorCode;
  readonly object: string | undefined;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly sqlState: string | undefined;
  readonly retry: "never" | "maybe";
  readonly isForOthers: boolean;
  readonly #parts: BackupErrorParts;

  constructor(parts: BackupErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "BackupError";
    this.code = parts.code;
    this.object = parts.object;
    this.hint = parts.hint;
    this.details = parts.details ?? [];
    this.sqlState = parts.sqlState;
    this.retry = parts.retry ?? "never";
    this.isForOthers = parts.isForOthers === true;
    this.#parts = parts;
  }

  /** The same error with another hint. */
  withHint(hint: string): BackupError {
    return new BackupError({ ...this.#parts, hint });
  }

  /** The same error, said of `object` unless it names one already. */
  on(object: string): BackupError {
    return new BackupError({ object, ...this.#parts });
  }

  get exitStatus(): ExitStatus {
    return exitStatusOfCode[this.code];
  }
}
