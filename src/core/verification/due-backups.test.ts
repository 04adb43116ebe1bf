import { expect, test } from "vitest";
import { type DueCandidate, dueBackups } from "./due-backups.ts";

const day = 24 * 3600 * 1000;

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Model {
  id: string;
  verifiedAt: number | undefined;
  arrivedAt: number;
}

test.each([2, 7, 20])("one of %i parts: as many runs cover all, also when backups come and go", (parts) => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed);
    let count = 0;
    let now = 1000 * day;
    const come = (): Model => ({ id: `backup-${seed}-${count++}`, verifiedAt: undefined, arrivedAt: now });
    let there: Model[] = Array.from({ length: next(60) }, come);
    // Some were verified before, in no order.
    for (const one of there) if (next(2) === 0) one.verifiedAt = now - next(400) * day;
    const expected = new Set(there.map(({ id }) => id));
    for (let run = 0; run < parts; run++) {
      now += day;
      const due = dueBackups(there, { parts }, now);
      for (const one of due) {
        one.verifiedAt = now;
        expected.delete(one.id);
      }
      // Some go, most of all those that were looked at; some come.
      const gone = there.filter((one) => next(one.verifiedAt === now ? 2 : 9) === 0);
      for (const { id } of gone) expected.delete(id);
      there = [...there.filter((one) => !gone.includes(one)), ...Array.from({ length: next(12) }, come)];
    }
    expect([...expected], `seed ${seed}`).toEqual([]);
  }
});

const one = (id: string, verifiedAt: number | undefined, arrivedAt: number): DueCandidate => ({
  id,
  verifiedAt,
  arrivedAt,
});
const idsOf = (found: readonly DueCandidate[]): string[] => found.map(({ id }) => id);

test("longest unchecked first; what came counts from then on", () => {
  const all = [
    one("a", 90 * day, 0),
    one("b", undefined, 95 * day),
    one("c", 10 * day, 0),
    one("d", undefined, 5 * day),
  ];
  expect(idsOf(dueBackups(all, {}, 100 * day))).toEqual(["d", "c", "a", "b"]);
});

test("older than a time, or never", () => {
  const all = [one("a", 90 * day, 0), one("b", undefined, 99 * day), one("c", 10 * day, 0)];
  expect(idsOf(dueBackups(all, { olderThanSeconds: 30 * 86_400 }, 100 * day))).toEqual(["c", "b"]);
});

test("a verification in the future is none", () => {
  const all = [one("a", 500 * day, 600 * day), one("b", 99 * day, 0)];
  expect(idsOf(dueBackups(all, { olderThanSeconds: 86_400 }, 100 * day))).toEqual(["a"]);
});
