import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Verification } from "../../src/core/verification/verification-schema.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { damageOf, proveOn } from "../helpers/prove.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { pathWith, placeForServers } from "./demo-mysql-suite.ts";

/** Tables with a foreign key, a view, code, and values whose text needs care. */
async function makeShop({ sql }: MysqlDatabase): Promise<void> {
  await sql("CREATE TABLE parent (id INT PRIMARY KEY, f FLOAT, b BLOB, note TEXT) ENGINE = InnoDB");
  await sql("INSERT INTO parent VALUES (1, 1.2345678, 0x00ff, 'it''s'), (2, 16777217, '', NULL)");
  await sql(
    "CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE = InnoDB",
  );
  await sql("INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL)");
  await sql("CREATE TABLE nothing (id INT) ENGINE = MyISAM");
  await sql("CREATE VIEW v AS SELECT id FROM parent");
  await sql("CREATE PROCEDURE p() SELECT 1");
  await sql("CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.id = NEW.id");
}

async function scratchDatabases(database: MysqlDatabase): Promise<unknown[]> {
  return await database.sql("SHOW DATABASES LIKE 'dbbackup\\_verify\\_%'");
}

async function verify(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = await dbbackup(["verify", "--restore", "--json", ...args], { env });
  const text = stdout.toString();
  const [result] = JSON.parse(text) as Verification[];
  return { status, all: `${text}${stderr}`, result: result! };
}

describe.each(["mariadb-10.11", "mysql-5.6", "mysql-9.7"] as const)("%s", (flavour) => {
  test("a backup is proved in a scratch database, which goes again; damage is found", async () => {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await makeShop(database);
    await using folder = await withTemporaryFolder();
    const file = join(folder.path, "shop.sql");
    await mustDbbackup(["backup", "single", database.name, "--url", database.url, "--output", file]);
    const server = `--server=${mysqlUrl(database.server)}`;
    const good = await verify([file, server, "--check", "SELECT id FROM parent WHERE id > 2"]);
    expect([good.status, good.all]).toEqual([0, expect.anything()]);
    expect(good.result).toMatchObject({
      counts: { objects: 6, tables: 3, rows: 5, foreign_keys: 1, walked_tables: 3 },
      damage: [],
      notes: [],
    });
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".verify.json"))).toHaveLength(1);
    const check = await verify([file, server, "--check", "SELECT id, note FROM parent", "--check", "SELEC"]);
    expect(check.status).toBe(4);
    expect(check.result.checks).toMatchObject([
      { status: "rows", rows: ["(1, it's)", "(2, null)"] },
      { status: "error", error: expect.stringContaining("SQL syntax") },
    ]);

    // A restore that does not tell the truth.
    const wrong = async (...statements: string[]) => {
      const interfere = async (target: string): Promise<void> => {
        for (const sql of statements) await mysqlSql(database.server, sql, target);
      };
      return damageOf(await proveOn(mysqlUrl(database.server), file, { interfere }));
    };
    expect(await wrong("DELETE FROM child WHERE id = 3")).toEqual([
      "table child: it holds 2 rows instead of the 3 that were backed up",
    ]);
    expect(await wrong("UPDATE parent SET note = 'its' WHERE id = 1")).toEqual([
      "table parent: its rows are not those that were backed up: their checksum differs",
    ]);
    expect(await wrong("SET foreign_key_checks = 0", "DROP TABLE nothing", "DROP TRIGGER tr", "DROP VIEW v")).toEqual([
      "objects of kind table: the restored database holds 2 instead of the 3 that were backed up",
      "objects of kind view: the restored database holds 0 instead of the 1 that were backed up",
      "objects of kind trigger: the restored database holds 0 instead of the 1 that were backed up",
      "table nothing: the backup has it, and it is not there",
    ]);
    expect(await wrong("ALTER TABLE child DROP FOREIGN KEY fk", "UPDATE child SET parent = 7 WHERE id = 1")).toEqual([
      "table child: its rows are not those that were backed up: their checksum differs",
    ]);
    expect(await wrong("CREATE TABLE more (a INT)", "INSERT INTO more VALUES (1)")).toEqual([
      "table more: it holds 1 rows that the backup does not tell of",
    ]);
    expect(await scratchDatabases(database)).toEqual([]);
  });
});

