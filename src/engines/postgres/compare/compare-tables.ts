import type { ComparisonLimits, DataDifference, RowDifference } from "../../../ports/comparison.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import { type BothSides, both } from "./both-sides.ts";
import type { EarlierWork } from "./earlier-work.ts";
import { type RowComparison, TotalsReader } from "./read-totals.ts";
import { narrowed, type RowPair } from "./row-pair.ts";
import { addTotals, isSame, noTotals, type RowTotals } from "./row-totals.ts";
import { sampleRows } from "./sample-rows.ts";
import {
  byIndex,
  countRows,
  cutTable,
  partsByKey,
  type TablePart,
  type TableParts,
  wholeTable,
  withoutIndex,
} from "./table-parts.ts";
import { toUnicode } from "./to-unicode.ts";
import { WorkQueue } from "./work-queue.ts";

/** In larger tables that were not cut by key differing rows are not looked for: that would read them three times more. */
const largestSampledTable = 100_000_000;
/** Reading is done by the sessions that were asked for and by no others. */
const alone = "set local max_parallel_workers_per_gather = 0;";

export interface TableComparison extends RowComparison {
  readonly limits: ComparisonLimits;
  /** Tables larger than this, in bytes, are read in parts of about that size. */
  readonly partSize: number;
  readonly progress: ProgressSink;
  readonly earlier: EarlierWork;
}

export interface ComparedTables {
  readonly tablesCompared: number;
  readonly rowsCompared: number;
  readonly dataDifferences: readonly DataDifference[];
  readonly dataDifferenceCount: number;
  readonly notes: readonly string[];
}

/** Compares the rows of tables, the largest first, with as many pairs of sessions as there are lanes. */
export async function compareTables(
  pairs: readonly RowPair[],
  lanes: readonly BothSides[],
  how: TableComparison,
): Promise<ComparedTables> {
  const work = new TableWork(pairs, how);
  const outcomes = await Promise.allSettled(lanes.map((sides) => work.runLane(sides)));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return work.result();
}

const sizeOf = ({ left, right }: RowPair): number => Math.max(left.bytes, right.bytes);

/** A table under way. */
interface Table {
  readonly index: number;
  readonly pair: RowPair;
  parts: TableParts;
  /** Parts not yet read. */
  left: number;
  totals: readonly [left: RowTotals, right: RowTotals];
  /** Parts by key that differ. */
  readonly unequal: TablePart[];
}

interface Lane {
  readonly sides: BothSides;
  readonly left: TotalsReader;
  readonly right: TotalsReader;
}

type Task = (lane: Lane) => Promise<void>;

class TableWork {
  readonly #how: TableComparison;
  readonly #queue: WorkQueue<Task>;
  readonly #tables: number;
  /** By the number of the table. */
  readonly #differences = new Map<number, DataDifference>();
  readonly #notes: string[] = [];
  #differing = 0;
  #finished = 0;
  #rows = 0;
  #rowsRead = 0;
  #failed = false;

