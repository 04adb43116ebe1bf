import { describe, expect, test } from "vitest";
import { sampleEntry } from "../../../../../tests/helpers/archive-samples.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { nameDecoder } from "../../dump/name-decoder.ts";
import { selectEntries } from "./select-entries.ts";

const everything = {
  schemaOnly: false,
  dataOnly: false,
  tables: [] as string[],
  schemas: [] as string[],
  noOwner: false,
  noPrivileges: false,
  create: false,
};

let nextId = 1;
function entry(desc: string, tag: string, needs: readonly TocEntry[] = [], part: Partial<TocEntry> = {}): TocEntry {
  const hadDumper = desc === "TABLE DATA";
  return sampleEntry({
    dumpId: nextId++,
    desc,
    tag,
    namespace: "app",
    hadDumper,
    definition: hadDumper ? null : "SQL;\n",
    dependencies: needs.map(({ dumpId }) => dumpId),
    ...part,
  });
}

const schema = entry("SCHEMA", "app", [], { namespace: null });
const schemaComment = entry("COMMENT", "SCHEMA app", [schema], { namespace: null });
const type = entry("TYPE", "mood");
const a = entry("TABLE", "a", [type]);
const b = entry("TABLE", "b");
const owned = entry("SEQUENCE", "a_id_seq");
const ownedBy = entry("SEQUENCE OWNED BY", "a_id_seq", [owned, a]);
const identity = entry("SEQUENCE", "a_no_seq", [a]);
const free = entry("SEQUENCE", "free");
const byDefault = entry("DEFAULT", "a id", [a, owned]);
const view = entry("VIEW", "v", [a]);
const rowsOfA = entry("TABLE DATA", "a", [a]);
const rowsOfB = entry("TABLE DATA", "b", [b]);
const value = entry("SEQUENCE SET", "a_id_seq", [owned]);
const key = entry("CONSTRAINT", "a a_pkey", [a]);
const keyComment = entry("COMMENT", "CONSTRAINT a_pkey ON a", [key]);
const index = entry("INDEX", "a_i", [a]);
const foreignKey = entry("FK CONSTRAINT", "b b_a_fkey", [b, a, key]);
const grants = entry("ACL", "TABLE a", [a]);
const columnGrants = entry("ACL", "COLUMN a.x", [a, grants]);
const elsewhere = entry("TABLE", "a", [], { namespace: "Other sch\xc3\xa4ma" });
const all = [
  schema,
  schemaComment,
  type,
  a,
  b,
  owned,
  ownedBy,
  identity,
  free,
  byDefault,
  view,
  rowsOfA,
  rowsOfB,
  value,
].concat([key, keyComment, index, foreignKey, grants, columnGrants, elsewhere]);

function selected(more: Partial<typeof everything>, entries = all): TocEntry[] {
  return selectEntries(entries, { ...everything, ...more }, nameDecoder("UTF8")).selected.map((one) => one.entry);
}

describe("--table", () => {
  test("brings along what hangs on the table, but no foreign key to a table that stays behind", () => {
    expect(selected({ tables: ["app.a"] })).toEqual([
      a,
      owned,
      ownedBy,
      identity,
      byDefault,
      rowsOfA,
      value,
      key,
      keyComment,
      index,
      grants,
      columnGrants,
    ]);
    expect(selected({ tables: ["b"] })).toEqual([b, rowsOfB]);
    expect(selected({ tables: ["app.a", "b"] })).toContain(foreignKey);
  });

  test("a bare name means it in every schema, and names are Unicode", () => {
    expect(selected({ tables: ["a"] })).toContain(elsewhere);
    expect(selected({ tables: ["Other schäma.a"] })).toEqual([elsewhere]);
  });

  test("a view or sequence comes alone", () => {
    expect(selected({ tables: ["v"] })).toEqual([view]);
    expect(selected({ tables: ["free"] })).toEqual([free]);
  });

  test("what is not there is an error, and a type is no table", () => {
    for (const name of ["nosuch", "mood", "app.nosuch", "A"]) {
      expect(() => selected({ tables: [name] })).toThrow(`the backup holds no table "${name}"`);
    }
  });

  test("dependencies that go in circles, or nowhere, do not hang", () => {
    const one = sampleEntry({ ...index, dumpId: 1001, dependencies: [1002, a.dumpId] });
    const other = sampleEntry({ ...index, dumpId: 1002, dependencies: [1001, 999_999] });
    const itself = sampleEntry({ ...index, dumpId: 1003, dependencies: [1003, a.dumpId] });
    expect(selected({ tables: ["app.a"] }, [a, one, other, itself])).toEqual([a]);
  });
});

test("--schema takes the schema itself with its comment, and all that lies in it", () => {
  const taken = selected({ schemas: ["app"] });
  expect(taken).toEqual(all.filter((one) => one !== elsewhere));
  expect(selected({ schemas: ["Other schäma"] })).toEqual([elsewhere]);
  expect(selected({ schemas: ["app"], tables: ["a"] })).not.toContain(elsewhere);
  expect(() => selected({ schemas: ["nosuch"] })).toThrow('the backup holds no schema "nosuch"');
});

test("definitions and data are told apart as pg_restore does", () => {
  expect(selected({ dataOnly: true })).toEqual([rowsOfA, rowsOfB, value]);
  expect(selected({ schemaOnly: true })).toEqual(all.filter((one) => ![rowsOfA, rowsOfB, value].includes(one)));
  expect(selected({ noPrivileges: true })).toEqual(all.filter(({ desc }) => desc !== "ACL"));
});
