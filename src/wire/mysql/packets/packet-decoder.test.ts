import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketDecoder } from "./packet-decoder.ts";
import { packets } from "./write-packet.ts";

test("packets are the same however their bytes arrive", () => {
  const sizes = fc.array(fc.nat(200), { minLength: 1, maxLength: 20 });
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(sizes, cuts, (lengths, steps) => {
      const sent = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      const bytes = Buffer.concat(sent.map((payload, index) => packets(payload, index)));
      const decoder = new PacketDecoder();
      const memory = Buffer.alloc(64);
      const received: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const count = bytes.copy(memory, 0, at, at + (steps.next().value as number));
        at += count;
        decoder.feed(memory.subarray(0, count));
        for (let packet = decoder.next(); packet !== undefined; packet = decoder.next())
          received.push(Buffer.from(packet));
        decoder.keep();
        memory.fill(0xee);
      }
      expect(received).toEqual(sent);
    }),
  );
});

test.each([0xffffff - 1, 0xffffff, 0xffffff + 1, 2 * 0xffffff])("a payload of %i bytes comes as one", (length) => {
  const decoder = new PacketDecoder();
  decoder.limit = 2 ** 30;
  const payload = Buffer.alloc(length, 7);
  decoder.feed(packets(payload, 0));
  expect(decoder.next()?.equals(payload)).toBe(true);
  expect(decoder.next()).toBeUndefined();
});

test("before the login nobody sends us much", () => {
  const decoder = new PacketDecoder();
  decoder.feed(Buffer.from([0, 0, 2, 0]));
  expect(() => decoder.next()).toThrow("a packet of 131072 bytes");
});

test("what was fed in two pieces is kept when the memory of both is used again", () => {
  for (const second of [0, 3]) {
    const payload = Buffer.alloc(20, 7);
    const memory = packets(payload, 0);
    const decoder = new PacketDecoder();
    decoder.feed(memory.subarray(0, 10));
    decoder.feed(memory.subarray(10, 10 + second));
    expect(decoder.next()).toBeUndefined();
    decoder.keep();
    memory.fill(0xee, 0, 10 + second);
    decoder.feed(memory.subarray(10 + second));
    expect(decoder.next()?.equals(payload)).toBe(true);
  }
});
