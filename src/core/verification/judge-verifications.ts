import { isAtLeast, type VerificationLevel } from "./verification-level.ts";

/** What one verification said of a backup. */
export interface Judged {
  readonly level: VerificationLevel;
  readonly status: "ok" | "damaged";
  /** Milliseconds since 1970. */
  readonly time: number;
}

/**
 * What all verifications of a backup come to. Damage stands until a later verification that looked at least as closely found none: a
 * quick one does not take back what reading everything has found. Pure.
 */
export function judgeVerifications(found: readonly Judged[]): "unverified" | "good" | "proved" | "damaged" {
  const isTakenBack = (damaged: Judged): boolean =>
    found.some(({ level, status, time }) => status === "ok" && time > damaged.time && isAtLeast(level, damaged.level));
  if (found.some((one) => one.status === "damaged" && !isTakenBack(one))) return "damaged";
  const has = (wanted: VerificationLevel): boolean =>
    found.some(({ level, status }) => status === "ok" && isAtLeast(level, wanted));
  return has("restore") ? "proved" : has("full") ? "good" : "unverified";
}
