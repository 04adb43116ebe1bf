/**
 * How many backups of a database are kept, of each kind by itself. What one rule keeps stays; what none keeps may go. A policy
 * without any rule removes nothing.
 */
export interface RetentionPolicy {
  /** Backups that are younger than so many days. */
  readonly days?: number;
  /** So many of the newest, however old they are. */
  readonly minBackups?: number;
  /** The same as a rule by itself: so many of the newest. */
  readonly last?: number;
  /** The newest backup of each of so many hours, days, ISO weeks, months and years (UTC) that have one. */
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Backups that have one of these tags. */
  readonly tags?: readonly string[];
}

/** A rule that keeps the newest backup of each period. */
export type PeriodRule = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** Whether a policy says anything about what may be removed: minimums and tags alone do not. */
export function removesAnything(policy: RetentionPolicy): boolean {
  const { days, last, hourly, daily, weekly, monthly, yearly } = policy;
  return [days, last, hourly, daily, weekly, monthly, yearly].some((rule) => rule !== undefined);
}
