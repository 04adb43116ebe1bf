// Turns the rows of COPY ... (FORMAT binary) into the bytes that COPY's text format has for them. Only types whose text
// follows from their bytes alone. AssemblyScript; part of copy-scanner.as.ts. The formats: PostgreSQL's manual, COPY,
// "Binary Format" and "Text Format". binary-rows-reference.ts is the readable twin.
//
// Input may be cut anywhere. Output is written in steps of at most 64 bytes that begin within the block, so the last step
// may end in the slack behind it: the scanner moves that part to the next block.

import { bytesInParts, endRow, rowStart } from "./row-output.as";
import { BAD_ROW, FULL, LONG_ROW, MORE } from "./scan-status.as";

/** How a column comes: the host's ColumnKind, the same numbers. */
const TEXT: u8 = 0;
const INT2: u8 = 1;
const INT4: u8 = 2;
const INT8: u8 = 3;
const OID: u8 = 4;
const BOOL: u8 = 5;
const UUID: u8 = 6;
const BYTEA: u8 = 7;
const JSONB: u8 = 8;

const MOST_COLUMNS: i32 = 1600;
const KINDS: usize = memory.data(1600, 16);

/** Bytes of a value of one piece that is cut. */
const GATHERED: usize = memory.data(32, 16);
/** "PGCOPY\n\377\r\n\0", no flags, no extension. */
// prettier-ignore
const SIGNATURE: usize = memory.data<u8>([
  0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const SIGNATURE_LENGTH: i32 = 19;
/** Behind the backslash: what the bytes 8 to 13 are written as. */
const ESCAPES: usize = memory.data<u8>([0x62, 0x74, 0x6e, 0x76, 0x66, 0x72]);

const TAB: u8 = 0x09;
const LINE_FEED: u8 = 0x0a;
const BACKSLASH: u8 = 0x5c;

// What comes next.
const AT_SIGNATURE: i32 = 0;
const AT_ROW: i32 = 1;
const AT_LENGTH: i32 = 2;
const IN_TEXT: i32 = 3;
const IN_BYTEA: i32 = 4;
const AT_JSONB_VERSION: i32 = 5;
const AT_VALUE: i32 = 6;
const AT_END: i32 = 7;

/**
 * A server reads a row of text, its line feed included, into one piece of memory, at most 1 GiB less 2 bytes; so much it
 * can write, too. Binary rows could be longer: then nobody could load them again.
 */
const MOST_ROW_BYTES: u64 = 0x3ffffffe;

let phase: i32 = AT_SIGNATURE;
let columns: i32 = 0;
let column: i32 = 0;
let kind: u8 = 0;
/** Bytes of the value that are still to come. */
let left: u32 = 0;
let gathered: i32 = 0;
let isTooLong: bool = false;
let inputAt: usize = 0;
let writeAt: usize = 0;

/** Where the host writes the kinds of the columns, before it begins. */
export function columnKinds(): usize {
  return KINDS;
}

export function beginBinaryRows(count: i32): void {
  phase = AT_SIGNATURE;
  columns = count < MOST_COLUMNS ? count : MOST_COLUMNS;
  gathered = 0;
  isTooLong = false;
}

/** Up to where the last call has read. */
export function convertedTo(): usize {
  return inputAt;
}
/** Up to where it has written. */
export function writtenTo(): usize {
  return writeAt;
}
/** The end of all rows was seen. */
export function isAtEnd(): bool {
  return phase == AT_END;
}

/** The next `count` (at most 32) bytes in one piece, or 0 when they are not all there yet. */
// @ts-ignore: decorator
@inline
function take(stop: usize, count: i32): usize {
  const at = inputAt;
  if (gathered == 0 && stop - at >= <usize>count) {
    inputAt = at + count;
    return at;
  }
  return takeCut(stop, count);
}

function takeCut(stop: usize, count: i32): usize {
  const missing = <usize>(count - gathered);
  const there = stop - inputAt;
  const taken = there < missing ? there : missing;
  memory.copy(GATHERED + gathered, inputAt, taken);
  inputAt += taken;
  if (taken < missing) {
    gathered += <i32>taken;
    return 0;
  }
  gathered = 0;
  return GATHERED;
}

// @ts-ignore: decorator
@inline
function writeByte(byte: u8): void {
  store<u8>(writeAt, byte);
  writeAt++;
}

// @ts-ignore: decorator
@inline
function checkLength(end: usize): void {
  if (bytesInParts != 0 && bytesInParts + <u64>(end - rowStart) > MOST_ROW_BYTES) isTooLong = true;
}

/** The value has ended: so has the row, or another column comes. */
// @ts-ignore: decorator
@inline
function endValue(): void {
  column++;
  if (column < columns) {
    phase = AT_LENGTH;
    return;
  }
  const at = writeAt;
  store<u8>(at, LINE_FEED);
  writeAt = at + 1;
  checkLength(at + 1);
  endRow(at);
  phase = AT_ROW;
}

function writeDecimal(value: u64): void {
  let digits: usize = 1;
  for (let power: u64 = 10; digits < 20 && value >= power; digits++) power *= 10;
  let at = writeAt + digits;
  writeAt = at;
  while (value >= 0x100000000) {
    const rest = value / 10;
    at--;
    store<u8>(at, <u8>(0x30 + (value - rest * 10)));
    value = rest;
  }
  let small = <u32>value;
  do {
    const rest = small / 10;
    at--;
    store<u8>(at, <u8>(0x30 + (small - rest * 10)));
    small = rest;
  } while (small != 0);
}

function writeInteger(value: i64): void {
  if (value < 0) {
    writeByte(0x2d);
    writeDecimal(0 - <u64>value);
  } else {
    writeDecimal(<u64>value);
  }
}

/** 16 bytes as 32 digits of base 16. */
// @ts-ignore: decorator
@inline
function writeHex(from: usize, to: usize): void {
  const digits = i8x16(0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66);
  const bytes = v128.load(from);
  const high = i8x16.swizzle(digits, i8x16.shr_u(bytes, 4));
  const low = i8x16.swizzle(digits, v128.and(bytes, i8x16.splat(0x0f)));
  v128.store(to, v128.shuffle<i8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(to, v128.shuffle<i8>(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
}

/** 8-4-4-4-12 digits: written as 32 and moved apart from the end. */
function writeUuid(from: usize): void {
  const to = writeAt;
  writeHex(from, to);
  memory.copy(to + 24, to + 20, 12);
  store<u8>(to + 23, 0x2d);
  memory.copy(to + 19, to + 16, 4);
  store<u8>(to + 18, 0x2d);
  memory.copy(to + 14, to + 12, 4);
  store<u8>(to + 13, 0x2d);
  memory.copy(to + 9, to + 8, 4);
  store<u8>(to + 8, 0x2d);
  writeAt = to + 36;
}

// @ts-ignore: decorator
@inline
function sizeOf(kind: u8): i32 {
  if (kind == INT4 || kind == OID) return 4;
  if (kind == INT8) return 8;
  if (kind == UUID) return 16;
  return kind == INT2 ? 2 : 1;
}

function writeValue(at: usize): void {
  if (kind == INT4) writeInteger(<i64>(<i32>bswap<u32>(load<u32>(at))));
  else if (kind == INT8) writeInteger(<i64>bswap<u64>(load<u64>(at)));
  else if (kind == INT2) writeInteger(<i64>(<i16>bswap<u16>(load<u16>(at))));
  else if (kind == OID) writeDecimal(<u64>bswap<u32>(load<u32>(at)));
  else if (kind == UUID) writeUuid(at);
  else writeByte(load<u8>(at) != 0 ? 0x74 : 0x66);
}

/** Writes what is there of a text value, escaped, as far as the block goes. */
function writeText(stop: usize, blockEnd: usize): void {
  const first = i8x16.splat(8);
  const count = i8x16.splat(6);
  const backslash = i8x16.splat(<i8>BACKSLASH);
  let from = inputAt;
  let to = writeAt;
  const end = stop - from < <usize>left ? stop : from + left;
  const begin = from;
  while (from < end && to < blockEnd) {
    // 64 bytes a time while none needs an escape.
    while (from + 64 <= end && to + 64 <= blockEnd) {
      const a = v128.load(from);
      const b = v128.load(from, 16);
      const c = v128.load(from, 32);
      const d = v128.load(from, 48);
      const escapes = v128.or(
        v128.or(
          v128.or(i8x16.lt_u(i8x16.sub(a, first), count), i8x16.eq(a, backslash)),
          v128.or(i8x16.lt_u(i8x16.sub(b, first), count), i8x16.eq(b, backslash)),
        ),
        v128.or(
          v128.or(i8x16.lt_u(i8x16.sub(c, first), count), i8x16.eq(c, backslash)),
          v128.or(i8x16.lt_u(i8x16.sub(d, first), count), i8x16.eq(d, backslash)),
        ),
      );
      if (v128.any_true(escapes)) break;
      v128.store(to, a);
      v128.store(to, b, 16);
      v128.store(to, c, 32);
      v128.store(to, d, 48);
      from += 64;
      to += 64;
    }
    if (from == end || to >= blockEnd) break;
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const piece = end - from < 16 ? end - from : 16;
    let found = i8x16.bitmask(v128.or(i8x16.lt_u(i8x16.sub(bytes, first), count), i8x16.eq(bytes, backslash)));
    found &= (1 << (<i32>piece)) - 1;
    if (found == 0) {
      from += piece;
      to += piece;
    } else {
      const plain = <usize>ctz(found);
      const byte = load<u8>(from + plain);
      to += plain;
      store<u8>(to, BACKSLASH);
      store<u8>(to, byte == BACKSLASH ? BACKSLASH : load<u8>(ESCAPES + byte - 8), 1);
      to += 2;
      from += plain + 1;
    }
  }
  left -= <u32>(from - begin);
  inputAt = from;
  writeAt = to;
}

function writeBytea(stop: usize, blockEnd: usize): void {
  let from = inputAt;
  let to = writeAt;
  const end = stop - from < <usize>left ? stop : from + left;
  const begin = from;
  while (from < end && to < blockEnd) {
    writeHex(from, to);
    const piece = end - from < 16 ? end - from : 16;
    from += piece;
    to += piece << 1;
  }
  left -= <u32>(from - begin);
  inputAt = from;
  writeAt = to;
}

function beginRow(at: usize): bool {
  const count = <i32>(<i16>bswap<u16>(load<u16>(at)));
  column = 0;
  phase = count == -1 ? AT_END : AT_LENGTH;
  return count == -1 || count == columns;
}

function beginValue(at: usize): bool {
  const length = <i32>bswap<u32>(load<u32>(at));
  if (column > 0) writeByte(TAB);
  if (length == -1) {
    writeByte(BACKSLASH);
    writeByte(0x4e);
    endValue();
    return true;
  }
  if (length < 0) return false;
  kind = load<u8>(KINDS + column);
  left = <u32>length;
  if (kind == TEXT || kind == BYTEA) {
    phase = kind == TEXT ? IN_TEXT : IN_BYTEA;
    if (kind == BYTEA) {
      writeByte(BACKSLASH);
      writeByte(BACKSLASH);
      writeByte(0x78);
    }
    if (length == 0) endValue();
    return true;
  }
  phase = kind == JSONB ? AT_JSONB_VERSION : AT_VALUE;
  return kind == JSONB ? length > 0 : length == sizeOf(kind);
}

/** The rest is text, if the version of the format is the one we know. */
function beginJsonb(at: usize): bool {
  left--;
  phase = IN_TEXT;
  if (left == 0) endValue();
  return load<u8>(at) == 1;
}

/**
 * Converts the bytes from `at` to `stop`. `to` is within the block, which ends at `blockEnd`. Answers FULL when the block
 * is, before all was read perhaps; MORE when all was; BAD_ROW for what cannot be, LONG_ROW for what nobody could load.
 */
export function convertRows(at: usize, stop: usize, to: usize, blockEnd: usize): i32 {
  inputAt = at;
  writeAt = to;
  while (inputAt < stop) {
    let isGood = true;
    if (phase == AT_LENGTH) {
      const taken = take(stop, 4);
      if (taken != 0) isGood = beginValue(taken);
    } else if (phase == IN_TEXT) {
      writeText(stop, blockEnd);
      if (left == 0) endValue();
    } else if (phase == AT_VALUE) {
      const taken = take(stop, sizeOf(kind));
      if (taken != 0) {
        writeValue(taken);
        endValue();
      }
    } else if (phase == AT_ROW) {
      const taken = take(stop, 2);
      if (taken != 0) isGood = beginRow(taken);
    } else if (phase == AT_JSONB_VERSION) {
      isGood = beginJsonb(inputAt);
      inputAt++;
    } else if (phase == IN_BYTEA) {
      writeBytea(stop, blockEnd);
      if (left == 0) endValue();
    } else if (phase == AT_SIGNATURE) {
      const taken = take(stop, SIGNATURE_LENGTH);
      if (taken != 0) {
        isGood = memory.compare(taken, SIGNATURE, SIGNATURE_LENGTH) == 0;
        phase = AT_ROW;
      }
    } else {
      isGood = false;
    }
    if (!isGood) return BAD_ROW;
    if (writeAt >= blockEnd) {
      if (phase != AT_ROW) checkLength(blockEnd);
      return isTooLong ? LONG_ROW : FULL;
    }
    if (isTooLong) return LONG_ROW;
  }
  return MORE;
}
