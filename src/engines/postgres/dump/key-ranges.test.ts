import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyRanges } from "./key-ranges.ts";

const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

/** How many of the ranges a value is in, as the server would say. */
function rangesOf(ranges: KeyRanges, value: bigint): number {
  let found = 0;
  for (let i = 0; i < ranges.count; i++) {
    const holds = ranges
      .condition(i)
      .split(" AND ")
      .every((one) => {
        if (one === "true") return true;
        const [, operator, bound] = /^"k" (>=|<) '(-?\d+)'::pg_catalog\.int8$/.exec(one)!;
        return operator === "<" ? value < BigInt(bound!) : value >= BigInt(bound!);
      });
    if (holds) found++;
  }
  return found;
}

test("every value is in one range, whatever the edges are", () => {
  const integer = fc.bigInt({ min: smallest, max: largest });
  fc.assert(
    fc.property(
      fc.array(integer, { maxLength: 12 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(integer, { minLength: 1, maxLength: 5 }),
      (edges, wanted, values) => {
        const ranges = new KeyRanges('"k"', edges.toSorted(ascending), wanted);
        for (const value of [...values, ...edges, smallest, largest]) expect(rangesOf(ranges, value)).toBe(1);
      },
    ),
  );
});

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

test("ranges between two edges are of the same width, and no more than there are values", () => {
  const ranges = new KeyRanges('"k"', [0n, 100n, 103n], 20);
  expect(ranges.count).toBe(13);
  expect(ranges.condition(0)).toBe(`"k" < '10'::pg_catalog.int8`);
  expect(ranges.condition(4)).toBe(`"k" >= '40'::pg_catalog.int8 AND "k" < '50'::pg_catalog.int8`);
  expect(ranges.condition(10)).toBe(`"k" >= '100'::pg_catalog.int8 AND "k" < '101'::pg_catalog.int8`);
  expect(ranges.condition(12)).toBe(`"k" >= '102'::pg_catalog.int8`);
});

test("without two values there is one range", () => {
  expect(new KeyRanges('"k"', [], 5).count).toBe(1);
  expect(new KeyRanges('"k"', [7n, 7n], 5).condition(0)).toBe("true");
});
