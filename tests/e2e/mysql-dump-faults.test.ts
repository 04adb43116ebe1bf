import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test("no lock outlives a backup that is killed while it holds one", async () => {
  await using server = await startMysql({ flavour: "mariadb-11.8" });
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE held (a INT, b LONGTEXT) ENGINE = MyISAM");
  await database.sql("INSERT INTO held SELECT seq, REPEAT('x', 100000) FROM seq_1_to_2000");
  await using folder = await withTemporaryFolder();
  // Nobody reads the pipe, so that the backup stands in the midst of the table, which it reads under the lock.
  const child = spawn(
    process.execPath,
    [await builtProgram(), "backup", "single", database.name, "--url", mysqlUrl(server), "--output", "-"],
    { stdio: ["ignore", "pipe", "ignore"], cwd: folder.path, env: { ...process.env, ...foreignVariables } },
  );
  const isLocked = async (): Promise<boolean> => {
    const locks = await server.sql(
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT%FROM `held`%' AND id <> CONNECTION_ID()",
    );
    return locks[0]!.n !== "0";
  };
  await expect.poll(isLocked, { timeout: 20_000 }).toBe(true);
  const writing = database.sql("INSERT INTO held VALUES (0, 'while it is locked')");
  expect(
    await Promise.race([writing.then(() => "written"), new Promise((resolve) => setTimeout(resolve, 300, "waits"))]),
  ).toBe("waits");
  child.kill("SIGKILL");
  await writing;
});

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

test("a user without rights is told which are missing", async () => {
  const server = await sharedMysql("mariadb-11.8");
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE t (a INT)");
  await database.sql("CREATE PROCEDURE p() SELECT 1");
  const user = `u${database.name}`.slice(0, 32);
  await database.sql(`CREATE USER ${user}@'127.0.0.1'`);
  try {
    await using folder = await withTemporaryFolder();
    const run = () =>
      dbbackup([
        "backup",
        "single",
        database.name,
        "--url",
        mysqlUrl(server, "", user),
        "--output",
        join(folder.path, "f.sql"),
        "--json",
      ]);
    const none = await run();
    expect(none.status).toBe(1);
    expect(none.stdout.toString()).toContain("may not see it");
    await database.sql(`GRANT SELECT, EXECUTE ON \`${database.name}\`.* TO ${user}@'127.0.0.1'`);
    const some = await run();
    expect(some.status).toBe(1);
    expect(some.stdout.toString()).toContain('does not show the definition of procedure \\"p\\"');
    await database.sql("DROP PROCEDURE p");
    const enough = await run();
    expect(enough.status).toBe(0);
    expect(JSON.parse(enough.stdout.toString()).consistency.method).toBe("lock-free");
  } finally {
    await database.sql(`DROP USER ${user}@'127.0.0.1'`);
  }
});
