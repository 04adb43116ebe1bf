import { rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode, ioError } from "./io-error.ts";

/**
 * Which folders will have to be made for a path to be there: itself, and its parents up to one that is.
 * @param path absolute
 * @returns the innermost first
 */
export async function missingFolders(path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let folder = path; !(await isThere(folder)) && dirname(folder) !== folder; folder = dirname(folder)) {
    missing.push(folder);
  }
  return missing;
}

/** Removes folders that are empty; others, and missing ones, are left as they are. @throws BackupError IO */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await rmdir(folder).catch((cause: unknown) => {
      if (!hasCode(cause, "ENOENT", "ENOTEMPTY", "EEXIST")) throw ioError("removing", folder, cause);
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return false;
    throw ioError("opening", path, cause);
  }
}
