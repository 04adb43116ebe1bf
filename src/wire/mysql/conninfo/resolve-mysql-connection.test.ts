import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority } from "../../../../tests/helpers/certificates.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { MysqlConnectionSpec } from "../connection-spec.ts";
import type { MysqlEnvironment } from "./mysql-environment.ts";
import { resolveMysqlConnection } from "./resolve-mysql-connection.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dbbackup-my-home-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function environment(parts: Partial<MysqlEnvironment> = {}): MysqlEnvironment {
  return { variables: {}, homeFolder: home, userName: "ann", socketPaths: [], systemFiles: [], ...parts };
}

function resolve(request: ConnectionRequest, parts: Partial<MysqlEnvironment> = {}): Promise<MysqlConnectionSpec> {
  return resolveMysqlConnection(request, environment(parts));
}

const write = (name: string, text: string, mode = 0o600): string => {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

const modeOf = async (request: ConnectionRequest): Promise<string> => (await resolve(request)).tls.mode;

const versions = async (tlsVersion: string): Promise<unknown> =>
  (await resolve({ host: "db1", mysql: { tlsVersion } })).tls;

const socketThere = (): string => {
  const path = join(home, "s.sock");
  writeFileSync(path, "");
  return path;
};

describe("the place", () => {
  test("is the socket of a usual place, else 127.0.0.1", async () => {
    expect((await resolve({})).host).toEqual({ kind: "tcp", host: "127.0.0.1", port: 3306 });
    const path = socketThere();
    expect((await resolve({}, { socketPaths: ["/nowhere", path] })).host).toEqual({ kind: "unix", path });
  });

  test("localhost is the socket, unless a port is named", async () => {
    const socketPaths = [socketThere()];
    expect((await resolve({ host: "localhost" }, { socketPaths })).host).toEqual({
      kind: "unix",
      path: socketPaths[0],
    });
    expect((await resolve({ host: "localhost", port: 3307 }, { socketPaths })).host).toEqual({
      kind: "tcp",
      host: "localhost",
      port: 3307,
    });
    expect((await resolve({ host: "127.0.0.1" }, { socketPaths })).host).toMatchObject({ host: "127.0.0.1" });
    expect((await resolve({ url: "mysql://localhost/?protocol=tcp" }, { socketPaths })).host.kind).toBe("tcp");
  });

  test("is what the stronger place names, and what weaker ones say of another is forgotten", async () => {
    const variables = { MYSQL_HOST: "env", MYSQL_TCP_PORT: "3399", MYSQL_UNIX_PORT: "/env.sock" };
    expect((await resolve({}, { variables })).host).toEqual({ kind: "tcp", host: "env", port: 3399 });
    expect((await resolve({ url: "mariadb://db1:3310/" }, { variables })).host).toMatchObject({
      host: "db1",
      port: 3310,
    });
    expect((await resolve({ url: "mysql://db1:3310/", host: "db2" })).host).toMatchObject({ host: "db2", port: 3306 });
    expect((await resolve({ socket: "/a.sock", url: "mysql://db1/" })).host).toEqual({ kind: "unix", path: "/a.sock" });
    expect((await resolve({ url: "mysql://u@%2Fb.sock/shop" })).host).toEqual({ kind: "unix", path: "/b.sock" });
    expect((await resolve({ url: "mysql://u@localhost/shop?socket=/c.sock" })).host).toEqual({
      kind: "unix",
      path: "/c.sock",
    });
    expect((await resolve({ url: "mysql://[::1]:3307/" })).host).toEqual({ kind: "tcp", host: "::1", port: 3307 });
  });
});

test("user, password and database come from flags, then the URL, then the environment", async () => {
  const url = "mysql://b%40ob:p%3Aw@db1/shop%2F1";
  const variables = { MYSQL_PWD: "env" };
  const spec = await resolve({ url }, { variables });
  expect(spec).toMatchObject({ user: "b@ob", database: "shop/1" });
  expect(spec.password?.reveal()).toBe("p:w");
  expect((await resolve({ url: "mysql://bob@db1/" }, { variables })).password?.reveal()).toBe("env");
  expect((await resolve({ url: "mysql://bob:@db1/" }, { variables })).password).toBeUndefined();
  expect((await resolve({ url, user: "carl", password: "flag", database: "x" })).user).toBe("carl");
  expect((await resolve({})).user).toBe("ann");
});

describe("option files", () => {
  test("the user's wins over the system's, the URL over both, and they over the environment", async () => {
    const system = write(
      "system.cnf",
      "[client]\nhost=sys\nuser=sys\nport=3301\n[mysqld]\nuser=mysql\nport=1\n",
      0o644,
    );
    write(".my.cnf", "[client]\nuser=own\npassword=own-secret\n");
    const parts = { systemFiles: [system], variables: { MYSQL_HOST: "env", MYSQL_PWD: "env" } };
    const spec = await resolve({}, parts);
    expect(spec).toMatchObject({ user: "own", host: { host: "sys", port: 3301 } });
    expect(spec.password?.reveal()).toBe("own-secret");
    expect(await resolve({ url: "mysql://url@db1/" }, parts)).toMatchObject({ user: "url", host: { host: "db1" } });
    const bare = await resolve({ mysql: { noDefaults: true } }, parts);
    expect(bare).toMatchObject({ user: "ann", host: { host: "env" } });
    expect(bare.password?.reveal()).toBe("env");
  });

  test("one that is named is read alone or besides; one that is missing is an error", async () => {
    write(".my.cnf", "[client]\nuser=own\n");
    const named = write("named.cnf", "[client]\nuser=named\nport=3309\n");
    expect(await resolve({ mysql: { defaultsFile: named } })).toMatchObject({ user: "named" });
    expect(await resolve({ mysql: { defaultsExtraFile: named } })).toMatchObject({ user: "own", host: { port: 3309 } });
    await expect(resolve({ mysql: { defaultsFile: join(home, "none") } })).rejects.toMatchObject({
      code: "CONFIG",
      message: `option file "${join(home, "none")}" cannot be read: ENOENT`,
    });
  });

  test("includes, groups with a suffix, and our own group", async () => {
    mkdirSync(join(home, "conf.d"));
    write("conf.d/2.cnf", "[client]\nuser=two\n");
    write("conf.d/1.cnf", "[client]\nuser=one\nport=3311\n");
    write("conf.d/3.txt", "[client]\nuser=three\n");
    write("more.cnf", "[dbbackup]\ndatabase=shop\n[client_eu]\nhost=eu\n");
    const named = write("a.cnf", "!includedir conf.d\n!include more.cnf\n");
    expect(await resolve({ mysql: { defaultsFile: named } })).toMatchObject({
      user: "two",
      database: "shop",
      host: { host: "127.0.0.1", port: 3311 },
    });
    const suffixed = { mysql: { defaultsFile: named, defaultsGroupSuffix: "_eu" } };
    expect((await resolve(suffixed)).host).toMatchObject({ host: "eu" });
    write("loop.cnf", "!include loop.cnf\n");
    await expect(resolve({ mysql: { defaultsFile: join(home, "loop.cnf") } })).rejects.toMatchObject({
      code: "CONFIG",
    });
  });

  test("a file that everybody can write is ignored, a password that others can read refused", async () => {
    const path = write(".my.cnf", "[client]\nuser=own\npassword=secret\n", 0o646);
    expect(await resolve({})).toMatchObject({
      user: "ann",
      warnings: [`option file "${path}" is ignored: everybody can write it; run: chmod o-w '${path}'`],
    });
    chmodSync(path, 0o644);
    await expect(resolve({})).rejects.toMatchObject({
      code: "CONFIG",
      message: `option file "${path}" holds the password and can be read by others`,
    });
    expect((await resolve({ password: "flag" })).password?.reveal()).toBe("flag");
  });

  test("a line that cannot be read is named, never shown; pinned certificates are refused", async () => {
    const path = write("a.cnf", "password=secret\n");
    await expect(resolve({ mysql: { defaultsFile: path } })).rejects.toMatchObject({
      message: `line 1 of option file "${path}" cannot be read`,
    });
    const pinned = write("b.cnf", "[client]\ntls_fp=AB:CD\n");
    await expect(resolve({ mysql: { defaultsFile: pinned } })).rejects.toMatchObject({
      message: `"tls_fp" in option file "${pinned}" is not supported`,
    });
  });

  test("login paths are not read, and that is said where nothing else gives a password", async () => {
    write(".mylogin.cnf", "x");
    expect((await resolve({})).warnings).toEqual([expect.stringContaining("login paths are not read")]);
    expect((await resolve({ password: "p" })).warnings).toEqual([]);
  });
});

describe("TLS", () => {
  test("the words of both flavours and libpq's mean the same", async () => {
    expect(await modeOf({ host: "db1", sslMode: "require" })).toBe("require");
    for (const [query, mode] of [
      ["ssl-mode=DISABLED", "disable"],
      ["sslmode=preferred", "prefer"],
      ["ssl-mode=Required", "require"],
      ["ssl-verify-server-cert=1", "verify-full"],
      ["ssl-mode=VERIFY_IDENTITY", "verify-full"],
      ["ssl=1", "require"],
      ["ssl=0", "disable"],
      ["", "prefer"],
    ]) {
      expect(await modeOf({ url: `mysql://db1/?${query}` }), query).toBe(mode);
    }
    const path = join(home, "a.cnf");
    writeFileSync(path, "[client]\nskip-ssl\n");
    expect(await modeOf({ host: "db1", mysql: { defaultsFile: path } })).toBe("disable");
  });

  test("a server elsewhere is checked when there is something to check it against", async () => {
    const sslCa = join(home, "ca.pem");
    writeFileSync(sslCa, new Authority("test").certificate);
    expect(await modeOf({ host: "db1", sslCa })).toBe("verify-full");
    expect(await modeOf({ host: "127.0.0.1", sslCa })).toBe("prefer");
    expect((await resolve({ host: "db1", sslMode: "verify-full" })).tls.roots).toEqual({ kind: "system" });
    await expect(resolve({ host: "db1", sslMode: "verify-ca" })).rejects.toMatchObject({ code: "CONFIG" });
    await expect(resolve({ host: "db1", sslMode: "allow" })).rejects.toMatchObject({ code: "CONFIG" });
  });

  test("versions without a gap", async () => {
    expect(await versions("TLSv1.2,TLSv1.3")).toMatchObject({ minVersion: "TLSv1.2", maxVersion: "TLSv1.3" });
    expect(await versions("tlsv1.3")).toMatchObject({ minVersion: "TLSv1.3", maxVersion: "TLSv1.3" });
    await expect(versions("TLSv1.1,TLSv1.3")).rejects.toMatchObject({ code: "CONFIG" });
    await expect(versions("SSLv3")).rejects.toMatchObject({ code: "CONFIG" });
  });

  test("what is not proved is said", async () => {
    expect((await resolve({ host: "db1" })).warnings).toEqual([expect.stringContaining("may be unencrypted")]);
    expect((await resolve({ host: "127.0.0.1" })).warnings).toEqual([]);
    expect((await resolve({ host: "db1", sslMode: "verify-full" })).warnings).toEqual([]);
  });
});

test("what cannot be honoured is refused, without showing a password", async () => {
  for (const [url, message] of [
    ["mysql://u:secret@db1,db2/", 'the host "db1,db2" in the URL cannot be read'],
    ["mysql://u:secret%zz@db1/", "the password in the URL has a wrong percent sign"],
    ["mysql://u:secret@db1/?colour=red", '"colour" after "?" in the URL means nothing'],
    ["mysql://u:secret@db1:99999/", 'port has the wrong value "99999" (--url)'],
    ["secret", "the value of --url is no URL"],
  ] as const) {
    await expect(resolve({ url })).rejects.toMatchObject({ code: "CONFIG", message });
  }
  await expect(resolve({ host: "a", socket: "/b" })).rejects.toMatchObject({ code: "USAGE" });
});
