import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type {
  BackupContents,
  BackupSummary,
  Finding,
  RestorableBackup,
  RestorePlan,
  RestoreRequest,
  RestoreResult,
  ScriptResult,
} from "../../../ports/restore.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { identifyMysql } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { flagForArchives } from "../../common/flags-for-archives.ts";
import type { PlainInput } from "../../common/plain-input.ts";
import {
  besidesConversions,
  type Conversions,
  conversionFindings,
  converterFor,
  findConversions,
} from "../convert/find-conversions.ts";
import type { StatementConverter } from "../convert/statement-converter.ts";
import { quoteName } from "../quote.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import { TableTotals } from "../script/table-totals.ts";
import { analyzeDatabase } from "./analyze-database.ts";
import { requireExpectedRows } from "./expected-rows.ts";
import { FailureLog } from "./failure-log.ts";
import { incompleteTarget } from "./incomplete-target.ts";
import { preCheckScript } from "./pre-check.ts";
import { connectForRestore } from "./restore-session.ts";
import { runScript } from "./run-script.ts";
import { type ScriptFacts, scanScript } from "./scan-script.ts";
import { ScriptProgress } from "./script-progress.ts";
import { readTargetFacts, type TargetFacts } from "./target-facts.ts";

export type ResolveSpec = (request: RestoreRequest) => Promise<MysqlConnectionSpec>;

