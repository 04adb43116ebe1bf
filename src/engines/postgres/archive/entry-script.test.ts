import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { dropStatement } from "./drop-statement.ts";
import { EntryScript } from "./entry-script.ts";
import type { TocEntry } from "./toc-entry.ts";

const searchPath = "SELECT pg_catalog.set_config('search_path', '', false);\n";

function script(entries: readonly TocEntry[], options: { noOwner?: boolean; searchPath?: string | null } = {}): string {
  const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const one = new EntryScript({ noOwner: false, searchPath, entry: (id) => byId.get(id), ...options });
  return entries.flatMap((entry) => one.steps(entry).map(({ sql }) => sql.trimEnd())).join("\n");
}

function table(dumpId: number, part: Partial<TocEntry>): TocEntry {
  return sampleEntry({ dumpId, desc: "TABLE", tag: `t${dumpId}`, namespace: "a", definition: "CREATE;\n", ...part });
}

test("settings are told when they change", () => {
  const entries = [
    table(1, { tablespace: "", tableAccessMethod: "heap" }),
    table(2, { tablespace: "", tableAccessMethod: "heap" }),
    table(3, { tablespace: "Fast", tableAccessMethod: "other" }),
    table(4, { tablespace: null, tableAccessMethod: null }),
    table(5, { tablespace: "", tableAccessMethod: "heap" }),
  ];
  expect(script(entries)).toBe(
    [
      "SET default_tablespace = '';",
      "SET default_table_access_method = heap;",
      "CREATE;",
      "CREATE;",
      'SET default_tablespace = "Fast";',
      "SET default_table_access_method = other;",
      "CREATE;",
      "CREATE;",
      "SET default_tablespace = '';",
      "SET default_table_access_method = heap;",
      "CREATE;",
    ].join("\n"),
  );
});

test("a partitioned table gets its access method afterwards: it has no storage to take the setting", () => {
  expect(script([table(1, { relkind: "p", tableAccessMethod: "other" })])).toBe(
    "CREATE;\nALTER TABLE a.t1 SET ACCESS METHOD other;",
  );
});

test("archives before 1.13 name the schema of each entry in the search path", () => {
  const entries = [
    table(1, {}),
    table(2, { namespace: "a" }),
    table(3, { namespace: "B b" }),
    table(4, { namespace: "pg_catalog" }),
  ];
  expect(script(entries, { searchPath: null })).toBe(
    'SET search_path = a, pg_catalog;\nCREATE;\nCREATE;\nSET search_path = "B b", pg_catalog;\nCREATE;\nSET search_path = pg_catalog;\nCREATE;',
  );
});

test("owners: by tag, by the DROP statement, not at all", () => {
  const owned = { owner: "Me", drop: "DROP x;\n" };
  const entries = [
    table(1, { ...owned }),
    table(2, { ...owned, desc: "FUNCTION", tag: "f()", drop: 'DROP FUNCTION a.f(integer, "T t");\n' }),
    table(3, { ...owned, desc: "INDEX" }),
    table(4, { ...owned, drop: "" }),
    table(5, { ...owned, desc: "BLOB", tag: "4711", namespace: null }),
  ];
  expect(script(entries)).toBe(
    'CREATE;\nALTER TABLE a.t1 OWNER TO "Me";\nCREATE;\nALTER FUNCTION a.f(integer, "T t") OWNER TO "Me";\nCREATE;\nCREATE;\nCREATE;\nALTER LARGE OBJECT 4711 OWNER TO "Me";',
  );
  expect(script(entries, { noOwner: true })).toBe("CREATE;\nCREATE;\nCREATE;\nCREATE;\nCREATE;");
  expect(() => script([table(1, { ...owned, desc: "WHATEVER" })])).toThrow("cannot have");
});

test("grouped large objects: one command for each, privileges too, whatever roles are called", () => {
  const group = sampleEntry({
    dumpId: 1,
    desc: "BLOB METADATA",
    tag: "7..9",
    definition: "7\n9\n",
    drop: "-- dummy",
    owner: "me",
  });
  const grants = 'GRANT SELECT ON LARGE OBJECT 7 TO "a; LARGE OBJECT 7";\nREVOKE ALL ON LARGE OBJECT 7 FROM b;\n';
  const acl = sampleEntry({ dumpId: 2, desc: "ACL", tag: "LARGE OBJECTS 7..9", definition: grants, dependencies: [1] });
  expect(
    script([group, acl])
      .split("\n")
      .filter((line) => line !== ""),
  ).toEqual([
    "SELECT pg_catalog.lo_create('7');",
    "SELECT pg_catalog.lo_create('9');",
    "ALTER LARGE OBJECT 7 OWNER TO me;",
    "ALTER LARGE OBJECT 9 OWNER TO me;",
    'GRANT SELECT ON LARGE OBJECT 7 TO "a; LARGE OBJECT 7";',
    'GRANT SELECT ON LARGE OBJECT 9 TO "a; LARGE OBJECT 7";',
    "REVOKE ALL ON LARGE OBJECT 7 FROM b;",
    "REVOKE ALL ON LARGE OBJECT 9 FROM b;",
  ]);
  expect(() => script([{ ...group, definition: "7'); DROP TABLE x; --\n" }])).toThrow("does not list large objects");
  expect(() => script([{ ...acl, dependencies: [99] }])).toThrow("does not list large objects");
  expect(() => script([group, { ...acl, definition: "DROP TABLE x;\n" }])).toThrow("does not list large objects");
});

test.each([
  ["TABLE", "DROP TABLE a.t;\n", "DROP TABLE IF EXISTS a.t;\n"],
  [
    "FK CONSTRAINT",
    "ALTER TABLE ONLY a.t DROP CONSTRAINT c;\n",
    "ALTER TABLE IF EXISTS ONLY a.t DROP CONSTRAINT IF EXISTS c;\n",
  ],
  [
    "DEFAULT",
    "ALTER TABLE a.t ALTER COLUMN c DROP DEFAULT;\n",
    "ALTER TABLE IF EXISTS a.t ALTER COLUMN c DROP DEFAULT;\n",
  ],
  ["POLICY", "DROP POLICY p ON a.t;\n", "DROP POLICY IF EXISTS p ON a.t;\n"],
  [
    "SCHEMA",
    "-- *not* dropping schema, since initdb creates it\n",
    "-- *not* dropping schema, since initdb creates it\n",
  ],
])("dropping a %s if it exists", (desc, drop, ifExists) => {
  expect(dropStatement(sampleEntry({ dumpId: 1, desc, drop }), false)).toBe(drop);
  expect(dropStatement(sampleEntry({ dumpId: 1, desc, drop }), true)).toBe(ifExists);
});
