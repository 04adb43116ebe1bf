import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTarHeader, encodeTarHeader, tarBlockBytes, tarPadding } from "./tar-header.ts";

/** A header with bytes changed, and its checksum made to fit. */
function changed(change: (block: Buffer) => void): Buffer {
  const block = encodeTarHeader({ name: "1.dat", size: 1000 }, 0);
  change(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

test("what was written is read, sizes of many gigabytes too", () => {
  const sizes = fc.oneof(fc.nat(2 ** 31 - 1), fc.integer({ min: 8 ** 11 - 5, max: 2 ** 52 }));
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9_.]{1,99}$/), sizes, (name, size) => {
      const block = encodeTarHeader({ name, size }, 1_767_323_045);
      expect(block).toHaveLength(tarBlockBytes);
      expect(decodeTarHeader(block, 0)).toEqual({ name, size });
      expect((size + tarPadding(size)) % tarBlockBytes).toBe(0);
    }),
  );
});

test("a size of 8 GiB goes into base 256, one less does not", () => {
  expect(encodeTarHeader({ name: "a", size: 8 ** 11 - 1 }, 0).toString("latin1", 124, 136)).toBe("77777777777 ");
  expect(encodeTarHeader({ name: "a", size: 8 ** 11 }, 0).toString("hex", 124, 136)).toBe("800000000000000200000000");
});

const hostile: [string, (block: Buffer) => void, RegExp][] = [
  ["a symbolic link", (block) => block.write("2", 156), /not that of a regular file/],
  ["a hard link", (block) => block.write("1", 156), /not that of a regular file/],
  ["a folder", (block) => block.write("5", 156), /not that of a regular file/],
  ["a device", (block) => block.write("3", 156), /not that of a regular file/],
  ["a sparse file", (block) => block.write("S", 156), /not that of a regular file/],
  ["an extended header", (block) => block.write("x", 156), /not that of a regular file/],
  ["a name of a link", (block) => block.write("/etc/passwd", 157), /names another file/],
  ["a folder before the name", (block) => block.write("..", 345), /names another file/],
  ["a negative size", (block) => block.fill(0xff, 124, 136), /impossible size/],
  ["a size beyond all numbers", (block) => block.fill(0x7f, 125, 136).writeUInt8(0x80, 124), /impossible size/],
  ["a size of no digits", (block) => block.fill(0x20, 124, 136), /impossible size/],
  ["a size with a minus", (block) => block.write("-0000001750 ", 124), /impossible size/],
  ["no magic", (block) => block.write("uster", 257), /is missing/],
];

test.each(hostile)("%s is refused", (_, change, message) => {
  expect(() => decodeTarHeader(changed(change), 512)).toThrow(message);
});

test("a changed bit anywhere is found by the checksum", () => {
  for (let at = 0; at < tarBlockBytes; at++) {
    const block = encodeTarHeader({ name: "1.dat", size: 1000 }, 0);
    block[at]! ^= 1;
    // The two bytes behind the checksum's digits mean nothing.
    if (at === 154 || at === 155) continue;
    expect(() => decodeTarHeader(block, 0), `byte ${at}`).toThrow(/tar header/);
  }
});
