import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { SalvageNotes } from "../../../ports/backup-survey.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type {
  BackupContents,
  BackupSummary,
  Finding,
  RestorableBackup,
  RestorePlan,
  RestoreRequest,
  RestoreResult,
  ScriptOutput,
  ScriptRequest,
  ScriptResult,
} from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { sessionPreamble } from "../archive/entry-script.ts";
import { tocListing } from "../archive/toc-listing.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";
import type { ArchiveSurvey } from "../salvage/archive-survey.ts";
import { type SalvagedPlan, salvagedPlan } from "../salvage/salvaged-plan.ts";
import { analyzeTables } from "./analyze-tables.ts";
import { type ArchivePlan, planArchive, plannedSteps, plannedTrust } from "./archive-plan.ts";
import { contentsOf } from "./backup-contents.ts";
import { type BlockSource, objectBlocks, salvagedBlocks, streamBlocks } from "./block-source.ts";
import { requireDataInOrder, requireExpectedTables } from "./check-data.ts";
import { checkScriptOptions } from "./check-options.ts";
import { createTarget } from "./create-target.ts";
import { parseDatabaseDefinition } from "./database-definition.ts";
import { FailureLog } from "./failure-log.ts";
import { asAsked, trustFindings } from "./findings.ts";
import { incompleteTarget } from "./incomplete-target.ts";
import { checkResumable } from "./journal/check-resumable.ts";
import {
  beginJournal,
  type JournalContext,
  type OpenedJournal,
  readJournal,
  resumedMessage,
  resumeJournal,
} from "./journal/open-journal.ts";
import type { RestoreJournal } from "./journal/restore-journal.ts";
import { nameEncoder } from "./name-encoder.ts";
import { type CheckedPlan, checkAgainstServer } from "./pre-check/check-archive.ts";
import { checkedRest, checkResumed } from "./pre-check/check-resumed.ts";
import { checkContent, checkCreation } from "./pre-check/check-target.ts";
import { readTargetContent, readTargetFacts } from "./pre-check/target-facts.ts";
import { RestoreProgress } from "./restore-progress.ts";
import { runArchive } from "./run-archive.ts";
import { usedEntries } from "./select/use-list.ts";
import { becomeRole, connectMaintenance, connectTarget } from "./target-database.ts";
import { writeScript } from "./write-script.ts";

/** Turns what the user said about the server into what it takes to connect. */
export type ResolveSpec = (request: RestoreRequest) => ConnectionSpec;

