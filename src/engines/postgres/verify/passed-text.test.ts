import { expect, test } from "vitest";
import { PassedText } from "./passed-text.ts";

test("what passed lately can be looked at again, wherever pieces end", async () => {
  const megabyte = 1024 * 1024;
  const bytes = Buffer.alloc(5 * megabyte + 12_345);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at > bytes.length - 4 ? bytes.length - 4 : at);
  const passed = new PassedText();
  async function* source() {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + ((at * 7919) % 900_001));
      yield bytes.subarray(at, end);
      at = end;
    }
  }
  let seen = 0;
  for await (const piece of passed.pass(source())) {
    seen += piece.length;
    for (const back of [1, 4095, 4096, megabyte, 2 * megabyte]) {
      const from = Math.max(0, seen - back);
      const to = Math.min(seen, from + 5000);
      expect(passed.at(from, 5000) === bytes.toString("latin1", from, to)).toBe(true);
    }
  }
  expect(passed.at(0, 10)).toBe("");
});
