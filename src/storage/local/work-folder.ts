import { lstat, readdir, readFile, rmdir, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { createFile, createFolder } from "./durable-file-system.ts";
import { hasCode } from "./io-error.ts";
import { type LivenessLock, tryLock } from "./liveness-lock.ts";
import { revokeUnsealed } from "./work-journal.ts";

/** Work in progress lies in folders of this name, followed by the work's id. */
export const WORK_PREFIX = ".tmp-";
const OWNER = "owner.json";
const LOCK = "lock";
const HEARTBEAT_MS = 60_000;
/** A living owner somewhere else, whose lock we may not see, has given a sign of life since then. */
const SILENCE_MS = 10 * HEARTBEAT_MS;
/** Another process can only get in between when it sweeps at that very moment. */
const MAX_ATTEMPTS = 5;

/** Works of this process: a process cannot see its own locks. */
const ownWorks = new Set<string>();

/** A folder for one run's unfinished files, marked as alive. */
export interface WorkFolder {
  readonly id: string;
  readonly path: string;
  /** Revokes what was published but never sealed, and removes the folder. Safe to repeat. */
  remove(): Promise<void>;
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

/** Makes a work folder below the repository's root. */
export async function createWorkFolder(root: string, now: Date): Promise<WorkFolder> {
  for (let attempt = 1; ; attempt++) {
    const id = uuidV7(now);
    const path = join(root, `${WORK_PREFIX}${id}`);
    ownWorks.add(path);
    try {
      return await claim(root, path, id, now, attempt === MAX_ATTEMPTS);
    } catch (error) {
      await removeFolder(path).catch(() => {}); // The first error says what is wrong.
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
  const remove = async (): Promise<void> => {
    if (isRemoved) return;
    isRemoved = true;
    clearInterval(heartbeat);
    try {
      await revokeUnsealed(root, path);
      await removeFolder(path);
    } finally {
      lock?.release();
      ownWorks.delete(path);
    }
  };
  return { id, path, remove };
}

/**
 * Removes a work folder whose owner is gone, with what it published and never sealed.
 * @returns undefined when it is alive (or somebody else is sweeping it), else the keys that were removed
 */
export async function sweepWorkFolder(root: string, path: string): Promise<readonly string[] | undefined> {
  if (ownWorks.has(path)) return undefined;
  if (!(await exists(join(path, LOCK)))) {
    // Being made right now, or its maker died at once.
    if (!(await isSilent(path))) return undefined;
    return await discard(root, path);
  }
  const lock = await tryLock(join(path, LOCK));
  if (lock === "busy") return undefined;
  try {
    return (await isAbandoned(path, lock !== "unsupported")) ? await discard(root, path) : undefined;
  } finally {
    if (lock !== "unsupported") lock.release();
  }
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

async function discard(root: string, path: string): Promise<readonly string[]> {
  const revoked = await revokeUnsealed(root, path);
  await removeFolder(path);
  return revoked;
}

/**
 * Removes files, then the lock, then the folder, once: a new file that appears meanwhile means that somebody has just
 * claimed the folder, which then stays.
 */
async function removeFolder(path: string): Promise<void> {
  try {
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

/** Changes with every boot; where the system does not tell, nothing is ever proved by it. */
async function bootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch {
    return `unknown-${process.pid}-${hostname()}`;
  }
}
