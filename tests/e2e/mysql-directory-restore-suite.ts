import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import type { MysqlDatabase } from "../helpers/mysql-database.ts";
import { backupToDirectory } from "../helpers/mysql-directory.ts";
import { type HandmadeObject, writeHandmadeDirectory } from "../helpers/mysql-handmade-directory.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { checksums, stockDump, withMysqlFixture } from "../helpers/mysql-round-trip.ts";
import { type MysqlAddress, mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { makeLarge } from "./mysql-directory-suite.ts";

/** Rows `n` to `n + count`. */
export function numbered(from: number, count: number, width = 20): string[] {
  return Array.from({ length: count }, (_, n) => `${from + n}\t${(from + n) % 7}\tline\\n${"x".repeat(width)}`);
}

/** Tables that refer to each other, and what must not see their rows come. */
export const objects: readonly HandmadeObject[] = [
  { kind: "database", name: "made", schema: "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n" },
  {
    kind: "table",
    name: "child",
    schema:
      "CREATE TABLE `child` (\n  `id` int NOT NULL,\n  `p` int DEFAULT NULL,\n  `t` varchar(3000) DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `kp` (`p`),\n  UNIQUE KEY `ku` (`id`,`p`),\n  CONSTRAINT `cp` FOREIGN KEY (`p`) REFERENCES `par``ent` (`id`)\n) ENGINE=InnoDB;\n",
    columns: ["id", "p", "t"],
    chunks: [numbered(0, 500), numbered(500, 500), numbered(1000, 700, 2500)],
  },
  {
    kind: "table",
    name: "par`ent",
    schema:
      "CREATE TABLE `par``ent` (\n  `id` int NOT NULL,\n  `ü` varchar(9) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
    columns: ["id", "ü"],
    chunks: [
      ["0\tä", "1\t\\N", "2\t"],
      ["3\ta", "4\tb", "5\tc", "6\td"],
    ],
  },
  {
    kind: "table",
    name: "empty",
    schema: "CREATE TABLE `empty` (\n  `a` int,\n  KEY `k` (`a`)\n) ENGINE=MyISAM;\n",
    columns: ["a"],
  },
  {
    kind: "table",
    name: "log",
    schema: "CREATE TABLE `log` (\n  `n` int\n) ENGINE=InnoDB;\n",
    columns: ["n"],
    chunks: [["7"]],
  },
  { kind: "stand-in", name: "v", schema: "CREATE VIEW `v` AS SELECT 1 AS `n`;\n" },
  {
    kind: "function",
    name: "f",
    schema: "DELIMITER ;;\nCREATE FUNCTION `f`() RETURNS INT DETERMINISTIC BEGIN RETURN 4; END ;;\nDELIMITER ;\n",
  },
  {
    kind: "view",
    name: "v",
    schema: "DROP VIEW IF EXISTS `v`;\nCREATE VIEW `v` AS SELECT COUNT(*) + `f`() AS `n` FROM `child`;\n",
  },
  {
    kind: "trigger",
    name: "tr",
    table: "child",
    schema:
      "DELIMITER ;;\nCREATE TRIGGER `tr` AFTER INSERT ON `child` FOR EACH ROW INSERT INTO `log` VALUES (NEW.id) ;;\nDELIMITER ;\n",
  },
];

export interface Made extends AsyncDisposable {
  readonly path: string;
}

export async function made(flavour: string, list: readonly HandmadeObject[] = objects): Promise<Made> {
  const folder = await withTemporaryFolder();
  const path = join(folder.path, "b.dir");
  await writeHandmadeDirectory(path, flavour, list);
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

export function restore(path: string, server: MysqlAddress, args: readonly string[]) {
  return dbbackup(["restore", "single", path, "--url", mysqlUrl(server), "--quiet", "--jobs=4", ...args]);
}

export async function isWhole(database: MysqlDatabase): Promise<void> {
  expect(await database.sql("SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(LENGTH(t)) AS bytes FROM child")).toEqual([
    { n: "1700", ids: `${(1699 * 1700) / 2}`, bytes: `${1000 * 25 + 700 * 2505}` },
  ]);
  expect(await database.sql("SELECT * FROM `par``ent` ORDER BY id LIMIT 3")).toEqual([
    { id: "0", ü: "ä" },
    { id: "1", ü: null },
    { id: "2", ü: "" },
  ]);
  expect(await database.sql("SELECT * FROM log")).toEqual([{ n: "7" }]);
  expect(await database.sql("SELECT * FROM v")).toEqual([{ n: "1704" }]);
  const [row] = await database.sql("SHOW CREATE TABLE child");
  expect(row!["Create Table"]).toMatch(/UNIQUE KEY `ku` .*\n {2}KEY `kp` \(`p`\),\n {2}CONSTRAINT `cp` FOREIGN KEY/);
}

/** A database that a restore makes. */
export function named(server: MysqlAddress): MysqlDatabase {
  const name = `made_${process.pid}_${server.port}`;
  return {
    name,
    server,
    url: mysqlUrl(server, name),
    sql: (text) => mysqlSql(server, text, name),
    [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP DATABASE IF EXISTS ${name}`)),
  };
}

/** Directories restored into these servers hold all that there was. */
export function directoryRestoreSuite(flavours: readonly MysqlFlavour[]): void {
  describe.each(flavours)("a directory is restored into %s", (flavour) => {
    test("by several sessions, with what follows the rows, whole and in part", async () => {
      const server = await sharedMysql(flavour);
      await using backup = await made(flavour);
      await using target = named(server);
      const args = ["--target", target.name, "--create"];
      const done = await restore(backup.path, server, [...args, "--json"]);
      expect(done.stderr.toString()).toBe("");
      expect(done.status).toBe(0);
      expect(JSON.parse(done.stdout.toString()).result).toMatchObject({
        created: true,
        done: 13,
        rows: 1708,
        failed: 0,
      });
      await isWhole(target);
      expect(
        await mysqlSql(
          server,
          `SELECT DEFAULT_COLLATION_NAME AS c FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${target.name}'`,
        ),
      ).toEqual([{ c: "utf8mb4_unicode_ci" }]);
      const again = await restore(backup.path, server, args);
      expect(again.stderr.toString()).toContain("exists already");
      expect(again.status).toBe(2);
      const cleaned = await restore(backup.path, server, ["--target", target.name, "--clean", "--confirm"]);
      expect(cleaned.status).toBe(0);
      await isWhole(target);
      await target.sql("DROP TABLE child, `empty`");
      const part = await restore(backup.path, server, [
        "--target",
        target.name,
        "--table=child",
        "--table=made.empty",
        "--confirm",
      ]);
      expect(part.status).toBe(0);
      await isWhole(target);
    });

    test("with every value of every type, from many files", async () => {
      const server = await sharedMysql(flavour);
      await using source = await withMysqlFixture(server, "types.sql");
      await source.sql("CREATE VIEW seen AS SELECT id FROM integers WHERE id > 0");
      await source.sql("CREATE TRIGGER fires BEFORE INSERT ON unkeyed FOR EACH ROW SET NEW.a = NEW.a + 1");
      await source.sql("CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n");
      await makeLarge(source);
      await using folder = await withTemporaryFolder();
      const backup = async (database: string, name: string) =>
        await backupToDirectory(server, database, join(folder.path, name), [
          "--jobs=4",
          "--chunk-size=8K",
          "--compression=zstd",
        ]);
      const first = await backup(source.name, "one");
      await using copy = named(server);
      const done = await restore(join(folder.path, "one"), server, [
        "--target",
        copy.name,
        "--create",
        "--verify-first",
      ]);
      expect(done.stderr.toString()).toBe("");
      expect(done.status).toBe(0);
      expect(await stockDump(copy)).toBe(await stockDump(source));
      expect(await checksums(copy)).toEqual(await checksums(source));
      const second = await backup(copy.name, "two");
      const rowsOf = ({ index }: typeof first) =>
        index.objects.slice(1).map(({ kind, name, data }) => [kind, name, data?.rows, data?.checksum]);
      expect(rowsOf(second)).toEqual(rowsOf(first));
    });
  });
}
