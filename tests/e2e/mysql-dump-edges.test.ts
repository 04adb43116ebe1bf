import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlUrl, rootSpec } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test.each(["mariadb-10.11", "mysql-5.6", "mysql-9.7"] as const)(
  "%s: of databases whose names differ in case only, each is its own",
  async (flavour) => {
    const server = await sharedMysql(flavour);
    const name = `Case_${process.pid}`;
    await using upper = await withMysqlDatabase(server, name);
    await using lower = await withMysqlDatabase(server, name.toLowerCase());
    for (const [database, mark] of [
      [upper, "upper"],
      [lower, "lower"],
    ] as const) {
      await database.sql(`CREATE TABLE t_${mark} (a INT) ENGINE = InnoDB`);
      await database.sql(`INSERT INTO t_${mark} VALUES (1)`);
      await database.sql(`CREATE VIEW v_${mark} AS SELECT a FROM t_${mark}`);
      await database.sql(`CREATE PROCEDURE p_${mark}() SELECT 1`);
      await database.sql(`CREATE TRIGGER tr_${mark} BEFORE INSERT ON t_${mark} FOR EACH ROW SET NEW.a = 2`);
      await database.sql(`CREATE EVENT e_${mark} ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1`);
    }
    await using folder = await withTemporaryFolder();
    const run = (database: string, file: string) =>
      dbbackup(["backup", "single", database, "--url", mysqlUrl(server), "--output", join(folder.path, file)]);
    for (const [database, mark, other] of [
      [upper, "upper", "lower"],
      [lower, "lower", "upper"],
    ] as const) {
      const { status, stderr } = await run(database.name, `${mark}.sql`);
      expect(status, stderr).toBe(0);
      const script = readFileSync(join(folder.path, `${mark}.sql`), "utf8");
      for (const object of ["t", "v", "p", "tr", "e"]) expect(script).toContain(`\`${object}_${mark}\``);
      expect(script).not.toMatch(new RegExp(`_${other}\\b`));
    }
    const none = await run(name.toUpperCase(), "none.sql");
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining("there is no database")]);
  },
);

test("transactions that are prepared are warned of, and the warning stays", async () => {
  const server = await sharedMysql("mariadb-11.8");
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE t (a INT) ENGINE = InnoDB");
  await using session = await MysqlConnection.connect(rootSpec(server, database.name));
  for (const sql of ["START 'x1'", "END 'x1'", "PREPARE 'x1'"]) {
    if (sql.startsWith("END")) await session.query("INSERT INTO t VALUES (1)");
    await session.query(`XA ${sql}`);
  }
  await using folder = await withTemporaryFolder();
  const file = ["--output", join(folder.path, "f.sql"), "--json"];
  const { stdout } = await mustDbbackup(["backup", "single", database.name, "--url", database.url, ...file]);
  await session.query("XA ROLLBACK 'x1'");
  expect(JSON.parse(stdout.toString()).warnings).toEqual([
    expect.stringMatching(/^\d+ transactions? (?:is|are) prepared \(XA\) and not committed/),
  ]);
});

test("a restore goes on behind a statement that is sent while it is read, and that the server refuses", async () => {
  await using target = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  const long = `INSERT INTO missing VALUES ('${"x".repeat(6_000_000)}');\n`;
  const script = `CREATE TABLE a (a INT);\n${long}INSERT INTO a VALUES (1);\n${long}CREATE TABLE b (a INT);\n`;
  const args = ["restore", "single", "-", "--url", target.url, "--target", target.name, "--on-error", "continue"];
  const { status, stdout, stderr } = await dbbackup([...args, "--db-type", "mariadb"], { input: Buffer.from(script) });
  const said = `${stdout}${stderr}`;
  expect([status, said]).toEqual([3, expect.stringContaining("line 2")]);
  expect(said).toContain("line 4");
  expect(await target.sql("SELECT a FROM a")).toEqual([{ a: "1" }]);
  expect(await target.sql("SELECT a FROM b")).toEqual([]);
});
