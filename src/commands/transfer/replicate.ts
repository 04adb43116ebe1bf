import { BackupError } from "../../core/backup-error.ts";
import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import { withoutSuffix } from "../../core/encrypted-file.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { Storage } from "../../ports/storage.ts";
import { backupInRepository, loadMetadata } from "../found-backup.ts";
import { copyBackup } from "./copy-backup.ts";

/** What became of a copy of a backup that was made with it. */
export interface ReplicaState {
  /** The repository. */
  readonly location: string;
  /** Why it is not there; undefined when it is. */
  readonly failure?: BackupError;
}

/**
 * Copies a backup that was just made into further repositories, one after another. One that fails does not keep it from the others.
 * @param metadata of the backup
 * @param from the repository that it was made in
 * @throws BackupError INTERRUPTED
 */
export async function replicate(
  { backup_file: name }: BackupMetadata,
  from: Storage,
  replicas: readonly Storage[],
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<readonly ReplicaState[]> {
  const states: ReplicaState[] = [];
  for (const replica of replicas) {
    const { location } = replica;
    try {
      // As it is stored: what was told of an encrypted one is not what may lie there.
      const key = `${withoutSuffix(name!)}${METADATA_SUFFIX}`;
      const object = await from.open(key);
      const metadata = await loadMetadata(object, `${from.location}/${key}`).finally(() => object.close());
      const { wasThere } = await copyBackup(backupInRepository(from, key, metadata), replica, progress, signal);
      // It is new: where it is already, it was made or copied a moment ago.
      states.push(wasThere ? { location, failure: noSecondCopy(location) } : { location });
    } catch (error) {
      if (signal.aborted || !(error instanceof BackupError)) throw error;
      states.push({ location, failure: error });
    }
  }
  return states;
}

function noSecondCopy(object: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "the backup lies there already: no further copy was made",
    object,
    hint: "it is the repository of the backup, or of another replica, under the same or another name; choose another one",
  });
}
