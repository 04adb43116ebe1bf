import type { CompressionMethod } from "../core/compression.ts";
import type { EngineFamily } from "../core/database-type.ts";
import { recognizeCompression } from "../core/recognize-compression.ts";
import type { BackupFiles } from "../ports/backup-files.ts";
import type { Codec } from "../ports/codec.ts";
import type { OpenedObject } from "../ports/storage.ts";

/** Definitions and rows in directories of MySQL and MariaDB. */
const mysqlFile = /^\d{5,9}\.(?:[a-z-]+\.sql|\d{4,9}\.tsv(?:\.[a-z]+)?)$/;
/** How many plain bytes tell. */
export const FAMILY_BYTES = 1024;
/** How many stored bytes are read for them: the first block of a compressed file may be large. */
export const STORED_FAMILY_BYTES = 256 * 1024;

/** What scripts of MySQL's and MariaDB's family begin with, behind comments without words. */
const mysqlScript =
  /^(?:--[ \t]*\r?\n|\s)*(?:-- (?:MySQL|MariaDB) dump\b|-- (?:mysqldump|mydumper)\b|-- dbbackup [^\n]*: dump of (?:a database|accounts) of (?:MySQL|MariaDB)\b|\/\*M?!\d|\/\*!? ?SET\b)/;
const postgresScript = /^(?:--[ \t]*\r?\n|\s)*-- PostgreSQL database/;

/** Whose backup these plain bytes begin; undefined when they do not tell. */
export function recognizeFamily(head: Buffer): EngineFamily | undefined {
  const text = withoutMark(head).toString("latin1");
  if (text.startsWith("PGDMP") || postgresScript.test(text) || text.slice(257, 262) === "ustar") return "postgres";
  return mysqlScript.test(text) ? "mysql" : undefined;
}

function withoutMark(head: Buffer): Buffer {
  return head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf ? head.subarray(3) : head;
}

/** The same of stored bytes, which may be compressed. */
export async function recognizeStoredFamily(head: Buffer, codec: Codec): Promise<EngineFamily | undefined> {
  const method = recognizeCompression(head);
  return recognizeFamily(method === "none" ? head : await decompressedHead(method, head, codec));
}

/** The same of a stored file. */
export async function recognizeStoredFile(file: OpenedObject, codec: Codec): Promise<EngineFamily | undefined> {
  const head = Buffer.alloc(Math.min(STORED_FAMILY_BYTES, file.size));
  const count = await file.readAt(0, head);
  return await recognizeStoredFamily(head.subarray(0, count), codec);
}

/** As much as comes out of the beginning of a compressed file; that it ends too early is no news. */
async function decompressedHead(method: CompressionMethod, head: Buffer, codec: Codec): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    yield head;
  }
  try {
    for await (const piece of codec.decompress(method, "gzip", source(), {})) {
      pieces.push(Buffer.from(piece.subarray(0, FAMILY_BYTES)));
      length += piece.length;
      if (length >= FAMILY_BYTES) break;
    }
  } catch {
    // Whoever reads all of it says what is wrong with it.
  }
  return Buffer.concat(pieces);
}

/** Whose backup a folder is, by what it begins with: an index, metadata of mydumper, or a table of contents. */
export function recognizeFolder({ sizes }: Pick<BackupFiles, "sizes">): EngineFamily {
  if (["index.json", "metadata", "metadata.partial"].some((name) => sizes.has(name))) return "mysql";
  // The index may be what a damaged backup has lost.
  return !sizes.has("toc.dat") && [...sizes.keys()].some((name) => mysqlFile.test(name)) ? "mysql" : "postgres";
}
