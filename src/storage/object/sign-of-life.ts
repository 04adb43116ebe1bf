import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type LivenessLock, tryLock } from "../local/liveness-lock.ts";

/** Where this user's programs leave locks that tell each other of their works in places without locks. */
function locksFolder(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "dbbackup", "works");
}

/** Tells others on this machine at once when we die, however we die. */
export interface SignOfLife {
  readonly hasLock: boolean;
  /** A run of this user on this machine left the lock, which is ours now: it is dead. */
  readonly isInherited: boolean;
  /** The folder of this user's locks. */
  readonly place: string;
  /** @param isLeft something of the work is left: whoever sweeps on this machine is to know at once that its owner is gone */
  end(isLeft?: boolean): Promise<void>;
}

/** @param id of the work, a UUID */
export async function showSignOfLife(id: string): Promise<SignOfLife> {
  const place = locksFolder();
  const path = join(place, id);
  const wasThere = existsSync(path);
  let lock: LivenessLock | string = "unsupported";
  try {
    await mkdir(place, { recursive: true, mode: 0o700 });
    // That of a copy is there from a run that was killed, and free.
    await writeFile(path, "", { flag: "a", mode: 0o600 });
    lock = await tryLock(path);
  } catch {
    // Without such a folder others wait until we are silent long enough.
  }
  return {
    hasLock: typeof lock !== "string",
    isInherited: wasThere && typeof lock !== "string",
    place,
    end: async (isLeft = false) => {
      // Another run's is not ours to remove.
      if (typeof lock === "string") return;
      if (!isLeft) await rm(path, { force: true }).catch(() => {}); // It is empty.
      lock.release();
    },
  };
}

/**
 * Whether the owner of a work of this machine is gone, as its lock says.
 * @param id of the work, a UUID
 */
export async function isLockFree(id: string): Promise<boolean> {
  const path = join(locksFolder(), id);
  // Another user's, or in another container: that there is none says nothing.
  if (!existsSync(path)) return false;
  const lock = await tryLock(path);
  if (typeof lock === "string") return false;
  lock.release();
  return true;
}

/** Removes what the lock of a work that is gone has left. */
export async function forgetLock(id: string): Promise<void> {
  await rm(join(locksFolder(), id), { force: true }).catch(() => {}); // Nobody looks at it again.
}
