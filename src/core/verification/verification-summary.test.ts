import { expect, test } from "vitest";
import { judgeVerifications } from "./judge-verifications.ts";
import { verificationLevels } from "./verification-level.ts";
import { markLabel, verificationMark } from "./verification-mark.ts";
import { summarizeMarks } from "./verification-summary.ts";

const time = (day: number): number => Date.UTC(2026, 10, day);

function summaryOf(...records: [day: number, label: string][]) {
  return summarizeMarks(
    records.map(
      ([day, label]) => verificationMark(`a.dump.202611${String(day).padStart(2, "0")}T000000Z${label}.verify.json`)!,
    ),
  );
}

test("the closest that found nothing, last time", () => {
  expect(summaryOf()).toBeUndefined();
  expect(summaryOf([3, "-quick-ok"])).toEqual({ status: "ok", level: "quick", time: time(3) });
  expect(summaryOf([3, "-full-ok"], [5, "-full-ok"], [4, "-full-ok-2"], [6, "-quick-ok"])).toEqual({
    status: "ok",
    level: "full",
    time: time(5),
  });
  expect(summaryOf([1, "-restore-ok"], [6, "-full-ok"])).toEqual({ status: "ok", level: "restore", time: time(1) });
});

test("damage that stands goes first, the newest of it", () => {
  expect(summaryOf([1, "-full-damaged"], [2, "-quick-ok"], [3, "-quick-damaged"])).toEqual({
    status: "damaged",
    level: "quick",
    time: time(3),
  });
  expect(summaryOf([1, "-full-damaged"], [2, "-restore-ok"])).toMatchObject({ status: "ok", level: "restore" });
  expect(summaryOf([2, "-full-damaged"], [2, "-full-ok"])).toMatchObject({ status: "damaged" });
});

test("records without an outcome say nothing", () => {
  expect(summaryOf([1, ""])).toBeUndefined();
  expect(summaryOf([1, "-full-ok"], [2, ""])).toEqual({ status: "ok", level: "full", time: time(1) });
});

test("it judges damage as the retention of backups does", () => {
  let state = 7;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 2000; round++) {
    const records = Array.from({ length: next(6) }, () => ({
      level: verificationLevels[next(3)]!,
      status: next(2) === 0 ? ("ok" as const) : ("damaged" as const),
      day: 1 + next(9),
    }));
    const found = summaryOf(
      ...records.map(({ day, level, status }) => [day, markLabel(level, status)] as [number, string]),
    );
    const judged = judgeVerifications(records.map(({ day, ...one }) => ({ ...one, time: time(day) })));
    const words = { restore: "proved", full: "good", quick: "unverified" } as const;
    const expected = found === undefined ? "unverified" : found.status === "damaged" ? "damaged" : words[found.level];
    expect(expected, JSON.stringify(records)).toBe(judged);
  }
});
