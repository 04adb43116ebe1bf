import {
  type ArchiveHeader,
  archiveFormatCode,
  archiveMagic,
  compressionCodes,
  sectionCodes,
  writtenIntegerSize,
  writtenOffsetSize,
} from "./archive-header.ts";
import type { ArchiveTime } from "./archive-time.ts";
import { type ArchiveMinor, firstMinorWith } from "./archive-version.ts";
import type { ByteBuilder } from "./byte-builder.ts";
import type { DataPlaces } from "./decode-archive.ts";
import type { TocEntry } from "./toc-entry.ts";

/** Appends the header of an archive (PostgreSQL's WriteHead). */
export function encodeHeader(out: ByteBuilder, header: ArchiveHeader, places: DataPlaces): void {
  out.latin1(archiveMagic);
  for (const part of [1, header.minor, 0]) out.byte(part);
  out.byte(writtenIntegerSize);
  out.byte(writtenOffsetSize);
  // Tables of contents of directories bear the code of tar.
  out.byte(places === "positions" ? archiveFormatCode.custom : archiveFormatCode.tar);
  encodeCompression(out, header);
  encodeTime(out, header.createdAt);
  out.string(header.database);
  out.string(header.serverVersion);
  out.string(header.dumperVersion);
}

/**
 * Appends one entry of the table of contents (PostgreSQL's WriteToc), but for its end: where its data lies, which each
 * format says in its own way.
 */
export function encodeEntry(out: ByteBuilder, entry: TocEntry, minor: ArchiveMinor): void {
  encodeFacts(out, entry, minor);
  encodeDependencies(out, entry.dependencies);
}

/** Appends what stands before the dependencies. */
export function encodeFacts(out: ByteBuilder, entry: TocEntry, minor: ArchiveMinor): void {
  out.int(entry.dumpId);
  out.int(entry.hadDumper ? 1 : 0);
  out.string(String(entry.catalog.table));
  out.string(String(entry.catalog.oid));
  out.string(entry.tag);
  out.string(entry.desc);
  out.int(sectionCodes.indexOf(entry.section) + 1);
  out.string(entry.definition);
  out.string(entry.drop);
  out.string(entry.copy);
  out.string(entry.namespace);
  out.string(entry.tablespace);
  if (minor >= firstMinorWith.tableAccessMethod) out.string(entry.tableAccessMethod);
  if (minor >= firstMinorWith.relkind) out.int(entry.relkind === "" ? 0 : entry.relkind.charCodeAt(0));
  out.string(entry.owner);
  // Tables WITH OIDS: no server since 12 has them, and pg_dump of 12 and newer always writes "false".
  out.string("false");
}

/** Appends the dependencies and their end. */
export function encodeDependencies(out: ByteBuilder, dependencies: readonly number[]): void {
  for (const dependency of dependencies) out.string(String(dependency));
  out.string(null);
}

function encodeCompression(out: ByteBuilder, { minor, compression }: ArchiveHeader): void {
  if (minor >= firstMinorWith.compressionMethod) {
    out.byte(compressionCodes.indexOf(compression.method));
    return;
  }
  if (compression.method !== "none" && compression.method !== "gzip") {
    throw new Error(`archive version 1.${minor} cannot hold ${compression.method}`);
  }
  out.int(compression.level);
}

function encodeTime(out: ByteBuilder, time: ArchiveTime): void {
  const { second, minute, hour, day, month, year, daylightSaving } = time;
  for (const part of [second, minute, hour, day, month, year - 1900, daylightSaving]) out.int(part);
}
