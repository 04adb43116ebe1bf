import { isAtLeast, type VerificationLevel } from "./verification-level.ts";
import type { VerificationMark } from "./verification-mark.ts";

/** What the verifications of a backup come to in one line. */
export interface VerificationSummary {
  /** `damaged` stands until a later verification that looked at least as closely found none. */
  readonly status: "ok" | "damaged";
  /** The closest that found nothing; of damage the one that found it last. */
  readonly level: VerificationLevel;
  /** When that was done last, in milliseconds since 1970. */
  readonly time: number;
}

/**
 * What the names of the records of a backup say: nothing is opened. Whoever can write there can make such names. Records of dbbackup
 * before names told the outcome are passed over.
 * @returns undefined when it was never verified
 */
export function summarizeMarks(marks: readonly VerificationMark[]): VerificationSummary | undefined {
  let best: VerificationMark | undefined;
  for (const one of marks) {
    if (one.status === undefined || !stands(one, marks)) continue;
    if (best === undefined || outweighs(one, best)) best = one;
  }
  return best && { status: best.status!, level: best.level, time: best.time.getTime() };
}

/** Damage that a later look, at least as close, did not find any more does not stand. */
function stands({ status, level, time }: VerificationMark, marks: readonly VerificationMark[]): boolean {
  return status === "ok" || !marks.some((one) => one.status === "ok" && one.time > time && isAtLeast(one.level, level));
}

function outweighs(one: VerificationMark, other: VerificationMark): boolean {
  if (one.status !== other.status) return one.status === "damaged";
  if (one.status === "damaged" || one.level === other.level) return one.time > other.time;
  return isAtLeast(one.level, other.level);
}
