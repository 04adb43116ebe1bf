import { setImmediate as nextTurn } from "node:timers/promises";
import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { TableKey } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { dropStatement } from "../archive/drop-statement.ts";
import { EntryScript } from "../archive/entry-script.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { isLoadViaRoot } from "../archive/wanted-parts.ts";
import { qualified } from "../sql/quote.ts";
import { entryName } from "./archive-plan.ts";
import type { ArchiveState } from "./archive-state.ts";
import type { StoredRows } from "./checked-rows.ts";
import { renameDatabase } from "./database-definition.ts";
import { FreshLoad } from "./fresh-load.ts";
import { inOneMessage, withNote } from "./journal/with-note.ts";
import { loadLargeObjects } from "./load-large-objects.ts";
import { loadRows, loadTable } from "./load-table.ts";
import type { ScheduledEntry } from "./restore-schedule.ts";
import type { ArchiveRun } from "./run-archive.ts";
import { saidForNewer } from "./said-for-newer.ts";
import { readScript } from "./script/read-script.ts";
import { SharedLoad } from "./shared-load.ts";
import { inTwoSteps } from "./two-steps.ts";

/** Default of {@link RestoreRequest.splitLargerThan}: what a session loads in less than a second is not worth a second one. */
export const DEFAULT_SPLIT_LARGER_THAN = 16 * 1024 * 1024;

/**
 * Below this (as stored), making new storage for a table costs the server more than the log of its rows, of which it then
 * spares nothing: what is smaller than `wal_skip_threshold` (2 MB) goes to the log all the same.
 */
const FRESH_LARGER_THAN = 512 * 1024;

/** Statements that met in a deadlock are tried again: of those who met, one has gone on. */
const maxDeadlocks = 5;
const deadlockDetected = "40P01";

/** Restores entries over one session, one after another. */
export class EntryRunner {
  readonly #run: ArchiveRun;
  readonly #connection: PgConnection;
  readonly #state: ArchiveState;
  readonly #script: EntryScript;
  readonly #scanner = new RowScanner();
  /** A transaction around several entries is open. */
  isInTransaction = false;

