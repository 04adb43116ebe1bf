import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlSql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";

let folder: string;
let database: MysqlDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-options-"));
  database = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  await database.sql("CREATE TABLE inno (a INT PRIMARY KEY)");
  await database.sql("CREATE TABLE isam (a INT PRIMARY KEY) ENGINE=MyISAM");
});
afterAll(async () => {
  await mysqlSql(database.server, `DROP USER IF EXISTS u_${database.name}`);
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

let count = 0;
async function backup(args: readonly string[], environment: Record<string, string> = {}) {
  const output = join(folder, `${count++}.sql`);
  const all = ["backup", "single", database.name, "--output", output, ...args];
  const { status, stdout, stderr } = await dbbackup([...all, "--json"], { env: environment });
  return { status, document: JSON.parse(stdout.toString()), stderr: stderr.toString(), output };
}

test("--non-transactional fail makes no backup, and names the tables", async () => {
  const { status, document } = await backup(["--url", database.url, "--no-defaults", "--non-transactional", "fail"]);
  expect(status).toBe(1);
  expect(JSON.stringify(document.error)).toContain("isam");
});

test("--no-lock says what could not be proved", async () => {
  const { status, document } = await backup(["--url", database.url, "--no-defaults", "--no-lock"]);
  expect(status).toBe(0);
  expect(document.warnings.join("\n")).toContain("isam");
  expect(document.consistency).toMatchObject({ method: "snapshot" });
  expect(document.consistency.binlog_file).toBeUndefined();
});

test("an option file says how to connect, and its password is nowhere to be read", async () => {
  const user = `u_${database.name}`;
  const secret = "planted-s3cret";
  await database.sql(`CREATE USER ${user} IDENTIFIED BY '${secret}'`);
  await database.sql(`GRANT ALL ON *.* TO ${user}`);
  const file = join(folder, "my.cnf");
  const text = `[client]\nuser=${user}\npassword="${secret}"\nhost=127.0.0.1\nport=${database.server.port}\n`;
  writeFileSync(file, text, { mode: 0o600 });
  const { status, document, stderr, output } = await backup(["--db-type", "mysql", "--defaults-file", file]);
  expect(status).toBe(0);
  expect(document).toMatchObject({ database_type: "mysql", user, host: "127.0.0.1" });
  for (const written of [stderr, JSON.stringify(document), readFileSync(output, "utf8")]) {
    expect(written).not.toContain(secret);
  }
  const beside = await backup(["--db-type", "mysql", "--defaults-file", file], { MYSQL_PWD: "wrong" });
  expect(beside.status).toBe(0);
});
