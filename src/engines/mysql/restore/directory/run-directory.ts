import { BackupError } from "../../../../core/backup-error.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import type { DirectoryIndex, DirectoryKind, DirectoryObject } from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";
import { type SplitTable, splitCreateTable } from "../../load/split-create-table.ts";
import { DefinerChanger } from "../../script/definer-changer.ts";
import type { FailureLog } from "../failure-log.ts";
import { withoutRestricted } from "../restricted-setting.ts";
import { runScript } from "../run-script.ts";
import { ScriptProgress } from "../script-progress.ts";
import type { ChosenObjects } from "./chosen-objects.ts";
import type { DirectoryProgress } from "./directory-progress.ts";
import { shownObject } from "./directory-scripts.ts";
import { dropObjects } from "./drop-objects.ts";
import { loadChunk } from "./load-chunk.ts";
import { type LoadedTable, type LoadJob, LoadQueue } from "./load-queue.ts";
import { type LoadSession, openLoadSession, setForLoading } from "./load-session.ts";

export interface DirectoryRun {
  readonly files: BackupFiles;
  readonly index: DirectoryIndex;
  readonly codec: Codec;
  readonly spec: MysqlConnectionSpec;
  readonly target: string;
  readonly request: RestoreRequest;
  readonly chosen: ChosenObjects;
  readonly failures: FailureLog;
  readonly progress: DirectoryProgress;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  /** The target is there, and something is about to be changed in it. */
  readonly onTouched: () => void;
}

/** What is made before the rows come; everything else follows them. */
const beforeRows: ReadonlySet<DirectoryKind> = new Set(["database", "sequence", "table", "stand-in"]);
/** The indexes of smaller tables grow with their rows: an ALTER TABLE takes longer than that. */
const deferredFromBytes = 1024 * 1024;
const silent = { emit: () => undefined };

/**
 * Restores a directory over several sessions: definitions, rows with the largest tables first, the indexes of each table as
 * soon as it has its rows, foreign keys, and what could see or change rows while they come.
 * @throws BackupError the first failure, unless the log decides to go on; what runs in other sessions is cancelled
 */
export async function runDirectory(run: DirectoryRun): Promise<void> {
  const { chosen, progress, request, warn } = run;
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  await using leader = await openLoadSession(run.spec, run.target, signal, warn);
  run.onTouched();
  if (!leader.loadsFiles && chosen.loaded.length > 0) {
    warn(
      "the server takes no LOAD DATA LOCAL (local_infile is off): rows are loaded with INSERT statements, which takes longer",
    );
  }
  if (request.clean && !request.create) {
    progress.phase("clean", "dropping the objects of the backup");
    await dropObjects(leader.connection, chosen.made, request.ifExists);
  }
  progress.phase("pre-data", "making tables");
  const splits = new Map<string, SplitTable>();
  for (const object of chosen.made.filter(({ kind }) => beforeRows.has(kind))) {
    await makeObject(run, leader, object, splits);
  }
  await setForLoading(leader.connection, leader.facts, warn);
  progress.phase("data", "loading rows");
  const tables = chosen.loaded.map((object) => ({
    name: object.name,
    data: object.data!,
    indexes: splits.get(object.name)?.indexes ?? [],
    isMadeHere: chosen.made.includes(object),
  }));
  progress.begin(tables, tables.length + chosen.made.length);
  for (const { data } of tables) if (data.chunks.length === 0) progress.made();
  await loadTables(run, leader, tables, signal, stop);
  progress.phase("post-data", "making foreign keys, views and stored code");
  for (const [name, { foreignKeys }] of splits) {
    if (foreignKeys !== undefined) await alterTable(run, leader, `foreign keys of table "${name}"`, foreignKeys);
  }
  for (const object of chosen.made.filter(({ kind }) => !beforeRows.has(kind))) await makeObject(run, leader, object);
  progress.end();
}

