import { expect, test } from "vitest";
import { trustReasons } from "./needs-trust.ts";

test.each([
  ["COPY t FROM PROGRAM 'id';", "a program or a file"],
  ["COPY t (a, b) TO '/tmp/x';", "a program or a file"],
  ["COPY t FROM E'/tmp/x';", "a program or a file"],
  ["ALTER  SYSTEM SET x = 1;", "settings of the server"],
  ["CREATE EXTENSION IF NOT EXISTS hstore;", "an extension"],
  ["CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f();", "every change"],
  ["CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;", "connection string"],
  ["DO $$ BEGIN END $$;", "runs code"],
  ["SELECT pg_read_file('/etc/passwd');", "outside the database"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'select 1';", "owner's rights"],
  ["CREATE OR REPLACE FUNCTION f() RETURNS int\n    LANGUAGE c AS 'x', 'y';", 'untrusted language "c"'],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE "plPython3u" AS $$x$$;', 'untrusted language "plPython3u"'],
])("%s", (sql, reason) => {
  expect(trustReasons(sql).join("; ")).toContain(reason);
});

test.each([
  "COPY public.t (a) FROM stdin;",
  "CREATE TABLE t (a int);",
  "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ begin return 1; end $$;",
  "CREATE PROCEDURE p() LANGUAGE sql AS 'select 1';",
])("%s needs none", (sql) => {
  expect(trustReasons(sql)).toEqual([]);
});
