import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { backupToSql, loadWithStock, roundTrips, scriptRoundTrips } from "../helpers/mysql-round-trip.ts";
import { mysqlSql, mysqlUrl, rootSpec, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test("--column-statistics takes histograms of MySQL as they are, without it they are counted", async () => {
  await using source = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  const odd = "`o``d*/d;'é`";
  // With statistics that the server collects by itself, it would make histograms with AUTO UPDATE anew, whenever it likes.
  for (const sql of [
    `CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20), c DOUBLE, ${odd} ENUM('ü', 'it''s'), d DATETIME(3)) STATS_AUTO_RECALC=0`,
    "INSERT INTO t VALUES (1, 1, 'x', 0.5, 'ü', '2020-01-01'), (2, 2, 'é''z', -1e300, 'it''s', NULL), (3, NULL, '\\\\\"', 0, NULL, NULL)",
    "ANALYZE TABLE t UPDATE HISTOGRAM ON a, b WITH 2 BUCKETS",
    `ANALYZE TABLE t UPDATE HISTOGRAM ON c, d, ${odd} WITH 100 BUCKETS AUTO UPDATE`,
    "INSERT INTO t VALUES (4, 9, 'late', 9, 'ü', NULL)",
  ]) {
    await source.sql(sql);
  }
  const histograms = (name: string) =>
    source.sql(
      `SELECT COLUMN_NAME, JSON_REMOVE(HISTOGRAM, '$."last-updated"') AS h FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = '${name}' ORDER BY COLUMN_NAME`,
    );
  const expected = await histograms(source.name);
  expect(expected).toHaveLength(5);
  const { script, metadata } = await backupToSql(source.server, source.name, ["--column-statistics"]);
  expect(metadata.not_included?.map(({ kind }) => kind)).not.toContain("histograms");
  await using copy = await withMysqlDatabase(source.server);
  await loadWithStock(copy, script);
  expect(await histograms(copy.name)).toEqual(expected);
  expect((await backupToSql(copy.server, copy.name, ["--column-statistics"])).script).toEqual(script);
  const without = await backupToSql(source.server, source.name);
  expect(without.script.toString()).not.toContain("HISTOGRAM");
  expect(without.metadata.not_included).toContainEqual(expect.objectContaining({ kind: "histograms", count: 5 }));
});

test("--column-statistics is refused by servers without histograms", async () => {
  await using source = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  const args = ["backup", "single", source.name, "--url", source.url, "--output", "-", "--column-statistics"];
  expect((await dbbackup(args)).status).toBe(1);
});

describe.each(mysqlFlavours)("a backup of %s", (flavour) => {
  test("tells what the server holds besides, as far as the account sees it", async () => {
    await using server = await startMysql({ flavour });
    const isMysql97 = flavour === "mysql-9.7";
    for (const sql of [
      "CREATE DATABASE it",
      "CREATE DATABASE other",
      "CREATE TABLE it.t (a INT)",
      "CREATE TABLE it.m (a INT) ENGINE=MRG_MYISAM",

      "CREATE USER reader@'%'",
      "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON it.* TO reader@'%'",
      "CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
      ...(isMysql97 ? ["CREATE TABLESPACE many ADD DATAFILE 'many.ibd'", "CREATE RESOURCE GROUP rg TYPE = USER"] : []),
      ...(isMysql97 ? ["ALTER DATABASE other READ ONLY = 1", "ALTER DATABASE it READ ONLY = 1"] : []),
    ]) {
      await mysqlSql(server, sql);
    }
    const { metadata } = await backupToSql(server, "it");
    const kinds = Object.fromEntries((metadata.not_included ?? []).map((item) => [item.kind, item.examples]));
    expect(kinds).toMatchObject({
      users: expect.arrayContaining(["reader@%"]),
      databases: ["other"],
      servers: ["far"],
      "rows-kept-elsewhere": ["m"],
      ...(isMysql97 ? { tablespaces: ["many"], "resource-groups": ["rg"] } : {}),
    });
    expect(kinds["read-only-databases"]).toEqual(isMysql97 ? ["it"] : undefined);
    const preflight = await dbbackup(["preflight", "it", "--url", server.url(), "--json"]);
    const { not_included: told } = JSON.parse(preflight.stdout.toString());
    expect(told.map(({ kind }: { kind: string }) => kind)).toEqual(expect.arrayContaining(["users", "databases"]));
    const args = ["backup", "single", "it", "--url", server.url("", "reader"), "--output", "-", "--skip-routines"];
    const small = await dbbackup(args);
    expect(small.status).toBe(0);
    if (!isMysql97) return;
    await using repo = await withTemporaryFolder();
    const where = ["--url", server.url(), "--repo", repo.path, "--no-defaults", "--json"];
    const whole = JSON.parse((await mustDbbackup(["backup", "cluster", ...where])).stdout.toString());
    expect(whole.not_included).toContainEqual(
      expect.objectContaining({ kind: "read-only-databases", count: 2, examples: ["it", "other"] }),
    );
  });
});

test("JSON of MySQL comes back with the types of its scalars", async () => {
  await using source = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  for (const sql of [
    "CREATE TABLE made (ti TINYBLOB, bl BLOB, bi BINARY(3), vb VARBINARY(9), bt BIT(9), b0 BIT(64), ts TIMESTAMP(3), dt DATETIME(2), t TIME(1), d DATE, de DECIMAL(65, 30), di DECIMAL(20))",
    "INSERT INTO made VALUES ('', x'00ff27', 'e', x'5c00', 5, ~0, '2020-01-01 00:00:01.5', '2020-01-01 00:00:01.25', '-838:59:59', '2020-01-01', 12345678901234567890123456789012345.000000000000000000000000000001, -7)",
    "CREATE TABLE v (id INT PRIMARY KEY AUTO_INCREMENT, v JSON, p JSON, `k``;'` JSON) ENGINE=InnoDB",
    "INSERT INTO v (v) SELECT JSON_OBJECT('bl', bl, 'bi', bi, 'vb', vb, 'bt', bt, 'b0', b0, 'ts', ts, 'dt', dt, 't', t, 'd', d, 'de', de, 'di', di) FROM made",
    "INSERT INTO v (v) SELECT JSON_ARRAY(1, d, JSON_ARRAY(), JSON_ARRAY(JSON_OBJECT('a', JSON_ARRAY(de, NULL, bl))), NULL, TRUE) FROM made",
    "INSERT INTO v (v, p, `k``;'`) SELECT CAST(d AS JSON), CAST(de AS JSON), CAST(bt AS JSON) FROM made",
    "INSERT INTO v (v) SELECT JSON_OBJECT('', d, 'a\"b\\\\c''.d[0]\n`', JSON_OBJECT('é😀 $.x', de, '2', 1.5e0), 'x', '2020-01-01') FROM made",
    "INSERT INTO v (v) SELECT JSON_OBJECT(REPEAT('k', 60000), JSON_OBJECT(REPEAT('l', 60000), d)) FROM made",
    "INSERT INTO v (v, p) VALUES ('{\"a\": [1, 1.5, \"2020-01-01\", \"base64:type15:AA==\", null, {}]}', '\"it''s \\\\\\\\ \\\\n\"'), (NULL, 'null'), ('[]', '1.0')",
    `INSERT INTO v (v) SELECT JSON_OBJECT('n', di, 'big', REPEAT('x', 200000), 'list', (SELECT JSON_ARRAYAGG(CAST(JSON_EXTRACT('1', '$') + 0 AS DECIMAL(5, 2))) FROM information_schema.COLLATIONS)) FROM made`,
  ]) {
    await source.sql(sql);
  }
  const { script } = (await scriptRoundTrips(source)).first;
  // The stock program sees text alone, so the types are compared beside it.
  const types = async (name: string) =>
    await mysqlSql(
      source.server,
      `SELECT v.id, LEFT(j.x, 100) AS x, JSON_TYPE(j.x) AS t, JSON_TYPE(p) AS p, JSON_TYPE(\`k\`\`;'\`) AS k FROM v LEFT JOIN JSON_TABLE(v.v, '$**.*' COLUMNS(x JSON PATH '$')) j ON TRUE UNION ALL ` +
        "SELECT v.id, LEFT(j.x, 100) AS x, JSON_TYPE(j.x), 0, 0 FROM v JOIN JSON_TABLE(v.v, '$**[*]' COLUMNS(x JSON PATH '$')) j ORDER BY 1, 2, 3",
      name,
    );
  await using copy = await withMysqlDatabase(source.server);
  await loadWithStock(copy, script);
  const expected = await types(source.name);
  expect(new Set(expected.map(({ t }) => t))).toEqual(
    new Set("ARRAY BIT BLOB BOOLEAN DATE DATETIME DECIMAL DOUBLE INTEGER OBJECT STRING TIME TIMESTAMP".split(" ")).add(
      null as never,
    ),
  );
  expect(await types(copy.name)).toEqual(expected);
  await using folder = await withTemporaryFolder();
  const url = mysqlUrl(source.server);
  const what = ["backup", "single", source.name, "--url", url, "--format", "directory", "--json", "--output"];
  for (const [name, more] of [
    ["whole", []],
    ["parts", ["--jobs", "3", "--chunk-size", "8192"]],
  ] as const) {
    const path = join(folder.path, name);
    const made = await mustDbbackup([...what, path, ...more]);
    expect(JSON.parse(made.stdout.toString()).warnings).toEqual([]);
    await using back = await withMysqlDatabase(source.server);
    await mustDbbackup(["restore", "single", path, "--url", url, "--target", back.name, "--jobs", "3"]);
    expect(await types(back.name)).toEqual(expected);
    expect((await backupToSql(source.server, back.name)).script).toEqual(script);
    const proved = await mustDbbackup(["verify", path, "--restore", "--server", url, "--json"]);
    expect(JSON.parse(proved.stdout.toString())).toMatchObject([{ status: "ok", notes: [] }]);
    await mustDbbackup(["compare", mysqlUrl(source.server, back.name), path]);
    // What became text is seen.
    await back.sql("UPDATE v SET v = CONVERT(v, CHAR) WHERE id = 1");
    expect((await dbbackup(["compare", mysqlUrl(source.server, back.name), path])).status).not.toBe(0);
  }
  const told = await mustDbbackup([...what, join(folder.path, "told"), "--json-as-text"]);
  expect(JSON.parse(told.stdout.toString()).warnings).toEqual([]);
  const plain = (await backupToSql(source.server, source.name, ["--json-as-text"])).script.toString();
  expect(plain).not.toContain("JSON_SET");
  expect(script.toString()).toContain("JSON_SET");
});

test.each(mysqlFlavours.filter((flavour) => flavour.startsWith("mariadb")))(
  "packages and code of sql_mode ORACLE of %s come back, and take another definer",
  async (flavour) => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await using connection = await MysqlConnection.connect(rootSpec(server, source.name));
    for (const sql of [
      "CREATE TABLE t (a INT)",
      "INSERT INTO t VALUES (1)",
      "SET SESSION sql_mode = 'ORACLE'",
      'CREATE DEFINER="x"@"y" PACKAGE "p""k;" COMMENT \'it\'\'s\' AS FUNCTION f1(a INT) RETURN INT; PROCEDURE p1; END',
      'CREATE DEFINER="x"@"y" PACKAGE BODY "p""k;" AS v INT := 5; /* DEFINER="no"@"no" ;; */ FUNCTION f1(a INT) RETURN INT AS BEGIN RETURN a + v; END; PROCEDURE p1 AS BEGIN SELECT \'DEFINER="no"@"no"\' FROM t; END; BEGIN v := 7; END',
      "CREATE PROCEDURE p(a IN INT) AS x t.a%TYPE; BEGIN FOR r IN (SELECT a FROM t) LOOP x := r.a; END LOOP; END",
      "CREATE FUNCTION f RETURN INT DETERMINISTIC AS BEGIN RETURN 1; END",
      'CREATE FUNCTION g RETURN INT DETERMINISTIC AS BEGIN RETURN "p""k;".f1(1); END',
      "SET SESSION sql_mode = ''",
      "CREATE VIEW v AS SELECT f() AS n",
    ]) {
      await connection.query(sql);
    }
    await roundTrips(source);
    const { script } = await backupToSql(server, source.name, ["--definer", "root@localhost"]);
    await using copy = await withMysqlDatabase(server);
    await loadWithStock(copy, script);
    const definers = "SELECT DISTINCT DEFINER AS d FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()";
    expect(await copy.sql(definers)).toEqual([{ d: "root@localhost" }]);
    expect(await copy.sql("SELECT g() AS n")).toEqual([{ n: "8" }]);
    expect(script.toString()).toContain('DEFINER="no"@"no"');
  },
);

