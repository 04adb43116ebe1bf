import { createHash } from "node:crypto";

/** Records tell their time to the second: what was verified in the second in which another one came is the younger one. */
const secondMs = 1000;

/** A backup that may be verified. Times are milliseconds since 1970. */
export interface DueCandidate {
  readonly id: string;
  /** When it was verified last, at least as closely as it is to be now; undefined: never. */
  readonly verifiedAt: number | undefined;
  /** When it came to its repository. */
  readonly arrivedAt: number;
}

export interface DueChoice {
  /** Only those whose last verification is older than so many seconds, and those that have none. */
  readonly olderThanSeconds?: number;
  /** One of so many parts of them. */
  readonly parts?: number;
}

/**
 * Those that are to be verified, longest unchecked first: since their last verification, or since they came.
 *
 * A hash of its id puts each backup into one of the parts, for ever. The part is taken in which the longest unchecked one is. So as many
 * runs as there are parts verify every backup that was there at the first run and still is at the last, whatever came and went: while one of
 * them is left its part has the longest unchecked one, since what is verified and what comes is younger; and a part that was taken has
 * none of them any more. Nothing but the records of verifications is remembered.
 *
 * Times to come (of a wrong clock) count for nothing. Pure.
 */
export function dueBackups<T extends DueCandidate>(
  candidates: readonly T[],
  { olderThanSeconds, parts }: DueChoice,
  now: number,
): readonly T[] {
  const verifiedAt = ({ verifiedAt: time }: T): number | undefined =>
    time === undefined || time > now ? undefined : time;
  const since = (one: T): number => {
    const last = verifiedAt(one);
    return last === undefined ? Math.min(one.arrivedAt, now) : last + secondMs;
  };
  const due = candidates.filter((one) => {
    const last = verifiedAt(one);
    return olderThanSeconds === undefined || last === undefined || now - last > olderThanSeconds * 1000;
  });
  const ordered = due.toSorted((a, b) => since(a) - since(b) || (a.id < b.id ? -1 : 1));
  const [longest] = ordered;
  if (parts === undefined || longest === undefined) return ordered;
  const part = partOf(longest.id, parts);
  return ordered.filter(({ id }) => partOf(id, parts) === part);
}

/** From 0 on. */
function partOf(id: string, parts: number): number {
  return createHash("sha256").update(id, "utf8").digest().readUIntBE(0, 6) % parts;
}
