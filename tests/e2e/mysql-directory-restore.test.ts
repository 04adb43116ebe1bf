import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { dumpInTinyParts, restoreParts } from "../helpers/mysql-forced-parts.ts";
import type { HandmadeObject } from "../helpers/mysql-handmade-directory.ts";
import { checksums } from "../helpers/mysql-round-trip.ts";
import { mysqlSql, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import {
  directoryRestoreSuite,
  isWhole,
  made,
  named,
  numbered,
  objects,
  restore,
} from "./mysql-directory-restore-suite.ts";

directoryRestoreSuite(["mariadb-11.8", "mysql-9.7"]);

/** Tables with a row each, of which each refers to the next. */
function manyTables(count: number, broken?: number): HandmadeObject[] {
  return Array.from({ length: count }, (_, n) => {
    const next = n + 1 < count ? `,\n  CONSTRAINT \`f${n}\` FOREIGN KEY (\`p\`) REFERENCES \`t${n + 1}\` (\`id\`)` : "";
    const type = n === broken ? "no_type" : "int";
    return {
      kind: "table",
      name: `t${n}`,
      schema: `CREATE TABLE \`t${n}\` (\n  \`id\` int NOT NULL,\n  \`p\` ${type} DEFAULT NULL,\n  PRIMARY KEY (\`id\`),\n  KEY \`k\` (\`p\`)${next}\n) ENGINE=InnoDB;\n`,
      columns: ["id", "p"],
      chunks: [["1\t1"]],
    };
  });
}

const settings = (mode: string): string =>
  `-- made by hand\nSET NAMES utf8mb4;\nSET SESSION sql_mode = '${mode}', foreign_key_checks = 0;\n\n`;
const table = (name: string, quote: string): string =>
  `DROP TABLE IF EXISTS ${quote}${name}${quote};\nCREATE TABLE ${quote}${name}${quote} (\n  ${quote}a${quote} varchar(9) DEFAULT 'it''s'\n) ENGINE=InnoDB;\n`;

test("settings are made again only where they are others than those of the script before, or were changed behind it", async () => {
  const server = await sharedMysql("mariadb-10.11");
  const [usual, ansi] = [settings(""), settings("ANSI_QUOTES")];
  const scripts: readonly (readonly [head: string, schema: string])[] = [
    [usual, table("t0", "`")],
    [usual, table("t1", "`")],
    [usual, `${table("t2", "`")}SET SESSION sql_mode = 'ANSI_QUOTES';\n`],
    [usual, table("t3", "`").replace("'it''s'", '"it\'s"')],
    [ansi, table("t4", '"')],
    [ansi, table("t5", '"')],
    [usual, `${table("t6", "`")}SET NAMES latin1;\n`],
    [usual, table("t7", "`").replace("it''s", "ü")],
    ["", table("t8", "`")],
    [usual, table("t9", "`")],
  ];
  await using backup = await made(
    "mariadb-10.11",
    scripts.map(([head, schema], n) => ({ kind: "table", name: `t${n}`, head, schema })),
  );
  await using target = named(server);
  let sent = "";
  await using proxy = await TcpProxy.start({
    targetPort: server.port,
    onClientBytes: (_, bytes) => (sent += bytes.toString("latin1")),
  });
  const into = { ...server, port: proxy.port };
  expect(await restore(backup.path, into, ["--target", target.name, "--create"])).toMatchObject({ status: 0 });
  const rows = await target.sql(
    "SELECT TABLE_NAME AS t, COLUMN_DEFAULT AS d FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
  );
  expect(rows.map(({ d }) => d)).toEqual(scripts.map((_, n) => (n === 7 ? "'ü'" : "'it''s'")));
  expect(sent.match(/CREATE TABLE/g)).toHaveLength(10);
  // Of the two whose names are quoted in another way.
  expect(sent.match(/DROP TABLE/g)).toHaveLength(2);
  // t0; t3, t4, t6, t7 and t9, before which something else was in force.
  expect(sent.match(/SET SESSION sql_mode = '(?:ANSI_QUOTES)?', foreign_key_checks/g)).toHaveLength(6);
  const again = await restore(backup.path, into, ["--target", target.name, "--confirm"]);
  expect(again).toMatchObject({ status: 0 });
  expect(sent.match(/DROP TABLE/g)).toHaveLength(12);
});

test.each(["mariadb-11.8", "mysql-5.6"] as const)("many tables are made by several sessions of %s", async (flavour) => {
  const server = await sharedMysql(flavour);
  await using backup = await made(flavour, manyTables(110));
  await using target = named(server);
  const args = ["--target", target.name, "--create"];
  expect(await restore(backup.path, server, args)).toMatchObject({ status: 0, stderr: "" });
  const counts = async () => {
    const facts = "FROM information_schema";
    const [row] = await mysqlSql(
      server,
      `SELECT (SELECT COUNT(*) ${facts}.TABLES WHERE TABLE_SCHEMA = '${target.name}') AS tables,
        (SELECT COUNT(*) ${facts}.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '${target.name}') AS constraints`,
    );
    return row;
  };
  expect(await counts()).toEqual({ tables: "110", constraints: "109" });
  expect(await target.sql("SELECT * FROM t0 JOIN t109 USING (id)")).toEqual([{ id: "1", p: "1" }]);
  await mysqlSql(server, `DROP DATABASE ${target.name}`);
  await using broken = await made(flavour, manyTables(110, 77));
  const failed = await restore(broken.path, server, args);
  expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining('table "t77"')]);
  expect(await counts()).toEqual({ tables: "0", constraints: "0" });
  const went = await restore(broken.path, server, [...args, "--on-error=continue"]);
  expect([went.status, went.stdout.toString()]).toEqual([3, expect.stringContaining("t77")]);
  expect(await counts()).toMatchObject({ tables: "109" });
});

describe.each(["mariadb-10.11", "mysql-5.6"] as const)("of a directory for %s", (flavour) => {
  test("definitions and rows come apart", async () => {
    const server = await sharedMysql(flavour);
    await using backup = await made(flavour);
    await using target = await withMysqlDatabase(server);
    const into = ["--target", target.name];
    const schema = await restore(backup.path, server, [...into, "--schema-only"]);
    expect(schema.stderr.toString()).toBe("");
    expect(await target.sql("SELECT (SELECT COUNT(*) FROM child) AS a, (SELECT COUNT(*) FROM log) AS b")).toEqual([
      { a: "0", b: "0" },
    ]);
    const refused = await restore(backup.path, server, [...into, "--data-only", "--confirm"]);
    expect(refused.stderr.toString()).toContain('trigger "tr" of table "child"');
    expect(refused.status).toBe(1);
    await target.sql("DROP TRIGGER tr");
    const data = await restore(backup.path, server, [...into, "--data-only", "--confirm"]);
    expect(data).toMatchObject({ status: 0, stderr: expect.anything() });
    expect(data.stderr.toString()).not.toContain("error");
    await isWhole(target);
    const twice = await restore(backup.path, server, [
      ...into,
      "--data-only",
      "--confirm",
      "--table=par`ent",
      "--table=log",
    ]);
    expect(twice.stderr.toString()).toMatch(/took 0 of the [34] rows|would not take every row: warning 1062/);
    expect(twice.stderr.toString()).toContain("is incomplete");
    expect(twice.status).toBe(1);
    expect(await target.sql("SELECT COUNT(*) AS n FROM `par``ent`")).toEqual([{ n: "7" }]);
    const on = await restore(backup.path, server, [
      ...into,
      "--data-only",
      "--confirm",
      "--on-error=continue",
      "--table=par`ent",
      "--table=log",
    ]);
    expect(on.status).toBe(3);
    expect(on.stdout.toString()).toMatch(/failed {4}rows of table "par`ent" \(00002\.000[12]\.tsv\)/);
    // The run before may have come to it, too.
    expect((await target.sql("SELECT COUNT(*) AS n FROM log"))[0]!.n).toBeOneOf(["2", "3"]);
  });

  test("one that was changed is not taken", async () => {
    const server = await sharedMysql(flavour);
    await using backup = await made(flavour);
    await using target = named(server);
    const file = join(backup.path, "00001.0002.tsv");
    const good = await readFile(file);
    const flipped = Buffer.from(good);
    flipped[5000]! ^= 1;
    await writeFile(file, flipped);
    const done = await restore(backup.path, server, ["--target", target.name, "--create"]);
    expect(done.stderr.toString()).toContain('00001.0002.tsv, rows of table "child", is not what was written');
    expect(done.stderr.toString()).toContain("which this run created, was dropped again");
    expect(done.status).toBe(1);
    expect(await mysqlSql(server, `SHOW DATABASES LIKE '${target.name}'`)).toEqual([]);
    await rm(file);
    const missing = await restore(backup.path, server, ["--target", target.name, "--create"]);
    expect(missing.stderr.toString()).toContain('"00001.0002.tsv" is missing');
    expect(missing.status).toBe(1);
  });
});

describe.each(["mariadb-11.8", "mysql-9.7"] as const)("on %s", (flavour) => {
  test("rows come by INSERT where the server takes no files", async () => {
    await using server = await startMysql({ flavour, settings: ["local-infile=0"] });
    await using backup = await made(flavour);
    await using target = named(server);
    const done = await restore(backup.path, server, ["--target", target.name, "--create"]);
    expect(done.stderr.toString()).toContain("takes no LOAD DATA LOCAL (local_infile is off)");
    expect(done.status).toBe(0);
    await isWhole(target);
  });

  test("tables can be read while they are filled", async () => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await source.sql("CREATE TABLE t (id INT PRIMARY KEY, t TEXT)");
    await source.sql(`INSERT INTO t VALUES ${Array.from({ length: 30 }, (_, n) => `(${n}, 'x')`).join(", ")}`);
    const files = await dumpInTinyParts(source);
    for (let time = 0; time < 5; time++) {
      await using target = await withMysqlDatabase(server);
      const over = new AbortController();
      const reading = (async () => {
        // It is not there at the beginning.
        while (!over.signal.aborted) await target.sql("SELECT COUNT(*) AS n FROM t").catch(() => undefined);
      })();
      expect(await restoreParts(files, target)).toMatchObject({ rows: 30 });
      over.abort();
      await reading;
    }
  });

  test("sessions that stand in each other's way do not end it", async () => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await source.sql("CREATE TABLE t (id INT PRIMARY KEY, t TEXT)");
    await source.sql(`INSERT INTO t VALUES ${Array.from({ length: 30 }, (_, n) => `(${n}, 'x')`).join(", ")}`);
    const files = await dumpInTinyParts(source);
    for (let time = 0; time < 15; time++) {
      await using target = await withMysqlDatabase(server);
      expect(await restoreParts(files, target)).toMatchObject({ rows: 30, bytes: 140 });
      expect(await checksums(target)).toEqual(await checksums(source));
    }
  });

  test("a lost connection and a killed session end it with a word about the database", async () => {
    const server = await sharedMysql(flavour);
    const many = numbered(0, 20_000, 2000);
    const child = { ...objects[1]!, chunks: [0, 5000, 10_000, 15_000].map((at) => many.slice(at, at + 5000)) };
    await using backup = await made(flavour, [child]);
    await using target = named(server);
    const loading = `SELECT id AS session FROM information_schema.processlist WHERE info LIKE 'LOAD DATA LOCAL%' AND db = '${target.name}'`;
    const kill = async (): Promise<void> => {
      for (;;) {
        const found = await mysqlSql(server, loading);
        // They may have come to their ends in between.
        for (const { session } of found) await mysqlSql(server, `KILL ${session}`).catch(() => undefined);
        if (found.length > 0) return;
      }
    };
    const broken: [(proxy: TcpProxy) => void, RegExp][] = [
      [(proxy) => proxy.cut(), /rows of table "child" .* failed: the connection .* was lost/],
      [() => void kill(), /rows of table "child" .* failed/],
    ];
    for (const [breaks, message] of broken) {
      let sent = 0;
      let isBroken = false;
      await using proxy: TcpProxy = await TcpProxy.start({
        targetPort: server.port,
        onClientBytes: (count) => {
          sent += count;
          if (isBroken || sent < 10_000_000) return;
          isBroken = true;
          breaks(proxy);
        },
      });
      const done = await restore(backup.path, { ...server, port: proxy.port }, ["--target", target.name, "--create"]);
      expect(done.stderr.toString()).toMatch(message);
      expect(done.stderr.toString()).toContain("which this run created, was dropped again");
      expect(done.status).toBe(1);
    }
    const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${target.name}'`;
    await expect.poll(() => mysqlSql(server, sessions)).toEqual([{ n: "0" }]);
  });
});