  constructor(run: ArchiveRun, connection: PgConnection, state: ArchiveState) {
    this.#run = run;
    this.#connection = connection;
    this.#state = state;
    this.#script = new EntryScript({
      noOwner: run.request.noOwner,
      noTablespaces: run.request.noTablespaces === true,
      isLoggedIn: true,
      useSessionAuthorization: run.request.useSessionAuthorization === true,
      ...(run.superuser === undefined ? {} : { superuser: run.superuser }),
      searchPath: run.reader.settings.searchPath,
      entry: (dumpId) => run.reader.entry(dumpId),
      tableAccessMethods: connection.serverVersion >= 120_000 && run.request.noTableAccessMethod !== true,
    });
  }

  async drop(entries: readonly TocEntry[]): Promise<void> {
    for (const entry of entries) {
      const setting = (this.#script.ownerSetting(entry) ?? "") + (this.#script.schemaSetting(entry.namespace) ?? "");
      const note = this.#run.journal?.noteDropped(entry.dumpId) ?? "";
      await this.#query(entry, setting + inOneMessage([dropStatement(entry, this.#run.request.ifExists), note]));
    }
    this.#script.forgetSchema();
  }

  /**
   * @returns whether it succeeded
   * @throws BackupError when it fails, unless the log decides to go on
   */
  async restore(scheduled: ScheduledEntry): Promise<boolean> {
    const { undo, isFirstStep = false, entry } = scheduled;
    const { timeLeft } = this.#run.progress;
    timeLeft?.begin(entry.dumpId);
    const isDone = await (undo === undefined ? this.#restore(scheduled) : this.#restoreOrUndo(scheduled, undo));
    timeLeft?.end(entry.dumpId, !(isDone && isFirstStep));
    if (!isDone || isFirstStep) return isDone;
    this.#state.done += 1;
    this.#run.progress.addObject();
    return true;
  }

  async #restoreOrUndo(scheduled: ScheduledEntry, undo: string): Promise<boolean> {
    let isDone = false;
    try {
      isDone = await this.#restore(scheduled);
      return isDone;
    } finally {
      // What stands in the way of a second try is more than the failure of the first has to tell.
      if (!isDone) await this.#connection.query(undo).catch(() => undefined);
    }
  }

  async #restore(scheduled: ScheduledEntry): Promise<boolean> {
    const { entry, parts, isFirstStep = false } = scheduled;
    const hasBlock = parts.data && entry.hadDumper;
    if (!hasBlock) return await this.#define(this.#withoutLeftover(scheduled), isFirstStep ? "" : this.#note(entry));
    if (!parts.definition && this.#notesItself(entry)) return await this.#loadBlock(entry);
    return await this.#noted(entry, async () => {
      const isDone = !parts.definition || (await this.#define(entry));
      return (await this.#loadBlock(entry)) && isDone;
    });
  }

  /** What an earlier run has left of a constraint in two steps makes way for one that is made in one. */
  #withoutLeftover({ entry, isFirstStep, undo }: ScheduledEntry): TocEntry {
    const { request, reader } = this.#run;
    if (request.journal !== "resume" || isFirstStep === true || undo !== undefined) return entry;
    const steps = inTwoSteps(entry, (dumpId) => reader.entry(dumpId));
    return steps === undefined ? entry : { ...entry, definition: `${steps.undo};\n${entry.definition}` };
  }

  /** With a journal: the statement that notes the entry as done. */
  #note(entry: TocEntry): string {
    return this.#run.journal?.noteDone(entry.dumpId) ?? "";
  }

  /** With a journal: what `work` does is committed together with the note of it. */
  async #noted<T>(entry: TocEntry, work: () => Promise<T>): Promise<T> {
    if (this.#run.journal === undefined) return await work();
    const isOurs = !this.isInTransaction;
    if (isOurs) await this.#connection.query("BEGIN");
    this.isInTransaction = true;
    try {
      const done = await work();
      await this.#connection.query(isOurs ? `${this.#note(entry)} COMMIT` : this.#note(entry));
      return done;
    } catch (error) {
      if (isOurs) await this.#connection.query("ROLLBACK").catch(() => undefined);
      throw error;
    } finally {
      if (isOurs) this.isInTransaction = false;
    }
  }

  /** Takes part in a load of another session, if there is one, until it has ended. Answers whether there was. */
  async help(): Promise<boolean> {
    const [open] = this.#state.sharedLoads;
    if (open === undefined) return false;
    const [load, entry] = open;
    for (const step of this.#script.settings(entry)) await this.#connection.query(step.sql);
    await load.join(this.#connection);
    // When it failed, who began it says so first.
    await nextTurn();
    return true;
  }

  /** @param note is executed with the definition, all or nothing */
  async #define(entry: TocEntry, note = ""): Promise<boolean> {
    const { header } = this.#run.reader;
    const serverMajor = Math.floor(this.#connection.serverVersion / 10_000);
    const isAboutDatabase = entry.tag.startsWith("DATABASE ");
    const steps = this.#script.steps(saidForNewer(entry, header, serverMajor)).map(({ kind, sql }) => ({
      kind,
      sql: isAboutDatabase ? renameDatabase(sql, header.database, this.#run.target) : sql,
    }));
    for (const sql of note === "" ? steps.map((step) => step.sql) : withNote(steps, note)) {
      if (await this.#query(entry, sql)) continue;
      if (entry.desc === "TABLE") this.#state.failedTables.add(entry.dumpId);
      return false;
    }
    if (entry.desc === "TABLE") this.#state.createdTables.add(entry.dumpId);
    return true;
  }

  async #loadBlock(entry: TocEntry): Promise<boolean> {
    if (entry.dependencies.some((id) => this.#state.failedTables.has(id)) && !isLoadViaRoot(entry)) return false;
    for (const step of this.#script.settings(entry)) if (!(await this.#query(entry, step.sql))) return false;
    const { progress, failures } = this.#run;
    const object = this.#describe(entry);
    if (!(await this.#setTriggers(entry, "DISABLE"))) return false;
    progress.start(object);
    try {
      const { rows, bytes } = await this.#load(entry, true).catch((error: unknown) => {
        // A check of this table reads another one, and one of that table this one: no more while both are locked.
        if (!this.#isDeadlock(error)) throw error;
        return this.#load(entry, false);
      });
      progress.end(object, rows, bytes);
    } catch (error) {
      failures.note(error, { object, sql: entry.copy ?? "" });
      await this.#setTriggers(entry, "ENABLE");
      return false;
    }
    return await this.#setTriggers(entry, "ENABLE");
  }

  /** With `--disable-triggers`. */
  async #setTriggers(entry: TocEntry, state: "DISABLE" | "ENABLE"): Promise<boolean> {
    if (this.#run.request.disableTriggers !== true || entry.desc !== "TABLE DATA") return true;
    for (const step of this.#script.triggerSteps(entry, state)) {
      if (!(await this.#query(entry, step.sql))) return false;
    }
    if (state === "ENABLE") return true;
    const owner = this.#script.ownerSetting(entry);
    return owner === undefined || (await this.#query(entry, owner));
  }

  /** @param mayLock nobody else may use the table meanwhile, which makes it cheaper */
  async #load(entry: TocEntry, mayLock: boolean): Promise<{ readonly rows: number; readonly bytes: number }> {
    const { blocks, request, progress, decode } = this.#run;
    const block = await blocks.open(entry.dumpId);
    let bytes = 0;
    const onBytes = (count: number): void => {
      bytes += count;
      progress.addBytes(count);
    };
    if (block.kind === "large-objects") {
      const { count } = await loadLargeObjects(this.#connection, block, this.isInTransaction, onBytes);
      this.#state.largeObjects += count;
      return { rows: 0, bytes };
    }
    progress.timeLeft?.reading(entry.dumpId, () => block.readBytes);
    if (!entry.copy) return { rows: await this.#runStatements(block.chunks(), onBytes), bytes };
    this.#scanner.reset();
    const key: TableKey = `${decode(entry.namespace ?? "")}\0${decode(entry.tag)}`;
    const stored = {
      chunks: block.chunks(),
      hasEndLine: true,
      scanner: this.#scanner,
      expected: request.expectedRows?.get(key),
      table: entryName(entry, decode),
      onBytes,
    };
    return { rows: (await this.#loadRows(entry, entry.copy, stored, mayLock)).rows, bytes };
  }

  async #loadRows(entry: TocEntry, sql: string, stored: StoredRows, mayLock: boolean): Promise<RowTotals> {
    const table = this.#freshTable(entry);
    const size = this.#run.blocks.storedBytes(entry.dumpId);
    if (table !== undefined && this.#run.jobs > 1 && size > this.#splitLargerThan) {
      return await this.#loadWithOthers(entry, stored);
    }
    if (table !== undefined && mayLock && size > Math.min(FRESH_LARGER_THAN, this.#splitLargerThan)) {
      const load = await FreshLoad.start(this.#connection, table, sql, `${this.#note(entry)} COMMIT`);
      if (load !== undefined) return await loadRows(stored, load);
    }
    const load = async () => {
      await this.#emptyFirst(entry);
      return await loadTable({ ...stored, connection: this.#connection, sql });
    };
    return await (table === undefined ? load() : this.#noted(entry, load));
  }

  /** Whether loading the entry's rows commits them, with the note of it. */
  #notesItself(entry: TocEntry): boolean {
    return entry.copy !== null && entry.copy !== "" && this.#freshTable(entry) !== undefined;
  }

  /** A load over several sessions that was interrupted may have been committed in part. */
  async #emptyFirst(entry: TocEntry): Promise<void> {
    if (this.#run.journal?.mayHoldRows(entry.dumpId) !== true) return;
    await this.#connection.query(`TRUNCATE TABLE ONLY ${qualified(entry.namespace, entry.tag)}`);
  }

  /** The table of the rows, if this restore has created it and nothing was done to it since. */
  #freshTable(entry: TocEntry): string | undefined {
    const { reader, request } = this.#run;
    if (this.#state.emptied.has(entry.dumpId)) return undefined;
    // In the order of an edited list a table may have its indexes and triggers before its rows.
    if (this.isInTransaction || isLoadViaRoot(entry) || request.useList !== undefined) return undefined;
    const isOfRows = (id: number): boolean => {
      const table = reader.entry(id);
      return this.#state.createdTables.has(id) && table?.tag === entry.tag && table.namespace === entry.namespace;
    };
    return entry.dependencies.some(isOfRows) ? qualified(entry.namespace, entry.tag) : undefined;
  }

  get #splitLargerThan(): number {
    return this.#run.request.splitLargerThan ?? DEFAULT_SPLIT_LARGER_THAN;
  }

  async #loadWithOthers(entry: TocEntry, stored: StoredRows): Promise<RowTotals> {
    const { journal } = this.#run;
    await this.#emptyFirst(entry);
    if (journal !== undefined) await this.#connection.query(journal.noteShared(entry.dumpId));
    const load = await SharedLoad.start(this.#connection, entry.copy!, `${this.#note(entry)} COMMIT`);
    this.#state.sharedLoads.set(load, entry);
    this.#state.onSharedLoad();
    try {
      return await loadRows(stored, load);
    } finally {
      this.#state.sharedLoads.delete(load);
    }
  }

  /** Data as INSERT statements. Answers their count: each may hold several rows. */
  async #runStatements(chunks: AsyncIterable<Buffer>, onBytes: (count: number) => void): Promise<number> {
    let count = 0;
    for await (const item of readScript(chunks, this.#run.reader.settings)) {
      if (item.kind !== "statement") {
        throw new BackupError({
          code: "DAMAGED",
          message: `the rows of an entry hold more than INSERT statements (a ${item.kind} on line ${item.line} of them)`,
          hint: "restore from another copy of this backup",
        });
      }
      await this.#connection.query(item.sql);
      onBytes(item.sql.length);
      count += 1;
    }
    return count;
  }

  /** Answers whether it succeeded. */
  async #query(entry: TocEntry, sql: string): Promise<boolean> {
    if (sql === "") return true;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#connection.query(sql.trimEnd());
        return true;
      } catch (error) {
        if (attempt < maxDeadlocks && this.#isDeadlock(error)) continue;
        this.#run.failures.note(error, { object: this.#describe(entry), sql });
        return false;
      }
    }
  }

  #isDeadlock(error: unknown): boolean {
    return error instanceof BackupError && error.sqlState === deadlockDetected && !this.isInTransaction;
  }

  #describe(entry: TocEntry): string {
    return `${entry.desc} "${entryName(entry, this.#run.decode)}"`;
  }
}
