import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BackupError } from "../core/backup-error.ts";
import type { Compression } from "../core/compression.ts";
import { createCodec } from "./codec.ts";

const MIB = 1024 * 1024;
/** What ends a zlib stream: an empty last block and the checksum. */
const FINAL_BYTES = 6;
const codec = createCodec();

interface Kind {
  readonly compression: Compression;
  readonly container: "zlib" | "gzip";
}

const kinds: readonly (readonly [name: string, kind: Kind])[] = [
  ["none", { compression: { method: "none", level: 0 }, container: "gzip" }],
  ["zlib 4", { compression: { method: "gzip", level: 4 }, container: "zlib" }],
  ["gzip 6", { compression: { method: "gzip", level: 6 }, container: "gzip" }],
  ["zstd 3", { compression: { method: "zstd", level: 3 }, container: "zlib" }],
  ["lz4", { compression: { method: "lz4", level: 1 }, container: "gzip" }],
];
const compressing = kinds.filter(([name]) => name !== "none");

async function compress(kind: Kind, blocks: readonly Buffer[]): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  const owned = new Set<Buffer>();
  const stream = codec.open({
    ...kind,
    output: async (piece) => {
      expect(piece.length).toBeGreaterThan(0);
      pieces.push(Buffer.from(piece));
    },
    // Whoever gets a block back may write into it at once.
    recycle: (block) => {
      expect(owned.delete(block)).toBe(true);
      block.fill(0xee);
    },
  });
  for (const block of blocks) {
    const copy = Buffer.from(block);
    owned.add(copy);
    await stream.write(copy);
  }
  await stream.end();
  expect(owned.size).toBe(0);
  return pieces;
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decompress(kind: Kind, bytes: Buffer, size = 65_536, maxPlainBytes = Infinity): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const source = cut(bytes, size);
  for await (const piece of codec.decompress(kind.compression.method, kind.container, source, { maxPlainBytes })) {
    expect(piece.length).toBeLessThanOrEqual(MIB);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Bytes that compress about as table rows do, different for each seed. */
function rows(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let at = 0; at < length; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    at += bytes.write(`${state}\tname ${state >>> 20}\t${state % 7 === 0 ? "\\N" : "some text of a row"}\n`, at);
  }
  return bytes;
}

