import { BackupError } from "../../../core/backup-error.ts";
import type { Compression } from "../../../core/compression.ts";
import { archiveDamage } from "./archive-damage.ts";
import {
  type ArchiveHeader,
  archiveFormatCode,
  archiveMagic,
  compressionCodes,
  offsetFlag,
  sectionCodes,
} from "./archive-header.ts";
import { archiveLimits } from "./archive-limits.ts";
import type { ArchiveTime } from "./archive-time.ts";
import { type ArchiveMinor, firstMinorWith, formatArchiveVersion, readableMinors } from "./archive-version.ts";
import type { TocEntry } from "./toc-entry.ts";
import type { ValueCursor } from "./value-cursor.ts";

/**
 * What an entry says of where its data lies: a position (custom format), or the name of a file (directory and tar, whose
 * tables of contents are the same).
 */
export type DataPlaces = "positions" | "files";

/** The first bytes: they tell how to read the rest. */
export interface ArchivePreamble {
  readonly places: DataPlaces;
  readonly minor: ArchiveMinor;
  readonly integerSize: number;
  readonly offsetSize: number;
}

export interface DecodedEntry {
  readonly entry: TocEntry;
  /** Whether the table was stored WITH OIDS (servers before 12). */
  readonly withOids: boolean;
  /** Where its data block begins, when the writer could seek back to note it. */
  readonly dataPosition: number | undefined;
  /** Name of the file that holds its data, as the table of contents has it: not checked yet. */
  readonly fileName: string | undefined;
}

/** Octets of the preamble. */
export const preambleBytes = archiveMagic.length + 6;

/** Whether bytes begin as an archive of pg_dump does (of any version, custom format or a `toc.dat`). */
export function looksLikeArchive(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, archiveMagic.length)).toString("latin1") === archiveMagic;
}

/** @throws BackupError FOREIGN_FILE when it is no archive of a version that we read, or one of the other kind. */
export function decodePreamble(cursor: ValueCursor, places: DataPlaces): ArchivePreamble {
  if (cursor.bytes(archiveMagic.length).toString("latin1") !== archiveMagic) {
    throw foreign("it does not begin as one", "give an archive of dbbackup or pg_dump, or a plain SQL script");
  }
  const [major, minor, , integerSize, offsetSize, format] = cursor.bytes(6) as unknown as number[];
  const known = readableMinors.find((readable) => readable === minor);
  if (major !== 1 || known === undefined) {
    const range = `${formatArchiveVersion(readableMinors[0])} to ${formatArchiveVersion(readableMinors.at(-1)!)}`;
    throw foreign(`its version is ${major}.${minor}`, `versions ${range} can be read (pg_dump 9.6 to 18)`);
  }
  requireFormat(format!, places);
  if ((integerSize !== 4 && integerSize !== 8) || (offsetSize !== 4 && offsetSize !== 8)) {
    throw archiveDamage(`integers of ${integerSize} and offsets of ${offsetSize} bytes`, cursor.position);
  }
  return { places, minor: known, integerSize, offsetSize };
}

/** Tables of contents of directories bear the code of tar. */
function requireFormat(code: number, places: DataPlaces): void {
  const expected = places === "positions" ? archiveFormatCode.custom : archiveFormatCode.tar;
  if (code === expected) return;
  if (code === archiveFormatCode.tar) {
    throw foreign("it is the table of contents of a directory archive", "name the folder that it lies in");
  }
  const name = Object.entries(archiveFormatCode).find(([, known]) => known === code)?.[0] ?? `number ${code}`;
  throw foreign(`its format is ${name}`, "give an archive of dbbackup or pg_dump, or a plain SQL script");
}

/** What follows the preamble up to the count of entries. */
export function decodeHeader(cursor: ValueCursor, minor: ArchiveMinor): ArchiveHeader {
  return {
    minor,
    compression: decodeCompression(cursor, minor),
    createdAt: decodeTime(cursor),
    database: cursor.string() ?? "",
    serverVersion: cursor.string() ?? "",
    dumperVersion: cursor.string() ?? "",
  };
}

