import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import { withoutSuffix } from "../core/encrypted-file.ts";
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
 * The name that a backup will most likely get: storages that cannot rename write it there from the beginning.
 * @param nameOf as of {@link commitUnderName}
 */
export async function intendedName(
  destination: StoredDestination,
  nameOf: (attempt: number) => string,
): Promise<string> {
  if (destination.kind === "file") return destination.key;
  for (let attempt = 1; attempt < maxNameAttempts; attempt++) {
    const key = nameOf(attempt);
    if (await isFree(destination.storage, key)) return key;
  }
  return nameOf(maxNameAttempts);
}

async function isFree(storage: Storage, key: string): Promise<boolean> {
  if ((await storage.stat(key)) !== undefined) return false;
  if ((await storage.stat(`${withoutSuffix(key)}${METADATA_SUFFIX}`)) !== undefined) return false;
  for await (const _ of storage.list(`${key}/`)) return false;
  return true;
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
