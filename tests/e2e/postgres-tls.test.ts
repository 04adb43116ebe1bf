import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConnectOptions, PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { Authority } from "../helpers/certificates.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { runProgram } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { startTlsRelay } from "../helpers/tls-relay.ts";

const root = new Authority("Test root");
const otherRoot = new Authority("Other root");
const middle = new Authority("Test intermediate", { parent: root });
const serverNames = { names: ["db.test", "*.wild.test"], addresses: ["127.0.0.1"] };
const serverCertificate = middle.issue({ commonName: "ignored.test", ...serverNames });
const clientCertificate = root.issue({ commonName: "cert_user" });
const strangerCertificate = otherRoot.issue({ commonName: "cert_user" });

const hba = `
local     all all                    trust
hostssl   all cert_user  all         cert
hostssl   all ssl_only   all         trust
hostnossl all plain_only all         trust
host      all scram_user all         scram-sha-256
host      all plain_pw   all         password
host      all postgres   all         trust
`;

let server: PostgresServer;
/** Asks for no client certificate, and has one of its own that cannot bind a login. */
let ed25519Server: PostgresServer;
let folder: string;
let pathOf: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-tls-"));
  const encrypted = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" } as const;
  pathOf = writeAll({
    "root.pem": root.certificate,
    "other.pem": otherRoot.certificate,
    "client.pem": clientCertificate.certificate,
    "client.key": clientCertificate.key,
    "encrypted.key": clientCertificate.keyObject.export(encrypted).toString(),
    "stranger.pem": strangerCertificate.certificate,
    "stranger.key": strangerCertificate.key,
    "none-revoked.crl": root.revoke([]) + middle.revoke([]),
    "server-revoked.crl": root.revoke([]) + middle.revoke([serverCertificate]),
    "half.crl": root.revoke([]),
    "ed25519-root.pem": "",
  });
  const edRoot = new Authority("Ed25519 root", { keyKind: "ed25519" });
  writeFileSync(pathOf["ed25519-root.pem"]!, edRoot.certificate);
  const edCertificate = edRoot.issue({ commonName: "db.test", keyKind: "ed25519", ...serverNames });
  [server, ed25519Server] = await Promise.all([
    startServer({
      major: 18,
      hba,
      ssl: {
        certificate: serverCertificate.certificate,
        key: serverCertificate.key,
        authority: root.certificate,
        revoked: root.revoke([]),
      },
    }),
    startServer({ major: 18, hba, ssl: { certificate: edCertificate.certificate, key: edCertificate.key } }),
  ]);
  const roles = `create role cert_user login; create role ssl_only login; create role plain_only login;
    create role scram_user login password 'secret'; create role plain_pw login password 'secret'`;
  await Promise.all([server.sql(roles), ed25519Server.sql(roles)]);
});
afterAll(async () => {
  await Promise.all([server?.stop(), ed25519Server?.stop()]);
  rmSync(folder, { recursive: true });
});

function writeAll(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      chmodSync(path, 0o600);
      return [name, path];
    }),
  );
}

interface Wish {
  readonly settings: string;
  readonly user?: string;
  readonly host?: string;
  readonly target?: PostgresServer;
  readonly port?: number;
  readonly variables?: Record<string, string>;
}

function open(
  { settings, user = "postgres", host = "db.test", target = server, port, variables = {} }: Wish,
  options: ConnectOptions = {},
): Promise<PgConnection> {
  const url = `host=${host} hostaddr=127.0.0.1 port=${port ?? target.port} user=${user} dbname=postgres ${settings}`;
  const environment = { variables, homeFolder: folder, userName: "nobody", socketFolders: [], systemFolders: [] };
  return PgConnection.connect(resolveConnection({ url }, environment), options);
}

