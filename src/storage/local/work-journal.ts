import type { BigIntStats } from "node:fs";
import { lstat, open, readFile, rename, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { createFile, syncFolder } from "./durable-file-system.ts";
import { hasCode } from "./io-error.ts";

/**
 * What a work is about to publish, noted before it happens, so that whoever finds the work abandoned can tell its objects
 * from those of others: by name, inode, size and time together.
 */
export interface JournalEntry {
  readonly key: string;
  /** A `folder` is removed when nothing is left in it: files that are not ours keep it. */
  readonly role: "part" | "seal" | "folder";
  readonly inode: string;
  /** A folder's size and time are those of the moment, and prove nothing. */
  readonly size: number;
  /** Nanoseconds, as text. */
  readonly modified: string;
}

const JOURNAL = "journal";
const MAX_JOURNAL_BYTES = 256 << 20;

/** The entry for a finished file. */
export function journalEntry(key: string, role: JournalEntry["role"], stats: BigIntStats): JournalEntry {
  return { key, role, inode: String(stats.ino), size: Number(stats.size), modified: String(stats.mtimeNs) };
}

/** Appends durably, all of them at once. */
export async function appendToJournal(folder: string, entries: readonly JournalEntry[]): Promise<void> {
  const path = join(folder, JOURNAL);
  const handle = await createFile(path).catch((error: unknown) => {
    if (hasCode(error, "EEXIST")) return open(path, "a");
    throw error;
  });
  try {
    await handle.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Entries that were written whole; a torn last line was never acted upon. */
async function readJournal(folder: string): Promise<readonly JournalEntry[]> {
  let text: string;
  try {
    const path = join(folder, JOURNAL);
    if ((await lstat(path)).size > MAX_JOURNAL_BYTES) return [];
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
  return text.split("\n").slice(0, -1).flatMap(parseEntry);
}

function parseEntry(line: string): JournalEntry[] {
  try {
    const entry = JSON.parse(line) as JournalEntry;
    return typeof entry.key === "string" && isSafeRelativePath(entry.key) ? [entry] : [];
  } catch {
    return [];
  }
}

/**
 * Removes the published objects of a work that was never sealed.
 * @returns the keys that were removed
 */
export async function revokeUnsealed(root: string, folder: string): Promise<readonly string[]> {
  const { files, folders } = await unsealed(root, folder);
  for (const key of files) await unlink(join(root, key));
  for (const key of folders) await removeIfEmpty(join(root, key));
  return files;
}

/** Keys of the published files of a work that was never sealed, and of the folders that it published. */
export async function unsealed(
  root: string,
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const entries = await readJournal(folder);
  const present: JournalEntry[] = [];
  for (const entry of entries) if (await isThere(root, entry)) present.push(entry);
  if (present.some(({ role }) => role === "seal")) return { files: [], folders: [] };
  const keysOf = (wanted: JournalEntry["role"]): string[] =>
    present.filter(({ role }) => role === wanted).map(({ key }) => key);
  return { files: keysOf("part"), folders: keysOf("folder") };
}

/** Whether the seal of a work is published. */
export async function isSealed(root: string, folder: string): Promise<boolean> {
  for (const entry of await readJournal(folder)) if (entry.role === "seal" && (await isThere(root, entry))) return true;
  return false;
}

/**
 * Takes what was published and never sealed back into its work.
 * @param to the name of a folder there, and of a folder for files that were published by themselves
 */
export async function withdraw(
  root: string,
  work: string,
  to: { readonly folder: string; readonly files: string },
): Promise<void> {
  const entries = await readJournal(work);
  const folders = entries.filter(({ role }) => role === "folder").map(({ key }) => `${key}/`);
  for (const entry of entries) {
    if (!(await isThere(root, entry))) continue;
    const published = join(root, entry.key);
    if (entry.role === "folder") {
      await rename(published, join(work, to.folder));
      await syncFolder(dirname(published));
    } else if (entry.role === "part" && !folders.some((folder) => entry.key.startsWith(folder))) {
      await takeBack(published, join(work, to.files, basename(entry.key)));
    }
  }
  if (entries.length > 0) await syncFolder(work);
  await unlink(join(work, JOURNAL)).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

/** It has its old name too, except on file systems without hard links. */
async function takeBack(published: string, path: string): Promise<void> {
  if (await exists(path)) await unlink(published);
  else await rename(published, path);
  await syncFolder(dirname(published));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
}

async function isThere(root: string, entry: JournalEntry): Promise<boolean> {
  try {
    const stats = await lstat(join(root, entry.key), { bigint: true });
    const found = journalEntry(entry.key, entry.role, stats);
    if (entry.role === "folder") return stats.isDirectory() && found.inode === entry.inode;
    return found.inode === entry.inode && found.size === entry.size && found.modified === entry.modified;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}
