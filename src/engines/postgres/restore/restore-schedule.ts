import type { TocEntry } from "../archive/toc-entry.ts";
import { isLoadViaRoot } from "../archive/wanted-parts.ts";
import { KeptOrder } from "./kept-order.ts";
import type { SelectedEntry } from "./select/select-entries.ts";
import { doConflict, type LockMode, type TableLocks } from "./table-locks.ts";
import type { Step, TwoSteps } from "./two-steps.ts";

/** An entry, or one of two steps of it, for a session to restore. */
export interface ScheduledEntry extends SelectedEntry {
  /** Another step follows, if this one succeeds. */
  readonly isFirstStep?: boolean;
  /** Takes back what the first step did, when this one, the second, fails. */
  readonly undo?: string;
  /** Others may have to come first, though nothing says so: when this one fails for that, it comes again behind them. */
  readonly mayBeTooEarly?: boolean;
}

interface Item {
  readonly scheduled: ScheduledEntry;
  /** Place in the order of the archive. */
  readonly place: number;
  readonly weight: number;
  readonly locks: TableLocks;
  /** How many others must end before. */
  waits: number;
  /** The second step. */
  readonly next?: Item;
}

/** What the schedule is told of the archive. */
export interface ScheduleFacts {
  /** How much an entry's data is. */
  readonly weightOf: (dumpId: number) => number;
  /** Whether the table of a data entry comes with an extension: then it has its foreign keys already. */
  readonly isFoundThere?: (entry: TocEntry) => boolean;
  /** Which tables get what is made for a table: its partitions and heirs, and theirs. */
  readonly heirsOf?: (table: number) => readonly number[];
  /** How to restore an entry in two steps, if that can be; given the weight of the rows it works on. */
  readonly inTwoSteps?: (entry: TocEntry, weight: number) => TwoSteps | undefined;
  /** What part of the work that the rows of its table are an index or constraint is: 1 is all of it. */
  readonly shareOf?: (entry: TocEntry) => number;
}

/**
 * Which entries can be restored beside each other: those whose dependencies are done, and never one that locks a table
 * that another one uses, for both would wait, or meet in a deadlock. The largest go first.
 *
 * As pg_restore does it: what depends on a table depends on its rows; every post-data entry but an index locks the
 * tables it depends on (pg_backup_archiver.c).
 */
export class RestoreSchedule {
  /** The last step of each. */
  readonly #byDumpId = new Map<number, Item>();
  readonly #begun = new Map<ScheduledEntry, Item>();
  /** Who waits for an entry. */
  readonly #waiting = new Map<number, Item[]>();
  /** Largest first. */
  readonly #ready: Item[] = [];
  readonly #running = new Set<Item>();
  /**
   * Materialized views that are not filled yet, in the order of the archive: one may read those before it by a function,
   * whose text nobody looks into.
   */
  readonly #unfilled = new Set<Item>();
  #left: number;
  #isStopped = false;