/** One entry of the table of contents (PostgreSQL's ReadToc). */
export function decodeEntry(cursor: ValueCursor, { places, minor, offsetSize }: ArchivePreamble): DecodedEntry {
  const dumpId = cursor.intIn(1, archiveLimits.maxDumpId, "a dump id");
  const hadDumper = cursor.intIn(0, 1, "a data flag") === 1;
  const table = cursor.decimal(archiveLimits.maxOid, "a catalogue id") ?? 0;
  const oid = cursor.decimal(archiveLimits.maxOid, "an object id") ?? 0;
  const tag = cursor.string() ?? "";
  const desc = cursor.string() ?? "";
  const section = sectionCodes[cursor.intIn(1, sectionCodes.length, "a section") - 1]!;
  const definition = cursor.string();
  const drop = cursor.string();
  const copy = cursor.string();
  const namespace = cursor.string();
  const tablespace = cursor.string();
  const tableAccessMethod = minor >= firstMinorWith.tableAccessMethod ? cursor.string() : null;
  const relkind = minor >= firstMinorWith.relkind ? cursor.intIn(0, 127, "a kind of relation") : 0;
  const owner = cursor.string();
  const withOids = cursor.string() === "true";
  const dependencies = decodeDependencies(cursor);
  const dataPosition = places === "positions" ? decodeOffset(cursor, offsetSize) : undefined;
  const fileName = places === "files" ? cursor.string() || undefined : undefined;
  return {
    entry: {
      dumpId,
      hadDumper,
      catalog: { table, oid },
      tag,
      desc,
      section,
      definition,
      drop,
      copy,
      namespace,
      tablespace,
      tableAccessMethod,
      relkind: relkind === 0 ? "" : String.fromCharCode(relkind),
      owner,
      dependencies,
    },
    withOids,
    dataPosition,
    fileName,
  };
}

function decodeCompression(cursor: ValueCursor, minor: ArchiveMinor): Compression {
  if (minor < firstMinorWith.compressionMethod) {
    // -1 is zlib's default level.
    const level = cursor.intIn(-1, 9, "the compression level");
    return level === 0 ? { method: "none", level } : { method: "gzip", level: level === -1 ? 6 : level };
  }
  const at = cursor.position;
  const method = compressionCodes[cursor.byte()];
  if (method === undefined) throw archiveDamage("the compression method is unknown", at);
  return { method, level: 0 };
}

function decodeTime(cursor: ValueCursor): ArchiveTime {
  const second = cursor.intIn(0, 61, "the second");
  const minute = cursor.intIn(0, 59, "the minute");
  const hour = cursor.intIn(0, 23, "the hour");
  const day = cursor.intIn(1, 31, "the day");
  const month = cursor.intIn(0, 11, "the month");
  const year = cursor.intIn(0, 9999 - 1900, "the year") + 1900;
  const daylightSaving = cursor.intIn(-1, 1, "the daylight saving flag");
  return { second, minute, hour, day, month, year, daylightSaving };
}

function decodeDependencies(cursor: ValueCursor): number[] {
  const dependencies: number[] = [];
  for (;;) {
    const id = cursor.decimal(archiveLimits.maxDumpId, "a dependency");
    if (id === null) return dependencies;
    dependencies.push(id);
  }
}

function decodeOffset(cursor: ValueCursor, size: number): number | undefined {
  const at = cursor.position;
  const flag = cursor.byte();
  const octets = cursor.bytes(size);
  if (flag === offsetFlag.notSet || flag === offsetFlag.noData) return undefined;
  if (flag !== offsetFlag.set) throw archiveDamage("an offset has an unknown flag", at);
  const offset = size === 8 ? octets.readBigUInt64LE() : BigInt(octets.readUInt32LE());
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw archiveDamage("an offset is too large", at);
  return Number(offset);
}

function foreign(reason: string, hint: string): BackupError {
  return new BackupError({ code: "FOREIGN_FILE", message: `this is no archive that can be read: ${reason}`, hint });
}
