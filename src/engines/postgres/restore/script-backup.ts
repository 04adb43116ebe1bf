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
  TableKey,
} from "../../../ports/restore.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import type { ConnectOptions, PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { flagForArchives } from "../../common/flags-for-archives.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";
import { copyTarget } from "../verify/copy-target.ts";
import { analyzeTables } from "./analyze-tables.ts";
import type { ResolveSpec } from "./archive-backup.ts";
import { copiedColumns } from "./backup-contents.ts";
import { createTarget } from "./create-target.ts";
import { FailureLog } from "./failure-log.ts";
import { asAsked, trustFindings } from "./findings.ts";
import { incompleteTarget } from "./incomplete-target.ts";
import type { RecognizedInput } from "./open-input.ts";
import { checkAgainstServer } from "./pre-check/check-archive.ts";
import { checkContent, checkCreation } from "./pre-check/check-target.ts";
import { readTargetContent, readTargetFacts } from "./pre-check/target-facts.ts";
import { RestoreProgress } from "./restore-progress.ts";
import { runScript, scriptSession } from "./script/run-script.ts";
import { type ScriptFacts, scanScript } from "./script/scan-script.ts";
import { connectMaintenance, connectTarget, dropDatabase } from "./target-database.ts";

export interface ScriptBackupOptions {
  readonly resolve: ResolveSpec;
  readonly openSpool: OpenSpool;
}

