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
import type { OpenedObject } from "../../../ports/storage.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";
import { runMysqlRestore } from "./run-restore.ts";

export interface MysqlToolsBackupOptions {
  readonly object: OpenedObject;
  readonly codec: Codec;
  readonly places: ToolPlaces;
}

/** A script that the other engine has opened and read through, and a client runs. */
export class MysqlToolsBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #read: RestorableBackup;
  readonly #options: MysqlToolsBackupOptions;

  constructor(read: RestorableBackup, options: MysqlToolsBackupOptions) {
    this.summary = read.summary;
    this.#read = read;
    this.#options = options;
  }

  contents(): BackupContents {
    return this.#read.contents();
  }

  plan(request: RestoreRequest): RestorePlan {
    checkRestore(request);
    return this.#read.plan(request);
  }

  preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    return this.#read.preCheck(request, signal);
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const { target } = this.plan(request);
    return await runMysqlRestore({ ...this.#options, request, target, summary: this.summary }, sink, signal);
  }

  writeScript(request: ScriptRequest, output: ScriptOutput): Promise<ScriptResult> {
    return this.#read.writeScript(request, output);
  }
}

/** Refuses what the clients have nothing like. @throws BackupError USAGE */
function checkRestore({ create, analyze, maxPlainBytes, definer = "keep", jobs, journal }: RestoreRequest): void {
  if (create) refuseForTools("--create", "the clients run a script in a database that is there");
  if (definer !== "keep") {
    refuseForTools(definer === "loader" ? "--skip-definer" : "--definer", "the clients run a script as it is");
  }
  if (analyze === true) refuseForTools("--analyze", "the clients leave it to you");
  if (maxPlainBytes !== undefined) refuseForTools("--max-plain-size", "what is decompressed is passed on as it comes");
  if (jobs.isAsked && jobs.count > 1) refuseForTools(`--jobs ${jobs.count}`, "the clients take one session");
  if (journal !== undefined) {
    refuseForTools(journal === "resume" ? "--resume" : "--resumable", "the clients keep no notes of what is done");
  }
}
