import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DatabaseReport } from "../../bench/parity/difference.ts";
import { foreignVariables } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { stockProgram } from "../helpers/mysql-stock.ts";
import { runProgram } from "../helpers/run-program.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const program = join(import.meta.dirname, "..", "..", "bench", "parity", "main.ts");

async function parity(args: readonly string[]): Promise<{ status: number; databases: readonly DatabaseReport[] }> {
  const { status, stdout, stderr } = await runProgram(process.execPath, [program, "--json", ...args], {
    env: foreignVariables,
  });
  expect(stderr).toBe("");
  return { status, ...(JSON.parse(stdout.toString()) as { databases: readonly DatabaseReport[] }) };
}

test.each(mysqlFlavours)("both engines make the same of %s, but for what docs/mysql.md names", async (flavour) => {
  const { status, databases } = await parity(["--flavour", flavour]);
  expect(databases.flatMap(({ formats }) => formats.flatMap(({ differences }) => differences))).toEqual([]);
  expect(databases).toHaveLength(2);
  expect(status).toBe(0);
});

test("what one engine lacks is found and named", async () => {
  const server = await sharedMysql("mariadb-11.8");
  await using folder = await withTemporaryFolder();
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE a (i INT)");
  await database.sql("CREATE VIEW v AS SELECT i FROM a");
  const real = await stockProgram("mariadb-11.8", "dump");
  // Given one table, it takes nothing else.
  const lacking = `#!/bin/sh\n[ "$*" = --version ] && exec ${real} --version\nexec ${real} "$@" a\n`;
  await writeFile(join(folder.path, "mariadb-dump"), lacking, { mode: 0o755 });
  const { status, databases } = await parity(["--url", mysqlUrl(server), "--tools-path", folder.path, database.name]);
  const found = databases.flatMap(({ formats }) => formats.flatMap(({ differences }) => differences));
  expect(found).toMatchObject([{ kind: "text", object: "VIEW v", tools: null }]);
  expect(status).toBe(1);
});
