const MIB = 1024 * 1024;

/**
 * Sizes of the parts of an object whose length nobody knows: small at first, so that little memory serves ordinary
 * objects, larger when there are many, since services take 10,000 of one object. As [parts, bytes of each].
 */
const steps: readonly (readonly [number, number])[] = [
  [2000, 8 * MIB],
  [6000, 32 * MIB],
  [Number.POSITIVE_INFINITY, 64 * MIB],
];

/** Bytes of the first part: what a small object is held in until it is written at once. */
export const FIRST_PART_BYTES = steps[0]![1];

/** Bytes of a part that is not the last. @param number from 1 */
export function partBytes(number: number): number {
  return steps.find(([upTo]) => number <= upTo)![1];
}

/** Bytes that an object of so many parts holds at most. */
export function bytesOfParts(count: number): number {
  let bytes = 0;
  let before = 0;
  for (const [upTo, size] of steps) {
    const here = Math.min(count, upTo) - before;
    if (here <= 0) break;
    bytes += here * size;
    before = upTo;
  }
  return bytes;
}
