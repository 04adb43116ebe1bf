import fc from "fast-check";

/** Numbers that readers stumble over when they are lengths, counts, offsets or octets of them. */
const TELLING = [0, 1, 2, 4, 8, 0x7f, 0x80, 0xff];

/** One change of some bytes, by fractions of the length so that it fits any archive. */
const change = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.double({ min: 0, max: 1, noNaN: true }), bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant("set" as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.oneof(fc.constantFrom(...TELLING), fc.nat(255)),
    count: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant("move" as const),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    count: fc.nat(64),
    insert: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("remove" as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    count: fc.integer({ min: 1, max: 64 }),
  }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Up to three changes, and where: half of them in the first fifth, which is header and table of contents. */
export const changes = fc.array(fc.tuple(change, fc.boolean()), { minLength: 1, maxLength: 3 });

/** A copy of an archive with the changes made, one after the other. */
export function mutate(archive: Buffer, list: readonly (readonly [Change, boolean])[]): Buffer {
  return list.reduce<Buffer>((bytes, [one, early]) => apply(bytes, one, early ? 0.2 : 1), Buffer.from(archive));
}

function apply(bytes: Buffer, one: Change, share: number): Buffer {
  const place = (fraction: number): number => Math.floor(fraction * share * bytes.length);
  const at = place(one.at);
  switch (one.kind) {
    case "flip":
      if (at < bytes.length) bytes[at]! ^= 1 << one.bit;
      return bytes;
    case "set":
      return bytes.fill(one.value, at, Math.min(bytes.length, at + one.count));
    case "cut":
      return bytes.subarray(0, at);
    case "remove":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.count)]);
    case "move": {
      const from = place(one.from);
      const piece = bytes.subarray(from, from + one.count);
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + (one.insert ? 0 : piece.length))]);
    }
    default:
      throw new Error(`no change "${(one satisfies never as Change).kind}"`);
  }
}
