import { BackupError } from "../../../core/backup-error.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import type { DataBlock } from "../archive/data-block.ts";
import type { ArchiveSurvey } from "../salvage/archive-survey.ts";

/** Gives the data of entries as they are restored. */
export interface BlockSource {
  /** The data of an entry. From a stream: blocks of earlier calls are not read any more. */
  open(dumpId: number): Promise<DataBlock>;
  /** How much an entry's data takes in the archive; 0 for entries without, and for streams, which do not tell. */
  storedBytes(dumpId: number): number;
  /** All data that is wanted was read: makes sure that the rest of the archive is whole. */
  finish(): Promise<void>;
}

/** Any order: the archive was walked through, and each block's place is known. */
export async function objectBlocks(reader: ArchiveReader): Promise<BlockSource> {
  const index = await reader.checkStructure();
  return {
    open: (dumpId) => reader.openBlock(dumpId),
    storedBytes: (dumpId) => index.get(dumpId)?.storedBytes ?? 0,
    finish: async () => undefined,
  };
}

/** Of a damaged archive: what was found whole. */
export function salvagedBlocks(reader: ArchiveReader, { whole }: ArchiveSurvey): BlockSource {
  return {
    open: (dumpId) => reader.openBlockAt(dumpId, whole.get(dumpId)!.position),
    storedBytes: (dumpId) => whole.get(dumpId)?.storedBytes ?? 0,
    finish: async () => undefined,
  };
}

/** From a stream: blocks pass by once, and those that nobody wants are skipped. */
export function streamBlocks(reader: ArchiveReader): BlockSource {
  const blocks = reader.dataBlocks();
  return {
    storedBytes: () => 0,
    async open(dumpId) {
      for (;;) {
        const { value, done } = await blocks.next();
        if (done === true) throw outOfOrder(dumpId);
        if (value.dumpId === dumpId) return value;
      }
    },
    async finish() {
      while ((await blocks.next()).done !== true);
    },
  };
}

function outOfOrder(dumpId: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the data of entry ${dumpId} has passed by already: this archive holds its data in another order than it needs it`,
    hint: "restore it from a file instead of from standard input",
  });
}
