// The hot loop of dumps of MySQL and MariaDB: takes rows of the text protocol out of their packets and writes them as
// INSERT statements, or as lines for LOAD DATA, hashes and counts them. AssemblyScript, built by scripts/build-wasm.ts.
// insert-scanner.ts drives it; row-literals.ts and row-line.ts are the readable twins.
//
// One instance serves one stream of rows after the other. The host owns the memory map behind __heap_base: the kinds of
// the columns, the head of the statements, an input area and output blocks. Bytes are read and written 16 at a time and the
// last step may overshoot, so behind input and within blocks there is slack.

import { addPart, beginParts, endParts, hashHigh, hashLow, hashWhole } from "../../postgres/xxh3-128.as";

// As in literal-kind.ts.
const NUMBER: i32 = 0;
const TEXT: i32 = 1;
const BINARY: i32 = 2;

// As in insert-scanner-instance.ts.
const MORE: i32 = 0;
const FULL: i32 = 1;
const OTHER: i32 = 2;
const UNDECIDED: i32 = 3;
const BAD_ROW: i32 = 4;
const CUT: i32 = 5;

/** A packet with this length is continued by the next one. */
const FULL_PACKET: u32 = 0xffffff;
/** What must be free before a value begins, and while it goes on. */
const VALUE_ROOM: usize = 64;
const PIECE_ROOM: usize = 32;
/** Besides its bytes, each of which may become two, what a column takes at most: `,_binary ''`. */
const COLUMN_OVERHEAD: u64 = 12;

let kinds: usize = 0;
let columns: i32 = 0;
let head: usize = 0;
let headLength: usize = 0;
let statementLimit: u64 = 0;
/** Lines for LOAD DATA instead of statements. */
let isLines: bool = false;
/** After a line with which so many bytes are written, there is a cut. */
let cutLimit: u64 = 0;

let inputPosition: usize = 0;
let output: usize = 0;
let outputEnd: usize = 0;

/** Payload of the open packet that is still to come, and whether another packet continues it. */
let packetLeft: u32 = 0;
let isContinued: bool = false;
/** The next value. */
let column: i32 = 0;
let kind: i32 = 0;
/** Bytes of the length of the next value that are still to come, and what they said so far. */
let lengthNeeds: i32 = 0;
let lengthShift: u64 = 0;
let lengthSoFar: u64 = 0;
let valueLeft: u64 = 0;
let isInRow: bool = false;

/** Bytes of the open statement; 0: none is open. */
let statementLength: u64 = 0;
/** Where the bytes of the open row begin that were not hashed yet, and how many were. */
let rowStart: usize = 0;
let bytesInParts: u64 = 0;

let rows: u64 = 0;
let rowBytes: u64 = 0;
let sumLow: u64 = 0;
let sumHigh: u64 = 0;

/** The first address behind the code's own data. */
export function memoryBase(): usize {
  return __heap_base;
}

/** Starts the rows of one table as INSERTs. Statements of several rows are at most `limit` bytes long. */
export function reset(kindsAt: usize, columnCount: i32, headAt: usize, headBytes: usize, limit: u32): void {
  isLines = false;
  head = headAt;
  headLength = headBytes;
  statementLimit = limit;
  begin(kindsAt, columnCount);
}

/** Starts the rows of one table as lines. There is a cut behind the line with which `limit` bytes are reached. */
export function resetLines(kindsAt: usize, columnCount: i32, limit: u64): void {
  isLines = true;
  headLength = 0;
  cutLimit = limit;
  begin(kindsAt, columnCount);
}

function begin(kindsAt: usize, columnCount: i32): void {
  kinds = kindsAt;
  columns = columnCount;
  packetLeft = 0;
  isContinued = false;
  isInRow = false;
  statementLength = 0;
  output = 0;
  outputEnd = 0;
  resetTotals();
}

/** What comes now is counted anew. */
export function resetTotals(): void {
  rows = 0;
  rowBytes = 0;
  sumLow = 0;
  sumHigh = 0;
}

export function position(): usize {
  return inputPosition;
}
export function outputPosition(): usize {
  return output;
}
export function rowCount(): u64 {
  return rows;
}
export function byteCount(): u64 {
  return rowBytes;
}
export function checksumLow(): u64 {
  return sumLow;
}
export function checksumHigh(): u64 {
  return sumHigh;
}
/** A row has begun and not ended. */
export function hasOpenRow(): bool {
  return isInRow;
}

/** Gives the next output block; the open row goes on in it. */
export function setOutput(begin: usize, end: usize): void {
  if (isInRow) hashPart();
  output = begin;
  outputEnd = end;
  rowStart = begin;
}

