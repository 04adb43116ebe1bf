import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { type PlaceQuery, runPlaceQueries } from "./place-queries.ts";
import { countBatches, inBatch } from "./rows-at-places.ts";
import type { PendingRows, SampleRows } from "./sample-rows.ts";

/**
 * Takes all rows that rows of the sample refer to, and those that these refer to, until nothing new comes: no row is looked
 * at twice, whatever circles the foreign keys make. Nothing is written on the server: each statement names by their places
 * the rows whose references it looks up.
 */
export async function followReferences(connections: readonly PgConnection[], sample: SampleRows): Promise<void> {
  for (let pending = sample.takePending(); pending.size > 0; pending = sample.takePending()) {
    await runPlaceQueries(connections, queriesOf(pending, sample));
    for (const rows of pending.values()) rows.clear();
  }
}

function* queriesOf(pending: PendingRows, { references, add }: SampleRows): Generator<PlaceQuery> {
  for (const [table, rows] of pending) {
    for (let batch = 0; batch < countBatches(rows); batch++) {
      const isInBatch = inBatch(rows, batch, "r.ctid");
      for (const { from, to, condition } of references.get(table)!) {
        const query = `SELECT k.tableoid, k.ctid FROM ${from.name} AS r JOIN ${to} AS k ON ${condition} WHERE `;
        yield { sql: `${query}${isInBatch}`, shown: `${query}r.ctid = ANY (...)`, take: add };
      }
    }
  }
}
