import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { type MysqlAddress, mysqlSql, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const mebibyte = 1 << 20;

/** A table of so many rows of 1 MiB. What lies in the sockets' buffers, about 4 MiB, is read too soon to be seen. */
async function makeLarge(database: MysqlDatabase, rows: number): Promise<void> {
  await database.sql("CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, b LONGTEXT) ENGINE = InnoDB");
  await database.sql(`INSERT INTO big (b) VALUES (REPEAT('x', ${mebibyte}))`);
  for (let made = 1; made < rows; made *= 2) await database.sql("INSERT INTO big (b) SELECT b FROM big");
}

async function untilReading(server: MysqlAddress, database: MysqlDatabase, what = "%"): Promise<void> {
  const reading = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${database.name}' AND info LIKE 'SELECT /*!40001 SQL_NO_CACHE${what}'`;
  await expect.poll(() => mysqlSql(server, reading), { interval: 20 }).toEqual([{ n: "1" }]);
}

describe.each(["mariadb-10.11", "mysql-9.7"] as const)("a backup of %s", (flavour) => {
  test("whose connection is cut in the midst of the rows ends with 1, says where, and leaves nothing", async () => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await makeLarge(database, 4);
    await using folder = await withTemporaryFolder();
    await using proxy = await TcpProxy.start({ targetPort: server.port, cutAfterServerBytes: 2 * mebibyte });
    const url = mysqlUrl({ ...server, port: proxy.port });
    const { status, stderr } = await dbbackup(["backup", "single", database.name, "--url", url, "--repo", folder.path]);
    expect(stderr).toMatch(/error: the connection .* was lost while running "SELECT .*`big`/);
    expect(stderr).toMatch(/^hint: /m);
    expect([status, readdirSync(folder.path)]).toEqual([1, []]);
  });

  test("whose server dies in the midst of the rows ends with 1, and works when the server is back", async () => {
    await using server = await startMysql({ flavour });
    await using database = await withMysqlDatabase(server);
    await makeLarge(database, 16);
    await using folder = await withTemporaryFolder();
    await using proxy = await TcpProxy.start({ targetPort: server.port, delayMs: 50 });
    const url = mysqlUrl({ ...server, port: proxy.port });
    const running = dbbackup(["backup", "single", database.name, "--url", url, "--repo", folder.path]);
    await untilReading(server, database);
    await server.halt("SIGKILL");
    const { status, stderr } = await running;
    expect(stderr).toMatch(/error: the connection .* was lost while/);
    expect(stderr).toMatch(/^hint: /m);
    expect([status, readdirSync(folder.path)]).toEqual([1, []]);
    await server.start();
    await mustDbbackup(["backup", "single", database.name, "--url", mysqlUrl(server), "--repo", folder.path]);
  });
});

test("a full disk below the repository ends with 1, names it, and leaves nothing", async (context) => {
  requireRoot(context);
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  await makeLarge(database, 4);
  await using folder = await withTemporaryFolder();
  await using _ = await withSmallDisk(folder.path, "2m");
  const run = () => dbbackup(["backup", "single", database.name, "--url", database.url, "--repo", folder.path]);
  const { status, stderr } = await run();
  expect(stderr).toMatch(/no space left on the device/);
  expect(stderr).toMatch(/^hint: free space there/m);
  expect([status, readdirSync(folder.path)]).toEqual([1, []]);
});

test("a table that is dropped before it is read ends the backup, and there is none", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using database = await withMysqlDatabase(server);
  await makeLarge(database, 16);
  await database.sql("CREATE TABLE z (id INT) ENGINE = InnoDB");
  await using folder = await withTemporaryFolder();
  await using proxy = await TcpProxy.start({ targetPort: server.port, delayMs: 20 });
  const url = mysqlUrl({ ...server, port: proxy.port });
  const running = dbbackup(["backup", "single", database.name, "--url", url, "--repo", folder.path]);
  await untilReading(server, database);
  await database.sql("DROP TABLE z");
  proxy.hurry();
  const { status, stderr } = await running;
  expect(stderr).toMatch(/error 1146 .*`?z/);
  expect(stderr).toMatch(/^hint: .*(?:dropped|changed)/m);
  expect([status, readdirSync(folder.path)]).toEqual([1, []]);
});

test.each(["mariadb-11.8", "mysql-5.6"] as const)(
  "%s: a table that was read can be changed while others are",
  async (flavour) => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await makeLarge(database, 16);
    await database.sql("CREATE TABLE a LIKE big");
    await database.sql("INSERT INTO a SELECT * FROM big LIMIT 2");
    await database.sql("ANALYZE TABLE a, big");
    await using folder = await withTemporaryFolder();
    await using proxy = await TcpProxy.start({ targetPort: server.port, delayMs: 20 });
    const url = mysqlUrl({ ...server, port: proxy.port });
    const running = dbbackup(["backup", "single", database.name, "--url", url, "--repo", folder.path]);
    await untilReading(server, database, "%FROM `big`%");
    // It would wait for the end of the backup, which waits for us.
    await database.sql("ALTER TABLE a ADD COLUMN c INT");
    await untilReading(server, database, "%FROM `big`%");
    proxy.hurry();
    const { status, stderr } = await running;
    expect(status, stderr).toBe(0);
  },
);

test("a table that is changed before it is read ends the backup, and there is none", async () => {
  const server = await sharedMysql("mysql-5.6");
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE a (id INT PRIMARY KEY, b LONGTEXT)");
  for (let id = 0; id < 40; id++) await database.sql(`INSERT INTO a VALUES (${id}, REPEAT('x', 1000000))`);
  await database.sql("CREATE TABLE z (id INT)");
  await database.sql("INSERT INTO z VALUES (1)");
  await using folder = await withTemporaryFolder();
  const program = spawn(
    process.execPath,
    [await builtProgram(), "backup", "single", database.name, "--url", mysqlUrl(server), "--output", "-", "--quiet"],
    { stdio: ["ignore", "pipe", "pipe"], cwd: folder.path, env: { ...process.env, ...foreignVariables } },
  );
  await new Promise((resolve) => program.stdout.once("readable", resolve));
  await database.sql("ALTER TABLE z ADD COLUMN b INT");
  let said = "";
  program.stderr.on("data", (text) => {
    said += text;
  });
  program.stdout.resume();
  const status = await new Promise((resolve) => program.once("close", resolve));
  expect(status).toBe(1);
  expect(said).toContain("1412");
});

describe.each(["mariadb-11.8", "mysql-9.7", "mysql-5.6"] as const)("an account of %s", (flavour) => {
  const ofCode = flavour === "mysql-9.7" ? "SHOW_ROUTINE ON *.*" : "SELECT ON mysql.proc";
  const dropped = {
    SELECT: /without SELECT on database "[^"]+" other tables are not seen|may not see it/,
    "SHOW VIEW": /SHOW VIEW command denied/,
    TRIGGER: /without TRIGGER on database "[^"]+" triggers are not seen/,
    EVENT: /without EVENT on database "[^"]+" events are not seen/,
    [ofCode]: /without (?:SHOW_ROUTINE|SELECT on mysql.proc) functions and procedures of database "[^"]+" are not seen/,
  };

  test("is told by name which right is missing; there is no backup of less than the database", async () => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await database.sql("CREATE TABLE t (a INT) ENGINE = InnoDB");
    await database.sql("CREATE VIEW v AS SELECT a FROM t");
    const user = `${`u${database.name.slice(-6)}`}@'127.0.0.1'`;
    const rights = Object.keys(dropped).map((right) =>
      right.includes(" ON ") ? right : `${right} ON \`${database.name}\`.*`,
    );
    const change = async (text: string): Promise<void> => void (await mysqlSql(server, text));
    await change(`CREATE USER ${user}`);
    await using _ = { [Symbol.asyncDispose]: () => change(`DROP USER ${user}`) };
    for (const right of rights) await change(`GRANT ${right} TO ${user}`);
    await using folder = await withTemporaryFolder();
    const url = mysqlUrl(server, "", user.split("@")[0]);
    const run = (...more: string[]) =>
      dbbackup(["backup", "single", database.name, "--url", url, "--repo", folder.path, "--json", ...more]);
    const failures = Object.values(dropped);
    for (const [index, right] of rights.entries()) {
      await change(`REVOKE ${right} FROM ${user}`);
      const { status, stdout } = await run();
      const { error } = JSON.parse(stdout.toString()) as { error: { message: string; hint: string } };
      expect(error.message).toMatch(failures[index]!);
      expect(error.hint).toMatch(/GRANT|SHOW DATABASES/);
      expect([status, right, readdirSync(folder.path)]).toEqual([1, right, []]);
      await change(`GRANT ${right} TO ${user}`);
    }
    // Without RELOAD there is a backup; it says what is not known of it.
    const { status, stdout, stderr } = await run();
    expect([status, JSON.parse(stdout.toString()).consistency.method]).toEqual([
      0,
      flavour === "mariadb-11.8" ? "lock-free" : "snapshot",
    ]);
    if (flavour !== "mariadb-11.8") expect(stderr).toContain("this user may not lock the server (RELOAD)");
    for (const right of rights.slice(2)) await change(`REVOKE ${right} FROM ${user}`);
    expect((await run("--skip-triggers", "--skip-events", "--skip-routines")).status).toBe(0);
    await change(`REVOKE ${rights[0]} FROM ${user}`);
    await change(`GRANT SELECT, TRIGGER ON \`${database.name}\`.t TO ${user}`);
    expect((await run("--only-table", "t", "--skip-events", "--skip-routines")).status).toBe(0);
  });
});

test("a wrong password ends a backup with 1 and a hint, and is told to nobody", async () => {
  const server = await sharedMysql("mariadb-11.8");
  await using database = await withMysqlDatabase(server);
  const user = `w${database.name.slice(-6)}`;
  await database.sql(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'right'`);
  await using _ = { [Symbol.asyncDispose]: async () => void (await database.sql(`DROP USER ${user}@'127.0.0.1'`)) };
  await using folder = await withTemporaryFolder();
  const args = ["backup", "single", database.name, "--url", mysqlUrl(server, "", user), "--repo", folder.path];
  const { status, stderr } = await dbbackup(args, { env: { MYSQL_PWD: "most-wrong" } });
  expect(stderr).toMatch(/Access denied for user/);
  expect(stderr).toMatch(/^hint: check user and password/m);
  expect(stderr).not.toContain("most-wrong");
  expect([status, readdirSync(folder.path)]).toEqual([1, []]);
});
