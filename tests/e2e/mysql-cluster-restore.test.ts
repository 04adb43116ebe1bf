import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { type MysqlServer, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-cluster-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Ways to log in that a server of MariaDB must be given. */
async function installPlugins(server: MysqlServer): Promise<void> {
  const names = server.flavour === "mariadb-11.8" ? ["auth_ed25519", "auth_parsec"] : ["auth_ed25519"];
  for (const name of names) await server.sql(`INSTALL SONAME '${name}'`);
}

describe.each(mysqlFlavours)("a cluster of %s", (flavour) => {
  let source: MysqlServer;
  let accounts: PasswordAccount[];
  const repo = (): string => join(folder, flavour);

  beforeAll(async () => {
    source = await startMysql({ flavour, settings: clusterSettings(flavour) });
    accounts = await loadHostileAccounts(source);
    if (flavour === "mariadb-11.8") {
      await source.sql("INSTALL SONAME 'auth_parsec'");
      await source.sql("CREATE USER pa@'%' IDENTIFIED VIA parsec USING PASSWORD('elliptic')");
      accounts.push({ user: "pa", password: "elliptic" });
    }
    await mustDbbackup(["backup", "cluster", "--url", source.url(), "--repo", repo(), "--no-defaults"]);
  });
  afterAll(() => source.stop());

  const restore = (server: MysqlServer, ...args: readonly string[]) =>
    dbbackup(["restore", "cluster", "latest:cluster", ...login(server), "--repo", repo(), "--no-defaults", ...args]);

  test("restores whole: accounts, rights, rows; and again with --clean --confirm", async () => {
    await using target = await startMysql({ flavour, settings: clusterSettings(flavour) });
    if (isMariadb(target)) {
      const planned = await restore(target, "--dry-run");
      expect(planned.stdout.toString()).toMatch(
        /error: only changed: accounts: the server has no plugin "ed25519", .*"ed@%"/,
      );
      await installPlugins(target);
    }
    const done = await restore(target);
    expect({ status: done.status, said: done.stdout.toString() }).toEqual({
      status: 0,
      said: expect.stringContaining("the cluster is restored\n"),
    });
    expect(done.stderr).toContain('account "root@localhost" is the one that is logged in, and stays as it is');
    expect(await shownAccounts(target)).toEqual(await shownAccounts(source));
    for (const sql of ["SELECT * FROM rights.t", "SELECT * FROM `Odd``db %_`.`t\\'`", "SELECT rights.f()"]) {
      expect(await target.sql(sql)).toEqual(await source.sql(sql));
    }
    for (const account of accounts) expect([account.user, await logsIn(target, account)]).toEqual([account.user, true]);
    expect(await logsIn(target, { user: "native", password: "wrong" })).toBe(false);

    const again = await restore(target);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('database "rights" exists already') });
    // What changed meanwhile is as it was.
    const changed =
      flavour === "mysql-5.6"
        ? "SET PASSWORD FOR native@'%' = PASSWORD('new')"
        : "ALTER USER native@'%' IDENTIFIED BY 'new'";
    await target.sql(changed);
    const unconfirmed = await restore(target, "--clean");
    expect(unconfirmed).toMatchObject({ status: 2, stderr: expect.stringContaining("accounts exist already") });
    expect((await restore(target, "--clean", "--confirm")).status).toBe(0);
    expect(await shownAccounts(target)).toEqual(await shownAccounts(source));
    expect(await logsIn(target, accounts[0]!)).toBe(true);
  });

  test("restores in part: one database, or accounts alone, and says what is not there", async () => {
    await using target = await startMysql({ flavour, settings: clusterSettings(flavour) });
    if (isMariadb(target)) await installPlugins(target);
    const one = await restore(target, "--database=ri*");
    expect(one.status).toBe(0);
    expect(await target.sql("SELECT COUNT(*) AS n FROM rights.t")).toEqual([{ n: "2" }]);
    expect(await logsIn(target, accounts[0]!)).toBe(false);
    const alone = await restore(target, "--globals-only", "--no-role-passwords");
    expect({ status: alone.status, stderr: alone.stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining("left out, for it is not there: GRANT SELECT ON `Odd``db %_`"),
    });
    const { status } = await dbbackup(["verify", "latest:cluster", "--repo", repo()]);
    expect(status).toBe(0);
    for (const account of accounts) expect(await logsIn(target, account)).toBe(false);
    const shown = await shownAccounts(target);
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(Object.keys(await shownAccounts(source))));
  });
});

test("a server that takes no rights away on single databases is told of before anything is touched", async () => {
  await using target = await startMysql({ flavour: "mysql-9.7" });
  const where = ["--url", target.url(), "--repo", join(folder, "mysql-9.7"), "--no-defaults"];
  const refused = await dbbackup(["restore", "cluster", "latest:cluster", ...where]);
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("SET PERSIST partial_revokes = ON first"),
  });
  expect(await target.sql("SELECT User FROM mysql.user WHERE User = 'native'")).toEqual([]);
});

