import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memoryObject, memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { never } from "../../../../tests/helpers/restore-request.ts";
import { formatRowSum } from "../../../core/row-totals.ts";
import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import { xxh3Of128 } from "../../../wire/postgres/xxh3-128-reference.ts";
import { createMysqlChecker } from "./mysql-checker.ts";

const checker = createMysqlChecker(codec);

async function check(script: Buffer | string): Promise<CheckedBackup> {
  const bytes = Buffer.from(script as string);
  const object = memoryObject(bytes);
  return await checker.check({ kind: "file", object, stream: () => memoryStream(bytes, 1000) }, never);
}

function totals(...rows: string[]) {
  const sum = rows.reduce((all, row) => all + xxh3Of128(Buffer.from(row)), 0n);
  return { rows: rows.length, bytes: rows.join("").length, checksum: formatRowSum(sum) };
}

const script = [
  "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)",
  "--",
  "-- Host: localhost    Database: shop",
  "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;",
  "CREATE TABLE `a` (`id` int);",
  "INSERT INTO `a` VALUES (1,'x'),(2,'it''s;'),\n(3,'\\');');",
  "INSERT INTO `b``c` (`values`, `(`) VALUES (NULL,_binary '\\\\');",
  "INSERT INTO `a` VALUES (4,')');",
  "DELIMITER ;;",
  "CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (5,''); END ;;",
  "DELIMITER ;",
  "REPLACE INTO other.d SELECT 1;",
  "SET sql_mode = 'NO_BACKSLASH_ESCAPES';",
  "insert ignore into e values ('\\'),('b') on duplicate key update f = values(f);",
  "-- Dump completed on 2026-11-22  1:00:00",
  "",
].join("\n");

test("rows are counted and checksummed by table, wherever they stand", async () => {
  for (const bytes of [Buffer.from(script), gzipSync(script)]) {
    expect(await check(bytes)).toEqual({
      format: "sql",
      database: "shop",
      entries: 9,
      tables: [
        { schema: "", name: "a", totals: totals("(1,'x')", "(2,'it''s;')", "(3,'\\');')", "(4,')')") },
        { schema: "", name: "b`c", totals: totals("(NULL,_binary '\\\\')") },
        { schema: "other", name: "d" },
        { schema: "", name: "e", totals: totals("('\\')", "('b')") },
      ],
    });
  }
});

test("a script that was cut anywhere is damaged", async () => {
  for (let cut = 100; cut < script.indexOf("-- Dump completed"); cut += 7) {
    await expect(check(script.slice(0, cut))).rejects.toMatchObject({ code: "DAMAGED" });
  }
});

test("a statement that ends within a row is damage, though servers would say so, too", async () => {
  await expect(check("INSERT INTO a VALUES (1),(2;\n")).rejects.toMatchObject({ code: "DAMAGED", object: "a" });
});

test.each([
  ["nothing", ""],
  ["comments only", "-- nothing\n"],
  ["bytes", Buffer.from([1, 2, 3, 0, 0])],
  ["an archive of PostgreSQL", "PGDMP\x01"],
  ["a command of the client", "SELECT 1;\n\\! ls\n"],
])("%s is no backup", async (_, bytes) => {
  await expect(check(bytes)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
});
