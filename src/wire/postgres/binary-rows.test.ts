import fc from "fast-check";
import { expect, test } from "vitest";
import { textOfBinaryRows } from "./binary-rows-reference.ts";
import { ColumnKind } from "./column-kind.ts";
import { CopyOutScanner } from "./copy-out-scanner.ts";
import { sumRowsReference } from "./row-sum-reference.ts";

const blockSize = 512 * 1024;
const header = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const trailer = Buffer.from([0xff, 0xff]);
const end = Buffer.from("c\0\0\0\x04");

function newScanner(): CopyOutScanner {
  return new CopyOutScanner({ transport: "tls", memory: { blocks: 4, blockSize } });
}

function message(payload: Uint8Array): Buffer {
  const head = Buffer.from("d....");
  head.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, payload]);
}

function binaryRow(values: readonly (Buffer | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(values.length);
  const fields = values.flatMap((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(value?.length ?? -1);
    return [length, value ?? Buffer.alloc(0)];
  });
  return Buffer.concat([count, ...fields]);
}

interface Read {
  readonly text: Buffer;
  readonly blockLengths: readonly number[];
  readonly totals: ReturnType<CopyOutScanner["finish"]>;
}

async function read(
  scanner: CopyOutScanner,
  kinds: readonly ColumnKind[],
  bytes: Buffer,
  sizes?: Iterator<number>,
): Promise<Read> {
  const blocks: Buffer[] = [];
  const push = (block: Buffer): void => {
    blocks.push(Buffer.from(block));
    scanner.recycle(block);
  };
  scanner.start({ isIdle: true, push }, kinds);
  for (let at = 0; at < bytes.length; ) {
    const space = scanner.space();
    const count = Math.min(space.length, bytes.length - at, (sizes?.next().value as number | undefined) ?? Infinity);
    space.set(bytes.subarray(at, at + count));
    at += count;
    const step = scanner.received(count);
    if (step.kind === "pause") await step.until;
  }
  const totals = scanner.finish();
  return { text: Buffer.concat(blocks), blockLengths: blocks.map((block) => block.length), totals };
}

const sizes: Readonly<Partial<Record<ColumnKind, number>>> = {
  [ColumnKind.int2]: 2,
  [ColumnKind.int4]: 4,
  [ColumnKind.int8]: 8,
  [ColumnKind.oid]: 4,
  [ColumnKind.bool]: 1,
  [ColumnKind.uuid]: 16,
};

/** Bytes as they come, many that need an escape, and long runs without one. */
const text = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ min: 7, max: 14, maxLength: 200, size: "max" }),
  fc.uint8Array({ min: 0x5b, max: 0x5d, maxLength: 50 }),
  fc.integer({ min: 0, max: 5000 }).map((length) => Buffer.alloc(length, "no escapes here, for long")),
);

function valueFor(kind: ColumnKind): fc.Arbitrary<Buffer | null> {
  const size = sizes[kind];
  const bytes =
    size === undefined
      ? text.map((value) => Buffer.from(kind === ColumnKind.jsonb ? [1, ...value] : value))
      : fc
          .oneof(fc.uint8Array({ minLength: size, maxLength: size }), fc.constantFrom(0, 0xff, 0x80, 0x7f))
          .map((value) => (typeof value === "number" ? Buffer.alloc(size, value) : Buffer.from(value)));
  return fc.option(bytes, { freq: 6 });
}

const table = fc
  .array(fc.constantFrom(...Object.values(ColumnKind)), { minLength: 1, maxLength: 12 })
  .chain((kinds) => fc.tuple(fc.constant(kinds), fc.array(fc.tuple(...kinds.map(valueFor)), { maxLength: 30 })));

test("binary rows become COPY text, counted and checksummed, however messages and reads are cut", async () => {
  const scanner = newScanner();
  const readSizes = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5000 })));
  const messageSizes = fc.infiniteStream(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(100_000)));
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), messageSizes, readSizes, async ([kinds, values], asSent, cuts, reads) => {
      const rows = values.map(binaryRow);
      const whole = Buffer.concat([header, ...rows, trailer]);
      const messages: Buffer[] = [];
      if (asSent)
        messages.push(...[Buffer.concat([header, rows[0] ?? Buffer.alloc(0)]), ...rows.slice(1), trailer].map(message));
      else {
        for (let at = 0; at < whole.length; ) {
          const size = cuts.next().value as number;
          messages.push(message(whole.subarray(at, at + size)));
          at += size;
        }
      }
      const expected = textOfBinaryRows(whole, kinds);
      const got = await read(scanner, kinds, Buffer.concat([...messages, end]), reads);
      expect(got.text.equals(expected)).toBe(true);
      expect(got.totals).toEqual(sumRowsReference(expected));
    }),
    { numRuns: 500 },
  );
});

test("blocks are full but for the last, wherever a value, an escape or a row meets their end", async () => {
  const scanner = newScanner();
  const kinds = [ColumnKind.int8, ColumnKind.text, ColumnKind.uuid, ColumnKind.bytea, ColumnKind.text];
  const number = Buffer.alloc(8, 0x80);
  const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  for (let shift = 0; shift < 140; shift++) {
    const first = binaryRow([null, Buffer.alloc(blockSize - 90 - shift, "x"), null, null, null]);
    const rows = Array.from({ length: 20 }, (_, i) =>
      binaryRow([number, Buffer.alloc(i, "\n"), uuid, Buffer.alloc(i, 7), Buffer.from("a\\b")]),
    );
    const whole = Buffer.concat([header, first, ...rows, trailer]);
    const expected = textOfBinaryRows(whole, kinds);
    const got = await read(scanner, kinds, Buffer.concat([message(whole), end]));
    expect(got.text.equals(expected)).toBe(true);
    expect(got.totals).toMatchObject({ rows: 21, bytes: expected.length });
    // The twin needs its time for so wide a row.
    if (shift % 20 === 0) expect(got.totals).toEqual(sumRowsReference(expected));
    expect(got.blockLengths).toEqual([blockSize, expected.length - blockSize]);
  }
});