test("libraries of MySQL come before what uses them", async () => {
  const server = await sharedMysql("mysql-9.7");
  await using source = await withMysqlDatabase(server);
  await source.sql(
    "CREATE LIBRARY zz_lib COMMENT 'it''s' LANGUAGE JAVASCRIPT AS $$ export function f() { return '$'; } $$",
  );
  await source.sql("CREATE LIBRARY `o``d; '` LANGUAGE JAVASCRIPT AS 'export function g() { return \"é;;\"; }'");
  // Without the component that runs it, a server keeps such code all the same.
  await source.sql(
    "CREATE FUNCTION aa(n INT) RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT USING (zz_lib AS l) AS $$ return n + 1; $$",
  );
  const libraries = (database: string) =>
    mysqlSql(
      server,
      `SELECT LIBRARY_NAME AS n, LIBRARY_DEFINITION AS d, LIBRARY_COMMENT AS c FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = '${database}' ORDER BY 1`,
    );
  const expected = await libraries(source.name);
  expect(expected).toHaveLength(2);
  const { script } = await backupToSql(server, source.name);
  await using copy = await withMysqlDatabase(server);
  await loadWithStock(copy, script);
  expect(await libraries(copy.name)).toEqual(expected);
  expect((await backupToSql(server, copy.name)).script.toString()).toBe(script.toString());
});
