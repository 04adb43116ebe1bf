// XXH3-128 with seed 0 and the default secret, for whole values and for values that come in parts.
// AssemblyScript, built by scripts/build-wasm.ts. Format: docs/FORMAT.md, chapter rowsum128-v1. The readable twin in
// plain TypeScript is xxh3-128-reference.ts; a test holds the two together.

const PRIME32_1: u64 = 0x9e3779b1;
const PRIME32_2: u64 = 0x85ebca77;
const PRIME32_3: u64 = 0xc2b2ae3d;
const PRIME64_1: u64 = 0x9e3779b185ebca87;
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME64_3: u64 = 0x165667b19e3779f9;
const PRIME64_4: u64 = 0x85ebca77c2b2ae63;
const PRIME64_5: u64 = 0x27d4eb2f165667c5;
const PRIME_MX1: u64 = 0x165667919e3779f9;
const PRIME_MX2: u64 = 0x9fb21c651e98df25;

const STRIPE: usize = 64;
const STRIPES_PER_BLOCK: usize = 16;
const BLOCK: usize = STRIPE * STRIPES_PER_BLOCK;
/** Longest value that is hashed without the eight lanes. */
const MID_LENGTH: usize = 240;

// prettier-ignore
const SECRET: usize = memory.data<u8>([
  0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
  0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
  0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
  0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
  0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
  0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
  0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
  0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
  0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
  0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
  0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
  0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
]);

/** Eight 64-bit lanes of the long hash. */
const LANES: usize = memory.data(64, 16);
/**
 * A value that comes in parts: the last stripe of what was consumed, then up to one block not yet consumed. The final
 * stripe of a value overlaps what came before it, and so it is always 64 bytes in one piece here.
 */
const TAIL: usize = memory.data(64 + 1024, 64);
const PART: usize = TAIL + STRIPE;

/** The two halves of the last hash. */
export let hashLow: u64 = 0;
export let hashHigh: u64 = 0;

let partLength: usize = 0;
let valueLength: u64 = 0;

// @ts-ignore: decorator
@inline
function read64(at: usize): u64 {
  return load<u64>(at);
}

// @ts-ignore: decorator
@inline
function high128(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const cross = ((a0 * b0) >> 32) + ((a1 * b0) & 0xffffffff) + a0 * b1;
  return a1 * b1 + ((a1 * b0) >> 32) + (cross >> 32);
}

// @ts-ignore: decorator
@inline
function fold128(a: u64, b: u64): u64 {
  return (a * b) ^ high128(a, b);
}

// @ts-ignore: decorator
@inline
function avalanche(value: u64): u64 {
  value ^= value >> 37;
  value *= PRIME_MX1;
  return value ^ (value >> 32);
}

// @ts-ignore: decorator
@inline
function avalanche64(value: u64): u64 {
  value ^= value >> 33;
  value *= PRIME64_2;
  value ^= value >> 29;
  value *= PRIME64_3;
  return value ^ (value >> 32);
}

// @ts-ignore: decorator
@inline
function mix16(at: usize, secret: usize): u64 {
  return fold128(read64(at) ^ read64(secret), read64(at + 8) ^ read64(secret + 8));
}

// @ts-ignore: decorator
@inline
function sum16(at: usize): u64 {
  return read64(at) + read64(at + 8);
}

