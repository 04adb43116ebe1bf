import { expect, test } from "vitest";
import { connectTo } from "../../../../tests/helpers/dump-to-memory.ts";
import { loadHostileGlobals } from "../../../../tests/helpers/hostile-globals.ts";
import { startServer } from "../../../../tests/helpers/postgres-server.ts";
import { stock } from "../../../../tests/helpers/stock-tools.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { queryRows } from "../dump/dump-session.ts";
import { globalsScript } from "./globals-script.ts";
import { readGlobals } from "./read-globals.ts";

test.each([10, 15, 18] as const)("globals of %s are written as stock pg_dumpall writes them", async (major) => {
  await using server = await startServer({ major });
  await loadHostileGlobals(server);
  await using connection = await connectTo(server, "postgres", { text: "binary" });
  const globals = await readGlobals((sql) => queryRows(connection, sql), capabilitiesOf(connection.serverVersion), {
    passwords: true,
  });
  const ours = globalsScript(globals, { encoding: "UTF8", restrictKey: "key" });
  const { stdout } = await stock(18).must("pg_dumpall", ["-g", "-d", server.url(), "--restrict-key", "key"]);
  expect(lines(ours)).toEqual(lines(stdout.toString("latin1")));
});

/** Sections that say nothing are empty lines of stock pg_dumpall's. */
function lines(text: string): string[] {
  return text.replace(/\n{3,}/g, "\n\n").split("\n");
}
