import { BackupError } from "../../../../core/backup-error.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { SalvageNotes } from "../../../../ports/backup-survey.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type { ProgressSink } from "../../../../ports/progress.ts";
import type {
  BackupContents,
  BackupSummary,
  Finding,
  RestorableBackup,
  RestorePlan,
  RestoreRequest,
  RestoreResult,
  ScriptResult,
} from "../../../../ports/restore.ts";
import type { MysqlConnectionSpec } from "../../../../wire/mysql/connection-spec.ts";
import { openMysqlSession } from "../../../../wire/mysql/open-session.ts";
import {
  besidesConversions,
  type Conversions,
  conversionFindings,
  converterFor,
  findConversions,
} from "../../convert/find-conversions.ts";
import { rowConversions } from "../../convert/row-conversions.ts";
import type { StatementConverter } from "../../convert/statement-converter.ts";
import {
  type DirectoryIndex,
  type DirectoryKind,
  objectNumber,
  readDirectoryIndex,
} from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";
import { refuseForMydumper } from "../../mydumper/refuse-for-mydumper.ts";
import type { DirectoryDamage } from "../../salvage/directory-damage.ts";
import { type SalvagedChoice, salvagedChoice } from "../../salvage/salvaged-choice.ts";
import { SalvagedMaking } from "../../salvage/salvaged-making.ts";
import { hasJournal } from "../journal/restore-journal.ts";
import { preCheckScript } from "../pre-check.ts";
import { connectForRestore } from "../restore-session.ts";
import type { ResolveSpec } from "../script-backup.ts";
import { readTargetFacts, type TargetFacts } from "../target-facts.ts";
import { checkResumed, interruptedRestore } from "./check-resumed.ts";
import { type ChosenObjects, chosenObjects } from "./chosen-objects.ts";
import { checkDirectoryJournal, readJournal } from "./directory-journal.ts";
import { DirectoryProgress } from "./directory-progress.ts";
import { type DirectoryFacts, scanScripts } from "./directory-scripts.ts";
import type { DirectorySource } from "./directory-source.ts";
import { loadChunk } from "./load-chunk.ts";
import { requireExpectedIndex } from "./require-expected-index.ts";
import { restoreInto } from "./restore-into.ts";
import { runDirectory } from "./run-directory.ts";
import { triggersInTheWay } from "./triggers-in-the-way.ts";

/** What was read of a directory before anything is done. */
export interface OpenedDirectory {
  readonly files: BackupFiles;
  readonly index: DirectoryIndex;
  readonly facts: DirectoryFacts;
  readonly source: DirectorySource;
  /** What of it is not whole, and is left out. Absent: nobody looked. */
  readonly damage?: DirectoryDamage;
}

