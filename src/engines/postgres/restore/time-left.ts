import type { TocEntry } from "../archive/toc-entry.ts";

/** Rows and what is built on them take their time from different parts of the server: what one teaches is no more than a first guess of the other. */
type Kind = "rows" | "after";

interface Item {
  readonly kind: Kind;
  /** In stored bytes of rows: those of a table for its rows, a part of them for an index. */
  readonly work: number;
  /** Several sessions can do it together. */
  readonly isShared: boolean;
  /** Seconds so far of steps that ended. */
  spent: number;
  begun: number | undefined;
  isDone: boolean;
  /** For rows: how much of them was read, in stored bytes. */
  read: () => number;
}

/** What is known before a restore begins. */
export interface PlannedWork {
  readonly entries: readonly TocEntry[];
  /** Stored bytes of an entry's rows; 0 for entries without. */
  readonly storedBytes: (dumpId: number) => number;
  /** See {@link indexWork}. */
  readonly shareOf: (entry: TocEntry) => number;
  readonly jobs: number;
  readonly splitLargerThan: number;
}

/** A guess from the rows' speed weighs as much as this part of all that is built on them. */
const GUESS_WEIGHT = 0.15;
/** Something that takes longer than was thought takes at least this part of the time it took so far. */
const OVERDUE_SHARE = 0.15;
/** Nothing is said before so many seconds of rows were seen. */
const LEAST_SEEN_SECONDS = 0.5;
/** The longest of all is among the heaviest few. */
const HEAVIEST = 16;

/**
 * Estimates how long a restore will go on. Bytes of rows alone would be wrong: half of the time and more goes into indexes
 * and constraints, of which a server tells no progress. Their work is weighed beforehand in rows of their table; how long a
 * unit of work takes is learned from the run, for rows and for what comes after them apart.
 */
export class TimeLeft {
  readonly #items = new Map<number, Item>();
  readonly #begun = new Set<Item>();
  readonly #heaviest: Item[];
  readonly #jobs: number;
  readonly #now: () => number;
  /** Work of what has not begun. */
  readonly #waiting: Record<Kind, number> = { rows: 0, after: 0 };
  readonly #done: Record<Kind, { work: number; seconds: number }> = {
    rows: { work: 0, seconds: 0 },
    after: { work: 0, seconds: 0 },
  };
  readonly #guessWork: number;

  /** @param now seconds that only grow */
  constructor({ entries, storedBytes, shareOf, jobs, splitLargerThan }: PlannedWork, now: () => number) {
    this.#jobs = jobs;
    this.#now = now;
    const rowsOf = new Map<number, number>();
    for (const { desc, dumpId, dependencies } of entries) {
      if (desc === "TABLE DATA") for (const table of dependencies) rowsOf.set(table, storedBytes(dumpId));
    }
    for (const entry of entries) {
      const isRows = entry.hadDumper;
      const size = isRows
        ? storedBytes(entry.dumpId)
        : Math.max(0, ...entry.dependencies.map((table) => rowsOf.get(table) ?? 0));
      const work = isRows ? size : entry.section === "post-data" ? size * shareOf(entry) : 0;
      if (work === 0) continue;
      const kind = isRows ? "rows" : "after";
      const isShared = isRows && jobs > 1 && size > splitLargerThan;
      this.#items.set(entry.dumpId, { kind, work, isShared, spent: 0, begun: undefined, isDone: false, read: () => 0 });
      this.#waiting[kind] += work;
    }
    this.#guessWork = this.#waiting.after * GUESS_WEIGHT;
    this.#heaviest = [...this.#items.values()].toSorted((a, b) => b.work - a.work).slice(0, HEAVIEST);
  }

  begin(dumpId: number): void {
    const item = this.#items.get(dumpId);
    if (item === undefined) return;
    if (!this.#begun.has(item)) this.#waiting[item.kind] -= item.work;
    this.#begun.add(item);
    item.begun = this.#now();
  }

  /** @param read stored bytes of its rows that were read so far */
  reading(dumpId: number, read: () => number): void {
    const item = this.#items.get(dumpId);
    if (item !== undefined) item.read = read;
  }

  /** @param isLast whether nothing of it is left to do */
  end(dumpId: number, isLast: boolean): void {
    const item = this.#items.get(dumpId);
    if (item === undefined) return;
    item.spent = this.#spent(item);
    item.begun = undefined;
    item.isDone = isLast;
    if (!isLast) return;
    this.#items.delete(dumpId);
    this.#begun.delete(item);
    const done = this.#done[item.kind];
    done.work += item.work;
    done.seconds += item.spent * this.#sessionsOf(item);
  }

  /** Undefined as long as nothing is known of the server's speed. */
  get seconds(): number | undefined {
    const speeds = this.#speeds();
    if (speeds === undefined) return undefined;
    const waiting = this.#waiting.rows * speeds.rows + this.#waiting.after * speeds.after;
    let sum = waiting;
    let longest = 0;
    for (const item of this.#begun) sum += this.#left(item, speeds);
    for (const item of this.#heaviest) {
      if (item.isShared || item.isDone) continue;
      longest = Math.max(longest, this.#left(item, speeds));
    }
    return Math.max(sum / this.#jobs, longest);
  }

  /** Seconds of a session for a unit of work. */
  #speeds(): Record<Kind, number> | undefined {
    let { work, seconds } = this.#done.rows;
    for (const item of this.#begun) {
      if (item.kind !== "rows") continue;
      work += item.read();
      seconds += this.#spent(item) * this.#sessionsOf(item);
    }
    if (work === 0 || seconds < LEAST_SEEN_SECONDS) return undefined;
    const rows = seconds / work;
    const { after } = this.#done;
    const guessed = this.#guessWork;
    const seen = after.work + guessed;
    return { rows, after: seen === 0 ? rows : (after.seconds + guessed * rows) / seen };
  }

  /** Seconds of a session. */
  #left(item: Item, speeds: Record<Kind, number>): number {
    if (item.kind === "rows") return Math.max(0, item.work - item.read()) * speeds.rows;
    const spent = this.#spent(item);
    return Math.max(item.work * speeds.after - spent, spent * OVERDUE_SHARE);
  }

  /** Sessions that share a table's rows wait for us and for each other: two of them do the work of one and a half. */
  #sessionsOf({ isShared }: Item): number {
    return isShared ? (1 + this.#jobs) / 2 : 1;
  }

  #spent({ spent, begun }: Item): number {
    return spent + (begun === undefined ? 0 : this.#now() - begun);
  }
}
