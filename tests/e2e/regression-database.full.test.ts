import { join } from "node:path";
import { expect, test } from "vitest";
import { expectSameAsStock, type KnownDatabase } from "../helpers/compare-with-stock.ts";
import { normalizedSchema } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { runRegressionSuite } from "../helpers/regression-suite.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, withDatabase } from "../helpers/test-database.ts";

const tools = stock(18);

/** Fewer objects would mean that the suite did not run. */
const LEAST_ENTRIES = 2000;

/** All that stock pg_dump says of a database, rows of each table sorted: the order in which they lie is nobody's promise. */
async function everythingIn({ name, url }: Pick<KnownDatabase, "name" | "url">): Promise<string[]> {
  const { stdout } = await tools.must("pg_dump", [url]);
  const script = stdout
    .toString("latin1")
    .replaceAll(/^(COPY .* FROM stdin;\n)([\s\S]*?)^\\\.$/gm, (_, copy: string, rows: string) => copy + sorted(rows));
  return normalizedSchema(script, name, []);
}

const sorted = (rows: string): string => rows.split("\n").toSorted().join("\n");

/** What the server refused in a restore by stock tools: these databases hold some that nothing can restore. */
const refusals = (stderr: string): string[] =>
  [...stderr.matchAll(/ERROR: {2}(.*)/g)].map((match) => match[1]!).toSorted();

test("what PostgreSQL's own regression suite leaves behind arrives as it does with stock tools", async () => {
  await using folder = await withTemporaryFolder();
  await using server = await startServer({
    major: 18,
    settings: { max_prepared_transactions: "4", max_locks_per_transaction: "512", max_wal_senders: "4" },
  });
  await runRegressionSuite(server, "regression");
  const url = databaseUrl(server, "regression");
  await expectSameAsStock({ name: "regression", url, server });

  const file = (name: string): string => join(folder.path, name);
  const ours = (format: string): string => file(`ours.${format}`);
  for (const format of ["custom", "directory", "tar", "plain"]) {
    await mustDbbackup(["backup", "single", "regression", "--url", url, "--format", format, "--output", ours(format)]);
    await mustDbbackup(["verify", ours(format)]);
  }
  await tools.must("pg_dump", ["-Fc", `--file=${file("stock.dump")}`, url]);
  const list = await tools.must("pg_restore", ["--list", ours("custom")]);
  expect(list.stdout.toString().match(/^\d+;/gm)!.length).toBeGreaterThan(LEAST_ENTRIES);

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
});
