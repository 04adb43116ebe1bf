import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
