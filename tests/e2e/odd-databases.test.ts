import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectArrivesAsWithStock } from "../helpers/arrives-as-with-stock.ts";
import { expectSameAsStock, ourEntries } from "../helpers/compare-with-stock.ts";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

/** As many columns as a table can have. */
const MOST_COLUMNS = 1600;

/** As long as names can be, with a quote in it. */
const columnName = (column: number): string => `"${`${column} `.padEnd(62, "x")}"""`;

/** Backs up, restores, and expects the same by stock pg_dump, by hashes of rows and by our own comparison. */
async function expectRoundTrip(source: TestDatabase): Promise<void> {
  await using folder = await withTemporaryFolder();
  await using target = await withDatabase(source.server);
  const file = join(folder.path, "odd.dump");
  const url = ["--url", source.url];
  await mustDbbackup(["backup", "single", source.name, ...url, "--output", file]);
  await mustDbbackup(["restore", "single", file, ...url, "--target", target.name]);
  const [before, after] = await Promise.all([source, target].map(({ server, name }) => databaseContents(server, name)));
  expect(after).toEqual(before);
  await mustDbbackup(["compare", source.url, target.url]);
}

describe.each([10, 18] as const)("PostgreSQL %i", (major) => {
  test("a table of 1,600 columns, and one whose columns are nearly all dropped ones", async () => {
    await using source = await withDatabase(await sharedServer(major));
    const columns = Array.from({ length: MOST_COLUMNS }, (_, at) => columnName(at + 1));
    // Few defaults: each costs the server a millisecond in so wide a table, whoever asks.
    const definitions = columns.map((name, at) => `${name} smallint ${at % 400 === 0 ? `DEFAULT ${at}` : ""}`);
    // More at once take the server seconds.
    const dropped = columns.slice(0, 90).map((name) => `DROP COLUMN ${name}`);
    await source.sql(`CREATE TABLE widest (${definitions.join(", ")}); COMMENT ON COLUMN widest.${columns.at(-1)} IS 'the last';
      INSERT INTO widest (${columns[1]}) SELECT generate_series(1, 3);
      CREATE TABLE narrowed AS SELECT ${columns.slice(0, 91).join(", ")} FROM widest; ALTER TABLE narrowed ${dropped.join(", ")}`);
    await expectSameAsStock(source);
    await expectRoundTrip(source);
  });

  test("temporary objects of sessions that go on are no part of the dump, what hangs on them neither", async () => {
    await using source = await withDatabase(await sharedServer(major));
    await source.sql("CREATE TABLE kept (a integer); INSERT INTO kept VALUES (1)");
    await using session = await connectTo(source.server, source.name);
    await session.query(`CREATE TEMPORARY TABLE gone (a serial PRIMARY KEY, b text CHECK (b <> '')); COMMENT ON TABLE gone IS 'gone';
      CREATE TEMPORARY TABLE child () INHERITS (kept); INSERT INTO child VALUES (2);
      CREATE TEMPORARY SEQUENCE numbers; CREATE TEMPORARY VIEW seen AS SELECT * FROM kept;
      CREATE TYPE pg_temp.pair AS (x integer, y integer); CREATE DOMAIN pg_temp.small AS integer CHECK (VALUE < 9);
      CREATE TYPE pg_temp.mood AS ENUM ('sad'); CREATE AGGREGATE pg_temp.total (integer) (SFUNC = int4pl, STYPE = integer);
      CREATE FUNCTION pg_temp.twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';
      CREATE FUNCTION quietly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER changed BEFORE INSERT ON gone FOR EACH ROW EXECUTE PROCEDURE quietly();
      CREATE RULE ignored AS ON DELETE TO gone DO INSTEAD NOTHING; CREATE STATISTICS pg_temp.both ON a, b FROM gone;
      CREATE INDEX on_gone ON gone (b); ALTER TABLE gone ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON gone USING (true);
      CREATE COLLATION pg_temp.plain (LOCALE = 'C'); CREATE OPERATOR pg_temp.@+@ (PROCEDURE = int4pl, LEFTARG = integer, RIGHTARG = integer)`);
    await expectSameAsStock(source);
    await expectRoundTrip(source);
    expect(await session.query("SELECT count(*) FROM child")).toBeDefined();
  });
});

test.each([10, 18] as const)(
  "privileges of large objects that others than the owner granted: PostgreSQL %i",
  async (major) => {
    await using roles = await withRoles(await sharedServer(major), ["odd_first", "odd_second"]);
    await using source = await withDatabase(await sharedServer(major));
    const [first, second] = roles.quoted;
    await source.sql(`SELECT lo_create(oid) FROM unnest(ARRAY[4711, 4712, 4713]) AS oid;
    DO $$ BEGIN FOR oid IN 4711..4712 LOOP
      EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO ${first} WITH GRANT OPTION; SET ROLE ${first};
        GRANT SELECT ON LARGE OBJECT %1$s TO ${second}, PUBLIC; RESET ROLE', oid);
    END LOOP; END $$; GRANT UPDATE ON LARGE OBJECT 4713 TO ${second}`);
    const privileges = "SELECT oid, lomacl FROM pg_largeobject_metadata ORDER BY oid";
    const expected = await source.sql(privileges);
    await using folder = await withTemporaryFolder();
    for (const format of ["custom", "plain"]) {
      await using target = await withDatabase(source.server);
      const file = join(folder.path, format);
      await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--format", format, "--output", file]);
      await mustDbbackup(["restore", "single", file, "--url", source.url, "--target", target.name]);
      expect(await target.sql(privileges)).toEqual(expected);
    }
    await using target = await withDatabase(source.server);
    await stockFor(major).must("pg_restore", ["-d", target.url, join(folder.path, "custom")]);
    expect(await target.sql(privileges)).toEqual(expected);
  },
);

test("defaults and checks that call a function whose body needs a primary key: tables stay before their rows", async () => {
  await using source = await withDatabase(await sharedServer(18));
  await source.sql(`CREATE TABLE keyed (id integer PRIMARY KEY, a text, b integer);
    CREATE FUNCTION b_of(wanted integer) RETURNS integer LANGUAGE sql STABLE
      BEGIN ATOMIC SELECT b FROM keyed WHERE id = wanted GROUP BY id; END;
    CREATE TABLE has_default (a integer, b integer DEFAULT b_of(1));
    CREATE TABLE heir (c integer) INHERITS (has_default);
    CREATE TABLE has_check (a integer CHECK (b_of(a) > 0));
    CREATE DOMAIN checked AS integer CHECK (b_of(VALUE) > 0);
    CREATE TABLE of_domain (a checked);
    CREATE TABLE divided (a integer, b integer DEFAULT b_of(2)) PARTITION BY LIST (a);
    CREATE TABLE part1 PARTITION OF divided FOR VALUES IN (1);
    INSERT INTO keyed VALUES (1, 'a', 2); INSERT INTO has_default VALUES (1); INSERT INTO heir VALUES (1, 2, 3);
    INSERT INTO has_check VALUES (1); INSERT INTO of_domain VALUES (1); INSERT INTO divided VALUES (1)`);
  const { entries, warnings } = await ourEntries(source);
  expect(warnings).toEqual([]);
  const behindData = entries.filter(({ section }) => section === "post-data").map(({ desc }) => desc);
  expect(new Set(behindData)).toEqual(new Set(["CONSTRAINT", "FUNCTION", "DEFAULT", "CHECK CONSTRAINT"]));
  await expectArrivesAsWithStock(source.server, source.name, entries.length - 1);
});
