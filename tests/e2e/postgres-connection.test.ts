import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CopyOutPieces, collectCopyOut } from "../../src/wire/postgres/collect-copy-out.ts";
import { type ConnectOptions, PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import type { ServerNotice } from "../../src/wire/postgres/server-error.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let server: ServerAddress;
let database: TestDatabase;

beforeAll(async () => {
  server = await sharedServer(18);
  database = await withDatabase(server);
});
afterAll(() => database.drop());

function open(options: ConnectOptions = {}, url = database.url): Promise<PgConnection> {
  return PgConnection.connect(resolveConnection({ url }), options);
}

/** Waits until no backend with that process id is left, or it has nothing to do. */
async function untilIdle(processId: number): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const [row] = await database.sql(`select state from pg_stat_activity where pid = ${processId}`);
    if (row === undefined) return "gone";
    if (row.state === "idle") return "idle";
    await sleep(10);
  }
  return "still running";
}

const stockServers: readonly (10 | 18)[] = [10, 18];

test.each(stockServers)("PostgreSQL %i tells who it is, over TCP and over the Unix socket", async (major) => {
  const address = await sharedServer(major);
  for (const host of ["127.0.0.1", address.socketDirectory]) {
    const url = `host=${host} port=${address.port} user=postgres dbname=postgres`;
    await using connection = await open({}, url);
    expect(Math.floor(connection.serverVersion / 10_000)).toBe(major);
    expect(connection.serverVersionText).toMatch(new RegExp(`^${major}\\.`));
    expect(connection.transportKind).toBe(host === "127.0.0.1" ? "tcp" : "unix");
    expect(connection.parameter("server_encoding")).toBe("UTF8");
    const { rows } = await connection.query("select pg_backend_pid(), current_setting('application_name')");
    expect(rows).toEqual([[`${connection.processId}`, "dbbackup"]]);
  }
});

