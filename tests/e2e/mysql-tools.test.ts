import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { Authority } from "../helpers/certificates.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import {
  type MysqlAddress,
  type MysqlServer,
  mysqlSql,
  mysqlUrl,
  rootSpec,
  startMysql,
} from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { shopRows, withMysqlShop } from "../helpers/mysql-shop.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { mysqlToolsFolder, recordingMysqlTools } from "../helpers/tools-folder.ts";

async function fails(status: number, message: string, args: readonly string[]): Promise<void> {
  const done = await dbbackup([...args, "--quiet"]);
  expect(done.stderr.toString()).toContain(message);
  expect(done.status).toBe(status);
}

const toolsOf = async ({ flavour }: MysqlAddress): Promise<string[]> => [
  "--engine",
  "tools",
  "--tools-path",
  await mysqlToolsFolder(flavour),
];

const backupArgs = (server: MysqlAddress, database: string, output: string, ...more: readonly string[]): string[] => [
  "backup",
  "single",
  database,
  "--url",
  mysqlUrl(server),
  "--output",
  output,
  ...more,
];

async function jsonOf<T>(args: readonly string[]): Promise<T> {
  return JSON.parse((await mustDbbackup([...args, "--json"])).stdout.toString());
}

const totalRows = Object.values(shopRows).reduce((sum, rows) => sum + rows);

describe.each(mysqlFlavours)("the stock programs of %s", (flavour) => {
  test("write a backup that is verified, and restore it as it was", async () => {
    const server = await sharedMysql(flavour);
    const tools = await toolsOf(server);
    await using folder = await withTemporaryFolder();
    await using shop = await withMysqlShop(server);
    const path = join(folder.path, "shop.sql.gz");
    const metadata = await jsonOf<BackupMetadata>(
      backupArgs(server, shop.name, path, ...tools, "--compression", "gzip"),
    );
    expect(metadata).toMatchObject({
      engine: { name: "tools", version: expect.stringMatching(/^(mariadb-dump|mysqldump) \d+\.\d+\.\d+/) },
      format: "sql",
      compression: "gzip-4",
      database: shop.name,
      consistency: {},
    });
    expect(metadata.row_settings).toBeUndefined();
    expect(Object.fromEntries((metadata.objects ?? []).map(({ name, rows }) => [name, rows]))).toEqual(shopRows);
    const warned = (metadata.warnings ?? []).join("\n");
    expect(warned).toContain('tables without transactions: "plain"; the server is locked');
    if (flavour === "mysql-5.6") expect(warned).toContain("of MariaDB is used with MySQL 5.6");
    expect(await jsonOf<object[]>(["verify", path])).toMatchObject([{ status: "ok" }]);
    expect((await mustDbbackup(["show", path])).stdout.toString()).toMatch(/^read by +(mariadb-dump|mysqldump) /m);

    await using target = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
    const restored = await jsonOf<{ result: object }>([
      "restore",
      "single",
      path,
      "--url",
      mysqlUrl(server),
      "--target",
      target.name,
      ...tools,
    ]);
    expect(restored.result).toMatchObject({
      target: target.name,
      failed: 0,
      engine: { name: "tools", version: expect.stringMatching(/^(mariadb|mysql) \d/) },
    });
    const compared = await jsonOf<object>(["compare", mysqlUrl(server, shop.name), mysqlUrl(server, target.name)]);
    expect(compared).toMatchObject({ equal: true, rows_compared: totalRows });
    // The native engine restores what the programs wrote, and the other way round.
    await mustDbbackup(["restore", "single", path, "--url", mysqlUrl(server), "--target", target.name, "--confirm"]);
    const own = join(folder.path, "own.sql");
    await mustDbbackup(backupArgs(server, shop.name, own));
    await mustDbbackup([
      "restore",
      "single",
      own,
      "--url",
      mysqlUrl(server),
      "--target",
      target.name,
      "--confirm",
      ...tools,
    ]);
    expect(await jsonOf<object>(["compare", mysqlUrl(server, shop.name), mysqlUrl(server, target.name)])).toMatchObject(
      {
        equal: true,
      },
    );
    expect(await jsonOf<object>(["compare", mysqlUrl(server, shop.name), path])).toMatchObject({ equal: true });
  });
});

