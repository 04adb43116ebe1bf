import { describe, expect, test } from "vitest";
import { withMysqlDatabase } from "../../../tests/helpers/mysql-database.ts";
import { mysqlFlavours } from "../../../tests/helpers/mysql-packages.ts";
import { rootSpec, startMysql } from "../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../tests/helpers/mysql-shared-servers.ts";
import { mustMysqlStock } from "../../../tests/helpers/mysql-stock.ts";
import { BackupError } from "../../core/backup-error.ts";
import { MysqlConnection } from "./connection.ts";
import { rowValues } from "./exchanges/result-set.ts";

describe.each(mysqlFlavours)("a session with %s", (flavour) => {
  test("gives values as the server sends them", async () => {
    const server = await sharedMysql(flavour);
    await using connection = await MysqlConnection.connect(rootSpec(server));
    const [row] = await connection.rows("SELECT 1 AS one, NULL AS nothing, '' AS bare, 'ä' AS letter");
    expect(row).toEqual({ one: "1", nothing: null, bare: "", letter: "ä" });
  });

  test("takes values of more than 16 MiB, one statement after the other", async () => {
    const server = await sharedMysql(flavour);
    await using connection = await MysqlConnection.connect(rootSpec(server));
    const length = 40_000_000;
    const [large, small] = await Promise.all([
      connection.query(`SELECT REPEAT('x', ${length})`),
      connection.query("SELECT 2"),
    ]);
    expect(large.rows[0]![0]!.length).toBe(length);
    expect(large.rows[0]![0]!.every((byte) => byte === 0x78)).toBe(true);
    expect(small.rows[0]![0]!.toString()).toBe("2");
  });

  test("sends statements of more than 16 MiB", async () => {
    const server = await sharedMysql(flavour);
    await using connection = await MysqlConnection.connect(rootSpec(server));
    const [row] = await connection.rows(`SELECT LENGTH('${"x".repeat(20_000_000)}') AS n`);
    expect(row).toEqual({ n: "20000000" });
  });

  test("sends statements whose text is not held, and none of one whose text fails", async () => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await using connection = await MysqlConnection.connect(rootSpec(server, database.name));
    await connection.query("CREATE TABLE t (v LONGTEXT) ENGINE=MyISAM");
    const nobody = { row: () => undefined };
    await connection.streamPieces(Buffer.from("INSERT INTO t"), pieces(0), nobody);
    await connection.streamPieces(Buffer.from("INSERT INTO t"), pieces(20), nobody);
    expect(await connection.rows("SELECT LENGTH(v) AS n FROM t ORDER BY n")).toEqual([{ n: "0" }, { n: "20000060" }]);
    const failing = pieces(20, new BackupError({ code: "DAMAGED", message: "it is cut off" }));
    await expect(connection.streamPieces(Buffer.from("INSERT"), failing, nobody)).rejects.toMatchObject({
      code: "DAMAGED",
    });
    await expect(connection.query("SELECT 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(await database.sql("SELECT COUNT(*) AS n FROM t")).toEqual([{ n: "2" }]);
  });

  test("loads rows from memory, and not from a session that sends no files", async () => {
    await using server = await startMysql({ flavour });
    await using database = await withMysqlDatabase(server);
    await database.sql("CREATE TABLE t (a INT, b LONGBLOB, UNIQUE (a)) ENGINE=InnoDB");
    await using connection = await MysqlConnection.connect({ ...rootSpec(server, database.name), sendsFiles: true });
    const loaded = await connection.loadLocal(
      load,
      textOf(["1\ta\\tb\n2", "\t\\N\n", `3\t${"x".repeat(3_000_000)}\n`]),
    );
    expect(loaded).toMatchObject({ affectedRows: 3, warnings: 0 });
    expect(await connection.loadLocal(load, textOf([]), 10)).toMatchObject({ affectedRows: 0, warnings: 0 });
    const many = Array.from({ length: 1000 }, (_, n) => `${n + 10}\t${"y".repeat(n)}\n`);
    expect(await connection.loadLocal(load, textOf(many), 17)).toMatchObject({ affectedRows: 1000 });
    expect(await connection.rows("SELECT COUNT(*) AS n, SUM(LENGTH(b)) AS bytes FROM t")).toEqual([
      { n: "1003", bytes: `${3 + 3_000_000 + 499_500}` },
    ]);
    // LOCAL makes a warning of what would be an error, and MySQL 5.6 of a row that is there already not even that.
    const [twice, wrong] = [textOf(["1\tz\n"]), textOf(["x\tz\n"])];
    expect(await connection.loadLocal(load, twice)).toMatchObject({ affectedRows: 0 });
    expect(await connection.loadLocal(load, wrong)).toMatchObject({ warnings: 1 });
    const nowhere = connection.loadLocal(
      (file) => `LOAD DATA LOCAL INFILE ${file} INTO TABLE nowhere`,
      textOf(["1\n"]),
    );
    await expect(nowhere).rejects.toMatchObject({ number: 1146 });
    const damaged = connection.loadLocal(load, textOf(["9\tz\n"], new BackupError({ code: "DAMAGED", message: "no" })));
    await expect(damaged).rejects.toMatchObject({ code: "DAMAGED" });
    await using careful = await MysqlConnection.connect(rootSpec(server, database.name));
    await expect(careful.loadLocal(load, textOf(["8\n"]))).rejects.toMatchObject({
      number: expect.toBeOneOf([1148, 3948, 4166]),
    });
    await server.sql("SET GLOBAL local_infile = 0");
    await using refused = await MysqlConnection.connect({ ...rootSpec(server, database.name), sendsFiles: true });
    await expect(refused.loadLocal(load, textOf(["8\n"]))).rejects.toMatchObject({
      number: expect.toBeOneOf([1148, 3948, 4166]),
    });
    expect(await refused.rows("SELECT 1 AS one")).toEqual([{ one: "1" }]);
  });

  test("an error tells number, state and text, and the session goes on", async () => {
    const server = await sharedMysql(flavour);
    await using connection = await MysqlConnection.connect(rootSpec(server));
    await expect(connection.query("SELECT * FROM nowhere.nothing")).rejects.toMatchObject({
      code: "SERVER",
      number: expect.toBeOneOf([1049, 1146]),
      message: expect.stringContaining('while running "SELECT * FROM nowhere.nothing"'),
    });
    expect(await connection.rows("SELECT 1 AS one")).toEqual([{ one: "1" }]);
  });

  test("rows come one at a time, and wait for who takes them", async () => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await using connection = await MysqlConnection.connect(rootSpec(server, database.name));
    await connection.query("CREATE TABLE t (n INT PRIMARY KEY)");
    await connection.query(`INSERT INTO t VALUES ${Array.from({ length: 5000 }, (_, n) => `(${n})`).join(",")}`);
    let busy = 0;
    const seen: number[] = [];
    await connection.stream("SELECT n FROM t ORDER BY n", {
      row(packet) {
        expect(busy).toBe(0);
        seen.push(Number(rowValues(packet, 1)[0]!.toString()));
        if (seen.length % 100 !== 0) return undefined;
        busy++;
        return new Promise((resolve) => setTimeout(resolve, 1)).then(() => void busy--);
      },
    });
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  });

  test("what is interrupted runs no more on the server", async () => {
    const server = await sharedMysql(flavour);
    const stop = new AbortController();
    const connection = await MysqlConnection.connect(rootSpec(server), { signal: stop.signal });
    const sleeping = connection.query("SELECT SLEEP(100)");
    setTimeout(() => stop.abort(), 50);
    await expect(sleeping).rejects.toMatchObject({ code: "INTERRUPTED" });
    await connection.close();
    await using other = await MysqlConnection.connect(rootSpec(server));
    const list = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id = ${connection.greeting.threadId}`;
    await expect.poll(() => other.rows(list)).toEqual([{ n: "0" }]);
  });

  test("the stock client sees what a session wrote", async () => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await database.sql("CREATE TABLE t (letter VARCHAR(9))");
    await database.sql("INSERT INTO t VALUES ('ü')");
    const { stdout } = await mustMysqlStock("client", server, [
      "--batch",
      "--skip-column-names",
      "-e",
      "SELECT HEX(letter) FROM t",
      database.name,
    ]);
    expect(stdout.toString()).toBe("C3BC\n");
  });
});

function load(file: string): string {
  return `LOAD DATA LOCAL INFILE ${file} INTO TABLE t CHARACTER SET binary`;
}

async function* textOf(texts: readonly string[], error?: Error): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
  if (error !== undefined) throw error;
}

async function* pieces(count: number, error?: Error): AsyncGenerator<Buffer> {
  yield Buffer.from("INSERT INTO t VALUES ('");
  for (let n = 0; n < count; n++) yield Buffer.alloc(1_000_003, "x");
  if (error !== undefined) throw error;
  yield Buffer.from("')");
}
