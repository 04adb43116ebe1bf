import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { type MysqlAddress, mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { shopRows, withMysqlShop } from "../helpers/mysql-shop.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Answers what was printed as JSON; the command must end with 0. */
async function json<T>(args: readonly string[], input?: Buffer): Promise<T> {
  const done = await dbbackup([...args, "--json", "--quiet"], input === undefined ? {} : { input });
  const said = done.stderr.toString().replaceAll(/^.*Event scheduler is switched off.*\n|^\n/gm, "");
  expect(`${done.status} ${said}`).toBe("0 ");
  return JSON.parse(done.stdout.toString());
}

async function fails(status: number, message: string, args: readonly string[], input?: Buffer): Promise<void> {
  const done = await dbbackup([...args, "--quiet"], input === undefined ? {} : { input });
  expect(done.stderr.toString()).toContain(message);
  expect(done.status).toBe(status);
}

const exists = async (server: MysqlAddress, name: string): Promise<boolean> =>
  (await mysqlSql(server, `SHOW DATABASES LIKE '${name}'`)).length > 0;

describe.each(mysqlFlavours)("a backup of %s", (flavour) => {
  test("is verified, restored as it was, and known when a byte of it changes", async () => {
    const server = await sharedMysql(flavour);
    const url = mysqlUrl(server);
    await using folder = await withTemporaryFolder();
    await using shop = await withMysqlShop(server);
    const path = join(folder.path, "shop.sql.zst");
    await json(["backup", "single", shop.name, "--url", url, "--output", path, "--compression", "zstd"]);
    const [verified] = await json<object[]>(["verify", path]);
    expect(verified).toMatchObject({ status: "ok", damage: [] });

    const target = `${shop.name}_back`;
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP DATABASE IF EXISTS ${target}`)),
    };
    const options = ["restore", "single", path, "--url", url, "--target", target];
    await fails(2, `database "${target}" does not exist`, options);
    const restored = await json<{ result: object }>([...options, "--create"]);
    expect(restored.result).toMatchObject({ target, created: true, failed: 0 });
    const compared = await json<{ rows_compared: number }>([
      "compare",
      mysqlUrl(server, shop.name),
      mysqlUrl(server, target),
    ]);
    expect(compared).toMatchObject({ equal: true });
    expect(compared.rows_compared).toBe(Object.values(shopRows).reduce((sum, rows) => sum + rows));

    await fails(2, `database "${target}" exists already`, [...options, "--create"]);
    await fails(2, `database "${target}" is not empty`, options);
    await mustDbbackup([...options, "--confirm"]);
    await mustDbbackup([...options, "--create", "--clean", "--confirm"]);

    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    await fails(4, "", ["verify", path]);
  });

  test("that fails half-way leaves no database of its own, or says what is incomplete", async () => {
    const server = await sharedMysql(flavour);
    await using empty = await withMysqlDatabase(server);
    const script = Buffer.from(
      "CREATE TABLE a (i INT PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);\n",
    );
    const options = ["restore", "single", "-", "--url", mysqlUrl(server), "--target"];
    const created = `${empty.name}_c`;
    await fails(
      1,
      `database "${created}", which this run created, was dropped again`,
      [...options, created, "--create"],
      script,
    );
    expect(await exists(server, created)).toBe(false);
    await fails(1, "restoring line 3 of the script failed: error 1062", [...options, empty.name], script);
    const done = await dbbackup([...options, empty.name, "--confirm", "--on-error", "continue", "--json", "--quiet"], {
      input: script,
    });
    expect(done.status).toBe(3);
    const { result } = JSON.parse(done.stdout.toString());
    expect(result.failed).toBe(4);
    expect(result.failures.map(({ object }: { object: string }) => object)).toEqual([
      "line 1",
      "line 2",
      "line 3",
      "line 4",
    ]);
    expect(await empty.sql("SELECT COUNT(*) AS n FROM a")).toEqual([{ n: "2" }]);
  });

  test("is refused when it asks the client for something", async () => {
    const server = await sharedMysql(flavour);
    await using empty = await withMysqlDatabase(server);
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "bad.sql");
    const options = ["restore", "single", path, "--url", mysqlUrl(server), "--target", empty.name];
    for (const bad of ["\\! touch x", "source /etc/passwd", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;"]) {
      await writeFile(path, `/*!40101 SET NAMES utf8 */;\nCREATE TABLE t (a TEXT);\n${bad}\n`);
      await fails(1, "line 3 of the script", options);
      expect(await empty.sql("SHOW TABLES")).toEqual([]);
    }
  });
});

test("a restore finds rows that are not those of the metadata", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using folder = await withTemporaryFolder();
  await using shop = await withMysqlShop(server);
  const path = join(folder.path, "shop.sql");
  await mustDbbackup(["backup", "single", shop.name, "--url", mysqlUrl(server), "--output", path, "--quiet"]);
  const script = await readFile(path, "latin1");
  await writeFile(path, script.replace("10.50", "10.51"), "latin1");
  const name = `${shop.name}_x`;
  const done = await dbbackup([
    "restore",
    "single",
    path,
    "--url",
    mysqlUrl(server),
    "--target",
    name,
    "--create",
    "--quiet",
  ]);
  expect(done.stderr.toString()).toContain(`table "${shop.name}.orders" has rows with the checksum`);
  expect(done.stderr.toString()).toContain("was dropped again");
  expect(done.status).toBe(1);
  expect(await exists(server, name)).toBe(false);
});

test("a dump of MySQL is restored into MariaDB with a word about it, as far as it goes", async () => {
  const [mysql, mariadb] = [await sharedMysql("mysql-9.7"), await sharedMysql("mariadb-11.8")];
  await using source = await withMysqlDatabase(mysql, undefined, "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
  await source.sql("CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY) COLLATE utf8mb4_general_ci");
  await source.sql("INSERT INTO t VALUES ('ä'), ('b')");
  const { stdout } = await mustMysqlStock("dump", mysql, ["--set-gtid-purged=ON", source.name]);
  await using target = await withMysqlDatabase(mariadb);
  const done = await dbbackup(
    ["restore", "single", "-", "--db-type", "mysql", "--url", mysqlUrl(mariadb), "--target", target.name],
    {
      input: stdout,
    },
  );
  expect(done.stderr.toString()).toContain("GTID_PURGED was not set");
  expect(done.status).toBe(0);
  expect(await target.sql("SELECT a FROM t ORDER BY a")).toEqual([{ a: "b" }, { a: "ä" }]);
});
