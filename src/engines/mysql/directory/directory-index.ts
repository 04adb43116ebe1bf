import * as v from "valibot";
import { BackupError } from "../../../core/backup-error.ts";
import type { CompressionMethod } from "../../../core/compression.ts";
import { joinRowTotals, noRows } from "../../../core/row-totals.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import {
  DIRECTORY_FORMAT,
  type DirectoryChunk,
  type DirectoryData,
  type DirectoryIndex,
  type DirectoryObject,
  directoryIndexSchema,
} from "./directory-schema.ts";

export type {
  DirectoryChunk,
  DirectoryColumn,
  DirectoryData,
  DirectoryIndex,
  DirectoryKind,
  DirectoryObject,
  LoadExpression,
} from "./directory-schema.ts";

/** What is written of an index; the rest is the same in all. */
export type NewDirectoryIndex = Pick<
  DirectoryIndex,
  "tool" | "flavour" | "server_version" | "database" | "character_set" | "collation" | "compression" | "objects"
>;

/** Name of the index in the folder. */
export const INDEX_FILE = "index.json";
/** Largest index that is read: 300,000 tables with a chunk each. */
export const MAX_INDEX_BYTES = 256 << 20;
/** The newest `format_version` that this program understands, and the one that it writes. */
const NEWEST_FORMAT = 1;
/** Text is gathered to pieces of this size. */
const PIECE_BYTES = 256 * 1024;

/** What a data file's name ends with. */
export const dataSuffixes: Readonly<Record<CompressionMethod, string>> = {
  none: ".tsv",
  gzip: ".tsv.gz",
  zstd: ".tsv.zst",
  lz4: ".tsv.lz4",
};

/** Whether a folder is a backup in this format: whether it has an index. */
export function isDirectoryBackup(files: BackupFiles): boolean {
  return files.sizes.has(INDEX_FILE);
}

/**
 * Reads the index of a backup in directory format. It is input from a stranger: afterwards its names of files are plain ones,
 * each in one place only, expressions are known ones, sums agree, and every file is there with the size that it should have.
 * @param areFilesSurveyed somebody else looks at each file: those that are missing or of another size are no error
 * @throws BackupError FOREIGN_FILE when there is none, or it is another's; DAMAGED; UNSUPPORTED_FORMAT when it is of a
 * later version
 */
export async function readDirectoryIndex(files: BackupFiles, areFilesSurveyed = false): Promise<DirectoryIndex> {
  const index = parseIndex(await readText(files));
  const seen = new Set([INDEX_FILE]);
  const tables = new Set<string>();
  const sizes = areFilesSurveyed ? undefined : files.sizes;
  for (const object of index.objects) {
    if (object.schema !== undefined) checkFile(sizes, seen, object.schema.file, object.schema.bytes);
    if (object.data === undefined) continue;
    if (object.kind !== "table" || tables.has(object.name)) throw damaged(`rows of "${object.name}" in two places`);
    tables.add(object.name);
    checkData(object.name, object.data, index.compression);
    for (const { file, stored_bytes } of object.data.chunks) checkFile(sizes, seen, file, stored_bytes);
  }
  return index;
}

/** Writes the index; `write` gets it in pieces. @throws Error when it is not what it should be: a fault of the caller */
export async function writeDirectoryIndex(index: NewDirectoryIndex, sink: ByteSink): Promise<void> {
  const { objects, ...head } = index;
  const start = JSON.stringify({ format: DIRECTORY_FORMAT, format_version: NEWEST_FORMAT, ...head }, undefined, 2);
  let text = `${start.slice(0, -2)},\n  "objects": [`;
  let separator = "\n";
  for (const object of objects) {
    text += `${separator}${JSON.stringify(object)}`;
    separator = ",\n";
    if (text.length < PIECE_BYTES) continue;
    await sink.write(Buffer.from(text));
    text = "";
  }
  await sink.write(Buffer.from(`${text}\n  ]\n}\n`));
}

