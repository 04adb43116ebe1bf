import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import { rowConversions } from "../../convert/row-conversions.ts";
import type { StatementConverter } from "../../convert/statement-converter.ts";
import {
  type DirectoryIndex,
  type DirectoryKind,
  type DirectoryObject,
  dataOf,
} from "../../directory/directory-index.ts";
import type { SplitTable } from "../../load/split-create-table.ts";
import { ofDatabase } from "../../objects/of-database.ts";
import { quoteName } from "../../quote.ts";
import type { SalvagedMaking } from "../../salvage/salvaged-making.ts";
import { eachStatement } from "../../script/each-statement.ts";
import { headOf } from "../../script/statement-head.ts";
import { type FailureLog, notConvertible } from "../failure-log.ts";
import type { RestoreJournal, Step } from "../journal/restore-journal.ts";
import { type AlreadyThere, readAlreadyThere } from "./already-there.ts";
import type { ChosenObjects } from "./chosen-objects.ts";
import { openJournal, stepOf } from "./directory-journal.ts";
import type { DirectoryProgress } from "./directory-progress.ts";
import type { DirectorySource } from "./directory-source.ts";
import { dropObject, dropObjects } from "./drop-objects.ts";
import type { LoadedTable, LoadJob } from "./load-queue.ts";
import { type LoadSession, openLoadSession, setAgainForLoading } from "./load-session.ts";
import { type LoadSessions, loadTables, workOff } from "./load-tables.ts";
import { alterTable, makeObject, rewriterOf } from "./make-object.ts";
import { ObjectQueue } from "./object-queue.ts";

export interface DirectoryRun {
  readonly files: BackupFiles;
  readonly index: DirectoryIndex;
  readonly source: DirectorySource;
  readonly codec: Codec;
  readonly spec: MysqlConnectionSpec;
  readonly target: string;
  readonly request: RestoreRequest;
  readonly chosen: ChosenObjects;
  /** Makes definitions fit the server. */
  readonly converter: StatementConverter | undefined;
  /** Of a damaged backup: what is made otherwise. */
  readonly salvage?: SalvagedMaking;
  readonly failures: FailureLog;
  readonly progress: DirectoryProgress;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  /** The target is there, and something is about to be changed in it. */
  readonly onTouched: (journal: RestoreJournal | undefined) => void;
}

/** What a restore works with once it has begun. */
interface Work extends DirectoryRun {
  readonly leader: LoadSession;
  readonly journal: RestoreJournal | undefined;
  /** Of a restore that goes on. */
  readonly there: AlreadyThere | undefined;
  readonly present: ReadonlySet<string> | undefined;
  /** Numbers of the objects in the index. */
  readonly numbers: ReadonlyMap<DirectoryObject, number>;
  /** What is left for later of tables that are made. */
  readonly splits: Map<string, SplitTable>;
}

/** What is made before the rows come, in this order; everything else follows them. */
const beforeRows: readonly DirectoryKind[] = ["database", "sequence", "table", "stand-in"];
/** The indexes of smaller tables grow with their rows: an ALTER TABLE takes longer than that. */
const deferredFromBytes = 1024 * 1024;
/** For fewer another session is not worth opening. */
const tablesPerSession = 50;

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
  const isResumed = request.journal === "resume";
  const journal = request.journal === undefined ? undefined : await openJournal(run, leader.connection);
  run.onTouched(journal);
  const work: Work = {
    ...run,
    leader,
    journal,
    there: isResumed ? await readAlreadyThere(leader.connection, run.target) : undefined,
    present: isResumed ? undefined : await presentTables(leader.connection, run.target),
    numbers: new Map(run.index.objects.map((object, number) => [object, number])),
    splits: new Map(),
  };
  if (!leader.loadsFiles && chosen.loaded.length > 0) {
    warn(
      "the server takes no LOAD DATA LOCAL (local_infile is off): rows are loaded with INSERT statements, which takes longer",
    );
  }
  if (request.clean && !request.create && journal?.isDone("drops") !== true) {
    progress.phase("clean", "dropping the objects of the backup");
    const known = chosen.made.filter(({ kind }) => run.converter?.hasKind(kind) !== false);
    await dropObjects(leader.connection, known, request.ifExists || isResumed);
    await note(work, "drops");
  }
  progress.phase("pre-data", "making tables");
  const early = chosen.made.filter(({ kind }) => beforeRows.includes(kind));
  const late = chosen.made.filter(({ kind }) => !beforeRows.includes(kind));
  if (isResumed) await dropHalfMade(work, [...early, ...late]);
  const sessions = { leader, spec: run.spec, target: run.target, jobs: request.jobs.count, signal, stop, warn };
  await makeEarly(work, early, sessions);
  await setAgainForLoading(leader, warn);
  progress.phase("data", "loading rows");
  const loaded = chosen.loaded.filter((object) => hasPlaceForRows(run, object));
  const tables = loaded.map((object) => loadedTable(work, object));
  progress.begin(tables, tables.length + chosen.made.length);
  for (const [place, { data }] of tables.entries()) {
    if (data.chunks.length > 0) continue;
    if (loaded[place]!.data!.chunks.length > 0) progress.before += 1;
    else progress.made();
  }
  const onOpened = async ({ connection }: LoadSession, place: number): Promise<void> =>
    await journal?.enter(connection, place);
  await loadTables({ ...sessions, onOpened }, tables, (session, job) => doJob(run, session, job, journal));
  progress.phase("post-data", "making foreign keys, views and stored code");
  for (const [name, { foreignKeys }] of work.splits) {
    if (foreignKeys === undefined || work.there?.hasForeignKeys(name) === true) continue;
    await alterTable(run.failures, leader, `foreign keys of table "${name}"`, foreignKeys);
  }
  if (run.source.lacksModes === true) {
    await leader.connection.query("SET SESSION sql_mode = @@GLOBAL.sql_mode, SESSION time_zone = @@GLOBAL.time_zone");
  }
  for (const object of late) await makeNoted(work, leader, object, false);
  progress.end();
}

