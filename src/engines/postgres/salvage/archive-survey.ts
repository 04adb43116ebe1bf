import { type BackupSurvey, type DamagedPlace, maxListedPlaces } from "../../../ports/backup-survey.ts";
import type { ArchiveContents } from "../archive/archive-contents.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";

/** What is whole in an archive. */
export interface ArchiveSurvey extends BackupSurvey {
  /** Where whole blocks lie, by dump ids; of a folder all begin at 0. */
  readonly whole: ReadonlyMap<number, WholeBlock>;
  /** Dump ids of entries whose data is not whole. */
  readonly damaged: ReadonlySet<number>;
}

export interface WholeBlock {
  readonly position: number;
  readonly storedBytes: number;
}

/** Gathers what a survey finds. Holds one number for each entry with data, and a bounded list of places. */
export class SurveyNotes {
  readonly whole = new Map<number, WholeBlock>();
  readonly #contents: ArchiveContents;
  readonly #decode: NameDecoder;
  readonly #places: DamagedPlace[] = [];
  #morePlaces = 0;
  readonly #others = new Map<number, string[]>();

  constructor(contents: ArchiveContents) {
    this.#contents = contents;
    this.#decode = nameDecoder(contents.settings.encoding);
  }

  get hasPlaces(): boolean {
    return this.#places.length > 0;
  }

  place(place: DamagedPlace): void {
    if (this.#places.length < maxListedPlaces) this.#places.push(place);
    else this.#morePlaces += 1;
  }

  /** Tells more exactly what of an entry's data is damaged. */
  noteOther(dumpId: number, what: string): void {
    const known = this.#others.get(dumpId);
    if (known === undefined) this.#others.set(dumpId, [what]);
    else if (known.length < maxListedPlaces) known.push(what);
  }

  /** What the data of an entry is, for people. */
  nameOf(dumpId: number): string {
    const entry = this.#contents.entry(dumpId);
    if (entry === undefined) return `entry ${dumpId}`;
    const { schema, name } = this.tableOf(entry);
    return entry.desc === "BLOBS" ? `large objects of entry ${dumpId}` : `table "${schema}"."${name}"`;
  }

  tableOf({ namespace, tag }: TocEntry): { readonly schema: string; readonly name: string } {
    return { schema: this.#decode(namespace ?? ""), name: this.#decode(tag) };
  }

  /** Entries whose data was not found whole. */
  get damaged(): readonly TocEntry[] {
    return this.#contents.withData.filter(({ dumpId }) => !this.whole.has(dumpId));
  }

  result(definitions: Pick<BackupSurvey, "areDefinitionsUnproved" | "contentsFile" | "unusable">): ArchiveSurvey {
    const { damaged } = this;
    return {
      places: this.#places.toSorted((one, other) => comparePlaces(one, other)),
      morePlaces: this.#morePlaces,
      tables: this.#contents.withData.filter(isTable).length,
      damagedTables: damaged.filter(isTable).map((entry) => this.tableOf(entry)),
      damagedOthers: damaged
        .filter((entry) => !isTable(entry))
        .flatMap(({ dumpId }) => this.#others.get(dumpId) ?? [this.nameOf(dumpId)]),
      canBeSalvaged: true,
      ...definitions,
      whole: this.whole,
      damaged: new Set(damaged.map(({ dumpId }) => dumpId)),
    };
  }
}

function isTable({ desc }: TocEntry): boolean {
  return desc !== "BLOBS";
}

function comparePlaces(one: DamagedPlace, other: DamagedPlace): number {
  const [a = "", b = ""] = [one.file, other.file];
  if (a !== b) return a < b ? -1 : 1;
  return one.from - other.from;
}
