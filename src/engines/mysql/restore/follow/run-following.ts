import { BackupError } from "../../../../core/backup-error.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { GrowingBackup } from "../../../../ports/restore.ts";
import { type Announcement, type DirectoryHead, indexWith, readAnnouncement } from "../../directory/announcements.ts";
import {
  type DirectoryChunk,
  type DirectoryData,
  type DirectoryIndex,
  type DirectoryObject,
  dataOf,
  readDirectoryIndex,
} from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";
import { chosenObjects } from "../directory/chosen-objects.ts";
import { scanScripts } from "../directory/directory-scripts.ts";
import { loadChunk } from "../directory/load-chunk.ts";
import type { LoadJob } from "../directory/load-queue.ts";
import { type LoadSession, openLoadSession, setAgainForLoading } from "../directory/load-session.ts";
import { workOff } from "../directory/load-tables.ts";
import { alterTable, makeObject, type ObjectMaking, rewriterOf } from "../directory/make-object.ts";
import { requireExpectedIndex } from "../directory/require-expected-index.ts";
import type { RestoreTarget, TargetReport } from "../directory/restore-into.ts";
import type { DirectoryRun } from "../directory/run-directory.ts";
import type { FollowProgress } from "./follow-progress.ts";
import { FollowQueue } from "./follow-queue.ts";

export interface FollowRun extends RestoreTarget, TargetReport, Pick<DirectoryRun, "codec"> {
  readonly progress: FollowProgress;
  readonly growing: GrowingBackup;
  readonly head: DirectoryHead;
  /** Whose definitions and rows come in, with their triggers; undefined: everything does. */
  readonly tables: ReadonlySet<string> | undefined;
  /** What comes behind the head. */
  readonly lines: AsyncIterator<string>;
  /** Ends the reading of lines. */
  readonly stop: AbortController;
}

/** A table whose rows come in; its columns are known with the first of them. */
interface FollowedTable {
  readonly name: string;
  readonly isMadeHere: boolean;
  readonly indexes: readonly string[];
  data: DirectoryData;
}

/** What was made and loaded of an object before the index was there. */
interface Followed {
  /** Set when it was made. */
  readonly object?: DirectoryObject;
  readonly table?: FollowedTable;
  readonly chunks: DirectoryChunk[];
}

/**
 * Restores a directory while it is written: tables as their definitions come, without secondary indexes and foreign keys,
 * and their rows by several sessions as the files come. What follows all rows waits for the end of the dump, when everything
 * is compared with the index.
 * @throws BackupError the first failure
 */
export async function runFollowing(run: FollowRun): Promise<void> {
  const { spec, target, request, warn, stop, progress } = run;
  const signal = AbortSignal.any([run.signal, stop.signal]);
  await using leader = await openLoadSession(spec, target, signal, warn);
  await using first = await openLoadSession(spec, target, signal, warn, leader.facts);
  run.onTouched(undefined);
  progress.phase("data", "loading what is written, while more of it is");
  const following = new Following(run, leader);
  const { queue } = following;
  const sessions = { leader: first, spec, target, jobs: request.jobs.count, signal, stop, warn };
  let failure: { readonly error: unknown } | undefined;
  await Promise.all([
    workOff(sessions, queue, (session, job) => following.doJob(session, job)).catch((error: unknown) => {
      failure ??= { error };
    }),
    following.readToEnd().catch((error: unknown) => {
      // A session that failed ends the reading, before it has said why.
      if (!stop.signal.aborted) failure ??= { error };
      queue.stop();
      stop.abort();
    }),
  ]);
  if (failure !== undefined) throw failure.error;
  await following.finish();
}

class Following {
  readonly queue = new FollowQueue();
  readonly #run: FollowRun;
  readonly #leader: LoadSession;
  readonly #making: ObjectMaking;
  readonly #loading: DirectoryRun;
  readonly #files: BackupFiles;
  readonly #followed = new Map<number, Followed>();

