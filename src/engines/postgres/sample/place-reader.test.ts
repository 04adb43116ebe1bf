import { expect, test } from "vitest";
import type { CopyOutConsumer } from "../../../wire/postgres/copy-out-consumer.ts";
import { placeReader } from "./place-reader.ts";

const header = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");

function row(table: number, page: number, item: number, hash?: bigint): Buffer {
  const bytes = Buffer.alloc(hash === undefined ? 20 : 32);
  bytes.writeUInt16BE(hash === undefined ? 2 : 3, 0);
  bytes.writeUInt32BE(4, 2);
  bytes.writeUInt32BE(table, 6);
  bytes.writeUInt32BE(6, 10);
  bytes.writeUInt32BE(page, 14);
  bytes.writeUInt16BE(item, 18);
  if (hash !== undefined) {
    bytes.writeUInt32BE(8, 20);
    bytes.writeBigInt64BE(hash, 24);
  }
  return bytes;
}

/** As CopyData messages, each with one piece. */
function messages(...pieces: readonly Buffer[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => {
      const head = Buffer.from([0x64, 0, 0, 0, 0]);
      head.writeUInt32BE(piece.length + 4, 1);
      return Buffer.concat([head, piece]);
    }),
  );
}

function feed(consumer: CopyOutConsumer, bytes: Buffer, stride: number): void {
  for (let at = 0; at < bytes.length; ) {
    const space = consumer.space();
    const count = Math.min(stride, space.length, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    consumer.received(count);
    at += count;
  }
}

test.each([1, 7, 20, 1000])("places are read from messages that are cut every %i bytes", (stride) => {
  const found: unknown[] = [];
  const end = Buffer.from([0xff, 0xff]);
  const bytes = messages(
    Buffer.concat([header, row(4_000_000_000, 4_294_967_294, 291, -5n)]),
    row(16_384, 0, 1, 2n ** 62n),
    end,
  );
  feed(
    placeReader((...place) => found.push(place), true),
    bytes,
    stride,
  );
  expect(found).toEqual([
    [4_000_000_000, 4_294_967_294, 291, -5n],
    [16_384, 0, 1, 2n ** 62n],
  ]);
});

test("rows with other columns are no places", () => {
  const consumer = placeReader(() => {}, false);
  expect(() => feed(consumer, messages(header, row(1, 2, 3, 4n)), 1000)).toThrow(/3 copied columns/);
});
