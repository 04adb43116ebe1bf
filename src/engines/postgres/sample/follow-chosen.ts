import type { SampleChoice } from "../../../ports/sample.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { Capabilities } from "../capabilities.ts";
import { type PlaceQuery, runPlaceQueries } from "./place-queries.ts";
import { hashCondition } from "./row-choice.ts";
import type { SampleRows } from "./sample-rows.ts";
import type { SampledTree } from "./sampled-heap.ts";

/** Looking up the key of a row costs about as much as hashing and joining ten. */
const LEAST_SHARE = 0.1;
const LEAST_ROWS = 50_000;

/**
 * Takes what the chosen rows of large tables refer to, where many of all are chosen: one statement for each foreign key
 * chooses them again, by their hashes, and joins. For what came along, and for few rows, there is `followReferences`.
 */
export async function followChosen(
  connections: readonly PgConnection[],
  trees: readonly SampledTree[],
  choice: SampleChoice,
  capabilities: Capabilities,
  sample: SampleRows,
): Promise<void> {
  if (shareOf(choice) < LEAST_SHARE) return;
  const dense = trees
    .flatMap((tree) => tree.heaps.map((heap) => ({ tree, heap })))
    .filter(({ heap }) => heap.chosen >= LEAST_ROWS && sample.references.has(heap.oid));
  // What they refer to is asked now; those of them that come along are no news.
  for (const { heap } of dense) sample.dropPending(heap.oid);
  const queries = dense.flatMap(({ tree, heap }) => {
    const isChosen = hashCondition(tree, choice, capabilities, "r");
    return sample.references.get(heap.oid)!.map(({ from, to, condition }): PlaceQuery => {
      const where = [...isChosen, condition].join(" AND ");
      const sql = `SELECT k.tableoid, k.ctid FROM ${to} AS k WHERE EXISTS (SELECT FROM ${from.name} AS r WHERE ${where})`;
      return { sql, take: sample.add };
    });
  });
  await runPlaceQueries(connections, queries);
}

function shareOf({ kind, value }: SampleChoice): number {
  switch (kind) {
    case "ratio":
      return 1 / value;
    case "percent":
      return value / 100;
    case "count":
      // The hash of the last row is not kept, and so many are seldom asked for.
      return 0;
    default:
      return kind satisfies never;
  }
}
