import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { killedRestoreAt } from "../helpers/interrupted-restore.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlSql, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const tables = 60;
const rows = Array.from({ length: 40 }, (_, n) => `(${n},'${"x".repeat(500)}')`).join(",");

/** A script of many statements, with a lock and a transaction in each part as stock dumps have them. */
const script = Array.from(
  { length: tables },
  (_, n) =>
    `CREATE TABLE t${n} (a INT PRIMARY KEY, b TEXT);\nLOCK TABLES t${n} WRITE;\nSTART TRANSACTION;\nINSERT INTO t${n} VALUES ${rows};\nCOMMIT;\nUNLOCK TABLES;\n`,
).join("");

describe.each(["mariadb-10.11", "mysql-9.7"] as const)("a restore into %s", (flavour) => {
  test("that is killed leaves no lock and no session, and can be done again", async () => {
    const server = await sharedMysql(flavour);
    await using folder = await withTemporaryFolder();
    await using target = await withMysqlDatabase(server);
    const path = join(folder.path, "f.sql");
    await writeFile(path, script);
    for (const steps of [30, 150]) {
      const urlAt = (port: number): string => mysqlUrl({ ...server, port });
      const killed = await killedRestoreAt(
        server.port,
        urlAt,
        [path, `--target=${target.name}`, "--create", "--clean", "--confirm"],
        steps,
      );
      expect(killed.status).toBe(null);
      const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${target.name}'`;
      await expect.poll(() => mysqlSql(server, sessions)).toEqual([{ n: "0" }]);
    }
    await mustDbbackup([
      "restore",
      "single",
      path,
      "--url",
      mysqlUrl(server),
      "--target",
      target.name,
      "--create",
      "--clean",
      "--confirm",
    ]);
    expect(await target.sql(`SELECT COUNT(*) AS n FROM t${tables - 1}`)).toEqual([{ n: "40" }]);
  });

  test("whose connection is lost says so, and what is incomplete", async () => {
    const server = await sharedMysql(flavour);
    await using target = await withMysqlDatabase(server);
    await using proxy = await TcpProxy.start({ targetPort: server.port, cutAfterServerBytes: 200_000 });
    const url = mysqlUrl({ ...server, port: proxy.port });
    const many = Array.from({ length: 40_000 }, (_, n) => `SELECT ${n};\n`).join("");
    const done = await dbbackup(["restore", "single", "-", "--url", url, "--target", target.name, "--quiet"], {
      input: Buffer.from(script + many),
    });
    expect(done.stderr.toString()).toMatch(
      /restoring line \d+ of the script failed: the connection .* was lost while running/,
    );
    expect(done.stderr.toString()).toContain(`database "${target.name}" is incomplete`);
    expect(done.status).toBe(1);
  });

  test("is refused to who has no right to it, by name", async () => {
    const server = await sharedMysql(flavour);
    await using target = await withMysqlDatabase(server);
    const user = `r_${target.name}`;
    await mysqlSql(server, `CREATE USER ${user} IDENTIFIED BY 'right'`);
    await using _ = { [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP USER ${user}`)) };
    await mysqlSql(server, `GRANT SELECT ON ${target.name}.* TO ${user}`);
    const run = async (password: string, ...more: string[]) => {
      const url = `${mysqlUrl(server, "", user)}?ssl-mode=PREFERRED`;
      return await dbbackup(["restore", "single", "-", "--url", url, "--target", target.name, "--quiet", ...more], {
        input: Buffer.from(script),
        env: { MYSQL_PWD: password },
      });
    };
    const wrong = await run("wrong");
    expect(wrong.stderr.toString()).toContain("Access denied for user");
    expect(wrong.stderr.toString()).not.toContain("wrong");
    expect(wrong.status).toBe(1);
    const denied = await run("right");
    expect(denied.stderr.toString()).toMatch(/error 1142 .*CREATE command denied/);
    expect(denied.stderr.toString()).toContain("t0");
    expect(denied.status).toBe(1);
    expect(await target.sql("SHOW TABLES")).toEqual([]);
  });
});

test("a server that goes down in mid-restore ends it with a word about the database that is left", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11" });
  const url = mysqlUrl(server);
  const running = dbbackup(["restore", "single", "-", "--url", url, "--target", "left", "--create", "--quiet"], {
    input: Buffer.from(`${script}SELECT SLEEP(100);\n`),
  });
  const last = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'`;
  await expect.poll(() => mysqlSql(server, last)).toEqual([{ n: "1" }]);
  await server.halt("SIGKILL");
  const done = await running;
  expect(done.stderr.toString()).toContain(`restoring line ${tables * 6 + 1} of the script failed: the connection`);
  expect(done.stderr.toString()).toContain(
    'database "left", which this run created, is incomplete and could not be dropped again',
  );
  expect(done.status).toBe(1);
});

test("a server without room ends a restore with 1, and names the database that is incomplete", async () => {
  const settings = ["innodb-file-per-table=0", "innodb-data-file-path=ibdata1:12M:autoextend:max:16M"];
  await using server = await startMysql({ flavour: "mariadb-10.11", settings });
  // It goes with the server, which has no room to drop it.
  await server.sql("CREATE DATABASE small");
  const large = `CREATE TABLE large (b LONGTEXT);\n${`INSERT INTO large VALUES ('${"x".repeat(1 << 20)}');\n`.repeat(16)}`;
  const run = (input: string) =>
    dbbackup(["restore", "single", "-", "--url", mysqlUrl(server), "--target", "small", "--quiet"], {
      input: Buffer.from(input),
    });
  const { status, stderr } = await run(large);
  expect(stderr).toMatch(/restoring line \d+ of the script failed: error 1114 .*The table .*large.* is full/);
  expect(stderr).toContain('database "small" is incomplete');
  expect(stderr).toMatch(/^hint: .*free space/m);
  expect(status).toBe(1);
});

test("an interrupted restore ends with 130, and drops what it created", async () => {
  const server = await sharedMysql("mariadb-11.8");
  const name = `interrupted_${process.pid}`;
  const args = ["restore", "single", "-", "--url", mysqlUrl(server), "--target", name, "--create", "--quiet"];
  const child = spawn(process.execPath, [await builtProgram(), ...args], { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end(`${script}SELECT SLEEP(101);\n`);
  const last = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(101)%'`;
  await expect.poll(() => mysqlSql(server, last)).toEqual([{ n: "1" }]);
  child.kill("SIGINT");
  const [status] = await once(child, "close");
  expect(status).toBe(130);
  expect(await mysqlSql(server, `SHOW DATABASES LIKE '${name}'`)).toEqual([]);
  expect(await mysqlSql(server, last)).toEqual([{ n: "0" }]);
});
