import { createHook } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CopyOutPieces } from "../../src/wire/postgres/collect-copy-out.ts";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import {
  authenticationOk,
  dataRow,
  errorResponse,
  int32,
  message,
  parameterStatus,
  ready,
  startScriptedServer,
} from "../helpers/scripted-server.ts";
import type { TcpListener } from "../helpers/tcp-listener.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startServer({ major: 18 });
});
afterAll(() => server?.stop());

function open(port: number): Promise<PgConnection> {
  const url = `host=127.0.0.1 port=${port} user=postgres dbname=postgres sslmode=disable`;
  return PgConnection.connect(resolveConnection({ url }));
}

const rows = "select generate_series(1, 1000000000)";

describe("a connection that breaks", () => {
  test.each<[string, string, (connection: PgConnection) => Promise<unknown>]>([
    ["a query", 'running "select pg_sleep', (connection) => connection.query("select pg_sleep(30)")],
    ["rows", 'running "select generate_series', (connection) => connection.queryEach(rows, () => {})],
    [
      "a copy to us",
      'running "copy \\(select',
      (connection) => connection.copyOut(`copy (${rows}) to stdout`, new CopyOutPieces(() => {})),
    ],
    [
      "a copy to the server",
      'running "copy t from',
      async (connection) => {
        await connection.query("create temp table t (id int)");
        const copy = await connection.copyIn("copy t from stdin");
        for (;;) {
          await copy.write(Buffer.alloc(100_000, "1\n"));
          await sleep(1);
        }
      },
    ],
  ])("during %s names the host and what was being done", async (_what, doing, run) => {
    await using proxy = await TcpProxy.start({ targetPort: server.port });
    await using connection = await open(proxy.port);
    setTimeout(() => proxy.cut(), 50);
    await expect(run(connection)).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      retry: "maybe",
      object: `host "127.0.0.1", port ${proxy.port}`,
      message: expect.stringMatching(
        new RegExp(`^the connection to host "127.0.0.1", port ${proxy.port} was lost while ${doing}`),
      ),
    });
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("at any byte of the login is no crash and no hang", async () => {
    for (let bytes = 1; bytes <= 430; bytes += 13) {
      await using proxy = await TcpProxy.start({ targetPort: server.port, cutAfterServerBytes: bytes });
      const attempt = open(proxy.port).then(async (connection) => {
        await connection.query("select repeat('x', 1000)");
        await connection.close();
      });
      await expect(attempt, `cut after ${bytes} bytes`).rejects.toMatchObject({
        code: expect.stringMatching(/^(CONNECT|CONNECTION_LOST)$/),
      });
    }
  });

  test("with its server leaves nothing hanging", async () => {
    await using own = await startServer({ major: 18 });
    const connection = await open(own.port);
    const pending = [connection.query("select pg_sleep(30)"), connection.query("select 1")];
    const ended = Promise.all(pending.map((one) => expect(one).rejects.toMatchObject({ code: "CONNECTION_LOST" })));
    await sleep(20);
    await own.halt("immediate");
    await ended;
    await connection.close();
  });
});

const columns = message("T", Buffer.concat([Buffer.from([0, 1]), Buffer.from("a\0"), Buffer.alloc(18)]));

/** A server that answers the login with `login`, and each query with `answer`. */
function scripted(answer: Buffer, login: Buffer = Buffer.concat([authenticationOk, ready])): Promise<TcpListener> {
  return startScriptedServer(({ sql }, socket) => socket.write(sql === undefined ? login : answer));
}

