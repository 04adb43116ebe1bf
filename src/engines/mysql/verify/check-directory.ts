import { createHash } from "node:crypto";
import { BackupError } from "../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../core/compression.ts";
import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { type DirectoryChunk, readDirectoryIndex, tablesWithData } from "../directory/directory-index.ts";
import { fileBytes } from "../directory/file-bytes.ts";

/**
 * Reads all files of a backup in directory format: scripts must be those of the index, and lines as many, and with the
 * checksum, that it says.
 * @throws BackupError DAMAGED, FOREIGN_FILE, UNSUPPORTED_FORMAT
 */
export async function checkDirectory(files: BackupFiles, codec: Codec, signal: AbortSignal): Promise<CheckedBackup> {
  const index = await readDirectoryIndex(files);
  for (const { schema } of index.objects) {
    signal.throwIfAborted();
    if (schema !== undefined) await checkScriptFile(files, schema.file, schema.sha256);
  }
  const scanner = new RowScanner();
  const tables = tablesWithData(index);
  for (const { name, data } of tables) {
    for (const chunk of data.chunks) {
      await checkChunk({ files, codec, signal, scanner, compression: index.compression }, name, chunk);
    }
  }
  return {
    format: "directory",
    database: index.database,
    entries: index.objects.length,
    entryCounts: new Map(
      [...Map.groupBy(index.objects, ({ kind }) => kind)].map(([kind, objects]) => [kind, objects.length]),
    ),
    tables: tables.map(({ name, data: { rows, bytes, checksum } }) => ({
      schema: index.database,
      name,
      totals: { rows, bytes, checksum },
    })),
  };
}

/** @throws BackupError DAMAGED, NOT_FOUND */
export async function checkScriptFile(files: BackupFiles, name: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of fileBytes(files, name)) hash.update(piece);
  if (hash.digest("hex") !== sha256) throw damagedFile(name, "its bytes are not those that the index recorded");
}

/** What chunks are checked with. */
export interface ChunkCheck {
  readonly files: BackupFiles;
  readonly codec: Codec;
  readonly signal: AbortSignal;
  readonly scanner: RowScanner;
  readonly compression: CompressionMethod;
}

/** The checksum of its rows proves its bytes; that of the file is for those who do not decompress it. @throws BackupError DAMAGED, NOT_FOUND */
export async function checkChunk(
  { files, codec, signal, scanner, compression }: ChunkCheck,
  table: string,
  { file, rows, bytes, checksum }: DirectoryChunk,
): Promise<void> {
  scanner.reset();
  const plain = codec.decompress(compression, "gzip", fileBytes(files, file), { maxPlainBytes: bytes, passing: true });
  try {
    for await (const piece of plain) {
      signal.throwIfAborted();
      if (scanner.push(piece).rest !== undefined) throw damagedFile(file, "it holds a line that no dump writes");
    }
  } catch (error) {
    throw error instanceof BackupError && error.code === "DAMAGED" ? error.on(file) : error;
  }
  const found = scanner.finish();
  if (found.rows !== rows || found.bytes !== bytes) {
    throw damagedFile(file, `it has ${found.rows} rows of ${found.bytes} bytes instead of ${rows} of ${bytes}`);
  }
  if (found.checksum !== checksum) {
    throw damagedFile(file, `rows of table "${table}" have the checksum ${found.checksum} instead of ${checksum}`);
  }
}

function damagedFile(file: string, reason: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `"${file}" is damaged: ${reason}`,
    object: file,
    hint: "use another copy of the backup",
  });
}
