import { joinRowTotals, type RowTotals } from "../../../core/row-totals.ts";
import type { PromisedTable } from "../../../ports/restore-proof.ts";

/** A table whose rows were read, or all partitions of one. Names are for people. */
export interface ReadTable {
  readonly object: string;
  /** The partitioned table at the top of its tree. */
  readonly root: string | undefined;
  readonly hasMoney: boolean;
  readonly totals: RowTotals;
  readonly promised: PromisedRows | undefined;
}

type PromisedRows = Pick<PromisedTable, "rows" | "checksum">;

/**
 * Rows that are loaded through the root of their tree may come into another partition than they were in: where all rows of
 * a tree are what they were, or partitions do not hold as many as they did, it counts as one table. Pure.
 * @param ofRoots rows that are known to be of a tree, by its root, and not of which partition
 */
export function joinTrees(
  tables: Iterable<ReadTable>,
  ofRoots: ReadonlyMap<string, PromisedRows> = new Map(),
): ReadTable[] {
  const alone: ReadTable[] = [];
  const trees = new Map<string, ReadTable[]>();
  for (const table of tables) {
    if (table.root === undefined) alone.push(table);
    else trees.set(table.root, [...(trees.get(table.root) ?? []), table]);
  }
  for (const [root, partitions] of trees) {
    const tree = joined(root, partitions, ofRoots.get(root));
    const haveMoved = partitions.some(({ totals, promised }) => totals.rows !== (promised?.rows ?? 0));
    if (ofRoots.has(root) || haveMoved || isWhole(tree)) alone.push(tree);
    else alone.push(...partitions);
  }
  return alone;
}

function isWhole({ totals, promised }: ReadTable): boolean {
  return totals.rows === promised?.rows && totals.checksum === promised.checksum;
}

function joined(root: string, partitions: readonly ReadTable[], ofRoot: PromisedRows | undefined): ReadTable {
  const promised = [...partitions.map((one) => one.promised), ofRoot].filter((one) => one !== undefined);
  const sum = joinRowTotals(promised.map(({ rows, checksum = "0" }) => ({ rows, bytes: 0, checksum })));
  const areSummed = promised.every(({ checksum }) => checksum !== undefined);
  return {
    object: `table ${root} with its partitions`,
    root,
    hasMoney: partitions.some(({ hasMoney }) => hasMoney),
    totals: joinRowTotals(partitions.map(({ totals }) => totals)),
    promised: promised.length === 0 ? undefined : { rows: sum.rows, ...(areSummed ? { checksum: sum.checksum } : {}) },
  };
}
