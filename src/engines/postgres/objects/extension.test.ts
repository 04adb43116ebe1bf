import { describe, expect, test } from "vitest";
import { expectSameAsStock, ourEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";

describe.each([10, 18] as const)("extensions of PostgreSQL %i", (major) => {
  test("extensions come without their members, but with privileges changed on them", async () => {
    await using roles = await withRoles(await sharedServer(major), ["extension_user"]);
    const [user] = roles.quoted;
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(`
      CREATE SCHEMA "Ext";
      CREATE EXTENSION hstore WITH SCHEMA "Ext";
      CREATE EXTENSION "uuid-ossp";
      COMMENT ON EXTENSION hstore IS 'ours';
      COMMENT ON EXTENSION "uuid-ossp" IS NULL;
      GRANT EXECUTE ON FUNCTION "Ext".akeys("Ext".hstore) TO ${user};
      REVOKE ALL ON FUNCTION "Ext".hstore(text, text) FROM PUBLIC;
      GRANT USAGE ON TYPE "Ext".hstore TO ${user};
      CREATE TYPE holder AS (h "Ext".hstore, several "Ext".hstore[]);
      CREATE FUNCTION first(h "Ext".hstore) RETURNS "Ext".hstore[] LANGUAGE sql AS 'SELECT array[$1]';
      ALTER FUNCTION first DEPENDS ON EXTENSION hstore;
    `);
    await expectSameAsStock(database);
    const { entries } = await ourEntries(database);
    expect(entries.filter((entry) => entry.desc === "FUNCTION").map((entry) => entry.tag)).toEqual([
      'first("Ext".hstore)',
    ]);
  });
});
