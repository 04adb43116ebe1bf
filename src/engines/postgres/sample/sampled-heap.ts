import type { ChosenFrom } from "./row-choice.ts";
import type { RowSet } from "./row-set.ts";

/** A table of which rows are chosen: a plain one, or a tree of partitions, which counts as one. */
export interface SampledTree extends ChosenFrom {
  /** Quoted, but for those that are computed. */
  readonly allColumns: readonly string[];
  readonly heaps: readonly SampledHeap[];
}

/** A table, partition or inheritance child: what has rows of its own. Names are binary strings. */
export interface SampledHeap {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** `ONLY schema.table`. */
  readonly name: string;
  /** `SELECT columns FROM ONLY schema.table`. */
  readonly select: string;
  /** Places of the rows that are in the sample. */
  readonly rows: RowSet;
  /** How many of them were chosen, and did not come along. */
  chosen: number;
}

/** A foreign key of a table whose rows are sampled. */
export interface Reference {
  readonly from: SampledHeap;
  /** `ONLY schema.table`; a partitioned table with its partitions. */
  readonly to: string;
  /** OIDs of the tables that have those rows. */
  readonly targets: readonly number[];
  /** Holds for row `r` and the row `k` that it refers to. */
  readonly condition: string;
}
