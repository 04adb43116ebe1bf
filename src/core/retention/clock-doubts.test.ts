import { expect, test } from "vitest";
import { clockDoubts } from "./clock-doubts.ts";

const now = Date.UTC(2026, 5, 30);
const hour = 3_600_000;
const quiet = { now, backups: [now - hour, now - 50 * hour], largestAge: 30 };

test("nothing speaks against a clock that fits", () => {
  expect(clockDoubts({ ...quiet, lastOperation: now - hour, storage: now + 1000 })).toEqual([]);
  expect(clockDoubts({ ...quiet, backups: [] })).toEqual([]);
  expect(clockDoubts({ ...quiet, backups: [now + 60_000] })).toEqual([]);
});

test.each([
  [
    "a backup of the future",
    { backups: [now + hour] },
    "the newest backup is of 2026-06-30T01:00:00.000Z, and it is 2026-06-30T00:00:00.000Z here",
  ],
  ["an operation of the future", { lastOperation: now + hour }, "something was done at 2026-06-30T01:00:00.000Z"],
  ["a storage that says otherwise", { storage: now - hour }, "the storage says that it is 2026-06-29T23:00:00.000Z"],
  ["a clock that is years ahead", { now: now + 9000 * hour }, "no backup is younger than 30 days"],
])("%s is a doubt", (_, change, text) => {
  expect(clockDoubts({ ...quiet, ...change })).toEqual([expect.stringContaining(text)]);
});
