import { constants } from "node:fs";
import { chmod, type FileHandle, link, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "./io-error.ts";

/** What we make is for its owner alone: it holds all that a database knows. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Windows has no such flag, and does not follow links when it creates. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** Creates a file that nobody has made before and nobody has put a link for; 0600 at any umask. */
export async function createFile(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;
  const handle = await open(path, flags, FILE_MODE);
  try {
    await handle.chmod(FILE_MODE);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Creates a folder, 0700 at any umask; a missing parent too, but not more. An existing one fails with EEXIST. */
export async function createFolder(path: string): Promise<void> {
  await mkdir(path, { mode: FOLDER_MODE });
  await chmod(path, FOLDER_MODE);
}

/** Makes a folder and its missing parents; existing ones stay as they are. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await createFolder(path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "ENOENT") || dirname(path) === path) throw error;
    await ensureFolder(dirname(path));
    await ensureFolder(path);
    return;
  }
  await syncFolder(dirname(path));
}

/** Opens for reading; the last part of the path must not be a symbolic link. */
export async function openForReading(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDONLY | NOFOLLOW);
}

/** Makes names that were added to or removed from a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders; it writes their entries through.
  if (process.platform === "win32") return;
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a file a second name that did not exist, durably. On file systems without hard links the file moves instead.
 * @throws EEXIST when the name is taken
 */
export async function publishFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV")) throw error;
    await moveToNewName(from, to);
  }
  await syncFolder(dirname(to));
}

/** rename() replaces what is there: an empty file of our own keeps the name from others until then. */
async function moveToNewName(from: string, to: string): Promise<void> {
  const placeholder = await createFile(to);
  await placeholder.close();
  try {
    await rename(from, to);
  } catch (error) {
    await unlink(to);
    throw error;
  }
}
