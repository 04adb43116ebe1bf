import { days, periodOf } from "./retention-periods.ts";
import { type PeriodRule, type RetentionPolicy, removesAnything } from "./retention-policy.ts";

/** What is known of a backup when it is decided whether it stays. Times are milliseconds since 1970. */
export interface RetainedBackup {
  readonly id: string;
  /** The database and server that it is of: backups of others say nothing about it. */
  readonly database: string;
  /** Full, incremental, sample and so on: policies count each kind by itself. */
  readonly kind: string;
  /** Whether it is all of the database, and needs no other backup. */
  readonly isWhole: boolean;
  readonly time: number;
  /** Ids of the backups without which it cannot be restored. */
  readonly needs: readonly string[];
  readonly tags: readonly string[];
  /** Set while it is on hold; Infinity until it is released. */
  readonly holdUntil?: number;
  /** Set when its storage refuses to remove it before. */
  readonly lockedUntil?: number;
  /** What its last verification said: `proved` was restored and compared. */
  readonly health: "unverified" | "good" | "proved" | "damaged";
  /** Why nobody can say for sure what it is: it stays. */
  readonly doubt?: string;
}

/** What becomes of a backup, and why. */
export interface RetentionDecision<Backup extends RetainedBackup = RetainedBackup> {
  readonly backup: Backup;
  readonly keep: boolean;
  /** At least one. */
  readonly reasons: readonly string[];
}

const periodRules: readonly PeriodRule[] = ["hourly", "daily", "weekly", "monthly", "yearly"];

/**
 * Decides which backups of a repository stay. Whatever the policy says, these stay: the newest whole backup of each database that
 * is not known to be damaged, or the newest where all are, and the newest that was proved; what another one that stays needs; what is on hold or locked; and what
 * nobody can say for sure. Damaged backups count for no minimum and no period.
 *
 * With a later `now` at least as much is removed of the same backups, and with an earlier one at least as much stays.
 *
 * @param policyOf of a database
 * @param now milliseconds since 1970
 * @returns a decision for each backup, in the order given
 */
export function planRetention<Backup extends RetainedBackup>(
  backups: readonly Backup[],
  policyOf: (database: string) => RetentionPolicy,
  now: number,
): readonly RetentionDecision<Backup>[] {
  const reasons = new Map<RetainedBackup, string[]>();
  const keep = (backup: RetainedBackup, reason: string): void => {
    const known = reasons.get(backup);
    if (known === undefined) reasons.set(backup, [reason]);
    else known.push(reason);
  };
  for (const group of groupsOf(backups, ({ database }) => database)) {
    const policy = policyOf(group[0]!.database);
    keepLastGood(group, keep);
    for (const kind of groupsOf(group, (backup) => backup.kind)) keepByPolicy(kind, policy, now, keep);
  }
  for (const backup of backups) keepByItself(backup, now, keep);
  keepNeeded(backups, reasons, keep);
  // One text for all that go for the same reason: there may be a hundred thousand.
  const whys = new Map<string, readonly string[]>();
  return backups.map((backup) => {
    const kept = reasons.get(backup);
    if (kept !== undefined) return { backup, keep: true, reasons: kept };
    const why = whyRemoved(backup, policyOf(backup.database));
    if (!whys.has(why)) whys.set(why, [why]);
    return { backup, keep: false, reasons: whys.get(why)! };
  });
}

/** The order in which backups are to be removed: none before those that need it, else oldest first. */
export function removalOrder(decisions: readonly RetentionDecision[]): readonly RetainedBackup[] {
  const leaving = decisions
    .flatMap(({ backup, keep }) => (keep ? [] : [backup]))
    .toSorted(byAge)
    .toReversed();
  const byId = new Map(leaving.map((backup) => [backup.id, backup]));
  /** How many that are still there need a backup. */
  const needed = new Map<string, number>();
  for (const { needs } of leaving) for (const id of needs) needed.set(id, (needed.get(id) ?? 0) + 1);
  const order = new Set<RetainedBackup>();
  for (const start of leaving) {
    for (let next: RetainedBackup[] = [start]; next.length > 0; ) {
      const backup = next.pop()!;
      if (order.has(backup) || (needed.get(backup.id) ?? 0) > 0) continue;
      order.add(backup);
      for (const id of backup.needs) needed.set(id, needed.get(id)! - 1);
      next = [...next, ...backup.needs.flatMap((id) => byId.get(id) ?? [])];
    }
  }
  // Those that need each other in a circle, which only a forger writes.
  for (const backup of leaving) order.add(backup);
  return [...order];
}