const chunk = fc.oneof(
  fc.record({ length: fc.nat(3000), seed: fc.nat() }).map(({ length, seed }) => rows(length, seed)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.record({ length: fc.nat(5000), value: fc.nat(255) }).map(({ length, value }) => Buffer.alloc(length, value)),
);
const damaged = expect.objectContaining({ code: "DAMAGED" });

describe.each(kinds)("%s", (name, kind) => {
  test("gives back what small streams held, however they were cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), fc.integer({ min: 1, max: 9000 }), async (blocks, size) => {
        const stored = Buffer.concat(await compress(kind, blocks));
        expect((await decompress(kind, stored, size)).equals(Buffer.concat(blocks))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test("gives back what streams of several blocks held", async () => {
    const sizes = [
      [MIB],
      [MIB, 1],
      [MIB - 1, 5, MIB],
      [MIB, MIB, MIB, MIB, MIB, MIB, 700_000, 5],
      [100, MIB, 100, 300_000],
      [3 * MIB + 1],
      Array.from({ length: 90 }, () => 16_384),
    ];
    for (const [number, list] of sizes.entries()) {
      const blocks = list.map((size, index) => rows(size, 100 * number + index));
      const stored = Buffer.concat(await compress(kind, blocks));
      expect((await decompress(kind, stored)).equals(Buffer.concat(blocks)), `sizes ${number}`).toBe(true);
      if (name !== "none") expect(stored.length).toBeLessThan(0.8 * Buffer.concat(blocks).length);
    }
  });

  test("the same bytes give the same stream", async () => {
    const blocks = [MIB, MIB, 1000].map(rows);
    const once = Buffer.concat(await compress(kind, blocks));
    expect(Buffer.concat(await compress(kind, blocks)).equals(once)).toBe(true);
  });

  test("plain bytes beyond the limit are refused", async () => {
    const stored = Buffer.concat(await compress(kind, [Buffer.alloc(2 * MIB)]));
    expect((await decompress(kind, stored, 4096, 2 * MIB)).length).toBe(2 * MIB);
    await expect(decompress(kind, stored, 4096, 2 * MIB - 1)).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining("holds more than the 2097151 bytes"),
    });
  });
});

describe.each(compressing)("%s, read by somebody who is done with a piece when asking for the next:", (_, kind) => {
  test("whose source uses the memory of a piece again for the next", async () => {
    for (const [length, size] of [
      [30_000, 1000],
      [100_000, 9973],
      [2 * MIB, 60_000],
      [2 * MIB, 300_000],
    ] as const) {
      const plain = rows(length, size);
      const stored = Buffer.concat(await compress(kind, [plain]));
      async function* reusing(): AsyncGenerator<Uint8Array> {
        const memory = Buffer.alloc(size);
        for await (const piece of cut(stored, size)) {
          memory.set(piece);
          yield memory.subarray(0, piece.length);
          memory.fill(0xee);
        }
      }
      const pieces: Buffer[] = [];
      const { method } = kind.compression;
      for await (const piece of codec.decompress(method, kind.container, reusing(), { passing: true })) {
        pieces.push(Buffer.from(piece));
      }
      expect(Buffer.concat(pieces).equals(plain), `${length} bytes by ${size}`).toBe(true);
    }
  });

  test("all pieces are whole while they are valid, and empty, not changed, when kept too long", async () => {
    const plain = Buffer.concat([rows(3 * MIB, 1), Buffer.alloc(MIB), rows(700_001, 2)]);
    const stored = Buffer.concat(await compress(kind, [plain]));
    for (const size of [9973, stored.length]) {
      const whole = createHash("sha256");
      const kept: Buffer[] = [];
      let emptied = 0;
      const { method } = kind.compression;
      for await (const piece of codec.decompress(method, kind.container, cut(stored, size), { passing: true })) {
        whole.update(piece);
        kept.push(piece);
      }
      expect(whole.digest("hex")).toBe(createHash("sha256").update(plain).digest("hex"));
      let at = 0;
      for (const piece of kept) {
        if (piece.length === 0) emptied++;
        // What is not given back yet holds what it held.
        else expect(plain.includes(piece, at)).toBe(true);
        at += piece.length;
      }
      expect(emptied).toBeGreaterThan(kept.length / 8);
    }
  });
});

describe.each(compressing)("%s, damaged:", (_, kind) => {
  const blocks = [rows(MIB, 1), rows(200_000, 2), rows(5000, 3)];

  test("a stream that is cut is refused", async () => {
    for (const stored of [await compress(kind, blocks), await compress(kind, [rows(100, 1)])].map((p) =>
      Buffer.concat(p),
    )) {
      const step = Math.ceil(stored.length / 40);
      for (let end = 0; end < stored.length; end += end + 12 > stored.length ? 1 : step) {
        await expect(decompress(kind, stored.subarray(0, end)), `cut at ${end}`).rejects.toEqual(damaged);
      }
      await expect(decompress(kind, stored.subarray(0, -1))).rejects.toEqual(damaged);
    }
  });

  test.each([
    ["a long", blocks],
    ["a small", [rows(3000, 1)]],
  ])("bytes behind the end of %s stream are refused", async (_size, held) => {
    const stored = Buffer.concat(await compress(kind, held));
    for (const tail of ["garbage behind the end", "\0", "\0".repeat(100)]) {
      for (const size of [stored.length, 65_536, 1 << 30]) {
        await expect(decompress(kind, Buffer.concat([stored, Buffer.from(tail)]), size)).rejects.toEqual(damaged);
      }
    }
  });

  test.each([
    ["a long", blocks],
    ["a small", [rows(3000, 1)]],
  ])("a flipped bit of %s stream is found", async (_size, held) => {
    const original = Buffer.concat(await compress(kind, held));
    const plain = Buffer.concat(held);
    for (let i = 0; i < 60; i++) {
      const at = i < 10 ? i : Math.floor((original.length * i) / 60);
      const stored = Buffer.from(original);
      stored[at]! ^= 1 << (i % 8);
      // What says nothing of the content (the operating system in a gzip header) may differ.
      const result = await decompress(kind, stored).catch((error: unknown) => error);
      if (Buffer.isBuffer(result)) expect(result.equals(plain), `byte ${at}`).toBe(true);
      else expect(result, `byte ${at}`).toEqual(damaged);
      if (at >= 10) expect(result, `byte ${at}`).toEqual(damaged);
    }
  });

  test("a small stream of many bytes is read in pieces, and refused beyond the limit", async () => {
    const stored = Buffer.concat(await compress(kind, [Buffer.alloc(MIB), Buffer.alloc(MIB)]));
    expect((await decompress(kind, stored)).equals(Buffer.alloc(2 * MIB))).toBe(true);
    await expect(decompress(kind, stored, 65_536, MIB)).rejects.toEqual(damaged);
  });

  test("an error of the source passes as it is, and a reader that stops ends the source", async () => {
    const stored = Buffer.concat(await compress(kind, blocks));
    let ended = false;
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield stored.subarray(0, 100_000);
      throw new BackupError({ code: "IO", message: "the disk is gone" });
    }
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* cut(stored, 10_000);
      } finally {
        ended = true;
      }
    }
    const { method } = kind.compression;
    const reading = async () => {
      for await (const piece of codec.decompress(method, kind.container, failing(), {})) {
        expect(piece.length).toBeGreaterThan(0);
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: "IO" });
    for await (const piece of codec.decompress(method, kind.container, watched(), {})) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => ended).toBe(true);
  });
});

