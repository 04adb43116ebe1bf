import { BackupError } from "../../../core/backup-error.ts";
import type { MemoryBudget } from "../../common/memory-budget.ts";
import type { Capabilities } from "../capabilities.ts";
import type { DumpSession } from "../dump/dump-session.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { Catalog, type Row } from "../objects/catalog-reader.ts";
import type { PageRanges, PlannedEntry } from "../objects/object-type.ts";
import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { RowSet } from "./row-set.ts";
import type { SampledHeap, SampledTree } from "./sampled-heap.ts";

export interface SampledTrees {
  readonly trees: readonly SampledTree[];
  /** By OID. */
  readonly heaps: ReadonlyMap<number, SampledHeap>;
  /** Tables with rows by the OID of themselves, and of each partitioned table that they belong to. */
  readonly heapsBelow: ReadonlyMap<number, readonly SampledHeap[]>;
  /** All tables and partitioned tables that are read, as LOCK names them. */
  readonly relations: readonly string[];
  /** Of each table on disk. */
  readonly pages: ReadonlyMap<number, number>;
  /** Rows that a page can have. */
  readonly itemsOfPage: number;
}

/** Of a page, and of a row on it, besides its data: "Database Page Layout" in PostgreSQL's manual. */
const PAGE_HEADER_BYTES = 24;
const LEAST_ROW_BYTES = 24 + 4;

/**
 * The tables whose rows are sampled, of the entries of a dump. Those of extensions are not among them: what extensions keep
 * in them is dumped whole.
 * @throws BackupError UNSUPPORTED_OBJECT for a table that does not keep its rows as PostgreSQL's own do
 */
export async function readTrees(
  { rows, capabilities }: DumpSession,
  entries: readonly PlannedEntry[],
  budget: MemoryBudget,
  decodeName: NameDecoder,
): Promise<SampledTrees> {
  const candidates = new Map(entries.flatMap(heapOf));
  const oids = oidArray(candidates.keys());
  const [found, others, ofExtensions, sizes, [block]] = await Promise.all([
    rows(ancestorsQuery(oids)),
    capabilities.tableAccessMethods ? rows(otherMethodsQuery(oids)) : [],
    rows(extensionQuery(oids)),
    rows(pagesQuery(oids)),
    rows("SELECT pg_catalog.current_setting('block_size') AS bytes"),
  ]);
  for (const { oid } of ofExtensions) candidates.delete(Number(oid));
  refuseOtherMethods(
    others.map((row) => candidates.get(Number(row.oid))).filter((heap) => heap !== undefined),
    decodeName,
  );
  const itemsOfPage = Math.floor((Number(block!.bytes) - PAGE_HEADER_BYTES) / LEAST_ROW_BYTES);
  const heaps = new Map(
    Array.from(candidates, ([oid, heap]) => [oid, { ...heap, rows: new RowSet(budget, itemsOfPage), chosen: 0 }]),
  );
  const ofHeaps = found.filter(({ heap }) => heaps.has(Number(heap)));
  const tops = Map.groupBy(
    ofHeaps.filter(({ is_top }) => is_top === "t"),
    ({ relation }) => Number(relation),
  );
  const columns = await readColumns(rows, oidArray(tops.keys()), capabilities);
  const trees = Array.from(tops, ([oid, members]) => ({
    schema: members[0]!.nspname!,
    name: members[0]!.relname!,
    ...columns(oid),
    heaps: members.map(({ heap }) => heaps.get(Number(heap))!),
  }));
  const heapsBelow = new Map<number, SampledHeap[]>();
  for (const [relation, members] of Map.groupBy(ofHeaps, (row) => Number(row.relation))) {
    heapsBelow.set(
      relation,
      members.map(({ heap }) => heaps.get(Number(heap))!),
    );
  }
  const relations = new Set(ofHeaps.map(({ nspname, relname }) => `ONLY ${qualified(nspname!, relname!)}`));
  const pages = new Map(sizes.map((row) => [Number(row.oid), Number(row.pages)]));
  return { trees, heaps, heapsBelow, itemsOfPage, relations: [...relations], pages };
}

type HeapFacts = Omit<SampledHeap, "rows" | "chosen">;

function heapOf({ data }: PlannedEntry): [number, HeapFacts][] {
  if (data?.kind !== "copy" || data.whole === undefined) return [];
  const { oid, name, select }: PageRanges = data.whole;
  return [[oid, { oid, schema: data.schema, table: data.table, name, select }]];
}

function refuseOtherMethods(heaps: readonly HeapFacts[], decodeName: NameDecoder): void {
  const [first] = heaps;
  if (first === undefined) return;
  const object = `${decodeName(first.schema)}.${decodeName(first.table)}`;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: "rows of a table whose access method is not PostgreSQL's heap cannot be sampled",
    object,
    hint: `leave its rows out with --exclude-table-data '${object}', or back up the whole database`,
  });
}

