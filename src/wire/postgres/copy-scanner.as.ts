// The hot loop of dump, restore and verify: finds the rows of COPY text, hashes and counts them, and (dumps) takes them
// out of their CopyData messages into blocks. AssemblyScript, built by scripts/build-wasm.ts. copy-out-scanner.ts and
// row-scanner.ts drive it; copy-scanner-reference.ts is the readable twin.
//
// One instance serves one stream. The host owns the memory map behind __heap_base: an input area and output blocks, each
// followed by at least 16 bytes of slack, since bytes move 16 at a time and the last step may overshoot.

import { beginBinaryRows, columnKinds, convertedTo, convertRows, isAtEnd, writtenTo } from "./binary-rows.as";
import {
  bytesInParts,
  continueRow,
  endRow,
  leaveRowOpen,
  resetRows,
  rows,
  rowStart,
  sumHigh,
  sumLow,
} from "./row-output.as";
import { BAD_LENGTH, END_OF_DATA, FULL, MORE, OTHER, UNDECIDED } from "./scan-status.as";

const LINE_FEED: i32 = 0x0a;
const BACKSLASH: i32 = 0x5c;
const FULL_STOP: i32 = 0x2e;
const COPY_DATA: i32 = 0x64;

export { columnKinds };

/** De-framing: bytes of the 5-byte header that were seen, the length they say so far, payload bytes to come. */
let headerSeen: i32 = 0;
let lengthSoFar: u32 = 0;
let payloadLeft: u32 = 0;
let maxLength: u32 = 0;

let isBinary: bool = false;
let output: usize = 0;
let outputEnd: usize = 0;
let inputPosition: usize = 0;

/** The first address behind the code's own data. */
export function memoryBase(): usize {
  return __heap_base;
}

/**
 * Starts a new stream. `maxMessageLength` bounds the length word of a CopyData message. With `binaryColumns` the rows come
 * in binary format, with so many columns, whose kinds are at columnKinds().
 */
export function reset(maxMessageLength: u32, binaryColumns: i32): void {
  resetRows();
  headerSeen = 0;
  payloadLeft = 0;
  maxLength = maxMessageLength;
  output = 0;
  outputEnd = 0;
  isBinary = binaryColumns > 0;
  beginBinaryRows(binaryColumns);
}

export function rowCount(): u64 {
  return rows;
}
export function checksumLow(): u64 {
  return sumLow;
}
export function checksumHigh(): u64 {
  return sumHigh;
}
export function position(): usize {
  return inputPosition;
}
export function outputPosition(): usize {
  return output;
}
export function badLength(): u32 {
  return lengthSoFar;
}
/** A row is open: bytes came after the last line feed, or binary rows have not come to their end. */
export function isInRow(): bool {
  return isBinary ? !isAtEnd() : bytesInParts != 0 || rowStart < output;
}
/** A message is open: its header or its payload is not complete. */
export function isInMessage(): bool {
  return headerSeen > 0 || payloadLeft > 0;
}

/** Gives the next output block; the open row goes on in it, with what was written behind the end of the last one. */
export function setOutput(begin: usize, end: usize): void {
  const carried = output - outputEnd;
  const rowBegan = rowStart > outputEnd ? rowStart - outputEnd : 0;
  memory.copy(begin, outputEnd, carried);
  continueRow(begin + rowBegan);
  output = begin + carried;
  outputEnd = end;
}

/** Ends a row at each set bit: bit i stands for a line feed at `at + i`. */
function endRows(at: usize, lineFeeds: i32): void {
  do {
    endRow(at + ctz(lineFeeds));
    lineFeeds &= lineFeeds - 1;
  } while (lineFeeds != 0);
}

function moveToOutput(from: usize, length: usize): void {
  const lineFeed = i8x16.splat(<i8>LINE_FEED);
  const stop = from + length;
  let to = output;
  // 64 bytes a time while none of them ends a row: wide rows.
  while (from + 64 <= stop) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    const found = v128.or(
      v128.or(i8x16.eq(a, lineFeed), i8x16.eq(b, lineFeed)),
      v128.or(i8x16.eq(c, lineFeed), i8x16.eq(d, lineFeed)),
    );
    if (v128.any_true(found)) break;
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    from += 64;
    to += 64;
  }
  while (from < stop) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    let found = i8x16.bitmask(i8x16.eq(bytes, lineFeed));
    if (from + 16 > stop) found &= (1 << (<i32>(stop - from))) - 1;
    if (found != 0) endRows(to, found);
    from += 16;
    to += 16;
  }
  output += length;
}

