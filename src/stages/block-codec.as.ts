// LZ4 blocks, and the checksums of zlib streams and LZ4 frames. AssemblyScript, built by scripts/build-wasm.ts; driven by
// block-codec.ts. The host lays out the memory behind memoryBase(); reads and writes may overshoot what they were given by
// up to 32 bytes, so each area needs that much slack.

export { adler32 } from "./adler32.as";

// --- XXH32, seed 0 (checksums of LZ4 frames) ---

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;
const PRIME_4: u32 = 0x27d4eb2f;
const PRIME_5: u32 = 0x165667b1;

let lane1: u32 = 0;
let lane2: u32 = 0;
let lane3: u32 = 0;
let lane4: u32 = 0;
let hashedLength: u64 = 0;
let waitingLength: usize = 0;
/** Bytes that do not fill a stripe of 16 yet. */
const WAITING: usize = memory.data(16, 16);

export function xxh32Reset(): void {
  lane1 = PRIME_1 + PRIME_2;
  lane2 = PRIME_2;
  lane3 = 0;
  lane4 = 0 - PRIME_1;
  hashedLength = 0;
  waitingLength = 0;
}

// @ts-ignore: decorator
@inline
function xxh32Round(lane: u32, value: u32): u32 {
  return rotl<u32>(lane + value * PRIME_2, 13) * PRIME_1;
}

function xxh32Stripes(at: usize, stop: usize): void {
  let a = lane1;
  let b = lane2;
  let c = lane3;
  let d = lane4;
  while (at < stop) {
    a = xxh32Round(a, load<u32>(at));
    b = xxh32Round(b, load<u32>(at, 4));
    c = xxh32Round(c, load<u32>(at, 8));
    d = xxh32Round(d, load<u32>(at, 12));
    at += 16;
  }
  lane1 = a;
  lane2 = b;
  lane3 = c;
  lane4 = d;
}

export function xxh32Update(at: usize, length: usize): void {
  hashedLength += length;
  if (waitingLength > 0) {
    const taken = min<usize>(16 - waitingLength, length);
    memory.copy(WAITING + waitingLength, at, taken);
    waitingLength += taken;
    at += taken;
    length -= taken;
    if (waitingLength < 16) return;
    xxh32Stripes(WAITING, WAITING + 16);
    waitingLength = 0;
  }
  const whole = length & ~15;
  xxh32Stripes(at, at + whole);
  waitingLength = length - whole;
  memory.copy(WAITING, at + whole, waitingLength);
}

export function xxh32Digest(): u32 {
  let hash = <u32>hashedLength;
  if (hashedLength >= 16) {
    hash += rotl<u32>(lane1, 1) + rotl<u32>(lane2, 7) + rotl<u32>(lane3, 12) + rotl<u32>(lane4, 18);
  } else {
    hash += PRIME_5;
  }
  let at = WAITING;
  const end = WAITING + waitingLength;
  while (at + 4 <= end) {
    hash = rotl<u32>(hash + load<u32>(at) * PRIME_3, 17) * PRIME_4;
    at += 4;
  }
  while (at < end) hash = rotl<u32>(hash + <u32>load<u8>(at++) * PRIME_5, 11) * PRIME_1;
  hash = (hash ^ (hash >>> 15)) * PRIME_2;
  hash = (hash ^ (hash >>> 13)) * PRIME_3;
  return hash ^ (hash >>> 16);
}

/** The hash of bytes apart, in the midst of another. */
export function xxh32Of(at: usize, length: usize): u32 {
  const a = lane1;
  const b = lane2;
  const c = lane3;
  const d = lane4;
  const total = hashedLength;
  const waiting = waitingLength;
  const bytes = v128.load(WAITING);
  xxh32Reset();
  xxh32Update(at, length);
  const hash = xxh32Digest();
  lane1 = a;
  lane2 = b;
  lane3 = c;
  lane4 = d;
  hashedLength = total;
  waitingLength = waiting;
  v128.store(WAITING, bytes);
  return hash;
}

// --- LZ4 block format ---

const MIN_MATCH: usize = 4;
/** The last match must begin this far before the end of a block, and the last bytes must be literals. */
const MATCH_START_LIMIT: usize = 12;
const LAST_LITERALS: usize = 5;
const MAX_OFFSET: usize = 65535;
const HASH_BITS: u64 = 14;
const HASH_TABLE_SIZE: usize = 4 << (<usize>HASH_BITS);
/** Positions in the block by hash of the five bytes there. */
const HASH_TABLE: usize = memory.data(65536, 16);
/** After so many failed attempts, as a power of two, the search begins to skip: bytes that cannot be compressed. */
const SKIP_AFTER: u32 = 6;

// @ts-ignore: decorator
@inline
function slotOf(at: usize): usize {
  return HASH_TABLE + ((<usize>(((load<u64>(at) << 24) * 889523592379) >> (64 - HASH_BITS))) << 2);
}

