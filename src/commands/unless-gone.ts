import { BackupError } from "../core/backup-error.ts";

/** For a `catch`: undefined for what was removed since it was listed; other errors go on. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
  throw error;
}
