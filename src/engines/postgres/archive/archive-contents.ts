import { archiveDamage } from "./archive-damage.ts";
import type { ArchiveHeader } from "./archive-header.ts";
import { archiveLimits } from "./archive-limits.ts";
import { type ArchivePreamble, type DataPlaces, decodeEntry, decodeHeader, decodePreamble } from "./decode-archive.ts";
import type { InputBytes } from "./input-bytes.ts";
import { readSessionSettings, type SessionSettings } from "./session-settings.ts";
import type { TocEntry } from "./toc-entry.ts";
import { decodeValue } from "./value-cursor.ts";

/** Header and table of contents: the same in all formats, but for what an entry says of where its data lies. */
export class ArchiveContents {
  readonly header: ArchiveHeader;
  /** Octets of integers and offsets, as the header says. */
  readonly preamble: ArchivePreamble;
  readonly entries: readonly TocEntry[];
  readonly settings: SessionSettings;
  /** Dump ids of tables that were stored WITH OIDS (servers before 12). */
  readonly withOids: ReadonlySet<number>;
  readonly #decoded: DecodedContents;

  constructor(decoded: DecodedContents) {
    this.header = decoded.header;
    this.preamble = decoded.preamble;
    this.entries = decoded.entries;
    this.settings = readSessionSettings(decoded.entries);
    this.withOids = decoded.withOids;
    this.#decoded = decoded;
  }

  entry(dumpId: number): TocEntry | undefined {
    return this.#decoded.entryOf.get(dumpId);
  }

  /** Entries with data, in the order of the table of contents. */
  get withData(): readonly TocEntry[] {
    return this.entries.filter((entry) => entry.hadDumper);
  }

  /** Custom format: where an entry's data block begins, when the writer could seek back to note it. */
  notedPosition(dumpId: number): number | undefined {
    return this.#decoded.notedPositions.get(dumpId);
  }

  /** Directory and tar format: the name of the file with an entry's data, or with the list of its large objects. */
  fileName(dumpId: number): string | undefined {
    return this.#decoded.fileNames.get(dumpId);
  }
}

export interface DecodedContents {
  readonly header: ArchiveHeader;
  readonly preamble: ArchivePreamble;
  readonly entries: readonly TocEntry[];
  readonly entryOf: ReadonlyMap<number, TocEntry>;
  readonly withOids: ReadonlySet<number>;
  readonly notedPositions: ReadonlyMap<number, number>;
  readonly fileNames: ReadonlyMap<number, string>;
}

/**
 * Reads header and table of contents; the input stands behind them afterwards.
 * @param places what entries must say of where their data lies
 * @throws BackupError FOREIGN_FILE, DAMAGED
 */
export async function decodeContents(input: InputBytes, places: DataPlaces): Promise<DecodedContents> {
  const preamble = await decodeValue(input, 4, (cursor) => decodePreamble(cursor, places));
  const header = await decodeValue(input, preamble.integerSize, (cursor) => decodeHeader(cursor, preamble.minor));
  const count = await decodeValue(input, preamble.integerSize, (cursor) => {
    const rest = input.size === undefined ? Number.POSITIVE_INFINITY : input.size - cursor.position;
    const most = Math.min(archiveLimits.entries, rest / archiveLimits.minEntryBytes[places]);
    return cursor.intIn(0, most, "the number of entries");
  });
  const entries: TocEntry[] = [];
  const entryOf = new Map<number, TocEntry>();
  const withOids = new Set<number>();
  const notedPositions = new Map<number, number>();
  const fileNames = new Map<number, string>();
  for (let i = 0; i < count; i++) {
    const at = input.position;
    const decoded = await decodeValue(input, preamble.integerSize, (cursor) => decodeEntry(cursor, preamble));
    const { entry } = decoded;
    if (entryOf.has(entry.dumpId)) throw archiveDamage(`dump id ${entry.dumpId} is used twice`, at);
    entries.push(entry);
    entryOf.set(entry.dumpId, entry);
    if (decoded.withOids) withOids.add(entry.dumpId);
    if (decoded.dataPosition !== undefined) notedPositions.set(entry.dumpId, decoded.dataPosition);
    if (decoded.fileName !== undefined) fileNames.set(entry.dumpId, decoded.fileName);
  }
  return { header, preamble, entries, entryOf, withOids, notedPositions, fileNames };
}
