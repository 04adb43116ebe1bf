import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compareDatabases } from "../../src/engines/mysql/compare/compare-databases.ts";
import { type Comparison, defaultComparisonLimits } from "../../src/ports/comparison.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { rootSpec } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const schema = [
  "CREATE TABLE customers (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) CHARACTER SET latin1, rating FLOAT, mood ENUM('', 'good') NOT NULL, UNIQUE KEY by_name (name)) COMMENT 'who buys'",
  "CREATE TABLE orders (customer INT UNSIGNED NOT NULL, number INT NOT NULL, placed TIMESTAMP(6) NULL, note TEXT, raw VARBINARY(20), PRIMARY KEY (customer, number), CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)",
  "CREATE TABLE log (line TEXT, at DATETIME) PARTITION BY RANGE (YEAR(at)) (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN MAXVALUE)",
  "CREATE TABLE `odd ``name.` (`a b` BIT(9), `c-d` DECIMAL(20,10))",
  "CREATE VIEW latest AS SELECT c.name, o.number FROM customers c JOIN orders o ON o.customer = c.id",
  "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
  "CREATE PROCEDURE nothing(IN a INT, OUT b VARCHAR(10)) BEGIN SET b = a; END",
  "CREATE TRIGGER before_order BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = COALESCE(NEW.note, 'none')",
  "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO DELETE FROM log",
];
const customers = 400;

async function load(database: MysqlDatabase): Promise<void> {
  await using connection = await MysqlConnection.connect(rootSpec(database.server, database.name));
  await connection.query("SET sql_mode = ''");
  for (const statement of schema) await connection.query(statement);
  const numbers = Array.from({ length: customers }, (_, n) => n + 1);
  const insert = (table: string, row: (n: number) => string) =>
    connection.query(`INSERT INTO ${table} VALUES ${numbers.map((n) => `(${row(n)})`).join(",")}`);
  await insert("customers", (n) => `${n}, 'Müller ${n}', 16777216 + ${n}, ${n % 2 === 0 ? "''" : "'good'"}`);
  await insert(
    "orders",
    (n) => `${n}, 1, FROM_UNIXTIME(${1e9 + n}.5), ${n % 3 === 0 ? "NULL" : "'x'"}, UNHEX('00FF27')`,
  );
  await insert("log", (n) => `'line ${n % 7}', '2019-01-01' + INTERVAL ${n * 5} DAY`);
  await insert("`odd ``name.`", (n) => `${n % 512}, ${n}.0000000001`);
}

/** By the stock tools: nothing of it is ours. */
async function copied(source: MysqlDatabase): Promise<MysqlDatabase> {
  const dump = await mustMysqlStock("dump", source.server, [
    "--routines",
    "--events",
    ...(source.server.flavour === "mysql-9.7" ? ["--set-gtid-purged=OFF"] : []),
    source.name,
  ]);
  const target = await withMysqlDatabase(source.server);
  await mustMysqlStock("client", source.server, [target.name], { input: dump.stdout });
  return target;
}

async function compared(left: MysqlDatabase, right: MysqlDatabase, showValues = false): Promise<Comparison> {
  const request = { schemaOnly: false, limits: { ...defaultComparisonLimits, showValues } };
  const context = { progress: { emit: () => {} }, signal: new AbortController().signal };
  const specs = { left: rootSpec(left.server, left.name), right: rootSpec(right.server, right.name) };
  return await compareDatabases(specs, request, context);
}

const told = ({ schemaDifferences }: Comparison): string[] =>
  schemaDifferences.map(({ object, aspect, left, right }) => `${object}: ${aspect} ${left ?? "-"} | ${right ?? "-"}`);

