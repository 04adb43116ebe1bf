import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConnectionRequest } from "../../src/ports/connection-request.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { mysqlConnectionSpec } from "../../src/wire/mysql/connection-spec.ts";
import { resolveMysqlConnection } from "../../src/wire/mysql/conninfo/resolve-mysql-connection.ts";
import { Authority } from "../helpers/certificates.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { type MysqlServer, startMysql } from "../helpers/mysql-server.ts";

const password = "pä55 'word'";
const sqlPassword = password.replaceAll("'", "''");
const authority = new Authority("dbbackup test", { keyKind: "rsa" });
const stranger = new Authority("somebody else", { keyKind: "rsa" });

interface Set {
  readonly flavour: MysqlFlavour;
  readonly settings: readonly string[];
  /** Accounts by the plugin they log in with: what stands behind `CREATE USER name`. */
  readonly accounts: Readonly<Record<string, string>>;
}

const mariadb = {
  native: `IDENTIFIED VIA mysql_native_password USING PASSWORD('${sqlPassword}')`,
  ed25519: `IDENTIFIED VIA ed25519 USING PASSWORD('${sqlPassword}')`,
};

const sets: readonly Set[] = [
  { flavour: "mariadb-10.5", settings: ["plugin-load-add=auth_ed25519"], accounts: mariadb },
  { flavour: "mariadb-10.11", settings: ["plugin-load-add=auth_ed25519"], accounts: mariadb },
  {
    flavour: "mariadb-11.8",
    settings: ["plugin-load-add=auth_ed25519", "plugin-load-add=auth_parsec"],
    accounts: { ...mariadb, parsec: `IDENTIFIED VIA parsec USING PASSWORD('${sqlPassword}')` },
  },
  {
    flavour: "mysql-9.7",
    settings: ["plugin-load-add=auth_socket.so"],
    accounts: {
      caching: `IDENTIFIED WITH caching_sha2_password BY '${sqlPassword}'`,
      sha256: `IDENTIFIED WITH sha256_password BY '${sqlPassword}'`,
    },
  },
];