/** Compresses rows to an output that takes `wait` ms for each frame, and must not see it change. */
async function throughZstdSlowly(seed: number, wait: number): Promise<void> {
  const held: Buffer[] = [];
  const stream = codec.open({
    compression: { method: "zstd", level: 3 },
    container: "zlib",
    output: async (piece) => {
      const before = Buffer.from(piece);
      await sleep(wait);
      expect(piece.equals(before)).toBe(true);
      held.push(zlib.zstdDecompressSync(piece));
    },
  });
  const parts = [rows(MIB, seed), Buffer.alloc(MIB, seed), rows(300_000, seed), randomBytes(MIB)];
  for (const part of parts) await stream.write(Buffer.from(part));
  await stream.end();
  expect(Buffer.concat(held).equals(Buffer.concat(parts))).toBe(true);
}

describe("readers of others", () => {
  const blocks = [rows(MIB, 1), rows(MIB, 2), rows(700_000, 3), Buffer.from("\\.\n\n\n")];
  const plain = Buffer.concat(blocks);

  test("zlib reads our zlib streams", async () => {
    for (const level of [1, 4, 6]) {
      const kind: Kind = { compression: { method: "gzip", level }, container: "zlib" };
      const stored = Buffer.concat(await compress(kind, blocks));
      expect(zlib.inflateSync(stored).equals(plain)).toBe(true);
      expect(stored.length).toBeLessThan(1.01 * zlib.deflateSync(plain, { level }).length);
    }
  });

  test("columns of numbers are smaller than zlib makes them, hashes and texts about as large", async () => {
    const kind: Kind = { compression: { method: "gzip", level: 4 }, container: "zlib" };
    const numbers = Array.from({ length: 60_000 }, (_, i) => `${i}\t${(i * 7919) % 100_003}\t${(i * i) % 9973}\t1\n`);
    const hashes = Array.from(
      { length: 30_000 },
      (_, i) => `${i}\t${createHash("md5").update(`${i}`).digest("hex")}\n`,
    );
    for (const [rowsOf, largest] of [
      [numbers, 0.95],
      [hashes, 1.01],
      [blocks.map((block) => block.toString("latin1")), 1.01],
    ] as const) {
      const text = Buffer.from(rowsOf.join(""), "latin1");
      const parts = Array.from({ length: Math.ceil(text.length / MIB) }, (_, i) =>
        text.subarray(i * MIB, (i + 1) * MIB),
      );
      for (const list of [parts, [text.subarray(0, MIB - 1)]]) {
        const stored = Buffer.concat(await compress(kind, list));
        const held = Buffer.concat(list);
        expect(zlib.inflateSync(stored).equals(held)).toBe(true);
        expect(stored.length).toBeLessThan(largest * zlib.deflateSync(held, { level: 4 }).length);
      }
    }
  });

  test("gunzip reads our gzip streams", async () => {
    const kind: Kind = { compression: { method: "gzip", level: 4 }, container: "gzip" };
    expect(zlib.gunzipSync(Buffer.concat(await compress(kind, blocks))).equals(plain)).toBe(true);
  });

  test("each zstd piece is one whole frame with its size and checksum", async () => {
    const pieces = await compress({ compression: { method: "zstd", level: 3 }, container: "zlib" }, blocks);
    expect(pieces.length).toBe(4);
    expect(Buffer.concat(pieces.map((piece) => zlib.zstdDecompressSync(piece))).equals(plain)).toBe(true);
    for (const piece of pieces) {
      expect(piece[4]! & 0b100, "checksum flag").toBe(0b100);
      expect(piece[4]! & 0b11100000, "content size present").not.toBe(0);
    }
  });

  test("zstd frames of numbers and hashes are smaller than the level alone makes them, those of text about as large", async () => {
    const numbers = Array.from({ length: 60_000 }, (_, i) => `${i}\t${(i * 7919) % 100_003}\t${(i * i) % 9973}\t1\n`);
    const hashes = Array.from(
      { length: 30_000 },
      (_, i) => `${i}\t${createHash("md5").update(`${i}`).digest("hex")}\t{"session": ${i * 77}}\n`,
    );
    for (const [text, largest] of [
      [Buffer.from(numbers.join("")), 0.95],
      [Buffer.from(hashes.join("")), 0.98],
      [rows(MIB, 1), 1.01],
    ] as const) {
      const block = text.subarray(0, MIB);
      for (const level of [1, 3, 5]) {
        const [piece] = await compress({ compression: { method: "zstd", level }, container: "zlib" }, [block, block]);
        expect(zlib.zstdDecompressSync(piece!).equals(block)).toBe(true);
        const alone = zlib.zstdCompressSync(block, {
          chunkSize: 2 * MIB,
          params: {
            [zlib.constants.ZSTD_c_compressionLevel]: level,
            [zlib.constants.ZSTD_c_checksumFlag]: 1,
          },
        });
        expect(piece!.length).toBeLessThanOrEqual((level < 3 ? 1.001 : largest) * alone.length);
      }
    }
  });

  test("a piece that zlib made is empty, not changed, for whoever keeps it too long", async () => {
    const kept: Buffer[] = [];
    const stream = codec.open({
      compression: { method: "gzip", level: 6 },
      container: "zlib",
      output: async (piece) => {
        expect(piece.length).toBeGreaterThan(0);
        kept.push(piece);
      },
    });
    for (const block of blocks.slice(0, 3)) await stream.write(Buffer.from(block));
    await stream.end();
    expect(kept.map((piece) => piece.length)).toEqual([0, 0, 0, FINAL_BYTES]);
  });

  test("a zstd frame stays as it is until its output has resolved, whatever other streams do meanwhile", async () => {
    for (let round = 0; round < 3; round++) {
      await Promise.all([30, 0, 7, 1, 50].map((wait, index) => throughZstdSlowly(10 * round + index, wait)));
    }
  });

  test("joined gzip members and zstd frames are read, wherever they are cut", async () => {
    const parts = [1, 2, 3].map((seed) => rows(200_000 * seed, seed));
    for (const [kind, make] of [
      [{ compression: { method: "gzip", level: 1 }, container: "gzip" }, zlib.gzipSync],
      [{ compression: { method: "zstd", level: 1 }, container: "gzip" }, zlib.zstdCompressSync],
    ] as const) {
      const made = parts.map((part) => make(part));
      const joined = Buffer.concat(made);
      for (const size of [joined.length, made[0]!.length, made[0]!.length + 1, made[0]!.length - 1, 777]) {
        expect((await decompress(kind, joined, size)).equals(Buffer.concat(parts)), `cut by ${size}`).toBe(true);
      }
    }
  });

  test("a zstd frame that needs a window above 128 MiB is refused", async () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (28 - 10) << 3, 0x01, 0x00, 0x00]);
    const kind: Kind = { compression: { method: "zstd", level: 3 }, container: "zlib" };
    await expect(decompress(kind, header)).rejects.toEqual(damaged);
    header[5] = (27 - 10) << 3;
    expect((await decompress(kind, header)).length).toBe(0);
  });
});

