import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import {
  clusterSettings,
  isMariadb,
  loadHostileAccounts,
  logsIn,
  type PasswordAccount,
  shownAccounts,
} from "../helpers/mysql-accounts.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { type MysqlServer, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { mustMysqlStock, runMysqlStock } from "../helpers/mysql-stock.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-cluster-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(mysqlFlavours)("a cluster of %s", (flavour) => {
  let source: MysqlServer;
  let accounts: PasswordAccount[];

  beforeAll(async () => {
    source = await startMysql({ flavour, settings: clusterSettings(flavour) });
    accounts = await loadHostileAccounts(source);
  });
  afterAll(() => source.stop());

  test("is one script that the stock client loads into another server: accounts, rights and rows are the same", async () => {
    await using target = await startMysql({ flavour, settings: clusterSettings(flavour) });
    if (isMariadb(target)) await target.sql("INSTALL SONAME 'auth_ed25519'");
    const script = await mustDbbackup(["backup", "cluster", "--url", source.url(), "--output=-", "--no-defaults"]);
    await mustMysqlStock("client", target, ["--default-character-set=utf8mb4", "--comments"], { input: script.stdout });
    const shown = await shownAccounts(target);
    // Whoever makes a role has the say over it, and no statement could know who loads the script.
    if (isMariadb(target)) {
      shown["'root'@'localhost'"] = shown["'root'@'localhost'"]!.filter((text) => !text.startsWith("GRANT `r3` TO"));
    }
    expect(shown).toEqual(await shownAccounts(source));
    for (const sql of ["SELECT * FROM rights.t", "SELECT * FROM `Odd``db %_`.`t\\'`"]) {
      expect(await target.sql(sql)).toEqual(await source.sql(sql));
    }
    for (const account of accounts) expect([account.user, await logsIn(target, account)]).toEqual([account.user, true]);
    expect(await logsIn(target, { user: "native", password: "wrong" })).toBe(false);
    // What cannot be made is not made by a GRANT, without a password.
    if (flavour === "mysql-9.7") return;
    const name = isMariadb(target) ? "ed" : "tls";
    const broken = script.stdout.toString("latin1").replaceAll(/^(?:CREATE USER .*`ed`|GRANT USAGE .*`tls`).*$/gm, "");
    await target.sql(`DROP USER ${name}@'%'`);
    await runMysqlStock("client", target, ["--force"], { input: Buffer.from(broken, "latin1") });
    expect(await target.sql(`SELECT User FROM mysql.user WHERE User = '${name}'`)).toEqual([]);
  });

  test("is a folder with a script of accounts and one of each database; metadata say what is in it", async () => {
    const repo = join(folder, flavour);
    const where = ["--url", source.url(), "--repo", repo, "--no-defaults"];
    const done = await dbbackup(["backup", "cluster", ...where, "--compression=gzip", "--jobs=2", "--json"]);
    expect({ status: done.status, stderr: done.stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining("warning"),
    });
    const metadata = JSON.parse(done.stdout.toString());
    expect(metadata).toMatchObject({
      database: "cluster",
      scope: "cluster",
      format: "sql",
      compression: "gzip-4",
      database_type: flavour.startsWith("mariadb") ? "mariadb" : "mysql",
      consistency: { method: expect.any(String), binlog_file: expect.stringContaining("binlog.") },
    });
    expect(metadata.databases.map(({ name }: { name: string }) => name)).toEqual(["Odd`db %_", "rights"]);
    expect(readdirSync(join(repo, metadata.backup_file)).filter((name) => !name.endsWith(".meta.json"))).toEqual([
      "Odd%60db%20%25_.sql.gz",
      "globals.sql",
      "rights.sql.gz",
    ]);
    await mustDbbackup(["verify", metadata.id, "--repo", repo]);
    const shown = await mustDbbackup(["show", metadata.id, "--repo", repo]);
    expect(shown.stdout.toString()).toMatch(/cluster {4}\d+ accounts, 2 databases/);
    if (flavour === "mysql-9.7") {
      expect(metadata.not_included).toContainEqual(
        expect.objectContaining({ kind: "second-passwords", examples: ["two@%"] }),
      );
    }
  });

  test("without passwords, nobody gets in who had one", async () => {
    const repo = join(folder, `${flavour}-locked`);
    const where = ["--url", source.url(), "--repo", repo, "--no-defaults", "--json"];
    const done = await mustDbbackup(["backup", "cluster", "--globals-only", "--no-role-passwords", ...where]);
    const metadata = JSON.parse(done.stdout.toString());
    expect(metadata).toMatchObject({ partial: ["--globals-only"], databases: [] });
    expect(metadata.not_included).toContainEqual(expect.objectContaining({ kind: "role-passwords" }));
    const script = readFileSync(join(repo, metadata.globals.artifact));
    expect(script.toString()).not.toMatch(/\*[1-9A-F][0-9A-F]{39}|AS 0x/);
    await using target = await startMysql({ flavour, settings: clusterSettings(flavour) });
    // Rights on objects are the last part, and the objects are not there.
    const accountsOnly = script.toString().split("-- rights on tables and routines")[0]!;
    await mustMysqlStock("client", target, ["--default-character-set=utf8mb4"], { input: Buffer.from(accountsOnly) });
    for (const account of accounts) expect(await logsIn(target, account)).toBe(false);
    expect(await logsIn(target, { user: "native", password: "" })).toBe(false);
  });
});