function hashPart(): void {
  if (rowStart >= output) return;
  if (bytesInParts == 0) beginParts();
  bytesInParts += output - rowStart;
  addPart(rowStart, output - rowStart);
}

/** Ends the open statement; there is room for it. */
export function endStatement(): void {
  if (isLines || statementLength == 0) return;
  store<u16>(output, 0x0a3b); // ;LF
  output += 2;
  statementLength = 0;
}

/** Takes packets from `begin` to `end`, as far as there is room for what comes of them. */
export function scan(begin: usize, end: usize): i32 {
  let at = begin;
  while (true) {
    if (packetLeft == 0) {
      if (isInRow && !isContinued) {
        if (!endRow()) return BAD_ROW;
        inputPosition = at;
        if (isLines && rowBytes >= cutLimit) return CUT;
      }
      inputPosition = at;
      if (at == end) return MORE;
      // The byte behind a header tells rows from what ends them.
      if (end - at < <usize>(isInRow ? 4 : 5)) return UNDECIDED;
      const length = load<u32>(at) & FULL_PACKET;
      if (!isInRow) {
        const first = <i32>load<u8>(at, 4);
        if (first == 0xff || (first == 0xfe && length < 9)) return OTHER;
        if (output + headLength + VALUE_ROOM > outputEnd) return FULL;
        beginRow(length);
      }
      at += 4;
      packetLeft = length;
      isContinued = length == FULL_PACKET;
    }
    const present = end - at;
    const stop = at + (present < <usize>packetLeft ? present : <usize>packetLeft);
    const reached = takePayload(at, stop);
    if (reached == 0) return BAD_ROW;
    packetLeft -= <u32>(reached - at);
    at = reached;
    inputPosition = at;
    if (at < stop) return FULL;
    if (packetLeft > 0) return MORE;
  }
}

function beginRow(length: u32): void {
  if (!isLines) beginTuple(length);
  isInRow = true;
  column = 0;
  lengthNeeds = 0;
  valueLeft = 0;
  rowStart = output;
  bytesInParts = 0;
}

function beginTuple(length: u32): void {
  const most = <u64>length * 2 + <u64>columns * COLUMN_OVERHEAD;
  if (statementLength == 0 || statementLength + most > statementLimit) {
    endStatement();
    memory.copy(output, head, headLength);
    output += headLength;
    statementLength = headLength;
  } else {
    store<u16>(output, 0x0a2c); // ,LF
    output += 2;
    statementLength += 2;
  }
}

function endRow(): bool {
  if (column != columns || valueLeft != 0 || lengthNeeds != 0) return false;
  if (!isLines) store<u8>(output++, 0x29);
  let length: u64 = output - rowStart;
  if (bytesInParts != 0) {
    length += bytesInParts;
    hashPart();
    endParts();
  } else {
    hashWhole(rowStart, output - rowStart);
  }
  const low = sumLow + hashLow;
  sumHigh += hashHigh + <u64>(low < hashLow);
  sumLow = low;
  rows++;
  if (isLines) {
    store<u8>(output++, 0x0a);
    length++;
  }
  rowBytes += length;
  statementLength += length;
  isInRow = false;
  return true;
}

/** Answers how far it came: to `stop`, or until there is no room; 0 for a row that cannot be. */
function takePayload(from: usize, stop: usize): usize {
  let at = from;
  while (at < stop) {
    if (valueLeft == 0) {
      if (output + VALUE_ROOM > outputEnd) return at;
      const byte = <u32>load<u8>(at);
      let length: u64 = byte;
      at++;
      if (lengthNeeds == 0) {
        if (column == columns) return 0;
        if (byte == 0xfb) {
          separate();
          if (isLines) {
            store<u16>(output, 0x4e5c); // \\N
            output += 2;
          } else {
            store<u32>(output, 0x4c4c554e); // NULL
            output += 4;
          }
          column++;
          continue;
        }
        if (byte > 0xfb) {
          lengthNeeds = byte == 0xfc ? 2 : byte == 0xfd ? 3 : 8;
          lengthShift = 0;
          lengthSoFar = 0;
          continue;
        }
      } else {
        lengthSoFar |= length << lengthShift;
        lengthShift += 8;
        if (--lengthNeeds > 0) continue;
        length = lengthSoFar;
      }
      beginValue(length);
    } else {
      const room = outputEnd - output;
      if (room < PIECE_ROOM) return at;
      // A byte becomes two at most.
      let length = min<usize>(stop - at, (room - 16) >> 1);
      if (valueLeft < <u64>length) length = <usize>valueLeft;
      if (kind == NUMBER) copyPlain(at, length);
      else if (isLines) copyField(at, length);
      else if (kind <= BINARY) copyEscaped(at, length);
      else copyHex(at, length);
      at += length;
      valueLeft -= length;
      if (valueLeft == 0) endValue();
    }
  }
  return at;
}