describe.each(["zlib", "gzip"] as const)("a %s stream so long that our own threads take part", (container) => {
  const kind: Kind = { compression: { method: "gzip", level: 4 }, container };
  const long = Array.from({ length: 13 }, (_, i) => rows(i === 12 ? 500_000 : MIB, i));
  const inflate = container === "zlib" ? zlib.inflateSync : zlib.gunzipSync;

  test("is read by zlib, is no larger than zlib's, and is the same each time, alone and among others", async () => {
    const [once, again] = await Promise.all([compress(kind, long), compress(kind, long)]);
    const stored = Buffer.concat(once);
    const plain = Buffer.concat(long);
    expect(inflate(stored).equals(plain)).toBe(true);
    expect(Buffer.concat(again).equals(stored)).toBe(true);
    expect(Buffer.concat(await compress(kind, long)).equals(stored)).toBe(true);
    expect(stored.length).toBeLessThan(zlib.deflateSync(plain, { level: 4 }).length);
  });

  test("is damaged where a bit is flipped behind the first blocks", async () => {
    const stored = Buffer.concat(await compress(kind, long));
    for (const part of [0.7, 0.85, 0.99]) {
      const flipped = Buffer.from(stored);
      flipped[Math.floor(stored.length * part)]! ^= 4;
      await expect(decompress(kind, flipped)).rejects.toEqual(damaged);
    }
  });
});

