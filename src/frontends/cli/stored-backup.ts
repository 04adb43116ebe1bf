import { findBackup } from "../../commands/find-backup.ts";
import type { FoundBackup } from "../../commands/found-backup.ts";
import { BackupError } from "../../core/backup-error.ts";
import type { Storage } from "../../ports/storage.ts";

/**
 * A backup of a repository, for commands that change what is there: named as everywhere, but never by a path or a URL, which would name
 * something elsewhere.
 * @throws BackupError USAGE, NOT_FOUND, DAMAGED, IO
 */
export async function stored(argument: string, storage: Storage, signal: AbortSignal): Promise<FoundBackup> {
  const openRepository = async (url?: string): Promise<Storage> => {
    if (url !== undefined) throw elsewhere();
    return storage;
  };
  const backup = await findBackup(argument, { locateFile: async () => undefined, openRepository }, signal);
  if (backup.metadata !== undefined) return backup;
  throw new BackupError({
    code: "USAGE",
    message: `"${argument}" is a file without metadata, and no backup of the repository`,
    object: backup.location,
    hint: "name a backup that dbbackup list tells of",
  });
}

function elsewhere(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "backups are named by their ids here, and not by URLs",
    hint: "give the repository with --repo",
  });
}
