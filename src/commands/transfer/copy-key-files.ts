import { BackupError } from "../../core/backup-error.ts";
import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import type { KeyFileBytes } from "../../ports/encryption.ts";
import type { Storage } from "../../ports/storage.ts";
import type { StoredFile } from "../encryption/key-files.ts";

/**
 * Copies the key files beside encrypted files that are not there yet. They are valid by themselves: each goes its own way.
 * @param files of a backup, each with the key of its copy
 * @throws BackupError DAMAGED when they are not read the same twice, IO
 */
export async function copyKeyFiles(files: Iterable<readonly [string, StoredFile]>, to: Storage): Promise<void> {
  for (const [key, file] of files) {
    for (const { name, bytes } of await readTwice(file)) {
      const target = `${key}${name.slice(name.lastIndexOf(KEY_FILE_MARK))}`;
      if ((await to.stat(target)) !== undefined) continue;
      const work = await to.beginWork();
      try {
        const pending = await work.create(target);
        await pending.write(bytes);
        await pending.commit(target, "seal");
      } catch (error) {
        // Another run may have brought it in the meantime.
        if (!(error instanceof BackupError) || error.code !== "EXISTS") throw error;
      } finally {
        await work.end();
      }
    }
  }
}

/** No metadata say what their bytes are, and only a key would: what changed on its way here is not the same again. */
async function readTwice(file: StoredFile): Promise<readonly KeyFileBytes[]> {
  const files = await file.keyFiles();
  if (files.length === 0) return files;
  const again = new Map((await file.keyFiles()).map(({ name, bytes }) => [name, bytes]));
  const changed = files.find(({ name, bytes }) => again.get(name)?.equals(bytes) !== true);
  if (changed === undefined) return files;
  throw new BackupError({
    code: "DAMAGED",
    message: "a key file was read with other bytes the second time; it was not copied",
    object: `${file.location}: ${changed.name}`,
    hint: "copy the backup again; if it stays so, something between here and there changes bytes",
  });
}