test.each(["mariadb-11.8", "mysql-9.7"] as const)("%s: a directory is proved, too", async (flavour) => {
  await using database = await withMysqlDatabase(await sharedMysql(flavour));
  await makeShop(database);
  await using folder = await withTemporaryFolder();
  const path = join(folder.path, "shop.dir");
  const format = ["--format", "directory", "--output", path];
  await mustDbbackup(["backup", "single", database.name, "--url", database.url, ...format]);
  const { status, all, result } = await verify([path, `--server=${mysqlUrl(database.server)}`]);
  expect([status, all]).toEqual([0, expect.anything()]);
  expect(result).toMatchObject({ counts: { objects: 6, tables: 3, rows: 5 }, damage: [], notes: [] });
  const interfere = (target: string) => mysqlSql(database.server, "UPDATE parent SET f = 2 WHERE id = 1", target);
  expect(damageOf(await proveOn(mysqlUrl(database.server), path, { interfere }))).toEqual([
    "table parent: its rows are not those that were backed up: their checksum differs",
  ]);
  expect(await scratchDatabases(database)).toEqual([]);
});

test("dumps of the stock programs are proved by what is in them", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  await makeShop(database);
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "stock.sql");
  await mustMysqlStock("dump", database.server, ["--routines", "--result-file", file, database.name]);
  const { status, result } = await verify([file, `--server=${mysqlUrl(database.server)}`]);
  expect(result).toMatchObject({ counts: { tables: 3, rows: 5 }, damage: [] });
  expect(status).toBe(0);
  expect(await scratchDatabases(database)).toEqual([]);
});

test("a scratch database of a run that was killed goes with the next run, one of a run that lives stays", async () => {
  const server = await sharedMysql("mysql-9.7");
  await using database = await withMysqlDatabase(server);
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "slow.sql");
  writeFileSync(file, "CREATE TABLE t (a INT);\nSELECT SLEEP(102);\n");
  const start = async (): Promise<ChildProcess> =>
    spawn(
      process.execPath,
      [await builtProgram(), "verify", "--restore", "--db-type=mysql", file, `--server=${mysqlUrl(server)}`],
      {
        stdio: "ignore",
        env: { ...process.env, ...foreignVariables },
      },
    );
  const sleeping = "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(102)%'";
  const killed = await start();
  await expect.poll(() => mysqlSql(server, sleeping)).toEqual([{ n: "1" }]);
  const [first] = await scratchDatabases(database);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const living = await start();
  // The session of the killed one sleeps on until the next run ends it.
  const others = async () =>
    (await scratchDatabases(database)).filter((row) => JSON.stringify(row) !== JSON.stringify(first));
  await expect.poll(async () => (await others()).length).toBe(1);
  await expect.poll(() => mysqlSql(server, sleeping)).toEqual([{ n: "1" }]);
  const [second] = await others();
  const quick = join(folder.path, "quick.sql");
  writeFileSync(quick, "CREATE TABLE t (a INT);\n");
  await mustDbbackup(["verify", "--restore", "--db-type=mysql", quick, `--server=${mysqlUrl(server)}`]);
  expect(await scratchDatabases(database)).toEqual([second]);
  living.kill("SIGINT");
  await once(living, "exit");
  expect(await scratchDatabases(database)).toEqual([]);
});

test("without --server, a server of this machine is started, and leaves nothing", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  await makeShop(database);
  const definer = `definer_${database.name.slice(-6)}`;
  await database.sql(`CREATE USER ${definer}@localhost`);
  await database.sql(`CREATE DEFINER = ${definer}@localhost VIEW w AS SELECT 1 AS one`);
  await using place = await placeForServers();
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "shop.sql.gz");
  await mustDbbackup([
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--output",
    file,
    "--compression",
    "gzip",
  ]);
  await database.sql(`DROP USER ${definer}@localhost`);
  expect(gunzipSync(readFileSync(file)).toString()).toContain(definer);
  const env = { PATH: await pathWith("mariadb-11.8"), TMPDIR: place.path };
  const { status, all, result } = await verify([file, "--check", "SELECT one FROM w WHERE one <> 1"], env);
  expect([status, all]).toEqual([0, expect.anything()]);
  expect(result).toMatchObject({ damage: [], notes: [], checks: [{ status: "ok" }] });
  // One that is older cannot prove it, and says so.
  const old = await verify([file], { PATH: await pathWith("mariadb-10.11"), TMPDIR: place.path });
  expect([old.status, old.all]).toEqual([1, expect.stringContaining("newer server")]);
  const none = await verify([file], { PATH: folder.path, TMPDIR: place.path });
  expect([none.status, none.all]).toEqual([1, expect.stringContaining("there is no server program")]);
  expect(readdirSync(place.path)).toEqual([]);
});