/** Copies by 16 bytes; may write 15 bytes too many. */
// @ts-ignore: decorator
@inline
function copyBy16(to: usize, from: usize, length: usize): void {
  const stop = to + length;
  while (to < stop) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}

/** Writes what of a length does not fit into its half of the token. */
// @ts-ignore: decorator
@inline
function writeLength(to: usize, length: usize): usize {
  while (length >= 255) {
    store<u8>(to++, 255);
    length -= 255;
  }
  store<u8>(to++, <u8>length);
  return to;
}

function matchLength(at: usize, match: usize, limit: usize): usize {
  const start = at;
  while (at + 8 <= limit) {
    const difference = load<u64>(at) ^ load<u64>(match);
    if (difference != 0) return at - start + <usize>(ctz<u64>(difference) >> 3);
    at += 8;
    match += 8;
  }
  while (at < limit && load<u8>(at) == load<u8>(match)) {
    at++;
    match++;
  }
  return at - start;
}

/** Compresses a block; `to` must have room for length + length / 255 + 16 bytes and slack. Answers the size. */
export function lz4Compress(from: usize, length: usize, to: usize): usize {
  const outputStart = to;
  const end = from + length;
  let anchor = from;
  if (length > MATCH_START_LIMIT) {
    memory.fill(HASH_TABLE, 0, HASH_TABLE_SIZE);
    const lastStart = end - MATCH_START_LIMIT;
    const matchLimit = end - LAST_LITERALS;
    let at = from + 1;
    let attempts: u32 = 1 << SKIP_AFTER;
    while (at <= lastStart) {
      const slot = slotOf(at);
      let match = from + load<u32>(slot);
      store<u32>(slot, <u32>(at - from));
      if (at - match > MAX_OFFSET || load<u32>(match) != load<u32>(at)) {
        at += attempts++ >> SKIP_AFTER;
        continue;
      }
      while (at > anchor && match > from && load<u8>(at - 1) == load<u8>(match - 1)) {
        at--;
        match--;
      }
      const literals = at - anchor;
      const extra = matchLength(at + MIN_MATCH, match + MIN_MATCH, matchLimit);
      const token = to++;
      store<u8>(token, <u8>((min<usize>(literals, 15) << 4) | min<usize>(extra, 15)));
      if (literals >= 15) to = writeLength(to, literals - 15);
      copyBy16(to, anchor, literals);
      to += literals;
      store<u16>(to, <u16>(at - match));
      to += 2;
      if (extra >= 15) to = writeLength(to, extra - 15);
      at += MIN_MATCH + extra;
      anchor = at;
      attempts = 1 << SKIP_AFTER;
      if (at <= lastStart) store<u32>(slotOf(at - 2), <u32>(at - 2 - from));
    }
  }
  const literals = end - anchor;
  store<u8>(to++, <u8>(min<usize>(literals, 15) << 4));
  if (literals >= 15) to = writeLength(to, literals - 15);
  memory.copy(to, anchor, literals);
  return to + literals - outputStart;
}

/**
 * Decompresses a block to `to`, at most `capacity` bytes. Matches may reach back to `window`, which lies at or before `to`.
 * Answers the size, or -1 when the block is not valid.
 */
export function lz4Decompress(from: usize, length: usize, to: usize, capacity: usize, window: usize): i32 {
  const end = from + length;
  const outputStart = to;
  const outputEnd = to + capacity;
  while (from < end) {
    const token = <usize>load<u8>(from++);
    let literals = token >> 4;
    if (literals == 15) {
      let byte: usize = 255;
      while (byte == 255) {
        if (from >= end) return -1;
        byte = load<u8>(from++);
        literals += byte;
      }
    }
    if (literals > end - from || literals > outputEnd - to) return -1;
    copyBy16(to, from, literals);
    to += literals;
    from += literals;
    // A block ends with literals.
    if (from == end) return <i32>(to - outputStart);
    if (end - from < 2) return -1;
    const offset = <usize>load<u16>(from);
    from += 2;
    let size = (token & 15) + MIN_MATCH;
    if (size == 15 + MIN_MATCH) {
      let byte: usize = 255;
      while (byte == 255) {
        if (from >= end) return -1;
        byte = load<u8>(from++);
        size += byte;
      }
    }
    if (offset == 0 || offset > to - window || size > outputEnd - to) return -1;
    const match = to - offset;
    if (offset >= 16) {
      copyBy16(to, match, size);
    } else {
      // The match overlaps itself: byte by byte until a multiple of its period is at least 16.
      const period = ((15 + offset) / offset) * offset;
      const before = min<usize>(period - offset, size);
      for (let i: usize = 0; i < before; i++) store<u8>(to + i, load<u8>(match + i));
      copyBy16(to + before, to + before - period, size - before);
    }
    to += size;
  }
  return -1;
}

/** The first address behind the code's own data. */
export function memoryBase(): usize {
  return __heap_base;
}