/** `tls` or `tcp`, or why there is no connection. */
async function outcome(wish: Wish): Promise<string> {
  try {
    await using connection = await open(wish);
    const [row] = (await connection.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()")).rows;
    expect(row?.[0]).toBe(connection.transportKind === "tls" ? "t" : "f");
    return connection.transportKind;
  } catch (error) {
    return (error as Error).message;
  }
}

const untrusted = /not signed by a trusted authority/;
const wrongName = /is not for "elsewhere.test"/;

describe("sslmode", () => {
  test.each<[mode: string, noRoot: string, goodRoot: string, wrongRoot: string | RegExp, wrongHost: string | RegExp]>([
    ["disable", "tcp", "tcp", "tcp", "tcp"],
    ["allow", "tcp", "tcp", "tcp", "tcp"],
    // As in libpq: a failed check makes it go on without TLS.
    ["prefer", "tls", "tls", "tcp", "tls"],
    ["require", "tls", "tls", untrusted, "tls"],
    ["verify-ca", "", "tls", untrusted, "tls"],
    ["verify-full", "", "tls", untrusted, wrongName],
  ])("%s", async (mode, noRoot, goodRoot, wrongRoot, wrongHost) => {
    const settings = `sslmode=${mode}`;
    const withRoot = (name: string): string => `${settings} sslrootcert=${pathOf[name]}`;
    expect(await outcome({ settings })).toMatch(noRoot === "" ? /needs trusted certificates/ : noRoot);
    expect(await outcome({ settings: withRoot("root.pem") })).toBe(goodRoot);
    expect(await outcome({ settings: withRoot("other.pem") })).toMatch(wrongRoot);
    expect(await outcome({ settings: withRoot("root.pem"), host: "elsewhere.test" })).toMatch(wrongHost);
  });

  test.each([
    ["127.0.0.1", "tls"],
    ["a.wild.test", "tls"],
    ["a.b.wild.test", /is not for/],
    ["wild.test", /is not for/],
    ["DB.TEST", "tls"],
    // The common name counts only where there are no alternative names.
    ["ignored.test", /is not for/],
  ])("verify-full to %s: %s", async (host, expected) => {
    expect(await outcome({ settings: `sslmode=verify-full sslrootcert=${pathOf["root.pem"]}`, host })).toMatch(
      expected,
    );
  });

  test("allow goes on with TLS and prefer without, when the server wants it so", async () => {
    expect(await outcome({ settings: "sslmode=allow", user: "ssl_only" })).toBe("tls");
    expect(await outcome({ settings: "sslmode=prefer", user: "plain_only" })).toBe("tcp");
    expect(await outcome({ settings: "sslmode=disable", user: "ssl_only" })).toMatch(/28000.*no encryption/);
    expect(await outcome({ settings: "sslmode=require", user: "plain_only" })).toMatch(/28000.*SSL encryption/);
  });

  test("a server without TLS: prefer takes it, require does not", async () => {
    const { port } = await sharedServer(18);
    expect(await outcome({ settings: "sslmode=prefer", port })).toBe("tcp");
    expect(await outcome({ settings: "sslmode=require", port })).toMatch(/does not offer TLS/);
    expect(await outcome({ settings: "sslmode=require sslnegotiation=direct", port })).toMatch(
      /ended the connection|closed/,
    );
  });

  test("is of no matter over a Unix socket, as in libpq", async () => {
    const url = `host=${server.socketDirectory} port=${server.port} user=postgres sslmode=verify-full`;
    await using connection = await PgConnection.connect(resolveConnection({ url }));
    expect(connection.transportKind).toBe("unix");
  });

  test("needs a certificate that is valid today", async () => {
    const long = 10 * 24 * 3600 * 1000;
    const wish = { commonName: "db.test", ...serverNames };
    for (const [validFrom, validTo, message] of [
      [new Date(Date.now() - 2 * long), new Date(Date.now() - long), /has expired/],
      [new Date(Date.now() + long), new Date(Date.now() + 2 * long), /not valid yet/],
    ] as const) {
      const { certificate, key } = root.issue({ ...wish, validFrom, validTo });
      await using late = await startServer({ major: 18, ssl: { certificate, key } });
      const settings = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]}`;
      expect(await outcome({ settings, target: late })).toMatch(message);
      expect(await outcome({ settings: "sslmode=require", target: late })).toBe("tls");
    }
  });
});

describe("trusted roots", () => {
  test("may be those of the system", async () => {
    const script = `
      import { PgConnection } from ${JSON.stringify(new URL("../../src/wire/postgres/connection.ts", import.meta.url).href)};
      import { resolveConnection } from ${JSON.stringify(new URL("../../src/wire/postgres/conninfo/resolve-connection.ts", import.meta.url).href)};
      const connection = await PgConnection.connect(resolveConnection({ url: process.argv[1] }));
      console.log(connection.transportKind);
      await connection.close();`;
    const url = `host=db.test hostaddr=127.0.0.1 port=${server.port} user=postgres dbname=postgres sslrootcert=system`;
    const run = (trusted: string) =>
      runProgram(process.execPath, ["--input-type=module", "-e", script, url], { env: { SSL_CERT_FILE: trusted } });
    expect((await run(pathOf["root.pem"]!)).stdout.toString().trim()).toBe("tls");
    expect((await run(pathOf["other.pem"]!)).stderr.toString()).toMatch(untrusted);
  });

  test("come with revocation lists", async () => {
    for (const [list, expected] of [
      ["none-revoked.crl", "tls"],
      ["server-revoked.crl", /is revoked/],
      ["half.crl", /no revocation list for an authority/],
    ] as const) {
      const settings = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]} sslcrl=${pathOf[list]}`;
      expect(await outcome({ settings })).toMatch(expected);
    }
  });
});

