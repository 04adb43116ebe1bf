import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { conversionZoo } from "../helpers/mysql-conversion-zoo.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-convert-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function withZoo(flavour: MysqlFlavour, zoo: keyof typeof conversionZoo): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(await sharedMysql(flavour));
  const input = Buffer.from(conversionZoo[zoo].map((sql) => `${sql};\n`).join(""));
  await mustMysqlStock("client", database.server, ["--default-character-set=utf8mb4", database.name], { input });
  return database;
}

interface Told {
  /** What is changed. */
  readonly changes: string[];
  readonly impossible: string[];
}

/** Backs a database up, restores it into another server, and answers what the pre-check told. */
async function move(
  source: MysqlDatabase,
  target: MysqlDatabase,
  status: number,
  format: "sql" | "directory" = "sql",
): Promise<Told> {
  const file = join(folder, `${source.name}-${target.name}.${format}`);
  const all = source.server.flavour === "mysql-9.7" ? ["--column-statistics"] : [];
  const written = ["--output", file, ...all, "--format", format, ...(format === "sql" ? [] : ["--jobs=2"])];
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, ...written, "--no-defaults"]);
  const where = [file, "--url", mysqlUrl(target.server), "--target", target.name, "--no-defaults", "--json"];
  const restore = (...args: readonly string[]) => dbbackup(["restore", "single", ...where, ...args]);
  const planned = await restore("--convert", "--on-error=continue", "--dry-run");
  expect(planned.status).toBe(0);
  const { findings } = JSON.parse(planned.stdout.toString()) as { findings: { code: string; message: string }[] };
  const of = (code: string) => findings.filter((finding) => finding.code === code).map(({ message }) => message);
  const told = { changes: of("conversion").toSorted(), impossible: of("cannot-convert") };
  if (told.changes.length > 0) {
    const refused = await restore();
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("add --convert to have it changed so"),
    });
    expect(await target.sql("SHOW TABLES")).toEqual([]);
  }
  if (told.impossible.length > 0) expect((await restore("--convert")).status).toBe(1);
  const goesOn = told.impossible.length > 0 ? ["--on-error=continue"] : [];
  const done = await restore("--convert", ...goesOn);
  expect({ status: done.status, stderr: status === 0 ? "" : done.stderr }).toMatchObject({ status });
  const { result } = JSON.parse(done.stdout.toString()) as { result: { failures: { message: string }[] } };
  expect(result.failures.map(({ message }) => message)).toEqual(
    told.impossible.map((message) => `left out: ${message}`).toSorted(inTables),
  );
  return told;
}

function place(text: string): string {
  return text.replace("left out: sequence", "0").replace("left out: table", "1");
}

/** Failures come in the order of the script, where sequences stand first. */
function inTables(a: string, b: string): number {
  return place(a) < place(b) ? -1 : 1;
}

/** Every value as text, by table. */
async function rowsOf({ sql, name }: MysqlDatabase, without: readonly string[]): Promise<Record<string, unknown>> {
  const columns = await sql(
    `SELECT TABLE_NAME AS t, COLUMN_NAME AS c, DATA_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${name}' ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const found: Record<string, unknown> = {};
  for (const [table, all] of Map.groupBy(columns, ({ t }) => t!)) {
    if (without.includes(table)) continue;
    const values = all.map(({ c, type }, index) => {
      const quoted = `\`${c!.replaceAll("`", "``")}\``;
      const isPlace = /^(?:point|geom)/.test(type!);
      return `HEX(${isPlace ? quoted : `CONVERT(CONCAT(${quoted}) USING ${/blob|binary|bit/.test(type!) ? "binary" : "utf8mb4"})`}) AS c${index}`;
    });
    const rows = await sql(`SELECT ${values.join(", ")} FROM \`${table.replaceAll("`", "``")}\``);
    found[table] = rows.map((row) => JSON.stringify(Object.values(row))).toSorted();
  }
  return found;
}

/** What every server can say of a table: columns with their types, and its indexes. */
async function shapeOf({ sql, name }: MysqlDatabase, without: readonly string[]): Promise<string[]> {
  const columns = await sql(
    `SELECT CONCAT_WS(' ', TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE, DATETIME_PRECISION, REPLACE(CHARACTER_SET_NAME, 'utf8mb3', 'utf8')) AS x, TABLE_NAME AS t FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${name}'`,
  );
  const indexes = await sql(
    `SELECT CONCAT_WS(' ', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, INDEX_TYPE, SUB_PART) AS x, TABLE_NAME AS t FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '${name}'`,
  );
  const all = [...columns, ...indexes].filter(({ t }) => !without.includes(t!));
  return all.map(({ x }) => x!).toSorted();
}

/** Tables that something was told of, but for collations, which change neither values nor shape. */
function named({ changes, impossible }: Told): string[] {
  const messages = [...changes.filter((text) => !/: collation \S+ becomes/.test(text)), ...impossible];
  return messages.flatMap((text) => /^(?:table|sequence) "([^"]+)"/.exec(text)?.[1] ?? []);
}

