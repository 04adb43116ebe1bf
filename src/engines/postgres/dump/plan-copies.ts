import { copyTo } from "../objects/binary-columns.ts";
import type { DataSource, PlannedEntry } from "../objects/object-type.ts";
import type { DumpSession } from "./dump-session.ts";
import { partBytes } from "./lane-memory.ts";
import { LeaderTurn } from "./leader-turn.ts";
import { type HeapSize, readHeapSizes } from "./read-heap-sizes.ts";
import { TableParts } from "./table-parts.ts";

type CopySource = Extract<DataSource, { kind: "copy" }>;

/** The data of one entry, in the order of the archive. */
export type PlannedCopy =
  | {
      readonly kind: "table";
      readonly dumpId: number;
      readonly source: CopySource;
      readonly parts: TableParts;
      /** Other connections than the leader's may read it: they lock it first. */
      readonly isShared: boolean;
    }
  | {
      readonly kind: "large-objects";
      readonly dumpId: number;
      readonly oids: readonly number[];
      readonly turn: LeaderTurn;
    };

export interface CopyPlanOptions {
  /** How many connections copy. */
  readonly jobs: number;
  /** Tables larger than this many bytes, TOAST included, are read in parts. */
  readonly splitLargerThan: number;
}

/** Smaller tables are read faster than another connection is opened. */
export const DEFAULT_SPLIT_LARGER_THAN = 16 * 1024 * 1024;
/**
 * Plans how the data of `entries` is read, in `order` (dump ids). With one job each table is one COPY. With more, large tables are cut into ranges
 * of pages, where the server finds those without reading the whole table.
 */
export async function planCopies(
  session: DumpSession,
  entries: readonly PlannedEntry[],
  order: readonly number[],
  { jobs, splitLargerThan }: CopyPlanOptions,
): Promise<PlannedCopy[]> {
  const byDumpId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const withData = order.map((dumpId) => byDumpId.get(dumpId)!);
  const sizes =
    jobs > 1 && session.capabilities.tidRangeScan
      ? await readHeapSizes(session, withData, splitLargerThan)
      : new Map<number, HeapSize>();
  return withData.map(({ dumpId, data }) => {
    const source = data!;
    if (source.kind === "large-objects") {
      return { kind: "large-objects", dumpId, oids: source.oids, turn: new LeaderTurn() };
    }
    const size = source.ranges === undefined ? undefined : sizes.get(source.ranges.oid);
    const parts =
      size === undefined
        ? new TableParts(1, () => source.sql, source.binary)
        : pageRanges(source, size, Math.min(partBytes(jobs), splitLargerThan));
    return { kind: "table", dumpId, source, parts, isShared: size !== undefined };
  });
}

/** The rows come as they lie in the table. The last range has no end: the table may have grown since its size was asked. */
function pageRanges({ ranges, binary }: CopySource, { pages, bytes }: HeapSize, bytesOfPart: number): TableParts {
  const pagesOfPart = Math.max(1, Math.floor((bytesOfPart * pages) / bytes));
  const count = Math.ceil(pages / pagesOfPart);
  const sqlOf = (index: number): string => {
    const from = `ctid >= '(${index * pagesOfPart},0)'::pg_catalog.tid`;
    const to = index === count - 1 ? "" : ` AND ctid < '(${(index + 1) * pagesOfPart},0)'::pg_catalog.tid`;
    return copyTo(`(${ranges!.select} WHERE ${from}${to})`, binary);
  };
  return new TableParts(count, sqlOf, binary);
}
