import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Check } from "../../src/ports/preflight.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-preflight-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function preflight(url: string, name: string) {
  const { status, stdout, stderr } = await dbbackup([
    "preflight",
    name,
    "--url",
    url,
    "--repo",
    join(folder, "repo"),
    "--no-defaults",
    "--json",
  ]);
  const report = JSON.parse(stdout.toString()) as { checks?: Check[]; [field: string]: unknown };
  const of = (wanted: Check["status"]) =>
    report.checks?.filter((check) => check.status === wanted).map(({ name: check, message }) => `${check}: ${message}`);
  return { status, stderr, report, errors: of("error"), warnings: of("warning"), ok: of("ok") };
}

describe.each(mysqlFlavours)("%s", (flavour) => {
  let database: MysqlDatabase;
  const user = (what: string): string => `${what}_${database.name.slice(-6)}`;

  beforeAll(async () => {
    database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql("CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB");
  });
  afterAll(async () => {
    for (const what of ["reader", "writer"]) {
      await mysqlSql(database.server, `DROP USER ${user(what)}@'%'`).catch(() => {});
    }
    await database[Symbol.asyncDispose]();
  });

  test("where nothing is wrong it says so", async () => {
    const { status, report, errors, warnings, ok } = await preflight(database.url, database.name);
    expect({ status, errors, warnings }).toEqual({ status: 0, errors: [], warnings: [] });
    expect(ok).toContain("rights: everything in the database can be read");
    expect(report).toMatchObject({ status: "ok", database: database.name, user: "root", host: "127.0.0.1" });
  });

  test("rights that are missing are named, and tables that no snapshot holds", async () => {
    await database.sql(`CREATE USER ${user("reader")}@'%'`);
    await database.sql(
      `GRANT SELECT, TRIGGER ON \`${database.name.replaceAll("_", "\\_")}\`.* TO ${user("reader")}@'%'`,
    );
    await database.sql("CREATE TABLE old (a INT) ENGINE=MyISAM");
    const { status, errors, warnings } = await preflight(mysqlUrl(database.server, "", user("reader")), database.name);
    expect({ status, errors }).toEqual({
      status: 1,
      errors: [expect.stringContaining("rights: without EVENT"), expect.stringContaining("rights: functions")],
    });
    expect(warnings).toEqual(
      expect.arrayContaining([
        expect.stringContaining("rights: without SHOW VIEW"),
        expect.stringContaining("engines: no snapshot holds the rows of 1 table"),
      ]),
    );
    expect(warnings!.join("\n")).not.toContain("TRIGGER");
    const freely = flavour.startsWith("mariadb");
    expect(warnings!.some((text) => text.includes("RELOAD"))).toBe(!freely);
    await database.sql("DROP TABLE old");
  });

  test("without the right to read, a backup would fail", async () => {
    await database.sql(`CREATE USER ${user("writer")}@'%'`);
    await database.sql(`GRANT INSERT ON \`${database.name}\`.* TO ${user("writer")}@'%'`);
    const { status, errors } = await preflight(mysqlUrl(database.server, "", user("writer")), database.name);
    expect(status).toBe(1);
    expect(errors![0]).toBe("rights: without SELECT rows and definitions of tables cannot be read");
  });

  test("a database that is not there", async () => {
    const { status, report } = await preflight(database.url, "nowhere");
    expect(status).toBe(1);
    expect(report.error).toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining('no database "nowhere"'),
    });
  });
});

test("what an account has by a role counts", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  const role = `role_${database.name.slice(-6)}`;
  await database.sql(`CREATE ROLE ${role}`);
  await database.sql(`GRANT ALL ON *.* TO ${role}`);
  await database.sql(`CREATE USER u_${role}@'%' DEFAULT ROLE ${role}`);
  const { status, errors, warnings } = await preflight(mysqlUrl(database.server, "", `u_${role}`), database.name);
  await database.sql(`DROP USER u_${role}@'%'`);
  await database.sql(`DROP ROLE ${role}`);
  expect({ status, errors, warnings }).toEqual({ status: 0, errors: [], warnings: [] });
});
