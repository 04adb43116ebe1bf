import type { PeriodRule } from "./retention-policy.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A number for the period of UTC that a time lies in: times of one period have the same, later ones larger numbers. */
export const periodOf: Readonly<Record<PeriodRule, (time: number) => number>> = {
  hourly: (time) => Math.floor(time / (60 * 60 * 1000)),
  daily: (time) => Math.floor(time / DAY_MS),
  // Weeks begin on Mondays (ISO 8601); 1970 began on a Thursday.
  weekly: (time) => Math.floor((time / DAY_MS + 3) / 7),
  monthly: (time) => {
    const date = new Date(time);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  },
  yearly: (time) => new Date(time).getUTCFullYear(),
};

/** Milliseconds of so many days. */
export function days(count: number): number {
  return count * DAY_MS;
}
