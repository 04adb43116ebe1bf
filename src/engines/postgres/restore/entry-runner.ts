import { setImmediate as nextTurn } from "node:timers/promises";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { dropStatement } from "../archive/drop-statement.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { ArchiveState } from "./archive-state.ts";
import { BlockLoader } from "./block-loader.ts";
import { renameDatabase } from "./database-definition.ts";
import { EntrySession, TooEarly } from "./entry-session.ts";
import { inOneMessage, withNote } from "./journal/with-note.ts";
import type { ScheduledEntry } from "./restore-schedule.ts";
import type { ArchiveRun } from "./run-archive.ts";
import { saidForNewer } from "./said-for-newer.ts";
import { inTwoSteps } from "./two-steps.ts";

/** Restores entries over one session, one after another. */
export class EntryRunner {
  readonly session: EntrySession;
  readonly #run: ArchiveRun;
  readonly #state: ArchiveState;
  readonly #loader: BlockLoader;

  constructor(run: ArchiveRun, connection: PgConnection, state: ArchiveState) {
    this.#run = run;
    this.#state = state;
    this.session = new EntrySession(run, connection);
    this.#loader = new BlockLoader(run, this.session, state);
  }

  async drop(entries: readonly TocEntry[]): Promise<void> {
    for (const entry of entries) {
      const setting =
        (this.session.script.ownerSetting(entry) ?? "") + (this.session.script.schemaSetting(entry.namespace) ?? "");
      const note = this.#run.journal?.noteDropped(entry.dumpId) ?? "";
      await this.session.query(entry, setting + inOneMessage([dropStatement(entry, this.#run.request.ifExists), note]));
    }
    this.session.script.forgetSchema();
  }

  /**
   * @returns whether it succeeded, or that it must come again
   * @throws BackupError when it fails, unless the log decides to go on
   */
  async restore(scheduled: ScheduledEntry): Promise<boolean | "too early"> {
    const { undo, isFirstStep = false, entry } = scheduled;
    const { timeLeft } = this.#run.progress;
    timeLeft?.begin(entry.dumpId);
    const isDone = await (undo === undefined ? this.#restoreOrNot(scheduled) : this.#restoreOrUndo(scheduled, undo));
    if (isDone === "too early") {
      timeLeft?.end(entry.dumpId, false);
      return isDone;
    }
    timeLeft?.end(entry.dumpId, !(isDone && isFirstStep));
    if (!isDone || isFirstStep) return isDone;
    this.#state.done += 1;
    this.#run.progress.addObject();
    return true;
  }

  async #restoreOrNot(scheduled: ScheduledEntry): Promise<boolean | "too early"> {
    try {
      return await this.#restore(scheduled);
    } catch (error) {
      if (error instanceof TooEarly) return "too early";
      throw error;
    }
  }

  async #restoreOrUndo(scheduled: ScheduledEntry, undo: string): Promise<boolean> {
    let isDone = false;
    try {
      isDone = await this.#restore(scheduled);
      return isDone;
    } finally {
      // What stands in the way of a second try is more than the failure of the first has to tell.
      if (!isDone) await this.session.connection.query(undo).catch(() => undefined);
    }
  }

  async #restore(scheduled: ScheduledEntry): Promise<boolean> {
    const { entry, parts, isFirstStep = false, mayBeTooEarly = false } = scheduled;
    const hasBlock = parts.data && entry.hadDumper;
    if (!hasBlock) {
      const note = isFirstStep ? "" : this.session.note(entry);
      return await this.#define(this.#withoutLeftover(scheduled), note, mayBeTooEarly);
    }
    if (!parts.definition && this.#loader.notesItself(entry)) return await this.#loader.load(entry);
    return await this.session.noted(entry, async () => {
      const isDone = !parts.definition || (await this.#define(entry));
      return (await this.#loader.load(entry)) && isDone;
    });
  }

  /** What an earlier run has left of a constraint in two steps makes way for one that is made in one. */
  #withoutLeftover({ entry, isFirstStep, undo }: ScheduledEntry): TocEntry {
    const { request, reader } = this.#run;
    if (request.journal !== "resume" || isFirstStep === true || undo !== undefined) return entry;
    const steps = inTwoSteps(entry, (dumpId) => reader.entry(dumpId));
    return steps === undefined ? entry : { ...entry, definition: `${steps.undo};\n${entry.definition}` };
  }

  /** Takes part in a load of another session, if there is one, until it has ended. Answers whether there was. */
  async help(): Promise<boolean> {
    const [open] = this.#state.sharedLoads;
    if (open === undefined) return false;
    const [load, entry] = open;
    for (const step of this.session.script.settings(entry)) await this.session.connection.query(step.sql);
    await load.join(this.session.connection);
    // When it failed, who began it says so first.
    await nextTurn();
    return true;
  }

  /** @param note is executed with the definition, all or nothing */
  async #define(entry: TocEntry, note = "", mayBeTooEarly = false): Promise<boolean> {
    const { header } = this.#run.reader;
    const serverMajor = Math.floor(this.session.connection.serverVersion / 10_000);
    const isAboutDatabase = entry.tag.startsWith("DATABASE ");
    const steps = this.session.script.steps(saidForNewer(entry, header, serverMajor)).map(({ kind, sql }) => ({
      kind,
      sql: isAboutDatabase ? renameDatabase(sql, header.database, this.#run.target) : sql,
    }));
    for (const sql of note === "" ? steps.map((step) => step.sql) : withNote(steps, note)) {
      if (await this.session.query(entry, sql, mayBeTooEarly)) continue;
      if (entry.desc === "TABLE") this.#state.failedTables.add(entry.dumpId);
      return false;
    }
    if (entry.desc === "TABLE") this.#state.createdTables.add(entry.dumpId);
    return true;
  }
}
