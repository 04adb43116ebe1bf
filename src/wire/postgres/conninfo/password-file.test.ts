import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findPassword, type PasswordQuestion, parsePasswordFile, readPasswordFile } from "./password-file.ts";

const folder = mkdtempSync(join(tmpdir(), "dbbackup-pgpass-"));
afterAll(() => rmSync(folder, { recursive: true }));

const question: PasswordQuestion = { hosts: ["db1"], port: 5432, database: "shop", user: "ann" };

function answer(text: string, changes: Partial<PasswordQuestion> = {}): string | undefined {
  return findPassword(parsePasswordFile(text), { ...question, ...changes });
}

describe("a password file", () => {
  test("gives the password of the first line that fits", () => {
    const text = "# comment\ndb2:*:*:*:no\ndb1:5433:*:*:no\ndb1:*:shop:ann:yes\n*:*:*:*:later\n";
    expect(answer(text)).toBe("yes");
    expect(answer(text, { user: "bob" })).toBe("later");
  });

  test("takes what a backslash protects as it is", () => {
    expect(answer("a\\:b:*:*:*:p\\:w\\\\x", { hosts: ["a:b"] })).toBe("p:w\\x");
    expect(answer("\\*:*:*:*:star", { hosts: ["*"] })).toBe("star");
    expect(answer("\\*:*:*:*:star")).toBeUndefined();
  });

  test("keeps colons and spaces in the password, and loses the end of a line of Windows", () => {
    expect(answer("*:*:*:*:a:b c \r\n")).toBe("a:b c ");
  });

  test("knows a default socket by both its names", () => {
    expect(answer("localhost:*:*:*:yes", { hosts: ["/var/run/postgresql", "localhost"] })).toBe("yes");
  });

  test("passes over lines with too few fields", () => {
    expect(answer("db1:5432:shop:ann\n\n::\n")).toBeUndefined();
  });

  test("is ignored with a warning when others can read it, or it is no file", () => {
    const path = join(folder, "open");
    writeFileSync(path, "*:*:*:*:secret\n");
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(path, mode);
      const file = readPasswordFile(path);
      expect(file.entries).toEqual([]);
      expect(file.warning).toMatch(/can be read by others/);
    }
    chmodSync(path, 0o600);
    expect(readPasswordFile(path)).toMatchObject({ warning: undefined, entries: [{ password: "secret" }] });
    mkdirSync(join(folder, "sub"));
    expect(readPasswordFile(join(folder, "sub")).warning).toMatch(/not a plain file/);
  });

  test("that is missing is no error", () => {
    expect(readPasswordFile(join(folder, "none"))).toEqual({ entries: [], warning: undefined });
  });
});
