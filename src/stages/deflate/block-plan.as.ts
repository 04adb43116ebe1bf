// One block of deflate: what codes it gets, how large it is with them, and its bytes.

import { outputAt, pendingAt, pendingBitsAt, putBits, putCode, putStored, setOutput, storedSize } from "./bit-writer.as";
import { makeCodes, makeLengths } from "./huffman-code.as";
import { distanceOf, distanceSymbolOf, endOfMatches, lengthOf, literalsOf, MATCH_STEP, MATCHES } from "./matches.as";

const END_OF_BLOCK: usize = 256;
const LENGTH_SYMBOLS: usize = 257;
const LITERAL_SYMBOLS: usize = 286;
const DISTANCE_SYMBOLS: usize = 30;
const RUN_SYMBOLS: usize = 19;
const MIN_LENGTH: usize = 3;
const MAX_LENGTH: usize = 258;
/** One less than deflate allows: then four literals and what is pending fit into 64 bits. */
const LITERAL_LIMIT: u32 = 14;
const DISTANCE_LIMIT: u32 = 15;
const RUN_LIMIT: u32 = 7;

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;

const LENGTH_BASE: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258, 259,
]);
const LENGTH_EXTRA: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
/** The order in which lengths of the code of lengths are said. */
const RUN_ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
/** The symbol of each length, less 257. */
const LENGTH_SYMBOL: usize = memory.data(260, 16);

/** Frequencies. Literals have two counters, by turns: the same byte twice would wait for itself. */
const LITERAL_COUNT: usize = memory.data(4 * 288, 64);
const OTHER_LITERAL_COUNT: usize = memory.data(4 * 256, 64);
const DISTANCE_COUNT: usize = memory.data(4 * 32, 64);
const RUN_COUNT: usize = memory.data(4 * 20, 64);
/** Lengths of codes; those of the distances are copied behind those of the literals that are used, to be said as one. */
const LITERAL_BITS: usize = memory.data(288 + 32, 64);
const DISTANCE_BITS: usize = memory.data(32, 64);
const RUN_BITS: usize = memory.data(32, 64);
const LITERAL_CODE: usize = memory.data(4 * 288, 64);
const DISTANCE_CODE: usize = memory.data(4 * 32, 64);
const RUN_CODE: usize = memory.data(4 * 20, 64);
/** The code of each length with its extra bits. */
const LENGTH_CODE: usize = memory.data(4 * 260, 64);
/** Symbols of the code of lengths, with their extra bits in the high byte. */
const RUNS: usize = memory.data(2 * 320, 64);

let kind: u32 = STORED;
let runsEnd: usize = 0;
let literalsSaid: usize = 0;
let distancesSaid: usize = 0;
let runsSaid: usize = 0;

function prepare(): void {
  if (load<u8>(LENGTH_SYMBOL + MAX_LENGTH) != 0) return;
  let length = MIN_LENGTH;
  for (let symbol: usize = 0; symbol < 29; symbol++) {
    const next = <usize>load<u16>(LENGTH_BASE + 2 * symbol, 2);
    for (; length < next; length++) store<u8>(LENGTH_SYMBOL + length, <u8>symbol);
  }
}

