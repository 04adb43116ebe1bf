import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { connectTo } from "../../../../tests/helpers/dump-to-memory.ts";
import { loadHostileGlobals } from "../../../../tests/helpers/hostile-globals.ts";
import { type PostgresServer, startServer } from "../../../../tests/helpers/postgres-server.ts";
import { stock } from "../../../../tests/helpers/stock-tools.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { queryRows } from "../dump/dump-session.ts";
import { quoteAllIdentifiers } from "../sql/quote.ts";
import { globalsScript } from "./globals-script.ts";
import { readGlobals } from "./read-globals.ts";
import { readGlobalsScript } from "./read-globals-script.ts";

test.each([10, 15, 18] as const)("globals of %s are written as stock pg_dumpall writes them", async (major) => {
  await using server = await startServer({ major });
  await loadHostileGlobals(server);
  expect(lines(await ours(server))).toEqual(lines(await stocks(server)));
  const quoted = await quoteAllIdentifiers(() => ours(server));
  expect(lines(quoted)).toEqual(lines(await stocks(server, "--quote-all-identifiers")));
  expect(quoted).toContain('CREATE ROLE "app"');
  expect(await understood(quoted)).toEqual(await understood(await ours(server)));
});

async function ours(server: PostgresServer): Promise<string> {
  await using connection = await connectTo(server, "postgres", { text: "binary" });
  const globals = await readGlobals((sql) => queryRows(connection, sql), capabilitiesOf(connection.serverVersion), {
    passwords: true,
  });
  return globalsScript(globals, { encoding: "UTF8", restrictKey: "key" });
}

async function stocks(server: PostgresServer, ...args: readonly string[]): Promise<string> {
  const { stdout } = await stock(18).must("pg_dumpall", ["-g", "-d", server.url(), "--restrict-key", "key", ...args]);
  return stdout.toString("latin1");
}

/** What a restore reads of a script: the same, however names are written. */
async function understood(script: string) {
  const statements = await readGlobalsScript(Readable.from([Buffer.from(script, "latin1")]));
  return statements.map((statement) => ({ ...statement, sql: "" }));
}

/** Sections that say nothing are empty lines of stock pg_dumpall's. */
function lines(text: string): string[] {
  return text.replace(/\n{3,}/g, "\n\n").split("\n");
}
