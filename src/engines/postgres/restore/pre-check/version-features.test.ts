import { expect, test } from "vitest";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { missingFeatures } from "./version-features.ts";

function missingOn(major: number, desc: string, definition: string): string[] {
  const entry = { desc, tag: "x", definition } as TocEntry;
  const parts = { definition: true } as Parameters<typeof missingFeatures>[0][number]["parts"];
  return missingFeatures([{ entry, parts }], major).map(({ what }) => what);
}

test.each([
  [13, "FUNCTION", "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql\n    RETURN 1;\n"],
  [13, "FUNCTION", "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\nEND;\n"],
  [11, "TABLE", "CREATE TABLE s.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2)) STORED\n);\n"],
  [17, "TABLE", "CREATE TABLE s.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2))\n);\n"],
  [14, "VIEW", "CREATE VIEW s.v WITH (security_invoker='true') AS\n SELECT 1;\n"],
  [14, "INDEX", "CREATE UNIQUE INDEX i ON s.t USING btree (a) NULLS NOT DISTINCT;\n"],
  [16, "ACL", "GRANT MAINTAIN ON TABLE s.t TO r;\n"],
])("a server %i lacks what this %s uses", (major, desc, definition) => {
  expect(missingOn(major, desc, definition)).toHaveLength(1);
  expect(missingOn(18, desc, definition)).toEqual([]);
});

test.each([
  ["FUNCTION", "CREATE FUNCTION s.f() RETURNS trigger\n    LANGUAGE plpgsql\n    AS $$BEGIN\n  RETURN NEW;\nEND$$;\n"],
  ["FUNCTION", "CREATE FUNCTION s.f() RETURNS text\n    LANGUAGE sql\n    AS $_$SELECT '$$\n BEGIN ATOMIC'$_$;\n"],
  ["TABLE", "CREATE TABLE s.t (\n    a text DEFAULT ' GENERATED ALWAYS AS (it''s'::text\n);\n"],
  ["ACL", 'GRANT SELECT ON TABLE s.t TO "MAINTAIN";\n'],
  ["VIEW", "CREATE VIEW s.v AS\n SELECT a.security_invoker FROM s.a;\n"],
])("words in a literal, body or name of a %s are no feature", (desc, definition) => {
  expect(missingOn(10, desc, definition)).toEqual([]);
});
