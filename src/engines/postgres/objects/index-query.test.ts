import { describe, expect, test } from "vitest";
import { binaryRows, expectSameAsStock } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { indexQuery } from "./index-query.ts";

const tables = `
  CREATE SCHEMA "Odd Schema";
  CREATE DOMAIN label AS text COLLATE "C";
  CREATE DOMAIN number AS int4;
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE "Odd Schema"."select" (
    plain int4, "Upper Case" text, "order" int8, a_label label, a_number number, a_mood mood, short varchar(10), fixed char(3),
    in_c text COLLATE "C", list int4[], doc jsonb, ip inet, kept name, given timestamptz, flag bool, amount numeric);
  CREATE TABLE child () INHERITS ("Odd Schema"."select");
  CREATE MATERIALIZED VIEW seen AS SELECT plain, "order" FROM "Odd Schema"."select"`;

/** Those that look plain, and those that differ from a plain one in one thing. */
const indexes = [
  "plain",
  '"Upper Case"',
  '"order"',
  "a_label",
  "a_number",
  "a_mood",
  "short",
  "fixed",
  "in_c",
  "list",
  "doc",
  "ip",
  "kept",
  "given",
  "flag",
  "amount",
  "plain DESC",
  "plain NULLS FIRST",
  "plain DESC NULLS LAST",

  '"Upper Case" COLLATE "C"',
  'in_c COLLATE "POSIX"',
  "(lower(in_c))",
  "((plain))",
  '"Upper Case" text_pattern_ops',
  "short varchar_pattern_ops",
  "fixed bpchar_pattern_ops",
  'plain, "order"',
  '"order", plain DESC',
].map((columns) => `CREATE INDEX ON "Odd Schema"."select" (${columns})`);

const others = [
  'CREATE UNIQUE INDEX "Unique" ON "Odd Schema"."select" ("order")',
  'CREATE UNIQUE INDEX ON "Odd Schema"."select" (plain) WHERE flag',
  'CREATE INDEX ON "Odd Schema"."select" USING hash (plain)',
  'CREATE INDEX ON "Odd Schema"."select" USING brin (given)',
  'CREATE INDEX ON "Odd Schema"."select" USING gin (doc)',
  'CREATE INDEX ON "Odd Schema"."select" (amount) WITH (fillfactor = 50)',
  'ALTER TABLE "Odd Schema"."select" ADD UNIQUE (given)',
  "CREATE INDEX ON child (plain)",
  'CREATE UNIQUE INDEX "seen key" ON seen (plain)',
  // A default class of a user's own for a type that is otherwise served by another one's.
  "CREATE OPERATOR CLASS own_varchar DEFAULT FOR TYPE varchar USING btree AS OPERATOR 1 <(text, text), OPERATOR 2 <=(text, text), " +
    "OPERATOR 3 =(text, text), OPERATOR 4 >=(text, text), OPERATOR 5 >(text, text), FUNCTION 1 (varchar, varchar) bttextcmp(text, text)",
  'CREATE INDEX by_own_class ON "Odd Schema"."select" (short)',
  'CREATE INDEX by_usual_class ON "Odd Schema"."select" (short text_ops)',
];

describe.each([10, 18] as const)("index definitions of PostgreSQL %i", (major) => {
  test.each(["off", "on"])("are what the server prints, with quote_all_identifiers %s", async (quotesAll) => {
    await using database = await withDatabase(await sharedServer(major));
    await database.sql([tables, ...indexes, ...others].join(";\n"));
    const query = indexQuery(
      capabilitiesOf(major * 1_00_00),
      "(SELECT pg_catalog.array_agg(oid) FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm'))",
    );
    await database.sql(`ALTER DATABASE "${database.name}" SET quote_all_identifiers = ${quotesAll}`);
    const rows = await binaryRows(
      database,
      `SELECT q.definition, pg_catalog.pg_get_indexdef(q.oid) AS server FROM (${query}) AS q WHERE q.definition IS NOT NULL`,
    );
    expect(rows.length).toBe(indexes.length + others.length - 2);
    for (const { definition, server } of rows) expect(definition).toBe(server);
  });

  test("and all else is dumped as stock pg_dump does", async () => {
    await using database = await withDatabase(await sharedServer(major));
    await database.sql([tables, ...indexes, ...others].join(";\n"));
    await expectSameAsStock(database);
  });
});

test("defaults and generation expressions with what looks like columns", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`CREATE TABLE t (a int DEFAULT 1, b text DEFAULT '{VAR :varno 1}', c text[] DEFAULT '{VAR ,x}',
    d int GENERATED ALWAYS AS (a * 2) STORED, e text GENERATED ALWAYS AS (b || '{VAR ') VIRTUAL,
    f oid DEFAULT 't'::regclass::oid, "{VAR " int DEFAULT 5, g int GENERATED ALWAYS AS ("{VAR " + 1) STORED)`);
  await expectSameAsStock(database);
});
