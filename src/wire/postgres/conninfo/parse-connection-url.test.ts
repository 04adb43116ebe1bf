import { describe, expect, test } from "vitest";
import { parseConnectionUrl } from "./parse-connection-url.ts";

function parsed(url: string): Record<string, string> {
  return Object.fromEntries(parseConnectionUrl(url));
}

describe("a connection URL", () => {
  test.each<[string, Record<string, string>]>([
    ["postgres://", {}],
    ["postgresql:///shop", { dbname: "shop" }],
    ["postgresql://ann@db1/shop", { user: "ann", host: "db1", dbname: "shop" }],
    [
      "postgresql://ann:p%40ss@db1:5433/shop",
      { user: "ann", password: "p@ss", host: "db1", port: "5433", dbname: "shop" },
    ],
    ["postgresql://ann:what?@db1", { user: "ann", password: "what?", host: "db1" }],
    ["postgres://[::1]:5433/a%20b", { host: "::1", port: "5433", dbname: "a b" }],
    ["postgres://[fe80::1%25eth0]", { host: "fe80::1%eth0" }],
    ["postgres://db1,db2:5433,[::1]/x", { host: "db1,db2,::1", port: ",5433,", dbname: "x" }],
    ["postgres://%2Fvar%2Frun%2Fpostgresql/x", { host: "/var/run/postgresql", dbname: "x" }],
    ["postgres:///x?host=/tmp&port=5433", { host: "/tmp", port: "5433", dbname: "x" }],
    ["postgres://db1/x?host=db2", { host: "db2", dbname: "x" }],
    [
      "postgres://db1/x?sslmode=verify-full&options=-c%20geqo%3Doff",
      { host: "db1", dbname: "x", sslmode: "verify-full", options: "-c geqo=off" },
    ],
    ["postgres://db1?ssl=true", { host: "db1", sslmode: "require" }],
    ["postgres://db1/a/b", { host: "db1", dbname: "a/b" }],
  ])("%s", (url, settings) => {
    expect(parsed(url)).toEqual(settings);
  });

  test.each([
    ["an unknown keyword", "postgres://db1?sslmood=require"],
    ["a refused keyword", "postgres://db1?requirepeer=ann"],
    ["a keyword without value", "postgres://db1?sslmode"],
    ["two equal signs", "postgres://db1?options=-c geqo=off"],
    ["a wrong percent sign", "postgres://ann:100%@db1"],
    ["a zero character", "postgres://db1/a%00b"],
    ["an open bracket", "postgres://[::1/x"],
  ])("is refused for %s", (_what, url) => {
    expect(() => parsed(url)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("never puts the password into an error", () => {
    for (const url of [
      "postgres://ann:hunter2%@db1",
      "postgres://ann:hunter2@db1?x=1",
      "postgres://ann:hunter2@[::1",
    ]) {
      expect(() => parsed(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hunter2") }));
    }
  });
});
