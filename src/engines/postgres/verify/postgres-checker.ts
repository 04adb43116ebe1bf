import { peekStream } from "../../../core/peek-stream.ts";
import { recognizeCompression } from "../../../core/recognize-compression.ts";
import type { BackupChecker, CheckedBackup, CheckedFile } from "../../../ports/backup-checker.ts";
import type { Codec } from "../../../ports/codec.ts";
import { withoutBomb } from "../../common/without-bomb.ts";
import { ArchiveFileReader } from "../archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "../archive/archive-folder-reader.ts";
import type { ReadOptions } from "../archive/archive-reader.ts";
import { openDamagedArchive } from "../salvage/open-damaged-archive.ts";
import { checkArchive } from "./check-archive.ts";
import { checkScript } from "./check-script.ts";
import { RECOGNIZED_BYTES, recognizeFormat } from "./recognize.ts";

/** Checks archives, and scripts; those of one file also compressed as a whole. */
export function createPostgresChecker(codec: Codec): BackupChecker {
  return {
    async check(source, signal) {
      const { maxPlainBytes } = source;
      const readOptions = { codec, ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }) };
      if (source.kind === "folder") {
        const reader = await ArchiveFolderReader.open(source.files, readOptions);
        await reader.checkStructure();
        return await checkArchive(reader, signal);
      }
      const compression = recognizeCompression(await headOf(source));
      if (compression === "none" && recognizeFormat(await headOf(source)) === "archive") {
        // Positions noted in the table of contents can only be compared from this side.
        await (await ArchiveFileReader.openObject(source.object, { codec })).checkStructure();
      }
      const limits = source.plainSize === undefined ? {} : { maxPlainBytes: source.plainSize };
      const plain = withoutBomb(codec.decompress(compression, "gzip", source.stream(), limits), source);
      const { head, all } = await peekStream(plain, RECOGNIZED_BYTES);
      return await checkPlain(head, all, readOptions, signal);
    },

    async checkStream(stream, signal) {
      const { head, all } = await peekStream(stream, RECOGNIZED_BYTES);
      return await checkPlain(head, all, { codec }, signal);
    },

    async survey(source, known, signal) {
      const input = source.kind === "folder" ? source : { ...source, kind: "object" as const };
      const opened = await openDamagedArchive(input, codec, known, signal);
      return opened?.survey;
    },
  };
}

async function checkPlain(
  head: Buffer,
  all: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  signal: AbortSignal,
): Promise<CheckedBackup> {
  return recognizeFormat(head) === "archive"
    ? await checkArchive(await ArchiveFileReader.openStream(all, options), signal)
    : await checkScript(all, signal);
}

async function headOf({ object }: CheckedFile): Promise<Buffer> {
  const head = Buffer.alloc(RECOGNIZED_BYTES);
  return head.subarray(0, await object.readAt(0, head));
}
