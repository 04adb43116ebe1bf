import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { TableKey } from "../../../ports/restore.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { isLoadViaRoot } from "../archive/wanted-parts.ts";
import { qualified } from "../sql/quote.ts";
import { entryName } from "./archive-plan.ts";
import type { ArchiveState } from "./archive-state.ts";
import type { StoredRows } from "./checked-rows.ts";
import type { EntrySession } from "./entry-session.ts";
import { FreshLoad } from "./fresh-load.ts";
import { loadLargeObjects } from "./load-large-objects.ts";
import { loadRows, loadTable } from "./load-table.ts";
import type { ArchiveRun } from "./run-archive.ts";
import { readScript } from "./script/read-script.ts";
import { SharedLoad } from "./shared-load.ts";

/** Default of {@link RestoreRequest.splitLargerThan}: what a session loads in less than a second is not worth a second one. */
export const DEFAULT_SPLIT_LARGER_THAN = 16 * 1024 * 1024;

/**
 * Below this (as stored), making new storage for a table costs the server more than the log of its rows, of which it then
 * spares nothing: what is smaller than `wal_skip_threshold` (2 MB) goes to the log all the same.
 */
const FRESH_LARGER_THAN = 512 * 1024;

/** Loads the data of entries over one session: rows, INSERT statements, large objects. */
export class BlockLoader {
  readonly #run: ArchiveRun;
  readonly #session: EntrySession;
  readonly #state: ArchiveState;
  readonly #scanner = new RowScanner();

  constructor(run: ArchiveRun, session: EntrySession, state: ArchiveState) {
    this.#run = run;
    this.#session = session;
    this.#state = state;
  }

  /** @returns whether it succeeded. */
  async load(entry: TocEntry): Promise<boolean> {
    if (entry.dependencies.some((id) => this.#state.failedTables.has(id)) && !isLoadViaRoot(entry)) return false;
    for (const step of this.#session.script.settings(entry))
      if (!(await this.#session.query(entry, step.sql))) return false;
    const { progress, failures } = this.#run;
    const object = this.#session.describe(entry);
    if (!(await this.#setTriggers(entry, "DISABLE"))) return false;
    progress.start(object);
    try {
      const { rows, bytes } = await this.#loadOnce(entry, true).catch((error: unknown) => {
        // A check of this table reads another one, and one of that table this one: no more while both are locked.
        if (!this.#session.isDeadlock(error)) throw error;
        return this.#loadOnce(entry, false);
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
    for (const step of this.#session.script.triggerSteps(entry, state)) {
      if (!(await this.#session.query(entry, step.sql))) return false;
    }
    if (state === "ENABLE") return true;
    const owner = this.#session.script.ownerSetting(entry);
    return owner === undefined || (await this.#session.query(entry, owner));
  }

  /** @param mayLock nobody else may use the table meanwhile, which makes it cheaper */
  async #loadOnce(entry: TocEntry, mayLock: boolean): Promise<{ readonly rows: number; readonly bytes: number }> {
    const { progress } = this.#run;
    let bytes = 0;
    const onBytes = (count: number): void => {
      bytes += count;
      progress.addBytes(count);
    };
    try {
      return { rows: await this.#loadData(entry, mayLock, onBytes), bytes };
    } catch (error) {
      // Nothing of it is there, and it may be loaded again.
      progress.addBytes(-bytes);
      throw error;
    }
  }

  /** @returns how many rows, or statements. */
  async #loadData(entry: TocEntry, mayLock: boolean, onBytes: (count: number) => void): Promise<number> {
    const { blocks, request, progress, decode } = this.#run;
    const block = await blocks.open(entry.dumpId);
    if (block.kind === "large-objects") {
      const { count } = await loadLargeObjects(this.#session.connection, block, this.#session.isInTransaction, onBytes);
      this.#state.largeObjects += count;
      return 0;
    }
    progress.timeLeft?.reading(entry.dumpId, () => block.readBytes);
    if (!entry.copy) return await this.#runStatements(block.chunks(), onBytes);
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
    return (await this.#loadRows(entry, entry.copy, stored, mayLock)).rows;
  }

  async #loadRows(entry: TocEntry, sql: string, stored: StoredRows, mayLock: boolean): Promise<RowTotals> {
    const table = this.#freshTable(entry);
    const size = this.#run.blocks.storedBytes(entry.dumpId);
    if (table !== undefined && this.#run.jobs > 1 && size > this.#splitLargerThan) {
      return await this.#loadWithOthers(entry, stored);
    }
    if (table !== undefined && mayLock && size > Math.min(FRESH_LARGER_THAN, this.#splitLargerThan)) {
      const load = await FreshLoad.start(this.#session.connection, table, sql, `${this.#session.note(entry)} COMMIT`);
      if (load !== undefined) return await loadRows(stored, load);
    }
    const load = async () => {
      await this.#emptyFirst(entry);
      return await loadTable({ ...stored, connection: this.#session.connection, sql });
    };
    return await (table === undefined ? load() : this.#session.noted(entry, load));
  }

  /** Whether loading the entry's rows commits them, with the note of it. */
  notesItself(entry: TocEntry): boolean {
    return entry.copy !== null && entry.copy !== "" && this.#freshTable(entry) !== undefined;
  }

  /** A load over several sessions that was interrupted may have been committed in part. */
  async #emptyFirst(entry: TocEntry): Promise<void> {
    if (this.#run.journal?.mayHoldRows(entry.dumpId) !== true) return;
    await this.#session.connection.query(`TRUNCATE TABLE ONLY ${qualified(entry.namespace, entry.tag)}`);
  }

  /** The table of the rows, if this restore has created it and nothing was done to it since. */
  #freshTable(entry: TocEntry): string | undefined {
    const { reader, request } = this.#run;
    if (this.#state.emptied.has(entry.dumpId)) return undefined;
    // In the order of an edited list a table may have its indexes and triggers before its rows.
    if (this.#session.isInTransaction || isLoadViaRoot(entry) || request.useList !== undefined) return undefined;
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
    if (journal !== undefined) await this.#session.connection.query(journal.noteShared(entry.dumpId));
    const load = await SharedLoad.start(this.#session.connection, entry.copy!, `${this.#session.note(entry)} COMMIT`);
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
      await this.#session.connection.query(item.sql);
      onBytes(item.sql.length);
      count += 1;
    }
    return count;
  }
}
