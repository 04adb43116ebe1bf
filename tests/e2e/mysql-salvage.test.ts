import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { mysqlSalvageSuite } from "./mysql-salvage-suite.ts";

mysqlSalvageSuite("mariadb-11.8");

test("--salvage is refused for a script of MariaDB, and where it cannot work, and nothing is touched", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  await using target = await withMysqlDatabase(database.server);
  await database.sql("CREATE TABLE t AS SELECT seq AS id FROM seq_1_to_1000");
  const [script, directory] = [join(folder.path, "script"), join(folder.path, "directory")];
  const backup = ["backup", "single", database.name, "--url", database.url];
  await mustDbbackupHere([...backup, "--format", "sql", "--output", script]);
  await mustDbbackupHere([...backup, "--format", "directory", "--output", directory]);
  const asked = ["--url", target.url, "--target", target.name, "--salvage"];
  const ofScript = await dbbackupHere(["restore", "single", script, ...asked]);
  expect([ofScript.status, ofScript.stderr]).toEqual([2, expect.stringContaining("a script cannot be salvaged")]);
  for (const other of [["--follow"], ["--resume"], ["--resumable"], ["--verify-first"], ["--untrusted"], ["--list"]]) {
    const refused = await dbbackupHere(["restore", "single", directory, ...asked, ...other]);
    expect([other, refused.status]).toEqual([other, 2]);
  }
  expect(await target.sql("SHOW TABLES")).toEqual([]);
});

test("--salvage is no option of whole servers", async () => {
  const { status, stderr } = await dbbackupHere(["restore", "cluster", "latest:cluster", "--salvage"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("--salvage")]);
});
