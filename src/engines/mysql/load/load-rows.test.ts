import { describe, expect, test } from "vitest";
import { memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../../../../tests/helpers/mysql-database.ts";
import { mysqlFlavours } from "../../../../tests/helpers/mysql-packages.ts";
import { rootSpec } from "../../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../../tests/helpers/mysql-shared-servers.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { DirectoryColumn } from "../directory/directory-index.ts";
import { loadRows } from "./load-rows.ts";

const maxPacket = 1_500_000;
const ways = [
  ["LOAD DATA", true],
  ["INSERT", false],
] as const;
const columns: DirectoryColumn[] = [
  { name: "id" },
  { name: "b`'l" },
  { name: "u", load: "CONVERT(@value USING utf8mb4)" },
  { name: "e", load: "CAST(@value AS UNSIGNED)" },
];
const create =
  "CREATE TABLE t (id INT PRIMARY KEY, `b``'l` LONGBLOB, u VARCHAR(99) CHARACTER SET utf8mb4, e ENUM('x','','y'), d INT DEFAULT 7) ENGINE=InnoDB";

/** Bytes as a line holds them. */
function escaped(bytes: Buffer): Buffer {
  const letters: Readonly<Record<number, string>> = { 0: "0", 9: "t", 10: "n", 13: "r", 92: "\\" };
  return Buffer.from(
    [...bytes].flatMap((byte) => {
      const letter = letters[byte];
      return letter === undefined ? [byte] : [92, letter.charCodeAt(0)];
    }),
  );
}

function line(...fields: readonly (Buffer | string | null)[]): Buffer {
  const parts = fields.map((field) => (field === null ? Buffer.from("\\N") : escaped(Buffer.from(field as string))));
  return Buffer.concat([
    ...parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from("\t"), part])),
    Buffer.from("\n"),
  ]);
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const values: (Buffer | null)[] = [
  everyByte,
  Buffer.alloc(0),
  null,
  Buffer.from("\\N"),
  Buffer.from("'),('\"--`\\'"),
  Buffer.alloc(700_000, "\\'"),
  Buffer.from("."),
  Buffer.from("\\."),
];
const rows = values.map((value, id) => line(`${id}`, value, id % 2 === 0 ? "é😀'" : null, `${id % 4}`));

function totalsOf(text: Uint8Array): RowTotals {
  const scanner = new RowScanner();
  scanner.push(text);
  return scanner.finish();
}

function noWarning(message: string): never {
  throw new Error(message);
}

interface Loading {
  readonly loadsFiles: boolean;
  readonly expected?: RowTotals;
  readonly columns?: readonly DirectoryColumn[];
  readonly piece?: number;
  readonly maxPacket?: number;
}

async function load(database: MysqlDatabase, text: Buffer, loading: Loading): Promise<void> {
  await using connection = await MysqlConnection.connect({
    ...rootSpec(database.server, database.name),
    sendsFiles: true,
  });
  await connection.query("SET NAMES utf8mb4");
  await connection.query("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'");
  await connection.query("BEGIN");
  const session = { connection, maxPacket, scanner: new RowScanner(), warn: noWarning, ...loading };
  await loadRows(session, {
    table: "t",
    columns,
    isAsWritten: true,
    expected: totalsOf(text),
    lines: memoryStream(text, loading.piece ?? 50_000),
    file: "00001.0001.tsv",
    onBytes: () => undefined,
    ...loading,
  });
  await connection.query("COMMIT");
}

const held = "SELECT id, HEX(`b``'l`) AS b, HEX(u) AS u, e + 0 AS e, d FROM t ORDER BY id";

describe.each(mysqlFlavours)("on %s", (flavour) => {
  test.each(ways)("rows come in by %s as they are", async (_, loadsFiles) => {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql(create);
    for (const piece of [1, 50_000]) {
      const some = piece === 1 ? rows.filter(({ length }) => length < 9999) : rows;
      await load(database, Buffer.concat(some), { loadsFiles, piece });
      expect(await database.sql(held)).toEqual(
        rows.flatMap((row, id) => {
          const u = id % 2 === 0 ? Buffer.from("é😀'").toString("hex").toUpperCase() : null;
          const b = values[id]?.toString("hex").toUpperCase() ?? null;
          return some.includes(row) ? [{ id: `${id}`, b, u, e: `${id % 4}`, d: "7" }] : [];
        }),
      );
      await database.sql("TRUNCATE TABLE t");
    }
    const long = line("1", Buffer.alloc(5_000_000, "y"), null, null);
    await load(database, Buffer.concat([rows[0]!, long, rows[4]!]), { loadsFiles, maxPacket: 2 ** 26 });
    expect(await database.sql("SELECT COUNT(*) AS n, MAX(LENGTH(`b``'l`)) AS bytes FROM t")).toEqual([
      { n: "3", bytes: "5000000" },
    ]);
  });

  test.each(ways)("by %s everything or nothing", async (_, loadsFiles) => {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql(create);
    const good = Buffer.concat(rows.slice(0, 4));
    const expected = totalsOf(good);
    const flipped = Buffer.from(good);
    flipped[20]! ^= 1;
    const damaged: [Buffer, RowTotals][] = [
      [flipped, expected],
      [Buffer.concat(rows.slice(0, 3)), expected],
      [good.subarray(0, -1), expected],
      [good, { ...expected, rows: 5 }],
    ];
    for (const [text, wanted] of damaged) {
      await expect(load(database, text, { loadsFiles, expected: wanted })).rejects.toMatchObject({ code: "DAMAGED" });
    }
    const refused: [Buffer, string | RegExp][] = [
      [line("x", null, null, "1"), /every value as it is: warning 1366|Incorrect integer/],
      [line("1", null, Buffer.from([0xff]), "1"), /warning|Invalid/],
      [line("99999999999", null, null, "1"), /warning 1264/],
      [Buffer.concat([line("1", null, null, "1"), line("1", null, null, "2")]), /took 1 of the 2 rows|Duplicate/],
    ];
    for (const [text, message] of refused) {
      await expect(load(database, text, { loadsFiles })).rejects.toMatchObject({
        code: "SERVER",
        message: expect.stringMatching(message),
      });
    }
    await expect.poll(() => database.sql("SELECT COUNT(*) AS n FROM t")).toEqual([{ n: "0" }]);
  });

  test("a row that no statement can hold is named", async () => {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql(create);
    const loading = load(database, Buffer.concat(rows), { loadsFiles: false, maxPacket: 1_000_000 });
    await expect(loading).rejects.toMatchObject({
      message: expect.stringMatching(/the server takes 999999 \(max_allowed/),
    });
  });

  test.each(ways)("rows of nothing but defaults come by %s", async (_, loadsFiles) => {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql("CREATE TABLE t (a INT DEFAULT 5) ENGINE=InnoDB");
    await load(database, Buffer.from("\\N\n\\N\n\\N\n"), { loadsFiles, columns: [] });
    expect(await database.sql("SELECT * FROM t")).toEqual([{ a: "5" }, { a: "5" }, { a: "5" }]);
  });
});
