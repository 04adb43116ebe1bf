/** How many bytes a character has that begins at a place of some bytes; at most 2, since what follows is no syntax then. */
export type CharacterLength = (bytes: Buffer, at: number) => 1 | 2;

type Range = readonly [from: number, to: number];

/**
 * Character sets whose characters may hold bytes of ASCII behind their first one, quotes and backslashes among them.
 * (MySQL source documentation, strings/ctype-*.cc; the lead and trail bytes are those of the encodings' own standards.)
 */
const layouts: Readonly<Record<string, { readonly lead: readonly Range[]; readonly trail: readonly Range[] }>> = {
  big5: {
    lead: [[0xa1, 0xf9]],
    trail: [
      [0x40, 0x7e],
      [0xa1, 0xfe],
    ],
  },
  cp932: {
    lead: [
      [0x81, 0x9f],
      [0xe0, 0xfc],
    ],
    trail: [
      [0x40, 0x7e],
      [0x80, 0xfc],
    ],
  },
  sjis: {
    lead: [
      [0x81, 0x9f],
      [0xe0, 0xfc],
    ],
    trail: [
      [0x40, 0x7e],
      [0x80, 0xfc],
    ],
  },
  gbk: {
    lead: [[0x81, 0xfe]],
    trail: [
      [0x40, 0x7e],
      [0x80, 0xfe],
    ],
  },
  // Its characters of four bytes are two pairs, whose second bytes are digits.
  gb18030: {
    lead: [[0x81, 0xfe]],
    trail: [
      [0x30, 0x39],
      [0x40, 0x7e],
      [0x80, 0xfe],
    ],
  },
};

/** Undefined for character sets in which every byte of ASCII is that character, as it is in most. */
export function characterLengths(characterSet: string): CharacterLength | undefined {
  const layout = layouts[characterSet.toLowerCase()];
  if (layout === undefined) return undefined;
  const lead = tableOf(layout.lead);
  const trail = tableOf(layout.trail);
  return (bytes, at) => (lead[bytes[at]!] === 1 && trail[bytes[at + 1] ?? 0] === 1 ? 2 : 1);
}

function tableOf(ranges: readonly Range[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [from, to] of ranges) table.fill(1, from, to + 1);
  return table;
}
