import { copyTo } from "../objects/binary-columns.ts";
import type { DataSource } from "../objects/object-type.ts";
import type { DumpSession } from "./dump-session.ts";
import type { EntryWithData } from "./entry-with-data.ts";
import { partBytes } from "./lane-memory.ts";
import { LeaderTurn } from "./leader-turn.ts";
import { type HeapSize, readHeapSizes } from "./read-heap-sizes.ts";
import { type KeyParts, readKeyParts } from "./read-key-ranges.ts";
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
      /** Set when its parts are ranges of a key, which an index must find. */
      readonly byKey?: KeyParts;
      /** How many rows must come, when that is known. */
      readonly expectedRows?: number;
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
 * of pages, where the server finds those without reading the whole table, else of a key.
 */
export async function planCopies(
  session: DumpSession,
  entries: readonly EntryWithData[],
  order: readonly number[],
  { jobs, splitLargerThan }: CopyPlanOptions,
): Promise<PlannedCopy[]> {
  if (order.length === 0) return [];
  const byDumpId = new Map<number, EntryWithData>();
  for (const entry of entries) if (entry.data !== undefined) byDumpId.set(entry.dumpId, entry);
  const withData = order.map((dumpId) => byDumpId.get(dumpId)!);
  const bytesOfPart = Math.min(partBytes(jobs), splitLargerThan);
  const sizes = jobs > 1 ? await readHeapSizes(session, withData, splitLargerThan) : new Map<number, HeapSize>();
  const { tidRangeScan } = session.capabilities;
  const keys = tidRangeScan ? new Map<number, KeyParts>() : await readKeyParts(session, withData, sizes, bytesOfPart);
  return withData.map(({ dumpId, data }) => {
    const source = data!;
    if (source.kind === "large-objects") {
      return { kind: "large-objects", dumpId, oids: source.oids, turn: new LeaderTurn() };
    }
    const oid = source.ranges?.oid ?? 0;
    const byKey = keys.get(oid);
    const size = tidRangeScan ? sizes.get(oid) : undefined;
    const ranges = byKey?.ranges ?? (size && pageRanges(size, bytesOfPart));
    const parts = ranges === undefined ? wholeTable(source) : rangesOfTable(source, ranges);
    return { kind: "table", dumpId, source, parts, isShared: ranges !== undefined, ...(byKey && { byKey }) };
  });
}

/** Conditions that each row fulfils one of. */
interface RowRanges {
  readonly count: number;
  condition(index: number): string;
}

function wholeTable({ sql, binary }: CopySource): TableParts {
  return new TableParts(1, () => sql, binary);
}

function rangesOfTable({ ranges, binary }: CopySource, rows: RowRanges): TableParts {
  const sqlOf = (index: number) => copyTo(`(${ranges!.select} WHERE ${rows.condition(index)})`, binary);
  return new TableParts(rows.count, sqlOf, binary);
}

/** The rows come as they lie in the table. The last range has no end: the table may have grown since its size was asked. */
function pageRanges({ pages, bytes }: HeapSize, bytesOfPart: number): RowRanges {
  const pagesOfPart = Math.max(1, Math.floor((bytesOfPart * pages) / bytes));
  const count = Math.ceil(pages / pagesOfPart);
  const condition = (index: number): string => {
    const from = `ctid >= '(${index * pagesOfPart},0)'::pg_catalog.tid`;
    const to = index === count - 1 ? "" : ` AND ctid < '(${(index + 1) * pagesOfPart},0)'::pg_catalog.tid`;
    return `${from}${to}`;
  };
  return { count, condition };
}