/** A backup of format `directory`, opened for a restore: its index and scripts were read. */
export class DirectoryBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #files: BackupFiles;
  readonly #index: DirectoryIndex;
  readonly #facts: DirectoryFacts;
  readonly #source: DirectorySource;
  readonly #damage: DirectoryDamage | undefined;
  /** What the server would not make without what is damaged. */
  #refused: readonly string[] = [];
  readonly #codec: Codec;
  readonly #resolve: ResolveSpec;

  constructor({ files, index, facts, source, damage }: OpenedDirectory, codec: Codec, resolve: ResolveSpec) {
    this.#files = files;
    this.#index = index;
    this.#facts = facts;
    this.#source = source;
    this.#damage = damage;
    this.#codec = codec;
    this.#resolve = resolve;
    this.summary = {
      format: "directory",
      family: "mysql",
      database: index.database,
      encoding: index.character_set,
      serverVersion: index.server_version,
      dumperVersion: index.tool,
      compression: index.compression,
      entries: index.objects.length,
    };
  }

  /** @throws BackupError FOREIGN_FILE, DAMAGED, UNSUPPORTED_FORMAT */
  static async open(files: BackupFiles, codec: Codec, resolve: ResolveSpec): Promise<DirectoryBackup> {
    const index = await readDirectoryIndex(files);
    const source = { script: (file: string) => fileBytes(files, file), load: loadChunk };
    return new DirectoryBackup({ files, index, facts: await scanScripts(files, index), source }, codec, resolve);
  }

  contents(): BackupContents {
    return { columns: new Map() };
  }

  plan(request: RestoreRequest): RestorePlan {
    const target = this.#target(request);
    const chosen = this.#chosen(request);
    this.#requireTarget(target);
    requireExpectedIndex(this.#index, request);
    checkDirectoryJournal({ index: this.#index, request });
    if (this.#source.ownName !== undefined) refuseForMydumper(request);
    const drops = request.clean && !request.create ? chosen.made.toReversed() : [];
    const steps = [
      ...drops.map((object) => ({ action: "drop" as const, object })),
      ...chosen.made.map((object) => ({ action: "create" as const, object })),
      ...chosen.loaded.map((object) => ({ action: "data" as const, object })),
    ].map(({ action, object }) => ({
      dumpId: this.#index.objects.indexOf(object),
      action,
      type: object.kind.toUpperCase().replace("-", " "),
      name: object.name,
    }));
    const { leftOut } = chosen;
    return { target, steps, leftOut, needsTrust: this.#facts.needsTrust, listing: listingOf(this.#index) };
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    const { target } = this.plan(request);
    const spec = await this.#resolve(request);
    await using connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
    const server = await readTargetFacts(connection, target, this.#facts.demands);
    const chosen = this.#chosen(request);
    const storedBytes = chosen.loaded.reduce((sum, { data }) => sum + data!.bytes, 0);
    const conversions = await this.#conversions(chosen, server);
    const facts = conversions === undefined ? this.#facts : besidesConversions(this.#facts);
    const relations = [...chosen.made, ...chosen.loaded].flatMap(({ kind, name }) => (isRelation(kind) ? [name] : []));
    const check = (asked: RestoreRequest) => [
      ...preCheckScript({ target, request: asked, facts, storedBytes, relations }, server),
      ...(conversions === undefined ? [] : conversionFindings(conversions, asked)),
    ];
    if (request.journal === "resume") {
      const findings = check({ ...request, create: false, clean: false }).filter(
        ({ code }) => code !== "target-not-empty",
      );
      if (!server.targetExists) return findings;
      await using other = await connectForRestore(spec, target, { signal });
      const restore = { index: this.#index, target, request, chosen };
      return [...findings, ...(await checkResumed(restore, await readJournal(restore, other), other))];
    }
    const findings = check(request);
    if (request.create) return findings;
    if (server.targetExists && (await hasJournal(connection, target))) return [interruptedRestore(target)];
    return request.clean ? findings : [...findings, ...(await triggersInTheWay(connection, target, chosen.loaded))];
  }

  /** What must be changed for this server; undefined when it is one like that of the backup, or nobody knows which that was. */
  async #conversions({ made, loaded }: ChosenObjects, server: TargetFacts): Promise<Conversions | undefined> {
    const converter = converterFor(this.#index.server_version, server);
    if (converter === undefined) return undefined;
    const scripts = made.flatMap(({ schema }) => (schema === undefined ? [] : [schema.file]));
    const found = await findConversions(
      scripts.map((file) => this.#source.script(file)),
      converter,
    );
    const rows = loaded
      .filter(({ name }) => !converter.isLeftOut(name))
      .map((object) => rowConversions(object, converter));
    return {
      changes: [...found.changes, ...rows.flatMap(({ change }) => change ?? [])],
      impossible: [...found.impossible, ...rows.flatMap(({ impossible }) => impossible ?? [])],
    };
  }

  async #converter(
    spec: MysqlConnectionSpec,
    request: RestoreRequest,
    signal: AbortSignal,
  ): Promise<StatementConverter | undefined> {
    if (request.convert !== true) return undefined;
    await using connection = await connectForRestore(spec, undefined, { signal });
    const facts = await readTargetFacts(connection, this.#target(request), this.#facts.demands);
    return converterFor(this.#index.server_version, facts);
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const { target } = this.plan(request);
    const spec = await this.#resolve(request);
    const progress = new DirectoryProgress(sink);
    const converter = await this.#converter(spec, request, signal);
    const into = { spec, target, request, defaults: this.#index, converter, progress, signal };
    const salvaged = this.#salvaged(request);
    const making = salvaged === undefined ? undefined : new SalvagedMaking(salvaged);
    const result = await restoreInto(into, (report) =>
      runDirectory({
        ...into,
        ...report,
        files: this.#files,
        index: this.#index,
        source: this.#source,
        codec: this.#codec,
        chosen: this.#chosen(request),
        ...(making === undefined ? {} : { salvage: making }),
      }),
    );
    this.#refused = making?.refused ?? [];
    return result;
  }

  /** What the restore of a damaged backup makes otherwise; behind a run, also what the server refused because of that. */
  salvaged(request: RestoreRequest): SalvageNotes {
    const { empty, changed } = this.#salvaged(request) ?? { empty: [], changed: [] };
    return { empty, changed: [...changed, ...this.#refused] };
  }

  #chosen(request: RestoreRequest): ChosenObjects {
    return this.#salvaged(request)?.chosen ?? chosenObjects(this.#index, request);
  }

  /** Undefined for a backup in which nothing is damaged. */
  #salvaged(request: RestoreRequest): SalvagedChoice | undefined {
    if (this.#damage === undefined) return undefined;
    return salvagedChoice(chosenObjects(this.#index, request), this.#index, this.#damage);
  }

  writeScript(): Promise<ScriptResult> {
    throw new BackupError({
      code: "USAGE",
      message: "a directory of MySQL or MariaDB is not written as a script",
      hint: "load it into a server, or make a backup with --format sql",
    });
  }

  #target({ target }: RestoreRequest): string {
    return target ?? this.#index.database;
  }

  /** Scripts of ours name no database. */
  #requireTarget(target: string): void {
    const other = [...this.#facts.databases].find((name) => name !== target);
    if (other === undefined) return;
    throw new BackupError({
      code: "USAGE",
      message: `the scripts of the backup name database "${other}", not "${target}"`,
      hint: `restore it with --target "${other}"`,
    });
  }
}

const isRelation = (kind: DirectoryKind): boolean => /^(?:table|sequence|stand-in|view)$/.test(kind);

/** A line for each object: its number, kind, name, and the rows of tables. */
function listingOf(index: DirectoryIndex): string[] {
  return index.objects.map(({ kind, name, data }, number) => {
    const rows = data === undefined ? "" : data.rows < 0 ? ` (${data.chunks.length} files)` : ` (${data.rows} rows)`;
    return `${objectNumber(number)} ${kind} ${name}${rows}`;
  });
}