  constructor(pairs: readonly RowPair[], how: TableComparison) {
    this.#how = how;
    this.#tables = pairs.length;
    const largestFirst = [...pairs.entries()].toSorted(([, a], [, b]) => sizeOf(b) - sizeOf(a));
    this.#queue = new WorkQueue(
      largestFirst.map(
        ([index, pair]) =>
          (lane) =>
            this.#begin(index, pair, lane),
      ),
    );
  }

  async runLane(sides: BothSides): Promise<void> {
    const lane = {
      sides,
      left: new TotalsReader(sides.left, this.#how),
      right: new TotalsReader(sides.right, this.#how),
    };
    try {
      await this.#queue.run(async (task) => {
        if (!this.#failed) await task(lane);
      });
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  result(): ComparedTables {
    return {
      tablesCompared: this.#tables,
      rowsCompared: this.#rows,
      dataDifferences: [...this.#differences].toSorted(([a], [b]) => a - b).map(([, difference]) => difference),
      dataDifferenceCount: this.#differing,
      notes: this.#notes,
    };
  }

  async #begin(index: number, pair: RowPair, lane: Lane): Promise<void> {
    const { earlier, partSize } = this.#how;
    const rows = earlier.tableRows(pair);
    if (rows !== undefined) {
      this.#rows += rows;
      this.#rowsRead += rows;
      this.#finished++;
      this.#tell();
      return;
    }
    const noted = earlier.edges(pair);
    const again = noted === undefined ? undefined : await partsByKey(pair, lane.sides, noted);
    const parts = again ?? (await cutTable(pair, lane.sides, partSize));
    if (parts.by === "key" && again === undefined) earlier.noteEdges(pair, parts.edges);
    const table = { index, pair, parts, left: 0, totals: [noTotals, noTotals] as const, unequal: [] };
    this.#readParts(table, parts, again !== undefined);
  }

  #readParts(table: Table, parts: TableParts, isNoted = false): void {
    table.parts = parts;
    table.left = parts.parts.length;
    table.totals = [noTotals, noTotals];
    this.#queue.add(
      parts.parts.map((part, number) => {
        const isEqual = isNoted && this.#how.earlier.isPartEqual(table.pair, number);
        return (lane) =>
          isEqual ? this.#countPart(table, part, number, lane) : this.#readPart(table, part, number, lane);
      }),
    );
  }

  /** Of what was equal in an earlier run rows are only counted, so that it is known whether the index leads to all. */
  async #countPart(table: Table, part: TablePart, number: number, lane: Lane): Promise<void> {
    const [left, right] = await both(lane.sides, (side, name) => countRows(side, part[name]!, alone + byIndex));
    if (left !== right) return await this.#readPart(table, part, number, lane);
    this.#how.earlier.countPart(table.pair, number);
    await this.#partIsRead(table, { rows: left, sums: [] }, { rows: right, sums: [] }, lane);
  }

  async #readPart(table: Table, part: TablePart, number: number, lane: Lane): Promise<void> {
    const settings = table.parts.by === "key" ? alone + byIndex : alone;
    const [left, right] = await both(lane.sides, async (_, side) => {
      const from = part[side];
      return from === undefined ? noTotals : await lane[side].read(table.pair[side], table.pair, from, settings);
    });
    if (table.parts.by === "key") {
      if (isSame(left, right)) this.#how.earlier.notePart(table.pair, number, left.rows);
      else table.unequal.push(part);
    }
    await this.#partIsRead(table, left, right, lane);
  }

  async #partIsRead(table: Table, left: RowTotals, right: RowTotals, lane: Lane): Promise<void> {
    table.totals = [addTotals(table.totals[0], left), addTotals(table.totals[1], right)];
    this.#rowsRead += left.rows;
    this.#tell();
    if (--table.left === 0) await this.#finish(table, lane);
  }

  async #finish(table: Table, lane: Lane): Promise<void> {
    const [left, right] = table.totals;
    if (table.parts.by === "key" && !(await this.#isComplete(table, lane))) {
      this.#readParts(table, wholeTable(table.pair));
      return;
    }
    this.#rows += left.rows;
    if (isSame(left, right)) {
      this.#how.earlier.noteTable(table.pair, left.rows);
    } else {
      const isTold = this.#differing++ < this.#how.limits.dataDifferences;
      if (isTold) {
        this.#differences.set(table.index, {
          object: toUnicode(table.pair.object),
          leftRows: left.rows,
          rightRows: right.rows,
          samples: await this.#sample(table, lane),
        });
      }
    }
    this.#finished++;
    this.#tell();
  }

  /** An index that does not lead to all rows (its order changed with the operating system's) would hide them. */
  async #isComplete({ pair, totals }: Table, { sides }: Lane): Promise<boolean> {
    const counted = await both(sides, (side, name) => countRows(side, pair[name].from, withoutIndex));
    const wrong = totals.flatMap(({ rows }, index) => (rows === counted[index] ? [] : [index === 0 ? "A" : "B"]));
    if (wrong.length === 0) return true;
    const key = pair.key.map(toUnicode).join(", ");
    this.#notes.push(
      `${toUnicode(pair.object)}: the index of the key (${key}) does not lead to all rows in ${wrong.join(" and ")}: check it with amcheck, and reindex; the rows were compared without it`,
    );
    return false;
  }

  async #sample({ pair, parts, totals, unequal }: Table, { sides }: Lane): Promise<RowDifference[]> {
    const { limits } = this.#how;
    if (limits.sampleRows === 0) return [];
    if (parts.by === "place") {
      const rows = Math.max(totals[0].rows, totals[1].rows);
      if (rows <= largestSampledTable) return await sampleRows(pair, sides, this.#how, limits.sampleRows, rows);
      this.#notes.push(
        `${toUnicode(pair.object)}: which of its ${rows} rows differ was not looked for: it could not be read in ranges of a key`,
      );
      return [];
    }
    const samples: RowDifference[] = [];
    for (const part of unequal) {
      if (samples.length >= limits.sampleRows) break;
      const inPart = narrowed(pair, part.left!, part.right!);
      const size = Math.ceil(Math.max(totals[0].rows, totals[1].rows) / parts.parts.length);
      samples.push(...(await sampleRows(inPart, sides, this.#how, limits.sampleRows - samples.length, size, byIndex)));
    }
    return samples;
  }

  #tell(): void {
    this.#how.progress.emit({ event: "progress", bytes: 0, rows: this.#rowsRead, objects: this.#finished });
  }
}
