import { expect, test } from "vitest";
import type { DumpedTable } from "../../../../ports/dump.ts";
import { withKeptTables } from "./kept-tables.ts";

const table = (name: string): DumpedTable => ({ schema: "s", name, rows: 1, bytes: 2, checksum: "" });
const kept = (index: number, name: string) => ({ index, table: table(name) });

test.each([
  [["a", "b"], [], "ab"],
  [[], [kept(0, "a"), kept(1, "b")], "ab"],
  [["b", "d"], [kept(0, "a"), kept(2, "c"), kept(4, "e")], "abcde"],
  [["a", "b"], [kept(2, "c")], "abc"],
  [["b", "c"], [kept(0, "a")], "abc"],
])("tables of %j and those that were kept come in the order of the archive", (copied, before, expected) => {
  const all = withKeptTables(copied.map(table), before);
  expect(all.map(({ name }) => name).join("")).toBe(expected);
});
