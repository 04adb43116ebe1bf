import { monotonic } from "../../../core/monotonic.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { isStatistics, takesStatistics } from "../archive/optimizer-statistics.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import type { ArchivePlan } from "./archive-plan.ts";
import { ArchiveState } from "./archive-state.ts";
import { DEFAULT_SPLIT_LARGER_THAN } from "./block-loader.ts";
import type { BlockSource } from "./block-source.ts";
import { EntryRunner } from "./entry-runner.ts";
import type { FailureLog } from "./failure-log.ts";
import { heirsOfTables } from "./heirs-of-tables.ts";
import { indexWork } from "./index-work.ts";
import type { RestoreJournal } from "./journal/restore-journal.ts";
import type { RestoreProgress } from "./restore-progress.ts";
import { RestoreSchedule, type ScheduleFacts } from "./restore-schedule.ts";
import { restoreSteps } from "./restore-steps.ts";
import { runBeside } from "./run-beside.ts";
import type { SelectedEntry } from "./select/select-entries.ts";
import { type PlannedWork, TimeLeft } from "./time-left.ts";
import { Transactions } from "./transactions.ts";
import { inTwoSteps, repeatable } from "./two-steps.ts";

export interface ArchiveRun {
  readonly reader: ArchiveReader;
  readonly blocks: BlockSource;
  readonly plan: ArchivePlan;
  readonly request: RestoreRequest;
  /** Name of the target database, as a binary string. */
  readonly target: string;
  /** Binary string: who switches triggers off. */
  readonly superuser: string | undefined;
  /** The session in the target database, prepared. */
  readonly connection: PgConnection;
  /** Opens another one like it. */
  readonly connect: () => Promise<PgConnection>;
  /** How many sessions restore data and what comes after it. */
  readonly jobs: number;
  readonly failures: FailureLog;
  readonly progress: RestoreProgress;
  readonly decode: NameDecoder;
  /** Where it is noted what is done, when the restore may be resumed. */
  readonly journal?: RestoreJournal | undefined;
  /** With a journal: see {@link ArchiveState.emptied}. */
  readonly emptied?: ReadonlySet<number>;
}

/**
 * Rows as stored: constraints of fewer are made in a moment (0.1 s at most), and a second statement, which servers make
 * durable by itself, would only cost time.
 */
const TWO_STEPS_LARGER_THAN = 4 * 1024 * 1024;

/** What was done, besides what `progress` and `failures` know. */
export interface ArchiveRunResult {
  readonly done: number;
  readonly largeObjects: number;
  readonly warnings: string[];
}

/**
 * Carries out a plan: definitions over one session, then data, indexes and constraints over as many as asked for.
 * @throws BackupError at the first failure, unless the log decides to go on
 */
export async function runArchive(run: ArchiveRun): Promise<ArchiveRunResult> {
  const { connection, plan, request, progress, journal } = run;
  const state = new ArchiveState(run.emptied);
  for (const { desc, dumpId } of plan.selected) {
    if (desc === "TABLE" && journal?.isDone(dumpId) === true) state.createdTables.add(dumpId);
  }
  const leader = new EntryRunner(run, connection, state);
  const transactions = new Transactions(leader.session, request, journal === undefined);
  await transactions.beginAll();
  if (plan.drops.length > 0) progress.phase("drop", "dropping what the backup holds");
  await leader.drop(plan.drops);

  const warnings: string[] = [];
  const entries = plan.entries.filter((selected) => isRestored(selected, connection.serverVersion));
  const phases = new Phases(progress);
  progress.timeLeft = timeLeftOf(run, entries);
  using _telling = tellingEverySecond(progress);
  const isOfExtension = tablesOfExtensions(plan.selected);
  const isAtEnd = ({ entry }: SelectedEntry): boolean => journal !== undefined && isOfEventTrigger(entry);
  const before = entries.filter((selected) => !isAtEnd(selected));
  for (const step of run.jobs === 1 ? [before] : restoreSteps(before)) {
    if (step.length === 1 || run.jobs === 1) {
      for (const selected of step) {
        phases.enter(selected);
        await transactions.around(selected, () => leader.restore(selected));
      }
      continue;
    }
    await transactions.commit();
    const schedule = new RestoreSchedule(step, scheduleFacts(run, isOfExtension));
    const open = async () => {
      const helper = await run.connect();
      return { runner: new EntryRunner(run, helper, state), close: () => helper.close() };
    };
    const jobs = Math.min(run.jobs, step.length);
    const lacking = await runBeside(schedule, leader, { jobs, open, state, onBegin: (one) => phases.enter(one) });
    if (lacking !== undefined) warnings.push(lacking);
  }
  await transactions.commit();
  if (journal !== undefined) {
    await transactions.inOne(async () => {
      await journal.end(connection);
      for (const selected of entries.filter(isAtEnd)) await leader.restore(selected);
    });
  }
  progress.tell();
  await run.blocks.finish();
  return { done: state.done, largeObjects: state.largeObjects, warnings };
}