const leftOut = ({ impossible }: Told): string[] => named({ changes: [], impossible });

async function expectTruth(source: MysqlDatabase, target: MysqlDatabase, told: Told): Promise<void> {
  expect(await rowsOf(target, leftOut(told))).toEqual(await rowsOf(source, leftOut(told)));
  expect(await shapeOf(target, named(told))).toEqual(await shapeOf(source, named(told)));
  expect(await target.sql("SELECT twice(4) AS n")).toEqual([{ n: "8" }]);
  expect(await target.sql("SELECT COUNT(*) AS n FROM seen")).toEqual([{ n: "2" }]);
  await target.sql("INSERT INTO child (id) VALUES (2)");
  expect(await target.sql("SELECT p FROM child WHERE id = 2")).toEqual([{ p: "1" }]);
}

const formats = ["sql", "directory"] as const;

test.each(formats)(
  "MariaDB 10.11 goes to 11.8 as it is, and from there to MySQL 9.7 with what is told, as %s",
  async (format) => {
    await using oldest = await withZoo("mariadb-10.11", "mariadb");
    // A default that takes from a sequence names the database of the sequence.
    await using newer = await withMysqlDatabase(await sharedMysql("mariadb-11.8"), oldest.name);
    expect(await move(oldest, newer, 0, format)).toEqual({ changes: [], impossible: [] });
    await expectTruth(oldest, newer, { changes: [], impossible: [] });
    await newer.sql("DELETE FROM child WHERE id = 2");
    await newer.sql(
      "ALTER TABLE bin ADD c VARCHAR(9) COLLATE utf8mb4_uca1400_as_cs, ADD d VARCHAR(9) COLLATE utf8mb4_uca1400_swedish_ai_ci",
    );
    await using moved = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
    const told = await move(newer, moved, 3, format);
    expect(told.changes).toEqual([
      "sql_mode: NO_AUTO_CREATE_USER is left out",
      'table "ar`ia": engine Aria becomes InnoDB',
      'table "ar`ia": option PAGE_CHECKSUM is left out',
      'table "ar`ia": option TRANSACTIONAL is left out',
      'table "bin", column "a": collation utf8mb4_nopad_bin becomes utf8mb4_0900_bin',
      'table "bin", column "c": collation utf8mb4_uca1400_as_cs becomes utf8mb4_0900_as_cs',
      'table "bin", column "d": collation utf8mb4_uca1400_swedish_ai_ci becomes utf8mb4_swedish_ci',
      'table "defaults", column "b": the default curdate() stands in brackets',
      `table "defaults", column "c": the default 'abc' stands in brackets`,
      'table "hidden", index "i": IGNORED is called INVISIBLE',
      'table "kept_now": keeps no old versions of its rows',
      'table "nets", column "a": the default uuid() stands in brackets',
      'table "nets", column "a": uuid becomes char(36)',
      'table "nets", column "b": inet6 becomes varchar(45)',
      'table "pages", column "b": is not compressed by itself',
      'table "pages": option PAGE_COMPRESSED is left out',
      'table "whole_text", index "b": is left out, for there are no unique indexes of whole texts',
    ]);
    expect(told.impossible).toEqual([
      'sequence "numbers": the server has none',
      'table "numbered", column "a": the server has no sequences',
      'table "periods": the server has no periods',
    ]);
    await expectTruth(newer, moved, told);
  },
);

test.each(formats)("MySQL 5.6 goes to 9.7 with what is told, as %s", async (format) => {
  await using source = await withZoo("mysql-5.6", "mysql56");
  await using target = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  const told = await move(source, target, 0, format);
  expect(told).toEqual({
    changes: ["sql_mode: NO_AUTO_CREATE_USER is left out", 'table "my_parts": engine MyISAM becomes InnoDB'],
    impossible: [],
  });
  await expectTruth(source, target, told);
});

test.each(formats)("MySQL 9.7 goes to MariaDB 11.8 with what is told, as %s", async (format) => {
  await using source = await withZoo("mysql-9.7", "mysql97");
  await using target = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  const told = await move(source, target, 3, format);
  expect(told).toEqual({
    changes: [
      'table "checks", column "b": the histogram is left out',
      'table "checks", constraint "c": is left out, for it would be enforced',
      'table "functional", index "k": is left out, for there are no indexes of expressions',
      'table "functional", index "l": is left out, for there are no indexes of expressions',
      'table "hidden", index "i": INVISIBLE is called IGNORED',
      'table "json_rows", column "j": json becomes longtext with a check of its contents',
      'table "packed", index "t": has the usual parser instead of ngram',
      'table "packed": option COMPRESSION is left out',
      'table "places", column "g": is bound to no spatial reference system',
      'table "places", column "h": geomcollection is called geometrycollection',
      'table "sums", column "c": is generated, and so NOT NULL is left out',
      'table "typed_json", column "j": json becomes longtext with a check of its contents',
      'table "typed_json", column "k": json becomes longtext with a check of its contents',
      'table "typed_json": dates, times, decimals and bytes within JSON become their text',
      'table "words", column "d": collation utf8mb4_ja_0900_as_cs becomes utf8mb4_uca1400_nopad_as_cs',
    ],
    impossible: [
      'table "chinese": the server knows no character set gb18030',
      'table "made", column "a": the server has no function uuid_to_bin',
    ],
  });
  await expectTruth(source, target, told);
  expect(
    await target.sql(
      "SELECT COUNT(*) AS n FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '%INVISIBLE%'",
    ),
  ).toEqual([{ n: "1" }]);
});