/** Names in small letters, as some servers keep them. */
async function presentTables(connection: MysqlConnection, target: string): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  await connection.eachRow(
    `SELECT TABLE_NAME AS t FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", target)}`,
    ({ t }) => present.add((t ?? "").toLowerCase()),
  );
  return present;
}

/** Not for those of a table that was left out, and told of; what the server cannot have of others is noted as failed. */
function hasPlaceForRows({ converter, failures }: DirectoryRun, object: DirectoryObject): boolean {
  if (converter === undefined) return true;
  if (converter.isLeftOut(object.name)) return false;
  const { impossible } = rowConversions(object, converter);
  if (impossible === undefined) return true;
  failures.note(notConvertible(impossible), { line: 1, head: "", object: `rows of table "${object.name}"` });
  return false;
}

async function note({ journal, leader }: Work, step: Step): Promise<void> {
  if (journal !== undefined) await leader.connection.query(journal.noteDone(step));
}

/**
 * The object that was being made: servers commit it before it can be noted. And all stand-ins, whose notes a crash of the
 * server may have taken. Not where it may be somebody else's.
 */
async function dropHalfMade({ journal, numbers, leader }: Work, made: readonly DirectoryObject[]): Promise<void> {
  if (journal?.wasEmpty !== true) return;
  const [next, ...others] = made.filter((object) => !journal.isDone(stepOf(numbers.get(object)!)));
  if (next !== undefined) await dropObject(leader.connection, next, true);
  for (const { kind, name } of [next, ...others].filter((object) => object !== undefined)) {
    if (kind === "stand-in") await leader.connection.query(`DROP VIEW IF EXISTS ${quoteName(name)}`);
  }
}

/** What is left of its rows, and of what follows them. */
function loadedTable({ chosen, journal, splits, there }: Work, object: DirectoryObject): LoadedTable {
  const { name } = object;
  const data = object.data!;
  const chunks = data.chunks.filter(({ file }) => journal?.isDone(`rows ${file}`) !== true);
  const indexes = (splits.get(name)?.indexes ?? []).filter((alter) => there?.hasIndexes(name, alter) !== true);
  return {
    name,
    data: chunks.length === data.chunks.length ? data : dataOf(data.columns, chunks),
    indexes,
    isMadeHere: chosen.made.includes(object),
  };
}

/**
 * Makes what stands before the rows, kind after kind. Many tables are made by several sessions, but not for a journal: of one session
 * there is one object at most that was made and not noted.
 */
async function makeEarly(work: Work, early: readonly DirectoryObject[], sessions: LoadSessions): Promise<void> {
  for (const kind of beforeRows) {
    const objects = early.filter((object) => object.kind === kind);
    const jobs = Math.min(sessions.jobs, Math.ceil(objects.length / tablesPerSession));
    if (kind === "table" && jobs > 1 && work.journal === undefined) {
      const queue = new ObjectQueue(objects);
      await workOff({ ...sessions, jobs }, queue, (session, object) => makeNoted(work, session, object, true));
    } else for (const object of objects) await makeNoted(work, sessions.leader, object, true);
  }
}

/** @param isEarly rows may follow, and then indexes and foreign keys behind these */
async function makeNoted(work: Work, session: LoadSession, object: DirectoryObject, isEarly: boolean): Promise<void> {
  const { source, chosen, progress, journal, converter, salvage } = work;
  const failures = salvage?.failuresOf(object, work.failures) ?? work.failures;
  const step = stepOf(work.numbers.get(object)!);
  const isSplit = isEarly && object.kind === "table" && chosen.loaded.length > 0;
  const defersIndexes = chosen.loaded.includes(object) && object.data!.bytes >= deferredFromBytes;
  const rewriteWhole = rewriterOf(work, object, isSplit ? { defersIndexes } : undefined);
  const rewrite = (text: Buffer): Buffer | undefined => {
    const changed = salvage === undefined ? text : salvage.changed(object, text);
    return changed === undefined ? undefined : rewriteWhole(changed);
  };
  const converted = (text: Buffer): Buffer => {
    const { text: changed } = converter?.convert(headOf(text), text.toString("latin1")) ?? {};
    return changed === undefined ? text : Buffer.from(changed, "latin1");
  };
  if (journal?.isDone(step) === true) {
    progress.before += 1;
    if (isSplit) await eachStatement(source.script(object.schema!.file), (text) => rewrite(converted(text)));
    return;
  }
  const failed = failures.count;
  await makeObject({ ...work, failures }, session, object, rewrite);
  if (failures.count > failed) return;
  await note(work, step);
  progress.made();
}

async function doJob(
  run: DirectoryRun,
  session: LoadSession,
  job: LoadJob,
  journal: RestoreJournal | undefined,
): Promise<void> {
  const { table } = job;
  if (job.kind === "indexes") {
    for (const sql of table.indexes) await alterTable(run.failures, session, `indexes of table "${table.name}"`, sql);
    return;
  }
  await run.source.load(run, session, job, journal);
}
