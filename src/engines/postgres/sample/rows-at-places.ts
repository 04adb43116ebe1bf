import type { RowSet } from "./row-set.ts";

/**
 * Rows that one statement reads by their places: some 50 KiB of text, of which 64 may wait in a socket. The server looks
 * them up one by one, in the order in which they lie.
 */
export const ROWS_OF_BATCH = 4096;

export function countBatches(rows: RowSet): number {
  return Math.ceil(rows.count / ROWS_OF_BATCH);
}

/** Condition that the rows of a batch fulfil. @param ctid the column, as the statement names it */
export function inBatch(rows: RowSet, batch: number, ctid: string): string {
  return atPlaces(rows.slice(batch * ROWS_OF_BATCH, Math.min(rows.count, (batch + 1) * ROWS_OF_BATCH)), ctid);
}

/** @param places `(page,item)` */
export function atPlaces(places: readonly string[], ctid: string): string {
  if (places.length === 0) return "false";
  return `${ctid} = ANY ('{"${places.join('","')}"}'::pg_catalog.tid[])`;
}
