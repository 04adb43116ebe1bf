import { BackupError } from "../../core/backup-error.ts";
import { printable } from "../../core/printable.ts";

/** Codes of answers; source: draft-ietf-secsh-filexfer-02, section 7. */
export const status = { eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

/** Whether a server answered with this code. */
export function hasStatus(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number" && codes.includes(error.code);
}

/**
 * A failed request in words.
 * @param doing `writing`, `reading`, ...
 * @param object its URL
 */
export function sftpError(doing: string, object: string, error: unknown): BackupError {
  if (error instanceof BackupError) return error.on(object);
  if (hasStatus(error, status.noSuchFile)) {
    return failed("NOT_FOUND", "no such file or folder", "check the path; see what is there with list");
  }
  if (hasStatus(error, status.permissionDenied)) {
    return failed(
      "AUTH",
      "the server says: permission denied",
      "log in as a user who may, or change the permissions of the folder there",
    );
  }
  const text = error instanceof Error ? printable(error.message) : String(error);
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    // Of what SFTP has no code for, a server says this, and no more.
    const reason = text === "Failure" ? "the server says no more than that it failed" : `the server says: ${text}`;
    return failed("IO", reason, "look at the space and the permissions there, and at the log of the server");
  }
  return new BackupError({
    code: "CONNECTION_LOST",
    message: `${doing} failed: the connection broke: ${text}`,
    object,
    hint: "check the network and the server, then run again",
    retry: "maybe",
    cause: error,
  });

  function failed(code: "NOT_FOUND" | "AUTH" | "IO", reason: string, hint: string): BackupError {
    return new BackupError({ code, message: `${doing} failed: ${reason}`, object, hint, cause: error });
  }
}

/** A connection that did not come about, in words. @param notes on credentials that were not tried */
export function connectError(server: string, user: string, notes: readonly string[], error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  const { message, level, code } = error as Error & { readonly level?: string; readonly code?: string };
  if (level === "client-authentication") {
    return new BackupError({
      code: "AUTH",
      message: `the server did not accept user "${user}" with any of the credentials that were found`,
      object: server,
      hint: "load a key into ssh-agent, name one with the parameter identity, or set DBBACKUP_SFTP_PASSWORD; see docs/storage.md",
      details: notes,
      cause: error,
    });
  }
  const isForGood = level === "handshake" || code === "ENOTFOUND";
  return new BackupError({
    code: "CONNECT",
    message: `no connection: ${printable(message)}`,
    object: server,
    hint: "check host and port, and that a server for SSH listens there",
    ...(isForGood ? {} : { retry: "maybe" }),
    cause: error,
  });
}