test("values of many blocks: text that doubles, bytea, and what ends exactly at a block's end", async () => {
  const scanner = newScanner();
  const kinds = [ColumnKind.text, ColumnKind.bytea];
  const rows = [
    binaryRow([Buffer.alloc(3 * blockSize, "\n"), Buffer.alloc(blockSize, 0xab)]),
    binaryRow([Buffer.alloc(blockSize - 4, "x"), null]),
    binaryRow([Buffer.alloc(5 * blockSize + 3, "a\\"), Buffer.alloc(0)]),
  ];
  const whole = Buffer.concat([header, ...rows, trailer]);
  const expected = textOfBinaryRows(whole, kinds);
  const got = await read(
    scanner,
    kinds,
    Buffer.concat([
      ...rows.map((row, i) => message(i === 0 ? Buffer.concat([header, row]) : row)),
      message(trailer),
      end,
    ]),
  );
  expect(got.text.equals(expected)).toBe(true);
  expect(got.totals).toEqual(sumRowsReference(expected));
  expect(got.blockLengths.slice(0, -1).every((length) => length === blockSize)).toBe(true);
});

test("an empty table has no blocks", async () => {
  const got = await read(newScanner(), [ColumnKind.text], Buffer.concat([message(header), message(trailer), end]));
  expect(got).toEqual({
    text: Buffer.alloc(0),
    blockLengths: [],
    totals: { rows: 0, bytes: 0, checksum: "0".repeat(32) },
  });
});

test("the same scanner reads text after binary rows, also after some that were cut off", async () => {
  const scanner = newScanner();
  const begun = message(Buffer.concat([header, binaryRow([Buffer.from("abc")]).subarray(0, 8)]));
  await expect(read(scanner, [ColumnKind.text], Buffer.concat([begun, end]))).rejects.toThrow(
    "ended the copy within a row",
  );
  const got = await read(scanner, [], Buffer.concat([message(Buffer.from("a\tb\n")), end]));
  expect(got.text.toString()).toBe("a\tb\n");
  expect(got.totals.rows).toBe(1);
});

const wrong: readonly (readonly [string, Buffer])[] = [
  ["another signature", Buffer.from("PGCOPY\n\xff\n\n\0\0\0\0\0\0\0\0\0", "latin1")],
  ["flags", Buffer.from("PGCOPY\n\xff\r\n\0\0\x01\0\0\0\0\0\0", "latin1")],
  ["fewer columns", Buffer.concat([header, binaryRow([Buffer.from("a")])])],
  ["more columns", Buffer.concat([header, binaryRow([null, null, null])])],
  ["an int4 of three bytes", Buffer.concat([header, binaryRow([Buffer.alloc(3), null])])],
  ["a length below NULL's", Buffer.concat([header, Buffer.from([0, 2, 0xff, 0xff, 0xff, 0xfe])])],
  ["jsonb of another version", Buffer.concat([header, binaryRow([null, Buffer.from([2, 0x7b, 0x7d])])])],
  ["jsonb without a version", Buffer.concat([header, binaryRow([null, Buffer.alloc(0)])])],
  ["rows after the end", Buffer.concat([header, trailer, binaryRow([null, null])])],
];

test.each(wrong)("%s is refused", async (_, bytes) => {
  const kinds = [ColumnKind.int4, ColumnKind.jsonb];
  await expect(read(newScanner(), kinds, Buffer.concat([message(bytes), end]))).rejects.toMatchObject({
    code: "PROTOCOL",
    message: "the server's binary rows are not what its catalogue says of their columns",
  });
});

test("rows that end before the end of all rows are refused", async () => {
  const bytes = message(Buffer.concat([header, binaryRow([Buffer.from("a")])]));
  await expect(read(newScanner(), [ColumnKind.text], Buffer.concat([bytes, end]))).rejects.toThrow("within a row");
});

/** Feeds a row with one `bytea` of `length` bytes. */
async function readWide(length: number): Promise<Read["totals"]> {
  const scanner = newScanner();
  scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) }, [ColumnKind.bytea]);
  const begin = Buffer.concat([header, Buffer.from([0, 1, 0, 0, 0, 0])]);
  begin.writeUInt32BE(length, header.length + 2);
  const head = Buffer.concat([Buffer.from("d...."), begin]);
  head.writeUInt32BE(begin.length + length + 4, 1);
  const feed = async (bytes: Buffer): Promise<void> => {
    scanner.space().set(bytes);
    const step = scanner.received(bytes.length);
    if (step.kind === "pause") await step.until;
  };
  await feed(head);
  const piece = Buffer.alloc(scanner.space().length, "wide");
  for (let left = length; left > 0; left -= piece.length) await feed(piece.subarray(0, Math.min(left, piece.length)));
  await feed(Buffer.concat([message(trailer), end]));
  return scanner.finish();
}

test("a row that a server cannot read as text is refused, one that it can is not", async () => {
  // Two digits a byte, "\\\\x" before them, a line feed behind them.
  const most = (0x3ffffffe - 4) / 2;
  expect(await readWide(most)).toMatchObject({ rows: 1, bytes: 0x3ffffffe });
  await expect(readWide(most + 1)).rejects.toMatchObject({
    code: "UNSUPPORTED_OBJECT",
    message: "a row is longer than 1 GiB as text, so no server could load it again",
  });
});