/** Reads the rest of a header that may be cut anywhere; answers MORE when it is complete or the input is. */
function readHeader(at: usize, end: usize): i32 {
  while (at < end && headerSeen < 5) {
    const byte = <u32>load<u8>(at);
    if (headerSeen == 0) {
      if (byte != COPY_DATA) {
        inputPosition = at;
        return OTHER;
      }
      lengthSoFar = 0;
    } else {
      lengthSoFar = (lengthSoFar << 8) | byte;
    }
    headerSeen++;
    at++;
  }
  inputPosition = at;
  if (headerSeen == 5) {
    headerSeen = 0;
    if (lengthSoFar < 4 || lengthSoFar > maxLength) return BAD_LENGTH;
    payloadLeft = lengthSoFar - 4;
  }
  return MORE;
}

/**
 * Writes payload to the output block: up to inputPosition. Answers FULL when the block is, before all was read perhaps;
 * MORE, BAD_ROW or LONG_ROW.
 */
function convertPayload(at: usize, length: usize): i32 {
  const status = convertRows(at, at + length, output, outputEnd);
  output = writtenTo();
  inputPosition = convertedTo();
  payloadLeft -= <u32>(inputPosition - at);
  if (status == FULL) leaveRowOpen(outputEnd);
  return status;
}

/** Takes CopyData messages, cut anywhere, out of the input into the output block. */
export function scanMessages(at: usize, end: usize): i32 {
  while (true) {
    if (payloadLeft == 0) {
      if (at == end) break;
      if (headerSeen == 0 && end - at >= 5 && load<u8>(at) == COPY_DATA) {
        const length = bswap<u32>(load<u32>(at, 1));
        if (length < 4 || length > maxLength) {
          lengthSoFar = length;
          return BAD_LENGTH;
        }
        payloadLeft = length - 4;
        at += 5;
      } else {
        const status = readHeader(at, end);
        if (status != MORE) return status;
        at = inputPosition;
        continue;
      }
    }
    let length = <usize>payloadLeft;
    if (end - at < length) length = end - at;
    if (isBinary && length > 0) {
      const status = convertPayload(at, length);
      if (status != MORE) return status;
      at = inputPosition;
      continue;
    }
    if (outputEnd - output < length) length = outputEnd - output;
    if (length == 0) {
      if (payloadLeft == 0) continue;
      if (at == end) break;
      leaveRowOpen(output);
      inputPosition = at;
      return FULL;
    }
    moveToOutput(at, length);
    at += length;
    payloadLeft -= <u32>length;
  }
  inputPosition = at;
  return MORE;
}

/** Whether the line that ends COPY data begins here: END_OF_DATA, UNDECIDED when the input is too short to say, or MORE. */
// @ts-ignore: decorator
@inline
function endOfDataAt(at: usize, end: usize): i32 {
  if (at == end || load<u8>(at) != BACKSLASH) return MORE;
  if (end - at == 1) return UNDECIDED;
  if (load<u8>(at, 1) != FULL_STOP) return MORE;
  if (end - at == 2) return UNDECIDED;
  return load<u8>(at, 2) == LINE_FEED ? END_OF_DATA : MORE;
}

/** Hashes and counts the rows of plain COPY text, cut anywhere, in place. */
export function scanText(at: usize, end: usize): i32 {
  const lineFeed = i8x16.splat(<i8>LINE_FEED);
  continueRow(at);
  output = at;
  if (bytesInParts == 0) {
    const status = endOfDataAt(at, end);
    if (status != MORE) {
      inputPosition = at;
      return status;
    }
  }
  while (at < end) {
    // 64 bytes a time while none of them ends a row: wide rows.
    while (at + 64 <= end) {
      const found = v128.or(
        v128.or(i8x16.eq(v128.load(at), lineFeed), i8x16.eq(v128.load(at, 16), lineFeed)),
        v128.or(i8x16.eq(v128.load(at, 32), lineFeed), i8x16.eq(v128.load(at, 48), lineFeed)),
      );
      if (v128.any_true(found)) break;
      at += 64;
    }
    if (at == end) break;
    let found = i8x16.bitmask(i8x16.eq(v128.load(at), lineFeed));
    if (at + 16 > end) found &= (1 << (<i32>(end - at))) - 1;
    while (found != 0) {
      endRow(at + ctz(found));
      const status = endOfDataAt(rowStart, end);
      if (status != MORE) {
        output = rowStart;
        inputPosition = rowStart;
        return status;
      }
      found &= found - 1;
    }
    at += 16;
  }
  leaveRowOpen(end);
  continueRow(end);
  output = end;
  inputPosition = end;
  return MORE;
}
