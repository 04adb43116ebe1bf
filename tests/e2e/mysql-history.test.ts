import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { backupToDirectory } from "../helpers/mysql-directory.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { backupToSql, loadWithStock } from "../helpers/mysql-round-trip.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const names = ["implicit", "explicit", "parted", "by_time"];

/** Versioned tables of every kind, with some history. */
async function withHistory(flavour: MysqlFlavour): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(await sharedMysql(flavour));
  for (const sql of [
    "CREATE TABLE implicit (id INT PRIMARY KEY, v TEXT, b BLOB, g INT AS (id + 1)) WITH SYSTEM VERSIONING",
    "CREATE TABLE explicit (rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, id INT PRIMARY KEY, w INT WITHOUT SYSTEM VERSIONING, v TEXT," +
      " `r``e` TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (rs, `r``e`), s DATE, e DATE, PERIOD FOR p (s, e)) WITH SYSTEM VERSIONING",
    "CREATE TABLE parted (id INT PRIMARY KEY, v TEXT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 100 (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pc CURRENT)",
    "CREATE TABLE by_time (id INT, v TEXT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 DAY STARTS '2026-01-01 00:00:00' (PARTITION p0 HISTORY, PARTITION pc CURRENT)",
    "INSERT INTO implicit (id, v, b) VALUES (1, 'one', x'00ff27'), (2, 'two', NULL), (3, 'it''s', x'')",
    "INSERT INTO explicit (id, w, v, s, e) VALUES (1, 1, 'one', '2020-01-01', '2020-02-01'), (2, 2, 'two', '2021-01-01', '2021-02-01')",
    "INSERT INTO parted VALUES (1, 'one'), (2, 'two')",
    "INSERT INTO by_time VALUES (1, 'one'), (2, 'two')",
    ...names.flatMap((name) => [
      `UPDATE ${name} SET v = CONCAT(v, '!') WHERE id < 3`,
      `UPDATE ${name} SET v = NULL WHERE id = 1`,
      `DELETE FROM ${name} WHERE id = 2`,
    ]),
  ]) {
    await database.sql(sql);
  }
  return database;
}

/** Every version of every row, with its times; that of the current ones as a word. */
async function versions(database: MysqlDatabase): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const name of names) {
    const [start, end] = name === "explicit" ? ["rs", "`r``e`"] : ["row_start", "row_end"];
    const time = `${start} AS a, IF(${end} > NOW() + INTERVAL 1 YEAR, 'now', ${end}) AS z`;
    all.push(await database.sql(`SELECT *, ${time} FROM ${name} FOR SYSTEM_TIME ALL ORDER BY id, ${start}`));
    all.push(await database.sql(`SELECT * FROM ${name} ORDER BY id`));
  }
  return all;
}

describe.each(["mariadb-10.11", "mariadb-11.8"] as const)("--dump-history of %s", (flavour) => {
  test("brings back every version of every row, also on a server with another end of time", async () => {
    await using source = await withHistory(flavour);
    const { script, metadata } = await backupToSql(source.server, source.name, ["--dump-history"]);
    expect(metadata.not_included?.map(({ kind }) => kind)).not.toContain("row-histories");
    expect(metadata.objects.map(({ name, rows, row_history }) => [name, rows, row_history])).toEqual(
      names.toSorted().map((name) => [name, name === "implicit" ? 6 : 5, true]),
    );
    const expected = await versions(source);
    for (const to of ["mariadb-10.11", "mariadb-11.8"] as const) {
      await using copy = await withMysqlDatabase(await sharedMysql(to));
      await loadWithStock(copy, script);
      expect(await versions(copy)).toEqual(expected);
      if (to === flavour)
        expect((await backupToSql(copy.server, copy.name, ["--dump-history"])).script).toEqual(script);
    }
  });

  test("brings it back in directories, too", async () => {
    await using source = await withHistory(flavour);
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "d");
    const { metadata, index } = await backupToDirectory(source.server, source.name, path, [
      "--dump-history",
      "--jobs",
      "3",
    ]);
    expect(metadata.not_included?.map(({ kind }) => kind)).not.toContain("row-histories");
    expect(metadata.objects?.map(({ name, rows, row_history }) => [name, rows, row_history])).toEqual(
      names.toSorted().map((name) => [name, name === "implicit" ? 6 : 5, true]),
    );
    expect(index.objects.find(({ name }) => name === "explicit")?.data?.columns.at(-1)?.name).toBe("r`e");
    const expected = await versions(source);
    for (const to of ["mariadb-10.11", "mariadb-11.8"] as const) {
      const server = await sharedMysql(to);
      await using copy = await withMysqlDatabase(server);
      const args = ["restore", "single", path, "--url", mysqlUrl(server), "--target", copy.name, "--jobs", "3"];
      expect((await dbbackup(args)).stderr.toString()).not.toContain("error");
      expect(await versions(copy)).toEqual(expected);
      if (to !== flavour) continue;
      const proved = await dbbackup(["verify", path, "--restore", "--server", mysqlUrl(server), "--json"]);
      expect(JSON.parse(proved.stdout.toString())).toMatchObject([{ status: "ok", notes: [] }]);
    }
  });

  test("refuses history that is bound to transactions, by name", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    const columns = ["s", "e"].map(
      (name, at) => `${name} BIGINT UNSIGNED GENERATED ALWAYS AS ROW ${["START", "END"][at]}`,
    );
    await source.sql(
      `CREATE TABLE precise (id INT, ${columns.join(", ")}, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING`,
    );
    const run = (...args: string[]) =>
      dbbackup(["backup", "single", source.name, "--url", source.url, "--output", "-", "--dump-history", ...args]);
    const refused = await run();
    expect([refused.status, refused.stderr.toString()]).toEqual([1, expect.stringContaining("precise")]);
    expect((await run("--ignore-table-data", "precise")).status).toBe(0);
  });
});

test.each(["mariadb-10.5", "mysql-9.7"] as const)(
  "%s cannot load history, and --dump-history says so",
  async (flavour) => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    const args = ["backup", "single", source.name, "--url", source.url, "--output", "-", "--dump-history"];
    const { status, stderr } = await dbbackup(args);
    expect([status, stderr.toString()]).toEqual([1, expect.stringContaining("system_versioning_insert_history")]);
  },
);

test("without --dump-history, the metadata say that it is missing", async () => {
  await using source = await withHistory("mariadb-10.5");
  const { metadata } = await backupToSql(source.server, source.name);
  expect(metadata.not_included).toContainEqual(expect.objectContaining({ kind: "row-histories", count: 4 }));
  expect(metadata.objects.every(({ row_history }) => row_history === undefined)).toBe(true);
});
