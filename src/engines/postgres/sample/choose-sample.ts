import type { DumpContext } from "../../../ports/dump.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { SampleChoice, SampledTable, SamplePlan } from "../../../ports/sample.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { MemoryBudget } from "../../common/memory-budget.ts";
import { sampleEvent } from "../../common/sample-event.ts";
import type { DumpSession } from "../dump/dump-session.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import { chooseByCount } from "./choose-by-count.ts";
import { chooseByHash } from "./choose-by-hash.ts";
import { estimateBytes } from "./estimate-bytes.ts";
import { followChosen } from "./follow-chosen.ts";
import { followReferences } from "./follow-references.ts";
import { runPlaceQueries } from "./place-queries.ts";
import { readReferences } from "./read-references.ts";
import { readTrees, type SampledTrees } from "./read-trees.ts";
import { RowSet } from "./row-set.ts";
import { SampleRows } from "./sample-rows.ts";
import type { SampledHeap } from "./sampled-heap.ts";
import { type ReaderOptions, withReaders } from "./with-readers.ts";

/** A table of the sample, and which of its rows are in it. */
export interface ChosenTable extends SampledTable {
  readonly heap: SampledHeap;
}

/** The rows of a sample, by OID of their table. */
export type ChosenSample = ReadonlyMap<number, ChosenTable>;

/** Trees whose rows are counted at the same time. */
const TREES_AHEAD = 16;

/**
 * Chooses the rows of a sample, in the snapshot of the session, which must read them by their places before it ends.
 * Reads only. From then on the session looks rows up rather than reading whole tables.
 * @throws BackupError UNSUPPORTED_OBJECT, PRECHECK
 */
export async function chooseSample(
  session: DumpSession,
  entries: readonly PlannedEntry[],
  choice: SampleChoice,
  decodeName: NameDecoder,
  { progress, ...readers }: Pick<DumpContext, "progress"> & ReaderOptions,
): Promise<ChosenSample> {
  progress.emit({ event: "phase", phase: "choose", message: "choosing rows" });
  const budget = new MemoryBudget();
  const found = await readTrees(session, entries, budget, decodeName);
  const references = await readReferences(session, found, decodeName);
  const sample = new SampleRows(found.heaps, references, () => new RowSet(budget, found.itemsOfPage));
  using _told = tellingRows(sample, progress);
  await withReaders(session, found, readers, async (connections) => {
    await Promise.all(connections.map((connection) => connection.queryAll(chooseSettings)));
    await chooseRows(session, connections, found, choice, sample);
    for (const heap of found.heaps.values()) heap.chosen = heap.rows.count;
    progress.emit({ event: "phase", phase: "references", message: "following foreign keys" });
    await followChosen(connections, found.trees, choice, session.capabilities, sample);
    await Promise.all(connections.map((connection) => connection.query(lookUpSetting)));
    await followReferences(connections, sample);
  });
  const chosen = await Promise.all(
    found.trees.flatMap(({ heaps, allColumns }) =>
      heaps.map((heap) => chosenTable(session, heap, allColumns, decodeName)),
    ),
  );
  // As rows are dumped, times are those of the session's own zone.
  await session.connection.query("SET LOCAL TimeZone TO DEFAULT");
  const ofHeap = new Map(chosen.map((table) => [table.heap.oid, table]));
  // In the order of the entries.
  const sampled: ChosenSample = new Map([...found.heaps.keys()].map((oid) => [oid, ofHeap.get(oid)!]));
  progress.emit(sampleEvent(samplePlan(sampled)));
  return sampled;
}

/** The text of a key must not hang on the session. Compiling is for expressions of queries that take longer to plan. */
const chooseSettings = [
  "SET LOCAL TimeZone TO 'UTC'",
  "SELECT pg_catalog.set_config('jit', 'off', true) FROM pg_catalog.pg_settings WHERE name = 'jit'",
];

/** A server may read for long without an answer. */
const TELL_EVERY_MS = 1000;

/** Tells how many rows there are, until it is disposed of. */
function tellingRows(sample: SampleRows, progress: ProgressSink): Disposable {
  const tell = (): void => progress.emit({ event: "progress", bytes: 0, rows: sample.count, objects: 0 });
  const timer = setInterval(tell, TELL_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** A few thousand rows are looked up; the server must not take reading a table once for each such query for cheaper. */
const lookUpSetting = "SET LOCAL enable_seqscan TO off";

/** The same session for whoever opens others like it, to read the rows of a sample. */
export function lookingRowsUp(session: DumpSession): DumpSession {
  return { ...session, settings: [...session.settings, "SET enable_seqscan TO off"] };
}

async function chooseRows(
  session: DumpSession,
  connections: readonly PgConnection[],
  found: SampledTrees,
  choice: SampleChoice,
  sample: SampleRows,
): Promise<void> {
  if (choice.kind !== "count") {
    await runPlaceQueries(connections, chooseByHash(found, choice, session.capabilities, sample.add));
    return;
  }
  for (let at = 0; at < found.trees.length; at += TREES_AHEAD) {
    const some = found.trees.slice(at, at + TREES_AHEAD);
    await Promise.all(some.map((tree) => chooseByCount(tree, choice, session, sample.add)));
  }
}

async function chosenTable(
  { rows }: DumpSession,
  heap: SampledHeap,
  columns: readonly string[],
  decodeName: NameDecoder,
): Promise<ChosenTable> {
  return {
    heap,
    schema: decodeName(heap.schema),
    name: decodeName(heap.table),
    chosen: heap.chosen,
    referenced: heap.rows.count - heap.chosen,
    estimatedBytes: await estimateBytes(heap, columns, rows),
  };
}

/** What is told of it. */
export function samplePlan(sample: ChosenSample): SamplePlan {
  const tables = Array.from(sample.values(), ({ schema, name, chosen, referenced, estimatedBytes }) => ({
    schema,
    name,
    chosen,
    referenced,
    estimatedBytes,
  }));
  return { tables };
}
