import type { DumpContext, DumpOutput, DumpRequest } from "../../../ports/dump.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import { countEntries } from "../archive/count-entries.ts";
import { type ChosenSample, chooseSample } from "../sample/choose-sample.ts";
import { planSampledCopies } from "../sample/plan-sampled-copies.ts";
import type { ChosenFormat } from "./choose-format.ts";
import type { DumpSession } from "./dump-session.ts";
import { openWriter } from "./open-writer.ts";
import { DEFAULT_SPLIT_LARGER_THAN, type PlannedCopy, planCopies } from "./plan-copies.ts";
import { readEntries, type SourceEntries } from "./read-entries.ts";
import type { KeptTable } from "./resume/kept-tables.ts";
import type { ResumableDump } from "./resume/resumable-dump.ts";
import type { SecondReader } from "./second-reader.ts";
import { StatisticsDefinitions } from "./statistics-definitions.ts";

export interface DumpToBegin {
  readonly session: DumpSession;
  readonly request: DumpRequest;
  readonly output: DumpOutput;
  readonly context: DumpContext;
  readonly encoding: string;
  readonly format: ChosenFormat;
  /** Name and version of this program, written into archives. */
  readonly dumperVersion: string;
  readonly recycle: (block: Buffer) => void;
  /** Opens another connection like the session's, to the same server. */
  readonly connect: () => Promise<PgConnection>;
  readonly secondReader: SecondReader;
  /** Set when the dump can be resumed, or is. */
  readonly resumable: ResumableDump | undefined;
}

/**
 * A dump of which everything but the data is written. It does not hold the entries: with many tables those are most of the
 * memory, which the garbage collector would walk over again and again while rows are copied.
 */
export interface BegunDump {
  readonly source: Omit<SourceEntries, "entries">;
  readonly writer: ArchiveWriter;
  readonly copies: readonly PlannedCopy[];
  /** Entries by their type: what a restore must bring back. */
  readonly entryCounts: ReadonlyMap<string, number>;
  /** Tables whose rows are there already, when a dump is resumed. */
  readonly kept: readonly KeptTable[];
  /** Which rows are copied, when those are not all. */
  readonly sample: ChosenSample | undefined;
}

/** Reads what there is, plans the entries, and writes what stands before the data. */
export async function beginDump(begin: DumpToBegin): Promise<BegunDump> {
  const { session, request, output, context, format, resumable } = begin;
  const { entries, ...source } = await readFrom(begin);
  for (const warning of source.warnings) context.progress.emit({ event: "warning", message: warning });
  const sample =
    request.sample &&
    (await chooseSample(session, entries, request.sample, source.decodeName, {
      progress: context.progress,
      jobs: request.jobs,
      connect: begin.connect,
    }));
  const kept = (await resumable?.begin(session, entries, source.decodeName)) ?? [];
  const writer = await openWriter({
    request,
    format,
    output,
    context,
    entries,
    lateDefinitions: StatisticsDefinitions.of(entries, session),
    capabilities: session.capabilities,
    database: source.database.name,
    serverVersion: session.connection.serverVersionText,
    dumperVersion: begin.dumperVersion,
    recycle: begin.recycle,
  });
  const { jobs, splitLargerThan = DEFAULT_SPLIT_LARGER_THAN } = request;
  const copies =
    sample === undefined
      ? await planCopies(session, entries, writer.dataOrder, { jobs, splitLargerThan })
      : planSampledCopies(entries, writer.dataOrder, sample);
  return { source, writer, copies, kept, sample, entryCounts: countEntries(entries) };
}

async function readFrom({ session, secondReader, encoding, request, format }: DumpToBegin): Promise<SourceEntries> {
  // Closed before there are connections that copy.
  await using reader = secondReader;
  return await readEntries(reader.beside(session), encoding, request, format, () => reader.end());
}
