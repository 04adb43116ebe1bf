import type { ScannerMemory } from "../../../wire/postgres/copy-out-scanner.ts";

const MiB = 1024 * 1024;

/**
 * Memory of each of so many lanes: about 6 MiB together for up to four. A lane alone needs six blocks, since four can be in
 * the compressor, one on its way there while the next is filled; among several, others read meanwhile, and a fourth block
 * brought nothing.
 */
export function laneMemory(lanes: number): ScannerMemory {
  if (lanes === 1) return { blocks: 6, blockSize: MiB };
  return { blocks: 3, blockSize: lanes === 2 ? MiB : MiB / 2 };
}

/**
 * Size of a part on the server's disk. A lane that is ahead of the writer can read about so much; the server needs 5 to
 * 20 ms for it, far more than a command costs. With two lanes, parts of 1.5 MiB took 3 % more of our CPU.
 */
export function partBytes(jobs: number): number {
  const { blocks, blockSize } = laneMemory(jobs);
  return jobs === 2 ? 2 * MiB : (blocks * blockSize) / 2;
}
