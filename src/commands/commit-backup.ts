import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import { formatMetadata } from "../core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { Storage, Work } from "../ports/storage.ts";

/** Where a backup gets its name: in a repository, or exactly this key of a storage (`--output PATH`). */
export type StoredDestination =
  | { readonly kind: "repository"; readonly storage: Storage }
  | { readonly kind: "file"; readonly storage: Storage; readonly key: string };

/** Names tried for one second, before something is wrong with the repository. */
const maxNameAttempts = 1000;

/** @throws BackupError EXISTS when the file or its metadata is there */
export async function refuseExisting(storage: Storage, key: string): Promise<void> {
  for (const name of [key, `${key}${METADATA_SUFFIX}`]) {
    if ((await storage.stat(name)) === undefined) continue;
    throw new BackupError({
      code: "EXISTS",
      message: "the output exists, and backups are never overwritten",
      object: `${storage.location}/${name}`,
      hint: "choose another name, or remove the file",
    });
  }
}

/**
 * Commits what was written under the first name that is free.
 * @param nameOf the name of this attempt, of 1 and more
 * @returns the name
 */
export async function commitUnderName(
  destination: StoredDestination,
  nameOf: (attempt: number) => string,
  commit: (key: string) => Promise<unknown>,
): Promise<string> {
  if (destination.kind === "file") {
    await commit(destination.key);
    return destination.key;
  }
  for (let attempt = 1; ; attempt++) {
    const key = nameOf(attempt);
    // Metadata whose artifact somebody removed keeps its name all the same.
    if ((await destination.storage.stat(`${key}${METADATA_SUFFIX}`)) !== undefined && attempt < maxNameAttempts)
      continue;
    try {
      await commit(key);
      return key;
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "EXISTS" || attempt === maxNameAttempts) throw error;
    }
  }
}

/** Writes the metadata of a backup, which makes it exist. */
export async function commitMetadata(work: Work, key: string, metadata: BackupMetadata): Promise<void> {
  const pending = await work.create();
  await pending.write(Buffer.from(formatMetadata(metadata), "utf8"));
  await pending.commit(key, "seal");
}
