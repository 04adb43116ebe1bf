import { promisify } from "node:util";
import * as zlib from "node:zlib";

const deflateRaw = promisify(zlib.deflateRaw) as (block: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;

/** How hard and how far back deflate looks for what repeats. */
export interface DeflateSearch {
  readonly level: number;
  readonly windowBits: number;
}

/** The largest window that deflate has, 32 KiB, which is zlib's own default. */
const MAX_WINDOW_BITS = 15;
/**
 * Small windows for columns of numbers, hashes and blanks: there what repeats lies near, and the few bytes that happen to
 * match from far away cost more than they save.
 */
const NEAR_WINDOW_BITS = 12;
/** Zlib moves its tables each time that a window is full, which takes half the time in one so small: not for nothing. */
const NEAREST_WINDOW_BITS = 10;
const WORTH_NEAREST = 1 / 100;
/**
 * Level 4 is the first that looks for a better match one byte later, which finds little in a small window: there level 3
 * does. Rows of hashes and JSON are then 1 % smaller than with level 4 and zlib's window and take 0.57 of its time, rows
 * of integers 9 % and 0.70, rows of pgbench 17 % and 0.43.
 */
const FIRST_LAZY_LEVEL = 4;
const SAMPLE = 64 * 1024;
const HISTORY = 32 * 1024;

/** Of the searches that take no longer than `level` with zlib's window the one that makes the middle of `block` smallest. */
export async function chooseSearch(block: Buffer, level: number): Promise<DeflateSearch> {
  const far = { level, windowBits: MAX_WINDOW_BITS };
  if (block.length < 2 * (HISTORY + SAMPLE)) return far;
  const middle = block.length >> 1;
  const dictionary = block.subarray(middle - HISTORY, middle);
  const sample = block.subarray(middle, middle + SAMPLE);
  const sizeWith = async (search: DeflateSearch): Promise<number> =>
    (await deflateRaw(sample, { ...search, dictionary, chunkSize: SAMPLE })).length;

  const nearLevel = level === FIRST_LAZY_LEVEL ? level - 1 : level;
  const near = { level: nearLevel, windowBits: NEAR_WINDOW_BITS };
  const nearest = { level: nearLevel, windowBits: NEAREST_WINDOW_BITS };
  const nearSize = await sizeWith(near);
  const nearestSize = await sizeWith(nearest);
  const [small, smallSize] =
    nearSize - nearestSize > WORTH_NEAREST * SAMPLE ? [nearest, nearestSize] : [near, nearSize];
  return (await sizeWith(far)) < smallSize ? far : small;
}
