import { expect, test } from "vitest";
import { explainedIn, stockOptions, unexplainedOptions } from "../helpers/stock-options.ts";

const heading = "### Options of pg_dump that are not taken";

test("each option of pg_dump 18 works here, or docs/postgres.md says why not", async () => {
  expect((await stockOptions("pg_dump")).length).toBeGreaterThan(60);
  expect(await unexplainedOptions("pg_dump", "backup single", heading)).toEqual([]);
});

test("nothing is explained that pg_dump does not have", async () => {
  const names = new Set((await stockOptions("pg_dump")).map(({ name }) => name));
  expect([...explainedIn(heading)].filter((name) => !names.has(name))).toEqual([]);
});