describe("a client certificate", () => {
  const client = "sslmode=require";

  test("logs in, also with a key that has a password", async () => {
    const certificate = `sslcert=${pathOf["client.pem"]}`;
    const user = "cert_user";
    expect(await outcome({ settings: `${client} ${certificate} sslkey=${pathOf["client.key"]}`, user })).toBe("tls");
    const encrypted = `${client} ${certificate} sslkey=${pathOf["encrypted.key"]}`;
    expect(await outcome({ settings: `${encrypted} sslpassword='open sesame'`, user })).toBe("tls");
    expect(await outcome({ settings: `${encrypted} sslpassword=wrong`, user })).toMatch(/given sslpassword/);
    expect(await outcome({ settings: client, user })).toMatch(/valid client certificate/);
  });

  test("of another authority is refused by the server, and that is said", async () => {
    const settings = `${client} sslcert=${pathOf["stranger.pem"]} sslkey=${pathOf["stranger.key"]}`;
    expect(await outcome({ settings, user: "cert_user" })).toMatch(
      /no TLS connection.*(unknown ca|alert|certificate)/i,
    );
  });

  test("can be demanded: the server must ask for it", async () => {
    const settings = `${client} sslcertmode=require sslcert=${pathOf["client.pem"]} sslkey=${pathOf["client.key"]}`;
    expect(await outcome({ settings })).toBe("tls");
    expect(await outcome({ settings: `${settings} ssl_max_protocol_version=TLSv1.2` })).toBe("tls");
    expect(await outcome({ settings, target: ed25519Server })).toMatch(/did not ask for our certificate/);
    const v12 = `${settings} ssl_max_protocol_version=TLSv1.2`;
    expect(await outcome({ settings: v12, target: ed25519Server })).toMatch(/did not ask for our certificate/);
  });

  test("is not sent with sslcertmode=disable", async () => {
    const settings = `${client} sslcertmode=disable sslcert=${pathOf["client.pem"]} sslkey=${pathOf["client.key"]}`;
    expect(await outcome({ settings, user: "cert_user" })).toMatch(/valid client certificate/);
  });
});

