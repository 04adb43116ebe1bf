import { makeLargeObjects, makeTables } from "./make-objects.ts";
import { moreRowSets, type RowSet, rowSets } from "./row-sets.ts";

/** How much there is to be made. */
export interface Sizes {
  /** Of rows, as COPY text. */
  readonly megabytes: number;
  readonly tables: number;
  readonly largeObjects: number;
}

/** A database that something is measured on, named like it. */
export interface Workload {
  readonly name: string;
  /** Fills an empty database, the same each time. */
  make(sql: (text: string) => Promise<unknown>, sizes: Sizes): Promise<void>;
  /** How much of what was asked for there is, for people. */
  describe(sizes: Sizes): string;
  /** Objects for each of which a dump may keep something in memory. */
  objects(sizes: Sizes): number;
}

/** A small table's parts that stand in the table of contents: table, sequence, default, data, key, index, comment. */
const entriesOfTable = 7;

const tables: Workload = {
  name: "tables",
  make: (sql, sizes) => makeTables(sql, sizes.tables),
  describe: (sizes) => `${sizes.tables} tables`,
  objects: (sizes) => sizes.tables * entriesOfTable,
};

const largeObjects: Workload = {
  name: "large-objects",
  make: (sql, sizes) => makeLargeObjects(sql, sizes.largeObjects),
  describe: (sizes) => `${sizes.largeObjects} large objects`,
  objects: (sizes) => sizes.largeObjects,
};

function ofRows(set: RowSet): Workload {
  return {
    name: set.name,
    make: async (sql, { megabytes }) => {
      await sql(set.sql(Math.ceil((megabytes * 1e6) / set.bytesPerRow)));
    },
    describe: ({ megabytes }) => `${megabytes} MB of rows`,
    objects: () => 0,
  };
}

/** Names of the workloads that formats and compressions are compared on. */
export const rowWorkloads: readonly string[] = rowSets.map((set) => set.name);

export const workloads: readonly Workload[] = [...[...rowSets, ...moreRowSets].map(ofRows), tables, largeObjects];
