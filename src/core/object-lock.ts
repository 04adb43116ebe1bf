import { BackupError } from "./backup-error.ts";

/** What keeps a stored object from being removed, by anybody. */
export interface ObjectLock {
  /** Undefined: as long as somebody does not release their hold on it. */
  readonly until: Date | undefined;
}

/**
 * What keeps an object from being removed, if anything does now.
 * @param until when it is retained
 * @param isHeld whether somebody has put a legal hold on it
 */
export function activeLock(until: Date | undefined, isHeld: boolean, now: Date): ObjectLock | undefined {
  if (isHeld) return { until: undefined };
  return until !== undefined && until > now ? { until } : undefined;
}

/** @param object for people: its URL */
export function lockedError(object: string, { until }: ObjectLock): BackupError {
  const time = until?.toISOString().replace(/\.\d+Z$/, "Z");
  return new BackupError({
    code: "LOCKED",
    message:
      until === undefined
        ? "it is on legal hold, and cannot be removed until that is released"
        : `it is locked until ${time}, and cannot be removed before`,
    object,
    hint:
      until === undefined ? "release the hold with the service's own tools, if it is yours" : `try again after ${time}`,
  });
}
