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

/** Appends durably, all of them at once: also the names of the journal and of its folder, without which nobody would find it. */
export async function appendToJournal(folder: string, entries: readonly JournalEntry[]): Promise<void> {
  const path = join(folder, JOURNAL);
  let isNew = true;
  const handle = await createFile(path).catch((error: unknown) => {
    isNew = false;
    if (hasCode(error, "EEXIST")) return open(path, "a");
    throw error;
  });
  try {
    await handle.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (!isNew) return;
  await syncFolder(folder);
  await syncFolder(dirname(folder));
}

/** Entries that were written whole; a torn last line was never acted upon. */
async function readJournal(folder: string): Promise<Journal> {
  try {
    const path = join(folder, JOURNAL);
    const { size, mtimeNs: written } = await lstat(path, { bigint: true });
    if (size > MAX_JOURNAL_BYTES) return noJournal;
    const text = await readFile(path, "utf8");
    return { entries: text.split("\n").slice(0, -1).flatMap(parseEntry), written };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return noJournal;
    throw error;
  }
}

interface Journal {
  readonly entries: readonly JournalEntry[];
  /** When the last of them came, in nanoseconds. */
  readonly written: bigint;
}

const noJournal: Journal = { entries: [], written: 0n };

/**
 * Whether an empty file holds the name that a file was to get, as `publishFile` has it where there are no hard links: it came after the
 * name had been noted down. What was there before is somebody else's.
 */
async function isPlaceholder(root: string, entry: JournalEntry, written: bigint): Promise<boolean> {
  if (entry.role === "folder" || entry.size === 0) return false;
  try {
    const stats = await lstat(join(root, entry.key), { bigint: true });
    return stats.isFile() && stats.size === 0n && stats.mtimeNs >= written;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
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
 * Removes the published objects of a work that was never sealed, durably: nothing tells of them any more when the journal is gone.
 * @returns the keys that were removed
 */
export async function revokeUnsealed(root: string, folder: string): Promise<readonly string[]> {
  const { files, folders, keys } = await unsealed(root, folder);
  for (const key of files) await unlinkIfThere(join(root, key));
  for (const key of folders) await removeIfEmpty(join(root, key));
  await syncPlaces(root, keys);
  return files;
}

/** Of a seal, too, and of what is gone already: whoever took it away may have been interrupted before that was durable. */
async function syncPlaces(root: string, keys: readonly string[]): Promise<void> {
  const places = new Set(keys.map((key) => dirname(join(root, key))));
  for (const path of places) await syncIfThere(path);
}

/** What a work published that is there, by keys. Of one that was sealed nothing is unsealed but what holds a name. */
export interface Published {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** All that it ever wanted to publish, there or not. */
  readonly keys: readonly string[];
}

/** Keys of the published files of a work that was never sealed, and of the folders that it published. */
export async function unsealed(root: string, folder: string): Promise<Published> {
  const present: JournalEntry[] = [];
  const placeholders: string[] = [];
  const { entries, written } = await readJournal(folder);
  for (const entry of entries) {
    if (await isThere(root, entry)) present.push(entry);
    else if (await isPlaceholder(root, entry, written)) placeholders.push(entry.key);
  }
  const keysOf = (wanted: JournalEntry["role"]): string[] =>
    present.filter(({ role }) => role === wanted).map(({ key }) => key);
  const keys = entries.map(({ key }) => key);
  if (keysOf("seal").length > 0) return { files: placeholders, folders: [], keys };
  return { files: [...keysOf("part"), ...placeholders], folders: keysOf("folder"), keys };
}

/** Whether the seal of a work is published. */
export async function isSealed(root: string, folder: string): Promise<boolean> {
  for (const entry of (await readJournal(folder)).entries)
    if (entry.role === "seal" && (await isThere(root, entry))) return true;
  return false;
}

/**
 * Takes what was published and never sealed back into its work, durably: nothing tells of it any more when the journal is gone.
 * @param to the name of a folder there, and of a folder for files that were published by themselves
 */
export async function withdraw(
  root: string,
  work: string,
  to: { readonly folder: string; readonly files: string },
): Promise<void> {
  const { entries, written } = await readJournal(work);
  const folders = entries.filter(({ role }) => role === "folder").map(({ key }) => `${key}/`);
  for (const entry of entries) {
    const published = join(root, entry.key);
    if (!(await isThere(root, entry))) {
      if (await isPlaceholder(root, entry, written)) await unlinkIfThere(published);
      continue;
    }
    if (entry.role === "folder") {
      await rename(published, join(work, to.folder));
    } else if (entry.role === "part" && !folders.some((folder) => entry.key.startsWith(folder))) {
      await takeBack(published, join(work, to.files, basename(entry.key)));
    }
  }
  await syncPlaces(
    root,
    entries.map(({ key }) => key),
  );
  if (entries.length > 0) await syncFolder(work);
  await unlinkIfThere(join(work, JOURNAL));
}

/** It has its old name too, except on file systems without hard links. */
async function takeBack(published: string, path: string): Promise<void> {
  if (await exists(path)) await unlink(published);
  else await rename(published, path);
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

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY", "EEXIST", "ENOENT")) throw error;
  }
}

async function syncIfThere(path: string): Promise<void> {
  try {
    await syncFolder(path);
  } catch (error) {
    // A file of somebody else may have the name that a folder was to get.
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
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
