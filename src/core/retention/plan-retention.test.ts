import { describe, expect, test } from "vitest";
import { planRetention, type RetainedBackup, removalOrder } from "./plan-retention.ts";
import type { RetentionPolicy } from "./retention-policy.ts";

const now = Date.UTC(2026, 5, 30, 12);

function backup(id: string, at: string, more: Partial<RetainedBackup> = {}): RetainedBackup {
  const facts = { database: "shop", kind: "full", isWhole: true, needs: [], tags: [], health: "good" } as const;
  return { ...facts, id, time: Date.parse(`${at}Z`), ...more };
}

/** One a day at 01:00, `a` of the first of June to `d` of the last. */
const june = Array.from({ length: 30 }, (_, day) =>
  backup(`d${String(day + 1).padStart(2, "0")}`, `2026-06-${String(day + 1).padStart(2, "0")}T01:00:00`),
);

function kept(backups: readonly RetainedBackup[], policy: RetentionPolicy, at = now): string[] {
  return planRetention(backups, () => policy, at).flatMap((decision) => (decision.keep ? [decision.backup.id] : []));
}

function reasonsOf(backups: readonly RetainedBackup[], policy: RetentionPolicy, id: string): readonly string[] {
  return planRetention(backups, () => policy, now).find((decision) => decision.backup.id === id)!.reasons;
}

describe("rules", () => {
  test.each<[string, RetentionPolicy, string[]]>([
    ["days", { days: 3 }, ["d28", "d29", "d30"]],
    ["days with a minimum", { days: 1, minBackups: 4 }, ["d27", "d28", "d29", "d30"]],
    ["last", { last: 2 }, ["d29", "d30"]],
    ["days of the calendar", { daily: 3 }, ["d28", "d29", "d30"]],
    // The 28th was a Sunday, the last day of its week.
    ["weeks", { weekly: 3 }, ["d21", "d28", "d30"]],
    ["months and days", { daily: 2, monthly: 5 }, ["d29", "d30"]],
    ["all together", { last: 1, weekly: 2, days: 2 }, ["d28", "d29", "d30"]],
  ])("%s", (_, policy, expected) => {
    expect(kept(june, policy)).toEqual(expected);
  });

  test("months and years keep the newest of each", () => {
    const backups = ["2023-12-31", "2024-05-05", "2025-01-01", "2025-01-31", "2026-02-01", "2026-06-30"].map((day) =>
      backup(day, `${day}T00:00:00`),
    );
    expect(kept(backups, { monthly: 3 })).toEqual(["2025-01-31", "2026-02-01", "2026-06-30"]);
    expect(kept(backups, { yearly: 2, last: 1 })).toEqual(["2025-01-31", "2026-06-30"]);
    expect(kept(backups, { hourly: 1 })).toEqual(["2026-06-30"]);
  });

  test("a policy without a rule, or with a minimum alone, lets nothing go", () => {
    expect(kept(june, {})).toHaveLength(30);
    expect(kept(june, { minBackups: 2, tags: ["x"] })).toHaveLength(30);
    expect(reasonsOf(june, {}, "d01")).toEqual(["no rule lets anything of this database go"]);
  });

  test("each kind and each database counts by itself", () => {
    const others = [
      backup("old", "2020-01-01T00:00:00", { database: "other" }),
      backup("sample", "2020-01-01T00:00:00", { kind: "sample", isWhole: false }),
      backup("sample-before", "2019-01-01T00:00:00", { kind: "sample", isWhole: false }),
    ];
    expect(kept([...june, ...others], { last: 1 })).toEqual(["d30", "old", "sample"]);
  });

  test("a tag of the policy keeps", () => {
    const tagged = june.with(4, { ...june[4]!, tags: ["release"] });
    expect(kept(tagged, { last: 1, tags: ["release"] })).toEqual(["d05", "d30"]);
    expect(reasonsOf(tagged, { last: 1, tags: ["release"] }, "d05")).toEqual(['it has the tag "release"']);
  });
});

