import type { SalvageNotes } from "../../../ports/backup-survey.ts";
import { isStatistics } from "../archive/optimizer-statistics.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { type ArchivePlan, entryName } from "../restore/archive-plan.ts";
import { heirsOfTables } from "../restore/heirs-of-tables.ts";
import type { SelectedEntry } from "../restore/select/select-entries.ts";

/** What is restored of a damaged archive. */
export interface SalvagedPlan extends SalvageNotes {
  readonly plan: ArchivePlan;
}

/**
 * Takes out of a plan what needs data that is damaged: the data itself, materialized views that read it, and what the optimizer
 * knew of it. Foreign keys to tables that lack rows are made NOT VALID, or left out where the server has no such thing. Pure.
 * @param entries all of the archive
 * @param damaged dump ids of entries whose data is not whole; none: the plan stays as it is
 */
export function salvagedPlan(
  plan: ArchivePlan,
  entries: readonly TocEntry[],
  damaged: ReadonlySet<number>,
  decode: NameDecoder,
): SalvagedPlan {
  if (damaged.size === 0) return { plan, empty: [], changed: [] };
  const lacking = new Lacking(entries, damaged);
  const empty: string[] = [];
  const changed: string[] = [];
  const kept: SelectedEntry[] = [];
  for (const selected of plan.entries) {
    const { entry, parts } = selected;
    const name = entryName(entry, decode);
    if (parts.data && damaged.has(entry.dumpId)) {
      if (entry.desc === "BLOBS")
        changed.push(`large objects of entry ${entry.dumpId}: without contents, since one of them is damaged`);
      else empty.push(name);
      if (parts.definition && entry.definition !== null && entry.definition !== "") {
        kept.push({ entry, parts: { ...parts, data: false } });
      }
      continue;
    }
    const missing = lacking.behind(entry);
    if (missing === undefined) {
      kept.push(selected);
      continue;
    }
    const because = `"${entryName(missing, decode)}" lacks rows`;
    if (entry.desc === "FK CONSTRAINT") {
      const notValid = lacking.notValid(entry);
      changed.push(`foreign key ${name}: ${notValid === undefined ? "left out" : "NOT VALID"}, since ${because}`);
      if (notValid !== undefined) kept.push({ entry: notValid, parts });
    } else if (entry.desc === "MATERIALIZED VIEW DATA") {
      changed.push(`materialized view ${name}: not populated, since ${because}`);
    }
  }
  return { plan: { ...plan, entries: kept }, empty, changed };
}

/** Which entries lack rows. */
class Lacking {
  readonly #entryOf: ReadonlyMap<number, TocEntry>;
  /** Tables, and materialized views that are not populated. */
  readonly #lacking = new Set<number>();
  /** Those of them that have no rows at all. */
  readonly #empty: ReadonlySet<number>;

  constructor(entries: readonly TocEntry[], damaged: ReadonlySet<number>) {
    this.#entryOf = new Map(entries.map((entry) => [entry.dumpId, entry]));
    const heirsOf = heirsOfTables(entries);
    for (const { dumpId, desc, dependencies } of entries) {
      if (desc === "TABLE DATA" && damaged.has(dumpId)) for (const id of dependencies) this.#lacking.add(id);
    }
    this.#empty = new Set(this.#lacking);
    for (const { dumpId, desc } of entries) {
      if (desc === "TABLE" && heirsOf(dumpId).some((heir) => this.#lacking.has(heir))) this.#lacking.add(dumpId);
    }
  }

  /** A table without its rows that an entry needs. */
  behind(entry: TocEntry): TocEntry | undefined {
    if (entry.desc === "FK CONSTRAINT") return this.#referenced(entry).find(({ dumpId }) => this.#lacking.has(dumpId));
    if (entry.desc === "MATERIALIZED VIEW DATA") return this.#read(entry, new Set());
    if (!isStatistics(entry)) return undefined;
    return this.#tables(entry).find(({ dumpId }) => this.#lacking.has(dumpId));
  }

  /** The same foreign key, which the server does not check for the rows that are there. */
  notValid(entry: TocEntry): TocEntry | undefined {
    const own = this.#tables(entry).find((table) => isOfTable(entry, table));
    const { definition } = entry;
    if (own === undefined || definition === null || !definition.endsWith(";\n") || isPartitioned(own)) return undefined;
    if (definition.endsWith(" NOT VALID;\n")) return entry;
    return { ...entry, definition: `${definition.slice(0, -2)} NOT VALID;\n` };
  }

  #tables({ dependencies }: TocEntry): TocEntry[] {
    return dependencies.flatMap((id) => {
      const entry = this.#entryOf.get(id);
      return entry?.desc === "TABLE" ? [entry] : [];
    });
  }

  /** Tables that a foreign key leads to. One whose own table has no rows holds whatever it leads to. */
  #referenced(entry: TocEntry): TocEntry[] {
    const tables = this.#tables(entry);
    if (tables.some((table) => isOfTable(entry, table) && this.#empty.has(table.dumpId))) return [];
    return tables.filter((table) => !isOfTable(entry, table));
  }

  /** What a materialized view reads, itself or through others. */
  #read({ dependencies }: TocEntry, seen: Set<number>): TocEntry | undefined {
    for (const id of dependencies) {
      const entry = this.#entryOf.get(id);
      if (entry === undefined || seen.has(id)) continue;
      seen.add(id);
      if (this.#lacking.has(id)) return entry;
      if (!/^(VIEW|MATERIALIZED VIEW|MATERIALIZED VIEW DATA|RULE|FUNCTION)$/.test(entry.desc)) continue;
      const found = this.#read(entry, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Constraints are named for their table: `table constraint`. */
function isOfTable({ namespace, tag }: TocEntry, table: TocEntry): boolean {
  return table.namespace === namespace && tag.startsWith(`${table.tag} `);
}

function isPartitioned({ relkind, definition }: TocEntry): boolean {
  return relkind === "p" || /\nPARTITION BY /.test(definition ?? "");
}
