import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
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
  ScriptResult,
} from "../../../ports/restore.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";
import { checkRestore } from "./check-restore.ts";
import { restoredRows } from "./restore-outcome.ts";
import { runRestore } from "./run-restore.ts";
import type { FileInput } from "./tools-restorer.ts";

export interface ToolsBackupOptions {
  readonly input: FileInput;
  readonly codec: Codec;
  readonly places: ToolPlaces;
}

/** A backup that the other engine has opened, and a tool restores. */
export class ToolsBackup implements RestorableBackup {
  readonly summary: BackupSummary;
  readonly #read: RestorableBackup;
  readonly #options: ToolsBackupOptions;

  constructor(read: RestorableBackup, options: ToolsBackupOptions) {
    this.summary = read.summary;
    this.#read = read;
    this.#options = options;
  }

  contents(): BackupContents {
    return this.#read.contents();
  }

  plan(request: RestoreRequest): RestorePlan {
    checkRestore(request, this.summary);
    return this.#read.plan(request);
  }

  async preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]> {
    try {
      return await this.#read.preCheck(request, signal);
    } catch (error) {
      if (!(error instanceof BackupError && error.isForOthers)) throw error;
      // A server of another version: what is in it is not ours to ask for.
      return [unseenTarget];
    }
  }

  async run(request: RestoreRequest, sink: ProgressSink, signal: AbortSignal): Promise<RestoreResult> {
    const started = monotonic();
    const plan = this.plan(request);
    const { summary } = this;
    const { failures, failed, warnings, tool } = await runRestore(
      { ...this.#options, summary, plan, request },
      sink,
      signal,
    );
    const entries =
      summary.format === "script" ? summary.entries : plan.steps.filter(({ action }) => action !== "drop").length;
    const counted = failed === 0 && summary.format !== "script" ? restoredRows(plan, request) : undefined;
    return {
      target: plan.target,
      created: request.create,
      done: Math.max(0, entries - failed),
      rows: counted?.rows ?? 0,
      bytes: counted?.bytes ?? 0,
      ...(counted === undefined ? { isUncounted: true } : {}),
      largeObjects: 0,
      failures,
      failed,
      warnings,
      durationMs: monotonic() - started,
      engine: { name: "tools", version: tool },
    };
  }

  writeScript(): Promise<ScriptResult> {
    return refuseForTools("--file", "scripts are written from archives by dbbackup itself");
  }
}

const unseenTarget: Finding = {
  code: "target-not-empty",
  severity: "warning",
  message: "the server's version is not known: whether the target is empty, and takes the backup, was not looked at",
  solution: "add --confirm to restore all the same",
};