test("small streams of any length and level are what any zlib takes, and no larger than zlib's own", async () => {
  const text = Buffer.from(
    Array.from({ length: 800 }, (_, i) => `${i}\tname ${i % 7}\t${(i * 7919) % 1000}\n`).join(""),
  );
  const noise = Buffer.from(Array.from({ length: 17_000 }, (_, i) => createHash("md5").update(`${i}`).digest()[0]!));
  const lengths = [
    0, 1, 249, 250, 251, 511, 762, 763, 1000, 1786, 1787, 4095, 7930, 7931, 12_000, 16_122, 16_123, 16_384,
  ];
  for (const level of [1, 4, 6, 9]) {
    for (const source of [text, noise]) {
      for (const length of lengths) {
        const plain = source.subarray(0, length);
        const [zlibs, gzips] = await Promise.all(
          (["zlib", "gzip"] as const).map(async (container) =>
            Buffer.concat(await compress({ compression: { method: "gzip", level }, container }, [plain])),
          ),
        );
        expect(zlib.inflateSync(zlibs!).equals(plain)).toBe(true);
        expect(zlib.gunzipSync(gzips!).equals(plain)).toBe(true);
        expect(zlibs!.length).toBeLessThanOrEqual(zlib.deflateSync(plain, { level }).length);
      }
    }
  }
});
