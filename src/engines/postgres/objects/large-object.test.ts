import { describe, expect, test } from "vitest";
import { expectSameAsStock, ourEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { describeEntries } from "../../../../tests/helpers/describe-entries.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";
import { ungroupLargeObjects } from "../dump/ungroup-large-objects.ts";

const objects = (owner: string, reader: string): string => `
  SELECT lo_create(oid) FROM generate_series(50001, 53001) AS oid;
  SELECT lo_from_bytea(77777, 'abc'), lo_from_bytea(4000000000, 'x'), lo_create(88);
  ALTER LARGE OBJECT 77777 OWNER TO ${owner};
  COMMENT ON LARGE OBJECT 88 IS 'it''s small';
  COMMENT ON LARGE OBJECT 50005 IS 'one of many';
  GRANT SELECT ON LARGE OBJECT 77777 TO ${reader};
  GRANT SELECT ON LARGE OBJECT 88 TO ${reader} WITH GRANT OPTION;
  GRANT SELECT ON LARGE OBJECT 4000000000 TO ${reader} WITH GRANT OPTION;
  GRANT UPDATE ON LARGE OBJECT 4000000000, 88 TO PUBLIC;
`;

describe.each([10, 18] as const)("large objects of PostgreSQL %i", (major) => {
  test("groups, contents, comments, owners and privileges are stock pg_dump's", async () => {
    await using roles = await withRoles(await sharedServer(major), ["lo_owner", 'lo; "LARGE OBJECT 1']);
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(objects(roles.quoted[0]!, roles.quoted[1]!));
    await expectSameAsStock(database);
    const { entries } = await ourEntries(database);
    const groups = entries.flatMap((entry) => (entry.data?.kind === "large-objects" ? [entry.data.oids] : []));
    expect(groups.map((oids) => oids.length).toSorted((a, b) => b - a)).toEqual([1000, 1000, 1000, 2, 1, 1]);
    expect(groups.flat().toSorted((a, b) => b - a)[0]).toBe(4_000_000_000);
  });
});

test("for older archives every large object has its entries before the data, and one holds all contents", async () => {
  await using roles = await withRoles(await sharedServer(15), ["lo_single_owner", 'lo_single; "LARGE OBJECT 1']);
  await using database = await withDatabase(await sharedServer(15));
  const { entries: none } = await ourEntries(database);
  expect(ungroupLargeObjects(none, () => 0)).toEqual(none);

  const [, reader] = roles.quoted;
  await database.sql(`
    SELECT lo_create(101), lo_create(99);
    COMMENT ON LARGE OBJECT 99 IS 'note';
    GRANT SELECT ON LARGE OBJECT 99 TO ${reader} WITH GRANT OPTION;
    GRANT SELECT ON LARGE OBJECT 101 TO ${reader} WITH GRANT OPTION;
  `);
  const { entries: grouped } = await ourEntries(database);
  let dumpId = 1_000_000;
  const entries = ungroupLargeObjects(grouped, () => ++dumpId);
  const text = describeEntries(entries, (entry) => entry.section === "pre-data" || entry.desc !== "SCHEMA");
  // What pg_dump 15 writes for the same objects.
  expect(
    text.map((entry) => entry.split("\n").filter((line) => /^(BLOB|ACL|COMMENT|GRANT|SELECT|after|drop)/.test(line))),
  ).toEqual([
    ["BLOB - 101", "after ", "drop SELECT pg_catalog.lo_unlink('101');", "SELECT pg_catalog.lo_create('101');"],
    [
      "ACL - LARGE OBJECT 101",
      "after BLOB - 101",
      "drop ",
      `GRANT SELECT ON LARGE OBJECT 101 TO ${reader} WITH GRANT OPTION;`,
    ],
    ["BLOB - 99", "after ", "drop SELECT pg_catalog.lo_unlink('99');", "SELECT pg_catalog.lo_create('99');"],
    ["COMMENT - LARGE OBJECT 99", "after BLOB - 99", "drop ", "COMMENT ON LARGE OBJECT 99 IS 'note';"],
    [
      "ACL - LARGE OBJECT 99",
      "after BLOB - 99",
      "drop ",
      `GRANT SELECT ON LARGE OBJECT 99 TO ${reader} WITH GRANT OPTION;`,
    ],
    ["BLOBS - BLOBS", "after ", "drop "],
  ]);
  expect(entries.at(-1)?.data).toEqual({ kind: "large-objects", oids: [99, 101] });
});