describe("channel binding", () => {
  const password = "user=scram_user password=secret";

  test("is used over TLS, and can be required", async () => {
    for (const binding of ["disable", "prefer", "require"]) {
      expect(await outcome({ settings: `sslmode=require channel_binding=${binding} ${password}` })).toBe("tls");
    }
    expect(await outcome({ settings: `sslmode=disable channel_binding=require ${password}` })).toMatch(
      /does not use TLS/,
    );
    expect(await outcome({ settings: "sslmode=require channel_binding=require" })).toMatch(/method "none"/);
  });

  test("fails with a certificate whose hash is not defined", async () => {
    const settings = `sslmode=require ${password}`;
    expect(await outcome({ settings, target: ed25519Server })).toMatch(/cannot be used for channel binding/);
    expect(await outcome({ settings: `${settings} channel_binding=disable`, target: ed25519Server })).toBe("tls");
  });

  test("notices somebody who ends our TLS and begins his own", async () => {
    const identity = root.issue({ commonName: "db.test", ...serverNames });
    await using relay = await startTlsRelay(server.port, identity);
    const settings = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]} ${password}`;
    expect(await outcome({ settings, port: relay.port })).toMatch(/channel binding/i);
    expect(await outcome({ settings: `${settings} channel_binding=disable`, port: relay.port })).toBe("tls");
  });
});

describe("a password in clear", () => {
  test("is sent only with consent, and over verified TLS", async () => {
    const verified = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]}`;
    for (const [settings, expected] of [
      [`${verified} require_auth=password`, "tls"],
      [verified, /in clear text$/],
      ["sslmode=require require_auth=password", /not verified/],
      ["sslmode=disable require_auth=password", /not verified/],
      [`${verified} require_auth=!password`, /does not allow/],
    ] as const) {
      expect(await outcome({ settings: `user=plain_pw password=secret ${settings}` })).toMatch(expected);
    }
  });
});

describe("the TLS connection", () => {
  test("starts without asking where the server can do that", async () => {
    const settings = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]} sslnegotiation=direct`;
    expect(await outcome({ settings })).toBe("tls");
  });

  test("has a version between the bounds", async () => {
    for (const [bounds, version] of [
      ["ssl_max_protocol_version=TLSv1.2", "TLSv1.2"],
      ["ssl_min_protocol_version=TLSv1.3", "TLSv1.3"],
    ]) {
      await using connection = await open({ settings: `sslmode=require ${bounds}` });
      const { rows } = await connection.query("select version from pg_stat_ssl where pid = pg_backend_pid()");
      expect(rows).toEqual([[version]]);
    }
  });

  test("cancels over TLS too", async () => {
    const firstBytes: string[] = [];
    await using proxy = await TcpProxy.start({
      targetPort: server.port,
      fromServer: (bytes, soFar) => {
        if (soFar === 0) firstBytes.push(bytes.toString("latin1", 0, 1));
        return bytes;
      },
    });
    const settings = `sslmode=verify-full sslrootcert=${pathOf["root.pem"]} max_protocol_version=3.2`;
    await using connection = await open({ settings, port: proxy.port });
    const query = connection.query("select pg_sleep(30)");
    const ended = expect(query).rejects.toMatchObject({ sqlState: "57014" });
    await Promise.all([ended, new Promise((resolve) => setTimeout(resolve, 50)).then(() => connection.cancel())]);
    expect(firstBytes).toEqual(["S", "S"]);
  });

  test("carries large results with back-pressure", async () => {
    await using connection = await open({ settings: "sslmode=require" });
    let length = 0;
    await connection.queryEach("select repeat('x', 100000) from generate_series(1, 300)", async ([value]) => {
      length += value!.length;
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(length).toBe(30_000_000);
    const copy = await connection
      .query("create temp table t (v text)")
      .then(() => connection.copyIn("copy t from stdin"));
    for (let index = 0; index < 30; index++) await copy.write(Buffer.from(`${"y".repeat(999_999)}\n`));
    expect(await copy.end()).toEqual({ rows: 30 });
  });

  test("is refused when bytes come before the handshake", async () => {
    for (const mode of ["prefer", "require"]) {
      await using proxy = await TcpProxy.start({
        targetPort: server.port,
        fromServer: (bytes, soFar) => (soFar === 0 ? Buffer.concat([bytes, Buffer.from("R\0\0\0\b\0\0\0\0")]) : bytes),
      });
      expect(await outcome({ settings: `sslmode=${mode}`, port: proxy.port })).toMatch(/unencrypted bytes came before/);
      expect(proxy.accepted).toBe(1);
    }
  });

  test("is refused when the answer to the question for it is nonsense", async () => {
    for (const [answer, message] of [
      ["X", /answered the question for TLS with something unknown/],
      ["E\0\0\0\x08Mno\0\0", /with an error/],
    ] as const) {
      await using proxy = await TcpProxy.start({ targetPort: server.port, fromServer: () => Buffer.from(answer) });
      expect(await outcome({ settings: "sslmode=require", port: proxy.port })).toMatch(message);
    }
  });
});
