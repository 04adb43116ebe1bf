import { describe, expect, test } from "vitest";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { roundTrips } from "../helpers/mysql-round-trip.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";

/** What InnoDB takes. */
const mostColumns = 1017;

describe.each(mysqlFlavours)("a backup of %s holds, as a script and as a directory,", (flavour) => {
  test("tables of 1,017 columns", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    // Others keep names of columns in one place of 64 KiB.
    const tables = flavour === "mysql-9.7" ? ["narrow", "wide"] : ["narrow"];
    for (const table of tables) {
      const name = (at: number): string =>
        table === "narrow" ? `c${at}` : `${"a `long` name, ".repeat(5).slice(0, 60)}${`${at}`.padStart(4, "0")}`;
      const names = Array.from({ length: mostColumns }, (_, at) => `\`${name(at).replaceAll("`", "``")}\``);
      const kinds = ["INT", "VARCHAR(5) CHARACTER SET latin1", "DECIMAL(5,2)", "BIT(3)", "DATE"];
      const columns = names.map((column, at) => `${column} ${at === 0 ? "INT PRIMARY KEY" : kinds[at % kinds.length]}`);
      await source.sql(`CREATE TABLE ${table} (${columns.join(", ")}) ROW_FORMAT=DYNAMIC`);
      const values = ["1", "'é'", "-3.25", "b'101'", "'2024-02-29'"];
      for (const id of [1, 2]) {
        const row = names.map((_, at) => (at === 0 ? id : at % id === 1 ? "NULL" : values[at % values.length]));
        await source.sql(`INSERT INTO ${table} VALUES (${row.join(", ")})`);
      }
    }
    const { metadata } = await roundTrips(source);
    expect(metadata.objects.map(({ rows }) => rows)).toEqual(tables.map(() => 2));
  });
});

describe.each(mysqlFlavours.filter((flavour) => flavour !== "mysql-5.6"))("a backup of %s holds", (flavour) => {
  test("invisible columns: plain, generated, of keys, first, last, and all but one", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    for (const sql of [
      "CREATE TABLE plain (a INT DEFAULT 3 INVISIBLE, b INT, c VARCHAR(9) DEFAULT 'x' INVISIBLE)",
      "INSERT INTO plain (a, b, c) VALUES (1, 2, 'q'), (NULL, 3, NULL)",
      "INSERT INTO plain VALUES (4)",
      "CREATE TABLE derived (a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL INVISIBLE, s INT GENERATED ALWAYS AS (a * 2) STORED INVISIBLE, KEY s (s))",
      "INSERT INTO derived VALUES (1), (2)",
      "CREATE TABLE keyed (id INT AUTO_INCREMENT PRIMARY KEY INVISIBLE, a INT, KEY k (a, id))",
      "INSERT INTO keyed (id, a) VALUES (7, 1), (9, 2)",
      "CREATE TABLE alone (x INT, y BLOB INVISIBLE, z TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) INVISIBLE)",
      "INSERT INTO alone (x, y, z) VALUES (1, 0x00ff275c, '2024-05-06 07:08:09.123456')",
      "CREATE TABLE computed (v INT GENERATED ALWAYS AS (1 + 1) VIRTUAL INVISIBLE, a INT DEFAULT 5 INVISIBLE, b INT)",
      "INSERT INTO computed (a, b) VALUES (6, 7)",
    ])
      await source.sql(sql);
    const { script, metadata } = await roundTrips(source);
    expect(metadata.objects.map(({ name, rows }) => `${name} ${rows}`)).toEqual([
      "alone 1",
      "computed 1",
      "derived 2",
      "keyed 2",
      "plain 3",
    ]);
    // Their values would not come in without their names.
    expect(script.toString("latin1")).toContain("INSERT INTO `plain` (`a`, `b`, `c`) VALUES");
  });
});
