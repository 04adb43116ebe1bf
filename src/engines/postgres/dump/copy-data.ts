import type { DumpContext, DumpedTable } from "../../../ports/dump.ts";
import type { CopyOutScanner } from "../../../wire/postgres/copy-out-scanner.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import type { DataSource, PlannedEntry } from "../objects/object-type.ts";
import { DumpProgress } from "./dump-progress.ts";
import type { DumpSession } from "./dump-session.ts";
import { type CopiedLargeObjects, copyLargeObjects } from "./large-objects.ts";
import type { NameDecoder } from "./name-decoder.ts";

export interface CopiedData {
  readonly tables: readonly DumpedTable[];
  readonly largeObjects: CopiedLargeObjects;
}

/** Copies the data of all entries that have some, in the order the writer wants it. */
export async function copyData(
  session: DumpSession,
  entries: readonly PlannedEntry[],
  writer: ArchiveWriter,
  scanner: CopyOutScanner,
  decodeName: NameDecoder,
  context: DumpContext,
): Promise<CopiedData> {
  const sources = new Map(entries.flatMap((entry) => (entry.data ? [[entry.dumpId, entry.data] as const] : [])));
  const progress = new DumpProgress(context.progress);
  context.progress.emit({ event: "estimate", ...estimate([...sources.values()]) });

  const tables: DumpedTable[] = [];
  const largeObjects = { count: 0, bytes: 0 };
  for (const dumpId of writer.dataOrder) {
    context.signal.throwIfAborted();
    const source = sources.get(dumpId);
    if (source === undefined) throw new Error(`entry ${dumpId} has data but no source`);
    if (source.kind === "large-objects") {
      const objects = await writer.openLargeObjects(dumpId);
      const copied = await copyLargeObjects(session, source.oids, objects, (count) => progress.addBytes(count));
      await objects.end();
      largeObjects.count += copied.count;
      largeObjects.bytes += copied.bytes;
      progress.objectDone(0);
      continue;
    }
    const schema = decodeName(source.schema);
    const name = decodeName(source.table);
    context.progress.emit({ event: "object-start", object: `${schema}.${name}` });
    const data = await writer.openTableData(dumpId);
    scanner.start((block) => {
      progress.addBytes(block.length);
      return data.write(block);
    });
    await session.connection.copyOut(source.sql, scanner);
    const totals = await scanner.finish();
    await data.end();
    progress.objectDone(totals.rows);
    context.progress.emit({ event: "object-end", object: `${schema}.${name}`, rows: totals.rows, bytes: totals.bytes });
    tables.push({ schema, name, ...totals });
  }
  progress.end();
  return { tables, largeObjects };
}

function estimate(sources: readonly DataSource[]): { bytes: number; rows: number; objects: number } {
  const sums = { bytes: 0, rows: 0, objects: sources.length };
  for (const source of sources) {
    if (source.kind !== "copy") continue;
    sums.bytes += source.estimatedBytes;
    sums.rows += source.estimatedRows;
  }
  return sums;
}
