import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest, TableKey } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { dropStatement } from "../archive/drop-statement.ts";
import { EntryScript } from "../archive/entry-script.ts";
import { isStatistics, takesStatistics } from "../archive/optimizer-statistics.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { isLoadViaRoot } from "../archive/wanted-parts.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { type ArchivePlan, entryName } from "./archive-plan.ts";
import type { BlockSource } from "./block-source.ts";
import { renameDatabase } from "./database-definition.ts";
import type { FailureLog } from "./failure-log.ts";
import { loadLargeObjects } from "./load-large-objects.ts";
import { loadTable } from "./load-table.ts";
import type { RestoreProgress } from "./restore-progress.ts";
import { saidForNewer } from "./said-for-newer.ts";
import { readScript } from "./script/read-script.ts";
import type { SelectedEntry } from "./select-entries.ts";

export interface ArchiveRun {
  readonly reader: ArchiveReader;
  readonly blocks: BlockSource;
  readonly plan: ArchivePlan;
  readonly request: RestoreRequest;
  /** Name of the target database, as a binary string. */
  readonly target: string;
  /** The session in the target database, prepared. */
  readonly connection: PgConnection;
  readonly failures: FailureLog;
  readonly progress: RestoreProgress;
  readonly decode: NameDecoder;
}

/** What was done, besides what `progress` and `failures` know. */
export interface ArchiveRunResult {
  readonly done: number;
  readonly largeObjects: number;
}

/**
 * Carries out a plan over one connection, entry by entry.
 * @throws BackupError at the first failure, unless the log decides to go on
 */
export async function runArchive(run: ArchiveRun): Promise<ArchiveRunResult> {
  const runner = new ArchiveRunner(run);
  const { singleTransaction } = run.request;
  if (singleTransaction) await run.connection.query("BEGIN");
  await runner.drop();
  await runner.restore();
  if (singleTransaction) await run.connection.query("COMMIT");
  await run.blocks.finish();
  return { done: runner.done, largeObjects: runner.largeObjects };
}

class ArchiveRunner {
  done = 0;
  largeObjects = 0;
  readonly #run: ArchiveRun;
  readonly #script: EntryScript;
  readonly #scanner = new RowScanner();
  /** Tables that could not be created: their rows must not be added to a table that was there before. */
  readonly #failedTables = new Set<number>();

  constructor(run: ArchiveRun) {
    this.#run = run;
    this.#script = new EntryScript({
      noOwner: run.request.noOwner,
      searchPath: run.reader.settings.searchPath,
      entry: (dumpId) => run.reader.entry(dumpId),
      tableAccessMethods: this.#serverMajor >= 12,
    });
  }

  get #serverMajor(): number {
    return Math.floor(this.#run.connection.serverVersion / 10_000);
  }

  async drop(): Promise<void> {
    const { plan, request } = this.#run;
    if (plan.drops.length > 0) this.#run.progress.phase("drop", "dropping what the backup holds");
    for (const entry of plan.drops) {
      const setting = this.#script.schemaSetting(entry.namespace) ?? "";
      await this.#query(entry, setting + dropStatement(entry, request.ifExists));
    }
    this.#script.forgetSchema();
  }

  async restore(): Promise<void> {
    let section = "";
    for (const selected of this.#run.plan.entries) {
      const { entry } = selected;
      // The database itself was created before this session began.
      if (entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES") continue;
      // The pre-check has said so.
      if (isStatistics(entry) && !takesStatistics(this.#serverMajor)) continue;
      if (entry.section !== section && entry.section !== "none") {
        section = entry.section;
        this.#run.progress.phase(section, phaseMessages[entry.section] ?? section);
      }
      await this.#restoreEntry(selected);
    }
    this.#run.progress.tell();
  }

  async #restoreEntry({ entry, parts }: SelectedEntry): Promise<void> {
    const hasBlock = parts.data && entry.hadDumper;
    let isDone = true;
    if (parts.definition || !hasBlock) isDone = await this.#define(entry);
    if (hasBlock) isDone = (await this.#loadBlock(entry)) && isDone;
    if (!isDone) return;
    this.done += 1;
    this.#run.progress.addObject();
  }

  async #define(entry: TocEntry): Promise<boolean> {
    const { header } = this.#run.reader;
    for (const step of this.#script.steps(saidForNewer(entry, header, this.#serverMajor))) {
      const isAboutDatabase = entry.tag.startsWith("DATABASE ");
      const sql = isAboutDatabase ? renameDatabase(step.sql, header.database, this.#run.target) : step.sql;
      if (await this.#query(entry, sql)) continue;
      if (entry.desc === "TABLE") this.#failedTables.add(entry.dumpId);
      return false;
    }
    return true;
  }

  async #loadBlock(entry: TocEntry): Promise<boolean> {
    if (entry.dependencies.some((id) => this.#failedTables.has(id)) && !isLoadViaRoot(entry)) return false;
    for (const step of this.#script.settings(entry)) if (!(await this.#query(entry, step.sql))) return false;
    const { progress, failures } = this.#run;
    const object = this.#describe(entry);
    progress.start(object);
    const bytesBefore = progress.bytes;
    try {
      const rows = await this.#load(entry);
      progress.end(object, rows, progress.bytes - bytesBefore);
      return true;
    } catch (error) {
      failures.note(error, { object, sql: entry.copy ?? "" });
      return false;
    }
  }

  /** Answers the count of rows. */
  async #load(entry: TocEntry): Promise<number> {
    const { blocks, connection, request, progress, decode } = this.#run;
    const block = await blocks.open(entry.dumpId);
    const onBytes = (count: number): void => progress.addBytes(count);
    if (block.kind === "large-objects") {
      const { count } = await loadLargeObjects(connection, block, request.singleTransaction, onBytes);
      this.largeObjects += count;
      return 0;
    }
    if (!entry.copy) return await this.#runStatements(block.chunks());
    this.#scanner.reset();
    const key: TableKey = `${decode(entry.namespace ?? "")}\0${decode(entry.tag)}`;
    const totals = await loadTable({
      connection,
      sql: entry.copy,
      chunks: block.chunks(),
      hasEndLine: true,
      scanner: this.#scanner,
      expected: request.expectedRows?.get(key),
      table: entryName(entry, decode),
      onBytes,
    });
    return totals.rows;
  }

  /** Data as INSERT statements. Answers their count: each may hold several rows. */
  async #runStatements(chunks: AsyncIterable<Buffer>): Promise<number> {
    let count = 0;
    for await (const item of readScript(chunks, this.#run.reader.settings)) {
      if (item.kind !== "statement") {
        throw new BackupError({
          code: "DAMAGED",
          message: `the rows of an entry hold more than INSERT statements (a ${item.kind} on line ${item.line} of them)`,
          hint: "restore from another copy of this backup",
        });
      }
      await this.#run.connection.query(item.sql);
      this.#run.progress.addBytes(item.sql.length);
      count += 1;
    }
    return count;
  }

  /** Answers whether it succeeded. */
  async #query(entry: TocEntry, sql: string): Promise<boolean> {
    if (sql === "") return true;
    try {
      await this.#run.connection.query(sql.trimEnd());
      return true;
    } catch (error) {
      this.#run.failures.note(error, { object: this.#describe(entry), sql });
      return false;
    }
  }

  #describe(entry: TocEntry): string {
    return `${entry.desc} "${entryName(entry, this.#run.decode)}"`;
  }
}

const phaseMessages: Readonly<Record<string, string>> = {
  "pre-data": "creating types, functions and tables",
  data: "loading rows and large objects",
  "post-data": "creating indexes, constraints and triggers",
};
