import fc from "fast-check";
import { expect, test } from "vitest";
import type { Transport } from "../net/transport.ts";
import type { CopyOutStep } from "./copy-out-consumer.ts";
import { type BlockReceiver, CopyOutScanner } from "./copy-out-scanner.ts";
import { sumRowsReference } from "./row-sum-reference.ts";

const blockSize = 1024 * 1024;

function scannerOver(transport: Transport["kind"]): CopyOutScanner {
  return new CopyOutScanner({ transport, memory: { blocks: 6, blockSize } });
}

function message(payload: Uint8Array): Buffer {
  const header = Buffer.from("d....");
  header.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

/** Feeds bytes as a connection does: as much as there is space for, waiting when told to; answers the last step. */
async function feed(scanner: CopyOutScanner, bytes: Uint8Array, sizes?: Iterator<number>): Promise<CopyOutStep> {
  let step: CopyOutStep = { kind: "more" };
  for (let at = 0; at < bytes.length; ) {
    const space = scanner.space();
    const count = Math.min(space.length, bytes.length - at, (sizes?.next().value as number | undefined) ?? Infinity);
    space.set(bytes.subarray(at, at + count));
    at += count;
    step = scanner.received(count);
    if (step.kind === "pause") await step.until;
    if (step.kind === "other") return { kind: "other", rest: Buffer.concat([step.rest, bytes.subarray(at)]) };
  }
  return step;
}

/** Collects blocks and gives them back at once. */
function collector(scanner: CopyOutScanner): BlockReceiver & { readonly blocks: Buffer[] } {
  const blocks: Buffer[] = [];
  return {
    blocks,
    isIdle: true,
    push: (block) => {
      blocks.push(Buffer.from(block));
      scanner.recycle(block);
    },
  };
}

/** Keeps the blocks. */
function keeper(): BlockReceiver & { readonly blocks: Buffer[] } {
  const blocks: Buffer[] = [];
  return { blocks, isIdle: true, push: (block) => void blocks.push(block) };
}

const line = fc
  .oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 400, size: "max" }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3000, size: "max" }) },
  )
  .map((bytes) => Buffer.from([...bytes.map((byte) => (byte === 10 ? 32 : byte)), 10]));