/** An SQL script, opened for a restore. */
export class ScriptBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #input: RecognizedInput;
  /** Undefined for a stream, which cannot be read before it is run. */
  readonly #facts: ScriptFacts | undefined;
  readonly #resolve: ResolveSpec;
  readonly #decode: NameDecoder;
  readonly #openSpool: OpenSpool;

  private constructor(
    input: RecognizedInput,
    facts: ScriptFacts | undefined,
    { resolve, openSpool }: ScriptBackupOptions,
  ) {
    this.#openSpool = openSpool;
    this.#input = input;
    this.#facts = facts;
    this.#resolve = resolve;
    this.#decode = nameDecoder(facts?.encoding ?? "UTF8");
    this.summary = {
      format: "script",
      database: this.#decode(facts?.connects.at(-1) ?? ""),
      encoding: facts?.encoding ?? "",
      serverVersion: "",
      dumperVersion: "",
      compression: input.compression,
      entries: facts?.statements ?? 0,
    };
  }

  /** Reads the whole script once, when it can be read again, so that nothing is sent of one that must be refused. */
  static async open(input: RecognizedInput, options: ScriptBackupOptions): Promise<ScriptBackup> {
    const facts = input.canReadAgain ? await scanScript(input.read()) : undefined;
    return new ScriptBackup(input, facts, options);
  }

  contents(): BackupContents {
    const columns = new Map<TableKey, string>();
    for (const sql of this.#facts?.copies ?? []) {
      const [table, list] = [copyTarget(sql), copiedColumns(`${sql.trimEnd()}\n`)];
      if (table === undefined || list === undefined) continue;
      columns.set(`${this.#decode(table.schema)}\0${this.#decode(table.name)}`, this.#decode(list));
    }
    return { columns };
  }

  plan(request: RestoreRequest): RestorePlan {
    this.#checkOptions(request);
    return {
      target: this.#target(request),
      steps: [],
      leftOut: new Map(),
      needsTrust: this.#facts?.needsTrust.map(this.#decode) ?? [],
      listing: [],
    };
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    const { needsTrust } = this.plan(request);
    const target = this.#target(request);
    const spec = this.#resolve(request);
    await using connection = request.create
      ? await connectMaintenance(spec, { text: "utf8", signal })
      : await connectTarget(spec, target, { text: "utf8", signal });
    await identifyServer(connection, spec, signal);
    const facts = await readTargetFacts(connection);
    const plan = { drops: [], selected: [], entries: this.#facts?.entries ?? [], leftOut: new Map<string, number>() };
    const checked = {
      plan,
      request,
      decode: this.#decode,
      encoding: this.#facts?.encoding ?? facts.encoding,
      definition: undefined,
      sourceVersion: "",
      storedBytes: this.#input.object?.size ?? 0,
    };
    return [
      ...trustFindings(needsTrust, request),
      ...(request.create
        ? checkCreation(target, request, facts)
        : checkContent(target, checked, await readTargetContent(connection))),
      ...checkAgainstServer(checked, request.create ? { ...facts, encoding: checked.encoding } : facts).map((finding) =>
        asAsked(withoutFlags(finding), request),
      ),
    ];
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const started = monotonic();
    this.#checkOptions(request);
    const spec = this.#resolve(request);
    const target = this.#target(request);
    const progress = new RestoreProgress(sink);
    const failures = new FailureLog(request.onError, this.#decode);
    const options: ConnectOptions = { text: "binary", signal };
    await using sessions = new AsyncDisposableStack();
    const open = async (database: string): Promise<PgConnection> => {
      const connection = sessions.use(await connectTarget(spec, database, options));
      await connection.query(scriptSession);
      return connection;
    };
    let created = false;
    let touched = false;
    const onCreated = (): void => {
      created = true;
    };
    try {
      if (request.create && this.#facts?.creates === undefined) await this.#create(spec, request, signal, onCreated);
      const connection = await this.#firstSession(spec, request, options, open);
      sessions.use(connection);
      touched = true;
      progress.phase("script", "running the script");
      const { done, warnings } = await runScript({
        source: this.#input.read(),
        request,
        connection,
        connect: async (database) => {
          this.#requireTarget(database, request);
          return await open(database);
        },
        onCreated,
        failures,
        progress,
        decode: this.#decode,
        openSpool: this.#openSpool,
      });
      if (request.analyze === true) {
        progress.phase("analyze", "collecting the planner's statistics");
        const connect = () => connectTarget(spec, target, options);
        warnings.push(...(await analyzeTables({ connect, jobs: 1, only: undefined, decode: this.#decode })));
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
      throw await incompleteTarget(error, { spec, target, created, request });
    }
  }

  writeScript(): Promise<ScriptResult> {
    throw new BackupError({
      code: "USAGE",
      message: "the backup is a script already",
      hint: "copy it, or decompress it with the tool of its format",
    });
  }

  /** A script that creates its database begins in another one. */
  async #firstSession(
    spec: ConnectionSpec,
    request: RestoreRequest,
    options: ConnectOptions,
    open: (database: string) => Promise<PgConnection>,
  ): Promise<PgConnection> {
    if (this.#facts?.creates === undefined) return await open(this.#target(request));
    if (request.clean) {
      await using maintenance = await connectMaintenance(spec, { ...options, text: "utf8" });
      await dropDatabase(maintenance, this.#target(request));
    }
    const connection = await connectMaintenance(spec, options);
    await connection.query(scriptSession);
    return connection;
  }

  async #create(
    spec: ConnectionSpec,
    request: RestoreRequest,
    signal: AbortSignal,
    onCreated: () => void,
  ): Promise<void> {
    await using connection = await connectMaintenance(spec, { text: "utf8", signal });
    const encoding = this.#facts?.encoding ?? "UTF8";
    const target = this.#target(request);
    await createTarget({ connection, request, target, decode: this.#decode, entries: [], encoding, onCreated });
  }

  #target(request: RestoreRequest): string {
    const target = request.target ?? this.summary.database;
    if (target !== "") return target;
    throw new BackupError({
      code: "USAGE",
      message: "the script does not say which database it is for",
      hint: "name one with --target",
    });
  }

  #requireTarget(database: string, request: RestoreRequest): void {
    const isTarget = database === this.#target(request);
    // One that the script does not make is there, whatever --create says.
    if (isTarget && (request.create || this.#facts?.creates === undefined)) return;
    throw new BackupError({
      code: "USAGE",
      message: `the script connects to database "${database}"`,
      hint: request.create
        ? `restore it with --target "${database}", or leave --target out`
        : "restore it with --create and without --target: it creates its database itself",
    });
  }

  #checkOptions(request: RestoreRequest): void {
    const flag = flagForArchives(request);
    if (flag !== undefined) {
      throw new BackupError({
        code: "USAGE",
        message: `${flag} cannot be honoured: an SQL script runs as it is`,
        hint: "restore from an archive (--format custom) to choose what is restored",
      });
    }
    if (request.singleTransaction && (request.create || request.onError === "continue")) {
      const other = request.create ? "--create" : "--on-error continue";
      throw new BackupError({
        code: "USAGE",
        message: `${other} and --single-transaction exclude each other`,
        hint: "leave out one of them",
      });
    }
    const [line] = this.#facts?.transactionLines ?? [];
    if (request.singleTransaction && line !== undefined) {
      throw new BackupError({
        code: "USAGE",
        message: `the script controls transactions itself (line ${line})`,
        hint: "leave out --single-transaction",
      });
    }
    const databases = new Set(this.#facts?.connects ?? []);
    if (databases.size > 1) {
      throw new BackupError({
        code: "USAGE",
        message: `the script goes through several databases (${databases.size}), as pg_dumpall writes them`,
        hint: 'restore it with "dbbackup restore cluster", the whole server or some of its databases (--database)',
      });
    }
    for (const database of databases) this.#requireTarget(this.#decode(database), request);
  }
}

/** The solutions for archives name flags that scripts cannot honour. */
function withoutFlags(finding: Finding): Finding {
  return { ...finding, solution: finding.solution.replace(/, or leave it out with .*$|, or with --no-owner$/, "") };
}