/** Event triggers would act on the removal of the journal: they come in the same transaction, after it. */
function isOfEventTrigger({ desc, tag }: TocEntry): boolean {
  return desc === "EVENT TRIGGER" || (/^(COMMENT|SECURITY LABEL)$/.test(desc) && tag.startsWith("EVENT TRIGGER "));
}

function timeLeftOf({ blocks, reader, request, jobs }: ArchiveRun, selected: readonly SelectedEntry[]): TimeLeft {
  const tableOf = (dumpId: number) => reader.entry(dumpId);
  const work: PlannedWork = {
    entries: selected.map(({ entry }) => entry),
    storedBytes: (dumpId) => blocks.storedBytes(dumpId),
    shareOf: (entry) => indexWork(entry, tableOf),
    jobs,
    splitLargerThan: request.splitLargerThan ?? DEFAULT_SPLIT_LARGER_THAN,
  };
  return new TimeLeft(work, () => monotonic() / 1000);
}

/** A server tells nothing of a statement that it is busy with. */
function tellingEverySecond(progress: RestoreProgress): Disposable {
  const timer = setInterval(() => progress.tell(), 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function scheduleFacts(
  { blocks, reader, request, journal }: ArchiveRun,
  isFoundThere: (entry: TocEntry) => boolean,
): ScheduleFacts {
  const tableOf = (dumpId: number) => reader.entry(dumpId);
  const large = Math.min(TWO_STEPS_LARGER_THAN, request.splitLargerThan ?? Number.POSITIVE_INFINITY);
  return {
    weightOf: (dumpId) => blocks.storedBytes(dumpId),
    isFoundThere,
    shareOf: (entry) => indexWork(entry, tableOf),
    heirsOf: heirsOfTables(reader.entries),
    inTwoSteps: (entry, rows) => {
      const steps = rows > large ? inTwoSteps(entry, tableOf) : undefined;
      return steps === undefined || journal === undefined ? steps : repeatable(steps);
    },
  };
}

/** Rows of tables that no entry makes, where extensions are made. */
function tablesOfExtensions(selected: readonly TocEntry[]): (entry: TocEntry) => boolean {
  if (!selected.some(({ desc }) => desc === "EXTENSION")) return () => false;
  const made = new Set(selected.filter(({ section }) => section === "pre-data").map(({ dumpId }) => dumpId));
  return ({ dependencies }) => !dependencies.some((id) => made.has(id));
}

/** The database itself was created before this session began; about statistics the pre-check has said so. */
function isRestored({ entry }: SelectedEntry, serverVersion: number): boolean {
  if (entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES") return false;
  return !isStatistics(entry) || takesStatistics(Math.floor(serverVersion / 10_000));
}

/** Tells when another section begins. */
class Phases {
  readonly #progress: RestoreProgress;
  readonly #told = new Set<string>();

  constructor(progress: RestoreProgress) {
    this.#progress = progress;
  }

  enter({ entry: { section } }: SelectedEntry): void {
    if (section === "none" || this.#told.has(section)) return;
    this.#told.add(section);
    this.#progress.phase(section, phaseMessages[section]);
  }
}

const phaseMessages = {
  "pre-data": "creating types, functions and tables",
  data: "loading rows and large objects",
  "post-data": "creating indexes, constraints and triggers",
} as const;
