import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import {
  backupToSql,
  loadWithStock,
  roundTrips,
  type SqlBackup,
  stockDump,
  withMysqlFixture,
} from "../helpers/mysql-round-trip.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";

describe.each(mysqlFlavours)("a dump of %s", (flavour) => {
  test("keeps every value of every type", async () => {
    await using source = await withMysqlFixture(await sharedMysql(flavour), "types.sql");
    await roundTrips(source);
  });

  test("holds tables, views, code and hostile names", async () => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    const odd = "`a``b'c\"d\\e -- f /* g;\né`";
    const long = `\`${"ü".repeat(64)}\``;
    for (const sql of [
      "CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(99), d DOUBLE, f FLOAT, KEY (t)) COMMENT 'it''s; a -- comment'",
      "INSERT INTO plain (t, d, f) VALUES ('a''b\\\\c\\nd\\re\\0f\\Zg\"', 0.1, 1.2345678), (NULL, -1e300, NULL), ('', NULL, 16777217), ('😀', 0, 0)",
      "CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES plain (id))",
      "INSERT INTO child VALUES (1), (2), (NULL)",
      `CREATE TABLE ${odd} (${odd} INT, ${long} TEXT)`,
      `INSERT INTO ${odd} VALUES (1, ';\\n-- x')`,
      `CREATE TABLE ${long} (a INT)`,
      "CREATE TABLE nothing (a INT) ENGINE=MyISAM",
      "CREATE VIEW v1 AS SELECT id, t FROM plain WHERE id > 0",
      "CREATE VIEW a_first AS SELECT id FROM v1 WHERE id < 3 WITH CHECK OPTION",
      `CREATE VIEW ${odd.replace("f", "v")} AS SELECT 1 AS ${odd}`,
      "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN (SELECT MAX(id) FROM a_first) + 2 * n",
      "CREATE VIEW calls AS SELECT twice(id) AS n FROM plain",
      "CREATE PROCEDURE p(OUT n INT) BEGIN /* a;; b */ SELECT 'x;;;y' INTO @x; SET n = 1; END",
      "CREATE TRIGGER t1 BEFORE INSERT ON plain FOR EACH ROW BEGIN SET NEW.t = CONCAT(NEW.t, ';'); END",
      "CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1",
    ]) {
      await source.sql(sql);
    }
    const { metadata } = await roundTrips(source);
    expect(metadata.database_type).toBe(flavour.startsWith("mariadb") ? "mariadb" : "mysql");
    expect(metadata.format).toBe("sql");
    expect(metadata.objects.find(({ name }) => name === "plain")).toMatchObject({ rows: 4 });
    expect(metadata.consistency?.binlog_file).toMatch(/^binlog\./);
  });
});

/** Of a table, column, key, ...; quoted. */
function hostileName(word: string): string {
  return `\`${word} \`\`), (\`\` \n  CONSTRAINT ', --\``;
}