// @ts-ignore: decorator
@inline
function separate(): void {
  if (isLines) {
    if (column > 0) store<u8>(output++, 0x09);
  } else store<u8>(output++, column == 0 ? 0x28 : 0x2c);
}

function beginValue(length: u64): void {
  separate();
  if (length == 0) {
    if (!isLines) {
      store<u16>(output, 0x2727);
      output += 2;
    }
    column++;
    return;
  }
  kind = load<u8>(kinds + column);
  valueLeft = length;
  if (isLines) return;
  if (kind == TEXT) {
    store<u8>(output++, 0x27);
  } else if (kind == BINARY) {
    store<u64>(output, 0x207972616e69625f); // _binary and a space
    store<u8>(output, 0x27, 8);
    output += 9;
  } else if (kind != NUMBER) {
    store<u16>(output, 0x7830); // 0x
    output += 2;
  }
}

function endValue(): void {
  if (isLines) {
    // Nothing stands behind it.
  } else if (kind == NUMBER) {
    // Unquoted, a negative zero would be read as a whole number, which has no sign.
    const last = <u32>load<u8>(output - 1);
    if (last == 0x30 && load<u8>(output - 2) == 0x2d && isStartOfValue(load<u8>(output - 3))) {
      store<u32>(output - 2, 0x27302d27); // '-0'
      output += 2;
    }
  } else if (kind <= BINARY) {
    store<u8>(output++, 0x27);
  }
  column++;
}

/** Whether the byte stands before a value. */
// @ts-ignore: decorator
@inline
function isStartOfValue(byte: u8): bool {
  return byte == 0x28 || byte == 0x2c;
}

function copyPlain(from: usize, length: usize): void {
  const to = output;
  for (let done: usize = 0; done < length; done += 16) v128.store(to + done, v128.load(from + done));
  output = to + length;
}

function copyEscaped(from: usize, length: usize): void {
  const stop = from + length;
  let at = from;
  let to = output;
  while (at < stop) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const found = v128.or(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x27)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d))),
      ),
      v128.or(i8x16.eq(bytes, i8x16.splat(0x00)), i8x16.eq(bytes, i8x16.splat(0x1a))),
    );
    const reached = escapedStep(found, at, stop, to);
    to += reached - at + <usize>hasEscaped;
    at = reached;
  }
  output = to;
}

/** Whether the last step ended with a byte that became two. */
let hasEscaped: bool = false;

/** Goes to behind the first of 16 bytes, which are copied already, that is in `found`; there two stand for it. */
// @ts-ignore: decorator
@inline
function escapedStep(found: v128, at: usize, stop: usize, to: usize): usize {
  let bits = i8x16.bitmask(found);
  const left = stop - at;
  if (left < 16) bits &= (1 << <i32>left) - 1;
  hasEscaped = bits != 0;
  if (bits == 0) return at + (left < 16 ? left : 16);
  const step = <usize>ctz(bits);
  const letter = escapeOf(load<u8>(at + step));
  store<u16>(to + step, <u16>(0x5c | (<u32>letter << 8)));
  return at + step + 1;
}

/** A value of a line: what LOAD DATA takes for itself, and zeros, get a backslash. */
function copyField(from: usize, length: usize): void {
  const stop = from + length;
  let at = from;
  let to = output;
  while (at < stop) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const found = v128.or(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x09)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d))),
      ),
      i8x16.eq(bytes, i8x16.splat(0x00)),
    );
    const reached = escapedStep(found, at, stop, to);
    to += reached - at + <usize>hasEscaped;
    at = reached;
  }
  output = to;
}

function escapeOf(byte: u8): u8 {
  switch (byte) {
    case 0x00:
      return 0x30;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0d:
      return 0x72;
    case 0x1a:
      return 0x5a;
    default:
      return byte;
  }
}

function copyHex(from: usize, length: usize): void {
  let to = output;
  for (let at = from; at < from + length; at++) {
    const byte = <u32>load<u8>(at);
    store<u16>(to, <u16>(hexDigit(byte >> 4) | (hexDigit(byte & 15) << 8)));
    to += 2;
  }
  output = to;
}

// @ts-ignore: decorator
@inline
function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x37 + value;
}
