import { describe, test } from "vitest";
import { expectSameAsStock } from "../../../../tests/helpers/compare-with-stock.ts";
import { loadRelations } from "../../../../tests/helpers/load-relations.ts";
import { loadZoo } from "../../../../tests/helpers/load-zoo.ts";
import { defaultMajors } from "../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";

describe.each(defaultMajors)("objects of PostgreSQL %i", (major) => {
  test("every entry is stock pg_dump's, in the same order", async () => {
    await using database = await loadZoo(await sharedServer(major));
    await loadRelations(database);
    await expectSameAsStock(database, (entry) => !entry.tag.startsWith("DATABASE ") && entry.tag !== database.name);
  });
});
