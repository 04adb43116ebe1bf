import { expect, test } from "vitest";
import { expectSameAsStock, ourEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";

test("who may use a language is dumped, the language is not", async () => {
  const server = await sharedServer(18);
  await using roles = await withRoles(server, ["language user"]);
  await using database = await withDatabase(server);
  await database.sql(
    `REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO ${roles.quoted[0]}`,
  );
  await expectSameAsStock(database);
  const { entries } = await ourEntries(database);
  expect(entries.map((entry) => `${entry.desc} ${entry.tag}`)).toEqual(["ACL LANGUAGE plpgsql"]);
});
