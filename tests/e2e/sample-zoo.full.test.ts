import { expect, test } from "vitest";
import { loadZoo } from "../helpers/load-zoo.ts";
import { joinedByEnum, plannedRows, restoredSample } from "../helpers/restored-sample.ts";
import { sharedServer } from "../helpers/shared-servers.ts";

// Of 16 there is no stock pg_restore here, and that of 17 sets what 16 does not know.
test.each([10, 11, 12, 13, 14, 15, 17, 18] as const)("samples of the zoo restore: PostgreSQL %i", async (major) => {
  await using database = await loadZoo(await sharedServer(major));
  for (const value of [1, 10, 50]) {
    const { plan, rows } = await restoredSample(database, { kind: "percent", value, seed: 3 });
    expect(joinedByEnum(rows)).toEqual(joinedByEnum(plannedRows(plan)));
  }
});