describe("options", () => {
  let server: MysqlAddress;
  let tools: readonly string[];
  let folder: { readonly path: string } & AsyncDisposable;

  beforeAll(async () => {
    server = await sharedMysql("mariadb-11.8");
    tools = await toolsOf(server);
    folder = await withTemporaryFolder();
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test("are given to the program under its names", async () => {
    await using shop = await withMysqlShop(server);
    const script = async (...args: readonly string[]): Promise<string> =>
      (await mustDbbackup(backupArgs(server, shop.name, "-", ...tools, ...args))).stdout.toString("latin1");
    const one = await script("--only-table", "customers", "--no-data");
    expect(one).toContain("CREATE TABLE `customers`");
    expect(one).not.toMatch(/CREATE TABLE `orders`|INSERT|PROCEDURE/);
    const data = await script("--data-only", "--ignore-table", "plain", "--ignore-table-data", "orders", "--replace");
    expect(data).toMatch(/REPLACE {1,2}INTO `customers`/);
    expect(data).not.toMatch(/CREATE|INTO `plain`|INTO `orders`|TRIGGER/);
    const created = await script("--create", "--complete-insert", "--where", "1 = 0", "--skip-events");
    expect(created).toMatch(/CREATE DATABASE .*\n\nUSE/);
    expect(created).not.toMatch(/INSERT {1,2}INTO|CREATE.*EVENT/);
  });

  test.each([
    [["--format", "directory"], "--format directory"],
    [["--jobs", "2"], "--jobs 2"],
    [["--skip-definer"], "--skip-definer"],
    [["--create", "--only-table", "a"], "--create with --only-table"],
  ])("%j is refused before a server is asked", async (args, named) => {
    const asked = ["backup", "single", "x", "--url", "mysql://root@127.0.0.1:1/", "--output", join(folder.path, "x")];
    await fails(2, `"${named}" does not go with --engine tools`, [...asked, ...tools, ...args]);
  });

  test("of MySQL are refused where MariaDB's program does not know them, and the other way round", async () => {
    await using shop = await withMysqlShop(server);
    await fails(2, '"--column-statistics" is not known to mariadb-dump', [
      ...backupArgs(server, shop.name, "-"),
      ...tools,
      "--column-statistics",
    ]);
  });

  test("programs of the other flavour, and older ones, are passed over by name", async () => {
    await using shop = await withMysqlShop(server);
    const older = await mysqlToolsFolder("mariadb-10.5");
    await fails(1, "10.5.29-MariaDB, which is older than the server", [
      ...backupArgs(server, shop.name, "-", "--engine", "tools", "--tools-path", older),
    ]);
    const mysql = await mysqlToolsFolder("mysql-9.7");
    await fails(1, "of MySQL", backupArgs(server, shop.name, "-", "--engine", "tools", "--tools-path", mysql));
    await fails(1, 'there is no mariadb-dump or mysqldump in "/nowhere"', [
      ...backupArgs(server, shop.name, "-", "--engine", "tools", "--tools-path", "/nowhere"),
    ]);
  });

  test("a restore stops at the first error, or counts them", async () => {
    const script = join(folder.path, "bad.sql");
    await writeFile(
      script,
      "-- MySQL dump 10.13\nCREATE TABLE a (i INT PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);\n-- Dump completed\n",
    );
    await using one = await withMysqlDatabase(server);
    const into = (target: string, ...args: readonly string[]): string[] => [
      "restore",
      "single",
      script,
      "--url",
      mysqlUrl(server),
      "--target",
      target,
      ...tools,
      ...args,
    ];
    await fails(1, `(line 4); database "${one.name}" is incomplete`, into(one.name));
    expect(await one.sql("SELECT * FROM a")).toEqual([{ i: "1" }]);
    await using other = await withMysqlDatabase(server);
    const done = await dbbackup(into(other.name, "--on-error", "continue", "--json"));
    expect(done.status).toBe(3);
    expect(JSON.parse(done.stdout.toString()).result).toMatchObject({
      failed: 2,
      failures: [{ object: "line 4", statement: "INSERT INTO a VALUES (1)" }, { object: "line 5" }],
    });
    expect(await other.sql("SELECT * FROM a")).toEqual([{ i: "1" }, { i: "2" }]);
    await fails(2, '"--create" does not go with --engine tools', into("fresh", "--create"));
  });

  test("auto is native where that can do it", async () => {
    await using shop = await withMysqlShop(server);
    const metadata = await jsonOf<BackupMetadata>(
      backupArgs(server, shop.name, join(folder.path, "auto.sql"), "--engine", "auto", "--tools-path", "/nowhere"),
    );
    expect(metadata.engine).toBeUndefined();
  });
});

const password = "pl4nted \"s'\\ecret# ☃ ";

describe.each(["mariadb-10.5", "mariadb-11.8", "mysql-9.7"] as const)(
  "the account and the channel on %s",
  (flavour) => {
    const authority = new Authority("dbbackup test", { keyKind: "rsa" });
    let folder: { readonly path: string } & AsyncDisposable;
    let server: MysqlServer;
    const file = (name: string): string => join(folder.path, name);

    beforeAll(async () => {
      folder = await withTemporaryFolder();
      await chmod(folder.path, 0o755);
      const issued = authority.issue({ commonName: "db.test", addresses: ["127.0.0.1"], keyKind: "rsa" });
      await writeFile(file("ca.pem"), authority.certificate);
      await writeFile(file("server.pem"), issued.certificate);
      await writeFile(file("server.key"), issued.key, { mode: 0o644 });
      await writeFile(file("password"), `${password}\n`, { mode: 0o600 });
      server = await startMysql({
        flavour,
        settings: [`ssl-ca=${file("ca.pem")}`, `ssl-cert=${file("server.pem")}`, `ssl-key=${file("server.key")}`],
      });
      await server.sql(`CREATE USER tools@'%' IDENTIFIED BY '${password.replaceAll(/['\\]/g, "\\$&")}' REQUIRE SSL`);
      await server.sql("GRANT ALL ON *.* TO tools@'%'");
      await server.sql("CREATE DATABASE d");
      await server.sql("CREATE TABLE d.t SELECT 1 AS i UNION SELECT 2");
    });
    afterAll(async () => {
      await server?.stop();
      await folder?.[Symbol.asyncDispose]();
    });

    const login = (): string[] => [
      "--db-type",
      "mysql",
      "--host",
      "127.0.0.1",
      "--port",
      String(server.port),
      "--user",
      "tools",
      "--password-file",
      file("password"),
    ];

    test("the password and the certainty reach the program; no argument, environment, file or message has it", async () => {
      await using tools = await withTemporaryFolder();
      const recorded = await recordingMysqlTools(tools.path, flavour);
      const engine = ["--engine", "tools", "--tools-path", tools.path];
      const tls = ["--ssl-mode", "verify-full", "--ssl-ca", file("ca.pem")];
      const output = join(tools.path, "d.sql");
      const args = ["backup", "single", "d", ...login(), ...tls, ...engine, "--output", output, "--verbose"];
      const env = { TMPDIR: tools.path };
      const { stdout, stderr } = await mustDbbackup(args, { env });
      await mustDbbackup(["restore", "single", output, ...login(), ...tls, ...engine, "--confirm"], { env });
      const seen = `${await recorded()}${stdout}${stderr}${await readFile(`${output}.meta.json`, "utf8")}`;
      expect(seen).toContain("--defaults-file=");
      expect(seen).toContain("--single-transaction");
      expect(seen).not.toMatch(/pl4nted/);
      expect((await readdir(tools.path)).filter((name) => name.startsWith("dbbackup-tools-"))).toEqual([]);
      // Over TLS with no check, too: the account cannot log in without.
      await mustDbbackup(["backup", "single", "d", ...login(), ...engine, "--output", "-"], { env });
      expect((await mysqlSql(server, "SELECT COUNT(*) AS n FROM d.t"))[0]).toEqual({ n: "2" });
    });

    test("kill -9 and Ctrl-C leave no program, and no file with the password", async () => {
      await using tools = await withTemporaryFolder();
      await recordingMysqlTools(tools.path, flavour);
      await using lock = await MysqlConnection.connect(rootSpec(server, "d"));
      await lock.query("LOCK TABLES t WRITE");
      for (const signal of ["SIGKILL", "SIGINT"] as const) {
        await lock.query("LOCK TABLES t WRITE");
        const args = ["backup", "single", "d", ...login(), "--engine", "tools", "--tools-path", tools.path];
        const node = process.execPath;
        const child = spawn(node, ["src/main/cli.ts", ...args, "--output", join(tools.path, `x${signal}.sql`)], {
          env: { ...process.env, TMPDIR: tools.path },
          stdio: "ignore",
        });
        const folders = async (): Promise<string[]> =>
          (await readdir(tools.path)).filter((name) => name.startsWith("dbbackup-tools-"));
        await expect.poll(async () => (await waiting(server)).length).toBeGreaterThan(0);
        expect(await folders()).toHaveLength(1);
        child.kill(signal);
        await once(child, "exit");
        await expect.poll(folders).toEqual([]);
        expect(await argumentsWith(tools.path)).toEqual([]);
        // MySQL looks after a session that waits for a lock only when it has got it.
        await lock.query("UNLOCK TABLES");
        await expect.poll(() => waiting(server)).toEqual([]);
      }
    });
  },
);

/** Arguments of processes of this machine that name a path. */
async function argumentsWith(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of await readdir("/proc")) {
    const line = /^\d+$/.test(id) ? await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "") : "";
    if (line.includes(path)) found.push(line);
  }
  return found;
}

/** Sessions of the account that wait for our lock. */
async function waiting(server: MysqlAddress): Promise<unknown[]> {
  const rows = await mysqlSql(server, "SELECT state FROM information_schema.processlist WHERE user = 'tools'");
  return rows.filter((row) => /metadata lock/i.test(String(row["state"] ?? row["STATE"])));
}
