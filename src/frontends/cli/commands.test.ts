import { expect, test } from "vitest";
import { commands } from "./commands.ts";

/** Those that change nothing of a repository or a database. */
const unrecorded: readonly string[] = [
  // Interrupted, it leaves nothing behind: not that it began, either.
  "init",
  "list",
  "show",
  "compare",
  "preflight",
  "status",
  "history",
  "catalog rebuild",
  "encrypt",
  "decrypt",
  "keys generate",
  "keys list",
  "cloud list",
  "config check",
  "config migrate",
  "config schema",
  "completion",
  "demo",
];

test("what a command changes is written down in the history, unless it is named here", () => {
  const found = commands.filter(({ isRecorded }) => isRecorded !== true).map(({ words }) => words.join(" "));
  expect(found).toEqual(unrecorded);
});
