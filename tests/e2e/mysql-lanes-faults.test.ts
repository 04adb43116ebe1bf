import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const mebibyte = 1 << 20;

const ways = [
  ["a directory", ["--format", "directory", "--jobs", "4"]],
  ["a script", ["--format", "sql", "--jobs", "4"]],
] as const;

/** Four tables of rows of 64 KiB, each of which one connection reads. */
async function fourTables() {
  const database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  for (const table of ["a", "b", "c", "d"]) {
    await database.sql(`CREATE TABLE ${table} (b LONGTEXT) ENGINE = InnoDB`);
    await database.sql(
      `INSERT INTO ${table} SELECT REPEAT(MD5(RAND()), 2048) FROM information_schema.COLUMNS LIMIT 128`,
    );
  }
  return database;
}

test.each(ways)("%s of four connections, one of which is cut, ends with 1 and leaves nothing", async (_, args) => {
  await using database = await fourTables();
  await using folder = await withTemporaryFolder();
  await using proxy = await TcpProxy.start({
    targetPort: database.server.port,
    cutAfterServerBytes: 3 * mebibyte,
  });
  const url = mysqlUrl({ ...database.server, port: proxy.port });
  const run = ["backup", "single", database.name, "--url", url, "--repo", folder.path, ...args];
  const { status, stderr } = await dbbackup(run);
  expect(stderr).toMatch(/error: the connection .* was lost while/);
  expect([status, readdirSync(folder.path)]).toEqual([1, []]);
  const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${database.name}'`;
  await expect.poll(() => database.sql(sessions)).toEqual([{ n: "1" }]);
});

test.for(ways)("%s of four connections on a full disk ends with 1 and leaves nothing", async ([, args], context) => {
  requireRoot(context);
  await using database = await fourTables();
  await using folder = await withTemporaryFolder();
  await using _disk = await withSmallDisk(folder.path, "4m");
  const run = ["backup", "single", database.name, "--url", database.url, "--repo", folder.path, ...args];
  const { status, stderr } = await dbbackup([...run, "--compression", "none"]);
  expect(stderr).toMatch(/no space left on the device/);
  expect([status, readdirSync(folder.path)]).toEqual([1, []]);
});
