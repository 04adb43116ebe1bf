import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { TimeLeft } from "./time-left.ts";

const table = 1;
const rows = sampleEntry({ dumpId: 2, desc: "TABLE DATA", section: "data", hadDumper: true, dependencies: [table] });
const indexes = [3, 4].map((dumpId) =>
  sampleEntry({ dumpId, desc: "INDEX", section: "post-data", hadDumper: false, dependencies: [table] }),
);
const comment = sampleEntry({ dumpId: 5, desc: "COMMENT", section: "none", hadDumper: false, dependencies: [3] });

/** 1,000 bytes of rows, and two indexes of half the work each. */
function restoreOf(jobs: number, splitLargerThan = Number.POSITIVE_INFINITY) {
  const clock = { seconds: 0 };
  const work = {
    entries: [rows, ...indexes, comment],
    storedBytes: (dumpId: number) => (dumpId === 2 ? 1000 : 0),
    shareOf: () => 0.5,
    jobs,
    splitLargerThan,
  };
  return { clock, left: new TimeLeft(work, () => clock.seconds) };
}

test("nothing is said before rows were seen", () => {
  const { clock, left } = restoreOf(1);
  expect(left.seconds).toBeUndefined();
  left.begin(2);
  expect(left.seconds).toBeUndefined();
  left.reading(2, () => 10);
  clock.seconds = 0.1;
  expect(left.seconds).toBeUndefined();
});

test("what comes after the rows counts from the start, and is spread over the sessions", () => {
  const { clock, left } = restoreOf(1);
  left.begin(2);
  let read = 0;
  left.reading(2, () => read);
  clock.seconds = 5;
  read = 500;
  // As much again for the rows, and for the indexes together as much as for all rows.
  expect(left.seconds).toBeCloseTo(5 + 10);
  clock.seconds = 10;
  left.end(2, true);
  expect(left.seconds).toBeCloseTo(10);

  const two = restoreOf(2);
  two.left.begin(2);
  two.left.reading(2, () => 1000);
  two.clock.seconds = 10;
  two.left.end(2, true);
  expect(two.left.seconds).toBeCloseTo(5);
});

test("the longest item bounds it from below", () => {
  const { clock, left } = restoreOf(8);
  left.begin(2);
  left.reading(2, () => 1000);
  clock.seconds = 10;
  left.end(2, true);
  expect(left.seconds).toBeCloseTo(5);
});

test("what an index took tells how long the next one will take", () => {
  const { clock, left } = restoreOf(1);
  left.begin(2);
  left.reading(2, () => 1000);
  clock.seconds = 10;
  left.end(2, true);
  left.begin(3);
  clock.seconds = 12;
  expect(left.seconds).toBeCloseTo(3 + 5);
  // Twice as long as the rows let one think.
  clock.seconds = 20;
  left.end(3, true);
  expect(left.seconds).toBeGreaterThan(8);
  expect(left.seconds).toBeLessThanOrEqual(10);
});

test("something overdue goes on a little, and the end is the end", () => {
  const { clock, left } = restoreOf(1);
  left.begin(2);
  left.reading(2, () => 1000);
  clock.seconds = 10;
  left.end(2, true);
  left.begin(3);
  left.end(3, false);
  left.begin(3);
  clock.seconds = 1000;
  expect(left.seconds).toBeGreaterThan(100);
  left.end(3, true);
  left.begin(4);
  left.end(4, true);
  left.begin(5);
  left.end(5, true);
  expect(left.seconds).toBe(0);
});

test("rows that sessions share take them all", () => {
  const { clock, left } = restoreOf(2, 100);
  left.begin(2);
  left.reading(2, () => 500);
  clock.seconds = 4;
  // A second of two sessions together is one and a half of one: 12 seconds for all rows, and as many for the indexes.
  expect(left.seconds).toBeCloseTo((6 + 12) / 2);
});
