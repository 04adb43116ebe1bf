import { describe, expect, test } from "vitest";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { roundTrips, withMysqlFixture } from "../helpers/mysql-round-trip.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";

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
