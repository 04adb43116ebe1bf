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

test("a language made of another one's functions names them, so that it can be made again", async () => {
  await using database = await withDatabase(await sharedServer(18));
  const definition = "CREATE TRUSTED PROCEDURAL LANGUAGE again HANDLER pg_catalog.plpgsql_call_handler;\n";
  await database.sql(definition);
  const { entries } = await ourEntries(database);
  expect(entries.map((entry) => entry.definition)).toEqual([definition]);
});
