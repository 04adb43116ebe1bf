import { LeaderTurn } from "../dump/leader-turn.ts";
import type { PlannedCopy } from "../dump/plan-copies.ts";
import { TableParts } from "../dump/table-parts.ts";
import { copyTo } from "../objects/binary-columns.ts";
import type { DataSource, PlannedEntry } from "../objects/object-type.ts";
import type { ChosenSample, ChosenTable } from "./choose-sample.ts";
import { countBatches, inBatch } from "./rows-at-places.ts";

type CopySource = Extract<DataSource, { kind: "copy" }>;

/** Other connections lock what they may read, and the server's table of locks has a bound. */
const MAX_SHARED_TABLES = 500;

/**
 * Plans how the rows of a sample are read, in `order` (dump ids): by their places, in the order in which they lie. Tables
 * that are not sampled, those of extensions, are read whole.
 */
export function planSampledCopies(
  entries: readonly PlannedEntry[],
  order: readonly number[],
  sample: ChosenSample,
): PlannedCopy[] {
  const byDumpId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const largest = [...sample.values()].toSorted((a, b) => b.heap.rows.count - a.heap.rows.count);
  const shared = new Set(largest.slice(0, MAX_SHARED_TABLES));
  return order.map((dumpId) => {
    const source = byDumpId.get(dumpId)!.data!;
    if (source.kind === "large-objects") {
      return { kind: "large-objects", dumpId, oids: source.oids, turn: new LeaderTurn() };
    }
    const table = source.whole && sample.get(source.whole.oid);
    if (table === undefined) return { kind: "table", dumpId, source, parts: wholeTable(source), isShared: false };
    return {
      kind: "table",
      dumpId,
      source: {
        ...source,
        ranges: source.whole!,
        estimatedBytes: table.estimatedBytes,
        estimatedRows: table.heap.rows.count,
      },
      parts: rowsOfTable(source, table),
      isShared: shared.has(table) && countBatches(table.heap.rows) > 1,
      expectedRows: table.heap.rows.count,
    };
  });
}

function wholeTable({ sql, binary }: CopySource): TableParts {
  return new TableParts(1, () => sql, binary);
}

function rowsOfTable({ whole, binary }: CopySource, { heap: { rows } }: ChosenTable): TableParts {
  const sqlOf = (batch: number): string => copyTo(`(${whole!.select} WHERE ${inBatch(rows, batch, "ctid")})`, binary);
  return new TableParts(Math.max(1, countBatches(rows)), sqlOf, binary);
}