  constructor(run: FollowRun, leader: LoadSession) {
    this.#run = run;
    this.#leader = leader;
    this.#files = { sizes: new Map(), open: (name) => run.growing.open(name) };
    const source = { script: (file: string) => fileBytes(this.#files, file), load: loadChunk };
    this.#making = { ...run, source, splits: new Map() };
    const index = indexWith(run.head, []);
    const chosen = { made: [], loaded: [], leftOut: new Map() };
    this.#loading = { ...run, files: this.#files, index, source, chosen };
  }

  /** Makes tables and hands out their rows until the dump has ended. */
  async readToEnd(): Promise<void> {
    const { lines } = this.#run;
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      await this.#take(readAnnouncement(next.value));
    }
    this.queue.close();
  }

  async doJob(session: LoadSession, job: LoadJob): Promise<void> {
    const { table } = job;
    if (job.kind === "chunk") return await loadChunk(this.#loading, session, job, undefined);
    for (const sql of table.indexes) {
      await alterTable(this.#run.failures, session, `indexes of table "${table.name}"`, sql);
    }
  }

  /** Compares what was done with the index, and makes the rest. */
  async finish(): Promise<void> {
    const { growing, progress, head, request, signal, failures, warn } = this.#run;
    const { files, expectedRows } = await growing.finished(signal);
    const index = await readDirectoryIndex(files);
    requireExpectedIndex(index, expectedRows === undefined ? {} : { expectedRows });
    requireSameHead(index, head);
    const { made, loaded } = chosenObjects(index, request);
    const chosen = new Set([...made, ...loaded]);
    for (const [number, object] of index.objects.entries()) {
      if (chosen.has(object) || this.#followed.has(number)) this.#requireSame(number, object);
    }
    const numbers = new Map(index.objects.map((object, number) => [object, number]));
    const left = made.filter((object) => this.#followed.get(numbers.get(object)!)?.object === undefined);
    await scanScripts(files, { ...index, objects: left });
    await setAgainForLoading(this.#leader, warn);
    progress.phase("post-data", "making foreign keys, views and stored code");
    for (const [name, { foreignKeys }] of this.#making.splits) {
      if (foreignKeys !== undefined) {
        await alterTable(failures, this.#leader, `foreign keys of table "${name}"`, foreignKeys);
      }
    }
    const source = { ...this.#making.source, script: (file: string) => fileBytes(files, file) };
    for (const object of left) await this.#make({ ...this.#making, source }, object, false);
    progress.end();
  }

  async #take(announcement: Announcement): Promise<void> {
    switch (announcement.kind) {
      case "object":
        return await this.#makeEarly(announcement.number, announcement.object);
      case "chunk": {
        const { number, table: name, columns, chunk } = announcement;
        if (this.#run.tables?.has(name) === false) return;
        // Without definitions nothing was said of it before.
        if (!this.#followed.has(number)) this.#followTable(number, name, undefined);
        const { table, chunks } = this.#followed.get(number)!;
        if (chunks.length === 0) table!.data = dataOf([...columns], []);
        chunks.push(chunk);
        this.queue.addChunk({ kind: "chunk", table: table!, chunk });
        return;
      }
      case "rows": {
        const { table, chunks } = this.#followed.get(announcement.number) ?? {};
        if (table === undefined || chunks === undefined) return;
        this.queue.endTable(table);
        this.#run.progress.endTable(
          table,
          chunks.reduce((sum, { bytes }) => sum + bytes, 0),
        );
        return;
      }
      case "head":
      case "index":
        return;
      default: {
        const unknown: never = announcement;
        throw new Error(`unknown announcement ${JSON.stringify(unknown)}`);
      }
    }
  }

  /** Its script is hashed before it is run. */
  async #makeEarly(number: number, object: DirectoryObject): Promise<void> {
    const { tables } = this.#run;
    if (tables !== undefined && !(object.kind === "table" && tables.has(object.name))) return;
    await scanScripts(this.#files, indexWith(this.#run.head, [object]));
    await this.#make(this.#making, object, object.kind === "table");
    if (object.kind === "table") this.#followTable(number, object.name, object);
    else this.#followed.set(number, { object, chunks: [] });
  }

  #followTable(number: number, name: string, object: DirectoryObject | undefined): void {
    const indexes = this.#making.splits.get(name)?.indexes ?? [];
    const table = { name, data: dataOf([], []), indexes, isMadeHere: object !== undefined };
    this.queue.addTable(table);
    this.#followed.set(number, { ...(object === undefined ? {} : { object }), table, chunks: [] });
  }

  async #make(making: ObjectMaking, object: DirectoryObject, isSplit: boolean): Promise<void> {
    const { failures, progress } = this.#run;
    const failed = failures.count;
    const rewrite = rewriterOf(making, object, isSplit ? { defersIndexes: true } : undefined);
    await makeObject(making, this.#leader, object, rewrite);
    if (failures.count === failed) progress.made();
  }

  /** @throws BackupError DAMAGED when an object of the index is not what was announced of it */
  #requireSame(number: number, { kind, name, schema, data }: DirectoryObject): void {
    const followed = this.#followed.get(number);
    const isSameObject =
      followed?.object === undefined ||
      isSame([followed.object.kind, followed.object.name, followed.object.schema], [kind, name, schema]);
    const loaded = (followed?.chunks ?? []).map((chunk) => JSON.stringify(chunk)).toSorted();
    const listed = (data?.chunks ?? []).map((chunk) => JSON.stringify(chunk)).toSorted();
    const { table } = followed ?? {};
    const hasOtherColumns = loaded.length > 0 && !isSame(table?.data.columns, data?.columns);
    const isSameTable = table === undefined || (table.name === name && !hasOtherColumns);
    if (isSameObject && isSameTable && isSame(loaded, listed)) return;
    throw new BackupError({
      code: "DAMAGED",
      message: `the index of the backup says something else of ${kind} "${name}" than was announced while it was made`,
      object: name,
      hint: "restore the finished backup without --follow, and look at it with dbbackup verify",
    });
  }
}

function requireSameHead(index: DirectoryIndex, head: DirectoryHead): void {
  const keys = Object.keys(head) as (keyof DirectoryHead)[];
  const other = keys.find((key) => index[key] !== head[key]);
  if (other === undefined) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `the index of the backup says something else of its ${other} than was announced while it was made`,
    hint: "restore the finished backup without --follow, and look at it with dbbackup verify",
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