function hashUpTo16(at: usize, length: usize): void {
  if (length > 8) {
    const flipLow = read64(SECRET + 32) ^ read64(SECRET + 40);
    const flipHigh = read64(SECRET + 48) ^ read64(SECRET + 56);
    let last = read64(at + length - 8);
    const mixed = read64(at) ^ last ^ flipLow;
    let low = mixed * PRIME64_1 + ((<u64>length - 1) << 54);
    last ^= flipHigh;
    const high = high128(mixed, PRIME64_1) + last + (last & 0xffffffff) * (PRIME32_2 - 1);
    low ^= bswap<u64>(high);
    hashLow = avalanche(low * PRIME64_2);
    hashHigh = avalanche(high128(low, PRIME64_2) + high * PRIME64_2);
  } else if (length >= 4) {
    const first = <u64>load<u32>(at);
    const last = <u64>load<u32>(at + length - 4);
    const keyed = (first + (last << 32)) ^ read64(SECRET + 16) ^ read64(SECRET + 24);
    const factor = PRIME64_1 + ((<u64>length) << 2);
    let low = keyed * factor;
    const high = high128(keyed, factor) + (low << 1);
    low ^= high >> 3;
    low ^= low >> 35;
    low *= PRIME_MX2;
    hashLow = low ^ (low >> 28);
    hashHigh = avalanche(high);
  } else if (length > 0) {
    const combined =
      ((<u32>load<u8>(at)) << 16) |
      ((<u32>load<u8>(at + (length >> 1))) << 24) |
      <u32>load<u8>(at + length - 1) |
      (<u32>length << 8);
    const turned = rotl<u32>(bswap<u32>(combined), 13);
    hashLow = avalanche64(<u64>combined ^ <u64>(load<u32>(SECRET) ^ load<u32>(SECRET + 4)));
    hashHigh = avalanche64(<u64>turned ^ <u64>(load<u32>(SECRET + 8) ^ load<u32>(SECRET + 12)));
  } else {
    hashLow = avalanche64(read64(SECRET + 64) ^ read64(SECRET + 72));
    hashHigh = avalanche64(read64(SECRET + 80) ^ read64(SECRET + 88));
  }
}

// @ts-ignore: decorator
@inline
function finishMid(low: u64, high: u64, length: u64): void {
  hashLow = avalanche(low + high);
  hashHigh = 0 - avalanche(low * PRIME64_1 + high * PRIME64_4 + length * PRIME64_2);
}

function hash17To128(at: usize, length: usize): void {
  const end = at + length;
  let low = <u64>length * PRIME64_1;
  let high: u64 = 0;
  if (length > 32) {
    if (length > 64) {
      if (length > 96) {
        low = (low + mix16(at + 48, SECRET + 96)) ^ sum16(end - 64);
        high = (high + mix16(end - 64, SECRET + 112)) ^ sum16(at + 48);
      }
      low = (low + mix16(at + 32, SECRET + 64)) ^ sum16(end - 48);
      high = (high + mix16(end - 48, SECRET + 80)) ^ sum16(at + 32);
    }
    low = (low + mix16(at + 16, SECRET + 32)) ^ sum16(end - 32);
    high = (high + mix16(end - 32, SECRET + 48)) ^ sum16(at + 16);
  }
  low = (low + mix16(at, SECRET)) ^ sum16(end - 16);
  high = (high + mix16(end - 16, SECRET + 16)) ^ sum16(at);
  finishMid(low, high, length);
}

function hash129To240(at: usize, length: usize): void {
  const end = at + length;
  let low = <u64>length * PRIME64_1;
  let high: u64 = 0;
  for (let i: usize = 0; i < 128; i += 32) {
    low = (low + mix16(at + i, SECRET + i)) ^ sum16(at + i + 16);
    high = (high + mix16(at + i + 16, SECRET + i + 16)) ^ sum16(at + i);
  }
  low = avalanche(low);
  high = avalanche(high);
  for (let i: usize = 128; i + 32 <= length; i += 32) {
    low = (low + mix16(at + i, SECRET + i - 125)) ^ sum16(at + i + 16);
    high = (high + mix16(at + i + 16, SECRET + i - 109)) ^ sum16(at + i);
  }
  low = (low + mix16(end - 16, SECRET + 103)) ^ sum16(end - 32);
  high = (high + mix16(end - 32, SECRET + 119)) ^ sum16(end - 16);
  finishMid(low, high, length);
}

function resetLanes(): void {
  store<u64>(LANES, PRIME32_3);
  store<u64>(LANES + 8, PRIME64_1);
  store<u64>(LANES + 16, PRIME64_2);
  store<u64>(LANES + 24, PRIME64_3);
  store<u64>(LANES + 32, PRIME64_4);
  store<u64>(LANES + 40, PRIME32_2);
  store<u64>(LANES + 48, PRIME64_5);
  store<u64>(LANES + 56, PRIME32_1);
}

