import { days } from "./retention-periods.ts";

/** How far clocks of machines that write into one repository may be apart. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/** What is known of time when a clean-up begins: milliseconds since 1970. */
export interface KnownTimes {
  readonly now: number;
  /** Of the backups of the repository. */
  readonly backups: readonly number[];
  /** The latest time that was noted down when something was done before. */
  readonly lastOperation?: number;
  /** What the storage's own clock says, where it tells. */
  readonly storage?: number;
  /** How old the newest backup may be before a run of this machine's clock into the future must be thought of, in days. */
  readonly largestAge: number;
}

/**
 * Why this machine's clock may be wrong. A clock that goes ahead makes all backups look old, and a policy by age would let them go: who
 * finds a doubt asks before anything is removed.
 * @returns sentences; none when nothing speaks against the clock
 */
export function clockDoubts({ now, backups, lastOperation, storage, largestAge }: KnownTimes): readonly string[] {
  const doubts: string[] = [];
  const newest = backups.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
  if (newest > now + CLOCK_TOLERANCE_MS) {
    doubts.push(`the newest backup is of ${text(newest)}, and it is ${text(now)} here: that lies before it`);
  }
  if (lastOperation !== undefined && lastOperation > now + CLOCK_TOLERANCE_MS) {
    doubts.push(`something was done at ${text(lastOperation)}, and it is ${text(now)} here: that lies before it`);
  }
  if (storage !== undefined && Math.abs(storage - now) > CLOCK_TOLERANCE_MS) {
    doubts.push(`the storage says that it is ${text(storage)}, and it is ${text(now)} here`);
  }
  if (backups.length > 0 && now - newest > days(largestAge)) {
    doubts.push(`no backup is younger than ${largestAge} days: the newest is of ${text(newest)}`);
  }
  return doubts;
}

function text(time: number): string {
  return new Date(time).toISOString();
}