test("a converted directory goes on where it was interrupted, makes and drops what the server has, and leaves old versions of rows", async () => {
  await using source = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  await source.sql(`ALTER DATABASE ${source.name} COLLATE utf8mb4_uca1400_swedish_ai_ci`);
  await source.sql(
    "CREATE TABLE big (id INT PRIMARY KEY, a UUID, b VARCHAR(900), x VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_nopad_ci, UNIQUE KEY x (x))",
  );
  await source.sql("INSERT INTO big SELECT seq, UUID(), REPEAT('b', 900), CONCAT('k', seq) FROM seq_1_to_1500");
  await source.sql("INSERT INTO big VALUES (0, NULL, NULL, 'k1 ')");
  await source.sql("CREATE SEQUENCE numbers");
  await source.sql("CREATE TABLE versions (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING");
  await source.sql("INSERT INTO versions VALUES (1, 1)");
  await source.sql("UPDATE versions SET a = 2");
  const backup = join(folder, "interrupted");
  const dump = ["backup", "single", source.name, "--url", source.url, "--no-defaults", "--dump-history", "--output"];
  await mustDbbackup([...dump, backup, "--format=directory", "--jobs=2"]);
  await using target = await withMysqlDatabase(await sharedMysql("mysql-9.7"));
  const where = ["--url", mysqlUrl(target.server), "--target", target.name, "--no-defaults", "--json"];
  const restore = (...args: readonly string[]) => dbbackup(["restore", "single", backup, ...where, ...args]);

  const planned = await restore("--convert", "--dry-run", "--on-error=continue");
  const { findings } = JSON.parse(planned.stdout.toString()) as { findings: { code: string; message: string }[] };
  expect(findings.filter(({ code }) => /convers|convert/.test(code)).map(({ message }) => message)).toEqual([
    "database: collation utf8mb4_uca1400_swedish_ai_ci becomes utf8mb4_swedish_ci",
    'table "big", column "a": uuid becomes char(36)',
    'table "big", column "x": collation latin1_swedish_nopad_ci becomes latin1_swedish_ci',
    'table "big": collation utf8mb4_uca1400_swedish_ai_ci becomes utf8mb4_swedish_ci',
    'table "versions": collation utf8mb4_uca1400_swedish_ai_ci becomes utf8mb4_swedish_ci',
    'table "versions": keeps no old versions of its rows',
    'sequence "numbers": the server has none',
    'rows of table "versions": the server takes no old versions of them',
  ]);

  // Spaces at the end do not count in the collation that comes nearest.
  const failed = await restore("--convert", "--table=big", "--resumable");
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("Duplicate entry 'k1") });
  await target.sql("DELETE FROM big WHERE id = 0");
  const other = await restore("--table=big", "--resume");
  expect(other).toMatchObject({ status: 1, stderr: expect.stringContaining("--convert was given") });
  expect((await restore("--convert", "--table=big", "--resume")).status).toBe(0);
  expect(await target.sql("SELECT COUNT(*) AS n, COUNT(DISTINCT a) AS a FROM big FORCE INDEX (x)")).toEqual([
    { n: "1500", a: "1500" },
  ]);

  const script = join(folder, "history.sql");
  await mustDbbackup([...dump, script]);
  const refused = await dbbackup(["restore", "single", script, ...where, "--convert", "--confirm"]);
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("old versions of rows: the server takes none"),
  });

  await source.sql("UPDATE big SET x = 'other' WHERE id = 0");
  rmSync(backup, { recursive: true });
  rmSync(`${backup}.meta.json`);
  await mustDbbackup([...dump, backup, "--format=directory", "--compression=none"]);
  for (const again of [["--create", "--clean"], ["--clean"]]) {
    const done = await restore("--convert", "--on-error=continue", "--confirm", "--if-exists", ...again);
    expect(done).toMatchObject({ status: 3 });
    const { result } = JSON.parse(done.stdout.toString()) as { result: { failures: { message: string }[] } };
    expect(result.failures.map(({ message }) => message)).toEqual([
      'left out: sequence "numbers": the server has none',
      'left out: rows of table "versions": the server takes no old versions of them',
    ]);
    expect(await target.sql("SELECT (SELECT COUNT(*) FROM big) AS b, (SELECT COUNT(*) FROM versions) AS v")).toEqual([
      { b: "1501", v: "0" },
    ]);
    expect(
      await target.sql(
        `SELECT DEFAULT_COLLATION_NAME AS c FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${target.name}'`,
      ),
    ).toEqual([{ c: "utf8mb4_swedish_ci" }]);
  }
});
