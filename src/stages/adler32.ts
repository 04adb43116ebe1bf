import type { BlockCodec } from "./block-codec.ts";
import { BLOCK_CODEC_SLACK, openBlockCodec } from "./block-codec.ts";

/** How much is copied into the code's memory at a time; stays in the first-level cache's neighbour. */
const WINDOW = 64 * 1024;
let shared: BlockCodec | undefined;

/** Continues the Adler-32 of a zlib stream (RFC 1950), 1 at its start, over `bytes`. Node has crc32, but not this. */
export function adler32(bytes: Uint8Array, checksum: number): number {
  shared ??= openBlockCodec(WINDOW + BLOCK_CODEC_SLACK);
  const { wasm, memory, base } = shared;
  let sum = checksum;
  for (let at = 0; at < bytes.length; at += WINDOW) {
    const part = bytes.subarray(at, at + WINDOW);
    memory.set(part, base);
    sum = wasm.adler32(sum, base, part.length);
  }
  return sum >>> 0;
}

const MODULUS = 65_521;

/** The Adler-32 of two runs of bytes, one behind the other, out of those of each, and the length of the second. */
export function joinAdler32(first: number, second: number, secondLength: number): number {
  const length = secondLength % MODULUS;
  const firstLow = first & 0xffff;
  const low = (firstLow + (second & 0xffff) + MODULUS - 1) % MODULUS;
  const high = ((first >>> 16) + (second >>> 16) + length * firstLow + MODULUS - length) % MODULUS;
  return high * 65_536 + low;
}
