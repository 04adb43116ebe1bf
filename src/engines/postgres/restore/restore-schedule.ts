import type { TocEntry } from "../archive/toc-entry.ts";
import { isLoadViaRoot } from "../archive/wanted-parts.ts";
import type { SelectedEntry } from "./select/select-entries.ts";

interface Item {
  readonly selected: SelectedEntry;
  /** Place in the order of the archive. */
  readonly place: number;
  readonly weight: number;
  /** Tables it reads or changes, by dump id. */
  readonly uses: ReadonlySet<number>;
  /** Whether it locks them against everybody else. */
  readonly locks: boolean;
  /** How many others must end before. */
  waits: number;
}

/**
 * Which entries can be restored beside each other: those whose dependencies are done, and never one that locks a table
 * that another one uses, for both would wait, or meet in a deadlock. The largest go first.
 *
 * As pg_restore does it: what depends on a table depends on its rows; every post-data entry but an index locks the
 * tables it depends on (pg_backup_archiver.c).
 */
export class RestoreSchedule {
  readonly #byDumpId = new Map<number, Item>();
  /** Who waits for an entry. */
  readonly #waiting = new Map<number, Item[]>();
  /** Largest first. */
  readonly #ready: Item[] = [];
  readonly #running = new Set<Item>();
  #left: number;
  #isStopped = false;

  /**
   * @param entries data and post-data of one pass, in the order of the archive
   * @param weightOf how much an entry's data is
   * @param isFoundThere whether the table of a data entry comes with an extension: then it has its foreign keys already
   */
  constructor(
    entries: readonly SelectedEntry[],
    weightOf: (dumpId: number) => number,
    isFoundThere: (entry: TocEntry) => boolean = () => false,
  ) {
    this.#left = entries.length;
    const rows = dataOfTables(entries);
    const viaRoot = entries.filter(({ entry }) => isLoadViaRoot(entry)).map(({ entry }) => entry.dumpId);
    let lastFoundThere: number | undefined;
    for (const [place, selected] of entries.entries()) {
      const { entry } = selected;
      const isPostData = entry.section === "post-data";
      const needed = new Set(entry.dependencies);
      if (isPostData) for (const id of entry.dependencies) for (const data of rows.get(id) ?? []) needed.add(data);
      // Rows that are loaded through the root of a tree lie in tables that nobody names.
      if (isPostData) for (const id of viaRoot) needed.add(id);
      if (entry.desc === "TABLE DATA" && isFoundThere(entry)) {
        // pg_dump puts such rows in the order that foreign keys want, but writes no dependencies of them.
        if (lastFoundThere !== undefined) needed.add(lastFoundThere);
        lastFoundThere = entry.dumpId;
      }
      const item = this.#itemOf(selected, place, weightOf, rows);
      this.#byDumpId.set(entry.dumpId, item);
      for (const id of needed) this.#wait(item, id);
      if (item.waits === 0) this.#makeReady(item);
    }
  }

  /** Nothing is left to begin or to wait for. */
  get isDone(): boolean {
    return this.#isStopped || this.#left === 0;
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#ready.length = 0;
  }

  /** The next entry, which is under way from now on; undefined when nothing can begin before something ends. */
  begin(): SelectedEntry | undefined {
    const at = this.#ready.findIndex((item) => !this.#conflicts(item));
    if (at < 0) return undefined;
    const [item] = this.#ready.splice(at, 1);
    this.#running.add(item!);
    return item!.selected;
  }

  end({ entry }: SelectedEntry): void {
    this.#running.delete(this.#byDumpId.get(entry.dumpId)!);
    this.#left -= 1;
    for (const item of this.#waiting.get(entry.dumpId) ?? []) {
      item.waits -= 1;
      if (item.waits === 0) this.#makeReady(item);
    }
  }

  #itemOf(
    selected: SelectedEntry,
    place: number,
    weightOf: (dumpId: number) => number,
    rows: ReadonlyMap<number, readonly number[]>,
  ): Item {
    const { entry } = selected;
    const data = entry.dependencies.flatMap((id) => rows.get(id) ?? []);
    const weight = Math.max(weightOf(entry.dumpId), ...data.map(weightOf));
    return { selected, place, weight, uses: new Set(entry.dependencies), locks: locksTables(selected), waits: 0 };
  }

  /** Entries that come later in the archive are not waited for: so nobody can wait for himself. */
  #wait(item: Item, dumpId: number): void {
    const other = this.#byDumpId.get(dumpId);
    if (other === undefined || other === item) return;
    item.waits += 1;
    const waiting = this.#waiting.get(dumpId);
    if (waiting === undefined) this.#waiting.set(dumpId, [item]);
    else waiting.push(item);
  }

  #makeReady(item: Item): void {
    if (this.#isStopped) return;
    let low = 0;
    let high = this.#ready.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comesBefore(this.#ready[middle]!, item)) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, item);
  }

  #conflicts(item: Item): boolean {
    for (const other of this.#running) {
      if ((item.locks || other.locks) && haveCommon(item.uses, other.uses)) return true;
    }
    return false;
  }
}

function haveCommon(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const one of a) if (b.has(one)) return true;
  return false;
}

function comesBefore(a: Item, b: Item): boolean {
  return a.weight > b.weight || (a.weight === b.weight && a.place < b.place);
}

function locksTables({ entry }: SelectedEntry): boolean {
  if (entry.section !== "post-data") return false;
  // The definition of an index may end with ALTER TABLE ... CLUSTER ON or REPLICA IDENTITY.
  return entry.desc !== "INDEX" || /^ALTER TABLE /m.test(entry.definition ?? "");
}

/** Dump ids of the rows of each table, by the table's. */
function dataOfTables(entries: readonly SelectedEntry[]): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  for (const { entry } of entries) {
    if (entry.desc !== "TABLE DATA") continue;
    for (const table of entry.dependencies) rows.set(table, [...(rows.get(table) ?? []), entry.dumpId]);
  }
  return rows;
}
