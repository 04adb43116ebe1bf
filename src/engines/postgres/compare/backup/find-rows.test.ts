import { expect, test } from "vitest";
import { type FindRows, findRows, type ReadRows } from "./find-rows.ts";
import { type HashedRow, RowLines } from "./row-lines.ts";

const pieces =
  (text: string, size: number): ReadRows =>
  async (take) => {
    const bytes = Buffer.from(text, "latin1");
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
  };

const search = (left: string, right: string, more: Partial<FindRows> = {}): FindRows => ({
  left: pieces(left, 7),
  right: pieces(right, 1000),
  columns: [
    { name: "id", isKey: true },
    { name: "v", isKey: false },
  ],
  hasKey: true,
  decode: (binary) => binary,
  limit: 10,
  showValues: false,
  ...more,
});

test("rows are the same however they are cut into pieces", async () => {
  const text = "1\ta\n2\t\\N\n\t\n33\tlonger than the others\n";
  const scans: HashedRow[][] = [];
  for (const size of [1, 2, 3, 5, 1000]) {
    const rows: HashedRow[] = [];
    const lines = new RowLines([true, false], 8, (row) =>
      rows.push({ ...row, line: row.line === undefined ? undefined : Buffer.from(row.line) }),
    );
    await pieces(text, size)((piece) => lines.push(piece));
    scans.push(rows);
  }
  for (const rows of scans) expect(rows).toEqual(scans[0]);
  expect(scans[0]!.map(({ line }) => line?.toString())).toEqual(["1\ta", "2\t\\N", "\t", undefined]);
  expect(new Set(scans[0]!.map(({ high, low }) => `${high} ${low}`)).size).toBe(4);
});

test("one row among many is found; equal sides in another order differ in none", async () => {
  const all = Array.from({ length: 20_000 }, (_, i) => `${i}\tvalue ${i}\n`);
  const other = all.toReversed();
  expect((await findRows(search(all.join(""), other.join("")))).rows).toEqual([]);
  other[5000] = `${19_999 - 5000}\tchanged\n`;
  expect(await findRows(search(all.join(""), other.join("")))).toEqual({
    rows: [{ key: "(14999)", on: "both", columns: ["v"] }],
    counted: [20_000, 20_000],
  });
});

test("NULL is another value than the empty text, and a swap of two values is two differences", async () => {
  const { rows } = await findRows(search("1\ta\n2\tb\n3\t\\N\n", "1\tb\n2\ta\n3\t\n", { showValues: true }));
  expect(rows.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
    { key: "(1)", on: "both", columns: ["v"], values: [{ column: "v", left: "a", right: "b" }] },
    { key: "(2)", on: "both", columns: ["v"], values: [{ column: "v", left: "b", right: "a" }] },
    { key: "(3)", on: "both", columns: ["v"], values: [{ column: "v", left: null, right: "" }] },
  ]);
});

test("lines that are too long to be held are not told, and nothing false is", async () => {
  const long = `1\t${"x".repeat(2 << 20)}`;
  expect((await findRows(search(`${long}\n`, `${long}y\n`))).rows).toEqual([]);
});
