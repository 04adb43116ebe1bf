import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { type MysqlServer, startMysql } from "../helpers/mysql-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const rights =
  "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, TRIGGER, CREATE VIEW, SHOW VIEW, EVENT, CREATE ROUTINE";

/** Backs a database up as a script and as a directory. Answers their paths. */
async function backUp(server: MysqlServer, database: string, folder: string): Promise<[string, string]> {
  const paths: [string, string] = [join(folder, `${database}.sql`), join(folder, `${database}.dir`)];
  for (const [path, format] of [
    [paths[0], "sql"],
    [paths[1], "directory"],
  ] as const) {
    const to = ["--output", path, "--format", format, "--quiet"];
    await mustDbbackupHere(["backup", "single", database, "--no-defaults", "--url", server.url(), ...to]);
  }
  return paths;
}

const restore = (path: string, url: string, ...args: readonly string[]) =>
  dbbackupHere(["restore", "single", path, "--no-defaults", "--url", url, "--quiet", ...args]);

async function databases(server: MysqlServer): Promise<string[]> {
  const rows = await server.sql("SHOW DATABASES");
  return rows
    .map(({ Database }) => Database!)
    .filter((name) => !/^(?:information_schema|mysql|sys|perf.*)$/.test(name));
}

describe.each([
  { flavour: "mariadb-11.8", setting: "read_only", user: "plain" },
  { flavour: "mysql-9.7", setting: "super_read_only", user: "root" },
] as const)("a read-only server of $flavour", ({ flavour, setting, user }) => {
  test("is told of before anything is touched, by every way to restore", async () => {
    await using server = await startMysql({ flavour });
    await using folder = await withTemporaryFolder();
    await server.sql("CREATE DATABASE shop");
    await server.sql("CREATE TABLE shop.t (a INT PRIMARY KEY)");
    await server.sql("INSERT INTO shop.t VALUES (1)");
    await server.sql("CREATE DATABASE vacant");
    await server.sql("CREATE USER plain@'%'");
    await server.sql(`GRANT ${rights} ON *.* TO plain@'%'`);
    const paths = await backUp(server, "shop", folder.path);
    const repo = ["--repo", join(folder.path, "repo"), "--quiet", "--no-defaults"];
    await mustDbbackupHere(["backup", "cluster", "--url", server.url(), ...repo]);
    await server.sql(`SET GLOBAL ${setting} = 1`);
    const url = server.url("", user);
    const says = `the server is read-only (${setting} = ON)`;
    for (const [path, ...to] of [
      [paths[0], "--target=fresh", "--create"],
      [paths[0], "--target=vacant"],
      [paths[1], "--target=vacant", "--on-error=continue"],
      [paths[1], "--target=shop", "--create", "--clean", "--confirm"],
    ] as const) {
      const { status, stderr } = await restore(path, url, ...to);
      expect(stderr).toContain(`the restore cannot work: ${says}`);
      expect(stderr).toMatch(/^hint: if it is a replica, restore on the server that it follows; else SET GLOBAL/m);
      expect(stderr).not.toContain("incomplete");
      expect(status).toBe(1);
    }
    const proof = await dbbackupHere(["verify", paths[1], "--restore", "--server", url, "--quiet"]);
    expect(proof.stderr).toContain(`no scratch database can be made: ${says}\nhint: name another`);
    expect(proof.status).toBe(1);
    const one = ["--database=shop", "--skip-definer", "--clean", "--confirm"];
    const whole = await dbbackupHere(["restore", "cluster", "latest:cluster", "--url", url, ...repo, ...one]);
    expect(whole.stderr).toContain(says);
    expect(whole.status).toBe(1);
    expect(await server.sql("SELECT * FROM shop.t")).toEqual([{ a: "1" }]);
    if (flavour === "mariadb-11.8") {
      // Root may, all the same.
      expect(await restore(paths[1], server.url(), "--target=vacant")).toMatchObject({ status: 0 });
      expect(await databases(server)).toEqual(["shop", "vacant"]);
      return;
    }
    expect(await databases(server)).toEqual(["shop", "vacant"]);
    expect(await server.sql("SHOW TABLES FROM vacant")).toEqual([]);
    await server.sql("SET GLOBAL read_only = 0");
    await server.sql("ALTER DATABASE vacant READ ONLY = 1");
    for (const path of paths) {
      const { status, stderr } = await restore(path, url, "--target=vacant");
      expect(stderr).toContain('the restore cannot work: database "vacant" is read-only');
      expect(stderr).toMatch(/^hint: ALTER DATABASE `vacant` READ ONLY = 0,/m);
      expect(status).toBe(1);
    }
  });
});

const mixed = [
  "CREATE TABLE Orders (A INT PRIMARY KEY, b INT, KEY b (b))",
  "INSERT INTO Orders VALUES (1, 2), (2, 3)",
  "CREATE TABLE `Lines of Ärger` (a INT PRIMARY KEY, o INT, CONSTRAINT Fk FOREIGN KEY (o) REFERENCES Orders (A))",
  "INSERT INTO `Lines of Ärger` VALUES (1, 1)",
  "CREATE VIEW VOrders AS SELECT o.A FROM Orders o",
  "CREATE TRIGGER Tr BEFORE INSERT ON Orders FOR EACH ROW SET NEW.b = 3",
  "CREATE TRIGGER tr_2 BEFORE UPDATE ON Orders FOR EACH ROW SET NEW.b = 4",
];

