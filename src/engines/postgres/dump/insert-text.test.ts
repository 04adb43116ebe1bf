import { expect, test } from "vitest";
import type { InsertShape } from "../objects/insert-shape.ts";
import { InsertText } from "./insert-text.ts";

const shape: InsertShape = {
  statement: "INSERT INTO t VALUES",
  fields: [
    { kind: "text", before: "" },
    { kind: "number", before: "DEFAULT, " },
    { kind: "bits", before: "" },
    { kind: "boolean", before: "" },
  ],
  after: ", DEFAULT",
  rowsPerStatement: 2,
  ending: ";\n",
};

const rows = Buffer.from("a'b\\tc\\\\d\t1.5\t101\tt\n\\N\tNaN\t\\N\tf\n\t-1e+30\t\t\\N\n", "latin1");
const statements =
  "INSERT INTO t VALUES\n\t('a''b\tc\\d', DEFAULT, 1.5, B'101', true, DEFAULT),\n\t(NULL, DEFAULT, 'NaN', NULL, false, DEFAULT);\n" +
  "INSERT INTO t VALUES\n\t('', DEFAULT, -1e+30, B'', NULL, DEFAULT);\n\n\n";

function convert(blocks: readonly Buffer[], of: InsertShape): string {
  const text = new InsertText(of);
  const pieces = blocks.flatMap((block) => [...text.convert(block)]);
  return Buffer.concat([...pieces, text.end()]).toString("latin1");
}

test("rows become statements, wherever the blocks are cut", () => {
  for (let at = 0; at <= rows.length; at++) {
    expect(convert([rows.subarray(0, at), rows.subarray(at)], shape)).toBe(statements);
  }
  expect(
    convert(
      Array.from(rows, (byte) => Buffer.of(byte)),
      shape,
    ),
  ).toBe(statements);
});

test("a table without columns", () => {
  const empty = { ...shape, statement: "INSERT INTO e DEFAULT VALUES;\n", fields: [] };
  expect(convert([Buffer.from("\n\n")], empty)).toBe(
    "INSERT INTO e DEFAULT VALUES;\nINSERT INTO e DEFAULT VALUES;\n\n\n",
  );
  expect(convert([], shape)).toBe("\n\n");
});

test("long values come in pieces of bounded size", () => {
  const text = new InsertText({ ...shape, fields: [{ kind: "text", before: "" }], rowsPerStatement: 1 });
  const pieces = [...text.convert(Buffer.alloc(4 * 1024 * 1024, "'"))];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(300_000);
  expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(8 * 1024 * 1024 + "INSERT INTO t VALUES ('".length);
});
