import { describe, expect, test } from "vitest";
import { type MysqlDatabase, withMysqlDatabase } from "../../../../tests/helpers/mysql-database.ts";
import { mysqlFlavours } from "../../../../tests/helpers/mysql-packages.ts";
import { withMysqlFixture } from "../../../../tests/helpers/mysql-round-trip.ts";
import { rootSpec } from "../../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../../tests/helpers/mysql-shared-servers.ts";
import { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { quoteName } from "../quote.ts";
import { type SplitTable, splitCreateTable } from "./split-create-table.ts";

/** Tables, of which servers make those that they know. */
const tables = [
  "CREATE TABLE parent (id INT PRIMARY KEY, code CHAR(3) NOT NULL, UNIQUE KEY by_code (code)) ENGINE=InnoDB",
  "CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, p INT, c CHAR(3), t TEXT, KEY k1 (p), UNIQUE KEY u1 (c, id), KEY k2 (t(10), p), UNIQUE KEY u2 (id, p), CONSTRAINT z FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE, CONSTRAINT a FOREIGN KEY (c) REFERENCES parent (code)) ENGINE=InnoDB AUTO_INCREMENT=77",
  "CREATE TABLE `a``b (,) '` (`x``,(` INT, `KEY ``y``` INT COMMENT 'it''s, (\\\\ \"KEY', e ENUM('a)','b,''','`') DEFAULT 'b,''', KEY `k``), KEY (` (`x``,(`) COMMENT ', KEY `z` (`x`)', UNIQUE KEY `KEY ``y``` (`KEY ``y```)) ENGINE=InnoDB COMMENT='), KEY (`e`)'",
  "CREATE TABLE counted (a INT, n BIGINT AUTO_INCREMENT, b INT, KEY one (a), KEY two (n), KEY three (b), KEY four (n, a)) ENGINE=InnoDB",
  "CREATE TABLE counted_unique (a INT NOT NULL, n INT AUTO_INCREMENT, PRIMARY KEY (a), KEY one (a, n), UNIQUE KEY two (n), KEY three (n, a)) ENGINE=InnoDB",
  "CREATE TABLE clustered (a INT NOT NULL, b INT, c INT NOT NULL, UNIQUE KEY u1 (b), UNIQUE KEY u2 (a, c), UNIQUE KEY u3 (c), KEY k (b, a)) ENGINE=InnoDB",
  "CREATE TABLE itself (id INT PRIMARY KEY, up INT, CONSTRAINT `self (f,` FOREIGN KEY (up) REFERENCES itself (id)) ENGINE=InnoDB",
  "CREATE TABLE texts (id INT PRIMARY KEY, a TEXT, b VARCHAR(50), c INT, KEY k1 (c), FULLTEXT KEY f1 (a), KEY k2 (b), FULLTEXT KEY f2 (b, a)) ENGINE=InnoDB",
  "CREATE TABLE no_innodb (id INT AUTO_INCREMENT, a INT, KEY (a), KEY (id)) ENGINE=MyISAM",
  "CREATE TABLE parted (id INT, at INT NOT NULL, KEY k1 (at), KEY k2 (id)) ENGINE=InnoDB PARTITION BY RANGE (at) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
  "CREATE TABLE parted_by_key (id INT NOT NULL, b INT, UNIQUE KEY u (id), KEY k (b)) ENGINE=InnoDB PARTITION BY KEY () PARTITIONS 3",
  "CREATE TABLE placed (id INT PRIMARY KEY, g POINT NOT NULL, b INT, SPATIAL KEY s (g), KEY k (b)) ENGINE=InnoDB",
  "CREATE TABLE computed (id INT PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, s VARCHAR(9) GENERATED ALWAYS AS (CONCAT(a, '),KEY')) STORED, KEY k1 (a), KEY k2 (v), KEY k3 (s), KEY k4 (a, id)) ENGINE=InnoDB",
  "CREATE TABLE expressions (id INT PRIMARY KEY, a INT, b INT, KEY k1 (a), KEY k2 ((a + b)), KEY k3 (b, (a * 2) DESC), KEY k4 (b DESC)) ENGINE=InnoDB",
  "CREATE TABLE multi_valued (id INT PRIMARY KEY, j JSON, KEY k0 (id, j(1)), KEY k1 ((CAST(j AS UNSIGNED ARRAY)))) ENGINE=InnoDB",
  "CREATE TABLE many_valued (id INT PRIMARY KEY, j JSON, b INT, KEY k0 (b), KEY k1 ((CAST(j AS UNSIGNED ARRAY))), KEY k2 (b, id)) ENGINE=InnoDB",
  "CREATE TABLE hidden (id INT PRIMARY KEY, a INT, KEY k1 (a) INVISIBLE, KEY k2 (a, id)) ENGINE=InnoDB",
  "CREATE TABLE ignored (id INT PRIMARY KEY, a INT, KEY k1 (a) IGNORED, KEY k2 (a, id)) ENGINE=InnoDB",
  "CREATE TABLE checked (id INT PRIMARY KEY, a INT CHECK (a > 0), b INT, CONSTRAINT `c,(` CHECK (a < b OR b = ')'), KEY k (a)) ENGINE=InnoDB",
  "CREATE TABLE hashed (id INT PRIMARY KEY, t TEXT, b INT, KEY k (b), UNIQUE KEY u (t)) ENGINE=InnoDB",
  "CREATE TABLE periods (id INT, f DATE NOT NULL, t DATE NOT NULL, PERIOD FOR p (f, t), UNIQUE KEY u (id, p WITHOUT OVERLAPS), KEY k (id)) ENGINE=InnoDB",
  "CREATE TABLE versioned (id INT PRIMARY KEY, a INT, KEY k (a), UNIQUE KEY u (a, id)) ENGINE=InnoDB WITH SYSTEM VERSIONING",
  "CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, b INT, VECTOR INDEX vi (v), KEY k (b)) ENGINE=InnoDB",
  "CREATE TABLE packed (id INT PRIMARY KEY, a VARCHAR(99), KEY k (a) USING BTREE KEY_BLOCK_SIZE=4 COMMENT 'k') ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
  "CREATE TABLE unkeyed (a INT, b INT, KEY k1 (a), UNIQUE KEY u1 (b)) ENGINE=InnoDB",
];
/** In all versions. */
const known = 9;

async function createOf(connection: MysqlConnection, table: string): Promise<string> {
  const { rows } = await connection.query(`SHOW CREATE TABLE ${quoteName(table)}`);
  return rows[0]![1]!.toString("latin1");
}

async function tablesIn(connection: MysqlConnection): Promise<string[]> {
  const { rows } = await connection.query("SHOW FULL TABLES WHERE Table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')");
  return rows.map(([name]) => name!.toString());
}

/** What {@link tables} looks like in the server. */
async function withTables(source: MysqlDatabase): Promise<number> {
  await using connection = await MysqlConnection.connect(rootSpec(source.server, source.name));
  let made = 0;
  for (const table of tables) {
    await connection.query(table).then(
      () => made++,
      (error: unknown) => expect(error).toBeInstanceOf(MysqlServerError),
    );
  }
  await connection.query("INSERT INTO parent VALUES (1, 'abc'), (2, 'def')");
  await connection.query("INSERT INTO child VALUES (1, 1, 'abc', 'text'), (9, 2, NULL, NULL)");
  return made;
}

/** Makes all tables of one database in another, in pieces, with the rows between them. */
async function inPieces(source: MysqlDatabase): Promise<SplitTable[]> {
  await using target = await withMysqlDatabase(source.server);
  await using from = await MysqlConnection.connect(rootSpec(source.server, source.name));
  await using to = await MysqlConnection.connect(rootSpec(source.server, target.name));
  for (const setting of ["NAMES utf8mb4", "sql_mode = ''", "foreign_key_checks = 0"]) await to.query(`SET ${setting}`);
  const splits = new Map<string, SplitTable>();
  const run = (text: string) => to.query(Buffer.from(text, "latin1"));
  for (const table of await tablesIn(from)) {
    const split = splitCreateTable(await createOf(from, table), true)!;
    expect(split).toBeDefined();
    splits.set(table, split);
    await run(split.create);
  }
  for (const table of ["parent", "child"].filter((name) => splits.has(name))) {
    await to.query(`INSERT INTO ${table} SELECT * FROM ${quoteName(source.name)}.${table}`);
  }
  for (const { indexes } of splits.values()) for (const statement of indexes) await run(statement);
  for (const { foreignKeys } of splits.values()) if (foreignKeys !== undefined) await run(foreignKeys);
  for (const table of splits.keys()) expect(await createOf(to, table)).toBe(await createOf(from, table));
  return [...splits.values()];
}

describe.each(mysqlFlavours)("on %s", (flavour) => {
  test("tables whose indexes and foreign keys come later are the same", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    expect(await withTables(source)).toBeGreaterThanOrEqual(known);
    const splits = await inPieces(source);
    expect(splits.filter(({ indexes }) => indexes.length > 0).length).toBeGreaterThanOrEqual(7);
    expect(splits.filter(({ foreignKeys }) => foreignKeys !== undefined)).toHaveLength(2);
  });

  test("and those of every type", async () => {
    await using source = await withMysqlFixture(await sharedMysql(flavour), "types.sql");
    await inPieces(source);
  });
});

