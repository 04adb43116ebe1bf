import { createHash } from "node:crypto";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adler32 } from "../adler32.ts";
import {
  DEFLATE_HISTORY,
  DEFLATE_INPUT,
  deflateArea,
  deflateMemory,
  deflateModule,
  openDeflate,
} from "./deflate-module.ts";

const shared = deflateMemory(1);
const wasm = openDeflate(deflateModule(), shared);
const memory = Buffer.from(shared.buffer);
const { input, output } = deflateArea(0);
const MOST_OUTPUT = memory.length - output;
/** Where input cannot be compressed, what is said of it. */
const overhead = (length: number) => 16 + Math.ceil(length / 1024);

function deflate(block: Buffer, history: Buffer = Buffer.alloc(0)): Buffer {
  history.copy(memory, input - history.length);
  block.copy(memory, input);
  const size = wasm.deflate(history.length, input, block.length, output);
  expect(size).toBeLessThanOrEqual(MOST_OUTPUT);
  return Buffer.from(memory.subarray(output, output + size));
}

/** Raw deflate data that ends at a byte border, by zlib. */
function inflate(piece: Buffer, dictionary: Buffer = Buffer.alloc(0)): Buffer {
  return zlib.inflateRawSync(Buffer.concat([piece, Buffer.from([0x03, 0x00])]), { dictionary });
}

/** Answers the size, after zlib has given back the same. */
function roundTrip(block: Buffer, history?: Buffer): number {
  const piece = deflate(block, history);
  if (!inflate(piece, history).equals(block)) expect.fail(`${block.length} bytes came back as others`);
  expect(piece.length).toBeLessThanOrEqual(block.length + overhead(block.length));
  return piece.length;
}

/** Bytes without any pattern, the same for each seed. */
function noise(length: number, seed: number): Buffer {
  const hashes = Array.from({ length: Math.ceil(length / 64) }, (_, i) =>
    createHash("sha512").update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat(hashes).subarray(0, length);
}

/** Rows of a table, each with a number, a hash, a date and some text. */
function rows(length: number, seed: number): Buffer {
  const parts: string[] = [];
  for (let size = 0, i = seed; size < length; i++) {
    const hash = createHash("md5").update(`${i}`).digest("hex");
    const row = `${i}\t${hash}\t2024-0${1 + (i % 9)}-1${i % 10}\t{"kind": "${i % 3 ? "order" : "refund"}", "n": ${i * 7919}}\n`;
    parts.push(row);
    size += row.length;
  }
  return Buffer.from(parts.join(""), "latin1").subarray(0, length);
}

test("all lengths up to 300 come back, whatever they hold, with and without history", () => {
  const sources = [
    noise(300, 1),
    rows(300, 2),
    Buffer.alloc(300),
    Buffer.alloc(300, "abcdefg"),
    noise(300, 1).fill("z", 40, 280),
  ];
  const history = rows(500, 3);
  for (const source of sources) {
    for (let length = 0; length <= 300; length++) {
      const block = source.subarray(0, length);
      roundTrip(block);
      roundTrip(block, history);
      roundTrip(block, source);
    }
  }
});

test("what cannot be compressed is stored", () => {
  for (const length of [1000, 65_535, 65_536, 65_537, 131_071, 200_000, DEFLATE_INPUT]) {
    const size = roundTrip(noise(length, length));
    expect(size).toBeGreaterThan(length);
  }
});

test("nothing is written behind the room that the input may need", () => {
  const end = output + DEFLATE_INPUT + DEFLATE_INPUT / 256 + 64;
  memory.fill(0xaa, output);
  roundTrip(noise(DEFLATE_INPUT, 5));
  expect(memory.subarray(end).every((byte) => byte === 0xaa)).toBe(true);
});

test("runs and short periods cost next to nothing", () => {
  for (let period = 1; period <= 20; period++) {
    for (const length of [257, 258, 259, 260, 516, 517, 65_536, 65_794, DEFLATE_INPUT]) {
      const size = roundTrip(Buffer.alloc(length, noise(period, period)));
      expect(size, `period ${period}, length ${length}`).toBeLessThan(100 + length / 200);
    }
  }
});

describe("distances", () => {
  const distances = [...Array(29).keys()].flatMap((symbol) => {
    const base = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << ((symbol >> 1) - 1)) + 1;
    return [base - 1, base, base + 1];
  });

  test("each class of distances is reached, from within the block and from its history", () => {
    for (const distance of [...distances.filter((one) => one >= 6), 24_577, 32_767, 32_768]) {
      const once = noise(distance, distance);
      const twice = Buffer.concat([once, once]);
      expect(roundTrip(twice), `distance ${distance}`).toBeLessThan(1.1 * distance + 100);
      const again = roundTrip(once, once);
      expect(again, `history of ${distance}`).toBeLessThan(distance / 20 + 40);
    }
  });

  test("what lies further back is not referred to", () => {
    for (const distance of [32_769, 32_775, 40_000, 65_535, 65_536, 65_537, 98_304]) {
      const once = noise(distance, distance);
      roundTrip(Buffer.concat([once, once, once]));
      roundTrip(once, once.subarray(-DEFLATE_HISTORY));
    }
  });

  test("what lies before the history is not referred to, though it looks right", () => {
    const before = noise(DEFLATE_HISTORY, 9);
    for (const known of [0, 1, 5, 6, 7, 8, 9, 100, 4095, 4096, 4097, 20_000, 32_767]) {
      before.copy(memory, input - DEFLATE_HISTORY);
      const size = roundTrip(before, before.subarray(DEFLATE_HISTORY - known));
      expect(size).toBeGreaterThan(DEFLATE_HISTORY - known);
    }
  });

  test("the window moves on over a whole block", () => {
    const far = noise(32_768, 11);
    const block = Buffer.alloc(DEFLATE_INPUT, far);
    expect(roundTrip(block)).toBeLessThan(32_768 + DEFLATE_INPUT / 40);
    expect(roundTrip(block, far)).toBeLessThan(DEFLATE_INPUT / 40);
  });
});