describe.each(mysqlFlavours)("compare on %s", (flavour) => {
  test("a copy is equal, and each change of it is found", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    await load(source);
    await using copy = await copied(source);
    const same = await compared(source, copy);
    // Text dumps of FLOAT have six digits.
    expect([told(same), same.dataDifferences.map(({ object }) => object)]).toEqual([[], ["table customers"]]);
    expect(same).toMatchObject({ tablesCompared: 4, rowsCompared: customers * 4 });
    await copy.sql(`UPDATE customers c JOIN \`${source.name}\`.customers s USING (id) SET c.rating = s.rating`);
    expect(await compared(source, copy)).toMatchObject({ equal: true, dataDifferences: [] });

    await copy.sql("UPDATE orders SET note = 'other' WHERE customer = 7");
    await copy.sql("DELETE FROM orders WHERE customer = 8");
    await copy.sql("INSERT INTO log VALUES ('line 3', '2021-01-01')");
    await copy.sql("UPDATE IGNORE customers SET mood = 0 WHERE id = 2");
    const { dataDifferences } = await compared(source, copy, true);
    expect(dataDifferences).toEqual([
      expect.objectContaining({
        object: "table customers",
        samples: [{ key: "(2)", on: "both", columns: ["mood"], values: [{ column: "mood", left: "0", right: "1" }] }],
      }),
      {
        object: "table log",
        leftRows: customers,
        rightRows: customers + 1,
        samples: [
          {
            key: "(line 3,2021-01-01 00:00:00)",
            on: "right",
            columns: [],
            values: [
              { column: "line", right: "line 3" },
              { column: "at", right: "2021-01-01 00:00:00" },
            ],
          },
        ],
      },
      expect.objectContaining({
        object: "table orders",
        leftRows: customers,
        rightRows: customers - 1,
        samples: expect.toSatisfy((samples: Comparison["dataDifferences"][number]["samples"]) => samples.length === 2),
      }),
    ]);

    await copy.sql("ALTER TABLE customers COMMENT 'other', DROP KEY by_name, MODIFY rating FLOAT NOT NULL DEFAULT 1");
    await copy.sql("DROP TRIGGER before_order");
    await copy.sql("DROP FUNCTION twice");
    await copy.sql("CREATE FUNCTION twice(n BIGINT) RETURNS INT DETERMINISTIC RETURN n + n");
    await copy.sql(
      "CREATE OR REPLACE VIEW latest AS SELECT c.name, o.customer AS number FROM customers c JOIN orders o ON o.customer = c.id",
    );
    await copy.sql("ALTER EVENT tidy ENABLE");
    await copy.sql("CREATE TABLE extra (a INT)");
    const lines = told(await compared(source, copy));
    expect(lines).toEqual(
      expect.arrayContaining([
        "table customers: comment who buys | other",
        "index customers.by_name.1: exists yes | -",
        "table column customers.rating: may be null YES | NO",
        "trigger orders.before_order: exists yes | -",
        expect.stringMatching(/^function twice: definition .*n \* 2 \| .*n \+ n$/),
        "parameter of function twice.1: type int | bigint",
        expect.stringMatching(/^view latest: definition /),
        "event tidy: status DISABLED | ENABLED",
        "table extra: exists - | yes",
      ]),
    );
  });
});

test("a database of one server is equal to its copy on a newer one", async () => {
  await using source = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  await load(source);
  await source.sql("UPDATE customers SET rating = id");
  const dump = await mustMysqlStock("dump", source.server, ["--routines", "--events", source.name]);
  await using target = await withMysqlDatabase(
    await sharedMysql("mariadb-11.8"),
    undefined,
    "COLLATE utf8mb4_general_ci",
  );
  await mustMysqlStock("client", target.server, [target.name], { input: dump.stdout });
  const result = await compared(source, target);
  expect([told(result), result.dataDifferences]).toEqual([[], []]);
});

test("what a user may not see is an error, never equal", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using database = await withMysqlDatabase(server);
  await load(database);
  await database.sql("CREATE OR REPLACE USER compare_reader@localhost");
  await database.sql(`GRANT SELECT ON \`${database.name}\`.* TO compare_reader@localhost`);
  const spec = { ...rootSpec(server, database.name), user: "compare_reader" };
  const request = { schemaOnly: false, limits: defaultComparisonLimits };
  const context = { progress: { emit: () => {} }, signal: new AbortController().signal };
  await expect(compareDatabases({ left: spec, right: spec }, request, context)).rejects.toThrow(
    "may not see the definition of",
  );
  await database.sql("DROP USER compare_reader@localhost");
});

