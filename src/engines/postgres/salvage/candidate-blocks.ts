import type { OpenedObject } from "../../../ports/storage.ts";
import type { ArchiveFileReader } from "../archive/archive-file-reader.ts";
import { blockType } from "../archive/archive-header.ts";
import { looksLikeTar, tarBlockBytes } from "../archive/tar/tar-header.ts";
import type { TocEntry } from "../archive/toc-entry.ts";

/** What is read at once. */
const windowBytes = 1024 * 1024;

/** Where a block of one of these entries may begin: the bytes that it would begin with are there. */
export async function* candidateBlocks(
  { format, preamble }: ArchiveFileReader,
  object: OpenedObject,
  start: number,
  wanted: ReadonlyMap<number, TocEntry>,
): AsyncGenerator<number> {
  const isTar = format === "tar";
  const step = isTar ? tarBlockBytes : 1;
  /** Bytes that tell: a member's header; type and dump id, its sign before it. */
  const needed = isTar ? tarBlockBytes : 2 + preamble.integerSize;
  const begins = (window: Buffer, at: number): boolean =>
    isTar ? looksLikeTar(window.subarray(at, at + needed)) : beginsBlock(window, at, wanted);
  const buffer = Buffer.alloc(windowBytes);
  let position = Math.ceil(start / step) * step;
  while (position < object.size) {
    const window = buffer.subarray(0, await object.readAt(position, buffer));
    let at = 0;
    for (; at + needed <= window.length; at += step) if (begins(window, at)) yield position + at;
    if (at === 0) return;
    position += at;
  }
}

function beginsBlock(window: Buffer, at: number, wanted: ReadonlyMap<number, TocEntry>): boolean {
  const type = window[at];
  if ((type !== blockType.tableData && type !== blockType.largeObjects) || window[at + 1] !== 0) return false;
  const entry = wanted.get(window.readUInt32LE(at + 2));
  return entry !== undefined && (entry.desc === "BLOBS") === (type === blockType.largeObjects);
}
