import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { folderOf } from "../proof/place-of-backup.ts";

/**
 * Removes an encrypted backup with its key files: the metadata first, without which there is no backup any more.
 * @throws BackupError IO
 */
export async function removeEncrypted(
  { artifacts, metadataFile, location }: FoundBackup,
  openStorage: (location: string) => Promise<Storage>,
): Promise<void> {
  const storage = await openStorage(folderOf(location));
  const keyOf = (path: string): string => path.slice(storage.location.length + 1);
  const files = [metadataFile, ...artifacts.map(({ file }) => file)];
  for (const file of files) {
    if (file === undefined) throw new Error("an encrypted backup is made of files");
    const key = keyOf(file.location);
    await storage.remove(key);
    for await (const { key: keyFile } of storage.list(`${key}${KEY_FILE_MARK}`)) await storage.remove(keyFile);
  }
}