describe("what no policy can let go", () => {
  test("the last good backup and the last proved one; damaged ones count for nothing", () => {
    const backups = [
      backup("proved", "2020-01-01T00:00:00", { health: "proved" }),
      backup("good", "2020-02-01T00:00:00"),
      backup("damaged", "2020-03-01T00:00:00", { health: "damaged" }),
      backup("sample", "2020-04-01T00:00:00", { isWhole: false, kind: "sample" }),
    ];
    expect(kept(backups, { days: 7 })).toEqual(["proved", "good"]);
    expect(kept(backups, { last: 1 })).toEqual(["proved", "good", "sample"]);
    expect(reasonsOf(backups, { days: 7 }, "damaged")).toEqual(["damaged, and no rule keeps it"]);
    expect(reasonsOf(backups, { days: 7 }, "good")).toEqual(["the last good backup of its database"]);
  });

  test("where all are damaged, the newest: something of it can be salvaged", () => {
    const backups = [
      backup("older", "2020-01-01T00:00:00", { health: "damaged" }),
      backup("newest", "2020-02-01T00:00:00", { health: "damaged" }),
      backup("increment", "2020-03-01T00:00:00", { health: "damaged", isWhole: false, kind: "incremental" }),
      backup("other", "2020-04-01T00:00:00", { database: "other" }),
    ];
    expect(kept(backups, { days: 7 })).toEqual(["newest", "other"]);
    expect(reasonsOf(backups, { last: 1 }, "newest")).toEqual(["damaged, and no backup of its database is good"]);
    expect(kept([...backups, backup("good", "2019-01-01T00:00:00")], { days: 7 })).toEqual(["other", "good"]);
  });

  test("what a kept increment needs, over any number of steps", () => {
    const backups = [
      backup("base", "2026-01-01T00:00:00"),
      backup("i1", "2026-01-02T00:00:00", { kind: "incremental", isWhole: false, needs: ["base"] }),
      backup("i2", "2026-01-03T00:00:00", { kind: "incremental", isWhole: false, needs: ["i1"] }),
      backup("lone", "2026-01-04T00:00:00", { kind: "incremental", isWhole: false, needs: ["gone"] }),
      backup("newer", "2026-01-05T00:00:00"),
    ];
    expect(kept(backups, { days: 1 })).toEqual(["newer"]);
    const held = backups.with(2, { ...backups[2]!, holdUntil: Number.POSITIVE_INFINITY });
    expect(kept(held, { days: 1 })).toEqual(["base", "i1", "i2", "newer"]);
    expect(reasonsOf(held, { days: 1 }, "base")).toEqual(['"i1" needs it']);
    expect(removalOrder(planRetention(backups, () => ({ days: 1 }), now)).map(({ id }) => id)).toEqual([
      "i2",
      "i1",
      "base",
      "lone",
    ]);
  });

  test("holds and locks, until they end", () => {
    const until = Date.UTC(2026, 6, 5);
    const backups = june.with(0, { ...june[0]!, holdUntil: until }).with(1, { ...june[1]!, lockedUntil: until });
    expect(kept(backups, { last: 1 })).toEqual(["d01", "d02", "d30"]);
    expect(kept(backups, { last: 1 }, until)).toEqual(["d30"]);
    expect(reasonsOf(backups, { last: 1 }, "d01")).toEqual(["on hold until 2026-07-05T00:00:00.000Z"]);
  });

  test("what nobody can say for sure", () => {
    const backups = june.with(0, { ...june[0]!, doubt: "it is encrypted, and no key was given" });
    expect(kept(backups, { last: 1 })).toEqual(["d01", "d30"]);
  });
});

test("circles of needs, which only a forger writes, end", () => {
  const circle = [
    backup("a", "2026-01-01T00:00:00", { needs: ["b"], isWhole: false, kind: "incremental" }),
    backup("b", "2026-01-02T00:00:00", { needs: ["a"], isWhole: false, kind: "incremental" }),
  ];
  const decisions = planRetention(circle, () => ({ days: 1 }), now);
  expect(removalOrder(decisions)).toHaveLength(2);
  expect(kept(circle, { last: 1 })).toEqual(["a", "b"]);
});