describe("a server that keeps names in small letters", () => {
  test("gets what has capitals in its names; what would be one there is refused before anything is touched", async () => {
    await using source = await startMysql({ flavour: "mariadb-11.8" });
    await using small = await startMysql({ flavour: "mariadb-11.8", settings: ["lower-case-table-names=1"] });
    await using folder = await withTemporaryFolder();
    for (const name of ["Mixed", "Clash"]) await source.sql(`CREATE DATABASE ${name}`);
    for (const sql of mixed) await source.sql(sql, "Mixed");
    for (const sql of ["CREATE TABLE Orders (a INT)", "CREATE TABLE orders (a INT)", "CREATE TABLE `Ü` (a INT)"])
      await source.sql(sql, "Clash");
    await source.sql("INSERT INTO Orders VALUES (1)", "Clash");
    await source.sql("CREATE VIEW `ü` AS SELECT 1 AS one", "Clash");
    for (const path of await backUp(source, "Clash", folder.path)) {
      for (const more of [[], ["--on-error=continue"]]) {
        const { status, stderr } = await restore(path, small.url(), "--target=New", "--create", ...more);
        expect(stderr).toContain(
          "names that differ in capitals only are one on this server (lower_case_table_names = 1): ",
        );
        expect(stderr).toContain('"Orders" and "orders"');
        expect(stderr).toContain('"Ü" and "ü"');
        expect(status).toBe(1);
      }
      expect(await databases(small)).toEqual([]);
    }
    const paths = await backUp(source, "Mixed", folder.path);
    for (const path of paths) {
      const done = await restore(path, small.url(), "--target=MyTarget", "--create", "--analyze");
      expect(done).toMatchObject({ status: 0 });
      expect(await databases(small)).toEqual(["mytarget"]);
      expect((await small.sql("SHOW TABLES", "mytarget")).map((row) => Object.values(row)[0])).toEqual([
        "lines of ärger",
        "orders",
        "vorders",
      ]);
      expect(await small.sql("SELECT * FROM VORDERS", "mytarget")).toEqual([{ A: "1" }, { A: "2" }]);
      expect(await small.sql("SELECT b FROM Orders", "mytarget")).toEqual([{ b: "2" }, { b: "3" }]);
      // A name in other letters is that of the same database, not of an empty one.
      const same = await dbbackupHere(["compare", small.url("MyTarget"), small.url("mytarget"), "--json"]);
      expect(JSON.parse(same.stdout.toString())).toMatchObject({ equal: true, tables_compared: 2, rows_compared: 3 });
      // Their rows are compared, although the other server keeps other names; what views and keys say of them differs.
      const across = await dbbackupHere(["compare", source.url("Mixed"), small.url("mytarget"), "--json"]);
      const found = JSON.parse(across.stdout.toString());
      expect(found).toMatchObject({ tables_compared: 2, rows_compared: 3, data_difference_count: 0 });
      expect(found.schema_differences.filter(({ aspect }: { aspect: string }) => aspect === "exists")).toEqual([]);
      const stored = await dbbackupHere(["compare", small.url("MYTARGET"), path, "--json"]);
      expect(JSON.parse(stored.stdout.toString())).toMatchObject({ equal: true, rows_compared: 3 });
      const missing = await dbbackupHere(["compare", source.url("mixed"), path]);
      expect(missing.stderr).toContain('there is no database "mixed"');
      const proof = await dbbackupHere(["verify", path, "--restore", "--server", small.url(), "--quiet"]);
      expect(proof.stdout.toString()).toMatch(/^ok /);
      await small.sql("DROP DATABASE mytarget");
    }
    const one = await restore(
      join(folder.path, "Clash.dir"),
      small.url(),
      "--target=One",
      "--create",
      "--table=Orders",
    );
    expect(one).toMatchObject({ status: 0 });
    expect(await small.sql("SELECT * FROM one.orders")).toEqual([{ a: "1" }]);
    // And back: names are as that server keeps them, but triggers keep the words that they were made with.
    const again = ["--target=Mixed", "--create", "--resumable"];
    expect(await restore(paths[1], small.url(), ...again)).toMatchObject({ status: 0 });
    const [, back] = await backUp(small, "MIXED", folder.path);
    const done = await restore(back, source.url(), "--target=Back", "--create", "--on-error=continue");
    expect(done.stdout.toString()).toMatch(/trigger "Tr" .*Table 'Back\.Orders' doesn't exist/);
    expect(done.status).toBe(3);
    expect(await source.sql("SELECT COUNT(*) AS n FROM `lines of ärger` JOIN orders", "Back")).toEqual([{ n: "2" }]);
  });

  test("takes no two databases for one when a cluster is restored", async () => {
    await using source = await startMysql({ flavour: "mariadb-10.11" });
    await using small = await startMysql({ flavour: "mariadb-10.11", settings: ["lower-case-table-names=1"] });
    await using folder = await withTemporaryFolder();
    for (const name of ["Shop", "shop"]) {
      await source.sql(`CREATE DATABASE ${name}`);
      await source.sql(`CREATE TABLE ${name}.T (a INT)`);
    }
    const repo = ["--repo", folder.path, "--quiet", "--no-defaults"];
    await mustDbbackupHere(["backup", "cluster", "--url", source.url(), ...repo]);
    const run = (...more: readonly string[]) =>
      dbbackupHere(["restore", "cluster", "latest:cluster", "--url", small.url(), ...repo, ...more]);
    expect(await run()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        'names of databases that differ in capitals only are one on this server: "Shop" and "shop"',
      ),
    });
    expect(await databases(small)).toEqual([]);
    expect(await run("--exclude-database=shop")).toMatchObject({ status: 0 });
    expect(await databases(small)).toEqual(["shop"]);
    expect(await run("--exclude-database=shop")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('database "Shop" exists already'),
    });
  });
});