export function oidArray(oids: Iterable<number>): string {
  return `'{${[...oids].join(",")}}'::pg_catalog.oid[]`;
}

/** Each table, and the partitioned tables above it; the highest of them is its tree's. */
function ancestorsQuery(oids: string): string {
  return (
    "WITH RECURSIVE up (heap, relation, is_partition) AS (" +
    `SELECT c.oid, c.oid, c.relispartition FROM pg_catalog.unnest(${oids}) AS src (oid) ` +
    "JOIN pg_catalog.pg_class c ON c.oid = src.oid " +
    "UNION ALL SELECT up.heap, p.oid, p.relispartition FROM up " +
    "JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.relation " +
    "JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE up.is_partition) " +
    "SELECT up.heap, up.relation, NOT up.is_partition AS is_top, n.nspname, c.relname FROM up " +
    "JOIN pg_catalog.pg_class c ON c.oid = up.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
    "ORDER BY up.heap, up.relation"
  );
}

function pagesQuery(oids: string): string {
  return (
    "SELECT src.oid, pg_catalog.pg_relation_size(src.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8 AS pages " +
    `FROM pg_catalog.unnest(${oids}) AS src (oid)`
  );
}

function otherMethodsQuery(oids: string): string {
  return (
    `SELECT c.oid FROM pg_catalog.unnest(${oids}) AS src (oid) JOIN pg_catalog.pg_class c ON c.oid = src.oid ` +
    "JOIN pg_catalog.pg_am a ON a.oid = c.relam WHERE a.amhandler <> 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc"
  );
}

function extensionQuery(oids: string): string {
  return (
    `SELECT d.objid AS oid FROM pg_catalog.pg_depend d WHERE d.classid = ${Catalog.pg_class} AND d.objid = ANY (${oids}) ` +
    `AND d.deptype = 'e' AND d.refclassid = ${Catalog.pg_extension}`
  );
}

/** Quoted columns of a table, by its OID: those that name its rows (of its key, else all), and all. */
async function readColumns(
  rows: DumpSession["rows"],
  oids: string,
  { partitionedIndexes, generatedColumns }: Capabilities,
): Promise<(table: number) => Pick<SampledTree, "columns" | "allColumns">> {
  const [ofKeys, ofTables] = await Promise.all([
    rows(keysQuery(oids, partitionedIndexes)),
    rows(columnsQuery(oids, generatedColumns)),
  ]);
  const keys = Map.groupBy(ofKeys, tableOf);
  const tables = Map.groupBy(ofTables, tableOf);
  return (table) => {
    const allColumns = quoted(tables.get(table) ?? []);
    const ofKey = keys.get(table);
    return { columns: ofKey === undefined ? allColumns : quoted(bestKey(ofKey)), allColumns };
  };
}

function quoted(columns: readonly Row[]): string[] {
  return columns.map(({ attname }) => quoteIdentifier(attname!));
}

const tableOf = (row: Row): number => Number(row.attrelid);

/** The primary key, else the shortest; of equals the first by names, so that it is the same one everywhere. */
function bestKey(columns: readonly Row[]): Row[] {
  const keys = [...Map.groupBy(columns, ({ indexrelid }) => indexrelid).values()];
  return keys.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]!;
}

function rank(key: readonly Row[]): string {
  const names = key.map(({ attname }) => attname).join("\0");
  return `${key[0]!.indisprimary === "t" ? 0 : 1} ${`${key.length}`.padStart(2, "0")} ${names}`;
}

/** Columns of unique indexes that hold all rows and have no NULL. */
function keysQuery(oids: string, hasIncluded: boolean): string {
  const columns = "pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u (number, place)";
  const isKey = `u.place <= x.${hasIncluded ? "indnkeyatts" : "indnatts"}`;
  return (
    "SELECT x.indrelid AS attrelid, x.indexrelid, x.indisprimary, a.attname FROM pg_catalog.pg_index x " +
    `CROSS JOIN LATERAL ${columns} ` +
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = u.number " +
    `WHERE x.indrelid = ANY (${oids}) AND x.indisunique AND x.indisvalid AND x.indisready AND x.indpred IS NULL ` +
    `AND x.indexprs IS NULL AND ${isKey} AND NOT EXISTS (SELECT FROM ${columns} ` +
    `JOIN pg_catalog.pg_attribute n ON n.attrelid = x.indrelid AND n.attnum = u.number WHERE ${isKey} AND NOT n.attnotnull) ` +
    "ORDER BY x.indrelid, x.indexrelid, u.place"
  );
}

function columnsQuery(oids: string, hasGenerated: boolean): string {
  return (
    `SELECT a.attrelid, a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY (${oids}) AND a.attnum > 0 ` +
    `AND NOT a.attisdropped ${hasGenerated ? "AND a.attgenerated = ''" : ""} ORDER BY a.attrelid, a.attnum`
  );
}
