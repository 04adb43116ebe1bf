import { expect, test } from "vitest";
import { startServer } from "./postgres-server.ts";
import { type StockProgram, stock, stockFor, stockMajors } from "./stock-tools.ts";
import { withDatabase } from "./test-database.ts";

const programs: readonly StockProgram[] = ["psql", "pg_dump", "pg_restore", "pg_dumpall", "pg_basebackup", "pgbench"];

test.each(stockMajors)("every stock program of PostgreSQL %i runs", async (major) => {
  for (const program of programs) {
    const { stdout } = await stock(major).must(program, ["--version"]);
    expect(stdout.toString()).toContain(`${program} (PostgreSQL) ${major}.`);
  }
});

test("stock programs reach a server, pg_dumpall finds its pg_dump", async () => {
  // Of its own: pg_dumpall visits all databases, and those of other tests may go while it looks.
  await using server = await startServer({ major: 18 });
  await using database = await withDatabase(server);
  const tools = stock(18);
  await tools.must("pgbench", ["-i", "-q", database.url]);
  const { stdout } = await tools.must("psql", [
    "-X",
    "-At",
    "-c",
    "select count(*) from pgbench_accounts",
    database.url,
  ]);
  expect(stdout.toString()).toBe("100000\n");
  const script = await tools.must("pg_dumpall", ["--schema-only", "--dbname", database.url]);
  expect(script.stdout.toString()).toContain("CREATE TABLE public.pgbench_accounts");
});

test("the stock tools for a server are never older than it", () => {
  expect([10, 15, 16, 17, 18].map((major) => stockFor(major as 10).major)).toEqual([15, 15, 17, 17, 18]);
});
