import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test.each(["sql", "directory"])(
  "--salvage is refused for a backup of MariaDB as %s, and nothing is touched",
  async (format) => {
    await using folder = await withTemporaryFolder();
    await using database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
    await using target = await withMysqlDatabase(database.server);
    await database.sql("CREATE TABLE t AS SELECT seq AS id FROM seq_1_to_1000");
    const backup = join(folder.path, "backup");
    await mustDbbackupHere([
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      "--format",
      format,
      "--output",
      backup,
    ]);
    const asked = ["restore", "single", backup, "--url", target.url, "--target", target.name, "--salvage"];
    const { status, stderr } = await dbbackupHere(asked);
    expect([status, stderr]).toEqual([2, expect.stringContaining('"--salvage" is for PostgreSQL only')]);
    expect(await target.sql("SHOW TABLES")).toEqual([]);
  },
);

test("--salvage is no option of whole servers", async () => {
  const { status, stderr } = await dbbackupHere(["restore", "cluster", "latest:cluster", "--salvage"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("--salvage")]);
});
