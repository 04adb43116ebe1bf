import type { BackupError } from "../../../core/backup-error.ts";
import { collectGarbage } from "../../../core/collect-garbage.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { DumpContext, DumpOutput, DumpRequest, DumpResult, SnapshotHeld } from "../../../ports/dump.ts";
import type { ProgressEvent } from "../../../ports/progress.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { formatArchiveVersion } from "../archive/archive-version.ts";
import { firstQuestions } from "../objects/read-catalog.ts";
import { lookingRowsUp, samplePlan } from "../sample/choose-sample.ts";
import { quoteAllIdentifiers } from "../sql/quote.ts";
import { beginDump } from "./begin-dump.ts";
import { chooseFormat } from "./choose-format.ts";
import { copyData } from "./copy-data.ts";
import { CopyLanes } from "./copy-lanes.ts";
import { type DumpIsolation, type DumpSession, openDumpSession, snapshotExport } from "./dump-session.ts";
import { RateLimit } from "./rate-limit.ts";
import { withKeptTables } from "./resume/kept-tables.ts";
import { ResumableDump } from "./resume/resumable-dump.ts";
import { manyTables, SecondReader } from "./second-reader.ts";
import type { ServerFacts } from "./server-facts.ts";
import { dumpEncoding } from "./session-settings.ts";

export interface DumpDatabaseOptions {
  /** Name and version of this program, written into archives. */
  readonly dumperVersion: string;
  readonly isolation?: DumpIsolation;
  /** From how many tables on catalogues are read over two connections. Anything but the default is for tests. */
  readonly secondReaderFrom?: number;
  /** Opens another connection like the first, to the same server, for reading and copying beside it. */
  readonly connect: () => Promise<PgConnection>;
}

/** Dumps the database of a fresh connection (in binary text mode) to `output`. The connection is used up. */
export async function dumpDatabase(
  connection: PgConnection,
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  options: DumpDatabaseOptions,
): Promise<DumpResult> {
  const dump = () => makeDump(connection, request, output, context, options);
  return await (request.session?.quoteAllIdentifiers === true ? quoteAllIdentifiers(dump) : dump());
}

async function makeDump(
  connection: PgConnection,
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  options: DumpDatabaseOptions,
): Promise<DumpResult> {
  const { progress } = context;
  progress.emit({ event: "phase", phase: "introspect", message: "reading the catalogues" });
  const resumable = await ResumableDump.open(connection, request, output);
  const sharesSnapshot = options.isolation === undefined;
  const readsBeside = sharesSnapshot && request.jobs > 1;
  await using secondReader = new SecondReader(
    options.connect,
    readsBeside ? (options.secondReaderFrom ?? manyTables) : Number.POSITIVE_INFINITY,
  );
  const session = await openDumpSession(connection, {
    isolation: options.isolation,
    selection: request.selection,
    database: request.database,
    onListed: (tables) => secondReader.expect(tables),
    ahead: (capabilities) => [...(secondReader.isExpected ? [snapshotExport] : []), ...firstQuestions(capabilities)],
    ...request.session,
  });
  const encoding = dumpEncoding(connection);
  const snapshotAt = monotonic();
  const format = chooseFormat(request, session.capabilities);
  let copying: CopyLanes | undefined;
  let ended: Promise<SnapshotHeld> | undefined;
  const { source, writer, copies, kept, sample, entryCounts } = await beginDump({
    session,
    request,
    output,
    context,
    encoding,
    format,
    dumperVersion: options.dumperVersion,
    recycle: (block) => copying?.recycle(block),
    connect: options.connect,
    secondReader,
    resumable,
    // The server takes its time to close a session that has locked thousands of tables: it does while we print.
    onAllRead: ({ xmin }) => {
      ended = endSnapshot(session, xmin, snapshotAt).finally(() => void connection.close());
      ended.catch(() => {}); // Told when all is written.
    },
  });
  if (countOf(entryCounts) > manyEntries) collectGarbage();
  const { facts, database, decodeName, notIncluded, warnings } = source;
  progress.emit({ event: "snapshot", xmin: facts.xmin });
  progress.emit({ event: "phase", phase: "data", message: "copying data" });
  const { jobs, maxRate } = request;
  const limit = maxRate === undefined ? undefined : new RateLimit(maxRate, context.signal);
  await using lanes = await CopyLanes.open(sample === undefined ? session : lookingRowsUp(session), copies, {
    jobs,
    connect: options.connect,
    sharesSnapshot,
    limit,
  });
  copying = lanes;
  if (lanes.lacking !== undefined) progress.emit(fewerConnections(lanes.helpers.length + 1, jobs, lanes.lacking));
  const copied = await copyData({ session, lanes, writer, decodeName, context, limit }, copies);
  await resumable?.confirm(session);
  await writer.finish();
  const snapshot = await (ended ?? endSnapshot(session, facts.xmin, snapshotAt));
  return {
    server: {
      version: connection.serverVersionText,
      encoding: database.encoding,
      ...endpoint(connection),
      ...(facts.systemIdentifier === undefined ? {} : { systemIdentifier: facts.systemIdentifier }),
    },
    ...(encoding === database.encoding ? {} : { encoding }),
    ...(facts.snapshotLsn === undefined ? {} : { snapshotLsn: facts.snapshotLsn }),
    snapshot,
    ...(format.kind === "archive" ? { archiveVersion: formatArchiveVersion(format.minor) } : {}),
    rowSettings: rowSettings(connection, facts, request),
    entries: Array.from(entryCounts, ([type, count]) => ({ type, count })),
    tables: withKeptTables(copied.tables, kept),
    ...(sample === undefined ? {} : { sample: samplePlan(sample) }),
    largeObjects: copied.largeObjects,
    notIncluded: notIncluded.map(({ kind, count, examples, hint }) => ({
      kind,
      count,
      examples: examples.map(decodeName),
      hint,
    })),
    warnings: [...warnings, ...(format.note === undefined ? [] : [format.note])],
  };
}

/** What catalogues and entries took is told from so many on: some 20 MB, which are collected in 20 ms. */
const manyEntries = 10_000;

function countOf(entries: ReadonlyMap<string, number>): number {
  return [...entries.values()].reduce((sum, count) => sum + count, 0);
}

/** All else that rows hang on is the same in every dump. */
function rowSettings(
  connection: PgConnection,
  { monetaryLocale }: ServerFacts,
  { session }: DumpRequest,
): Record<string, string> {
  const digits = session?.extraFloatDigits;
  const zone = connection.parameter("TimeZone");
  return {
    ...(zone === undefined ? {} : { TimeZone: zone }),
    lc_monetary: monetaryLocale,
    ...(digits === undefined ? {} : { extra_float_digits: String(digits) }),
  };
}

async function endSnapshot({ connection, rows }: DumpSession, xmin: string, since: number): Promise<SnapshotHeld> {
  const [, [now]] = await Promise.all([
    connection.query("COMMIT"),
    rows(`SELECT pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot()) - ${xmin} AS transactions`),
  ]);
  return { xmin, transactions: Number(now!.transactions), seconds: (monotonic() - since) / 1000 };
}

function fewerConnections(opened: number, wanted: number, { message }: BackupError): ProgressEvent {
  return {
    event: "warning",
    message: `copying with ${opened} of ${wanted} connections: ${message}`,
    hint: "nothing is missing, it only takes longer",
  };
}

function endpoint(connection: PgConnection): { host: string; port: number; user: string } {
  const { host, user } = connection;
  return { host: host.kind === "unix" ? host.folder : host.host, port: host.port, user };
}
