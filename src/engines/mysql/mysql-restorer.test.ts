import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { codec } from "../../../tests/helpers/codec.ts";
import { memoryObject, memoryStream } from "../../../tests/helpers/memory-object.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../../../tests/helpers/mysql-database.ts";
import { mysqlFlavours } from "../../../tests/helpers/mysql-packages.ts";
import { type MysqlAddress, rootSpec } from "../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../tests/helpers/mysql-shared-servers.ts";
import { shopRows, withMysqlShop } from "../../../tests/helpers/mysql-shop.ts";
import { mustMysqlStock } from "../../../tests/helpers/mysql-stock.ts";
import { keptEvents, mysqlRestoreRequest, never } from "../../../tests/helpers/restore-request.ts";
import type { RestoreRequest, RestoreResult } from "../../ports/restore.ts";
import { MysqlConnection } from "../../wire/mysql/connection.ts";
import { createMysqlRestorer } from "./mysql-restorer.ts";

const engine = createMysqlRestorer({ codec });

async function restore(
  script: Buffer | string,
  server: MysqlAddress,
  target: string,
  more: Partial<RestoreRequest> = {},
): Promise<RestoreResult> {
  const backup = await engine.open({ kind: "object", object: memoryObject(Buffer.from(script as string)) }, {});
  const request = mysqlRestoreRequest(server, target, more);
  const findings = await backup.preCheck(request, never);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  return await backup.run(request, keptEvents(), never);
}

const dumpOptions = ["--routines", "--events", "--triggers", "--hex-blob"];

/** What a stock dump says, without what differs between databases and moments. */
async function dumped(database: MysqlDatabase, more: readonly string[] = []): Promise<Buffer> {
  const gtid = database.server.flavour === "mysql-9.7" ? ["--set-gtid-purged=OFF"] : [];
  const { stdout } = await mustMysqlStock("dump", database.server, [...dumpOptions, ...gtid, ...more, database.name]);
  return stdout;
}

const contents = async (database: MysqlDatabase): Promise<string> =>
  (await dumped(database, ["--skip-comments", "--order-by-primary"]))
    .toString("latin1")
    .replaceAll(database.name, "DB");

describe.each(mysqlFlavours)("scripts of the stock dump program, on %s", (flavour) => {
  test("make the database that they were made of", async () => {
    const server = await sharedMysql(flavour);
    await using shop = await withMysqlShop(server);
    await using target = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
    const result = await restore(await dumped(shop), server, target.name);
    expect(result).toMatchObject({ target: target.name, created: false, failed: 0 });
    expect(result.warnings.filter((warning) => !warning.includes("Event scheduler"))).toEqual([]);
    expect(result.rows).toBe(Object.values(shopRows).reduce((sum, rows) => sum + rows));
    expect(await contents(target)).toBe(await contents(shop));
  });

  test("also compressed, without extended inserts, from a stream, and with their own database", async () => {
    const server = await sharedMysql(flavour);
    const shop = await withMysqlShop(server);
    await using _ = shop;
    const before = await contents(shop);
    const script = await dumped(shop, ["--databases", "--skip-extended-insert", "--skip-quick"]);
    for (const stored of [gzipSync(script), zstdCompressSync(script)]) {
      const input = { kind: "stream", stream: memoryStream(stored, 10_000) } as const;
      const backup = await engine.open(input, {});
      const request = mysqlRestoreRequest(server, shop.name);
      expect(await backup.preCheck(request, never)).toMatchObject([{ code: "target-not-empty", severity: "warning" }]);
      await backup.run(request, keptEvents(), never);
      expect(await contents(shop)).toBe(before);
    }
    const result = await restore(script, server, shop.name, { create: true, clean: true });
    expect(result).toMatchObject({ created: true, failed: 0 });
    expect(await contents(shop)).toBe(before);
    const backup = await engine.open({ kind: "object", object: memoryObject(script) }, {});
    expect(() => backup.plan(mysqlRestoreRequest(server, "elsewhere"))).toThrow(`database "${shop.name}" itself`);
    const { target: ___, ...untargeted } = mysqlRestoreRequest(server, "");
    expect(backup.plan(untargeted).target).toBe(shop.name);
  });
});