/** An archive of any format, opened for a restore. */
export class ArchiveBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #reader: ArchiveReader;
  readonly #resolve: ResolveSpec;
  readonly #codec: Codec;
  readonly #decode: NameDecoder;
  readonly #survey: ArchiveSurvey | undefined;
  #blocks: Promise<BlockSource> | undefined;

  /** @param survey of a damaged one, of which only what is whole is restored */
  constructor(reader: ArchiveReader, resolve: ResolveSpec, codec: Codec, survey?: ArchiveSurvey) {
    this.#reader = reader;
    this.#survey = survey;
    this.#codec = codec;
    this.#resolve = resolve;
    this.#decode = nameDecoder(reader.settings.encoding);
    const { header, settings, entries } = reader;
    this.summary = {
      format: reader.format,
      database: this.#decode(header.database),
      encoding: settings.encoding,
      serverVersion: header.serverVersion,
      dumperVersion: header.dumperVersion,
      compression: header.compression.method,
      entries: entries.length,
    };
  }

  contents(): BackupContents {
    return contentsOf(this.#reader.entries, this.#decode);
  }

  /** What a restore of a damaged one makes otherwise than it is defined. Pure. */
  salvaged(request: RestoreRequest): SalvageNotes {
    return this.#salvaged(planArchive(this.#reader.entries, request, this.#decode));
  }

  plan(request: RestoreRequest): RestorePlan {
    const plan = this.#plan(request);
    this.#jobs(request);
    return {
      target: this.#target(request),
      steps: plannedSteps(plan, this.#decode),
      leftOut: plan.leftOut,
      needsTrust: plannedTrust(plan, this.#decode, this.#reader.settings.standardConformingStrings),
      listing: this.#listing(request, plan).map(this.#decode),
    };
  }

  /** With dependencies all entries are listed, those of a list last: as pg_restore does it. */
  #listing({ listsDependencies = false, useList }: RestoreRequest, { selected }: ArchivePlan): string[] {
    if (!listsDependencies) return tocListing(this.#reader, selected, false);
    const { entries } = this.#reader;
    const used = new Set(useList === undefined ? [] : usedEntries(entries, useList));
    return tocListing(this.#reader, [...entries.filter((entry) => !used.has(entry)), ...used], true);
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    const plan = this.#plan(request);
    if (this.#reader.canReadAgain) await this.#openBlocks();
    const target = this.#target(request);
    const spec = this.#resolve(request);
    const creates = createsDatabase(request);
    await using connection = creates
      ? await connectMaintenance(spec, { text: "utf8", signal })
      : await connectTarget(spec, target, { text: "utf8", signal });
    await identifyServer(connection, spec, signal);
    await becomeRole(connection, request.role);
    const facts = await readTargetFacts(connection);
    const database = this.#reader.entries.find(({ desc }) => desc === "DATABASE");
    const checked = {
      plan,
      request,
      decode: this.#decode,
      encoding: this.#reader.settings.encoding,
      definition: creates ? parseDatabaseDefinition(this.#decode(database?.definition ?? "")) : undefined,
      sourceVersion: this.#reader.header.serverVersion,
      storedBytes: this.#reader.storedBytes,
    };
    const trust = plannedTrust(plan, this.#decode, this.#reader.settings.standardConformingStrings);
    const findings = trustFindings(trust, request);
    const ofServer = (left: CheckedPlan) => checkAgainstServer(left, facts).map((finding) => asAsked(finding, request));
    if (creates) return [...findings, ...checkCreation(target, request, facts), ...ofServer(checked)];
    if (request.journal === "resume") {
      await using other = await this.#openSession(request, spec, target, signal);
      const context = { reader: this.#reader, blocks: await this.#openBlocks(), plan, request };
      const { left } = await readJournal(context, other);
      const resumed = checkedRest(checked, left, context.blocks);
      return [
        ...findings,
        ...checkResumed(target, resumed, plan, await readTargetContent(connection)),
        ...ofServer(resumed),
      ];
    }
    return [...findings, ...checkContent(target, checked, await readTargetContent(connection)), ...ofServer(checked)];
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const started = monotonic();
    const plan = this.#plan(request);
    if (this.#survey === undefined) requireExpectedTables(plan, request, this.#decode);
    const blocks = await this.#openBlocks();
    const spec = this.#resolve(request);
    const target = this.#target(request);
    const progress = new RestoreProgress(sink);
    const failures = new FailureLog(request.onError, this.#decode);
    let created = false;
    let touched = false;
    let journal: RestoreJournal | undefined;
    try {
      // A restore that is resumed has begun in the database that it created.
      if (request.create && request.journal !== "resume") {
        if (request.isThere !== true) progress.phase("create", `creating database "${target}"`);
        await this.#create(plan, spec, request, signal, () => {
          created = true;
        });
      }
      const encode = nameEncoder(this.#decode);
      const connect = async () => {
        const session = await this.#openSession(request, spec, target, signal);
        if (journal?.isOver === false) await journal.enter(session);
        return session;
      };
      await using connection = await connect();
      const opened = await this.#openJournal({ reader: this.#reader, blocks, plan, request }, connection);
      journal = opened?.journal;
      if (request.journal === "resume") progress.phase("resume", resumedMessage(opened!, plan));
      touched = true;
      const session = {
        connection,
        connect,
        jobs: this.#jobs(request),
        target: encode(target),
        superuser: request.superuser === undefined ? undefined : encode(request.superuser),
      };
      const left = {
        plan: opened?.left ?? plan,
        journal,
        ...(opened === undefined ? {} : { emptied: opened.emptied }),
      };
      const run = { reader: this.#reader, blocks, request, failures, progress, decode: this.#decode };
      const { done, largeObjects, warnings } = await runArchive({ ...run, ...left, ...session });
      if (request.analyze === true) {
        progress.phase("analyze", "collecting the planner's statistics");
        const only = request.create ? undefined : tablesOf(plan);
        warnings.push(...(await analyzeTables({ connect, jobs: session.jobs, only, decode: this.#decode })));
      }
      return {
        target,
        created,
        done,
        ...(request.journal === "resume" ? { doneBefore: journal?.doneBefore ?? 0 } : {}),
        largeObjects,
        rows: progress.rows,
        bytes: progress.bytes,
        failures: failures.failures,
        failed: failures.count,
        warnings,
        durationMs: monotonic() - started,
      };
    } catch (error) {
      if (!created && !touched) throw error;
      throw await incompleteTarget(error, { spec, target, created, request, journal });
    }
  }

  async writeScript(request: ScriptRequest, output: ScriptOutput): Promise<ScriptResult> {
    const plan = this.#plan(request);
    checkScriptOptions(request);
    requireExpectedTables(plan, request, this.#decode);
    const blocks = await this.#openBlocks();
    const source = { reader: this.#reader, codec: this.#codec, blocks, plan, decode: this.#decode };
    return await writeScript(source, request, output);
  }

  #plan(request: RestoreRequest): ArchivePlan {
    const plan = planArchive(this.#reader.entries, request, this.#decode);
    checkResumable(this.#reader, request);
    if (!this.#reader.canReadAgain) requireDataInOrder(this.#reader, plan);
    return this.#salvaged(plan).plan;
  }

  #salvaged(plan: ArchivePlan): SalvagedPlan {
    return salvagedPlan(plan, this.#reader.entries, this.#survey?.damaged ?? new Set(), this.#decode);
  }

  async #openJournal(context: JournalContext, connection: PgConnection): Promise<OpenedJournal | undefined> {
    const { journal } = context.request;
    if (journal === undefined) return undefined;
    return journal === "resume" ? await resumeJournal(context, connection) : await beginJournal(context, connection);
  }

  /** Rows alone are loaded in the order of the archive, for the target may have foreign keys. */
  #jobs(request: RestoreRequest): number {
    const { jobs, singleTransaction } = request;
    const mayChoose = !singleTransaction && wantedKinds(request).schema;
    if (this.#reader.canReadAgain) return jobs.isAsked || mayChoose ? jobs.count : 1;
    if (!jobs.isAsked || jobs.count === 1) return 1;
    throw new BackupError({
      code: "USAGE",
      message: "standard input is read front to back, which leaves nothing to several sessions",
      hint: "restore from a file, or leave out --jobs",
    });
  }

  #target(request: RestoreRequest): string {
    return request.target ?? this.summary.database;
  }

  /** Walks over a stored archive once; a stream is taken as it comes. */
  #openBlocks(): Promise<BlockSource> {
    const reader = this.#reader;
    if (this.#survey !== undefined) return Promise.resolve(salvagedBlocks(reader, this.#survey));
    this.#blocks ??= reader.canReadAgain ? objectBlocks(reader) : Promise.resolve(streamBlocks(reader));
    return this.#blocks;
  }

  async #create(
    plan: ArchivePlan,
    spec: ConnectionSpec,
    request: RestoreRequest,
    signal: AbortSignal,
    onCreated: () => void,
  ): Promise<void> {
    await using connection = await connectMaintenance(spec, { text: "utf8", signal });
    await becomeRole(connection, request.role);
    await createTarget({
      connection,
      request,
      target: this.#target(request),
      decode: this.#decode,
      entries: plan.entries.map(({ entry }) => entry).filter(({ desc }) => desc.startsWith("DATABASE")),
      encoding: this.#reader.settings.encoding,
      onCreated,
    });
  }

  async #openSession(
    { role, enableRowSecurity = false }: RestoreRequest,
    spec: ConnectionSpec,
    target: string,
    signal: AbortSignal,
  ): Promise<PgConnection> {
    const connection = await connectTarget(spec, target, { text: "binary", signal });
    const transactionTimeout = connection.serverVersion >= 170_000;
    // Old archives name no schema for some entries, and count on the usual path.
    if (this.#reader.settings.searchPath === null) await connection.query("RESET search_path");
    const session = {
      ...this.#reader.settings,
      transactionTimeout,
      enableRowSecurity,
      role: role === undefined ? undefined : nameEncoder(this.#decode)(role),
    };
    await connection.query(sessionPreamble(session).join(""));
    return connection;
  }
}

function createsDatabase({ create, isThere, journal }: RestoreRequest): boolean {
  return create && isThere !== true && journal !== "resume";
}

/** Tables and materialized views of a plan: schema and name, joined by a NUL. */
function tablesOf({ entries }: ArchivePlan): Set<string> {
  const isTable = /^(TABLE|MATERIALIZED VIEW)( DATA)?$/;
  return new Set(
    entries.flatMap(({ entry: { desc, namespace, tag } }) =>
      isTable.test(desc) ? [`${namespace ?? ""}\0${tag}`] : [],
    ),
  );
}