  /**
   * @param entries data and post-data of one pass, in the order of the archive
   */
  constructor(entries: readonly SelectedEntry[], facts: ScheduleFacts) {
    const { isFoundThere = () => false, heirsOf = () => [] } = facts;
    this.#left = entries.length;
    const rows = dataOfTables(entries);
    const viaRoot = entries.filter(({ entry }) => isLoadViaRoot(entry)).map(({ entry }) => entry.dumpId);
    const keptOrder = new KeptOrder();
    let lastFoundThere: number | undefined;
    for (const [place, selected] of entries.entries()) {
      const { entry } = selected;
      const isPostData = entry.section === "post-data";
      const needed = new Set(entry.dependencies);
      for (const id of isPostData ? tablesWorkedOn(entry, heirsOf) : []) {
        for (const data of rows.get(id) ?? []) needed.add(data);
      }
      // Rows that are loaded through the root of a tree lie in tables that nobody names.
      if (isPostData) for (const id of viaRoot) needed.add(id);
      for (const id of keptOrder.before(entry)) needed.add(id);
      if (entry.desc === "TABLE DATA" && isFoundThere(entry)) {
        // pg_dump puts such rows in the order that foreign keys want, but writes no dependencies of them.
        if (lastFoundThere !== undefined) needed.add(lastFoundThere);
        lastFoundThere = entry.dumpId;
      }
      const item = itemOf(selected, place, facts, rows);
      this.#byDumpId.set(entry.dumpId, item.next ?? item);
      if (isFilling(item)) this.#unfilled.add(item);
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
  begin(): ScheduledEntry | undefined {
    const at = this.#ready.findIndex((item) => !this.#conflicts(item));
    if (at < 0) return undefined;
    const item = this.#ready.splice(at, 1)[0]!;
    const [unfilled] = this.#unfilled;
    const mayBeTooEarly = isFilling(item) && unfilled !== item;
    const scheduled = mayBeTooEarly ? { ...item.scheduled, mayBeTooEarly } : item.scheduled;
    this.#running.add(item);
    this.#begun.set(scheduled, item);
    return scheduled;
  }

  /** It was too early: it comes again, behind all materialized views before it. */
  again(scheduled: ScheduledEntry): void {
    const item = this.#begun.get(scheduled)!;
    this.#begun.delete(scheduled);
    this.#running.delete(item);
    for (const other of this.#unfilled) {
      if (other.place < item.place) this.#wait(item, other.scheduled.entry.dumpId);
    }
    if (item.waits === 0) this.#makeReady(item);
  }

  /** @param isDone false when it failed: there is no second step then */
  end(scheduled: ScheduledEntry, isDone = true): void {
    const item = this.#begun.get(scheduled)!;
    this.#begun.delete(scheduled);
    this.#running.delete(item);
    if (item.next !== undefined && isDone) {
      this.#makeReady(item.next);
      return;
    }
    this.#left -= 1;
    this.#unfilled.delete(item);
    for (const waiting of this.#waiting.get(scheduled.entry.dumpId) ?? []) {
      waiting.waits -= 1;
      if (waiting.waits === 0) this.#makeReady(waiting);
    }
  }

  /** Entries that come later in the archive are not waited for: so nobody can wait for himself. */
  #wait(item: Item, dumpId: number): void {
    if (!this.#byDumpId.has(dumpId) || dumpId === item.scheduled.entry.dumpId) return;
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
      if (doConflict(item.locks, other.locks)) return true;
    }
    return false;
  }
}

function itemOf(
  selected: SelectedEntry,
  place: number,
  { weightOf, inTwoSteps, shareOf = () => 1 }: ScheduleFacts,
  rows: ReadonlyMap<number, readonly number[]>,
): Item {
  const { entry, parts } = selected;
  const size = Math.max(
    weightOf(entry.dumpId),
    ...entry.dependencies.flatMap((id) => rows.get(id) ?? []).map(weightOf),
  );
  const weight = entry.section === "post-data" ? size * shareOf(entry) : size;
  const steps = parts.definition ? inTwoSteps?.(entry, size) : undefined;
  if (steps === undefined) return { scheduled: { ...selected }, place, weight, locks: locksOf(entry), waits: 0 };
  const step = ({ sql, locks }: Step, which: TwoSteps["long"]) => ({
    scheduled: { parts, entry: { ...entry, definition: sql } },
    place,
    // What is done in a moment, and lets others begin, goes first.
    weight: steps.long === which ? weight : Number.POSITIVE_INFINITY,
    locks,
    waits: 0,
  });
  const [first, second] = [step(steps.first, "first"), step(steps.second, "second")];
  return {
    ...first,
    scheduled: { ...first.scheduled, isFirstStep: true },
    next: { ...second, scheduled: { ...second.scheduled, undo: steps.undo } },
  };
}

function isFilling({ scheduled }: Item): boolean {
  return scheduled.entry.desc === "MATERIALIZED VIEW DATA";
}

/**
 * Triggers, checks and foreign keys of a tree are made for its partitions and heirs too, whose rows they would act on, or
 * refuse, if these came later. Indexes and keys are made for one table, and attached.
 */
function tablesWorkedOn(
  { desc, definition, dependencies }: TocEntry,
  heirsOf: (table: number) => readonly number[],
): readonly number[] {
  const isOfOne = desc === "INDEX" || definition?.startsWith("ALTER TABLE ONLY ") === true;
  return isOfOne ? dependencies : [...dependencies, ...dependencies.flatMap(heirsOf)];
}

function comesBefore(a: Item, b: Item): boolean {
  return a.weight > b.weight || (a.weight === b.weight && a.place < b.place);
}

function locksOf(entry: TocEntry): TableLocks {
  return new Map(entry.dependencies.map((table) => [table, lockModeOf(entry)]));
}

function lockModeOf({ section, desc, definition }: TocEntry): LockMode {
  if (section !== "post-data") return "row-exclusive";
  // The definition of an index may end with ALTER TABLE ... CLUSTER ON or REPLICA IDENTITY.
  return desc === "INDEX" && !/^ALTER TABLE /m.test(definition ?? "") ? "share" : "access-exclusive";
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