test("all lengths of matches come back", () => {
  for (let length = 1; length <= 600; length++) {
    const repeated = noise(length, length);
    roundTrip(Buffer.concat([repeated, noise(50, 1), repeated, noise(7, 2), repeated]));
  }
});

test("codes are never longer than deflate allows", () => {
  // Frequencies like Fibonacci's numbers make the deepest trees; in disorder, so that nothing repeats.
  for (const [symbols, spread] of [
    [22, 1],
    [22, 11],
    [20, 12],
    [16, 5],
  ] as const) {
    const bytes: number[] = [];
    for (let symbol = 0, a = 1, b = 1; symbol < symbols; symbol++, [a, b] = [b, a + b]) {
      for (let i = 0; i < a; i++) bytes.push(symbol * spread);
    }
    const order = noise(bytes.length * 4, symbols);
    const mixed = bytes
      .map((byte, i) => ({ byte, key: order.readUInt32LE(i * 4) }))
      .toSorted((one, other) => one.key - other.key)
      .map(({ byte }) => byte);
    const size = roundTrip(Buffer.from(mixed));
    expect(size).toBeLessThan(0.45 * mixed.length);
  }
});

test("any structure comes back", () => {
  const piece = fc.oneof(
    fc.record({ length: fc.nat(400), seed: fc.nat(50) }).map(({ length, seed }) => rows(length, seed)),
    fc.record({ length: fc.nat(300), value: fc.nat(255) }).map(({ length, value }) => Buffer.alloc(length, value)),
    fc.record({ length: fc.nat(60), seed: fc.nat(9) }).map(({ length, seed }) => noise(length, seed)),
    fc.array(fc.nat(3), { maxLength: 200 }).map((values) => Buffer.from(values.map((value) => 48 + value))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  const bytes = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces));
  fc.assert(
    fc.property(bytes, bytes, fc.boolean(), (block, history, same) => {
      roundTrip(block, (same ? block : history).subarray(-DEFLATE_HISTORY));
    }),
    { numRuns: 1500 },
  );
});

test("random bytes of random alphabets come back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 256 }), fc.nat(200_000), fc.nat(), (alphabet, length, seed) => {
      const block = noise(length, seed).map((byte) => byte % alphabet);
      roundTrip(Buffer.from(block.buffer, block.byteOffset, block.length), noise(seed % DEFLATE_HISTORY, seed));
    }),
    { numRuns: 60 },
  );
});

test("rows are no larger than zlib's default level makes them, and the pieces of blocks form one stream", () => {
  const plain = rows(3 * DEFLATE_INPUT + 12_345, 1);
  const pieces: Buffer[] = [];
  for (let at = 0; at < plain.length; at += DEFLATE_INPUT) {
    pieces.push(deflate(plain.subarray(at, at + DEFLATE_INPUT), plain.subarray(Math.max(0, at - DEFLATE_HISTORY), at)));
  }
  const stream = Buffer.concat(pieces);
  expect(inflate(stream).equals(plain)).toBe(true);
  expect(stream.length).toBeLessThan(zlib.deflateRawSync(plain, { level: 6 }).length);
});

test("rows with little but numbers and blanks are searched only near, and the same again gives the same", () => {
  const lines = Array.from({ length: 9000 }, (_, i) => `${990_000 + i}\t10\t0\t${" ".repeat(84)}\n`);
  const plain = Buffer.from(lines.join(""), "latin1");
  const [history, block] = [plain.subarray(0, DEFLATE_HISTORY), plain.subarray(DEFLATE_HISTORY)];
  const piece = deflate(block, history);
  expect(inflate(piece, history).equals(block)).toBe(true);
  const { length } = zlib.deflateRawSync(block, { level: 6, dictionary: history });
  expect(piece.length).toBeLessThan(0.95 * length);
  deflate(noise(100_000, 3), rows(30_000, 3));
  expect(deflate(block, history).equals(piece)).toBe(true);
});

test("its Adler-32 is the one of the host", () => {
  const bytes = noise(100_003, 4);
  bytes.copy(memory, input);
  expect(wasm.adler32(1, input, bytes.length) >>> 0).toBe(adler32(bytes, 1));
});
