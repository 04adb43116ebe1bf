import { describe, expect, test } from "vitest";
import { TcpListener } from "../../../tests/helpers/tcp-listener.ts";
import { Secret } from "../../core/secret.ts";
import { Capability } from "./capability.ts";
import { MysqlConnection } from "./connection.ts";
import { type MysqlConnectionSpec, mysqlConnectionSpec } from "./connection-spec.ts";
import { packets } from "./packets/write-packet.ts";

const secret = "planted-s3cret";
interface Peer extends AsyncDisposable {
  /** All that the client sent. */
  readonly received: Buffer[];
  readonly spec: MysqlConnectionSpec;
}

/** A server that says `first`, and then one answer of the list to each thing that it is sent. */
async function hostile(
  first: Uint8Array,
  answers: readonly Uint8Array[],
  parts: Partial<MysqlConnectionSpec> = {},
): Promise<Peer> {
  const received: Buffer[] = [];
  const listener = await TcpListener.start((socket) => {
    let next = 0;
    socket.on("data", (bytes) => {
      received.push(bytes);
      const answer = answers[next++];
      if (answer !== undefined) socket.write(answer);
    });
    socket.write(first);
  });
  const host = { kind: "tcp", host: "127.0.0.1", port: listener.port } as const;
  return {
    received,
    spec: mysqlConnectionSpec({ host, user: "ann", password: new Secret(secret), connectTimeoutMs: 5000, ...parts }),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

const usual = (Capability.protocol41 | Capability.secureConnection | Capability.pluginAuth) >>> 0;

function greeting(capabilities = usual, plugin = "caching_sha2_password"): Uint8Array {
  const fixed = Buffer.alloc(4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10);
  fixed.fill(0x41, 4, 12);
  fixed.writeUInt16LE(capabilities & 0xffff, 13);
  fixed.writeUInt16LE(capabilities >>> 16, 18);
  fixed[20] = 21;
  const rest = Buffer.concat([Buffer.alloc(12, 0x42), Buffer.from([0]), Buffer.from(`${plugin}\0`)]);
  return packets(Buffer.concat([Buffer.from([10]), Buffer.from("9.7.0\0"), fixed, rest]), 0);
}

const switchTo = (plugin: string, nonce = "N".repeat(20)): Uint8Array =>
  packets(Buffer.from(`\u00fe${plugin}\0${nonce}\0`, "latin1"), 2);
const ok = (sequence: number): Uint8Array => packets(Buffer.from([0, 0, 0, 2, 0, 0, 0]), sequence);
const tls = { roots: { kind: "none" }, clientCertificate: undefined, revocationLists: [] } as const;
const versions = { minVersion: undefined, maxVersion: undefined };

const fileRequest = (name: string, sequence = 1): Uint8Array =>
  packets(Buffer.concat([Buffer.from([0xfb]), Buffer.from(name)]), sequence);
const refusedFile = (name: string): object => ({
  code: "PROTOCOL",
  message: expect.stringContaining(`a request for the local file "${name}", which nothing asked for`),
});

/** An empty packet. */
async function saysThatThereIsNothing({ received }: Peer): Promise<void> {
  await expect.poll(() => received.at(-1)).toEqual(Buffer.from([0, 0, 0, 2]));
}

/** What the client said that it can do. */
function flagsOf({ received }: Peer): number {
  return received[0]!.readUInt32LE(4);
}

/**
 * A server that asks for the file of a LOAD DATA.
 * @param atEnd what it says when it has the file: the empty packet that ends it has come
 * @param early what it says at once
 */
async function asking(
  atEnd: ((name: string) => Uint8Array) | undefined,
  early: Uint8Array = Buffer.alloc(0),
): Promise<Peer> {
  const received: Buffer[] = [];
  let name = "";
  const listener = await TcpListener.start((socket) => {
    socket.on("data", (bytes) => {
      received.push(bytes);
      const [, found] = /'(dbbackup-[0-9a-f]{32})'/.exec(bytes.toString("latin1")) ?? [];
      if (found !== undefined) {
        name = found;
        socket.write(Buffer.concat([fileRequest(name), early]));
      } else if (received.length === 1) {
        socket.write(ok(2));
      } else if (atEnd !== undefined && bytes.subarray(-4, -1).equals(Buffer.alloc(3)) && bytes.at(-1) === 3) {
        socket.write(atEnd(name));
      }
    });
    socket.write(greeting());
  });
  const host = { kind: "tcp", host: "127.0.0.1", port: listener.port } as const;
  return {
    received,
    spec: mysqlConnectionSpec({ host, user: "ann", sendsFiles: true }),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

function loadInto(connection: MysqlConnection, rows: AsyncIterable<Uint8Array>): Promise<unknown> {
  return connection.loadLocal((file) => `LOAD DATA LOCAL INFILE ${file} INTO TABLE t`, rows);
}

async function* endlessRows(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(100_000, "x");
}

async function* rowsOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function refused(peer: Peer, expected: object): Promise<void> {
  await using serving = peer;
  const { spec, received } = serving;
  const attempt = MysqlConnection.connect(spec);
  await expect(attempt).rejects.toMatchObject(expected);
  await attempt.catch((error: unknown) => expect(`${error}${JSON.stringify(error)}`).not.toContain(secret));
  expect(Buffer.concat(received).toString("latin1")).not.toContain(secret);
}

describe("a server that means harm", () => {
  test("gets no password in clear, whatever it switches to", async () => {
    const clearPassword = { clearPassword: true, serverPublicKey: undefined, askForPublicKey: false };
    await refused(await hostile(greeting(), [switchTo("mysql_clear_password")]), {
      code: "AUTH",
      hint: expect.stringContaining("--enable-cleartext-plugin"),
    });
    const peer = await hostile(greeting(), [switchTo("mysql_clear_password")], { authentication: clearPassword });
    await refused(peer, { code: "AUTH", message: expect.stringContaining("not proved who the server is") });
  });

  test("gets no password for a key that nobody asked for", async () => {
    const key = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK==\n-----END PUBLIC KEY-----\n";
    await refused(await hostile(greeting(), [packets(Buffer.from(`\u0001${key}`), 2)]), { code: "PROTOCOL" });
  });

  test("cannot make us believe a key that is none", async () => {
    const askForPublicKey = { clearPassword: false, serverPublicKey: undefined, askForPublicKey: true };
    const answers = [packets(Buffer.from([1, 4]), 2), packets(Buffer.from("\u0001-----BEGIN NOTHING-----"), 4)];
    await refused(await hostile(greeting(), answers, { authentication: askForPublicKey }), { code: "PROTOCOL" });
  });

  test("cannot take TLS away, and sees no name before it", async () => {
    const spec = { tls: { ...tls, ...versions, mode: "require" } } as const;
    const peer = await hostile(greeting(), [], spec);
    await refused(peer, { code: "CONNECT", message: expect.stringContaining("does not offer TLS") });
    expect(peer.received).toEqual([]);
    const offering = await hostile(greeting(usual | Capability.ssl), [Buffer.from("no handshake")], spec);
    await refused(offering, { code: "CONNECT" });
    // The request for TLS, a packet of 32 bytes; what may have come in the same read is a handshake, and nothing else.
    const received = Buffer.concat(offering.received);
    expect(received.readUIntLE(0, 3)).toBe(32);
    expect(received.subarray(36, 37).toString("hex")).toMatch(/^(16)?$/);
    expect(received.includes("ann")).toBe(false);
  });

  test("cannot put bytes before the handshake", async () => {
    const spec = { tls: { ...tls, ...versions, mode: "prefer" } } as const;
    const peer = await hostile(Buffer.concat([greeting(usual | Capability.ssl), ok(2)]), [], spec);
    await refused(peer, { code: "PROTOCOL", message: expect.stringContaining("sent more than its greeting") });
  });

  test("cannot hold a login for ever, or fill memory", async () => {
    const endless = Array.from({ length: 100 }, () => switchTo("mysql_native_password"));
    await refused(await hostile(greeting(), endless), { code: "PROTOCOL" });
    await refused(await hostile(Buffer.from([0xff, 0xff, 0xff, 0, 10]), []), { code: "PROTOCOL" });
    await refused(await hostile(greeting(), [], { connectTimeoutMs: 200 }), {
      code: "CONNECT",
      message: expect.stringContaining("no answer"),
    });
  });

  test("gets no local file", async () => {
    await using peer = await hostile(greeting(), [ok(2), fileRequest("/etc/passwd"), ok(3)]);
    await using connection = await MysqlConnection.connect(peer.spec);
    await expect(connection.query("SELECT 1")).rejects.toMatchObject(refusedFile("/etc/passwd"));
    await saysThatThereIsNothing(peer);
    await expect(connection.query("SELECT 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("gets no other file than the one of the statement, and not from a session without files", async () => {
    for (const name of ["/etc/passwd", "", "dbbackup-00", "a\u001b[2J"]) {
      await using peer = await hostile(greeting(), [ok(2), fileRequest(name), ok(3)], { sendsFiles: true });
      await using connection = await MysqlConnection.connect(peer.spec);
      await expect(loadInto(connection, rowsOf("1\n"))).rejects.toMatchObject(
        refusedFile(name.replace("\u001b", "\\x1b")),
      );
      await saysThatThereIsNothing(peer);
    }
    await using peer = await hostile(greeting(usual | Capability.localFiles), [ok(2)]);
    await using _ = await MysqlConnection.connect(peer.spec);
    expect(flagsOf(peer) & Capability.localFiles).toBe(0);
  });

  test("gets the file of the statement once, and not for another statement", async () => {
    const seen: string[] = [];
    await using peer = await asking((name) => {
      seen.push(name);
      return fileRequest(name, 4);
    });
    await using connection = await MysqlConnection.connect(peer.spec);
    const loading = loadInto(connection, rowsOf("1\n"));
    await expect(loading).rejects.toMatchObject({
      message: expect.stringMatching(/request for the local file "dbbackup-[0-9a-f]{32}", which nothing/),
    });
    const [name = ""] = seen;
    // Statement, rows, their end, and the refusal.
    await expect
      .poll(() => Buffer.concat(peer.received).subarray(-14).toString("latin1"))
      .toBe("\x02\0\0\x021\n\0\0\0\x03\0\0\0\x05");
    await using later = await hostile(greeting(), [ok(2), fileRequest(name)], { sendsFiles: true });
    await using other = await MysqlConnection.connect(later.spec);
    await expect(other.query("SELECT 1")).rejects.toMatchObject(refusedFile(name));
  });

  test("that answers before it has the whole file ends the session", async () => {
    for (const [answer, code] of [
      [Buffer.from("\u00ff\u0028\u0007#HY000no", "latin1"), "SERVER"],
      [Buffer.from([0, 0, 0, 2, 0, 0, 0]), "PROTOCOL"],
    ] as const) {
      await using peer = await asking(undefined, packets(answer, 2));
      await using connection = await MysqlConnection.connect(peer.spec);
      await expect(loadInto(connection, endlessRows())).rejects.toMatchObject({ code });
      await expect(connection.query("SELECT 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    }
  });

  test("cannot make us take what is no result", async () => {
    for (const nonsense of [[0xfc, 1], [0xfe, 1, 2, 3, 4, 5, 6, 7, 8], [0xfd, 255, 255, 255], []]) {
      await using peer = await hostile(greeting(), [ok(2), packets(Buffer.from(nonsense), 1)]);
      await using connection = await MysqlConnection.connect(peer.spec);
      await expect(connection.query("SELECT 1")).rejects.toMatchObject({ code: "PROTOCOL" });
    }
  });

  test("cannot keep us from ending", async () => {
    await using peer = await hostile(greeting(), [ok(2)]);
    const connection = await MysqlConnection.connect(peer.spec);
    const asked = connection.query("SELECT 1");
    await connection.close();
    await expect(asked).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });
});
