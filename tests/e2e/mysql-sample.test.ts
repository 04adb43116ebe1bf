import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { type MysqlAddress, mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Keys of several columns, of text, to unique keys, to the table itself, in circles; tables without keys. */
const statements = [
  "CREATE TABLE regions (code VARCHAR(8) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, name TEXT) ENGINE=InnoDB",
  "CREATE TABLE shops (region VARCHAR(8) CHARACTER SET latin1 COLLATE latin1_swedish_ci, number INT, tag BINARY(3) NOT NULL, UNIQUE KEY by_tag (tag), PRIMARY KEY (region, number), FOREIGN KEY (region) REFERENCES regions (code)) ENGINE=InnoDB",
  "CREATE TABLE people (id INT PRIMARY KEY, boss INT, favourite BINARY(3), KEY (boss), FOREIGN KEY (boss) REFERENCES people (id), FOREIGN KEY (favourite) REFERENCES shops (tag)) ENGINE=InnoDB",
  "CREATE TABLE orders (day DATE, n DECIMAL(20,2), region VARCHAR(8) CHARACTER SET latin1 COLLATE latin1_swedish_ci, number INT, person INT, KEY (person), PRIMARY KEY (day, n), FOREIGN KEY (region, number) REFERENCES shops (region, number), FOREIGN KEY (person) REFERENCES people (id)) ENGINE=InnoDB",
  "CREATE TABLE a (id INT PRIMARY KEY, b INT, KEY (b)) ENGINE=InnoDB",
  "CREATE TABLE b (id INT PRIMARY KEY, a INT, KEY (a), FOREIGN KEY (a) REFERENCES a (id)) ENGINE=InnoDB",
  "CREATE TABLE log (id INT, what VARCHAR(20), person INT, KEY (person), FOREIGN KEY (person) REFERENCES people (id)) ENGINE=InnoDB",
  "CREATE TABLE plain (v VARCHAR(20)) ENGINE=MyISAM",
  "CREATE VIEW heads AS SELECT id FROM people WHERE boss IS NULL",
];

const manyPeople = 2000;

function rowTexts<T>(count: number, row: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => row(n));
}

async function withReferences(server: MysqlAddress): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
  for (const statement of statements) await database.sql(statement);
  const insert = async (table: string, values: readonly string[]): Promise<void> =>
    void (await database.sql(`INSERT INTO ${table} VALUES ${values.map((row) => `(${row})`).join(", ")}`));
  await insert(
    "regions",
    rowTexts(50, (n) => `'R\xe9g${n}', 'region ${n}'`),
  );
  // The key is compared without regard to case, and may be written in another one.
  await insert(
    "shops",
    rowTexts(400, (n) => `'r\xe9G${n % 50}', ${n}, x'${n.toString(16).padStart(6, "0")}'`),
  );
  await insert(
    "people",
    rowTexts(
      manyPeople,
      (n) => `${n + 1}, ${n === 0 ? "NULL" : Math.ceil(n / 3)}, x'${(n % 400).toString(16).padStart(6, "0")}'`,
    ),
  );
  await insert(
    "orders",
    rowTexts(
      3000,
      (n) =>
        `'2024-01-${String((n % 28) + 1).padStart(2, "0")}', ${n}.50, 'R\xe9g${((n * 7) % 400) % 50}', ${(n * 7) % 400}, ${((n * 13) % manyPeople) + 1}`,
    ),
  );
  await insert(
    "a",
    rowTexts(300, (n) => `${n}, ${(n + 1) % 300}`),
  );
  await insert(
    "b",
    rowTexts(300, (n) => `${n}, ${n}`),
  );
  await database.sql("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)");
  await insert(
    "log",
    rowTexts(1000, (n) => `${n}, 'did ${n % 500}', ${(n % manyPeople) + 1}`),
  );
  await insert(
    "plain",
    rowTexts(1000, (n) => `'plain ${n}'`),
  );
  return database;
}