test("the command tells what differs, ends with 4, and refuses what is for PostgreSQL", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using left = await withMysqlDatabase(server);
  await using right = await withMysqlDatabase(server);
  for (const database of [left, right]) await database.sql("CREATE TABLE t (id INT PRIMARY KEY, v TEXT)");
  await left.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  await right.sql("INSERT INTO t VALUES (1, 'a'), (2, 'c')");
  const different = await dbbackup(["compare", left.url, right.url, "--show-values", "--json"]);
  expect(different.status).toBe(4);
  expect(JSON.parse(different.stdout.toString())).toMatchObject({
    equal: false,
    data_differences: [{ object: "table t", samples: [{ key: "(2)", columns: ["v"] }] }],
  });
  const same = await dbbackup(["compare", left.url, left.url]);
  expect([same.status, same.stdout.toString()]).toEqual([0, expect.stringMatching(/"\w+" \(MariaDB 10\.11\./)]);
  for (const more of [["--jobs", "2"], ["--schema-sql"], ["--hash-on", "server"]]) {
    expect(await dbbackup(["compare", left.url, right.url, ...more])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is for PostgreSQL only"),
    });
  }
  expect(await dbbackup(["compare", left.url, "postgres://x/y"])).toMatchObject({ status: 2 });
});

test("rows that differ and are too many to hold are counted, and not told", async () => {
  const server = await sharedMysql("mariadb-10.11");
  await using left = await withMysqlDatabase(server);
  await using right = await withMysqlDatabase(server);
  for (const database of [left, right]) {
    await database.sql("CREATE TABLE t (v LONGTEXT)");
    // Without a key, equal rows are all in one group.
    for (let count = 0; count < 5; count++) await database.sql("INSERT INTO t VALUES (REPEAT('x', 8000000))");
  }
  await right.sql("INSERT INTO t VALUES (REPEAT('x', 8000000))");
  const { dataDifferences } = await compared(left, right);
  expect(dataDifferences).toEqual([{ object: "table t", leftRows: 5, rightRows: 6, samples: [] }]);
});

test.each([
  ["sql", "mariadb-10.11"],
  ["directory", "mysql-9.7"],
] as const)("a database and its backup in format %s, on %s", async (format, flavour) => {
  await using source = await withMysqlDatabase(await sharedMysql(flavour));
  await load(source);
  await using folder = await withTemporaryFolder();
  const backup = join(folder.path, "backup");
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--format", format, "--output", backup]);
  const compare = async (...more: readonly string[]) => {
    const { status, stdout } = await dbbackup(["compare", source.url, backup, "--json", ...more]);
    return { status, ...JSON.parse(stdout.toString()) };
  };
  expect(await compare()).toMatchObject({ status: 0, equal: true, tables_compared: 4, rows_compared: 4 * customers });
  await source.sql("UPDATE customers SET rating = 1 WHERE id = 7");
  await source.sql("DELETE FROM log LIMIT 1");
  await source.sql("CREATE TABLE more (a INT)");
  const changed = await compare();
  expect(changed).toMatchObject({ status: 4, equal: false });
  expect(changed.schema_differences).toEqual([{ object: "table more", aspect: "exists", a: "yes", b: null }]);
  expect(changed.data_differences).toMatchObject([
    { object: "table customers", a_rows: customers, b_rows: customers },
    { object: "table log", a_rows: customers - 1, b_rows: customers },
  ]);
  expect(await compare("--schema-only")).toMatchObject({ status: 1, error: { code: "PRECHECK" } });
  const other = await dbbackup(["compare", "postgres://nobody@127.0.0.1:1/x", backup]);
  expect([other.status, other.stderr]).toEqual([2, expect.stringContaining("is one of MySQL and MariaDB")]);
});
