import { describe, expect, test } from "vitest";
import { MessageType } from "./messages/message-type.ts";
import { packRow, unpackRow } from "./packed-row.ts";

function message(row: Buffer) {
  const around = Buffer.concat([Buffer.from("before"), row, Buffer.from("behind")]);
  return { type: MessageType.dataRow, buffer: around, bodyStart: 6, bodyEnd: 6 + row.length };
}

function body(values: readonly (Buffer | null)[], count = values.length): Buffer {
  const parts = values.map((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(value === null ? -1 : value.length);
    return Buffer.concat([length, value ?? Buffer.alloc(0)]);
  });
  return Buffer.concat([Buffer.from([count >> 8, count & 0xff]), ...parts]);
}

function unpacked(values: readonly (Buffer | null)[]): (string | null)[] {
  const found: (string | null)[] = [];
  unpackRow(packRow(message(body(values))), found);
  return found;
}

describe("packed rows", () => {
  test("values come back byte for byte, NULL and the empty text apart", () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const values = [Buffer.from("a"), null, Buffer.alloc(0), all, Buffer.alloc(70_000, "x"), Buffer.from("end")];
    expect(unpacked(values)).toEqual(values.map((value) => value?.toString("latin1") ?? null));
  });

  test("1,600 columns", () => {
    const values = Array.from({ length: 1600 }, (_, n) => (n % 3 === 0 ? null : Buffer.from(`value ${n}`)));
    expect(unpacked(values)).toEqual(values.map((value) => value?.toString("latin1") ?? null));
  });

  test.each<[string, Buffer]>([
    ["nothing at all", Buffer.alloc(0)],
    ["fewer values than it says", body([Buffer.from("a")], 2)],
    ["more values than it says", body([Buffer.from("a"), null], 1)],
    ["a value that is cut", body([Buffer.from("abc")]).subarray(0, -1)],
    ["a length below -1", Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xfe])],
    ["a length beyond everything", Buffer.from([0, 1, 0x7f, 0xff, 0xff, 0xff, 1])],
  ])("a row with %s is refused", (_, bytes) => {
    expect(() => packRow(message(bytes))).toThrow(/the server sent a message with/);
  });
});
