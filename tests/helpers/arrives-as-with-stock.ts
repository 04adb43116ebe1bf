import { join } from "node:path";
import { expect } from "vitest";
import { normalizedSchema } from "./database-contents.ts";
import { dbbackup, mustDbbackup } from "./dbbackup.ts";
import type { ServerAddress } from "./postgres-server.ts";
import { stock } from "./stock-tools.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "./test-database.ts";

const tools = stock(18);

/** All that stock pg_dump says of a database, rows of each table sorted: the order in which they lie is nobody's promise. */
async function everythingIn({ name, url }: Pick<TestDatabase, "name" | "url">): Promise<string[]> {
  const { stdout } = await tools.must("pg_dump", [url]);
  const script = stdout
    .toString("latin1")
    .replaceAll(/^(COPY .* FROM stdin;\n)([\s\S]*?)^\\\.$/gm, (_, copy: string, rows: string) => copy + sorted(rows));
  return normalizedSchema(script, name, []);
}

const sorted = (rows: string): string => rows.split("\n").toSorted().join("\n");

/** What the server refused in a restore by stock tools: these databases hold some that nothing can restore. */
const refusals = (stderr: string): string[] =>
  [...stderr.matchAll(/ERROR: {2}(.*)/g)]
    .map((match) => match[1]!)
    // Scripts of pg_dump 18 set it, and older servers do not know it.
    .filter((message) => !message.includes("transaction_timeout"))
    .toSorted();

/**
 * Expects a database, of which perhaps not everything can be restored by anybody, to arrive by our backups and restores as
 * it does by stock pg_dump and pg_restore, with the same errors: each of our formats restored by stock tools and by us.
 * @param leastEntries fewer would mean that the database is not what it should be
 */
export async function expectArrivesAsWithStock(
  server: ServerAddress,
  name: string,
  leastEntries: number,
): Promise<void> {
  await using folder = await withTemporaryFolder();
  const url = databaseUrl(server, name);
  const file = (label: string): string => join(folder.path, label);
  const ours = (format: string): string => file(`ours.${format}`);
  for (const format of ["custom", "directory", "tar", "plain"]) {
    await mustDbbackup(["backup", "single", name, "--url", url, "--format", format, "--output", ours(format)]);
    await mustDbbackup(["verify", ours(format)]);
  }
  await tools.must("pg_dump", ["-Fc", `--file=${file("stock.dump")}`, url]);
  const list = await tools.must("pg_restore", ["--list", ours("custom")]);
  expect(list.stdout.toString().match(/^\d+;/gm)!.length).toBeGreaterThan(leastEntries);

  await using control = await withDatabase(server);
  const byStock = refusals((await tools.run("pg_restore", ["-d", control.url, file("stock.dump")])).stderr);
  const expected = await everythingIn(control);

  for (const [program, args] of [
    ["pg_restore", [ours("custom")]],
    ["pg_restore", ["--jobs=4", ours("directory")]],
    ["pg_restore", [ours("tar")]],
    ["psql", ["-X", "-q", "-o", "/dev/null", "-f", ours("plain")]],
  ] as const) {
    await using target = await withDatabase(server);
    const { stderr } = await tools.run(program, ["-d", target.url, ...args]);
    expect(refusals(stderr)).toEqual(byStock);
    expect(await everythingIn(target)).toEqual(expected);
  }

  for (const backup of [ours("custom"), ours("plain"), file("stock.dump")]) {
    await using target = await withDatabase(server);
    const into = ["--url", url, "--target", target.name, "--on-error", "continue"];
    expect((await dbbackup(["restore", "single", backup, ...into])).status).toBe(byStock.length === 0 ? 0 : 3);
    expect(await everythingIn(target)).toEqual(expected);
    await mustDbbackup(["compare", control.url, target.url]);
  }
}
