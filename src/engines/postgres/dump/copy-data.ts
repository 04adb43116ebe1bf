import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { DumpContext, DumpedTable } from "../../../ports/dump.ts";
import type { ProgressEvent } from "../../../ports/progress.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import type { CopyLanes } from "./copy-lanes.ts";
import { DumpProgress } from "./dump-progress.ts";
import type { DumpSession } from "./dump-session.ts";
import { DumpTimeLeft } from "./dump-time-left.ts";
import { writeInserts } from "./insert-text.ts";
import { type CopiedLargeObjects, copyLargeObjects } from "./large-objects.ts";
import type { NameDecoder } from "./name-decoder.ts";
import type { PlannedCopy } from "./plan-copies.ts";
import type { RateLimit } from "./rate-limit.ts";
import { runLanes } from "./run-lanes.ts";

export interface CopiedData {
  readonly tables: readonly DumpedTable[];
  readonly largeObjects: CopiedLargeObjects;
}

interface CopyRequest {
  readonly session: DumpSession;
  readonly lanes: CopyLanes;
  readonly writer: ArchiveWriter;
  readonly decodeName: NameDecoder;
  readonly context: DumpContext;
  readonly limit: RateLimit | undefined;
}

type Copy<Kind extends PlannedCopy["kind"]> = Extract<PlannedCopy, { kind: Kind }>;

/**
 * Copies all data. The lanes read beside each other and as far ahead as they have blocks; the writer gets everything in
 * the order of `copies`, which is its own.
 */
export async function copyData(request: CopyRequest, copies: readonly PlannedCopy[]): Promise<CopiedData> {
  const { lanes, context } = request;
  const progress = new DumpProgress(context.progress, timeLeft(copies, request.limit));
  context.progress.emit(estimate(copies, request.limit));
  const tables: DumpedTable[] = [];
  const largeObjects = { count: 0, bytes: 0 };
  const running = runLanes(lanes, copies);
  try {
    for (const copy of copies) {
      context.signal.throwIfAborted();
      if (copy.kind === "table") {
        tables.push(await copyTable(request, copy, progress));
        continue;
      }
      const copied = await copy.turn.take(() => copyObjects(request, copy, progress));
      largeObjects.count += copied.count;
      largeObjects.bytes += copied.bytes;
    }
    await running.ended;
  } catch (error) {
    running.stop(error);
    throw error;
  }
  progress.end();
  return { tables, largeObjects };
}

async function copyTable(
  { writer, decodeName, context, lanes }: CopyRequest,
  { dumpId, source, parts, byKey, expectedRows }: Copy<"table">,
  progress: DumpProgress,
): Promise<DumpedTable> {
  const schema = decodeName(source.schema);
  const name = decodeName(source.table);
  context.progress.emit({ event: "object-start", object: `${schema}.${name}` });
  const { estimatedBytes, estimatedRows } = source;
  progress.tableBegins({ estimated: estimatedBytes, rows: Math.max(0, estimatedRows), share: () => parts.share });
  const opened = await writer.openTableData(dumpId);
  const data = source.insert === undefined ? opened : writeInserts(opened, source.insert, lanes.recycle);
  const copied = parts.drain((block) => {
    progress.addBytes(block.length);
    return data.write(block);
  });
  const { rows, bytes, checksum } = await copied.catch((error: unknown) => {
    const isOfTable = error instanceof BackupError && error.code === "UNSUPPORTED_OBJECT";
    throw isOfTable ? error.on(`${schema}.${name}`) : error;
  });
  byKey?.check(rows);
  if (expectedRows !== undefined && rows !== expectedRows) throw lackingRows(`${schema}.${name}`, rows, expectedRows);
  await data.end({ rows, bytes, checksum });
  progress.objectDone(rows);
  context.progress.emit({ event: "object-end", object: `${schema}.${name}`, rows, bytes });
  return { schema, name, rows, bytes, checksum, ...(source.insert === undefined ? {} : { asInserts: true }) };
}

/** The snapshot has every row that was chosen in it. */
function lackingRows(object: string, rows: number, expected: number): BackupError {
  return new BackupError({
    code: "SERVER",
    message: `${expected} rows were chosen, but ${rows} of them could be read`,
    object,
    hint: "the table may be damaged: see the server's log",
    retry: "maybe",
  });
}

async function copyObjects(
  { session, writer, limit }: CopyRequest,
  { dumpId, oids }: Copy<"large-objects">,
  progress: DumpProgress,
): Promise<CopiedLargeObjects> {
  const objects = await writer.openLargeObjects(dumpId);
  const kept = { count: 0, bytes: 0 };
  const lacking = oids.filter((oid) => {
    const contents = objects.keep?.(oid);
    if (contents === undefined) return true;
    kept.count += 1;
    kept.bytes += contents.bytes;
    return false;
  });
  const copied = await copyLargeObjects(session, lacking, objects, (count) => {
    progress.addBytes(count);
    return limit?.passed(count);
  });
  await objects.end();
  progress.objectDone(0);
  return { count: kept.count + copied.count, bytes: kept.bytes + copied.bytes };
}

/** Undefined where something comes that nobody has counted. */
function timeLeft(copies: readonly PlannedCopy[], limit: RateLimit | undefined): DumpTimeLeft | undefined {
  if (limit !== undefined || copies.some(({ kind }) => kind === "large-objects")) return undefined;
  const total = copies.reduce((sum, copy) => sum + (copy.kind === "table" ? copy.source.estimatedBytes : 0), 0);
  return new DumpTimeLeft(total, () => monotonic() / 1000);
}

function estimate(copies: readonly PlannedCopy[], limit: RateLimit | undefined): ProgressEvent {
  const sums = { bytes: 0, rows: 0, objects: copies.length };
  for (const copy of copies) {
    if (copy.kind !== "table") continue;
    sums.bytes += copy.source.estimatedBytes;
    sums.rows += copy.source.estimatedRows;
  }
  return {
    event: "estimate",
    ...sums,
    ...(limit === undefined ? {} : { least_seconds: limit.secondsFor(sums.bytes) }),
  };
}