type Keep = (backup: RetainedBackup, reason: string) => void;

/** @param group newest first */
function keepLastGood(group: readonly RetainedBackup[], keep: Keep): void {
  const whole = group.filter(({ isWhole, health }) => isWhole && health !== "damaged");
  const [newest] = whole;
  if (newest !== undefined) keep(newest, "the last good backup of its database");
  else {
    // There is nothing else of the database: what is whole of it can be salvaged.
    const last = group.find(({ isWhole }) => isWhole);
    if (last !== undefined) keep(last, "damaged, and no backup of its database is good");
  }
  const proved = whole.find(({ health }) => health === "proved");
  if (proved !== undefined && proved !== newest)
    keep(proved, "the last backup of its database that was proved by a restore");
}

/** @param backups of one database and kind, newest first */
function keepByPolicy(backups: readonly RetainedBackup[], policy: RetentionPolicy, now: number, keep: Keep): void {
  if (!removesAnything(policy)) {
    for (const backup of backups) keep(backup, "no rule lets anything of this database go");
    return;
  }
  const { days: age, minBackups = 0, last = 0, tags = [] } = policy;
  const sound = backups.filter(({ health }) => health !== "damaged");
  for (const backup of sound.slice(0, minBackups)) keep(backup, `one of the newest ${minBackups} (min-backups)`);
  for (const backup of sound.slice(0, last)) keep(backup, `one of the newest ${last} (keep-last)`);
  for (const rule of periodRules) {
    const periods = new Set<number>();
    for (const backup of sound) {
      const period = periodOf[rule](backup.time);
      if (periods.has(period)) continue;
      if (periods.size >= (policy[rule] ?? 0)) break;
      periods.add(period);
      keep(backup, `number ${periods.size} of ${policy[rule]} (keep-${rule})`);
    }
  }
  const younger = `younger than ${age} days (retention-days)`;
  for (const backup of backups) {
    if (age !== undefined && backup.time > now - days(age)) keep(backup, younger);
    const tag = backup.tags.find((own) => tags.includes(own));
    if (tag !== undefined) keep(backup, `it has the tag "${tag}"`);
  }
}

function keepByItself(backup: RetainedBackup, now: number, keep: Keep): void {
  const { holdUntil, lockedUntil, doubt } = backup;
  if (holdUntil !== undefined && holdUntil > now) keep(backup, `on hold ${untilText(holdUntil)}`);
  if (lockedUntil !== undefined && lockedUntil > now) keep(backup, `locked by its storage ${untilText(lockedUntil)}`);
  if (doubt !== undefined) keep(backup, doubt);
}

/** All that kept ones need, and all that those need. */
function keepNeeded(backups: readonly RetainedBackup[], kept: ReadonlyMap<RetainedBackup, unknown>, keep: Keep): void {
  // Mostly none needs another: no list of a hundred thousand is made for nothing.
  if (backups.every(({ needs }) => needs.length === 0)) return;
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const open = [...kept.keys()];
  for (let backup = open.pop(); backup !== undefined; backup = open.pop()) {
    for (const id of backup.needs) {
      const needed = byId.get(id);
      if (needed === undefined) continue;
      if (!kept.has(needed)) open.push(needed);
      keep(needed, `"${backup.id}" needs it`);
    }
  }
}

function whyRemoved({ health }: RetainedBackup, { days: age }: RetentionPolicy): string {
  if (health === "damaged") return "damaged, and no rule keeps it";
  return age === undefined ? "no rule keeps it" : `older than ${age} days, and no other rule keeps it`;
}

function untilText(time: number): string {
  return Number.isFinite(time) ? `until ${new Date(time).toISOString()}` : "until it is released";
}

/** In groups, each newest first. */
function groupsOf(
  backups: readonly RetainedBackup[],
  keyOf: (backup: RetainedBackup) => string,
): readonly (readonly RetainedBackup[])[] {
  return [...Map.groupBy(backups, keyOf).values()].map((group) => group.toSorted(byAge));
}

/** Newest first; of the same time in the order of ids, which are made in the order of time. */
function byAge(a: RetainedBackup, b: RetainedBackup): number {
  if (a.time !== b.time) return b.time - a.time;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