test.each(["mariadb-10.11", "mysql-9.7"] as const)(
  "an account that has one database loads it on %s",
  async (flavour) => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await source.sql("CREATE TABLE t (id INT PRIMARY KEY, j TEXT)");
    await source.sql("INSERT INTO t VALUES (1, 'a'), (2, NULL)");
    await using folder = await withTemporaryFolder();
    await using target = await withMysqlDatabase(server);
    const user = `d_${target.name}`;
    await mysqlSql(server, `CREATE USER ${user} IDENTIFIED BY 'right'`);
    await using _ = { [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP USER ${user}`)) };
    await mysqlSql(server, `GRANT ALL ON ${target.name}.* TO ${user}`);
    const url = `${mysqlUrl(server, "", user)}?ssl-mode=PREFERRED`;
    for (const format of ["sql", "directory"]) {
      const path = join(folder.path, format);
      const backup = ["backup", "single", source.name, "--url", mysqlUrl(server), "--format", format];
      await mustDbbackup([...backup, "--output", path]);
      const done = await dbbackup(["restore", "single", path, "--url", url, "--target", target.name, "--quiet"], {
        env: { MYSQL_PWD: "right" },
      });
      expect(done.stderr.toString()).toBe("");
      expect(done.status).toBe(0);
      expect(await target.sql("SELECT * FROM t")).toEqual([
        { id: "1", j: "a" },
        { id: "2", j: null },
      ]);
      await target.sql("DROP TABLE t");
    }
  },
);

test("what a directory cannot be asked for is refused before anything is done", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using backup = await made("mariadb-10.11");
  const refusals: [string[], string][] = [
    [["--schema=made"], "--schema"],
    [["--table=nothing"], 'holds no table "nothing"'],
    [["--schema-only", "--data-only"], "contradict each other"],
  ];
  for (const [args, message] of refusals) {
    const done = await restore(backup.path, server, ["--target=nowhere", "--create", ...args]);
    expect(done.stderr.toString()).toContain(message);
    expect(done.status).toBe(2);
  }
  const list = await mustDbbackup(["restore", "single", backup.path, "--list"]);
  expect(list.stdout.toString().split("\n").slice(0, 3)).toEqual([
    "00000 database made",
    "00001 table child (1700 rows)",
    "00002 table par`ent (7 rows)",
  ]);
  const plan = await mustDbbackup([
    "restore",
    "single",
    backup.path,
    "--url",
    mysqlUrl(server),
    "--target=nowhere",
    "--create",
    "--dry-run",
    "--table=log",
  ]);
  expect(plan.stdout.toString()).toContain("create TABLE log\n  data TABLE log\n  left out: 1 database");
  const untrusted = await restore(backup.path, server, ["--target=nowhere", "--create", "--untrusted"]);
  expect(untrusted.status).toBe(0);
  await mysqlSql(server, "DROP DATABASE nowhere");
});
