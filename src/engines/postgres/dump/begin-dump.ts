import type { DumpContext, DumpOutput, DumpRequest } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ArchiveWriter } from "../archive/archive-writer.ts";
import { countEntries, countingEntries } from "../archive/count-entries.ts";
import { EncodedContents } from "../archive/encoded-contents.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";
import { type ChosenSample, chooseSample } from "../sample/choose-sample.ts";
import { planSampledCopies } from "../sample/plan-sampled-copies.ts";
import { partsOfShape } from "./choose-entries.ts";
import type { ChosenFormat } from "./choose-format.ts";
import type { DumpSession } from "./dump-session.ts";
import type { EntryWithData } from "./entry-with-data.ts";
import { openWriter, type WriterRequest } from "./open-writer.ts";
import { DEFAULT_SPLIT_LARGER_THAN, type PlannedCopy, planCopies } from "./plan-copies.ts";
import { flattenSource } from "./plan-entries.ts";
import {
  type KnownSource,
  readSourceToCome,
  type SourceEntries,
  type SourceToCome,
  withListedEntries,
} from "./read-entries.ts";
import type { KeptTable } from "./resume/kept-tables.ts";
import type { ResumableDump } from "./resume/resumable-dump.ts";
import type { SecondReader } from "./second-reader.ts";
import type { ServerFacts } from "./server-facts.ts";
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
  /** Called when the session is needed no more, which may be long before all is written. */
  readonly onAllRead: (facts: ServerFacts) => void;
}

/**
 * A dump of which everything but the data is written. It does not hold the entries: with many tables those are most of the
 * memory, which the garbage collector would walk over again and again while rows are copied.
 */
export interface BegunDump {
  readonly source: KnownSource;
  readonly writer: ArchiveWriter;
  readonly copies: readonly PlannedCopy[];
  /** Entries by their type: what a restore must bring back. Complete when the writer has finished. */
  readonly entryCounts: ReadonlyMap<string, number>;
  /** Tables whose rows are there already, when a dump is resumed. */
  readonly kept: readonly KeptTable[];
  /** Which rows are copied, when those are not all. */
  readonly sample: ChosenSample | undefined;
}

/** Reads what there is, plans the entries, and writes what stands before the data. */
export async function beginDump(begin: DumpToBegin): Promise<BegunDump> {
  const toCome = await readFrom(begin);
  for (const warning of toCome.source.warnings) begin.context.progress.emit({ event: "warning", message: warning });
  if (isPrintedAsMade(begin)) return await beginScript(begin, toCome);
  if (isEncodedAsMade(begin, toCome)) return await beginCustom(begin, toCome);
  return await beginWithList(begin, withListedEntries(toCome));
}

/** Whether nobody needs the entries but whoever prints them, one after another. */
function isPrintedAsMade({ format, request }: DumpToBegin): boolean {
  const shape = request.shape ?? wholeShape;
  const { data, statistics } = wantedKinds(partsOfShape(shape, true));
  const isStatisticsWanted = (request.statistics === true || shape.statisticsOnly) && statistics;
  return (
    format.kind === "script" && !shape.script.clean && !data && !isStatisticsWanted && request.sample === undefined
  );
}

interface CustomDump extends DumpToBegin {
  readonly format: Extract<ChosenFormat, { kind: "archive" }>;
}

/** The same for an archive in custom format, of which nobody else needs more than where rows come from. */
function isEncodedAsMade(begin: DumpToBegin, { isFinal }: SourceToCome): begin is CustomDump {
  const { format, request } = begin;
  const isCustom = format.kind === "archive" && format.container === "custom";
  const isStatisticsWanted = request.statistics === true || request.shape?.statisticsOnly === true;
  return isCustom && isFinal && !isStatisticsWanted && request.sample === undefined;
}

/** An archive in custom format: entries are encoded while they are made. */
async function beginCustom(begin: CustomDump, { source, entries, dependencies }: SourceToCome): Promise<BegunDump> {
  const { session, request, format } = begin;
  const entryCounts = new Map<string, number>();
  const contents = new EncodedContents(format.minor, (dumpId, own) => dependencies!.of(dumpId, own));
  const withData: EntryWithData[] = [];
  for (const entry of countingEntries(entries, entryCounts)) {
    contents.add(entry);
    dependencies!.see(entry);
    if (entry.data === undefined) continue;
    flattenSource(entry.data);
    withData.push({ dumpId: entry.dumpId, data: entry.data });
  }
  const writer = await openWriter({
    ...writerRequest(begin, source),
    entries: [],
    contents,
    lateDefinitions: undefined,
  });
  const { jobs, splitLargerThan = DEFAULT_SPLIT_LARGER_THAN } = request;
  const copies = await planCopies(session, withData, writer.dataOrder, { jobs, splitLargerThan });
  return { source, writer, copies, kept: [], sample: undefined, entryCounts };
}

/**
 * A script of definitions: entries are made while it is printed. Of 10,000 tables they are 70,000, which to keep would take a third
 * of the time and the memory of both together.
 */
async function beginScript(begin: DumpToBegin, { source, entries }: SourceToCome): Promise<BegunDump> {
  begin.onAllRead(source.facts);
  const entryCounts = new Map<string, number>();
  const toCome = countingEntries(entries, entryCounts);
  const writer = await openWriter({
    ...writerRequest(begin, source),
    entries: source.first,
    toCome,
    lateDefinitions: undefined,
  });
  return { source, writer, copies: [], kept: [], sample: undefined, entryCounts };
}

async function beginWithList(begin: DumpToBegin, { entries, ...source }: SourceEntries): Promise<BegunDump> {
  const { session, request, context, resumable } = begin;
  const sample =
    request.sample &&
    (await chooseSample(session, entries, request.sample, source.decodeName, {
      progress: context.progress,
      jobs: request.jobs,
      connect: begin.connect,
    }));
  const kept = (await resumable?.begin(session, entries, source.decodeName)) ?? [];
  const lateDefinitions = StatisticsDefinitions.of(entries, session);
  const writer = await openWriter({ ...writerRequest(begin, source), entries, lateDefinitions });
  const { jobs, splitLargerThan = DEFAULT_SPLIT_LARGER_THAN } = request;
  const copies =
    sample === undefined
      ? await planCopies(session, entries, writer.dataOrder, { jobs, splitLargerThan })
      : planSampledCopies(entries, writer.dataOrder, sample);
  return { source, writer, copies, kept, sample, entryCounts: countEntries(entries) };
}

function writerRequest(
  { request, format, output, context, session, dumperVersion, recycle }: DumpToBegin,
  { database }: BegunDump["source"],
): Omit<WriterRequest, "entries" | "lateDefinitions"> {
  return {
    request,
    format,
    output,
    context,
    capabilities: session.capabilities,
    database: database.name,
    serverVersion: session.connection.serverVersionText,
    dumperVersion,
    recycle,
  };
}

async function readFrom({ session, secondReader, encoding, request, format }: DumpToBegin): Promise<SourceToCome> {
  // Closed before there are connections that copy.
  await using reader = secondReader;
  return await readSourceToCome(reader.beside(session), encoding, request, format, () => reader.end());
}
