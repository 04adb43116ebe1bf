import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { backupToSql, loadWithStock, stockDump } from "../helpers/mysql-round-trip.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Who locks a view needs its definer to be there. */
const unlocked = ["--skip-lock-tables"];

const bait = "CREATE DEFINER=`x`@`y` VIEW";

/** Views and code of several definers, with text in them that looks like one. */
async function withDefiners(flavour: (typeof mysqlFlavours)[number]): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(await sharedMysql(flavour));
  const odd = "DEFINER=`we``ird 'q\"é`@`%.h``o`";
  for (const sql of [
    "CREATE TABLE t (a INT, b TEXT) COMMENT 'DEFINER=`x`@`y`'",
    `INSERT INTO t VALUES (1, '${bait}')`,
    `CREATE ${odd} SQL SECURITY INVOKER VIEW v AS SELECT '${bait}' AS a`,
    `CREATE DEFINER=other@localhost VIEW v2 AS SELECT '${bait}' AS \`DEFINER=\``,
    `CREATE ${odd} TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x = '${bait}'`,
    `CREATE ${odd} EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE COMMENT '${bait}' DO SELECT '${bait}'`,
    `CREATE ${odd} FUNCTION f(\`DEFINER\` INT) RETURNS INT DETERMINISTIC RETURN 1 /* ${bait} */`,
    `CREATE DEFINER=CURRENT_USER PROCEDURE p() BEGIN /* ${bait} */ SELECT '${bait}'; END`,
  ]) {
    await database.sql(sql);
  }
  if (flavour.startsWith("mariadb")) await database.sql("CREATE DEFINER=some_role VIEW vr AS SELECT 1 AS a");
  return database;
}

/** Every definer in a database, by what it defines. */
async function definersOf(database: MysqlDatabase): Promise<Record<string, string>> {
  const rows = await database.sql(
    "SELECT TABLE_NAME AS n, DEFINER AS d FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() UNION ALL " +
      "SELECT TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() UNION ALL " +
      "SELECT EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() UNION ALL " +
      "SELECT CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME), DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
  );
  return Object.fromEntries(rows.map(({ n, d }) => [n!, d!]));
}

/** What the stock program says of a database, but for definers. */
async function withoutDefiners(database: MysqlDatabase): Promise<string> {
  const text = await stockDump(database, unlocked);
  return text.replaceAll(
    /DEFINER=(`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?|"\w+"@"\w+")\*?/g,
    (clause: string, account: string) => (account === "`x`@`y`" ? clause : ""),
  );
}

const all = (names: Iterable<string>, definer: string) => Object.fromEntries([...names].map((name) => [name, definer]));

describe.each(mysqlFlavours)("definers of %s", (flavour) => {
  test("are kept, left out or changed, and nothing else is", async () => {
    await using source = await withDefiners(flavour);
    const before = await definersOf(source);
    const names = Object.keys(before);
    expect(names.length).toBe(flavour.startsWith("mariadb") ? 7 : 6);
    const expected = await withoutDefiners(source);
    for (const [args, definer] of [
      [["--skip-definer"], "root@localhost"],
      [["--definer", "new ü`'\"owner@10.0.0.%"], "new ü`'\"owner@10.0.0.%"],
    ] as const) {
      const { script, metadata } = await backupToSql(source.server, source.name, args);
      expect(metadata.partial).toEqual([args.join("=")]);
      await using copy = await withMysqlDatabase(source.server);
      await loadWithStock(copy, script);
      expect(await definersOf(copy)).toEqual(all(names, definer));
      expect(await withoutDefiners(copy)).toBe(expected);
    }
  });

  test("of dumps of ours and of the stock program are changed by a restore", async () => {
    await using source = await withDefiners(flavour);
    const names = Object.keys(await definersOf(source));
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "f.sql");
    const restoredWith = async (script: Buffer | string, ...args: string[]): Promise<string[]> => {
      await writeFile(path, script, "latin1");
      await using copy = await withMysqlDatabase(source.server);
      const done = await dbbackup(["restore", "single", path, "--url", copy.url, "--target", copy.name, ...args]);
      expect([done.status, done.stderr.toString()]).toEqual([0, expect.not.stringContaining("we`ird")]);
      expect(await copy.sql("SELECT b FROM t")).toEqual([{ b: bait }]);
      const found = await definersOf(copy);
      expect(Object.keys(found)).toEqual(names);
      return [...new Set(Object.values(found))];
    };
    const stock = await stockDump(source, unlocked);
    expect(await restoredWith(stock, "--definer", "öwner@h")).toEqual(["öwner@h"]);
    expect(await restoredWith(stock, "--skip-definer")).toEqual([expect.stringMatching(/^root@/)]);
    const { script } = await backupToSql(source.server, source.name);
    expect(await restoredWith(script, "--skip-definer")).toEqual([expect.stringMatching(/^root@/)]);
  });
});

test("a definer that is none is refused", async () => {
  for (const definer of ["", "@h", "CURRENT_USER", "current_role()"]) {
    const { status } = await dbbackup(["backup", "single", "x", "--db-type", "mysql", "--definer", definer]);
    expect(status).toBe(2);
  }
  const both = ["--definer", "a@b", "--skip-definer"];
  expect((await dbbackup(["backup", "single", "x", "--db-type", "mysql", ...both])).status).toBe(2);
  expect((await dbbackup(["backup", "single", "x", "--skip-definer"])).status).toBe(2);
});
