import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Crc32c } from "./crc32c.ts";

const hexOf = (crc: Crc32c): string => Buffer.from(crc.toBase64(), "base64").toString("hex");

// RFC 3720, appendix B.4, whose bytes stand lowest first; the last is the usual check value.
test.each([
  ["32 zeros", Buffer.alloc(32), "8a9136aa"],
  ["32 times 0xff", Buffer.alloc(32, 0xff), "62a8ab43"],
  ["0 to 31", Buffer.from(Array.from({ length: 32 }, (_, index) => index)), "46dd794e"],
  ["31 to 0", Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), "113fdb5c"],
  ["123456789", Buffer.from("123456789"), "e3069283"],
  ["nothing", Buffer.alloc(0), "00000000"],
])("CRC-32C of %s", (_, bytes, expected) => {
  expect(hexOf(new Crc32c().update(bytes))).toBe(expected);
});

test("pieces of any size give what the whole gives", () => {
  const bytes = randomBytes(10_000);
  const whole = new Crc32c().update(bytes).toBase64();
  for (const size of [1, 3, 7, 8, 9, 255, 4096]) {
    const crc = new Crc32c();
    for (let at = 0; at < bytes.length; at += size) crc.update(bytes.subarray(at, at + size));
    expect(crc.toBase64()).toBe(whole);
  }
});