test("rows come out as they are, counted and checksummed, however messages and reads are cut", async () => {
  const scanner = scannerOver("tls");
  const framing = fc.constantFrom("a row a message", "cut anywhere", "one message");
  const readSizes = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5000 })));
  const messageSizes = fc.infiniteStream(fc.integer({ min: 0, max: 100 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 60 }),
      framing,
      messageSizes,
      readSizes,
      async (lines, how, cuts, sizes) => {
        const text = Buffer.concat(lines);
        const messages: Buffer[] = [];
        if (how === "a row a message") messages.push(...lines.map(message));
        else if (how === "one message") messages.push(message(text));
        else {
          for (let at = 0; at < text.length; ) {
            const size = cuts.next().value as number;
            messages.push(message(text.subarray(at, at + size)));
            at += size;
          }
        }
        const end = Buffer.from("c\0\0\0\x04C\0\0\0\x0bCOPY 1\0");
        const receiver = collector(scanner);
        scanner.start(receiver);
        const step = await feed(scanner, Buffer.concat([...messages, end]), sizes);
        expect(step).toEqual({ kind: "other", rest: end });
        expect(scanner.finish()).toEqual(sumRowsReference(text));
        expect(Buffer.concat(receiver.blocks).equals(text)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("blocks are full but for the last, and a row may span many", async () => {
  const scanner = scannerOver("tls");
  const wide = Buffer.alloc(5 * blockSize + 17, "0123456789 wide");
  wide[wide.length - 1] = 10;
  const exact = Buffer.alloc(2 * blockSize - 17, "x");
  exact[exact.length - 1] = 10;
  const text = Buffer.concat([wide, exact, Buffer.from("last\n")]);
  const receiver = collector(scanner);
  scanner.start(receiver);
  await feed(scanner, Buffer.concat([message(wide), message(exact), message(Buffer.from("last\n"))]));
  const totals = scanner.finish();
  expect(receiver.blocks.map((block) => block.length)).toEqual([...Array.from({ length: 7 }, () => blockSize), 5]);
  expect(Buffer.concat(receiver.blocks).equals(text)).toBe(true);
  expect(totals).toEqual(sumRowsReference(text));
});

test("an empty table has no blocks and the sum zero", async () => {
  const scanner = scannerOver("tls");
  const receiver = collector(scanner);
  scanner.start(receiver);
  await feed(scanner, Buffer.from("c\0\0\0\x04"));
  expect(scanner.finish()).toEqual({ rows: 0, bytes: 0, checksum: "0".repeat(32) });
  expect(receiver.blocks).toEqual([]);
});

test("copying goes on after a message that is not data", async () => {
  const scanner = scannerOver("tls");
  const receiver = collector(scanner);
  scanner.start(receiver);
  const notice = Buffer.from("N\0\0\0\x08rest");
  const step = await feed(
    scanner,
    Buffer.concat([message(Buffer.from("one\n")), notice, message(Buffer.from("two\n"))]),
  );
  if (step.kind !== "other") throw new Error("the notice was not seen");
  await feed(scanner, Buffer.from(step.rest.subarray(notice.length)));
  expect(scanner.finish().rows).toBe(2);
  expect(Buffer.concat(receiver.blocks).toString()).toBe("one\ntwo\n");
});

test.each([0, 3, 2 ** 30 + 1, 2 ** 32 - 1])("a message with the impossible length %d is refused", async (length) => {
  const scanner = scannerOver("tls");
  const header = Buffer.from("d....");
  header.writeUInt32BE(length, 1);
  for (const sizes of [[5], [1, 1, 1, 1, 1]]) {
    scanner.start(collector(scanner));
    await expect(feed(scanner, header, sizes.values())).rejects.toMatchObject({
      code: "PROTOCOL",
      message: `the server sent a copy message with the impossible length "${length}"`,
    });
  }
});

test("a message without payload is nothing", async () => {
  const scanner = scannerOver("tls");
  const receiver = collector(scanner);
  scanner.start(receiver);
  const none = message(Buffer.alloc(0));
  await feed(scanner, Buffer.concat([none, none, message(Buffer.from("row\n")), none]));
  expect(scanner.finish().rows).toBe(1);
  expect(Buffer.concat(receiver.blocks).toString()).toBe("row\n");
});

test.each([
  ["within a row", message(Buffer.from("1\tone"))],
  ["within a message", message(Buffer.from("1\n")).subarray(0, 6)],
  ["within a header", Buffer.from("d\0\0")],
])("an end %s is an error", async (_, bytes) => {
  const scanner = scannerOver("tls");
  scanner.start(collector(scanner));
  await feed(scanner, bytes);
  expect(() => scanner.finish()).toThrow(expect.objectContaining({ code: "PROTOCOL" }));
});

/** Feeds full blocks of one-row messages until the scanner asks to wait. */
function feedUntilPause(scanner: CopyOutScanner): Promise<void> {
  const row = Buffer.alloc(1000, "x");
  row[999] = 10;
  const bytes = Buffer.concat(Array.from({ length: 100 }, () => message(row)));
  for (let i = 0; i < 1000; i++) {
    scanner.space().set(bytes);
    const step = scanner.received(bytes.length);
    if (step.kind === "pause") return step.until;
  }
  throw new Error("the scanner never asked to wait");
}

test("the scanner asks to wait while the receiver keeps its blocks, and goes on when one comes back", async () => {
  const scanner = scannerOver("tls");
  const { blocks, ...receiver } = keeper();
  scanner.start(receiver);
  const until = feedUntilPause(scanner);
  let resumed = false;
  void until.then(() => {
    resumed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(resumed).toBe(false);
  expect(blocks.length).toBe(5);
  scanner.recycle(blocks.pop()!);
  await until;
  const again = feedUntilPause(scanner);
  for (const block of blocks.splice(0)) scanner.recycle(block);
  await again;
  scanner.finish();
});

test("the next COPY waits until the receiver of the one before gave a block back", async () => {
  const scanner = scannerOver("tls");
  const { blocks, ...receiver } = keeper();
  for (let copies = 0; copies < 6; copies++) {
    await scanner.ready();
    scanner.start(receiver);
    await feed(scanner, message(Buffer.from("row\n")));
    scanner.finish();
  }
  let ready = false;
  const waiting = scanner.ready().then(() => {
    ready = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ready).toBe(false);
  scanner.recycle(blocks[3]!);
  await waiting;
});

test("a receiver that fails makes receiving and finishing fail with its error", async () => {
  const scanner = scannerOver("tls");
  const full = new Error("disk full");
  scanner.start({
    isIdle: true,
    push: () => {
      throw full;
    },
  });
  expect(() => feedUntilPause(scanner)).toThrow(full);
});

test("a scanner takes table after table, also after one that was abandoned", async () => {
  const scanner = scannerOver("tls");
  scanner.start(collector(scanner));
  await feed(scanner, Buffer.concat([message(Buffer.from("half\nro")), Buffer.from("d\0\0")]));
  for (const text of ["one\n", "two\nthree\n"]) {
    const receiver = collector(scanner);
    scanner.start(receiver);
    await feed(scanner, message(Buffer.from(text)));
    expect(scanner.finish()).toEqual(sumRowsReference(Buffer.from(text)));
    expect(Buffer.concat(receiver.blocks).toString()).toBe(text);
  }
});

test("a block is taken back once, memory of others is left alone", async () => {
  const scanner = scannerOver("tls");
  const { blocks, ...receiver } = keeper();
  scanner.start(receiver);
  await feed(scanner, message(Buffer.from("row\n")));
  scanner.finish();
  scanner.recycle(blocks[0]!);
  expect(() => scanner.recycle(blocks[0]!)).toThrow("not a block");
  expect(() => scanner.recycle(Buffer.from("foreign"))).not.toThrow();
});

test("after a small read, and only then, the scanner waits for more as the transport needs it", async () => {
  const small = message(Buffer.from("row\n"));
  const large = message(Buffer.concat([Buffer.alloc(60_000, "x"), Buffer.from("\n")]));
  for (const transport of ["tcp", "unix", "tls"] as const) {
    const scanner = scannerOver(transport);
    scanner.start(collector(scanner));
    const take = (bytes: Buffer) => {
      scanner.space().set(bytes);
      return scanner.received(bytes.length);
    };
    expect(take(large).kind).toBe("more");
    const step = take(small);
    expect(step.kind).toBe(transport === "tcp" ? "pause" : "more");
    if (step.kind === "pause") await step.until;
    scanner.finish();
  }
});