describe("a query", () => {
  test("answers the rows of its last statement that gave rows", async () => {
    await using connection = await open();
    expect(
      await connection.query("select 1 as a; select 'é' as b, null as c union all select '', 'x'; set a.b = 1"),
    ).toEqual({
      columns: ["b", "c"],
      rows: [
        ["é", null],
        ["", "x"],
      ],
      commandTag: "SELECT 2",
    });
    expect(await connection.query("set a.b = 2")).toEqual({ columns: [], rows: [], commandTag: "SET" });
    expect(await connection.query("")).toEqual({ columns: [], rows: [], commandTag: "" });
    expect(await connection.query("select")).toMatchObject({ columns: [], rows: [[]] });
  });

  test("sees the server's parameters change and notices come", async () => {
    const notices: ServerNotice[] = [];
    await using connection = await open({ onNotice: (notice) => notices.push(notice) });
    await connection.query("set timezone = 'Asia/Tokyo'; do $$ begin raise notice 'hello %', e'\\x1b[31m'; end $$");
    expect(connection.parameter("TimeZone")).toBe("Asia/Tokyo");
    expect(notices).toMatchObject([{ severity: "NOTICE", message: "hello \\x1b[31m" }]);
  });

  test("in binary mode gives and takes bytes, whatever their encoding", async () => {
    await using connection = await open({ text: "binary" });
    await connection.query("set client_encoding = 'SQL_ASCII'");
    const { rows } = await connection.query("select '\xc3\xa9', octet_length('\xc3\xa9')");
    expect(rows).toEqual([["\xc3\xa9", "2"]]);
    await expect(connection.query("select '\u20ac'")).rejects.toThrow(/binary string/);
    await expect(connection.query("select '\0'")).rejects.toThrow(/zero character/);
    expect((await connection.query("select 1")).rows).toEqual([["1"]]);
  });

  test("that fails tells all that the server said, and the connection goes on", async () => {
    await using connection = await open();
    await connection.query("create temp table t (id int primary key, constraint small check (id < 10))");
    await expect(connection.query("insert into t values (11)")).rejects.toMatchObject({
      code: "SERVER",
      sqlState: "23514",
      severity: "ERROR",
      message: expect.stringMatching(
        /^error 23514 from the server while running "insert into t values \(11\)": new row/,
      ),
      notice: { table: "t", constraint: "small" },
      object: expect.stringMatching(/^constraint small of pg_temp/),
      details: [expect.stringContaining("Failing row contains (11)")],
    });
    await expect(connection.query("select * form t")).rejects.toMatchObject({
      sqlState: "42601",
      notice: { position: 10 },
    });
    expect((await connection.query("select count(*) from t")).rows).toEqual([["0"]]);
  });

  test("with a password in it is not shown whole when it fails", async () => {
    await using connection = await open();
    await expect(connection.query("alter role nobody_here password 'hunter2'")).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  test("may be sent without waiting for the one before", async () => {
    await using connection = await open();
    const results = await connection.queryAll(Array.from({ length: 500 }, (_, index) => `select ${index}`));
    expect(results.map(({ rows }) => rows[0]?.[0])).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
    await expect(connection.queryAll(["select 1", "select oops", "select nope"])).rejects.toThrow(/oops/);
    const answers = await Promise.all([connection.query("select 1"), connection.query("select 2")]);
    expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual(["1", "2"]);
  });

  test("that copies is a fault of the programmer", async () => {
    await using connection = await open();
    await connection.query("create temp table t (id int)");
    await expect(connection.query("copy t from stdin")).rejects.toThrow(/without data/);
    await expect(connection.query("copy t to stdout")).rejects.toThrow(/without a consumer/);
  });
});

describe("rows one at a time", () => {
  test("wait for a slow handler, in order", async () => {
    await using connection = await open();
    const seen: number[] = [];
    let running = 0;
    const { commandTag } = await connection.queryEach("select g from generate_series(1, 5000) g", async ([value]) => {
      expect(++running).toBe(1);
      if (Number(value) % 1000 === 0) await sleep(2);
      seen.push(Number(value));
      running--;
    });
    expect(commandTag).toBe("SELECT 5000");
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
  });

  test("end when the handler fails; the server stops, the next query is not hit", async () => {
    await using connection = await open();
    for (const fail of [
      () => Promise.reject(new Error("enough")),
      () => {
        throw new Error("enough");
      },
    ]) {
      await expect(connection.queryEach("select generate_series(1, 100000000)", fail)).rejects.toThrow("enough");
      for (let index = 0; index < 20; index++) expect((await connection.query("select 7")).rows).toEqual([["7"]]);
    }
  });

  test("of many megabytes pass in bounded memory", async () => {
    await using connection = await open();
    const before = process.memoryUsage().rss;
    let length = 0;
    await connection.queryEach("select repeat('x', 1000000) from generate_series(1, 120)", ([value]) => {
      length += value!.length;
    });
    expect(length).toBe(120_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });
});

describe("COPY to the client", () => {
  test("gives the bytes of all rows", async () => {
    await using connection = await open();
    const { consumer, bytes } = collectCopyOut(10_000_000);
    const sql = "copy (select g, repeat('y', g % 50) from generate_series(1, 20000) g) to stdout";
    expect(await connection.copyOut(sql, consumer)).toEqual({ rows: 20_000 });
    const lines = bytes().toString().split("\n");
    expect(lines.length).toBe(20_001);
    expect(lines[122]).toBe(`123\t${"y".repeat(23)}`);
  });

  test("lets notices pass in the middle of the rows", async () => {
    const notices: string[] = [];
    await using connection = await open({ onNotice: ({ message }) => notices.push(message) });
    await connection.query(
      "create function pg_temp.loud(i int) returns int language plpgsql as $$ begin raise notice 'n%', i; return i; end $$",
    );
    const { consumer, bytes } = collectCopyOut(1000);
    await connection.copyOut("copy (select pg_temp.loud(g) from generate_series(1, 100) g) to stdout", consumer);
    expect(notices.length).toBe(100);
    expect(bytes().toString()).toBe(Array.from({ length: 100 }, (_, index) => `${index + 1}\n`).join(""));
  });

  test("may be sent many at a time, mixed with queries", async () => {
    await using connection = await open();
    const collectors = Array.from({ length: 60 }, () => collectCopyOut(100_000));
    const copies = collectors.map(({ consumer }, index) =>
      connection.copyOut(`copy (select ${index} from generate_series(1, ${index * 20})) to stdout`, consumer),
    );
    const query = connection.query("select 'end'");
    expect((await Promise.all(copies)).map(({ rows }) => rows)).toEqual(collectors.map((_, index) => index * 20));
    expect(collectors.map(({ bytes }) => bytes().toString())).toEqual(
      collectors.map((_, index) => `${index}\n`.repeat(index * 20)),
    );
    expect((await query).rows).toEqual([["end"]]);
  });

  test("may be sent before somebody wants the data, which waits at the server", async () => {
    await using connection = await open();
    const before = process.memoryUsage().rss;
    const copies = Array.from({ length: 50 }, (_, index) =>
      connection.sendCopyOut(`copy (select repeat('${index} ', 1000000)) to stdout`),
    );
    const query = connection.query("select 'end'");
    await sleep(50);
    expect(process.memoryUsage().rss - before).toBeLessThan(20_000_000);
    for (const [index, copy] of copies.entries()) {
      let last = Buffer.alloc(0);
      const consumer = new CopyOutPieces((piece) => {
        last = Buffer.from(piece.subarray(-4));
      });
      expect(await copy.to(consumer)).toEqual({ rows: 1 });
      expect(last.toString()).toMatch(new RegExp(`${index % 10} ?\n$`));
    }
    expect((await query).rows).toEqual([["end"]]);
  });

  test("that was sent before its turn and fails tells so when its turn comes", async () => {
    await using connection = await open();
    await connection.query("begin");
    const [first, second, third] = ["select 1", "select 1 / 0", "select 3"].map((sql) =>
      connection.sendCopyOut(`copy (${sql}) to stdout`),
    );
    const { consumer, bytes } = collectCopyOut(100);
    await sleep(20);
    await first!.to(consumer);
    expect(bytes().toString()).toBe("1\n");
    await expect(second!.to(consumer)).rejects.toMatchObject({ sqlState: "22012" });
    await expect(third!.to(consumer)).rejects.toMatchObject({ sqlState: "25P02" });
  });

  test("that nobody consumes does not hinder the end of the connection", async () => {
    const connection = await open();
    const copies = [1, 2, 3].map(() => connection.sendCopyOut("copy (select generate_series(1, 100000000)) to stdout"));
    await sleep(20);
    await connection.close();
    await expect.poll(() => untilIdle(connection.processId)).toBe("gone");
    const late = connection.sendCopyOut("copy (select 1) to stdout");
    for (const copy of [...copies, late]) {
      await expect(copy.to(collectCopyOut(100).consumer)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    }
  });

  test("waits for a slow consumer, in bounded memory", async () => {
    await using connection = await open();
    const before = process.memoryUsage().rss;
    let length = 0;
    let calls = 0;
    const consumer = new CopyOutPieces((piece) => {
      length += piece.length;
      return ++calls % 500 === 0 ? sleep(1) : undefined;
    });
    await connection.copyOut("copy (select repeat('x', 5000000) from generate_series(1, 30)) to stdout", consumer);
    expect(length).toBe(30 * 5_000_001);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  test("that fails in the middle tells why, and the connection goes on", async () => {
    await using connection = await open();
    const { consumer } = collectCopyOut(10_000_000);
    const sql = "copy (select 1 / (g - 50000) from generate_series(1, 100000) g) to stdout";
    await expect(connection.copyOut(sql, consumer)).rejects.toMatchObject({ sqlState: "22012" });
    expect((await connection.query("select 1")).rows).toEqual([["1"]]);
    await expect(connection.copyOut("copy nowhere to stdout", consumer)).rejects.toMatchObject({ sqlState: "42P01" });
  });

  test.each([
    [
      "throws",
      (): Promise<void> => {
        throw new Error("disk full");
      },
    ],
    ["rejects", (): Promise<void> => Promise.reject(new Error("disk full"))],
  ])("ends with the consumer's own error when it %s, and the server stops", async (_how, take) => {
    await using connection = await open();
    const sql = "copy (select generate_series(1, 100000000)) to stdout";
    const copy = connection.copyOut(sql, new CopyOutPieces(take));
    const next = connection.query("select 1");
    await expect(copy).rejects.toThrow("disk full");
    await expect(next).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect.poll(() => untilIdle(connection.processId)).toBe("gone");
  });
});

describe("COPY from the client", () => {
  test("takes bytes cut anywhere, small and large", async () => {
    await using connection = await open();
    await connection.query("create temp table t (id int, v text)");
    const copy = await connection.copyIn("copy t from stdin");
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, index) => `${index}\tvalue ${index}\n`).join(""));
    const sizes = [1, 7, 4096, 65_536, 300_000, 5, 0];
    for (let at = 0, step = 0; at < text.length; step++) {
      const size = sizes[step % sizes.length]!;
      await copy.write(text.subarray(at, at + size));
      at += size;
    }
    expect(await copy.end()).toEqual({ rows: 100_000 });
    expect((await connection.query("select count(*), sum(id), max(v) from t")).rows).toEqual([
      ["100000", "4999950000", "value 99999"],
    ]);
  });

  test("lets memory be used again after each write", async () => {
    await using connection = await open();
    await connection.query("create temp table t (v text)");
    const copy = await connection.copyIn("copy t from stdin");
    const memory = Buffer.alloc(400_000);
    for (const letter of "abcdefghij") {
      memory.fill(letter);
      memory[memory.length - 1] = 0x0a;
      await copy.write(memory);
      memory.fill("!");
    }
    await copy.end();
    expect(
      (await connection.query("select string_agg(left(v, 1) || right(v, 1), '' order by v), min(length(v)) from t"))
        .rows,
    ).toEqual([["aabbccddeeffgghhiijj", "399999"]]);
  });

  test("tells the server's error soon, and the connection goes on", async () => {
    await using connection = await open();
    await connection.query("create temp table t (id int)");
    const copy = await connection.copyIn("copy t from stdin");
    const writeAll = async (): Promise<void> => {
      for (let tries = 0; tries < 100_000; tries++) await copy.write(Buffer.from(`wrong ${"x".repeat(10_000)}\n`));
    };
    await expect(writeAll()).rejects.toMatchObject({ code: "SERVER", sqlState: "22P02" });
    await expect(copy.end()).rejects.toMatchObject({ sqlState: "22P02" });
    expect((await connection.query("select count(*) from t")).rows).toEqual([["0"]]);
    const second = await connection.copyIn("copy t from stdin");
    await second.write(Buffer.from("x\n"));
    await expect(second.end()).rejects.toMatchObject({ sqlState: "22P02" });
    await expect(connection.copyIn("copy nowhere from stdin")).rejects.toMatchObject({ sqlState: "42P01" });
    await expect(connection.copyIn("select 1")).rejects.toThrow(/does not copy/);
    expect((await connection.query("select 1")).rows).toEqual([["1"]]);
  });

  test("can be given up", async () => {
    await using connection = await open();
    await connection.query("create temp table t (id int)");
    const copy = await connection.copyIn("copy t from stdin");
    await copy.write(Buffer.from("1\n"));
    await expect(connection.query("select 1")).rejects.toThrow(/under way/);
    await copy.fail("changed my mind");
    expect((await connection.query("select count(*) from t")).rows).toEqual([["0"]]);
  });
});

describe("stopping", () => {
  test("cancel ends what runs, and nothing else", async () => {
    await using connection = await open();
    const query = connection.query("select pg_sleep(30)");
    const ended = expect(query).rejects.toMatchObject({ code: "SERVER", sqlState: "57014" });
    await sleep(30);
    await connection.cancel();
    await ended;
    await connection.cancel();
    expect((await connection.query("select 1")).rows).toEqual([["1"]]);
  });

  test.each<[string, (connection: PgConnection) => Promise<unknown>]>([
    ["a query", (connection) => connection.query("select pg_sleep(3600)")],
    ["rows", (connection) => connection.queryEach("select generate_series(1, 1000000000)", () => sleep(1))],
    [
      "a copy to us",
      (connection) =>
        connection.copyOut(
          "copy (select generate_series(1, 1000000000)) to stdout",
          new CopyOutPieces(() => sleep(3_600_000, undefined, { ref: false })),
        ),
    ],
    [
      "a copy to the server",
      async (connection) => {
        await connection.query("create temp table t (id int)");
        const copy = await connection.copyIn("copy t from stdin");
        for (;;) {
          await copy.write(Buffer.from("1\n"));
          await sleep(1);
        }
      },
    ],
  ])("an abort during %s is an interruption, and the server stops", async (_what, run) => {
    const controller = new AbortController();
    await using connection = await open({ signal: controller.signal });
    const running = run(connection);
    setTimeout(() => controller.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED", exitStatus: 130 });
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "INTERRUPTED" });
    await connection.close();
    await expect.poll(() => untilIdle(connection.processId)).toBe("gone");
  });

  test("an abort before or while connecting is an interruption", async () => {
    await expect(open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" });
    const idle = new AbortController();
    await using connection = await open({ signal: idle.signal });
    idle.abort();
    await connection.close();
    await expect.poll(() => untilIdle(connection.processId)).toBe("gone");
  });

  test("close may be repeated, and refuses what comes after", async () => {
    const connection = await open();
    const running = connection.query("select pg_sleep(30)");
    const ended = expect(running).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await connection.close();
    await ended;
    await connection.close();
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    // The cancelled query may leave the session idle for a moment before the server sees that nobody is there any more.
    await expect.poll(() => untilIdle(connection.processId)).toBe("gone");
  });

  test("a session that an administrator ends says so", async () => {
    await using connection = await open();
    const running = connection.query("select pg_sleep(30)");
    const ended = expect(running).rejects.toMatchObject({ code: "CONNECTION_LOST", sqlState: "57P01" });
    await sleep(20);
    await database.sql(`select pg_terminate_backend(${connection.processId})`);
    await ended;
    await using idle = await open();
    await database.sql(`select pg_terminate_backend(${idle.processId})`);
    await untilIdle(idle.processId);
    await sleep(20);
    await expect(idle.query("select 1")).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringMatching(/lost while running "select 1".*terminating connection/),
    });
  });
});
