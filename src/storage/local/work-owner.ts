import { lstat, readdir, readFile, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { createFile, publishFile } from "./durable-file-system.ts";
import { hasCode } from "./io-error.ts";

/** A living owner somewhere else, whose lock we may not see, gives a sign of life as often as that. */
export const HEARTBEAT_MS = 60_000;
const SILENCE_MS = 10 * HEARTBEAT_MS;

/** The first owner's record; those that took the work over later have a number in theirs. */
const OWNER_NAME = /^owner(?:-(\d{1,9}))?\.json$/;

interface OwnerRecord {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly boot_id: string;
  readonly started: string;
  /** `none`: the file system has no locks, only signs of life count. */
  readonly lock: "kernel" | "none";
}

/** What is known of whoever owns a work. */
export interface WorkOwner {
  /** How often the work was taken over. */
  readonly turn: number;
  /** Nobody is at work on it, as far as can be told. */
  readonly isGone: boolean;
  /** Another machine cannot think otherwise: a lock of this machine says so. */
  readonly isProved: boolean;
}

/** The name of an owner's record. */
export function ownerName(turn: number): string {
  return turn === 0 ? "owner.json" : `owner-${turn}.json`;
}

/** Whether a name is that of an owner's record. */
export function isOwnerName(name: string): boolean {
  return OWNER_NAME.test(name);
}

/**
 * Becomes the owner: only one can make the record of a turn, whatever locks the file system has.
 * @param lock whether the owner holds the work's lock
 * @throws EEXIST when somebody else took this turn
 */
export async function writeOwner(
  path: string,
  id: string,
  turn: number,
  now: Date,
  lock: OwnerRecord["lock"],
): Promise<void> {
  const record: OwnerRecord = {
    id,
    pid: process.pid,
    host: hostname(),
    boot_id: await bootId(),
    started: now.toISOString(),
    lock,
  };
  const target = join(path, ownerName(turn));
  if (turn === 0) return await writeRecord(target, record);
  // It gets its name when it is whole: half a record would be nobody's, and have to fall silent.
  const whole = join(path, `claim-${uuidV7(now)}`);
  await writeRecord(whole, record);
  try {
    await publishFile(whole, target);
  } finally {
    await unlink(whole).catch(() => {}); // It goes with the folder, where it did not move.
  }
}

async function writeRecord(path: string, record: OwnerRecord): Promise<void> {
  const handle = await createFile(path);
  try {
    await handle.writeFile(`${JSON.stringify(record)}\n`);
  } finally {
    await handle.close();
  }
}

/**
 * On this machine since this boot, a free lock proves that the owner is dead. Elsewhere (a network file system may not
 * pass locks on), and where there are no locks, silence must come to it.
 */
export async function lookAtOwner(path: string, lockIsFree: boolean): Promise<WorkOwner> {
  const turn = await latestTurn(path);
  const owner = await readOwner(path, turn);
  // Its maker died at once.
  if (owner === undefined && turn === 0) {
    return { turn, isGone: lockIsFree || (await isSilent(path)), isProved: lockIsFree };
  }
  if (lockIsFree && owner?.lock === "kernel" && owner.boot_id === (await bootId())) {
    return { turn, isGone: true, isProved: true };
  }
  return { turn, isGone: await isSilent(join(path, ownerName(turn))), isProved: false };
}

/** How often a work was taken over; 0 also where nothing is. */
export async function latestTurn(path: string): Promise<number> {
  let latest = 0;
  for (const name of await namesIn(path)) latest = Math.max(latest, Number(OWNER_NAME.exec(name)?.[1] ?? 0));
  return latest;
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** Gives a sign of life. Never rejects: the work itself will say what is wrong with the place. */
export async function showLife(path: string, turn: number): Promise<void> {
  const now = new Date();
  await utimes(join(path, ownerName(turn)), now, now).catch(() => {});
}

/** Whoever comes next need not wait for silence. Never rejects: then it must. */
export async function fallSilent(path: string, turn: number): Promise<void> {
  const longAgo = new Date(0);
  await utimes(join(path, ownerName(turn)), longAgo, longAgo).catch(() => {});
}

/** Whether a work writes here through a server: its record names what it writes. */
export async function isRemote(path: string): Promise<boolean> {
  const owner = await readOwner(path, 0);
  return owner !== undefined && "keys" in owner;
}

async function readOwner(path: string, turn: number): Promise<OwnerRecord | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(join(path, ownerName(turn)), "utf8"));
    return typeof owner === "object" && owner !== null && "boot_id" in owner ? (owner as OwnerRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether nothing was written to a file, or no name in a folder changed, for so long that its owner must be dead. */
export async function isSilent(path: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > SILENCE_MS;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
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
