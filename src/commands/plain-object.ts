import { BackupError } from "../core/backup-error.ts";
import type { OpenedObject } from "../ports/storage.ts";
import type { FoundArtifact, HowToOpen } from "./found-backup.ts";

/**
 * Bytes as they were before they were encrypted, if they were.
 * @throws BackupError KEY, DAMAGED, IO; then what is stored is closed
 */
export async function plainObject(
  { name, decrypt }: FoundArtifact,
  stored: OpenedObject,
  how: HowToOpen = {},
): Promise<OpenedObject> {
  if (decrypt === undefined) return stored;
  try {
    return await decrypt(stored, how);
  } catch (error) {
    await stored.close();
    throw error instanceof BackupError ? error.on(name) : error;
  }
}
