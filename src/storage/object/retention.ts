import type { BackupError } from "../../core/backup-error.ts";
import { HOLD_SUFFIX, PROBE_PREFIX, REMOVAL_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { isWorkKey } from "./work-record.ts";

/** For how long nobody may remove what is written. */
export interface Retention {
  /** `governance`: those with a special right may all the same; `compliance`: nobody. */
  readonly mode: "governance" | "compliance";
  readonly days: number;
}

/** A hundred years: what S3 takes at most. */
const MAX_DAYS = 36_500;
const DAY_MS = 24 * 3600 * 1000;
/** What is written to try locks out goes soon. */
const PROBE_MS = 60_000;

/** Parameters of URLs that `readRetention` reads. */
export const retentionParameters: readonly string[] = ["object-lock", "retain-days"];

/** @param refused makes the error of what is wrong */
export function readRetention(
  given: Readonly<Record<string, string | undefined>>,
  refused: (reason: string) => BackupError,
): Retention | undefined {
  const mode = given["object-lock"];
  const text = given["retain-days"];
  if (mode === undefined && text === undefined) return undefined;
  if (mode === undefined || text === undefined) throw refused('"object-lock" and "retain-days" go together');
  if (mode !== "governance" && mode !== "compliance") throw refused('"object-lock" is governance or compliance');
  const days = Number(text);
  if (!/^[1-9]\d*$/.test(text) || days > MAX_DAYS) throw refused(`"retain-days" is a number from 1 to ${MAX_DAYS}`);
  return { mode, days };
}

/** Ends of names of what lies beside a backup, and is no part of it. */
const besideBackups = [REMOVAL_SUFFIX, VERIFICATION_SUFFIX, HOLD_SUFFIX];

/** Until when an object is kept that is written now; undefined for what must be removable, which is no part of a backup. */
export function keptUntil(key: string, retention: Retention | undefined, now: Date): Date | undefined {
  const isRemovable = isWorkKey(key) || besideBackups.some((suffix) => key.endsWith(suffix));
  if (retention === undefined || isRemovable) return undefined;
  return new Date(now.getTime() + (key.startsWith(PROBE_PREFIX) ? PROBE_MS : retention.days * DAY_MS));
}
