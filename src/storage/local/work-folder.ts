import { lstat, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { WORK_PREFIX } from "../../core/backup-name.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { createFolder } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";
import type { LivenessLock } from "./liveness-lock.ts";
import { isSealed, revokeUnsealed, unsealed, withdraw } from "./work-journal.ts";
import { hasLockFile, isWorkLocked, LOCK, makeLockFile, tryLockWork, waitForWorkLock } from "./work-lock.ts";
import { firstNote, NOTES } from "./work-notes.ts";
import {
  fallSilent,
  HEARTBEAT_MS,
  isOwnerName,
  isRemote,
  isSilent,
  latestTurn,
  lookAtOwner,
  ownerName,
  showLife,
  type WorkOwner,
  writeOwner,
} from "./work-owner.ts";

/** Work in progress lies in folders of this name, followed by the work's id. */
export { WORK_PREFIX };

/** The folder that a work with notes is about, wherever it was published before. */
export const NOTED_FOLDER = "1";
/** The folder of files that a work with notes publishes by themselves. */
export const NOTED_FILES = "2";
/** Another process can only get in between when it sweeps at that very moment. */
const MAX_ATTEMPTS = 5;

/** Works of this process: a process cannot see its own locks. */
const ownWorks = new Set<string>();

/** A folder for one run's unfinished files, marked as alive. */
export interface WorkFolder {
  readonly id: string;
  readonly path: string;
  /** False when somebody took it over, who had heard nothing of this process for long. */
  isOurs(): Promise<boolean>;
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

/**
 * Makes a work folder below the repository's root.
 * @param wantedId of the work; without it a new one
 * @throws EEXIST when there is one of that id
 */
export async function createWorkFolder(root: string, now: Date, wantedId?: string): Promise<WorkFolder> {
  for (let attempt = 1; ; attempt++) {
    const id = uuidV7(now);
    const path = pathOf(root, id);
    ownWorks.add(path);
    try {
      const owned = await claim(root, path, id, now, attempt === MAX_ATTEMPTS);
      return living(wantedId === undefined ? owned : await renamed(owned, wantedId));
    } catch (error) {
      // Nobody else ever makes one of this name.
      await removeFolder(path).catch(() => {}); // The first error says what is wrong.
      ownWorks.delete(path);
      // Somebody swept it away before it was locked.
      if (attempt < MAX_ATTEMPTS && hasCode(error, "ENOENT", SWEPT)) continue;
      throw error;
    }
  }
}

const SWEPT = "SWEPT_BEFORE_LOCKED";

/** A work folder that is this process's. */
interface Owned {
  readonly root: string;
  readonly path: string;
  readonly id: string;
  readonly turn: number;
  readonly inode: bigint;
  readonly lock: LivenessLock | undefined;
}

function pathOf(root: string, id: string): string {
  return join(root, `${WORK_PREFIX}${id}`);
}

async function claim(root: string, path: string, id: string, now: Date, acceptNoLock: boolean): Promise<Owned> {
  await createFolder(path);
  await makeLockFile(path);
  const lock = await tryLockWork(path);
  const held = typeof lock === "string" ? undefined : lock;
  try {
    if ((lock === "busy" || lock === "gone") && !acceptNoLock)
      throw Object.assign(new Error("swept before it was locked"), { code: SWEPT });
    await writeOwner(path, id, 0, now, held === undefined ? "none" : "kernel");
    const { ino: inode } = await lstat(path, { bigint: true });
    return { root, path, id, turn: 0, inode, lock: held };
  } catch (error) {
    held?.release();
    throw error;
  }
}

/**
 * Gives a work folder the name that others look for: it comes with its owner, and replaces nothing but an empty folder. Made under that
 * name, it could be swept, made again by somebody else, and be taken for the first one.
 * @throws EEXIST when there is one
 */
async function renamed(owned: Owned, id: string): Promise<Owned> {
  const path = pathOf(owned.root, id);
  ownWorks.add(path);
  try {
    await rename(owned.path, path);
    ownWorks.delete(owned.path);
    return { ...owned, path, id };
  } catch (error) {
    ownWorks.delete(path);
    owned.lock?.release();
    throw hasCode(error, "ENOTEMPTY") ? Object.assign(new Error("it is there"), { code: "EEXIST" }) : error;
  }
}

function living(owned: Owned): WorkFolder {
  const { root, path, id, turn, lock } = owned;
  const heartbeat = setInterval(() => void showLife(path, turn), HEARTBEAT_MS);
  heartbeat.unref();
  let isRemoved = false;
  const remove = async ({ withNotes = false } = {}): Promise<void> => {
    if (isRemoved) return;
    isRemoved = true;
    clearInterval(heartbeat);
    try {
      // What somebody else has taken over is not ours to remove.
      if (await isOurs(owned)) await (withNotes ? revokeAndRemove(root, path) : discard(root, path));
    } finally {
      lock?.release();
      ownWorks.delete(path);
    }
  };
  return { id, path, isOurs: () => isOurs(owned), remove };
}

/** Whether nobody has taken it over, or away, as somebody may who has heard nothing of us for long. */
async function isOurs({ path, turn, inode }: Owned): Promise<boolean> {
  try {
    const { ino } = await lstat(path, { bigint: true });
    return ino === inode && (await latestTurn(path)) === turn;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/**
 * Before anything is published that would count: whoever stood still for long may have lost the work to somebody else.
 * @throws BackupError PRECHECK when it did
 */
export async function expectOurs(work: WorkFolder): Promise<void> {
  const isStillOurs = await work.isOurs().catch((cause: unknown) => {
    throw ioError("looking at", work.path, cause);
  });
  if (isStillOurs) return;
  throw new BackupError({
    code: "PRECHECK",
    message: "another run has taken over this work, or removed it, since it gave no sign of life for 10 minutes",
    object: work.path,
    hint: "see with list what is there, and start it again",
    retry: "maybe",
  });
}

/**
 * Takes over a work folder with notes whose owner is gone.
 * @returns why not: somebody is at work on it, or it is not there
 */
export async function reclaimWorkFolder(root: string, id: string, now: Date): Promise<WorkFolder | "busy" | "gone"> {
  const path = pathOf(root, id);
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
  const lock = await waitForWorkLock(path);
  if (lock === "busy" || lock === "gone") return lock;
  const held = lock === "unsupported" ? undefined : lock;
  try {
    // It may have finished before the lock was ours.
    const isThere = (await firstNote(path)) !== undefined && !(await isSealed(root, path));
    const owner = isThere ? await lookAtOwner(path, held !== undefined) : undefined;
    if (owner?.isGone !== true) {
      held?.release();
      return isThere ? "busy" : "gone";
    }
    const turn = await takeOver(path, id, now, owner, held !== undefined);
    const { ino: inode } = await lstat(path, { bigint: true });
    await withdraw(root, path, { folder: NOTED_FOLDER, files: NOTED_FILES });
    return living({ root, path, id, turn, inode, lock: held });
  } catch (error) {
    held?.release();
    // Somebody else took it over at the same moment.
    if (hasCode(error, "EEXIST")) return "busy";
    throw error;
  }
}

/**
 * Becomes the owner. Where a lock proves that the first one is dead, and keeps all others away, its record is replaced: that needs no
 * room on a disk that is full.
 * @returns the turn
 * @throws EEXIST when somebody else took the turn
 */
async function takeOver(path: string, id: string, now: Date, before: WorkOwner, isLocked: boolean): Promise<number> {
  const isReplaced = before.isProved && before.turn === 0;
  const turn = isReplaced ? 0 : before.turn + 1;
  if (isReplaced) await unlinkIfThere(join(path, ownerName(0)));
  await writeOwner(path, id, turn, now, isLocked ? "kernel" : "none");
  return turn;
}

/** Whether somebody is at work in a work folder, as far as can be told. */
export async function isWorkAlive(path: string): Promise<boolean> {
  if (ownWorks.has(path)) return true;
  const isHeld = await isWorkLocked(path);
  if (isHeld === true) return true;
  return (await hasLockFile(path)) && !(await lookAtOwner(path, isHeld === false)).isGone;
}

/** Removes a work folder whose owner is gone, with what it published and never sealed; one with notes it makes invisible. @param dryRun only tells */
export async function sweepWorkFolder(root: string, path: string, dryRun: boolean, now: Date): Promise<SweptWork> {
  if (ownWorks.has(path)) return await busy(path);
  // One that came over SFTP has no lock, and no journal: whoever comes that way again sweeps it.
  if (await isRemote(path)) return { isBusy: true };
  if (!(await hasLockFile(path))) {
    // Being made right now; or its maker died at once, or the machine before the lock was durable.
    if (!(await isSilent(path))) return { isBusy: true };
    if (dryRun) return await wouldDiscard(root, path);
    // Whoever goes on with it looks for a lock.
    await makeLockFile(path);
  }
  const lock = await tryLockWork(path);
  if (lock === "busy" || lock === "gone") return await busy(path);
  const held = lock === "unsupported" ? undefined : lock;
  try {
    const owner = await lookAtOwner(path, held !== undefined);
    if (!owner.isGone) return await busy(path);
    if (dryRun) return await wouldDiscard(root, path);
    // A lock that nobody else can have keeps all others away, and needs no room on a disk that is full.
    if (owner.isProved) return await discard(root, path);
    return await discardInTurn(root, path, owner.turn + 1, now);
  } finally {
    held?.release();
  }
}

/** Others may see the same silence, and no lock: of them, and of who would go on with it, only one has this turn. */
async function discardInTurn(root: string, path: string, turn: number, now: Date): Promise<SweptWork> {
  try {
    await writeOwner(path, "sweep", turn, now, "none");
  } catch (error) {
    if (hasCode(error, "EEXIST")) return await busy(path);
    throw error;
  }
  try {
    return await discard(root, path);
  } finally {
    await fallSilent(path, turn);
  }
}

async function busy(path: string): Promise<SweptWork> {
  const note = await firstNote(path);
  return { isBusy: true, ...(note === undefined ? {} : { firstNote: note }) };
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
      else if (entry.name !== LOCK && !isOwnerName(entry.name)) await unlinkIfThere(join(path, entry.name));
    }
    // Whose it is stays to be seen until nothing else is there; the latest owner's record goes last.
    const turns = entries.map(({ name }) => name).filter(isOwnerName);
    const latest = ownerName(await latestTurn(path));
    for (const name of turns.filter((turn) => turn !== latest)) await unlinkIfThere(join(path, name));
    await unlinkIfThere(join(path, latest));
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
