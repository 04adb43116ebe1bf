import { lstat, readdir, readFile, rmdir, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WORK_PREFIX } from "../../core/backup-name.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { createFile, createFolder } from "./durable-file-system.ts";
import { hasCode } from "./io-error.ts";
import { isLocked, type LivenessLock, tryLock } from "./liveness-lock.ts";
import { isSealed, revokeUnsealed, unsealed, withdraw } from "./work-journal.ts";
import { firstNote, NOTES } from "./work-notes.ts";

/** Work in progress lies in folders of this name, followed by the work's id. */
export { WORK_PREFIX };

const OWNER = "owner.json";
const LOCK = "lock";
/** The folder that a work with notes is about, wherever it was published before. */
export const NOTED_FOLDER = "1";
/** The folder of files that a work with notes publishes by themselves. */
export const NOTED_FILES = "2";
const HEARTBEAT_MS = 60_000;
/** A living owner somewhere else, whose lock we may not see, has given a sign of life since then. */
const SILENCE_MS = 10 * HEARTBEAT_MS;
/** Another process can only get in between when it sweeps at that very moment. */
const MAX_ATTEMPTS = 5;
/** A sweep holds the lock of a work that it looks at for a moment. */
const LOCK_WAIT_MS = 2000;
const LOCK_PAUSE_MS = 50;

/** Works of this process: a process cannot see its own locks. */
const ownWorks = new Set<string>();

/** A folder for one run's unfinished files, marked as alive. */
export interface WorkFolder {
  readonly id: string;
  readonly path: string;
  /**
   * Revokes what was published but never sealed, and removes the folder; one with notes that is not sealed stays, as the
   * work of nobody. Safe to repeat.
   */
  remove(options?: { readonly withNotes: boolean }): Promise<void>;
}

/** What became of a work folder that was swept. */
export interface SweptWork {
  /** The keys that were removed with it, when it is gone. */
  readonly removed?: readonly string[];
  /** Set when it has notes, and is kept. */
  readonly firstNote?: string;
  /** Somebody is at work on it, as far as can be told. */
  readonly isBusy: boolean;
}

interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly boot_id: string;
  readonly started: string;
  /** `none`: the file system has no locks, only signs of life count. */
  readonly lock: "kernel" | "none";
}

/**
 * Makes a work folder below the repository's root.
 * @param wantedId of the work; without it a new one
 * @throws EEXIST when there is one of that id
 */
export async function createWorkFolder(root: string, now: Date, wantedId?: string): Promise<WorkFolder> {
  for (let attempt = 1; ; attempt++) {
    const id = wantedId ?? uuidV7(now);
    const path = join(root, `${WORK_PREFIX}${id}`);
    ownWorks.add(path);
    try {
      return await claim(root, path, id, now, attempt === MAX_ATTEMPTS);
    } catch (error) {
      // One of that id was there before, and is not ours to remove.
      if (!hasCode(error, "EEXIST")) await removeFolder(path).catch(() => {}); // The first error says what is wrong.
      ownWorks.delete(path);
      // Somebody swept it away before it was locked.
      if (attempt < MAX_ATTEMPTS && hasCode(error, "ENOENT", SWEPT)) continue;
      throw error;
    }
  }
}

const SWEPT = "SWEPT_BEFORE_LOCKED";

async function claim(root: string, path: string, id: string, now: Date, acceptNoLock: boolean): Promise<WorkFolder> {
  await createFolder(path);
  await (await createFile(join(path, LOCK))).close();
  const lock = await tryLock(join(path, LOCK));
  try {
    if (lock === "busy" && !acceptNoLock) throw Object.assign(new Error("swept before it was locked"), { code: SWEPT });
    await writeOwner(path, id, now, lock);
  } catch (error) {
    if (typeof lock !== "string") lock.release();
    throw error;
  }
  return living(root, path, id, typeof lock === "string" ? undefined : lock);
}

async function writeOwner(path: string, id: string, now: Date, lock: LivenessLock | string): Promise<void> {
  const owner: Owner = {
    id,
    pid: process.pid,
    host: hostname(),
    boot_id: await bootId(),
    started: now.toISOString(),
    lock: typeof lock === "string" ? "none" : "kernel",
  };
  const handle = await createFile(join(path, OWNER));
  try {
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
  } finally {
    await handle.close();
  }
}

function living(root: string, path: string, id: string, lock: LivenessLock | undefined): WorkFolder {
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(join(path, OWNER), now, now).catch(() => {}); // The work itself will say what is wrong with the place.
  }, HEARTBEAT_MS);
  heartbeat.unref();
  let isRemoved = false;
  const remove = async ({ withNotes = false } = {}): Promise<void> => {
    if (isRemoved) return;
    isRemoved = true;
    clearInterval(heartbeat);
    try {
      await (withNotes ? revokeAndRemove(root, path) : discard(root, path));
    } finally {
      lock?.release();
      ownWorks.delete(path);
    }
  };
  return { id, path, remove };
}

/**
 * Takes over a work folder with notes whose owner is gone.
 * @returns why not: somebody is at work on it, or it is not there
 */
export async function reclaimWorkFolder(root: string, id: string, now: Date): Promise<WorkFolder | "busy" | "gone"> {
  const path = join(root, `${WORK_PREFIX}${id}`);
  if (ownWorks.has(path)) return "busy";
  ownWorks.add(path);
  const claimed = await reclaim(root, path, id, now).catch((error: unknown) => {
    ownWorks.delete(path);
    throw error;
  });
  if (typeof claimed === "string") ownWorks.delete(path);
  return claimed;
}

