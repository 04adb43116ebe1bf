import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { MAX_METADATA_BYTES, readMetadata } from "../core/metadata/read-metadata.ts";
import type { OpenedObject, Storage } from "../ports/storage.ts";

/** A stored object of a backup, to be opened. */
export interface FoundArtifact {
  readonly name: string;
  /** @throws BackupError NOT_FOUND, IO */
  open(): Promise<OpenedObject>;
}

/** A backup that was found, in a repository or by its path. */
export interface FoundBackup {
  /** Where it lies, for people: a path or URL. */
  readonly location: string;
  /** Missing for a file that has none beside it, such as an archive of pg_dump. */
  readonly metadata?: BackupMetadata;
  readonly artifacts: readonly FoundArtifact[];
}

/** The backup that this metadata in a repository describes. */
export function backupInRepository(storage: Storage, metadataKey: string, metadata: BackupMetadata): FoundBackup {
  const folder = metadataKey.slice(0, metadataKey.lastIndexOf("/") + 1);
  return {
    location: `${storage.location}/${metadataKey.slice(0, -METADATA_SUFFIX.length)}`,
    metadata,
    artifacts: metadata.artifacts.map(({ name }) => ({ name, open: () => storage.open(folder + name) })),
  };
}

/**
 * Reads a metadata file.
 * @param where what to call it in errors
 * @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, IO
 */
export async function loadMetadata(object: OpenedObject, where: string): Promise<BackupMetadata> {
  if (object.size > MAX_METADATA_BYTES) {
    throw new BackupError({
      code: "DAMAGED",
      message: `metadata of ${object.size} bytes is larger than any that is written`,
      object: where,
      hint: "look at the file: it is no metadata of a backup",
    });
  }
  const bytes = Buffer.alloc(object.size);
  const count = await object.readAt(0, bytes);
  return readMetadata(bytes.toString("utf8", 0, count), where);
}
