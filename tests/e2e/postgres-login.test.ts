import { createHmac, pbkdf2Sync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConnectOptions, PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { freePort } from "../helpers/free-port.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";

const account = userInfo().username;

let server: PostgresServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-login-"));
  server = await startServer({
    major: 18,
    settings: { password_encryption: "scram-sha-256", max_connections: "20" },
    ident: `us "${account}" peer_user`,
    hba: `
local all peer_user  peer map=us
local all plain_user password
local all all        trust
host  all plain_user all password
host  all md5_user   all md5
host  all scram_user all scram-sha-256
host  all slow_user  all scram-sha-256
host  all "bö' se" all scram-sha-256
host  all barred     all reject
host  all postgres   all trust`,
  });
  await server.sql(`
    create role peer_user login; create role barred login;
    create role plain_user login password 'secret'; create role scram_user login password 'secret';
    create role "bö' se" login password U&'pass\\00e9\\2168\\3000word';
    set scram_iterations = 100001; create role slow_user login password 'secret';
    set password_encryption = 'md5'; set md5_password_warnings = off; create role md5_user login password 'secret'`);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function open(settings: string, options: ConnectOptions = {}): Promise<PgConnection> {
  const environment = { variables: {}, homeFolder: folder, userName: "nobody", socketFolders: [], systemFolders: [] };
  return PgConnection.connect(resolveConnection({ url: `dbname=postgres ${settings}` }, environment), options);
}

function tcp(settings: string): Promise<string> {
  return who(`host=127.0.0.1 port=${server.port} ${settings}`);
}

function socket(settings: string): Promise<string> {
  return who(`host=${server.socketDirectory} port=${server.port} ${settings}`);
}

/** Who we are on the server, or the code and message of the failure. */
async function who(settings: string): Promise<string> {
  try {
    await using connection = await open(settings);
    return (await connection.query("select session_user")).rows[0]![0]!;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
}

describe("logging in", () => {
  test("with every method that a server of ours can ask for", async () => {
    expect(await tcp("user=postgres")).toBe("postgres");
    expect(await socket("user=peer_user")).toBe("peer_user");
    expect(await tcp("user=md5_user password=secret")).toBe("md5_user");
    expect(await tcp("user=scram_user password=secret")).toBe("scram_user");
    expect(await socket("user=plain_user password=secret require_auth=password")).toBe("plain_user");
  });

  test("as a user with an odd name, with a password that has to be prepared", async () => {
    expect(await tcp(`user='bö\\' se' password='passé\u2168\u3000word'`)).toBe("bö' se");
    expect(await tcp(`user='bö\\' se' password='passe\u0301IX word'`)).toBe("bö' se");
  });

  test("fails with what the server says", async () => {
    expect(await tcp("user=scram_user password=wrong")).toMatch(/^AUTH: fatal 28P01 .* password authentication failed/);
    expect(await tcp("user=md5_user password=wrong")).toMatch(/^AUTH: fatal 28P01/);
    expect(await tcp("user=barred")).toMatch(/^AUTH: fatal 28000/);
    expect(await tcp("user=postgres dbname=nowhere")).toMatch(
      /^SERVER: fatal 3D000 .*database "nowhere" does not exist/,
    );
    expect(await tcp("user=postgres options='-c no.such'")).toMatch(/^SERVER: fatal/);
  });

  test("without a password says how to give one", async () => {
    expect(await tcp("user=scram_user")).toMatch(/^AUTH: .*none was given/);
    const passwords = join(folder, ".pgpass");
    writeFileSync(passwords, `127.0.0.1:${server.port}:postgres:scram_user:secret\n`);
    chmodSync(passwords, 0o600);
    expect(await tcp("user=scram_user")).toBe("scram_user");
    rmSync(passwords);
  });

  test("only by the methods that require_auth names", async () => {
    const scram = "user=scram_user password=secret";
    expect(await tcp(`${scram} require_auth=scram-sha-256`)).toBe("scram_user");
    expect(await tcp(`${scram} require_auth=md5,none`)).toMatch(/^AUTH: .*"scram-sha-256", which require_auth/);
    expect(await tcp("user=postgres require_auth=scram-sha-256")).toMatch(/^AUTH: .*"none"/);
    expect(await tcp("user=postgres require_auth=!none")).toMatch(/^AUTH: .*"none"/);
    expect(await tcp("user=md5_user password=secret require_auth=!md5")).toMatch(/^AUTH: .*"md5"/);
  });

  test("does not give the password in clear", async () => {
    expect(await tcp("user=plain_user password=secret")).toMatch(/^AUTH: .*clear text$/);
    expect(await tcp("user=plain_user password=secret require_auth=password")).toMatch(/not verified/);
    expect(await socket("user=plain_user password=secret")).toMatch(/^AUTH: .*clear text$/);
  });

  test("does not work for a server that asks for too many rounds, unless it may", async () => {
    expect(await tcp("user=slow_user password=secret")).toMatch(/^AUTH: .*100001 SCRAM iterations/);
    expect(await tcp("user=slow_user password=secret scram_max_iterations=100001")).toBe("slow_user");
  });

  test("with SCRAM keys in place of the password", async () => {
    const [row] = await server.sql("select rolpassword from pg_authid where rolname = 'scram_user'");
    const [, iterations = "", salt = ""] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(row!.rolpassword!)!;
    const salted = pbkdf2Sync("secret", Buffer.from(salt, "base64"), Number(iterations), 32, "sha256");
    const key = (name: string): string => createHmac("sha256", salted).update(name).digest("base64");
    const keys = `scram_client_key=${key("Client Key")} scram_server_key=${key("Server Key")}`;
    expect(await tcp(`user=scram_user ${keys}`)).toBe("scram_user");
    const wrong = keys.replace(/(?<=server_key=)./, (first) => (first === "A" ? "B" : "A"));
    expect(await tcp(`user=scram_user ${wrong}`)).toMatch(/could not prove that it knows/);
  });

  test("sets the application's name, options and encoding", async () => {
    const settings = `host=127.0.0.1 port=${server.port} user=postgres options='-c statement_timeout=7s' application_name=nightly client_encoding=LATIN1`;
    for (const [text, encoding] of [
      ["utf8", "UTF8"],
      ["binary", "LATIN1"],
    ] as const) {
      await using connection = await open(settings, { text });
      const sql =
        "select current_setting('application_name'), current_setting('statement_timeout'), current_setting('client_encoding')";
      expect((await connection.query(sql)).rows).toEqual([["nightly", "7s", encoding]]);
    }
  });

  test("leaves no password in the failure, however it is printed", async () => {
    const { inspect } = await import("node:util");
    for (const settings of ["user=scram_user password=hunter2", "user=plain_user password=hunter2"]) {
      const error = await open(`host=127.0.0.1 port=${server.port} ${settings}`).catch((reason: unknown) => reason);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
    }
  });
});

describe("protocol versions", () => {
  test("3.2 with a long cancel key, where the server speaks it", async () => {
    await using connection = await open(`host=127.0.0.1 port=${server.port} user=postgres max_protocol_version=latest`);
    const query = connection.query("select pg_sleep(30)");
    const ended = expect(query).rejects.toMatchObject({ sqlState: "57014" });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await connection.cancel();
    await ended;
  });

  test("are negotiated down, but not below what is asked for", async () => {
    const { port } = await sharedServer(10);
    expect(await who(`host=127.0.0.1 port=${port} user=postgres max_protocol_version=3.2`)).toBe("postgres");
    expect(await who(`host=127.0.0.1 port=${port} user=postgres min_protocol_version=3.2`)).toMatch(
      /^PROTOCOL: .*3\.0 at most/,
    );
  });
});

describe("several hosts", () => {
  test("the first that answers is taken; a login that is refused ends the search", async () => {
    const closed = await freePort();
    const { port } = await sharedServer(10);
    expect(await who(`host=127.0.0.1,127.0.0.1 port=${closed},${server.port} user=postgres`)).toBe("postgres");
    expect(await who(`host=nowhere.invalid,127.0.0.1 port=${server.port} user=postgres`)).toBe("postgres");
    expect(await who(`host=${folder},127.0.0.1 port=${server.port} user=postgres`)).toBe("postgres");
    expect(await who(`host=127.0.0.1,127.0.0.1 port=${server.port},${port} user=barred`)).toMatch(/^AUTH/);
  });

  test("none answers: all reasons are told", async () => {
    const closed = await freePort();
    const attempt = open(`host=127.0.0.1,${folder} port=${closed} user=postgres`);
    await expect(attempt).rejects.toMatchObject({
      code: "CONNECT",
      details: [expect.stringMatching(/127\.0\.0\.1.*refused/), expect.stringMatching(/no such socket/)],
    });
  });

  test("one that is silent costs no more than the time allowed", async () => {
    await using silent = await TcpProxy.start({ targetPort: server.port, isSilent: true });
    const started = Date.now();
    const settings = `host=127.0.0.1,127.0.0.1 port=${silent.port},${server.port} user=postgres connect_timeout=1`;
    expect(await who(settings)).toBe("postgres");
    expect(Date.now() - started).toBeGreaterThan(900);
    expect(await who(`host=127.0.0.1 port=${silent.port} user=postgres connect_timeout=1`)).toMatch(
      /^CONNECT: no answer from host "127\.0\.0\.1", port \d+ within 1 s/,
    );
  });

  test("target_session_attrs passes over the wrong kind", async () => {
    await using standby = await startServer({ major: 18, settings: { hot_standby: "on" } });
    await standby.halt();
    writeFileSync(join(standby.dataDirectory, "standby.signal"), "");
    await standby.start();
    const both = (attributes: string, options = ""): Promise<number> =>
      open(
        `host=127.0.0.1 port=${server.port},${standby.port} host=127.0.0.1,127.0.0.1 user=postgres target_session_attrs=${attributes} ${options}`,
      ).then(async (connection) => {
        await connection.close();
        return connection.host.port;
      });
    expect(await both("any")).toBe(server.port);
    expect(await both("primary")).toBe(server.port);
    expect(await both("standby")).toBe(standby.port);
    expect(await both("prefer-standby")).toBe(standby.port);
    expect(await both("read-only")).toBe(standby.port);
    expect(await both("read-write")).toBe(server.port);
    await expect(both("read-write", "options='-c default_transaction_read_only=on'")).rejects.toMatchObject({
      code: "CONNECT",
      details: [expect.stringContaining(`${server.port}`), expect.stringContaining(`${standby.port}`)],
    });
    const alone = `host=127.0.0.1 port=${server.port} user=postgres target_session_attrs`;
    expect(await who(`${alone}=prefer-standby`)).toBe("postgres");
    expect(await who(`${alone}=standby`)).toMatch(/^CONNECT: .*not what target_session_attrs=standby asks for/);
  });

  test("target_session_attrs asks old servers, which do not say it themselves", async () => {
    const { port } = await sharedServer(10);
    const old = `host=127.0.0.1 port=${port} user=postgres`;
    expect(await who(`${old} target_session_attrs=read-write`)).toBe("postgres");
    expect(await who(`${old} target_session_attrs=primary`)).toBe("postgres");
    expect(await who(`${old} target_session_attrs=standby`)).toMatch(/^CONNECT/);
    expect(await who(`${old} target_session_attrs=read-only options='-c default_transaction_read_only=on'`)).toBe(
      "postgres",
    );
  });

  test("load_balance_hosts=random takes each of them in time", async () => {
    const { port } = await sharedServer(10);
    const seen = new Set<number>();
    for (let tries = 0; tries < 60 && seen.size < 2; tries++) {
      const settings = `host=127.0.0.1,127.0.0.1 port=${server.port},${port} user=postgres load_balance_hosts=random`;
      await using connection = await open(settings);
      seen.add(connection.host.port);
    }
    expect(seen.size).toBe(2);
  });

  test("a server that takes no more connections is passed over, and said to be worth another try", async () => {
    await using small = await startServer({
      major: 18,
      settings: {
        max_connections: "4",
        superuser_reserved_connections: "0",
        reserved_connections: "0",
        max_wal_senders: "0",
      },
    });
    const own = `host=127.0.0.1 port=${small.port} user=postgres`;
    const held = await Promise.all([open(own), open(own), open(own), open(own)]);
    await expect(open(own)).rejects.toMatchObject({ code: "CONNECT", retry: "maybe", sqlState: "53300" });
    expect(await who(`host=127.0.0.1,127.0.0.1 port=${small.port},${server.port} user=postgres`)).toBe("postgres");
    await Promise.all(held.map((connection) => connection.close()));
  });
});
