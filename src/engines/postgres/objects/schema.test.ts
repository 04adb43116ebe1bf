import { describe, expect, test } from "vitest";
import { compareWithStock, expectSameAsStock, ourEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";

describe.each([10, 15, 18] as const)("schemas of PostgreSQL %i", (major) => {
  test("owners, comments and privileges are stock pg_dump's", async () => {
    await using roles = await withRoles(await sharedServer(major), ["schema_owner", 'schema "reader"', "schema_r=x/y"]);
    const [owner, reader, odd] = roles.quoted;
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(`
      CREATE SCHEMA app AUTHORIZATION ${owner};
      COMMENT ON SCHEMA app IS 'it''s \\ a "schema"';
      GRANT USAGE ON SCHEMA app TO ${reader} WITH GRANT OPTION;
      CREATE SCHEMA "Sélect -- odd
name";
      COMMENT ON SCHEMA "Sélect -- odd
name" IS E'two\nlines';
      REVOKE ALL ON SCHEMA "Sélect -- odd
name" FROM postgres;
      SET ROLE ${reader}; GRANT USAGE ON SCHEMA app TO ${odd}; RESET ROLE;
      GRANT CREATE ON SCHEMA pg_catalog TO ${reader};
    `);
    await expectSameAsStock(database);
    expect((await compareWithStock(database)).ours.length).toBeGreaterThanOrEqual(7);
  });

  test("a changed schema public is described by its changes", async () => {
    await using roles = await withRoles(await sharedServer(major), ["schema_public_owner"]);
    await using database = await withDatabase(await sharedServer(major));
    await expectSameAsStock(database);
    await database.sql(`
      ALTER SCHEMA public OWNER TO ${roles.quoted[0]};
      GRANT ALL ON SCHEMA public TO PUBLIC;
      COMMENT ON SCHEMA public IS 'ours';
    `);
    await expectSameAsStock(database);
    await database.sql("COMMENT ON SCHEMA public IS NULL; REVOKE ALL ON SCHEMA public FROM PUBLIC");
    // Of an older server, stock pg_dump forgets to take away what its new databases grant.
    await expectSameAsStock(database, (entry) => major >= 15 || entry.desc !== "ACL");
  });

  test("what was taken from everybody on schema public stays so where it is restored", async () => {
    const server = await sharedServer(major);
    await using database = await withDatabase(server);
    await using target = await withDatabase(server);
    await database.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC");
    const { entries } = await ourEntries(database);
    for (const { definition } of entries) await target.sql(definition!);
    const asked =
      "SELECT has_schema_privilege('public', 'public', 'CREATE') AS c, has_schema_privilege('public', 'public', 'USAGE') AS u";
    expect(await target.sql(asked)).toEqual([{ c: "f", u: "t" }]);
  });
});