describe.each(sets)("$flavour", ({ flavour, settings, accounts }) => {
  let folder: string;
  let server: MysqlServer;
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-my-tls-"));
    chmodSync(folder, 0o755);
    const issued = authority.issue({ commonName: "db.test", addresses: ["127.0.0.1"], keyKind: "rsa" });
    const other = authority.issue({ commonName: "ann", keyKind: "rsa" });
    writeFileSync(file("ca.pem"), authority.certificate);
    writeFileSync(file("other-ca.pem"), stranger.certificate);
    writeFileSync(file("server.pem"), issued.certificate);
    writeFileSync(file("server-key.pem"), issued.key);
    writeFileSync(file("client.pem"), other.certificate);
    writeFileSync(file("client-key.pem"), other.key, { mode: 0o600 });
    server = await startMysql({
      flavour,
      settings: [
        ...settings,
        `ssl-ca=${file("ca.pem")}`,
        `ssl-cert=${file("server.pem")}`,
        `ssl-key=${file("server-key.pem")}`,
      ],
    });
    for (const [name, how] of Object.entries(accounts)) await server.sql(`CREATE USER ${name}@'%' ${how}`);
    await server.sql("CREATE USER nobody@'%'");
    await server.sql("CREATE USER secured@'%' REQUIRE SSL");
    await server.sql("CREATE USER certified@'%' REQUIRE X509");
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  async function logIn(request: ConnectionRequest): Promise<string> {
    const spec = await resolveMysqlConnection(request, {
      variables: {},
      homeFolder: folder,
      userName: "",
      socketPaths: [],
      systemFiles: [],
    });
    await using connection = await MysqlConnection.connect(spec);
    const [row] = await connection.rows("SELECT CURRENT_USER() AS user");
    const [cipher] = await connection.rows("SHOW STATUS LIKE 'Ssl_cipher'");
    // The server's word for it, and ours.
    expect(cipher!.Value !== "").toBe(connection.channel.kind === "tls");
    return `${row!.user!.split("@")[0]} by ${connection.channel.kind}`;
  }

  const tcp = (more: ConnectionRequest): Promise<string> => logIn({ host: "127.0.0.1", port: server.port, ...more });
  const unix = (more: ConnectionRequest): Promise<string> => logIn({ socket: server.socket, ...more });

  test("every account logs in over TLS and over the Unix socket", async () => {
    for (const user of Object.keys(accounts)) {
      expect(await tcp({ user, password })).toBe(`${user} by tls`);
      if (user !== "sha256") expect(await unix({ user, password })).toBe(`${user} by unix`);
      await expect(tcp({ user, password: "wrong" })).rejects.toMatchObject({ code: "AUTH", number: 1045 });
      await expect(tcp({ user })).rejects.toMatchObject({ code: "AUTH" });
    }
    expect(await tcp({ user: "nobody" })).toBe("nobody by tls");
    expect(await tcp({ user: "nobody", sslMode: "disable" })).toBe("nobody by tcp");
  });

  test("a server that must prove itself is checked", async () => {
    const user = "nobody";
    const sslCa = file("ca.pem");
    expect(await tcp({ user, sslMode: "verify-full", sslCa })).toBe("nobody by tls");
    expect(await tcp({ user, sslMode: "verify-ca", sslCa, host: "localhost" })).toBe("nobody by tls");
    await expect(tcp({ user, sslMode: "verify-full", sslCa, host: "localhost" })).rejects.toMatchObject({
      code: "CONNECT",
      message: expect.stringContaining('the server\'s certificate is not for "localhost"'),
    });
    for (const sslMode of ["verify-ca", "verify-full", "require", "prefer"]) {
      await expect(tcp({ user, sslMode, sslCa: file("other-ca.pem") })).rejects.toMatchObject({
        code: "CONNECT",
        message: expect.stringContaining("not signed by a trusted authority"),
      });
    }
    await expect(tcp({ user, sslMode: "verify-full" })).rejects.toMatchObject({ code: "CONNECT" });
  });

  test("accounts that demand TLS or a certificate get it, also over the Unix socket", async () => {
    expect(await tcp({ user: "secured" })).toBe("secured by tls");
    expect(await unix({ user: "secured", sslMode: "require" })).toBe("secured by tls");
    await expect(tcp({ user: "secured", sslMode: "disable" })).rejects.toMatchObject({ code: "AUTH" });
    const certificate = { sslCert: file("client.pem"), sslKey: file("client-key.pem") };
    expect(await tcp({ user: "certified", ...certificate })).toBe("certified by tls");
    await expect(tcp({ user: "certified" })).rejects.toMatchObject({ code: "AUTH" });
  });

  test("what is interrupted over TLS runs no more on the server", async () => {
    const url = `mysql://nobody@127.0.0.1:${server.port}/?ssl-mode=REQUIRED`;
    const spec = await resolveMysqlConnection({ url });
    const stop = new AbortController();
    const connection = await MysqlConnection.connect(spec, { signal: stop.signal });
    const sleeping = connection.query("SELECT SLEEP(100)");
    setTimeout(() => stop.abort(), 50);
    await expect(sleeping).rejects.toMatchObject({ code: "INTERRUPTED" });
    await connection.close();
    const list = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id = ${connection.greeting.threadId}`;
    await expect.poll(() => server.sql(list)).toEqual([{ n: "0" }]);
  });

  test.runIf(flavour === "mysql-9.7")(
    "sha2 passwords go over plain TCP by a key that is trusted, else not",
    async () => {
      const key = join(server.dataDirectory, "public_key.pem");
      writeFileSync(file("public.pem"), await readFile(key));
      for (const user of ["caching", "sha256"]) {
        const request = { user, password, sslMode: "disable" };
        // Nothing is in the server's cache, which would do without.
        await server.sql("FLUSH PRIVILEGES");
        await expect(tcp(request)).rejects.toMatchObject({
          code: "AUTH",
          hint: expect.stringContaining("--get-server-public-key"),
        });
        expect(await tcp({ ...request, mysql: { getServerPublicKey: true } })).toBe(`${user} by tcp`);
        await server.sql("FLUSH PRIVILEGES");
        expect(await tcp({ ...request, mysql: { serverPublicKeyPath: file("public.pem") } })).toBe(`${user} by tcp`);
      }
      expect(await unix({ user: "sha256", password, mysql: { getServerPublicKey: true } })).toBe("sha256 by unix");
      // Once the cache has it, no key is needed.
      expect(await unix({ user: "caching", password })).toBe("caching by unix");
      expect(await tcp({ user: "caching", password, sslMode: "disable" })).toBe("caching by tcp");
    },
  );

  test("the system's user is known by the Unix socket, without a password", async () => {
    const { username } = userInfo();
    if (flavour === "mysql-9.7") {
      await server.sql(`CREATE USER socketed@localhost IDENTIFIED WITH auth_socket AS '${username}'`);
      expect(await unix({ user: "socketed" })).toBe("socketed by unix");
      return;
    }
    await server.sql(`CREATE OR REPLACE USER '${username}'@localhost IDENTIFIED VIA unix_socket`);
    expect(await unix({ user: username })).toBe(`${username} by unix`);
  });
});

test("what fails at a login says why, and what to do", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11", settings: ["max-connections=10"] });
  await server.sql("CREATE USER ann@'10.9.8.7'");
  const connect = async (request: ConnectionRequest): Promise<MysqlConnection> =>
    MysqlConnection.connect(await resolveMysqlConnection({ host: "127.0.0.1", port: server.port, ...request }));
  await expect(connect({ user: "ann" })).rejects.toMatchObject({
    code: "AUTH",
    hint: expect.stringContaining("an account of another host is another account"),
  });
  await expect(connect({ user: "root", database: "nowhere" })).rejects.toMatchObject({
    code: "NOT_FOUND",
    number: 1049,
    hint: expect.stringContaining("SHOW DATABASES"),
  });
  const sessions = [];
  try {
    for (;;) sessions.push(await connect({ user: "root" }));
  } catch (error) {
    expect(error).toMatchObject({
      code: "CONNECT",
      number: 1040,
      retry: "maybe",
      hint: expect.stringMatching(/max_conn/),
    });
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
});

test("MySQL 5.6 takes its native passwords", async () => {
  await using server = await startMysql({ flavour: "mysql-5.6" });
  const places = { "%": { host: "127.0.0.1", port: server.port }, localhost: { socket: server.socket } };
  for (const [from, place] of Object.entries(places)) {
    await server.sql(`CREATE USER native@'${from}' IDENTIFIED BY '${sqlPassword}'`);
    const request = { ...place, user: "native", password };
    await using connection = await MysqlConnection.connect(await resolveMysqlConnection(request));
    expect(await connection.rows("SELECT CURRENT_USER() AS user")).toEqual([{ user: `native@${from}` }]);
    const wrong = await resolveMysqlConnection({ ...request, password: "wrong" });
    await expect(MysqlConnection.connect(wrong)).rejects.toMatchObject({ code: "AUTH", number: 1045 });
  }
});

test("TLS that is asked for and not offered is an error", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.5" });
  const request = { url: `mariadb://root@127.0.0.1:${server.port}/` };
  for (const sslMode of ["require", "verify-full"]) {
    const spec = await resolveMysqlConnection({ ...request, sslMode });
    await expect(MysqlConnection.connect(spec)).rejects.toMatchObject({
      code: "CONNECT",
      message: expect.stringContaining("the server does not offer TLS"),
    });
  }
  await using connection = await MysqlConnection.connect(await resolveMysqlConnection(request));
  expect(connection.channel.kind).toBe("tcp");
});

test("a name with several addresses: the one that answers is used, also by those who come later", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.5" });
  const host = { kind: "tcp", host: "localhost", port: server.port } as const;
  await using first = await MysqlConnection.connect(mysqlConnectionSpec({ host, user: "root" }));
  expect(first.spec.host).toEqual({ ...host, address: "127.0.0.1" });
  await using second = await MysqlConnection.connect(first.spec);
  expect(second.spec.host).toEqual(first.spec.host);
  const nobody = mysqlConnectionSpec({ host: { ...host, host: "nowhere.invalid" }, user: "root" });
  await expect(MysqlConnection.connect(nobody)).rejects.toMatchObject({
    code: "CONNECT",
    message: expect.stringContaining("the host name is not known"),
  });
});
