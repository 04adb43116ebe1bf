/**
 * XXH3-128 with seed 0, as plain as it can be written: the twin that the WebAssembly code is tested against, and the text
 * to read for who wants to compute `rowsum128-v1` elsewhere. About 10,000 times slower.
 */

const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;

const secret = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f" +
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364" +
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e" +
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);

type Halves = readonly [low: bigint, high: bigint];

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const fold = (a: bigint, b: bigint) => u64(a * b) ^ ((a * b) >> 64n);

function swap64(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE();
}

function avalanche(value: bigint): bigint {
  const mixed = u64((value ^ (value >> 37n)) * 0x165667919e3779f9n);
  return mixed ^ (mixed >> 32n);
}

function avalanche64(value: bigint): bigint {
  const once = u64((value ^ (value >> 33n)) * PRIME64_2);
  const twice = u64((once ^ (once >> 29n)) * PRIME64_3);
  return twice ^ (twice >> 32n);
}

/** The hash of `bytes` as one number; written in hex with 32 digits it is the canonical form. */
export function xxh3Of128(bytes: Uint8Array): bigint {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [low, high] = halves(input);
  return (high << 64n) | low;
}

function halves(input: Buffer): Halves {
  const { length } = input;
  if (length === 0) return [avalanche64(secret64(64) ^ secret64(72)), avalanche64(secret64(80) ^ secret64(88))];
  if (length <= 3) return upTo3(input);
  if (length <= 8) return upTo8(input);
  if (length <= 16) return upTo16(input);
  if (length <= 240) return upTo240(input);
  return long(input);
}

function secret64(at: number): bigint {
  return secret.readBigUInt64LE(at);
}

function upTo3(input: Buffer): Halves {
  const { length } = input;
  const combined = ((input[0]! << 16) | (input[length >> 1]! << 24) | input[length - 1]! | (length << 8)) >>> 0;
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(combined);
  const turned = swapped.readUInt32BE();
  const rotated = ((turned << 13) | (turned >>> 19)) >>> 0;
  const flipLow = secret.readUInt32LE(0) ^ secret.readUInt32LE(4);
  const flipHigh = secret.readUInt32LE(8) ^ secret.readUInt32LE(12);
  return [avalanche64(BigInt((combined ^ flipLow) >>> 0)), avalanche64(BigInt((rotated ^ flipHigh) >>> 0))];
}

function upTo8(input: Buffer): Halves {
  const { length } = input;
  const both = BigInt(input.readUInt32LE(0)) | (BigInt(input.readUInt32LE(length - 4)) << 32n);
  const product = (both ^ secret64(16) ^ secret64(24)) * (PRIME64_1 + (BigInt(length) << 2n));
  const high = u64((product >> 64n) + (product << 1n));
  const low = u64(product) ^ (high >> 3n);
  const mixed = u64((low ^ (low >> 35n)) * 0x9fb21c651e98df25n);
  return [mixed ^ (mixed >> 28n), avalanche(high)];
}

function upTo16(input: Buffer): Halves {
  const { length } = input;
  const last = input.readBigUInt64LE(length - 8);
  const product = (input.readBigUInt64LE(0) ^ last ^ secret64(32) ^ secret64(40)) * PRIME64_1;
  const flipped = last ^ secret64(48) ^ secret64(56);
  const high = u64((product >> 64n) + flipped + (flipped & 0xffffffffn) * (PRIME32_2 - 1n));
  const low = u64(product + (BigInt(length - 1) << 54n)) ^ swap64(high);
  const second = low * PRIME64_2;
  return [avalanche(u64(second)), avalanche(u64((second >> 64n) + high * PRIME64_2))];
}

/** 17 to 240 bytes: pairs of 16 bytes, from both ends inwards up to 128 bytes, from the start beyond. */
function upTo240(input: Buffer): Halves {
  const { length } = input;
  const read = (at: number) => input.readBigUInt64LE(at);
  const mix = (at: number, key: number) => fold(read(at) ^ secret64(key), read(at + 8) ^ secret64(key + 8));
  let low = u64(BigInt(length) * PRIME64_1);
  let high = 0n;
  const addPair = (a: number, b: number, key: number) => {
    low = u64(low + mix(a, key)) ^ u64(read(b) + read(b + 8));
    high = u64(high + mix(b, key + 16)) ^ u64(read(a) + read(a + 8));
  };
  if (length <= 128) {
    for (let pair = (length - 1) >> 5; pair >= 0; pair--) addPair(16 * pair, length - 16 * (pair + 1), 32 * pair);
  } else {
    for (let at = 0; at < 128; at += 32) addPair(at, at + 16, at);
    low = avalanche(low);
    high = avalanche(high);
    for (let at = 128; at + 32 <= length; at += 32) addPair(at, at + 16, at - 125);
    addPair(length - 16, length - 32, 103);
  }
  const total = low * PRIME64_1 + high * PRIME64_4 + BigInt(length) * PRIME64_2;
  return [avalanche(u64(low + high)), u64(-avalanche(u64(total)))];
}

function long(input: Buffer): Halves {
  const lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const addStripe = (at: number, key: number) => {
    for (let lane = 0; lane < 8; lane++) {
      const value = input.readBigUInt64LE(at + 8 * lane);
      const keyed = value ^ secret64(key + 8 * lane);
      lanes[lane ^ 1] = u64(lanes[lane ^ 1]! + value);
      lanes[lane] = u64(lanes[lane]! + (keyed & 0xffffffffn) * (keyed >> 32n));
    }
  };
  const { length } = input;
  const stripes = Math.floor((length - 1) / 64);
  for (let stripe = 0; stripe < stripes; stripe++) {
    addStripe(64 * stripe, 8 * (stripe % 16));
    const blockEnds = stripe % 16 === 15;
    if (blockEnds) {
      for (const [lane, value] of lanes.entries()) {
        lanes[lane] = u64((value ^ (value >> 47n) ^ secret64(128 + 8 * lane)) * PRIME32_1);
      }
    }
  }
  addStripe(length - 64, 121);
  const merge = (key: number, start: bigint) => {
    let sum = start;
    for (let lane = 0; lane < 8; lane += 2) {
      sum += fold(lanes[lane]! ^ secret64(key + 8 * lane), lanes[lane + 1]! ^ secret64(key + 8 * lane + 8));
    }
    return avalanche(u64(sum));
  };
  const size = BigInt(length);
  return [merge(11, u64(size * PRIME64_1)), merge(117, u64(~(size * PRIME64_2)))];
}