test.each(["mysql-9.7", "mariadb-10.11"] as const)(
  "scripts of whole servers of %s are refused, with what to do instead",
  async (flavour) => {
    // A server of its own: mysqldump fails when a database of another test goes while it reads.
    await using server = await startMysql({ flavour });
    const script = join(folder, `${flavour}.sql`);
    const { stdout } = await mustMysqlStock("dump", server, ["--all-databases", "--no-data"]);
    writeFileSync(script, stdout);
    writeFileSync(`${script}.gz`, gzipSync(stdout));
    const ours = await dbbackup([
      "backup",
      "cluster",
      "--url",
      mysqlUrl(server),
      "--globals-only",
      "--output=-",
      "--no-defaults",
    ]);
    writeFileSync(`${script}.ours`, ours.stdout);
    for (const file of [script, `${script}.gz`, `${script}.ours`]) {
      for (const where of [[], ["--url", mysqlUrl(server)]]) {
        const { status, stderr } = await dbbackup(["restore", "cluster", file, ...where, "--no-defaults"]);
        expect(stderr).toContain("one of a whole server of MySQL or MariaDB is loaded by the server's own client");
        expect(stderr).toContain('make a folder with "backup cluster"');
        expect(status).toBe(2);
      }
    }
  },
);

test("a cluster is proved by a restore of each of its databases", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11" });
  const where = ["--server", server.url(), "--repo", join(folder, "mariadb-10.11"), "--json"];
  const { status, stdout, stderr } = await dbbackup(["verify", "latest:cluster", "--restore", ...where]);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const [proof] = JSON.parse(stdout.toString());
  expect(proof).toMatchObject({ status: "ok", counts: { tables: 2, rows: 3 } });
  expect(await server.sql("SHOW DATABASES LIKE '%dbbackup%'")).toEqual([]);
});

test("a failing account is named without its hash, the rest is restored, and the status is 3", async () => {
  await using target = await startMysql({ flavour: "mariadb-10.11" });
  const where = ["--url", target.url(), "--repo", join(folder, "mariadb-10.11"), "--no-defaults"];
  const refused = await dbbackup(["restore", "cluster", "latest:cluster", ...where]);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('no plugin "ed25519"') });
  const { status, stdout } = await dbbackup(["restore", "cluster", "latest:cluster", ...where, "--on-error=continue"]);
  const said = stdout.toString();
  expect(status).toBe(3);
  expect(said).toMatch(/failed {4}globals: CREATE USER `ed`@`%`: only changed: the server has no plugin "ed25519"/);
  expect(said).not.toMatch(/\*[0-9A-F]{40}|USING/);
  expect(await target.sql("SELECT COUNT(*) AS n FROM rights.t")).toEqual([{ n: "2" }]);
  expect(await logsIn(target, { user: "native", password: "native's" })).toBe(true);
  // GRANT would make it, without a password.
  expect(await target.sql("SELECT User FROM mysql.user WHERE User IN ('ed', 'either')")).toEqual([]);
});

test("who sees no accounts restores databases alone", async () => {
  await using target = await startMysql({ flavour: "mariadb-10.11" });
  await target.sql("CREATE USER plain@'%'");
  await target.sql("SET GLOBAL log_bin_trust_function_creators = 1");
  await target.sql("GRANT ALL PRIVILEGES ON `Odd``db %\\_`.* TO plain@'%'");
  const where = ["--url", target.url("", "plain"), "--repo", join(folder, "mariadb-10.11"), "--no-defaults"];
  const all = await dbbackup(["restore", "cluster", "latest:cluster", ...where]);
  expect(all).toMatchObject({ status: 1, stderr: expect.stringContaining("may not see the accounts of the server") });
  const one = await dbbackup(["restore", "cluster", "latest:cluster", "--database=Odd*", "--skip-definer", ...where]);
  expect({ status: one.status, said: `${one.stdout}${one.stderr}` }).toEqual({
    status: 0,
    said: expect.stringContaining("data      1 database, 1 row"),
  });
});

test("accounts of MySQL 5.6 come to 9.7 without their passwords, locked", async () => {
  await using target = await startMysql({ flavour: "mysql-9.7" });
  const restore = (from: string, ...args: readonly string[]) =>
    dbbackup([
      "restore",
      "cluster",
      "latest:cluster",
      ...login(target),
      "--repo",
      join(folder, from),
      "--no-defaults",
      ...args,
    ]);
  const planned = await restore("mysql-5.6", "--dry-run");
  expect(planned.stdout.toString()).toContain(
    'error: only changed: accounts: the server has no plugin "mysql_native_password", and so it is locked, without a password: ',
  );
  const done = await restore("mysql-5.6", "--convert", "--confirm");
  expect(done.stderr).toContain("and so it is locked, without a password");
  expect({ status: done.status, said: done.stdout.toString() }).toEqual({
    status: 0,
    said: expect.stringContaining("the cluster is restored\n"),
  });
  expect(await logsIn(target, { user: "native", password: "native's" })).toBe(false);
  expect(await logsIn(target, { user: "native", password: "" })).toBe(false);
  await target.sql("ALTER USER native@'%' IDENTIFIED BY 'new' ACCOUNT UNLOCK");
  expect(await logsIn(target, { user: "native", password: "new" })).toBe(true);
  expect(JSON.stringify((await shownAccounts(target))["'native'@'%'"])).toContain(
    "GRANT EXECUTE ON FUNCTION `rights`.`f`",
  );
});

/** As root@localhost, who may stand for others and let others do so. */
function login(server: MysqlServer): string[] {
  return ["--db-type=mysql", "--socket", server.socket, "--user=root"];
}
