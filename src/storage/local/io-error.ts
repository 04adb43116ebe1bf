import { BackupError } from "../../core/backup-error.ts";

interface Explanation {
  readonly reason: string;
  readonly hint: string;
}

const explanations: Readonly<Record<string, Explanation>> = {
  ENOSPC: { reason: "no space left on the device", hint: "free space there, or choose another place with --repo" },
  EDQUOT: { reason: "the disk quota is used up", hint: "free space there, or choose another place with --repo" },
  EFBIG: {
    reason: "the file would grow larger than allowed",
    hint: "raise the limit (ulimit -f), or choose another file system",
  },
  EACCES: { reason: "permission denied", hint: "run as a user who may, or change the permissions of the folder" },
  EPERM: { reason: "not permitted", hint: "run as a user who may, or change the permissions of the folder" },
  EROFS: { reason: "the file system is read-only", hint: "choose another place with --repo" },
  EIO: { reason: "the device reports an input/output error", hint: "check the disk (dmesg), then run again" },
  ENOENT: { reason: "no such file or folder", hint: "check the path" },
  ENOTDIR: { reason: "a part of the path is not a folder", hint: "check the path" },
  EISDIR: { reason: "it is a folder", hint: "name a file" },
  ELOOP: { reason: "it is a symbolic link", hint: "name the file itself" },
  EMFILE: { reason: "too many open files", hint: "raise the limit (ulimit -n)" },
  ENFILE: { reason: "too many open files on this machine", hint: "close some programs" },
  ESTALE: { reason: "the network file system lost it", hint: "mount the file system again" },
};

/**
 * A failed system call in words.
 * @param doing `writing`, `reading`, ...
 */
export function ioError(doing: string, path: string, cause: unknown): BackupError {
  if (cause instanceof BackupError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const known = Object.hasOwn(explanations, code) ? explanations[code] : undefined;
  return new BackupError({
    code: code === "ENOENT" ? "NOT_FOUND" : "IO",
    message: `${doing} failed: ${known?.reason ?? (cause instanceof Error ? cause.message : String(cause))}`,
    object: path,
    ...(known === undefined ? {} : { hint: known.hint }),
    cause,
  });
}

/** Why something could not get its final name. @param taken codes that say that somebody else has it */
export function publishingError(target: string, cause: unknown, ...taken: readonly string[]): BackupError {
  if (!hasCode(cause, "EEXIST", ...taken)) return ioError("publishing", target, cause);
  return new BackupError({
    code: "EXISTS",
    message: `"${target}" exists already`,
    object: target,
    hint: "choose another name; nothing is ever overwritten",
    cause,
  });
}

/** Whether a system call failed with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