const references = [
  ["shops", "regions", "c.region = p.code"],
  ["people", "people", "c.boss = p.id"],
  ["people", "shops", "c.favourite = p.tag"],
  ["orders", "shops", "c.region = p.region AND c.number = p.number"],
  ["orders", "people", "c.person = p.id"],
  ["a", "b", "c.b = p.id"],
  ["b", "a", "c.a = p.id"],
  ["log", "people", "c.person = p.id"],
] as const;

/** Rows that refer to what is not there. */
async function orphans(database: MysqlDatabase): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [child, parent, on] of references) {
    const [, column] = /^c\.(\w+)/.exec(on)!;
    const [row] = await database.sql(
      `SELECT COUNT(*) AS n FROM ${child} c WHERE c.${column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${parent} p WHERE ${on})`,
    );
    if (row!["n"] !== "0") found[`${child} -> ${parent}`] = row!["n"]!;
  }
  return found;
}

type Objects = NonNullable<BackupMetadata["objects"]>;
const byName = ({ objects = [] }: BackupMetadata): Record<string, Objects[number]> =>
  Object.fromEntries(objects.map((object) => [object.name, object]));

describe.each(mysqlFlavours)("samples of %s", (flavour) => {
  test("are whole, as scripts and directories, and the same again with the same seed", async () => {
    const server = await sharedMysql(flavour);
    const url = mysqlUrl(server);
    await using folder = await withTemporaryFolder();
    await using source = await withReferences(server);
    const sums = new Map<string, unknown>();
    for (const [format, ratio] of [
      ["sql", 20],
      ["directory", 20],
      ["sql", 3],
    ] as const) {
      // So many rows are read by what they were chosen by: on servers that look keys up in two ways.
      if (ratio === 3 && flavour !== "mysql-5.6" && flavour !== "mariadb-11.8") continue;
      const path = join(folder.path, `sample${ratio}.${format}`);
      const args = ["backup", "sample", source.name, "--url", url, "--format", format, "--output", path, "--json"];
      const choice = ["--sample-ratio", `${ratio}`, "--sample-seed", "5", "--compression", "none", "--jobs", "2"];
      const metadata: BackupMetadata = JSON.parse((await mustDbbackup([...args, ...choice])).stdout.toString());
      expect(metadata).toMatchObject({
        backup_type: "sample",
        sample: { kind: "ratio", value: ratio, seed: 5 },
        partial: [`--sample-ratio=${ratio}`, "--sample-seed=5"],
      });
      const objects = byName(metadata);
      // One sample of a thousand is further away.
      const expected = 3000 / ratio;
      expect(objects["orders"]!.rows_chosen).toBeGreaterThan(expected - 3.3 * Math.sqrt(expected));
      expect(objects["orders"]!.rows_chosen).toBeLessThan(expected + 3.3 * Math.sqrt(expected));
      expect(objects["people"]!.rows_referenced).toBeGreaterThan(100);
      for (const { rows, rows_chosen: chosen = 0, rows_referenced: referenced = 0 } of Object.values(objects)) {
        expect(rows).toBe(chosen + referenced);
      }
      sums.set(
        `${format} ${ratio}`,
        Object.values(objects)
          .map(({ name, rows }) => [name, rows])
          .toSorted(),
      );

      await using target = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
      await mustDbbackup(["restore", "single", path, "--url", url, "--target", target.name]);
      expect(await orphans(target)).toEqual({});
      for (const [name, { rows }] of Object.entries(objects)) {
        expect([name, (await target.sql(`SELECT COUNT(*) AS n FROM ${name}`))[0]!["n"]]).toEqual([name, `${rows}`]);
      }
      expect((await target.sql("SELECT COUNT(*) AS n FROM heads"))[0]).toEqual({ n: "1" });
      const verified = await mustDbbackup(["verify", path, "--restore", "--server", url, "--json"]);
      expect(JSON.parse(verified.stdout.toString())).toMatchObject([{ status: "ok" }]);
      const compared = await dbbackup(["compare", mysqlUrl(server, source.name), path]);
      expect(compared.stderr).toContain("sample");
    }
    expect(sums.get("directory 20")).toEqual(sums.get("sql 20"));
  });
});