test("databases are chosen by patterns, and an account that does not see all of them is refused", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11" });
  for (const name of ["shop", "Shop", "shop_old", "other"]) await server.sql(`CREATE DATABASE ${name}`);
  await server.sql("CREATE USER reader@'%' IDENTIFIED BY 'x'");
  const run = (user: string, ...args: readonly string[]) =>
    dbbackup(
      ["backup", "cluster", "--url", mysqlUrl(server, "", user), "--repo", folder, "--no-defaults", "--json", ...args],
      {
        env: { MYSQL_PWD: user === "root" ? "" : "x" },
      },
    );
  const chosen = await run("root", "--database=shop*", "--exclude-database=*old");
  expect(JSON.parse(chosen.stdout.toString()).databases).toMatchObject([{ name: "shop" }]);
  expect(await run("root", "--database=nothing")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no database matches "nothing"'),
  });
  const blind = await run("reader");
  expect(blind.stderr).toContain("may not see all databases");
  await server.sql("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, BINLOG MONITOR ON *.* TO reader@'%'");
  await server.sql("REVOKE SELECT ON *.* FROM reader@'%'");
  await server.sql("GRANT SHOW DATABASES ON *.* TO reader@'%'");
  expect((await run("reader")).stderr).toContain("may not read the accounts of the server");
  expect(await run("root", "--format=custom")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("in format sql"),
  });
});

test.each([
  ["mysql-9.7", []],
  ["mariadb-10.11", ["--jobs=2"]],
] as const)("two databases of %s are read in one state while others write", async (flavour, jobs) => {
  await using server = await startMysql({ flavour });
  await using first = await withMysqlDatabase(server, "a_first");
  await using second = await withMysqlDatabase(server, "b_second");
  for (const database of [first, second]) {
    await database.sql("CREATE TABLE total (id INT PRIMARY KEY, n INT)");
    await database.sql("INSERT INTO total VALUES (1, 0)");
  }
  const stop = new AbortController();
  const writing = (async () => {
    for (let n = 1; !stop.signal.aborted; n++) {
      await server.sql(`UPDATE a_first.total a, b_second.total b SET a.n = ${n}, b.n = ${n}`);
    }
  })();
  try {
    const seen = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const script = await mustDbbackup([
        "backup",
        "cluster",
        "--url",
        server.url(),
        "--output=-",
        "--no-defaults",
        ...jobs,
      ]);
      const rows = [...script.stdout.toString().matchAll(/INSERT INTO `total` VALUES\s*\(1,\s*(\d+)\)/g)].map(
        ([, n]) => n!,
      );
      expect(rows).toHaveLength(2);
      expect(rows[0]).toBe(rows[1]);
      seen.add(rows[0]!);
    }
    expect(seen.size).toBe(3);
  } finally {
    stop.abort();
    await writing;
  }
});
