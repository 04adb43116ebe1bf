import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MessageDecoder } from "./message-decoder.ts";
import { MessageType } from "./message-type.ts";

const types = Object.values(MessageType);

function message(type: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** Feeds the pieces one after the other and gathers what comes out between them. */
function decode(pieces: Iterable<Uint8Array>): [number, string][] {
  const decoder = new MessageDecoder();
  decoder.authenticated = true;
  const messages: [number, string][] = [];
  for (const piece of pieces) {
    decoder.feed(piece);
    while (decoder.next()) {
      messages.push([decoder.type, decoder.buffer.toString("hex", decoder.bodyStart, decoder.bodyEnd)]);
    }
  }
  return messages;
}

const anyMessages = fc.array(fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 300 })), { maxLength: 30 });

describe("a message decoder", () => {
  test("gives the same messages whole, byte by byte and cut anywhere", () => {
    fc.assert(
      fc.property(anyMessages, fc.array(fc.integer({ min: 1, max: 400 })), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(([type, body]) => message(type, body)));
        const expected = messages.map(([type, body]) => [type, Buffer.from(body).toString("hex")]);
        expect(decode([stream])).toEqual(expected);
        expect(decode(Array.from(stream, (_, at) => stream.subarray(at, at + 1)))).toEqual(expected);
        const pieces: Buffer[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const length = cuts[cut % Math.max(cuts.length, 1)] ?? stream.length;
          pieces.push(stream.subarray(at, at + length));
          at += length;
        }
        expect(decode(pieces)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("grows for a message larger than its buffer and shrinks afterwards", () => {
    const decoder = new MessageDecoder();
    decoder.authenticated = true;
    const large = message(MessageType.dataRow, Buffer.alloc(300_000, 7));
    for (let at = 0; at < large.length; at += 1000) decoder.feed(large.subarray(at, at + 1000));
    expect(decoder.next()).toBe(true);
    expect(decoder.bodyEnd - decoder.bodyStart).toBe(300_000);
    decoder.feed(message(MessageType.readyForQuery, Buffer.from("I")));
    expect(decoder.next()).toBe(true);
    expect(decoder.buffer.length).toBe(64 * 1024);
  });

  test("does not reserve memory for a length that is only claimed", () => {
    const decoder = new MessageDecoder();
    decoder.authenticated = true;
    decoder.feed(Buffer.from([MessageType.dataRow, 0x3f, 0xff, 0xff, 0xff, 0, 1]));
    expect(decoder.next()).toBe(false);
    expect(decoder.buffer.length).toBe(64 * 1024);
  });

  test.each([
    ["an unknown type", true, [0x00]],
    ["the first byte of another protocol (HTTP)", false, [0x48 + 0x20]],
    ["a length below 4", true, [MessageType.dataRow, 0, 0, 0, 3]],
    ["a row over 1 GiB", true, [MessageType.dataRow, 0x40, 0, 0, 1]],
    ["an error over 1 MiB", true, [MessageType.errorResponse, 0, 0x10, 0, 1]],
    ["more than 64 KiB before the login", false, [MessageType.errorResponse, 0, 1, 0, 1]],
  ])("refuses %s", (_what, authenticated, bytes) => {
    const decoder = new MessageDecoder();
    decoder.authenticated = authenticated;
    decoder.feed(Buffer.from(bytes));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "PROTOCOL" }));
  });

  test("hands over what it has not cut yet", () => {
    const decoder = new MessageDecoder();
    decoder.authenticated = true;
    const first = message(MessageType.copyOutResponse, Buffer.from([0, 0, 0]));
    const rest = message(MessageType.copyData, Buffer.from("1\tone\n")).subarray(0, 8);
    decoder.feed(Buffer.concat([first, rest]));
    expect(decoder.next()).toBe(true);
    expect(decoder.unread).toEqual(rest);
    decoder.skip(rest.length);
    expect(decoder.unread).toHaveLength(0);
    expect(decoder.next()).toBe(false);
  });

  test("cuts what was skipped and put back", () => {
    const decoder = new MessageDecoder();
    decoder.authenticated = true;
    const data = message(MessageType.copyData, Buffer.from("1\tone\n"));
    const done = message(MessageType.copyDone, Buffer.alloc(0));
    decoder.feed(Buffer.concat([data, done.subarray(0, 3)]));
    decoder.skip(data.length + 3);
    decoder.putBack(3);
    decoder.feed(done.subarray(3));
    expect(decoder.next()).toBe(true);
    expect(decoder.type).toBe(MessageType.copyDone);
    expect(decoder.unread).toHaveLength(0);
  });
});
