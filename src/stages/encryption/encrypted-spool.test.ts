import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Spool } from "../../ports/spool.ts";
import { encryptedSpool } from "./encrypted-spool.ts";

test("what is written comes back, again and again, and none of it lies in the spool", async () => {
  const disk: Buffer[] = [];
  const plain: Spool = {
    size: 0,
    write: async (bytes) => void disk.push(Buffer.from(bytes)),
    async *drain() {
      yield* disk.splice(0);
    },
    close: async () => undefined,
  };
  const spool = encryptedSpool(plain);
  for (const length of [0, 1, 1_000_000, 262_144]) {
    const pieces = [randomBytes(length), randomBytes(Math.floor(length / 3))];
    for (const piece of pieces) if (piece.length > 0) await spool.write(piece);
    const all = Buffer.concat(pieces);
    expect(spool.size).toBe(all.length);
    if (length > 100) expect(Buffer.concat(disk).includes(all.subarray(0, 32))).toBe(false);
    const read: Uint8Array[] = [];
    for await (const piece of spool.drain()) read.push(Buffer.from(piece));
    expect(Buffer.concat(read).equals(all)).toBe(true);
    expect(spool.size).toBe(0);
  }
});
