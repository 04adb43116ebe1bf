import { expect, test } from "vitest";
import { sampleEntry } from "../../../../../tests/helpers/archive-samples.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { emptiedEntries, remainingPlan } from "./remaining-plan.ts";

const table = sampleEntry({ dumpId: 1, desc: "TABLE", tag: "t", namespace: "s" });
const rows = sampleEntry({
  dumpId: 2,
  desc: "TABLE DATA",
  tag: "t",
  namespace: "s",
  section: "data",
  hadDumper: true,
  dependencies: [1],
});
const value = sampleEntry({ dumpId: 3, desc: "SEQUENCE SET", tag: "q", namespace: "s", section: "data" });
const index = sampleEntry({
  dumpId: 4,
  desc: "INDEX",
  tag: "i",
  namespace: "s",
  section: "post-data",
  dependencies: [1],
});
const trigger = sampleEntry({ dumpId: 5, desc: "TRIGGER", tag: "t g", section: "post-data", dependencies: [1] });
const viaRoot = { ...rows, dumpId: 6, tag: "p", definition: "-- load via partition root s.t", dependencies: [] };
const all = [table, rows, value, index, trigger, viaRoot];

const planOf = (entries: readonly TocEntry[]) => ({
  drops: entries,
  entries: entries.map((entry) => ({ entry, parts: { definition: true, data: true } })),
  selected: entries,
  leftOut: new Map<string, number>(),
});

const journal = (...noted: number[]) => ({
  isDone: (id: number) => noted.includes(id),
  isDropped: (id: number) => noted.includes(-id),
});

test("what is noted is left out, dropped and restored apart", () => {
  const { drops, entries, selected } = remainingPlan(planOf(all), journal(1, 2, -1, -5));
  expect(drops.map(({ dumpId }) => dumpId)).toEqual([2, 3, 4, 6]);
  expect(entries.map(({ entry }) => entry.dumpId)).toEqual([3, 4, 5, 6]);
  expect(selected).toEqual(all);
});

const isUnlogged = ({ tag }: TocEntry): boolean => tag === "t" || tag === "q";

test("after a crash rows and values come again where they are not logged, if they were there", () => {
  expect(emptiedEntries(planOf(all), journal(1, 2, 3, 4), isUnlogged)).toEqual([rows, value]);
  expect(emptiedEntries(planOf(all), journal(1, 3), isUnlogged)).toEqual([value]);
  expect(emptiedEntries(planOf(all), journal(1, 2, 3, 4, 5), () => false)).toEqual([]);
});

test("after a crash nothing is guessed: not where triggers would act, nor where rows went elsewhere", () => {
  expect(() => emptiedEntries(planOf(all), journal(1, 2, 5), isUnlogged)).toThrow("emptied unlogged tables");
  expect(() => emptiedEntries(planOf(all), journal(1, 2, 6), isUnlogged)).toThrow("emptied unlogged tables");
});