async function readText(files: BackupFiles): Promise<string> {
  const size = files.sizes.get(INDEX_FILE);
  if (size === undefined) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: `there is no "${INDEX_FILE}" in the folder`,
      hint: "name the folder of a backup in directory format",
    });
  }
  if (size > MAX_INDEX_BYTES) throw damaged(`${size} bytes are more than any index has`);
  const object = await files.open(INDEX_FILE);
  try {
    const bytes = Buffer.alloc(Math.min(object.size, MAX_INDEX_BYTES));
    return bytes.toString("utf8", 0, await object.readAt(0, bytes));
  } finally {
    await object.close();
  }
}

function parseIndex(fileText: string): DirectoryIndex {
  const json = parseJson(fileText);
  const { format, format_version: version } = json;
  if (format !== DIRECTORY_FORMAT) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: `"${INDEX_FILE}" is not that of a backup of MySQL or MariaDB`,
      object: INDEX_FILE,
      hint: "name the folder of a backup in directory format",
    });
  }
  if (typeof version === "number" && version > NEWEST_FORMAT) {
    throw new BackupError({
      code: "UNSUPPORTED_FORMAT",
      message: `an index of version ${version} is newer than this program`,
      object: INDEX_FILE,
      hint: "use a newer dbbackup",
    });
  }
  const result = v.safeParse(directoryIndexSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw damaged(`${v.getDotPath(issue) ?? ""}: ${issue.message}`);
}

function parseJson(fileText: string): { readonly format?: unknown; readonly format_version?: unknown } {
  try {
    const json: unknown = JSON.parse(fileText);
    if (typeof json === "object" && json !== null) return json;
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw damaged("it is no object");
}

/** @param sizes undefined: they are not compared */
function checkFile(sizes: BackupFiles["sizes"] | undefined, seen: Set<string>, name: string, size: number): void {
  if (seen.has(name)) throw damaged(`it names "${name}" twice`);
  seen.add(name);
  if (sizes === undefined) return;
  const found = sizes.get(name);
  if (found === size) return;
  throw new BackupError({
    code: "DAMAGED",
    message: found === undefined ? `"${name}" is missing` : `"${name}" has ${found} bytes instead of ${size}`,
    object: name,
    hint: "use another copy of the backup",
  });
}

function checkData(name: string, data: DirectoryData, compression: CompressionMethod): void {
  const { rows, bytes, checksum } = joinRowTotals([noRows, ...data.chunks]);
  if (rows !== data.rows || bytes !== data.bytes || checksum !== data.checksum) {
    throw damaged(`the chunks of table "${name}" are not the whole of it`);
  }
  const other = data.chunks.find(({ file }) => !file.endsWith(dataSuffixes[compression]));
  if (other !== undefined) throw damaged(`"${other.file}" is not compressed as the others`);
}

/** The number that names of an object's files begin with. */
export function objectNumber(index: number): string {
  return String(index).padStart(5, "0");
}

/** Name of a data file. @param table number of the table among the objects @param chunk from 1 on */
export function dataFileName(table: number, chunk: number, compression: CompressionMethod): string {
  return `${objectNumber(table)}.${String(chunk).padStart(4, "0")}${dataSuffixes[compression]}`;
}

/** Rows, bytes and checksum of all chunks. */
export function dataOf(columns: DirectoryData["columns"], chunks: readonly DirectoryChunk[]): DirectoryData {
  return { columns, ...joinRowTotals([noRows, ...chunks]), chunks: [...chunks] };
}

/** The tables of an index whose rows it has. */
export function tablesWithData(index: DirectoryIndex): (DirectoryObject & { readonly data: DirectoryData })[] {
  return index.objects.flatMap((object) => (object.data === undefined ? [] : [{ ...object, data: object.data }]));
}

function damaged(reason: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `not readable as index of a backup: ${reason}`,
    object: INDEX_FILE,
    hint: "use another copy of the backup",
    ...(cause === undefined ? {} : { cause }),
  });
}