const create = [
  "CREATE TABLE `t` (",
  "  `id` int NOT NULL AUTO_INCREMENT,",
  "  `a` int DEFAULT NULL COMMENT 'KEY `b` (`a`),',",
  "  PRIMARY KEY (`id`),",
  "  UNIQUE KEY `u` (`a`),",
  "  KEY `k` (`a`,`id`),",
  "  FULLTEXT KEY `f1` (`a`),",
  "  FULLTEXT KEY `f2` (`a`) /*!50100 WITH PARSER `ngram` */ ,",
  "  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `t` (`id`)",
  ") ENGINE=InnoDB COMMENT=')'",
].join("\n");

test("what is added, and in which statements", () => {
  expect(splitCreateTable(create, true)).toEqual({
    create:
      "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a` int DEFAULT NULL COMMENT 'KEY `b` (`a`),',\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB COMMENT=')'",
    indexes: [
      "ALTER TABLE `t`\n  ADD UNIQUE KEY `u` (`a`),\n  ADD KEY `k` (`a`,`id`)",
      "ALTER TABLE `t`\n  ADD FULLTEXT KEY `f1` (`a`)",
      "ALTER TABLE `t`\n  ADD FULLTEXT KEY `f2` (`a`) /*!50100 WITH PARSER `ngram` */",
    ],
    foreignKeys: "ALTER TABLE `t`\n  ADD CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `t` (`id`)",
  });
  const small = splitCreateTable(create, false)!;
  expect(small.indexes).toEqual([]);
  expect(small.create).toContain("KEY `k` (`a`,`id`),\n  FULLTEXT");
  expect(small.foreignKeys).toBeDefined();
});

test("what is not understood is left alone", () => {
  expect(splitCreateTable("CREATE TABLE `t` LIKE `u`", true)).toBeUndefined();
  expect(splitCreateTable("CREATE TABLE `t` (`a` int", true)).toBeUndefined();
  expect(splitCreateTable("CREATE VIEW `t` AS SELECT 1", true)).toBeUndefined();
});
