import { BackupError } from "../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../core/compression.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { StoredStream } from "./stored-stream.ts";

/** What is read at once. */
const pieceBytes = 256 * 1024;

/** Endings of compressed files, in the order in which pg_restore looks for them. */
export const fileSuffixes: readonly { readonly method: CompressionMethod; readonly suffix: string }[] = [
  { method: "none", suffix: "" },
  { method: "gzip", suffix: ".gz" },
  { method: "lz4", suffix: ".lz4" },
  { method: "zstd", suffix: ".zst" },
];

/** The ending of files that are compressed so. */
export function suffixOf(method: CompressionMethod): string {
  return fileSuffixes.find((known) => known.method === method)!.suffix;
}

/** A file of an archive in directory format, as its name's ending says that it is compressed. */
export interface FolderFile {
  readonly name: string;
  readonly size: number;
  readonly method: CompressionMethod;
}

/**
 * Finds the file of this name, compressed or not.
 * @throws BackupError DAMAGED when there is none
 */
export function findFolderFile(files: BackupFiles, name: string): FolderFile {
  for (const { method, suffix } of fileSuffixes) {
    const size = files.sizes.get(name + suffix);
    if (size !== undefined) return { name: name + suffix, size, method };
  }
  throw new BackupError({
    code: "DAMAGED",
    message: `the archive is damaged: file "${name}" is missing`,
    object: name,
    hint: "restore from another copy of this backup",
  });
}

/** The stored bytes of a file. It is open while somebody reads it, and no longer. */
export function folderFileStream(files: BackupFiles, file: FolderFile): StoredStream {
  let position = 0;
  return {
    get position() {
      return position;
    },
    storedBytes: file.size,
    async *pieces() {
      const object = await files.open(file.name);
      try {
        for (position = 0; ; ) {
          const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, object.size - position)));
          const count = await object.readAt(position, piece);
          if (count === 0) return;
          position += count;
          yield piece.subarray(0, count);
        }
      } finally {
        await object.close();
      }
    },
    skipRest: async () => undefined,
  };
}
