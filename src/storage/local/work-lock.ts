import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFile } from "./durable-file-system.ts";
import { hasCode } from "./io-error.ts";
import { isLocked, type LivenessLock, tryLock } from "./liveness-lock.ts";

/** In a work folder: the file whose lock its owner holds. */
export const LOCK = "lock";
/** A sweep holds the lock of a work that it looks at for a moment. */
const LOCK_WAIT_MS = 2000;
const LOCK_PAUSE_MS = 50;

/**
 * Tries to lock a work. Whoever had the lock may have removed the folder meanwhile, and somebody else made a new one of this name: a lock of
 * a file that is not there any more says nothing of the new one, which may be alive.
 * @returns `gone` when there is no such file
 */
export async function tryLockWork(path: string): Promise<LivenessLock | "busy" | "unsupported" | "gone"> {
  const file = join(path, LOCK);
  const before = await identityOf(file);
  if (before === undefined) return "gone";
  const lock = await tryLock(file);
  if (lock === "busy") return lock;
  const isSame = (await identityOf(file)) === before;
  if (isSame) return lock;
  if (lock !== "unsupported") lock.release();
  return "busy";
}

/** The same, for as long as a sweep may hold it. */
export async function waitForWorkLock(path: string): Promise<LivenessLock | "busy" | "unsupported" | "gone"> {
  for (let waited = 0; ; waited += LOCK_PAUSE_MS) {
    const lock = await tryLockWork(path);
    if (lock !== "busy" || waited >= LOCK_WAIT_MS) return lock;
    await sleep(LOCK_PAUSE_MS);
  }
}

/** Makes the file that is locked. @throws EEXIST */
export async function makeLockFile(path: string): Promise<void> {
  await (await createFile(join(path, LOCK))).close();
}

export async function hasLockFile(path: string): Promise<boolean> {
  return (await identityOf(join(path, LOCK))) !== undefined;
}

/** @returns undefined when the file system has no locks, or there is none */
export async function isWorkLocked(path: string): Promise<boolean | undefined> {
  return await isLocked(join(path, LOCK));
}

/** Numbers of files are given again; nobody ever writes to this one. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? `${stats.ino} ${stats.mtimeNs}` : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
