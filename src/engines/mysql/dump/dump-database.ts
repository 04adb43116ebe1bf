import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { DumpContext, DumpOutput, DumpRequest, DumpResult } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import { readRelations } from "../objects/read-relations.ts";
import { requireHistograms } from "../objects/write-histograms.ts";
import { chosenRelations } from "./chosen-relations.ts";
import { readDatabaseDefaults } from "./database-defaults.ts";
import { dumpDirectory } from "./dump-directory.ts";
import type { DumpedDatabase, DumpRun } from "./dump-run.ts";
import { dumpScript } from "./dump-script.ts";
import { DumpTelling } from "./dump-telling.ts";
import { preparedTransactions } from "./prepared-transactions.ts";
import { requireRights } from "./require-rights.ts";
import { rowSettingsOf } from "./row-settings.ts";
import { takeSnapshot } from "./snapshot/take-snapshot.ts";
import type { MysqlSource } from "./with-source.ts";

/** Writes one database as a script or a directory, from one snapshot. */
export async function dumpMysqlDatabase(
  source: MysqlSource,
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  dumperVersion: string,
): Promise<DumpResult> {
  const { facts, spec } = source;
  const { database } = request;
  const telling = new DumpTelling(context.progress);
  if (facts.isNewerThanKnown) {
    telling.warn(
      `version ${facts.versionText} is newer than this program: kinds of objects that came with it are left out`,
    );
  }
  const defaults = await readDatabaseDefaults(source.control, facts, database);
  telling.phase("snapshot", "taking a snapshot");
  const options = request.mysql ?? usualMysqlDump;
  await using snapshot = await takeSnapshot(
    source,
    database,
    { sessions: sessionsFor(request), ...options },
    (message) => telling.warn(message),
  );
  const began = monotonic();
  telling.phase("introspect", "reading the catalogue");
  const relations = chosenRelations(await readRelations(snapshot.sessions[0]!, database), options);
  await requireRights(source, database, relations, options);
  if (options.columnStatistics) requireHistograms(facts);
  for (const message of await preparedTransactions(source.control)) telling.warn(message);
  const run: DumpRun = {
    source,
    database,
    defaults,
    snapshot,
    relations,
    shape: request.shape ?? wholeShape,
    options,
    telling,
    dumperVersion,
  };
  const dumped = await write(run, request, output, context);
  return {
    server: {
      databaseType: facts.flavour,
      version: facts.versionText,
      host: spec.host.kind === "tcp" ? spec.host.host : spec.host.path,
      port: spec.host.kind === "tcp" ? spec.host.port : 0,
      user: spec.user,
      ...(facts.variables.has("server_uuid") ? { uuid: facts.variables.get("server_uuid")! } : {}),
      encoding: defaults.charset,
    },
    binlogSnapshot: {
      method: snapshot.method,
      seconds: (monotonic() - began) / 1000,
      lockedSeconds: await snapshot.unlock(),
      ...(snapshot.coordinates === undefined ? {} : { coordinates: snapshot.coordinates }),
    },
    rowSettings: rowSettingsOf(options.rows),
    ...dumped,
    warnings: [...spec.warnings, ...telling.warnings],
  };
}

/** Several read rows of a directory beside each other; of a script, when somebody wants that. */
function sessionsFor({ format, jobs, jobsAreAsked }: DumpRequest): number {
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
