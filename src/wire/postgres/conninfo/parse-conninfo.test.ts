import { describe, expect, test } from "vitest";
import { parseConninfo } from "./parse-conninfo.ts";

describe("a string of keywords", () => {
  test.each<[string, Record<string, string>]>([
    ["", {}],
    ["  host=db1  port = 5433\tdbname=shop\n", { host: "db1", port: "5433", dbname: "shop" }],
    ["password='a b\\'c\\\\d' user=ann", { password: "a b'c\\d", user: "ann" }],
    ["user=a\\ b", { user: "a b" }],
    ["user=it's", { user: "it's" }],
    ["user='' host=db1", { user: "", host: "db1" }],
    ["user= host=db1", { user: "host=db1" }],
    ["user=ann user=bob", { user: "bob" }],
    ["user='ann'host=db1", { user: "ann", host: "db1" }],
  ])("%j", (text, settings) => {
    expect(Object.fromEntries(parseConninfo(text))).toEqual(settings);
  });

  test.each(["host", "host=db1 user", "=x", "password='hunter2", "host=db1 'hunter2"])("%j is refused", (text) => {
    expect(() => parseConninfo(text)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("does not show an unclosed password", () => {
    expect(() => parseConninfo("password='hunter2=x")).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hunter2") }),
    );
  });
});