describe("a sample of so many rows", () => {
  test("is told before it is made, and needs no right but to read", async () => {
    const server = await sharedMysql("mariadb-11.8");
    await using source = await withReferences(server);
    await using folder = await withTemporaryFolder();
    const user = `reader_${source.name.slice(-8)}`;
    await mysqlSql(server, `CREATE USER ${user}@'%'`);
    await using _ = { [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP USER ${user}@'%'`)) };
    await mysqlSql(server, `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${source.name}.* TO ${user}@'%'`);
    await mysqlSql(server, `GRANT SELECT ON mysql.proc TO ${user}@'%'`);
    const args = [
      "backup",
      "sample",
      source.name,
      "--url",
      mysqlUrl(server, "", user),
      "--sample-count",
      "30",
      "--json",
      "--sample-seed",
      "1",
      "--non-transactional",
      "warn",
    ];
    const planned = JSON.parse((await mustDbbackup([...args, "--dry-run"])).stdout.toString());
    const chosen = Object.fromEntries(
      planned.tables.map((table: { name: string; rows_chosen: number }) => [table.name, table.rows_chosen]),
    );
    expect(chosen).toMatchObject({ orders: 30, people: 30, regions: 30, a: 30, plain: 30 });
    const path = join(folder.path, "s.sql");
    const metadata: BackupMetadata = JSON.parse((await mustDbbackup([...args, "--output", path])).stdout.toString());
    const objects = byName(metadata);
    for (const { name, rows_chosen, rows_referenced } of planned.tables) {
      expect(objects[name]).toMatchObject({ rows_chosen, rows_referenced });
    }
    // A circle of all rows: whoever takes one of them takes all.
    expect(objects["a"]!.rows).toBe(300);
  });

  test("names what it cannot follow, and refuses what leads to rows that are left out", async () => {
    const server = await sharedMysql("mysql-9.7");
    await using other = await withMysqlDatabase(server);
    await using source = await withMysqlDatabase(server);
    await other.sql("CREATE TABLE far (id INT PRIMARY KEY)");
    await source.sql("CREATE TABLE near (id INT PRIMARY KEY)");
    await source.sql(
      `CREATE TABLE t (id INT PRIMARY KEY, f INT, n INT, CONSTRAINT to_far FOREIGN KEY (f) REFERENCES ${other.name}.far (id), CONSTRAINT to_near FOREIGN KEY (n) REFERENCES near (id))`,
    );
    const args = ["backup", "sample", source.name, "--url", mysqlUrl(server), "--sample-ratio", "2"];
    const done = await mustDbbackup([...args, "--output", "-", "--progress", "none"]);
    expect(done.stderr).toContain(`t.to_far -> ${other.name}.far`);
    // Members of an ENUM are not looked up by their text, so the table is taken as a whole.
    await source.sql("CREATE TABLE kinds (k ENUM('a','','c') PRIMARY KEY)");
    await source.sql("INSERT INTO kinds VALUES ('a'), (''), ('c')");
    await source.sql(
      "CREATE TABLE things (id INT PRIMARY KEY, k ENUM('a','','c'), FOREIGN KEY (k) REFERENCES kinds (k))",
    );
    await source.sql("INSERT INTO things VALUES (1, 'a'), (2, ''), (3, NULL), (4, 'c')");
    const whole = await mustDbbackup([...args, "--sample-seed", "1", "--dry-run", "--json"]);
    expect(whole.stderr).toContain('table "kinds" is in the sample as a whole');
    const { tables } = JSON.parse(whole.stdout.toString());
    const kinds = tables.find(({ name }: { name: string }) => name === "kinds");
    expect(kinds.rows_chosen + kinds.rows_referenced).toBe(3);
    for (const [status, message, more] of [
      [
        1,
        'foreign key "to_near" of table "t" leads to table "near", whose rows are left out',
        ["--ignore-table-data", "near"],
      ],
      [2, '"--column-statistics"', ["--column-statistics"]],
      [2, '"--where"', ["--where", "1"]],
    ] as const) {
      const failed = await dbbackup([...args, "--output", "-", ...more]);
      expect(failed.stderr).toContain(message);
      expect(failed.status).toBe(status);
    }
  });
});
