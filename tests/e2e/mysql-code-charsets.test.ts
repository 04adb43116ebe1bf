import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Row } from "../../src/wire/mysql/connection.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { backupToSql, loadWithStock } from "../helpers/mysql-round-trip.ts";
import { rootSpec } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** `SET NAMES`, letters in that character set as bytes of a binary string, some of them backslashes and backticks, and in Unicode. */
const clients = [
  ["latin1", "\xfc", "ü"],
  ["sjis", "\x83\x5c\x83\x60", "ソチ"],
  ["gbk", "\xbf\x5c", "縗"],
] as const;

/** What is like ASCII on all servers, the others on the newest of both. */
const cases = mysqlFlavours.flatMap((flavour) =>
  clients
    .filter(([name]) => name === "latin1" || /11\.8|9\.7/.test(flavour))
    .map((client) => [flavour, ...client] as const),
);

/** What servers tell of code in tables of theirs, which have one character set. */
async function facts({ sql }: MysqlDatabase): Promise<Row[][]> {
  const questions = [
    "ROUTINE_NAME, DEFINER, ROUTINE_COMMENT, DTD_IDENTIFIER, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA",
    "SPECIFIC_NAME, PARAMETER_NAME, DTD_IDENTIFIER FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA",
    "TRIGGER_NAME, DEFINER, ACTION_STATEMENT, CHARACTER_SET_CLIENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA",
    "EVENT_NAME, DEFINER, EVENT_COMMENT, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA",
    "TABLE_NAME, DEFINER, CHARACTER_SET_CLIENT FROM information_schema.VIEWS WHERE TABLE_SCHEMA",
  ];
  return await Promise.all(questions.map((question) => sql(`SELECT ${question} = DATABASE() ORDER BY 1, 2`)));
}

test.each(cases)(
  "stored code of %s that was made in %s keeps its names, definers, comments and strings",
  async (flavour, characterSet, bytes, letter) => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await using connection = await MysqlConnection.connect(rootSpec(server, source.name));
    // Servers that keep triggers in files cannot read all such names in them again.
    const hasTrigger = characterSet === "latin1" || flavour === "mysql-9.7";
    for (const sql of [
      `SET NAMES ${characterSet}`,
      "CREATE TABLE `t#` (`a#` INT)",
      "CREATE TABLE t (a INT)",
      "CREATE DEFINER=`d#`@`h` FUNCTION `f#`(`p#` VARCHAR(9), q INT) RETURNS ENUM('r#', ')') DETERMINISTIC SQL SECURITY INVOKER COMMENT 'c#\n    it''s \"' RETURN IF(`p#` = 'b#', 'r#', ')')",
      "CREATE DEFINER=`d#`@`h` PROCEDURE `p#`() COMMENT 'c#' BEGIN\n    SELECT 'b#\\\\' AS `x#`; END",
      ...(hasTrigger ? ["CREATE DEFINER=`d#`@`h` TRIGGER `tr#` BEFORE INSERT ON `t#` FOR EACH ROW SET @x = 'b#'"] : []),
      "CREATE DEFINER=`d#`@`h` EVENT `e#` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'DO c#' DO SELECT 'b#'",
      // MariaDB and MySQL 5.6 show it with the name of the database, since its definer is nobody.
      "CREATE DEFINER=`d#`@`h` VIEW `v#` AS SELECT a AS `x#`, `a#` FROM t JOIN `t#` `y#`",
    ]) {
      await connection.query(Buffer.from(sql.replaceAll("#", bytes), "latin1"));
    }
    const expected = await facts(source);
    expect(JSON.stringify(expected).split(letter).length).toBeGreaterThan(15);
    const { script } = await backupToSql(server, source.name);
    await using copy = await withMysqlDatabase(server);
    await loadWithStock(copy, script);
    expect(await facts(copy)).toEqual(expected);
    expect((await backupToSql(server, copy.name)).script.toString("latin1")).toBe(script.toString("latin1"));
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "f.sql");
    await writeFile(path, script);
    await using other = await withMysqlDatabase(server);
    const restored = await dbbackup(["restore", "single", path, "--url", other.url, "--target", other.name]);
    expect([restored.status, restored.stdout.toString()]).toEqual([0, expect.stringContaining("is restored")]);
    expect(await facts(other)).toEqual(expected);
  },
);
