import type { SampleChoice } from "../../../ports/sample.ts";
import type { Capabilities } from "../capabilities.ts";
import type { PlaceQuery } from "./place-queries.ts";
import type { SampledTrees } from "./read-trees.ts";
import { hashCondition } from "./row-choice.ts";

/** Called with the place of each row that is chosen. */
export type ChooseRow = (table: number, page: number, item: number) => void;

/** Pages that one statement reads, where several connections read beside each other: 64 MiB. */
const PAGES_OF_RANGE = 8192;

/** One of so many rows, or so many of a hundred: each row is chosen for itself, in one pass over each table. */
export function* chooseByHash(
  { trees, pages }: Pick<SampledTrees, "trees" | "pages">,
  choice: SampleChoice,
  capabilities: Capabilities,
  take: ChooseRow,
): Generator<PlaceQuery> {
  for (const tree of trees) {
    const conditions = hashCondition(tree, choice, capabilities);
    for (const { oid, name } of tree.heaps) {
      for (const range of pageRanges(capabilities.tidRangeScan ? (pages.get(oid) ?? 0) : 0)) {
        const where = [...range, ...conditions];
        const sql = `SELECT t.tableoid, t.ctid FROM ${name} AS t`;
        yield { sql: where.length === 0 ? sql : `${sql} WHERE ${where.join(" AND ")}`, take };
      }
    }
  }
}

/** Conditions of parts that give all rows together. The last has no end: the table may have grown since its size was asked. */
function pageRanges(pages: number): string[][] {
  const count = Math.max(1, Math.ceil(pages / PAGES_OF_RANGE));
  const bound = (at: number): string => `'(${at * PAGES_OF_RANGE},0)'::pg_catalog.tid`;
  return Array.from({ length: count }, (_, at) => [
    ...(at === 0 ? [] : [`t.ctid >= ${bound(at)}`]),
    ...(at === count - 1 ? [] : [`t.ctid < ${bound(at + 1)}`]),
  ]);
}
