import fc from "fast-check";
import { expect, test } from "vitest";
import type { OpenedObject } from "../../../ports/storage.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ObjectInput } from "./input-bytes.ts";
import { decodeBuffered, decodeValue, type ValueCursor } from "./value-cursor.ts";

const INTEGER_SIZE = 4;

function lengthOf(chunk: Buffer): Buffer {
  const length = Buffer.alloc(1 + INTEGER_SIZE);
  length.writeUInt32LE(chunk.length, 1);
  return length;
}

function decodeLength(cursor: ValueCursor): number {
  return cursor.int();
}

/** A stream as a custom archive holds it: chunks behind their lengths, and an empty one. */
function storedStream(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([...chunks, Buffer.alloc(0)].flatMap((chunk) => [lengthOf(chunk), chunk]));
}

function inputOf(bytes: Buffer): ObjectInput {
  const object: Pick<OpenedObject, "size" | "readAt"> = {
    size: bytes.length,
    readAt: async (position, target) => bytes.copy(target, 0, position, position + target.length),
  };
  return new ObjectInput(object as OpenedObject);
}

function readerOf(input: ObjectInput): ChunkReader {
  return new ChunkReader(
    input,
    () => decodeBuffered(input, INTEGER_SIZE, decodeLength) ?? decodeValue(input, INTEGER_SIZE, decodeLength),
  );
}

/** As pg_dump cuts them, tiny ones, and some that are larger than what is read at once. */
const length = fc.oneof(
  { weight: 5, arbitrary: fc.constant(4096) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 700_000 }) },
);

test("gives what the chunks hold, however they are cut, and moves behind the stream however much was read", async () => {
  const lengths = fc.array(length, { maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(20), async (sizes, readPieces) => {
      const chunks = sizes.map((size, index) => Buffer.alloc(size, `chunk ${index} of ${size} `));
      const plain = Buffer.concat(chunks);
      const stored = storedStream(chunks);
      const bytes = Buffer.concat([stored, Buffer.from("next")]);

      const input = inputOf(bytes);
      const reader = readerOf(input);
      const pieces: Buffer[] = [];
      for await (const piece of reader.pieces()) pieces.push(Buffer.from(piece));
      expect(Buffer.concat(pieces).equals(plain)).toBe(true);
      await reader.skipRest();
      expect(reader.position).toBe(stored.length);
      expect(reader.storedBytes).toBe(plain.length);

      const again = inputOf(bytes);
      const left = readerOf(again);
      const some: Buffer[] = [];
      if (readPieces > 0) {
        for await (const piece of left.pieces()) if (some.push(Buffer.from(piece)) === readPieces) break;
      }
      expect(plain.indexOf(Buffer.concat(some))).toBe(0);
      await left.skipRest();
      expect(left.storedBytes).toBe(plain.length);
      expect((await again.peek(4)).toString()).toBe("next");
    }),
    { numRuns: 30 },
  );
});

test("small chunks come together, and what lies in one piece is passed on as it is", async () => {
  const small = readerOf(inputOf(storedStream(Array.from({ length: 256 }, () => Buffer.alloc(4096, "x")))));
  const counts: number[] = [];
  for await (const piece of small.pieces()) counts.push(piece.length);
  expect(counts.length).toBeLessThan(12);
  expect(Math.max(...counts)).toBe(256 * 1024);
});

test("a stream that the file's end cuts is damaged, read or passed over", async () => {
  const whole = storedStream([Buffer.alloc(4096, "x"), Buffer.alloc(300_000, "y"), Buffer.alloc(4096, "z")]);
  for (const end of [3, 2000, 4101, 4104, 200_000, whole.length - 1]) {
    const reading = async () => {
      for await (const piece of readerOf(inputOf(whole.subarray(0, end))).pieces())
        expect(piece.length).toBeGreaterThan(0);
    };
    await expect(reading(), `read to ${end}`).rejects.toMatchObject({ code: "DAMAGED" });
    await expect(readerOf(inputOf(whole.subarray(0, end))).skipRest(), `passed to ${end}`).rejects.toMatchObject({
      code: "DAMAGED",
    });
  }
});
