import { describe, expect, test } from "vitest";
import { collectIntegers } from "./collect-integers.ts";
import type { CopyOutConsumer } from "./copy-out-consumer.ts";

const header = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const trailer = Buffer.from([0xff, 0xff]);

function row(...fields: Buffer[]): Buffer {
  const body = fields.flatMap((field) => [uint32(field.length), field]);
  return Buffer.concat([Buffer.from([0, fields.length]), ...body]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** As a server sends it: each of `bodies` in a message of its own, `step` bytes in one read. */
function feed(consumer: CopyOutConsumer, bodies: readonly Buffer[], step: number): void {
  const stream = Buffer.concat(bodies.flatMap((body) => [Buffer.from("d"), uint32(body.length + 4), body]));
  for (let at = 0; at < stream.length; at += step) {
    const bytes = stream.subarray(at, at + step);
    const space = consumer.space();
    space.set(bytes);
    consumer.received(bytes.length);
  }
}

describe("collectIntegers", () => {
  const rows = [
    row(uint32(1), uint32(4_294_967_295), Buffer.from("i")),
    row(uint32(16384), uint32(0), Buffer.from([0x80])),
    row(uint32(7), uint32(8), Buffer.from([1, 2])),
  ];
  const values = [1, 4_294_967_295, 0x69, 16384, 0, 0x80, 7, 8, 0x102];

  test.each([1, 2, 3, 7, 1000])("numbers of 1, 2 and 4 bytes, read %d bytes at a time", (step) => {
    for (const bodies of [
      [Buffer.concat([header, rows[0]!]), rows[1]!, rows[2]!, trailer],
      [header, ...rows, trailer],
    ]) {
      const collected = collectIntegers(3);
      feed(collected.consumer, bodies, step);
      expect([...collected.values()]).toEqual(values);
    }
  });

  test("more rows than there was memory for at first", () => {
    const collected = collectIntegers(3);
    const many = Array.from({ length: 20_000 }, (_, n) => row(uint32(n), uint32(1), Buffer.from("a")));
    feed(collected.consumer, [header, Buffer.concat(many), trailer], 5000);
    const all = collected.values();
    expect(all.length).toBe(60_000);
    expect(all[3 * 19_999]).toBe(19_999);
  });

  test.each<[string, Buffer[]]>([
    ["another number of columns", [header, row(uint32(1))]],
    ["NULL", [header, Buffer.concat([Buffer.from([0, 3]), uint32(0xffff_ffff)])]],
    ["a text", [header, row(uint32(1), uint32(2), Buffer.from("abc"))]],
  ])("%s is no such data", (_, bodies) => {
    expect(() => feed(collectIntegers(3).consumer, bodies, 1000)).toThrow(/the server sent a message with/);
  });

  test("data that ends too early is noticed", () => {
    const collected = collectIntegers(3);
    feed(collected.consumer, [header, rows[0]!], 1000);
    expect(() => collected.values()).toThrow("copied rows without an end");
  });
});