// @ts-ignore: decorator
@inline
function count(counters: usize, symbol: u32): void {
  const counter = counters + (<usize>symbol << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

function countLiterals(at: usize, length: usize): void {
  const stop = at + length;
  for (; at + 4 <= stop; at += 4) {
    const four = load<u32>(at);
    count(LITERAL_COUNT, four & 255);
    count(OTHER_LITERAL_COUNT, (four >> 8) & 255);
    count(LITERAL_COUNT, (four >> 16) & 255);
    count(OTHER_LITERAL_COUNT, four >> 24);
  }
  for (; at < stop; at++) count(LITERAL_COUNT, load<u8>(at));
}

function countSymbols(from: usize, to: usize): void {
  memory.fill(LITERAL_COUNT, 0, 4 * 288);
  memory.fill(OTHER_LITERAL_COUNT, 0, 4 * 256);
  memory.fill(DISTANCE_COUNT, 0, 4 * 32);
  let at = from;
  const end = endOfMatches();
  for (let place = MATCHES; place < end; place += MATCH_STEP) {
    const match = load<u64>(place);
    const length = lengthOf(match);
    countLiterals(at, literalsOf(match));
    count(LITERAL_COUNT, <u32>LENGTH_SYMBOLS + load<u8>(LENGTH_SYMBOL + length));
    count(DISTANCE_COUNT, distanceSymbolOf(match));
    at += literalsOf(match) + length;
  }
  countLiterals(at, to - at);
  count(LITERAL_COUNT, <u32>END_OF_BLOCK);
  for (let i: usize = 0; i < 4 * 256; i += 4) {
    store<u32>(LITERAL_COUNT + i, load<u32>(LITERAL_COUNT + i) + load<u32>(OTHER_LITERAL_COUNT + i));
  }
}

function addRun(symbol: u32, extra: usize): void {
  store<u16>(RUNS + 2 * runsEnd++, <u16>(symbol | (<u32>extra << 8)));
  count(RUN_COUNT, symbol);
}

/** Says `times` times the same length of a code in as few symbols as there are (RFC 1951, 3.2.7). */
function addRuns(bits: u32, times: usize): void {
  if (bits == 0) {
    for (; times >= 11; times -= min<usize>(times, 138)) addRun(18, min<usize>(times, 138) - 11);
    if (times >= 3) {
      addRun(17, times - 3);
      return;
    }
  } else if (times >= 4) {
    addRun(bits, 0);
    times--;
    for (; times >= 3; times -= min<usize>(times, 6)) addRun(16, min<usize>(times, 6) - 3);
  }
  for (; times > 0; times--) addRun(bits, 0);
}

/** Makes the header of a block with its own codes. Answers its size in bits. */
function planHeader(): u64 {
  literalsSaid = LITERAL_SYMBOLS;
  while (load<u8>(LITERAL_BITS + literalsSaid - 1) == 0) literalsSaid--;
  distancesSaid = DISTANCE_SYMBOLS;
  while (distancesSaid > 1 && load<u8>(DISTANCE_BITS + distancesSaid - 1) == 0) distancesSaid--;
  memory.copy(LITERAL_BITS + literalsSaid, DISTANCE_BITS, distancesSaid);
  memory.fill(RUN_COUNT, 0, 4 * 20);
  runsEnd = 0;
  const said = literalsSaid + distancesSaid;
  for (let i: usize = 0; i < said; ) {
    const bits = load<u8>(LITERAL_BITS + i);
    const start = i;
    while (i < said && load<u8>(LITERAL_BITS + i) == bits) i++;
    addRuns(bits, i - start);
  }
  makeLengths(RUN_COUNT, RUN_SYMBOLS, RUN_LIMIT, RUN_BITS);
  runsSaid = RUN_SYMBOLS;
  while (load<u8>(RUN_BITS + <usize>load<u8>(RUN_ORDER + runsSaid - 1)) == 0) runsSaid--;
  let size: u64 = 14 + 3 * <u64>runsSaid;
  for (let i: usize = 0; i < RUN_SYMBOLS; i++) size += <u64>load<u32>(RUN_COUNT + 4 * i) * <u64>load<u8>(RUN_BITS + i);
  return size + 2 * load<u32>(RUN_COUNT + 4 * 16) + 3 * load<u32>(RUN_COUNT + 4 * 17) + 7 * load<u32>(RUN_COUNT + 4 * 18);
}

// @ts-ignore: decorator
@inline
function distanceExtra(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

function fixedLiteralBits(symbol: usize): u32 {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

/**
 * Chooses how to write the bytes from..to, which are the literals and matches that were found and perhaps literals behind
 * them. Answers the size in bits, without the three that say the kind.
 */
export function planBlock(from: usize, to: usize): u64 {
  prepare();
  countSymbols(from, to);
  makeLengths(LITERAL_COUNT, LITERAL_SYMBOLS, LITERAL_LIMIT, LITERAL_BITS);
  makeLengths(DISTANCE_COUNT, DISTANCE_SYMBOLS, DISTANCE_LIMIT, DISTANCE_BITS);
  let extra: u64 = 0;
  let fixed: u64 = 0;
  let dynamic: u64 = planHeader();
  for (let symbol: usize = 0; symbol < LITERAL_SYMBOLS; symbol++) {
    const times = <u64>load<u32>(LITERAL_COUNT + 4 * symbol);
    fixed += times * <u64>fixedLiteralBits(symbol);
    dynamic += times * <u64>(symbol < literalsSaid ? load<u8>(LITERAL_BITS + symbol) : 0);
    if (symbol >= LENGTH_SYMBOLS) extra += times * <u64>load<u8>(LENGTH_EXTRA + symbol - LENGTH_SYMBOLS);
  }
  for (let symbol: usize = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    const times = <u64>load<u32>(DISTANCE_COUNT + 4 * symbol);
    fixed += times * 5;
    dynamic += times * <u64>load<u8>(DISTANCE_BITS + symbol);
    extra += times * <u64>distanceExtra(<u32>symbol);
  }
  const stored = storedSize(to - from);
  kind = fixed <= dynamic ? FIXED : DYNAMIC;
  const coded = extra + min<u64>(fixed, dynamic);
  if (coded < stored) return coded;
  kind = STORED;
  return stored;
}

function putHeader(): void {
  const sizes = (literalsSaid - 257) | ((distancesSaid - 1) << 5) | ((runsSaid - 4) << 10);
  putBits(<u64>sizes, 14);
  for (let i: usize = 0; i < runsSaid; i++) putBits(<u64>load<u8>(RUN_BITS + <usize>load<u8>(RUN_ORDER + i)), 3);
  makeCodes(RUN_BITS, RUN_SYMBOLS, RUN_CODE);
  for (let i: usize = 0; i < runsEnd; i++) {
    const run = <u32>load<u16>(RUNS + 2 * i);
    const symbol = run & 255;
    putCode(load<u32>(RUN_CODE + (<usize>symbol << 2)));
    if (symbol >= 16) putBits(<u64>(run >> 8), symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
  }
}

function useFixedCodes(): void {
  for (let symbol: usize = 0; symbol < 288; symbol++) store<u8>(LITERAL_BITS + symbol, <u8>fixedLiteralBits(symbol));
  memory.fill(DISTANCE_BITS, 5, DISTANCE_SYMBOLS);
}

function makeLengthCodes(): void {
  for (let length = MIN_LENGTH; length <= MAX_LENGTH; length++) {
    const symbol = <usize>load<u8>(LENGTH_SYMBOL + length);
    const code = load<u32>(LITERAL_CODE + ((LENGTH_SYMBOLS + symbol) << 2));
    const extra = <u32>(length - <usize>load<u16>(LENGTH_BASE + 2 * symbol));
    const bits = code & 255;
    store<u32>(LENGTH_CODE + 4 * length, (((code >> 8) | (extra << bits)) << 8) | (bits + load<u8>(LENGTH_EXTRA + symbol)));
  }
}

// @ts-ignore: decorator
@inline
function codeOf(byte: u32): u32 {
  return load<u32>(LITERAL_CODE + (<usize>byte << 2));
}

/** Writes literals and matches. All that changes is held in locals: that is a third of its time. */
function putSymbols(from: usize, to: usize): void {
  let output = outputAt();
  let pending = pendingAt();
  let pendingBits = pendingBitsAt();
  let at = from;
  const end = endOfMatches();
  for (let place = MATCHES; ; place += MATCH_STEP) {
    const match = place < end ? load<u64>(place) : <u64>(to - at);
    const stop = at + literalsOf(match);
    for (; at + 4 <= stop; at += 4) {
      const four = load<u32>(at);
      const a = codeOf(four & 255);
      const b = codeOf((four >> 8) & 255);
      const c = codeOf((four >> 16) & 255);
      const d = codeOf(four >> 24);
      const ab = (a & 255) + (b & 255);
      const low = <u64>(a >> 8) | (<u64>(b >> 8) << (a & 255));
      const high = <u64>(c >> 8) | (<u64>(d >> 8) << (c & 255));
      pending |= (low | (high << ab)) << pendingBits;
      pendingBits += ab + (c & 255) + (d & 255);
      store<u64>(output, pending);
      output += <usize>(pendingBits >> 3);
      pending >>= <u64>(pendingBits & ~7);
      pendingBits &= 7;
    }
    for (; at < stop; at++) {
      const code = codeOf(load<u8>(at));
      pending |= <u64>(code >> 8) << pendingBits;
      pendingBits += code & 255;
    }
    store<u64>(output, pending);
    output += <usize>(pendingBits >> 3);
    pending >>= <u64>(pendingBits & ~7);
    pendingBits &= 7;
    if (place >= end) break;

    const lengthCode = load<u32>(LENGTH_CODE + (lengthOf(match) << 2));
    pending |= <u64>(lengthCode >> 8) << pendingBits;
    pendingBits += lengthCode & 255;
    const symbol = distanceSymbolOf(match);
    const distanceCode = load<u32>(DISTANCE_CODE + (<usize>symbol << 2));
    pending |= <u64>(distanceCode >> 8) << pendingBits;
    pendingBits += distanceCode & 255;
    const extra = distanceExtra(symbol);
    pending |= <u64>(distanceOf(match) & ((1 << extra) - 1)) << pendingBits;
    pendingBits += extra;
    store<u64>(output, pending);
    output += <usize>(pendingBits >> 3);
    pending >>= <u64>(pendingBits & ~7);
    pendingBits &= 7;
    at += lengthOf(match);
  }
  setOutput(output, pending, pendingBits);
}

/** Writes the block that was planned last. */
export function writeBlock(from: usize, to: usize): void {
  if (kind == STORED) {
    putStored(from, to - from);
    return;
  }
  putBits(<u64>kind << 1, 3);
  if (kind == FIXED) useFixedCodes();
  else putHeader();
  makeCodes(LITERAL_BITS, kind == FIXED ? 288 : literalsSaid, LITERAL_CODE);
  makeCodes(DISTANCE_BITS, DISTANCE_SYMBOLS, DISTANCE_CODE);
  makeLengthCodes();
  putSymbols(from, to);
  putCode(load<u32>(LITERAL_CODE + (END_OF_BLOCK << 2)));
}
