// Counts and hashes the rows that end in an output block, whoever writes them there. AssemblyScript; part of
// copy-scanner.as.ts.

import { addPart, beginParts, endParts, hashHigh, hashLow, hashWhole } from "./xxh3-128.as";

/** Rows ended so far, and the sum of their hashes modulo 2^128. */
export let rows: u64 = 0;
export let sumLow: u64 = 0;
export let sumHigh: u64 = 0;

/** Where the bytes of the open row begin that were not hashed yet. */
export let rowStart: usize = 0;
/** The open row began in an earlier block or input and is hashed in parts: so many bytes of it. */
export let bytesInParts: u64 = 0;

export function resetRows(): void {
  rows = 0;
  sumLow = 0;
  sumHigh = 0;
  bytesInParts = 0;
  rowStart = 0;
}

/** The open row goes on at `begin`. */
export function continueRow(begin: usize): void {
  rowStart = begin;
}

/** Hashes what there is of the open row, before its block is given away. */
export function leaveRowOpen(end: usize): void {
  if (rowStart >= end) return;
  if (bytesInParts == 0) beginParts();
  bytesInParts += end - rowStart;
  addPart(rowStart, end - rowStart);
}

// @ts-ignore: decorator
@inline
export function endRow(lineFeed: usize): void {
  if (bytesInParts != 0) {
    addPart(rowStart, lineFeed - rowStart);
    endParts();
    bytesInParts = 0;
  } else {
    hashWhole(rowStart, lineFeed - rowStart);
  }
  const low = sumLow + hashLow;
  sumHigh += hashHigh + <u64>(low < hashLow);
  sumLow = low;
  rows++;
  rowStart = lineFeed + 1;
}