async function reclaim(root: string, path: string, id: string, now: Date): Promise<WorkFolder | "busy" | "gone"> {
  const lock = await waitForLock(path);
  if (typeof lock === "string" && lock !== "unsupported") return lock;
  const held = lock === "unsupported" ? undefined : lock;
  try {
    // It may have finished before the lock was ours.
    const isThere = (await firstNote(path)) !== undefined && !(await isSealed(root, path));
    if (isThere && (await isAbandoned(path, held !== undefined))) {
      await withdraw(root, path, { folder: NOTED_FOLDER, files: NOTED_FILES });
      await unlinkIfThere(join(path, OWNER));
      await writeOwner(path, id, now, lock);
      return living(root, path, id, held);
    }
    held?.release();
    return isThere ? "busy" : "gone";
  } catch (error) {
    held?.release();
    throw error;
  }
}

async function waitForLock(path: string): Promise<LivenessLock | "busy" | "unsupported" | "gone"> {
  for (let waited = 0; ; waited += LOCK_PAUSE_MS) {
    if (!(await exists(join(path, LOCK)))) return "gone";
    const lock = await tryLock(join(path, LOCK));
    if (lock !== "busy" || waited >= LOCK_WAIT_MS) return lock;
    await sleep(LOCK_PAUSE_MS);
  }
}

/** Whether somebody is at work in a work folder, as far as can be told. */
export async function isWorkAlive(path: string): Promise<boolean> {
  if (ownWorks.has(path)) return true;
  const isHeld = await isLocked(join(path, LOCK));
  if (isHeld === true) return true;
  return (await exists(join(path, LOCK))) && !(await isAbandoned(path, isHeld === false));
}

/** Removes a work folder whose owner is gone, with what it published and never sealed; one with notes it makes invisible. @param dryRun only tells */
export async function sweepWorkFolder(root: string, path: string, dryRun: boolean): Promise<SweptWork> {
  const clear = dryRun ? wouldDiscard : discard;
  if (ownWorks.has(path)) return await busy(path);
  // One that came over SFTP has no lock, and no journal: whoever comes that way again sweeps it.
  if (await isRemote(path)) return { isBusy: true };
  if (!(await exists(join(path, LOCK)))) {
    // Being made right now, or its maker died at once.
    if (!(await isSilent(path))) return { isBusy: true };
    return await clear(root, path);
  }
  const lock = await tryLock(join(path, LOCK));
  if (lock === "busy") return await busy(path);
  try {
    return (await isAbandoned(path, lock !== "unsupported")) ? await clear(root, path) : await busy(path);
  } finally {
    if (lock !== "unsupported") lock.release();
  }
}

async function busy(path: string): Promise<SweptWork> {
  const note = await firstNote(path);
  return { isBusy: true, ...(note === undefined ? {} : { firstNote: note }) };
}

/**
 * On this machine since this boot, a free lock proves that the owner is dead. Elsewhere (a network file system may not
 * pass locks on), and where there are no locks, silence must come to it.
 */
async function isAbandoned(path: string, lockIsFree: boolean): Promise<boolean> {
  const owner = await readOwner(path);
  if (owner === undefined) return lockIsFree || (await isSilent(path));
  if (lockIsFree && owner.lock === "kernel" && owner.boot_id === (await bootId())) return true;
  return await isSilent(join(path, OWNER));
}

async function discard(root: string, path: string): Promise<SweptWork> {
  const note = await firstNote(path);
  if (note !== undefined && !(await isSealed(root, path))) {
    await withdraw(root, path, { folder: NOTED_FOLDER, files: NOTED_FILES });
    return { isBusy: false, firstNote: note };
  }
  return { isBusy: false, removed: await revokeAndRemove(root, path) };
}

/** What `discard` would do. */
async function wouldDiscard(root: string, path: string): Promise<SweptWork> {
  const note = await firstNote(path);
  if (note !== undefined && !(await isSealed(root, path))) return { isBusy: false, firstNote: note };
  return { isBusy: false, removed: (await unsealed(root, path)).files };
}

async function revokeAndRemove(root: string, path: string): Promise<readonly string[]> {
  const removed = await revokeUnsealed(root, path);
  await removeFolder(path);
  return removed;
}

/**
 * Removes files, then the lock, then the folder, once: a new file that appears meanwhile means that somebody has just
 * claimed the folder, which then stays.
 */
async function removeFolder(path: string): Promise<void> {
  try {
    // Notes without the journal would be those of a work that can go on.
    await unlinkIfThere(join(path, NOTES));
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries) {
      // A folder of another name is nothing of ours, and keeps the work folder.
      if (entry.isDirectory() && /^\d+$/.test(entry.name)) await removePending(join(path, entry.name));
      else if (entry.name !== LOCK) await unlinkIfThere(join(path, entry.name));
    }
    await unlinkIfThere(join(path, LOCK));
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}

/** A folder that was never committed: files, and nothing below. */
async function removePending(path: string): Promise<void> {
  for (const name of await readdir(path)) await unlinkIfThere(join(path, name));
  await rmdir(path);
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

async function isSilent(path: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > SILENCE_MS;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(join(path, OWNER), "utf8"));
    return typeof owner === "object" && owner !== null && "boot_id" in owner ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a work writes here through a server: its record names what it writes. */
async function isRemote(path: string): Promise<boolean> {
  const owner = await readOwner(path);
  return owner !== undefined && "keys" in owner;
}

/** Changes with every boot; where the system does not tell, nothing is ever proved by it. */
async function bootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch {
    return `unknown-${process.pid}-${hostname()}`;
  }
}
