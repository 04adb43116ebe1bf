import type { ScannerMemory } from "../../../wire/postgres/copy-out-scanner.ts";

const MiB = 1024 * 1024;

/**
 * Memory of each of so many lanes: 6 to 8 MiB together for up to four. A lane alone needs six blocks, since four can be in
 * the compressor, one on its way there while the next is filled; among several, others read meanwhile.
 */
export function laneMemory(lanes: number): ScannerMemory {
  if (lanes === 1) return { blocks: 6, blockSize: MiB };
  return lanes === 2 ? { blocks: 4, blockSize: MiB } : { blocks: 3, blockSize: MiB / 2 };
}

/**
 * Size of a part on the server's disk. A lane that is ahead of the writer can read so much, and a little more when it has
 * become text; the server needs 5 to 20 ms for it, far more than a command costs.
 */
export function partBytes(jobs: number): number {
  const { blocks, blockSize } = laneMemory(jobs);
  return (blocks * blockSize) / 2;
}
