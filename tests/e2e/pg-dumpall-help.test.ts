import { expect, test } from "vitest";
import { explainedIn, stockOptions, unexplainedOptions } from "../helpers/stock-options.ts";

const heading = "### Options of pg_dumpall that are not taken";

/** What shapes a script of pg_dumpall's is chosen here when the cluster is backed up, or when it is restored. */
test("each option of pg_dumpall 18 works here, or docs/postgres.md says why not", async () => {
  expect((await stockOptions("pg_dumpall")).length).toBeGreaterThan(50);
  const ofBackup = await unexplainedOptions("pg_dumpall", "backup cluster", heading);
  const ofRestore = new Set(await unexplainedOptions("pg_dumpall", "restore cluster", heading));
  expect(ofBackup.filter((name) => ofRestore.has(name))).toEqual([]);
});

test("nothing is explained that pg_dumpall does not have", async () => {
  const names = new Set((await stockOptions("pg_dumpall")).map(({ name }) => name));
  expect([...explainedIn(heading)].filter((name) => !names.has(name))).toEqual([]);
});
