import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRowSum, type RowTotals } from "../../../core/row-totals.ts";
import { xxh3Of128 } from "../../postgres/xxh3-128-reference.ts";
import { ValuesScanner } from "./values-scanner.ts";

function totalsOf(rows: readonly Buffer[]): RowTotals {
  const bytes = rows.reduce((sum, { length }) => sum + length, 0);
  return { rows: rows.length, bytes, checksum: formatRowSum(rows.reduce((sum, row) => sum + xxh3Of128(row), 0n)) };
}

const text = fc
  .array(fc.constantFrom("a", "ä", "\\'", "\\\\", "''", ")", "(", ",", '"', "`", ";", "x".repeat(70), "\\\n"), {
    maxLength: 12,
  })
  .map((parts) => `'${parts.join("")}'`);
const value = fc.oneof(
  fc.constantFrom("NULL", "1", "-2.5", "0xFF", "_binary 'a)\\''", "(1+(2))", '"it\'s"', "`n`"),
  text,
);
const row = fc.array(value, { minLength: 1, maxLength: 5 }).map((values) => Buffer.from(`(${values.join(",")})`));

test("rows are the same however the statement is cut, and whatever stands around them", () => {
  const scanner = new ValuesScanner();
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 90 }));
  const tail = fc.constantFrom("", "\n", " ON DUPLICATE KEY UPDATE a = VALUES(a)");
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.constantFrom(",", ",\n", " , "),
      tail,
      cuts,
      (rows, comma, end, steps) => {
        const statement = Buffer.concat([
          ...rows.flatMap((bytes, index) => [Buffer.from(index === 0 ? "" : comma), bytes]),
          Buffer.from(end),
        ]);
        scanner.beginStatement();
        for (let at = 0; at < statement.length; ) {
          const length = steps.next().value as number;
          scanner.push(statement.subarray(at, at + length), true);
          at += length;
        }
        expect(scanner.isInRow).toBe(false);
        expect(scanner.take()).toEqual(totalsOf(rows));
      },
    ),
    { numRuns: 500 },
  );
});

test("a row may be larger than memory, and backslashes may mean nothing", () => {
  const scanner = new ValuesScanner();
  const wide = Buffer.from(`('${"x)\\".repeat(400_000)}',2)`);
  scanner.beginStatement();
  scanner.push(wide, false);
  expect(scanner.take()).toEqual(totalsOf([wide]));
});

test("a row that is not closed is told, and is none of the next statement", () => {
  const scanner = new ValuesScanner();
  scanner.beginStatement();
  scanner.push(Buffer.from("(1,2),(3"), true);
  expect(scanner.isInRow).toBe(true);
  scanner.take();
  scanner.beginStatement();
  scanner.push(Buffer.from("(4)"), true);
  expect(scanner.take()).toEqual(totalsOf([Buffer.from("(4)")]));
});
