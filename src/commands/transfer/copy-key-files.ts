import { BackupError } from "../../core/backup-error.ts";
import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import type { Storage } from "../../ports/storage.ts";
import type { StoredFile } from "../encryption/key-files.ts";

/**
 * Copies the key files beside encrypted files that are not there yet. They are valid by themselves: each goes its own way.
 * @param files of a backup, each with the key of its copy
 * @throws BackupError IO
 */
export async function copyKeyFiles(files: Iterable<readonly [string, StoredFile]>, to: Storage): Promise<void> {
  for (const [key, file] of files) {
    for (const { name, bytes } of await file.keyFiles()) {
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
