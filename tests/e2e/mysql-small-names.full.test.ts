import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const shop = [
  "CREATE TABLE Orders (A INT PRIMARY KEY, b INT, KEY Kb (b))",
  "CREATE TABLE `Lines of Ärger` (a INT PRIMARY KEY, o INT, CONSTRAINT Fk FOREIGN KEY (o) REFERENCES Orders (A))",
  "INSERT INTO Orders VALUES (1, 2), (2, 3)",
  "INSERT INTO `Lines of Ärger` VALUES (1, 1)",
  "CREATE VIEW VOrders AS SELECT A FROM Orders",
];

async function restore(path: string, url: string, target: string): Promise<void> {
  const to = ["--url", url, `--target=${target}`, "--create", "--quiet"];
  await mustDbbackupHere(["restore", "single", path, "--no-defaults", ...to]);
}

async function compare(left: string, right: string): Promise<unknown> {
  const { stdout } = await dbbackupHere(["compare", left, right, "--json"]);
  return JSON.parse(stdout.toString());
}

// Version 8 and later take the setting only on data that was made with it: mysql-target-settings.test.ts has MariaDB.
test.each(["sql", "directory"])("MySQL that keeps names in small letters, %s: there and back", async (format) => {
  await using source = await startMysql({ flavour: "mysql-9.7" });
  await using small = await startMysql({ flavour: "mysql-9.7", settings: ["lower-case-table-names=1"] });
  await using folder = await withTemporaryFolder();
  await source.sql("CREATE DATABASE Shop");
  for (const sql of shop) await source.sql(sql, "Shop");
  const backUp = async (url: string, database: string, path: string): Promise<void> => {
    const to = ["--output", path, "--format", format, "--quiet"];
    await mustDbbackupHere(["backup", "single", database, "--no-defaults", "--url", url, ...to]);
  };
  const there = join(folder.path, "there");
  await backUp(source.url(), "Shop", there);
  await restore(there, small.url(), "MyShop");
  expect((await small.sql("SHOW TABLES", "myshop")).map((row) => Object.values(row)[0])).toEqual([
    "lines of ärger",
    "orders",
    "vorders",
  ]);
  const rows = { tables_compared: 2, rows_compared: 3, data_difference_count: 0 };
  expect(await compare(source.url("Shop"), small.url("MyShop"))).toMatchObject(rows);
  const back = join(folder.path, "back");
  await backUp(small.url(), "MYSHOP", back);
  await restore(back, source.url(), "Back");
  // What comes back has the names that the other server keeps, and is equal to what lies there.
  expect(await compare(source.url("Back"), small.url("myshop"))).toMatchObject({ equal: true, ...rows });
  expect(await source.sql("SELECT A FROM vorders ORDER BY A", "Back")).toEqual([{ A: "1" }, { A: "2" }]);
});