/** @param splits takes what is left for later of tables whose rows come */
async function makeObject(
  { files, chosen, request, failures, target, progress, warn }: DirectoryRun,
  { connection }: LoadSession,
  object: DirectoryObject,
  splits?: Map<string, SplitTable>,
): Promise<void> {
  const isSplit = splits !== undefined && object.kind === "table" && chosen.loaded.length > 0;
  const defersIndexes = chosen.loaded.includes(object) && object.data!.bytes >= deferredFromBytes;
  const rewrite = (text: Buffer): Buffer => {
    if (!isSplit || splits.has(object.name)) return withoutRestricted(text);
    const split = splitCreateTable(text.toString("latin1"), defersIndexes);
    if (split === undefined) return withoutRestricted(text);
    splits.set(object.name, split);
    return Buffer.from(split.create, "latin1");
  };
  const failed = failures.count;
  const { warnings } = await runScript({
    source: fileBytes(files, object.schema!.file),
    connection,
    failures,
    progress: new ScriptProgress(silent),
    requireTarget: (database) => requireTarget(database, target, object),
    onCreated: () => undefined,
    definers: new DefinerChanger(request.definer ?? "keep", connection),
    totals: undefined,
    object: shownObject(object),
    rewrite,
  });
  for (const warning of warnings) warn(`${shownObject(object)}: ${warning}`);
  if (failures.count === failed) progress.made();
}

async function alterTable(
  { failures }: DirectoryRun,
  { connection }: LoadSession,
  what: string,
  sql: string,
): Promise<void> {
  try {
    await connection.query(Buffer.from(sql, "latin1"));
  } catch (error) {
    failures.note(error, { line: 1, head: sql, object: what });
  }
}

async function loadTables(
  run: DirectoryRun,
  leader: LoadSession,
  tables: readonly LoadedTable[],
  signal: AbortSignal,
  stop: AbortController,
): Promise<void> {
  const queue = new LoadQueue(tables);
  const pieces = tables.reduce((sum, { data }) => sum + data.chunks.length, 0);
  const wanted = Math.min(run.request.jobs.count, Math.max(1, pieces));
  await using helpers = new AsyncDisposableStack();
  const sessions = [leader];
  const opened = await Promise.allSettled(
    Array.from({ length: wanted - 1 }, () => openLoadSession(run.spec, run.target, signal, run.warn)),
  );
  for (const one of opened) if (one.status === "fulfilled") sessions.push(helpers.use(one.value));
  const missing = opened.find((one) => one.status === "rejected")?.reason as unknown;
  if (missing !== undefined) {
    if (!(missing instanceof BackupError) || missing.code === "INTERRUPTED") throw missing;
    run.warn(`rows are loaded by ${sessions.length} of ${wanted} sessions: ${missing.message}`);
  }
  let failure: unknown;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const work = async (session: LoadSession): Promise<void> => {
    while (!queue.isDone) {
      // Asked before: it may change while this session looks.
      const change = changed.promise;
      const job = queue.begin();
      if (job === undefined) {
        await change;
        continue;
      }
      await doJob(run, session, job);
      queue.end(job);
      tell();
    }
  };
  await Promise.all(
    sessions.map((session) =>
      work(session).catch((error: unknown) => {
        failure ??= error;
        queue.stop();
        tell();
        stop.abort();
      }),
    ),
  );
  if (failure !== undefined) throw failure;
}

async function doJob(run: DirectoryRun, session: LoadSession, job: LoadJob): Promise<void> {
  const { table } = job;
  if (job.kind === "indexes") {
    for (const sql of table.indexes) await alterTable(run, session, `indexes of table "${table.name}"`, sql);
    return;
  }
  await loadChunk(run, session, job);
}

function requireTarget(database: string, target: string, object: DirectoryObject): void {
  if (database === target) return;
  throw new BackupError({
    code: "USAGE",
    message: `the script of ${shownObject(object)} names database "${database}", not "${target}"`,
    hint: `restore it with --target "${database}"`,
  });
}
