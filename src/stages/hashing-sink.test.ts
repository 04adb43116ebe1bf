import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { HashingSink } from "./hashing-sink.ts";

test("bytes pass unchanged, and their size and SHA-256 are known at any time", async () => {
  const passed: Buffer[] = [];
  const sink = new HashingSink({ write: async (bytes) => void passed.push(Buffer.from(bytes)) });
  expect(sink.result()).toEqual({ size: 0, sha256: createHash("sha256").digest("hex") });
  for (const text of ["one", "", "two"]) await sink.write(Buffer.from(text));
  const bytes = Buffer.from("onetwo");
  expect(Buffer.concat(passed).equals(bytes)).toBe(true);
  const expected = { size: 6, sha256: createHash("sha256").update(bytes).digest("hex") };
  expect(sink.result()).toEqual(expected);
  expect(sink.result()).toEqual(expected);
});

test("a target that fails makes the write fail", async () => {
  const sink = new HashingSink({ write: () => Promise.reject(new Error("disk full")) });
  await expect(sink.write(Buffer.from("x"))).rejects.toThrow("disk full");
});