describe.each(mysqlFlavours)("tables of %s", (flavour) => {
  test("of 400 columns with names of 64 characters, with keys of every kind and without any, and empty ones", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    const names = Array.from({ length: 400 }, (_, column) => `\`${String(column).padEnd(64, "ß")}\``);
    const isMysql97 = flavour === "mysql-9.7";
    for (const sql of [
      `CREATE TABLE broad (${names.map((name) => `${name} TINYINT`).join(", ")}, PRIMARY KEY (${names[399]}, ${names[0]}), UNIQUE KEY ${names[1]} (${names[2]} ${isMysql97 ? "DESC" : ""}))`,
      ...[1, 2, 3].map((id) => `INSERT INTO broad (${names[0]}, ${names[399]}) VALUES (${id}, ${-id})`),
      "CREATE TABLE empty_one (a INT PRIMARY KEY)",
      "CREATE TABLE big (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, up INT, KEY (up))",
      "CREATE TABLE big2 (id INT PRIMARY KEY, down BIGINT UNSIGNED, FOREIGN KEY (down) REFERENCES big (id))",
      "INSERT INTO big VALUES (18446744073709551614, NULL), (1, 7)",
      "INSERT INTO big2 VALUES (7, 1), (-2147483648, NULL)",
      "ALTER TABLE big ADD CONSTRAINT `to``me` FOREIGN KEY (up) REFERENCES big2 (id) ON DELETE SET NULL ON UPDATE CASCADE",
      "CREATE TABLE texts (k VARCHAR(50) COLLATE utf8mb4_bin, l CHAR(9) CHARACTER SET latin1, PRIMARY KEY (k, l), KEY part (k(3)), FULLTEXT KEY words (k))",
      "INSERT INTO texts VALUES ('a', 'ä'), ('A', ''), ('', 'x'), ('é ', 'y')",
      "CREATE TABLE bytes (b VARBINARY(20) PRIMARY KEY) ROW_FORMAT=DYNAMIC",
      "INSERT INTO bytes VALUES (x''), (x'00'), (x'ff5c27'), ('aa')",
      "CREATE TABLE others (d DECIMAL(30, 10), t DATETIME(6), y YEAR, e ENUM('b', 'a'), PRIMARY KEY (d, t, y, e))",
      "INSERT INTO others VALUES (-0.5, '2020-01-01 00:00:00.000001', 1999, 'a'), (12345678901234567890.5, '1000-01-01', 2155, 'b')",
      "CREATE TABLE nulls (a INT, b INT, UNIQUE KEY (a, b))",
      "INSERT INTO nulls VALUES (NULL, NULL), (NULL, NULL), (1, NULL), (1, NULL), (1, 1)",
      "CREATE TABLE heap (a INT, t TEXT)",
      "INSERT INTO heap VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
      "CREATE TABLE second_auto (a INT, n INT AUTO_INCREMENT, PRIMARY KEY (a, n)) ENGINE=MyISAM",
      "INSERT INTO second_auto (a) VALUES (1), (1), (2)",
      "CREATE TABLE places (g GEOMETRY NOT NULL, SPATIAL KEY (g)) ENGINE=MyISAM",
      "INSERT INTO places VALUES (ST_GeomFromText('POINT(1 2)'))",
      "CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=1000",
    ]) {
      await source.sql(sql);
    }
    await roundTrips(source);
  });

  test("keep names that hold backticks, everywhere", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    const isMariadb = flavour.startsWith("mariadb");
    const [a, b, c, parent, child] = ["a", "b", "c", "parent", "child"].map(hostileName);
    for (const sql of [
      `CREATE TABLE ${parent} (${a} INT, ${b} VARCHAR(9), ${c} DATE, PRIMARY KEY ${hostileName("pk")} (${a}, ${b}), UNIQUE KEY ${hostileName("uk")} (${c}))`,
      `CREATE TABLE ${child} (${a} INT, ${b} VARCHAR(9), ${c} DATE, CONSTRAINT ${hostileName("fk")} FOREIGN KEY (${a}, ${b}) REFERENCES ${parent} (${a}, ${b}) ON DELETE CASCADE,` +
        ` CONSTRAINT ${hostileName("fk2")} FOREIGN KEY (${c}) REFERENCES ${parent} (${c}), CONSTRAINT plain FOREIGN KEY (${c}) REFERENCES ${parent} (${c}), CONSTRAINT ${hostileName("ch")} CHECK (${a} > 0)) COMMENT '\n  CONSTRAINT'`,
      `INSERT INTO ${parent} VALUES (1, 'x', '2020-01-01')`,
      `INSERT INTO ${child} VALUES (1, 'x', '2020-01-01')`,
      `CREATE TABLE parted (${a} INT NOT NULL, ${b} INT) PARTITION BY RANGE (${a}) SUBPARTITION BY HASH (${b}) SUBPARTITIONS 2 (PARTITION ${hostileName("p0").replaceAll("\n", " ")} VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
      `INSERT INTO parted VALUES (1, 1), (20, 2)`,
      ...(flavour === "mysql-5.6"
        ? []
        : [`CREATE TABLE computed (${a} INT, ${b} INT AS (${a} + 1) STORED, KEY ${hostileName("k")} (${b}))`]),
      ...(isMariadb
        ? [
            `CREATE TABLE period (${a} DATE, ${b} DATE, PERIOD FOR ${hostileName("per")} (${a}, ${b}))`,
            `CREATE SEQUENCE ${hostileName("seq")}`,
          ]
        : []),
      `CREATE VIEW ${hostileName("view")} AS SELECT ${a} AS ${b} FROM ${child} ${c}`,
      `CREATE TRIGGER ${hostileName("tr")} BEFORE INSERT ON ${child} FOR EACH ROW SET NEW.${a} = 1`,
      `CREATE PROCEDURE ${hostileName("pr")}(${a} INT) SELECT ${a}`,
      `CREATE EVENT ${hostileName("ev")} ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1`,
    ]) {
      await source.sql(sql);
    }
    // MariaDB's own program writes foreign keys that no server takes, where the server shows them so.
    const { script } = await backupToSql(source.server, source.name);
    await using copy = await withMysqlDatabase(source.server);
    await loadWithStock(copy, script);
    expect((await backupToSql(copy.server, copy.name)).script.toString()).toBe(script.toString());
    expect(await stockDump(copy)).toBe(await stockDump(source));
  });
});

async function smallDatabase(): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  for (const sql of [
    "CREATE TABLE a (id INT PRIMARY KEY, b VARBINARY(9))",
    "INSERT INTO a VALUES (1, 'x'), (2, 'y'), (3, NULL)",
    "CREATE TABLE b (id INT PRIMARY KEY, c INT AS (id + 1))",
    "INSERT INTO b (id) VALUES (1)",
    "CREATE VIEW v AS SELECT id FROM a",
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
    "CREATE TRIGGER ta BEFORE INSERT ON a FOR EACH ROW SET NEW.id = NEW.id",
    "CREATE TRIGGER tb BEFORE INSERT ON b FOR EACH ROW SET NEW.id = NEW.id",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1",
  ]) {
    await database.sql(sql);
  }
  return database;
}
const lines = ({ script }: SqlBackup) => script.toString().split("\n");
const made = (backup: SqlBackup) =>
  lines(backup)
    .map((line) => /^CREATE (?:.*? )?(TABLE|VIEW|FUNCTION|TRIGGER|EVENT) `?(\w+)`?/.exec(line))
    .flatMap((match) => (match === null ? [] : [`${match[1]} ${match[2]}`]));

describe("options of a dump", () => {
  test("choose what is in it, and the metadata say so", async () => {
    await using database = await smallDatabase();
    const { server, name } = database;
    const all = ["TABLE a", "TABLE b", "VIEW v", "FUNCTION f", "VIEW v", "TRIGGER ta", "TRIGGER tb", "EVENT e"];
    expect(made(await backupToSql(server, name))).toEqual(all);
    const one = await backupToSql(server, name, ["--only-table", "b"]);
    expect(made(one)).toEqual(["TABLE b", "TRIGGER tb"]);
    expect(one.metadata.partial).toEqual(["--only-table=b", "--skip-routines", "--skip-events"]);
    const ignored = ["--ignore-table", `${name}.v`, "--ignore-table", "b", "--skip-routines", "--skip-events"];
    expect(made(await backupToSql(server, name, ignored))).toEqual(["TABLE a", "TRIGGER ta"]);
    expect(made(await backupToSql(server, name, ["--skip-triggers", "--data-only"]))).toEqual([]);
    const without = await backupToSql(server, name, ["--ignore-table-data", "a", "--skip-add-drop-table"]);
    expect(without.metadata.objects.map((object) => object.name)).toEqual(["b"]);
    expect(lines(without).filter((line) => line.startsWith("DROP"))).toEqual(["DROP VIEW IF EXISTS `v`;"]);
    await using copy = await withMysqlDatabase(server);
    await loadWithStock(copy, without.script);
  });

  test("choose how rows are written", async () => {
    await using database = await smallDatabase();
    const rowsOf = async (...args: string[]) => {
      const backup = await backupToSql(database.server, database.name, ["--data-only", "--only-table", "a", ...args]);
      return lines(backup).filter((line) => /^(INSERT|REPLACE|\()/.test(line));
    };
    expect(await rowsOf()).toEqual(["INSERT INTO `a` VALUES", "(1,_binary 'x'),", "(2,_binary 'y'),", "(3,NULL);"]);
    expect(await rowsOf("--hex-blob", "--complete-insert", "--replace", "--where", "id < 2")).toEqual([
      "REPLACE INTO `a` (`id`, `b`) VALUES",
      "(1,0x78);",
    ]);
    expect((await rowsOf("--skip-extended-insert", "--insert-ignore")).filter((line) => line.startsWith("I"))).toEqual(
      Array.from({ length: 3 }, () => "INSERT IGNORE INTO `a` VALUES"),
    );
  });

  test("that PostgreSQL has are refused, and names that are not there", async () => {
    await using database = await smallDatabase();
    const run = (...args: string[]) => dbbackup(["backup", "single", database.name, "--url", database.url, ...args]);
    expect((await run("--format", "custom")).status).toBe(2);
    expect((await run("--chunk-size", "1M")).status).toBe(2);
    expect((await run("--clean")).status).toBe(2);
    expect((await run("--exclude-table", "x")).status).toBe(2);
    const missing = await run("--only-table", "zz", "--output", "/dev/null/x.sql");
    expect(missing.status).not.toBe(0);
    expect((await dbbackup(["backup", "single", "shop", "--where", "a = 1"])).status).toBe(2);
  });

  test("--create makes the database", async () => {
    const server = await sharedMysql("mariadb-11.8");
    const name = "dbb `create` ü";
    await using database = await withMysqlDatabase(server, name, "CHARACTER SET latin1 COLLATE latin1_german2_ci");
    await database.sql("CREATE TABLE t (a INT)");
    const { script } = await backupToSql(server, name, ["--create"]);
    await database.sql("DROP DATABASE `dbb ``create`` ü`");
    await mustMysqlStock("client", server, [], { input: script });
    expect(await database.sql("SELECT @@collation_database AS c")).toEqual([{ c: "latin1_german2_ci" }]);
    expect(await database.sql("SHOW TABLES")).toHaveLength(1);
  });
});

test("a long definition that follows rows is read whole", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  await database.sql("CREATE TABLE parted (id INT NOT NULL, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 1000");
  const columns = Array.from({ length: 4096 }, (_, column) => `${column} AS \`column ${column} of a wide view\``);
  await database.sql(`CREATE VIEW wide AS SELECT ${columns.join(", ")}`);
  await roundTrips(database);
});