describe.each(["mariadb-10.5", "mariadb-11.8", "mysql-9.7"] as const)(
  "scripts of %s that are hard to read",
  (flavour) => {
    test.each(["gbk", "big5", "sjis", "cp932", "gb18030"])(
      "hold characters of %s with a backslash in them",
      async (charset) => {
        // MariaDB does not know it.
        if (charset === "gb18030" && flavour !== "mysql-9.7") return;
        const server = await sharedMysql(flavour);
        await using source = await withMysqlDatabase(server, undefined, `CHARACTER SET ${charset}`);
        await using connection = await MysqlConnection.connect(rootSpec(server, source.name));
        await connection.query("SET NAMES utf8mb4");
        await connection.query("CREATE TABLE t (id INT PRIMARY KEY, a TEXT)");
        const texts = ["ソ表\\';", "\\表'", "功能許蓋;--", "誠\\", "x';\n許"];
        for (const [id, text] of texts.entries()) {
          // What a character set does not have becomes a question mark, in both databases.
          await connection.query(`INSERT IGNORE INTO t VALUES (${id}, '${text.replaceAll(/[\\']/g, "\\$&")}')`);
        }
        await using target = await withMysqlDatabase(server, undefined, `CHARACTER SET ${charset}`);
        const script = await dumped(source, [`--default-character-set=${charset}`]);
        expect(script.toString("latin1")).toMatch(/[\x80-\xff]\\/);
        await restore(script, server, target.name);
        expect(await target.sql("SELECT id, HEX(a) FROM t")).toEqual(await source.sql("SELECT id, HEX(a) FROM t"));
      },
    );

    test("hold code of sessions in which quotes and backslashes mean something else", async () => {
      const server = await sharedMysql(flavour);
      await using source = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
      await using connection = await MysqlConnection.connect(rootSpec(server, source.name));
      await connection.query("CREATE TABLE t (a TEXT)");
      for (const [n, mode] of [
        "NO_BACKSLASH_ESCAPES",
        "ANSI_QUOTES",
        "NO_BACKSLASH_ESCAPES,ANSI_QUOTES",
        "",
      ].entries()) {
        await connection.query(`SET sql_mode = '${mode}'`);
        const text = mode.includes("ESCAPES") ? "'\\'" : "'\\';'";
        const name = mode.includes("ANSI") ? '"a;\\"' : "`a;\\`";
        await connection.query(`CREATE PROCEDURE p${n}() BEGIN SELECT ${text} AS ${name}; SELECT 'it''s;' AS x; END`);
        await connection.query(
          `CREATE TRIGGER t${n} BEFORE INSERT ON t FOR EACH ROW SET NEW.a = CONCAT(NEW.a, ${text}, ';')`,
        );
      }
      await using target = await withMysqlDatabase(server, undefined, "CHARACTER SET utf8mb4");
      await restore(await dumped(source), server, target.name);
      expect(await contents(target)).toBe(await contents(source));
    });
  },
);

test.each(["mysql-5.6", "mysql-9.7"] as const)("values of many packets come into %s as they were", async (flavour) => {
  const server = await sharedMysql(flavour);
  await using source = await withMysqlDatabase(server);
  // MySQL 5.6 takes no large values into InnoDB with small logs.
  await source.sql("CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB) ENGINE=MyISAM");
  for (const [id, length] of [17_000_000, 100_000, 20_000_000].entries()) {
    await source.sql(`INSERT INTO t VALUES (${id}, REPEAT('\\\\a''\\0b(\\n', ${Math.ceil(length / 8)}))`);
  }
  await using target = await withMysqlDatabase(server);
  const gtid = flavour === "mysql-9.7" ? ["--set-gtid-purged=OFF"] : [];
  const { stdout } = await mustMysqlStock("dump", server, ["--max-allowed-packet=128M", ...gtid, source.name]);
  const result = await restore(stdout, server, target.name);
  expect(result).toMatchObject({ rows: 3, failed: 0 });
  const sums = "SELECT id, LENGTH(b) AS n, CRC32(b) AS sum FROM t ORDER BY id";
  expect(await target.sql(sums)).toEqual(await source.sql(sums));
});
