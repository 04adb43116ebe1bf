import { expect, test } from "vitest";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { planRetention, type RetainedBackup, removalOrder } from "./plan-retention.ts";
import { days, periodOf } from "./retention-periods.ts";
import type { PeriodRule, RetentionPolicy } from "./retention-policy.ts";

/** Histories of a repository: backups of all kinds are made, held, found damaged, and cleaned up by a policy and a clock of any kind. */
const histories = 100_000;
const rules: readonly PeriodRule[] = ["hourly", "daily", "weekly", "monthly", "yearly"];

class History {
  readonly #random: () => number;
  readonly #policies: ReadonlyMap<string, RetentionPolicy>;
  #now = Date.UTC(2026, 0, 1);
  #made = 0;
  #backups: RetainedBackup[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#policies = new Map(["a", "b"].map((database) => [database, this.#policy()]));
  }

  run(): void {
    const steps = 3 + this.#below(4);
    for (let step = 0; step < steps; step++) {
      for (let count = this.#below(4); count >= 0; count--) this.#backUp();
      this.#change();
      this.#cleanUp();
      this.#now += days(1) * this.#random() * (this.#isChance(0.2) ? 100 : 2);
    }
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #isChance(share: number): boolean {
    return this.#random() < share;
  }

  #policy(): RetentionPolicy {
    const some = (most: number): number | undefined => (this.#isChance(0.3) ? this.#below(most) : undefined);
    const policy = {
      days: some(20),
      minBackups: some(4),
      last: some(4),
      tags: this.#isChance(0.2) ? ["t"] : undefined,
    };
    const periods = Object.fromEntries(rules.map((rule) => [rule, some(4)]));
    return Object.fromEntries(Object.entries({ ...policy, ...periods }).filter(([, value]) => value !== undefined));
  }

  #backUp(): void {
    const database = this.#isChance(0.5) ? "a" : "b";
    const bases = this.#backups.filter((known) => known.database === database);
    const base = this.#isChance(0.4) ? bases[this.#below(bases.length)] : undefined;
    const isSample = base === undefined && this.#isChance(0.1);
    this.#now += this.#random() * days(1);
    this.#backups.push({
      id: `${this.#made++}`,
      database,
      kind: base !== undefined ? "incremental" : isSample ? "sample" : "full",
      isWhole: base === undefined && !isSample,
      time: this.#now,
      needs: base === undefined ? [] : [base.id],
      tags: this.#isChance(0.1) ? ["t"] : [],
      health: this.#isChance(0.1) ? "damaged" : this.#isChance(0.1) ? "proved" : "good",
      ...(this.#isChance(0.03) ? { doubt: "unknown" } : {}),
      ...(this.#isChance(0.03) ? { lockedUntil: this.#now + days(this.#below(60)) } : {}),
    });
  }

  /** Holds, releases, and what a verification finds. */
  #change(): void {
    const at = this.#below(this.#backups.length);
    const { holdUntil, ...found } = this.#backups[at]!;
    if (this.#isChance(0.2))
      this.#backups[at] = holdUntil === undefined ? { ...found, holdUntil: this.#now + days(this.#below(90)) } : found;
    else if (this.#isChance(0.1)) this.#backups[at] = { ...this.#backups[at]!, health: "damaged" };
  }

  #cleanUp(): void {
    const shift = this.#isChance(0.2) ? (this.#random() - 0.5) * days(400) : 0;
    const now = this.#now + shift;
    const policyOf = (database: string): RetentionPolicy => this.#policies.get(database)!;
    const decisions = planRetention(this.#backups, policyOf, now);
    const kept = new Set(decisions.flatMap(({ backup, keep }) => (keep ? [backup] : [])));
    this.#expectSafe(kept, now);
    const laterKept = planRetention(this.#backups, policyOf, now + this.#random() * days(300));
    for (const { backup, keep } of laterKept)
      if (keep && !kept.has(backup)) fail("kept only when the clock is later", backup);
    const order = removalOrder(decisions);
    if (order.length !== this.#backups.length - kept.size) fail("not all that goes is in the order", order);
    // A run may be killed between any two removals: no backup is there without one that was there and that it needs.
    const reached = this.#isChance(0.2) ? this.#below(order.length + 1) : order.length;
    const known = new Set(this.#backups.map(({ id }) => id));
    const gone = new Set(order.slice(0, reached).map(({ id }) => id));
    this.#backups = this.#backups.filter(({ id }) => !gone.has(id));
    for (const backup of this.#backups) {
      for (const id of backup.needs) if (known.has(id) && gone.has(id)) fail("its base is gone", backup);
    }
    if (reached < order.length) return;
    const again = planRetention(this.#backups, policyOf, now).find(({ keep }) => !keep);
    if (again !== undefined) fail("a second run removes more", again.backup);
  }

  #expectSafe(kept: ReadonlySet<RetainedBackup>, now: number): void {
    for (const backup of this.#backups) {
      const { holdUntil = 0, lockedUntil = 0, doubt } = backup;
      const mustStay = holdUntil > now || lockedUntil > now || doubt !== undefined;
      if (mustStay && !kept.has(backup)) fail("held, locked or in doubt", backup);
      if (!kept.has(backup)) continue;
      for (const other of this.#backups)
        if (backup.needs.includes(other.id) && !kept.has(other)) fail("a needed one", other);
    }
    for (const [database, policy] of this.#policies) {
      const all = this.#backups.filter((backup) => backup.database === database);
      const whole = all.filter(({ isWhole }) => isWhole);
      const newest = latest(whole.filter(({ health }) => health !== "damaged")) ?? latest(whole);
      if (newest !== undefined && !kept.has(newest)) fail("the last good one", newest);
      const proved = latest(all.filter(({ isWhole, health }) => isWhole && health === "proved"));
      if (proved !== undefined && !kept.has(proved)) fail("the last proved one", proved);
      for (const kind of ["full", "incremental", "sample"]) {
        this.#expectPolicy(
          all.filter((backup) => backup.kind === kind),
          policy,
          kept,
          now,
        );
      }
    }
  }

  #expectPolicy(
    all: readonly RetainedBackup[],
    policy: RetentionPolicy,
    kept: ReadonlySet<RetainedBackup>,
    now: number,
  ): void {
    for (const backup of all) {
      const isYoung = policy.days !== undefined && now - backup.time < days(policy.days);
      const isTagged = backup.tags.some((tag) => policy.tags?.includes(tag));
      if ((isYoung || isTagged) && !kept.has(backup)) fail("young or tagged", backup);
    }
    const sound = all.filter(({ health }) => health !== "damaged");
    const stays = sound.filter((backup) => kept.has(backup));
    const least = Math.max(policy.minBackups ?? 0, policy.last ?? 0);
    if (stays.length < Math.min(least, sound.length)) fail("the minimum", all);
    for (const rule of rules) {
      const periods = new Set(sound.map(({ time }) => periodOf[rule](time)));
      const wanted = [...periods].toSorted((a, b) => b - a).slice(0, policy[rule] ?? 0);
      for (const period of wanted) {
        const last = latest(sound.filter(({ time }) => periodOf[rule](time) === period))!;
        if (!kept.has(last)) fail(`the last of a period (${rule})`, last);
      }
    }
  }
}

function latest(backups: readonly RetainedBackup[]): RetainedBackup | undefined {
  return backups.reduce<RetainedBackup | undefined>(
    (last, one) => (last === undefined || one.time > last.time ? one : last),
    undefined,
  );
}

function fail(what: string, facts: unknown): never {
  throw new Error(`${what}: ${JSON.stringify(facts)}`);
}

test(`${histories} random histories lose no base, minimum, hold or last good backup, whatever the clock says`, () => {
  for (let seed = 0; seed < histories; seed++) {
    try {
      new History(seed).run();
    } catch (error) {
      expect.fail(`history ${seed}: ${(error as Error).message}`);
    }
  }
});
