import { describe, expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { stockEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { loadZoo } from "../../../../tests/helpers/load-zoo.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { dropTrustReasons, entryTrustReasons, trustReasons } from "./needs-trust.ts";

test.each([
  ["COPY t FROM PROGRAM 'id';", "a program or a file"],
  ["COPY t (a, b) TO '/tmp/x';", "a program or a file"],
  ["COPY t FROM E'/tmp/x';", "a program or a file"],
  ["ALTER  SYSTEM SET x = 1;", "settings of the server"],
  ["CREATE EXTENSION IF NOT EXISTS hstore;", "an extension"],
  ["CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f();", "every change"],
  ["CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;", "connection string"],
  ["CREATE SERVER s FOREIGN DATA WRAPPER w;", "reach other servers"],
  ["CREATE USER MAPPING FOR x SERVER s;", "reach other servers"],
  ["DO $$ BEGIN END $$;", "runs code"],
  ["SELECT pg_read_file('/etc/passwd');", "outside the database"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'select 1';", "owner's rights"],
  ["CREATE OR REPLACE FUNCTION f() RETURNS int\n    LANGUAGE c AS 'x', 'y';", 'untrusted language "c"'],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE "plPython3u" AS $$x$$;', 'untrusted language "plPython3u"'],
])("%s", (sql, reason) => {
  expect(trustReasons(sql).join("; ")).toContain(reason);
});

describe("what hides is found all the same", () => {
  test.each([
    ["a comment between the words", "COPY t FROM /* x */ PROGRAM 'id';", "a program"],
    ["nested comments", "COPY/* /* */ */t\nTO--\nPROGRAM 'id';", "a program"],
    [
      "a comment that is none",
      "SELECT pg_catalog.set_config('/*', '', false); COPY t FROM PROGRAM 'x' --*/",
      "a program",
    ],
    ["an end of line comment that is none", "SET a = '--'; COPY t FROM PROGRAM 'x'", "a program"],
    ["another statement", "CREATE TABLE t (); DO 'x'", "runs code"],
    ["a comment first", "-- \nDO 'x'", "runs code"],
    [
      "a statement behind an atomic body",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; LOAD 'x'",
      "does not write",
    ],
    ["a call", "SELECT public.evil();", "does not write"],
    ["a loaded library", "LOAD '/tmp/x.so';", "does not write"],
    ["a procedure", "CALL p();", "does not write"],
    [
      "a body",
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN COPY t TO PROGRAM 'x'; END$$;",
      "a program",
    ],
    ["a quoted function", "CREATE TABLE t (a text DEFAULT \"pg_read_file\"('x'));", "outside the database"],
    ["a name in escapes", "CREATE TABLE t (a text DEFAULT U&\"\\0070g_read_file\"('x'));", "behind escapes"],
    ["a language in quotes", "CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE 'c';", "untrusted language"],
    [
      "a language after a default",
      "CREATE FUNCTION f(a text DEFAULT 'LANGUAGE sql') RETURNS int LANGUAGE c AS 'x';",
      '"c"',
    ],
    [
      "a language after an argument",
      "CREATE FUNCTION f(language sql, return int) RETURNS int LANGUAGE c AS 'x';",
      '"c"',
    ],
    [
      "a language after a body's",
      "CREATE FUNCTION f() RETURNS int AS $$ LANGUAGE sql $$ LANGUAGE internal;",
      '"internal"',
    ],
    ["no language", "CREATE FUNCTION f() RETURNS return AS 'x';", "does not say"],
    ["rights given afterwards", "ALTER FUNCTION f() SECURITY  DEFINER;", "owner's rights"],
    ["a role", "CREATE ROLE r SUPERUSER;", "all databases"],
    ["a membership", "GRANT pg_execute_server_program TO x;", "all databases"],
    ["rows that are computed", "INSERT INTO t VALUES (1, evil(2));", "computes rows"],
    ["rows of a query", "INSERT INTO t SELECT 1;", "computes rows"],
  ])("%s", (_, sql, reason) => {
    expect(trustReasons(sql).join("; ")).toContain(reason);
  });

  test("a string that ends elsewhere with standard_conforming_strings off", () => {
    const sql = "COMMENT ON TABLE t IS '\\'; -- '; LOAD 'x'";
    expect(trustReasons(sql, true)).toEqual([]);
    expect(trustReasons(sql, false).join()).toContain("does not write");
  });

  test("what drops an entry, and rows that come as statements", () => {
    const entry = { dumpId: 1, desc: "TABLE DATA", hadDumper: true, copy: null, drop: "COPY t TO PROGRAM 'x';" };
    expect(dropTrustReasons(sampleEntry(entry), true)).toEqual(["copies from or to a program or a file of the server"]);
    expect(entryTrustReasons(sampleEntry(entry), true)).toEqual([expect.stringContaining("by statements")]);
    expect(entryTrustReasons(sampleEntry({ ...entry, copy: "COPY t FROM stdin;\n" }), true)).toEqual([]);
  });
});

test.each([
  "COPY public.t (a) FROM stdin;",
  "CREATE TABLE t (a int);",
  "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ begin return 1; end $$;",
  "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN (SELECT language FROM t);",
  "CREATE PROCEDURE p() LANGUAGE sql AS 'select 1';",
  "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; DELETE FROM x);",
  "INSERT INTO public.t (a, b) VALUES (1, 'f(x)'), (B'1', NULL);",
  "SELECT pg_catalog.setval('a', 1, true);",
])("%s needs none", (sql) => {
  expect(trustReasons(sql)).toEqual([]);
});

test.each([10, 18] as const)(
  "the zoo of PostgreSQL %i needs trust for what it is, and for nothing else",
  async (major) => {
    await using zoo = await loadZoo(await sharedServer(major));
    const entries = (await stockEntries(zoo)).filter(({ desc }) => desc !== "ENCODING" && desc !== "STDSTRINGS");
    const found = new Map<string, string[]>();
    for (const entry of entries) {
      expect(dropTrustReasons(entry, true), entry.drop ?? "").toEqual([]);
      for (const reason of entryTrustReasons(entry, true)) {
        found.set(reason, [...(found.get(reason) ?? []), `${entry.desc} ${entry.tag}`]);
      }
    }
    const unexpected = [...found.keys()].filter((reason) =>
      /does not (write|say)|computes|behind escapes|all databases|libraries/.test(reason),
    );
    expect(unexpected.map((reason) => [reason, found.get(reason)])).toEqual([]);
    expect([...found.keys()]).toContain("holds a connection string to another server");
  },
);
