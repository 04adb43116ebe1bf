import { expect, test } from "vitest";
import { MemoryBudget } from "../../common/memory-budget.ts";
import { RowSet } from "./row-set.ts";

const itemsOfPage = 291;

/** Pages and items that look random and are the same each time. */
function* places(count: number, pages: number): Generator<readonly [page: number, item: number]> {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let at = 0; at < count; at++) yield [next(pages), 1 + next(itemsOfPage)];
}

test.each([
  ["few rows of many pages", 5000, 1_000_000],
  ["many rows of few pages", 100_000, 900],
  ["lists and bitmaps", 300_000, 5000],
])("a set of rows answers what a plain set does: %s", (_, count, pages) => {
  const rows = new RowSet(new MemoryBudget(), itemsOfPage);
  const plain = new Set<number>();
  let wrong = 0;
  for (const [page, item] of places(count, pages)) {
    const key = page * 65_536 + item;
    if (rows.add(page, item) === plain.has(key)) wrong += 1;
    plain.add(key);
  }
  expect(wrong).toBe(0);
  expect(rows.count).toBe(plain.size);
  const expected = [...plain].toSorted((a, b) => a - b).map((key) => `(${Math.floor(key / 65_536)},${key % 65_536})`);
  const sliced: string[] = [];
  for (let from = 0; from < rows.count; from += 777) sliced.push(...rows.slice(from, Math.min(rows.count, from + 777)));
  expect(sliced).toEqual(expected);
});

test("a row takes at most 6 bytes in a sparse table, and less than a byte in a full one", () => {
  const budget = new MemoryBudget();
  const sparse = new RowSet(budget, itemsOfPage);
  // One of a hundred rows of a table with 80 rows a page.
  for (let page = 0; page < 1_000_000; page += 5) for (let item = 1; item <= 4; item++) sparse.add(page, item * 20);
  expect(budget.taken / sparse.count).toBeLessThan(6.5);
  sparse.clear();
  expect(budget.taken).toBe(0);
  const full = new RowSet(budget, itemsOfPage);
  for (let page = 0; page < 4096; page++) for (let item = 1; item <= 100; item++) full.add(page, item);
  expect(budget.taken / full.count).toBeLessThan(1);
});

test("more rows than memory is allowed for are refused", () => {
  const rows = new RowSet(new MemoryBudget(10_000), itemsOfPage);
  expect(() => {
    for (let page = 0; page < 100_000; page++) rows.add(page, 1);
  }).toThrow(/takes more than 0 MiB of memory/);
});
