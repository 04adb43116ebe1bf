import { BackupError } from "../../core/backup-error.ts";
import { lockedError } from "../../core/object-lock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { isWorkKey } from "./work-record.ts";

/**
 * Removes an object that is not locked: a service that keeps versions would not refuse to hide it. Those of works have no locks.
 * @throws BackupError LOCKED
 */
export async function removeUnlocked(store: ObjectStore, key: string): Promise<void> {
  if (!isWorkKey(key)) {
    const state = await store.head(key);
    // Of what is not there, too, versions would tell.
    if (state === undefined) return;
    if (state.lock !== undefined) throw lockedError(`${store.location}/${key}`, state.lock);
  }
  await store.remove(key);
}

/** Removes one of our own that nobody needs, or hides it; where the service refuses even that, it stays. */
export async function removeUnneeded(store: ObjectStore, key: string): Promise<void> {
  await store.remove(key).catch((error: unknown) => {
    if (!isLocked(error)) throw error;
  });
}

export function isLocked(error: unknown): error is BackupError {
  return error instanceof BackupError && error.code === "LOCKED";
}
