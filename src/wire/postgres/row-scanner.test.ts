import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { joinRowTotals, noRows } from "../../core/row-totals.ts";
import { RowScanner } from "./row-scanner.ts";
import { sumRowsReference } from "./row-sum-reference.ts";

/** Rows of all length classes; backslashes are frequent, so that lines nearly end the data. */
const row = fc
  .oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300, size: "max" }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3000, size: "max" }) },
    { weight: 1, arbitrary: fc.constantFrom("\\N", "\\", "\\\\.", "a\\.", "\\.x", ".", "\\N\t\\.").map(Buffer.from) },
  )
  .map((bytes) => Buffer.from(bytes).map((byte) => (byte === 10 ? 11 : byte)))
  .filter((bytes) => Buffer.compare(bytes, Buffer.from("\\.")) !== 0);

const rows = fc.array(row, { maxLength: 60 });
const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1000 })));

function linesOf(list: readonly Uint8Array[]): Buffer {
  return Buffer.concat(list.flatMap((one) => [one, Buffer.from("\n")]));
}

function* cut(bytes: Buffer, sizes: Iterator<number>): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const size = sizes.next().value as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test("totals and bytes are those of the reference, wherever the text is cut", () => {
  const scanner = new RowScanner();
  fc.assert(
    fc.property(rows, cuts, fc.constantFrom("", "\n\n", "\n\nmore"), (list, sizes, after) => {
      const text = linesOf(list);
      scanner.reset();
      const seen: Buffer[] = [];
      let rest = "";
      for (const piece of cut(Buffer.concat([text, Buffer.from(`\\.\n${after}`)]), sizes)) {
        if (scanner.ended) {
          rest += piece.toString("latin1");
          continue;
        }
        const scanned = scanner.push(piece);
        seen.push(...scanned.rows.map((bytes) => Buffer.from(bytes)));
        if (scanned.rest !== undefined) rest += Buffer.from(scanned.rest).toString("latin1");
      }
      expect(scanner.ended).toBe(true);
      expect(rest).toBe(after);
      expect(Buffer.concat(seen).equals(text)).toBe(true);
      expect(scanner.finish()).toEqual(sumRowsReference(text));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["", "00000000000000000000000000000000"],
  ["\n", "99aa06d3014798d86001c324468d497f"],
  ["\n\n", "33540da6028f31b0c00386488d1a92fe"],
  ["abc\n", "06b05ab6733a618578af5f94892f3950"],
  ["1\tone\n2\ttwo\n3\t\\N\n", "ac2508d7839091b99bea843bc0ad8d0c"],
])("the checksum of %j is that of docs/FORMAT.md", (text, checksum) => {
  const scanner = new RowScanner();
  scanner.push(Buffer.from(text));
  expect(scanner.finish().checksum).toBe(checksum);
  expect(sumRowsReference(Buffer.from(text)).checksum).toBe(checksum);
  expect(readFileSync(new URL("../../../docs/FORMAT.md", import.meta.url), "utf8")).toContain(checksum);
});

test("text without the line that ends the data is scanned to its end", () => {
  const scanner = new RowScanner();
  const text = linesOf([Buffer.from("1\tone"), Buffer.from(""), Buffer.from("\\N\t\\N")]);
  expect(scanner.push(text)).toEqual({ rows: [text] });
  expect(scanner.ended).toBe(false);
  expect(scanner.finish()).toEqual(sumRowsReference(text));
});

test("a row larger than the scanner's memory is scanned in constant memory", () => {
  const scanner = new RowScanner();
  const piece = Buffer.alloc(3_000_000, "wide row ");
  for (let i = 0; i < 20; i++) scanner.push(piece);
  scanner.push(Buffer.from("\nshort\n"));
  const totals = scanner.finish();
  expect(totals.rows).toBe(2);
  expect(totals.bytes).toBe(60_000_007);
  // Cut elsewhere, the same.
  scanner.reset();
  const whole = Buffer.concat([...Array.from({ length: 20 }, () => piece), Buffer.from("\nshort\n")]);
  scanner.push(whole);
  expect(scanner.finish()).toEqual(totals);
});

test.each(["1\tone", "\\", "\\.", "a\nb"])("text that ends within a row is damaged: %j", (text) => {
  const scanner = new RowScanner();
  scanner.push(Buffer.from(text));
  expect(() => scanner.finish()).toThrow(expect.objectContaining({ code: "DAMAGED" }));
});

test("nothing may follow the end of the data", () => {
  const scanner = new RowScanner();
  scanner.push(Buffer.from("\\.\n"));
  expect(() => scanner.push(Buffer.from("1\n"))).toThrow("after the end");
});

test("the checksum of a table is the sum of its parts, in any order", () => {
  fc.assert(
    fc.property(rows, rows, rows, (a, b, c) => {
      const parts = [a, b, c].map((list) => sumRowsReference(linesOf(list)));
      expect(joinRowTotals([parts[2]!, noRows, parts[0]!, parts[1]!])).toEqual(
        sumRowsReference(linesOf([...a, ...b, ...c])),
      );
    }),
    { numRuns: 30 },
  );
});
