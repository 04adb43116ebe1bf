import { expect, test } from "vitest";
import { referenceLevels } from "./reference-levels.ts";

test("a table comes after all that refer to it, and circles and what hangs on them come last", () => {
  const levels = referenceLevels([
    { from: 1, to: [2, 3] },
    { from: 2, to: [3] },
    { from: 2, to: [2] },
    { from: 3, to: [4] },
    { from: 1, to: [4] },
    { from: 5, to: [6] },
    { from: 6, to: [5, 7] },
  ]);
  expect([...levels]).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
  ]);
  expect(referenceLevels([]).size).toBe(0);
});
