import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { DumpContext, DumpOutput, DumpRequest, DumpResult } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import { readRelations } from "../objects/read-relations.ts";
import { requireHistograms } from "../objects/write-histograms.ts";
import { chooseMysqlSample, mysqlSamplePlan, requireSampledRows, sampledTables } from "../sample/choose-sample.ts";
import { chosenRelations } from "./chosen-relations.ts";
import { readDatabaseDefaults } from "./database-defaults.ts";
import { describeServer } from "./describe-server.ts";
import { dumpDirectory, SMALLEST_PART_BYTES } from "./dump-directory.ts";
import type { DumpedDatabase, DumpRun } from "./dump-run.ts";
import { dumpScript, SCRIPT_PART_BYTES } from "./dump-script.ts";
import { DumpTelling } from "./dump-telling.ts";
import { preparedTransactions } from "./prepared-transactions.ts";
import { requireRights } from "./require-rights.ts";
import { rowSettingsOf } from "./row-settings.ts";
import { sessionsWithWork, type WantedSessions } from "./sessions-with-work.ts";
import { isInSnapshots, readUnprotected } from "./snapshot/read-unprotected.ts";
import { type Snapshot, takeSnapshot } from "./snapshot/take-snapshot.ts";
import type { MysqlSource } from "./with-source.ts";

/** Writes one database as a script or a directory, from one snapshot. */
export async function dumpMysqlDatabase(
  source: MysqlSource,
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  how: Pick<DumpRun, "dumperVersion" | "serverWait">,
): Promise<DumpResult> {
  const { database, mysql: options = usualMysqlDump } = request;
  const telling = new DumpTelling(context.progress);
  // One that is not there is told of before a lock is taken.
  await readDatabaseDefaults(source.control, source.facts, database);
  telling.phase("snapshot", "taking a snapshot");
  const unprotected = await readUnprotected(source.control, database);
  await using snapshot = await takeSnapshot(
    source,
    { database, unprotected },
    { sessions: await sessionsWithWork(source, database, wantedSessions(request)), ...options },
    (message) => telling.warn(message),
  );
  const began = monotonic();
  for (const message of await preparedTransactions(source.control)) telling.warn(message);
  return await dumpFromSnapshot({ source, snapshot, began, ...how }, request, output, context, telling);
}

/** A state of a server, to be dumped from. */
export interface TakenState extends Pick<DumpRun, "dumperVersion" | "serverWait"> {
  readonly source: MysqlSource;
  /** Its sessions are in the database. */
  readonly snapshot: Snapshot;
  /** When it was taken, of the monotonic clock. */
  readonly began: number;
}

/** Writes one database from a snapshot that was taken. */
export async function dumpFromSnapshot(
  { source, snapshot, began, dumperVersion, serverWait }: TakenState,
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  telling = new DumpTelling(context.progress),
): Promise<DumpResult> {
  const { facts, spec } = source;
  const { database } = request;
  if (facts.isNewerThanKnown) {
    telling.warn(
      `version ${facts.versionText} is newer than this program: kinds of objects that came with it are left out`,
    );
  }
  const defaults = await readDatabaseDefaults(source.control, facts, database);
  const options = request.mysql ?? usualMysqlDump;
  telling.phase("introspect", "reading the catalogue");
  const relations = chosenRelations(await readRelations(snapshot.sessions[0]!, database), options);
  await requireRights(source, database, relations, options);
  if (options.columnStatistics) requireHistograms(facts);
  const sample =
    request.sample === undefined
      ? undefined
      : await chooseMysqlSample({
          session: snapshot.sessions[0]!,
          facts,
          database,
          tables: sampledTables(relations, options),
          choice: request.sample,
          telling,
        });
  const run: DumpRun = {
    source,
    database,
    defaults,
    snapshot,
    relations,
    shape: request.shape ?? wholeShape,
    options,
    sample,
    telling,
    dumperVersion,
    serverWait,
  };
  const dumped = await write(run, request, output, context);
  if (sample !== undefined) {
    requireSampledRows(sample, dumped.tables, ({ engine }) => isInSnapshots(engine) || snapshot.protectsAllTables);
  }
  return {
    server: describeServer(source, defaults.charset),
    binlogSnapshot: {
      method: snapshot.method,
      seconds: (monotonic() - began) / 1000,
      lockedSeconds: await snapshot.unlock(),
      ...(snapshot.coordinates === undefined ? {} : { coordinates: snapshot.coordinates }),
    },
    rowSettings: rowSettingsOf(options.rows),
    ...dumped,
    ...(sample === undefined ? {} : { sample: mysqlSamplePlan(database, sample) }),
    warnings: [...spec.warnings, ...telling.warnings],
  };
}

function wantedSessions(request: DumpRequest): WantedSessions {
  const smallest = request.format === "directory" ? SMALLEST_PART_BYTES : SCRIPT_PART_BYTES;
  return { wanted: sessionsFor(request), partBytes: request.mysql?.chunkSize ?? smallest };
}

/** Several read rows of a directory beside each other; of a script, when somebody wants that. */
export function sessionsFor({
  format,
  jobs,
  jobsAreAsked,
}: Pick<DumpRequest, "format" | "jobs" | "jobsAreAsked">): number {
  return format === "directory" || jobsAreAsked === true ? jobs : 1;
}

async function write(
  run: DumpRun,
  request: DumpRequest,
  output: DumpOutput,
  { codec }: DumpContext,
): Promise<DumpedDatabase> {
  if (output.kind === "file") return await dumpScript(run, output.sink);
  if (output.progress !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: '"--resumable" is for backups of PostgreSQL',
      hint: "leave it out",
    });
  }
  return await dumpDirectory(run, output, { codec, compression: request.compression });
}