/** Two lanes take 16 bytes: each lane adds its neighbour's bytes, and the product of the halves of its own keyed ones. */
// @ts-ignore: decorator
@inline
function accumulate(lanes: v128, at: usize, secret: usize): v128 {
  const data = v128.load(at);
  const keyed = v128.xor(data, v128.load(secret));
  const product = i64x2.extmul_low_i32x4_u(
    v128.shuffle<i32>(keyed, keyed, 0, 2, 0, 2),
    v128.shuffle<i32>(keyed, keyed, 1, 3, 1, 3),
  );
  return i64x2.add(lanes, i64x2.add(product, v128.shuffle<i64>(data, data, 1, 0)));
}

function consumeStripes(at: usize, count: usize, secret: usize): void {
  let a = v128.load(LANES);
  let b = v128.load(LANES, 16);
  let c = v128.load(LANES, 32);
  let d = v128.load(LANES, 48);
  for (let i: usize = 0; i < count; i++) {
    a = accumulate(a, at, secret);
    b = accumulate(b, at + 16, secret + 16);
    c = accumulate(c, at + 32, secret + 32);
    d = accumulate(d, at + 48, secret + 48);
    at += STRIPE;
    secret += 8;
  }
  v128.store(LANES, a);
  v128.store(LANES, b, 16);
  v128.store(LANES, c, 32);
  v128.store(LANES, d, 48);
}

function scramble(): void {
  for (let i: usize = 0; i < 64; i += 8) {
    const lane = read64(LANES + i);
    store<u64>(LANES + i, (lane ^ (lane >> 47) ^ read64(SECRET + 128 + i)) * PRIME32_1);
  }
}

function mergeLanes(secret: usize, start: u64): u64 {
  let sum = start;
  for (let i: usize = 0; i < 64; i += 16) sum += mix16(LANES + i, secret + i);
  return avalanche(sum);
}

/** Consumes whole blocks while more bytes follow them (the last ones are treated differently); answers how many bytes. */
function consumeBlocks(at: usize, length: usize): usize {
  let done: usize = 0;
  while (length - done > BLOCK) {
    consumeStripes(at + done, STRIPES_PER_BLOCK, SECRET);
    scramble();
    done += BLOCK;
  }
  return done;
}

/** The 1 to 1024 bytes after the last whole block; the 64 bytes before `end` must all be of the value. */
function finishLong(at: usize, end: usize, length: u64): void {
  consumeStripes(at, (end - at - 1) / STRIPE, SECRET);
  consumeStripes(end - STRIPE, 1, SECRET + 121);
  hashLow = mergeLanes(SECRET + 11, length * PRIME64_1);
  hashHigh = mergeLanes(SECRET + 117, ~(length * PRIME64_2));
}

/** Hashes a value that lies in one piece. */
export function hashWhole(at: usize, length: usize): void {
  if (length <= 16) hashUpTo16(at, length);
  else if (length <= 128) hash17To128(at, length);
  else if (length <= MID_LENGTH) hash129To240(at, length);
  else {
    resetLanes();
    finishLong(at + consumeBlocks(at, length), at + length, length);
  }
}

/** Begins a value that comes in parts. */
export function beginParts(): void {
  resetLanes();
  partLength = 0;
  valueLength = 0;
}

/** Takes the next part, of any length; the bytes are not needed afterwards. */
export function addPart(at: usize, length: usize): void {
  valueLength += length;
  while (length > 0) {
    if (partLength == BLOCK) {
      consumeStripes(PART, STRIPES_PER_BLOCK, SECRET);
      scramble();
      memory.copy(TAIL, PART + BLOCK - STRIPE, STRIPE);
      partLength = 0;
    }
    if (partLength == 0) {
      const done = consumeBlocks(at, length);
      if (done > 0) memory.copy(TAIL, at + done - STRIPE, STRIPE);
      at += done;
      length -= done;
    }
    const room = BLOCK - partLength;
    const taken = length < room ? length : room;
    memory.copy(PART + partLength, at, taken);
    partLength += taken;
    at += taken;
    length -= taken;
  }
}

/** Ends a value that came in parts. */
export function endParts(): void {
  if (valueLength <= MID_LENGTH) hashWhole(PART, <usize>valueLength);
  else finishLong(PART, PART + partLength, valueLength);
}
