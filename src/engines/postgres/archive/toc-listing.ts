import type { ArchiveReader } from "./archive-reader.ts";
import { formatArchiveTime, zoneOfArchiveTime } from "./archive-time.ts";
import { formatArchiveVersion } from "./archive-version.ts";
import { oneLine, orDash } from "./script-text.ts";
import type { TocEntry } from "./toc-entry.ts";

/**
 * The table of contents as `pg_restore --list` prints it, line by line: a header of comments, then these entries in their
 * order. Binary strings, as everything in the archive.
 * @param dependencies also what each entry needs, as with `--verbose`
 */
export function tocListing(archive: ArchiveReader, entries: readonly TocEntry[], dependencies: boolean): string[] {
  const { header, preamble } = archive;
  return [
    ";",
    `; Archive created at ${formatArchiveTime(header.createdAt)} ${zoneOfArchiveTime(header.createdAt)}`,
    `;     dbname: ${oneLine(header.database)}`,
    `;     TOC Entries: ${archive.entries.length}`,
    `;     Compression: ${header.compression.method}`,
    `;     Dump Version: ${formatArchiveVersion(header.minor)}-0`,
    `;     Format: ${archive.format.toUpperCase()}`,
    `;     Integer: ${preamble.integerSize} bytes`,
    `;     Offset: ${preamble.offsetSize} bytes`,
    `;     Dumped from database version: ${oneLine(header.serverVersion)}`,
    `;     Dumped by pg_dump version: ${oneLine(header.dumperVersion)}`,
    ";",
    ";",
    "; Selected TOC Entries:",
    ";",
    ...entries.flatMap((entry) => [listedEntry(entry), ...(dependencies ? listedDependencies(entry) : [])]),
  ];
}

function listedEntry({ dumpId, catalog, desc, namespace, tag, owner }: TocEntry): string {
  const object = `${dumpId}; ${catalog.table} ${catalog.oid} ${oneLine(desc)}`;
  return `${object} ${orDash(namespace)} ${oneLine(tag)} ${oneLine(owner ?? "")}`;
}

function listedDependencies({ dependencies }: TocEntry): string[] {
  return dependencies.length === 0 ? [] : [`;\tdepends on: ${dependencies.join(" ")}`];
}
