import { describe, expect, test } from "vitest";
import { ColumnKind } from "../../../wire/postgres/column-kind.ts";
import { binaryColumns, copyTo } from "./binary-columns.ts";
import type { Column, Relation } from "./relation/relation.ts";

const outputs = { text: 47, int4: 43, jsonb: 3804, bytea: 31, timestamptz: 1151, numeric: 1702, postgis: 16_500 };

function columns(...types: readonly (keyof typeof outputs)[]): Column[] {
  return types.map((type, index) => ({ name: `c ${index}`, output: outputs[type] }) as Column);
}

/** A table whose rows take `rowBytes` in their pages. */
function table(rowBytes: number): Relation {
  return { pages: rowBytes, estimatedRows: 8192 } as Relation;
}

const unknown = { pages: 0, estimatedRows: -1 } as Relation;

test("wide text is read in binary format, its columns as they are", () => {
  expect(binaryColumns(table(200), columns("int4", "text", "jsonb"))).toEqual({
    kinds: [ColumnKind.int4, ColumnKind.text, ColumnKind.jsonb],
    list: '"c 0", "c 1", "c 2"',
    isPlain: true,
  });
});

test("what only the server can write comes as the text of its output function", () => {
  expect(binaryColumns(table(300), columns("text", "timestamptz"))).toEqual({
    kinds: [ColumnKind.text, ColumnKind.text],
    list: '"c 0", pg_catalog.textin(pg_catalog.timestamptz_out("c 1"))',
    isPlain: false,
  });
});

describe("text format is left for", () => {
  const cases: readonly (readonly [string, Relation, Column[]])[] = [
    ["rows without text", table(400), columns("int4", "int4", "numeric")],
    ["little text", table(60), columns("int4", "text")],
    ["less text than casts are worth", table(200), columns("text", "numeric", "numeric", "numeric")],
    ["types of extensions, whose functions may not be called", table(4000), columns("text", "postgis")],
    ["casts in a table of unknown size", unknown, columns("text", "numeric")],
    ["small tables, whose pages are not full", { pages: 1, estimatedRows: 10 } as Relation, columns("text", "jsonb")],
    ["no columns", table(30), []],
  ];
  test.each(cases)("%s", (_, relation, given) => expect(binaryColumns(relation, given)).toBeUndefined());
});

test("of unknown size, a table with text is read in binary format", () => {
  expect(binaryColumns(unknown, columns("bytea", "int4"))?.isPlain).toBe(true);
});

test("the COPY says its format", () => {
  expect(copyTo("t (a)", undefined)).toBe("COPY t (a) TO stdout");
  expect(copyTo("t (a)", [ColumnKind.text])).toBe("COPY t (a) TO stdout (FORMAT binary)");
});
