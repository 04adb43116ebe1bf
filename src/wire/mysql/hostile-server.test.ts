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
    const file = packets(Buffer.from("\u00fb/etc/passwd", "latin1"), 1);
    await using peer = await hostile(greeting(), [ok(2), file, ok(3)]);
    const { spec, received } = peer;
    await using connection = await MysqlConnection.connect(spec);
    await expect(connection.query("SELECT 1")).rejects.toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("a local file"),
    });
    // An empty packet says that there is nothing.
    expect(received.at(-1)).toEqual(Buffer.from([0, 0, 0, 2]));
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