describe("a server that breaks the protocol", () => {
  test.each<[string, Buffer]>([
    ["an unknown type", message("~", Buffer.alloc(0))],
    ["a length below four", Buffer.from([0x44, 0, 0, 0, 3])],
    ["a row over 1 GiB", Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff])],
    ["an error over 1 MiB", Buffer.from([0x45, 0, 0x20, 0, 0])],
    ["a value beyond its row", Buffer.concat([columns, message("D", Buffer.concat([Buffer.from([0, 1]), int32(99)]))])],
    [
      "a negative length of a value",
      Buffer.concat([columns, message("D", Buffer.concat([Buffer.from([0, 1]), int32(-2)]))]),
    ],
    ["bytes behind a row's last value", Buffer.concat([columns, message("D", Buffer.from([0, 0, 1]))])],
    ["more columns than bytes", message("T", Buffer.from([0xff, 0xff]))],
    ["a name without end", message("C", Buffer.from("SELECT"))],
    ["copy data nobody asked for", message("d", Buffer.from("x"))],
    ["a second login", authenticationOk],
    ["a copy in both directions", message("W", Buffer.from([0, 0, 0]))],
    ["an unknown transaction state", message("Z", Buffer.from("X"))],
  ])("with %s is left", async (_what, answer) => {
    await using broken = await scripted(Buffer.concat([answer, ready]));
    await using connection = await open(broken.port);
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "PROTOCOL" });
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test.each<[string, Buffer, string]>([
    ["garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "PROTOCOL"],
    ["too long an error", Buffer.from([0x45, 0, 1, 0, 1]), "PROTOCOL"],
    ["a row", dataRow("x"), "PROTOCOL"],
    ["a query's end before the login's", ready, "PROTOCOL"],
    [
      "the end of a SCRAM login that never began",
      message("R", Buffer.concat([int32(12), Buffer.from("v=x")])),
      "PROTOCOL",
    ],
    ["an unknown method", message("R", int32(7)), "AUTH"],
    ["unknown mechanisms only", message("R", Buffer.concat([int32(10), Buffer.from("MAGIC\0\0")])), "AUTH"],
    ["a newer protocol than was asked for", message("v", Buffer.concat([int32(3 * 65_536 + 9), int32(0)])), "PROTOCOL"],
    ["a cancel key of 300 bytes", Buffer.concat([authenticationOk, message("K", Buffer.alloc(304))]), "PROTOCOL"],
    [
      "no end of notices",
      Buffer.concat(Array.from({ length: 3000 }, (_, index) => parameterStatus([`p${index}`, ""]))),
      "PROTOCOL",
    ],
  ])("in the login with %s is left", async (_what, login, code) => {
    await using broken = await scripted(ready, login);
    await expect(open(broken.port)).rejects.toMatchObject({ code });
  });

  test.each([
    ["in the login", "disable", "R"],
    ["before the handshake", "require", ""],
    ["in the handshake", "require", "S"],
  ])("by going silent %s is left in time, and at once when interrupted", async (_when, mode, answer) => {
    await using broken = await scripted(ready, Buffer.from(answer));
    const url = `host=127.0.0.1 port=${broken.port} user=postgres sslmode=${mode} connect_timeout=1`;
    const timedOut = PgConnection.connect(resolveConnection({ url }));
    const stopped = PgConnection.connect(resolveConnection({ url }), { signal: AbortSignal.timeout(50) });
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect(timedOut).rejects.toMatchObject({ code: "CONNECT", message: expect.stringContaining("within 1 s") });
  });

  test("by asking for a key derivation that takes minutes is left in time", async () => {
    const sasl = message("R", Buffer.concat([int32(10), Buffer.from("SCRAM-SHA-256\0\0")]));
    await using slow = await startScriptedServer(({ bytes }, socket) => {
      const nonce = /r=([^,]+)$/.exec(bytes.toString("latin1"))?.[1];
      const challenge = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=30000000`);
      socket.write(nonce === undefined ? sasl : message("R", Buffer.concat([int32(11), challenge])));
    });
    const url = `host=127.0.0.1 port=${slow.port} user=ann password=x sslmode=disable connect_timeout=1 scram_max_iterations=30000000`;
    const derivations = new Map<number, "runs" | "ended">();
    const watch = createHook({
      init: (id, type) => void (type === "PBKDF2REQUEST" && derivations.set(id, "runs")),
      before: (id) => void (derivations.has(id) && derivations.set(id, "ended")),
    }).enable();
    await expect(PgConnection.connect(resolveConnection({ url }))).rejects.toMatchObject({ code: "CONNECT" });
    watch.disable();
    expect([...derivations.values()]).toEqual(["runs"]);
  });

  test("that claims a gigabyte costs no memory", async () => {
    await using broken = await scripted(Buffer.concat([columns, Buffer.from([0x44, 0x3f, 0xff, 0xff, 0xff, 0])]));
    await using connection = await open(broken.port);
    const before = process.memoryUsage().rss;
    const query = connection.query("select 1");
    const ended = expect(query).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await sleep(30);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
    await connection.close();
    await ended;
  });

  test("by writing escape sequences into messages is shown harmless", async () => {
    await using evil = await scripted(Buffer.concat([errorResponse("42601", "red \x1b[31m\r\nline\u202e"), ready]));
    await using connection = await open(evil.port);
    await expect(connection.query("select 1")).rejects.toMatchObject({
      message: 'error 42601 from the server while running "select 1": red \\x1b[31m\\r\\nline\\u202e',
    });
  });
});