/** A script of MySQL or MariaDB, opened for a restore. */
export class ScriptBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #input: PlainInput;
  /** Undefined for a stream, which cannot be read before it is run. */
  readonly #facts: ScriptFacts | undefined;
  readonly #resolve: ResolveSpec;

  private constructor(input: PlainInput, facts: ScriptFacts | undefined, resolve: ResolveSpec) {
    this.#input = input;
    this.#facts = facts;
    this.#resolve = resolve;
    const [bound] = databasesOf(facts);
    const database = bound ?? facts?.database ?? "";
    this.summary = {
      format: "script",
      family: "mysql",
      database,
      encoding: "",
      serverVersion: facts?.serverVersion ?? "",
      dumperVersion: facts?.writer ?? "",
      compression: input.compression,
      entries: facts?.statements ?? 0,
      isBound: bound !== undefined,
    };
  }

  /** Reads the whole script once, when it can be read again, so that nothing is sent of one that must be refused. */
  static async open(input: PlainInput, resolve: ResolveSpec): Promise<ScriptBackup> {
    const facts = input.canReadAgain ? await scanScript(input.read()) : undefined;
    return new ScriptBackup(input, facts, resolve);
  }

  contents(): BackupContents {
    return { columns: new Map() };
  }

  plan(request: RestoreRequest): RestorePlan {
    this.#checkOptions(request);
    const needsTrust = this.#facts?.needsTrust ?? [];
    return { target: this.#target(request), steps: [], leftOut: new Map(), needsTrust, listing: [] };
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    const { target } = this.plan(request);
    const spec = await this.#resolve(request);
    await using connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
    const facts = await readTargetFacts(connection, target, this.#facts?.demands ?? []);
    const storedBytes = this.#input.object?.size ?? 0;
    const found = await this.#conversions(facts);
    const checked = {
      target,
      request,
      facts: found && this.#facts ? besidesConversions(this.#facts) : this.#facts,
      storedBytes,
      relations: this.#facts?.relations ?? [],
    };
    const findings = preCheckScript(checked, facts);
    return found === undefined ? findings : [...findings, ...conversionFindings(found, request)];
  }

  /** What must be changed for this server; undefined when it is one like that of the backup. */
  async #conversions(server: TargetFacts): Promise<Conversions | undefined> {
    const converter = this.#facts && converterFor(this.#facts.serverVersion, server);
    return converter && (await findConversions([this.#input.read()], converter));
  }

  async #converter(
    connection: MysqlConnection,
    target: string,
    request: RestoreRequest,
  ): Promise<StatementConverter | undefined> {
    if (request.convert !== true || this.#facts === undefined) return undefined;
    return converterFor(this.#facts.serverVersion, await readTargetFacts(connection, target, this.#facts.demands));
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const started = monotonic();
    const { target } = this.plan(request);
    const spec = await this.#resolve(request);
    const progress = new ScriptProgress(sink);
    const failures = new FailureLog(request.onError);
    const createsItself = this.#facts?.creates.has(target) === true;
    let created = false;
    let touched = false;
    const onCreated = (): void => {
      created = request.create;
    };
    await using sessions = new AsyncDisposableStack();
    try {
      if (request.create) await this.#create(spec, request, signal, createsItself ? undefined : onCreated);
      const database = request.create && createsItself ? undefined : target;
      const connection = sessions.use(await connectForRestore(spec, database, { signal }));
      await identifyMysql(connection);
      touched = true;
      progress.phase("script", "running the script");
      const totals = request.expectedRows === undefined ? undefined : new TableTotals();
      const { done, warnings } = await runScript({
        source: this.#input.read(),
        connection,
        failures,
        progress,
        requireTarget: (name, doing) => requireTarget(name, doing, target),
        onCreated,
        definers: new DefinerChanger(request.definer ?? "keep", connection),
        totals,
        converter: await this.#converter(connection, target, request),
      });
      if (totals !== undefined) requireExpectedRows(totals.all(), request);
      if (request.analyze === true) {
        progress.phase("analyze", "collecting the optimizer's statistics");
        warnings.push(...(await analyzeDatabase(connection, target)));
      }
      return {
        target,
        created,
        done,
        largeObjects: 0,
        rows: progress.rows,
        bytes: progress.bytes,
        failures: failures.failures,
        failed: failures.count,
        warnings,
        durationMs: monotonic() - started,
      };
    } catch (error) {
      await sessions.disposeAsync();
      if (!created && !touched) throw error;
      throw await incompleteTarget(error, spec, target, { drops: created && request.onError === "stop" });
    }
  }

  writeScript(): Promise<ScriptResult> {
    throw new BackupError({
      code: "USAGE",
      message: "the backup is a script already",
      hint: "copy it, or decompress it with the tool of its format",
    });
  }

  /** @param onCreated undefined when the script itself creates it */
  async #create(
    spec: MysqlConnectionSpec,
    request: RestoreRequest,
    signal: AbortSignal,
    onCreated: (() => void) | undefined,
  ): Promise<void> {
    const name = quoteName(this.#target(request));
    await using connection = await connectForRestore(spec, undefined, { signal });
    if (request.clean) await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    if (onCreated === undefined) return;
    await connection.query(`CREATE DATABASE ${name}`);
    onCreated();
  }

  #target({ target, expectedRows }: RestoreRequest): string {
    const [recorded = ""] = [...(expectedRows?.keys() ?? [])].map((key) => key.split("\0", 1)[0]!);
    const found = target ?? (this.summary.database === "" ? recorded : this.summary.database);
    if (found !== "") return found;
    throw new BackupError({
      code: "USAGE",
      message: "the script does not say which database it is for",
      hint: "name one with --target",
    });
  }

  #checkOptions(request: RestoreRequest): void {
    if (request.convert === true && this.#facts === undefined) {
      throw new BackupError({
        code: "USAGE",
        message: "--convert reads a script before it is run, and standard input can be read once",
        hint: "restore from a file",
      });
    }
    const flag = request.singleTransaction ? "--single-transaction" : flagForArchives(request);
    if (flag !== undefined) {
      throw new BackupError({
        code: "USAGE",
        message: `${flag} cannot be honoured: an SQL script runs as it is`,
        hint: "leave it out",
      });
    }
    const databases = databasesOf(this.#facts);
    if (databases.size > 1) {
      throw new BackupError({
        code: "USAGE",
        message: `the script holds several databases (${[...databases].slice(0, 5).join(", ")})`,
        hint: databases.has("mysql")
          ? "dump each database by itself, or load all of them with the stock client (mysql < SCRIPT, then FLUSH PRIVILEGES): the accounts of the server are replaced"
          : "dump each database by itself, or load all of them with the stock client (mysql < SCRIPT)",
      });
    }
    for (const database of databases) requireTarget(database, "uses", this.#target(request));
  }
}

/** Those that a script creates, drops or uses. */
function databasesOf(facts: ScriptFacts | undefined): ReadonlySet<string> {
  return new Set([...(facts?.uses ?? []), ...(facts?.creates ?? []), ...(facts?.drops ?? [])]);
}

/** A script that names its database may name it anywhere, also within its views and routines: it has no other target. */
function requireTarget(database: string, doing: string, target: string): void {
  if (database === target) return;
  throw new BackupError({
    code: "USAGE",
    message: `the script ${doing} database "${database}" itself, not "${target}"`,
    hint: `restore it with --target "${database}", or make a dump that names no database (without --databases, --create)`,
  });
}
