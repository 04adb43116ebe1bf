import { expect, test } from "vitest";
import { explainedIn, stockOptions, unexplainedOptions } from "../helpers/stock-options.ts";

const heading = "### Options of pg_restore that are not taken";

test("each option of pg_restore 18 works here, or docs/postgres.md says why not", async () => {
  expect((await stockOptions("pg_restore")).length).toBeGreaterThan(45);
  expect(await unexplainedOptions("pg_restore", "restore single", heading)).toEqual([]);
});

test("nothing is explained that pg_restore does not have", async () => {
  const names = new Set((await stockOptions("pg_restore")).map(({ name }) => name));
  expect([...explainedIn(heading)].filter((name) => !names.has(name))).toEqual([]);
});
